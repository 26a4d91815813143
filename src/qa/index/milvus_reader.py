"""An index that is searched in Milvus: the parts of ``qa.index.parts``, one call each."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Signs, Vectors
from qa.french import Word
from qa.index.manifest import DamagedIndexError, Manifest
from qa.index.milvus import Milvus, generation_name, record_key, term_dimension
from qa.index.milvus_collection import BLOCK, Collection, of_documents
from qa.index.milvus_store import RemoteStore
from qa.index.parts import Found
from qa.index.reader import Index
from qa.lexical import Clause, gram_clauses, word_clauses
from qa.records import QAError

_WIDER = 2  # of words that stand for each other the best counts: so many times more are looked at


def open_remote(milvus: Milvus, folder: Path) -> Index:
    """The published generation, after its manifest and row counts were checked."""
    moment = milvus.published()
    if moment is None:
        raise QAError("no_index_in_milvus", milvus.address.text)
    records, passages = (Collection(milvus, moment, part) for part in ("records", "passages"))
    manifest = Manifest.from_json(records.record("manifest", ""))
    summary = json.loads(records.record("summary", ""))
    found = passages.count()
    if found != manifest.passages:
        raise DamagedIndexError(
            "milvus_rows_missing", milvus.address.text, found, manifest.passages
        )
    return Index(
        folder / generation_name(moment),
        manifest,
        RemoteStore(passages, records, manifest, summary),
        RemoteVectors(passages, manifest),
        RemoteTokens(passages, manifest, int(summary["tokens"])),
        RemoteWords(passages, records, manifest, milvus.has_words),
    )


class RemoteVectors:
    """As ``qa.dense.DenseIndex``."""

    def __init__(self, passages: Collection, manifest: Manifest):
        self._passages = passages
        self.rows, self.dimension = manifest.passages, manifest.embedder.dimension
        self._among = ""

    def among(self, rows: NDArray[np.int64]) -> RemoteVectors:
        """The same vectors, of which only some rows are searched."""
        narrowed = copy.copy(self)
        # The rows of a document follow one another.
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1) if len(rows) else []
        parts = [f"(row >= {run[0]} and row <= {run[-1]})" for run in runs]
        narrowed._among = " or ".join(parts) or "row < 0"
        return narrowed

    def search(self, query: Vectors, limit: int) -> Found:
        """Rows and cosines of the nearest vectors, best first."""
        limit = min(limit, self.rows)
        if not limit:
            return _found([])
        return _found(self._passages.search("vector", query.tolist(), limit, self._among))

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """The stored vectors of some rows, shape (rows, dimension)."""
        numbers = rows.tolist()
        found = {
            one["row"]: one["vector"] for one in self._passages.get(numbers, ["row", "vector"])
        }
        vectors = [found[row] for row in numbers]
        return np.array(vectors, np.float32).reshape(len(rows), self.dimension)


class RemoteTokens:
    """As ``qa.tokens.TokenIndex``."""

    def __init__(self, passages: Collection, manifest: Manifest, tokens: int):
        self._passages, self._width = passages, manifest.embedder.token_bytes
        self.rows, self.tokens = manifest.passages, tokens

    def signs(self, rows: Sequence[int]) -> list[Signs]:
        """The signs of some passages, each (tokens, token_bytes)."""
        found = {
            one["row"]: base64.b64decode(one["signs"])
            for one in self._passages.get(rows, ["row", "signs"])
        }
        width = max(1, self._width)
        return [
            np.frombuffer(found[row], np.uint8).reshape(len(found[row]) // width, self._width)
            for row in rows
        ]


class RemoteWords:
    """As ``qa.lexical.LexicalIndex``: the weights of BM25 are in the sparse vectors of passages.

    Where Milvus keeps none (``finds``), nothing is found by words.
    """

    def __init__(self, passages: Collection, records: Collection, manifest: Manifest, finds: bool):
        self._passages, self._records = passages, records
        self.rows, self.finds = manifest.passages, finds
        self._known: dict[str, int] = {}
        self._among = ""

    def among(self, documents: Sequence[str]) -> RemoteWords:
        """The same words, searched for in some documents only; how rare they are is told by all."""
        narrowed = copy.copy(self)
        narrowed._among = of_documents(documents)
        return narrowed

    def document_frequency(self, stem: str) -> int:
        """In how many of the passages that are searched a stem occurs."""
        if not self._among or not self.finds:
            return self._frequencies([stem])[stem]
        query = {term_dimension(stem): 1.0}
        return len(self._passages.search("words", query, BLOCK, self._among))  # at most

    def _frequencies(self, stems: Several[str]) -> Mapping[str, int]:
        numbers = {record_key("word", stem): stem for stem in stems if stem not in self._known}
        if numbers:
            self._known |= dict.fromkeys(numbers.values(), 0)
            for found in self._records.get(list(numbers), ["number", "name", "position"]):
                if found["name"] == numbers[found["number"]]:
                    self._known[found["name"]] = int(found["position"])
        return {stem: self._known[stem] for stem in stems}

    def search_words(self, asked: Sequence[Word], limit: int) -> Found:
        """Rows and BM25 scores of the passages that share stems with a question, best first."""
        return self._search("words", word_clauses(asked, self._frequencies, self.rows), limit)

    def search_grams(self, asked: Sequence[Word], limit: int) -> Found:
        """Rows and BM25 scores of the passages that share character 4-grams, best first."""
        return self._search("grams", gram_clauses(asked), limit)

    def _search(self, field: str, clauses: Sequence[Clause], limit: int) -> Found:
        query: dict[int, float] = {}
        for term, weight in (pair for clause in clauses for pair in clause.items()):
            dimension = term_dimension(term)
            query[dimension] = query.get(dimension, 0.0) + weight
        limit = min(limit, self.rows)
        if not query or limit < 1 or not self.finds:
            return _found([])
        if all(len(clause) == 1 for clause in clauses):
            return _found(self._passages.search(field, query, limit, self._among))
        # A sum counts all words of a family; of those that it finds, the best word is to count.
        wider = min(_WIDER * limit, self.rows)
        found = self._passages.search(field, query, wider, self._among, [field])
        choices = [
            [(term_dimension(term), weight) for term, weight in clause.items()]
            for clause in clauses
        ]
        for one in found:
            weights = one[field]
            one["score"] = sum(
                max(weight * weights.get(dimension, 0.0) for dimension, weight in choice)
                for choice in choices
            )
        rows, scores = _found(found)
        return rows[:limit], scores[:limit]


def _found(hits: Sequence[Mapping[str, Any]]) -> Found:
    """Rows and scores, best first; equal ones in reading order."""
    rows = np.array([hit["row"] for hit in hits], dtype=np.int64)
    scores = np.array([hit["score"] for hit in hits], dtype=np.float32)
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]
