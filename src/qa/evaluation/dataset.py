"""Test questions and judgements: folders in the BEIR layout, and TREC topics with their qrels.

The layout is the one of Thakur et al. 2021, "BEIR: A Heterogeneous Benchmark for Zero-shot
Evaluation of Information Retrieval Models": corpus.jsonl, queries.jsonl, qrels/test.tsv.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa.evaluation.faults import Faults, read_lines
from qa.evaluation.gold import read_answer_questions
from qa.evaluation.queries import identifier, json_object, read_queries
from qa.records import QAError

# First cells of a header line, as the public data sets write them.
_HEADER = frozenset({"query-id", "query_id", "queryid", "qid", "query", "topic"})
_COLUMNS = {
    3: '3 between tabs ("question document grade")',
    4: '4 ("question 0 document grade")',
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions and the grades of documents for them (a grade of 1 or more is relevant).

    ``judgements`` maps a question's id to its documents' grades; every id in it is in ``queries``.
    ``unjudged`` are the ids of questions without any judgement: they are told, not measured.
    ``corpus`` is the JSON Lines file to index, ``None`` for an index that exists; ``documents`` and
    ``corpus_digest`` (SHA-256 of its text) describe it. ``missing`` are ids of relevant documents
    that the corpus does not hold: nothing can find them.
    """

    name: str
    corpus: Path | None
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]
    unjudged: tuple[str, ...] = ()
    documents: int | None = None
    corpus_digest: str | None = None
    missing: tuple[str, ...] = ()

    @property
    def judged_queries(self) -> dict[str, str]:
        """The questions that are measured, in the order of their file."""
        return {name: text for name, text in self.queries.items() if name in self.judgements}


def load_dataset(path: Path, split: str | None = None, qrels: Path | None = None) -> Dataset:
    """A test set, checked whole: every fault of every file is told at once (``InputError``).

    ``path`` is a folder in the BEIR layout (without corpus.jsonl, an existing index is needed), one
    with docs.jsonl and qa.jsonl (questions as of ``read_answer_questions``; each answerable one
    should find its document), or a file of topics ("id<TAB>text" lines, TREC's <top> elements, or
    JSON Lines) that goes with a ``qrels`` file. Of the folder's qrels, ``split`` chooses (default:
    "test", or the only one).
    """
    if not path.exists():
        raise QAError("no_dataset", path)
    if (path / "qa.jsonl").is_file() and qrels is None:
        return _load_answered(path)
    faults = Faults()
    corpus: Path | None = None
    if path.is_dir():
        corpus = _find(path / "corpus.jsonl")
        topics = _find(path / "queries.jsonl") or path / "queries.jsonl"
        qrels = qrels or _choose_split(path / "qrels", split, faults)
    else:
        topics = path
        if qrels is None:
            raise QAError("no_judgements", path)
    queries = read_queries(topics, faults)
    # Where questions could not be read, their ids would seem unknown: one fault, not many.
    known = queries if topics not in faults else None
    judgements = read_judgements(qrels, faults, known) if qrels is not None else {}
    relevant = {
        document
        for grades in judgements.values()
        for document, grade in grades.items()
        if grade > 0
    }
    if qrels is not None and judgements and not relevant:
        faults.add(qrels, "no document is relevant: every grade is 0 or less")
    scan = _scan_corpus(corpus, relevant, faults) if corpus is not None else None
    if scan and qrels and not faults and len(scan.missing) == len(relevant):
        faults.add(
            qrels,
            f"none of its {len(relevant)} relevant documents is in the corpus "
            f"(judged: {scan.missing[0]!r}, there: {scan.example!r})",
        )
    faults.raise_any()
    name = path.resolve().name
    return Dataset(
        name=name if path.is_dir() else Path(name.removesuffix(".gz")).stem,
        corpus=corpus,
        queries=queries,
        judgements=judgements,
        unjudged=tuple(name for name in queries if name not in judgements),
        documents=scan.documents if scan else None,
        corpus_digest=scan.digest if scan else None,
        missing=scan.missing if scan else (),
    )


def _load_answered(path: Path) -> Dataset:
    """A folder with docs.jsonl, and qa.jsonl that tells which of them answers."""
    asked = [item for item in read_answer_questions(path / "qa.jsonl") if item.answerable]
    judgements = {item.id: {item.document: 1} for item in asked if item.document is not None}
    faults = Faults()
    relevant = {name for grades in judgements.values() for name in grades}
    scan = _scan_corpus(path / "docs.jsonl", relevant, faults)
    if not faults and len(scan.missing) == len(relevant):
        faults.add(path / "qa.jsonl", "none of its documents is in docs.jsonl")
    faults.raise_any()
    return Dataset(
        name=path.resolve().name,
        corpus=path / "docs.jsonl",
        queries={item.id: item.question for item in asked},
        judgements=judgements,
        unjudged=tuple(item.id for item in asked if item.document is None),
        documents=scan.documents,
        corpus_digest=scan.digest,
        missing=scan.missing,
    )


