"""Readers' verdicts on answers: one SQLite file beside the index, and judgements made of it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa.records import QAError
from qa.web.state import Exchange

FILE = "feedback.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    moment TEXT NOT NULL, answer TEXT NOT NULL, question TEXT NOT NULL,
    standalone_question TEXT NOT NULL, status TEXT NOT NULL, verdict TEXT NOT NULL,
    corpus TEXT NOT NULL, citations TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word of a reader on one answer.

    ``question`` stands alone; ``quotes`` are the cited (document id, text), none for a refusal.
    """

    moment: str
    question: str
    answered: bool
    liked: bool
    quotes: tuple[tuple[str, str], ...]


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
        {"document_id": c.document_id, "start": c.start, "end": c.end, "quote": c.quote}
        for c in answer.citations
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
        raise QAError(f"the verdict could not be kept in {path} ({error}).") from error


def read_verdicts(index: Path) -> list[Verdict]:
    """The verdicts that stand, oldest first; none when nobody has given one."""
    path = index / FILE
    if not index.is_dir():
        raise QAError(f"no index in {index}. Name the folder with --index DIR.")
    if not path.exists():
        return []
    # The last row of an answer is the one that counts.
    query = """
        SELECT moment, standalone_question, status, verdict, citations FROM verdicts
        WHERE rowid IN (SELECT max(rowid) FROM verdicts GROUP BY answer) AND verdict != ''
        ORDER BY rowid
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(query).fetchall()
        return [
            Verdict(
                moment,
                question,
                status == "answered",
                verdict == "like",
                tuple((c["document_id"], c["quote"]) for c in json.loads(citations)),
            )
            for moment, question, status, verdict, citations in rows
        ]
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        raise QAError(
            f"{path} could not be read ({error}). Move it away to begin a new one."
        ) from error


def export_judgements(verdicts: Sequence[Verdict], folder: Path) -> Export:
    """Write what ``qa eval`` reads: a BEIR folder without corpus, and ``answers.jsonl``.

    ``queries.jsonl`` and ``qrels/test.tsv``: a document is relevant (1) to a question when more
    readers found a quote from it useful than not, irrelevant (0) when fewer did, not judged when as
    many. A question without any relevant document is left out: nothing could be right for it.
    ``answers.jsonl``: quotes that were found useful, and refusals that were.
    """
    questions = list(dict.fromkeys(verdict.question for verdict in verdicts))
    queries: list[dict[str, Any]] = []
    judgements: list[str] = []
    answers: list[dict[str, Any]] = []
    for number, question in enumerate(questions, 1):
        name = f"q{number}"
        said = [verdict for verdict in verdicts if verdict.question == question]
        grades = _grades(said)
        if 1 in grades.values():
            queries.append({"_id": name, "text": question})
            judgements += [f"{name}\t{document}\t{grade}" for document, grade in grades.items()]
        answers += _answer_questions(name, question, said)
    if not queries and not answers:
        raise QAError(
            "no answer was found useful yet, so there is nothing to judge by. "
            "Readers say so in the web chat, under each answer."
        )
    try:
        (folder / "qrels").mkdir(parents=True, exist_ok=True)
        _write(folder / "queries.jsonl", map(_line, queries))
        _write(folder / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *judgements])
        _write(folder / "answers.jsonl", map(_line, answers))
    except OSError as error:
        raise QAError(
            f"{folder} cannot be written ({error.strerror or error}). Name another folder."
        ) from error
    return Export(len(queries), len(judgements), len(answers))


def _grades(said: Sequence[Verdict]) -> dict[str, int]:
    balance: Counter[str] = Counter()
    for verdict in said:
        for document in {document for document, _ in verdict.quotes}:
            balance[document] += 1 if verdict.liked else -1
    return {
        document: int(votes > 0)
        for document, votes in sorted(balance.items())
        if votes and not {"\t", "\n"} & set(document)
    }


def _answer_questions(
    name: str, question: str, said: Sequence[Verdict]
) -> Iterator[dict[str, Any]]:
    """The question with its useful quotes, or as one that the documents do not answer."""
    balance = Counter(
        {
            answered: sum(1 if v.liked else -1 for v in said if v.answered == answered)
            for answered in (True, False)
        }
    )
    if balance[True] > 0 and balance[True] >= balance[False]:
        quotes = list(dict.fromkeys(q for v in said if v.answered and v.liked for _, q in v.quotes))
        yield {
            "id": name,
            "question": question,
            "answerable": True,
            "kind": "verdict",
            "answer": quotes,
            "evidence": quotes,
        }
    elif balance[False] > 0:
        yield {"id": name, "question": question, "answerable": False, "kind": "verdict"}


def _line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _write(path: Path, lines: Iterator[str] | Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
