"""One file to documents: which reader, within which size, and why not when it cannot be read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from qa.reading.archive import MemberError, open_member, safe_members
from qa.reading.blocks import Page, UnreadableError, build_document
from qa.reading.docx import read_docx
from qa.reading.encoding import BinaryContentError
from qa.reading.epub import read_epub
from qa.reading.html import read_html
from qa.reading.jsonl import read_json_lines
from qa.reading.limits import (
    LARGEST_CONTAINER,
    LARGEST_FILE,
    LARGEST_TEXT,
    NO_MEMORY,
    describe_limit,
    describe_size,
)
from qa.reading.markdown import read_markdown
from qa.reading.mediawiki import read_mediawiki
from qa.reading.odt import read_odt
from qa.reading.pdf import read_pdf, read_pdf_with_ocr
from qa.reading.plain import read_plain
from qa.reading.settings import ReadingSettings
from qa.reading.sidecar import LARGEST_SIDECAR, SIDECAR, Sidecar, read_sidecar
from qa.reading.table import read_table
from qa.records import Document, Skipped

Results = Iterator[tuple[str, Document | Skipped]]  # each with its place: "notes.jsonl:12"

# A format is one module with a function here: bytes and file name to a page…
READERS: Mapping[str, Callable[[bytes, str], Page]] = {
    ".docx": read_docx,
    ".epub": read_epub,
    ".htm": read_html,
    ".html": read_html,
    ".markdown": read_markdown,
    ".md": read_markdown,
    ".odt": read_odt,
    ".pdf": read_pdf,
    ".txt": read_plain,
    ".xhtml": read_html,
}
# …or, when one file holds many documents, an open file and its name to a stream of documents.
STREAMED: Mapping[str, Callable[[BinaryIO, str, ReadingSettings], Results]] = {
    ".csv": read_table,
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
    ".tsv": read_table,
    ".xml": read_mediawiki,
    ".xml.bz2": read_mediawiki,
    ".xml.gz": read_mediawiki,
}
# Readers that look at the pictures of pages without text too.
_OCR_READERS: Mapping[str, Callable[[bytes, str], Page]] = {".pdf": read_pdf_with_ocr}
ARCHIVE = ".zip"
# Files that carry pictures and fonts may be larger than a text.
_CONTAINERS = frozenset({".docx", ".epub", ".odt", ".pdf"})
# Formats whose parser is ours or Python's own and cannot be led into more work than their size:
# read in our own process. Every other one is read in a process of its own (``reader.py``).
PLAIN = frozenset({".jsonl", ".jsonl.gz", ".markdown", ".md", ".txt"})

SUFFIXES = tuple(sorted([*READERS, *STREAMED, ARCHIVE]))
_LONGEST_FIRST = sorted(SUFFIXES, key=len, reverse=True)
NEEDS_MEMORY = "needs more memory than a file may"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def suffix_of(name: str) -> str:
    """The suffix by which a file's reader is chosen; nothing for a format that is not read."""
    return next((known for known in _LONGEST_FIRST if name.lower().endswith(known)), "")


def printable(name: str) -> str:
    """Give a name that can be written: file names may hold any byte."""
    return _UNPRINTABLE.sub("\ufffd", os.fsencode(name).decode("utf-8", "replace"))


def read_file(path: Path, name: str, settings: ReadingSettings) -> Results:
    """Read a file, and the metadata beside it, to its documents or the reason there is none."""
    try:
        sidecar = _sidecar_of(path, name)
        with path.open("rb") as stream:
            yield from _read(_Source(stream, name, path.stat().st_size), settings, sidecar)
    except OSError as error:
        yield name, Skipped(name, f"not readable: {cause(error)}")


def cause(error: OSError) -> str:
    """What the system said, in lower case."""
    return error.strerror.lower() if error.strerror else type(error).__name__


@dataclass(frozen=True, slots=True)
class _Source:
    stream: BinaryIO
    name: str
    size: int


def _sidecar_of(path: Path, name: str) -> Sidecar:
    for beside in sidecar_paths(path):
        place = f"{name.rpartition('/')[0]}/{printable(beside.name)}".lstrip("/")
        if beside.is_symlink():
            return Sidecar(place, fault="symbolic link: its metadata are not used")
        if beside.is_file():
            with beside.open("rb") as stream:
                return read_sidecar(stream.read(LARGEST_SIDECAR + 1), place)
    return Sidecar()


