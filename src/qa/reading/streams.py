"""Files of many documents: unpacked as they are read, cut into lines of bounded length."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import os
from collections.abc import Iterator
from typing import BinaryIO, cast

from qa.reading.blocks import UnreadableError
from qa.reading.limits import HIGHEST_RATIO, LARGEST_FILE, SMALL_ENTRY

SAMPLE = 1 << 18  # bytes of a file by which its encoding is told
_CHUNK = 1 << 20


def unpacked(stream: BinaryIO, name: str) -> io.BufferedReader:
    """The content of a file that may be packed with gzip or bzip2, as its name says."""
    lower = name.lower()
    if lower.endswith(".gz"):
        return io.BufferedReader(_Unpacking(gzip.GzipFile(fileobj=stream, mode="rb"), stream))
    if lower.endswith(".bz2"):
        return io.BufferedReader(_Unpacking(bz2.BZ2File(stream), stream))
    return cast(io.BufferedReader, stream)


class _Unpacking(io.RawIOBase):
    """What a packed stream holds, as long as it is not out of all proportion to its size."""

    def __init__(self, inner: gzip.GzipFile | bz2.BZ2File, packed: BinaryIO) -> None:
        self._inner = inner
        self._most = SMALL_ENTRY + HIGHEST_RATIO * _size(packed)
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._inner.read(len(buffer))
        self._given += len(data)
        if self._given > self._most:
            raise UnreadableError("packed_ratio", HIGHEST_RATIO)
        buffer[: len(data)] = data
        return len(data)


def _size(stream: BinaryIO) -> int:
    try:
        return os.fstat(stream.fileno()).st_size
    except (OSError, io.UnsupportedOperation):  # a member of an archive, bounded by its own ratio
        return LARGEST_FILE


def bounded_lines(
    stream: io.BufferedReader, *, keep_empty: bool = False
) -> Iterator[tuple[int, bytes | None]]:
    """Give the lines that are not empty with their numbers; None for one too long to be held.

    Only "\\n" ends a line: Unicode's other line ends may stand inside a JSON string.
    """
    encoding = codecs.getincrementaldecoder("utf-16")(errors="replace")
    recoded = stream.peek(4)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    number, rest = 1, b""
    long = False  # within a line that is too long
    while chunk := stream.read1(_CHUNK):
        if recoded:
            chunk = encoding.decode(chunk).encode("utf-8", "replace")
        first, *others = chunk.split(b"\n")
        rest = b"" if long else rest + first
        if not others:
            long = long or len(rest) > LARGEST_FILE
            continue
        if rest or long or keep_empty:
            yield number, None if long or len(rest) > LARGEST_FILE else rest
        for at, line in enumerate(others[:-1], number + 1):
            if line or keep_empty:
                yield at, line
        number += len(others)
        rest, long = others[-1], False
    if rest or long:
        yield number, None if long or len(rest) > LARGEST_FILE else rest
