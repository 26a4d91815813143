"""What the page does when a reader acts: plain functions of values, without Gradio.

One ``Page`` serves every reader; what a reader has said comes in and goes out as a ``Chat``. When
the index has a new generation, ``Page`` shows that one from the next question on.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.embedding import open_embedder
from qa.index import current_name, open_index
from qa.question import MAX_QUESTION, clean_message
from qa.reading import ADDITIONS
from qa.records import Answer, QAError, Turn
from qa.web import render, texts
from qa.web.export import to_json, to_markdown
from qa.web.feedback import FILE, record_verdict
from qa.web.state import (
    MAX_CHOSEN,
    Chat,
    Exchange,
    Kept,
    Scope,
    Settings,
    read_kept,
    read_scope,
    read_settings,
)
from qa.web.view import View, keeping, view_of

if TYPE_CHECKING:
    from qa.assistant import Assistant

# Answers at the same time, of all collections and by any door; questions that wait at a door.
ANSWERS_AT_ONCE = min(4, os.cpu_count() or 2)
WAITING = 64

# What is shown: the conversation, the chat behind it, the text in the box, the line above the box.
Shown = tuple[str, Chat, str, str]


class Page:
    """The assistant as the page uses it; ``folder`` is the index's, where verdicts are kept.

    ``observe`` is told every answer; ``answering`` is shared with the pages of other collections.
    """

    def __init__(
        self,
        assistant: Assistant,
        folder: Path,
        *,
        upload: bool = False,
        observe: Callable[[Answer], None] = lambda _: None,
        answering: threading.BoundedSemaphore | None = None,
    ):
        index, embedder = assistant.index, assistant.embedder
        # A question keeps to one generation, so it is the page that turns to another.
        self.view = view_of(keeping(assistant, index, embedder), folder, upload=upload)
        self.upload = upload
        self.folder = folder
        self._reloading = threading.Lock()
        self._tried = index.path.name
        self._observe = observe
        self._answering = answering or threading.BoundedSemaphore(ANSWERS_AT_ONCE)
        self._tell: Callable[[View], None] = lambda _: None

    def follow(self, tell: Callable[[View], None]) -> None:
        """``tell`` is called with every new generation that is shown."""
        self._tell = tell

    @property
    def assistant(self) -> Assistant:
        """The assistant of the newest generation; it stays with that one."""
        return self.view.assistant

    def reload(self) -> None:
        """Show the published generation of the index: nothing is shown of one before it.

        Raises ``QAError`` when it cannot be opened, once; the one before goes on answering.
        """
        directory = self.assistant.index.path.parent
        with self._reloading:
            name = current_name(directory)
            if name in {None, self._tried}:
                return
            self._tried = str(name)
            index, embedder = open_index(directory), self.assistant.embedder
            if index.manifest.embedder.fingerprint != embedder.fingerprint:
                embedder = open_embedder(index.manifest.embedder.name)
            newest = keeping(self.assistant, index, embedder)
            # Its files are let go of after the last question that reads them.
            weakref.finalize(newest, index.close)
            self.view = view_of(newest, self.folder, upload=self.upload)
            self._tell(self.view)

    def show(self, chat: Chat) -> str:
        """The conversation, or the first screen before it."""
        return render.conversation(chat) if chat.exchanges else self.view.welcome

    def bring_back(self, content: object, draft: object = "", scope: object = None) -> Shown:
        """Ask again what the browser kept of a conversation when its page is loaded again.

        ``draft`` was in the box, ``scope`` is where the next question is searched.
        """
        view = self.view
        chat = Chat(scope=read_scope(scope))
        kept = read_kept(content)
        for question in kept:
            try:
                chat = chat.add(self._again(view, question, chat))
            except QAError:
                continue
            except Exception:
                logging.getLogger(__name__).exception("a kept question failed")
        changed = any(question.corpus != view.corpus for question in kept)
        notice = render.notice(texts.CHANGED, "status") if changed else view.warning
        box = draft[: 2 * MAX_QUESTION] if isinstance(draft, str) else ""
        return self.show(chat), chat, box, notice

    def _again(self, view: View, kept: Kept, chat: Chat) -> Exchange:
        """Ask a kept question again; a verdict holds for the documents that it was given on."""
        # As it was understood then: what came before may be forgotten.
        answer = self._answer(view, kept.message, chat.turns, kept.settings, kept.context)
        same = kept.corpus == view.corpus
        found = self._exchange(view, answer, kept.settings)
        return replace(found, verdict=kept.verdict if same else "", identity=kept.identity)

    def _exchange(self, view: View, answer: Answer, settings: Settings) -> Exchange:
        told = view.listing.told(settings.scope, texts.SEARCHED)
        turn = Turn(answer.question, answer)
        return Exchange(turn, "", settings, view.corpus, searched=told)

    def _answer(
        self,
        view: View,
        message: str,
        turns: tuple[Turn, ...],
        settings: Settings,
        context: tuple[str, ...] | None = None,
        only: tuple[str, ...] = (),
    ) -> Answer:
        only = only or view.listing.only(settings.scope)
        if settings.scope != Scope() and not only:
            raise QAError(texts.SCOPE_EMPTY)
        with self._answering:
            answer = view.assistant.answer(
                message,
                turns,
                limit=settings.passages,
                method=settings.method,
                caution=settings.caution,
                context=context,
                only=only,
            )
        self._observe(answer)
        return answer

    def ask(
        self, message: str | None, chat: Chat, passages: int, method: str, caution: str
    ) -> Shown:
        """Answer a message; a fault leaves everything as it was and says what to do."""
        before = chat.without_last() if chat.draft == "edit" else chat.at_rest()
        settings = self._settings(passages, method, caution, chat)
        return self._reply(message or "", before, chat, settings)

    def _settings(self, passages: int, method: str, caution: str, chat: Chat) -> Settings:
        found = read_settings(passages, method, caution) or Settings()
        return replace(found, scope=chat.scope)

    def retry(self, chat: Chat, passages: int, method: str, caution: str) -> Shown:
        """Ask the last question again, with the settings as they are now."""
        if not chat.exchanges:
            return self.new(chat)
        last = chat.exchanges[-1].turn
        settings = self._settings(passages, method, caution, chat)
        return self._reply(last.message, chat.without_last(), chat, settings, last.answer.context)

    def take(self, position: int, number: int, message: str, chat: Chat) -> Shown:
        """Ask again with one word more, or less, of what was said before.

        ``number`` counts the words that the answer took, then those that it offers. The last
        question is replaced; one before it is asked anew.
        """
        if not 0 <= position < len(chat.exchanges):
            return self.show(chat), chat, message, ""
        exchange = chat.exchanges[position]
        answer = exchange.turn.answer
        words = (*answer.context, *answer.offered)
        if not 0 <= number < len(words):
            return self.show(chat), chat, message, ""
        taken = {*range(len(answer.context))} ^ {number}
        context = tuple(words[i] for i in sorted(taken))
        last = position == len(chat.exchanges) - 1
        before = chat.without_last() if last else chat.at_rest()
        turns = Chat(chat.exchanges[:position]).turns
        asked = exchange.turn.message
        shown, after, _, notice = self._reply(
            asked, before, chat, exchange.settings, context, turns
        )
        return shown, after, message, notice

    def _reply(
        self,
        message: str,
        before: Chat,
        chat: Chat,
        settings: Settings,
        context: tuple[str, ...] | None = None,
        turns: tuple[Turn, ...] | None = None,
    ) -> Shown:
        view = self.view
        fault = question_fault(message)
        if not fault and not view.listing.of(settings.scope):
            fault = texts.SCOPE_EMPTY
        turns = before.turns if turns is None else turns
        if not fault:
            try:
                answer = self._answer(view, message, turns, settings, context)
            except QAError as error:
                # The reader gets a sentence, the terminal the cause; the conversation is kept.
                logging.getLogger(__name__).warning("a question was not answered: %s", error)
                fault = texts.FAILED
            except Exception:
                logging.getLogger(__name__).exception("a question failed")
                fault = texts.UNEXPECTED
        if fault:
            message = message.encode("utf-8", "replace").decode("utf-8")
            return self.show(chat), chat, message, render.notice(fault)
        after = before.add(self._exchange(view, answer, settings))
        return self.show(after), after, "", ""

    def edit(self, chat: Chat) -> Shown:
        """Put the last question into the box; asked, it replaces the last one."""
        if not chat.exchanges:
            return self.new(chat)
        chat = replace(chat.at_rest(), draft="edit")
        message = chat.exchanges[-1].turn.message
        return self.show(chat), chat, message, render.notice(texts.EDITING, "status", "cancel")

    def act(self, action: str, position: int, message: str, chat: Chat) -> Shown:
        """A button inside the conversation or above the box: like, dislike, cancel, restore."""
        if action == "cancel":
            return self.show(chat), chat.at_rest(), "", ""
        if action == "restore":
            chat = Chat(chat.exchanges or chat.forgotten, scope=chat.scope)
            return self.show(chat), chat, message, ""
        if not 0 <= position < len(chat.exchanges):
            return self.show(chat), chat, message, ""
        if action in {"like", "dislike"}:
            chat = chat.judged(position, "like" if action == "like" else "dislike")
            try:
                record_verdict(self.folder / FILE, chat.exchanges[position])
            except QAError as error:
                logging.getLogger(__name__).warning("%s", error)
                return self.show(chat), chat, message, render.notice(texts.VERDICT_FAILED)
        return self.show(chat), chat, message, ""

    def new(self, chat: Chat) -> Shown:
        """An empty conversation; the one before it can be brought back until something is asked."""
        forgotten = chat.exchanges or chat.forgotten
        notice = render.notice(texts.FORGOTTEN, "status", "restore") if forgotten else ""
        return self.view.welcome, Chat(forgotten=forgotten, scope=chat.scope), "", notice

    def export(self, kind: str, chat: Chat) -> tuple[dict[str, Any], str]:
        """A file for the browser to save, and the line above the box."""
        if not chat.exchanges:
            return {}, render.notice(texts.NO_CONVERSATION)
        now = datetime.now().astimezone()
        write = to_markdown if kind == "md" else to_json
        name = f"sourcier-{now:%Y-%m-%d-%Hh%M}.{kind}"
        # A number that never comes twice: the browser saves on every change.
        return {"name": name, "text": write(chat.turns, now), "number": time.time_ns()}, ""

    def corpus(self, title: str, chat: Chat) -> tuple[str, str]:
        """The documents whose title or name holds some words, and where is searched."""
        listing = self.view.listing
        added = f"{ADDITIONS}/" if self.upload else ""
        return listing.table(title, chat.scope, added=added), listing.line(chat.scope)

    def choose(self, action: str, name: str, title: str, chat: Chat) -> tuple[str, str, Chat, str]:
        """Search elsewhere: tick (a document or a folder), kind, first, last (years), all.

        The list of documents, where is searched, the chat and the line above the box.
        """
        scope, fault = chat.scope, ""
        if action == "all":
            scope = Scope()
        elif action == "tick":
            scope = scope.ticked(name, (entry.id for entry in self.view.listing.entries))
        elif action == "kind" and name in self.view.listing.kinds:
            scope = scope.of_kind(name)
        elif action in {"first", "last"}:
            scope = scope.of_years(action, name)
        if len(scope.only) > MAX_CHOSEN:
            scope = chat.scope
            fault = render.notice(texts.TOO_MANY.format(limit=texts.number(MAX_CHOSEN)))
        chat = replace(chat, scope=scope)
        return *self.corpus(title, chat), chat, fault

    def added(self, title: str, chat: Chat) -> tuple[str, str, str, str]:
        """After documents were added: the list, where is searched, what was skipped, the chat."""
        return *self.corpus(title, chat), self.view.skipped, self.show(chat)

    def answer(
        self,
        question: str,
        passages: int = 5,
        method: str = "hybrid",
        caution: str = "normal",
        only: str = "",
    ) -> dict[str, Any]:
        """Answer one self-contained question, for programs: the fields of ``qa ask --json``.

        passages: 1 to 100. method: hybrid, dense or lexical. caution: low, normal or high. only:
        the documents to search, one a line: ids, folders, or patterns in which * stands for any
        characters; by default all.
        """
        if fault := question_fault(question):
            raise QAError(fault)
        settings = read_settings(passages, method, caution)
        if settings is None:
            raise QAError("tool_arguments", method, caution, passages)
        names = tuple(filter(None, map(str.strip, only.splitlines())))
        if len(names) > MAX_CHOSEN:
            raise QAError(texts.TOO_MANY.format(limit=texts.number(MAX_CHOSEN)))
        return self._answer(self.view, question, (), settings, only=names).to_dict()


def question_fault(message: str) -> str:
    """Why a message cannot be asked, in French; nothing when it can."""
    if len(message) > MAX_QUESTION:
        found, limit = texts.number(len(message)), texts.number(MAX_QUESTION)
        return str(texts.TOO_LONG).format(found=found, limit=limit)
    try:
        clean_message(message)
    except QAError:
        return str(texts.EMPTY)
    return ""
