"""Fit the refusal to one's own documents, from judged questions: what ``qa calibrate`` does.

Platt scaling (1999): the log-odds that the documents answer are stretched and shifted, near the
shipped ones unless the questions say otherwise. Then the thresholds are set where the stated share
of the unanswerable questions gets an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.answering import Calibration, fingerprint, shipped_model
from qa.assistant import Assistant
from qa.evaluation.confidence import auroc
from qa.evaluation.gold import AnswerQuestion
from qa.evaluation.significance import SEED
from qa.extras import needs
from qa.index import Progress
from qa.records import QAError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Shares of unanswerable questions that may get an answer, by caution.
FALSE_ANSWERS = {"low": 0.2, "normal": 0.1, "high": 0.05}
FEWEST = 20  # questions of either sort: of fewer, 10 % is one or two
# How strongly the stretch is held near 1 and the shift near 0: set by hand, as many questions as
# the fewest would move them little.
_PRIOR = (10.0, 1.0)
_FOLDS, _REPEATS = 5, 4


def fit_calibration(
    questions: Sequence[AnswerQuestion],
    assistant: Assistant,
    *,
    file: str,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Calibration:
    """The refusal for the index of an assistant, fitted on these questions.

    Raises ``QAError`` when there are fewer than ``FEWEST`` answerable or unanswerable ones.
    """
    count = {
        "answerable": sum(item.answerable for item in questions),
        "unanswerable": sum(not item.answerable for item in questions),
    }
    if min(count.values()) < FEWEST:
        raise QAError("too_few_questions", file, count["answerable"], count["unanswerable"], FEWEST)
    with needs("eval"):  # told before the questions are asked
        import scipy.optimize  # noqa: F401
    shipped = shipped_model()
    shipped_only = Assistant(assistant.index, assistant.embedder, assistant.reader, shipped)
    sure = []
    progress(Progress("search", 0, len(questions)))
    for done, item in enumerate(questions, 1):
        sure.append(shipped_only.answer(item.question).confidence)
        progress(Progress("search", done, len(questions)))
    before = np.clip(np.array(sure, dtype=np.float64), 1e-6, 1 - 1e-6)
    odds = np.log(before / (1 - before))
    labels = np.array([item.answerable for item in questions])
    stretch, shift = _fit(odds, labels)
    after = _logistic(_left_out(odds, labels))
    thresholds = {
        name: round(float(np.quantile(after[~labels], 1 - share, method="higher")) + 1e-4, 4)
        for name, share in FALSE_ANSWERS.items()
    }
    scaled = {name: stretch * value for name, value in shipped.question.items()}
    return Calibration(
        question={
            name: round(value + shift * (name == "intercept"), 4) for name, value in scaled.items()
        },
        thresholds=thresholds,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        file=file,
        questions=count,
        embedder=assistant.index.manifest.embedder.fingerprint,
        shipped=fingerprint(shipped),
        before=_figures(before, labels, count, shipped.thresholds),
        after=_figures(after, labels, count, thresholds),
    )


def _figures(
    probabilities: Floats,
    answerable: Flags,
    count: Mapping[str, int],
    thresholds: Mapping[str, float],
) -> dict[str, Any]:
    """The area under the ROC curve, and the shares that get an answer by caution."""
    return {
        "auroc": round(auroc(probabilities.tolist(), answerable.tolist()).value or 0.0, 4),
        "answered": {
            kind: {
                name: round(
                    float(np.sum(probabilities[answerable == is_answerable] >= threshold))
                    / count[kind],
                    4,
                )
                for name, threshold in thresholds.items()
            }
            for kind, is_answerable in (("answerable", True), ("unanswerable", False))
        },
    }


def _left_out(odds: Floats, labels: Flags) -> Floats:
    """The log-odds of each question by fits that have not seen it, their mean."""
    generator = np.random.default_rng(SEED)
    found = np.zeros(len(labels))
    for _ in range(_REPEATS):
        fold = _stratified(labels, generator)
        for number in range(_FOLDS):
            out = fold == number
            stretch, shift = _fit(odds[~out], labels[~out])
            found[out] += (stretch * odds[out] + shift) / _REPEATS
    return found


def _stratified(labels: Flags, generator: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each question; both sorts are spread evenly."""
    folds = np.zeros(len(labels), dtype=np.int64)
    for sort in (True, False):
        places = generator.permutation(np.flatnonzero(labels == sort))
        folds[places] = np.arange(len(places)) % _FOLDS
    return folds


def _fit(odds: Floats, labels: Flags) -> tuple[float, float]:
    """Stretch and shift of log-odds."""
    signals = np.column_stack([odds, np.ones(len(odds))])
    stretch, shift = fit_logistic(signals, labels, (1.0, 0.0), _PRIOR, (0.1, None))
    return float(stretch), float(shift)


def fit_logistic(
    signals: Floats,
    labels: Flags,
    near: Sequence[float],
    strengths: Sequence[float],
    least: Sequence[float | None],
) -> Floats:
    """The coefficients of a logistic regression in which both sorts of questions weigh the same.

    ``signals`` (questions, coefficients). Each coefficient is held ``near`` a value by a normal
    prior of precision ``strengths``, and is at ``least`` so much.
    """
    with needs("eval"):
        from scipy.optimize import minimize
    share = labels.mean()
    weights = np.where(labels, 0.5 / share, 0.5 / (1 - share))
    signs = np.where(labels, 1.0, -1.0)
    middle, held = np.asarray(near, dtype=np.float64), np.asarray(strengths, dtype=np.float64)

    def loss(coefficients: Floats) -> float:
        wrong = np.logaddexp(0, -signs * (signals @ coefficients))
        return float(weights @ wrong + held @ (coefficients - middle) ** 2 / 2)

    found = minimize(loss, middle, method="L-BFGS-B", bounds=[(low, None) for low in least])
    return np.asarray(found.x, dtype=np.float64)


def _logistic(scores: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -500, 500))), dtype=np.float64)
