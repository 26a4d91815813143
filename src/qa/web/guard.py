"""What stands before the page: who may ask, how much, how often, and what a browser may do with it.

Only the paths that the chat needs are served; everything else of Gradio (uploads, files, proxies)
does not exist here.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from qa.web import texts

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 64 * 1024  # bytes
# Tokens of a client: so many at once, so many more each second. A page sends one to three requests
# a question; a whole team behind one address still passes.
BURST, RATE = 120, 30.0
_CLIENTS = 1_000

_READ = re.compile(
    r"/(?:config|theme\.css|style\.css|panel\.js|source|favicon\.ico|favicon\.svg|robots\.txt|manifest\.json|"
    r"assets/[\w./-]+|static/[\w./-]+|gradio_api/(?:info|app_id|startup-events|theme\.css|queue/data|"
    r"heartbeat/\w+|call/answer/\w+))?"
)
_WRITE = re.compile(
    r"/gradio_api/(?:queue/join|run/predict|reset|cancel|call/answer|call/v2/answer)/?"
)
_LIMITED = re.compile(r"/(?:source|gradio_api/(?:queue/join|run/predict|call/(?:v2/)?answer)/?)")

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; form-action 'none'; "
    "base-uri 'self'; object-src 'none'"
)


class Guard:
    """An ASGI application around another one.

    ``hosts`` are the names under which the page may be asked for, without port; a request under
    another one (DNS rebinding, a stray proxy) is refused. Where the server listens on every
    address (``any_address``), bare IP addresses are names too.
    """

    def __init__(self, app: App, hosts: Iterable[str], *, any_address: bool = False):
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._any_address = any_address
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a body of known size and an answer with a content policy."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        nonce = secrets.token_urlsafe(16)
        guarded = _with_headers(send, nonce)
        refusal = self._refusal(scope)
        if refusal is not None:
            await _refuse(guarded, *refusal)
            return
        body = await _read_body(receive)
        if body is None:
            await _refuse(guarded, 413, texts.TOO_LARGE)
            return
        if scope["path"] == "/":
            guarded = _rewriting(guarded, nonce)
        elif scope["path"].startswith("/gradio_api/queue/join"):
            guarded = _in_french(guarded)
        await self._app(scope, _replay(body, receive), guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}
        host = headers.get("host", b"").decode("latin-1")
        if not self._is_served(host):
            return 400, texts.FORBIDDEN_HOST
        origin = headers.get("origin", b"").decode("latin-1")
        if origin and not self._is_served(re.sub(r"^https?://", "", origin)):
            return 403, texts.FORBIDDEN_HOST
        path, method = scope["path"], scope["method"]
        allowed = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}.get(method)
        if allowed is None or not allowed.fullmatch(path) or ".." in path:
            return 404, texts.NOT_FOUND
        length = headers.get("content-length", b"")
        if length.isdigit() and int(length) > MAX_BODY:
            return 413, texts.TOO_LARGE
        if _LIMITED.fullmatch(path) and not self._has_token(scope):
            return 429, texts.BUSY
        return None

    def _is_served(self, host: str) -> bool:
        name = re.sub(r":\d+$", "", host.lower()).strip("[]")
        if name in self._hosts:
            return True
        if not self._any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _has_token(self, scope: Scope) -> bool:
        client = (scope.get("client") or ("",))[0]
        now = time.monotonic()
        tokens, last = self._buckets.pop(client, (float(BURST), now))
        tokens = min(float(BURST), tokens + (now - last) * RATE)
        self._buckets[client] = (max(0.0, tokens - 1), now)
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return tokens >= 1


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


async def _refuse(send: Send, status: int, text: str) -> None:
    body = json.dumps({"detail": text}, ensure_ascii=False).encode("utf-8")
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if status in {429, 503}:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
