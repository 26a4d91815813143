"""What stands before the page: who may ask, how much, how often, and what a browser may do with it.

Only the paths that the chat needs are served; everything else of Gradio (uploads, files, proxies)
does not exist here. Documents are added, and programs ask by MCP, only where that was switched on.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from qa.web import texts
from qa.web.access import Access, client_key
from qa.web.additions import LARGEST_ADDITION
from qa.web.calls import CallError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# A path below /gradio_api/ and the body that came for it: the body to pass on.
Checked = Callable[[str, bytes], bytes]

MAX_BODY = 64 * 1024  # bytes
# Tokens of a client: so many at once, so many more each second. A page sends one to three requests
# a question; a whole team behind one address still passes.
BURST, RATE = 120, 30.0
# Wrong passwords of a client: fewer.
WRONG_BURST, WRONG_RATE = 10, 0.2
_CLIENTS = 1_000

_READ = re.compile(
    r"/(?:config|theme\.css|style\.css|panel\.js|source|favicon\.ico|favicon\.svg|robots\.txt|"
    r"assets/[\w./-]+|static/[\w./-]+|gradio_api/(?:info|app_id|startup-events|theme\.css|queue/data|"
    r"heartbeat/\w+|call/answer/\w+))?"
)
_WRITE = re.compile(
    r"/gradio_api/(?:queue/join|run/predict|reset|cancel|call/answer|call/v2/answer)/?"
)
_DOCUMENTS, _MCP, _GRADIO = "/documents", "/mcp", "/gradio_api/"
# Addresses whose query is read.
_ASKED = re.compile(r"/(?:source|gradio_api/queue/data)")
# Asked for by browsers without the reader's name; they tell nothing.
_OPEN = re.compile(r"/(?:favicon\.(?:ico|svg)|robots\.txt)")
_LIMITED = re.compile(
    r"/(?:source|documents|mcp|gradio_api/(?:queue/join|run/predict|call/(?:v2/)?answer)/?)"
)

_FRAMING = (b"content-length", b"transfer-encoding")
# What a client may say of its way here. The server has read what a trusted proxy said (``scope``);
# Gradio would believe it of anybody, and write it into the page.
_HEARSAY = re.compile(rb"forwarded|x-forwarded-.*|x-real-ip|x-gradio-.*")

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; form-action 'none'; "
    "base-uri 'self'; object-src 'none'"
)


class _Buckets:
    """Tokens by client: ``burst`` at once, ``rate`` more each second."""

    def __init__(self, burst: float, rate: float):
        self._burst, self._rate = burst, rate
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, client: str) -> float:
        """How many tokens a client has now."""
        now = time.monotonic()
        tokens, last = self._known.get(client, (self._burst, now))
        return min(self._burst, tokens + (now - last) * self._rate)

    def take(self, client: str) -> bool:
        """One token less; whether there was one."""
        tokens = self.left(client)
        self._known.pop(client, None)
        self._known[client] = (max(0.0, tokens - 1), time.monotonic())
        if len(self._known) > _CLIENTS:
            self._known.popitem(last=False)
        return tokens >= 1


class Guard:
    """An ASGI application around another one, for those whom ``access`` admits.

    ``checked`` reads what is sent to Gradio (``calls.Calls``).
    """

    def __init__(self, app: App, access: Access, checked: Checked):
        self._app = app
        self._access = access
        self._checked = checked
        self._asked = _Buckets(BURST, RATE)
        self._wrong = _Buckets(WRONG_BURST, WRONG_RATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a body of known size and an answer with a content policy."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        kept = [field for field in scope["headers"] if not _HEARSAY.fullmatch(field[0])]
        scope = {**scope, "headers": kept}
        nonce = secrets.token_urlsafe(16)
        guarded = _with_headers(send, nonce)
        root, path = self._access.root, scope["path"]
        if root and path == root:
            await _redirect(guarded, f"{root}/")
            return
        if root and path.startswith(f"{root}/"):
            # A proxy may pass the path on whole, or without what it added.
            path = path.removeprefix(root)
            scope = {**scope, "path": path, "raw_path": path.encode("utf-8")}
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(guarded, *refusal)
            return
        if path == _DOCUMENTS:
            # Goes to the disk as it comes, and is counted there.
            await self._app(scope, receive, guarded)
            return
        body = await _read_body(receive)
        if body is None:
            await _refuse(guarded, 413, texts.TOO_LARGE)
            return
        if scope["method"] == "POST" and path.startswith(_GRADIO):
            try:
                body = self._checked(path.removeprefix(_GRADIO), body)
            except CallError as error:
                await _refuse(guarded, 422, [_invalid(error)])
                return
            scope = {**scope, "headers": _with_length(scope["headers"], len(body))}
        if not _ASKED.fullmatch(path):
            # Gradio would look for a page of that name, or for a file that holds one.
            scope = {**scope, "query_string": b""}
        if path == "/":
            guarded = _rewriting(guarded, nonce)
        elif path.startswith("/gradio_api/queue/join"):
            guarded = _in_french(guarded)
        await self._app(scope, _replay(body, receive), guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}
        scheme = scope.get("scheme", "http")
        host = headers.get("host", b"").decode("latin-1")
        if not self._access.serves(host):
            return 400, texts.FORBIDDEN_HOST
        origin = headers.get("origin")
        if origin is not None and not self._access.is_own(origin.decode("latin-1"), scheme, host):
            return 403, texts.FORBIDDEN_ORIGIN
        path, method = scope["path"], scope["method"]
        client = client_key((scope.get("client") or ("",))[0])
        if self._access.accounts and not _OPEN.fullmatch(path):
            given = headers.get("authorization", b"").decode("latin-1")
            if self._wrong.left(client) < 1:
                return 429, texts.BUSY
            if not self._access.admits(given):
                if given:
                    self._wrong.take(client)
                return 401, texts.WHO
        if not self._exists(method, path):
            return 404, texts.NOT_FOUND
        length = headers.get("content-length", b"")
        most = LARGEST_ADDITION if path == _DOCUMENTS else MAX_BODY
        if length.isdigit() and int(length) > most:
            return 413, texts.TOO_LARGE
        if _LIMITED.fullmatch(path) and not self._asked.take(client):
            return 429, texts.BUSY
        return None

    def _exists(self, method: str, path: str) -> bool:
        if path == _DOCUMENTS:
            return self._access.upload and method in {"GET", "POST"}
        if path == _MCP:
            return self._access.mcp and method in {"GET", "POST", "DELETE"}
        allowed = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}.get(method)
        return allowed is not None and bool(allowed.fullmatch(path)) and ".." not in path


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or ``None`` when it is too large or the client has left."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if sum(map(len, parts)) > MAX_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send, nonce: str) -> Send:
    extra = {
        "content-security-policy": _POLICY.format(nonce=nonce),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", []) if h[0].decode().lower() not in extra]
            added = [(name.encode(), value.encode()) for name, value in extra.items()]
            message = {**message, "headers": [*kept, *added]}
        await send(message)

    return guarded


def _rewriting(send: Send, nonce: str) -> Send:
    """Hold the page back until it is whole, then send it in French and with its scripts named."""
    start: Message = {}
    parts: list[bytes] = []

    async def collected(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = rewrite_page(b"".join(parts).decode("utf-8"), nonce).encode("utf-8")
        dropped = {b"content-length", b"cache-control"}
        headers = [h for h in start["headers"] if h[0].lower() not in dropped]
        headers += [
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({**start, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return collected


def rewrite_page(page: str, nonce: str) -> str:
    """Gradio's page: in French, without previews meant for other sites, with our style and script.

    The page's own data are JSON in which Gradio writes « < » as an escape, so every ``<script``
    here is a real one.
    """
    page = re.sub(r'(<html\s+lang=")en"', r'\1fr"', page, count=1)
    page = re.sub(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*', "", page)
    # Its address would be the server's own, whatever the path below which the page is served.
    page = re.sub(r'<link rel="manifest"[^>]*>\s*', "", page)
    page = page.replace("<script", f'<script nonce="{nonce}"')
    own = (
        '<link rel="icon" type="image/svg+xml" href="favicon.svg" />'
        '<link rel="stylesheet" href="style.css" />'
        f'<script nonce="{nonce}" src="panel.js"></script>'
    )
    return page.replace("<style>", f"{own}<style>", 1)


def _in_french(send: Send) -> Send:
    """A full queue is told in the reader's language."""
    full = False

    async def translated(message: Message) -> None:
        nonlocal full
        if message["type"] == "http.response.start" and message["status"] == 503:
            full = True
            await _refuse(send, 503, texts.BUSY)
        elif not full:
            await send(message)

    return translated


def _with_length(headers: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if name not in _FRAMING]
    return [*kept, (b"content-length", str(length).encode())]


def _invalid(error: CallError) -> dict[str, Any]:
    """A refusal in the words of ``gr.validate``, which Gradio's clients understand."""
    return {
        "__type__": "validate",
        "is_valid": False,
        "message": str(error),
        "parameter_name": error.parameter,
    }


async def _refuse(send: Send, status: int, detail: str | list[dict[str, Any]]) -> None:
    body = json.dumps({"detail": detail}, ensure_ascii=False).encode("utf-8")
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status in {429, 503}:
        headers.append((b"retry-after", b"2"))
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="Sourcier", charset="UTF-8"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, path: str) -> None:
    headers = [(b"location", path.encode("ascii")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
