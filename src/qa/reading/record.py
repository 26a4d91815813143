"""What people and programs call the fields of a document, and a document made of such fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qa.reading.blocks import Block, Content, build_document
from qa.reading.cleaning import clean_line
from qa.records import Document

FIELD_NAMES: Mapping[str, str] = {
    "title": "title", "titre": "title",
    "author": "author", "auteur": "author", "authors": "author", "auteurs": "author",
    "creator": "author",
    "date": "date",
    "url": "url", "lien": "url",
    "lang": "language", "langue": "language", "language": "language",
}  # fmt: skip


# Where the text, the title and the identifier stand when nobody says, in this order.
TEXTS = ("text", "texte", "contenu", "content", "body", "corps")
TITLES = ("title", "titre", "intitulé", "intitule", "libellé", "libelle", "nom", "name", "sujet")
IDENTIFIERS = ("_id", "id", "identifiant")


def record_document(
    identifier: str,
    place: str,
    title: str,
    blocks: list[Block],
    others: Iterable[tuple[str, str]],
) -> Document:
    """The document of one record; ``others`` are its fields that are neither title nor text."""
    if title and blocks[0].text == title:
        blocks[0] = Block(title, 1)
    metadata = {
        FIELD_NAMES.get(name.lower(), name): clean_line(text)
        for name, text in others
        if name and text.strip()
    }
    return build_document(identifier, metadata.get("url", place), Content(title, blocks, metadata))
