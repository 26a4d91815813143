"""Documents and passages in SQLite, written: a draft that an interruption cannot spoil."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from qa.index.languages import passage_languages
from qa.index.manifest import DamagedIndexError
from qa.index.repeats import SIGNATURE, first_rows, signature
from qa.index.store import IN_MEMORY, FileRecord, Store, document_digest, passage_digest
from qa.records import Document, Passage, Skipped

_SCHEMA = """
CREATE TABLE recipe (digest TEXT NOT NULL);
CREATE TABLE files (
    name TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest BLOB
) WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, file TEXT NOT NULL, place TEXT NOT NULL,
    title TEXT NOT NULL, source TEXT NOT NULL, headings TEXT NOT NULL, metadata TEXT NOT NULL,
    pages TEXT NOT NULL, characters INTEGER NOT NULL, language TEXT NOT NULL, digest BLOB NOT NULL,
    removed TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX documents_by_file ON documents (file, position);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, document_id TEXT NOT NULL, headings TEXT NOT NULL,
    start INTEGER NOT NULL, end INTEGER NOT NULL, text TEXT NOT NULL, language TEXT NOT NULL,
    signature BLOB NOT NULL, digest BLOB NOT NULL
);
CREATE INDEX passages_by_document ON passages (document_id, start);
CREATE TABLE repeats (row INTEGER PRIMARY KEY, first INTEGER NOT NULL);
CREATE TABLE skipped (
    position INTEGER PRIMARY KEY, file TEXT, source TEXT NOT NULL, reason TEXT NOT NULL,
    code TEXT NOT NULL, figures TEXT NOT NULL, french TEXT NOT NULL
);
"""
# From the store of an earlier run: all is the same but the place.
_COPY_DOCUMENT = """
INSERT INTO documents SELECT id, ?, ?, ?, title, source, headings, metadata, pages, characters,
    language, digest, removed FROM memory{memory}.documents WHERE id = ?
"""
_COPY_PASSAGES = """
INSERT INTO passages SELECT ? - 1 + row_number() OVER (ORDER BY start), document_id, headings,
    start, end, text, language, signature, digest FROM memory{memory}.passages WHERE document_id = ?
"""
_SECONDS = 1.0  # of reading that a kill costs at most


class DraftStore:
    """Writes documents and their passages into a new file; rows are counted from 0.

    ``memories`` are stores of earlier runs, from which unchanged documents are copied whole.
    """

    def __init__(self, path: Path, recipe: str, memories: Sequence[Store] = ()):
        self._connection = sqlite3.connect(path, uri=True)
        self._connection.execute(IN_MEMORY)
        # Whole after a kill at any moment, up to the last commit.
        self._connection.execute("PRAGMA main.journal_mode = WAL")
        self._connection.execute("PRAGMA main.synchronous = NORMAL")
        for number, memory in enumerate(memories):
            self._connection.execute(f"ATTACH ? AS memory{number}", (memory.uri,))
        self._connection.executescript(_SCHEMA)
        self._connection.execute("INSERT INTO recipe VALUES (?)", (recipe,))
        self._saved = time.monotonic()
        self.rows = 0
        self.documents = 0

    def add(self, document: Document, passages: Sequence[Passage], file: str, place: str) -> None:
        """Append a document and the passages that partition it; ``file`` is where it was read."""
        language, languages = passage_languages([passage.text for passage in passages])
        self._connection.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                document.id,
                self.documents,
                file,
                place,
                document.title,
                document.source,
                json.dumps([[h.level, h.start, h.end] for h in document.headings]),
                json.dumps(dict(document.metadata), ensure_ascii=False),
                json.dumps([[p.number, p.start, p.ocr] for p in document.pages]),
                len(document.text),
                language,
                document_digest(document),
                json.dumps(document.removed, ensure_ascii=False),
            ),
        )
        self.documents += 1
        for passage, spoken in zip(passages, languages, strict=True):
            self._connection.execute(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.rows,
                    document.id,
                    json.dumps(passage.headings, ensure_ascii=False),
                    passage.start,
                    passage.end,
                    passage.text,
                    spoken,
                    signature(passage.text).tobytes(),
                    passage_digest(passage),
                ),
            )
            self.rows += 1

    def copy(self, memory: int, document_id: str, file: str, place: str) -> None:
        """Append a document as one of the memories has it."""
        self._connection.execute(
            _COPY_DOCUMENT.format(memory=memory), (self.documents, file, place, document_id)
        )
        self.documents += 1
        copied = self._connection.execute(
            _COPY_PASSAGES.format(memory=memory), (self.rows, document_id)
        )
        self.rows += copied.rowcount

    def bytes(self) -> int:
        """How large the file is, with what is not committed yet."""
        pages, size = (
            self._connection.execute(f"PRAGMA main.page_{what}").fetchone()[0]
            for what in ("count", "size")
        )
        return int(pages * size)

    def skip(self, skipped: Skipped, file: str | None) -> None:
        """Record what could not be read; ``file`` is where it stands, if it could be opened."""
        self._connection.execute(
            "INSERT INTO skipped (file, source, reason, code, figures, french) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                file,
                skipped.source,
                skipped.reason,
                skipped.code,
                json.dumps(skipped.figures, ensure_ascii=False),
                skipped.french,
            ),
        )

    def remember(self, name: str, record: FileRecord) -> None:
        """Note a file as read: as long as it stays the same, the next run need not read it."""
        self._connection.execute(
            "INSERT INTO files VALUES (?, ?, ?)", (name, record.stamp, record.digest)
        )

    def save(self) -> None:
        """Make what was written safe from a kill, about once a second."""
        if time.monotonic() - self._saved > _SECONDS:
            self._connection.commit()
            self._saved = time.monotonic()

    def find_repeats(self) -> None:
        """Note which passages repeat an earlier one, when all are there."""
        signatures = np.empty((self.rows, SIGNATURE), dtype=np.uint64)
        query = "SELECT row, signature FROM passages"
        for row, signed in self._connection.execute(query):
            signatures[row] = np.frombuffer(signed, dtype=np.uint64)
        firsts = first_rows(signatures, self._text)
        repeated = np.flatnonzero(firsts != np.arange(self.rows))
        self._connection.executemany(
            "INSERT INTO repeats VALUES (?, ?)",
            ((int(row), int(firsts[row])) for row in repeated),
        )

    def close(self) -> None:
        """Make the file whole, without a journal beside it, and let go of it."""
        self._connection.commit()
        self._connection.execute("PRAGMA main.journal_mode = DELETE")
        self._connection.close()

    def _text(self, row: int) -> str:
        query = "SELECT text FROM passages WHERE row = ?"
        return str(self._connection.execute(query, (row,)).fetchone()[0])


def mend_draft(path: Path, recipe: str) -> Store | None:
    """What an interrupted run has read, up to its last commit; nothing if it is of no use."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)
        try:
            connection.execute("PRAGMA main.journal_mode = DELETE")
        finally:
            connection.close()
        store = Store(path)
    except sqlite3.Error:
        return None
    try:
        if store.recipe() == recipe:
            return store
    except (DamagedIndexError, TypeError):
        pass  # killed before the first commit
    store.close()
    return None
