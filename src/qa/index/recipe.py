"""By which code, libraries and settings files become passages: another recipe reads all again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import qa
from qa.chunking import ChunkSettings
from qa.embedding import Embedder

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

# What decides what a file says, where it is cut and what is noted of each passage.
_CODE = ("reading", "chunking.py", "french.py", "records.py", "index")


def reading_recipe(embedder: Embedder, settings: ChunkSettings, reading: ReadingSettings) -> str:
    """A SHA-256 of all that the passages of a file depend on, besides the file."""
    digest = hashlib.sha256()
    parts = (embedder.fingerprint, json.dumps(asdict(settings)), repr(reading))
    for part in (*parts, *_libraries(), *_code()):
        content = part.encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _libraries() -> Iterator[str]:
    """The versions of the libraries that the package needs: the readers' parsers are among them."""
    for requirement in importlib.metadata.requires("sourcier") or ():
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            yield f"{name} {importlib.metadata.version(name)}"


def _code() -> Iterator[str]:
    root = Path(qa.__file__).parent
    for name in _CODE:
        path = root / name
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield module.read_text("utf-8")
