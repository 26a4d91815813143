"""The tokens of passages, and late interaction: each question token finds its best passage token.

ColBERT (Khattab & Zaharia 2020, arXiv 2004.12832) with one bit for each component of a passage's
token vectors, as ColBERTv2's residuals have (Santhanam et al. 2022, arXiv 2112.01488): a passage of
120 tokens takes 6 kB. The file is mapped, not read, so memory does not grow with the collection.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Signs, Vectors
from qa.records import QAError

Floats = NDArray[np.float32]

# Multiplications from which OpenBLAS shares a product between threads (4 x 65,536).
_PRODUCT = 262_144


class TokenIndex:
    """Signs of token vectors by passage row: ``FOLDER/signs.bin`` and ``FOLDER/starts.npy``."""

    def __init__(self, signs: Signs, starts: NDArray[np.int64]):
        self._signs = signs
        self._starts = starts

    @classmethod
    def create(cls, folder: Path, counts: Sequence[int], token_bytes: int) -> TokenIndex:
        """A file for so many tokens of each passage, all zero; ``put`` fills it."""
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        folder.mkdir()
        np.save(folder / "starts.npy", starts)
        shape = (int(starts[-1]), token_bytes)
        if not all(shape):
            (folder / "signs.bin").touch()
            return cls(np.empty(shape, np.uint8), starts)
        return cls(np.memmap(folder / "signs.bin", np.uint8, "w+", shape=shape), starts)

    @classmethod
    def load(cls, folder: Path, token_bytes: int) -> TokenIndex:
        """Map what was saved; its bytes must have been verified before."""
        starts = np.load(folder / "starts.npy", allow_pickle=False)
        shape = (int(starts[-1]), token_bytes)
        size = (folder / "signs.bin").stat().st_size
        if size != shape[0] * shape[1]:
            raise QAError(f"{size} bytes of token signs instead of {shape[0]} x {shape[1]}")
        if not size:
            return cls(np.empty(shape, np.uint8), starts)
        return cls(np.memmap(folder / "signs.bin", np.uint8, "r", shape=shape), starts)

    @property
    def rows(self) -> int:
        """How many passages there are."""
        return len(self._starts) - 1

    @property
    def tokens(self) -> int:
        """How many tokens there are; none when the embedding model gives none."""
        return len(self._signs) if self._signs.size else 0

    def count(self, row: int) -> int:
        """How many tokens a passage has."""
        return int(self._starts[row + 1] - self._starts[row])

    def put(self, row: int, signs: Signs) -> None:
        """Write the signs of a passage, as many tokens as were counted."""
        self._signs[self._starts[row] : self._starts[row + 1]] = signs

    def signs(self, row: int) -> Signs:
        """The signs of a passage, (tokens, token_bytes)."""
        return np.asarray(self._signs[self._starts[row] : self._starts[row + 1]])

    def flush(self) -> None:
        """Make sure that what was put is on disk."""
        if isinstance(self._signs, np.memmap):
            self._signs.flush()


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
