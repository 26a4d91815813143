"""The sentences of the passages that were found, and what speaks for each of them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from qa.answering.entities import Entity, entities, says_how
from qa.families import family
from qa.french import Word, fold, split_sentences, words
from qa.questions import Question, Term
from qa.records import Hit
from qa.tokens import Match

_OPENS_WITH_PRONOUN = re.compile(
    r"(?:il|elle|ils|elles|celui-ci|celle-ci|ceux-ci|ce dernier|cette derniere|cela|ceci|c'est|"
    r"c'etait|son|sa|ses|leur|leurs|ce|cet|cette|ces|mais|puis|ainsi|alors|en effet|pourtant|"
    r"cependant|toutefois|or|donc)\b"
)
_LIST = re.compile(r"(?:\s*(?:[-•–]|\d+[.)]) [^\n]+(?=\n|$))+")
# What a term that stands in the title or headings still weighs: every sentence below is about it.
KNOWN = 0.3
_SIMILAR = 0.55  # Dice of character trigrams from which two spellings are one word
_REACH = 6.0  # words over which what is near loses two thirds of its weight
_PHRASE = 4  # words within which two neighbours of the question are still neighbours

ENTITY_KINDS = frozenset({"time", "number", "person", "place"})


@dataclass(frozen=True, slots=True)
class SentenceSignals:
    """What speaks for a sentence; the shares are weighted by idf.

    ``coverage``: question terms in the sentence, those of its title and headings counting less.
    ``context``: in the sentence, the one before it, or the title and headings. ``after``: those
    that only the sentence after it has. ``phrase``: neighbours of the question that are neighbours
    in the sentence. ``kind``: it holds the kind of answer asked for; ``near``: how near that stands
    to the question's terms. ``merged``: it needs the sentence before it. ``passage``: its passage's
    score over the best one. ``tokens``: the mean cosine of each question token and its best match
    in the sentence.
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
    length: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence, ``document.text[start:end]``, with the one before it when it needs that one.

    ``found`` are spans of it (offsets of ``text``) of the kind that is asked for, each with how
    near it stands to the question's words; ``share`` is the probability that this of all the
    sentences is the one that answers, given that one does.
    """

    hit: Hit
    start: int
    end: int
    text: str
    signals: SentenceSignals
    found: tuple[tuple[Entity, float], ...]
    score: float = 0.0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class _Span:
    """A sentence of a passage: ``text[start:end]`` and its words, whose offsets are the passage's.

    ``is_paragraph_end``: what follows is about something else.
    """

    start: int
    end: int
    folded: str
    words: tuple[Word, ...]
    is_paragraph_end: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of a passage that is one of the question's terms (numbers of them); its position."""

    start: int
    end: int
    position: int
    terms: tuple[int, ...]


class Matcher:
    """Finds the terms of a question in texts: by stem, word family or, when longer, like spelling.

    It remembers each word that it has met.
    """

    def __init__(self, terms: Sequence[Term]):
        self._by_stem: dict[str, set[int]] = {}
        self._by_family: dict[int, set[int]] = {}
        self._by_letter: dict[str, list[tuple[int, str]]] = {}
        for number, term in enumerate(terms):
            self._by_stem.setdefault(term.stem, set()).add(number)
            its_family = family(term.form)
            if its_family is not None:
                self._by_family.setdefault(its_family, set()).add(number)
            if len(term.form) > 4 and not term.form.isdigit():
                self._by_letter.setdefault(term.form[0], []).append((number, term.form))
        self._met: dict[tuple[str, bool], tuple[int, ...]] = {}  # « né » and « ne » fold alike

    def places(self, text: Sequence[Word]) -> list[_Place]:
        """The words that match, with the numbers of the terms that they match."""
        found = []
        for position, word in enumerate(text):
            key = word.form, word.is_stop
            matched = self._met.get(key)
            if matched is None:
                matched = self._met[key] = self._match(word)
            if matched:
                found.append(_Place(word.start, word.end, position, matched))
        return found

    def numbers(self, text: str) -> frozenset[int]:
        """The numbers of the terms that a text holds."""
        return _numbers(self.places(words(text)))

    def _match(self, word: Word) -> tuple[int, ...]:
        if word.is_stop:
            return ()
        found = set(self._by_stem.get(word.stem, ()))
        its_family = family(word.form)
        if its_family is not None:
            found |= self._by_family.get(its_family, set())
        if len(word.form) > 3:
            found |= {
                number
                for number, form in self._by_letter.get(word.form[0], ())
                if spelled_alike(form, word.form)
            }
        return tuple(sorted(found))


