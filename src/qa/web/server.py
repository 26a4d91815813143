"""The chat as a web server: the page, the sources of its citations, and the guard before them."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.records import QAError
from qa.web import panel, texts
from qa.web.guard import Guard
from qa.web.layout import build_app
from qa.web.page import CAUTIONS, METHODS

if TYPE_CHECKING:
    from qa.assistant import Assistant

_HERE = Path(__file__).parent
_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#0f5e63"/>
<text x="16" y="23.5" font-family="Georgia,serif" font-size="24" fill="#fff"
 text-anchor="middle">«</text></svg>
"""
_LOCAL = ("127.0.0.1", "localhost", "::1")


def create_app(
    assistant: Assistant,
    host: str = "127.0.0.1",
    folder: Path | None = None,
    datasets: Path | None = None,
) -> Guard:
    """The whole application, for any ASGI server that listens on ``host``."""
    blocks = build_app(assistant, folder, datasets)

    import fastapi
    import gradio as gr
    from fastapi.responses import HTMLResponse, Response

    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def source(document: str, start: int = 0, end: int = 0) -> HTMLResponse:
        try:
            found = assistant.document(document)
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
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=host,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        show_error=False,
        max_file_size=0,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
    )
    if host in {"0.0.0.0", "::"}:  # noqa: S104
        name = socket.gethostname()
        return Guard(app, {*_LOCAL, name, f"{name}.local"}, any_address=True)
    return Guard(app, {*_LOCAL, host})


def serve(
    index: Path, host: str = "127.0.0.1", port: int = 7860, datasets: Path | None = None
) -> None:
    """Serve the chat of an index until Ctrl-C; prints its address once the page answers."""
    listener = _listen(host, port)
    try:
        from qa.assistant import Assistant

        app = create_app(Assistant.open(index), host, index, datasets)

        import uvicorn

        config = uvicorn.Config(
            app, log_level="critical", timeout_graceful_shutdown=1, server_header=False
        )
        server = uvicorn.Server(config)
        threading.Thread(target=_announce, args=(host, port, server), daemon=True).start()
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


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


def _announce(host: str, port: int, server: Any) -> None:
    """Print the address as soon as the page itself has answered, then ask a first question.

    What Gradio prepares at its first question (most of a second) is then done before the reader's.
    """
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    while not _answers(here, port):
        if server.should_exit:
            return
        time.sleep(0.05)
    shown = f"[{here}]" if ":" in here else here
    print(f"{texts.typeset('Sourcier :')} http://{shown}:{port}", flush=True)  # noqa: T201
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        data = json.dumps({"data": [texts.PRODUCT, 1, METHODS[0], CAUTIONS[0]]})
        _, asked = _request(here, port, "POST", "/gradio_api/call/answer", data)
        event = json.loads(asked)["event_id"]
        _request(here, port, "GET", f"/gradio_api/call/answer/{event}")


def _answers(host: str, port: int) -> bool:
    try:
        return _request(host, port, "GET", "/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def _request(host: str, port: int, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request(method, path, body or None, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
