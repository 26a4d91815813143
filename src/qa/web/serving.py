"""Serving the chat: one address, its collections, what is told of it, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.embedding import Embedder, open_embedder
from qa.index import open_index, update_index
from qa.index.generations import generations_to_try
from qa.progress import progress_bars
from qa.records import QAError
from qa.web import texts
from qa.web.access import Access, access_for, account, read_proxies
from qa.web.announcing import announce
from qa.web.collections import Collections, places
from qa.web.operations import Metrics, Operations, log_json
from qa.web.responses import App
from qa.web.server import Shared, additions_to, create_app

if TYPE_CHECKING:
    import uvicorn


@dataclass(frozen=True, slots=True)
class Options:
    """How the chat is served.

    ``root`` is the path or address of a reverse proxy before it; ``proxies`` are the addresses of
    those that are believed about whom they ask for, and by which scheme; ``others`` are indexes
    that are served besides; ``language`` is "fr", "en", or "auto": that of each reader's browser.
    Metrics are served at ``metrics_port``; ``log``: requests and answers are logged in JSON.
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
    metrics_port: int | None = None
    log: bool = False


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
        metrics = None
        if options.metrics_port is not None:
            metrics = Metrics(options.host, options.metrics_port)
        if options.log:
            log_json()
        operations = Operations(metrics, log=options.log)
        indexes = [index, *options.others]
        app = _collections(indexes, access, options, operations)
        server = web_server(operations.around(app, indexes), proxies)
        threading.Thread(
            target=announce, args=(options.host, options.port, own, server), daemon=True
        ).start()
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    finally:
        listener.close()


def _collections(
    indexes: Sequence[Path], access: Access, options: Options, operations: Operations
) -> Collections:
    from qa.assistant import Assistant

    served = places(indexes, access.root)
    shown = served if len(served) > 1 else ()
    apps = {}
    embedders: dict[str, Embedder] = {}  # collections share what they were made with
    shared = Shared(operations.answer)
    for index, place in zip(indexes, served, strict=True):
        if options.upload and not generations_to_try(index):
            _begin(index)
        opened = open_index(index)
        operations.opened(place.name, opened.manifest)
        name = opened.manifest.embedder.name
        embedders[name] = embedders.get(name) or open_embedder(name)
        below = place.path.removeprefix(access.root).rstrip("/")
        inside = replace(access, root=f"{access.root}{below}")
        address = f"{options.root.rstrip('/')}{below}"
        assistant = Assistant(opened, embedders[name])
        told = texts.LANGUAGES if options.language == "auto" else (options.language,)
        # The pages look for the new index themselves, with each request.
        additions = additions_to(assistant) if options.upload else None
        for language in told:
            apps[place.path, language] = create_app(
                assistant,
                inside,
                index,
                address,
                options.datasets,
                shown,
                language,
                additions,
                shared,
            )
    texts.speak(told[0])
    return Collections(apps, access.root)


def _begin(index: Path) -> None:
    """Where there is no index yet, one of a folder beside it, which may be empty."""
    corpus = index.parent / ("corpus" if index.name == "index" else f"{index.name}-corpus")
    try:
        corpus.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QAError("corpus_not_made", corpus, error.strerror or error) from error
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
            raise QAError("port_in_use", port) from error
        raise QAError("cannot_listen", host, port, error) from error
    return listener
