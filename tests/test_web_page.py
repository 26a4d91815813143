"""What readers stumbled on, each seen in a real Chromium: the page as they meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import test_web
from conftest import FakeEmbedder
from qa.index import open_index, update_index
from qa.web import texts
from qa.web.access import Access
from test_web import ASK, ASK_OTHER, Browser, Scripted, Serve, Site

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

TART = "Quelle est la recette de la tarte ?"
BOX = "return document.querySelector('#box textarea').value"


@pytest.fixture
def sized(browser: Browser) -> Iterator[Callable[[int, int], None]]:
    """Sets the size of the page in CSS pixels: a phone, or a window enlarged four times."""

    def size(width: int, height: int) -> None:
        browser.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    yield size
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def place(browser: Browser, selector: str) -> dict[str, float]:
    """Where the first element of a selector stands in the window."""
    script = "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()"
    return dict(browser.run(script, selector))


# --- Documents ------------------------------------------------------------------------------------

DROP = """
const files = new DataTransfer();
files.items.add(new File(['# La digue\\n\\nVoilà la digue.\\n'], arguments[0]));
let opened = 0;
for (const kind of ['dragover', 'drop']) {
  const event = new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: files});
  if (document.querySelector(arguments[1]).dispatchEvent(event)) opened += 1;
}
return opened;
"""


def test_a_file_is_dropped_on_the_first_screen(
    browser: Browser, start: Serve, tmp_path: Path, site: Site
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# Brume\n\nVoilà le jour 7.\n", "utf-8")
    update_index(tmp_path / "corpus", tmp_path / "index", FakeEmbedder())
    index = open_index(tmp_path / "index")
    open_site = start(Scripted(index, FakeEmbedder()), Access(upload=True))
    for selector in (".welcome", "#box textarea"):
        browser.open(open_site.url)
        assert browser.run(DROP, f"digue{len(selector)}.md", selector) == 0
        browser.until(lambda: browser.all("#drop li"), "the file on its way")
        assert browser.one("#corpus-button").get_attribute("aria-selected") == "true"
    assert len(list((tmp_path / "corpus" / "ajouts").iterdir())) == 2
    # Where nothing may be added, the browser does not open the file in place of the page.
    browser.open(site.url)
    assert browser.run(DROP, "digue.md", ".welcome") == 0
    index.close()


def test_the_filter_follows_what_is_deleted(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(site.url)
    browser.one("#corpus-button").click()
    field = browser.one("#filter textarea, #filter input")
    rows = partial(browser.all, "table.corpus tbody tr")
    field.send_keys("crue")
    browser.until(lambda: len(rows()) == 1, "one document")
    field.send_keys(Keys.BACKSPACE * 4)
    browser.until(lambda: len(rows()) == 4, "all documents again")
    field.send_keys("dune", Keys.CONTROL, "a")
    browser.until(lambda: len(rows()) == 1, "one document")
    field.send_keys(Keys.DELETE)
    browser.until(lambda: len(rows()) == 4, "all documents again")


def test_the_first_screen_tells_what_the_documents_are(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    welcome = browser.text(".welcome")
    assert "Markdown (4)" in welcome and "4\u00a0documents" in welcome
    titles = browser.all(".welcome .titles a")
    assert [title.text for title in titles][:2] == ["Récit de la aube", "Récit de la brume"]
    titles[1].click()
    browser.until(lambda: "brume" in browser.text("#source h2"), "the document")
    browser.one("#source .close").click()
    browser.one(".welcome [data-tab='corpus']").click()
    browser.one("table.corpus")


# --- The source beside ----------------------------------------------------------------------------


def open_source(browser: Browser, url: str) -> None:
    browser.open(url)
    browser.ask(ASK)
    browser.one(".cit").click()
    browser.opens_source()


@pytest.mark.parametrize("width", [1024, 1280, 1920])
def test_nothing_is_cut_beside_an_open_source(
    browser: Browser, site: Site, sized: Any, width: int
) -> None:
    sized(width, 800)
    open_source(browser, site.url)
    lines = [place(browser, css) for css in (".masthead", "#tabs", ".turn", "#asking")]
    assert len({line["left"] for line in lines}) == 1
    edge = place(browser, "#source")["left"]
    for line in (*lines, place(browser, ".masthead p")):
        assert line["right"] < edge
    browser.one("#source .close").click()


def test_back_closes_the_source_and_stays_on_the_page(browser: Browser, site: Site) -> None:
    open_source(browser, site.url)
    browser.one("#source [data-step='1']").click()
    browser.until(lambda: browser.text("#source .position").startswith("2"), "the second one")
    second = browser.driver.current_url
    browser.driver.back()
    browser.until(lambda: not browser.all("#source:not([hidden])"), "the source closed")
    assert browser.driver.current_url == f"{site.url}/" and len(browser.all(".turn")) == 1
    browser.driver.forward()
    browser.opens_source()
    assert browser.driver.current_url == second
    # Closed by its button, or after a reload, it leaves no step behind that opens nothing.
    browser.driver.refresh()
    browser.opens_source()
    browser.one("#source .close").click()
    browser.until(lambda: browser.driver.current_url == f"{site.url}/", "the page's own address")
    assert browser.all("#source:not([hidden])") == []


def test_the_source_follows_the_conversation(browser: Browser, site: Site) -> None:
    open_source(browser, site.url)
    quote = site.assistant.answer(ASK_OTHER).citations[0].quote
    browser.ask(ASK_OTHER)
    browser.until(lambda: browser.text("#cited") == quote, "the source of the new answer")
    assert browser.run("return document.activeElement.matches('#box textarea')")
    browser.ask(TART)
    browser.until(lambda: not browser.all("#source:not([hidden])"), "no source of a refusal")
    assert len(browser.all(".turn")) == 3


def test_what_the_source_says_itself_has_room(browser: Browser, site: Site) -> None:
    browser.open(f"{site.url}/?source=parti.md&start=0&end=5")
    browser.until(lambda: texts.UNKNOWN_DOCUMENT in browser.text("#source"), "the word")
    told, frame, close = (
        place(browser, css) for css in ("#source .notice", "#source", "#source .close")
    )
    assert told["left"] - frame["left"] >= 16 and told["top"] >= close["bottom"]


# --- Reload, and a server that is lost ------------------------------------------------------------


def test_settings_and_a_draft_outlive_a_reload(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.one("#settings button").click()
    for value in ("3", "lexical", "low"):
        browser.one(f"#choices input[value='{value}']").click()
    browser.one("#box textarea").send_keys("un brouillon")
    browser.driver.refresh()
    browser.until(lambda: browser.run(BOX) == "un brouillon", "the draft")
    browser.ask(ASK)
    assert len(browser.all(".turn .passages li")) == 3
    browser.one("#settings button").click()
    browser.one("#choices")
    checked = [e.get_attribute("value") for e in browser.all("#choices input:checked")]
    assert checked == ["3", "lexical", "low"]
    browser.driver.refresh()
    browser.one(".turn")
    assert browser.run(BOX) == ""


def test_a_lost_server_is_told_in_french_and_loses_nothing(
    browser: Browser, start: Serve, scripted: Scripted
) -> None:
    site = start(scripted)
    browser.open(site.url)
    browser.ask(ASK)
    browser.driver.set_network_conditions(
        offline=True, latency=0, download_throughput=-1, upload_throughput=-1
    )
    try:
        browser.send(ASK_OTHER)
        browser.until(lambda: texts.LOST in browser.text(".toast-body"), "the word in French")
        assert "onnection" not in browser.one(".toast-body").text
        assert browser.one("#send") and not browser.all("#stop")[0].is_displayed()
        assert browser.run(BOX) == ASK_OTHER
    finally:
        browser.driver.delete_network_conditions()
    # Gradio loads the page again once the server answers.
    browser.until(lambda: not browser.all(".toast-body"), "the page again")
    browser.until(lambda: browser.all(".turn"), "the conversation")
    browser.until(lambda: browser.run(BOX) == ASK_OTHER, "the question")
    assert len(browser.all(".turn")) == 1


# --- What fits, and what is large enough ----------------------------------------------------------


def test_what_fits_does_not_scroll(browser: Browser, site: Site, sized: Any) -> None:
    sized(1280, 900)
    browser.open(site.url)
    for _ in range(2):
        height, window = browser.run("return [document.documentElement.scrollHeight, innerHeight]")
        assert height <= window
        # What is asked stands at the foot of the window.
        assert window - place(browser, "#settings")["bottom"] < 24
        browser.ask(ASK)
        browser.run("document.querySelector('.passages').remove()")


def test_enlarged_four_times_the_answer_can_be_read(
    browser: Browser, site: Site, sized: Any
) -> None:
    sized(320, 200)
    browser.open(site.url)
    browser.ask(ASK)
    browser.until(lambda: place(browser, ".turn blockquote")["top"] < 200, "the answer")
    for css in (".turn .question", ".turn blockquote"):
        assert browser.run(
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return document.elementFromPoint(box.left + 20, Math.max(box.top, 0) + 5)"
            ".closest('.turn') !== null",
            css,
        )
    assert browser.run("return document.documentElement.scrollWidth") <= 320


def test_every_word_grows_with_the_readers_size_of_type(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    browser.one("#settings button").click()
    browser.one("#choices")
    sizes = (
        "return [...document.querySelectorAll('#composer *, #tabs [role=tab], #log *')]"
        ".filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))"
        ".map((e) => [e.textContent.trim(), parseFloat(getComputedStyle(e).fontSize)])"
    )
    before = browser.run(sizes)
    browser.run("document.documentElement.style.fontSize = '200%'")

    def small() -> list[str]:
        after = browser.run(sizes)
        return [
            text for (text, was), (_, now) in zip(before, after, strict=True) if now < 1.9 * was
        ]

    assert len(before) > 20
    browser.until(lambda: small() == [], "words that do not grow")
    browser.run("document.documentElement.style.fontSize = ''")


def test_what_is_touched_is_large_enough(browser: Browser, site: Site) -> None:
    open_source(browser, site.url)
    browser.one(".passages summary").click()
    browser.one("#settings button").click()
    browser.one("#choices")
    for tab in ("", "#corpus-button"):
        if tab:
            browser.one(tab).click()
            browser.one("table.corpus")
        small = browser.run(
            "return [...document.querySelectorAll('a, button, summary, #choices label')]"
            ".filter((e) => !e.closest('[aria-hidden=true]'))"
            ".filter((e) => e.checkVisibility({visibilityProperty: true}) && e.offsetWidth > 1)"
            ".map((e) => [e.textContent.trim(), e.getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 23.9 || box.height < 23.9)"
            ".map(([text, box]) => `${text} ${box.width} x ${box.height}`)"
        )
        assert small == []


def test_no_text_shows_through_the_title_in_forced_colours(browser: Browser, site: Site) -> None:
    emulate = partial(browser.driver.execute_cdp_cmd, "Emulation.setEmulatedMedia")
    try:
        emulate({"features": [{"name": "forced-colors", "value": "active"}]})
        open_source(browser, site.url)
        colour = browser.run(
            "return getComputedStyle(document.querySelector('#source .top')).backgroundColor"
        )
        assert colour.startswith("rgb(")
    finally:
        emulate({"features": []})


# --- The conversation -----------------------------------------------------------------------------


def test_passages_are_marked_closed_and_open_by_an_arrow(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    assert browser.all(".passages [open]") == []
    assert [e.text for e in browser.all(".passages .quoted")] == ["[1]", "[2]"]
    arrow = "return getComputedStyle(document.querySelector('.passages summary'), '::before')"
    assert "▸" in browser.run(f"{arrow}.content")
    browser.one(".passages summary").click()
    assert "▾" in browser.run(f"{arrow}.content")
    assert browser.text(".passages mark") == site.assistant.answer(ASK).citations[0].quote
    assert browser.all(".score") == []


def test_a_refusal_is_not_rated(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(TART)
    browser.one(".turn.not_found")
    assert browser.all(".turn [data-action]") == []
    browser.ask(ASK)
    assert len(browser.all(".turn:last-child [data-action]")) == 2


def test_a_new_conversation_is_undone(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    before = browser.text(".turns")
    browser.one("#new").click()
    browser.one(".welcome")
    browser.one("#notice [data-action='restore']").click()
    browser.until(lambda: browser.all(".turn"), "the conversation again")
    assert browser.text(".turns") == before and browser.all("#notice .notice") == []
    browser.driver.refresh()
    browser.until(lambda: browser.all(".turn"), "and after a reload")


def test_the_words_of_the_page(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    assert [e.text for e in browser.all("#tools button")] == [
        "Nouvelle conversation", "Modifier", "Relancer", "Exporter en Markdown",
        "Exporter en JSON", "Imprimer",
    ]  # fmt: skip
    browser.one("#settings button").click()
    assert texts.METHOD_HINT in browser.text("#choices")
