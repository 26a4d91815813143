"""A page of a PDF as a picture, and where a quote stands on it."""

from __future__ import annotations

import io
import math
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.french import fold
from qa.reading.blocks import UnreadableError
from qa.reading.cleaning import one_line
from qa.reading.limits import LARGEST_CONTAINER

if TYPE_CHECKING:
    import pypdfium2

# Left, top, right and bottom, as shares of the page in [0, 1] from its top left.
Box = tuple[float, float, float, float]

_WIDTH = 1200  # dots
_MOST_DOTS = 4_000_000  # a strip or a poster is drawn smaller
_QUALITY = 80  # of WebP, in percent: letters stay sharp
_LONGEST_QUOTE, _LONGEST_PAGE = 3_000, 30_000  # letters that are compared
# Letters in a row that two texts have in common by no chance.
_SAME = 20


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page of a file of so many ``pages``: WebP, and the boxes of the quote's lines."""

    data: bytes
    width: int
    height: int
    pages: int
    boxes: tuple[Box, ...]

    def fields(self) -> dict[str, Any]:
        """As a message (``frames.py``)."""
        shape = (self.width, self.height, self.pages)
        return {"picture": b64encode(self.data).decode("ascii"), "shape": shape, "at": self.boxes}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> PagePicture:
        """What a message holds; raises KeyError, TypeError or ValueError when it is none."""
        width, height, pages = map(int, message["shape"])
        boxes = []
        for left, top, right, bottom in message["at"]:
            boxes.append((float(left), float(top), float(right), float(bottom)))
        return cls(b64decode(message["picture"], validate=True), width, height, pages, tuple(boxes))


def draw_page(path: Path, number: int, quote: str, earlier: int) -> PagePicture:
    """Draw a page (from 1), and find a quote on it after so many ``earlier`` ones like it.

    Raises UnreadableError for what is no PDF, or has no such page.
    """
    import pypdfium2

    with path.open("rb") as stream:
        data = stream.read(LARGEST_CONTAINER + 1)
    try:
        pdf = pypdfium2.PdfDocument(data)
        page = pdf[number - 1]
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise UnreadableError("damaged", one_line(str(error))) from error
    width, height = (max(side, 1.0) for side in page.get_size())
    scale = min(_WIDTH / width, math.sqrt(_MOST_DOTS / (width * height)))
    bitmap = page.render(scale=scale)
    written = io.BytesIO()
    bitmap.to_pil().save(written, "webp", quality=_QUALITY)
    boxes = tuple(_boxes(page, quote, earlier))
    return PagePicture(written.getvalue(), bitmap.width, bitmap.height, len(pdf), boxes)


def _boxes(page: pypdfium2.PdfPage, quote: str, earlier: int) -> Iterator[Box]:
    """The boxes of the lines on which a quote's letters stand."""
    text_page = page.get_textpage()
    found = [
        (letter, index)
        for index in range(min(text_page.count_chars(), _LONGEST_PAGE))
        for letter in letters(_character(text_page, index))
    ]
    text = "".join(letter for letter, _ in found)
    for start, end in shared(letters(quote[:_LONGEST_QUOTE]), text, earlier):
        first, last = found[start][1], found[end - 1][1]
        for number in range(text_page.count_rects(first, last - first + 1)):
            box = _on_picture(page, text_page.get_rect(number))
            if box[0] < box[2] and box[1] < box[3]:  # what the page shows of it
                yield box


def _character(text_page: pypdfium2.PdfTextPage, index: int) -> str:
    import pypdfium2.raw as pdfium

    code = pdfium.FPDFText_GetUnicode(text_page, index)
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else ""


def letters(text: str) -> str:
    """Letters and figures alone, folded: what a page and the text read from it have in common."""
    return "".join(filter(str.isalnum, fold(text)))


def shared(quote: str, text: str, earlier: int = 0) -> Sequence[tuple[int, int]]:
    """The spans of a page's letters that are a quote's: all of it, or what stands on this page."""
    if not quote:
        return ()
    start = text.find(quote)
    for _ in range(earlier):
        start = max(start, text.find(quote, start + 1))
    if start >= 0:
        return ((start, start + len(quote)),)
    matcher = SequenceMatcher(None, quote, text, autojunk=False)
    return [
        (block.b, block.b + block.size)
        for block in matcher.get_matching_blocks()
        if block.size >= _SAME
    ]


def _on_picture(page: pypdfium2.PdfPage, rectangle: tuple[float, float, float, float]) -> Box:
    """A rectangle of a page, which may be turned or cut, as it lies on its picture."""
    import ctypes

    import pypdfium2.raw as pdfium

    left, bottom, right, top = rectangle
    side = 10_000
    corners = []
    x, y = ctypes.c_int(), ctypes.c_int()
    for place in ((left, top), (right, bottom)):
        pdfium.FPDF_PageToDevice(page, 0, 0, side, side, 0, *place, x, y)
        corners.append((min(max(x.value / side, 0), 1), min(max(y.value / side, 0), 1)))
    (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(*corners, strict=True))
    return x0, y0, x1, y1
