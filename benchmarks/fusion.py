"""Choose the weights of ``qa.search`` on the development sets.

    python benchmarks/fusion.py DATASET [DATASET ...] [--noise SEED]

Prints nDCG@10 x 100 of the fused ranking, without tokens, for each weight of the dense leg and of
the character 4-grams, and for two ways of scaling the cosines: min-max over the candidates
("min-max") and over all passages from the mean up ("mean"). Then with the shipped weights of these,
that of the tokens, by how many candidates are compared by them; fused, and by meaning alone. A
document counts as its best passage.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from qa.embedding import open_embedder
from qa.evaluation import load_dataset
from qa.evaluation.cache import open_cached_index
from qa.index import Index
from qa.noise import hurried
from qa.search import DEPTH, Candidates, Floats, fuse, scale_between, scale_by_best

DENSE_WEIGHTS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
GRAM_WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5)
TOKEN_WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
COMPARED = (10, 20, 30, 50)
SCALINGS: Mapping[str, Callable[[Floats], Floats]] = {
    "min-max": scale_between,
    "mean": lambda cosines: scale_by_best(np.maximum(cosines - cosines.mean(), 0)),
}


def ndcg(index: Index, rows: np.ndarray, grades: Mapping[str, int]) -> float:
    gains: list[int] = []
    seen: set[str] = set()
    for passage in index.passages(rows.tolist()):
        if passage.document_id not in seen:
            seen.add(passage.document_id)
            gains.append(grades.get(passage.document_id, 0))
    ideal = sorted(grades.values(), reverse=True)[:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    best = float(np.dot(ideal, discounts[: len(ideal)]))
    return float(np.dot(gains[:10], discounts[: len(gains[:10])])) / best if best else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("datasets", nargs="+", type=Path)
    parser.add_argument("--noise", type=int, metavar="SEED")
    options = parser.parse_args()
    embedder = open_embedder()
    for path in options.datasets:
        dataset = load_dataset(path)
        index, _ = open_cached_index(dataset, embedder)
        texts = dict(dataset.judged_queries)
        if options.noise is not None:
            texts = {name: hurried(text, options.noise) for name, text in texts.items()}
        queries = embedder.embed_questions(list(texts.values()))
        totals: dict[tuple[str, float, float], float] = {}
        reranked: dict[tuple[str, int, float], float] = {}
        for (name, text), query in zip(texts.items(), queries, strict=True):
            candidates = Candidates(index, text, query, DEPTH)
            for gram_weight in GRAM_WEIGHTS:
                lexical = candidates.lexical(gram_weight)
                for scaling, scale in SCALINGS.items():
                    dense = scale(candidates.cosines)
                    for weight in DENSE_WEIGHTS:
                        scores = weight * dense + (1 - weight) * lexical
                        rows = candidates.rows[np.lexsort((candidates.rows, -scores))[:40]]
                        key = (scaling, gram_weight, weight)
                        value = ndcg(index, rows, dataset.judgements[name])
                        totals[key] = totals.get(key, 0.0) + value
            legs = {
                "fused": fuse(candidates.cosines, candidates.lexical()),
                "meaning": scale_between(candidates.cosines),
            }
            for leg, scores in legs.items():
                order = np.lexsort((candidates.rows, -scores))
                candidates.rerank(scores, 1.0, max(COMPARED))
                for count in COMPARED:
                    best = order[:count]
                    tokens = scale_between(candidates.tokens[best])
                    for weight in TOKEN_WEIGHTS:
                        mixed = (1 - weight) * scores
                        mixed[best] += weight * tokens
                        rows = candidates.rows[np.lexsort((candidates.rows, -scores, -mixed))[:40]]
                        value = ndcg(index, rows, dataset.judgements[name])
                        place = (leg, count, weight)
                        reranked[place] = reranked.get(place, 0.0) + value
        index.close()
        print(f"\n{dataset.name}: nDCG@10 x 100 by dense weight, {len(texts)} questions")
        print("scaling  4-grams  " + "  ".join(f"{weight:5.1f}" for weight in DENSE_WEIGHTS))
        for scaling in SCALINGS:
            for gram_weight in GRAM_WEIGHTS:
                values = (
                    100 * totals[scaling, gram_weight, weight] / len(texts)
                    for weight in DENSE_WEIGHTS
                )
                row = "  ".join(f"{value:5.1f}" for value in values)
                print(f"{scaling:8} {gram_weight:7.1f}  {row}")
        print("\nscores   compared  " + "  ".join(f"{weight:5.1f}" for weight in TOKEN_WEIGHTS))
        for leg in legs:
            for count in COMPARED:
                values = (
                    100 * reranked[leg, count, weight] / len(texts) for weight in TOKEN_WEIGHTS
                )
                row = "  ".join(f"{value:5.1f}" for value in values)
                print(f"{leg:8} {count:8}  {row}")


if __name__ == "__main__":
    main()
