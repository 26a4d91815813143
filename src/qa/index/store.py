"""Documents and passages in SQLite, read: a file that was finished, or left by an interrupted run.

Passages partition their document, so text is kept once.
"""

from __future__ import annotations

import copy
import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qa.index.manifest import DamagedIndexError
from qa.records import Document, Heading, PageStart, Passage, QAError, Skipped, page_at


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """A line of the list of documents: what is known of one without reading its text.

    ``language`` is the ISO 639 code of most of its text, "und" when there is too little to tell;
    ``date`` is what it says of its own, as it says it.
    """

    id: str
    title: str
    source: str
    characters: int
    passages: int
    language: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """How many documents and passages are in a language."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class RepeatedDocument:
    """A document whose text is, nearly or wholly, that of an earlier one.

    ``share`` in [0, 1] is the part of its characters in passages that the other has too.
    """

    id: str
    of: str
    share: float


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was read: ``stamp`` tells its size and times, ``digest`` its contents.

    ``digest`` is ``None`` for a file that gave no document.
    """

    stamp: str
    digest: bytes | None


# A document with this share of its text in another one is told as its repetition.
_REPEATED_SHARE = 0.8


def document_digest(document: Document) -> bytes:
    """SHA-256 of everything that a document says."""
    return hashlib.sha256(json.dumps(asdict(document), sort_keys=True).encode()).digest()


def passage_digest(passage: Passage) -> bytes:
    """SHA-256 of what is embedded: an equal digest means an equal vector."""
    return hashlib.sha256(passage.index_text.encode()).digest()


# SQLite's temporary files stay out of a temporary folder that may be full or missing.
IN_MEMORY = "PRAGMA temp_store = MEMORY"


