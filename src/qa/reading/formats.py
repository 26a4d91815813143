"""One file to documents: which reader, within which size, and why not when it cannot be read."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from qa.reading.archive import MemberError, open_member, safe_members
from qa.reading.blocks import Content, UnreadableError, build_document, document_or_reason
from qa.reading.docx import read_docx
from qa.reading.encoding import BinaryContentError
from qa.reading.epub import read_epub
from qa.reading.html import read_html
from qa.reading.jsonl import read_json, read_json_lines
from qa.reading.legacy import has_office, read_doc, read_ppt
from qa.reading.limits import LARGEST_CONTAINER, LARGEST_FILE, LARGEST_TEXT, NO_MEMORY
from qa.reading.mail import read_mailbox, read_message
from qa.reading.markdown import read_markdown
from qa.reading.markup import read_latex, read_notebook, read_rst, read_rtf, read_subtitles
from qa.reading.mediawiki import read_mediawiki
from qa.reading.odf import read_odf
from qa.reading.pdf import read_pdf, read_pdf_with_ocr
from qa.reading.plain import read_plain
from qa.reading.reasons import causes, skipped
from qa.reading.settings import ReadingSettings
from qa.reading.sheets import read_sheets
from qa.reading.sidecar import LARGEST_SIDECAR, SIDECAR, Sidecar, read_sidecar
from qa.reading.slides import read_slides
from qa.reading.streams import read_bounded
from qa.reading.table import read_table
from qa.reading.tei import is_tei, read_tei
from qa.records import Document, Skipped

Results = Iterator[tuple[str, Document | Skipped]]  # each with its place: "notes.jsonl:12"


def read_xml(stream: BinaryIO, name: str, settings: ReadingSettings) -> Results:
    """Read XML: an edition (TEI), else a dump of MediaWiki."""
    head = stream.peek(4096) if isinstance(stream, io.BufferedReader) else b""
    if not is_tei(head[:4096]):
        yield from read_mediawiki(stream, name, settings)
        return
    yield name, document_or_reason(name, name, read_tei(read_bounded(stream), name))


# A format is a function from bytes and file name to its content…
READERS: Mapping[str, Callable[[bytes, str], Content]] = {
    ".doc": read_doc,
    **dict.fromkeys((".docm", ".docx"), read_docx),
    ".eml": read_message,
    ".epub": read_epub,
    **dict.fromkeys((".htm", ".html", ".xhtml"), read_html),
    ".ipynb": read_notebook,
    **dict.fromkeys((".markdown", ".md", ".mdx"), read_markdown),
    **dict.fromkeys((".odp", ".odt", ".ott"), read_odf),
    **dict.fromkeys((".ods", ".xls", ".xlsm", ".xlsx"), read_sheets),
    ".pdf": read_pdf,
    ".ppt": read_ppt,
    **dict.fromkeys((".pptm", ".pptx"), read_slides),
    ".rst": read_rst,
    ".rtf": read_rtf,
    **dict.fromkeys((".srt", ".vtt"), read_subtitles),
    ".tex": read_latex,
    **dict.fromkeys((".text", ".txt"), read_plain),
}
# …or, when one file holds many documents, from an open file and its name to a stream of them.
STREAMED: Mapping[str, Callable[[BinaryIO, str, ReadingSettings], Results]] = {
    **dict.fromkeys((".csv", ".tsv"), read_table),
    ".json": read_json,
    **dict.fromkeys((".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"), read_json_lines),
    ".mbox": read_mailbox,
    **dict.fromkeys((".xml", ".xml.bz2", ".xml.gz"), read_xml),
}
# Readers that look at the pictures of pages without text too.
_OCR_READERS: Mapping[str, Callable[[bytes, str], Content]] = {".pdf": read_pdf_with_ocr}
ARCHIVE = ".zip"
# Files that carry pictures and fonts may be larger than a text.
_CONTAINERS = frozenset(
    ".doc .docm .docx .eml .epub .odp .ods .odt .ott .pdf .ppt .pptm .pptx .rtf .xls .xlsm "
    ".xlsx".split()
)
# Read by LibreOffice alone.
_OFFICE = frozenset({".doc", ".ppt"})
# What to make of formats that are not read, in English and in French.
_SAVE, _SAVE_FRENCH = "save them as {0}", "enregistrez-les en {0}"
_ADVICE: Mapping[str, tuple[str, str]] = {
    suffix: (english, french)
    for suffixes, english, french in (
        (".doc .dot .pages .wpd .wps", _SAVE.format(".docx"), _SAVE_FRENCH.format(".docx")),
        (".key .ppt .pps", _SAVE.format(".pptx"), _SAVE_FRENCH.format(".pptx")),
        (".numbers .xlsb", _SAVE.format(".xlsx"), _SAVE_FRENCH.format(".xlsx")),
        (".msg .pst", _SAVE.format(".eml"), _SAVE_FRENCH.format(".eml")),
        (".azw .azw3 .fb2 .mobi", _SAVE.format(".epub"), _SAVE_FRENCH.format(".epub")),
        (".djvu .ps .xps", _SAVE.format("PDF"), _SAVE_FRENCH.format("PDF")),
        (
            ".bmp .gif .heic .jpeg .jpg .png .tif .tiff .webp",
            "put scans into a PDF, which --ocr can read",
            "mettez les pages numérisées dans un PDF, que l’option --ocr peut lire",
        ),
        (
            ".aac .avi .flac .m4a .mkv .mov .mp3 .mp4 .ogg .wav .webm",
            "add their transcriptions (.srt, .vtt or .txt)",
            "ajoutez leurs transcriptions (.srt, .vtt ou .txt)",
        ),
        (".7z .bz2 .gz .rar .tar .tgz .xz", "pack them as .zip", "compressez-les en .zip"),
    )
    for suffix in suffixes.split()
}
_OTHER = ("save them as PDF, .docx or .txt", "enregistrez-les en PDF, .docx ou .txt")

SUFFIXES = tuple(sorted([*READERS, *STREAMED, ARCHIVE]))
_LONGEST_FIRST = sorted(SUFFIXES, key=len, reverse=True)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def suffix_of(name: str) -> str:
    """The suffix by which a file's reader is chosen; nothing for a format that is not read."""
    return next((known for known in _LONGEST_FIRST if name.lower().endswith(known)), "")


