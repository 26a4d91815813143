"""The documents and passages of an index that is kept in Milvus."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from functools import lru_cache
from typing import Any

from qa.index.manifest import Manifest
from qa.index.milvus_collection import BLOCK, Collection, of_documents
from qa.index.store import DocumentEntry, FileRecord, LanguageCount, RepeatedDocument
from qa.records import Document, Heading, PageStart, Passage, Skipped, page_at

_PASSAGE = ["row", "document", "title", "headings", "start", "end", "text"]


class RemoteStore:
    """As ``qa.index.store.Store``, what readers use of it."""

    def __init__(
        self,
        passages: Collection,
        records: Collection,
        manifest: Manifest,
        summary: Mapping[str, Any],
    ):
        self._passages, self._records = passages, records
        self._manifest, self._summary = manifest, summary
        self._among: AbstractSet[str] | None = None
        self._details = lru_cache(maxsize=256)(self._read_details)

    def among(self, documents: Sequence[str]) -> RemoteStore:
        """The same documents, of which only some are listed."""
        narrowed = copy.copy(self)
        narrowed._among = frozenset(documents)
        return narrowed

    def rows(self, documents: Sequence[str]) -> list[int]:
        """The rows of all passages of some documents."""
        return sorted(
            int(one["row"]) for one in self._passages.every(of_documents(documents), ["row"])
        )

    def counts(self) -> tuple[int, int]:
        """Numbers of documents and of passages."""
        return self._manifest.documents, self._passages.count()

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of some rows, in the order asked for."""
        found = {one["row"]: _passage(one) for one in self._passages.get(rows, _PASSAGE)}
        return [found[int(row)] for row in rows]

    def first_rows(self, rows: Sequence[int]) -> list[int]:
        """For each row, the first row that says the same, or nearly: its own if it is alone."""
        found = {one["row"]: one["first"] for one in self._passages.get(rows, ["row", "first"])}
        return [int(found[int(row)]) for row in rows]

    def all_passages(self) -> Iterator[Passage]:
        """Every passage by row; memory stays flat."""
        for start in range(0, self._manifest.passages, BLOCK):
            yield from self.passages(range(start, min(start + BLOCK, self._manifest.passages)))

    def passage_digests(self) -> list[bytes]:
        """The digest of every passage, by row."""
        found = {
            one["row"]: bytes.fromhex(one["digest"])
            for one in self._passages.every("row >= 0", ["row", "digest"])
        }
        return [found[row] for row in range(len(found))]

    def document_digests(self) -> dict[str, bytes]:
        """The digest of every document, by id, in reading order."""
        return {one["id"]: bytes.fromhex(one["digest"]) for one in self._records.records("entry")}

    def documents(self) -> list[DocumentEntry]:
        """The list of documents, in reading order."""
        return [
            DocumentEntry(**{field.name: one[field.name] for field in fields(DocumentEntry)})
            for one in self._records.records("entry")
            if self._among is None or one["id"] in self._among
        ]

    def document(self, document_id: str) -> Document | None:
        """A whole document, its text put together from its passages."""
        found = self._details(document_id)
        if found is None:
            return None
        entry, content = found
        found_parts = self._passages.every(of_documents([document_id]), ["start", "text"])
        parts = sorted(found_parts, key=lambda part: int(part["start"]))
        return Document(
            id=document_id,
            title=entry["title"],
            text="".join(part["text"] for part in parts),
            source=entry["source"],
            headings=tuple(Heading(*heading) for heading in content["headings"]),
            metadata=content["metadata"],
            pages=tuple(PageStart(*page) for page in content["pages"]),
            removed=tuple(content["removed"]),
        )

    def _read_details(self, document_id: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        try:
            kinds = ("entry", "document")
            entry, content = (json.loads(self._records.record(kind, document_id)) for kind in kinds)
        except KeyError:
            return None
        return entry, content

    def file_of(self, document_id: str) -> tuple[str, FileRecord] | None:  # noqa: ARG002
        """The file that a document was read from: it stays where the index was made."""
        return None

    def page(self, document_id: str, position: int) -> PageStart | None:
        """The page of a paged document on which a character of its text stands."""
        found = self._details(document_id)
        pages = found[1]["pages"] if found is not None else ()
        return page_at(tuple(PageStart(*page) for page in pages), position)

    def source(self, document_id: str) -> str:
        """Where a document came from."""
        found = self._details(document_id)
        return str(found[0]["source"]) if found is not None else ""

    def skipped(self) -> list[Skipped]:
        """What could not be read, and why."""
        return [
            Skipped(**one | {"figures": tuple(one["figures"])})
            for one in self._records.records("skipped")
        ]

    def removed(self) -> dict[str, list[str]]:
        """By document, the text of its file that was taken for no part of it."""
        names = list(self.document_digests())
        contents = self._records.records("document")
        return {
            name: content["removed"]
            for name, content in zip(names, contents, strict=True)
            if content["removed"]
        }

    def languages(self) -> dict[str, LanguageCount]:
        """Documents and passages by language, the language of most passages first."""
        return {name: LanguageCount(**one) for name, one in self._summary["languages"].items()}

    def repeats(self) -> dict[int, int]:
        """From each row that says, or nearly, what an earlier one says, to the first that does."""
        found = self._passages.every("first < row", ["row", "first"])
        return dict(sorted((int(one["row"]), int(one["first"])) for one in found))

    def repeated_passages(self) -> int:
        """How many passages say, or nearly, what an earlier one says."""
        return len(self.repeats())

    def repeated_documents(self) -> list[RepeatedDocument]:
        """The documents whose text stands, nearly or wholly, in an earlier one."""
        return [RepeatedDocument(**one) for one in self._summary["repeated_documents"]]

    def close(self) -> None:
        """Nothing to let go of: the connection is that of the process."""


def _passage(one: Mapping[str, Any]) -> Passage:
    headings = tuple(json.loads(one["headings"]))
    return Passage(
        one["document"], one["title"], headings, int(one["start"]), int(one["end"]), one["text"]
    )
