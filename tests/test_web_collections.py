"""Several collections behind one address, each a chat of its own, in a real Chromium."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

import test_web
from qa.embedding import ShippedEmbedder
from qa.index import update_index
from qa.web import texts
from qa.web.access import Access, account
from qa.web.collections import Place, places
from qa.web.guard import WRONG_BURST, Clients, Guard
from qa.web.responses import Message, Receive, Scope, Send
from test_web import Browser, Site, request

pytestmark = test_web.pytestmark
browser, start = test_web.browser, test_web.start  # fixtures


def test_collections_have_names_and_places() -> None:
    found = places([Path("/a/index"), Path("/b/index"), Path("/c/Été 1936"), Path("/d/b")], "/docs")
    assert found == [
        Place("a", "/docs/"),
        Place("b", "/docs/b/"),
        Place("Été 1936", "/docs/ete-1936/"),
        Place("b", "/docs/b-4/"),
    ]
    assert places([Path("/x/a"), Path("/x/source")])[1].path == "/source-2/"


@pytest.fixture(scope="module")
def two(
    tmp_path_factory: pytest.TempPathFactory, shipped_embedder: ShippedEmbedder
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("two")
    for name, text in (
        ("phare", "Le phare fut bâti en 1854 par Jeanne Morel."),
        ("port", "Le port fut creusé en 1790 par Paul Durand."),
    ):
        (folder / name).mkdir()
        (folder / name / "a.md").write_text(f"# Le {name}\n\n{text}\n", "utf-8")
        update_index(folder / name, folder / f"mon {name}", shipped_embedder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = [*("--index", str(folder / "mon phare")), *("--index", str(folder / "mon port"))]
    command = [sys.executable, "-m", "qa.cli", "serve", *options, "--port", str(port), "--mcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        yield Site(f"http://127.0.0.1:{port}", folder, None)  # type: ignore[arg-type]
        process.terminate()


def test_each_collection_answers_for_itself(browser: Browser, two: Site) -> None:
    browser.open(two.url)
    assert browser.text(".masthead [aria-current]") == "mon phare"
    browser.ask("Quand le phare fut-il bâti ?")
    assert "1854" in browser.text(".turn blockquote q")
    browser.one(".masthead nav a:not([aria-current])").click()
    browser.until(lambda: browser.text(".masthead [aria-current]") == "mon port", "the other")
    assert browser.driver.current_url == f"{two.url}/mon-port/"
    browser.one(".welcome")
    assert browser.all(".turn") == []
    browser.ask("Quand le port fut-il creusé ?")
    assert "1790" in browser.text(".turn blockquote q")
    browser.one(".cit").click()
    assert "1790" in browser.opens_source()
    browser.one("#history-button").click()
    browser.until(lambda: len(browser.all("#past li")) == 1, "its own conversations")
    # Back in the first, its conversation is as it was.
    browser.one(".masthead nav a:not([aria-current])").click()
    browser.until(lambda: "phare" in browser.text(".turn .question"), "the first conversation")
    assert browser.faults() == []


def test_addresses_of_collections(two: Site) -> None:
    assert request(two, "GET", "/mon-port")[:2][0] == 308
    assert request(two, "GET", "/mon-port")[1]["location"] == "/mon-port/"
    assert "1790" in request(two, "GET", "/mon-port/source?document=a.md")[2]
    assert "1854" in request(two, "GET", "/source?document=a.md")[2]
    assert request(two, "GET", "/mon-ports/source?document=a.md")[0] == 404
    assert request(two, "GET", "/autre/")[0] == 404
    assert request(two, "GET", "/mon-port/", Host="attaque.example")[0] == 400


def test_limits_are_those_of_a_client_whatever_the_collection_and_language() -> None:
    clients = Clients()

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    access = Access(accounts=frozenset({account("anne:secret")}))
    guards = [
        Guard(page, access, lambda _, body, __: body, language=language, clients=clients)
        for language in (*texts.LANGUAGES, *texts.LANGUAGES)
    ]

    async def tried(number: int) -> int:
        wrong = b64encode(f"anne:{number}".encode())
        headers = [(b"host", b"localhost"), (b"authorization", b"Basic " + wrong)]
        scope: Scope = {"type": "http", "path": "/", "method": "GET", "headers": headers}
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope["client"] = ("192.0.2.1", 1)
        await guards[number % len(guards)](scope, receive, send)
        return int(sent[0]["status"])

    found = [asyncio.run(tried(number)) for number in range(40)]
    assert found.count(401) == WRONG_BURST
    assert found.count(429) == 40 - WRONG_BURST
