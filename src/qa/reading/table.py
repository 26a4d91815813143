"""Tables (CSV, TSV): one document a row, its text in the columns that the user names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from qa.reading.blocks import Block, UnreadableError
from qa.reading.cleaning import clean_line
from qa.reading.encoding import BinaryContentError, is_binary, line_decoder
from qa.reading.grid import LONGEST_REPEATED, Cell, is_value, table_lines
from qa.reading.limits import LARGEST_FILE
from qa.reading.plain import split_blocks
from qa.reading.reasons import skipped
from qa.reading.record import IDENTIFIERS, TEXTS, TITLES, record_document
from qa.reading.settings import ReadingSettings
from qa.reading.streams import SAMPLE, bounded_lines
from qa.records import Document, Skipped

_SEPARATORS = ",;\t|"


def read_table(
    stream: BinaryIO, name: str, settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield each row's place ("lois.csv:12", its line) and its document.

    The first row names the columns. Without a column of text every row becomes a line in which
    each value stands under its column's name, so that nothing is lost.
    """
    csv.field_size_limit(LARGEST_FILE)
    lines = _decoded(io.BufferedReader(stream, SAMPLE))  # type: ignore[arg-type]
    first = next(lines, None)
    if first is not None and first.startswith("sep="):  # Excel's own first line
        first = next(lines, None)
    if first is None:
        yield name, skipped(name, "empty")
        return
    separator = "\t" if name.lower().endswith(".tsv") else max(_SEPARATORS, key=first.count)
    rows = csv.reader(chain([first], lines), delimiter=separator, strict=False)
    heads = [clean_line(cell) for cell in next(rows)]
    found = False
    # A title above the heads; a figure that names no column: rows of values, under no heads.
    while (len(heads) > 1 and not any(heads[1:])) or _are_values(heads, settings):
        place = f"{name}:{rows.line_num}"
        if any(heads):
            yield place, Columns.of([""] * len(heads), settings).document(heads, name, place)
            found = True
        if _are_values(heads, settings):
            heads = [""] * len(heads)
            break
        heads = [clean_line(cell) for cell in next(rows, [])]
    columns = Columns.of(heads, settings)
    try:
        for row in rows:
            place = f"{name}:{rows.line_num}"
            if not any(cell.strip() for cell in row):
                continue
            found = True
            yield place, columns.document(row, name, place)
    except csv.Error as error:
        found = True
        yield name, skipped(name, "damaged_line", rows.line_num, error)
    if not found:
        yield name, skipped(name, "no_row")


def _are_values(heads: Sequence[str], settings: ReadingSettings) -> bool:
    named = {*settings.text_fields, settings.title_field} - {""}
    if named or len(heads) < 2:
        return False
    return any(is_value(head) or len(head) > LONGEST_REPEATED for head in heads)


def _decoded(stream: io.BufferedReader) -> Iterator[str]:
    decode_line = line_decoder(stream.peek(SAMPLE)[:SAMPLE])
    for number, line in bounded_lines(stream, keep_empty=True):
        if line is None:
            raise UnreadableError("line_too_long", number, LARGEST_FILE // 10**6)
        text = decode_line(line).removeprefix("\ufeff")
        if is_binary(text):
            raise BinaryContentError
        yield text.replace("\0", "") + "\n"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what, by position."""

    names: Sequence[str]
    texts: Sequence[int]
    title: int | None
    identifier: int | None

    @classmethod
    def of(cls, names: Sequence[str], settings: ReadingSettings) -> Columns:
        """Find the columns; raises UnreadableError when one that was asked for is not there."""
        lower = {name.lower(): at for at, name in reversed(list(enumerate(names)))}

        def position(wanted: str) -> int:
            if wanted.lower() not in lower:
                raise UnreadableError("no_column", wanted, ", ".join(names[:50]))
            return lower[wanted.lower()]

        def usual(wanted: Sequence[str]) -> int | None:
            return next((lower[name] for name in wanted if name in lower), None)

        texts = [position(name) for name in settings.text_fields]
        if not texts and (text := usual(TEXTS)) is not None:
            texts = [text]
        title = position(settings.title_field) if settings.title_field else usual(TITLES)
        return cls(names, texts, title if title not in texts else None, usual(IDENTIFIERS))

    def document(self, row: Sequence[str], name: str, place: str) -> Document | Skipped:
        """One row as a document, or why not; it costs no more than its cells."""
        if len(row) > len(self.names):
            return skipped(place, "cells", len(row), len(self.names))

        def cell(at: int | None) -> str:
            return row[at] if at is not None and at < len(row) else ""

        title = clean_line(cell(self.title))
        blocks = [block for at in self.texts for block in split_blocks(cell(at))]
        if not self.texts:
            values = [clean_line(text) for text in row]
            names = [self.names[at].replace("_", " ") for at in range(len(row))]
            lines = table_lines([list(map(Cell, names)), list(map(Cell, values))], heads=1)
            blocks = [Block(line) for line in lines]
            labels = (text for text in values[:1] if any(map(str.isalpha, text)))
            title = title or next(labels, "")
        if not blocks:
            return skipped(place, "no_cell_text")
        used = {self.title, self.identifier, *self.texts}
        columns = enumerate(zip(self.names, row, strict=False)) if self.texts else ()
        others = (pair for at, pair in columns if at not in used)
        key = clean_line(cell(self.identifier)) or place.rpartition(":")[2]
        return record_document(f"{name}:{key}", place, title, blocks, others)
