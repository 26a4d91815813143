"""The way of a question, on one screen: understand, embed, search, answer."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from qa.answering import select_answer
from qa.conversation import standalone_question
from qa.courtesy import courtesy_reply
from qa.embedding import Embedder, Vectors, open_embedder
from qa.index import Index, open_index
from qa.questions import analyse_question
from qa.records import Answer, Document, Hit, QAError, Turn
from qa.search import METHODS, search_hybrid

Caution = Literal["low", "normal", "high"]

MAX_QUESTION = 2_000  # characters
# Passages that are looked at to answer, whatever the number that is shown.
_DEPTH = 20
_REFUSAL = "Je ne trouve pas de réponse à cette question dans les documents."


class Assistant:
    """Answers questions from one index. Holds no conversation: the caller passes the turns.

    >>> assistant = Assistant.open("index")
    >>> answer = assistant.answer("Qui a tué Trotsky ?")
    >>> answer.citations[0].quote
    """

    def __init__(self, index: Index, embedder: Embedder):
        entry = index.manifest.embedder
        if embedder.fingerprint != entry.fingerprint:
            raise QAError(
                f"the index was made with another version of the model {entry.name!r} "
                f"(fingerprint {entry.fingerprint[:12]}, here {embedder.fingerprint[:12]}). "
                f"Make it again: qa index {index.manifest.corpus} --index {index.path.parent}"
            )
        self.index = index
        self.embedder = embedder

    @classmethod
    def open(cls, directory: str | Path = "index") -> Assistant:
        """Open an index with the model that made it; ``QAError`` says what to do when it cannot."""
        index = open_index(Path(directory))
        return cls(index, open_embedder(index.manifest.embedder.name))

    def answer(
        self,
        message: str,
        turns: Sequence[Turn] = (),
        *,
        limit: int = 5,
        method: str = "hybrid",
        caution: Caution = "normal",
    ) -> Answer:
        """Answer a message in the light of the turns before it.

        ``limit`` is the number of hits in the answer (at least 1). Raises ``QAError`` on an empty
        message or one longer than ``MAX_QUESTION`` characters.
        """
        message = clean_message(message)
        clock = _Clock()
        reply = courtesy_reply(message)
        if reply is not None:
            return Answer(message, message, "not_found", (), (), 0.0, (), {}, reply)
        standalone = standalone_question(message, turns)
        question = analyse_question(
            standalone, self.index.manifest.passages, self.index.lexical.document_frequency
        )
        clock.lap("understand")
        query = self._embed([standalone])[0]
        clock.lap("embed")
        hits = METHODS[method](self.index, standalone, query, max(limit, _DEPTH))
        clock.lap("search")
        selection = select_answer(
            question, query, hits, self._embed, self.index.store.source, caution
        )
        clock.lap("answer")
        answered = bool(selection.citations)
        return Answer(
            question=message,
            standalone_question=standalone,
            status="answered" if answered else "not_found",
            sentences=selection.sentences,
            citations=selection.citations,
            confidence=selection.confidence,
            hits=tuple(hits[:limit]),
            timings=clock.laps,
            note="" if answered else _REFUSAL,
        )

    def search(self, question: str, *, limit: int = 10, method: str = "hybrid") -> list[Hit]:
        """Passages only, best first; ``method`` is hybrid, dense or lexical."""
        question = clean_message(question)
        query = self._embed([question])[0]
        return METHODS.get(method, search_hybrid)(self.index, question, query, limit)

    def document(self, document_id: str) -> Document:
        """A whole document of the index, to show a citation in its place."""
        return self.index.document(document_id)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        return self.embedder.embed_questions(texts)


def clean_message(message: str) -> str:
    """A message fit to be searched: one line, no control characters, no lone surrogates."""
    if len(message) > MAX_QUESTION:
        raise QAError(
            f"the question has {len(message)} characters, the limit is {MAX_QUESTION}. Shorten it."
        )
    text = message.encode("utf-8", "replace").decode("utf-8")
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(" ")
    if not text:
        raise QAError("the question is empty. Ask one in French.")
    return text


class _Clock:
    """Milliseconds between laps, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now
