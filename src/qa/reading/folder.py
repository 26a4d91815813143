"""A folder of files to a stream of documents: which, in which order, why not the others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from qa.reading.blocks import Page, build_document
from qa.reading.encoding import BinaryContentError
from qa.reading.html import read_html
from qa.reading.jsonl import read_json_lines
from qa.reading.limits import LARGEST_FILE, describe_limit, describe_size
from qa.reading.markdown import read_markdown
from qa.reading.plain import read_plain
from qa.records import Document, QAError, Skipped

# A format is one module with a function here: bytes and file name to a page…
READERS: Mapping[str, Callable[[bytes, str], Page]] = {
    ".htm": read_html,
    ".html": read_html,
    ".markdown": read_markdown,
    ".md": read_markdown,
    ".txt": read_plain,
}
# …or, when one file holds many documents, a path and a name to a stream of (place, document).
STREAMED: Mapping[str, Callable[[Path, str], Iterator[tuple[str, Document | Skipped]]]] = {
    ".jsonl": read_json_lines,
    ".jsonl.gz": read_json_lines,
}
_SUFFIXES = sorted([*READERS, *STREAMED], key=len, reverse=True)
_TOLD = 5  # reasons told when nothing could be read
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

# What a file holds: each document, or why there is none, with its place ("notes.jsonl:12").
Results = Iterator[tuple[str, Document | Skipped]]


def read_corpus(
    corpus: Path, reader: Callable[[Path, str], Results] | None = None
) -> Iterator[Document | Skipped]:
    """Read a folder (and its subfolders) or one file, sorted by path.

    Whatever is not read is told with its reason. ``reader`` stands in for ``read_file``, to
    remember files that were read before. Raises QAError when the corpus does not exist, is empty,
    or held nothing that could be read.
    """
    reader = reader or read_file
    if not corpus.exists():
        raise QAError(f"{corpus}: no such file or folder. Give a folder of documents, or one file.")
    read = 0
    skipped = 0
    reasons: list[str] = []
    first_places: dict[str, str] = {}
    for name, entry in corpus_files(corpus):
        results = iter([(name, entry)]) if isinstance(entry, Skipped) else reader(entry, name)
        for place, result in results:
            if isinstance(result, Document):
                first = first_places.setdefault(result.id, place)
                if first is not place:
                    result = Skipped(
                        place, f'duplicate id "{result.id}", already read from {first}'
                    )
            if isinstance(result, Document):
                read += 1
            else:
                skipped += 1
                reasons = [*reasons, f"{result.source}: {result.reason}"][:_TOLD]
            yield result
    if read:
        return
    formats = ", ".join(sorted(_SUFFIXES))
    if skipped:
        raise QAError(
            f"{corpus}: nothing could be read, {skipped} skipped ({'; '.join(reasons)}"
            f"{'; …' if skipped > len(reasons) else ''}). "
            f"Give at least one readable document ({formats})."
        )
    raise QAError(f"{corpus}: the folder is empty. Put documents in it ({formats}).")


def corpus_files(corpus: Path) -> Iterator[tuple[str, Path | Skipped]]:
    """The names of the files that ``read_corpus`` reads, in its order, each with its path."""
    if corpus.is_dir():
        yield from _walk(corpus, corpus.resolve(), "")
    else:
        yield _printable(corpus.name), corpus


def _walk(folder: Path, root: Path, prefix: str) -> Iterator[tuple[str, Path | Skipped]]:
    """Walk in the order of paths; hidden names are ignored, links may not leave the folder."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        place = prefix.rstrip("/") or _printable(folder.name)
        yield place, Skipped(place, f"folder not readable: {_cause(error)}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = prefix + _printable(entry.name)
        path = Path(entry.path)
        try:
            refusal = _refused_link(path, root) if entry.is_symlink() else ""
            if refusal:
                yield name, Skipped(name, refusal)
            elif entry.is_dir():
                yield from _walk(path, root, f"{name}/")
            elif entry.is_file():
                yield name, path
            else:
                yield name, Skipped(name, "not a regular file")
        except OSError as error:
            yield name, Skipped(name, f"not readable: {_cause(error)}")


def _refused_link(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except FileNotFoundError:
        return "broken symbolic link"
    except (OSError, RuntimeError):  # a link to itself
        return "symbolic link that loops"
    if not target.is_relative_to(root):
        return "symbolic link that leaves the folder"
    if target.is_dir():
        if path.parent.resolve().is_relative_to(target):
            return "symbolic link that loops"
        return "symbolic link to a folder that is read at its own place"
    return ""


def read_file(path: Path, name: str) -> Results:
    """Read one file; its documents take their ids and titles from ``name`` where they need one."""
    suffix = next((known for known in _SUFFIXES if name.lower().endswith(known)), "")
    if suffix in STREAMED:
        try:
            yield from STREAMED[suffix](path, name)
        except OSError as error:
            yield name, Skipped(name, f"not readable: {_cause(error)}")
    else:
        yield name, _read_whole_file(path, name, suffix)


def _read_whole_file(path: Path, name: str, suffix: str) -> Document | Skipped:
    if not suffix:
        found = path.suffix.lower() or "(no suffix)"
        known = ", ".join(sorted(_SUFFIXES))
        return Skipped(name, f"format not read: {_printable(found)} (read: {known})")
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return Skipped(
                name,
                f"{describe_size(size)}, over the limit of {describe_limit()} for one file: "
                "split it, or make it a .jsonl file",
            )
        data = path.read_bytes()
    except OSError as error:
        return Skipped(name, f"not readable: {_cause(error)}")
    if not data:
        return Skipped(name, "empty file")
    try:
        page = READERS[suffix](data, name)
    except BinaryContentError:
        return Skipped(name, "binary content")
    except RecursionError:
        return Skipped(name, "nested too deeply")
    except (ValueError, MemoryError) as error:
        return Skipped(name, f"damaged: {type(error).__name__}")
    document = build_document(name, page.metadata.get("url") or name, page)
    return document if document.text else Skipped(name, "no text in it")


def _printable(name: str) -> str:
    """Give a name that can be written: file names may hold any byte."""
    return _UNPRINTABLE.sub("\ufffd", os.fsencode(name).decode("utf-8", "replace"))


def _cause(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else type(error).__name__
