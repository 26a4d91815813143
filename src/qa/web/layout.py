"""The page as Gradio components, wired to ``Page``. Gradio is imported when the page is built."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qa.reading import SUFFIXES
from qa.records import QAError
from qa.web import panel, render, texts
from qa.web.additions import LARGEST_ADDITION
from qa.web.evaluation import add_evaluation
from qa.web.listing import FILTER
from qa.web.page import ANSWERS_AT_ONCE, WAITING, Page
from qa.web.state import PASSAGES, Chat, kept_settings
from qa.web.view import View

# Seconds between two words to those who wait; a word to all of them after every answer costs more.
STATUS_EVERY = 5.0
# Conversations kept in memory; the least recent is forgotten first.
READERS = 200

_ACTIONS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-action], [data-word]');
  if (!button) return;
  const {action, turn, word, name} = button.dataset;
  if (action) trigger('select', {action, turn: Number(turn), name: name || ''});
  else trigger('input', {turn: Number(turn), word: Number(word)});
});
element.addEventListener('change', (event) => {
  const {choice} = event.target.dataset;
  if (choice) trigger('select', {action: choice, name: event.target.value});
});
"""
# The log first brings back what the browser kept of a conversation.
_KEPT = """
window.sourcier.bringBack(trigger);
"""
_PAST = "window.sourcier.drawPast();"
_DOWNLOAD = "watch('value', () => window.sourcier.download(props.value));"
_ADDED = "element.addEventListener('added', () => trigger('submit', {}));"
_BUSY = "(...inputs) => { window.sourcier.asking(true); return inputs; }"
_DONE = "() => window.sourcier.asking(false)"
_FORGET = "() => window.sourcier.forget()"
_FOCUS = "() => window.sourcier.focus()"
# After a button in the conversation: only when it put something into the box.
_REFOCUS = "() => window.sourcier.focus(true)"
# After a tick, which is drawn anew.
_STAY = "() => window.sourcier.stay()"


def build_app(page: Page, datasets: Path | None = None, header: str = "") -> Any:
    """The chat as ``gr.Blocks``; test sets in ``datasets`` every reader can evaluate and judge.

    ``header`` is another one than usual (HTML).
    """
    # Before Gradio is imported: it reads this once.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    built = page.view

    def brought_back(event: gr.EventData) -> Any:
        turns, draft, settings, scope = (
            getattr(event, name, None) for name in ("turns", "draft", "settings", "scope")
        )
        log, chat, text, notice = page.bring_back(turns, draft, scope)
        # What is typed meanwhile stays.
        shown = log, chat, text or gr.skip(), notice
        return *shown, *page.corpus("", chat), *(kept_settings(settings) or [gr.skip()] * 3)

    def act(event: gr.EventData, message: str, chat: Chat) -> Any:
        turn = getattr(event, "turn", None)
        position = turn if isinstance(turn, int) else -1
        return page.act(str(getattr(event, "action", "")), position, message, chat)

    def take(event: gr.EventData, message: str, chat: Chat) -> Any:
        turn, word = getattr(event, "turn", None), getattr(event, "word", None)
        numbers = (turn, word) if isinstance(turn, int) and isinstance(word, int) else (-1, -1)
        return page.take(*numbers, message, chat)

    def choose(event: gr.EventData, title: str, chat: Chat) -> Any:
        action, name = (str(getattr(event, part, "")) for part in ("action", "name"))
        return page.choose(action, name, title, chat)

    # Gradio hands the event to the parameter of this type, which is known only from here on.
    for function in (act, take, brought_back, choose):
        function.__annotations__["event"] = gr.EventData

    def answer(
        question: str,
        passages: int = 5,
        method: str = "hybrid",
        caution: str = "normal",
        only: str = "",
    ) -> dict[str, Any]:
        try:
            return page.answer(question, passages, method, caution, only)
        except QAError as error:
            raise gr.Error(error.worded(texts.language()), print_exception=False) from error

    answer.__doc__ = Page.answer.__doc__

    with gr.Blocks(title=texts.TITLE, analytics_enabled=False, fill_width=True) as app:
        chat = gr.State(Chat())
        gr.HTML(header or render.header(), elem_id="masthead", apply_default_css=False)
        with gr.Row(elem_id="desk"):
            with gr.Column(elem_id="reading"), gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
                with gr.Tab(texts.TAB_CHAT, elem_id="chat"):
                    log = _actions(gr, built.welcome, "log", _KEPT)
                    with gr.Column(elem_id="composer"):
                        notice = _actions(gr, built.warning, "notice")
                        scope = _actions(gr, "", "scope")
                        box, send, stop = _asking(gr)
                        new, edit, retry, as_markdown, as_json, to_paper = _tools(gr)
                        gr.HTML(panel.dialogs(), elem_id="kept", apply_default_css=False)
                        settings = _settings(gr)
                with gr.Tab(texts.TAB_CORPUS, elem_id="corpus"):
                    zone = panel.drop_zone(SUFFIXES, LARGEST_ADDITION)
                    added = {"apply_default_css": False, "js_on_load": _ADDED}
                    drop = gr.HTML(zone, **added) if page.upload else None
                    title = gr.Textbox(
                        label=texts.CORPUS_FILTER,
                        placeholder=texts.CORPUS_FILTER,
                        max_length=FILTER,
                        container=False,
                        elem_id="filter",
                    )
                    table = _actions(gr, page.corpus("", Chat())[0], "documents")
                    skipped = gr.HTML(built.skipped, apply_default_css=False)
                with gr.Tab(texts.TAB_PAST, elem_id="history"):
                    gr.HTML(render.past(), apply_default_css=False, js_on_load=_PAST)
                add_evaluation(gr, lambda: page.assistant, page.folder, datasets)
            gr.HTML(
                panel.source_frame(upload=page.upload), elem_id="beside", apply_default_css=False
            )
        download = gr.HTML(
            {}, html_template="", js_on_load=_DOWNLOAD, elem_id="download", visible="hidden"
        )

        shown = [log, chat, box, notice]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        # One queue for all questions; by default each function has its own.
        queued: dict[str, Any] = {"concurrency_id": "answers", "concurrency_limit": ANSWERS_AT_ONCE}
        asking = {**private, **queued, "js": _BUSY}
        asked = gr.on([box.submit, send.click], page.ask, [box, chat, *settings], shown, **asking)
        again = retry.click(page.retry, [chat, *settings], shown, **asking)
        taken = log.input(take, [box, chat], shown, **asking)
        all_shown = [*shown, table, scope, *settings]
        brought = log.submit(brought_back, [], all_shown, **private, **queued)
        running = [asked, again, taken, brought]
        for event in running:
            event.then(None, js=_DONE)
        stop.click(None, cancels=running, js=_DONE)
        # What needs no search does not wait behind those that do.
        private["queue"] = False
        edit.click(page.edit, [chat], shown, **private).then(None, js=_FOCUS)
        new.click(page.new, [chat], shown, cancels=running, **private).then(None, js=_FORGET)
        for place in (log, notice):
            place.select(act, [box, chat], shown, **private).then(None, js=_REFOCUS)
        for button, kind in ((as_markdown, "md"), (as_json, "json")):
            button.click(partial(page.export, kind), [chat], [download, notice], **private)
        to_paper.click(None, js="() => window.print()")
        listed = [table, scope]
        title.change(page.corpus, [title, chat], listed, trigger_mode="always_last", **private)
        for place in (table, scope):
            chosen = place.select(choose, [title, chat], [*listed, chat, notice], **private)
            chosen.then(None, js=_STAY)
        if drop is not None:
            drop.submit(page.added, [title, chat], [*listed, skipped, log], **private)
        gr.api(answer, api_name="answer", **queued)

    def follow(view: View) -> None:
        """A page that is opened from now on begins with the newest generation."""
        log.value, notice.value = view.welcome, view.warning
        table.value, skipped.value = page.corpus("", Chat())[0], view.skipped
        app.config = app.get_config_file()

    page.follow(follow)
    app.queue(
        max_size=WAITING,
        default_concurrency_limit=ANSWERS_AT_ONCE,
        status_update_rate=STATUS_EVERY,
        api_open=False,  # what is queued is asked through the queue alone
    )
    app.state_session_capacity = READERS
    return app


