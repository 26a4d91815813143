"""What tells whether the documents answer a question at all.

Only what reading finds, and how rare the question's words are that the best passage lacks: these
mean the same in every collection and with every method and embedding model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qa.answering.reader import LEAST, PassageReading
from qa.french import words
from qa.records import Passage

Frequency = Callable[[str], int]

# Reading's log-odds are sure enough within these; beyond, they only grow with the passage's length.
_LOWEST, _HIGHEST = -12.0, 12.0


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What tells whether the passages that were read answer.

    ``best``: the highest log-odds of a passage; ``second``: the next one's; ``coverage``: the share
    of the question's words, weighed by how rare they are, that the best passage has.
    """

    best: float
    second: float
    coverage: float


def question_signals(
    question: str, ranked: Sequence[PassageReading], passages: int, frequency: Frequency
) -> QuestionSignals:
    """The signals of a question, its readings best first; ``frequency`` tells in how many of the
    ``passages`` of the collection a stem occurs."""
    scores = [reading.score for reading in ranked[:2]] + [LEAST, LEAST]
    best, second = (min(max(score, _LOWEST), _HIGHEST) for score in scores[:2])
    found = coverage(question, ranked[0].hit.passage, passages, frequency) if ranked else 0.0
    return QuestionSignals(best, second, found)


def coverage(question: str, passage: Passage, passages: int, frequency: Frequency) -> float:
    """The idf-weighed share of the question's stems in a passage, its title and headings."""
    stems = {word.stem for word in words(question) if not word.is_stop}
    if not stems:
        return 1.0
    text = " ".join([passage.title, *passage.headings, passage.text])
    present = {word.stem for word in words(text)}
    weight = {
        stem: math.log(1 + (passages + 0.5) / (min(passages, frequency(stem)) + 0.5))
        for stem in stems
    }
    return sum(weight[stem] for stem in stems & present) / sum(weight.values())
