"""Finds hard negatives: passages that look like the answer to a question and are not.

Candidates come from word matching (BM25, as in Karpukhin et al. 2020) and from the model itself.
Some are unmarked answers (RocketQA, Qu et al. 2021, found that 70 % of the best candidates were),
so those that score too near the marked answer are dropped: NV-Retriever (Moreira et al. 2024)
keeps negatives below 95 % of the positive's score.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.lexical import LexicalIndex
from qa.training.data import TrainingPair
from qa.training.encoder import Encoder, embed
from qa.training.finetuning import PassageTable

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

KEEP = 8  # negatives of a question, one drawn each time that it is asked
BLOCK = 512  # questions compared with all passages at a time


# Kinds of pairs that get hard negatives: real questions. Titles and headings are told apart by the
# other passages of their batch, at no cost.
QUESTION_SOURCES = frozenset({"piaf", "quiz", "labour_law"})
# Kinds whose passages may be negatives of a question.
PASSAGE_SOURCES = QUESTION_SOURCES | {"encyclopaedia", "history"}


def mine_for_questions(
    encoder: Encoder,
    pairs: Sequence[TrainingPair],
    table: PassageTable,
    longest: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Integers:
    """Rows of ``table`` that are hard negatives of each pair ``(pairs, KEEP)``; -1: none."""
    asked = [i for i, pair in enumerate(pairs) if pair.source in QUESTION_SOURCES]
    offered = sorted(
        {table.positive[i] for i, pair in enumerate(pairs) if pair.source in PASSAGE_SOURCES}
    )
    place = {row: i for i, row in enumerate(offered)}
    passages = [table.passages[row] for row in offered]
    questions = [pairs[i].question for i in asked]
    progress(f"embedding {len(passages)} passages and {len(questions)} questions")
    found = mine_negatives(
        questions,
        [place[table.positive[i]] for i in asked],
        embed(encoder, questions, 64),
        passages,
        embed(encoder, passages, longest),
        [table.groups[row] for row in offered],
        progress=progress,
    )
    result = np.full((len(pairs), KEEP), -1, dtype=np.int64)
    result[asked] = np.where(found >= 0, np.asarray(offered)[found], -1)
    return result


def passes_margin(candidates: Floats, positive: float, share: float) -> NDArray[np.bool_]:
    """Whether each candidate scores below ``share`` of the marked answer: NV-Retriever, 2024."""
    return candidates < share * positive


def fused_scores(words: Floats, cosines: Floats) -> Floats:
    """Both scores over their best, in equal parts: a better judge than either alone."""
    best_word, best_cosine = max(words.max(), 1e-6), max(cosines.max(), 1e-6)
    result: Floats = 0.5 * words / best_word + 0.5 * cosines / best_cosine
    return result


def mine_negatives(
    questions: Sequence[str],
    positives: Sequence[int],
    question_vectors: Floats,
    passages: Sequence[str],
    passage_vectors: Floats,
    groups: Sequence[str],
    *,
    keep: int = KEEP,
    depth: int = 60,
    share: float = 0.95,
    progress: Callable[[str], None] = lambda _: None,
) -> Integers:
    """Rows of hard negatives ``(questions, keep)``, best first; -1 where fewer were found.

    Both rankings offer their first ``depth`` passages, in turn. Passages of the question's own
    group may answer it too and are never taken.
    """
    result = np.full((len(questions), keep), -1, dtype=np.int64)
    depth = min(depth, len(passages))
    # tantivy's threads may still be at it when the folder goes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        LexicalIndex.build(Path(folder), passages)
        lexical = LexicalIndex(Path(folder))
        for start in range(0, len(questions), BLOCK):
            cosines = question_vectors[start : start + BLOCK] @ passage_vectors.T
            nearest = np.argpartition(-cosines, depth - 1, axis=1)[:, :depth]
            for i, row in enumerate(cosines):
                question = start + i
                answer = positives[question]
                word_rows, word_scores = lexical.search_words(questions[question], depth)
                dense_rows = nearest[i][np.argsort(-row[nearest[i]])]
                taken = _choose(
                    answer, word_rows, word_scores, dense_rows, row, groups, keep, share
                )
                result[question, : len(taken)] = taken
            progress(f"mined {min(start + BLOCK, len(questions))} of {len(questions)} questions")
    return result


def _choose(
    answer: int,
    word_rows: Integers,
    word_scores: Floats,
    dense_rows: Integers,
    cosines: Floats,
    groups: Sequence[str],
    keep: int,
    share: float,
) -> list[int]:
    """The best of both rankings that pass the margin, one from each in turn."""
    score_of = dict(zip(word_rows.tolist(), word_scores.tolist(), strict=True))
    rows = list(dict.fromkeys([answer, *word_rows.tolist(), *dense_rows.tolist()]))
    words = np.array([score_of.get(row, 0.0) for row in rows], dtype=np.float32)
    fused = fused_scores(words, cosines[rows])
    passing = passes_margin(fused, float(fused[0]), share)
    usable = {
        row
        for row, passes in zip(rows, passing, strict=True)
        if passes and groups[row] != groups[answer]
    }
    taken: list[int] = []
    rankings = [iter(word_rows.tolist()), iter(dense_rows.tolist())]
    while rankings and len(taken) < keep:
        ranking = rankings.pop(0)
        found = next((row for row in ranking if row in usable), None)
        if found is not None:
            usable.discard(found)
            taken.append(found)
            rankings.append(ranking)
    return taken
