"""Where a reader searches: ticks, kinds and years in the corpus panel, seen in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import test_web
from conftest import FakeEmbedder
from qa.index import DocumentEntry, open_index, update_index
from qa.web import texts
from qa.web.listing import Listing
from qa.web.page import Page
from qa.web.state import Chat, Scope, read_scope
from test_web import Browser, Scripted, Serve, Site

pytestmark = test_web.pytestmark
browser, start = test_web.browser, test_web.start  # fixtures

ASK = "Que fut le jour 2 ?"
IDS = ("a/1.md", "a/2.md", "a/b/3.pdf", "c.md")


@pytest.fixture(scope="module")
def archive(start: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("archive")
    for name, year in (("aube", 1917), ("brume", 1921), ("crue", 0), ("dune", 1940)):
        for below, ending in (("actes", "md"), ("notes", "html")):
            path = folder / "corpus" / below / f"{name}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            days = "".join(f"<p>Voilà le jour {n} de la {name} ({below}).</p>" for n in range(4))
            page = f"<html><head><title>La {name}</title></head><body>{days}</body></html>"
            plain = days.replace("<p>", "").replace("</p>", "\n\n")
            head = f"---\ntitle: La {name}\ndate: {year}\n---\n" if year else f"# La {name}\n"
            path.write_text(page if ending == "html" else f"{head}\n{plain}", "utf-8")
    update_index(folder / "corpus", folder / "index", FakeEmbedder())
    index = open_index(folder / "index")
    yield start(Scripted(index, FakeEmbedder()))
    index.close()


def entries(*names: str) -> list[DocumentEntry]:
    return [DocumentEntry(name, name, name, 1, 1, "fr") for name in names]


def test_a_kind_that_no_document_has_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Un texte.", "utf-8")
    update_index(tmp_path / "a.txt", tmp_path / "index", FakeEmbedder())
    with closing(open_index(tmp_path / "index")) as index:
        page = Page(Scripted(index, FakeEmbedder()), tmp_path)
        (kind,) = page.view.listing.kinds
        for name, kept in (("x" * 60_000, ()), (kind, (kind,))):
            assert page.choose("kind", name, "", Chat())[2].scope.kinds == kept


def test_what_is_ticked_is_named_by_the_highest_folders() -> None:
    def ticked(*names: str) -> Scope:
        scope = Scope()
        for name in names:
            scope = scope.ticked(name, IDS)
        return scope

    assert ticked("a/1.md").only == ("a/1.md",)
    assert ticked("a/1.md", "a/2.md").only == ("a/1.md", "a/2.md")
    assert ticked("a/1.md", "a/2.md", "a/b/").only == ticked("a/").only == ("a/",)
    assert ticked("a/", "a/2.md").only == ("a/1.md", "a/b/")
    # Nothing, and everything, is searched as a whole.
    assert ticked("a/", "c.md") == ticked("c.md", "c.md") == ticked("inconnu") == Scope()
    assert [name for name in IDS if ticked("a/b/").covers(name)] == ["a/b/3.pdf"]


def test_what_is_chosen_is_what_is_asked() -> None:
    listing = Listing(entries(*IDS))
    assert listing.only(Scope()) == ()
    assert listing.only(Scope(("a/", "parti.md"))) == ("a/",)
    assert listing.only(Scope(("a/",), kinds=("Markdown",))) == ("a/1.md", "a/2.md")
    assert listing.of(Scope(first=1900)) == []  # none of them says when it is from
    told = listing.told(Scope(("a/",)), texts.SEARCHED)
    assert told == "Cherché seulement dans 3 sur 4\u00a0documents\u00a0: a/1.md, a/2.md, a/b/3.pdf"
    assert listing.told(Scope(), texts.SEARCHED) == ""
    assert listing.told(Scope(("parti.md",)), texts.SCOPE) == texts.SCOPE_EMPTY


def test_an_added_file_is_taken_away_by_its_own_name() -> None:
    names = ("ajouts/x.jsonl:lenine.md", "ajouts/a.zip/b/c.md", "ajouts/d.pdf", "d.pdf")
    listing = Listing(entries(*names))
    table = listing.table("", Scope(), added="ajouts/")
    assert re.findall('data-remove="(.*?)"', table) == ["x.jsonl", "a.zip", "d.pdf"]
    assert "data-remove" not in listing.table("", Scope())


def test_a_scope_of_somebody_else_is_read_warily() -> None:
    assert read_scope({"only": ["a/"], "kinds": [], "first": 1917, "last": None}) == Scope(
        ("a/",), first=1917
    )
    wrong: object
    for wrong in (None, [], {"only": "a/"}, {"first": "1917"}, {"only": ["a"] * 201}):
        assert read_scope(wrong) == Scope()


def open_corpus(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.one("#corpus-button").click()
    browser.one("table.corpus")


def tick(browser: Browser, name: str, state: str = "true") -> None:
    tick = f'.tick[data-name="{name}"]'
    browser.one(tick).click()
    browser.until(
        lambda: browser.one(tick).get_attribute("aria-checked") == state, f"{name}: {state}"
    )


def sources(browser: Browser) -> set[str]:
    return set(
        browser.run(
            "return [...document.querySelectorAll('.turn:last-child .passages a')]"
            ".map(a => new URLSearchParams(a.search).get('source'))"
        )
    )


def test_ticked_documents_alone_are_searched(browser: Browser, archive: Site) -> None:
    open_corpus(browser, archive)
    tick(browser, "actes/brume.md")
    folder = browser.one('.tick[data-name="actes/"]')
    assert folder.get_attribute("aria-checked") == "mixed"
    # The tick that was drawn anew keeps the focus, so that the keyboard goes on from it.
    focused = "return document.activeElement.dataset.name"
    browser.until(lambda: browser.run(focused) == "actes/brume.md", "the focus")
    tick(browser, "notes/")
    browser.one("#chat-button").click()
    told = "5 sur 8\u00a0documents\u00a0: La brume, La aube, La brume et 2 de plus"
    shown = browser.text("#scope").strip()
    assert shown == f"Recherche limitée à {told} {texts.SEARCH_ALL}"
    browser.ask(ASK)
    assert browser.text(".turn .searched") == f"Cherché seulement dans {told}"
    assert sources(browser) <= {
        "actes/brume.md",
        *(f"notes/{n}.html" for n in ("aube", "brume", "crue", "dune")),
    }
    # A reload finds it as it was, and one click lets it go.
    browser.driver.refresh()
    browser.until(lambda: told in browser.text("#scope"), "the choice again")
    browser.until(lambda: told in browser.text(".turn .searched"), "the answer again")
    browser.one("#scope [data-action='all']").click()
    browser.until(lambda: not browser.all("#scope .notice"), "everywhere again")
    browser.ask(ASK)
    assert len(browser.all(".turn")) == 2 and len(browser.all(".turn .searched")) == 1
    browser.one("#corpus-button").click()
    assert browser.all('.tick:not([aria-checked="false"])') == []


def test_kinds_and_years_narrow_the_list_and_the_search(browser: Browser, archive: Site) -> None:
    from selenium.webdriver.support.ui import Select

    open_corpus(browser, archive)
    browser.one('.filters [data-name="Markdown"]').click()
    rows = "table.corpus tbody tr:not(.folder)"
    browser.until(lambda: len(browser.all(rows)) == 4, "Markdown alone")
    Select(browser.one('[data-choice="first"]')).select_by_value("1921")
    browser.until(lambda: len(browser.all(rows)) == 2, "those since 1921")
    browser.one("#chat-button").click()
    browser.ask(ASK)
    assert sources(browser) == {"actes/brume.md", "actes/dune.md"}
    browser.one("#corpus-button").click()
    Select(browser.one('[data-choice="last"]')).select_by_value("1917")
    browser.until(lambda: texts.CORPUS_NONE in browser.text("#documents"), "no document")
    browser.one("#chat-button").click()
    browser.one("#box textarea").send_keys(ASK)
    browser.one("#send").click()
    browser.until(lambda: texts.SCOPE_EMPTY in browser.text("#notice"), "nowhere to search")
    browser.one("#scope [data-action='all']").click()
    browser.until(lambda: not browser.all("#scope .notice"), "everywhere again")


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_looks(browser: Browser, archive: Site, look: str, tmp_path: Path) -> None:
    """Nothing is wider than the window, and every tick is large enough to be touched."""
    size = (390, 800) if look == "phone" else (1280, 800)
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
    )
    open_corpus(browser, archive)
    if look == "dark":
        browser.run("document.body.classList.add('dark')")
    tick(browser, "actes/brume.md")
    assert browser.run("return document.documentElement.scrollWidth") <= size[0]
    boxes = browser.run(
        "return [...document.querySelectorAll('.tick')].map(t => t.getBoundingClientRect().width)"
    )
    assert boxes and min(boxes) >= 24
    browser.driver.save_screenshot(f"/tmp/weba-{look}.png")
    browser.one("#chat-button").click()
    browser.driver.save_screenshot(f"/tmp/weba-{look}-chat.png")
    browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_program_chooses_where_to_search(archive: Site) -> None:
    from gradio_client import Client

    client = Client(archive.url, verbose=False, analytics_enabled=False)

    def searched(only: str) -> set[str]:
        answer = client.predict(ASK, passages=100, only=only, api_name="/answer")
        return {hit["document_id"] for hit in answer["hits"]}

    assert searched("actes/brume.md\n\n *aube.html ") == {"actes/brume.md", "notes/aube.html"}
    assert searched("notes") == {f"notes/{name}.html" for name in ("aube", "brume", "crue", "dune")}
    assert len(searched("")) == 8
    with pytest.raises(Exception, match="inconnu"):
        client.predict(ASK, only="inconnu", api_name="/answer")
    with pytest.raises(Exception, match="plus de 200 documents"):
        client.predict(ASK, only="a\n" * 201, api_name="/answer")
