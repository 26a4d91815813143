"""What the user says about the reading: which fields hold the text, and whether to use OCR."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    """``text_fields`` and ``title_field`` name columns of tables and fields of JSON Lines.

    Without them the usual names are looked for. ``ocr``: pages without a text layer are recognised
    by tesseract, where it is installed.
    """

    text_fields: tuple[str, ...] = ()
    title_field: str = ""
    ocr: bool = False
