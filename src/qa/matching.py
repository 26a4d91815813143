"""Where the words of a question stand in the sentences of a passage.

Words match by stem, by word family or, when longer, by like spelling, so a sentence that says it
otherwise or a question with a typing error still matches; what search engines do not do cheaply for
all passages is done here for the best ones (``qa.search``), and for choosing sentences
(``qa.answering``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from qa.families import family
from qa.french import Word, fold, split_sentences, words
from qa.questions import Term
from qa.records import Passage

_OPENS_WITH_PRONOUN = re.compile(
    r"(?:il|elle|ils|elles|celui-ci|celle-ci|ceux-ci|ce dernier|cette derniere|cela|ceci|c'est|"
    r"c'etait|son|sa|ses|leur|leurs|ce|cet|cette|ces|mais|puis|ainsi|alors|en effet|pourtant|"
    r"cependant|toutefois|or|donc)\b"
)
_LIST = re.compile(r"(?:\s*(?:[-•–]|\d+[.)]) [^\n]+(?=\n|$))+")
# What a term that stands in the title or headings still weighs: every sentence below is about it.
KNOWN = 0.3
_SIMILAR = 0.55  # Dice of character trigrams from which two spellings are one word
_PHRASE = 4  # words within which two neighbours of the question are still neighbours


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
class Place:
    """A word of a passage that is one of the question's terms (numbers of them); its position."""

    start: int
    end: int
    position: int
    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage, ``text[start:end]``, with the one before it when it needs that one.

    The shares are weighted by idf. ``coverage``: question terms in the sentence, those of its title
    and headings counting less. ``context``: in the sentence, the one before it, or the title and
    headings. ``after``: those that only the sentence after it has. ``phrase``: neighbours of the
    question that are neighbours in the sentence. ``merged``: it begins with the sentence before it.
    ``own`` is the sentence itself, folded, ``folded`` all of what it says. ``places``: where the
    question's terms stand, offsets of the passage.
    """

    start: int
    end: int
    own: str
    folded: str
    places: tuple[Place, ...]
    coverage: float
    context: float
    after: float
    phrase: float
    merged: bool


class Matcher:
    """Finds the terms of a question in texts: by stem, word family or, when longer, like spelling.

    It remembers each word that it has met. ``weights`` are those of the terms.
    """

    def __init__(self, terms: Sequence[Term]):
        self.weights = [term.weight for term in terms]
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

    def places(self, text: Sequence[Word]) -> list[Place]:
        """The words that match, with the numbers of the terms that they match."""
        found = []
        for position, word in enumerate(text):
            key = word.form, word.is_stop
            matched = self._met.get(key)
            if matched is None:
                matched = self._met[key] = self._match(word)
            if matched:
                found.append(Place(word.start, word.end, position, matched))
        return found

    def numbers(self, text: str) -> frozenset[int]:
        """The numbers of the terms that a text holds."""
        return _numbers(self.places(words(text)))

    def lowered(self, passage: Passage) -> list[float]:
        """The weights of the terms, less those that stand in the passage's title or headings."""
        return self._lower(self._above(passage))

    def read(self, passage: Passage) -> Iterator[Sentence]:
        """The sentences of a passage that could answer.

        Titles and questions are left out. A list is one sentence with the line that introduces it.
        """
        titles = {fold(head).strip() for head in (passage.title, *passage.headings)}
        above = self._above(passage)
        lowered = self._lower(above)
        total, lowered_total = sum(self.weights) or 1.0, sum(lowered) or 1.0
        spans = _spans(passage.text)
        places = [self.places(span.words) for span in spans]
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
                here = self.places(words(text))
                here = [replace(p, start=p.start + first, end=p.end + first) for p in here]
            else:
                here = [*places[i - 1], *places[i]] if opens else places[i]
            inside = _numbers(here)
            around = inside | above | (numbers[i - 1] if follows else frozenset())
            after = numbers[i + 1] - around if i + 1 < len(spans) else frozenset()
            yield Sentence(
                start=first,
                end=first + len(text),
                own=span.folded,
                folded=f"{spans[i - 1].folded} {span.folded}" if opens else span.folded,
                places=tuple(here),
                coverage=sum(lowered[n] for n in inside) / lowered_total,
                context=sum(self.weights[n] for n in around) / total,
                after=sum(self.weights[n] for n in after) / total,
                phrase=_phrase(here, self.weights),
                merged=opens,
            )

    def _above(self, passage: Passage) -> frozenset[int]:
        return self.numbers(" ".join([passage.title, *passage.headings]))

    def _lower(self, above: frozenset[int]) -> list[float]:
        return [weight * (KNOWN if n in above else 1.0) for n, weight in enumerate(self.weights)]

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


def _numbers(places: Sequence[Place]) -> frozenset[int]:
    return frozenset(number for place in places for number in place.terms)


def _phrase(places: Sequence[Place], weights: Sequence[float]) -> float:
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
