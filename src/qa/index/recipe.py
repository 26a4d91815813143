"""By which code, libraries and settings files become passages: another recipe reads all again.

Only what can change the text that is read, where it is cut and what is noted of it: a new version
of the web server, or of the code that answers, reads nothing again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import qa
from qa.chunking import ChunkSettings
from qa.embedding import Embedder
from qa.records import Document, Passage

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

# The parsers of the reading room, and what tells the languages of passages.
LIBRARIES = (
    "docutils",
    "ftfy",
    "lxml",
    "lxml-html-clean",
    "markdown-it-py",
    "mdit-py-plugins",
    "mwparserfromhell",
    "py3langid",
    "pylatexenc",
    "pypdfium2",
    "python-calamine",
    "striprtf",
    "trafilatura",
)
_CODE = (
    "reading",
    "chunking.py",
    "french.py",
    *(f"index/{name}.py" for name in ("draft", "languages", "memory", "repeats", "store")),
)


def reading_recipe(embedder: Embedder, settings: ChunkSettings, reading: ReadingSettings) -> str:
    """A SHA-256 of all that the passages of a file depend on, besides the file.

    The embedder is a part of it: passages are measured in its tokens.
    """
    digest = hashlib.sha256()
    parts = (embedder.fingerprint, json.dumps(asdict(settings)), repr(reading))
    for part in (*parts, *_libraries(), *_code()):
        content = part.encode()
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()


def _libraries() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:  # of an extra
            yield name


@cache
def _source(record: type) -> str:
    return inspect.getsource(record)


def _code() -> Iterator[str]:
    yield from map(_source, (Document, Passage))
    root = Path(qa.__file__).parent
    for name in _CODE:
        path = root / name
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield module.read_text("utf-8")
