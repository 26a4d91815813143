"""Doors that are opened on purpose: accounts, a reverse proxy, added documents, programs."""

from __future__ import annotations

import asyncio
import base64
import errno
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import test_web
from conftest import ROOT, FakeEmbedder
from qa.assistant import Assistant
from qa.embedding import ShippedEmbedder
from qa.index import open_index, update_index
from qa.reading import causes, read_corpus
from qa.reading.reasons import skipped
from qa.records import QAError, Skipped
from qa.web import texts
from qa.web.access import Access, access_for, account, read_account, read_accounts
from qa.web.additions import LARGEST_ADDITION, Additions, checked_name
from qa.web.guard import WRONG_BURST
from test_web import ASK, Browser, Scripted, Serve, Site, request

pytestmark = test_web.pytestmark
browser, scripted, start = test_web.browser, test_web.scripted, test_web.start  # fixtures

# --- Accounts -----------------------------------------------------------------------------------


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def test_accounts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.write_text("# l’équipe\r\nzoé:mot de: passe\r\n\n  luc:x  \nmax:a\u2028b\n", "utf-8")
    assert account("max:a\u2028b") in read_accounts(path)
    access = Access(accounts=frozenset(read_accounts(path)))
    zoe = access.account_of(basic("zoé:mot de: passe"))
    assert zoe == account("zoé:mot de: passe") and access.account_of(basic("luc:x"))
    assert access.account_of(basic("zoe\u0301:mot de: passe")) == zoe, "however it was typed"
    for wrong in ("zoé:", "zoé:mot", "luc:X", ":", "", "# l’équipe"):
        assert access.account_of(basic(wrong)) is None
    for header in ("", "Basic", "Basic %%%", "Basic /////w==", "Bearer bHVjOng="):
        assert access.account_of(header) is None


