"""Choose the weights of ``qa.search`` on all development sets together.

    python benchmarks/fusion.py FOLDER [FOLDER ...] [--noise SEED] [--model NAME]

A folder is a test set as of ``qa eval``: in the BEIR layout, or docs.jsonl and qa.jsonl. Prints
nDCG@10 x 100 of each set, clean and noised (*), for every way of ranking the candidates of a
question; the mean over the sets; and, for a way that looks at tokens, the most that any set loses
against the shipped search without them (fusion, or vectors). What ships is marked with >. A
document counts as its best passage.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.embedding import Embedder, open_embedder
from qa.evaluation import Dataset, load_dataset
from qa.evaluation.cache import open_cached_index
from qa.evaluation.tables import align
from qa.index import Index
from qa.noise import hurried
from qa.question import make_questions
from qa.search import (
    COMPARED,
    DENSE_COMPARED,
    DENSE_TOKEN_WEIGHT,
    DENSE_WEIGHT,
    DEPTH,
    GRAM_WEIGHT,
    TOKENS_SHARE,
    Candidates,
    Floats,
    fuse,
    scale_between,
)

GRAM_WEIGHTS = (0.0, 0.3, 0.5, 0.7)
DENSE_WEIGHTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
DEPTHS = (20, 30, 50, 80)  # candidates whose tokens are compared
# Cosines of tokens as they are, and from the worst of those compared to the best.
SCALINGS: Mapping[str, Callable[[Floats], Floats]] = {
    "": lambda tokens: np.maximum(tokens, 0),
    " min-max": scale_between,
}


@dataclass(frozen=True)
class Found:
    """A question's candidates, with all their scores, and their ``documents``."""

    candidates: Candidates
    documents: NDArray[np.str_]
    grades: Mapping[str, int]

    def value(self, rank: Callable[[Candidates], Floats]) -> float:
        """nDCG@10 of a way of ranking."""
        order = np.lexsort((self.candidates.rows, -rank(self.candidates)))
        return ndcg(self.documents[order].tolist(), self.grades)


@dataclass(frozen=True)
class Way:
    """A way of ranking candidates; ``over``: the name of the one without tokens."""

    rank: Callable[[Candidates], Floats]
    over: str = ""
    is_shipped: bool = False


def ndcg(documents: Sequence[str], grades: Mapping[str, int]) -> float:
    """nDCG@10 of documents, of which only the first of each counts."""
    gains = [grades.get(document, 0) for document in dict.fromkeys(documents)]
    ideal = sorted(grades.values(), reverse=True)[:10]
    discounts = 1 / np.log2(np.arange(2, 12))
    best = float(np.dot(ideal, discounts[: len(ideal)]))
    return float(np.dot(gains[:10], discounts[: len(gains[:10])])) / best if best else 0.0


def fusion(grams: float = GRAM_WEIGHT, dense: float = DENSE_WEIGHT) -> Callable[..., Floats]:
    return lambda candidates: fuse(candidates.cosines, candidates.lexical(grams), dense)


def compared(
    base: Callable[[Candidates], Floats], share: float, depth: int, scale: Callable[..., Floats]
) -> Callable[[Candidates], Floats]:
    """The best by one score ranked by their tokens too, as ``qa.search`` does."""

    def rank(candidates: Candidates) -> Floats:
        scores = base(candidates)
        best = candidates.best(scores, depth)
        scores = (1 - share) * scores
        scores[best] += share * scale(candidates.tokens[best])
        return scores

    return rank


def ways() -> dict[str, Way]:
    """All that are tried, by name."""
    meaning = Way(lambda candidates: scale_between(candidates.cosines), is_shipped=True)
    tried = {"vectors": meaning}
    for grams in GRAM_WEIGHTS:
        shipped = grams == GRAM_WEIGHT
        tried[f"lexical, 4-grams {grams}"] = Way(fusion(grams, 0.0), is_shipped=shipped)
    for grams in GRAM_WEIGHTS:
        for dense in DENSE_WEIGHTS:
            shipped = (grams, dense) == (GRAM_WEIGHT, DENSE_WEIGHT)
            way = Way(fusion(grams, dense), is_shipped=shipped)
            tried["fusion" if shipped else f"fusion, dense {dense}, 4-grams {grams}"] = way
    for share in SHARES:
        shipped = share == DENSE_TOKEN_WEIGHT
        rank = compared(meaning.rank, share, DENSE_COMPARED, scale_between)
        tried[f"dense, tokens {share}"] = Way(rank, "vectors", shipped)
    for scaling, scale in SCALINGS.items():
        for depth in DEPTHS:
            for share in SHARES:
                shipped = (scaling, depth, share) == ("", COMPARED, TOKENS_SHARE)
                rank = compared(fusion(), share, depth, scale)
                way = Way(rank, "fusion", shipped)
                tried[f"hybrid, tokens {share}{scaling} of {depth}"] = way
    return tried


def search(
    dataset: Dataset, index: Index, embedder: Embedder, texts: Mapping[str, str]
) -> Iterator[Found]:
    """The candidates of every question, all compared that some way looks at closely."""
    questions = make_questions(list(texts.values()), embedder)
    for name, question in zip(texts, questions, strict=True):
        candidates = Candidates(index, question, DEPTH)
        closest = [
            candidates.best(rank(candidates), max(*DEPTHS, DENSE_COMPARED))
            for rank in (fusion(), lambda found: found.cosines)
        ]
        candidates.compare(np.unique(np.concatenate(closest)))
        passages = index.passages(candidates.rows.tolist())
        documents = np.array([passage.document_id for passage in passages])
        yield Found(candidates, documents, dataset.judgements[name])


def table(values: Mapping[str, Sequence[float]], sets: Sequence[str]) -> str:
    """A line for each way: nDCG@10 by set, the mean, the worst loss."""
    rows = [["nDCG@10 x 100", *sets, "mean", "worst loss"]]
    for name, way in ways().items():
        loss = ""
        if way.over:
            pairs = zip(values[way.over], values[name], strict=True)
            loss = f"{100 * max(0.0, *(before - now for before, now in pairs)):.1f}"
        mark = "> " if way.is_shipped else "  "
        cells = [*values[name], float(np.mean(values[name]))]
        rows.append([mark + name, *(f"{100 * value:.1f}" for value in cells), loss])
    return align(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--noise", type=int, default=1, metavar="SEED")
    parser.add_argument("--model", help="another embedding model")
    options = parser.parse_args()
    embedder = open_embedder(options.model)
    sets: list[str] = []
    values: dict[str, list[float]] = {name: [] for name in ways()}
    for folder in options.folders:
        dataset = load_dataset(folder)
        index, _ = open_cached_index(dataset, embedder)
        clean = dataset.judged_queries
        noised = {name: hurried(text, options.noise) for name, text in clean.items()}
        for mark, texts in (("", clean), ("*", noised)):
            sets.append(dataset.name + mark)
            totals = dict.fromkeys(values, 0.0)
            for found in search(dataset, index, embedder, texts):
                for name, way in ways().items():
                    totals[name] += found.value(way.rank) / len(texts)
            for name, total in totals.items():
                values[name].append(total)
        index.close()
    print(table(values, sets))


if __name__ == "__main__":
    main()
