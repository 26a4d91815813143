"""Choose the weights of ``qa.search`` on the development sets.

    python benchmarks/fusion.py DATASET [DATASET ...] [--noise SEED]

Prints nDCG@10 x 100 of the fused ranking, without a closer look, for each weight of the dense leg
and of the character 4-grams, and for two ways of scaling the cosines: min-max over the candidates
("min-max") and over all passages from the mean up ("mean"). Then, by meaning alone, for each weight
of the tokens. Last, fused, what the closer look brings, with the shipped shares and with those that
a conditional logit fits on four fifths of the questions, clean and noised, and the last fifth is
measured with. A document counts as its best passage.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fit_answering import fit_ranking
from qa.matching import Matcher
from qa.questions import analyse_question

from qa.embedding import Query, open_embedder
from qa.evaluation import load_dataset
from qa.evaluation.cache import open_cached_index
from qa.index import Index
from qa.noise import hurried
from qa.search import (
    COMPARED,
    COVERAGE_SHARE,
    DENSE_COMPARED,
    DEPTH,
    FUSED_SHARE,
    PHRASE_SHARE,
    TOKENS_SHARE,
    Candidates,
    Floats,
    fuse,
    read_best,
    scale_between,
    scale_by_best,
)

DENSE_WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
GRAM_WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5)
TOKEN_WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
READS = (0, 8, 12, 16, 20, 30)
SIGNALS = ("fused", "tokens", "coverage", "phrase")
SHIPPED = np.array([FUSED_SHARE, TOKENS_SHARE, COVERAGE_SHARE, PHRASE_SHARE])
FOLDS = 5
SCALINGS: Mapping[str, Callable[[Floats], Floats]] = {
    "min-max": scale_between,
    "mean": lambda cosines: scale_by_best(np.maximum(cosines - cosines.mean(), 0)),
}


@dataclass(frozen=True)
class Look:
    """The candidates of a question that are compared: their ``documents``, best fused one first,
    and ``signals`` (candidates, 4)."""

    name: str
    documents: Sequence[str]
    signals: np.ndarray
    grades: Mapping[str, int]

    def value(self, shares: np.ndarray, read: int) -> float:
        """nDCG@10 when so many are read."""
        scores = self.signals[:, :2] @ shares[:2]
        first = np.argsort(-scores, kind="stable")[:read]
        scores[first] += self.signals[first, 2:] @ shares[2:]
        order = np.argsort(-scores, kind="stable")
        return ndcg([self.documents[i] for i in order], self.grades)


def ndcg(documents: Sequence[str], grades: Mapping[str, int]) -> float:
    gains = [grades.get(document, 0) for document in dict.fromkeys(documents)]
    ideal = sorted(grades.values(), reverse=True)[:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    best = float(np.dot(ideal, discounts[: len(ideal)]))
    return float(np.dot(gains[:10], discounts[: len(gains[:10])])) / best if best else 0.0


def look(
    index: Index, name: str, text: str, candidates: Candidates, grades: Mapping[str, int]
) -> Look:
    fused = fuse(candidates.cosines, candidates.lexical())
    best = candidates.best(fused, COMPARED)
    candidates.compare(best)
    question = analyse_question(text, index.manifest.passages, index.lexical.document_frequency)
    matcher = Matcher(question.terms)
    passages = index.passages(candidates.rows[best].tolist())
    signals = np.column_stack(
        [
            fused[best],
            np.maximum(candidates.tokens[best], 0),
            [read_best(matcher, passage) for passage in passages],
        ]
    )
    return Look(name, [passage.document_id for passage in passages], signals, grades)


def row_label(values: Sequence[float]) -> str:
    return "  ".join(f"{100 * value:5.1f}" for value in values)


def fold(look: Look) -> int:
    return zlib.crc32(look.name.encode()) % FOLDS


def fit_shares(looks: Sequence[Look]) -> np.ndarray:
    """The shares that make the judged passages likeliest among those compared."""
    groups = []
    for one in looks:
        right = np.array([one.grades.get(document, 0) > 0 for document in one.documents], float)
        if 0 < right.sum() < len(right):
            groups.append((one.signals, right))
    weights = fit_ranking(groups, SIGNALS)
    total = sum(weights.values())
    return np.array([weights[name] / total for name in SIGNALS])


def measure_closer_look(looks: Mapping[str, Sequence[Look]]) -> None:
    every = [one for of_set in looks.values() for one in of_set]
    fitted = [fit_shares([one for one in every if fold(one) != k]) for k in range(FOLDS)]
    print(f"\nfitted shares, mean of {FOLDS} folds: ", end="")
    print(", ".join(f"{n} {v:.3f}" for n, v in zip(SIGNALS, np.mean(fitted, axis=0), strict=True)))
    print(f"{'nDCG@10 x 100 by passages read':38}  " + "  ".join(f"{n:5}" for n in READS))
    for name, of_set in looks.items():
        for label, shares in (("shipped shares", [SHIPPED] * FOLDS), ("fitted on others", fitted)):
            values = [
                float(np.mean([o.value(shares[fold(o)], read) for o in of_set])) for read in READS
            ]
            print(f"{name:20}  {label:16}  {row_label(values)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--noise", type=int, default=1, metavar="SEED")
    options = parser.parse_args()
    embedder = open_embedder()
    looks: dict[str, list[Look]] = {}
    for path in options.datasets:
        dataset = load_dataset(path)
        index, _ = open_cached_index(dataset, embedder)
        clean = dict(dataset.judged_queries)
        noised = {name: hurried(text, options.noise) for name, text in clean.items()}
        for label, texts in (("", clean), (" noised", noised)):
            queries = embedder.embed_questions(list(texts.values()))
            found = looks[f"{dataset.name}{label}"] = []
            print(f"\n{dataset.name}{label}: nDCG@10 x 100, {len(texts)} questions")
            measure_legs(index, texts, queries, dataset.judgements, found)
        index.close()
    measure_closer_look(looks)


def measure_legs(
    index: Index,
    texts: Mapping[str, str],
    queries: Sequence[Query],
    judgements: Mapping[str, Mapping[str, int]],
    looks: list[Look],
) -> None:
    """Print the tables of both legs; what the closer look sees is added to ``looks``."""
    fused: dict[tuple[str, float, float], float] = {}
    meaning: dict[float, float] = {}
    for (name, text), query in zip(texts.items(), queries, strict=True):
        candidates = Candidates(index, text, query, DEPTH)
        documents = np.array(
            [passage.document_id for passage in index.passages(candidates.rows.tolist())]
        )

        def value(
            scores: Floats, documents: np.ndarray = documents, rows: np.ndarray = candidates.rows
        ) -> float:
            order = np.lexsort((rows, -scores))[:40]
            return ndcg(documents[order].tolist(), judgements[name]) / len(texts)  # noqa: B023

        for gram_weight in GRAM_WEIGHTS:
            lexical = candidates.lexical(gram_weight)
            for scaling, scale in SCALINGS.items():
                dense = scale(candidates.cosines)
                for weight in DENSE_WEIGHTS:
                    key = (scaling, gram_weight, weight)
                    both = weight * dense + (1 - weight) * lexical
                    fused[key] = fused.get(key, 0.0) + value(both)
        scores = scale_between(candidates.cosines)
        best = candidates.best(scores, DENSE_COMPARED)
        candidates.compare(best)
        for weight in TOKEN_WEIGHTS:
            mixed = (1 - weight) * scores
            mixed[best] += weight * scale_between(candidates.tokens[best])
            meaning[weight] = meaning.get(weight, 0.0) + value(mixed)
        candidates.tokens[:] = 0
        looks.append(look(index, name, text, candidates, judgements[name]))
    print("dense weight      " + "  ".join(f"{weight:5.1f}" for weight in DENSE_WEIGHTS))
    for scaling in SCALINGS:
        for gram_weight in GRAM_WEIGHTS:
            values = [fused[scaling, gram_weight, weight] for weight in DENSE_WEIGHTS]
            print(f"{scaling:8} {gram_weight:7.1f}  {row_label(values)}")
    print("token weight      " + "  ".join(f"{weight:5.1f}" for weight in TOKEN_WEIGHTS))
    print(f"{'by meaning alone':16}  {row_label(list(meaning.values()))}")


if __name__ == "__main__":
    main()
