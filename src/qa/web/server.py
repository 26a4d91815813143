"""The chat as a web server: the page, the sources of its citations, and the guard before them."""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.embedding import Embedder, open_embedder
from qa.index import open_index, update_index
from qa.index.generations import candidates
from qa.progress import progress_bars
from qa.records import QAError
from qa.web import render, texts
from qa.web.access import Access, access_for, account, read_proxies
from qa.web.additions import Additions
from qa.web.announcing import announce
from qa.web.calls import Calls
from qa.web.collections import Collections, Place, places
from qa.web.guard import Guard
from qa.web.layout import build_app
from qa.web.mcp import mcp_app
from qa.web.originals import Pages
from qa.web.page import Page
from qa.web.responses import App, Receive, Scope, Send
from qa.web.sources import serve_sources

if TYPE_CHECKING:
    import uvicorn

    from qa.assistant import Assistant

_HERE = Path(__file__).parent
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0f5e63"/>
<text x="16" y="23.5" font-family="Georgia,serif" font-size="24" fill="#fff"
 text-anchor="middle">«</text></svg>
"""


def create_app(
    assistant: Assistant,
    access: Access | None = None,
    folder: Path | None = None,
    root_address: str = "",
    datasets: Path | None = None,
    collections: Sequence[Place] = (),
    language: str = texts.LANGUAGES[0],
) -> Guard:
    """The whole application, for any ASGI server.

    ``access`` (by default this machine's own) says who may ask what; ``folder`` (by default the
    index's) keeps verdicts and reports; ``root_address`` is where a reverse proxy serves it;
    ``datasets`` holds test sets that every reader can evaluate and judge; ``collections`` are all
    that the switch of the page offers; ``language`` is that of the page, "fr" or "en".
    """
    texts.speak(language)
    access = access or Access()
    index = assistant.index
    if access.upload and not index.manifest.corpus:
        raise QAError(
            "--allow-upload adds to the folder of the documents, and this index was made of texts "
            "without one. Make an index of a folder: qa index FOLDER --index DIR"
        )
    page = Page(assistant, folder or index.path.parent, upload=access.upload)
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
    if access.upload:
        corpus, name = Path(index.manifest.corpus), assistant.embedder.name
        _serve_additions(app, Additions(corpus, index.path.parent, name, page.reload))
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
    return Guard(_newest_first(app, page), access, Calls(blocks).checked, lives, language)


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
            return JSONResponse({"detail": str(error)}, 422)
        return JSONResponse(additions.status(), 202)

    def remove(name: str = "") -> JSONResponse:
        try:
            additions.remove(name)
        except QAError as error:
            return JSONResponse({"detail": str(error)}, 422)
        return JSONResponse(additions.status(), 202)

    def status() -> JSONResponse:
        return JSONResponse(additions.status(), headers={"cache-control": "no-store"})

    app.add_route("/documents", add, methods=["POST"])
    app.add_api_route("/documents", status, response_model=None)
    app.add_api_route("/documents", remove, methods=["DELETE"], response_model=None)


@dataclass(frozen=True, slots=True)
class Options:
    """How the chat is served.

    ``root`` is the path or address of a reverse proxy before it; ``proxies`` are the addresses of
    those that are believed about whom they ask for, and by which scheme; ``others`` are indexes
    that are served besides; ``language`` is "fr", "en", or "auto": that of each reader's browser.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    root: str = ""
    accounts: Sequence[bytes] = ()
    upload: bool = False
    mcp: bool = False
    datasets: Path | None = None
    proxies: Sequence[str] = ()
    others: Sequence[Path] = ()
    language: str = texts.LANGUAGES[0]


def serve(index: Path, options: Options | None = None) -> None:
    """Serve the chat of an index until Ctrl-C; prints its address once the page answers."""
    options = options or Options()
    proxies = read_proxies(options.proxies)
    access = access_for(
        options.host, options.root, options.accounts, upload=options.upload, mcp=options.mcp
    )
    # The server's own first question comes with a name of its own.
    own = f"{secrets.token_hex(16)}:{secrets.token_hex(16)}"
    if access.accounts:
        access = replace(access, accounts=access.accounts | {account(own)})
    listener = _listen(options.host, options.port)
    try:
        app = _collections([index, *options.others], access, options)
        server = web_server(app, proxies)
        threading.Thread(
            target=announce, args=(options.host, options.port, own, server), daemon=True
        ).start()
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


def _collections(indexes: Sequence[Path], access: Access, options: Options) -> Collections:
    from qa.assistant import Assistant

    served = places(indexes, access.root)
    shown = served if len(served) > 1 else ()
    apps = {}
    embedders: dict[str, Embedder] = {}  # collections share what they were made with
    for index, place in zip(indexes, served, strict=True):
        if options.upload and not candidates(index):
            _begin(index)
        opened = open_index(index)
        name = opened.manifest.embedder.name
        embedders[name] = embedders.get(name) or open_embedder(name)
        below = place.path.removeprefix(access.root).rstrip("/")
        inside = replace(access, root=f"{access.root}{below}")
        address = f"{options.root.rstrip('/')}{below}"
        assistant = Assistant(opened, embedders[name])
        told = texts.LANGUAGES if options.language == "auto" else (options.language,)
        for language in told:
            apps[place.path, language] = create_app(
                assistant, inside, index, address, options.datasets, shown, language
            )
    texts.speak(told[0])
    return Collections(apps, access.root)


def _begin(index: Path) -> None:
    """Where there is no index yet, one of a folder beside it, which may be empty."""
    corpus = index.parent / ("corpus" if index.name == "index" else f"{index.name}-corpus")
    try:
        corpus.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QAError(
            f"{corpus} cannot be made ({error.strerror or error}): added documents would be kept "
            "there. Make an index first: qa index FOLDER --index DIR"
        ) from error
    with progress_bars(None) as told:
        update_index(corpus, index, open_embedder(), progress=told, may_be_empty=True)


def web_server(app: App, proxies: Sequence[str] = ()) -> uvicorn.Server:
    """What speaks HTTP for the application; ``proxies`` are believed about their clients."""
    import uvicorn

    from qa.web.connections import TAKEN_IN, Connection

    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        backlog=TAKEN_IN,
        log_level="critical",
        timeout_graceful_shutdown=1,
        server_header=False,
        # Given even when empty: the environment and this machine's own address are no proof.
        forwarded_allow_ips=list(proxies),
    )
    return uvicorn.Server(config)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens, before anything slow is done; a taken port is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        import errno

        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise QAError(
                f"port {port} is in use: perhaps the chat already runs. "
                "Stop what uses it, or choose another with --port."
            ) from error
        raise QAError(
            f"cannot listen on {host}, port {port} ({error}). Choose others with --host and --port."
        ) from error
    return listener
