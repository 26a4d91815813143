"""Tables to lines: each row with its heads, so that it can be read, found and quoted alone.

"Salle bleue (Lieu) — Demi-journée : 60 € ; Journée : 110 €". Merged cells say their value in each
row and column that they cover.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What stands in the line of a row between its parts: label — head : value ; head : value.
AFTER_LABEL, AFTER_HEAD, BETWEEN = " — ", "\u00a0: ", "\u202f; "
BAR = " | "  # between the cells of a table without heads

_MOST_COLUMNS = 60  # covered by one cell
_MOST_ROWS = 2_000
_LABELLED = re.compile(r"\w\s?:\s*\w")
_LONGEST_HEAD = 80  # characters: a longer cell is no head
LONGEST_REPEATED = 300  # characters that are said again in each row; longer ones stand once
_MOST_REPEATED = 200_000  # places of a table that cells above them cover
# A value rather than a name: "10 000", "12 €", "3,5 %", "14 h 30", "—".
_VALUE = re.compile(
    r"[^a-zà-ÿ]{0,40}\d[\d\s.,/:€$%°+–-]*(?:[a-z€%°]{1,3}\.?\d?|euros?|jours?)?|[-–—]?"
)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:[-/–](?:\d\d|(?:1[5-9]|20)\d\d))?")


@dataclass(slots=True)
class Cell:
    """What stands in a cell, how many rows and columns it covers, whether it is marked a head."""

    text: str
    rows: int = 1
    columns: int = 1
    head: bool = False


def html_table(table: Sequence[Sequence[Cell]]) -> str:
    """A table whose cells hold HTML, as HTML."""
    rows = (
        "".join(
            f'<{(tag := "th" if cell.head else "td")} rowspan="{cell.rows}" '
            f'colspan="{cell.columns}">{cell.text}</{tag}>'
            for cell in row
        )
        for row in table
    )
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def table_lines(table: Sequence[Sequence[Cell]], heads: int | None = None) -> list[str]:
    """One line a row; ``heads`` are the rows of column heads, found out where nobody says."""
    grid = _spread(table)
    width = max(map(len, grid), default=0)
    above = _titles(grid) if heads is None else []  # of the table itself
    grid = grid[len(above) :]
    if heads is None:
        heads = _head_rows(grid, width)
    if heads >= len(grid):
        heads = 0
    names = [_names(grid[:heads], column) for column in range(width)]
    if any(sum(map(len, parts)) > LONGEST_REPEATED for parts in names):
        heads, names = 0, [()] * width
    lines = (_line(row, names) for row in grid[heads:])
    return [*above, *(line for line in lines if line)]


def _titles(grid: Sequence[Sequence[Cell | None]]) -> list[str]:
    """The rows of a single cell that stand above those of several."""
    alone: list[str] = []
    for row in grid:
        texts = dict.fromkeys(cell.text for cell in row if cell is not None and cell.text)
        if len(texts) > 1:
            return alone
        alone += texts
    return []


def text_table(lines: Sequence[str]) -> list[str]:
    """Lines of "cell | cell" as a table; other lines, and a table without heads, as they are."""
    done: list[str] = []
    rows: list[list[str]] = []
    ruled = False

    def close() -> None:
        nonlocal ruled
        cells = [[Cell(text) for text in row] for row in rows]
        heads = _head_rows(_spread(cells), len(rows[0]), figures=not ruled) if rows else 0
        if len(rows) > 1 and heads:
            done.extend(table_lines(cells, heads))
        else:
            done.extend(BAR.join(row) for row in rows)
        rows.clear()
        ruled = False

    for line in lines:
        if BAR not in line and not (line.startswith("|") and line.endswith("|")):
            close()
            done.append(line)
            continue
        row = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if all(re.fullmatch(r":?-{2,}:?", cell) for cell in row):
            ruled = True  # the rule under the heads
            continue
        if rows and len(row) != len(rows[0]):
            close()
        rows.append(row)
    close()
    return done


def _spread(table: Sequence[Sequence[Cell]]) -> list[list[Cell | None]]:
    """Put each cell in every place that it covers."""
    grid: list[list[Cell | None]] = []
    pending: dict[int, tuple[int, Cell]] = {}  # by column: rows still to cover, and with what
    repeated = 0
    for cells in table:
        row: list[Cell | None] = []
        waiting = iter(cells)
        if repeated > _MOST_REPEATED:
            pending.clear()
        last = max(pending, default=-1)
        while True:
            column = len(row)
            repeated += column <= last
            if column in pending:
                left, cell = pending.pop(column)
                row.append(cell)
                if left > 1:
                    pending[column] = (left - 1, cell)
                continue
            following = next(waiting, None)
            if following is None:
                if column >= last:
                    break
                row.append(None)
                continue
            for at in range(column, column + min(max(following.columns, 1), _MOST_COLUMNS)):
                row.append(following)
                if following.rows > 1:
                    below = following if len(following.text) <= LONGEST_REPEATED else Cell("")
                    pending[at] = (min(following.rows, _MOST_ROWS) - 1, below)
        grid.append(row)
    return [row for row in grid if any(cell is not None and cell.text for cell in row)]


def _head_rows(grid: Sequence[Sequence[Cell | None]], width: int, *, figures: bool = False) -> int:
    """How many of the first rows are heads: those marked, else the first if it looks like one.

    With ``figures`` it must stand over some: lines of words may well have no heads at all.
    """
    marked = 0
    for row in grid:
        if not all(cell is None or cell.head or not cell.text for cell in row):
            break
        marked += 1
    if 0 < marked < len(grid):
        return marked
    labels = [row[0] for row in grid if row and row[0] is not None]
    if labels and all(cell.head for cell in labels):  # each row names itself
        return 0
    if len(grid) < 2 or width < 2 or len(grid[0]) < width:
        return 0
    first = [_text(row, at) for row in grid[:1] for at in range(width)]
    if width == 2 and first[1][:1].isdigit() and not _YEAR.fullmatch(first[1]):
        return 0
    if not all(first[1:]) or len(set(first)) < width or any(map(_is_no_head, first)):
        return 0
    telling = False
    below: list[list[str]] = [[] for _ in first]
    for row in grid[1:]:
        for at, cell in enumerate(row):
            below[at].append(cell.text if cell is not None else "")
    for at, head in enumerate(first):
        texts = below[at] if len(below[at]) == len(grid) - 1 else [*below[at], ""]
        if all(map(_VALUE.fullmatch, texts)) and any(texts):  # figures under a name
            is_year = _YEAR.fullmatch(head) and not all(map(_YEAR.fullmatch, texts))
            telling = telling or bool(is_year) or not _VALUE.fullmatch(head)
    return int(telling or (not figures and width > 2 and len(grid) > 2))


def _text(row: Sequence[Cell | None], at: int) -> str:
    cell = row[at] if at < len(row) else None
    return cell.text if cell is not None else ""


def _is_no_head(text: str) -> bool:
    # « journée : 110 € » says its own name: a row of such cells stands by itself.
    if len(text) > _LONGEST_HEAD or text.endswith((".", ";", ",")) or _LABELLED.search(text):
        return True
    return is_value(text)


def _names(heads: Sequence[Sequence[Cell | None]], column: int) -> tuple[str, ...]:
    """The heads above a column, the highest first."""
    return tuple(text.rstrip(" :\u00a0") for row in heads if (text := _text(row, column)))


def _line(row: Sequence[Cell | None], names: Sequence[tuple[str, ...]]) -> str:
    found: list[tuple[tuple[str, ...], str]] = []
    previous: Cell | None = None
    for at, cell in enumerate(row):
        if cell is None or not cell.text:
            continue
        if cell is previous:  # one cell under several heads
            found[-1] = (found[-1][0] + names[at], cell.text)
        else:
            found.append((names[at], cell.text))
        previous = cell
    entries = [(", ".join(dict.fromkeys(heads)), text) for heads, text in found]
    if len(entries) < 2:
        return "".join(text for _, text in entries)
    (head, label), *rest = entries
    if not any(name for name, _ in entries):
        if len(rest) == 1 and _is_label(label):
            return _entry(label.rstrip(" :\u00a0"), rest[0][1])
        return BAR.join(text for _, text in entries)
    if not _text(row, 0) or not _is_label(label):
        return BETWEEN.join(_entry(name, text) for name, text in entries)
    if head and not set(head.casefold().split()) & set(label.casefold().split()):
        label = f"{label} ({head})"
    return f"{label} — " + BETWEEN.join(_entry(name, text) for name, text in rest)


def is_value(text: str) -> bool:
    """Whether a text is a figure that names nothing: « 02 98 », « 12 € »; a year may name."""
    return bool(text) and _VALUE.fullmatch(text) is not None and not _YEAR.fullmatch(text)


def _is_label(text: str) -> bool:
    return any(character.isalpha() for character in text) and not _VALUE.fullmatch(text)


def _entry(name: str, text: str) -> str:
    return f"{name}{AFTER_HEAD}{text}" if name else text
