"""What an index consists of, wherever it is kept: on this disk, or in Milvus.

Searches, answers and evaluations use these methods and no others, so the same code runs on both.
Row i of every part is one passage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Signs, Vectors
from qa.french import Word
from qa.index.store import DocumentEntry, FileRecord, LanguageCount, RepeatedDocument
from qa.records import Document, PageStart, Passage, Skipped

Found = tuple[NDArray[np.int64], NDArray[np.float32]]  # rows and scores, best first


class DenseSearch(Protocol):
    """``qa.dense.DenseIndex``."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    def search(self, query: Vectors, limit: int) -> Found: ...  # noqa: D102
    def among(self, rows: NDArray[np.int64]) -> DenseSearch: ...  # noqa: D102
    def vectors(self, rows: NDArray[np.int64]) -> Vectors: ...  # noqa: D102


class TokenSource(Protocol):
    """``qa.tokens.TokenIndex``."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def tokens(self) -> int: ...  # noqa: D102
    def signs(self, rows: Sequence[int]) -> list[Signs]: ...  # noqa: D102


class WordSearch(Protocol):
    """``qa.lexical.LexicalIndex``. ``finds``: whether passages can be found by words at all."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def finds(self) -> bool: ...  # noqa: D102
    def document_frequency(self, stem: str) -> int: ...  # noqa: D102
    def among(self, documents: Sequence[str]) -> WordSearch: ...  # noqa: D102
    def search_words(self, asked: Sequence[Word], limit: int) -> Found: ...  # noqa: D102
    def search_grams(self, asked: Sequence[Word], limit: int) -> Found: ...  # noqa: D102


class DocumentStore(Protocol):
    """What readers use of ``qa.index.store.Store``."""

    def among(self, documents: Sequence[str]) -> DocumentStore: ...  # noqa: D102
    def rows(self, documents: Sequence[str]) -> list[int]: ...  # noqa: D102
    def counts(self) -> tuple[int, int]: ...  # noqa: D102
    def passages(self, rows: Sequence[int]) -> list[Passage]: ...  # noqa: D102
    def first_rows(self, rows: Sequence[int]) -> list[int]: ...  # noqa: D102
    def all_passages(self) -> Iterator[Passage]: ...  # noqa: D102
    def passage_digests(self) -> list[bytes]: ...  # noqa: D102
    def document_digests(self) -> dict[str, bytes]: ...  # noqa: D102
    def documents(self) -> list[DocumentEntry]: ...  # noqa: D102
    def document(self, document_id: str) -> Document | None: ...  # noqa: D102
    def file_of(self, document_id: str) -> tuple[str, FileRecord] | None: ...  # noqa: D102
    def page(self, document_id: str, position: int) -> PageStart | None: ...  # noqa: D102
    def source(self, document_id: str) -> str: ...  # noqa: D102
    def skipped(self) -> list[Skipped]: ...  # noqa: D102
    def removed(self) -> dict[str, list[str]]: ...  # noqa: D102
    def languages(self) -> Mapping[str, LanguageCount]: ...  # noqa: D102
    def repeats(self) -> dict[int, int]: ...  # noqa: D102
    def repeated_passages(self) -> int: ...  # noqa: D102
    def repeated_documents(self) -> list[RepeatedDocument]: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
