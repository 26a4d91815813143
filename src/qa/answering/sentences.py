"""The sentences of the passages that were found, and what speaks for each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qa.answering.entities import entities, is_defined, says_how
from qa.answering.extraction import Floats
from qa.matching import Matcher, Place, Sentence
from qa.questions import Question
from qa.records import Hit
from qa.tokens import Match

_REACH = 6.0  # words over which what is near loses two thirds of its weight

ENTITY_KINDS = frozenset({"time", "number", "person", "place"})


@dataclass(frozen=True, slots=True)
class SentenceSignals:
    """What speaks for a sentence.

    ``coverage``, ``context``, ``after``, ``phrase``, ``merged``: how the question's terms stand in
    it (``qa.matching.Sentence``). ``kind``: it holds the kind of answer asked for; ``near``: how
    near that stands to the question's terms. ``passage``: its passage's score over the best one.
    ``tokens``: the mean cosine of each question token and its best match in the sentence.
    ``extracted``: the log-odds that one of its tokens is of the answer (``Extractor``).
    ``length``: the logarithm of its characters.
    """

    coverage: float
    context: float
    after: float
    phrase: float
    kind: float
    near: float
    merged: float
    passage: float
    tokens: float
    extracted: float
    length: float


@dataclass(frozen=True, slots=True)
class Found:
    """What could be the short answer in a sentence, ``text[start:end]``.

    ``near``: how near it stands to the question's terms, in [0, 1]; ``extracted``: as in
    ``SentenceSignals``, of its tokens.
    """

    start: int
    end: int
    near: float
    extracted: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence, ``document.text[start:end]``, with the one before it when it needs that one.

    ``found`` are spans of the kind that is asked for; ``defines`` tells that it says what that is
    of which the question asks the meaning; ``share`` is the probability that this of all the
    sentences is the one that answers, given that one does.
    """

    hit: Hit
    start: int
    end: int
    text: str
    signals: SentenceSignals
    found: tuple[Found, ...]
    defines: bool = False
    score: float = 0.0
    share: float = 0.0


def read_passage(
    question: Question, matcher: Matcher, hit: Hit, match: Match, odds: Floats, best: float
) -> Iterator[Candidate]:
    """The sentences of a passage with their signals; ``best`` is the best passage's score.

    ``match`` compares the question with the passage's tokens; ``odds`` are theirs to be of the
    answer, none when no ``Extractor`` knows these tokens.
    """
    passage = hit.passage
    lowered = matcher.lowered(passage)
    total = sum(lowered) or 1.0
    for sentence in matcher.read(passage):
        text = passage.text[sentence.start : sentence.end]
        found = []
        for entity in entities(question.kind, text, question.words):
            first, last = sentence.start + entity.start, sentence.start + entity.end
            near = _nearness(first, last, sentence.places, passage.text, lowered) / total
            odds_here = _extracted(match, odds, first, last)
            found.append(Found(entity.start, entity.end, near, odds_here))
        if question.kind in ENTITY_KINDS:
            is_kind = bool(found)
        else:
            is_kind = says_how(question.kind, sentence.folded)
        signals = SentenceSignals(
            coverage=sentence.coverage,
            context=sentence.context,
            after=sentence.after,
            phrase=sentence.phrase,
            kind=float(is_kind),
            near=max((one.near for one in found), default=0.0),
            merged=float(sentence.merged),
            passage=hit.score / best if best > 0 else 0.0,
            tokens=match.score(sentence.start, sentence.end),
            extracted=_extracted(match, odds, sentence.start, sentence.end),
            length=math.log(len(sentence.own)),
        )
        start = passage.start + sentence.start
        yield Candidate(
            hit,
            start,
            start + len(text),
            text,
            signals,
            tuple(found),
            question.kind == "definition" and _defines(question, sentence, text),
        )


def _defines(question: Question, sentence: Sentence, text: str) -> bool:
    """Whether a sentence says what that is of which the question asks the meaning."""
    first = sentence.places[: len(question.terms)]
    if (
        sentence.merged
        or not first
        or len({n for place in first for n in place.terms}) < len(question.terms)
    ):
        return False
    return is_defined(text, first[0].start - sentence.start, first[-1].end - sentence.start)


def _extracted(match: Match, odds: Floats, start: int, end: int) -> float:
    if not len(odds):
        return 0.0
    first, last = np.searchsorted(match.starts, [start, end])
    # A sentence beyond what the embedding model reads says as little as the least of the others.
    return float(np.logaddexp.reduce(odds[first:last]) if last > first else odds.min())


def _nearness(
    start: int, end: int, places: Sequence[Place], text: str, weights: Sequence[float]
) -> float:
    """The weight of the terms around ``text[start:end]``, each the less the more words between."""
    best: dict[int, float] = {}
    for place in places:
        if start <= place.start < end:
            continue
        gap = text[place.end : start] if place.end <= start else text[end : place.start]
        value = math.exp(-gap.count(" ") / _REACH)
        for number in place.terms:
            best[number] = max(best.get(number, 0.0), value)
    return sum(weights[number] * value for number, value in best.items())