def read_passage(
    question: Question, matcher: Matcher, hit: Hit, match: Match, best: float
) -> Iterator[Candidate]:
    """The sentences of a passage with their signals; ``best`` is the best passage's score.

    ``match`` compares the question with the passage's tokens.

    Titles and questions are left out. A list is one sentence with the line that introduces it.
    """
    passage = hit.passage
    heads = [passage.title, *passage.headings]
    titles = {fold(head).strip() for head in heads}
    above = matcher.numbers(" ".join(heads))
    weights = [term.weight for term in question.terms]
    lowered = [weight * (KNOWN if n in above else 1.0) for n, weight in enumerate(weights)]
    total, lowered_total = sum(weights) or 1.0, sum(lowered) or 1.0
    spans = _spans(passage.text)
    places = [matcher.places(span.words) for span in spans]
    numbers = [_numbers(found) for found in places]
    told = [span.folded != "" and span.folded not in titles for span in spans]
    for i, span in enumerate(spans):
        if not told[i] or span.folded.endswith("?"):
            continue
        # What « il » or « cette ville » stands for is in the sentence before: both are quoted.
        follows = i > 0 and told[i - 1] and not spans[i - 1].is_paragraph_end
        opens = follows and _OPENS_WITH_PRONOUN.match(span.folded) is not None
        # « Il vécut dans quatre pays : » answers with the list below it.
        items = _LIST.match(passage.text, span.end) if span.folded.endswith(":") else None
        first = spans[i - 1].start if opens else span.start
        text = passage.text[first : items.end() if items else span.end].strip()
        first += passage.text[first:].index(text)
        if items:
            here = matcher.places(words(text))
            here = [replace(p, start=p.start + first, end=p.end + first) for p in here]
        else:
            here = [*places[i - 1], *places[i]] if opens else places[i]
        inside = _numbers(here)
        around = inside | above | (numbers[i - 1] if follows else frozenset())
        after = numbers[i + 1] - around if i + 1 < len(spans) else frozenset()
        found = entities(question.kind, text, question.words)
        near = [
            _nearness(entity, first, here, passage.text, lowered) / lowered_total
            for entity in found
        ]
        if question.kind in ENTITY_KINDS:
            is_kind = bool(found)
        else:
            before = spans[i - 1].folded if opens else ""
            is_kind = says_how(question.kind, f"{before} {span.folded}")
        signals = SentenceSignals(
            coverage=sum(lowered[n] for n in inside) / lowered_total,
            context=sum(weights[n] for n in around) / total,
            after=sum(weights[n] for n in after) / total,
            phrase=_phrase(here, weights),
            kind=float(is_kind),
            near=max(near, default=0.0),
            merged=float(opens),
            passage=hit.score / best if best > 0 else 0.0,
            tokens=match.score(first, first + len(text)),
            length=math.log(len(span.folded)),
        )
        offset = passage.start + first
        yield Candidate(
            hit, offset, offset + len(text), text, signals, tuple(zip(found, near, strict=True))
        )


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[_Span, ...]:
    every = words(text)
    spans, place = [], 0
    for start, end in split_sentences(text):
        first = place
        while place < len(every) and every[place].start < end:
            place += 1
        sentence = text[start:end]
        spans.append(
            _Span(
                start,
                end,
                fold(sentence).strip(),
                tuple(every[first:place]),
                sentence.endswith("\n\n"),
            )
        )
    return tuple(spans)


def _numbers(places: Sequence[_Place]) -> frozenset[int]:
    return frozenset(number for place in places for number in place.terms)


def _nearness(
    entity: Entity, offset: int, places: Sequence[_Place], text: str, weights: Sequence[float]
) -> float:
    """The weight of the terms around an entity, each the less the more words are between."""
    start, end = offset + entity.start, offset + entity.end
    best: dict[int, float] = {}
    for place in places:
        if start <= place.start < end:
            continue
        gap = text[place.end : start] if place.end <= start else text[end : place.start]
        value = math.exp(-gap.count(" ") / _REACH)
        for number in place.terms:
            best[number] = max(best.get(number, 0.0), value)
    return sum(weights[number] * value for number, value in best.items())


def _phrase(places: Sequence[_Place], weights: Sequence[float]) -> float:
    """The share of the question's neighbouring pairs that stand near each other, in order."""
    pairs = list(pairwise(range(len(weights))))
    total = sum(weights[one] + weights[two] for one, two in pairs)
    at: dict[int, list[int]] = {}
    for place in places:
        for number in place.terms:
            at.setdefault(number, []).append(place.position)
    together = sum(
        weights[one] + weights[two]
        for one, two in pairs
        if any(0 < q - p <= _PHRASE for p in at.get(one, ()) for q in at.get(two, ()))
    )
    return together / total if total else 0.0


@lru_cache(maxsize=100_000)
def spelled_alike(one: str, other: str) -> bool:
    """Whether two folded words share most character trigrams: "trotski", "trotsky"."""
    if abs(len(one) - len(other)) > 3:
        return False
    first, second = _trigrams(one), _trigrams(other)
    return 2 * len(first & second) / (len(first) + len(second)) >= _SIMILAR


@lru_cache(maxsize=100_000)
def _trigrams(form: str) -> frozenset[str]:
    padded = f"_{form}_"
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))
