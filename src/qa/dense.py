"""Vectors and FAISS, nothing else.

Inner products of unit vectors (cosines): of all of them, or, in a large collection, of those in the
lists that lie nearest to the question (an inverted file, Sivic & Zisserman 2003; FAISS, Douze et
al. 2024, arXiv 2401.08281). How many lists are looked at is chosen when the index is built, so that
they hold the ten nearest passages of questions about the collection itself.
``python benchmarks/vectors.py`` prints the table that this kind was chosen by.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Vectors
from qa.mapping import MappedFiles
from qa.records import QAError

# Above this, vectors are kept in half precision: nearly exact, half the memory and time.
FULL_PRECISION_UP_TO = 100_000
# Above this, not every vector is compared any more.
EXACT_UP_TO = 300_000
# The share of the ten nearest vectors that must be found without comparing all of them.
LEAST_RECALL = 0.98
_NEAREST = 10
_FEWEST_PROBES = 8
# Vectors for each list from which its centre is learnt: FAISS asks for 39 at least.
_TRAINED = 40


@dataclass(frozen=True, slots=True)
class Approximation:
    """How a large collection is searched: the nearest ``probes`` of ``lists`` lists of vectors.

    ``recall`` is the share of the ten nearest vectors that this finds, over ``questions``.
    """

    lists: int
    probes: int
    recall: float
    questions: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What an approximation is made with: ``training`` vectors (any, dimension) of the collection,
    and ``questions`` (any, dimension) to check its recall."""

    training: Vectors
    questions: Vectors


def list_count(rows: int) -> int:
    """Into how many lists a collection is divided: four times the root of its size."""
    return round(4 * math.sqrt(rows))


def training_size(rows: int) -> int:
    """From how many vectors the centres of these lists are learnt."""
    return min(rows, _TRAINED * list_count(rows))


def check_unit(vectors: Vectors) -> None:
    """Refuse vectors that are not of length 1: cosines of them would mean nothing."""
    norms = np.linalg.norm(vectors, axis=1)
    if len(norms) and not np.allclose(norms, 1.0, atol=1e-3):
        raise QAError("vectors_not_unit", norms.min(), norms.max())


