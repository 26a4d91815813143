"""No client makes the server open, copy or fetch anything by naming it."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import test_web
from conftest import FakeEmbedder
from qa.records import Answer
from qa.web.access import Access, account
from qa.web.calls import CallError, Calls
from qa.web.guard import Guard
from qa.web.layout import build_app
from qa.web.page import ANSWERS_AT_ONCE, Page
from qa.web.server import Shared, create_app
from qa.web.state import Chat, kept_fields
from test_web import ASK, Scripted, Serve, Site, request

pytestmark = test_web.pytestmark
scripted, start, site = test_web.scripted, test_web.start, test_web.site  # fixtures

ADDRESS = "un-serveur.example"

# What this version of Gradio opens to a POST. A path that is not here is new: look at what it
# reads of a client, and at what the guard makes of it, before it is added.
POSTS = {
    "/login",
    "/login/",
    "/gradio_api/api/{api_name}",
    "/gradio_api/api/{api_name}/",
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/v2/{api_name}/",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/",
    "/gradio_api/cancel",
    "/gradio_api/component_server",
    "/gradio_api/component_server/",
    "/gradio_api/process_recording",
    "/gradio_api/queue/join",
    "/gradio_api/reset",
    "/gradio_api/reset/",
    "/gradio_api/run-history/connect",
    "/gradio_api/run/{api_name}",
    "/gradio_api/run/{api_name}/",
    "/gradio_api/stream/{event_id}",
    "/gradio_api/stream/{event_id}/close",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/undo-vibe-edit/",
    "/gradio_api/upload",
    "/gradio_api/vibe-code",
    "/gradio_api/vibe-code/",
    "/gradio_api/vibe-edit",
    "/gradio_api/vibe-edit/",
    "/gradio_api/vibe-starter-queries",
    "/gradio_api/vibe-starter-queries/",
}


@pytest.fixture(scope="module")
def guard(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Guard:
    async def make() -> Guard:
        return create_app(scripted, Access(), tmp_path_factory.mktemp("verdicts"))

    return asyncio.run(make())


@pytest.fixture(scope="module")
def blocks(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Any:
    async def build() -> Any:
        return build_app(Page(scripted, tmp_path_factory.mktemp("page"), upload=True))

    return asyncio.run(build())


_watched: list[tuple[str, ...]] | None = None


@pytest.fixture
def touched(tmp_path: Path) -> Iterator[list[tuple[str, ...]]]:
    """Every opening, copying or looking up, in this process, of what the test names."""
    global _watched

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if _watched is not None and event in {"open", "os.listdir", "socket.getaddrinfo"}:
            named = str(arguments[0])
            if str(tmp_path) in named or ADDRESS in named:
                _watched.append((event, named))

    sys.addaudithook(watch)
    _watched = []
    yield _watched
    _watched = None


@pytest.fixture
def named(tmp_path: Path) -> list[str]:
    """A file, a file that is not there, a folder, an address."""
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return [
        str(tmp_path / "secret.txt"),
        str(tmp_path / "rien"),
        str(tmp_path),
        f"https://{ADDRESS}/a",
    ]


# Where the page and programs send their questions: read by the guard before Gradio reads them.
OPEN = {
    "/gradio_api/call/v2/{api_name}",
    "/gradio_api/call/v2/{api_name}/",
    "/gradio_api/call/{api_name}",
    "/gradio_api/call/{api_name}/",
    "/gradio_api/cancel",
    "/gradio_api/queue/join",
    "/gradio_api/reset",
    "/gradio_api/reset/",
    "/gradio_api/run/{api_name}",
    "/gradio_api/run/{api_name}/",
}


def bodies(place: str, number: dict[str, int]) -> list[Any]:
    """Bodies that name a file where a value is expected; ``number`` is that of each function."""
    file, *_ = files(place)
    asked = [
        {
            "data": [other, 5, "hybrid", "normal", ""],
            "fn_index": number["answer"],
            "session_hash": "s",
        }
        for other in files(place)
    ]
    act = {"data": ["Qui ?", None], "fn_index": number["act"], "session_hash": "s"}
    return [
        *asked,
        {"data": [None, None, 5, "hybrid", file], "fn_index": number["ask"], "session_hash": "s"},
        {**act, "event_data": {"path": place}},
        {**act, "event_data": {"turns": [{"settings": file}]}},
        {"data": ["Qui ?", 5, "hybrid", "normal", ""], "fn_index": 29, "session_hash": file},
        {"question": file, "passages": 5},
        {"event_id": file, "session_hash": file, "fn_index": file},
        file,
    ]


def files(name: str) -> list[Any]:
    """Ways to write a file that Gradio knows."""
    one = {"path": name, "meta": {"_type": "gradio.FileData"}}
    return [
        one,
        {**one, "url": name, "orig_name": "a.svg", "is_stream": True},
        {"path": "a", "url": name, "meta": {"_type": "gradio.FileData"}},
        [one],
        {"text": "Qui ?", "files": [one]},
    ]


def gradio_routes(blocks: Any) -> list[tuple[str, str]]:
    """(method, path) of every route of Gradio's own application."""
    from gradio.routes import App

    async def paths() -> Any:
        return App.create_app(blocks, mcp_server=False).openapi()["paths"]

    return sorted(
        (method.upper(), path) for path, item in asyncio.run(paths()).items() for method in item
    )


