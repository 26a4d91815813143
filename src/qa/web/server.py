"""The chat as a web server: the page, the sources of its citations, and the guard before them."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.records import Answer, QAError
from qa.web import render, texts
from qa.web.access import Access
from qa.web.additions import Additions
from qa.web.calls import Calls
from qa.web.collections import Place
from qa.web.guard import Clients, Guard
from qa.web.layout import build_app
from qa.web.mcp import mcp_app
from qa.web.originals import Pages
from qa.web.page import ANSWERS_AT_ONCE, Page
from qa.web.responses import App, Receive, Scope, Send
from qa.web.sources import serve_sources

if TYPE_CHECKING:
    from qa.assistant import Assistant

_HERE = Path(__file__).parent
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0f5e63"/>
<text x="16" y="23.5" font-family="Georgia,serif" font-size="24" fill="#fff"
 text-anchor="middle">«</text></svg>
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the applications of one server share: its limits, and who is told every answer."""

    observe: Callable[[Answer], None] = lambda _: None
    clients: Clients = field(default_factory=Clients)
    answering: threading.BoundedSemaphore = field(
        default_factory=partial(threading.BoundedSemaphore, ANSWERS_AT_ONCE)
    )


def create_app(
    assistant: Assistant,
    access: Access | None = None,
    folder: Path | None = None,
    root_address: str = "",
    datasets: Path | None = None,
    collections: Sequence[Place] = (),
    language: str = texts.LANGUAGES[0],
    additions: Additions | None = None,
    shared: Shared | None = None,
) -> Guard:
    """The whole application, for any ASGI server.

    ``access`` (by default this machine's own) says who may ask what; ``folder`` (by default the
    index's) keeps verdicts and reports; ``root_address`` is where a reverse proxy serves it;
    ``datasets`` holds test sets that every reader can evaluate and judge; ``collections`` are all
    that the switch of the page offers; ``language`` is that of the page, "fr" or "en";
    ``additions`` are those of the same index in another language; ``shared`` is what all
    applications of one server have in common.
    """
    texts.speak(language)
    access, shared = access or Access(), shared or Shared()
    index = assistant.index
    page = Page(
        assistant,
        folder or index.path.parent,
        upload=access.upload,
        observe=shared.observe,
        answering=shared.answering,
    )
    if access.upload:
        additions = additions or additions_to(assistant, page.reload)
    blocks = build_app(page, datasets, render.header(collections, access.root))

    import fastapi
    import gradio as gr
    from fastapi.responses import Response

    programs = mcp_app(page) if access.mcp else None
    pages = Pages()

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(pages.close)
            if programs is not None:
                await stack.enter_async_context(programs.router.lifespan_context(app))
            yield

    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    if programs is not None:
        app.router.routes.extend(programs.routes)

    def serve_text(path: str, content: str, kind: str) -> None:
        def respond() -> Response:
            return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

        app.get(path)(respond)

    serve_sources(app, page, pages)
    styles = ("source.css", "style.css", "evaluation.css")
    style = "".join((_HERE / name).read_text("utf-8") for name in styles)
    serve_text("/style.css", style, "text/css")
    for name in ("panel.js", "source.js", "notes.js"):
        serve_text(f"/{name}", (_HERE / name).read_text("utf-8"), "text/javascript")
    serve_text("/favicon.svg", _ICON, "image/svg+xml")
    if access.upload and additions is not None:
        _serve_additions(app, additions)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=root_address.rstrip("/") or None,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=0,
        enable_monitoring=False,
        mcp_server=False,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )
    lives = partial(app.router.lifespan_context, app)
    checked = Calls(blocks).checked
    return Guard(_newest_first(app, page), access, checked, lives, language, shared.clients)


def additions_to(assistant: Assistant, indexed: Callable[[], None] = lambda: None) -> Additions:
    """What takes in documents for an assistant's index; ``QAError`` where none can be added."""
    index = assistant.index
    if not index.manifest.corpus:
        raise QAError("additions_to_texts")
    corpus, name = Path(index.manifest.corpus), assistant.embedder.name
    return Additions(corpus, index.path.parent, name, indexed)


# What shows documents: never those of a generation that another has replaced.
_SHOWS = re.compile(
    r"/(?:config|source|page|original|why|next|mcp|gradio_api/(?:queue/join|run/predict|call/.*))?"
)


def _newest_first(app: App, page: Page) -> App:
    """Whatever is asked is answered from the published generation of the index."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _SHOWS.fullmatch(scope["path"]):
            from anyio import to_thread

            try:
                await to_thread.run_sync(page.reload)
            except Exception:
                # The reader gets the page of the one before; the terminal gets the cause.
                logging.getLogger(__name__).exception("the new index was not opened")
        await app(scope, receive, send)

    return asked


def _serve_additions(app: Any, additions: Additions) -> None:
    """``POST /documents?name=…`` with the file as its body; ``GET`` tells how far it has come;
    ``DELETE`` takes an added one away."""
    from fastapi.responses import JSONResponse
    from starlette.requests import ClientDisconnect

    async def add(request: Any) -> JSONResponse:
        async def parts() -> AsyncIterator[bytes]:
            async for part in request.stream():
                yield part

        try:
            await additions.take(request.query_params.get("name", ""), parts())
        except ClientDisconnect:
            return JSONResponse({}, 400)
        except QAError as error:
            return JSONResponse({"detail": error.worded(texts.language())}, 422)
        return JSONResponse(additions.status(), 202)

    def remove(name: str = "") -> JSONResponse:
        try:
            additions.remove(name)
        except QAError as error:
            return JSONResponse({"detail": error.worded(texts.language())}, 422)
        return JSONResponse(additions.status(), 202)

    def status() -> JSONResponse:
        return JSONResponse(additions.status(), headers={"cache-control": "no-store"})

    app.add_route("/documents", add, methods=["POST"])
    app.add_api_route("/documents", status, response_model=None)
    app.add_api_route("/documents", remove, methods=["DELETE"], response_model=None)
