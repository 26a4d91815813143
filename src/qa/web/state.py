"""A conversation as the page keeps it: frozen values, which Gradio may hand around freely.

The browser keeps what was asked (``kept``), never what was answered: a page that is loaded again
asks again, so that every answer shown is one of the documents as they are.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal, TypeVar

from annotated_types import Interval, Len

from qa.assistant import Caution
from qa.records import Turn

Verdict = Literal["", "like", "dislike"]
Draft = Literal["", "edit"]

Method = Literal["hybrid", "dense", "lexical"]
_Kind = TypeVar("_Kind")

# A longer conversation forgets its beginning, so that a forgotten page does not fill the memory.
MAX_EXCHANGES = 30
PASSAGES = (3, 5, 10)  # that the page offers
MAX_CHOSEN = 200  # documents and folders that are ticked
MAX_CONTEXT = 2_000  # characters that a question may take from what was said before


def _new_identity() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a reader searches: everywhere, or in the documents that all of this fits.

    ``only`` are ids of documents and folders ("notes/"), ``kinds`` names of kinds of files, the
    years inclusive; what is empty narrows nothing.
    """

    only: Annotated[tuple[str, ...], Len(max_length=MAX_CHOSEN)] = ()
    kinds: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None

    def covers(self, document_id: str) -> bool:
        """Whether a document was chosen, itself or by a folder above it."""
        parts = document_id.split("/")
        above = {"/".join(parts[:n]) + "/" for n in range(1, len(parts))}
        return not self.only or not above.isdisjoint(self.only) or document_id in self.only

    def ticked(self, name: str, entries: Iterable[str]) -> Scope:
        """One document or folder more, or less; ``entries`` are the ids of all documents."""
        ids = list(entries)
        before = {i for i in ids if self.only and self.covers(i)}
        meant = {i for i in ids if i == name or (name.endswith("/") and i.startswith(name))}
        chosen = before - meant if meant <= before else before | meant
        return replace(self, only=_in_folders(chosen, ids))

    def of_kind(self, name: str) -> Scope:
        """One kind of files more, or less."""
        return replace(self, kinds=tuple(sorted({*self.kinds} ^ {name})))

    def of_years(self, action: str, typed: str) -> Scope:
        """With another year as the ``first`` or the ``last``; none where none was typed."""
        year = int(typed) if typed.isdecimal() and len(typed) == 4 else None
        return replace(self, first=year) if action == "first" else replace(self, last=year)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a question is asked: passages shown (1 to 100), search method, caution, and where."""

    passages: Annotated[int, Interval(ge=1, le=100)] = 5
    method: Method = "hybrid"
    caution: Caution = "normal"
    scope: Scope = Scope()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn, how it was asked and of which documents, and what was said of it.

    ``corpus``: the digest of the documents that answered; ``identity`` tells two exchanges with the
    same words apart; ``searched`` says where it was searched, when that was not everywhere.
    """

    turn: Turn
    verdict: Verdict = ""
    settings: Settings = Settings()
    corpus: str = ""
    identity: str = field(default_factory=_new_identity)
    searched: str = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """The exchanges so far; ``draft`` tells what the text in the box is for.

    ``forgotten`` are those of the conversation before a new one that has not begun; ``scope`` is
    where the next question is searched.
    """

    exchanges: tuple[Exchange, ...] = ()
    draft: Draft = ""
    forgotten: tuple[Exchange, ...] = ()
    scope: Scope = Scope()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What the assistant is told of the conversation."""
        return tuple(exchange.turn for exchange in self.exchanges)

    def add(self, exchange: Exchange) -> Chat:
        """One more exchange; the draft is done."""
        return Chat((*self.exchanges, exchange)[-MAX_EXCHANGES:], scope=self.scope)

    def without_last(self) -> Chat:
        """The conversation before its last exchange."""
        return Chat(self.exchanges[:-1], scope=self.scope)

    def at_rest(self) -> Chat:
        """The conversation, with nothing begun."""
        return Chat(self.exchanges, scope=self.scope)

    def judged(self, position: int, verdict: Verdict) -> Chat:
        """A verdict on one exchange; the same verdict again takes it back."""
        exchanges = list(self.exchanges)
        known = exchanges[position].verdict
        exchanges[position] = replace(
            exchanges[position], verdict="" if verdict == known else verdict
        )
        return replace(self, exchanges=tuple(exchanges))


@dataclass(frozen=True, slots=True)
class Kept:
    """An exchange as the browser keeps it: enough to ask again, without the answer."""

    message: str
    context: tuple[str, ...]
    verdict: Verdict
    settings: Settings
    corpus: str
    identity: str


def kept_fields(exchange: Exchange) -> dict[str, Any]:
    """An exchange as the browser keeps it, in JSON fields."""
    answer = exchange.turn.answer
    return asdict(
        Kept(
            exchange.turn.message,
            answer.context,
            exchange.verdict,
            exchange.settings,
            exchange.corpus,
            exchange.identity,
        )
    )


def read_kept(content: object) -> list[Kept]:
    """What a browser hands back, the newest last; whatever is not as it was written is left out."""
    if not isinstance(content, list):
        return []
    found = [_read(Kept, fields) for fields in content[-MAX_EXCHANGES:]]
    return [kept for kept in found if kept and sum(map(len, kept.context)) <= MAX_CONTEXT]


def read_settings(passages: object, method: object, caution: object) -> Settings | None:
    """Settings that somebody else wrote, when they are such."""
    return _read(Settings, {"passages": passages, "method": method, "caution": caution})


def read_scope(content: object) -> Scope:
    """Where a browser says that its reader searches; everywhere, when it is nothing of ours."""
    return _read(Scope, content) or Scope()


def _in_folders(chosen: Collection[str], ids: Iterable[str]) -> tuple[str, ...]:
    """Documents named by the highest folders that are chosen whole; none when all are."""
    left = {i for i in ids if i not in chosen}
    if not left:
        return ()
    broken = {name[: n + 1] for name in left for n, c in enumerate(name) if c == "/"}
    names: dict[str, None] = {}
    for name in sorted(chosen):
        folders = (name[: n + 1] for n, c in enumerate(name) if c == "/")
        names[next((folder for folder in folders if folder not in broken), name)] = None
    return tuple(names)


def _read(kind: type[_Kind], fields: object) -> _Kind | None:
    from pydantic import TypeAdapter

    try:
        return TypeAdapter(kind).validate_json(json.dumps(fields), strict=True)
    except (TypeError, ValueError):
        return None


def kept_settings(values: object) -> tuple[int, str, str] | None:
    """The settings of the page as a browser kept them, when they are some that it offers."""
    found = read_settings(*values) if isinstance(values, list) and len(values) == 3 else None
    offered = found is not None and found.passages in PASSAGES
    return (found.passages, found.method, found.caution) if found and offered else None
