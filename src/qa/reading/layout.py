"""Where text stands on a page, to the order in which it is read: columns, lines, paragraphs.

Pure geometry, in points from the lower left corner. A page comes as fragments (characters of one
line without a wide gap) and leaves as paragraphs of lines.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.reading.cleaning import raised
from qa.reading.lines import ends_sentence, is_list_item, starts_lower

# The last ones are those of symbol fonts.
BULLETS = "•▪◦‣·●■○□➢➤✓\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf02d"

# All in units of the letter size.
_ASCENT, _DESCENT = 0.7, 0.2  # of a line's box; lines set solid still do not touch
_GUTTER = 0.9  # narrowest blank between two columns
WIDE_GAP = 1.2  # a blank inside a line that separates cells
_WORD_GAP = 0.12
_INDENT = 0.8
_SAME_LINE = 0.35  # of difference between two baselines; more for a raised footnote mark
_RAISED = 0.6
_SMALLER = 0.85  # of the line's size: a raised mark, not a line of its own

_FEWEST_LINES = 3  # of a column of prose
_PROSE_LETTERS = 18  # characters of the middle line of such a column; cells are shorter
_SHORTEST = 4  # characters of the longest line of a column; numbers and bullets are no column
_FILLED = 0.6  # share of the column's width that most of its lines reach
_LOOSE = 1.3  # times the usual distance of two lines: a new paragraph
_ANOTHER_SIZE = 1.1


# What stands before an item, set apart from it: "•", "–", "12.", "b)".
_MARKER = re.compile(rf"[{BULLETS}*–—-]|\(?(?:\d{{1,3}}|[a-z]|[ivx]{{1,5}})[.)°]")


@dataclass(frozen=True, slots=True)
class Fragment:
    """Characters that stand together: their box, the size of their letters, whether bold."""

    text: str
    left: float
    right: float
    baseline: float
    size: float
    bold: bool = False
    ruled: bool = False  # a rule stands before it: the border of a table's cell

    @property
    def top(self) -> float:
        """Upper edge of the letters."""
        return self.baseline + _ASCENT * self.size

    @property
    def bottom(self) -> float:
        """Lower edge of the letters."""
        return self.baseline - _DESCENT * self.size


Line = Fragment  # a whole line: fragments put together


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together, in a column from ``left`` to ``right``."""

    lines: tuple[Line, ...]
    left: float
    right: float

    @property
    def size(self) -> float:
        """The usual size of its letters."""
        return statistics.median(line.size for line in self.lines)

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(line.bold for line in self.lines)


