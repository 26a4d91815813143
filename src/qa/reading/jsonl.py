"""JSON Lines: one document a line, streamed, plain or gzipped, of any size."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from qa.reading.blocks import Block, Page, build_document
from qa.reading.cleaning import clean_line
from qa.reading.encoding import BinaryContentError, decode
from qa.reading.limits import describe_limit
from qa.reading.plain import split_blocks
from qa.reading.settings import ReadingSettings
from qa.reading.sidecar import FIELD_NAMES
from qa.reading.streams import bounded_lines, unpacked
from qa.records import Document, Skipped

# Characters that an identifier cannot hold: controls and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def read_json_lines(
    stream: BinaryIO, name: str, settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield each line's place ("notes.jsonl:12") and its document, or why it was skipped."""
    found = False
    number = 0
    try:
        for number, line in enumerate(bounded_lines(unpacked(stream, name)), start=1):
            place = f"{name}:{number}"
            if line is not None and not line.strip():
                continue
            found = True
            yield place, _read_line(line, number, place, settings)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        found = True
        reason = f"damaged gzip file after line {number} ({_one_line(error)})"
        yield name, Skipped(name, reason)
    if not found:
        yield name, Skipped(name, "no document in it" if number else "empty file")


def _read_line(
    line: bytes | None, number: int, place: str, settings: ReadingSettings
) -> Document | Skipped:
    if line is None:
        return Skipped(place, f"line {number} is longer than {describe_limit()}")
    try:
        value = json.loads(decode(line.strip()))
    except BinaryContentError:
        return Skipped(place, f"line {number} is not JSON: binary content")
    except RecursionError:
        return Skipped(place, f"line {number} is not JSON: nested too deeply")
    except ValueError as error:
        return Skipped(place, f"line {number} is not JSON: {_one_line(error)}")
    if not isinstance(value, dict):
        return Skipped(place, f"line {number} is not a JSON object")
    identifier = _identifier(value.get("_id", value.get("id")))
    if not identifier:
        return Skipped(place, f'line {number} has no "_id" or "id" (a string or a number)')
    text_fields = settings.text_fields or ("text",)
    texts = [value.get(name) for name in text_fields]
    text = "\n\n".join(text for text in texts if isinstance(text, str))
    if not any(isinstance(text, str) for text in texts):
        wanted = " or ".join(f'"{name}"' for name in text_fields)
        return Skipped(place, f"line {number} has no {wanted} (a string)")
    title_field = settings.title_field or "title"
    title = value.get(title_field)
    title = clean_line(title) if isinstance(title, str) else ""
    blocks = split_blocks(text)
    if not blocks:
        wanted = " or ".join(f'"{name}"' for name in text_fields)
        return Skipped(place, f"line {number} has an empty {wanted}")
    if title and blocks[0].text == title:
        blocks[0] = Block(title, 1)
    taken = {"_id", "id", title_field, *text_fields}
    metadata = {
        FIELD_NAMES.get(key.lower(), key): clean_line(content)
        for key, content in value.items()
        if isinstance(content, str) and key not in taken and content.strip()
    }
    return build_document(identifier, metadata.get("url", place), Page(title, blocks, metadata))


def _identifier(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        return _UNPRINTABLE.sub("\ufffd", str(value)).strip()
    except ValueError:  # an integer of more than 4,300 digits
        return ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
