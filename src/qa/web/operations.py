"""For those who run the chat: is it up, is it ready, what does it do and how fast.

``/healthz`` and ``/readyz`` are answered before the guard, for a probe knows no name of ours and no
account; they tell nothing else. Metrics (``--metrics-port``) stand at a port of their own. Neither
they nor the log (``--log-json``) hold a word of a question, an answer or a document.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from qa.extras import needs
from qa.index import Manifest, current_name
from qa.records import Answer, QAError
from qa.web.responses import App, Message, Receive, Scope, Send

_LIVE, _READY = "/healthz", "/readyz"
_KINDS = {
    "page": re.compile("/"),
    "source": re.compile("/source"),
    "question": re.compile(r"/gradio_api/(?:queue/join|run/predict|call/(?:v2/)?answer)/?"),
    "answer": re.compile(r"/gradio_api/(?:queue/data|call/answer/\w+)"),
    "documents": re.compile("/documents"),
    "mcp": re.compile("/mcp"),
}
# Any other word that a client sends is no name to count by.
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT"})
_FIELDS = ("kind", "method", "status", "milliseconds", "outcome", "confidence", "stages")
# Seconds; a whole answer takes a tenth of one on a laptop.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Operations:
    """What is counted and logged of requests and answers; by default nothing is."""

    def __init__(self, metrics: Metrics | None = None, *, log: bool = False):
        self._metrics = metrics
        self._log = logging.getLogger("sourcier") if log else None

    def opened(self, collection: str, manifest: Manifest) -> None:
        """A collection that is served from now on."""
        if self._metrics is not None:
            for what in ("documents", "passages"):
                self._metrics.size.labels(collection, what).set(getattr(manifest, what))

    def request(self, kind: str, method: str, status: int, seconds: float) -> None:
        """A request that was answered."""
        if self._metrics is not None:
            self._metrics.requests.labels(kind, method, status).inc()
            self._metrics.seconds.labels(kind).observe(seconds)
        if self._log is not None:
            fields = {"kind": kind, "method": method, "status": status}
            self._log.info("request", extra=fields | {"milliseconds": round(1000 * seconds, 1)})

    def answer(self, answer: Answer) -> None:
        """An answer that was made."""
        if self._metrics is not None:
            self._metrics.answers.labels(answer.status).inc()
            for stage, milliseconds in answer.timings.items():
                self._metrics.stages.labels(stage).observe(milliseconds / 1000)
        if self._log is not None:
            told = {"outcome": answer.status, "confidence": round(answer.confidence, 3)}
            self._log.info("answer", extra=told | {"stages": answer.timings})

    def around(self, app: App, indexes: Sequence[Path]) -> App:
        """The application with its probes, every request of it counted."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            path, method = str(scope["path"]), str(scope["method"])
            method = method if method in _METHODS else "other"
            if path in {_LIVE, _READY} and method in {"GET", "HEAD"}:
                await _tell(send, path == _LIVE or await _are_ready(indexes))
                return
            began, status = time.perf_counter(), 0

            async def told(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = int(message["status"])
                await send(message)

            try:
                await app(scope, receive, told)
            finally:
                self.request(_kind(path), method, status, time.perf_counter() - began)

        return watched


class Metrics:
    """Prometheus's counters, at ``http://HOST:PORT/metrics``."""

    def __init__(self, host: str, port: int):
        with needs("metrics"):
            from prometheus_client import (
                CollectorRegistry,
                Counter,
                Gauge,
                Histogram,
                PlatformCollector,
                ProcessCollector,
                make_wsgi_app,
            )

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        def made(kind: Callable[..., Any], name: str, text: str, *labels: str) -> Any:
            settings = {"buckets": _BUCKETS} if kind is Histogram else {}
            return kind(f"sourcier_{name}", text, labels, registry=registry, **settings)

        self.requests = made(Counter, "requests", "HTTP requests", "kind", "method", "status")
        self.seconds = made(Histogram, "request_seconds", "Time until an answer's end", "kind")
        self.answers = made(Counter, "answers", "Answers made", "outcome")
        self.stages = made(Histogram, "answer_seconds", "Time for an answer", "stage")
        told = "What was indexed when the server started"
        self.size = made(Gauge, "index_size", told, "collection", "what")
        try:
            self._server = _one_by_one(host, port, make_wsgi_app(registry))
        except OSError as error:
            raise QAError("metrics_not_served", host, port, error.strerror or error) from error
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.port = int(self._server.server_port)

    def close(self) -> None:
        """Stop serving them."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _one_by_one(host: str, port: int, app: Any) -> WSGIServer:
    """A server that answers one request after the other: who asks for nothing, on many
    connections, holds up no more than the counters."""

    class Server(WSGIServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that leaves is no news."""

    class Handler(WSGIRequestHandler):
        timeout = 5  # seconds without a word

        def log_message(self, *_: object) -> None:
            """Not told: requests are counted elsewhere."""

    return make_server(host, port, app, Server, Handler)


def log_json() -> None:
    """Write what is logged to stderr, one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("sourcier").setLevel(logging.INFO)


class _JsonFormatter(logging.Formatter):
    """Time (UTC, ISO 8601), level, logger, message, our own fields, and a fault's trace."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields |= {name: vars(record)[name] for name in _FIELDS if name in vars(record)}
        if record.exc_info:
            fields["trace"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def _kind(path: str) -> str:
    """One of a few names, so that no address of a client becomes a name of its own."""
    return next((kind for kind, known in _KINDS.items() if known.fullmatch(path)), "other")


async def _are_ready(indexes: Sequence[Path]) -> bool:
    """Whether there are published indexes to answer from (in Milvus: whether it answers)."""
    from anyio import to_thread

    try:
        return all([await to_thread.run_sync(current_name, index) for index in indexes])
    except QAError:
        return False


async def _tell(send: Send, well: bool) -> None:
    body = b"ok\n" if well else b"no index can be read\n"
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    length = (b"content-length", str(len(body)).encode())
    status = 200 if well else 503
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