def sidecar_paths(path: Path) -> tuple[Path, ...]:
    """Where the metadata of a file may stand: "a.pdf.meta.toml", else "a.meta.toml"."""
    suffix = suffix_of(path.name)
    stem = path.name[: -len(suffix)] if suffix else path.name
    return path.with_name(path.name + SIDECAR), path.with_name(stem + SIDECAR)


def _read(source: _Source, settings: ReadingSettings, sidecar: Sidecar) -> Results:
    """Read an open file; what any reader may raise becomes the reason."""
    name = source.name
    if sidecar.fault:
        yield sidecar.source, Skipped(sidecar.source, sidecar.fault)
    try:
        suffix = suffix_of(name)
        if suffix == ARCHIVE:
            yield from _read_archive(source, settings)
        elif suffix in STREAMED:
            for place, result in STREAMED[suffix](source.stream, name, settings):
                yield place, sidecar.complete(result)
        else:
            for result in _read_whole(source, suffix, settings):
                yield (
                    result.source if isinstance(result, Skipped) else name,
                    sidecar.override(result),
                )
    except UnreadableError as error:
        yield name, Skipped(name, str(error))
    except BinaryContentError:
        yield name, Skipped(name, "binary content")
    except RecursionError:
        yield name, Skipped(name, "nested too deeply")
    except MemoryError:
        yield name, Skipped(name, NEEDS_MEMORY)
    except OSError:
        raise
    except Exception as error:  # a parser meets every shape of broken file
        if getattr(error, "code", 0) == NO_MEMORY:
            yield name, Skipped(name, NEEDS_MEMORY)
        else:
            yield name, Skipped(name, f"damaged: {type(error).__name__}")


def _read_whole(
    source: _Source, suffix: str, settings: ReadingSettings
) -> Iterator[Document | Skipped]:
    name = source.name
    if not suffix:
        found = Path(name).suffix.lower() or "(no suffix)"
        yield Skipped(name, f"format not read: {printable(found)} (read: {', '.join(SUFFIXES)})")
        return
    limit = LARGEST_CONTAINER if suffix in _CONTAINERS else LARGEST_FILE
    if source.size > limit:
        advice = "" if suffix in _CONTAINERS else ", or make it a .jsonl file"
        size, most = describe_size(source.size), describe_limit(limit)
        yield Skipped(name, f"{size}, over the limit of {most} for one file: split it{advice}")
        return
    data = source.stream.read(limit + 1)
    if not data:
        yield Skipped(name, "empty file")
        return
    reader = _OCR_READERS.get(suffix) if settings.ocr else None
    page = (reader or READERS[suffix])(data, name)
    if sum(len(block.text) for block in page.blocks) > LARGEST_TEXT:
        millions = LARGEST_TEXT // 1_000_000
        yield Skipped(name, f"holds more than {millions} million characters of text: split it")
        return
    document = build_document(name, page.metadata.get("url") or name, page)
    yield document if document.text else Skipped(name, "no text in it")
    for part in page.left_out:
        yield Skipped(name, part)


def _read_archive(source: _Source, settings: ReadingSettings) -> Results:
    """Read the files of a ZIP as if they were a folder of its name; the archive is not unpacked."""
    archive, members = safe_members(source.stream)
    with archive:
        described = {member.filename for member in members if member.filename.endswith(SIDECAR)}
        sidecars = set()
        for member in members:
            if member.filename in described:
                continue
            place = f"{source.name}/{printable(member.filename)}"
            try:
                suffix = suffix_of(member.filename)
                if suffix == ARCHIVE:
                    raise MemberError("an archive inside an archive is not opened")
                sidecar = Sidecar()
                for path in sidecar_paths(Path(member.filename)):
                    beside = path.as_posix()
                    if beside in described and not sidecar.source:
                        sidecars.add(beside)
                        with open_member(archive, beside) as stream:
                            content = stream.read(LARGEST_SIDECAR + 1)
                        sidecar = read_sidecar(content, f"{source.name}/{beside}")
                with open_member(archive, member.filename) as stream:
                    yield from _read(_Source(stream, place, member.file_size), settings, sidecar)
            except MemberError as error:
                yield place, Skipped(place, str(error))
        for orphan in sorted(described - sidecars):
            place = f"{source.name}/{printable(orphan)}"
            yield place, Skipped(place, "describes a document that is not there")
    if not members:
        yield source.name, Skipped(source.name, "no document in it")
