"""What goes out: headers that every answer has, the page in its language, and refusals.

A browser is told in a plain page, a program in JSON.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from typing import Any

from qa.web import texts

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# Seconds in which a client has to take a part of an answer.
READING = 60.0

_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; form-action 'none'; "
    "base-uri 'self'; object-src 'none'"
)
_PAGE = """<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem; }}
</style>
<h1>{title}</h1>
<p>{told}</p>
<p><a href="{home}">{back}</a></p>
</html>
"""


def guarded(send: Send, nonce: str) -> Send:
    """Every answer with its policy; a client that does not take it is not waited for."""
    extra = {
        "content-security-policy": _POLICY.format(nonce=nonce),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [h for h in message.get("headers", []) if h[0].decode().lower() not in extra]
            added = [(name.encode(), value.encode()) for name, value in extra.items()]
            message = {**message, "headers": [*kept, *added]}
        async with asyncio.timeout(READING):
            await send(message)

    return sent


def changed(send: Send, change: Callable[[bytes], bytes]) -> Send:
    """Hold an answer back until it is whole, and send what ``change`` makes of it."""
    start: Message = {}
    parts: list[bytes] = []

    async def collected(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = b"".join(parts)
        if start["status"] == 200:
            body = change(body)
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
    """Gradio's page: in our language, with our style and script, no previews for other sites.

    The page's own data are JSON in which Gradio writes « < » as an escape, so every ``<script``
    here is a real one.
    """
    page = re.sub(r'(<html\s+lang=")en"', rf'\1{texts.language()}"', page, count=1)
    page = re.sub(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*', "", page)
    # Its address would be the server's own, whatever the path below which the page is served.
    page = re.sub(r'<link rel="manifest"[^>]*>\s*', "", page)
    page = page.replace("<script", f'<script nonce="{nonce}"')
    own = (
        '<link rel="icon" type="image/svg+xml" href="favicon.svg" />'
        '<link rel="stylesheet" href="style.css" />'
        f'<script nonce="{nonce}" type="module" src="panel.js"></script>'
    )
    return page.replace("<style>", f"{own}<style>", 1)


def in_our_words(send: Send, refuse: Callable[[Send, int, str], Awaitable[None]]) -> Send:
    """A full queue and a fault that nobody foresaw are told in the reader's words."""
    ours = False

    async def translated(message: Message) -> None:
        nonlocal ours
        if message["type"] == "http.response.start":
            kind = dict(message.get("headers", [])).get(b"content-type", b"")
            if message["status"] == 503:
                ours = True
                await refuse(send, 503, texts.BUSY)
            elif message["status"] == 500 and not kind.startswith(b"application/json"):
                ours = True
                await refuse(send, 500, texts.SERVER_FAULT)
        if not ours:
            await send(message)

    return translated


async def refuse(
    send: Send, status: int, detail: str | list[dict[str, Any]], *, home: str | None = None
) -> None:
    """A refusal; ``home`` is where the page is, for a browser, which gets a page of its own."""
    if home is not None and isinstance(detail, str):
        title = texts.REFUSALS.get(str(status), texts.REFUSED)
        page = _PAGE.format(
            title=escape(title),
            told=escape(detail),
            home=escape(home),
            back=texts.BACK,
            lang=texts.language(),
        )
        body, kind = page.encode("utf-8"), b"text/html; charset=utf-8"
    else:
        body = json.dumps({"detail": detail}, ensure_ascii=False).encode("utf-8")
        kind = b"application/json; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    if status in {429, 503}:
        headers.append((b"retry-after", b"2"))
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="Sourcier", charset="UTF-8"'))
    if status in {408, 413}:
        # What was not read of the request is not taken for the next one.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def redirect(send: Send, path: str) -> None:
    """The page is at another path, for good."""
    headers = [(b"location", path.encode("ascii")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
