"""What the page does when a reader acts: plain functions of values, without Gradio.

One ``Page`` serves every reader; what a reader has said comes in and goes out as a ``Chat``.
"""

from __future__ import annotations

import logging
import shlex
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qa.assistant import MAX_QUESTION, Caution, clean_message
from qa.french import fold
from qa.records import QAError, Turn, answer_fields
from qa.web import panel, render, texts
from qa.web.examples import example_questions
from qa.web.export import to_json, to_markdown
from qa.web.feedback import FILE, record_verdict
from qa.web.state import Chat, Exchange

if TYPE_CHECKING:
    from qa.assistant import Assistant

METHODS = tuple(value for _, value in texts.METHODS)
CAUTIONS = tuple(value for _, value in texts.CAUTIONS)
PASSAGES = (3, 5, 10)

# What is shown: the conversation, the chat behind it, the text in the box, the line above the box.
Shown = tuple[str, Chat, str, str]


class Page:
    """The assistant as the page uses it; ``folder`` is the index's, where verdicts are kept."""

    def __init__(self, assistant: Assistant, folder: Path):
        self.assistant = assistant
        self._verdicts = folder / FILE
        manifest = assistant.index.manifest
        self.welcome = render.welcome(
            manifest.documents,
            manifest.passages,
            manifest.created,
            shown_path(manifest.corpus),
            index_command(manifest.corpus, folder),
            example_questions(assistant),
        )
        self._entries = assistant.index.store.documents()
        self.skipped = panel.skipped(assistant.index.store.skipped())
        self.warning = render.notice(texts.WARNING) if assistant.index.warning is not None else ""

    def show(self, chat: Chat) -> str:
        """The conversation, or the first screen before it."""
        return render.conversation(chat) if chat.exchanges else self.welcome

    def ask(
        self, message: str | None, chat: Chat, passages: int, method: str, caution: str
    ) -> Shown:
        """Answer a message; a fault leaves everything as it was and says what to do."""
        alone = chat.draft == "correct"
        replaces = chat.draft == "edit" or (alone and chat.position == len(chat.exchanges) - 1)
        before = chat.without_last() if replaces else Chat(chat.exchanges)
        return self._reply(message or "", before, chat, alone, (passages, method, caution))

    def retry(self, chat: Chat, passages: int, method: str, caution: str) -> Shown:
        """Ask the last question again, with the settings as they are now."""
        if not chat.exchanges:
            return self.new()
        last = chat.exchanges[-1]
        return self._reply(
            last.turn.message, chat.without_last(), chat, last.alone, (passages, method, caution)
        )

    def _reply(
        self, message: str, before: Chat, chat: Chat, alone: bool, settings: tuple[int, str, str]
    ) -> Shown:
        fault = question_fault(message)
        if not fault:
            limit, method, caution = settings
            try:
                answer = self.assistant.answer(
                    message,
                    () if alone else before.turns,
                    limit=limit,
                    method=method,
                    caution=cast(Caution, caution),
                )
            except QAError as error:
                fault = texts.FAILED.format(error=error)
            except Exception:
                # The reader gets a sentence, the terminal the cause; the conversation is kept.
                logging.getLogger(__name__).exception("a question failed")
                fault = texts.UNEXPECTED
        if fault:
            message = message.encode("utf-8", "replace").decode("utf-8")
            return self.show(chat), chat, message, render.notice(fault)
        after = before.add(Exchange(Turn(answer.question, answer), alone))
        return self.show(after), after, "", ""

    def edit(self, chat: Chat) -> Shown:
        """Put the last question into the box; asked, it replaces the last one."""
        if not chat.exchanges:
            return self.new()
        chat = Chat(chat.exchanges, "edit", len(chat.exchanges) - 1)
        message = chat.exchanges[-1].turn.message
        return self.show(chat), chat, message, render.notice(texts.EDITING, cancel=True)

    def act(self, action: str, position: int, message: str, chat: Chat) -> Shown:
        """A button inside the conversation: correct, like, dislike, cancel."""
        if action == "cancel":
            return self.show(chat), Chat(chat.exchanges), "", ""
        if not 0 <= position < len(chat.exchanges):
            return self.show(chat), chat, message, ""
        answer = chat.exchanges[position].turn.answer
        if action == "correct":
            chat = Chat(chat.exchanges, "correct", position)
            notice = render.notice(texts.CORRECTING, cancel=True)
            return self.show(chat), chat, answer.standalone_question, notice
        if action in {"like", "dislike"}:
            chat = chat.judged(position, "like" if action == "like" else "dislike")
            try:
                record_verdict(self._verdicts, answer, chat.exchanges[position].verdict)
            except QAError as error:
                fault = render.notice(texts.VERDICT_FAILED.format(error=error))
                return self.show(chat), chat, message, fault
        return self.show(chat), chat, message, ""

    def new(self) -> Shown:
        """An empty conversation."""
        return self.welcome, Chat(), "", ""

    def export(self, kind: str, chat: Chat) -> tuple[dict[str, Any], str]:
        """A file for the browser to save, and the line above the box."""
        if not chat.exchanges:
            return {}, render.notice(texts.NO_CONVERSATION)
        now = datetime.now().astimezone()
        write = to_markdown if kind == "md" else to_json
        name = f"sourcier-{now:%Y-%m-%d-%Hh%M}.{kind}"
        # A number that never comes twice: the browser saves on every change.
        return {"name": name, "text": write(chat.turns, now), "number": time.time_ns()}, ""

    def corpus(self, title: str = "") -> str:
        """The documents whose title or name holds some words."""
        wanted = fold(title or "").split()
        entries = [
            entry
            for entry in self._entries
            if all(word in fold(f"{entry.title} {entry.source}") for word in wanted)
        ]
        return panel.corpus(entries, len(self._entries))

    def answer(
        self, question: str, passages: int = 5, method: str = "hybrid", caution: str = "normal"
    ) -> dict[str, Any]:
        """Answer one self-contained question, for programs: the fields of ``qa ask --json``.

        passages: 1 to 100. method: hybrid, dense or lexical. caution: low, normal or high.
        """
        fault = question_fault(question)
        if fault:
            raise QAError(fault)
        if method not in METHODS or caution not in CAUTIONS or not 1 <= passages <= 100:
            raise QAError(
                f"method {method!r}, caution {caution!r}, passages {passages}: give one of "
                f"{', '.join(METHODS)}; one of {', '.join(CAUTIONS)}; 1 to 100."
            )
        return answer_fields(
            self.assistant.answer(
                question, limit=passages, method=method, caution=cast(Caution, caution)
            )
        )


def shown_path(path: str | Path) -> str:
    """A path as it would be typed here: relative when it lies below the working folder."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def index_command(corpus: str, folder: Path) -> str:
    """The command that reads the corpus again into this index."""
    command = f"qa index {shlex.quote(shown_path(corpus))}"
    where = shown_path(folder)
    return command if where == "index" else f"{command} --index {shlex.quote(where)}"


def question_fault(message: str) -> str:
    """Why a message cannot be asked, in French; nothing when it can."""
    if len(message) > MAX_QUESTION:
        return texts.TOO_LONG.format(
            found=texts.number(len(message)), limit=texts.number(MAX_QUESTION)
        )
    try:
        clean_message(message)
    except QAError:
        return texts.EMPTY
    return ""
