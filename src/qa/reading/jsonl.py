"""JSON: one document a line (JSON Lines), or those of one array; streamed, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from qa.reading.blocks import Block, Content, UnreadableError, document_or_reason
from qa.reading.cleaning import clean_line, one_line
from qa.reading.encoding import BinaryContentError, decode
from qa.reading.grid import LONGEST_REPEATED
from qa.reading.limits import LARGEST_FILE
from qa.reading.plain import readable_name, split_blocks
from qa.reading.reasons import skipped
from qa.reading.record import IDENTIFIERS, TEXTS, TITLES, record_document
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
        yield name, document_or_reason(name, name, Content(readable_name(name), blocks))
        return
    for number, record in enumerate(value, start=1):
        yield f"{name}:{number}", _document(record, name, f"{name}:{number}", settings)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _told(value: Any, name: str, depth: int) -> Iterator[str]:
    """A value as lines of "name : value"; what stands inside another says its name too."""
    if depth > _DEEPEST:
        raise UnreadableError("nested")
    parts = value if isinstance(value, list) else [value]
    if isinstance(value, dict) or any(isinstance(part, dict | list) for part in parts):
        pairs = value.items() if isinstance(value, dict) else ((name, part) for part in parts)
        for key, part in pairs:
            inner = key.replace("_", " ")
            path = f"{name}, {inner}" if isinstance(value, dict) and name else inner
            if len(path) > LONGEST_REPEATED:
                yield clean_line(path)
                path = ""
            yield from _told(part, path, depth + 1)
    elif text := ", ".join(filter(None, map(_scalar, parts))):
        yield f"{name} : {text}" if name else text


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "" if value is None else clean_line(str(value))


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
    return _document(value, place.rpartition(":")[0], place, settings)


def _document(
    value: Mapping[str, Any], name: str, place: str, settings: ReadingSettings
) -> Document | Skipped:
    """One object as a document; without a field of text, all its fields are."""
    key = next((found for field in IDENTIFIERS if (found := _identifier(value.get(field)))), "")
    lower = {field.lower(): field for field in value if isinstance(value[field], str)}
    usual = (lower[field] for field in TEXTS if field in lower)
    text_fields = settings.text_fields or tuple(islice(usual, 1))
    texts = [text for field in text_fields if isinstance(text := value.get(field), str)]
    if settings.text_fields and not texts:
        return skipped(place, "no_field", place.rpartition(":")[2], *_named(text_fields))
    titles = (lower[field] for field in TITLES if field in lower)
    title_field = settings.title_field or next(titles, "")
    title = clean_line(title) if isinstance(title := value.get(title_field), str) else ""
    used = {*IDENTIFIERS, title_field, *text_fields}
    if texts:
        blocks = split_blocks("\n\n".join(texts))
        others = [(k, text) for k, text in value.items() if isinstance(text, str) and k not in used]
    else:
        fields = {k: part for k, part in value.items() if k not in IDENTIFIERS}
        blocks, others = [Block(text)] if (text := "\n".join(_told(fields, "", 0))) else [], []
    if not blocks and not texts:
        return skipped(place, "no_text")
    if not blocks:
        return skipped(place, "empty_field", place.rpartition(":")[2], *_named(text_fields))
    # Ids of records of all fields are those of rows, which every file counts anew.
    identifier = key if texts else f"{name}:{key}" if key else ""
    return record_document(identifier or place, place, title, blocks, others)


def _named(fields: Sequence[str]) -> tuple[str, str]:
    """Names of fields for a sentence in English, and in French."""
    return " or ".join(f'"{name}"' for name in fields), " ou ".join(
        f"« {name} »" for name in fields
    )


def _identifier(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    try:
        return _UNPRINTABLE.sub("\ufffd", str(value)).strip()
    except ValueError:  # an integer of more than 4,300 digits
        return ""
