"""Where text stands on a page, to paragraphs of lines in the order in which they are read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from qa.reading.columns import columns_of
from qa.reading.lines import ends_sentence, is_list_item, starts_lower
from qa.reading.page_lines import Fragment, Line, lines_of, rows

_INDENT = 0.8  # in units of the letter size
_LOOSE = 1.3  # times the usual distance of two lines: a new paragraph
_ANOTHER_SIZE = 1.1


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


def paragraphs(fragments: Sequence[Fragment]) -> list[Paragraph]:
    """Put a page's fragments in reading order and cut them into paragraphs."""
    found: list[Paragraph] = []
    for column in columns_of(rows(fragments)):
        found += _cut(lines_of(column))
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
