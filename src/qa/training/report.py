"""Measures every step's model with the product's own search: the ablation table.

Alone and fused with word matching, each by the vectors of whole passages and with their tokens
too, on clean questions and on noised ones; each step is compared with the one before by paired
tests over the questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from qa.embedding import Embedder, SentenceTransformerEmbedder, ShippedEmbedder
from qa.encoder import Encoder
from qa.evaluation import PRIMARY, Scores, compare_systems, evaluate, load_dataset
from qa.training.encoder import embed, load_encoder

DATASETS = ("piaf_dev", "service_public")
WORDS = "words + 4-grams"
# Alone and fused, without and with tokens.
METHODS = ("vectors", "dense", "fusion", "hybrid")
NOISE_SEEDS: dict[str, int | None] = {"clean": None, "noised": 0}


def measure_models(
    models: Mapping[str, Path],
    data: Path,
    work: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """nDCG@10 of every model on every development set, and how sure the differences are.

    ``models`` go from step name to model folder, in the order of training. Words alone are measured
    on the passages of the first model.
    """
    table: dict[str, Any] = {}
    comparisons: list[dict[str, Any]] = []
    embedders = {name: _open(folder) for name, folder in models.items()}
    for name in DATASETS:
        folder = data / "retrieval" / name
        if not folder.exists():
            continue
        dataset = load_dataset(folder)
        for condition, seed in NOISE_SEEDS.items():
            scores: dict[str, dict[str, Scores]] = {name: {} for name in (*METHODS, "lexical")}
            for step, embedder in embedders.items():
                progress(f"measuring {step} on {name}, {condition}")
                methods = METHODS if scores["lexical"] else tuple(scores)
                found = evaluate(
                    dataset,
                    methods,
                    embedder=embedder,
                    measures=[PRIMARY],
                    cache=work / "indexes",
                    noise_seed=seed,
                )
                for method in methods:
                    key = WORDS if method == "lexical" else step
                    scores[method][key] = found.scores[method]
            table.setdefault(name, {})[condition] = {
                method: {step: _mean(score) for step, score in by_step.items()}
                for method, by_step in scores.items()
            }
            words = scores["lexical"]
            for method in METHODS:
                by_step = {**words, **scores[method]}
                comparisons.extend(
                    {"dataset": name, "condition": condition, "method": method, **row}
                    for row in _in_sequence(by_step)
                )
    return {"measure": PRIMARY, "figures": table, "comparisons": comparisons}


def agreement(folder: Path, texts: list[str], data: Path, work: Path) -> dict[str, Any]:
    """How near the int8 graph is to the single-precision model.

    Cosines of both vectors, text by text; and nDCG@10 by vectors alone on the development sets.
    """
    small = _open(folder).embed_passages(texts).vectors
    encoder = load_encoder(folder, "cpu", exact=True)
    exact = embed(encoder, [encoder.passage_prompt + text for text in texts])
    cosines = (small * exact).sum(axis=1)
    forms: dict[str, Embedder] = {
        "int8": _open(folder),
        "exact": SentenceTransformerEmbedder(str(folder)),
    }
    return {
        "texts": len(texts),
        "mean_cosine": float(cosines.mean()),
        "least_cosine": float(cosines.min()),
        "share_at_least_0.99": float(np.mean(cosines >= 0.99)),
        "figures": {
            name: {
                form: _mean(
                    evaluate(
                        load_dataset(data / "retrieval" / name),
                        ["vectors"],
                        embedder=embedder,
                        measures=[PRIMARY],
                        cache=work / "indexes",
                    ).scores["vectors"]
                )
                for form, embedder in forms.items()
            }
            for name in DATASETS
            if (data / "retrieval" / name).exists()
        },
    }


def table_text(report: Mapping[str, Any]) -> str:
    """The ablation tables in Markdown, nDCG@10 x 100: alone / fused, without and with tokens."""
    vectors = _table(report, "model, vectors alone / fused", "vectors", "fusion")
    return f"{vectors}\n\n{_table(report, 'with tokens too, alone / fused', 'dense', 'hybrid')}"


def _table(report: Mapping[str, Any], title: str, alone: str, fused: str) -> str:
    columns = [(name, c) for name, by in report["figures"].items() for c in by]
    steps = list(dict.fromkeys(s for n, c in columns for s in report["figures"][n][c][alone]))
    lines = [
        f"| {title} | " + " | ".join(f"{name}, {condition}" for name, condition in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    lexical = [report["figures"][n][c]["lexical"][WORDS] for n, c in columns]
    lines.append(f"| {WORDS} | " + " | ".join(f"{100 * value:.1f}" for value in lexical) + " |")
    for step in steps:
        cells = []
        for name, condition in columns:
            figures = report["figures"][name][condition]
            cells.append(f"{100 * figures[alone][step]:.1f} / {100 * figures[fused][step]:.1f}")
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def write_report(report: Mapping[str, Any], path: Path) -> None:
    """The whole report as JSON; the table is made from it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _open(folder: Path) -> Embedder:
    return ShippedEmbedder(Encoder(folder), str(folder))


def _mean(scores: Scores) -> float:
    return scores.means()[PRIMARY]


def _in_sequence(by_step: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Each step against the one before."""
    names = list(by_step)
    return [
        asdict(comparison)
        for before, after in pairwise(names)
        for comparison in compare_systems({after: by_step[after], before: by_step[before]}, after)
    ]
