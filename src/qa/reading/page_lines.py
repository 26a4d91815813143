"""Fragments of text that stand on one line of a page, put together.

Pure geometry, in points from the lower left corner; a fragment is characters of one line without a
wide gap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.reading.cleaning import raised

# The last ones are those of symbol fonts.
BULLETS = "•▪◦‣·●■○□➢➤✓\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf02d"

# All in units of the letter size.
_ASCENT, _DESCENT = 0.7, 0.2  # of a line's box; lines set solid still do not touch
WIDE_GAP = 1.2  # a blank inside a line that separates cells
_WORD_GAP = 0.12
_SAME_LINE = 0.35  # of difference between two baselines; more for a raised footnote mark
_RAISED = 0.6
_SMALLER = 0.85  # of the line's size: a raised mark, not a line of its own

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


def row_text(row: Sequence[Fragment]) -> str:
    """What stands in a row, from left to right."""
    return " ".join(fragment.text for fragment in sorted(row, key=lambda f: f.left))


def lines_of(fragments: Sequence[Fragment]) -> list[Line]:
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
