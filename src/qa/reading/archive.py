"""ZIP archives looked at before anything is unpacked: ratio, totals, and where paths lead."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from typing import IO, BinaryIO

from qa.reading.blocks import UnreadableError
from qa.reading.limits import (
    HIGHEST_RATIO,
    LARGEST_ENTRY,
    LARGEST_UNPACKED,
    MOST_ENTRIES,
    SMALL_ENTRY,
)

_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 0x1
# What archives carry that nobody wrote: "__MACOSX/", ".DS_Store", "Thumbs.db".
_HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?/)|~\$|__MACOSX/|Thumbs\.db$)")


class MemberError(UnreadableError):
    """One file of an archive that is not read, and why."""


def open_archive(stream: BinaryIO) -> zipfile.ZipFile:
    """Open a ZIP whose directory promises nothing excessive.

    Raises UnreadableError when it is damaged, or unpacks to too much.
    """
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        raise UnreadableError("damaged_archive", _one_line(error)) from error
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise UnreadableError("entries", len(entries), MOST_ENTRIES)
    total = sum(entry.file_size for entry in entries)
    if total > LARGEST_UNPACKED:
        raise UnreadableError("unpacks_to", LARGEST_UNPACKED // 10**6)
    for entry in entries:
        if entry.file_size > SMALL_ENTRY and (
            entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 1)
        ):
            ratio = entry.file_size // max(entry.compress_size, 1)
            raise UnreadableError("ratio", ratio)
    return archive


def safe_members(stream: BinaryIO) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    """Open an archive of documents; give its files in the order of their paths."""
    archive = open_archive(stream)
    members = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not _HIDDEN.search(entry.filename.replace("\\", "/"))
    ]
    return archive, sorted(members, key=lambda entry: entry.filename)


def open_member(archive: zipfile.ZipFile, name: str) -> BinaryIO:
    """Open one file of an archive, as a stream that never gives more than the directory said.

    Raises MemberError when it is a link, leaves the archive's folder, is encrypted or damaged.
    """
    entry = archive.getinfo(name)
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/"):
        raise MemberError("path_leaves")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise MemberError("member_link")
    if entry.flag_bits & _ENCRYPTED:
        raise MemberError("password")
    try:
        return io.BufferedReader(_Member(archive.open(entry)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise MemberError("damaged_member", _one_line(error)) from error


def read_part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of a part of an office file or e-book; None when it has no such part."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    if entry.file_size > LARGEST_ENTRY:
        raise UnreadableError("large_part", LARGEST_ENTRY // 10**6)
    with open_member(archive, name) as stream:
        return stream.read()


class _Member(io.RawIOBase):
    """A file of an archive, whose damage is told as a MemberError."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(len(buffer))
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
            raise MemberError("damaged_member", _one_line(error)) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
