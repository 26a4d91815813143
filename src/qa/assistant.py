"""The way of a question, on one screen: understand, embed, search, answer."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from qa.answering import (
    NEAR,
    AnsweringModel,
    Reader,
    advise,
    calibrated,
    read_calibration,
    select_answer,
    shipped_model,
    stale,
)
from qa.conversation import Context, FollowUps, split_questions, with_context
from qa.courtesy import courtesy_reply
from qa.embedding import Embedder, open_embedder
from qa.encoder import shipped_encoder
from qa.forms import other_forms, spelled
from qa.french import analyse_words
from qa.index import (
    Index,
    IndexReport,
    change_index,
    current_name,
    index_folder,
    open_index,
)
from qa.overview import Overview, asked_subject, documents_on, overview_of
from qa.records import Answer, Citation, Document, Hit, QAError, Turn
from qa.search import METHODS

if TYPE_CHECKING:
    from qa.reading import Given

Caution = Literal["low", "normal", "high"]

MAX_QUESTION = 2_000  # characters
# Passages that are looked at to answer, whatever the number that is shown.
_DEPTH = 20
# A message with more questions than this is taken as one.
_MOST_QUESTIONS = 4
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
        questions = split_questions(message)
        if len(questions) > _MOST_QUESTIONS:
            questions = (message,)
        answers: list[Answer] = []
        for question in questions:
            answers.append(
                self._answer_one(index, question, turns, context, limit, method, caution)
            )
            turns = (*turns, Turn(question, answers[-1]))
        whole = answers[0] if len(answers) == 1 else _join(message, answers, limit)
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
        overview = overview_of(message, index)
        if overview is not None:  # « ces documents » are not those that were spoken of
            return _overview(message, message, Context(), overview, index)
        context = self.follow_ups.context(message, turns)
        if chosen is not None:
            context = _chosen(message, context, chosen)
        standalone = with_context(message, context.taken)
        clock.lap("understand")
        # Searched and read with both forms of the acronyms and dates that it names.
        forms = _other_forms(index, standalone)
        asked = spelled(with_context(message, (*context.taken, *forms)))
        query = self.embedder.embed_questions([asked])[0]
        clock.lap("embed")
        hits = METHODS[method](index, asked, query, max(limit, _DEPTH))
        if context.taken:
            hits = _cited_first(hits, turns)
        clock.lap("search")
        if subject := asked_subject(standalone):
            named = METHODS[method](
                index, subject, self.embedder.embed_questions([subject])[0], _WIDE
            )
            overview = documents_on(subject, named, index)
            if overview is not None:
                found = tuple(named[:limit])
                return _overview(message, standalone, context, overview, index, found)
        selection = select_answer(
            asked,
            hits,
            self.reader,
            index.store.source,
            self.model,
        )
        quotes = tuple(_with_page(index, citation) for citation in selection.citations)
        answered = bool(quotes) and selection.confidence >= self.model.thresholds[caution]
        frequency = index.lexical.document_frequency
        refusal, suggestion = ("", "") if answered else advise(standalone, hits, frequency)
        clock.lap("answer")
        return Answer(
            question=message,
            standalone_question=standalone,
            context=context.taken,
            offered=context.offered,
            status="answered" if answered else "not_found",
            citations=quotes if answered else (),
            confidence=selection.confidence,
            hits=tuple(hits[:limit]),
            timings=clock.laps,
            note=selection.note if answered else refusal,
            suggestion=suggestion,
            withheld=() if answered else quotes,
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
        query = self.embedder.embed_questions([question])[0]
        return METHODS[method](index, question, query, limit)

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


def _overview(
    message: str,
    standalone: str,
    context: Context,
    overview: Overview,
    index: Index,
    hits: tuple[Hit, ...] = (),
) -> Answer:
    """What is said of documents, as an answer: it is sure, for it is only what they hold."""
    return Answer(
        question=message,
        standalone_question=standalone,
        context=context.taken,
        offered=context.offered,
        status="answered",
        citations=tuple(_with_page(index, citation) for citation in overview.citations),
        confidence=1.0,
        hits=hits,
        timings={},
        note=overview.note,
    )


def _chosen(question: str, found: Context, chosen: Sequence[str]) -> Context:
    """What a reader chose, less what the question says itself; what else was found is offered."""
    asked = set(analyse_words(question))
    taken = [phrase for phrase in chosen if not asked.issuperset(analyse_words(phrase))]
    others = [phrase for phrase in (*found.taken, *found.offered) if phrase not in chosen]
    return Context(tuple(taken), tuple(others))


def _cited_first(hits: Sequence[Hit], turns: Sequence[Turn]) -> list[Hit]:
    """The hits of a follow-up, those in documents that the answer before cites somewhat ahead."""
    before = turns[-1].answer
    cited = {quote.document_id for quote in (*before.citations, *before.withheld)}
    ranked = sorted(
        hits, key=lambda hit: -(hit.score + _CITED * (hit.passage.document_id in cited))
    )
    return [replace(hit, rank=rank) for rank, hit in enumerate(ranked, 1)]


def _other_forms(index: Index, question: str) -> tuple[str, ...]:
    """The other forms of what a question names, acronyms as passages that share its words do."""
    rows, _ = index.lexical.search_words(question, _DEPTH)
    return other_forms(question, (passage.text for passage in index.passages(rows.tolist())))


def _with_page(index: Index, citation: Citation) -> Citation:
    """A citation that says its page, where the document has pages."""
    page = index.store.page(citation.document_id, citation.start)
    return citation if page is None else replace(citation, page=page.number, ocr=page.ocr)


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


def _join(message: str, answers: Sequence[Answer], limit: int) -> Answer:
    """The answers to the questions of one message, in turn, under one numbering."""
    quoted = {
        (citation.document_id, citation.start, citation.end): citation
        for answer in answers
        for citation in answer.citations
    }
    citations = tuple(
        replace(citation, marker=marker) for marker, citation in enumerate(quoted.values(), 1)
    )
    found = {
        hit.row: hit
        for hit in sorted((h for a in answers for h in a.hits), key=lambda h: h.rank, reverse=True)
    }
    hits = sorted(found.values(), key=lambda hit: hit.rank)[:limit]
    unanswered = [answer.standalone_question for answer in answers if not answer.citations]
    notes = [answer.note for answer in answers if answer.citations and answer.note]
    context = tuple(dict.fromkeys(phrase for answer in answers for phrase in answer.context))
    if not citations:
        notes = [NEAR]
    elif unanswered:
        notes.append(f"Sans réponse dans les documents\u00a0: {' '.join(unanswered)}")
    return Answer(
        question=message,
        standalone_question=" ".join(answer.standalone_question for answer in answers),
        context=context,
        offered=tuple(dict.fromkeys(w for a in answers for w in a.offered if w not in context)),
        status="answered" if citations else "not_found",
        citations=citations,
        confidence=max(answer.confidence for answer in answers),
        hits=tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, 1)),
        timings={
            name: round(sum(answer.timings[name] for answer in answers), 3)
            for name in answers[0].timings
        },
        note=" ".join(notes),
        withheld=() if citations else answers[0].withheld,
    )


class _Clock:
    """Milliseconds between laps, by name."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now
