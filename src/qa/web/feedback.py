"""Readers' verdicts on answers: one SQLite file beside the index, and judgements made of it.

A verdict keeps where a quote stands and a digest of it, never its words: of a document that is
deleted nothing is left here to read.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.records import QAError
from qa.web.state import Exchange

if TYPE_CHECKING:
    from qa.index import Index

FILE = "feedback.sqlite"

# The quotes of a verdict by (document id, words); with them, whether they were useful.
_Quotes = tuple[tuple[str, str], ...]
_Said = tuple[bool, _Quotes]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    moment TEXT NOT NULL, answer TEXT NOT NULL, question TEXT NOT NULL,
    standalone_question TEXT NOT NULL, status TEXT NOT NULL, verdict TEXT NOT NULL,
    corpus TEXT NOT NULL, citations TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Where a quote stands, in characters of its document, and a digest that tells its words."""

    document_id: str
    start: int
    end: int
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word of a reader on one answer; ``question`` stands alone."""

    moment: str
    question: str
    liked: bool
    quotes: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: questions and judgements of documents for search, questions for answers."""

    queries: int
    judgements: int
    answers: int


def record_verdict(path: Path, exchange: Exchange) -> None:
    """Append the verdict on an answer; the last one counts, an empty one takes it back."""
    answer = exchange.turn.answer
    citations = [
        asdict(Quoted(c.document_id, c.start, c.end, _digest(c.quote))) for c in answer.citations
    ]
    row = (
        datetime.now(UTC).isoformat(timespec="seconds"),
        exchange.identity,
        answer.question,
        answer.standalone_question,
        answer.status,
        exchange.verdict,
        exchange.corpus,
        json.dumps(citations),
    )
    try:
        with closing(sqlite3.connect(path, timeout=2)) as connection, connection:
            connection.execute(_SCHEMA)
            connection.execute("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    except (sqlite3.Error, UnicodeError) as error:
        raise QAError("verdict_not_kept", path, error) from error


def read_verdicts(index: Path) -> list[Verdict]:
    """The verdicts that stand, oldest first; none when nobody has given one."""
    path = index / FILE
    if not index.is_dir():
        raise QAError("no_index_named", index)
    # The last row of an answer is the one that counts.
    query = """
        SELECT moment, standalone_question, verdict, citations FROM verdicts
        WHERE rowid IN (SELECT max(rowid) FROM verdicts GROUP BY answer) AND verdict != ''
        AND status = 'answered'
        ORDER BY rowid
    """
    try:
        if not path.exists():
            return []
        if path.is_fifo():  # which would be waited for
            raise ValueError("a pipe")
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(query).fetchall()
        return [
            Verdict(
                moment,
                question,
                verdict == "like",
                tuple(Quoted(**citation) for citation in json.loads(citations)),
            )
            for moment, question, verdict, citations in rows
        ]
    except (sqlite3.Error, OSError, ValueError, TypeError) as error:
        raise QAError("verdicts_not_readable", path, error) from error


def export_judgements(verdicts: Sequence[Verdict], index: Index, folder: Path) -> Export:
    """Write what ``qa eval`` reads: a BEIR folder without corpus, and ``answers.jsonl``.

    ``queries.jsonl`` and ``qrels/test.tsv``: a document is relevant (1) to a question when more
    readers found a quote from it useful than not, irrelevant (0) when fewer did, not judged when as
    many. A question without any relevant document is left out: nothing could be right for it.
    ``answers.jsonl``: quotes that were found useful. A quote that no longer stands in the index
    where it was is passed over.
    """
    by_question: dict[str, list[_Said]] = {}
    for verdict, quotes in _in_words(verdicts, index):
        by_question.setdefault(verdict.question, []).append((verdict.liked, quotes))
    queries: list[dict[str, Any]] = []
    judgements: list[str] = []
    answers: list[dict[str, Any]] = []
    for number, (question, said) in enumerate(by_question.items(), 1):
        name = f"q{number}"
        grades = _grades(said)
        if 1 in grades.values():
            queries.append({"_id": name, "text": question})
            judgements += [f"{name}\t{document}\t{grade}" for document, grade in grades.items()]
        useful = list(dict.fromkeys(words for liked, q in said if liked for _, words in q))
        if sum(1 if liked else -1 for liked, _ in said) > 0:
            told = {"id": name, "question": question, "answerable": True, "kind": "verdict"}
            answers.append({**told, "answer": useful, "evidence": useful})
    if not queries and not answers:
        raise QAError("no_verdict")
    try:
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        _write(folder / "queries.jsonl", map(_line, queries))
        _write(folder / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *judgements])
        _write(folder / "answers.jsonl", map(_line, answers))
    except OSError as error:
        raise QAError("folder_not_written", folder, error.strerror or error) from error
    return Export(len(queries), len(judgements), len(answers))


def _digest(quote: str) -> str:
    return hashlib.blake2b(quote.encode("utf-8"), digest_size=8).hexdigest()


def _in_words(verdicts: Sequence[Verdict], index: Index) -> Iterator[tuple[Verdict, _Quotes]]:
    """The verdicts that still say something, with the words that the index holds."""
    names = {quoted.document_id for verdict in verdicts for quoted in verdict.quotes}
    documents = {name: index.store.document(name) for name in names}
    text = {name: document.text for name, document in documents.items() if document is not None}
    for verdict in verdicts:
        found = [
            (quoted, text.get(quoted.document_id, "")[quoted.start : quoted.end])
            for quoted in verdict.quotes
        ]
        quotes = tuple((q.document_id, words) for q, words in found if _digest(words) == q.digest)
        if quotes:
            yield verdict, quotes


def _grades(said: Sequence[_Said]) -> dict[str, int]:
    balance: Counter[str] = Counter()
    for liked, quotes in said:
        for document in {document for document, _ in quotes}:
            balance[document] += 1 if liked else -1
    return {
        document: int(votes > 0)
        for document, votes in sorted(balance.items())
        if votes and not {"\t", "\n"} & set(document)
    }


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _write(path: Path, lines: Iterator[str] | Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
