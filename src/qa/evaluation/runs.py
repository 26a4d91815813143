"""Runs: for every question a ranking of documents, made here or read from a TREC file."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from qa.embedding import Embedder
from qa.evaluation.faults import Faults, read_lines
from qa.index import Index, Progress
from qa.index.store import passage_digest
from qa.question import Question, make_questions
from qa.records import QAError
from qa.search import DEPTH, METHODS, SEARCHES, Search

# Question id -> (document id, score), best first, each document once.
Run = Mapping[str, Sequence[tuple[str, float]]]
Tell = Callable[[Progress], None]

_BATCH = 128  # questions embedded at a time
# Passages looked at for one document of the ranking, at most: documents may be cut into many.
_PASSAGES_A_DOCUMENT = 20


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A run by method, and the mean time of one question: its search, and its embedding."""

    runs: Mapping[str, Run]
    search_ms: Mapping[str, float]
    embedding_ms: float


def retrieve(
    index: Index,
    embedder: Embedder,
    queries: Mapping[str, str],
    methods: Sequence[str] = tuple(METHODS),
    depth: int = 100,
    progress: Tell = lambda _: None,
) -> Retrieval:
    """Rank ``depth`` documents for every question with every method.

    A document counts as its best passage. The head of a ranking is exactly what the search shows
    in use; where passages of the same documents leave it short, a deeper search completes it.
    """
    searches = {method: _search(method) for method in methods}
    runs: dict[str, dict[str, list[tuple[str, float]]]] = {method: {} for method in methods}
    seconds = dict.fromkeys(methods, 0.0)
    embedding = 0.0
    twins = _twins(index)
    done, total = 0, len(queries) * len(methods)
    progress(Progress("search", 0, total))
    remaining = iter(queries.items())
    while batch := list(islice(remaining, _BATCH)):
        began = time.perf_counter()
        asked = make_questions([text for _, text in batch], embedder)
        embedding += time.perf_counter() - began
        for (name, _), question in zip(batch, asked, strict=True):
            for method, search in searches.items():
                ranking = _Ranking(index, search, question, depth, twins)
                runs[method][name] = ranking.documents()
                seconds[method] += ranking.seconds
                done += 1
                progress(Progress("search", done, total))
    count = max(1, len(queries))
    return Retrieval(
        runs=runs,
        search_ms={method: 1000 * spent / count for method, spent in seconds.items()},
        embedding_ms=1000 * embedding / count,
    )


class _Ranking:
    """One question, one method: passages to documents."""

    def __init__(
        self,
        index: Index,
        search: Search,
        question: Question,
        depth: int,
        twins: Mapping[bytes, Sequence[str]],
    ):
        self._index, self._search, self._question = index, search, question
        self._depth, self._twins = depth, twins
        self.seconds = 0.0  # of the first search, the one that is made in use

    def documents(self) -> list[tuple[str, float]]:
        passages = self._index.manifest.passages
        most = min(passages, _PASSAGES_A_DOCUMENT * self._depth)
        # Up to here the search looks at the same candidates whatever the limit is.
        limit = min(self._depth, DEPTH // 2)
        ranked: dict[str, float] = {}
        lowest = math.inf
        began = time.perf_counter()
        while True:
            hits = self._search(self._index, self._question, limit)
            self.seconds = self.seconds or time.perf_counter() - began
            for hit in hits:
                lowest = min(lowest, hit.score)
                names = [hit.passage.document_id]
                if self._twins:
                    names += self._twins.get(passage_digest(hit.passage), ())
                for name in names:
                    ranked.setdefault(sys.intern(name), lowest)
            if len(ranked) >= self._depth or len(hits) < limit or limit >= most:
                return list(ranked.items())[: self._depth]
            # As many more as the documents found so far ask for, and some.
            wanted = 1.25 * limit * self._depth / max(1, len(ranked))
            limit = min(max(2 * limit, math.ceil(wanted)), most)


def _search(method: str) -> Search:
    if method not in SEARCHES:
        raise QAError("unknown_method", method, ", ".join(SEARCHES))
    return SEARCHES[method]


def _twins(index: Index) -> dict[bytes, list[str]]:
    """Documents that share a passage, or nearly, by the passage's digest.

    A search shows one of them: the same words twice help nobody. But a judgement may name the
    other, whose score is about the same.
    """
    groups: dict[int, list[int]] = {}
    for row, first in index.store.repeats().items():
        groups.setdefault(first, [first]).append(row)
    twins: dict[bytes, list[str]] = {}
    for rows in groups.values():
        passages = index.passages(rows)
        names = list(dict.fromkeys(passage.document_id for passage in passages))
        if len(names) > 1:
            twins |= {passage_digest(passage): names for passage in passages}
    return twins


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write a TREC run file: "question Q0 document rank score tag", tabs between.

    Equal scores are told apart by the smallest step of a 32-bit number, downwards, so that
    trec_eval, which sorts by score alone, reads the order that is meant.
    """
    lines = []
    for query, ranking in run.items():
        last = np.float32(np.inf)
        for rank, (document, score) in enumerate(ranking, start=1):
            last = min(np.float32(score), np.nextafter(last, np.float32(-np.inf)))
            cells = (query, "Q0", document, str(rank), str(last), tag)
            if any("\t" in cell or "\n" in cell or not cell for cell in cells):
                raise QAError("run_ids", query, document)
            lines.append("\t".join(cells) + "\n")
    try:
        path.write_text("".join(lines), "utf-8")
    except OSError as error:
        raise QAError("file_not_written", path, error.strerror or error) from error


def read_run(path: Path) -> dict[str, list[tuple[str, float]]]:
    """Read a TREC run file, gzipped or not; every fault is told with its line (``InputError``).

    As in trec_eval, documents are ordered by score (in 32 bits), equal scores by document id from
    the last to the first; the rank column is not used.
    """
    faults = Faults()
    found: dict[str, dict[str, float]] = {}
    lines: dict[tuple[str, str], int] = {}
    for number, line in read_lines(path, faults):
        cells = line.split("\t") if line.count("\t") == 5 else line.split()
        if len(cells) != 6:
            faults.add(
                path,
                f'{len(cells)} columns instead of 6 ("question Q0 document rank score tag")',
                number,
            )
            continue
        query, document = cells[0].strip(), cells[2].strip()
        score = _number(cells[4])
        if score is None:
            faults.add(path, f"score {cells[4]!r} is not a number", number)
        first = lines.setdefault((query, document), number)
        if first != number:
            faults.add(
                path,
                f"document {document!r} is ranked for question {query!r} on line {first} already",
                number,
            )
        found.setdefault(query, {})[document] = score or 0.0
    if not found and path not in faults:
        faults.add(path, "no result in it")
    faults.raise_any()
    return {query: list(_in_trec_order(scores)) for query, scores in found.items()}


def _in_trec_order(scores: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    with np.errstate(over="ignore"):
        rounded = {document: float(np.float32(score)) for document, score in scores.items()}
    yield from sorted(rounded.items(), key=lambda item: (item[1], item[0]), reverse=True)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
