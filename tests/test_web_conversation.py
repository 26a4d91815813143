"""Conversations that last: reload, several tabs, stop; verdicts that become judgements."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import test_web
from conftest import FakeEmbedder
from fake_reader import FakeReader
from qa.assistant import Assistant
from qa.cli import main
from qa.embedding import Query
from qa.evaluation import load_dataset, read_answer_questions
from qa.index import open_index, update_index
from qa.records import Answer, QAError, Turn
from qa.web import texts
from qa.web.feedback import FILE, export_judgements, read_verdicts
from qa.web.page import Page
from qa.web.state import Chat, Settings, kept_fields, read_kept
from test_web import ASK, ASK_OTHER, SETTINGS, Browser, Scripted, Serve, Site

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

KEPT = {
    "message": "Et le jour 8 ?",
    "context": ["Que fut le jour 7 de la brume ?"],
    "verdict": "like",
    "settings": {"passages": 3, "method": "lexical", "caution": "low"},
    "corpus": "digest",
    "identity": "0123",
}


@pytest.fixture
def page(scripted: Scripted, tmp_path: Path) -> Page:
    return Page(scripted, tmp_path)


def kept_of(chat: Chat) -> Any:
    """What the browser hands back for a conversation."""
    return json.loads(json.dumps([kept_fields(exchange) for exchange in chat.exchanges]))


# --- What is kept -------------------------------------------------------------------------------


def test_a_conversation_is_the_same_after_a_reload(page: Page) -> None:
    chat = Chat()
    for message in (ASK, "Et le jour 8 ?", "Que dire d’une tarte ?"):
        _, chat, _, _ = page.ask(message, chat, *SETTINGS)
    _, chat, _, _ = page.act("like", 0, "", chat)
    shown, again, box, notice = page.bring_back(kept_of(chat))
    assert again == chat
    assert (shown, box, notice) == (page.show(chat), "", "")


def test_a_question_whose_beginning_was_forgotten_keeps_its_meaning(page: Page) -> None:
    corpus = page.view.corpus
    _, chat, _, _ = page.bring_back([{**KEPT, "corpus": corpus}])
    (exchange,) = chat.exchanges
    assert exchange.turn.message == KEPT["message"]
    assert exchange.turn.answer.context == ("Que fut le jour 7 de la brume ?",)
    assert exchange.settings == Settings(3, "lexical", "low")
    assert len(exchange.turn.answer.hits) == 3


@pytest.mark.parametrize(
    "content",
    [
        None,
        "texte",
        {"message": "x"},
        [None, 3, "x", [], {}],
        [{**KEPT, "settings": {"passages": 0, "method": "lexical", "caution": "low"}}],
        [{**KEPT, "settings": {"passages": 3, "method": ["lexical"], "caution": "low"}}],
        [{**KEPT, "settings": "low"}],
        [{**KEPT, "verdict": "<b>"}],
        [{**KEPT, "message": 7}],
        [{**KEPT, "context": "Lénine"}],
        [{**KEPT, "context": ["Lénine", 7]}],
        [{**KEPT, "context": ["a" * 1000, "b" * 1001]}],
        [{**KEPT, "message": "   "}],
    ],
)
def test_what_a_browser_makes_up_is_left_out(page: Page, content: object) -> None:
    shown, chat, _, _ = page.bring_back(content)
    assert (shown, chat) == (page.view.welcome, Chat())


def test_a_hundred_kept_questions_are_not_asked_again(page: Page) -> None:
    assert len(read_kept([KEPT] * 100)) == 30


def test_a_conversation_outlives_a_change_of_the_index(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Brume\n\nLa brume vint.\n\nVoilà le jour 7.\n", "utf-8")
    (corpus / "b.md").write_text("# Crue\n\nLa crue vint.\n\nVoilà le jour 8.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    page = Page(Scripted(open_index(index), FakeEmbedder()), index)
    _, chat, _, _ = page.ask(ASK, Chat(), *SETTINGS)
    _, chat, _, _ = page.act("like", 0, "", chat)
    (corpus / "a.md").write_text("# Brume\n\nElle partit.\n\nVoilà la fin.\n", "utf-8")
    (corpus / "c.md").write_text("# Dune\n\nLa dune vint.\n\nVoilà le jour 9.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    page.reload()
    shown, after, _, notice = page.bring_back(kept_of(chat))
    assert texts.CHANGED in notice and "3\u00a0documents" in page.view.welcome
    (exchange,) = after.exchanges
    assert exchange.turn.message == ASK and exchange.verdict == ""
    assert "Voilà la fin." in shown and "Voilà le jour 7." not in shown
    # Twice more: what is no longer shown is let go of, and the newest answers.
    for text in ("Voilà hier.", "Voilà demain."):
        (corpus / "a.md").write_text(f"# Brume\n\nElle partit.\n\n{text}\n", "utf-8")
        update_index(corpus, index, FakeEmbedder())
        page.reload()
        assert text in page.bring_back(kept_of(chat))[0]
    shutil.rmtree(index)
    page.reload()
    assert "Voilà demain." in page.bring_back(kept_of(chat))[0]
    page.assistant.index.close()


class Publishing(FakeEmbedder):
    """Does something else in the middle of a question."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        self.meanwhile()
        return super().embed_questions(questions)


