"""Generations on disk: written beside the old one, verified, then published atomically.

    DIR/CURRENT                name of the published generation
    DIR/LOCK                   one writer at a time; readers never wait
    DIR/gen-<utc>-<random>/    manifest.json, documents.sqlite, vectors.faiss, lexical/
    DIR/.staging-…/            a generation in the making, or what an interrupted run had read
    DIR/.embedded              what an unfinished run has embedded

A generation is never changed once it is published. A reader therefore sees one whole state, and a
writer that is killed at any moment leaves the published one as it was; the next one goes on from
what the killed one had done.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Container, Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock

from qa.records import QAError

_CURRENT, _LOCK = "CURRENT", "LOCK"
EMBEDDED = ".embedded"
_PREFIX, _STAGING = "gen-", ".staging-"


@contextlib.contextmanager
def writer_lock(directory: Path) -> Iterator[None]:
    """Hold the folder's only writer's place, or say at once that it is taken."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(directory / _LOCK, timeout=0)
        lock.acquire()
    except filelock.Timeout as error:
        raise QAError(
            f"another process is writing the index in {directory}. Wait until it has finished."
        ) from error
    except OSError as error:
        raise QAError(
            f"the index cannot be written in {directory} ({error.strerror or error}). "
            "Give a folder that you may write to with --index DIR."
        ) from error
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
    return sorted(path for path in directory.glob(f"{_STAGING}*") if path.is_dir())


def clean(directory: Path, keep: Container[str]) -> None:
    """After a run that came to its end: only the generations to ``keep`` stay, no draft."""
    for path in directory.glob(f"{_PREFIX}*"):
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
    for path in directory.glob(f"{_STAGING}*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path in directory.glob(f"{EMBEDDED}*"):
        path.unlink(missing_ok=True)


def publish(directory: Path, staging: Path) -> Path:
    """Make a finished staging folder the current generation; the others stay beside it.

    Everything is on the disk before the name in CURRENT changes, in one atomic replacement.
    """
    for path in sorted(staging.rglob("*")):
        _sync(path)
    _sync(staging)
    generation = directory / (_PREFIX + staging.name.removeprefix(_STAGING))
    staging.rename(generation)
    _sync(directory)
    draft = directory / f"{_STAGING}{_CURRENT}"
    draft.write_text(generation.name + "\n", "utf-8")
    _sync(draft)
    draft.replace(directory / _CURRENT)
    _sync(directory)
    return generation


def current_name(directory: Path) -> str | None:
    """The name of the published generation; ``None`` when there is none or it cannot be told."""
    try:
        name = (directory / _CURRENT).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return name if name.startswith(_PREFIX) and "/" not in name else None


def candidates(directory: Path) -> list[Path]:
    """Generations to try, the published one first, then the others, newest first."""
    published = current_name(directory)
    names = sorted((path.name for path in directory.glob(f"{_PREFIX}*")), reverse=True)
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
