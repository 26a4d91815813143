"""The numbers of the refusal: readable JSON, fitted on questions of held-out documents."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "answering.json"

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """Coefficients of the probability that the documents answer, and where to refuse.

    ``question``: by signal (``answering.refusal``); ``thresholds`` on the probability, by caution;
    ``measured``: shares of development questions that get an answer, by set, then by kind
    (answerable, near, far), then by caution.
    """

    question: Weights
    thresholds: Weights
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
