"""What stands before the page: who may ask, how much, how often, and what a browser may do with it.

Only the paths that the chat needs are served; everything else of Gradio (uploads, files, proxies)
does not exist here. Documents are added, and programs ask by MCP, only where that was switched on.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlencode

from qa.web import texts
from qa.web.access import Access, client_key
from qa.web.additions import LARGEST_ADDITION
from qa.web.calls import CallError
from qa.web.responses import (
    App,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    changed,
    guarded,
    in_our_words,
    redirect,
    refuse,
    rewrite_page,
)
from qa.web.sessions import Sessions

# A path below /gradio_api/, the body that came for it, and how its session is named for Gradio:
# the body to pass on.
Checked = Callable[[str, bytes, Callable[[str], str]], bytes]

MAX_BODY = 64 * 1024  # bytes
# Seconds in which a request has to come whole; an added document, its next part.
SENDING = 30.0
# Requests of a client that are being answered; a page keeps one open for as long as it is shown.
AT_ONCE = 128
# Tokens of a client: so many at once, so many more each second. A page is one request that counts,
# a question one to three; a whole team behind one address still passes.
BURST, RATE = 120, 30.0
# Wrong passwords of a client: fewer.
WRONG_BURST, WRONG_RATE = 10, 0.2
_CLIENTS = 1_000

_READ = re.compile(
    r"/(?:config|theme\.css|style\.css|(?:panel|source|notes)\.js|source|page|original|why|next|favicon\.ico|favicon\.svg|robots\.txt|"
    r"(?:assets|static)/[\w./-]{1,200}|gradio_api/(?:info|app_id|startup-events|theme\.css|queue/data|"
    r"heartbeat/[\w-]+|call/answer/\w+))?",
    re.ASCII,  # a file's name of 200 characters has no more bytes, which is what systems count
)
_WRITE = re.compile(
    r"/gradio_api/(?:queue/join|run/predict|reset|cancel|call/answer|call/v2/answer)/?"
)
_DOCUMENTS, _MCP, _GRADIO = "/documents", "/mcp", "/gradio_api/"
# Addresses whose query is read.
_ASKED = re.compile(r"/(?:source|page|original|why|next|gradio_api/queue/data)")
# Asked for by browsers without the reader's name; they tell nothing.
_OPEN = re.compile(r"/(?:favicon\.(?:ico|svg)|robots\.txt)")
_LIMITED = re.compile(
    r"/(?:config|source|page|original|why|next|documents|mcp|"
    r"gradio_api/(?:info|queue/join|run/predict|call/(?:v2/)?answer)/?)?"
)

_FRAMING = (b"content-length", b"transfer-encoding")
# What a client may say of its way here. The server has read what a trusted proxy said (``scope``);
# Gradio would believe it of anybody, and write it into the page.
_HEARSAY = re.compile(rb"forwarded|x-forwarded-.*|x-real-ip|x-gradio-.*")


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


class Clients:
    """What each client has asked, and how often in vain: of all collections and languages."""

    def __init__(self) -> None:
        self.asked = _Buckets(BURST, RATE)
        self.wrong = _Buckets(WRONG_BURST, WRONG_RATE)
        self.open: Counter[str] = Counter()  # requests under way


class Guard:
    """An ASGI application around another one, for those whom ``access`` admits.

    ``checked`` reads what is sent to Gradio (``calls.Calls``); ``lifespan`` is that of the
    application; ``language`` is that of the page; ``clients`` are shared with other guards.
    """

    def __init__(
        self,
        app: App,
        access: Access,
        checked: Checked,
        lifespan: Callable[[], AbstractAsyncContextManager[object]] = nullcontext,
        language: str = texts.LANGUAGES[0],
        clients: Clients | None = None,
    ):
        self.language = language
        self._app = app
        self.lifespan = lifespan
        self._access = access
        self._checked = checked
        self._clients = clients or Clients()
        self._key = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with a body of known size and an answer with a content policy."""
        texts.speak(self.language)
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})  # which refuses it: 403
        elif scope["type"] == "http":
            started = False

            async def telling(message: Message) -> None:
                nonlocal started
                started = True
                await send(message)

            try:
                await self._answer(scope, receive, telling)
            except TimeoutError:
                return  # the client does not take its answer
            except Exception as error:
                # Gradio ends some answers so. Those that nobody foresaw were told as such.
                path = f"{scope['method']} {scope['path']}"
                logging.getLogger(__name__).warning(
                    "%r was not answered to its end: %r", path, error
                )
                if not started:
                    await refuse(send, 500, texts.SERVER_FAULT)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = [field for field in scope["headers"] if not _HEARSAY.fullmatch(field[0])]
        scope = {**scope, "headers": kept}
        nonce = secrets.token_urlsafe(16)
        send = guarded(send, nonce)
        root, path = self._access.root, scope["path"]
        if root and path == root:
            await redirect(send, f"{root}/")
            return
        if root and path.startswith(f"{root}/"):
            # A proxy may pass the path on whole, or without what it added.
            scope = _at(scope, path.removeprefix(root))
        headers = dict(kept)
        for_browser = b"text/html" in headers.get(b"accept", b"")
        told = partial(refuse, home=f"{root}/" if for_browser else None)
        client = client_key((scope.get("client") or ("",))[0])
        refusal = self._refusal(scope, headers, client)
        if refusal is not None:
            await told(send, *refusal)
            return
        self._clients.open[client] += 1
        try:
            account = self._access.account_of(headers.get(b"authorization", b"").decode("latin-1"))
            sessions = Sessions(self._key, account or b"")
            await self._pass_on(scope, receive, in_our_words(send, told), nonce, sessions)
        except _RefusedError as error:
            await told(send, error.status, error.detail)
        finally:
            self._clients.open[client] -= 1
            self._clients.open += Counter()  # without those of none

    async def _pass_on(
        self, scope: Scope, receive: Receive, send: Send, nonce: str, sessions: Sessions
    ) -> None:
        path = scope["path"]
        if path == _DOCUMENTS:
            # Goes to the disk as it comes, and is counted there.
            await self._app(scope, _in_time(receive), send)
            return
        body = await _read_body(receive)
        if scope["method"] == "POST" and path.startswith(_GRADIO):
            try:
                body = self._checked(path.removeprefix(_GRADIO), body, sessions.inside)
            except CallError as error:
                raise _RefusedError(422, [_invalid(error)]) from error
            scope = {**scope, "headers": _with_length(scope["headers"], len(body))}
        elif path.startswith(_GRADIO):
            scope = _named(scope, sessions)
        if not _ASKED.fullmatch(path):
            # Gradio would look for a page of that name, or for a file that holds one.
            scope = {**scope, "query_string": b""}
        if path == "/":
            send = changed(send, lambda page: rewrite_page(page.decode(), nonce).encode())
        elif path.startswith(f"{_GRADIO}call/") and scope["method"] == "POST":
            send = changed(send, sessions.sealed)
        await self._app(scope, _replay(body, receive), send)

    def _refusal(
        self, scope: Scope, headers: dict[bytes, bytes], client: str
    ) -> tuple[int, str] | None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._access.serves(host):
            return 400, texts.FORBIDDEN_HOST
        origin = headers.get(b"origin")
        scheme = scope.get("scheme", "http")
        if origin is not None and not self._access.is_own(origin.decode("latin-1"), scheme, host):
            return 403, texts.FORBIDDEN_ORIGIN
        path, method = scope["path"], scope["method"]
        if self._access.accounts and not _OPEN.fullmatch(path):
            given = headers.get(b"authorization", b"").decode("latin-1")
            if self._clients.wrong.left(client) < 1:
                return 429, texts.BUSY
            if self._access.account_of(given) is None:
                if given:
                    self._clients.wrong.take(client)
                return 401, texts.WHO
        if not self._exists(method, path):
            return 404, texts.NOT_FOUND
        length = headers.get(b"content-length", b"")
        most = LARGEST_ADDITION if path == _DOCUMENTS else MAX_BODY
        if length.isdigit() and int(length) > most:
            return 413, texts.TOO_LARGE
        if self._clients.open[client] >= AT_ONCE:
            return 429, texts.BUSY
        if _LIMITED.fullmatch(path) and not self._clients.asked.take(client):
            return 429, texts.BUSY
        return None

    def _exists(self, method: str, path: str) -> bool:
        if path == _DOCUMENTS:
            return self._access.upload and method in {"GET", "POST", "DELETE"}
        if path == _MCP:
            return self._access.mcp and method in {"GET", "POST", "DELETE"}
        allowed = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}.get(method)
        return allowed is not None and bool(allowed.fullmatch(path)) and ".." not in path


