"""The characters of a PDF page, as PDFium gives them, to fragments of lines."""

from __future__ import annotations

import ctypes
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from qa.reading.page_lines import WIDE_GAP, Fragment

if TYPE_CHECKING:
    import pypdfium2

_HYPHENS = "\x02\ufffe\u00ad"  # what PDFium gives for a hyphen at a line end
_NARROW_BLANK = 0.08  # of the letter size
_LEAST_RULE = 6  # points of height
_MOST_RULES, _MOST_RULES_BETWEEN = 20_000, 200
_BOLD = 600  # weight of letters, 400 being the usual one


def page_fragments(page: pypdfium2.PdfPage) -> tuple[list[Fragment], float]:
    """The fragments of a page, turned upright, and its height in points."""
    text_page = page.get_textpage()
    try:
        return _upright(list(_fragments(text_page, _rules(page))), *page.get_size())
    finally:
        text_page.close()


def _rules(page: pypdfium2.PdfPage) -> list[tuple[float, float, float]]:
    """The upright rules of a page, and the sides of its boxes: place, bottom and top, by place."""
    import pypdfium2.raw as pdfium

    found = []
    paths = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=3)
    for path in islice(paths, _MOST_RULES):
        left, bottom, right, top = path.get_bounds()
        if top - bottom > _LEAST_RULE:
            found += [(left, bottom, top), (right, bottom, top)]
    return sorted(found)


def _is_ruled(
    rules: Sequence[tuple[float, float, float]], end: float, near: float, base: float
) -> bool:
    """Whether a rule stands between two characters of a line."""
    first = bisect_left(rules, (end - 1,))
    between = islice(rules, first, first + _MOST_RULES_BETWEEN)
    return any(
        bottom <= base + 1 and base - 1 <= top
        for place, bottom, top in takewhile(lambda rule: rule[0] <= near + 1, between)
    )


def _fragments(
    text_page: pypdfium2.PdfTextPage, rules: Sequence[tuple[float, float, float]]
) -> Iterator[tuple[Fragment, int]]:
    """Put the characters of a page together; with each fragment its direction, in quarter turns.

    PDFium gives them in the order in which they were drawn, with the blanks and line ends that it
    infers.
    """
    import pypdfium2.raw as pdfium

    box, matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
    x, y = ctypes.c_double(), ctypes.c_double()
    characters: list[str] = []
    start = end = baseline = size = told_size = 0.0
    turn = 0
    blank = bold = ruled = False

    def done() -> Iterator[tuple[Fragment, int]]:
        text = "".join(characters).strip()
        if text:
            yield Fragment(text, start, end, baseline, size, bold, ruled), turn
        characters.clear()

    for index in range(text_page.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text_page, index)
        character = chr(code) if 0 < code < 0x110000 else "\ufffd"
        if character in "\r\n":
            yield from done()
            continue
        if character.isspace():
            blank = True
            continue
        if character in _HYPHENS:
            character = "-"
        pdfium.FPDFText_GetLooseCharBox(text_page, index, box)
        pdfium.FPDFText_GetCharOrigin(text_page, index, x, y)
        letter = pdfium.FPDFText_GetFontSize(text_page, index)
        if characters:
            near, far, base = _turned(box, x.value, y.value, turn)
            wide = bool(rules) and near - end > _NARROW_BLANK * size
            crossed = wide and _is_ruled(rules, end, near, base)
            if (
                crossed
                or letter != told_size
                or abs(base - baseline) > 0.1 * size
                or not -size < near - end <= WIDE_GAP * size
            ):
                yield from done()
        if not characters:
            turn = round(pdfium.FPDFText_GetCharAngle(text_page, index) / (math.pi / 2)) % 4
            pdfium.FPDFText_GetMatrix(text_page, index, matrix)
            told_size, size = letter, letter * math.hypot(matrix.b, matrix.d)
            near, far, base = _turned(box, x.value, y.value, turn)
            start, baseline = near, base
            # A rule that stands further away leaves a wide blank.
            ruled = bool(rules) and _is_ruled(rules, near - WIDE_GAP * size, near, base)
            bold = _is_bold(text_page, index)
        elif blank or (
            # The narrow blanks of French typography are often only a distance.
            near - end > _NARROW_BLANK * size and (character in ";:!?»" or characters[-1] == "«")
        ):
            characters.append(" ")
        characters.append(character)
        end = max(far, near)
        blank = False
    yield from done()


def _is_bold(text_page: pypdfium2.PdfTextPage, index: int) -> bool:
    """By the weight of the letters, or by the font's name where it tells no weight."""
    import pypdfium2.raw as pdfium

    if pdfium.FPDFText_GetFontWeight(text_page, index) >= _BOLD:
        return True
    name, flags = ctypes.create_string_buffer(100), ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(text_page, index, name, len(name), flags)
    return b"bold" in name.value.lower()


def _turned(box: ctypes.Structure, x: float, y: float, turn: int) -> tuple[float, float, float]:
    """Start, end and baseline of a character, its line turned to run from left to right."""
    if turn == 0:
        return box.left, box.right, y
    if turn == 1:  # PDFium counts clockwise
        return -box.top, -box.bottom, x
    if turn == 2:
        return -box.right, -box.left, -y
    return box.bottom, box.top, -x


def _upright(
    found: Sequence[tuple[Fragment, int]], width: float, height: float
) -> tuple[list[Fragment], float]:
    """Keep the text that runs as most of the page does; a turned stamp in the margin goes."""
    letters: Counter[int] = Counter()
    for fragment, turn in found:
        letters[turn] += len(fragment.text)
    main = letters.most_common(1)[0][0] if letters else 0
    return [fragment for fragment, turn in found if turn == main], width if main % 2 else height