@pytest.fixture
def published(tmp_path: Path) -> tuple[Publishing, Path, Callable[[], None]]:
    """An index of one document, and what publishes one without it."""
    corpus, index, embedder = tmp_path / "corpus", tmp_path / "index", Publishing()
    corpus.mkdir()
    (corpus / "a.md").write_text("# Brume\n\nVoilà le jour 7 de la brume.\n", "utf-8")
    update_index(corpus, index, embedder)

    def publish() -> None:
        (corpus / "a.md").unlink()
        (corpus / "b.md").write_text("# Crue\n\nVoilà le jour 8 de la crue.\n", "utf-8")
        update_index(corpus, index, FakeEmbedder())

    return embedder, index, publish


def test_a_question_keeps_to_one_generation(
    published: tuple[Publishing, Path, Callable[[], None]],
) -> None:
    embedder, index, publish = published
    assistant = Assistant(open_index(index), embedder, FakeReader())

    def meanwhile() -> None:
        embedder.meanwhile = lambda: None
        publish()
        # As another thread does: the assistant turns to what was published.
        assert [hit.passage.document_id for hit in assistant.search("crue")] == ["b.md"]

    embedder.meanwhile = meanwhile
    answer = assistant.answer("Que fut le jour 7 de la brume ? Que fut le jour 7 ?", caution="low")
    assert {hit.passage.document_id for hit in answer.hits} == {"a.md"}
    assert {citation.document_id for citation in answer.citations} == {"a.md"}
    assert [hit.passage.document_id for hit in assistant.search("brume")] == ["b.md"]


def test_the_page_shows_an_answer_as_that_of_the_documents_that_it_was_made_of(
    published: tuple[Publishing, Path, Callable[[], None]], tmp_path: Path
) -> None:
    embedder, index, publish = published
    page = Page(Assistant(open_index(index), embedder, FakeReader()), tmp_path)
    before = page.view

    def meanwhile() -> None:
        embedder.meanwhile = lambda: None
        publish()
        page.reload()

    embedder.meanwhile = meanwhile
    _, chat, _, notice = page.ask(ASK, Chat(), *SETTINGS)
    (exchange,) = chat.exchanges
    assert notice == "" and exchange.corpus == before.corpus != page.view.corpus
    assert {c.document_id for c in exchange.turn.answer.citations} == {"a.md"}
    _, chat, _, _ = page.ask(ASK, Chat(), *SETTINGS)
    assert chat.exchanges[0].corpus == page.view.corpus


def test_the_files_of_a_generation_are_let_go_of_after_its_last_question(
    published: tuple[Publishing, Path, Callable[[], None]], tmp_path: Path
) -> None:
    embedder, index, publish = published
    page = Page(Assistant(open_index(index), embedder, FakeReader()), tmp_path)
    publish()
    page.reload()
    using = page.assistant
    store = using.index.store
    update_index(tmp_path / "corpus", index, FakeEmbedder())
    (tmp_path / "corpus" / "c.md").write_text("# Dune\n\nVoilà le jour 9.\n", "utf-8")
    update_index(tmp_path / "corpus", index, FakeEmbedder())
    page.reload()
    assert page.assistant is not using and store.counts() == (1, 1)
    del using
    with pytest.raises(QAError, match="was closed"):
        store.counts()


# --- Verdicts -----------------------------------------------------------------------------------


KILLED, DIED = "Qui a tué Trotsky ?", "Où Léon Trotsky est-il mort ?"


