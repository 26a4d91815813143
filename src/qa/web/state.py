"""A conversation as the page keeps it: frozen values, which Gradio may hand around freely."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from qa.records import Turn

Verdict = Literal["", "like", "dislike"]
Draft = Literal["", "edit", "correct"]

# A longer conversation forgets its beginning, so that a forgotten page does not fill the memory.
MAX_EXCHANGES = 30


@dataclass(frozen=True, slots=True)
class Exchange:
    """A turn, what was said of it, and whether it was asked without the turns before it."""

    turn: Turn
    alone: bool = False
    verdict: Verdict = ""


@dataclass(frozen=True, slots=True)
class Chat:
    """The exchanges so far; ``draft`` tells what the text in the box is for."""

    exchanges: tuple[Exchange, ...] = ()
    draft: Draft = ""
    position: int = -1  # the exchange that a correction starts from

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What the assistant is told of the conversation."""
        return tuple(exchange.turn for exchange in self.exchanges)

    def add(self, exchange: Exchange) -> Chat:
        """One more exchange; the draft is done."""
        return Chat((*self.exchanges, exchange)[-MAX_EXCHANGES:])

    def without_last(self) -> Chat:
        """The conversation before its last exchange."""
        return Chat(self.exchanges[:-1])

    def judged(self, position: int, verdict: Verdict) -> Chat:
        """A verdict on one exchange; the same verdict again takes it back."""
        exchanges = list(self.exchanges)
        known = exchanges[position].verdict
        exchanges[position] = replace(
            exchanges[position], verdict="" if verdict == known else verdict
        )
        return replace(self, exchanges=tuple(exchanges))
