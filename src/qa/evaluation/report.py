"""One evaluation from end to end: a test set, an index, its methods; figures, and how sure."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa.chunking import ChunkSettings
from qa.embedding import Embedder, open_embedder
from qa.evaluation.cache import open_cached_index
from qa.evaluation.compare import Comparison, compare_systems, describe_statistics
from qa.evaluation.confidence import Estimate
from qa.evaluation.dataset import Dataset, corpus_ids
from qa.evaluation.jsonl import write_records
from qa.evaluation.measures import Scores, measure_name, measure_run, measures_within
from qa.evaluation.runs import Retrieval, Run, retrieve, write_run
from qa.evaluation.significance import bootstrap_intervals
from qa.index import Index, Progress
from qa.noise import hurried
from qa.records import QAError, Skipped
from qa.search import METHODS

_PACKAGES = (
    "sourcier",
    "numpy",
    "faiss-cpu",
    "tantivy",
    "onnxruntime",
    "ir-measures",
    "pytrec-eval-terrier",
)
_TOLD = 100  # ids written out in the JSON; all are counted
_REFERENCE = "hybrid"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a reader of the figures must know: how many of ``what``, and which."""

    what: str
    count: int
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.count} {self.what}" + (f": {self.examples}" if self.names else "")

    @property
    def examples(self) -> str:
        """The first names."""
        return ", ".join(self.names[:5]) + (", …" if len(self.names) > 5 else "")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What ``evaluate`` found. Values of measures are in [0, 1].

    ``unfindable`` are ids of relevant documents that the index does not hold, ``skipped`` what the
    reader left out of the corpus: both lower every figure, so they are told. ``without_relevant``
    are ids of judged questions that have no relevant document and score zero. ``questions`` are
    the judged questions as they were asked.
    """

    dataset: Dataset
    questions: Mapping[str, str]
    retrieval: Retrieval
    scores: Mapping[str, Scores]
    intervals: Mapping[str, Mapping[str, tuple[float, float]]]
    comparisons: tuple[Comparison, ...]
    depth: int
    noise_seed: int | None
    index: Mapping[str, Any]
    skipped: tuple[Skipped, ...]
    unfindable: tuple[str, ...]
    without_relevant: tuple[str, ...]

    @property
    def runs(self) -> Mapping[str, Run]:
        """The ranking of every question, by method."""
        return self.retrieval.runs

    def estimate(self, method: str, measure: str) -> Estimate:
        """The mean of a measure over the questions, and its interval."""
        return Estimate(self.scores[method].means()[measure], self.intervals[method][measure])

    def to_json(self) -> dict[str, Any]:
        """The object that ``qa eval --json`` prints."""
        return {
            "dataset": self.dataset.name,
            "corpus": self.index["documents"],
            "queries": len(self.questions),
            "depth": self.depth,
            "noise_seed": self.noise_seed,
            "methods": {
                method: {
                    **scores.means(),
                    "ci95": {name: list(ends) for name, ends in self.intervals[method].items()},
                    "ms_per_query": self.retrieval.search_ms[method],
                }
                for method, scores in self.scores.items()
            },
            "comparisons": [asdict(comparison) for comparison in self.comparisons],
            "statistics": describe_statistics(),
            "embedding_ms_per_query": self.retrieval.embedding_ms,
            "unjudged": _count(self.dataset.unjudged),
            "without_relevant": _count(self.without_relevant),
            "unfindable": _count(self.unfindable),
            "skipped": {
                "count": len(self.skipped),
                "documents": [asdict(item) for item in self.skipped[:_TOLD]],
            },
            "index": dict(self.index),
            "versions": versions(),
        }

    def notes(self) -> list[Note]:
        """What a reader of the figures must know; nothing when all is well."""
        told = (
            ("questions without judgements were left out", self.dataset.unjudged),
            ("questions without a relevant document score zero", self.without_relevant),
            ("relevant documents are not in the index, nothing can find them", self.unfindable),
            ("documents were skipped by the reader", tuple(item.source for item in self.skipped)),
        )
        return [Note(what, len(names), names) for what, names in told if names]

    def __str__(self) -> str:
        from qa.evaluation.tables import evaluation_table

        return evaluation_table(self)

    def write_runs(self, path: Path) -> list[Path]:
        """TREC run files: ``path`` itself for one method, "name.method.suffix" for several."""
        several = len(self.runs) > 1
        paths = []
        for method, run in self.runs.items():
            target = path.with_name(f"{path.stem}.{method}{path.suffix}") if several else path
            write_run(target, run, f"sourcier-{method}")
            paths.append(target)
        return paths

    def write_per_query(self, path: Path) -> None:
        """JSON Lines, one question and method a line: its measures, and what was ranked first."""
        write_records(path, self.per_query())

    def per_query(self) -> Iterator[dict[str, Any]]:
        """One question and method a row: its measures, and what was ranked first."""
        for method, scores in self.scores.items():
            for query, values in zip(scores.queries, scores.values.tolist(), strict=True):
                grades = self.dataset.judgements[query]
                yield {
                    "query_id": query,
                    "question": self.questions[query],
                    "method": method,
                    **dict(zip(scores.measures, values, strict=True)),
                    "ranking": [
                        {"document_id": name, "score": score, "grade": grades.get(name)}
                        for name, score in self.runs[method][query][:10]
                    ],
                }


def evaluate(
    dataset: Dataset,
    methods: Sequence[str] = tuple(METHODS),
    depth: int = 100,
    index: Index | None = None,
    embedder: Embedder | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    *,
    measures: Sequence[str] | None = None,
    settings: ChunkSettings | None = None,
    cache: Path | None = None,
    noise_seed: int | None = None,
) -> Evaluation:
    """Measure the methods on a test set, in an index that exists or in one of its own corpus.

    ``depth`` documents are ranked for a question; the usual measures that look no deeper are taken
    unless ``measures`` names others. The first comparison is always with "hybrid", or with the
    first method. With ``noise_seed``, every question is asked without accents and with one typing
    error. An index that is given stays open.
    """
    if depth < 1 or not methods:
        raise QAError("nothing_to_evaluate")
    chosen = _measures(measures, depth)
    if embedder is None:
        embedder = open_embedder(index.manifest.embedder.name if index is not None else None)
    opened, cached = index, False
    if opened is None:
        opened, cached = open_cached_index(dataset, embedder, settings, cache, progress)
    try:
        _check_model(opened, embedder)
        unfindable = _unfindable(dataset, opened)
        queries = _noised(dataset.judged_queries, noise_seed)
        retrieval = retrieve(
            opened, embedder, queries, tuple(dict.fromkeys(methods)), depth, progress
        )
        description = {**describe_index(opened), "cached": cached}
        skipped = _skipped(dataset, opened) if index is None else ()
    finally:
        if index is None:
            opened.close()
    judgements = {query: dataset.judgements[query] for query in queries}
    scores = {
        method: measure_run(run, judgements, chosen) for method, run in retrieval.runs.items()
    }
    reference = _REFERENCE if _REFERENCE in scores else next(iter(scores))
    return Evaluation(
        dataset=dataset,
        questions=queries,
        retrieval=retrieval,
        scores=scores,
        intervals=_intervals(scores),
        comparisons=compare_systems(scores, reference),
        depth=depth,
        noise_seed=noise_seed,
        index=description,
        skipped=skipped,
        unfindable=unfindable,
        without_relevant=tuple(
            query for query, grades in judgements.items() if max(grades.values()) < 1
        ),
    )


def versions() -> dict[str, str]:
    """Of Python and of every package that can change a figure."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _measures(measures: Sequence[str] | None, depth: int) -> tuple[str, ...]:
    if measures is None:
        return tuple(map(measure_name, measures_within(depth)))
    too_deep = [name for name in measures if name not in measures_within(depth, measures)]
    if not measures:
        raise QAError("no_measure")
    if too_deep:
        raise QAError("measures_too_deep", ", ".join(too_deep), depth)
    return tuple(dict.fromkeys(map(measure_name, measures)))


