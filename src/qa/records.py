"""The values that travel between modules. All are frozen; none knows how it was made.

Offsets are counted in Unicode code points of ``Document.text`` (Python string indices).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["answered", "not_found"]


_REFERENCE_SECTIONS = frozenset(
    {"références", "bibliographie", "sources", "notes", "notes et références", "liens externes"}
)


class QAError(Exception):
    """An error that a user can act on: what went wrong, what was found, what to do."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A section title in a document: ``text[start:end]`` is the title, level 1 the highest."""

    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PageStart:
    """A page of a paged file: its text begins at ``start``; ``number`` counts from 1.

    ``ocr``: the text was recognised in an image of the page, and may hold misread letters.
    """

    number: int
    start: int
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A cleaned text that can be shown and cited.

    ``id`` is the path below the corpus folder (or the id of a JSON line), ``source`` says where the
    text came from (file path relative to the corpus, or URL), ``metadata`` holds author, date, url…
    ``pages``, in order, are those of a paged file; other files have none. ``removed`` is text of
    the file that was taken for no part of the document: what a saved web page adds around it.
    """

    id: str
    title: str
    text: str
    source: str
    headings: tuple[Heading, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[PageStart, ...] = ()
    removed: tuple[str, ...] = field(default=(), compare=False)

    def page_at(self, position: int) -> PageStart | None:
        """The page on which a character of the text stands, if the file has pages."""
        return page_at(self.pages, position)


def page_at(pages: Sequence[PageStart], position: int) -> PageStart | None:
    """The last page that begins at or before a position."""
    after = bisect_right(pages, position, key=lambda page: page.start)
    return pages[after - 1] if after else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a part of one, that could not be read, and why (one line, for a person).

    ``code`` names the kind of reason, ``figures`` are what its sentence says besides, ``french`` is
    that sentence for the chat's page, not yet typeset.
    """

    source: str
    reason: str
    code: str = field(default="", compare=False, repr=False)
    figures: tuple[str, ...] = field(default=(), compare=False, repr=False)
    french: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a document: ``text == document.text[start:end]``, always.

    The passages of a document, in order, are a partition of its text. ``headings`` is the path of
    section titles above the passage, from the highest down.
    """

    document_id: str
    title: str
    headings: tuple[str, ...]
    start: int
    end: int
    text: str

    @property
    def is_reference_list(self) -> bool:
        """Whether the section names works rather than tells anything."""
        return [self.title, *self.headings][-1].lower().strip(" .:") in _REFERENCE_SECTIONS

    @property
    def index_text(self) -> str:
        """What is searched: the title and headings, which name the subject, then the text.

        A list of references stands for itself: short and under a title with the question's very
        words, it would be found before the passages that answer.
        """
        if self.is_reference_list:
            return self.text.strip()
        context = [self.title, *self.headings] if self.title else list(self.headings)
        heads = [head for head in dict.fromkeys(context) if not self.text.startswith(head)]
        return "\n".join([*heads, self.text.strip()])


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question.

    ``rank`` counts from 1; ``score`` orders the list; ``dense`` is a cosine in [-1, 1]; ``lexical``
    is a BM25 score >= 0 (0: no word in common, or below the depth that was searched); ``tokens`` is
    the mean cosine, at most 1, of each question token and its best match among the passage's (0
    when they were not compared). ``row`` is the passage's row in the index.
    """

    passage: Passage
    rank: int
    score: float
    dense: float
    lexical: float
    row: int
    tokens: float = 0.0


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact quotation: ``quote == document.text[start:end]``; ``marker`` counts from 1.

    ``page`` is where the quotation begins in a paged file, counted from 1; ``ocr`` tells that its
    text was recognised in an image. ``emphasis`` are spans of the document inside the quote that
    hold the short answer (a date, a number, a name), where that is sure.
    """

    marker: int
    document_id: str
    title: str
    headings: tuple[str, ...]
    source: str
    start: int
    end: int
    quote: str
    page: int | None = None
    emphasis: tuple[tuple[int, int], ...] = ()
    ocr: bool = False


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """A sentence of the answer, word for word from its source, and the citation that proves it."""

    text: str
    marker: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one message.

    ``standalone_question`` is the question as understood out of context. When ``status`` is
    ``answered`` there is at least one citation; when ``not_found``, none, and ``hits`` are only
    the closest passages. ``confidence`` is the estimated probability in [0, 1] that the corpus
    answers. ``timings`` are milliseconds by step. ``note`` is what is said in plain French beside
    the quotes: why there is no answer, or a reply to a greeting.
    """

    question: str
    standalone_question: str
    status: Status
    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    confidence: float
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange; a conversation is ``tuple[Turn, ...]``, kept by its caller."""

    message: str
    answer: Answer


def hit_fields(hit: Hit) -> dict[str, Any]:
    """A hit as flat JSON fields, named as in the values."""
    passage = hit.passage
    return {
        "rank": hit.rank,
        "score": hit.score,
        "dense": hit.dense,
        "lexical": hit.lexical,
        "tokens": hit.tokens,
        "document_id": passage.document_id,
        "title": passage.title,
        "headings": list(passage.headings),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }


def answer_fields(answer: Answer) -> dict[str, Any]:
    """An answer as JSON fields, named as in the values."""
    return {**asdict(answer), "hits": [hit_fields(hit) for hit in answer.hits]}
