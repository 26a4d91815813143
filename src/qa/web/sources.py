"""What the source panel asks for: a document at a span, the file it came from, a page of that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from qa.answering import Matches, match_passage
from qa.encoder import shipped_encoder
from qa.question import clean_message
from qa.records import Document, QAError
from qa.web import panel, texts
from qa.web.examples import next_questions
from qa.web.markup import escape
from qa.web.originals import Pages, original
from qa.web.page import Page
from qa.web.render import notice

LONGEST_PASSAGE = 10_000  # characters
_PLACES = 10  # passages of an answer that further questions are made from


def serve_sources(app: Any, page: Page, pages: Pages) -> None:
    """Add what tells of indexed documents: their texts, files and pages, and of an answer."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse, HTMLResponse, Response
    from pydantic import TypeAdapter

    proposing = threading.Lock()

    def shown(document: str, make: Callable[[Document], str]) -> Response:
        """What is made of a document as HTML, or in one line why not."""
        try:
            found = page.assistant.document(document)
        except (QAError, UnicodeError):
            return HTMLResponse(notice(texts.UNKNOWN_DOCUMENT), status_code=404)
        try:
            return HTMLResponse(make(found))
        except QAError as error:
            return HTMLResponse(notice(error.worded(texts.language())), status_code=404)

    def source(document: str, start: int = 0, end: int = 0) -> Response:
        def made(found: Document) -> str:
            today = datetime.now().astimezone().date()
            has_file = original(page.assistant.index, document) is not None
            return panel.source(found, *_inside(found, start, end), today, has_file=has_file)

        return shown(document, made)

    def picture(document: str, start: int = 0, end: int = 0, number: int = 0) -> Response:
        def made(found: Document) -> str:
            return pages.page(page.assistant.index, found, *_inside(found, start, end), number)

        return shown(document, made)

    def why(document: str, question: str, start: int = 0, end: int = 0) -> Response:
        def made(found: Document) -> str:
            first, last = _inside(found, start, min(end, start + LONGEST_PASSAGE))
            asked = clean_message(question)
            matches = match_passage(asked, found.text[first:last], shipped_encoder())
            return why_html(found.text[first:last], matches)

        return shown(document, made)

    def further(question: str, places: str) -> Response:
        try:
            found = TypeAdapter(list[tuple[str, int, int]]).validate_json(places)[:_PLACES]
        except ValueError:
            raise HTTPException(422, texts.NO_CALL) from None
        # Nobody's answer waits for these: while some are made for another reader, there are none.
        if not proposing.acquire(blocking=False):
            return HTMLResponse("")
        try:
            return HTMLResponse(next_html(next_questions(page.assistant, question, found)))
        except (QAError, UnicodeError):
            return HTMLResponse("")
        finally:
            proposing.release()

    def file(document: str) -> Response:
        path = original(page.assistant.index, document)
        if path is None:
            raise HTTPException(404, texts.NO_ORIGINAL)
        # Saved, never shown: nothing that a file holds may run as a part of this page.
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    routes = {
        "/source": source,
        "/page": picture,
        "/original": file,
        "/why": why,
        "/next": further,
    }
    for path, respond in routes.items():
        app.add_api_route(path, respond, response_model=None)


def _inside(document: Document, start: int, end: int) -> tuple[int, int]:
    """A span that a client named, as far as the document has it."""
    length = len(document.text)
    start = min(max(start, 0), length)
    return start, max(start, min(max(end, 0), length))


def next_html(questions: Sequence[str]) -> str:
    """Questions to ask next, a button each."""
    buttons = " ".join(
        f'<button type="button" class="example" lang="fr">{escape(question)}</button>'
        for question in questions
    )
    return f'<p class="next">{escape(texts.NEXT_QUESTIONS)} {buttons}</p>' if questions else ""


def why_html(passage: str, matches: Matches) -> str:
    """A passage with what met the question marked, and the same in words."""
    words = dict.fromkeys(passage[start:end].lower() for start, end in matches.words)
    pairs = {
        texts.WHY_PAIR.format(asked=near.asked, found=passage[near.start : near.end]): near
        for near in matches.near
    }
    told = [texts.WHY_WORDS.format(words=", ".join(words))] if words else []
    told += [texts.WHY_MEANING.format(pairs=", ".join(pairs))] if pairs else []
    spans = dict.fromkeys(matches.words, "word")
    spans |= {(near.start, near.end): "near" for near in matches.near}
    parts, position = [], 0
    for (start, end), kind in sorted(spans.items()):
        marked = f'<mark class="{kind}">{escape(passage[start:end])}</mark>'
        parts += [escape(passage[position:start]), marked]
        position = end
    shown = "".join([*parts, escape(passage[position:])]).strip()
    return (
        f'<p>{escape(" ".join(told) or texts.WHY_WHOLE)}</p><p class="text" lang="fr">{shown}</p>'
    )
