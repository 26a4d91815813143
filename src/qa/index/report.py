"""What an update did, told document by document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qa.index.store import LanguageCount, RepeatedDocument, Store
from qa.records import Skipped


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an update did, by document id; ``embedded`` of ``passages`` were new.

    ``renamed`` are pairs of the old and the new id of a document whose file moved; ``read`` is how
    many files were read, the others being as they were. ``repeated_passages`` say what an earlier
    passage says; results show them once.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    unchanged: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    read: int
    passages: int
    embedded: int
    languages: Mapping[str, LanguageCount]
    repeated_passages: int
    repeated_documents: tuple[RepeatedDocument, ...]
    seconds: float
    generation: str
    published: bool


def compare(previous: Store | None, store: Store) -> dict[str, Any]:
    """The fields of the report that tell documents apart: added, changed, and so on."""
    before = previous.document_digests() if previous is not None else {}
    after = store.document_digests()
    common = [name for name in after if name in before]
    renamed = _renamed(previous, store) if previous is not None else {}
    return {
        "added": tuple(n for n in after if n not in before and n not in renamed.values()),
        "changed": tuple(name for name in common if after[name] != before[name]),
        "deleted": tuple(name for name in before if name not in after and name not in renamed),
        "renamed": tuple(renamed.items()),
        "unchanged": tuple(name for name in common if after[name] == before[name]),
    }


def _renamed(previous: Store, store: Store) -> dict[str, str]:
    """From old to new id, the documents of files that have the contents of a file that is gone."""
    before, after = previous.files(), store.files()
    gone: dict[bytes, list[str]] = {}
    for name, record in before.items():
        if name not in after and record.digest is not None:
            gone.setdefault(record.digest, []).append(name)
    renamed: dict[str, str] = {}
    for name, record in after.items():
        if name in before or record.digest is None or not gone.get(record.digest):
            continue
        old = [document for _, document in previous.file_documents(gone[record.digest].pop(0))]
        new = [document for _, document in store.file_documents(name)]
        if len(old) == len(new):
            renamed |= {a: b for a, b in zip(old, new, strict=True) if a != b}
    return renamed
