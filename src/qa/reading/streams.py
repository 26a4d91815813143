"""Files of many documents: unpacked as they are read, cut into lines of bounded length."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from qa.reading.limits import LARGEST_FILE


def unpacked(stream: BinaryIO, name: str) -> io.BufferedReader:
    """The content of a file that may be packed with gzip or bzip2, as its name says."""
    lower = name.lower()
    if lower.endswith(".gz"):
        return io.BufferedReader(gzip.GzipFile(fileobj=stream, mode="rb"))
    if lower.endswith(".bz2"):
        return io.BufferedReader(cast(io.RawIOBase, bz2.BZ2File(stream)))
    return cast(io.BufferedReader, stream)


def bounded_lines(stream: io.BufferedReader) -> Iterator[bytes | None]:
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
