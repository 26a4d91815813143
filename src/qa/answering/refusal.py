"""What tells whether the documents answer a question at all.

Only what reading finds: it means the same in every collection and with every method and embedding
model. How many of the question's words the passages have says nothing beside it: near-misses share
more of them than good paraphrases do. Nor does the second passage, or the sum of all
(``benchmarks/README.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.answering.reader import LEAST, PassageReading

# Reading's log-odds are sure enough within these; beyond, they only grow with the passage's length.
_LOWEST, _HIGHEST = -12.0, 12.0


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """The highest log-odds of a passage that was read."""

    best: float


def question_signals(ranked: Sequence[PassageReading]) -> QuestionSignals:
    """The signals of a question from its readings, best first."""
    best = ranked[0].score if ranked else LEAST
    return QuestionSignals(min(max(best, _LOWEST), _HIGHEST))