@asynccontextmanager
async def running(app: Guard) -> AsyncIterator[None]:
    """An application between its startup and its shutdown."""
    received: asyncio.Queue[Any] = asyncio.Queue()
    sent: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, received.get, sent.put))
    for event in ("startup", "shutdown"):
        await received.put({"type": f"lifespan.{event}"})
        assert (await sent.get())["type"] == f"lifespan.{event}.complete"
        if event == "startup":
            yield
    await task


def test_what_gradio_opens_is_known(blocks: Any) -> None:
    assert {path for method, path in gradio_routes(blocks) if method == "POST"} == POSTS


def test_no_path_of_gradio_opens_what_a_client_names(
    guard: Guard, blocks: Any, named: list[str], touched: list[tuple[str, ...]]
) -> None:
    import httpx

    routes = gradio_routes(blocks)
    number = {function.api_name: number for number, function in blocks.fns.items()}
    clients = (f"192.0.2.{number}" for number in itertools.cycle(range(256)))

    async def ask(method: str, path: str, place: str, body: Any) -> tuple[int, str]:
        known = {"{api_name}": "predict" if "/run/" in path else "answer", "{event_id}": "e"}
        filled = re.sub(r"\{\w+(?::path)?\}", lambda m: known.get(m[0], quote(place)), path)
        transport = httpx.ASGITransport(
            guard, raise_app_exceptions=False, client=(next(clients), 1)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            query = {"deep_link": place, "page": place}
            answer = await client.request(method, filled, params=query, json=body)
            return answer.status_code, re.sub('nonce="[^"]*"', "", answer.text.replace(place, ""))

    async def ask_everywhere() -> dict[tuple[str, str], list[list[tuple[int, str]]]]:
        async with running(guard):
            answers = await ask_each()
            await asyncio.sleep(0.2)  # what is queued is worked off
            return answers

    async def ask_each() -> dict[tuple[str, str], list[list[tuple[int, str]]]]:
        answers = {}
        for method, path in routes:
            # Those answer for as long as somebody listens, or tell whether it is the first time.
            if method != "POST" and re.search("heartbeat|event_id|queue/data|startup", path):
                continue
            answers[method, path] = [
                [
                    await ask(method, path, place, body)
                    for body in (bodies(place, number) if method == "POST" else [None])
                ]
                for place in named
            ]
        return answers

    answers = asyncio.run(ask_everywhere())
    assert touched == []
    statuses = {key: {s for each in found for s, _ in each} for key, found in answers.items()}
    posted = {path: found for (method, path), found in statuses.items() if method == "POST"}
    assert {path: found for path, found in posted.items() if not found <= {404, 422}} == {}
    assert {path for path, found in posted.items() if 422 in found} == OPEN
    # A file that is there and one that is not get the same answer.
    assert [key for key, (there, not_there, *_) in answers.items() if there != not_there] == []


def test_every_function_takes_its_own_types_alone(blocks: Any) -> None:
    calls = Calls(blocks)
    wrong = [*files("/dev/null"), True, 2.5, [], [1], {}, {"a": 1}]
    for number, function in blocks.fns.items():
        if function.fn is None:
            continue
        values = [right_value(component) for component in function.inputs]
        body = {"data": values, "fn_index": number, "session_hash": "s", "event_data": {"turn": 1}}
        checked = json.loads(calls.checked("queue/join", json.dumps(body).encode(), str.upper))
        assert (checked["data"], checked["session_hash"]) == (values, "S")
        assert ("event_data" in checked) == function.collects_event_data
        for told in ({"path": "/a"}, {"turns": [{"path": "/a"}]}, {"turn": [[[[[[1]]]]]]}):
            if not function.collects_event_data:
                continue
            with pytest.raises(CallError):
                calls.checked("run/predict", json.dumps({**body, "event_data": told}).encode(), str)
        for position, value in itertools.product(range(len(values)), wrong):
            data = [*values[:position], value, *values[position + 1 :]]
            for path in ("queue/join", "run/predict"):
                with pytest.raises(CallError):
                    calls.checked(path, json.dumps({**body, "data": data}).encode(), str)


def test_what_the_browser_kept_passes(blocks: Any, scripted: Scripted, tmp_path: Path) -> None:
    _, chat, _, _ = Page(scripted, tmp_path).ask(ASK, Chat(), 5, "hybrid", "normal")
    turns = [kept_fields(exchange) for exchange in chat.exchanges]
    told = {"turns": json.loads(json.dumps(turns)), "draft": "Où", "settings": [5, "dense", "low"]}
    number = next(n for n, f in blocks.fns.items() if f.api_name == "brought_back")
    body = json.dumps({"data": [], "fn_index": number, "event_data": told})
    checked = json.loads(Calls(blocks).checked("queue/join", body.encode(), str))
    assert json.dumps(checked["event_data"]) == json.dumps(told)


def right_value(component: Any) -> object:
    if component.stateful:
        return None
    schema = component.api_info()
    return schema["enum"][0] if "enum" in schema else {"string": "x", "integer": 5}[schema["type"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/answer", b""),
        ("call/answer", b"[" * 100_000),
        ("call/answer", b"{"),
        ("call/answer", b"\xff"),
        ("call/answer", b"3"),
        ("call/answer", b'{"data": "Qui ?"}'),
        ("call/answer", b'{"data": ["Qui ?"]}'),
        ("call/answer", b'{"data": ["Qui ?", 5, "hybrid", "normal", 5]}'),
        ("call/answer", b'{"data": ["Qui ?", "5", "hybrid", "normal", ""]}'),
        ("call/answer", b'{"data": ["Qui ?", 5, null, "normal", ""]}'),
        ("call/answer", b'{"data": ["Qui ?", 5, "hybrid", "normal", ""], "session_hash": 3}'),
        ("call/ask", b'{"data": ["Qui ?", 5, "hybrid", "normal", ""]}'),
        ("call/v2/answer", b'{"passages": 5}'),
        ("call/v2/answer", b'{"question": "Qui ?", "passages": true}'),
        ("call/v2/answer", b'{"question": "Qui ?", "other": "x"}'),
        ("queue/join", b'{"data": [], "session_hash": "s"}'),
        ("queue/join", b'{"data": [], "fn_index": 999, "session_hash": "s"}'),
        ("queue/join", b'{"data": [], "fn_index": true, "session_hash": "s"}'),
        ("cancel", b'{"session_hash": "s", "fn_index": "1", "event_id": "e"}'),
        ("reset", b"{}"),
        ("upload", b"{}"),
    ],
)
def test_what_is_no_call_is_refused(blocks: Any, path: str, body: bytes) -> None:
    with pytest.raises(CallError):
        Calls(blocks).checked(path, body, str)


def test_a_refusal_names_the_value(site: Site) -> None:
    from gradio_client import Client

    wrong = {"data": [{"path": "/etc/passwd"}, 5, "hybrid", "normal", ""]}
    status, told = post(site, "call/answer", wrong)
    (detail,) = told["detail"]
    assert (status, detail["parameter_name"]) == (422, "question")
    assert detail["message"] == "Cette valeur n’a pas le type attendu\u00a0: string."
    client = Client(site.url, verbose=False, analytics_enabled=False)
    with pytest.raises(Exception, match="passages: Cette valeur"):
        client.predict(ASK, "trois", api_name="/answer")
    # The last of two fields of one name is read, here as there: nothing slips in by the first.
    headers = {"content-type": "application/json"}
    twice = json.dumps(wrong)[:-1].encode() + b', "data": ["Qui ?", 5, "hybrid", "normal", ""]}'
    status, _, text = request(site, "POST", "/gradio_api/call/answer", twice, **headers)
    assert status == 200 and "event_id" in json.loads(text)


def test_a_program_asks_by_name_or_by_place(site: Site) -> None:
    for path, fields in (
        ("call/answer", {"data": [ASK, 1, "hybrid", "normal", ""]}),
        ("call/v2/answer", {"question": ASK, "passages": 1}),
    ):
        _, asked = post(site, path, fields)
        _, _, text = request(site, "GET", f"/gradio_api/call/answer/{asked['event_id']}")
        (answer,) = json.loads(text.split("data: ")[1])
        assert len(answer["hits"]) == 1 and answer["question"] == ASK


# --- Whose session it is ------------------------------------------------------------------------


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def post(site: Site, path: str, fields: Any, **headers: str) -> tuple[int, Any]:
    content = json.dumps(fields).encode()
    headers = {"content-type": "application/json", **headers}
    status, _, text = request(site, "POST", f"/gradio_api/{path}", content, **headers)
    return status, json.loads(text)


def test_an_account_does_not_read_what_another_asked(start: Serve, scripted: Scripted) -> None:
    zoe, luc = basic("zoé:sésame"), basic("luc:secret")
    accounts = frozenset({account("zoé:sésame"), account("luc:secret")})
    site = start(scripted, Access(accounts=accounts))
    config = json.loads(request(site, "GET", "/config", b"", **zoe)[2])
    number = {item["api_name"]: item["id"] for item in config["dependencies"]}
    question = {"data": [ASK, None, 5, "hybrid", "normal"], "fn_index": number["ask"]}
    assert post(site, "queue/join", {**question, "session_hash": "connu"}, **zoe)[0] == 200
    _, _, told = request(site, "GET", "/gradio_api/queue/data?session_hash=connu", b"", **zoe)
    assert "process_completed" in told

    exported = {"data": [None], "fn_index": number["partial"], "session_hash": "connu"}
    for headers, held in ((luc, False), (zoe, True)):
        status, output = post(site, "run/predict", exported, **headers)
        assert status == 200 and (ASK in json.dumps(output, ensure_ascii=False)) is held

    # A question that a program asked is told to it alone, by whatever name.
    _, asked = post(site, "call/answer", {"data": [ASK, 1, "hybrid", "normal", ""]}, **zoe)
    event = asked["event_id"]
    for name, headers in ((event, luc), (event[:32], zoe), (event[:32], luc), ("x", zoe)):
        path = f"/gradio_api/call/answer/{name}"
        assert request(site, "GET", path, b"", **headers)[0] == 404
    assert ASK.split()[0] in request(site, "GET", f"/gradio_api/call/answer/{event}", b"", **zoe)[2]


def test_what_is_queued_is_asked_through_the_queue(site: Site, blocks: Any) -> None:
    functions = {f.api_name: f for f in blocks.fns.values()}
    config = json.loads(request(site, "GET", "/config")[2])
    number = {item["api_name"]: item["id"] for item in config["dependencies"]}
    for name, data in (
        ("answer", [ASK, 5, "hybrid", "normal", ""]),
        ("ask", [ASK, None, 5, "hybrid", "normal"]),
        ("retry", [None, 5, "hybrid", "normal"]),
    ):
        assert post(site, "run/predict", {"data": data, "fn_index": number[name]})[0] == 404
    asking = [functions[name] for name in ("answer", "ask", "retry", "brought_back")]
    assert {(f.concurrency_id, f.concurrency_limit) for f in asking} == {
        ("answers", ANSWERS_AT_ONCE)
    }


def test_answers_are_made_so_many_at_a_time_whatever_the_door_and_collection(
    scripted: Scripted, tmp_path: Path
) -> None:
    class Counting(Scripted):
        now = most = 0
        lock = threading.Lock()

        def answer(self, *arguments: Any, **settings: Any) -> Answer:
            with self.lock:
                Counting.now += 1
                Counting.most = max(Counting.most, Counting.now)
            time.sleep(0.05)
            with self.lock:
                Counting.now -= 1
            return super().answer(*arguments, **settings)

    counting = Counting(scripted.index, FakeEmbedder())
    answering = Shared().answering
    one, other = (Page(counting, tmp_path, answering=answering) for _ in range(2))
    Counting.most = 0
    with ThreadPoolExecutor(4 * ANSWERS_AT_ONCE) as pool:
        doors = [
            lambda: one.answer(ASK),
            lambda: other.ask(ASK, Chat(), 5, "hybrid", "low"),
        ]
        list(pool.map(lambda door: door(), doors * 2 * ANSWERS_AT_ONCE))
    assert Counting.most == ANSWERS_AT_ONCE
