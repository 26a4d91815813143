"""JSON Lines: one document a line, streamed, plain or gzipped, of any size."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from qa.reading.blocks import Block, Page, build_document
from qa.reading.cleaning import clean_line
from qa.reading.encoding import BinaryContentError, decode
from qa.reading.limits import LARGEST_FILE, describe_limit
from qa.reading.plain import split_blocks
from qa.records import Document, Skipped

# Characters that an identifier cannot hold: controls and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TEXT_FIELDS = ("_id", "id", "title", "text")


def read_json_lines(path: Path, name: str) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield each line's place ("notes.jsonl:12") and its document, or why it was skipped."""
    found = False
    number = 0
    try:
        with _open(path) as stream:
            for number, line in enumerate(_lines(stream), start=1):
                place = f"{name}:{number}"
                if line is not None and not line.strip():
                    continue
                found = True
                yield place, _read_line(line, number, place)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        found = True
        reason = f"damaged gzip file after line {number} ({_one_line(error)})"
        yield name, Skipped(name, reason)
    if not found:
        yield name, Skipped(name, "empty file" if not path.stat().st_size else "no document in it")


def _open(path: Path) -> io.BufferedReader:
    if path.name.lower().endswith(".gz"):
        return io.BufferedReader(gzip.GzipFile(path, "rb"))
    return path.open("rb")


def _lines(stream: io.BufferedReader) -> Iterator[bytes | None]:
    """Give the lines one at a time; None for one that is too long to be held in memory."""
    start = stream.peek(4)[:4]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        recoded = io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="\n")
        try:
            while text := recoded.readline(LARGEST_FILE):
                yield text.encode("utf-8", "replace")
        finally:
            recoded.detach()  # the stream is closed by its owner
        return
    while line := stream.readline(LARGEST_FILE + 1):
        if len(line) <= LARGEST_FILE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LARGEST_FILE)
        yield None


def _read_line(line: bytes | None, number: int, place: str) -> Document | Skipped:
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
    text = value.get("text")
    if not isinstance(text, str):
        return Skipped(place, f'line {number} has no "text" (a string)')
    title = value.get("title")
    title = clean_line(title) if isinstance(title, str) else ""
    blocks = split_blocks(text)
    if not blocks:
        return Skipped(place, f'line {number} has an empty "text"')
    if title and blocks[0].text == title:
        blocks[0] = Block(title, 1)
    metadata = {
        key: clean_line(content)
        for key, content in value.items()
        if isinstance(content, str) and key not in _TEXT_FIELDS and content.strip()
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
