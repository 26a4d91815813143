"""``NAME.meta.toml`` beside a file: what its citations say, over what the file itself says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from qa.reading.cleaning import clean_line
from qa.records import Document, Skipped

SIDECAR = ".meta.toml"
LARGEST_SIDECAR = 100_000  # bytes

# The names under which people and programs write what a citation needs.
FIELD_NAMES: Mapping[str, str] = {
    "title": "title", "titre": "title",
    "author": "author", "auteur": "author", "authors": "author", "auteurs": "author",
    "creator": "author",
    "date": "date",
    "url": "url", "lien": "url",
    "lang": "language", "langue": "language", "language": "language",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The metadata of one sidecar file, whose place is ``source``; or what is wrong with it."""

    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    fault: tuple[str, ...] = ()  # a code of ``reasons.py`` and its figures

    def override(self, result: Document | Skipped) -> Document | Skipped:
        """A file's only document, with this metadata over its own."""
        if isinstance(result, Skipped) or not self.metadata:
            return result
        told = dict(self.metadata)
        title = told.pop("title", result.title)
        metadata = {**result.metadata, **told}
        source = told.get("url", result.source)
        return replace(result, title=title, metadata=metadata, source=source)

    def complete(self, result: Document | Skipped) -> Document | Skipped:
        """One of many documents of a file: it keeps its own; title and address are the file's."""
        if isinstance(result, Skipped) or not self.metadata:
            return result
        told = {key: text for key, text in self.metadata.items() if key not in ("title", "url")}
        return replace(result, metadata={**told, **result.metadata})


def read_sidecar(data: bytes, source: str) -> Sidecar:
    """Read the TOML of a sidecar: strings, numbers, dates, and lists of them, a name each."""
    if len(data) > LARGEST_SIDECAR:
        return Sidecar(source, fault=("sidecar_large", str(LARGEST_SIDECAR // 1000)))
    try:
        values = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return Sidecar(source, fault=("sidecar_toml", " ".join(str(error).split())))
    metadata: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in values.items():
        text = _text(value)
        if text is None:
            unknown.append(name)
        elif text:
            metadata[FIELD_NAMES.get(name.lower(), name.lower())] = text
    fault = ("sidecar_unknown", ", ".join(unknown)) if unknown else ()
    return Sidecar(source, metadata, fault)


def _text(value: object) -> str | None:
    if isinstance(value, list):
        parts = [_text(item) for item in value]
        return None if None in parts else ", ".join(part for part in parts if part)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return clean_line(str(value))
    return None
