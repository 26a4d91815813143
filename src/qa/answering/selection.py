"""From passages to an answer: read them, refuse or quote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qa.answering.model import AnsweringModel, linear, logistic, shipped_model
from qa.answering.quoting import Quote, choose_quotes, cite, differing, quote_from
from qa.answering.reader import PassageReading, Reader
from qa.answering.refusal import question_signals
from qa.numbering import asks_for_place, named_places, place_span
from qa.records import Citation, Hit

# How sure the text of an article is that is asked for by its number: set by hand.
_NAMED = 0.95
# So many passages are read: on seven sets of natural questions six find no more than three do, and
# cost twice as much. What search found of a passage counts too: log-odds are lowered by so much a
# unit of the score that the best passage has over it (``benchmarks/README.md``).
PASSAGES = 3
_PRIOR = 20.0


@dataclass(frozen=True, slots=True)
class Selection:
    """What reading chose for a question: the best quotes, and how likely they answer it.

    ``confidence`` is the probability in [0, 1] that the documents answer; ``note`` says in French
    what a reader must know beside the quotes: that sources differ.
    """

    citations: tuple[Citation, ...]
    confidence: float
    note: str = ""


def select_answer(
    question: str,
    hits: Sequence[Hit],
    reader: Reader,
    source: Callable[[str], str],
    model: AnsweringModel | None = None,
) -> Selection:
    """The best quotes from the first passages, whether or not they are likely enough to be shown.

    ``hits`` come best first; ``source`` tells where a document came from.
    """
    if asks_for_place(question) and (quote := _whole_place(question, hits)) is not None:
        return Selection(cite([quote], source), _NAMED)
    ranked = read_hits(question, hits, reader)
    if not ranked:
        return Selection((), 0.0)
    signals = question_signals(ranked)
    confidence = logistic(linear(signals, (model or shipped_model()).question))
    quotes = choose_quotes(ranked)
    return Selection(cite(quotes, source), confidence, _differ(quotes))


def read_hits(question: str, hits: Sequence[Hit], reader: Reader) -> list[PassageReading]:
    """The readings of the first passages, the likeliest first."""
    telling = [hit for hit in hits if not hit.passage.is_reference_list][:PASSAGES]
    best = max((hit.score for hit in telling), default=0.0)
    found = [
        lowered(reading, _PRIOR * (best - reading.hit.score))
        for reading in reader.read(question, telling)
    ]
    return sorted(found, key=lambda reading: -reading.score)


def lowered(reading: PassageReading, amount: float) -> PassageReading:
    """A reading with all its log-odds lower by an amount."""
    sentences = tuple(replace(one, score=one.score - amount) for one in reading.sentences)
    return replace(reading, sentences=sentences, score=reading.score - amount)


def _whole_place(question: str, hits: Sequence[Hit]) -> Quote | None:
    """The article or section that a question asks for, from its beginning."""
    places = named_places(question)
    for hit in hits:
        span = place_span(hit.passage, places)
        if span is not None:
            return quote_from(hit, *span)
    return None


def _differ(quotes: Sequence[Quote]) -> str:
    """« Les sources diffèrent : « 1924 » (Lénine), « 1925 » (Staline). »"""
    pair = differing(quotes)
    if pair is None:
        return ""
    told = [
        f"«\u202f{quote.answer}\u202f» ({quote.hit.passage.title or quote.hit.passage.document_id})"
        for quote in pair
    ]
    return f"Les sources diffèrent\u00a0: {', '.join(told)}."
