"""The index of a test corpus, made once and kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import qa
from qa.chunking import ChunkSettings
from qa.embedding import Embedder
from qa.evaluation.dataset import Dataset
from qa.french import ANALYSIS
from qa.index import Index, Progress, open_index, update_index
from qa.records import QAError

_STAMP = "made-by.json"
# What decides how documents become an index: when this code changes, so may the index.
_ROOMS = (
    "reading",
    "index",
    "chunking.py",
    "dense.py",
    "embedding.py",
    "encoder.py",
    "french.py",
    "lexical.py",
)


def cache_folder() -> Path:
    """The platform's folder for what can be made again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "sourcier" / "evaluation"


def open_cached_index(
    dataset: Dataset,
    embedder: Embedder,
    settings: ChunkSettings | None = None,
    cache: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[Index, bool]:
    """The index of the dataset's corpus, and whether it was there already.

    Its folder is named by what the vectors depend on (corpus, model, sizes of passages); a stamp in
    it says by which code it was made. After a change of the code it is updated: passages that come
    out the same keep their vectors.
    """
    if dataset.corpus is None or dataset.corpus_digest is None:
        raise QAError("no_corpus_to_index", dataset.name)
    sizes = json.dumps(asdict(settings) if settings else None)
    key = _digest([dataset.corpus_digest, embedder.fingerprint, sizes])
    label = re.sub(r"[^\w.-]+", "-", dataset.name)[:60]
    directory = (cache or cache_folder()) / f"{label}-{key[:16]}"
    stamp = directory / _STAMP
    made_by = json.dumps({"key": key, "analysis": ANALYSIS, "code": _code_digest()})
    if _read(stamp) == made_by:
        try:
            index = open_index(directory)
        except QAError:
            pass  # damaged or half removed: made again below
        else:
            if (
                index.warning is None
                and index.manifest.embedder.fingerprint == embedder.fingerprint
            ):
                return index, True
            index.close()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        update_index(dataset.corpus, directory, embedder, settings, progress)
        stamp.write_text(made_by, "utf-8")
    except OSError as error:
        raise QAError("cache_not_writable", directory, error.strerror or error) from error
    return open_index(directory), False


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


@lru_cache(maxsize=1)
def _code_digest() -> str:
    # Once a process: what runs is what was there when it started.
    root = Path(qa.__file__).parent
    files: list[Path] = []
    for room in _ROOMS:
        path = root / room
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return _digest(path.read_text("utf-8") for path in files)


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()
