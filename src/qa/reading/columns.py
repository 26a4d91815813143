"""The columns of a page, in the order in which they are read."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from qa.reading.page_lines import Fragment, lines_of

_GUTTER = 0.9  # narrowest blank between two columns, in units of the letter size
_FEWEST_LINES = 3  # of a column of prose
_PROSE_LETTERS = 18  # characters of the middle line of such a column; cells are shorter
_SHORTEST = 4  # characters of the longest line of a column; numbers and bullets are no column
_FILLED = 0.6  # share of the column's width that most of its lines reach


def columns_of(all_rows: Sequence[Sequence[Fragment]]) -> Iterator[list[Fragment]]:
    """Give the columns, one after the other; what spans the page stands between them.

    Rows are taken from the top as long as one blank runs down through all of them.
    """
    fragments = [fragment for row in all_rows for fragment in row]
    if not fragments:
        return
    left, right = min(f.left for f in fragments), max(f.right for f in fragments)
    narrowest = _GUTTER * statistics.median(f.size for f in fragments)
    whole: list[Fragment] = []  # rows that are not in columns
    for region, blanks in _regions(all_rows, left, right, narrowest):
        columns = _split(region, blanks)
        if len(columns) > 1:
            if whole:
                yield whole
            whole = []
            yield from columns
        else:
            whole += region
    if whole:
        yield whole


def _regions(
    all_rows: Sequence[Sequence[Fragment]], left: float, right: float, narrowest: float
) -> Iterator[tuple[list[Fragment], list[tuple[float, float]]]]:
    """Rows one under the other, with the blanks between text that run down through all of them."""
    region: list[Sequence[Fragment]] = []
    common: list[tuple[float, float]] = []
    inside = False  # whether some of those blanks have text on both sides
    for row in all_rows:
        blanks = _blanks(row, left, right, narrowest)
        shared = _intersection(common, blanks, narrowest) if region else blanks
        grown = [*region, row]
        inside_row = bool(_between(blanks, row))
        stays_inside = bool(_between(shared, _flat(grown)))
        if region and (inside or inside_row) and not stays_inside:
            # Columns may begin at different heights: rows above that leave their blank free.
            shared, grown = blanks, [row]
            while not inside and region and inside_row:
                above = _intersection(
                    shared, _blanks(region[-1], left, right, narrowest), narrowest
                )
                if not _between(above, _flat([region[-1], *grown])):
                    break
                shared, grown = above, [region.pop(), *grown]
            if region:
                yield _flat(region), _between(common, _flat(region))
            stays_inside = inside_row
        region, common, inside = grown, shared, stays_inside
    yield _flat(region), _between(common, _flat(region))


def _flat(rows: Sequence[Sequence[Fragment]]) -> list[Fragment]:
    return [fragment for row in rows for fragment in row]


def _between(
    blanks: Sequence[tuple[float, float]], fragments: Sequence[Fragment]
) -> list[tuple[float, float]]:
    """Those of the blanks that have text on both sides."""
    first = min(fragment.left for fragment in fragments)
    last = max(fragment.right for fragment in fragments)
    return [(start, end) for start, end in blanks if first < end - 0.01 and start + 0.01 < last]


def _blanks(
    row: Sequence[Fragment], left: float, right: float, narrowest: float
) -> list[tuple[float, float]]:
    """The blanks between ``left`` and ``right`` that no fragment of the row touches."""
    found = []
    reached = left
    for fragment in sorted(row, key=lambda fragment: fragment.left):
        if fragment.left - reached >= narrowest:
            found.append((reached, fragment.left))
        reached = max(reached, fragment.right)
    if right - reached >= narrowest:
        found.append((reached, right))
    return found


def _intersection(
    one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]], narrowest: float
) -> list[tuple[float, float]]:
    shared = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(start, end) for start, end in shared if end - start >= narrowest]


def _split(
    region: Sequence[Fragment], blanks: Sequence[tuple[float, float]]
) -> list[list[Fragment]]:
    """Cut a region at its blanks where what stands between them is prose; a table stays whole."""
    parts: list[list[Fragment]] = [[] for _ in range(len(blanks) + 1)]
    for fragment in region:
        parts[sum(fragment.left >= end - 0.01 for _, end in blanks)].append(fragment)
    columns = [part for part in parts if part]
    return columns if len(columns) > 1 and _are_prose(columns) else [list(region)]


def _are_prose(columns: Sequence[Sequence[Fragment]]) -> bool:
    """Lines of prose fill their column; cells do not. A short column follows the longest one."""
    all_lines = sorted((lines_of(column) for column in columns), key=len, reverse=True)
    longest = all_lines[0]
    width = max(line.right for line in longest) - min(line.left for line in longest)
    filled = sum(line.right - line.left >= _FILLED * width for line in longest)
    return (
        len(longest) >= _FEWEST_LINES
        and filled >= _FILLED * len(longest)
        and all(max(len(line.text) for line in lines) >= _SHORTEST for lines in all_lines)
        and all(
            statistics.median(len(line.text) for line in lines) >= _PROSE_LETTERS
            for lines in all_lines
            if len(lines) >= _FEWEST_LINES
        )
    )
