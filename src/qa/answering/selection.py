"""From passages to an answer: read them, refuse or quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qa.answering.model import AnsweringModel, linear, logistic, shipped_model
from qa.answering.quoting import Quote, choose_quotes, cite, differing, quote_from
from qa.answering.reader import PassageReading, Reader
from qa.answering.refusal import question_signals
from qa.index.parts import DocumentStore
from qa.numbering import asks_for_text, place_span
from qa.question import Question
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
    question: Question,
    hits: Sequence[Hit],
    reader: Reader,
    store: DocumentStore,
    model: AnsweringModel | None = None,
) -> Selection:
    """The best quotes from the first passages, whether or not they are likely enough to be shown.

    ``hits`` come best first; ``store`` tells where their documents came from, and the pages.
    """
    places = question.places
    whole = _whole_place(places, hits) if places and asks_for_text(question.text) else None
    if whole is not None:
        return Selection(cite([whole], store), _NAMED)
    ranked = read_hits(question, hits, reader)
    if not ranked:
        return Selection((), 0.0)
    signals = question_signals(ranked)
    confidence = logistic(linear(signals, (model or shipped_model()).question))
    quotes = choose_quotes(ranked)
    return Selection(cite(quotes, store), confidence, _differ(quotes))


def read_hits(question: Question, hits: Sequence[Hit], reader: Reader) -> list[PassageReading]:
    """The readings of the first passages, the likeliest first."""
    telling = [hit for hit in hits if not hit.passage.is_reference_list][:PASSAGES]
    best = max((hit.standing for hit in telling), default=0.0)
    found = [
        lowered(reading, _PRIOR * (best - reading.hit.standing))
        for reading in reader.read(question.text, telling)
    ]
    return sorted(found, key=lambda reading: -reading.score)


def lowered(reading: PassageReading, amount: float) -> PassageReading:
    """A reading with all its log-odds lower by an amount."""
    sentences = tuple(replace(one, score=one.score - amount) for one in reading.sentences)
    return replace(reading, sentences=sentences, score=reading.score - amount)


def _whole_place(places: frozenset[str], hits: Sequence[Hit]) -> Quote | None:
    """The article or section that a question asks for, from its beginning."""
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