class Store:
    """Reads a finished file; safe to share between threads."""

    def __init__(self, path: Path):
        # immutable: no lock file, no journal; the bytes were verified and never change.
        self.uri = f"{path.resolve().as_uri()}?immutable=1"
        self._connection = sqlite3.connect(self.uri, uri=True, check_same_thread=False)
        self._connection.execute(IN_MEMORY)
        self._among: Collection[str] | None = None

    def among(self, documents: Collection[str]) -> Store:
        """The same file, of which only some documents are listed."""
        narrowed = copy.copy(self)
        narrowed._among = frozenset(documents)
        return narrowed

    def rows(self, documents: Sequence[str]) -> list[int]:
        """The rows of all passages of some documents."""
        query = "SELECT row FROM passages WHERE document_id IN (SELECT value FROM json_each(?))"
        return [row for (row,) in self._rows(query, (json.dumps(documents),))]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[Any]:
        """What a query finds. A file that was changed while it is in use is a ``QAError``."""
        try:
            # Not "yield from": that would close the cursor, of a file that may be closed by then.
            for row in self._connection.execute(query, parameters):  # noqa: UP028
                yield row
        except UnicodeEncodeError:
            return  # half a pair of surrogates, which no id has
        except sqlite3.ProgrammingError as error:
            raise QAError("index_closed") from error
        except sqlite3.DatabaseError as error:
            raise DamagedIndexError("documents_not_readable", error) from error

    def _row(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        return next(self._rows(query, parameters), None)

    def recipe(self) -> str:
        """By which code and settings the files became passages (``index/recipe.py``)."""
        return str(self._row("SELECT digest FROM recipe")[0])

    def counts(self) -> tuple[int, int]:
        """Numbers of documents and of passages."""
        documents = self._row("SELECT count(*) FROM documents")[0]
        passages = self._row("SELECT count(*) FROM passages")[0]
        return documents, passages

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of some rows, in the order asked for."""
        found = {
            record[0]: _passage(record[1:])
            for record in self._rows(
                f"SELECT row, {_PASSAGE} WHERE row IN ({_marks(rows)})",
                [int(row) for row in rows],
            )
        }
        return [found[int(row)] for row in rows]

    def first_rows(self, rows: Sequence[int]) -> list[int]:
        """For each row, the first row that says the same, or nearly: its own if it is alone."""
        repeated: dict[int, int] = dict(
            self._rows(
                f"SELECT {_REPEATS} WHERE row IN ({_marks(rows)})", [int(row) for row in rows]
            )
        )
        return [repeated.get(int(row), int(row)) for row in rows]

    def all_passages(self) -> Iterator[Passage]:
        """Every passage by row; memory stays flat."""
        for record in self._rows(f"SELECT {_PASSAGE} ORDER BY row"):
            yield _passage(record)

    def passage_digests(self) -> list[bytes]:
        """The digest of every passage, by row."""
        return [row[0] for row in self._rows("SELECT digest FROM passages ORDER BY row")]

    def passage_languages(self) -> list[str]:
        """The ISO 639 code of every passage, by row."""
        return [row[0] for row in self._rows("SELECT language FROM passages ORDER BY row")]

    def document_digests(self) -> dict[str, bytes]:
        """The digest of every document, by id, in reading order."""
        return dict(self._rows("SELECT id, digest FROM documents ORDER BY position"))

    def documents(self) -> list[DocumentEntry]:
        """The list of documents, in reading order."""
        query = """
            SELECT id, documents.title, source, characters, count(row), documents.language,
                   coalesce(json_extract(metadata, '$.date'), '')
            FROM documents
            LEFT JOIN passages ON document_id = id GROUP BY id ORDER BY position
        """
        among = self._among
        found = (DocumentEntry(*record) for record in self._rows(query))
        return [entry for entry in found if among is None or entry.id in among]

    def document(self, document_id: str) -> Document | None:
        """A whole document, its text put together from its passages."""
        record = self._row(
            "SELECT title, source, headings, metadata, pages, removed FROM documents WHERE id = ?",
            (document_id,),
        )
        if record is None:
            return None
        title, source, headings, metadata, pages, removed = record
        texts = self._rows(
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
            removed=tuple(json.loads(removed)),
        )

    def file_of(self, document_id: str) -> tuple[str, FileRecord] | None:
        """The file that a document was read from: its name, and what it was then."""
        query = (
            "SELECT name, stamp, files.digest FROM documents JOIN files ON name = file WHERE id = ?"
        )
        record = self._row(query, (document_id,))
        return (record[0], FileRecord(*record[1:])) if record else None

    def document_files(self) -> dict[str, str]:
        """The file that each document was read from, by document id, in reading order."""
        return dict(self._rows("SELECT id, file FROM documents ORDER BY position"))

    def page(self, document_id: str, position: int) -> PageStart | None:
        """The page of a paged document on which a character of its text stands."""
        record = self._row("SELECT pages FROM documents WHERE id = ?", (document_id,))
        return page_at(_pages(record[0]), position)

    def source(self, document_id: str) -> str:
        """Where a document came from."""
        record = self._row("SELECT source FROM documents WHERE id = ?", (document_id,))
        return str(record[0])

    def skipped(self) -> list[Skipped]:
        """What could not be read, and why."""
        return self._skipped("ORDER BY position")

    def _skipped(self, which: str, *values: object) -> list[Skipped]:
        query = f"SELECT source, reason, code, figures, french FROM skipped {which}"  # noqa: S608
        return [
            Skipped(source, reason, code, tuple(json.loads(figures)), french)
            for source, reason, code, figures, french in self._rows(query, values)
        ]

    def removed(self) -> dict[str, list[str]]:
        """By document, the text of its file that was taken for no part of it."""
        query = "SELECT id, removed FROM documents WHERE removed <> '[]' ORDER BY position"
        return {name: json.loads(told) for name, told in self._rows(query)}

    def languages(self) -> dict[str, LanguageCount]:
        """Documents and passages by language, the language of most passages first."""
        query = """
            SELECT language, count(*),
                   (SELECT count(*) FROM documents WHERE documents.language = passages.language)
            FROM passages GROUP BY language ORDER BY count(*) DESC, language
        """
        return {
            language: LanguageCount(documents, passages)
            for language, passages, documents in self._rows(query)
        }

    def repeats(self) -> dict[int, int]:
        """From each row that says, or nearly, what an earlier one says, to the first that does."""
        return dict(self._rows(f"SELECT {_REPEATS} ORDER BY row"))

    def repeated_passages(self) -> int:
        """How many passages say, or nearly, what an earlier one says."""
        return int(self._row("SELECT count(*) FROM repeats")[0])

    def repeated_documents(self) -> list[RepeatedDocument]:
        """The documents whose text stands, nearly or wholly, in an earlier one."""
        query = """
            SELECT this.document_id, other.document_id,
                   CAST(sum(this.end - this.start) AS REAL) / characters AS share
            FROM repeats
            JOIN passages AS this ON this.row = repeats.row
            JOIN passages AS other ON other.row = repeats.first
            JOIN documents ON documents.id = this.document_id
            WHERE this.document_id <> other.document_id
            GROUP BY this.document_id, other.document_id HAVING share >= ?
            ORDER BY position
        """
        return [RepeatedDocument(*record) for record in self._rows(query, (_REPEATED_SHARE,))]

    # --- The files that the documents came from, for the next run ---

    def files(self) -> dict[str, FileRecord]:
        """The files that need not be read again as long as they stay the same, by name."""
        return {
            name: FileRecord(stamp, digest)
            for name, stamp, digest in self._rows("SELECT name, stamp, digest FROM files")
        }

    def file_documents(self, file: str) -> Iterator[tuple[str, str]]:
        """The place and id of each document of a file, in reading order."""
        yield from self._rows(
            "SELECT place, id FROM documents WHERE file = ? ORDER BY position", (file,)
        )

    def file_skipped(self, file: str) -> list[Skipped]:
        """What could not be read in a file."""
        return self._skipped("WHERE file = ? ORDER BY position", file)

    def skipped_without_file(self) -> list[Skipped]:
        """What could not be read and belongs to no file that gave a document."""
        known = "SELECT name FROM files WHERE digest IS NOT NULL"
        return self._skipped(f"WHERE file IS NULL OR file NOT IN ({known}) ORDER BY position")


_REPEATS = "row, first FROM repeats"
_PASSAGE = (
    "document_id, title, passages.headings, start, end, text "
    "FROM passages JOIN documents ON id = document_id"
)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _pages(told: str) -> tuple[PageStart, ...]:
    return tuple(PageStart(number, start, ocr) for number, start, ocr in json.loads(told))


def _passage(record: Sequence[Any]) -> Passage:
    document_id, title, headings, start, end, text = record
    return Passage(document_id, title, tuple(json.loads(headings)), start, end, text)