def rows(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Group fragments whose heights overlap, from the top of the page down."""
    grouped: list[list[Fragment]] = []
    bottom = 0.0
    for fragment in sorted(fragments, key=lambda fragment: -fragment.top):
        if grouped and fragment.top > bottom:
            grouped[-1].append(fragment)
            bottom = min(bottom, fragment.bottom)
        else:
            grouped.append([fragment])
            bottom = fragment.bottom
    return grouped


def paragraphs(fragments: Sequence[Fragment]) -> list[Paragraph]:
    """Put a page's fragments in reading order and cut them into paragraphs."""
    found: list[Paragraph] = []
    for column in _columns(rows(fragments)):
        found += _cut(_lines(column))
    return _whole_tables(found)


def _whole_tables(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Put the rows of a table together: lines that have as many gaps, however far they stand."""
    done: list[Paragraph] = []
    for paragraph in found:
        before = done[-1] if done else None
        if (
            before is not None
            and before.left == paragraph.left
            and (gaps := _gaps(before)) is not None
            and gaps == _gaps(paragraph)
        ):
            done[-1] = Paragraph(before.lines + paragraph.lines, before.left, before.right)
        else:
            done.append(paragraph)
    return done


def _gaps(paragraph: Paragraph) -> int | None:
    """How many gaps each line of a paragraph has, if all have as many, and some."""
    counts = {line.text.count("   ") for line in paragraph.lines}
    return counts.pop() or None if len(counts) == 1 else None


def row_text(row: Sequence[Fragment]) -> str:
    """What stands in a row, from left to right."""
    return " ".join(fragment.text for fragment in sorted(row, key=lambda f: f.left))


# --- columns ------------------------------------------------------------------------------------


def _columns(all_rows: Sequence[Sequence[Fragment]]) -> Iterator[list[Fragment]]:
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
    all_lines = sorted((_lines(column) for column in columns), key=len, reverse=True)
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


# --- lines --------------------------------------------------------------------------------------


def _lines(fragments: Sequence[Fragment]) -> list[Line]:
    """Put the fragments of a column together where they stand on one line, from the top down."""
    groups: list[list[Fragment]] = []
    for row in rows(fragments):
        largest_first = sorted(row, key=lambda f: (-f.baseline, f.left))
        open_lines: list[list[Fragment]] = []
        for fragment in sorted(largest_first, key=lambda f: -f.size):
            for line in open_lines:
                if _on_line(fragment, line[0]):
                    line.append(fragment)
                    break
            else:
                open_lines.append([fragment])
        groups += sorted(open_lines, key=lambda line: -line[0].baseline)
    return [_joined(group) for group in groups]


def _on_line(fragment: Fragment, first: Fragment) -> bool:
    rise = fragment.baseline - first.baseline
    raised = fragment.size < _SMALLER * first.size
    return abs(rise) <= (_RAISED if raised else _SAME_LINE) * first.size


def _joined(fragments: Sequence[Fragment]) -> Line:
    """One line of text; a wide blank stays one (three spaces), as it may separate cells."""
    ordered = sorted(fragments, key=lambda fragment: fragment.left)
    main = max(ordered, key=lambda fragment: (fragment.size, len(fragment.text)))
    parts = [_raised(ordered[0], main, "")]
    for before, fragment in pairwise(ordered):
        gap = (fragment.left - before.right) / main.size
        if _MARKER.fullmatch(before.text) and before is ordered[0]:
            gap = min(gap, WIDE_GAP)
        wide = gap > WIDE_GAP or fragment.ruled
        parts.append("   " if wide else " " if gap > _WORD_GAP else "")
        parts.append(_raised(fragment, main, "".join(parts[-4:])))
    return Line(
        "".join(parts).strip(),
        ordered[0].left,
        max(fragment.right for fragment in ordered),
        main.baseline,
        main.size,
        all(fragment.bold for fragment in ordered),
    )


def _raised(fragment: Fragment, main: Fragment, before: str) -> str:
    """The text of a fragment; a small raised figure is a note's mark, not part of a number."""
    rise = fragment.baseline - main.baseline
    if fragment.size < _SMALLER * main.size and rise > 0.1 * main.size:
        called = raised(before, fragment.text)
        return called if before else f"{called} "
    return fragment.text


# --- paragraphs ---------------------------------------------------------------------------------


def _cut(lines: Sequence[Line]) -> list[Paragraph]:
    """Cut a column where a paragraph ends: by distance, size, weight, indent or a short line."""
    if not lines:
        return []
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    steps = [
        before.baseline - line.baseline
        for before, line in pairwise(lines)
        if before.baseline > line.baseline and _same_size(before, line)
    ]
    usual = statistics.median_low(steps) if steps else 0.0
    groups = [[lines[0]]]
    for before, line in pairwise(lines):
        if _begins_paragraph(before, line, left, right, usual):
            groups.append([line])
        else:
            groups[-1].append(line)
    return [Paragraph(tuple(group), left, right) for group in groups]


def _same_size(one: Line, other: Line) -> bool:
    return max(one.size, other.size) < _ANOTHER_SIZE * min(one.size, other.size)


def _begins_paragraph(before: Line, line: Line, left: float, right: float, usual: float) -> bool:
    step = before.baseline - line.baseline
    if not _same_size(before, line) or step > _LOOSE * max(usual, line.size):
        return True
    if before.bold != line.bold and (before.bold or not starts_lower(line.text)):
        return not (before.right > 0.9 * right and starts_lower(line.text))
    if is_list_item(line.text):
        return True
    ended = ends_sentence(before.text) or before.text.endswith((":", ";"))
    if ended and line.left - before.left > _INDENT * line.size and before.left - left < 0.1:
        return True
    if ended and line.left - left > _INDENT * line.size and line.left - before.left > 0.1:
        return True
    short = before.right < right - 0.2 * (right - left)
    return short and ends_sentence(before.text) and not starts_lower(line.text)


def is_forced(before: Line, line: Line, right: float) -> bool:
    """Whether the first word of a line would have fitted on the line before: a meant break."""
    word = line.text.split(" ", 1)[0]
    letter = (line.right - line.left) / max(len(line.text), 1)
    return before.right + (len(word) + 1) * letter < right - line.size
