"""The commands of researchers: ``eval`` and ``compare``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from qa.cli.printing import print_json
from qa.cli.progress import progress_bars
from qa.records import QAError


def evaluate(options: argparse.Namespace) -> int:
    """Measure retrieval on a test set, with one model or several."""
    from qa.embedding import open_embedder
    from qa.evaluation import evaluate as evaluate_dataset
    from qa.evaluation import evaluation_table, load_dataset
    from qa.index import open_index

    dataset = load_dataset(options.dataset, options.split, options.qrels)
    methods = _methods(options.methods)
    if options.index is not None and options.model:
        raise QAError("--index and --model do not go together: an index has its own model.")
    index = open_index(options.index) if options.index is not None else None
    if index is None and dataset.corpus is None:
        raise QAError(
            f"{options.dataset} has no corpus.jsonl. Give the index to judge with --index DIR."
        )
    printed: list[dict[str, Any]] = []
    models: list[str | None] = options.model or [None]
    for model in models:
        with progress_bars() as progress:
            evaluation = evaluate_dataset(
                dataset,
                methods,
                options.k,
                index,
                open_embedder(model) if index is None else None,
                progress,
                cache=options.cache,
                noise_seed=options.noise,
            )
        suffix = f".{Path(model).name}" if model and len(models) > 1 else ""
        if options.run_file is not None:
            for path in evaluation.write_runs(_with_suffix(options.run_file, suffix)):
                print(f"run written to {path}", file=sys.stderr)
        if options.per_query is not None:
            evaluation.write_per_query(_with_suffix(options.per_query, suffix))
        if options.json:
            printed.append(evaluation.to_json())
        else:
            print(evaluation_table(evaluation))
    if options.json:
        print_json(printed[0] if len(printed) == 1 else printed)
    return 0


def compare(options: argparse.Namespace) -> int:
    """Compare two run files on the same judgements."""
    from qa.evaluation import compare_runs, read_judgements, read_run, run_comparison_text

    comparison = compare_runs(
        read_run(options.run_a),
        read_run(options.run_b),
        read_judgements(options.qrels),
        names=(options.run_a.name, options.run_b.name),
        measure=options.measure,
    )
    if options.json:
        print(json.dumps(comparison.to_json(), ensure_ascii=False))
    else:
        print(run_comparison_text(comparison))
    return 0


def _methods(text: str) -> tuple[str, ...]:
    from qa.search import METHODS

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        raise QAError(f"--methods {text!r}: choose among {', '.join(METHODS)}, between commas.")
    return names


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.stem}{suffix}{path.suffix}")
