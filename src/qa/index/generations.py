"""Generations on disk: written beside the old one, verified, then published atomically.

    DIR/CURRENT                name of the published generation
    DIR/LOCK                   one writer at a time; readers never wait
    DIR/gen-<utc>-<random>/    manifest.json, documents.sqlite, vectors.faiss, lexical/
    DIR/.staging-…/            a generation in the making, or what an interrupted run had read
    DIR/.embedded              what an unfinished run has embedded

A generation is never changed once it is published. A reader therefore sees one whole state, and a
writer that is killed at any moment leaves the published one as it was; the next one goes on from
what the killed one had done.

Only what we made is ever removed: a generation is told by its exact name and by its manifest.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from qa.index.manifest import DOCUMENTS, PARTS, DamagedIndexError, read_manifest
from qa.records import QAError

_CURRENT, _LOCK = "CURRENT", "LOCK"
EMBEDDED = ".embedded"
_PREFIX, _STAGING = "gen-", ".staging-"
_MOMENT = r"\d{8}T\d{6}Z-[0-9a-f]{8}"
_GENERATION, _DRAFT = re.compile(_PREFIX + _MOMENT), re.compile(re.escape(_STAGING) + _MOMENT)
# What may stand in a folder where an index is begun: what other rooms keep beside one, and what
# keeps an empty folder.
_HARMLESS = frozenset(
    {
        *(_CURRENT, _LOCK, "calibration.json", "evaluation.json", "feedback.sqlite"),
        *("MILVUS", "made-by.json", ".DS_Store", ".gitignore", ".gitkeep", "lost+found"),
    }
)


@contextlib.contextmanager
def writer_lock(directory: Path) -> Iterator[None]:
    """Hold the folder's only writer's place, or say at once that it is taken.

    A folder that holds something else than an index is refused and left as it is.
    """
    _check_name(directory)
    try:
        _check_ours(directory)
        _make_way(directory)
        directory.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(directory / _LOCK, timeout=0)
        lock.acquire()
    except filelock.Timeout as error:
        raise QAError("index_locked", directory) from error
    except OSError as error:
        raise QAError("index_not_writable", directory, error.strerror or error) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def staging_folder(directory: Path) -> Iterator[Path]:
    """A new folder for a generation in the making; gone after an error, kept when interrupted.

    Its name is unique: a number used again would meet the remains of a crash.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = directory / f"{_STAGING}{moment}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def interrupted_folders(directory: Path) -> list[Path]:
    """What runs that were killed or interrupted have left, oldest first."""
    return [path for path in _folders(directory, _DRAFT) if _holds_parts(path)]


def clean(directory: Path, keep: Container[str]) -> None:
    """After a run that came to its end: only the generations to ``keep`` stay of ours, no draft."""
    for path in _folders(directory, _GENERATION):
        if path.name not in keep and _is_ours(path):
            # Renamed first: what a kill leaves of it is a draft, which the next run removes.
            path.rename(directory / (_STAGING + path.name.removeprefix(_PREFIX)))
    remove_drafts(directory)


def remove_drafts(directory: Path) -> None:
    """Remove what interrupted runs have left."""
    for path in interrupted_folders(directory):
        shutil.rmtree(path, ignore_errors=True)
    (directory / f"{_STAGING}{_CURRENT}").unlink(missing_ok=True)


def _folders(directory: Path, name: re.Pattern[str]) -> list[Path]:
    """The folders with names of ours, sorted by name; no links."""
    try:
        with os.scandir(directory) as entries:
            found = [
                entry.name
                for entry in entries
                if name.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    except PermissionError:
        raise
    except OSError:
        return []  # missing, no folder, a name that no folder can have
    return [directory / name for name in sorted(found)]


def _is_ours(generation: Path) -> bool:
    """Whether a folder that is named like a generation is one.

    It has our manifest, of whatever format; or one that is damaged, beside our parts alone.
    """
    try:
        read_manifest(generation)
    except DamagedIndexError:
        return (generation / DOCUMENTS).is_file() and _holds_parts(generation)
    except (QAError, OSError) as error:
        return isinstance(error, QAError)
    return True


def _holds_parts(folder: Path) -> bool:
    """Whether nothing but the parts of a generation is in a folder, SQLite's journals included."""
    names = {path.name for path in folder.iterdir()}
    return all(name in PARTS or name.startswith(f"{DOCUMENTS}-") for name in names)


def _check_name(directory: Path) -> None:
    try:
        str(directory).encode()
    except UnicodeEncodeError as error:
        raise QAError("folder_name_not_utf8", str(directory)) from error


def _make_way(directory: Path) -> None:
    """Folders in the place of our files go if they are empty; others are told."""
    for name in (_CURRENT, _LOCK, EMBEDDED, f"{_STAGING}{_CURRENT}"):
        path = directory / name
        if path.is_dir() and not path.is_symlink():
            try:
                path.rmdir()
            except OSError as error:
                raise QAError("folder_in_the_way", path) from error


def _check_ours(directory: Path) -> None:
    """Raise ``QAError`` where a folder holds other things and no index."""
    try:
        names = {path.name for path in directory.iterdir()}
    except OSError:
        return  # missing, or told when it is written to
    others = sorted(names - _HARMLESS)
    if others and not (
        current_name(directory)
        or any(map(_is_ours, _folders(directory, _GENERATION)))
        or interrupted_folders(directory)
    ):
        told = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise QAError("not_an_index", directory, told)


def publish(directory: Path, staging: Path) -> Path:
    """Make a finished staging folder the current generation; the others stay beside it.

    Everything is on the disk before the name in CURRENT changes, in one atomic replacement.
    """
    for path in sorted(staging.rglob("*")):
        _sync(path)
    _sync(staging)
    generation = directory / (_PREFIX + staging.name.removeprefix(_STAGING))
    draft = directory / f"{_STAGING}{_CURRENT}"
    try:
        draft.write_text(generation.name + "\n", "utf-8")
        _sync(draft)
        staging.rename(generation)
        _sync(directory)
        draft.replace(directory / _CURRENT)
    except OSError:
        draft.unlink(missing_ok=True)
        shutil.rmtree(generation, ignore_errors=True)
        raise
    _sync(directory)
    return generation


def current_name(directory: Path) -> str | None:
    """The name of the published generation; ``None`` when there is none or it cannot be told."""
    try:
        return _read_current(directory)
    except PermissionError:
        return None


def _read_current(directory: Path) -> str | None:
    path = directory / _CURRENT
    try:
        name = path.read_text("utf-8").strip() if path.is_file() else ""
    except PermissionError:
        raise
    except (OSError, UnicodeDecodeError):
        return None
    return name if _GENERATION.fullmatch(name) else None


def generations_to_try(directory: Path) -> list[Path]:
    """Generations to try, the published one first, then the others, newest first.

    Raises ``PermissionError`` where the folder or CURRENT may not be read, ``QAError`` where the
    folder has a name that libraries cannot open.
    """
    _check_name(directory)
    published = _read_current(directory)
    names = [path.name for path in reversed(_folders(directory, _GENERATION))]
    if published is not None:
        names = [published, *(name for name in names if name != published)]
    return [directory / name for name in names]


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no handle for a folder's entries.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
