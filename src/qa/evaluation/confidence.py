"""How well a confidence tells right from wrong: ROC area, and risk against coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.significance import Counts, Floats, bootstrap_interval, divide


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval; ``None`` where the questions cannot tell it."""

    value: float | None
    ci95: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Answering only at ``confidence`` or above: the share answered, and the share of it wrong."""

    confidence: float
    coverage: float
    risk: float


def auroc(confidences: Sequence[float], positive: Sequence[bool]) -> Estimate:
    """The probability that a positive has the higher confidence, equal ones counting half.

    The Mann-Whitney statistic: Hanley and McNeil 1982, "The meaning and use of the area under a
    receiver operating characteristic curve".
    """
    order = np.argsort(np.asarray(confidences, dtype=np.float64), kind="stable")
    ranked = np.asarray(confidences, dtype=np.float64)[order]
    is_positive = np.asarray(positive, dtype=bool)[order]
    starts = _group_starts(ranked)

    def area(counts: Counts) -> Floats:
        drawn = counts[:, order]
        above = np.add.reduceat(drawn * is_positive, starts, axis=1)
        below = np.add.reduceat(drawn * ~is_positive, starts, axis=1)
        lower = np.cumsum(below, axis=1) - below
        won = (above * (lower + below / 2)).sum(axis=1)
        return divide(won, above.sum(axis=1) * below.sum(axis=1).astype(np.float64))

    return _estimate(area, len(ranked))


def risk_coverage(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple[Estimate, tuple[CurvePoint, ...]]:
    """The area under the risk-coverage curve, and its points, from the surest question down.

    El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification". The area
    is the mean risk over the n coverages 1/n … 1 (Geifman, Uziel and El-Yaniv 2019,
    "Bias-reduced uncertainty estimation for deep neural classifiers"); questions of equal
    confidence share their errors evenly.
    """
    order = np.argsort(-np.asarray(confidences, dtype=np.float64), kind="stable")
    ranked = np.asarray(confidences, dtype=np.float64)[order]
    wrong = ~np.asarray(right, dtype=bool)[order]
    starts = _group_starts(ranked)
    sizes = np.diff([*starts, len(ranked)])

    def area(counts: Counts) -> Floats:
        drawn = counts[:, order]
        size = np.add.reduceat(drawn, starts, axis=1).astype(np.float64)
        errors = np.add.reduceat(drawn * wrong, starts, axis=1)
        rates = np.divide(errors, size, out=np.zeros_like(size), where=size > 0)
        risks = np.cumsum(drawn * np.repeat(rates, sizes, axis=1), axis=1)
        coverage = np.cumsum(drawn, axis=1)
        # A question drawn several times stands at several coverages; its last one is taken.
        each = np.divide(risks, coverage, out=np.zeros_like(risks), where=coverage > 0)
        return divide((drawn * each).sum(axis=1), drawn.sum(axis=1).astype(np.float64))

    last = [*(starts[1:] - 1), len(ranked) - 1] if len(ranked) else []
    errors = np.cumsum(wrong)
    points = tuple(
        CurvePoint(float(ranked[i]), (i + 1) / len(ranked), float(errors[i] / (i + 1)))
        for i in last
    )
    return _estimate(area, len(ranked)), points


def _group_starts(ranked: Floats) -> NDArray[np.intp]:
    """Where each group of equal confidences starts."""
    return np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])[: len(ranked)])


def _estimate(statistic: Callable[[Counts], Floats], questions: int) -> Estimate:
    if not questions:
        return Estimate(None, None)
    value = float(statistic(np.ones((1, questions), dtype=np.int64))[0])
    if np.isnan(value):
        return Estimate(None, None)
    return Estimate(value, bootstrap_interval(statistic, questions))
