"""What a reader keeps, what the keys do, why an answer: in a real Chromium."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

import test_web
from qa.answering import match_passage
from qa.assistant import Assistant
from qa.embedding import ShippedEmbedder
from qa.encoder import shipped_encoder
from qa.index import open_index, update_index
from qa.web import references, texts
from qa.web.examples import next_questions
from qa.web.export import plain
from test_web import ASK, ASK_OTHER, DOCUMENT, PUBLISHED, Browser, Serve, Site, request

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"


def as_xml(*items: str) -> ElementTree.Element:
    whole = references.RDF_OPENING + "".join(items) + references.RDF_ENDING
    return ElementTree.fromstring(whole)


def test_zotero_rdf() -> None:
    odd = replace(DOCUMENT, title="A & <b>", id="é <1>.md")
    both = (references.reference(odd, 5, 61), references.reference(PUBLISHED, 5, 35))
    tree = as_xml(*(references.zotero_rdf(cited) for cited in both))
    items = tree.findall(f"{RDF}Description")
    assert [item.findtext(f"{DC}title") for item in items] == ["A & <b>", "L’Assassinat de Trotsky"]
    assert [item[0].text for item in items] == ["document", "webpage"]
    assert [item.findtext(f".//{RDF}value") for item in items] == [None, "https://exemple.fr/a"]
    assert items[1].findtext(".//{http://xmlns.com/foaf/0.1/}surname") == "Jeanne Roy"
    # Each item names its note, which holds the quote as HTML.
    notes = {memo.get(f"{RDF}about"): memo for memo in tree if memo.tag.endswith("Memo")}
    for item, cited in zip(items, both, strict=True):
        (link,) = (part for part in item if part.tag.endswith("isReferencedBy"))
        value = notes[link.get(f"{RDF}resource")].findtext(f"{RDF}value")
        assert value == f"<p>{html.escape(cited.quote)}</p>"
    assert len(notes) == 2


@pytest.fixture
def fresh(browser: Browser, site: Site) -> Browser:
    browser.open(site.url)
    browser.run("localStorage.clear()")
    browser.open(site.url)
    return browser


def exported(browser: Browser, kind: str) -> str:
    saved = browser.downloads / f"citations.{kind}"
    saved.unlink(missing_ok=True)
    browser.one(f"#notes [data-export='{kind}']").click()
    browser.until(saved.exists, saved.name)
    return saved.read_text("utf-8")


def test_quotes_are_kept_listed_and_exported(fresh: Browser, site: Site) -> None:
    browser = fresh
    cited = [site.assistant.answer(question).citations[0] for question in (ASK, ASK_OTHER)]
    made = [
        references.reference(site.assistant.document(c.document_id), c.start, c.end) for c in cited
    ]
    today = datetime.now().astimezone().date()
    # From under an answer, and from the source.
    browser.ask(ASK)
    browser.one("figcaption [data-keep-from]").click()
    browser.until(lambda: browser.text("#more .count") == "(1)", "one quote kept")
    assert browser.one("figcaption [data-keep-from]").get_attribute("aria-pressed") == "true"
    browser.ask(ASK_OTHER)
    browser.all("#turn-1 .cit")[0].click()
    browser.opens_source()
    assert browser.text("#source [data-keep]") == texts.KEEP
    browser.one("#source [data-keep]").click()
    browser.until(lambda: browser.text("#more .count") == "(2)", "two quotes kept")
    assert browser.text("#source [data-keep]") == texts.KEPT
    # A reload keeps them; what is pressed again is let go of.
    browser.open(site.url)
    browser.one("#more [data-dialog='notes']").click()
    quotes = [q.get_property("textContent") for q in browser.all("#notes blockquote")]
    assert quotes == [reference.quote for reference in made]
    places = [link.get_property("textContent") for link in browser.all("#notes a")]
    assert [f"{q} {p}" for q, p in zip(quotes, places, strict=True)] == [
        references.iso690(reference, today) for reference in made
    ]
    assert exported(browser, "ris") == "\n".join(f"{references.ris(r, today)}\n" for r in made)
    assert exported(browser, "rdf") == "".join(
        [references.RDF_OPENING, *map(references.zotero_rdf, made), references.RDF_ENDING]
    )
    markdown = exported(browser, "md")
    assert all(f"> {plain(quote)}\n>\n> " in markdown for quote in quotes)
    browser.all("#notes li button")[0].click()
    browser.until(lambda: len(browser.all("#notes li")) == 1, "one quote less")
    browser.one("#notes a").click()
    assert browser.opens_source() == cited[1].quote
    assert not browser.all("dialog[open]")
    browser.one("#source [data-keep]").click()
    count = "return document.querySelector('#more .count').textContent"
    browser.until(lambda: browser.run(count) == "", "no quote kept")
    browser.one("#source .close").click()
    browser.one("#more [data-dialog='notes']").click()
    assert browser.one("#notes .none").text == texts.NO_NOTES
    assert browser.faults() == []


def test_keys_do_what_the_sheet_says(fresh: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser = fresh

    def press(*keys: str) -> None:
        browser.driver.switch_to.active_element.send_keys(*keys)

    active: Callable[[str], bool] = lambda css: browser.run(  # noqa: E731
        "return document.activeElement.matches(arguments[0])", css
    )
    browser.ask(ASK)
    browser.ask(ASK_OTHER)
    # What is typed stays typed.
    browser.until(lambda: active("#box textarea"), "the focus in the box")
    press("?o")
    assert browser.one("#box textarea").get_property("value") == "?o"
    press(Keys.BACKSPACE, Keys.BACKSPACE, Keys.ESCAPE)
    assert active("body")
    press("?")
    sheet = browser.one("#keys")
    assert [key.text for key in browser.all("#keys kbd")] == list(texts.KEYS)
    press("o")
    press(Keys.ESCAPE)
    browser.until(lambda: not sheet.is_displayed(), "the sheet closed")
    press("o")
    assert browser.opens_source() == site.assistant.answer(ASK_OTHER).citations[0].quote
    press("n")
    second = site.assistant.answer(ASK_OTHER).citations[1].quote
    browser.until(lambda: browser.text("#cited") == second, "the second citation")
    press("g")
    browser.until(lambda: browser.text("#more .count") == "(1)", "the quote kept")
    press("f")
    assert active("#source .within input")
    press(Keys.ESCAPE)
    browser.until(lambda: not browser.all("#source:not([hidden])"), "the source closed")
    press("k")
    browser.until(lambda: active("#turn-0 .cit"), "the answer before")
    press("j")
    browser.until(lambda: active("#turn-1 .cit"), "the next answer")
    press("l")
    assert browser.one("#notes blockquote")
    press(Keys.ESCAPE)
    press("/")
    assert active("#box textarea")
    # Letters can be switched off, but not the sheet that says so.
    press(Keys.ESCAPE, "?")
    browser.one("#keys input").click()
    press(Keys.ESCAPE)
    browser.until(lambda: not sheet.is_displayed(), "the sheet closed")
    browser.one("body").send_keys("l")
    assert not browser.all("#notes[open]")
    browser.one("body").send_keys("?")
    assert sheet.is_displayed() and not browser.one("#keys input").is_selected()


# --- Why this answer ------------------------------------------------------------------------------


def test_words_and_meanings_that_meet_a_question() -> None:
    passage = "Léon Trotsky fut assassiné au Mexique par un agent, Ramón Mercader."
    found = match_passage("Qui a tué Trotsky ?", passage, shipped_encoder())
    assert [passage[a:b] for a, b in found.words] == ["Trotsky"]
    assert [(near.asked, passage[near.start : near.end]) for near in found.near] == [
        ("tué", "assassiné")
    ]
    assert 0.7 < found.near[0].cosine < 1
    assert match_passage("Quand ?", passage, shipped_encoder()).words == ()
    assert match_passage("Qui ?", "", shipped_encoder()).near == ()


def test_why_an_answer_was_given(fresh: Browser, site: Site) -> None:
    browser = fresh
    browser.ask(ASK)
    browser.one(".why summary").click()
    browser.until(
        lambda: (
            {mark.text.lower() for mark in browser.all(".why mark.word")} >= {"brume", "jour", "7"}
        ),
        "the words that were found",
    )
    told = browser.text(".why p")
    assert told.startswith(texts.WHY_WORDS.split("{")[0]) and "brume" in told
    answer = site.assistant.answer(ASK)
    quoted = [
        hit.passage.text.strip()
        for hit in answer.hits
        if any(
            cited.document_id == hit.passage.document_id
            and hit.passage.start <= cited.start < hit.passage.end
            for cited in answer.citations
        )
    ]
    assert [part.get_property("textContent") for part in browser.all(".why .text")] == quoted


# --- What to ask next -----------------------------------------------------------------------------

PORT = """# Le port