def unread_kind(name: str) -> str:
    """The suffix of a file whose format is not read here; nothing for one that is."""
    suffix = suffix_of(name)
    if suffix and not (suffix in _OFFICE and not has_office()):
        return ""
    return printable(Path(name).suffix.lower()) or "(no suffix)"


def unread_formats(names: Sequence[str]) -> list[Skipped]:
    """What is told of files whose formats are not read: once for each, with their number."""
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(unread_kind(name), []).append(name)
    told = []
    for kind, found in sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        english, french = _ADVICE.get(kind, _OTHER)
        if len(found) == 1:
            told.append(skipped(found[0], "format", kind, english, french))
        else:
            source = f"*{kind}" if kind.startswith(".") else kind
            told.append(skipped(source, "formats", len(found), kind, english, french))
    return told


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
        yield name, skipped(name, "not_readable", *causes(error))


@dataclass(frozen=True, slots=True)
class _Source:
    stream: BinaryIO
    name: str
    size: int


def _sidecar_of(path: Path, name: str) -> Sidecar:
    for beside in sidecar_paths(path):
        place = f"{name.rpartition('/')[0]}/{printable(beside.name)}".lstrip("/")
        if beside.is_symlink():
            return Sidecar(place, fault=("sidecar_link",))
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
        yield sidecar.source, skipped(sidecar.source, *sidecar.fault)
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
        yield name, skipped(name, error.code, *error.figures)
    except BinaryContentError:
        yield name, skipped(name, "binary")
    except RecursionError:
        yield name, skipped(name, "nested")
    except MemoryError:
        yield name, skipped(name, "memory")
    except OSError:
        raise
    except Exception as error:  # a parser meets every shape of broken file
        if getattr(error, "code", 0) == NO_MEMORY:
            yield name, skipped(name, "memory")
        else:
            yield name, skipped(name, "damaged", type(error).__name__)


def _read_whole(
    source: _Source, suffix: str, settings: ReadingSettings
) -> Iterator[Document | Skipped]:
    name = source.name
    if unread_kind(name):
        yield from unread_formats([name])
        return
    limit = LARGEST_CONTAINER if suffix in _CONTAINERS else LARGEST_FILE
    if source.size > limit:
        advice = "" if suffix in _CONTAINERS else ", or make it a .jsonl file"
        size, most = f"{source.size / 1_000_000:.1f}", limit // 1_000_000
        yield skipped(name, "too_large", size, most, advice)
        return
    data = source.stream.read(limit + 1)
    if not data:
        yield skipped(name, "empty")
        return
    reader = _OCR_READERS.get(suffix) if settings.ocr else None
    content = (reader or READERS[suffix])(data, name)
    if sum(len(block.text) for block in content.blocks) > LARGEST_TEXT:
        millions = LARGEST_TEXT // 1_000_000
        yield skipped(name, "too_much_text", millions)
        return
    document = build_document(name, content.metadata.get("url") or name, content)
    yield document if document.text else skipped(name, "no_text")
    if content.doubt:
        yield skipped(name, "doubtful_encoding", content.doubt)
    for part in content.left_out:
        yield skipped(name, *part)


def _read_archive(source: _Source, settings: ReadingSettings) -> Results:
    """Read the files of a ZIP as if they were a folder of its name; the archive is not unpacked."""
    archive, members = safe_members(source.stream)
    with archive:
        described = {member.filename for member in members if member.filename.endswith(SIDECAR)}
        sidecars = set()
        unread = []
        for member in members:
            if member.filename in described:
                continue
            if unread_kind(member.filename):
                unread.append(f"{source.name}/{printable(member.filename)}")
                continue
            place = f"{source.name}/{printable(member.filename)}"
            try:
                suffix = suffix_of(member.filename)
                if suffix == ARCHIVE:
                    raise MemberError("archive_inside")
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
                yield place, skipped(place, error.code, *error.figures)
        for orphan in sorted(described - sidecars):
            place = f"{source.name}/{printable(orphan)}"
            yield place, skipped(place, "sidecar_lonely")
        for told in unread_formats(unread):
            yield source.name, replace(told, source=told.source.replace("*", f"{source.name}/*", 1))
    if not members:
        yield source.name, skipped(source.name, "no_document")
