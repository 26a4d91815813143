"""The vectors of an index in the making: taken over, embedded, and safe from the first block on."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.dense import DenseIndex, check_unit
from qa.embedding import Embedder, Vectors
from qa.index.store import Store

# Passages embedded at once, sorted by length within: what an interruption costs at most.
BLOCK = 256
# Vectors held at once when the index is put together.
_ROWS = 4096
_DIGEST = 32  # bytes


class VectorJournal:
    """Vectors by the digest of their passage, in a file that only grows.

    A record is the digest, the vector and a checksum; the file begins with a digest of the model's
    fingerprint. What follows a record that is not whole is cut off: a kill tears at most the last.
    """

    def __init__(self, path: Path, fingerprint: str, dimension: int):
        self._record = np.dtype(
            [("digest", f"V{_DIGEST}"), ("vector", "<f4", (dimension,)), ("check", "<u4")]
        )
        header = hashlib.sha256(f"vectors {dimension} {fingerprint}".encode()).digest()
        self._header = len(header)
        self._file = path.open("a+b")
        self._file.seek(0)
        if self._file.read(self._header) != header:
            self._file.truncate(0)
            self._file.write(header)
            self._file.flush()
        self._numbers = {digest: number for number, digest in enumerate(self._read_whole())}
        self._file.truncate(self._header + len(self._numbers) * self._record.itemsize)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._numbers

    def append(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        """Write vectors of shape (digests, dimension); they are safe when this returns."""
        records = np.zeros(len(digests), dtype=self._record)
        records["digest"] = np.array(digests, dtype=f"V{_DIGEST}")
        records["vector"] = vectors
        for number, record in enumerate(records):
            records["check"][number] = _checksum(record)
        self._file.write(records.tobytes())
        self._file.flush()
        for digest in digests:
            self._numbers[digest] = len(self._numbers)

    def vectors(self, digests: Sequence[bytes]) -> Vectors:
        """The vectors of passages that are in the journal, shape (digests, dimension)."""
        if not digests:
            return np.empty((0, self._record["vector"].shape[0]), dtype=np.float32)
        records = np.memmap(self._file, self._record, "r", self._header)
        found: Vectors = records["vector"][[self._numbers[digest] for digest in digests]]
        return np.array(found)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _read_whole(self) -> Iterator[bytes]:
        size = self._record.itemsize
        self._file.seek(self._header)
        while block := self._file.read(size * _ROWS):
            for record in np.frombuffer(block[: len(block) // size * size], self._record):
                if record["check"] != _checksum(record):
                    return
                yield bytes(record["digest"])


def _checksum(record: Any) -> int:
    return zlib.crc32(record.tobytes()[:-4])


def embed_new(
    store: Store,
    embedder: Embedder,
    known: dict[bytes, int],
    journal: VectorJournal,
    progress: Callable[[int, int], None],
) -> int:
    """Embed every passage whose vector is neither ``known`` nor in the journal; how many."""
    first: dict[bytes, int] = {}
    for row, digest in enumerate(store.passage_digests()):
        if digest not in known and digest not in journal:
            # The same text in two documents is embedded once.
            first.setdefault(digest, row)
    new = [(row, digest) for digest, row in first.items()]
    done = 0
    progress(0, len(new))
    for start in range(0, len(new), BLOCK):
        block = new[start : start + BLOCK]

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(done, len(new))

        texts = [passage.index_text for passage in store.passages([row for row, _ in block])]
        vectors = embedder.embed_passages(texts, tell)
        check_unit(vectors)
        journal.append([digest for _, digest in block], vectors)
    return len(new)


def build_dense(
    store: Store,
    dimension: int,
    known: dict[bytes, int],
    previous: DenseIndex | None,
    journal: VectorJournal,
) -> DenseIndex:
    """The vectors of all passages by row: those of the previous index, else of the journal."""
    digests = store.passage_digests()

    def blocks() -> Iterator[Vectors]:
        for start in range(0, len(digests), _ROWS):
            block = digests[start : start + _ROWS]
            vectors = np.empty((len(block), dimension), dtype=np.float32)
            old = np.array([digest in known for digest in block], dtype=bool)
            if previous is not None and old.any():
                vectors[old] = previous.vectors(_rows(known, block))
            vectors[~old] = journal.vectors([digest for digest in block if digest not in known])
            yield vectors

    return DenseIndex.build_blocks(len(digests), dimension, blocks())


def _rows(known: dict[bytes, int], digests: Sequence[bytes]) -> NDArray[np.int64]:
    return np.array([known[digest] for digest in digests if digest in known], dtype=np.int64)