def test_verdicts_become_a_set_that_qa_eval_reads(
    demo: Assistant, demo_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index, folder = tmp_path / "index", tmp_path / "judged"
    shutil.copytree(demo_index, index)
    page = Page(demo, index)
    with pytest.raises(QAError, match="no answer was found useful yet"):
        export_judgements(read_verdicts(index), demo.index, folder)
    for message, verdict in (
        (KILLED, "like"),
        (KILLED, "like"),
        (KILLED, "dislike"),
        (DIED, "dislike"),
    ):
        _, chat, _, _ = page.ask(message, Chat(), 5, "hybrid", "normal")
        _, chat, _, _ = page.act("dislike", 0, "", chat)
        if verdict == "like":
            _, chat, _, _ = page.act("like", 0, "", chat)
    # Taken back: as if it had never been said.
    for _ in range(2):
        _, chat, _, _ = page.act("dislike", 0, "", page.ask(DIED, Chat(), *SETTINGS)[1])
        page.act("dislike", 0, "", chat)

    assert main(["feedback", "--index", str(index)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "4 verdicts: 2 useful, 2 not useful."
    assert told[0] == f"    useful  {KILLED}"

    assert main(["feedback", "--index", str(index), "--export", str(folder)]) == 0
    capsys.readouterr()
    citations = demo.answer(KILLED).citations
    dataset = load_dataset(folder)
    assert dataset.queries == {"q1": KILLED}
    assert dataset.judgements == {"q1": {citation.document_id: 1 for citation in citations}}
    assert main(["eval", str(folder), "--index", str(demo_index), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["queries"] == 1 and measured["methods"]["hybrid"]["R@100"] == 1.0

    file = folder / "answers.jsonl"
    read = [(item.question, item.answerable) for item in read_answer_questions(file)]
    assert read == [(KILLED, True)]
    assert main(["eval", "--answers", str(file), "--index", str(demo_index), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["questions"] == 1


def test_a_verdict_keeps_no_words_of_a_document(tmp_path: Path) -> None:
    corpus, index, folder = tmp_path / "corpus", tmp_path / "index", tmp_path / "judged"
    corpus.mkdir()
    (corpus / "a.md").write_text("# Brume\n\nLa brume vint.\n\nVoilà le jour 7.\n", "utf-8")
    (corpus / "b.md").write_text("# Crue\n\nLa crue vint.\n\nVoilà le jour 8.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    page = Page(Scripted(open_index(index), FakeEmbedder()), index)
    _, chat, _, _ = page.ask(ASK, Chat(), *SETTINGS)
    page.act("like", 0, "", chat)
    assert len(chat.exchanges[0].turn.answer.citations) == 2
    assert b"Voil" not in (index / FILE).read_bytes()
    assert export_judgements(read_verdicts(index), page.assistant.index, folder).judgements == 2

    # A quote is passed over once its document is gone, or says something else there.
    (corpus / "a.md").unlink()
    update_index(corpus, index, FakeEmbedder())
    page.reload()
    assert export_judgements(read_verdicts(index), page.assistant.index, folder).judgements == 1
    assert "Voilà le jour 8." in (folder / "answers.jsonl").read_text("utf-8")
    (corpus / "b.md").write_text("# Crue\n\nLa crue partit.\n\nVoilà le jour 9.\n", "utf-8")
    update_index(corpus, index, FakeEmbedder())
    page.reload()
    with pytest.raises(QAError, match="no answer was found useful yet"):
        export_judgements(read_verdicts(index), page.assistant.index, folder)


def test_a_damaged_file_of_verdicts_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("not a database, and long enough to be one" * 40, "utf-8")
    with pytest.raises(QAError, match="could not be read"):
        read_verdicts(tmp_path)
    with pytest.raises(QAError, match="no index in"):
        read_verdicts(tmp_path / "missing")


# --- In a browser -------------------------------------------------------------------------------


def questions(browser: Browser) -> list[str]:
    return [
        text.split(":", 1)[1].strip()
        for text in (e.get_property("textContent") for e in browser.all(".turn .question"))
    ]


def test_a_reload_brings_the_conversation_back(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    browser.ask("Et le jour 8 ?")
    browser.one(".turn:first-child [data-action='like']").click()
    browser.one(".turn:first-child [data-action='like'][aria-pressed='true']")
    before = browser.run("return document.querySelector('.turns').textContent")
    browser.driver.refresh()
    browser.until(lambda: len(browser.all(".turn")) == 2, "both questions")
    assert browser.run("return document.querySelector('.turns').textContent") == before
    browser.one(".turn:first-child [data-action='like'][aria-pressed='true']")
    assert browser.run("return document.body.classList.contains('asking')") is False
    # And it goes on: the next question is understood from what came back.
    browser.ask("Et le jour 9 ?")
    assert "jour 8" in browser.text(".turn:last-child .understood")

    # Another tab has its own conversation.
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    browser.open(site.url)
    browser.one(".welcome")
    browser.ask(ASK_OTHER)
    browser.driver.refresh()
    browser.until(lambda: len(browser.all(".turn")) == 1, "its own question")
    browser.driver.close()
    browser.driver.switch_to.window(first)
    browser.driver.refresh()
    browser.until(lambda: len(browser.all(".turn")) == 3, "the first tab's questions")

    browser.one("#new").click()
    browser.one(".welcome")
    browser.until(lambda: browser.run("return sessionStorage.length") == 0, "nothing kept")
    browser.driver.refresh()
    browser.one(".welcome")
    assert browser.all(".turn") == []
    # What is not ours does no harm.
    browser.run("sessionStorage.setItem('sourcier /', '[{\"message\": 3}, oops')")
    browser.driver.refresh()
    browser.one(".welcome")
    browser.faults()  # A page that is left complains of its own end.
    browser.ask(ASK)
    assert browser.faults() == []


def test_a_conversation_too_long_to_keep_keeps_its_end(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    for number in range(1, 10):
        test_web.type_by_script(browser, f"{number} {'漢' * 1990}")
        browser.until(lambda n=number: len(browser.all(".turn")) == n, "the answer")  # type: ignore[misc]
    browser.driver.refresh()
    browser.until(lambda: browser.all(".turn"), "the conversation")
    assert [question[0] for question in questions(browser)] == list("3456789")


class Slow(Scripted):
    """Takes as long as the test wants."""

    gate = threading.Event()

    def answer(
        self,
        message: str,
        turns: Sequence[Turn] = (),
        *,
        limit: int = 5,
        method: str = "hybrid",
        caution: str = "normal",
        context: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
    ) -> Answer:
        if "longue" in message:
            self.gate.wait(20)
        return super().answer(
            message, turns, limit=limit, method=method, caution=caution, context=context
        )


@pytest.fixture
def slow(start: Serve, scripted: Scripted) -> Iterator[Site]:
    yield start(Slow(scripted.index, FakeEmbedder()))
    Slow.gate.set()


def test_a_running_answer_is_stopped(browser: Browser, slow: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(slow.url)
    browser.ask(ASK)

    def box() -> Any:
        return browser.one("#box textarea")

    for by_key in (False, True):
        browser.send("Une question longue ?")
        browser.one("#stop")
        assert not browser.all("#send")[0].is_displayed()
        if by_key:
            box().send_keys(Keys.ESCAPE)
        else:
            browser.one("#stop").click()
        browser.one("#send")
        assert not browser.all("#stop")[0].is_displayed()
        # The question is there to be changed; nothing of it is in the conversation.
        assert box().get_property("value") == "Une question longue ?"
        assert len(browser.all(".turn")) == 1
    browser.send(ASK_OTHER)
    browser.until(lambda: len(browser.all(".turn")) == 2, "the next answer, at once")
    assert questions(browser)[-1] == ASK_OTHER.replace(" ?", "\u202f?")
    Slow.gate.set()
    browser.ask("Et le jour 8 ?")
    assert len(browser.all(".turn")) == 3, "what was stopped does not come back"

    Slow.gate.clear()
    browser.send("Une autre question longue ?")
    browser.one("#stop")
    browser.one("#new").click()
    browser.one(".welcome")
    browser.one("#send")
    Slow.gate.set()
    browser.ask(ASK)
    assert questions(browser) == [ASK.replace(" ?", "\u202f?")]
    assert browser.faults() == []


def test_paper_shows_what_is_cited_in_black_on_white(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    emulate = partial(browser.driver.execute_cdp_cmd, "Emulation.setEmulatedMedia")
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    try:
        emulate({"media": "print", "features": dark})
        citation = site.assistant.answer(ASK).citations[0]
        caption = browser.one(".turn figcaption")
        place = f"{citation.source}, caractères {citation.start} à {citation.end}"
        assert place in caption.text.replace("\u202f", "")
        colour = "return getComputedStyle(document.querySelector('.turn q')).color"
        browser.run("document.body.classList.add('dark')")
        assert browser.run(colour) == "rgb(0, 0, 0)"
        for hidden in ("#composer", "#tabs .tab-wrapper", ".verdict", ".to-source"):
            assert not browser.all(hidden)[0].is_displayed(), hidden
        browser.run("document.body.classList.remove('dark')")
    finally:
        emulate({"media": "", "features": []})
