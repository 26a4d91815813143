"""Rows of tables, which stand in documents as lines (``qa.reading.grid``), shown as a table.

Nothing is added to the text or moved in it: what each row says of its heads, and the marks between
its cells, are there and not shown; the style sheet draws the heads above the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.reading.grid import AFTER_HEAD, AFTER_LABEL, BAR, BETWEEN
from qa.web.markup import Span, escape, highlight

_MOST_COLUMNS = 12  # that a panel has room for


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a cell stands in its text, from ``start`` to ``end``; shown from ``first`` to ``last``.

    ``head`` is what it says of its column: nothing for a label, or in a table without heads.
    """

    start: int
    first: int
    last: int
    end: int
    head: str = ""
    columns: range = range(1)


@dataclass(frozen=True, slots=True)
class Table:
    """The head above each column, if any, and the cells of each row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[_Cell, ...], ...]

    @property
    def span(self) -> Span:
        """Where it stands in its text."""
        return self.rows[0][0].start, self.rows[-1][-1].end


def find_tables(text: str) -> Iterator[Table]:
    """The tables of a text: two rows or more, one under the other, that share heads or a width."""
    rows: list[tuple[_Cell, ...]] = []
    heads: set[str] = set()
    start = 0
    for line in [*text.split("\n"), ""]:
        row = _row(line, start)
        told = {part for cell in row if cell.head for part in (cell.head, *cell.head.split(", "))}
        alike = bool(told & heads) if told else not heads and rows and len(row) == len(rows[0])
        if rows and not (row and alike):
            if len(rows) > 1 and (table := _table(rows)) is not None:
                yield table
            rows, heads = [], set()
        if row:
            rows.append(row)
            heads |= told
        start += len(line) + 1


def _row(line: str, start: int) -> tuple[_Cell, ...]:
    """The cells of a line that is the row of a table."""
    if AFTER_HEAD not in line:
        return tuple(_pieces(line, BAR, start)) if BAR in line else ()
    cells: list[_Cell] = []
    label, dash, _ = line[: line.find(AFTER_HEAD)].partition(BETWEEN)[0].rpartition(AFTER_LABEL)
    if label:
        end = start + len(label)
        cells.append(_Cell(start, start, end, end + len(dash)))
    for piece in _pieces(line[len(label + dash) :], BETWEEN, start + len(label + dash)):
        text = line[piece.first - start : piece.last - start]
        head, colon, _ = text.partition(AFTER_HEAD)
        if colon:
            cells.append(replace(piece, first=piece.first + len(head + colon), head=head))
        elif cells:  # a mark inside a value
            cells[-1] = replace(cells[-1], last=piece.last, end=piece.end)
        else:
            cells.append(piece)
    return tuple(cells) if len(cells) > 1 else ()


def _pieces(line: str, mark: str, start: int) -> Iterator[_Cell]:
    for piece in re.split(f"(?<={re.escape(mark)})", line):
        end = start + len(piece)
        yield _Cell(start, start, start + len(piece.removesuffix(mark)), end)
        start = end


def _table(rows: Sequence[tuple[_Cell, ...]]) -> Table | None:
    """Rows with each cell in its columns; None where their heads come in no one order."""
    told = {cell.head for row in rows for cell in row} - {""}
    labelled = not all(row[0].head for row in rows)
    heads = [""] if labelled else []
    for row in rows:
        at = int(labelled)
        for head in (head for cell in row for head in _heads(cell.head, told)):
            if head not in heads:
                heads.insert(at, head)
            at = heads.index(head) + 1
    if not told:
        heads = [""] * len(rows[0])
    placed = []
    for row in rows:
        cells: list[_Cell] = []
        for number, cell in enumerate(row):
            names = _heads(cell.head, told)
            first = heads.index(names[0]) if told else number
            together = not told or heads[first : first + len(names)] == names
            if not together or (cells and first < cells[-1].columns.stop):
                return None
            cells.append(replace(cell, columns=range(first, first + len(names))))
        placed.append(tuple(cells))
    return Table(tuple(heads), tuple(placed)) if len(heads) <= _MOST_COLUMNS else None


def _heads(head: str, told: set[str]) -> list[str]:
    """The heads of one cell: several, where it covers columns that other rows tell apart."""
    parts = head.split(", ")
    return parts if len(parts) > 1 and told.issuperset(parts) else [head]


def table_html(
    table: Table, text: str, offset: int, spans: Sequence[Span], identifier: str = ""
) -> str:
    """The table with its marked parts; ``offset`` is where ``text`` stands in its document.

    Without its tags it is exactly what stands in ``table.span``.
    """
    names = iter([identifier] if identifier else [])

    def marked(start: int, end: int) -> str:
        position = offset + start
        is_marked = any(first < offset + end and position < last for first, last in spans)
        return highlight(text[start:end], position, spans, next(names, "") if is_marked else "")

    def unseen(start: int, end: int) -> str:
        return f'<span class="told">{marked(start, end)}</span>' if end > start else ""

    width = len(table.heads)
    parts = [f'<div class="rows" role="table" style="--columns:{width}">']
    if any(table.heads):
        drawn = (f'<span data-head="{escape(head)}"></span>' for head in table.heads)
        parts.append(f'<div class="heads" aria-hidden="true">{"".join(drawn)}</div>')
    position = table.span[0]
    for row in table.rows:
        parts += [escape(text[position : row[0].start]), '<div role="row">']
        column = 0
        for cell in row:
            parts += ['<span role="cell"></span>'] * (cell.columns.start - column)
            column = cell.columns.stop
            wide = f' style="--covered:{len(cell.columns)}"' if len(cell.columns) > 1 else ""
            parts += [
                f'<span role="cell"{wide}>',
                unseen(cell.start, cell.first),
                marked(cell.first, cell.last),
                unseen(cell.last, cell.end),
                "</span>",
            ]
        parts.append("</div>")
        position = row[-1].end
    return "".join([*parts, "</div>"])
