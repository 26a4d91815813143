"""JSON: one document a line (JSON Lines), or those of one array; streamed, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from qa.reading.blocks import Block, Page, UnreadableError, document_or_reason
from qa.reading.cleaning import clean_line, one_line
from qa.reading.encoding import BinaryContentError, decode
from qa.reading.limits import LARGEST_FILE
from qa.reading.plain import readable_name, split_blocks
from qa.reading.reasons import skipped
from qa.reading.record import record_document
from qa.reading.settings import ReadingSettings
from qa.reading.streams import bounded_lines, read_bounded, unpacked
from qa.records import Document, Skipped

# Characters that an identifier cannot hold: controls and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DEEPEST = 20  # of a JSON file that is one document


def read_json_lines(
    stream: BinaryIO, name: str, settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield each line's place ("notes.jsonl:12") and its document, or why it was skipped."""
    found = False
    number = 0
    try:
        content = unpacked(stream, name)
        is_empty = not content.peek(1)
        for number, line in bounded_lines(content):
            if line is not None and not line.strip():
                continue
            found = True
            yield f"{name}:{number}", _read_line(line, number, f"{name}:{number}", settings)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield name, skipped(name, "damaged_gzip", number, one_line(str(error)))
        return
    if not found:
        yield name, skipped(name, "empty" if is_empty else "no_document")


def read_json(
    stream: BinaryIO, name: str, settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield the objects of the array that a file holds; any other file is one document."""
    data = read_bounded(stream)
    if not data:
        raise UnreadableError("empty")
    try:
        value = json.loads(decode(data))
    except ValueError as error:
        if isinstance(error, BinaryContentError):
            raise
        raise UnreadableError("json", one_line(str(error))) from error
    if isinstance(value, dict):  # {"articles": [{…}, {…}]}
        lists = [part for part in value.values() if _are_objects(part)]
        value = lists[0] if len(lists) == 1 else value
    if not _are_objects(value):
        blocks = [Block(line) for line in _told(value, "", 0)]
        yield name, document_or_reason(name, name, Page(readable_name(name), blocks))
        return
    for number, record in enumerate(value, start=1):
        place = f"{name}:{number}"
        texts = settings.text_fields or ("text",)
        if any(isinstance(record.get(field), str) for field in texts):
            identified = {"id": place} | record
            yield place, _document(identified, number, place, settings)
        else:
            key = _identifier(record.get("_id", record.get("id"))) or str(number)
            lines = "\n".join(_told(record, "", 0))
            title = record.get(settings.title_field or "title")
            page = Page(clean_line(title) if isinstance(title, str) else "", [Block(lines)])
            yield place, document_or_reason(f"{name}:{key}", place, page)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _told(value: Any, name: str, depth: int) -> Iterator[str]:
    """A value as lines of "name : value"."""
    if depth > _DEEPEST:
        raise UnreadableError("nested")
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else ((name, part) for part in value)
        for key, part in pairs:
            yield from _told(part, key.replace("_", " "), depth + 1)
    elif value is not None and clean_line(str(value)):
        yield f"{name}\u00a0: {clean_line(str(value))}" if name else clean_line(str(value))


def _read_line(
    line: bytes | None, number: int, place: str, settings: ReadingSettings
) -> Document | Skipped:
    if line is None:
        return skipped(place, "line_too_long", number, LARGEST_FILE // 10**6)
    try:
        value = json.loads(decode(line.strip()))
    except BinaryContentError:
        return skipped(place, "not_json", number, "binary content")
    except RecursionError:
        return skipped(place, "not_json", number, "nested too deeply")
    except ValueError as error:
        return skipped(place, "not_json", number, one_line(str(error)))
    if not isinstance(value, dict):
        return skipped(place, "not_object", number)
    return _document(value, number, place, settings)


def _document(
    value: Mapping[str, Any], number: int, place: str, settings: ReadingSettings
) -> Document | Skipped:
    identifier = _identifier(value.get("_id", value.get("id")))
    if not identifier:
        return skipped(place, "no_id", number)
    text_fields = settings.text_fields or ("text",)
    wanted = " or ".join(f'"{name}"' for name in text_fields)
    named = " ou ".join(f"« {name} »" for name in text_fields)
    texts = [text for name in text_fields if isinstance(text := value.get(name), str)]
    if not texts:
        return skipped(place, "no_field", number, wanted, named)
    title_field = settings.title_field or "title"
    title = value.get(title_field)
    title = clean_line(title) if isinstance(title, str) else ""
    blocks = split_blocks("\n\n".join(texts))
    if not blocks:
        return skipped(place, "empty_field", number, wanted, named)
    taken = {"_id", "id", title_field, *text_fields}
    others = ((k, text) for k, text in value.items() if isinstance(text, str) and k not in taken)
    return record_document(identifier, place, title, blocks, others)


def _identifier(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        return _UNPRINTABLE.sub("\ufffd", str(value)).strip()
    except ValueError:  # an integer of more than 4,300 digits
        return ""
