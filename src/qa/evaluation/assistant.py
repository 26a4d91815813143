"""One assistant on one test set, in one call: ``qa.evaluate``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from qa.assistant import Assistant
from qa.evaluation.dataset import Dataset, load_dataset
from qa.evaluation.report import Evaluation, evaluate
from qa.search import METHODS


def evaluate_assistant(
    assistant: Assistant,
    dataset: Dataset | str | Path | Mapping[str, str | Iterable[str]],
    *,
    methods: Sequence[str] = tuple(METHODS),
    depth: int = 100,
    noise_seed: int | None = None,
) -> Evaluation:
    """Measure how an assistant's index finds what a test set wants found.

    ``dataset`` is the path of a test set (``load_dataset``), or maps each question to the id of the
    document that answers it, or to several. ``depth`` documents are ranked for a question; with
    ``noise_seed`` every question is asked without accents and with one typing error. What comes
    back prints as a table; ``to_json`` and ``per_query`` give its figures.
    """
    if isinstance(dataset, str | Path):
        dataset = load_dataset(Path(dataset))
    elif isinstance(dataset, Mapping):
        dataset = _of_pairs(dataset)
    return evaluate(
        dataset, methods, depth, assistant.index, assistant.embedder, noise_seed=noise_seed
    )


def _of_pairs(pairs: Mapping[str, str | Iterable[str]]) -> Dataset:
    queries = {str(number): question for number, question in enumerate(pairs, 1)}
    judgements = {
        name: dict.fromkeys([wanted] if isinstance(wanted, str) else wanted, 1)
        for name, wanted in zip(queries, pairs.values(), strict=True)
    }
    return Dataset("questions", None, queries, judgements)
