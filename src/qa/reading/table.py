"""Tables (CSV, TSV): one document a row, its text in the columns that the user names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from qa.reading.blocks import Block, Page, UnreadableError, build_document
from qa.reading.cleaning import clean_line
from qa.reading.encoding import decode
from qa.reading.limits import LARGEST_FILE
from qa.reading.plain import split_blocks
from qa.reading.settings import ReadingSettings
from qa.reading.sidecar import FIELD_NAMES
from qa.reading.streams import bounded_lines
from qa.records import Document, Skipped

# Where the text, the title and the identifier stand when nobody says, in this order.
_TEXTS = ("text", "texte", "contenu", "content", "body", "corps")
_TITLES = ("title", "titre", "intitulé", "intitule", "libellé", "libelle", "nom", "name", "sujet")
_IDENTIFIERS = ("_id", "id", "identifiant")
_SEPARATORS = ",;\t|"


def read_table(
    stream: BinaryIO, name: str, settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield each row's place ("lois.csv:12", its line) and its document.

    The first row names the columns. Without a column of text every row becomes "column : value"
    lines, so that nothing is lost.
    """
    csv.field_size_limit(LARGEST_FILE)
    lines = _decoded(stream)
    first = next(lines, None)
    if first is None:
        yield name, Skipped(name, "empty file")
        return
    separator = "\t" if name.lower().endswith(".tsv") else max(_SEPARATORS, key=first.count)
    rows = csv.reader(_again(first, lines), delimiter=separator, strict=False)
    columns = _Columns.of([clean_line(cell) for cell in next(rows)], settings)
    found = False
    try:
        for row in rows:
            place = f"{name}:{rows.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            found = True
            yield place, columns.document(row, name, place)
    except csv.Error as error:
        found = True
        yield name, Skipped(name, f"damaged after line {rows.line_num} ({error})")
    if not found:
        yield name, Skipped(name, "no row under its column names")


def _decoded(stream: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(bounded_lines(stream), start=1):  # type: ignore[arg-type]
        if line is None:
            raise UnreadableError(f"line {number} is too long for a table")
        yield decode(line).replace("\0", "")


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


@dataclass(frozen=True, slots=True)
class _Columns:
    """Which column is what, by position."""

    names: Sequence[str]
    texts: Sequence[int]
    title: int | None
    identifier: int | None

    @classmethod
    def of(cls, names: Sequence[str], settings: ReadingSettings) -> _Columns:
        """Find the columns; raises UnreadableError when one that was asked for is not there."""
        lower = [name.lower() for name in names]
        texts = [_position(lower, name, names) for name in settings.text_fields]
        if not texts:
            texts = [lower.index(name) for name in _TEXTS if name in lower][:1]
        if settings.title_field:
            title: int | None = _position(lower, settings.title_field, names)
        else:
            title = next((lower.index(name) for name in _TITLES if name in lower), None)
        identifier = next((lower.index(name) for name in _IDENTIFIERS if name in lower), None)
        return cls(names, texts, title if title not in texts else None, identifier)

    def document(self, row: Sequence[str], name: str, place: str) -> Document | Skipped:
        """One row as a document, or why not."""
        if len(row) > len(self.names):
            return Skipped(
                place, f"has {len(row)} cells where the table has {len(self.names)} columns"
            )
        cells = [*row, *[""] * (len(self.names) - len(row))]
        title = clean_line(cells[self.title]) if self.title is not None else ""
        blocks: list[Block] = []
        for at in self.texts:
            blocks += split_blocks(cells[at])
        if not self.texts:
            told = [
                f"{column}\u00a0: {clean_line(cell)}"
                for column, cell in zip(self.names, cells, strict=True)
                if cell.strip()
            ]
            blocks = [Block("\n".join(told))]
        if not blocks:
            return Skipped(place, "has no text in its column of text")
        if title and blocks[0].text == title:
            blocks[0] = Block(title, 1)
        used = {self.title, self.identifier, *self.texts}
        metadata = {
            FIELD_NAMES.get(column.lower(), column): clean_line(cell)
            for at, (column, cell) in enumerate(zip(self.names, cells, strict=True))
            if self.texts and at not in used and column and cell.strip()
        }
        key = clean_line(cells[self.identifier]) if self.identifier is not None else ""
        number = place.rpartition(":")[2]
        return build_document(
            f"{name}:{key or number}", metadata.get("url", place), Page(title, blocks, metadata)
        )


def _position(lower: Sequence[str], wanted: str, names: Sequence[str]) -> int:
    if wanted.lower() not in lower:
        raise UnreadableError(f'no column "{wanted}" (columns: {", ".join(names)})')
    return lower.index(wanted.lower())
