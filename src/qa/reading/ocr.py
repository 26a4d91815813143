"""Pictures of pages to text, by tesseract: Debian's tesseract-ocr and tesseract-ocr-fra."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from qa.reading.blocks import UnreadableError
from qa.records import QAError

if TYPE_CHECKING:
    import pypdfium2

_DOTS_PER_INCH = 300  # what tesseract's models were made for
_POINTS_PER_INCH = 72
_LARGEST_SIDE = 6000  # dots: a poster is drawn smaller
_SECONDS = 120  # a page
_LANGUAGE = "fra"


def check_ocr() -> None:
    """Raise QAError, with what to install, unless tesseract and its French model are there."""
    program = shutil.which("tesseract")
    if program is None:
        raise QAError("no_tesseract")
    listed = subprocess.run(  # noqa: S603 (the user's own tesseract)
        [program, "--list-langs"], capture_output=True, text=True, check=False
    )
    if _LANGUAGE not in listed.stdout.split():
        raise QAError("no_tesseract_french")


def recognise_page(page: pypdfium2.PdfPage) -> list[list[str]]:
    """The paragraphs that tesseract finds in the picture of a page, each as its lines."""
    program = shutil.which("tesseract")
    if program is None:
        raise UnreadableError("no_tesseract")
    scale = _DOTS_PER_INCH / _POINTS_PER_INCH
    scale = min(scale, _LARGEST_SIDE / max(*page.get_size(), 1))
    dots = str(round(scale * _POINTS_PER_INCH))
    try:
        done = subprocess.run(  # noqa: S603 (the user's own tesseract)
            [program, "-", "-", "-l", _LANGUAGE, "--dpi", dots],
            input=_picture(page, scale),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.SubprocessError as error:
        raise UnreadableError("tesseract_failed", type(error).__name__) from error
    text = done.stdout.decode("utf-8", "replace").replace("\f", "\n\n")
    paragraphs = ([line.strip() for line in part.split("\n")] for part in text.split("\n\n"))
    return [kept for part in paragraphs if (kept := [line for line in part if line])]


def _picture(page: pypdfium2.PdfPage, scale: float) -> bytes:
    """Draw a page in grey, as a portable graymap: the plainest of picture files."""
    bitmap = page.render(scale=scale, grayscale=True)
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    dots = bytes(bitmap.buffer)
    bitmap.close()
    rows = (dots[row * stride : row * stride + width] for row in range(height))
    return b"P5 %d %d 255\n" % (width, height) + b"".join(rows)
