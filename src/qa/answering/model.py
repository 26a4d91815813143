"""The numbers that the choice of sentences and the refusal are made with: readable JSON.

``answering.json`` is fitted on development data by ``python benchmarks/fit_answering.py``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "answering.json"

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """Coefficients by signal name; ``thresholds`` on the probability, by caution.

    ``sentence`` ranks sentences, ``question`` refuses, by signals that are brought within
    ``ranges`` first: what training questions had, less the extremes, so that a signal of an unusual
    question or corpus does not decide alone. Beside the best sentence, one of its own passage is
    quoted that answers with probability ``beside`` (given that one of those looked at does), one of
    another passage with ``elsewhere``: that is one more place to look at. From ``enough`` on,
    together, no further one is. A short answer is emphasised when ``emphasis`` gives at least
    ``certain``. ``measured``: shares of development questions that get an answer, by size of
    corpus, then by kind (answerable, or how they were made unanswerable), then by caution.
    """

    sentence: Weights
    question: Weights
    ranges: Mapping[str, Sequence[float]]
    thresholds: Weights
    beside: float
    elsewhere: float
    enough: float
    emphasis: Weights
    certain: float
    measured: Mapping[str, Mapping[str, Mapping[str, float]]]


@lru_cache(maxsize=1)
def shipped_model() -> AnsweringModel:
    """The coefficients in ``answering.json``."""
    content = json.loads(PATH.read_text("utf-8"))
    return AnsweringModel(**{field.name: content[field.name] for field in fields(AnsweringModel)})


def linear(signals: Any, weights: Weights) -> float:
    """The weighted sum of a record's fields; a field without a weight does not count."""
    return weights.get("intercept", 0.0) + sum(
        weight * float(getattr(signals, name))
        for name, weight in weights.items()
        if name != "intercept"
    )


def logistic(score: float) -> float:
    """The probability of log-odds, in (0, 1)."""
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, score))))
