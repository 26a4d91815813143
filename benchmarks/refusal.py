"""Fit how sure an answer must be: ``src/qa/answering.json``.

    python benchmarks/refusal.py --fit FOLDER [FOLDER ...] --measure FOLDER [FOLDER ...] [--write]

A folder holds ``docs.jsonl`` and ``qa.jsonl`` (``benchmarks/data/natural/README.md``). Coefficients
are fitted to the questions about held-out documents of the first folders, which the network did not
learn from: a logistic regression in which answerable and unanswerable questions weigh the same, and
no signal may speak against its meaning. A threshold is where so many of the near-misses among them
get an answer (``NEAR_ANSWERED``). For each of these folders it is printed what a fit to the others
makes of it, then for each folder that is only measured what the fit to all makes of it, which the
file keeps. What is no folder of questions is passed over, and so are, for the fit, twins
(``pairs…``): their near-misses are harder than those that people ask.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from qa.answering.model import PATH, AnsweringModel, linear, logistic, shipped_model
from qa.answering.refusal import QuestionSignals, question_signals
from qa.answering.selection import read_hits
from qa.assistant import Assistant
from qa.embedding import Embedder, open_embedder
from qa.evaluation import load_dataset, read_answer_questions
from qa.evaluation.cache import open_cached_index
from qa.evaluation.calibration import fit_logistic
from qa.evaluation.confidence import auroc
from qa.evaluation.tables import align
from qa.question import make_question
from qa.search import METHODS
from qa.training.data import MEASURED_ONLY, is_held_out

# Shares of the near-misses that get an answer, by caution.
NEAR_ANSWERED = {"low": 0.7, "normal": 0.45, "high": 0.3}
# Of the coefficients, in units of their signals' spread: a few questions of the wrong kind more or
# less move none of them far.
PENALTY = 1.0
DEPTH = 20  # hits of a search, as in ``Assistant``
ANSWERABLE, NEAR, FAR = KINDS = ("answerable", "near", "far")
SIGNALS = [field.name for field in fields(QuestionSignals)]


@dataclass(frozen=True)
class Asked:
    """A question of a folder; ``kind`` is one of ``KINDS``."""

    folder: str
    kind: str
    signals: QuestionSignals


def has_questions(folder: Path) -> bool:
    """Whether it is a folder with questions, and not of conversations alone."""
    path = folder / "qa.jsonl"
    return path.is_file() and path.stat().st_size > 0


def ask_folder(
    folder: Path, embedder: Embedder, *, held_out: bool, cache: Path | None = None
) -> Iterator[Asked]:
    """The questions of a folder, asked in its documents; only the ``held_out`` ones, or all."""
    index, _ = open_cached_index(load_dataset(folder), embedder, cache=cache)
    yield from ask(folder, Assistant(index, embedder), held_out=held_out)
    index.close()


def ask(folder: Path, assistant: Assistant, *, held_out: bool) -> Iterator[Asked]:
    """The same, of an assistant that has these documents."""
    for item in read_answer_questions(folder / "qa.jsonl"):
        if held_out and not is_held_out(item.document or item.id):
            continue
        question = make_question(item.question, assistant.embedder)
        hits = METHODS["hybrid"](assistant.index, question, DEPTH)
        ranked = read_hits(question, hits, assistant.reader)
        signals = question_signals(ranked)
        yield Asked(folder.name, ANSWERABLE if item.answerable else item.kind, signals)


def fit(asked: Sequence[Asked], model: AnsweringModel) -> AnsweringModel:
    """The model with coefficients and thresholds of its own."""
    labels = np.array([one.kind == ANSWERABLE for one in asked])
    matrix = np.array([[getattr(one.signals, name) for name in SIGNALS] for one in asked])
    middle, spread = matrix.mean(axis=0), matrix.std(axis=0) + 1e-9
    *found, shift = fit_logistic(
        np.column_stack([(matrix - middle) / spread, np.ones(len(matrix))]),
        labels,
        near=[0.0] * (len(SIGNALS) + 1),
        strengths=[*[PENALTY] * len(SIGNALS), 0.0],
        least=[*[0.0] * len(SIGNALS), None],
    )
    weights = found / spread
    question = {"intercept": float(shift - weights @ middle)}
    question |= zip(SIGNALS, weights.tolist(), strict=True)
    model = replace(model, question={name: round(w, 4) for name, w in question.items()})
    near = probabilities([one for one in asked if one.kind == NEAR], model)
    thresholds = {
        # Above the highest that is refused: the share is never exceeded.
        name: round(float(np.quantile(near, 1 - share, method="higher")) + 1e-4, 4)
        for name, share in NEAR_ANSWERED.items()
    }
    return replace(model, thresholds=thresholds)


def probabilities(asked: Sequence[Asked], model: AnsweringModel) -> list[float]:
    """That the documents answer, as ``select_answer`` has it."""
    return [logistic(linear(one.signals, model.question)) for one in asked]


def answered(asked: Sequence[Asked], model: AnsweringModel) -> dict[str, dict[str, float]]:
    """Shares of the questions that get an answer, by kind and caution."""
    shares: dict[str, dict[str, float]] = {}
    for kind in KINDS:
        sure = np.array(probabilities([one for one in asked if one.kind == kind], model))
        if sure.size:
            shares[kind] = {
                name: round(float(np.mean(sure >= threshold)), 3)
                for name, threshold in model.thresholds.items()
            }
    return shares


def table(told: Mapping[str, tuple[Sequence[Asked], AnsweringModel]]) -> str:
    """A line for each folder: how well its kinds are told apart, and shares answered."""
    cautions = list(NEAR_ANSWERED)
    rows = [["x 100", "questions", *(f"AUROC {kind}" for kind in (NEAR, FAR))]]
    rows[0] += [f"{kind} {name}" for kind in KINDS for name in cautions]
    for folder, (asked, model) in told.items():
        areas = []
        for kind in (NEAR, FAR):
            both = [one for one in asked if one.kind in (ANSWERABLE, kind)]
            area = auroc(probabilities(both, model), [one.kind == ANSWERABLE for one in both])
            areas.append("-" if area.value is None else f"{100 * area.value:.1f}")
        shares = answered(asked, model)
        cells = [
            f"{100 * shares[kind][name]:.0f}" if kind in shares else "-"
            for kind in KINDS
            for name in cautions
        ]
        rows.append([folder, str(len(asked)), *areas, *cells])
    return align(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--fit", nargs="+", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--measure", nargs="+", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help=f"rewrite {PATH.name}")
    options = parser.parse_args()
    for folder in options.fit:
        if set(folder.resolve().parts) & set(MEASURED_ONLY):
            parser.error(f"{folder} is only measured on: give it to --measure")
    fitted = [folder for folder in options.fit if not folder.name.startswith("pairs")]
    embedder = open_embedder()
    held_out = [
        one
        for folder in filter(has_questions, fitted)
        for one in ask_folder(folder, embedder, held_out=True)
    ]
    measured = {
        folder.name: list(ask_folder(folder, embedder, held_out=False))
        for folder in filter(has_questions, options.measure)
    }
    model = fit(held_out, replace(shipped_model(), measured={}))
    others = {
        folder: (
            [one for one in held_out if one.folder == folder],
            fit([one for one in held_out if one.folder != folder], model),
        )
        for folder in dict.fromkeys(one.folder for one in held_out)
    }
    print("Held-out questions of each folder, by a fit to the other folders:")
    print(table(others) if len(others) > 1 else "there is one folder only")
    print("\nAll of them, by the fit to all, then what is only measured:")
    print(table({"fitted": (held_out, model), **{n: (a, model) for n, a in measured.items()}}))
    model = replace(model, measured={name: answered(a, model) for name, a in measured.items()})
    content = {
        "command": "python benchmarks/refusal.py --fit … --measure … --write",
        "fitted": {kind: sum(one.kind == kind for one in held_out) for kind in KINDS},
        **asdict(model),
    }
    print("\n" + json.dumps(content, indent=1, ensure_ascii=False))
    if options.write:
        PATH.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
