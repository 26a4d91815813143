"""Finds the passages that look like the answer to a question and are not.

They are what the product would put before its reader: the best by words (BM25, as in Karpukhin et
al. 2020) and by the model itself, of the question's own collection. Some are unmarked answers
(RocketQA, Qu et al. 2021, found that 70 % of the best candidates were), so passages that hold the
very words of the answer are left out, and a reader's refusal is taught with them only where no
passage of the collection answers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.french import fold, words
from qa.lexical import LexicalIndex
from qa.training.encoder import TrainableEncoder, embed
from qa.training.questions import LabelledQuestion, Questions

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

KEEP = 12  # passages kept for a question, best first
DEPTH = 40  # candidates of each ranking
# An answer of fewer letters (« 3 ») may stand in any passage without answering.
TELLING = 4


def mine_negatives(
    encoder: TrainableEncoder, data: Questions, progress: Callable[[str], None] = lambda _: None
) -> Integers:
    """Rows of passages that do not answer each question, ``(questions, KEEP)``; -1: no more."""
    result = np.full((len(data.questions), KEEP), -1, dtype=np.int64)
    passages = data.passages
    for collection in dict.fromkeys(source.collection for source in passages):
        rows = np.array([i for i, p in enumerate(passages) if p.collection == collection])
        asked = [i for i, q in enumerate(data.questions) if q.collection == collection]
        texts = [passages[row].text for row in rows]
        progress(f"{collection}: {len(asked)} questions, {len(rows)} passages")
        vectors = embed(encoder, [encoder.passage_prompt + text for text in texts])
        questions = [data.questions[i].text for i in asked]
        wanted = embed(encoder, [encoder.question_prompt + text for text in questions], 64)
        depth = min(DEPTH, len(rows))
        # tantivy's threads may still be at it when the folder goes.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            LexicalIndex.build(Path(folder), (("", text) for text in texts))
            lexical = LexicalIndex(Path(folder))
            for number, vector in zip(asked, wanted, strict=True):
                cosines = vectors @ vector
                bm25 = np.zeros(len(rows), np.float32)
                found, scores = lexical.search_words(words(data.questions[number].text), depth)
                bm25[found] = scores
                best = np.argsort(-fused_scores(bm25, cosines))[:depth]
                taken = _wrong(data, data.questions[number], rows[best].tolist())[:KEEP]
                result[number, : len(taken)] = taken
    return result


def fused_scores(words: Floats, cosines: Floats) -> Floats:
    """Words over their best, and cosines between their least and best, in equal parts."""
    spread = max(float(np.ptp(cosines)), 1e-6)
    fused: Floats = words / max(float(words.max()), 1e-6) + (cosines - cosines.min()) / spread
    return np.asarray(fused / 2, dtype=np.float32)


def _wrong(data: Questions, question: LabelledQuestion, rows: list[int]) -> list[int]:
    """Those passages that neither help nor hold the words of an answer."""
    answers = {
        fold(data.passages[answer.row].text[answer.start : answer.end])
        for answer in question.answers
    }
    telling = [answer for answer in answers if len(answer) >= TELLING]
    return [
        row
        for row in rows
        if row not in question.evidence
        and not any(answer in fold(data.passages[row].text) for answer in telling)
    ]
