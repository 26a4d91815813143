"""A folder of files to a stream of documents: which, in which order, why not the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from qa.reading.formats import (
    SUFFIXES,
    Results,
    printable,
    sidecar_paths,
    suffix_of,
    unread_formats,
    unread_kind,
)
from qa.reading.reader import FileReader
from qa.reading.reasons import causes, skipped
from qa.reading.sidecar import SIDECAR
from qa.records import Document, QAError, Skipped

_TOLD = 5  # reasons told when nothing could be read
_OF_WINDOWS = frozenset({"Thumbs.db", "desktop.ini"})
_DEEPEST = 100  # folders below one another
ADDITIONS = "ajouts"  # what readers of the web chat add to the owner's documents


class NothingReadError(QAError):
    """A folder that is empty, or held nothing that could be read."""


def read_corpus(
    corpus: Path,
    reader: Callable[[Path, str], Results] | None = None,
    leave_out: Path | None = None,
) -> Iterator[Document | Skipped]:
    """Read a folder (and its subfolders) or one file, sorted by path.

    Whatever is not read is told with its reason. ``reader`` stands in for a new ``FileReader``;
    ``leave_out`` is a folder that is none of the corpus: the index that is made of it.
    Raises QAError when the corpus does not exist; ``NothingReadError`` when it is empty, or held
    nothing that could be read.
    """
    if reader is None:
        with FileReader() as reader:
            yield from read_corpus(corpus, reader, leave_out)
        return
    if not corpus.exists():
        raise QAError("no_corpus", corpus)
    read = 0
    refused = 0
    reasons: list[str] = []
    first_places: dict[str, str] = {}
    for name, entry in corpus_files(corpus, leave_out):
        results = iter([(name, entry)]) if isinstance(entry, Skipped) else reader(entry, name)
        for place, result in results:
            if isinstance(result, Document):
                first = first_places.setdefault(result.id, place)
                if first is not place:
                    result = skipped(place, "duplicate_id", result.id, first)
            if isinstance(result, Document):
                read += 1
            else:
                refused += 1
                reasons = [*reasons, f"{result.source}: {result.reason}"][:_TOLD]
            yield result
    if read:
        return
    formats = ", ".join(SUFFIXES)
    if refused:
        raise NothingReadError(
            "nothing_readable",
            corpus,
            refused,
            "; ".join(reasons),
            "; …" if refused > len(reasons) else "",
            formats,
        )
    raise NothingReadError("corpus_empty", corpus, formats)


def corpus_files(
    corpus: Path, leave_out: Path | None = None
) -> Iterator[tuple[str, Path | Skipped]]:
    """The names of the files that ``read_corpus`` reads, in its order, each with its path.

    Files whose formats are not read come last, those of a format together.
    What readers have added comes after what the owner put there, which wins where ids meet.
    """
    if corpus.is_dir():
        unread: list[str] = []
        left_out = leave_out.resolve() if leave_out is not None else None
        for name, entry in _walk(corpus, corpus.resolve(), "", left_out):
            if isinstance(entry, Path) and unread_kind(name):
                unread.append(name)
            else:
                yield name, entry
        yield from ((told.source, told) for told in unread_formats(unread))
    else:
        yield printable(corpus.name), corpus


def _walk(
    folder: Path, root: Path, prefix: str, left_out: Path | None
) -> Iterator[tuple[str, Path | Skipped]]:
    """Walk in the order of paths; hidden names are ignored, links may not leave the folder."""
    if prefix.count("/") > _DEEPEST:
        yield prefix.rstrip("/"), skipped(prefix.rstrip("/"), "nested")
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda e: (prefix + e.name == ADDITIONS, e.name))
    except OSError as error:
        place = prefix.rstrip("/") or printable(folder.name)
        yield place, skipped(place, "folder_not_readable", *causes(error))
        return
    described = _sidecars(entry.name for entry in entries)
    for entry in entries:
        # "~$" begins the lock files of Office; the others are of Windows.
        of_a_program = entry.name.startswith((".", "~$")) or entry.name in _OF_WINDOWS
        if of_a_program or entry.name in described:
            continue
        name = prefix + printable(entry.name)
        path = Path(entry.path)
        try:
            refusal = _refused_link(path, root) if entry.is_symlink() else ""
            if refusal:
                yield name, skipped(name, refusal)
            elif entry.is_dir():
                if left_out is None or path.resolve() != left_out:
                    yield from _walk(path, root, f"{name}/", left_out)
            elif entry.is_file() and entry.name.endswith(SIDECAR):
                yield name, skipped(name, "sidecar_lonely")
            elif entry.is_file():
                yield name, path
            else:
                yield name, skipped(name, "not_regular")
        except OSError as error:
            yield name, skipped(name, "not_readable", *causes(error))


def _sidecars(names: Iterable[str]) -> set[str]:
    """The names of sidecars beside the documents of a folder."""
    return {path.name for name in names if suffix_of(name) for path in sidecar_paths(Path(name))}


def _refused_link(path: Path, root: Path) -> str:
    try:
        target = path.resolve(strict=True)
    except FileNotFoundError:
        return "link_broken"
    except (OSError, RuntimeError):  # a link to itself
        return "link_loops"
    if not target.is_relative_to(root):
        return "link_leaves"
    if target.is_dir():
        if path.parent.resolve().is_relative_to(target):
            return "link_loops"
        return "link_elsewhere"
    return ""