def _actions(gr: Any, value: str, name: str, first: str = "") -> Any:
    """HTML whose buttons (``data-action``) are told to Python; ``first`` is a script of its own."""
    return gr.HTML(value, elem_id=name, apply_default_css=False, js_on_load=_ACTIONS + first)


def _asking(gr: Any) -> tuple[Any, Any, Any]:
    with gr.Row(elem_id="asking"):
        box = gr.Textbox(
            label=texts.BOX_LABEL,
            placeholder=texts.BOX_HINT,
            lines=1,
            max_lines=6,
            autofocus=True,
            container=False,
            elem_id="box",
            scale=1,
        )
        stop = gr.Button(texts.STOP, elem_id="stop", scale=0)
        return box, gr.Button(texts.SEND, variant="primary", elem_id="send", scale=0), stop


def _tools(gr: Any) -> list[Any]:
    names = {
        "new": texts.NEW,
        "edit": texts.EDIT,
        "retry": texts.RETRY,
        "export-md": texts.EXPORT_MARKDOWN,
        "export-json": texts.EXPORT_JSON,
        "print": texts.PRINT,
    }
    with gr.Row(elem_id="tools"):
        return [gr.Button(label, elem_id=name, size="sm") for name, label in names.items()]


def _choices(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(label, value) for value, label in labels.items()]


def _settings(gr: Any) -> list[Any]:
    choices = (
        (PASSAGES, 5, texts.SETTING_PASSAGES, texts.PASSAGES_HINT),
        (_choices(texts.METHODS), "hybrid", texts.SETTING_METHOD, texts.METHOD_HINT),
        (_choices(texts.CAUTIONS), "normal", texts.SETTING_CAUTION, texts.CAUTION_HINT),
    )
    with (
        gr.Accordion(texts.SETTINGS, open=False, elem_id="settings"),
        gr.Row(elem_id="choices"),
    ):
        return [
            gr.Radio(values, value=value, label=label, info=info)
            for values, value, label, info in choices
        ]