def _intervals(scores: Mapping[str, Scores]) -> dict[str, dict[str, tuple[float, float]]]:
    """By method and measure; the same resamples of the questions serve all."""
    values = np.hstack([found.values for found in scores.values()])
    ends = bootstrap_intervals(values).reshape(len(scores), -1, 2).tolist()
    return {
        method: {name: (low, high) for name, (low, high) in zip(found.measures, rows, strict=True)}
        for (method, found), rows in zip(scores.items(), ends, strict=True)
    }


def _check_model(index: Index, embedder: Embedder) -> None:
    entry = index.manifest.embedder
    if entry.fingerprint != embedder.fingerprint:
        raise QAError(
            "other_model",
            entry.name,
            entry.fingerprint[:12],
            embedder.name,
            embedder.fingerprint[:12],
        )


def _unfindable(dataset: Dataset, index: Index) -> tuple[str, ...]:
    """Ids of relevant documents that the index does not hold; all of them is an error."""
    held = index.store.document_digests().keys()
    relevant = {
        name
        for grades in dataset.judgements.values()
        for name, grade in grades.items()
        if grade > 0
    }
    missing = tuple(sorted(relevant - held))
    if len(missing) == len(relevant):
        raise QAError(
            "no_relevant_indexed", len(relevant), dataset.name, missing[0], next(iter(held), "")
        )
    return missing


def _noised(queries: dict[str, str], seed: int | None) -> dict[str, str]:
    if seed is None:
        return queries
    return {name: hurried(text, seed) for name, text in queries.items()}


def _skipped(dataset: Dataset, index: Index) -> tuple[Skipped, ...]:
    """What the reader left out; documents that vanished without a word are told too."""
    skipped = index.store.skipped()
    lost = (dataset.documents or 0) - index.manifest.documents - len(skipped)
    if lost > 0 and dataset.corpus is not None:
        held = index.store.document_digests()
        told = {item.source for item in skipped}
        for line, name in corpus_ids(dataset.corpus):
            place = f"{dataset.corpus.name}:{line}"
            if name not in held and place not in told:
                skipped.append(Skipped(place, f"{name!r} is not in the index"))
    return tuple(skipped)


def describe_index(index: Index) -> dict[str, Any]:
    """What an index was made of, for the JSON of a figure."""
    manifest = index.manifest
    return {
        "path": str(index.path),
        "created": manifest.created,
        "documents": manifest.documents,
        "passages": manifest.passages,
        "embedder": asdict(manifest.embedder),
        "chunking": asdict(manifest.chunking),
        "analysis": manifest.analysis,
    }


def _count(names: Sequence[str]) -> dict[str, Any]:
    return {"count": len(names), "ids": list(names[:_TOLD])}
