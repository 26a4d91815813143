"""The documents as the page lists them: filtered, ticked, and so chosen to be searched alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from qa.french import fold
from qa.index import DocumentEntry
from qa.web import texts
from qa.web.markup import escape, source_url
from qa.web.references import year
from qa.web.state import Scope

# A list of more documents, or folders, than this is filtered rather than scrolled.
LISTED = 200
# Characters and words of what is typed to find a document by its title.
FILTER, _FILTER_WORDS = 200, 20
_NAMED = 3  # documents that are named where the search is limited


class Listing:
    """The documents of one generation, with their kinds and years."""

    def __init__(self, entries: Iterable[DocumentEntry]):
        self.entries = tuple(entries)
        self._titles = [fold(f"{entry.title} {entry.source}") for entry in self.entries]
        self._kinds = {entry.id: texts.kind_of(entry.id) for entry in self.entries}
        self.kinds = frozenset(self._kinds.values())
        found = ((entry.id, year(entry.date)) for entry in self.entries)
        self._years = {name: int(told) for name, told in found if told}

    def of(self, scope: Scope) -> list[DocumentEntry]:
        """The documents that a reader chose to search."""
        return [e for e in self.entries if scope.covers(e.id) and self._fits(e, scope)]

    def only(self, scope: Scope) -> tuple[str, ...]:
        """What the assistant is to search; nothing where the choice leaves nothing, or is none."""
        chosen = [entry.id for entry in self.of(scope)]
        if scope.kinds or scope.first or scope.last:
            return tuple(chosen)
        known = {*chosen, *(folder for name in chosen for folder in _folders(name))}
        return tuple(name for name in scope.only if name in known)

    def told(self, scope: Scope, template: str) -> str:
        """Where the search is limited to, in words; nothing where it is not."""
        if scope == Scope():
            return ""
        chosen = self.of(scope)
        if not chosen:
            return str(texts.SCOPE_EMPTY)
        names = [entry.title or entry.id for entry in chosen[:_NAMED]]
        more = len(chosen) - len(names)
        return template.format(
            shown=texts.number(len(chosen)),
            total=texts.count(len(self.entries), "document"),
            names=", ".join(names) + (texts.MORE.format(count=texts.number(more)) if more else ""),
        )

    def line(self, scope: Scope) -> str:
        """The line above the box: where the search is limited to, and what lets it go (HTML)."""
        told = self.told(scope, texts.SCOPE)
        kept = escape(json.dumps(asdict(scope), ensure_ascii=False))
        return told and (
            f'<p class="notice" role="status" data-scope="{kept}">{escape(told)} '
            f'<button type="button" class="quiet" data-action="all">{texts.SEARCH_ALL}</button></p>'
        )

    def table(self, title: str, scope: Scope, *, added: str = "") -> str:
        """The documents that fit, by folders, each with its tick (HTML).

        Those below ``added``, a folder, may be taken away or replaced.
        """
        wanted = fold((title or "")[:FILTER]).split()[:_FILTER_WORDS]
        entries = [
            entry
            for entry, text in zip(self.entries, self._titles, strict=True)
            if all(word in text for word in wanted) and self._fits(entry, scope)
        ]
        if not entries:
            return f'{self._filters(scope)}<p class="none" role="status">{texts.CORPUS_NONE}</p>'
        listed, total = min(len(entries), LISTED), len(self.entries)
        shown = texts.count(total, "document")
        if listed < total:
            shown = texts.CORPUS_SHOWN.format(shown=texts.number(listed), total=shown)
        columns = (texts.COLUMN_DOCUMENT, texts.COLUMN_PASSAGES, texts.COLUMN_LENGTH)
        heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
        rows = "".join(self._rows(entries, scope, added))
        return (
            f'{self._filters(scope)}<p class="shown"><span role="status">{escape(shown)}.</span> '
            f"{texts.TICK if total > 1 else ''}</p>"
            f'<table class="corpus"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        )

    def _fits(self, entry: DocumentEntry, scope: Scope) -> bool:
        known = self._years.get(entry.id)
        dated = not (scope.first or scope.last) or (
            known is not None and (scope.first or known) <= known <= (scope.last or known)
        )
        return dated and (not scope.kinds or self._kinds[entry.id] in scope.kinds)

    def _rows(self, entries: Sequence[DocumentEntry], scope: Scope, added: str) -> Iterator[str]:
        chosen = {entry.id for entry in self.of(scope)} if scope.only else set()
        folders: dict[str, list[str]] = {}
        for entry in entries:
            for name in _folders(entry.id):
                folders.setdefault(name, []).append(entry.id)
        seen: set[str] = set()
        for position, entry in enumerate(entries):
            for name in _folders(entry.id):
                if name not in seen and len(seen) < LISTED:
                    seen.add(name)
                    inside = sum(below in chosen for below in folders[name])
                    state = "mixed" if inside else "false"
                    state = "true" if inside == len(folders[name]) else state
                    head = f"{_tick(name, name, state)}<b>{escape(name)}</b>"
                    counted = texts.number(len(folders[name]))
                    yield (
                        f'<tr class="folder"><th scope="row" colspan="3">{head} {counted}</th></tr>'
                    )
            if position >= LISTED:
                continue
            label = entry.title or entry.id
            tick = _tick(entry.id, label, str(entry.id in chosen).lower())
            link = escape(source_url(entry.id, 0, 0))
            change = _changes(entry.id, added) if _is_below(entry.id, added) else ""
            yield (
                f'<tr><th scope="row">{tick}<a class="to-source" href="{link}">{escape(label)}</a>'
                f"<small>{escape(entry.source)} {change}</small></th>"
                f"<td>{texts.number(entry.passages)}</td><td>{texts.number(entry.characters)}</td></tr>"
            )

    def _filters(self, scope: Scope) -> str:
        """Kinds and years, where there are several: what fits none chosen is not searched."""
        kinds, years = sorted(self.kinds), sorted({*self._years.values()})
        parts = []
        if len(kinds) > 1:
            buttons = "".join(
                f'<button type="button" data-action="kind" data-name="{escape(kind)}" '
                f'aria-pressed="{str(kind in scope.kinds).lower()}">{escape(kind)}</button>'
                for kind in kinds
            )
            parts.append(f'<span role="group">{texts.KINDS_LABEL} {buttons}</span>')
        if len(years) > 1:
            told = f"{texts.YEARS_LABEL} {texts.FROM} {_years('first', scope.first, years)} "
            parts.append(f"<span>{told}{texts.TO} {_years('last', scope.last, years)}</span>")
        return f'<p class="filters">{"".join(parts)}</p>' if parts else ""


def _folders(document_id: str) -> list[str]:
    """The folders above a document, the highest first: "a/b/c.md" -> "a/", "a/b/"."""
    return [document_id[: n + 1] for n, c in enumerate(document_id) if c == "/"]


def _is_below(document_id: str, folder: str) -> bool:
    return folder != "" and document_id.startswith(folder)


def _changes(document_id: str, added: str) -> str:
    """What takes away an added file, of one document or more, or puts another in its place."""
    file = re.split("[/:]", document_id.removeprefix(added))[0]
    asked = escape(texts.REMOVE_ASK.format(name=file))
    return "".join(
        f'<button type="button" class="quiet" data-{act}="{escape(file)}" '
        f'data-ask="{asked}">{word}</button>'
        for act, word in (("remove", texts.REMOVE), ("replace", texts.REPLACE))
    )


def _tick(name: str, label: str, state: str) -> str:
    told = escape(texts.TICK_ONE.format(name=label))
    return (
        f'<button type="button" class="tick" role="checkbox" aria-checked="{state}" '
        f'data-action="tick" data-name="{escape(name)}" aria-label="{told}"></button>'
    )


def _years(which: str, chosen: int | None, years: Sequence[int]) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" * (value == chosen)}>{value}</option>'
        for value in years
    )
    label = texts.FIRST_YEAR if which == "first" else texts.LAST_YEAR
    return (
        f'<select data-choice="{which}" aria-label="{label}">'
        f'<option value="">{texts.ANY_YEAR}</option>{options}</select>'
    )
