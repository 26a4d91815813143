"""PDF files: the text layer in reading order, without running heads, each page known by number.

PDFium (pypdfium2) gives the characters and where they stand (``pdf_characters.py``); columns and
lines are found from that (``layout.py``), then paragraphs and titles (``pdf_blocks.py``). Pages
without a text layer can be recognised (``ocr.py``).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.reading.blocks import Content, UnreadableError
from qa.reading.cleaning import clean_line, one_line
from qa.reading.office import content_of_office, honest_metadata
from qa.reading.outline import read_outline
from qa.reading.pdf_blocks import Sheet, sheet_blocks
from qa.reading.pdf_characters import page_fragments

if TYPE_CHECKING:
    import pypdfium2

# Recognises the picture of a page: the lines of its paragraphs.
Recogniser = Callable[["pypdfium2.PdfPage"], list[list[str]]]

_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\ufffd\ue000-\uf8ff]")
_MOST_UNREADABLE = 0.3  # share of characters without a name above which a page has no text
_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?")


def read_pdf(data: bytes, name: str) -> Content:
    """Read the text layer of a PDF; pages that have none are told."""
    return _read(data, name, None)


def read_pdf_with_ocr(data: bytes, name: str) -> Content:
    """Read a PDF, and recognise the text of its pages that have none (``--ocr``)."""
    from qa.reading.ocr import recognise_page

    return _read(data, name, recognise_page)


def _read(data: bytes, name: str, recogniser: Recogniser | None) -> Content:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        protected = "password" in str(error).lower() or "security" in str(error).lower()
        if protected:
            raise UnreadableError("password") from error
        raise UnreadableError("damaged", one_line(str(error))) from error
    sheets: list[Sheet] = []
    lost: list[int] = []
    try:
        for number in range(1, len(pdf) + 1):
            try:
                page = pdf[number - 1]
            except pypdfium2.PdfiumError:
                lost.append(number)
                continue
            sheets.append(_read_sheet(page, number, recogniser))
            page.close()
        metadata, outline = _metadata(pdf), read_outline(pdf)
    finally:
        pdf.close()
    scanned = [sheet.number for sheet in sheets if sheet.scanned]
    if scanned and not any(sheet.fragments or sheet.recognised for sheet in sheets):
        raise UnreadableError("scan")
    left_out = []
    if scanned:
        left_out.append(("scanned_pages", _pages(scanned)))
    if lost:
        left_out.append(("damaged_pages", _pages(lost)))
    blocks, styled = sheet_blocks(sheets, outline)
    page = content_of_office(blocks, metadata, name, styled=styled)
    return replace(page, left_out=tuple(left_out))


def _pages(numbers: Sequence[int]) -> str:
    """Write page numbers for a person: "pages 2-5, 9"."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    told = ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)
    return f"page{'s' if len(numbers) > 1 else ''} {told}"


def _metadata(pdf: pypdfium2.PdfDocument) -> dict[str, str]:
    import pypdfium2.raw as pdfium

    told = pdf.get_metadata_dict(skip_empty=True)
    found = {
        "title": clean_line(told.get("Title", "")),
        "author": clean_line(told.get("Author", "")),
    }
    date = _DATE.match(told.get("CreationDate", ""))
    if date:
        found["date"] = "-".join(part for part in date.groups() if part)
    length = pdfium.FPDFCatalog_GetLanguage(pdf, None, 0)
    if 2 < length < 100:
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFCatalog_GetLanguage(
            pdf, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length
        )
        found["language"] = clean_line(buffer.raw.decode("utf-16-le", "ignore").rstrip("\0"))
    return {key: text for key, text in honest_metadata(found).items() if text}


def _read_sheet(page: pypdfium2.PdfPage, number: int, recogniser: Recogniser | None) -> Sheet:
    fragments, height = page_fragments(page)
    letters = "".join(fragment.text for fragment in fragments)
    if len(_UNREADABLE.findall(letters)) > _MOST_UNREADABLE * len(letters):
        letters, fragments = "", []
        scanned = True  # letters without names: only their picture can be read
    else:
        scanned = not letters and _has_picture(page)
    if not scanned:
        return Sheet(number, height, fragments)
    if recogniser is None:
        return Sheet(number, height, scanned=True)
    return Sheet(number, height, recognised=recogniser(page))


def _has_picture(page: pypdfium2.PdfPage) -> bool:
    import pypdfium2.raw as pdfium

    pictures = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=5)
    return next(iter(pictures), None) is not None
