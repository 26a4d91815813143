"""Fit the refusal to one's own documents, from judged questions: what ``qa calibrate`` does.

The shipped logistic model is the prior: its coefficients move only as far as the questions, by
cross-validation, warrant. Then the thresholds are set where the stated share of the unanswerable
questions gets an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from qa.answering import Calibration, fingerprint, shipped_model
from qa.answering.refusal import QuestionSignals, question_signals
from qa.answering.selection import rank_sentences
from qa.assistant import Assistant
from qa.evaluation.confidence import auroc
from qa.evaluation.gold import AnswerQuestion
from qa.evaluation.significance import SEED
from qa.index import Progress
from qa.questions import analyse_question
from qa.records import QAError
from qa.search import search_hybrid, token_matcher

Floats = NDArray[np.float64]

# Shares of unanswerable questions that may get an answer, by caution.
FALSE_ANSWERS = {"low": 0.2, "normal": 0.1, "high": 0.05}
FEWEST = 20  # questions of either sort: of fewer, 10 % is one or two
_DEPTH = 20  # hits that an answer is made from
# Strengths of the prior (in signals divided by their spread) to choose among; the first one leaves
# the shipped coefficients as they are.
_PRIORS = (1e6, 100.0, 30.0, 10.0, 3.0)
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
        raise QAError(
            f"{file} has {count['answerable']} answerable and {count['unanswerable']} unanswerable "
            f"questions. Give at least {FEWEST} of each: a threshold set with fewer means nothing."
        )
    shipped = shipped_model()
    names = list(QuestionSignals.__dataclass_fields__)
    rows, answerable, defined = [], [], []
    progress(Progress("search", 0, len(questions)))
    for done, item in enumerate(questions, 1):
        found = _signals(item.question, assistant)
        if found is not None:  # without one, the question is refused whatever the coefficients
            rows.append([1.0, *(asdict(found[0])[name] for name in names)])
            answerable.append(item.answerable)
            defined.append(found[1])
        progress(Progress("search", done, len(questions)))
    matrix, labels = np.array(rows), np.array(answerable)
    start = np.array([shipped.question.get(name, 0.0) for name in ("intercept", *names)])
    before = _logistic(matrix @ start)
    strength, after = _cross_validate(matrix, labels, start)
    fitted = _fit(matrix, labels, start, strength)
    thresholds = {
        name: round(float(np.quantile(after[~labels], 1 - share, method="higher")) + 1e-4, 4)
        for name, share in FALSE_ANSWERS.items()
    }
    return Calibration(
        question={
            name: round(float(value), 4)
            for name, value in zip(("intercept", *names), fitted, strict=True)
        },
        thresholds=thresholds,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        file=file,
        questions=count,
        embedder=assistant.index.manifest.embedder.fingerprint,
        shipped=fingerprint(shipped),
        # A definition that was asked for is an answer, whatever the coefficients.
        before=_figures(np.where(defined, 1.0, before), labels, count, shipped.thresholds),
        after=_figures(np.where(defined, 1.0, after), labels, count, thresholds),
    )


def _signals(text: str, assistant: Assistant) -> tuple[QuestionSignals, bool] | None:
    """The signals of a question, and whether a definition that it asks for was found."""
    index, embedder = assistant.index, assistant.embedder
    query = embedder.embed_questions([text])[0]
    question = analyse_question(text, index.manifest.passages, index.lexical.document_frequency)
    hits = search_hybrid(index, text, query, _DEPTH)
    model = shipped_model()
    ranked = rank_sentences(question, hits, token_matcher(index, embedder, query), model)
    if not ranked or not question.terms:
        return None
    return question_signals(question, hits, ranked, model.ranges), ranked[0].defines


def _figures(
    probabilities: Floats,
    answerable: NDArray[np.bool_],
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


def _cross_validate(
    matrix: Floats, labels: NDArray[np.bool_], start: Floats
) -> tuple[float, Floats]:
    """The prior's strength with the least loss on questions left out, and their probabilities."""
    generator = np.random.default_rng(SEED)
    folds = [_stratified(labels, generator) for _ in range(_REPEATS)]
    best: tuple[float, float, Floats] | None = None
    for strength in _PRIORS:
        scores = np.zeros((len(folds), len(labels)))
        for repeat, fold in enumerate(folds):
            for number in range(_FOLDS):
                out = fold == number
                scores[repeat, out] = matrix[out] @ _fit(
                    matrix[~out], labels[~out], start, strength
                )
        loss = float(np.mean([_loss(row, labels) for row in scores]))
        if best is None or loss < best[0]:
            best = loss, strength, _logistic(scores.mean(axis=0))
    assert best is not None
    return best[1], best[2]


def _stratified(labels: NDArray[np.bool_], generator: np.random.Generator) -> NDArray[np.int64]:
    """A fold for each question; both sorts are spread evenly."""
    folds = np.zeros(len(labels), dtype=np.int64)
    for sort in (True, False):
        places = generator.permutation(np.flatnonzero(labels == sort))
        folds[places] = np.arange(len(places)) % _FOLDS
    return folds


def _fit(matrix: Floats, labels: NDArray[np.bool_], start: Floats, strength: float) -> Floats:
    """Coefficients near ``start`` (a normal prior); both sorts of questions weigh the same."""
    spread = np.maximum(matrix.std(axis=0), 1e-3)
    spread[0] = 1.0
    penalty = np.full(matrix.shape[1], strength)
    penalty[0] = min(strength, 1.0)  # how sure one is in general moves freely

    weights = _balanced(labels)

    def loss(step: Floats) -> tuple[float, Floats]:
        scores = matrix @ (start + step / spread)
        slope = (weights * (_logistic(scores) - labels)) @ matrix / spread + penalty * step
        return _loss(scores, labels) + float(penalty @ step**2) / 2, slope

    step = minimize(loss, np.zeros_like(start), jac=True, method="L-BFGS-B").x
    return np.asarray(start + step / spread)


def _balanced(labels: NDArray[np.bool_]) -> Floats:
    share = labels.mean()
    return np.asarray(np.where(labels, 0.5 / share, 0.5 / (1 - share)))


def _loss(scores: Floats, labels: NDArray[np.bool_]) -> float:
    signed = np.where(labels, scores, -scores)
    return float(np.sum(_balanced(labels) * np.logaddexp(0, -signed)))


def _logistic(scores: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -500, 500))), dtype=np.float64)
