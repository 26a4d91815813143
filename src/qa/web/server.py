"""The chat as a web server: the page, the sources of its citations, and the guard before them."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import logging
import re
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.records import QAError
from qa.web import panel, texts
from qa.web.access import Access, access_for, account, read_proxies
from qa.web.additions import Additions
from qa.web.calls import Calls
from qa.web.guard import Guard
from qa.web.layout import build_app
from qa.web.mcp import mcp_app
from qa.web.page import Page
from qa.web.responses import App, Receive, Scope, Send

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
) -> Guard:
    """The whole application, for any ASGI server.

    ``access`` (by default this machine's own) says who may ask what; ``folder`` (by default the
    index's) keeps verdicts and reports; ``root_address`` is where a reverse proxy serves it;
    ``datasets`` holds test sets that every reader can evaluate and judge.
    """
    access = access or Access()
    index = assistant.index
    if access.upload and not index.manifest.corpus:
        raise QAError("additions_to_texts")
    page = Page(assistant, folder or index.path.parent, upload=access.upload)
    blocks = build_app(page, datasets)

    import fastapi
    import gradio as gr
    from fastapi.responses import HTMLResponse, Response

    programs = mcp_app(page) if access.mcp else None
    lifespan = programs.router.lifespan_context if programs is not None else None
    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    if programs is not None:
        app.router.routes.extend(programs.routes)

    def source(document: str, start: int = 0, end: int = 0) -> HTMLResponse:
        try:
            found = page.assistant.document(document)
        except (QAError, UnicodeError):
            text = f'<p class="notice" role="alert">{texts.UNKNOWN_DOCUMENT}</p>'
            return HTMLResponse(text, status_code=404)
        length = len(found.text)
        start, end = min(max(start, 0), length), min(max(end, 0), length)
        today = datetime.now().astimezone().date()
        return HTMLResponse(panel.source(found, start, max(start, end), today))

    def serve_text(path: str, content: str, kind: str) -> None:
        def respond() -> Response:
            return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

        app.get(path)(respond)

    app.add_api_route("/source", source, response_class=HTMLResponse, response_model=None)
    styles = ("style.css", "evaluation.css")
    style = "".join((_HERE / name).read_text("utf-8") for name in styles)
    serve_text("/style.css", style, "text/css")
    serve_text("/panel.js", (_HERE / "panel.js").read_text("utf-8"), "text/javascript")
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
    return Guard(_newest_first(app, page), access, Calls(blocks).checked)


# What shows documents: never those of a generation that another has replaced.
_SHOWS = re.compile(r"/(?:config|source|mcp|gradio_api/(?:queue/join|run/predict|call/.*))?")


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
    """``POST /documents?name=…`` with the file as its body; ``GET`` tells how far it has come."""
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
            return JSONResponse({"detail": error.worded("fr")}, 422)
        return JSONResponse(additions.status(), 202)

    def status() -> JSONResponse:
        return JSONResponse(additions.status(), headers={"cache-control": "no-store"})

    app.add_route("/documents", add, methods=["POST"])
    app.add_api_route("/documents", status, response_model=None)


@dataclass(frozen=True, slots=True)
class Options:
    """How the chat is served.

    ``root`` is the path or address of a reverse proxy before it; ``proxies`` are the addresses of
    those that are believed about whom they ask for, and by which scheme.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    root: str = ""
    accounts: Sequence[bytes] = ()
    upload: bool = False
    mcp: bool = False
    datasets: Path | None = None
    proxies: Sequence[str] = ()


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
        from qa.assistant import Assistant

        app = create_app(Assistant.open(index), access, index, options.root, options.datasets)

        server = web_server(app, proxies)
        threading.Thread(target=_announce, args=(options, own, server), daemon=True).start()
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


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
            raise QAError("port_in_use", port) from error
        raise QAError("cannot_listen", host, port, error) from error
    return listener


def _announce(options: Options, own: str, server: Any) -> None:
    """Print the address as soon as the page itself has answered, then ask a first question.

    What Gradio prepares at its first question (most of a second) is then done before the reader's.
    """
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(options.host, options.host)  # noqa: S104
    headers = {
        "content-type": "application/json",
        "authorization": f"Basic {base64.b64encode(own.encode()).decode()}",
    }

    def request(method: str, path: str, body: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(here, options.port, timeout=5)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    while not _answers(request):
        if server.should_exit:
            return
        time.sleep(0.05)
    shown = f"[{here}]" if ":" in here else here
    print(  # noqa: T201
        f"{texts.typeset('Sourcier :')} http://{shown}:{options.port}", flush=True
    )
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        data = json.dumps({"data": [texts.PRODUCT, 1, "hybrid", "normal"]})
        _, asked = request("POST", "/gradio_api/call/answer", data)
        event = json.loads(asked)["event_id"]
        request("GET", f"/gradio_api/call/answer/{event}")


def _answers(request: Callable[[str, str], tuple[int, bytes]]) -> bool:
    try:
        return request("GET", "/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False
