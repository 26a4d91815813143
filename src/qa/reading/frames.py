"""What passes between the reader's process and ours: JSON in frames of a known length.

The other process parses hostile files, so nothing of what it sends is ever executed (no pickle).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO

from qa.records import Document, Heading, PageStart, Skipped

_PREFIX = 8  # bytes of a frame's length
_PLAIN_FIELDS = ("id", "title", "text", "source", "removed")
# JSON writes a character in at most 6 bytes ("\\u00e9"), or two such for one beyond U+FFFF.
LARGEST_FRAME = 300_000_000


def write_frame(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Send a message. Lone surrogates (names that are not UTF-8) survive as escapes."""
    data = json.dumps(message).encode("ascii")
    stream.write(len(data).to_bytes(_PREFIX, "big") + data)


def read_frame(read: Callable[[int], bytes]) -> dict[str, Any] | None:
    """Receive a message through ``read(count)``; None when the other side has left.

    Raises ValueError for what is no frame.
    """
    prefix = read(_PREFIX)
    if len(prefix) < _PREFIX:
        return None
    length = int.from_bytes(prefix, "big")
    if length > LARGEST_FRAME:
        raise ValueError(f"a frame of {length} bytes")
    data = read(length)
    if len(data) < length:
        return None
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a frame that is no object")
    return message


def result_fields(place: str, result: Document | Skipped) -> dict[str, Any]:
    """A result as a message."""
    if isinstance(result, Skipped):
        return {"place": place, "skipped": asdict(result)}
    fields = {name: getattr(result, name) for name in _PLAIN_FIELDS}
    fields["metadata"] = dict(result.metadata)
    fields["headings"] = [(h.level, h.start, h.end) for h in result.headings]
    fields["pages"] = [(page.number, page.start, page.ocr) for page in result.pages]
    return {"place": place, "document": fields}


def result_of(message: dict[str, Any]) -> tuple[str, Document | Skipped]:
    """The result that a message holds; raises KeyError or TypeError when it holds none."""
    place = str(message["place"])
    if "skipped" in message:
        fields = message["skipped"]
        return place, Skipped(**fields | {"figures": tuple(fields["figures"])})
    fields = dict(message["document"])
    fields["headings"] = tuple(Heading(*heading) for heading in fields["headings"])
    fields["removed"] = tuple(fields["removed"])
    fields["pages"] = tuple(PageStart(*page) for page in fields["pages"])
    return place, Document(**fields)