Le phare fut construit en 1867 par un ingénieur. Il domine toute la baie.

Le tramway fut inauguré en 1903 par le maire. La ligne menait à la gare.

La fabrique de savon ferma ses portes en 1931, après la mort de son fondateur.
"""


def test_what_to_ask_next_is_answered_by_what_is_shown(
    browser: Browser, start: Serve, tmp_path: Path, shipped_embedder: ShippedEmbedder
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "port.md").write_text(PORT, "utf-8")
    update_index(tmp_path / "corpus", tmp_path / "index", shipped_embedder)
    index = open_index(tmp_path / "index")
    assistant = Assistant(index, shipped_embedder)
    question, next_one = "Quand la fabrique ferma-t-elle ?", "Quand a été construit le phare ?"
    text = assistant.document("port.md").text
    found = next_questions(assistant, question, [("port.md", 0, len(text))])
    assert found == [texts.typeset(q) for q in (next_one, "Quand a été inauguré le tramway ?")]
    # Not what was just asked, nor what other passages answer.
    assert next_questions(assistant, next_one, [("port.md", 0, text.index("Le tramway"))]) == []
    open_site = start(assistant)
    browser.open(open_site.url)
    browser.ask(question)
    button = browser.one(".next button")
    assert button.get_property("textContent") == found[0]
    button.click()
    browser.until(lambda: len(browser.all(".turn")) == 2, "the answer")
    assert "1867" in browser.all("blockquote q")[-1].text
    status, _, told = request(open_site, "GET", "/next?question=a&places=[[1,2]]")
    assert status == 422 and texts.NO_CALL in told
    index.close()
