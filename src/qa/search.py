"""Rank and fuse: three searches with one signature, each giving ``list[Hit]``.

Scores are fused by a convex combination after division by the best score of the list (words) or
min-max over the candidates (cosines): Bruch et al. 2023, "An Analysis of Fusion Functions for
Hybrid Retrieval" (arXiv 2210.11934). The weights were chosen on the development sets:
``python benchmarks/fusion.py`` prints the tables that they come from.

Vectors and words of whole passages find; the best ones found are then looked at more closely,
which tells more and costs too much to do for all: their tokens are compared with the question's
(late interaction, ``qa.tokens``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qa.index import Index
from qa.numbering import place_span
from qa.question import Question
from qa.records import Hit, QAError
from qa.tokens import late_interaction

Floats = NDArray[np.float32]
Search = Callable[[Index, Question, int], list[Hit]]

# Each leg looks this deep; the union is fused. A passage below both depths is not found.
DEPTH = 200
GRAM_WEIGHT = 0.5  # share of the character 4-grams in the lexical score
# What a list of references keeps of its score, and of that of the closer look, whose scores lie
# nearer together; set by hand.
REFERENCES, REFERENCES_COMPARED = 0.5, 0.9
DENSE_WEIGHT = 0.6  # share of the cosine in the fused score
# So many of the best candidates are compared by their tokens: fused ones, and of vectors alone.
COMPARED, DENSE_COMPARED = 30, 50
DENSE_TOKEN_WEIGHT = 0.5  # share of the tokens in the score by meaning alone
_FARTHEST = np.float32(1e-6)
# Share of the tokens in the final score; they differ least, so they weigh most.
TOKENS_SHARE = 0.6


def search_lexical(index: Index, question: Question, limit: int) -> list[Hit]:
    """Passages that share words and parts of words with the question; vectors only inform."""
    if not index.lexical.finds:
        raise QAError("no_words_in_milvus")
    candidates = Candidates(index, question, max(DEPTH, 2 * limit))
    return candidates.hits(candidates.lexical(), limit)


def search_dense(index: Index, question: Question, limit: int) -> list[Hit]:
    """Passages nearest in meaning: found by the cosine of the vectors, ranked by tokens too."""
    candidates = Candidates(index, question, max(DEPTH, 2 * limit))
    scores = (1 - DENSE_TOKEN_WEIGHT) * scale_between(candidates.cosines)
    best = candidates.best(scores, DENSE_COMPARED)
    candidates.compare(best)
    scores[best] += DENSE_TOKEN_WEIGHT * scale_between(candidates.tokens[best])
    # The farthest is found too, though nothing is left of its score.
    return candidates.hits(np.maximum(scores, _FARTHEST), limit)


def search_hybrid(index: Index, question: Question, limit: int) -> list[Hit]:
    """Both, fused, the best looked at more closely: better than either almost everywhere."""
    candidates = Candidates(index, question, max(DEPTH, 2 * limit))
    fused = fuse(candidates.cosines, candidates.lexical())
    best = candidates.best(fused, COMPARED)
    candidates.compare(best)
    scores = (1 - TOKENS_SHARE) * fused
    scores[best] += TOKENS_SHARE * np.maximum(candidates.tokens[best], 0)
    return candidates.hits(scores, limit, REFERENCES_COMPARED)


def search_vectors(index: Index, question: Question, limit: int) -> list[Hit]:
    """Dense without a closer look, to measure what it brings."""
    candidates = Candidates(index, question, max(DEPTH, 2 * limit))
    return candidates.hits(candidates.cosines, limit)


def search_fusion(index: Index, question: Question, limit: int) -> list[Hit]:
    """Hybrid without a closer look, to measure what it brings."""
    candidates = Candidates(index, question, max(DEPTH, 2 * limit))
    return candidates.hits(fuse(candidates.cosines, candidates.lexical()), limit)


METHODS: dict[str, Search] = {
    "hybrid": search_hybrid,
    "dense": search_dense,
    "lexical": search_lexical,
}
# What evaluations may run besides.
AT_A_GLANCE: dict[str, Search] = {"fusion": search_fusion, "vectors": search_vectors}
SEARCHES = METHODS | AT_A_GLANCE


def scale_by_best(scores: Floats) -> Floats:
    """Scores >= 0 divided by the best one; all zero when nothing matched."""
    best = scores.max(initial=0.0)
    return scores / best if best > 0 else scores


def scale_between(scores: Floats) -> Floats:
    """Min-max: the worst becomes 0, the best 1; all zero when they are equal."""
    if not len(scores):
        return scores
    low, high = scores.min(), scores.max()
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)


def fuse(cosines: Floats, lexical: Floats, dense_weight: float = DENSE_WEIGHT) -> Floats:
    """The convex combination of both legs, each scaled to [0, 1] over the candidates."""
    return dense_weight * scale_between(cosines) + (1 - dense_weight) * scale_by_best(lexical)


class Candidates:
    """The union of what the legs found for a question, with every raw score of each passage."""

    def __init__(self, index: Index, question: Question, depth: int):
        self._index, self._question = index, question
        dense_rows, dense_scores = index.dense.search(question.vector, depth)
        word_rows, word_scores = index.lexical.search_words(question.words, depth)
        gram_rows, gram_scores = index.lexical.search_grams(question.words, depth)
        self.rows = np.unique(np.concatenate([dense_rows, word_rows, gram_rows]))
        self.words = self._align(word_rows, word_scores)
        self.grams = self._align(gram_rows, gram_scores)
        self.cosines = self._align(dense_rows, dense_scores)
        missing = ~np.isin(self.rows, dense_rows)
        self.cosines[missing] = index.dense.vectors(self.rows[missing]) @ question.vector
        self.tokens = np.zeros(len(self.rows), dtype=np.float32)

    def _align(self, rows: NDArray[np.int64], scores: Floats) -> Floats:
        aligned = np.zeros(len(self.rows), dtype=np.float32)
        aligned[np.searchsorted(self.rows, rows)] = scores
        return aligned

    def lexical(self, gram_weight: float = GRAM_WEIGHT) -> Floats:
        """Words and 4-grams together, in [0, 1]."""
        words, grams = scale_by_best(self.words), scale_by_best(self.grams)
        return (1 - gram_weight) * words + gram_weight * grams

    def best(self, scores: Floats, count: int) -> NDArray[np.intp]:
        """Positions of the best candidates by these scores, best first."""
        return np.lexsort((self.rows, -scores))[:count]

    def compare(self, positions: NDArray[np.intp]) -> None:
        """Compare these by their tokens; nothing where the index has none."""
        if self._index.tokens.tokens:
            signs = self._index.tokens.signs(self.rows[positions].tolist())
            self.tokens[positions] = late_interaction(self._question.tokens, signs)

    def hits(self, scores: Floats, limit: int, references: float = REFERENCES) -> list[Hit]:
        """The best passages by these scores; ties in reading order.

        Of passages that repeat one another, nearly or wholly, the best stands for all.
        ``references`` is what a list of references keeps of its score.
        """
        order = np.lexsort((self.rows, -scores))
        hits: list[Hit] = []
        seen: set[int] = set()
        for hit, first in self._found(order, scores, limit, references):
            if first in seen or hit.standing <= 0:
                continue
            seen.add(first)
            hits.append(replace(hit, rank=len(hits) + 1))
            if len(hits) == limit:
                break
        return hits

    def _found(
        self, order: NDArray[np.intp], scores: Floats, limit: int, references: float
    ) -> Iterator[tuple[Hit, int]]:
        """Hits that have no rank yet, and the first rows that say the same, in order.

        They are fetched in blocks; the first is usually enough. In a block, lists of references
        count for less: they repeat a question's names and tell nothing. The article or section that
        the question names by its number comes first.
        """
        places = self._question.places
        size = 2 * limit + 20
        for start in range(0, len(order), size):
            block = order[start : start + size]
            rows = [self.rows[i] for i in block]
            passages = self._index.passages(rows)
            firsts = self._index.store.first_rows(rows)
            found = [
                Hit(
                    passage=passage,
                    rank=0,
                    score=float(scores[i]) * (references if passage.is_reference_list else 1.0),
                    dense=float(self.cosines[i]),
                    lexical=float(self.words[i]),
                    tokens=float(self.tokens[i]),
                    row=int(self.rows[i]),
                    is_named=bool(places) and place_span(passage, places) is not None,
                )
                for i, passage in zip(block, passages, strict=True)
            ]
            yield from sorted(zip(found, firsts, strict=True), key=lambda pair: -pair[0].standing)