@pytest.mark.parametrize("text", ["", "zoé", "zoé:", ":secret"])
def test_an_account_that_is_none_is_told_without_the_secret(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accounts"
    path.write_text(f"luc:x\n{text}\n" if text else "\n", "utf-8")
    with pytest.raises(QAError, match=r"account 2|holds no account") as told:
        read_accounts(path)
    assert "secret" not in str(told.value)
    with pytest.raises(QAError, match="USER:PASSWORD"):
        read_account(text)


@pytest.fixture(scope="module")
def closed(start: Serve, scripted: Scripted) -> Site:
    return start(scripted, Access(accounts=frozenset({account("zoé:sésame")}), mcp=True))


def test_without_its_password_nothing_is_served(closed: Site) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/config"),
        ("GET", "/source?document=brume.md"),
        ("GET", "/style.css"),
        ("POST", "/gradio_api/call/answer"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/mcp"),
        ("GET", "/inconnu"),
    ):
        status, headers, text = request(closed, method, path)
        assert status == 401 and headers["www-authenticate"].startswith("Basic ")
        assert json.loads(text) == {"detail": texts.WHO}
    assert request(closed, "GET", "/favicon.svg")[0] == 200
    assert request(closed, "GET", "/", Authorization=basic("zoé:sésame"))[0] == 200


def guess(site: Site, number: int, client: str) -> int:
    headers = {"Authorization": basic(f"zoé:{number}"), "X-Forwarded-For": client}
    return request(site, "GET", "/style.css", b"", **headers)[0]


def test_passwords_are_not_guessed_for_long(start: Serve, scripted: Scripted) -> None:
    site = start(scripted, Access(accounts=frozenset({account("zoé:sésame")})))
    # Whatever address each try says that it comes from.
    statuses = [guess(site, n, f"192.0.2.{n}") for n in range(WRONG_BURST + 2)]
    assert statuses == [401] * WRONG_BURST + [429] * 2
    assert request(site, "GET", "/style.css", Authorization=basic("zoé:sésame"))[0] == 429


def test_a_trusted_proxy_tells_its_clients_apart(start: Serve, scripted: Scripted) -> None:
    access = Access(accounts=frozenset({account("zoé:sésame")}))
    site = start(scripted, access, proxies=["127.0.0.1/32"])
    # What a client wrote itself stands before what the proxy wrote.
    statuses = [guess(site, n, f"192.0.2.{n}, 198.51.100.7") for n in range(WRONG_BURST + 1)]
    assert statuses == [401] * WRONG_BURST + [429]
    assert guess(site, 0, "198.51.100.8") == 401


def test_a_reader_with_a_password_uses_the_page(browser: Browser, closed: Site) -> None:
    # As typed into the browser's question, which no script sees; the browser then remembers.
    secret = closed.url.replace("//", f"//{quote('zoé')}:{quote('sésame')}@")
    browser.driver.get(f"{secret}/style.css")
    browser.open(closed.url)
    browser.ask(ASK)
    browser.one(".cit").click()
    assert browser.opens_source() == closed.assistant.answer(ASK).citations[0].quote
    assert browser.faults() == []


def test_serve_asks_for_the_accounts_of_a_file(demo_index: Path, tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    path.write_text("luc:secret\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["serve", "--index", str(demo_index), "--port", str(port), "--auth-file", str(path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Sourcier\u00a0: http://127.0.0.1:{port}\n"
        site = Site(f"http://127.0.0.1:{port}", demo_index, None)  # type: ignore[arg-type]
        assert request(site, "GET", "/")[0] == 401
        assert request(site, "GET", "/", Authorization=basic("luc:secret"))[0] == 200
    finally:
        process.terminate()
        process.communicate(timeout=15)


# --- A reverse proxy ----------------------------------------------------------------------------


def test_where_a_proxy_serves_it() -> None:
    assert access_for("127.0.0.1", "/docs/").root == "/docs"
    named = access_for("0.0.0.0", "https://Exemple.fr/a/b")
    assert named.root == "/a/b" and named.serves("exemple.fr") and named.serves("10.0.0.7:7860")
    assert not access_for("127.0.0.1").serves("10.0.0.7")
    assert access_for("127.0.0.1", "https://exemple.fr").root == ""
    for wrong in ("docs", "ftp://exemple.fr/", "/docs?x", "/do cs", "//"):
        with pytest.raises(QAError, match="--root-path"):
            access_for("127.0.0.1", wrong)


@pytest.fixture
def proxy() -> Iterator[Callable[[Site, bool], str]]:
    """A reverse proxy that serves a site below /salle/lecture; the prefix is passed on or not."""
    servers: list[ThreadingHTTPServer] = []

    def serve(target: list[Site], strips: bool) -> ThreadingHTTPServer:
        class Proxy(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                path = self.path
                assert path.startswith("/salle/lecture"), f"{path} leaves the proxy's path"
                if strips:
                    path = path.removeprefix("/salle/lecture") or "/"
                upstream = http.client.HTTPConnection(target[0].url.removeprefix("http://"))
                headers = dict(self.headers.items())
                headers["X-Forwarded-For"] = "198.51.100.7"
                # A browser that leaves ends the answer.
                with closing(upstream), suppress(ConnectionError):
                    upstream.request(self.command, path, body or None, headers)
                    answer = upstream.getresponse()
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in {"transfer-encoding", "connection"}:
                            self.send_header(name, value)
                    self.send_header("connection", "close")
                    self.end_headers()
                    while part := answer.read1(65536):
                        self.wfile.write(part)
                        self.wfile.flush()

            do_GET = do_POST = pass_on  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    yield serve  # type: ignore[misc]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("strips", [False, True])
def test_behind_a_reverse_proxy(
    browser: Browser, start: Serve, proxy: Any, scripted: Scripted, strips: bool
) -> None:
    target: list[Site] = []
    server = proxy(target, strips)
    outside = f"http://localhost:{server.server_address[1]}/salle/lecture"
    target.append(start(scripted, access_for("127.0.0.1", outside), outside))
    browser.open(f"{outside}/")
    browser.ask(ASK)
    browser.one(".cit").click()
    citation = scripted.answer(ASK).citations[0]
    assert browser.opens_source() == citation.quote
    assert browser.driver.current_url.startswith(f"{outside}/?source=")
    browser.driver.refresh()
    assert browser.opens_source() == citation.quote
    browser.until(lambda: len(browser.all(".turn")) == 1, "the conversation")
    seen = [url for url in browser.requests() if url.startswith("http")]
    assert len(seen) > 5 and all(url.startswith(f"{outside}/") for url in seen)
    if not strips:
        status, headers, _ = request(target[0], "GET", "/salle/lecture")
        assert (status, headers["location"]) == (308, "/salle/lecture/")


# --- Added documents ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["", ".md", "../a.md", "a/b.md", "a\\b.md", "a\x00.md", "a.exe", "a", "é" * 120 + ".md"]
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(QAError, match=r"nom de fichier|type de fichier"):
        checked_name(name)


def test_names_are_composed() -> None:
    assert checked_name(" e\u0301te\u0301.MD ") == "été.MD"


def test_every_reason_of_the_reading_room_has_its_french(write_corpus: Any) -> None:
    corpus = write_corpus(
        {"a.md": "# A\n\nB.", "b.xyz": "x", "c.txt": "", "d.md": "\n", "e.jsonl": "{"}
    )
    (corpus / "f.txt").write_bytes(bytes(range(256)) * 4)
    (corpus / "g.md").symlink_to(corpus / "nowhere")
    (corpus / "h.md").symlink_to(ROOT / "README.md")
    told = [texts.reason(item) for item in read_corpus(corpus) if isinstance(item, Skipped)]
    assert told == [
        "fichier vide",
        "aucun texte",
        "ligne 1\u00a0: pas du JSON",
        "contenu binaire",
        "lien symbolique rompu",
        "lien symbolique hors du dossier",
        "format non lu\u00a0: .xyz\u202f; enregistrez-les en PDF, .docx ou .txt",
    ]
    assert texts.reason(Skipped("a", "a reason of tomorrow")) == texts.NOT_READ


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.EACCES, "accès refusé"),
        (errno.EIO, "erreur du disque"),
        (errno.ESTALE, "erreur du système"),
        (None, "erreur du système"),
    ],
)
def test_what_a_system_says_is_told_in_french(code: int | None, cause: str) -> None:
    error = OSError(code, os.strerror(code)) if code else OSError("no strerror")
    told = skipped("a.txt", "not_readable", *causes(error))
    assert texts.reason(told) == f"illisible\u00a0: {cause}"
    assert told.reason == f"not readable: {os.strerror(code).lower() if code else 'OSError'}"
    # Libraries have words of their own, which the command line alone repeats.
    for reason in ("damaged", "damaged_archive", "damaged_member", "sidecar_toml"):
        assert "BadZipFile" not in texts.reason(skipped("a.zip", reason, "BadZipFile"))


def test_documents_are_added_only_to_a_folder_that_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    file.write_text("{}", "utf-8")
    for corpus in (file, tmp_path / "missing"):
        with pytest.raises(QAError, match="--allow-upload"):
            Additions(corpus, tmp_path, "fake", lambda: None)


def test_those_who_add_at_the_same_time_share_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.web.additions.MOST_BYTES", 1_000)
    (tmp_path / "corpus").mkdir()
    additions = Additions(tmp_path / "corpus", tmp_path / "index", "fake", lambda: None)
    # The process that indexes is not what this is about.
    additions._worker = threading.current_thread()

    async def parts(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 100):
            yield b"x" * 100
            await asyncio.sleep(0)

    async def add(sizes: list[int]) -> list[object]:
        coming = [additions.take(f"{n}-{size}.md", parts(size)) for n, size in enumerate(sizes)]
        return await asyncio.gather(*coming, return_exceptions=True)

    def kept() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "corpus" / "ajouts").iterdir())

    told = asyncio.run(add([600] * 8))
    assert kept() == 600 and [str(error) for error in told if error] == [texts.NO_ROOM] * 7
    # One that came whole meanwhile is counted once, and what was refused not at all.
    told = asyncio.run(add([100, 300, 200]))
    assert kept() <= 1_000 and told.count(None) >= 1
    assert asyncio.run(add([1_000 - kept()] if kept() < 1_000 else [])) in ([None], [])
    assert kept() == 1_000


