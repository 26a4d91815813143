"""From what reading found to quotes: whole sentences, as few as answer, with the answer marked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.answering.reader import PassageReading, SentenceReading
from qa.french import fold, split_sentences, words
from qa.index.parts import DocumentStore
from qa.records import Citation, Hit

# A second and a third sentence are quoted beside the best when their log-odds are at most so much
# lower. Of second ones, 32, 21, 16, 15 and 14 % hold the answer that the first does not, when they
# are 0, 1, 2, 3 and 4 lower; beyond 5, 5 %. Of third ones, hardly any (``benchmarks/README.md``).
_BESIDE = (5.0, 2.0)
# Sources differ only where both are sure: nearly as likely, and likelier than no answer.
_NEARLY, _LIKELY = 2.0, 0.0
_LONGEST_LIST = 600  # characters of a list that follows the line that announces it
# An answer is emphasised up to this length: a longer one is the sentence itself.
_LONGEST_EMPHASIS = 120

# What opens a sentence that another one before it must explain.
_REFERS_BACK = re.compile(
    r"(?:il|elle|ils|elles|ce dernier|cette derniere|ces dern\w+|celui-ci|celle-ci|ceux-ci"
    r"|celles-ci)\b"
)
# A bullet or a number before an item of a list; the quote begins behind it.
_BULLET = re.compile(r"\s*(?:[-–—•·▪◦*>]\s+|\|\s*)")
_ITEM = re.compile(r"\s*(?:[-–—•·▪◦*]\s|\d{1,2}[.)°]\s|[a-z][.)]\s|.{1,80}\s[:|]\s)")


@dataclass(frozen=True, slots=True)
class Quote:
    """``passage.text[start:end]`` of a hit, and where in it the short answer stands, if sure.

    ``score``: its log-odds against "not in this passage".
    """

    hit: Hit
    start: int
    end: int
    emphasis: tuple[int, int] | None
    score: float = 0.0

    @property
    def text(self) -> str:
        """The words of the quote."""
        return self.hit.passage.text[self.start : self.end]

    @property
    def answer(self) -> str:
        """The words of the short answer; none when it is the quote itself."""
        return self.hit.passage.text[slice(*self.emphasis)] if self.emphasis else ""


def choose_quotes(ranked: Sequence[PassageReading]) -> list[Quote]:
    """The sentence that answers best, and others that may well and say something else.

    ``ranked`` are the readings, best first.
    """
    found = sorted(
        ((sentence, reading) for reading in ranked for sentence in reading.sentences),
        key=lambda pair: -pair[0].score,
    )
    quotes: list[Quote] = []
    for sentence, reading in found:
        if quotes and sentence.score < quotes[0].score - _BESIDE[len(quotes) - 1]:
            break
        quote = _quote(sentence, reading)
        if any(_says(quote, other) for other in quotes):
            continue
        quotes.append(quote)
        if len(quotes) > len(_BESIDE):
            break
    return quotes


def quote_from(hit: Hit, start: int, end: int) -> Quote:
    """Whole sentences from a place in a passage on, as many as can be read at once."""
    text = hit.passage.text[start:end]
    last = 0
    for _, sentence_end in split_sentences(text):
        if last and sentence_end > _LONGEST_LIST:
            break
        last = sentence_end
    inside = text[:last]
    start += len(inside) - len(inside.lstrip())
    return Quote(hit, start, start + len(inside.strip()), None)


def _quote(sentence: SentenceReading, reading: PassageReading) -> Quote:
    """A sentence with what it needs to be understood: what « il » is, the list that it opens."""
    text = reading.hit.passage.text
    spans = [(start, end) for start, end in split_sentences(text) if text[start:end].strip()]
    first = next(i for i, (start, _) in enumerate(spans) if start == sentence.start)
    last = first
    while last + 1 < len(spans) and spans[last + 1][0] < sentence.span.end:
        last += 1
    if first and _REFERS_BACK.match(fold(text[spans[first][0] :].lstrip(' «“"—–-'))):
        same = "\n" not in text[spans[first - 1][0] : spans[first][0]].strip("\n") and not text[
            spans[first - 1][0] : spans[first][0]
        ].endswith("\n")
        first -= same
    line = text[slice(*spans[last])].strip()
    if line.endswith("?") and last + 1 < len(spans):
        last += 1  # a question is no answer: what stands below it is
    elif line.endswith(":") or not (line.endswith((".", "!", "…", "»")) or _ITEM.match(line)):
        limit = spans[last][1] + _LONGEST_LIST
        while last + 1 < len(spans) and spans[last + 1][1] <= limit:
            if not _ITEM.match(text[slice(*spans[last + 1])]):
                break
            last += 1
    start, end = spans[first][0], spans[last][1]
    bullet = _BULLET.match(text, start, end)
    start = bullet.end() if bullet else start + len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip(" \t\n|"))
    answer = sentence.span.start, sentence.span.end
    inside = start <= answer[0] < answer[1] <= end
    short = inside and answer[1] - answer[0] <= min(_LONGEST_EMPHASIS, 0.8 * (end - start))
    return Quote(reading.hit, start, end, answer if short else None, sentence.score)


def _says(quote: Quote, other: Quote) -> bool:
    """Whether another quote says what this one does."""
    if quote.hit.row == other.hit.row and quote.start < other.end and other.start < quote.end:
        return True
    said = fold(quote.answer or quote.text)
    return said in fold(other.text)


def cite(quotes: Sequence[Quote], store: DocumentStore) -> tuple[Citation, ...]:
    """Citations of quotes, numbered from 1; ``store`` tells where from, and on which page."""
    citations = []
    for marker, quote in enumerate(quotes, 1):
        passage = quote.hit.passage
        start = passage.start + quote.start
        page = store.page(passage.document_id, start)
        emphasis: tuple[tuple[int, int], ...] = ()
        if quote.emphasis is not None:
            emphasis = ((passage.start + quote.emphasis[0], passage.start + quote.emphasis[1]),)
        citations.append(
            Citation(
                marker=marker,
                document_id=passage.document_id,
                title=passage.title,
                headings=passage.headings,
                source=store.source(passage.document_id),
                start=start,
                end=passage.start + quote.end,
                quote=quote.text,
                page=page.number if page else None,
                emphasis=emphasis,
                ocr=page is not None and page.ocr,
            )
        )
    return tuple(citations)


def differing(quotes: Sequence[Quote]) -> tuple[Quote, Quote] | None:
    """Two quotes of different documents whose short answers are different numbers or dates."""
    if not quotes or not quotes[0].answer:
        return None
    first = _numbers(quotes[0].answer)
    for other in quotes[1:]:
        if other.score < max(quotes[0].score - _NEARLY, _LIKELY):
            break
        numbers = _numbers(other.answer)
        elsewhere = other.hit.passage.document_id != quotes[0].hit.passage.document_id
        if elsewhere and first and numbers and not (first <= numbers or numbers <= first):
            return quotes[0], other
    return None


def _numbers(text: str) -> set[str]:
    joined = re.sub(r"(?<=\d)[\s\u00a0\u202f.](?=\d{3}\b)", "", fold(text))
    found = {word.form for word in words(joined) if any(c.isdigit() for c in word.form)}
    return {form.removesuffix("er") for form in found}
