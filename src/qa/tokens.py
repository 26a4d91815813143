"""The tokens of passages, and late interaction: each question token finds its best passage token.

ColBERT (Khattab & Zaharia 2020, arXiv 2004.12832) with one bit for each component of a passage's
token vectors, as ColBERTv2's residuals have (Santhanam et al. 2022, arXiv 2112.01488): a passage of
120 tokens takes 6 kB.
"""

from __future__ import annotations

import io
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Signs, Vectors
from qa.records import QAError

Floats = NDArray[np.float32]

# Multiplications from which OpenBLAS shares a product between threads (4 x 65,536).
_PRODUCT = 262_144


class TokenWriter:
    """Writes the signs of passages, row after row: ``FOLDER/signs.bin`` and ``FOLDER/starts.npy``.

    Plain writes: a full disk is an ``OSError``, where a mapping would end the process.
    """

    def __init__(self, folder: Path):
        folder.mkdir()
        self._starts = folder / "starts.npy"
        self._file = (folder / "signs.bin").open("wb")
        self._ends = [0]

    def append(self, signs: Signs) -> None:
        """Write the signs of the next passage, (tokens, token_bytes)."""
        self._file.write(signs.tobytes())
        self._ends.append(self._ends[-1] + len(signs))

    def close(self) -> None:
        """Write what is left, and where each passage begins."""
        self._file.close()
        content = io.BytesIO()
        np.save(content, np.array(self._ends, dtype=np.int64))
        self._starts.write_bytes(content.getbuffer())


class TokenIndex:
    """Signs of token vectors by passage row, as ``TokenWriter`` wrote them.

    They stay on the disk, so memory does not grow with the collection. They are read, not mapped:
    a file that is cut short while it is in use is told, where a mapping would end the process.
    """

    def __init__(self, descriptor: int, starts: NDArray[np.int64], token_bytes: int):
        self._descriptor = descriptor
        self._starts = starts
        self._token_bytes = token_bytes
        # Closed with the last thread that reads: a number closed earlier may be another file's.
        weakref.finalize(self, os.close, descriptor)

    @classmethod
    def load(cls, folder: Path, token_bytes: int) -> TokenIndex:
        """Open what was written; its bytes must have been verified before."""
        starts = np.load(folder / "starts.npy", allow_pickle=False)
        index = cls(os.open(folder / "signs.bin", os.O_RDONLY), starts, token_bytes)
        size, tokens = os.fstat(index._descriptor).st_size, int(starts[-1])
        if size != tokens * token_bytes:
            raise QAError("signs_damaged", size, tokens, token_bytes)
        return index

    @property
    def rows(self) -> int:
        """How many passages there are."""
        return len(self._starts) - 1

    @property
    def tokens(self) -> int:
        """How many tokens there are; none when the embedding model gives none."""
        return int(self._starts[-1]) if self._token_bytes else 0

    def signs(self, rows: Sequence[int]) -> list[Signs]:
        """The signs of some passages, each (tokens, token_bytes)."""
        return [self._read(row) for row in rows]

    def _read(self, row: int) -> Signs:
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        size = (end - start) * self._token_bytes
        content = os.pread(self._descriptor, size, start * self._token_bytes)
        if len(content) != size:
            raise QAError("signs_cut_short")
        return np.frombuffer(content, np.uint8).reshape(end - start, self._token_bytes)


def similarities(tokens: Vectors, signs: Signs) -> Floats:
    """Of question tokens (t, d) with passage tokens (u, d / 8): (t, u), weighed as the former are.

    A passage token is a unit vector of signs, so each is at most the length of its question token.
    """
    asked, dimension = tokens.shape
    found = np.empty((asked, len(signs)), dtype=np.float32)
    # Products this small stay on one thread, which is faster than waiting for the others here.
    step = max(1, _PRODUCT // max(1, asked * dimension))
    for start in range(0, len(signs), step):
        bits = np.unpackbits(signs[start : start + step], axis=1, count=dimension)
        found[:, start : start + step] = tokens @ bits.T.astype(np.float32)
    # q . (2b - 1) = 2 q . b - q . 1
    found = 2 * found - tokens.sum(axis=1, keepdims=True)
    return np.asarray(found / np.sqrt(dimension), dtype=np.float32)


def late_interaction(tokens: Vectors, passages: Sequence[Signs]) -> Floats:
    """The score of each passage, at most 1: the mean over question tokens of the best match.

    A passage without tokens scores 0.
    """
    scores = np.zeros(len(passages), dtype=np.float32)
    counts = np.array([len(signs) for signs in passages])
    filled = np.flatnonzero(counts)
    if len(filled) and len(tokens):
        found = similarities(tokens, np.concatenate([signs for signs in passages if len(signs)]))
        starts = np.concatenate([[0], np.cumsum(counts[filled])[:-1]])
        scores[filled] = np.maximum.reduceat(found, starts, axis=1).sum(axis=0)
    return scores
