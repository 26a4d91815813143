"""A question: analysed and embedded once, frozen, and passed on to search, reading and answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from qa.embedding import Embedder, Vectors
from qa.french import Word, words
from qa.numbering import named_places
from qa.records import QAError

MAX_QUESTION = 2_000  # characters


@dataclass(frozen=True, slots=True)
class Question:
    """A question as everything behind it takes it.

    ``message`` is what was typed, ``standalone`` the same with the ``context`` that it takes of
    what was said before (``offered``: words that it may need too). ``text`` is what is searched
    and read: that, with the other forms of what it names. ``words`` are those of ``text``,
    ``places`` the numbers of the articles or sections that it names. ``vector`` (dimension,) has
    length 1; ``tokens`` (tokens, dimension) are the vectors of its tokens, whose lengths add up
    to 1.
    """

    text: str
    words: tuple[Word, ...]
    places: frozenset[str]
    vector: Vectors
    tokens: Vectors
    message: str
    standalone: str
    context: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()


def make_questions(texts: Sequence[str], embedder: Embedder) -> list[Question]:
    """Questions that are searched as they are, embedded together."""
    return [
        Question(
            text,
            tuple(words(text)),
            named_places(text),
            query.vector,
            query.tokens,
            message=text,
            standalone=text,
        )
        for text, query in zip(texts, embedder.embed_questions(texts), strict=True)
    ]


def make_question(text: str, embedder: Embedder) -> Question:
    """A question that is searched as it is."""
    return make_questions([text], embedder)[0]


def clean_message(message: str) -> str:
    """A message fit to be searched: one line, no control characters, no lone surrogates."""
    if len(message) > MAX_QUESTION:
        raise QAError("question_too_long", len(message), MAX_QUESTION)
    text = message.encode("utf-8", "replace").decode("utf-8")
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(" ")
    if not text:
        raise QAError("question_empty")
    return text
