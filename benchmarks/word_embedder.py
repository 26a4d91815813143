"""An embedder that costs nothing: each word has a fixed random vector, a text has their sum."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from qa.embedding import Embedded, Query, Vectors

DIMENSION = 384
_WORDS = np.random.default_rng(0).standard_normal((4096, DIMENSION), np.float32)


class WordEmbedder:
    name = "words"
    fingerprint = "words-1"
    dimension = DIMENSION
    max_tokens = 256
    token_bytes = DIMENSION // 8

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        queries = []
        for text in questions:
            tokens = self._tokens(text)
            queries.append(Query(_unit(tokens), tokens / len(tokens) / DIMENSION**0.5))
        return queries

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Embedded:
        if progress is not None:
            progress(len(texts))
        tokens = [self._tokens(text) for text in texts]
        signs = tuple(np.packbits(part >= 0, axis=1) for part in tokens)
        return Embedded(np.stack([_unit(part) for part in tokens]), signs)

    def _tokens(self, text: str) -> Vectors:
        numbers = [zlib.crc32(word.encode()) % 4096 for word in text.split()]
        return np.asarray(_WORDS[numbers], np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) // 5 + 1 for text in texts]


def _unit(tokens: Vectors) -> Vectors:
    total = tokens.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total), np.float32)