def test_an_index_that_fails_is_told(
    tmp_path: Path, shipped_embedder: ShippedEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "corpus").mkdir()
    corpus, name = tmp_path / "corpus", shipped_embedder.name
    # What its owner put there does not go because the folder is empty for the moment.
    (corpus / "b.md").write_text("La digue.\n", "utf-8")
    update_index(corpus, tmp_path / "index", shipped_embedder)
    (corpus / "b.md").unlink()
    additions = Additions(corpus, tmp_path / "index", name, lambda: None)

    async def content() -> AsyncIterator[bytes]:
        yield b"\n"

    asyncio.run(additions.take("a.md", content()))
    wait(lambda: not additions.status()["busy"])
    (addition,) = additions.status()["additions"]
    assert (addition["state"], addition["detail"]) == ("failed", texts.NOT_INDEXED)
    assert "nothing could be read" in caplog.text
    assert (corpus / "ajouts" / "a.md").exists()


def wait(condition: Callable[[], Any], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.05)


@pytest.fixture
def growing(
    start: Serve, tmp_path: Path, shipped_embedder: ShippedEmbedder
) -> Iterator[tuple[Site, Path]]:
    """A chat of two documents, to which more may be added."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "phare.md").write_text("# Le phare\n\nLe phare fut bâti en 1854.\n", "utf-8")
    (corpus / "port.md").write_text("# Le port\n\nLe port fut creusé en 1790.\n", "utf-8")
    update_index(corpus, index, shipped_embedder)
    first = open_index(index)
    yield start(Assistant(first, shipped_embedder), Access(upload=True)), corpus
    first.close()


def test_documents_are_dropped_and_answer(
    browser: Browser, growing: tuple[Site, Path], tmp_path: Path
) -> None:
    site, corpus = growing
    files = {
        "digue.md": "# La digue\n\nLa digue fut élevée en 1911 par Jeanne Morel.\n",
        "vide.txt": "\n",
        "bouée.txt": "La bouée fut posée en 1932 devant la digue.\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    browser.open(site.url)
    assert "déposez-les" in browser.text(".welcome")
    browser.all("#tabs [role=tab]")[1].click()
    field = browser.until(lambda: browser.all("#drop input"), "the field")[0]
    field.send_keys("\n".join(str(tmp_path / name) for name in ("digue.md", "vide.txt")))
    # While the first are indexed, another comes; and the old index goes on answering.
    field.send_keys(str(tmp_path / "bouée.txt"))
    assert request(site, "GET", "/source?document=port.md")[0] == 200

    def states() -> dict[str, str]:
        return dict(e.text.split(" ", 1) for e in browser.all("#drop li"))

    browser.until(lambda: states().get("bouée.txt") == "ajouté", "the last one indexed")
    assert states()["digue.md"] == "ajouté"
    assert states()["vide.txt"].startswith("laissé de côté : aucun texte")
    rows = "table.corpus tbody tr:not(.folder)"
    browser.until(lambda: len(browser.all(rows)) == 4, "four documents")
    assert "ajouts/vide.txt" in browser.text(".skipped")
    browser.all("#tabs [role=tab]")[0].click()
    browser.until(lambda: "4\u00a0documents" in browser.text(".welcome"), "the new first screen")
    browser.ask("Quand la digue fut-elle élevée ?")
    assert "1911" in browser.text(".turn:last-child blockquote q")
    assert sorted(p.name for p in (corpus / "ajouts").iterdir()) == sorted(files)
    assert browser.faults() == []
    # A page that is opened from now on begins with the new documents.
    assert "4\u00a0documents" in request(site, "GET", "/")[2].replace("\\u00a0", "\u00a0")


def post(site: Site, name: str, body: bytes, **headers: str) -> tuple[int, Any]:
    status, _, text = request(site, "POST", f"/documents?name={quote(name)}", body, **headers)
    return status, json.loads(text)


def test_what_may_not_be_added_is_refused(growing: tuple[Site, Path], scripted: Scripted) -> None:
    site, corpus = growing
    assert post(site, "../../secret.md", b"x") == (422, {"detail": texts.FILE_NAME})
    assert post(site, "virus.exe", b"x")[0] == 422
    assert post(site, "vide.md", b"") == (422, {"detail": texts.FILE_EMPTY})
    assert post(site, "a.md", b"x", Origin="http://attaque.example")[0] == 403
    # Announced as too large, or larger than announced.
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=20)
    connection.putrequest("POST", "/documents?name=a.md")
    connection.putheader("content-length", str(LARGEST_ADDITION + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    parts = iter([b"x" * 1_000_000] * (LARGEST_ADDITION // 1_000_000 + 1))
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=20)
    connection.request("POST", "/documents?name=a.md", parts, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 422 and "50\u00a0Mo" in json.loads(answer.read())["detail"].replace(
        " ", "\u00a0"
    )
    connection.close()
    assert list((corpus / "ajouts").iterdir()) == []


def test_documents_are_refused_where_that_was_not_switched_on(
    start: Serve, scripted: Scripted
) -> None:
    site = start(scripted, Access())
    assert request(site, "POST", "/documents?name=a.md", b"x")[0] == 404
    assert request(site, "GET", "/documents")[0] == 404
    assert request(site, "POST", "/mcp", b"{}")[0] == 404


# --- Programs -----------------------------------------------------------------------------------


def test_a_model_asks_through_mcp(closed: Site) -> None:
    pytest.importorskip("mcp")
    import httpx2
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    async def ask() -> tuple[list[str], Any, Any, Any, Any]:
        headers = {"authorization": basic("zoé:sésame")}
        async with httpx2.AsyncClient(headers=headers) as connection:
            transport = streamable_http_client(f"{closed.url}/mcp", http_client=connection)
            async with Client(transport) as client:
                tools = (await client.list_tools()).tools
                right = await client.call_tool("answer", {"question": ASK, "passages": 1})
                wrong = await client.call_tool("answer", {"question": " "})
                nowhere = await client.call_tool("answer", {"question": ASK, "only": "inconnu"})
                named = {"path": __file__, "meta": {"_type": "gradio.FileData"}}
                file = await client.call_tool("answer", {"question": named})
                return [tool.name for tool in tools], right, wrong, nowhere, file

    names, right, wrong, nowhere, file = asyncio.run(ask())
    assert names == ["answer"]
    expected = json.loads(json.dumps(closed.assistant.answer(ASK, limit=1).to_dict()))
    assert right.structured_content["citations"] == expected["citations"]
    assert len(right.structured_content["hits"]) == 1
    assert wrong.is_error and texts.EMPTY in wrong.content[0].text
    assert nowhere.is_error and "inconnu" in nowhere.content[0].text
    assert file.is_error and "valid string" in file.content[0].text


def test_the_missing_package_is_named(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qa.web.mcp import mcp_app
    from qa.web.page import Page

    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(QAError, match=r"pip install 'sourcier\[mcp\]'"):
        mcp_app(Page(scripted, tmp_path))


def test_the_index_made_elsewhere_is_shown_when_the_page_is_opened(
    browser: Browser, start: Serve, tmp_path: Path
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Brume\n\nVoilà le jour 7.\n", "utf-8")
    (corpus / "c.md").write_text("# Dune\n\nLa dune vint.\n\nVoilà le jour 9.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    site = start(Scripted(open_index(index), FakeEmbedder()), Access())
    assert request(site, "GET", "/source?document=b.md")[0] == 404
    browser.open(site.url)
    browser.send(ASK)
    browser.one(".turn .cit").click()
    assert browser.opens_source() == "Voilà le jour 7." and browser.all("#source .notice") == []
    (corpus / "a.md").write_text("# Brume\n\nElle vint.\n\nVoilà le jour 7.\n", "utf-8")
    (corpus / "b.md").write_text("# Crue\n\nVoilà le jour 8.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    assert "Crue" in request(site, "GET", "/")[2]
    assert request(site, "GET", "/source?document=b.md")[0] == 200
    # An answer from before, whose document has changed, does not pass other words off as its own.
    browser.one(".turn .cit").click()
    browser.until(
        lambda: browser.all("#source .notice") and texts.SOURCE_CHANGED in browser.text("#source"),
        "the word of warning",
    )
    browser.driver.refresh()
    browser.one("#source .document")
    browser.until(lambda: texts.CHANGED in browser.text("#notice"), "the news")
    browser.one(".turn .cit").click()
    browser.until(lambda: browser.text("#cited") == "Voilà le jour 7.", "the quote in its place")
    shutil.rmtree(index)
    assert request(site, "GET", "/")[0] == 200


def test_a_deleted_document_is_served_no_more(start: Serve, tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for number in range(5):
        (corpus / f"{number}.md").write_text(f"# Brume-{number}\n\nVoilà le jour.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    site = start(Scripted(open_index(index), FakeEmbedder()), Access())
    numbers = json.loads(request(site, "GET", "/config")[2])["dependencies"]
    listed = {"data": ["", None], "session_hash": "s"} | {
        "fn_index": next(item["id"] for item in numbers if item["api_name"] == "corpus")
    }

    def asks(number: int) -> list[str]:
        headers = {"content-type": "application/json"}
        body = json.dumps(listed).encode()
        return [
            request(site, "GET", f"/source?document={number}.md")[2],
            request(site, "GET", "/config")[2],
            request(site, "POST", "/gradio_api/run/predict", body, **headers)[2],
            request(site, "GET", "/")[2],
        ]

    # Each of them, asked first after a deletion, says nothing of the document any more.
    for number in range(4):
        assert all(f"Brume-{number}" in text for text in asks(number))
        (corpus / f"{number}.md").unlink()
        update_index(corpus, index, FakeEmbedder())
        assert f"Brume-{number}" not in asks(number)[number]


def test_the_documented_program_runs(start: Serve, demo: Assistant, capsys: Any) -> None:
    site = start(demo, Access())
    text = (ROOT / "docs" / "web.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(block.replace("http://127.0.0.1:7860", site.url), "web.md", "exec"), {})
    assert "answered" in capsys.readouterr().out


def test_the_documented_options_exist() -> None:
    text = (ROOT / "docs" / "web.md").read_text("utf-8")
    told = set(re.findall(r"--[a-z-]{2,}", text.split("\n## ")[0]))
    help_text = subprocess.run(
        [sys.executable, "-m", "qa.cli", "serve", "--help"], capture_output=True, text=True
    ).stdout
    assert told == set(re.findall(r"--[a-z-]{2,}", help_text)) - {"--help"}


def test_the_tests_that_the_documentation_names_exist() -> None:
    text = (ROOT / "docs" / "robustness.md").read_text("utf-8")
    files = {path.name: path.read_text("utf-8") for path in (ROOT / "tests").glob("test_*.py")}
    named = set(re.findall(r"`(test_\w+)`", text))
    written = set(re.findall(r"def (test_\w+)\(", "".join(files.values())))
    assert len(named) > 15 and named - written == set()
    assert set(re.findall(r"`(test_\w+\.py)`", text)) <= files.keys()