class DenseIndex:
    """Unit vectors by row; built by ``build`` or read by ``load``.

    ``approximation`` is how they are searched, ``None`` when all are compared; it is known where
    the index was built.
    """

    def __init__(self, index: Any, approximation: Approximation | None = None):
        import faiss

        # One thread a question: several questions at once share the cores better than one does.
        faiss.omp_set_num_threads(1)
        self._index = index
        self._mapped = MappedFiles()
        self.approximation = approximation
        self._among: Any = None
        self.searched = int(index.ntotal)

    @classmethod
    def build(cls, vectors: Vectors) -> DenseIndex:
        """Index vectors of shape (rows, dimension); row i keeps the number i."""
        rows, dimension = vectors.shape
        return cls.build_blocks(rows, dimension, [vectors])

    @classmethod
    def build_blocks(
        cls, rows: int, dimension: int, blocks: Iterable[Vectors], sample: Sample | None = None
    ) -> DenseIndex:
        """Index ``rows`` vectors that come in blocks, so that they are in memory only once.

        With a ``sample`` they are searched approximately, without exactly.
        """
        import faiss

        index: Any
        if sample is not None:
            index = _lists(dimension, rows, sample.training)
        elif rows <= FULL_PRECISION_UP_TO:
            index = faiss.IndexFlatIP(dimension)
        else:
            index = faiss.IndexScalarQuantizer(
                dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        nearest = _Nearest(sample.questions if sample is not None else None)
        for vectors in blocks:
            check_unit(vectors)
            if len(vectors):
                if sample is not None:
                    vectors = _halved(vectors)
                    nearest.add(vectors)
                with _all_processors():
                    index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        if index.ntotal != rows:
            raise ValueError(f"{index.ntotal} vectors were given for {rows} rows")
        if sample is None:
            return cls(index)
        index.make_direct_map()
        return cls(index, _choose_probes(index, sample.questions, nearest.least))

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Open an index that was saved; its bytes must have been verified before.

        Lists stay on the disk, mapped: what is asked often is in memory, shared by all processes.
        """
        import faiss

        index: Any = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        opened = cls(index)
        if hasattr(index, "invlists"):
            # Reading ahead would start threads for every question.
            lists: Any = faiss.downcast_InvertedLists(index.invlists)
            lists.prefetch_nthread = 0
            index.make_direct_map()
            opened._mapped = MappedFiles([path])
        return opened

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

    def among(self, rows: NDArray[np.int64]) -> DenseIndex:
        """The same vectors, of which only some rows are searched."""
        import faiss

        library: Any = faiss  # whose types are those of C++
        chosen = np.zeros(self.rows, dtype=bool)
        chosen[rows] = True
        selector = library.IDSelectorBitmap(np.packbits(chosen, bitorder="little"))
        narrowed = copy.copy(self)
        if hasattr(self._index, "nlist"):  # few are compared, so all lists may be looked at
            narrowed._among = library.SearchParametersIVF(sel=selector, nprobe=self._index.nlist)
        else:
            narrowed._among = library.SearchParameters(sel=selector)
        narrowed.searched = int(chosen.sum())
        return narrowed

    def search(self, query: Vectors, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and cosines of the nearest vectors, best first; fewer than ``limit`` if need be."""
        self._mapped.check()
        limit = min(limit, self.searched)
        if limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores, rows = self._index.search(query.reshape(1, -1), limit, params=self._among)
        found = rows[0] >= 0  # the lists may hold fewer
        return rows[0][found], scores[0][found]

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """The stored vectors of some rows, shape (rows, dimension)."""
        self._mapped.check()
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        return np.asarray(self._index.reconstruct_batch(rows), dtype=np.float32)


class _Nearest:
    """The exact nearest vectors of some questions, of blocks that come one after the other."""

    def __init__(self, questions: Vectors | None):
        self._questions = questions
        count = len(questions) if questions is not None else 0
        self._best = np.full((count, _NEAREST), -np.inf, np.float32)

    def add(self, vectors: Vectors) -> None:
        if self._questions is not None:
            scores = np.concatenate([self._best, self._questions @ vectors.T], axis=1)
            self._best = np.partition(scores, -_NEAREST, axis=1)[:, -_NEAREST:]

    @property
    def least(self) -> Vectors:
        """The cosine of the tenth nearest, by question."""
        return np.asarray(self._best.min(axis=1), np.float32)


def _lists(dimension: int, rows: int, training: Vectors) -> Any:
    """An empty inverted file whose lists are learnt; it keeps vectors in half precision."""
    import faiss

    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension),
        dimension,
        min(list_count(rows), len(training)),
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,  # vectors themselves, not what is left of them: they are given back as they were
    )
    index.cp.min_points_per_centroid = 1  # small collections are divided in tests alone
    with _all_processors():
        index.train(_halved(training))
    return index


def _choose_probes(index: Any, questions: Vectors, least: Vectors) -> Approximation:
    """The fewest lists with which enough of the nearest are found; all of them find all."""
    probes = min(_FEWEST_PROBES, index.nlist)
    while True:
        index.nprobe = probes
        scores, _ = index.search(questions, _NEAREST)
        # Vectors that are alike have the same cosine: which of them is found makes no difference.
        recall = float((scores >= least[:, None] - 1e-5).mean())
        if recall >= LEAST_RECALL or probes == index.nlist:
            return Approximation(index.nlist, probes, round(recall, 4), len(questions))
        probes = min(2 * probes, index.nlist)


def _halved(vectors: Vectors) -> Vectors:
    """As half precision keeps them: vectors that an index gives back are indexed as they were."""
    return vectors.astype(np.float16).astype(np.float32)


@contextlib.contextmanager
def _all_processors() -> Iterator[None]:
    import faiss

    faiss.omp_set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
    try:
        yield
    finally:
        faiss.omp_set_num_threads(1)
