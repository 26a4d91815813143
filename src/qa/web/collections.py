"""Several pages behind one address: collections, each below its own name, in their languages."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.french import fold
from qa.web import texts
from qa.web.guard import Guard
from qa.web.responses import Receive, Scope, Send

# Below these the first collection has pages of its own.
_TAKEN = set("assets config documents gradio_api mcp next original page source static why".split())


@dataclass(frozen=True, slots=True)
class Place:
    """A collection as the switch names it; ``path`` is where its page is ("/", "/notes/")."""

    name: str
    path: str


def places(indexes: Sequence[Path], root: str = "") -> list[Place]:
    """Where each index is served; an index that is called so is named by the folder it is in."""
    found: list[Place] = []
    for number, index in enumerate(path.resolve() for path in indexes):
        name = index.parent.name if index.name == "index" and index.parent.name else index.name
        slug = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-") or "collection"
        taken = _TAKEN | {place.path.removeprefix(f"{root}/").strip("/") for place in found}
        while slug in taken:
            slug += f"-{number + 1}"
        found.append(Place(name, f"{root}/{slug}/" if number else f"{root}/"))
    return found


class Collections:
    """An ASGI application that passes each request on to its collection, by the path.

    ``apps`` has one for each path and language: the browser says which it would rather read.
    """

    def __init__(self, apps: Mapping[tuple[str, str], Guard], root: str = ""):
        self._apps = dict(apps)
        self._paths = list(dict.fromkeys(path for path, _ in apps))
        self._languages = list(dict.fromkeys(language for _, language in apps))
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin and end with all of them; else pass on."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        # A proxy may pass the path on whole, or without what it added.
        inside = scope["path"]
        if f"{inside}/".startswith(f"{self._root}/"):
            inside = inside[len(self._root) :]
        first, *others = self._paths
        for path in others:
            if f"{inside}/".startswith(path.removeprefix(self._root)):
                whole = f"{self._root}{inside}"
                scope = {**scope, "path": whole, "raw_path": whole.encode("utf-8")}
                first = path
        await self._apps[first, self._spoken(scope)](scope, receive, send)

    def _spoken(self, scope: Scope) -> str:
        """The first of our languages that a browser asks for, which names them in its order."""
        asked = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1").lower()
        names = [part.strip()[:2] for part in asked.split(",")]
        return next((name for name in names if name in self._languages), self._languages[0])

    async def _live(self, receive: Receive, send: Send) -> None:
        async with contextlib.AsyncExitStack() as stack:
            await receive()
            for app in self._apps.values():
                texts.speak(app.language)  # to all that begins here
                await stack.enter_async_context(app.lifespan())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
