"""Several collections behind one address: the first at its root, each other below its own name."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa.french import fold
from qa.web.guard import Guard
from qa.web.responses import Receive, Scope, Send

# Below these the first collection has pages of its own.
_TAKEN = {"assets", "config", "documents", "gradio_api", "mcp", "source", "static"}


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
    """An ASGI application that passes each request on to its collection, by the path."""

    def __init__(self, apps: Mapping[str, Guard], root: str = ""):
        self._apps = dict(apps)
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin and end with all of them; else pass on."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        # A proxy may pass the path on whole, or without what it added.
        inside = scope["path"].removeprefix(self._root)
        first, *others = self._apps
        for path in others:
            below = path.removeprefix(self._root)
            if f"{inside}/".startswith(below):
                whole = f"{self._root}{inside}"
                scope = {**scope, "path": whole, "raw_path": whole.encode("utf-8")}
                await self._apps[path](scope, receive, send)
                return
        await self._apps[first](scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        async with contextlib.AsyncExitStack() as stack:
            await receive()
            for app in self._apps.values():
                await stack.enter_async_context(app.lifespan())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})
