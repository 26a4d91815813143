"""A folder of files to a stream of documents: which, in which order, why not the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from qa.reading.formats import SUFFIXES, Results, cause, printable, sidecar_paths, suffix_of
from qa.reading.reader import FileReader
from qa.reading.sidecar import SIDECAR
from qa.records import Document, QAError, Skipped

_TOLD = 5  # reasons told when nothing could be read
_DEEPEST = 100  # folders below one another
ADDITIONS = "ajouts"  # what readers of the web chat add to the owner's documents


def read_corpus(
    corpus: Path, reader: Callable[[Path, str], Results] | None = None
) -> Iterator[Document | Skipped]:
    """Read a folder (and its subfolders) or one file, sorted by path.

    Whatever is not read is told with its reason. ``reader`` stands in for a new ``FileReader``.
    Raises QAError when the corpus does not exist, is empty, or held nothing that could be read.
    """
    if reader is None:
        with FileReader() as reader:
            yield from read_corpus(corpus, reader)
        return
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
    formats = ", ".join(SUFFIXES)
    if skipped:
        raise QAError(
            f"{corpus}: nothing could be read, {skipped} skipped ({'; '.join(reasons)}"
            f"{'; …' if skipped > len(reasons) else ''}). "
            f"Give at least one readable document ({formats})."
        )
    raise QAError(f"{corpus}: the folder is empty. Put documents in it ({formats}).")


def corpus_files(corpus: Path) -> Iterator[tuple[str, Path | Skipped]]:
    """The names of the files that ``read_corpus`` reads, in its order, each with its path.

    What readers have added comes after what the owner put there, which wins where ids meet.
    """
    if corpus.is_dir():
        yield from _walk(corpus, corpus.resolve(), "")
    else:
        yield printable(corpus.name), corpus


def _walk(folder: Path, root: Path, prefix: str) -> Iterator[tuple[str, Path | Skipped]]:
    """Walk in the order of paths; hidden names are ignored, links may not leave the folder."""
    if prefix.count("/") > _DEEPEST:
        yield prefix.rstrip("/"), Skipped(prefix.rstrip("/"), "nested too deeply")
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda e: (prefix + e.name == ADDITIONS, e.name))
    except OSError as error:
        place = prefix.rstrip("/") or printable(folder.name)
        yield place, Skipped(place, f"folder not readable: {cause(error)}")
        return
    described = _sidecars(entry.name for entry in entries)
    for entry in entries:
        if entry.name.startswith(".") or entry.name in described:
            continue
        name = prefix + printable(entry.name)
        path = Path(entry.path)
        try:
            refusal = _refused_link(path, root) if entry.is_symlink() else ""
            if refusal:
                yield name, Skipped(name, refusal)
            elif entry.is_dir():
                yield from _walk(path, root, f"{name}/")
            elif entry.is_file() and entry.name.endswith(SIDECAR):
                yield name, Skipped(name, "describes a document that is not there")
            elif entry.is_file():
                yield name, path
            else:
                yield name, Skipped(name, "not a regular file")
        except OSError as error:
            yield name, Skipped(name, f"not readable: {cause(error)}")


def _sidecars(names: Iterable[str]) -> set[str]:
    """The names of sidecars beside the documents of a folder."""
    return {path.name for name in names if suffix_of(name) for path in sidecar_paths(Path(name))}


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
