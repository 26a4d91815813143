"""Readers' verdicts on answers, kept in one SQLite file in the index's folder."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from qa.records import Answer, QAError

FILE = "feedback.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS verdicts (
    moment TEXT NOT NULL, question TEXT NOT NULL, standalone_question TEXT NOT NULL,
    status TEXT NOT NULL, verdict TEXT NOT NULL, citations TEXT NOT NULL
)
"""


def record_verdict(path: Path, answer: Answer, verdict: str) -> None:
    """Append a verdict ("like", "dislike", or "" when it is taken back) on an answer."""
    citations = [
        {"document_id": c.document_id, "start": c.start, "end": c.end} for c in answer.citations
    ]
    row = (
        datetime.now(UTC).isoformat(timespec="seconds"),
        answer.question,
        answer.standalone_question,
        answer.status,
        verdict,
        json.dumps(citations, ensure_ascii=False),
    )
    try:
        with closing(sqlite3.connect(path, timeout=2)) as connection, connection:
            connection.execute(_SCHEMA)
            connection.execute("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?)", row)
    except sqlite3.Error as error:
        raise QAError(f"the verdict could not be kept in {path} ({error}).") from error
