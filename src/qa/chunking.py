"""Documents into passages: whole sentences, under one heading, sized in the model's own tokens.

The passages of a document are a partition of its text, so that every offset is exact and nothing
is lost; what a passage is searched by (``Passage.index_text``) may say more than what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa.french import split_sentences
from qa.records import Document, Heading, Passage

TokenCounter = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Sizes in tokens of the embedding model, title and headings included.

    ``target`` is what a passage aims at when its section is longer; ``maximum`` is never passed.
    Set by hand, not tuned: about a paragraph, within what the shipped model reads.
    """

    target: int = 160
    maximum: int = 224


# In characters. A span is cut without counting its tokens down to the first length, about ten times
# what a passage holds, and a section is cut into windows of the second: neither time nor memory
# grows faster than the text, whatever it is.
_LONGEST_SPAN = 8_000
_WINDOW = 200_000


@dataclass(frozen=True, slots=True)
class _Unit:
    """A span that is not cut any further, and its length in tokens."""

    start: int
    end: int
    tokens: int


def split_passages(
    document: Document, count_tokens: TokenCounter, settings: ChunkSettings = ChunkSettings()
) -> list[Passage]:
    """The passages of a document, in order; ``"".join(p.text) == document.text``.

    A passage never crosses a heading and never cuts a sentence, unless that sentence alone is
    longer than ``settings.maximum``: then it is cut at a semicolon, else a comma, else a space.
    """
    passages: list[Passage] = []
    for start, end, path in _sections(document):
        context = " ".join([document.title, *path])
        room = settings.maximum - count_tokens([context])[0]
        maximum = max(room, settings.maximum // 2)
        target = min(settings.target, maximum)
        for begins, ends in _windows(document.text, start, end):
            units = _units(document.text, begins, ends, count_tokens, maximum)
            for first, last in _pack(units, target, maximum, document.text):
                text = document.text[first:last]
                passages.append(
                    Passage(document.id, document.title, path, start=first, end=last, text=text)
                )
    return passages


def _windows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a long section where a line ends, else at a blank."""
    while end - start > _WINDOW:
        middle, last = start + _WINDOW // 2, start + _WINDOW
        cut = text.rfind("\n", middle, last) + 1 or text.rfind(" ", middle, last) + 1 or last
        yield start, cut
        start = cut
    yield start, end


def _sections(document: Document) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Spans between headings, each with the path of titles above it; a partition of the text.

    A heading directly below another one (no text between) stays with it.
    """
    text, headings = document.text, document.headings
    if not text:
        return
    starts: list[tuple[int, tuple[str, ...]]] = []
    path: list[Heading] = []
    previous_end = 0
    for heading in headings:
        path = [above for above in path if above.level < heading.level] + [heading]
        # The document's own title stands before the path everywhere: it is not said twice.
        titles = tuple(t for h in path if (t := text[h.start : h.end]) != document.title)
        if starts and not text[previous_end : heading.start].strip():
            starts[-1] = (starts[-1][0], titles)
        else:
            starts.append((heading.start, titles))
        previous_end = heading.end
    if not starts:
        starts = [(0, ())]
    elif text[: starts[0][0]].strip():
        starts.insert(0, (0, ()))
    else:
        starts[0] = (0, starts[0][1])
    ends = [start for start, _ in starts[1:]] + [len(text)]
    for (start, titles), end in zip(starts, ends, strict=True):
        yield start, end, titles


def _units(
    text: str, start: int, end: int, count_tokens: TokenCounter, maximum: int
) -> list[_Unit]:
    spans = [
        piece
        for a, b in split_sentences(text[start:end])
        for piece in _short_enough(text, start + a, start + b)
    ]
    counts = count_tokens([text[a:b] for a, b in spans])
    units: list[_Unit] = []
    for (a, b), tokens in zip(spans, counts, strict=True):
        if tokens <= maximum:
            units.append(_Unit(a, b, tokens))
        else:
            units.extend(_cut(text, a, b, count_tokens, maximum))
    return units


# Where a sentence that is too long may be cut, best first: "; ", ": ", ", ", " " (not within
# "410 000 €" or "8 décembre 2025" while there is another).
_CUTS = (
    re.compile(r"[;:]\s+"),
    re.compile(r",\s+"),
    re.compile(r"(?<!\d)[ \t\n]+(?![\d€%])"),
    re.compile(r"\s+"),
)


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what is much too long for a passage where a clause or a word ends, without counting."""
    while end - start > _LONGEST_SPAN:
        middle, last = start + _LONGEST_SPAN // 2, start + _LONGEST_SPAN
        places = (text.rfind(mark, middle, last - 1) + 1 for mark in (";", ",", " "))
        cut = next(filter(None, places), last)
        yield start, cut
        start = cut
    yield start, end


def _cut(
    text: str, start: int, end: int, count_tokens: TokenCounter, maximum: int
) -> Iterable[_Unit]:
    """Halve a span, near its middle, until every piece fits."""
    tokens = count_tokens([text[start:end]])[0]
    if tokens <= maximum or end - start < 2:
        return [_Unit(start, end, tokens)]
    middle = (start + end) // 2
    low, high = start + (end - start) // 4, end - (end - start) // 4
    cut = middle
    for pattern in _CUTS:
        places = [match.end() for match in pattern.finditer(text, low, high)]
        if places:
            cut = min(places, key=lambda place: abs(place - middle))
            break
    return [
        *_cut(text, start, cut, count_tokens, maximum),
        *_cut(text, cut, end, count_tokens, maximum),
    ]


def _pack(
    units: Sequence[_Unit], target: int, maximum: int, text: str
) -> Iterator[tuple[int, int]]:
    """Group units in order into spans of about equal size, paragraphs together where possible."""
    remaining = sum(unit.tokens for unit in units)
    size = 0
    first = units[0].start if units else 0
    goal = _goal(remaining, target)
    for unit in units:
        if size:
            paragraph_ends = text.endswith("\n\n", first, unit.start)
            # A paragraph's end is worth stopping for from two thirds of the goal on.
            full = size + unit.tokens / 2 > goal or (paragraph_ends and size >= goal * 2 / 3)
            # A short remainder is better kept with what precedes it than left alone.
            keeps_rest = remaining <= min(maximum, goal * 1.4)
            long = size + unit.tokens > maximum or unit.end - first > _LONGEST_SPAN
            # What leads in a list is read with its first items.
            leads_in = text[max(unit.start - 4, first) : unit.start].rstrip().endswith(":")
            if long or (full and not keeps_rest and not leads_in):
                yield first, unit.start
                remaining -= size
                goal = _goal(remaining, target)
                first, size = unit.start, 0
        size += unit.tokens
    if units:
        yield first, units[-1].end


def _goal(tokens: int, target: int) -> float:
    """The size that cuts this many tokens into equal passages of at most about the target."""
    return tokens / max(1, round(tokens / target))