def read_judgements(
    path: Path, faults: Faults | None = None, queries: Collection[str] | None = None
) -> dict[str, dict[str, int]]:
    """Grades by question and document, from BEIR's three columns or TREC's four.

    BEIR: "question<TAB>document<TAB>grade", with or without a header. TREC: "question 0 document
    grade". With ``queries``, a question that is not among them is a fault. Faults are raised here
    unless a collection of them is given.
    """
    collected = faults if faults is not None else Faults()
    judgements: dict[str, dict[str, int]] = {}
    lines: dict[tuple[str, str], int] = {}
    columns: int | None = None
    for number, line in read_lines(path, collected):
        cells = _cells(line, columns)
        if columns is None and _is_header(cells):
            columns = len(cells)
            continue
        if len(cells) not in (3, 4) or len(cells) != (columns or len(cells)):
            wanted = _COLUMNS.get(columns or 0, " or ".join(_COLUMNS.values()))
            collected.add(path, f"{len(cells)} columns instead of {wanted}", number)
            continue
        columns = len(cells)
        query, document, written = cells[0], cells[-2], cells[-1]
        grade = _integer(written)
        if not query or not document:
            collected.add(path, f"no {'document' if query else 'question'} id", number)
        if grade is None:
            collected.add(path, f"grade {written!r} is not an integer", number)
        if queries is not None and query and query not in queries:
            collected.add(path, f"unknown question id {query!r}", number)
        first = lines.setdefault((query, document), number)
        if first != number:
            collected.add(
                path,
                f"question {query!r} and document {document!r} were judged on line {first}",
                number,
            )
        judgements.setdefault(query, {}).setdefault(document, grade or 0)
    if not lines and path not in collected:
        collected.add(path, "no judgement in it")
    if faults is None:
        collected.raise_any()
    return judgements


def corpus_ids(path: Path) -> Iterator[tuple[int, str]]:
    """Line numbers and ids of a corpus that was checked; one at a time."""
    for number, line in read_lines(path, Faults()):
        yield number, identifier(json.loads(line))


def _cells(line: str, columns: int | None) -> list[str]:
    """Between tabs when they make three or four columns, else (TREC) between white space."""
    if line.count("\t") in ((2, 3) if columns is None else (columns - 1,)) or columns == 3:
        return [cell.strip() for cell in line.split("\t")]
    return line.split()


def _is_header(cells: list[str]) -> bool:
    return cells[0].lower() in _HEADER and _integer(cells[-1]) is None


def _integer(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def _find(path: Path) -> Path | None:
    """The file, or its gzipped form."""
    packed = path.with_name(path.name + ".gz")
    return next((found for found in (path, packed) if found.is_file()), None)


def _choose_split(folder: Path, split: str | None, faults: Faults) -> Path | None:
    wanted = _find(folder / f"{split or 'test'}.tsv")
    if wanted is not None:
        return wanted
    files = sorted([*folder.glob("*.tsv"), *folder.glob("*.tsv.gz")])
    names = sorted({file.name.removesuffix(".gz").removesuffix(".tsv") for file in files})
    if split is None and len(names) == 1:
        return files[0]
    if not files:
        faults.add(folder, "no judgements: qrels/test.tsv is missing")
    elif split is None:
        faults.add(folder, f"no test.tsv; choose with --split: {', '.join(names)}")
    else:
        faults.add(folder, f"no {split}.tsv; there are: {', '.join(names)}")
    return None


@dataclass(frozen=True, slots=True)
class _Scan:
    documents: int
    digest: str
    missing: tuple[str, ...]
    example: str


def _scan_corpus(path: Path, relevant: set[str], faults: Faults) -> _Scan:
    """Check every line; of the documents only ids stay in memory."""
    digest = hashlib.sha256()
    first: dict[str, int] = {}
    for number, line in read_lines(path, faults):
        digest.update(line.encode() + b"\n")
        record = json_object(line)
        if isinstance(record, str):
            faults.add(path, record, number)
            continue
        name = identifier(record)
        if not name:
            faults.add(path, 'no document id ("_id")', number)
        elif first.setdefault(name, number) != number:
            faults.add(path, f"document id {name!r} was used on line {first[name]}", number)
        if not isinstance(record.get("text"), str):
            faults.add(path, 'no "text"', number)
    if not first and path not in faults:
        faults.add(path, "no document in it")
    missing = tuple(sorted(relevant - first.keys()))
    return _Scan(len(first), digest.hexdigest(), missing, next(iter(first), ""))
