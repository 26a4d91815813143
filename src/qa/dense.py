"""Vectors and FAISS, nothing else.

Exact search by inner product of unit vectors (cosine); large collections in half precision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Vectors
from qa.records import QAError

# Above this, vectors are stored in half precision: nearly exact, half the memory and time.
EXACT_UP_TO = 100_000


def check_unit(vectors: Vectors) -> None:
    """Refuse vectors that are not of length 1: cosines of them would mean nothing."""
    norms = np.linalg.norm(vectors, axis=1)
    if len(norms) and not np.allclose(norms, 1.0, atol=1e-3):
        raise QAError("vectors_not_unit", norms.min(), norms.max())


class DenseIndex:
    """Unit vectors by row, searched exactly; built by ``build`` or read by ``load``."""

    def __init__(self, index: Any):
        import faiss

        # One thread a question: several questions at once share the cores better than one does.
        faiss.omp_set_num_threads(1)
        self._index = index

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """Index vectors of shape (rows, dimension); row i keeps the number i."""
        rows, dimension = vectors.shape
        return cls.build_blocks(rows, dimension, [vectors])

    @classmethod
    def build_blocks(cls, rows: int, dimension: int, blocks: Iterable[Vectors]) -> DenseIndex:
        """Index ``rows`` vectors that come in blocks, so that they are in memory only once."""
        import faiss

        index: Any
        if rows <= EXACT_UP_TO:
            index = faiss.IndexFlatIP(dimension)
        else:
            index = faiss.IndexScalarQuantizer(
                dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        for vectors in blocks:
            check_unit(vectors)
            if len(vectors):
                index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        if index.ntotal != rows:
            raise ValueError(f"{index.ntotal} vectors were given for {rows} rows")
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Read an index that was saved; its bytes must have been verified before."""
        import faiss

        return cls(faiss.read_index(str(path)))

    def save(self, path: Path) -> None:
        """Write to a file; raises ``OSError`` when the disk does not take it."""
        import faiss

        try:
            faiss.write_index(self._index, str(path))
        except RuntimeError as error:
            # "Error in … at …: Error: … (No space left on device)", or "…: No space left on device"
            cause = re.split(r"\(|: ", str(error).rstrip(") \n"))[-1]
            raise OSError(f"{path.name}: {cause}") from error

    @property
    def rows(self) -> int:
        """How many vectors there are."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self._index.d)

    def search(self, query: Vectors, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the nearest vectors, best first; fewer than ``limit`` if need be."""
        limit = min(limit, self.rows)
        if limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores, rows = self._index.search(query.reshape(1, -1), limit)
        return rows[0], scores[0]

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """The stored vectors of some rows, shape (rows, dimension)."""
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)
