"""An index that is searched in Milvus: the parts of ``qa.index.parts``, one call each."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Signs, Vectors
from qa.index.manifest import DamagedIndexError, Manifest
from qa.index.milvus import Milvus, generation_name, record_key, term_dimension
from qa.index.milvus_collection import Collection
from qa.index.parts import Found
from qa.index.reader import Index
from qa.index.store import DocumentEntry, LanguageCount, RepeatedDocument
from qa.lexical import Clause, gram_clauses, word_clauses
from qa.records import Document, Heading, PageStart, Passage, QAError, Skipped, page_at

_BLOCK = 1000  # rows of one call
_WIDER = 2  # of words that stand for each other the best counts: so many times more are looked at
_PASSAGE = ["row", "document", "title", "headings", "start", "end", "text"]


def open_remote(milvus: Milvus, folder: Path) -> Index:
    """The published generation, after its manifest and row counts were checked."""
    moment = milvus.published()
    if moment is None:
        raise QAError(
            f"no index in Milvus at {milvus.address.text}. "
            f"Make one: qa index CORPUS --index {milvus.address.text}"
        )
    records, passages = (Collection(milvus, moment, part) for part in ("records", "passages"))
    manifest = Manifest.from_json(records.record("manifest", ""))
    summary = json.loads(records.record("summary", ""))
    found = passages.count()
    if found != manifest.passages:
        raise DamagedIndexError(
            f"Milvus at {milvus.address.text} has {found} passages instead of {manifest.passages}. "
            f"Publish it again: qa index CORPUS --index {milvus.address.text}"
        )
    return Index(
        folder / generation_name(moment),
        manifest,
        RemoteStore(passages, records, manifest, summary),
        RemoteVectors(passages, manifest),
        RemoteTokens(passages, manifest, int(summary["tokens"])),
        RemoteWords(passages, records, manifest),
    )


class RemoteVectors:
    """As ``qa.dense.DenseIndex``."""

    def __init__(self, passages: Collection, manifest: Manifest):
        self._passages = passages
        self.rows, self.dimension = manifest.passages, manifest.embedder.dimension

    def search(self, query: Vectors, limit: int) -> Found:
        """Rows and cosines of the nearest vectors, best first."""
        limit = min(limit, self.rows)
        return _found(self._passages.search("vector", query.tolist(), limit) if limit else [])

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
    """As ``qa.lexical.LexicalIndex``: the weights of BM25 are in the sparse vectors of passages."""

    def __init__(self, passages: Collection, records: Collection, manifest: Manifest):
        self._passages, self._records = passages, records
        self.rows = manifest.passages
        self._known: dict[str, int] = {}

    def document_frequency(self, stem: str) -> int:
        """In how many passages a stem occurs."""
        return self._frequencies([stem])[stem]

    def _frequencies(self, stems: Some[str]) -> Mapping[str, int]:
        numbers = {record_key("word", stem): stem for stem in stems if stem not in self._known}
        if numbers:
            self._known |= dict.fromkeys(numbers.values(), 0)
            for found in self._records.get(list(numbers), ["number", "name", "position"]):
                if found["name"] == numbers[found["number"]]:
                    self._known[found["name"]] = int(found["position"])
        return {stem: self._known[stem] for stem in stems}

    def search_words(self, text: str, limit: int) -> Found:
        """Rows and BM25 scores of the passages that share stems with the text, best first."""
        return self._search("words", word_clauses(text, self._frequencies, self.rows), limit)

    def search_grams(self, text: str, limit: int) -> Found:
        """Rows and BM25 scores of the passages that share character 4-grams, best first."""
        return self._search("grams", gram_clauses(text), limit)

    def _search(self, field: str, clauses: Sequence[Clause], limit: int) -> Found:
        query: dict[int, float] = {}
        for term, weight in (pair for clause in clauses for pair in clause.items()):
            dimension = term_dimension(term)
            query[dimension] = query.get(dimension, 0.0) + weight
        limit = min(limit, self.rows)
        if not query or limit < 1:
            return _found([])
        if all(len(clause) == 1 for clause in clauses):
            return _found(self._passages.search(field, query, limit))
        # A sum counts all words of a family; of those that it finds, the best word is to count.
        wider = min(_WIDER * limit, self.rows)
        found = self._passages.search(field, query, wider, [field])
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


class RemoteStore:
    """As ``qa.index.store.Store``, what readers use of it."""

    def __init__(
        self,
        passages: Collection,
        records: Collection,
        manifest: Manifest,
        summary: Mapping[str, Any],
    ):
        self._passages, self._records = passages, records
        self._manifest, self._summary = manifest, summary
        self._details = lru_cache(maxsize=256)(self._read_details)

    def counts(self) -> tuple[int, int]:
        """Numbers of documents and of passages."""
        return self._manifest.documents, self._passages.count()

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of some rows, in the order asked for."""
        found = {one["row"]: _passage(one) for one in self._passages.get(rows, _PASSAGE)}
        return [found[int(row)] for row in rows]

    def first_rows(self, rows: Sequence[int]) -> list[int]:
        """For each row, the first row that says the same, or nearly: its own if it is alone."""
        found = {one["row"]: one["first"] for one in self._passages.get(rows, ["row", "first"])}
        return [int(found[int(row)]) for row in rows]

    def all_passages(self) -> Iterator[Passage]:
        """Every passage by row; memory stays flat."""
        for start in range(0, self._manifest.passages, _BLOCK):
            yield from self.passages(range(start, min(start + _BLOCK, self._manifest.passages)))

    def passage_digests(self) -> list[bytes]:
        """The digest of every passage, by row."""
        found = {
            one["row"]: bytes.fromhex(one["digest"])
            for one in self._passages.every("row >= 0", ["row", "digest"])
        }
        return [found[row] for row in range(len(found))]

    def document_digests(self) -> dict[str, bytes]:
        """The digest of every document, by id, in reading order."""
        return {one["id"]: bytes.fromhex(one["digest"]) for one in self._records.records("entry")}

    def documents(self) -> list[DocumentEntry]:
        """The list of documents, in reading order."""
        return [
            DocumentEntry(**{field.name: one[field.name] for field in fields(DocumentEntry)})
            for one in self._records.records("entry")
        ]

    def document(self, document_id: str) -> Document | None:
        """A whole document, its text put together from its passages."""
        found = self._details(document_id)
        if found is None:
            return None
        entry, content = found
        condition = f"document == {json.dumps(document_id, ensure_ascii=False)}"
        found_parts = self._passages.every(condition, ["start", "text"])
        parts = sorted(found_parts, key=lambda part: int(part["start"]))
        return Document(
            id=document_id,
            title=entry["title"],
            text="".join(part["text"] for part in parts),
            source=entry["source"],
            headings=tuple(Heading(*heading) for heading in content["headings"]),
            metadata=content["metadata"],
            pages=tuple(PageStart(*page) for page in content["pages"]),
            removed=tuple(content["removed"]),
        )

    def _read_details(self, document_id: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        try:
            kinds = ("entry", "document")
            entry, content = (json.loads(self._records.record(kind, document_id)) for kind in kinds)
        except KeyError:
            return None
        return entry, content

    def page(self, document_id: str, position: int) -> PageStart | None:
        """The page of a paged document on which a character of its text stands."""
        found = self._details(document_id)
        pages = found[1]["pages"] if found is not None else ()
        return page_at(tuple(PageStart(*page) for page in pages), position)

    def source(self, document_id: str) -> str:
        """Where a document came from."""
        found = self._details(document_id)
        return str(found[0]["source"]) if found is not None else ""

    def skipped(self) -> list[Skipped]:
        """What could not be read, and why."""
        return [
            Skipped(**one | {"figures": tuple(one["figures"])})
            for one in self._records.records("skipped")
        ]

    def removed(self) -> dict[str, list[str]]:
        """By document, the text of its file that was taken for no part of it."""
        names = list(self.document_digests())
        contents = self._records.records("document")
        return {
            name: content["removed"]
            for name, content in zip(names, contents, strict=True)
            if content["removed"]
        }

    def languages(self) -> dict[str, LanguageCount]:
        """Documents and passages by language, the language of most passages first."""
        return {name: LanguageCount(**one) for name, one in self._summary["languages"].items()}

    def repeats(self) -> dict[int, int]:
        """From each row that says, or nearly, what an earlier one says, to the first that does."""
        found = self._passages.every("first < row", ["row", "first"])
        return dict(sorted((int(one["row"]), int(one["first"])) for one in found))

    def repeated_passages(self) -> int:
        """How many passages say, or nearly, what an earlier one says."""
        return len(self.repeats())

    def repeated_documents(self) -> list[RepeatedDocument]:
        """The documents whose text stands, nearly or wholly, in an earlier one."""
        return [RepeatedDocument(**one) for one in self._summary["repeated_documents"]]

    def close(self) -> None:
        """Nothing to let go of: the connection is that of the process."""


def _passage(one: Mapping[str, Any]) -> Passage:
    headings = tuple(json.loads(one["headings"]))
    return Passage(
        one["document"], one["title"], headings, int(one["start"]), int(one["end"]), one["text"]
    )
