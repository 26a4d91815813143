"""The values that travel between modules. All are frozen; none knows how it was made.

Offsets are counted in Unicode code points of ``Document.text`` (Python string indices).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from itertools import pairwise
from typing import Any, ClassVar, Literal

from qa.messages import worded

Status = Literal["answered", "not_found", "courtesy"]


_NAMED = 5  # documents that an answer names as those that were searched


class QAError(Exception):
    """An error that a user can act on: what went wrong, what was found, what to do.

    ``code`` names its sentence in the catalogues of ``qa.messages``, and is for programs;
    ``figures`` are what the sentence says besides. As text it is English. A sentence in the place
    of a code stands for itself, in every language.
    """

    def __init__(self, code: str, *figures: object) -> None:
        super().__init__(worded(code, *figures, language="en"))
        self.code, self.figures = code, figures

    def worded(self, language: str | None = None) -> str:
        """The sentence in a language, or in that of the environment."""
        figures = (
            figure.worded(language) if isinstance(figure, QAError) else figure
            for figure in self.figures
        )
        return worded(self.code, *figures, language=language)


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

    _REFERENCES: ClassVar[frozenset[str]] = frozenset(
        {"références", "bibliographie", "sources", "notes", "notes et références", "liens externes"}
    )

    @property
    def is_reference_list(self) -> bool:
        """Whether the section names works rather than tells anything."""
        return [self.title, *self.headings][-1].lower().strip(" .:") in self._REFERENCES

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

    ``rank`` counts from 1. ``score``, in [0, 1] with every method, is how near the passage comes to
    one that is the best by all that the method compares. Beside it, raw: ``dense`` is a cosine in
    [-1, 1]; ``lexical`` is a BM25 score >= 0 (0: no word in common, or below the depth that was
    searched); ``tokens`` is the mean cosine, at most 1, of each question token and its best match
    among the passage's (0 when they were not compared). ``row`` is the passage's row in the index.
    ``is_named``: it has the article or section whose number the question names.
    """

    passage: Passage
    rank: int
    score: float
    dense: float
    lexical: float
    row: int
    tokens: float = 0.0
    is_named: bool = False

    @property
    def standing(self) -> float:
        """What orders hits: the score, behind what the question names by its number."""
        return self.score + self.is_named

    def to_dict(self) -> dict[str, Any]:
        """Flat fields, named as in the values: a list of them makes a table (pandas)."""
        passage = self.passage
        return {
            "rank": self.rank,
            "score": self.score,
            "dense": self.dense,
            "lexical": self.lexical,
            "tokens": self.tokens,
            "document_id": passage.document_id,
            "title": passage.title,
            "headings": list(passage.headings),
            "start": passage.start,
            "end": passage.end,
            "text": passage.text,
        }


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

    @property
    def place(self) -> str:
        """Where it stands, for a reader: title and headings, page, source, characters."""
        page = f", p. {self.page}" if self.page is not None else ""
        page += " (OCR)" if self.ocr else ""
        heads = _path(self.title or self.document_id, self.headings)
        return f"{heads}{page} ({self.source}, caractères {self.start}-{self.end})"

    def marked(self, text: Callable[[str], str], opening: str, closing: str) -> str:
        """The quote between whose parts the short answer is marked; ``text`` writes each part."""
        cuts = [place - self.start for span in sorted(self.emphasis) for place in span]
        parts = [text(self.quote[a:b]) for a, b in pairwise([0, *cuts, len(self.quote)])]
        marks = [mark for _ in self.emphasis for mark in (opening, closing)]
        return "".join([part + mark for part, mark in zip(parts, [*marks, ""], strict=True)])


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one message.

    ``context`` are the words that it needs from what was said before, ``standalone_question`` both
    in one string, as it was searched. When ``status`` is
    ``answered`` there is at least one citation; when ``not_found``, none, and ``hits`` are only
    the closest passages; when ``courtesy``, the message asked nothing of the documents.
    ``confidence`` is the estimated probability in [0, 1] that the corpus answers. ``timings`` are
    milliseconds by step. ``note`` is what is said in plain French beside
    the quotes: why there is no answer, or a reply to a greeting. ``withheld`` are the quotes that
    would have been given, were the answer surer: none when it was given. ``offered`` are words of
    what was said before that the message may need too. ``suggestion`` is the question as
    it may have been meant, with a word spelled as the documents spell it. ``only`` names the
    documents that were searched, as the question gave them; none: all.
    """

    question: str
    standalone_question: str
    status: Status
    citations: tuple[Citation, ...]
    confidence: float
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    note: str = ""
    withheld: tuple[Citation, ...] = ()
    context: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    suggestion: str = ""
    only: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Fields for JSON, named as in the values; the hits are flat."""
        return {**asdict(self), "hits": [hit.to_dict() for hit in self.hits]}

    def __str__(self) -> str:
        return self.text()

    def text(self, opening: str = "", closing: str = "") -> str:
        """The quotes, then where each comes from; or the refusal and what came closest.

        ``opening`` and ``closing`` stand around the short answer in a quote.
        """
        lines = []
        if self.context:
            lines += [f"Compris avec : {' · '.join(self.context)}", ""]
        if self.only:
            lines += [self._searched(), ""]
        if self.status == "answered":
            for citation in self.citations:
                quote = citation.marked(str, opening, closing)
                lines.append(f"« {' '.join(quote.split())} » [{citation.marker}]")
            lines.append("")
            lines += [f"[{citation.marker}] {citation.place}" for citation in self.citations]
            return "\n".join([*lines, *(["", self.note] if self.note else [])])
        lines.append(self.note)
        if self.suggestion:
            lines.append(f"Vouliez-vous demander : {self.suggestion}")
        if self.withheld:
            nearest = self.withheld[0]
            lines += ["", "La phrase la plus proche, qui ne répond sans doute pas :", nearest.place]
            lines.append(f"« {' '.join(nearest.quote.split())} »")
        if self.hits:
            lines += ["", "Passages proches, sans réponse :"]
            lines += [f"  - {_named(hit.passage)}" for hit in self.hits[:3]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For a notebook: the quotes highlighted in their passages, the short answers in bold."""
        parts = []
        if self.context:
            parts.append(f"<p><small>Compris avec : {escape(' · '.join(self.context))}</small></p>")
        if self.only:
            parts.append(f"<p><small>{escape(self._searched())}</small></p>")
        for citation in self.citations:
            before, after = self.around(citation)
            quote = citation.marked(escape, "<b>", "</b>")
            parts.append(
                f"<p>{escape(before)}<mark>{quote}</mark>{escape(after)}<br>"
                f"<small>[{citation.marker}] {escape(citation.place)}</small></p>"
            )
        if self.note:
            parts.append(f"<p>{escape(self.note)}</p>")
        if self.status == "not_found" and self.hits:
            near = "".join(f"<li>{escape(_named(hit.passage))}</li>" for hit in self.hits[:3])
            parts.append(f"<p>Passages proches, sans réponse :</p><ul>{near}</ul>")
        return "\n".join(parts)

    def _searched(self) -> str:
        more = len(self.only) - _NAMED
        told = ", ".join(self.only[:_NAMED]) + (f" et {more} de plus" if more > 0 else "")
        return f"Cherché seulement dans : {told}"

    def around(self, citation: Citation) -> tuple[str, str]:
        """What stands before and after a quote in its passage, where that is among the hits."""
        for passage in (hit.passage for hit in self.hits):
            start, end = citation.start - passage.start, citation.end - passage.start
            if passage.document_id == citation.document_id and 0 <= start < end <= len(
                passage.text
            ):
                return passage.text[:start], passage.text[end:]
        return "", ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange; a conversation is ``tuple[Turn, ...]``, kept by its caller."""

    message: str
    answer: Answer


def _path(title: str, headings: Sequence[str]) -> str:
    return " › ".join(dict.fromkeys([title, *headings]))


def _named(passage: Passage) -> str:
    heads = _path(passage.title or passage.document_id, passage.headings)
    return f"{heads} [{passage.document_id}]"
