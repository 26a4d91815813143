"""Texts that a program gives, in place of files."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from qa.reading.blocks import build_document
from qa.reading.plain import page_of_text
from qa.records import Document, QAError

# Texts by the ids of their documents, texts alone, or documents as they are to be.
Given = Mapping[str, str] | Iterable[str | Document]


def read_given(given: Given, taken: Container[str] = ()) -> list[Document]:
    """The documents of texts, each cleaned as the text of a .txt file is; documents stay as given.

    Texts without an id are "texte-1", "texte-2", …: the next that are not ``taken``. A title is one
    that the text itself has. Raises ``QAError`` where there is nothing to read, or an id twice.
    """
    if isinstance(given, str):
        raise QAError(f"one text was given ({given[:40]!r}): give a list of texts, [text].")
    documents: dict[str, Document] = {}
    number = 0
    for item in given.items() if isinstance(given, Mapping) else given:
        if isinstance(item, Document):
            document = item
        elif isinstance(item, str):
            number += 1
            while f"texte-{number}" in documents or f"texte-{number}" in taken:
                number += 1
            document = _read(f"texte-{number}", item)
        elif isinstance(item, tuple) and all(isinstance(part, str) for part in item):
            document = _read(*item)
        else:
            raise QAError(f"{type(item).__name__} is no text: give texts (str), or Documents.")
        if not document.id or not document.text:
            raise QAError(f"the document {document.id!r} has no text or no id. Leave it out.")
        if document.id in documents:
            raise QAError(f"the id {document.id!r} is given twice. Give each document its own.")
        documents[document.id] = document
    return [*documents.values()]


def _read(identifier: str, text: str) -> Document:
    page = page_of_text(text.encode("utf-8", "replace").decode("utf-8"), "")
    return build_document(identifier, identifier, page)
