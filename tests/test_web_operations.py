"""What those who run the chat see of it: probes, metrics, log."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import create_connection, socket

import pytest

from conftest import FakeEmbedder
from qa.embedding import ShippedEmbedder
from qa.index import open_index, update_index
from qa.records import Answer, QAError
from qa.web.operations import Metrics, Operations
from qa.web.responses import App, Message, Receive, Scope, Send

SECRET = "zyxwvu"


@pytest.fixture
def index(write_corpus: Callable[..., Path], tmp_path: Path, fake_embedder: FakeEmbedder) -> Path:
    update_index(write_corpus({"a.txt": "Un texte."}), tmp_path / "index", fake_embedder)
    return tmp_path / "index"


@pytest.fixture
def metrics(index: Path) -> Iterator[Metrics]:
    found = Metrics("127.0.0.1", 0)
    yield found
    found.close()


def answer(status: str = "answered") -> Answer:
    return Answer(SECRET, SECRET, status, (), 0.75, (), {"search": 30.0, "answer": 60.0})  # type: ignore[arg-type]


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 401, "headers": []})
    await send({"type": "http.response.body", "body": b"who?"})


def ask(app: App, path: str, method: str = "GET") -> tuple[int, bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "path": path, "method": method, "headers": []}

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    return int(sent[0]["status"]), bytes(sent[1]["body"])


def read_metrics(port: int) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
        return str(response.read().decode()).splitlines()


def test_probes_are_answered_before_the_guard(index: Path, tmp_path: Path) -> None:
    app = Operations().around(refusing, [index])
    assert ask(app, "/healthz") == ask(app, "/readyz") == (200, b"ok\n")
    for path, method in (("/", "GET"), ("/healthz", "POST"), ("/healthz/", "GET")):
        assert ask(app, path, method) == (401, b"who?")


def test_without_an_index_to_read_it_is_alive_and_not_ready(index: Path, tmp_path: Path) -> None:
    app = Operations().around(refusing, [index, tmp_path / "none"])
    assert ask(app, "/healthz")[0] == 200
    assert ask(app, "/readyz") == (503, b"no index can be read\n")


def test_requests_and_answers_are_counted_without_their_words(
    metrics: Metrics, index: Path
) -> None:
    operations = Operations(metrics)
    operations.opened("notes", open_index(index).manifest)
    app = operations.around(refusing, [index])
    for path in (
        "/",
        "/",
        f"/{SECRET}",
        "/gradio_api/call/answer",
        f"/gradio_api/call/answer/{SECRET}",
    ):
        ask(app, path)
    ask(app, "/healthz")
    operations.answer(answer())
    operations.answer(answer("not_found"))
    told = read_metrics(metrics.port)
    expected = [
        'sourcier_requests_total{kind="page",method="GET",status="401"} 2.0',
        'sourcier_requests_total{kind="question",method="GET",status="401"} 1.0',
        'sourcier_requests_total{kind="answer",method="GET",status="401"} 1.0',
        'sourcier_requests_total{kind="other",method="GET",status="401"} 1.0',
        'sourcier_request_seconds_count{kind="page"} 2.0',
        'sourcier_answers_total{outcome="answered"} 1.0',
        'sourcier_answers_total{outcome="not_found"} 1.0',
        'sourcier_answer_seconds_bucket{le="0.025",stage="search"} 0.0',
        'sourcier_answer_seconds_bucket{le="0.05",stage="search"} 2.0',
        'sourcier_answer_seconds_sum{stage="answer"} 0.12',
        'sourcier_index_size{collection="notes",what="passages"} 1.0',
    ]
    assert [line for line in expected if line not in told] == []
    assert SECRET not in "".join(told)
    assert any(line.startswith("process_resident_memory_bytes ") for line in told)


def test_no_word_of_a_client_becomes_a_counter(metrics: Metrics, index: Path) -> None:
    app = Operations(metrics).around(refusing, [index])
    for number in range(20):
        ask(app, "/", f"{SECRET}{number}")
    told = read_metrics(metrics.port)
    assert 'sourcier_requests_total{kind="page",method="other",status="401"} 20.0' in told
    assert SECRET not in "".join(told)


def test_who_asks_for_no_metrics_holds_nothing_up(metrics: Metrics) -> None:
    threads = threading.active_count()
    idle = [create_connection(("127.0.0.1", metrics.port), 5) for _ in range(4)]
    assert threading.active_count() == threads
    for connection in idle:
        connection.close()
    assert read_metrics(metrics.port)


def test_a_port_that_is_taken_is_told(metrics: Metrics, index: Path) -> None:
    with pytest.raises(QAError, match=rf"port {metrics.port} .*--metrics-port"):
        Metrics("127.0.0.1", metrics.port)


def free_port() -> int:
    with closing(socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_the_chat_is_watched_while_it_is_served(
    write_corpus: Callable[..., Path], tmp_path: Path, shipped_embedder: ShippedEmbedder
) -> None:
    corpus = write_corpus({"a.txt": "Trotsky est mort à Mexico en 1940."})
    update_index(corpus, tmp_path / "index", shipped_embedder)
    port, other = free_port(), free_port()
    command = ["serve", "--index", str(tmp_path / "index"), "--port", str(port), "--log-json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", *command, "--metrics-port", str(other)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Sourcier\u00a0: http://127.0.0.1:{port}\n"
        here = f"http://127.0.0.1:{port}"
        for path in ("/healthz", "/readyz"):
            with urllib.request.urlopen(here + path) as response:
                assert (response.status, response.read()) == (200, b"ok\n")
        data = {"data": [f"Où Trotsky est-il mort, {SECRET} ?", 5, "hybrid", "normal", ""]}
        request = urllib.request.Request(
            f"{here}/gradio_api/call/answer",
            json.dumps(data).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            event = json.loads(response.read())["event_id"]
        with urllib.request.urlopen(f"{here}/gradio_api/call/answer/{event}") as response:
            assert "event: complete" in response.read().decode()
        told = read_metrics(other)
        assert sum(line.startswith("sourcier_answers_total{") for line in told) >= 1
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    logged = [json.loads(line) for line in errors.splitlines()]
    asked = [line for line in logged if line.get("kind") == "question" and line["status"] == 200]
    assert {"time", "level", "logger", "message", "method", "milliseconds"} <= set(asked[-1])
    answers = [line for line in logged if line["message"] == "answer"]
    assert {"understand", "search", "answer"} <= set(answers[-1]["stages"])
    assert SECRET not in errors
