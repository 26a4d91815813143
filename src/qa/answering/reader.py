"""Reading: question and passage together, by attention; where the answer stands, if it does.

Extractive question answering with "no answer" (Rajpurkar et al. 2018, arXiv 1806.03822): for each
token of a passage the shipped network (``qa.encoder``) gives log-odds that the answer starts or
ends there; those of the first, special token stand for "not in this passage". The score of a span
is what its two ends have over that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.encoder import END, START, Encoded, Encoder, Pieces
from qa.french import split_sentences
from qa.records import Hit, Passage

Floats = NDArray[np.float32]

LONGEST_ANSWER = 80  # tokens
CELL_END = "\u202f; "  # between the cells of a row, as it is read (``qa.reading.grid``)
LEAST = -30.0  # the score of a passage that nothing of can be read


@dataclass(frozen=True, slots=True)
class Span:
    """``passage.text[start:end]`` and its log-odds against "not in this passage"."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """A sentence, ``passage.text[start:end]``, with the best answer that starts in it.

    ``score``: the log-odds that some answer starts in it, against "not in this passage".
    """

    start: int
    end: int
    score: float
    span: Span


@dataclass(frozen=True, slots=True)
class PassageReading:
    """What reading found in a passage: its sentences in order, and their best score."""

    hit: Hit
    sentences: tuple[SentenceReading, ...]
    score: float


class Reader:
    """Reads questions and passages with the shipped network."""

    def __init__(self, encoder: Encoder):
        self._encoder = encoder

    def read(self, question: str, hits: Sequence[Hit]) -> list[PassageReading]:
        """What is found in the passage of each hit."""
        pieces = [self._encoder.read_pair(question, hit.passage.index_text) for hit in hits]
        return [
            read_passage(hit, pair, encoded)
            for hit, pair, encoded in zip(hits, pieces, self._encoder.encode(pieces), strict=True)
        ]


def read_passage(hit: Hit, pieces: Pieces, encoded: Encoded) -> PassageReading:
    """The sentences of a passage with their scores, from the marks on its tokens."""
    passage = hit.passage
    lead = _lead(passage)
    spans = [(start - lead, end - lead) for start, end in pieces.spans]
    # The titles before the text are read, and not quoted.
    body = next((i for i, (_, end) in enumerate(spans) if end > 0), len(spans))
    spans = [(max(0, start), end) for start, end in spans[body:]]
    scores = span_scores(encoded.marks[body:], encoded.nothing)
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    found = []
    for start, end in split_sentences(passage.text):
        first, last = np.searchsorted(starts, [start, end])
        own = scores[first:last]
        if not own.size or not passage.text[start:end].strip():
            continue
        i, j = np.unravel_index(int(own.argmax()), own.shape)
        best = Span(spans[first + i][0], spans[j][1], float(own[i, j]))
        total = float(np.logaddexp.reduce(own, axis=None))
        found.append(SentenceReading(start, end, total, _whole_words(passage.text, best)))
    best_score = max((one.score for one in found), default=LEAST)
    return PassageReading(hit, tuple(found), best_score)


def span_scores(marks: Floats, nothing: Floats) -> Floats:
    """Log-odds of all spans (tokens, tokens), first and last token; no span: -inf."""
    count = len(marks)
    scores = marks[:, START][:, None] + marks[:, END][None, :] - nothing[START] - nothing[END]
    inside = np.triu(np.ones((count, count), bool)) & ~np.triu(
        np.ones((count, count), bool), LONGEST_ANSWER
    )
    return np.where(inside, scores, -np.inf).astype(np.float32)


def _lead(passage: Passage) -> int:
    """How far a position in the index text is ahead of the same in the passage's text."""
    body = passage.text.strip()
    return len(passage.index_text) - len(body) - passage.text.index(body)


def _whole_words(text: str, span: Span) -> Span:
    """The span from the beginning of its first word to the end of its last one.

    In the row of a table it ends with its cell.
    """
    inside = text[span.start : span.end]
    if CELL_END in inside:
        inside = re.split(rf"{CELL_END}|\n", inside.lstrip(), maxsplit=1)[0]
        inside = text[span.start : text.index(inside, span.start) + len(inside)]
    start = span.start + len(inside) - len(inside.lstrip())
    end = start + len(inside.strip())
    while 0 < start < end and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while start < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return Span(start, end, span.score)
