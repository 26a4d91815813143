"""The way of a question, on one screen: understand, embed, search, answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from qa.answering import (
    AnsweringModel,
    Reader,
    Selection,
    advise,
    calibrated,
    read_calibration,
    select_answer,
    shipped_model,
    stale,
)
from qa.conversation import Context, FollowUps, join_answers, split_questions, understand
from qa.courtesy import courtesy_reply
from qa.embedding import Embedder, open_embedder
from qa.encoder import shipped_encoder
from qa.index import (
    Index,
    IndexReport,
    change_index,
    current_name,
    index_folder,
    open_index,
)
from qa.overview import asked_subject, documents_on, overview_of
from qa.question import Question, clean_message, make_question
from qa.records import Answer, Document, Hit, QAError, Turn
from qa.search import METHODS

if TYPE_CHECKING:
    from qa.reading import Given

Caution = Literal["low", "normal", "high"]

# Passages that are looked at to answer, whatever the number that is shown.
_DEPTH = 20
# A follow-up is likely to be about the document just cited: what its passages gain in score.
# On the development conversations 0.1 finds 0 to 1.2 points of nDCG@5 more, and 0.05 nothing more.
_CITED = 0.1
_WIDE = 100  # passages that are counted to tell which documents speak of something


class Assistant:
    """Answers questions from one index. Holds no conversation: the caller passes the turns.

    It turns to a generation of the index that is published later between two questions, unless
    ``follow`` is false. ``model`` is what sentences are chosen and questions refused with: the
    shipped one, or with the calibration beside the index. ``warning`` says what a user should know
    before trusting it.

    >>> with Assistant.open("index") as assistant:
    ...     print(assistant.answer("Qui a tué Trotsky ?"))
    """

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        reader: Reader | None = None,
        model: AnsweringModel | None = None,
        follow_ups: FollowUps | None = None,
        *,
        follow: bool = True,
    ):
        entry = index.manifest.embedder
        if embedder.fingerprint != entry.fingerprint:
            raise QAError(
                "other_model_version",
                entry.name,
                entry.fingerprint[:12],
                embedder.fingerprint[:12],
                index.manifest.corpus or "CORPUS",
                index.path.parent,
            )
        self.index = index
        self.embedder = embedder
        self.reader = reader or Reader(shipped_encoder())
        self.follow_ups = follow_ups or FollowUps(shipped_encoder())
        self.model, self.warning = _calibrated_model(index) if model is None else (model, None)
        self._follows = follow
        # One that another replaces because it is damaged is not tried again.
        whole = index.warning is None
        self._published = index.path.name if whole else current_name(index.path.parent)
        self.discard: Callable[[], object] = lambda: None  # removes an index that nobody else has

    @classmethod
    def open(cls, directory: str | Path = "index") -> Assistant:
        """Open an index with the model that made it; ``QAError`` says what to do when it cannot."""
        index = open_index(index_folder(directory))
        return cls(index, open_embedder(index.manifest.embedder.name))

    def answer(
        self,
        message: str,
        turns: Sequence[Turn] = (),
        *,
        limit: int = 5,
        method: str = "hybrid",
        caution: Caution = "normal",
        context: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
    ) -> Answer:
        """Answer a message in the light of the turns before it.

        ``limit`` is the number of hits in the answer; ``method`` is hybrid, dense or lexical.
        ``context`` are the words that it is to take from what was said before, in place of those
        that are found. ``only`` narrows the search to some documents, by id, folder or pattern
        (``*.pdf``).
        Raises ``QAError`` on an empty message, one longer than ``MAX_QUESTION`` characters, or a
        setting or a document that does not exist.
        """
        only = (only,) if isinstance(only, str) else tuple(only)
        index = self._searched(only)
        message = clean_message(message)
        _check("method", method, METHODS)
        _check("caution", caution, shipped_model().thresholds)
        _check_limit(limit)
        reply = courtesy_reply(message, in_conversation=bool(turns))
        if reply is not None:
            return Answer(message, message, "courtesy", (), 0.0, (), {}, reply)
        answers: list[Answer] = []
        for question in split_questions(message):
            answers.append(
                self._answer_one(index, question, turns, context, limit, method, caution)
            )
            turns = (*turns, Turn(question, answers[-1]))
        whole = answers[0] if len(answers) == 1 else join_answers(message, answers, limit)
        return replace(whole, question=message, only=only)

    def _answer_one(
        self,
        index: Index,
        message: str,
        turns: Sequence[Turn],
        chosen: Sequence[str] | None,
        limit: int,
        method: str,
        caution: Caution,
    ) -> Answer:
        clock = _Clock()
        # « ces documents » are not those that were spoken of, so that nothing need be understood.
        if (overview := overview_of(message, index)) is not None:
            return replace(overview, timings=clock.lap("answer"))

        def understood(context: Context) -> Question:
            question = understand(message, context, index, self.embedder)
            clock.lap("understand")
            return question

        def read(question: Question) -> _Reading:
            hits = METHODS[method](index, question, max(limit, _DEPTH))
            if question.context and turns:
                hits = _cited_first(hits, turns[-1].answer)
            clock.lap("search")
            selection = select_answer(question, hits, self.reader, index.store, self.model)
            clock.lap("answer")
            return _Reading(question, hits, selection)

        context = self.follow_ups.context(message, turns)
        if chosen is not None:
            context = context.chosen(message, chosen)
        question = understood(context)
        if (overview := self._documents_on(index, question, limit, method)) is not None:
            return replace(overview, timings=clock.lap("search"))
        found, least = read(question), self.model.thresholds[caution]
        if chosen is None and not found.answers(least):
            # One phrase too many makes a question that nothing answers.
            others = [read(understood(fewer)) for fewer in context.without_one()]
            answering = [other for other in others if other.answers(least)]
            found = max(answering, key=lambda other: other.selection.confidence, default=found)
        question, hits, selection = found.question, found.hits, found.selection
        answered = found.answers(least)
        refusal, suggestion = "", ""
        if not answered:
            frequency = index.lexical.document_frequency
            refusal, suggestion = advise(question.standalone, hits, frequency)
        return Answer(
            question=question.message,
            standalone_question=question.standalone,
            context=question.context,
            offered=question.offered,
            status="answered" if answered else "not_found",
            citations=selection.citations if answered else (),
            confidence=selection.confidence,
            hits=tuple(hits[:limit]),
            timings=clock.lap("answer"),
            note=selection.note if answered else refusal,
            suggestion=suggestion,
            withheld=() if answered else selection.citations,
        )

    def _documents_on(
        self, index: Index, question: Question, limit: int, method: str
    ) -> Answer | None:
        """The documents that speak of something, where that is what is asked for."""
        subject = asked_subject(question.standalone)
        if not subject:
            return None
        hits = METHODS[method](index, make_question(subject, self.embedder), _WIDE)
        found = documents_on(question.standalone, subject, hits, index, limit)
        return found and replace(
            found, question=question.message, context=question.context, offered=question.offered
        )

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        method: str = "hybrid",
        only: str | Sequence[str] = (),
    ) -> list[Hit]:
        """Passages only, best first; ``method`` and ``only`` as for ``answer``."""
        index = self._searched((only,) if isinstance(only, str) else only)
        question = clean_message(question)
        _check("method", method, METHODS)
        _check_limit(limit)
        return METHODS[method](index, make_question(question, self.embedder), limit)

    def document(self, document_id: str) -> Document:
        """A whole document of the index, to show a citation in its place."""
        return self.index.document(document_id)

    def add(self, documents: Given) -> IndexReport:
        """Add texts or documents (as of ``qa.build``); one with an id that is there replaces it."""
        return self._changed(documents, ())

    def remove(self, *document_ids: str) -> IndexReport:
        """Remove documents; ``QAError`` for an id that is not there, or when none would be left."""
        return self._changed((), document_ids)

    def _changed(self, added: Given, removed: Sequence[str]) -> IndexReport:
        directory, settings = self.index.path.parent, self.index.manifest.chunking
        report = change_index(directory, self.embedder, settings, added, removed)
        self.index, self._published = open_index(directory), report.generation
        return report

    def close(self) -> None:
        """Let go of the index; one that was made for this assistant alone is removed."""
        self.index.close()
        self.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _searched(self, only: Sequence[str]) -> Index:
        index = self._newest()
        return index.among(only) if only else index

    def _newest(self) -> Index:
        """The generation to answer from: the published one, if this model can search it.

        A question keeps to what it was given here. The old one stays open for the answers that
        other threads are making of it.
        """
        directory = self.index.path.parent
        published = current_name(directory) if self._follows else self._published
        if published == self._published:
            return self.index
        self._published = published
        try:
            index = open_index(directory)
        except QAError:
            return self.index  # what is open goes on answering
        if index.manifest.embedder.fingerprint == self.embedder.fingerprint:
            self.index = index
        else:
            index.close()
        return self.index


def _cited_first(hits: Sequence[Hit], before: Answer) -> list[Hit]:
    """The hits of a follow-up, those in documents that the answer before cites somewhat ahead."""
    cited = {quote.document_id for quote in (*before.citations, *before.withheld)}
    ranked = sorted(
        hits, key=lambda hit: -(hit.standing + _CITED * (hit.passage.document_id in cited))
    )
    return [replace(hit, rank=rank) for rank, hit in enumerate(ranked, 1)]


def _calibrated_model(index: Index) -> tuple[AnsweringModel, str | None]:
    """The model to answer with, and a warning when the index or its calibration is not whole."""
    shipped = shipped_model()
    found = read_calibration(index.path.parent)
    if found is None:
        return shipped, index.warning
    reason = stale(found, shipped, index.manifest.embedder.fingerprint)
    if reason is None:
        return calibrated(shipped, found), index.warning
    told = f"the calibration beside the index is not used: {reason}. Run qa calibrate again."
    return shipped, f"{index.warning} {told}" if index.warning else told


def _check(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise QAError("unknown_choice", name, value, ", ".join(known))


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise QAError("no_limit", limit)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A question as it was understood, and what search and reading found for it."""

    question: Question
    hits: Sequence[Hit]
    selection: Selection

    def answers(self, least: float) -> bool:
        """Whether its quotes are likely enough."""
        return bool(self.selection.citations) and self.selection.confidence >= least


class _Clock:
    """Milliseconds between laps, by name; those of one name add up."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> dict[str, float]:
        """All of them so far, with one more."""
        now = time.perf_counter()
        self.laps[name] = round(self.laps.get(name, 0.0) + (now - self._last) * 1000, 3)
        self._last = now
        return self.laps