class _RefusedError(Exception):
    """A request that is refused once it has been read."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]]):
        super().__init__(status)
        self.status, self.detail = status, detail


def _at(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode("utf-8")}


def _named(scope: Scope, sessions: Sessions) -> Scope:
    """A request that names a session or a question, as Gradio knows them."""
    *_, kind, name = scope["path"].split("/")
    if kind == "heartbeat":
        return _at(scope, f"{_GRADIO}heartbeat/{sessions.inside(name)}")
    if kind == "answer":
        question = sessions.opened(name)
        if question is None:
            raise _RefusedError(404, texts.NOT_FOUND)
        return _at(scope, f"{_GRADIO}call/answer/{question}")
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])
    query = urlencode({"session_hash": sessions.inside(asked[0])})
    return {**scope, "query_string": query.encode("ascii")}


async def _read_body(receive: Receive) -> bytes:
    """The whole body."""
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(SENDING):
            while True:
                if (message := await receive())["type"] == "http.disconnect":
                    raise _RefusedError(400, texts.NO_CALL)
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > MAX_BODY:
                    raise _RefusedError(413, texts.TOO_LARGE)
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise _RefusedError(408, texts.TOO_SLOW) from None


def _in_time(receive: Receive) -> Receive:
    """A body whose next part does not keep the server waiting."""
    whole = False

    async def next_part() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        async with asyncio.timeout(SENDING):
            message = await receive()
        whole = not message.get("more_body")
        return message

    return next_part


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_length(headers: Headers, length: int) -> Headers:
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
