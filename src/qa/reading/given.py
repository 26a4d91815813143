"""Texts that a program gives, in place of files."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from qa.reading.blocks import build_document
from qa.reading.plain import content_of_text
from qa.records import Document, QAError

# Texts by the ids of their documents, texts alone, or documents as they are to be.
Given = Mapping[str, str] | Iterable[str | Document]


def read_given(given: Given, taken: Container[str] = ()) -> list[Document]:
    """The documents of texts, each cleaned as the text of a .txt file is; documents stay as given.

    Texts without an id are "texte-1", "texte-2", …: the next that are not ``taken``. A title is one
    that the text itself has. Raises ``QAError`` where there is nothing to read, or an id twice.
    """
    if isinstance(given, str):
        raise QAError("one_text_given", given[:40])
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
            raise QAError("not_a_text", type(item).__name__)
        if not document.id or not document.text:
            raise QAError("document_empty", document.id)
        if document.id in documents:
            raise QAError("id_given_twice", document.id)
        documents[document.id] = document
    return [*documents.values()]


def _read(identifier: str, text: str) -> Document:
    content = content_of_text(text.encode("utf-8", "replace").decode("utf-8"), "")
    return build_document(identifier, identifier, content)
