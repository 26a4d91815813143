"""What a generation says of itself: ``manifest.json``, with the size and SHA-256 of every file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.chunking import ChunkSettings
from qa.dense import Approximation
from qa.records import QAError

FORMAT = 4
NAME = "manifest.json"
DOCUMENTS, VECTORS, TOKENS, LEXICAL = "documents.sqlite", "vectors.faiss", "tokens", "lexical"
PARTS = frozenset({NAME, DOCUMENTS, VECTORS, TOKENS, LEXICAL})
# An index up to this size is hashed whenever it is opened, which takes a second; of a larger one,
# only the files that have changed since they were hashed, as the system itself tells.
HASHED_UP_TO = 1_000_000_000  # bytes


class DamagedIndexError(QAError):
    """A generation whose bytes are not the ones that were written."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size in bytes and SHA-256 of a file of the generation.

    ``stamp`` is what the system told of it when it was hashed: its number on the disk and its
    times, of which it writes the last (ctime) itself. Another stamp (a copy, a restored backup)
    only means that the file is hashed again.
    """

    size: int
    sha256: str
    stamp: str


@dataclass(frozen=True, slots=True)
class EmbedderEntry:
    """The model that made the vectors; another fingerprint means another space.

    ``token_bytes`` is what the signs of a token take, 0 when the model gives none.
    """

    name: str
    fingerprint: str
    dimension: int
    token_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a generation; ``files`` maps relative POSIX paths to sizes and hashes.

    ``created`` is UTC, ISO 8601. ``corpus`` is where the documents were read, empty where a program
    gave them; ``corpus_digest`` is the SHA-256 of their ids and contents. The vectors of more than
    ``exact_up_to`` passages are searched approximately, as ``approximation`` says.
    """

    format: int
    created: str
    corpus: str
    corpus_digest: str
    documents: int
    passages: int
    skipped: int
    embedder: EmbedderEntry
    chunking: ChunkSettings
    exact_up_to: int
    approximation: Approximation | None
    analysis: str
    versions: Mapping[str, str]
    files: Mapping[str, FileEntry]

    def to_json(self) -> str:
        """Readable JSON whose last field is a digest of all the others."""
        fields = asdict(self)
        return json.dumps({**fields, "digest": _digest(fields)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, content: str) -> Manifest:
        """The manifest, after its digest and format number were checked."""
        try:
            fields: dict[str, Any] = json.loads(content)
            if fields.pop("digest") != _digest(fields):
                raise DamagedIndexError("digest_differs", NAME)
            if fields["format"] != FORMAT:
                raise QAError("other_format", fields["format"], FORMAT)
            fields["embedder"] = EmbedderEntry(**fields["embedder"])
            fields["chunking"] = ChunkSettings(**fields["chunking"])
            if fields["approximation"] is not None:
                fields["approximation"] = Approximation(**fields["approximation"])
            fields["files"] = {name: FileEntry(**entry) for name, entry in fields["files"].items()}
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedIndexError("part_not_readable", NAME, error) from error


def _digest(fields: Mapping[str, Any]) -> str:
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def describe_files(folder: Path) -> dict[str, FileEntry]:
    """Size and hash of every file below a folder, the manifest and lock files left out."""
    return {
        path.relative_to(folder).as_posix(): FileEntry(
            path.stat().st_size, hash_file(path), _stamp(path)
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME and path.suffix != ".lock"
    }


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{found.st_ino}:{found.st_mtime_ns}:{found.st_ctime_ns}"


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a generation, checked in itself; not yet its files."""
    path = folder / NAME
    if path.is_fifo():  # which would be waited for
        raise DamagedIndexError("part_is_pipe", NAME)
    try:
        content = path.read_text("utf-8")
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise DamagedIndexError("part_not_readable", NAME, error) from error
    return Manifest.from_json(content)


def verify_files(
    folder: Path, manifest: Manifest, hashed_up_to: int | None = HASHED_UP_TO
) -> list[str]:
    """What is wrong with the files of a generation, a line each; nothing when all is whole.

    Sizes are compared first: they cost nothing and tell most damage. In an index of more than
    ``hashed_up_to`` bytes (``None``: never) a file that has the stamp of the moment when it was
    hashed is not hashed again.
    """
    faults = []
    size = sum(entry.size for entry in manifest.files.values())
    is_large = hashed_up_to is not None and size > hashed_up_to
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif path.stat().st_size != entry.size:
            faults.append(f"{name} has {path.stat().st_size} bytes instead of {entry.size}")
        elif is_large and _stamp(path) == entry.stamp:
            continue
        elif hash_file(path) != entry.sha256:
            faults.append(f"{name} does not match its SHA-256")
    return faults
