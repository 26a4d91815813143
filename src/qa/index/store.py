"""Documents and passages in SQLite; passages partition their document, so text is kept once."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.records import Document, Heading, PageStart, Passage, Skipped, page_at

_SCHEMA = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL,
    headings TEXT NOT NULL, metadata TEXT NOT NULL, pages TEXT NOT NULL,
    characters INTEGER NOT NULL, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document_id TEXT NOT NULL, headings TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX passages_by_document ON passages (document_id, start);
CREATE TABLE skipped (source TEXT NOT NULL, reason TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A line of the list of documents: what is known of one without reading its text."""

    id: str
    title: str
    source: str
    characters: int
    passages: int


def document_digest(document: Document) -> bytes:
    """SHA-256 of everything that a document says."""
    return hashlib.sha256(json.dumps(asdict(document), sort_keys=True).encode()).digest()


def passage_digest(passage: Passage) -> bytes:
    """SHA-256 of what is embedded: an equal digest means an equal vector."""
    return hashlib.sha256(passage.index_text.encode()).digest()


class StoreWriter:
    """Writes documents and their passages into a new file; rows are counted from 0."""

    def __init__(self, path: Path):
        self._connection = sqlite3.connect(path)
        # The file is only a draft until its generation is published: no journal is needed.
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.executescript(_SCHEMA)
        self.rows = 0
        self.documents = 0

    def add(self, document: Document, passages: Sequence[Passage]) -> None:
        """Append a document and the passages that partition it."""
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                self.documents,
                document.title,
                document.source,
                json.dumps([[h.level, h.start, h.end] for h in document.headings]),
                json.dumps(dict(document.metadata), ensure_ascii=False),
                json.dumps([[p.number, p.start, p.ocr] for p in document.pages]),
                len(document.text),
                document_digest(document),
            ),
        )
        self.documents += 1
        for passage in passages:
            self._connection.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self.rows,
                    document.id,
                    json.dumps(passage.headings, ensure_ascii=False),
                    passage.start,
                    passage.end,
                    passage.text,
                    passage_digest(passage),
                ),
            )
            self.rows += 1

    def close(self, skipped: Iterable[Skipped]) -> None:
        """Record what was skipped and finish the file."""
        self._connection.executemany(
            "INSERT INTO skipped VALUES (?, ?)", [(s.source, s.reason) for s in skipped]
        )
        self._connection.commit()
        self._connection.close()


class Store:
    """Reads a finished file; safe to share between threads."""

    def __init__(self, path: Path):
        # immutable: no lock file, no journal; the bytes were verified and never change.
        uri = f"{path.resolve().as_uri()}?immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def counts(self) -> tuple[int, int]:
        """Numbers of documents and of passages."""
        documents = self._connection.execute("SELECT count(*) FROM documents").fetchone()[0]
        passages = self._connection.execute("SELECT count(*) FROM passages").fetchone()[0]
        return documents, passages

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of some rows, in the order asked for."""
        marks = ",".join("?" * len(rows))
        found = {
            record[0]: _passage(record[1:])
            for record in self._connection.execute(
                f"SELECT row, {_PASSAGE} WHERE row IN ({marks})",  # only "?" marks
                [int(row) for row in rows],
            )
        }
        return [found[int(row)] for row in rows]

    def all_passages(self) -> Iterator[Passage]:
        """Every passage by row; memory stays flat."""
        for record in self._connection.execute(f"SELECT {_PASSAGE} ORDER BY row"):
            yield _passage(record)

    def passage_digests(self) -> list[bytes]:
        """The digest of every passage, by row."""
        return [
            row[0] for row in self._connection.execute("SELECT digest FROM passages ORDER BY row")
        ]

    def document_digests(self) -> dict[str, bytes]:
        """The digest of every document, by id, in reading order."""
        return dict(self._connection.execute("SELECT id, digest FROM documents ORDER BY position"))

    def documents(self) -> list[DocumentEntry]:
        """The list of documents, in reading order."""
        query = """
            SELECT id, documents.title, source, characters, count(row) FROM documents
            LEFT JOIN passages ON document_id = id GROUP BY id ORDER BY position
        """
        return [DocumentEntry(*record) for record in self._connection.execute(query)]

    def document(self, document_id: str) -> Document | None:
        """A whole document, its text put together from its passages."""
        record = self._connection.execute(
            "SELECT title, source, headings, metadata, pages FROM documents WHERE id = ?",
            (document_id,),
        ).fetchone()
        if record is None:
            return None
        title, source, headings, metadata, pages = record
        texts = self._connection.execute(
            "SELECT text FROM passages WHERE document_id = ? ORDER BY start", (document_id,)
        )
        return Document(
            id=document_id,
            title=title,
            text="".join(text for (text,) in texts),
            source=source,
            headings=tuple(Heading(*heading) for heading in json.loads(headings)),
            metadata=json.loads(metadata),
            pages=_pages(pages),
        )

    def page(self, document_id: str, position: int) -> PageStart | None:
        """The page of a paged document on which a character of its text stands."""
        record = self._connection.execute(
            "SELECT pages FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return page_at(_pages(record[0]), position)

    def source(self, document_id: str) -> str:
        """Where a document came from."""
        record = self._connection.execute(
            "SELECT source FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return str(record[0])

    def skipped(self) -> list[Skipped]:
        """What could not be read, and why."""
        return [
            Skipped(*record)
            for record in self._connection.execute("SELECT source, reason FROM skipped")
        ]


_PASSAGE = (
    "document_id, title, passages.headings, start, end, text "
    "FROM passages JOIN documents ON id = document_id"
)


def _pages(told: str) -> tuple[PageStart, ...]:
    return tuple(PageStart(number, start, ocr) for number, start, ocr in json.loads(told))


def _passage(record: Sequence[Any]) -> Passage:
    document_id, title, headings, start, end, text = record
    return Passage(document_id, title, tuple(json.loads(headings)), start, end, text)
