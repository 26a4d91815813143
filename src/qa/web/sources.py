"""What the source panel asks for: a document at a span, the file it came from, a page of that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from qa.records import Document, QAError
from qa.web import panel, texts
from qa.web.originals import Pages, original
from qa.web.page import Page
from qa.web.render import notice


def serve_sources(app: Any, page: Page, pages: Pages) -> None:
    """Add ``/source``, ``/page`` and ``/original`` to an application: all of indexed documents."""
    from fastapi import HTTPException
    from fastapi.responses import FileResponse, HTMLResponse, Response

    def shown(document: str, make: Callable[[Document], str]) -> Response:
        """What is made of a document as HTML, or in one line why not."""
        try:
            found = page.assistant.document(document)
        except (QAError, UnicodeError):
            return HTMLResponse(notice(texts.UNKNOWN_DOCUMENT), status_code=404)
        try:
            return HTMLResponse(make(found))
        except QAError as error:
            return HTMLResponse(notice(str(error)), status_code=404)

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

    def file(document: str) -> Response:
        path = original(page.assistant.index, document)
        if path is None:
            raise HTTPException(404, texts.NO_ORIGINAL)
        # Saved, never shown: nothing that a file holds may run as a part of this page.
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    for path, respond in (("/source", source), ("/page", picture), ("/original", file)):
        app.add_api_route(path, respond, response_model=None)


def _inside(document: Document, start: int, end: int) -> tuple[int, int]:
    """A span that a client named, as far as the document has it."""
    length = len(document.text)
    start = min(max(start, 0), length)
    return start, max(start, min(max(end, 0), length))
