"""Several embedding models on one test set: each one's figures, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.evaluation.compare import Comparison, compare_pairs, describe_statistics
from qa.evaluation.report import Evaluation


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Evaluations of one test set by model; the first model is compared with every other one.

    Systems in ``comparisons`` are named "model, method"; Holm's correction is for all of them by
    one measure.
    """

    evaluations: Mapping[str, Evaluation]
    comparisons: tuple[Comparison, ...]

    def to_json(self) -> dict[str, Any]:
        """The object that ``qa eval --json`` prints for several models: each one's, by model."""
        first = next(iter(self.evaluations.values()))
        return {
            "dataset": first.dataset.name,
            "queries": len(first.questions),
            "models": {name: found.to_json() for name, found in self.evaluations.items()},
            "comparisons": [asdict(comparison) for comparison in self.comparisons],
            "statistics": describe_statistics(),
        }


def compare_models(evaluations: Mapping[str, Evaluation]) -> ModelComparison:
    """The first model against every other one, method by method, on the same questions."""
    reference, *others = evaluations
    scores = {
        f"{model}, {method}": found
        for model, evaluation in evaluations.items()
        for method, found in evaluation.scores.items()
    }
    pairs = [
        (f"{reference}, {method}", f"{other}, {method}")
        for method in evaluations[reference].scores
        for other in others
    ]
    return ModelComparison(dict(evaluations), compare_pairs(scores, pairs))


def short_names(models: Sequence[str]) -> dict[str, str]:
    """The last parts of each model's path, no more of them than tell all the models apart."""
    parts = [[part for part in Path(model).parts if part != "/"] for model in models]
    for kept in range(1, max(map(len, parts), default=0) + 1):
        names = ["-".join(found[-kept:]) for found in parts]
        if len(set(names)) == len(set(models)):
            break
    return dict(zip(models, names, strict=True))
