"""A chat that begins without documents, and lets go of those that were added, in a Chromium."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

import test_web
from conftest import FakeEmbedder
from qa.assistant import Assistant
from qa.index import open_index, update_index
from qa.records import QAError
from qa.web import texts
from test_web import ASK, Browser, Site, request
from test_web_page import DROP

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

ROW = "table.corpus tbody tr:not(.folder)"


def test_a_folder_without_documents_makes_an_index_of_none(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    with pytest.raises(QAError, match="the folder is empty"):
        update_index(corpus, index, FakeEmbedder())
    update_index(corpus, index, FakeEmbedder(), may_be_empty=True)
    with Assistant(open_index(index), FakeEmbedder()) as assistant:
        for question in ("Où est né Trotsky ?", "De quoi parlent les documents ?"):
            answer = assistant.answer(question)
            assert (answer.status, answer.citations, answer.hits) == ("not_found", (), ())
        (corpus / "ajouts").mkdir()
        (corpus / "ajouts" / "a.md").write_text("La digue fut élevée en 1911.\n", "utf-8")
        update_index(corpus, index, FakeEmbedder(), may_be_empty=True)
        assert [e.id for e in open_index(index).store.documents()] == ["ajouts/a.md"]
        (corpus / "ajouts" / "a.md").unlink()
        report = update_index(corpus, index, FakeEmbedder(), may_be_empty=True)
        assert report.deleted == ("ajouts/a.md",) and report.passages == 0
    # What the owner put there does not go with a folder that is empty for the moment.
    (corpus / "b.md").write_text("La digue fut élevée en 1911.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    (corpus / "b.md").unlink()
    with pytest.raises(QAError, match="goes on answering from its 1 documents"):
        update_index(corpus, index, FakeEmbedder(), may_be_empty=True)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Site]:
    """``qa serve --allow-upload`` where there is no index yet."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    options = ["--index", str(tmp_path / "index"), "--port", str(port), "--allow-upload"]
    command = [sys.executable, "-m", "qa.cli", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        yield Site(f"http://127.0.0.1:{port}", tmp_path / "corpus", None)  # type: ignore[arg-type]
        process.terminate()


def test_an_empty_start_invites_and_answers(browser: Browser, empty: Site, tmp_path: Path) -> None:
    browser.open(empty.url)
    assert texts.WELCOME_EMPTY in browser.text(".welcome")
    browser.run(DROP, "digue.md", ".welcome")
    browser.until(lambda: "ajouté" in browser.text("#drop li"), "the document")
    browser.until(lambda: len(browser.all(ROW)) == 1, "its row")
    browser.one("#chat-button").click()
    browser.until(lambda: "1\u00a0document" in browser.text(".welcome .indexed"), "its welcome")

    # Another file in its place, under its name.
    browser.one("#corpus-button").click()
    (tmp_path / "autre.md").write_text("# Digue\n\nLa digue fut élevée en 1911.\n", "utf-8")
    # Nobody is there to choose in the dialog, which would be closed at once.
    browser.driver.execute_cdp_cmd("Page.setInterceptFileChooserDialog", {"enabled": True})
    browser.one(f'{ROW} [data-replace="digue.md"]').click()
    browser.all("#drop input")[0].send_keys(str(tmp_path / "autre.md"))
    added = empty.folder / "ajouts" / "digue.md"
    browser.until(lambda: "1911" in added.read_text("utf-8"), "the other file")
    browser.until(lambda: "ajouté" in browser.text("#drop li"), "the other document")
    browser.until(lambda: "Digue" in browser.text(f"{ROW} .to-source"), "its title")
    browser.one("#chat-button").click()
    browser.ask("Quand la digue fut-elle élevée ?")
    assert "1911" in browser.text(".turn blockquote q")

    # Taken away, once that is confirmed.
    browser.one("#corpus-button").click()
    for answer in ("dismiss", "accept"):
        browser.one(f'{ROW} [data-remove="digue.md"]').click()
        alert = browser.until(lambda: browser.driver.switch_to.alert, "the question")
        assert alert.text == texts.REMOVE_ASK.format(name="digue.md")
        getattr(alert, answer)()
        assert added.exists() or answer == "accept"
    browser.until(lambda: "retiré" in browser.text("#drop li"), "that it is gone")
    browser.until(lambda: not browser.all(ROW), "no row")
    assert not added.exists()
    assert request(empty, "DELETE", "/documents?name=digue.md")[0] == 422
    assert request(empty, "DELETE", "/documents?name=../../index/CURRENT")[0] == 422
    assert browser.faults() == []


def test_a_question_is_asked_by_link(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask("Que fut le jour 3 de la crue ?")
    browser.driver.get(f"{site.url}/?q={quote(ASK)}")
    browser.until(lambda: len(browser.all(".turn")) == 2, "what was asked before, and the question")
    assert ASK.removesuffix(" ?") in browser.text(".turn:last-child .question")
    assert browser.driver.current_url == f"{site.url}/"
    # A reload does not ask it a second time.
    browser.driver.refresh()
    browser.until(lambda: len(browser.all(".turn")) == 2, "the conversation")
    browser.driver.get(f"{site.url}/?q={'x' * 2001}")
    browser.until(lambda: "2\u202f001" in browser.text("#notice"), "that it is too long")


def test_a_question_by_link_is_not_lost_while_the_page_wakes(browser: Browser, site: Site) -> None:
    """The first click comes before Gradio listens, as it may on a slow machine."""
    deaf = """
    let clicks = 0;
    document.addEventListener("click", (event) => {
      if (event.target.closest("#send") && !clicks++) event.stopImmediatePropagation();
    }, true);
    """
    browser.open(site.url)
    script = {"source": deaf}
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        browser.driver.get(f"{site.url}/?q={quote(ASK)}")
        browser.until(lambda: len(browser.all(".turn")) == 1, "the question")
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_nothing_is_taken_away_where_nothing_may_be_added(site: Site) -> None:
    assert request(site, "DELETE", "/documents?name=a.md")[0] == 404
