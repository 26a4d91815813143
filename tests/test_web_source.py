"""The source panel in a real Chromium: the file itself, its pages, what a document holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

import test_web
from conftest import FakeEmbedder
from qa.index import open_index, update_index
from qa.reading import FileReader, UnreadableError
from qa.reading.pdf_picture import shared
from qa.web import texts
from qa.web.originals import original
from test_web import ASK, Browser, Scripted, Serve, Site, request
from test_web_evaluation import AXE, faults_by_axe

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

WIDTH, HEIGHT = A4
QUOTE = "Voilà le phare des Trois-Sœurs, haut de quarante-deux mètres."
# Where the quote stands on its page, in points from its left and its top.
LEFT, TOP = 72, 300


def book() -> bytes:
    """Two pages; the quote is on the second one, cut by the end of a line."""
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=A4, invariant=True)
    for lines in (
        ["Le tramway de Port-Gallet fut inauguré en 1903 par le maire.", "Voilà le tramway."],
        ["Voilà le phare des Trois-Sœurs, haut de qua-", "rante-deux mètres."],
    ):
        for number, line in enumerate(lines):
            canvas.drawString(LEFT, HEIGHT - TOP - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    folder = tmp_path_factory.mktemp("harbour")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "port.pdf").write_bytes(book())
    (corpus / "page.html").write_text("<p>Voilà une page.</p><script>1</script>", "utf-8")
    (corpus / "notes.jsonl").write_text('{"id": "n1", "text": "Voilà une note."}\n', "utf-8")
    (folder / "secret.pdf").write_bytes(book())
    update_index(corpus, folder / "index", FakeEmbedder())
    index = open_index(folder / "index")
    yield Scripted(index, FakeEmbedder())
    index.close()


@pytest.fixture(scope="module")
def port(start: Serve, harbour: Scripted) -> Site:
    return start(harbour)


def cited(site: Site) -> str:
    """The address of the quote."""
    text = site.assistant.document("port.pdf").text
    start = text.index(QUOTE)
    return f"source=port.pdf&start={start}&end={start + len(QUOTE)}"


# --- The file and its pages -----------------------------------------------------------------------


def test_a_page_is_seen_with_its_quote_marked(browser: Browser, port: Site) -> None:
    browser.open(f"{port.url}/?{cited(port)}")
    assert browser.opens_source() == QUOTE
    button = browser.one("#source [data-page='0']")
    assert (button.text, button.get_attribute("aria-pressed")) == ("Voir la page 2", "false")
    button.click()
    browser.until(lambda: browser.all("#source .page mark"), "the marks on the page")
    marks = browser.run(
        "const [page] = document.querySelectorAll('#source .page img');"
        "const all = page.getBoundingClientRect();"
        "return [page.complete && page.naturalWidth, page.alt, all.height / all.width,"
        " ...[...document.querySelectorAll('#source .page mark')].map((mark) => {"
        "  const box = mark.getBoundingClientRect();"
        "  return [(box.left - all.left) / all.width, (box.top - all.top) / all.height,"
        "   (box.bottom - all.top) / all.height];})]"
    )
    assert marks[:2] == [1200, "Page 2 sur 2 du fichier, la citation surlignée"]
    assert marks[2] == pytest.approx(HEIGHT / WIDTH, abs=0.01)
    assert len(marks) == 5, "a mark a line"
    for line, (left, top, bottom) in enumerate(marks[3:]):
        baseline = (TOP + 14 * line) / HEIGHT
        assert left == pytest.approx(LEFT / WIDTH, abs=0.01)
        assert top < baseline < bottom + 0.005 and bottom - top < 0.02
    # Beside the text, which stays where it was.
    page, text = (
        browser.run("return document.querySelector(arguments[0]).getBoundingClientRect()", css)
        for css in ("#source .page", "#source .document")
    )
    assert page["right"] <= text["left"] and text["width"] > 300
    browser.one("#source .page [data-page='1']").click()
    browser.until(lambda: "Page 1 sur 2" in browser.text("#source .page .steps"), "page 1")
    assert browser.all("#source .page mark") == []
    button.click()
    browser.until(lambda: not browser.all("#source .page:not([hidden])"), "the page put away")
    assert browser.faults() == []


def test_the_file_is_saved_as_it_is(browser: Browser, port: Site) -> None:
    browser.open(f"{port.url}/?{cited(port)}")
    browser.one("#source .tools a").click()
    saved = browser.downloads / "port.pdf"
    browser.until(saved.exists, "the file")
    assert saved.read_bytes() == book()


def test_only_an_indexed_document_leads_to_a_file(
    port: Site, harbour: Scripted, tmp_path: Path
) -> None:
    status, headers, _ = request(port, "GET", "/original?document=page.html")
    # Saved, never shown: its script would be one of ours.
    assert status == 200 and headers["content-disposition"].startswith("attachment")
    assert headers["content-type"] == "application/octet-stream"
    # A file of many documents holds more than the one that was asked for.
    for name in ("../secret.pdf", "/etc/passwd", "n1", "notes.jsonl", "", "port.pdf/", "%00"):
        assert request(port, "GET", f"/original?document={name}")[0] == 404, name
        assert request(port, "GET", f"/page?document={name}&number=1")[0] == 404, name
    for number in (-1, 3, 10**9):
        status, _, told = request(port, "GET", f"/page?document=port.pdf&number={number}")
        assert status == 404 and "role=" in told
    assert request(port, "GET", "/page?document=page.html")[0] == 404


def test_a_file_that_is_another_one_now_is_not_shown(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    path = corpus / "port.pdf"
    path.write_bytes(book())
    (tmp_path / "secret.pdf").write_bytes(book())
    update_index(corpus, tmp_path / "index", FakeEmbedder())
    index = open_index(tmp_path / "index")
    assert original(index, "port.pdf") == path.resolve()
    path.unlink()
    path.symlink_to(tmp_path / "secret.pdf")  # the same bytes, outside the folder
    assert original(index, "port.pdf") is None
    path.unlink()
    path.write_bytes(book() + b"\n")
    assert original(index, "port.pdf") is None
    path.unlink()
    assert original(index, "port.pdf") is None
    index.close()


def test_drawing_survives_what_is_no_pdf(tmp_path: Path) -> None:
    good, bad = tmp_path / "a.pdf", tmp_path / "b.pdf"
    good.write_bytes(book())
    bad.write_bytes(b"%PDF-1.4 rien")
    with FileReader() as reader:
        for path, number in ((bad, 1), (good, 3), (tmp_path / "c.pdf", 1)):
            with pytest.raises(UnreadableError):
                reader.draw(path, number, QUOTE)
        assert len(reader.draw(good, 2, QUOTE).boxes) == 2
        assert reader.draw(good, 1, QUOTE).boxes == ()


def test_what_a_page_has_of_a_quote() -> None:
    first, second = "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba"
    page = f"123{first}456{second}"
    assert shared(first, page) == ((3, 29),)
    assert shared("ab", "ab ab ab", 1) == ((3, 5),) and shared("ab", "ab", 4) == ((0, 2),)
    # Cut by the end of the page, or by a note in its midst.
    assert shared(second + "suite", page) == [(32, 58)]
    assert shared(first + second, page) == [(3, 29), (32, 58)]
    assert shared("abcdef12", page) == [] and shared("", page) == ()


# --- The quote in its place -----------------------------------------------------------------------


def test_a_marker_previews_its_quote(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    browser.open(site.url)
    browser.ask(ASK)
    first, second = browser.all(".preview")
    marker = browser.one(".cit")
    assert not first.is_displayed()
    ActionChains(browser.driver).move_to_element(marker).perform()
    browser.until(first.is_displayed, "the preview")
    citation = site.assistant.answer(ASK).citations[0]
    assert browser.run("return arguments[0].querySelector('mark').textContent", first) == (
        citation.quote
    )
    # It can be pointed at, and put away where it stands.
    ActionChains(browser.driver).move_to_element(first).perform()
    assert first.is_displayed()
    browser.one("body").send_keys(Keys.ESCAPE)
    browser.until(lambda: not first.is_displayed(), "the preview put away")
    browser.run("document.querySelectorAll('.cit')[1].focus({focusVisible: true})")
    browser.until(second.is_displayed, "the preview of what has the focus")
    assert marker.get_attribute("aria-describedby") == first.get_attribute("id")


# --- Inside a document ----------------------------------------------------------------------------

SELECTED = """
const [highlight] = [...CSS.highlights.get(arguments[0])];
return highlight ? highlight.toString() : '';
"""
SIZE = "return CSS.highlights.get(arguments[0]).size"
IN_SIGHT = """
const [at] = [...CSS.highlights.get('current')].map((range) => range.getBoundingClientRect());
const [frame, top] = ['.document', '.top'].map((css) =>
  document.querySelector(`#source ${css}`).getBoundingClientRect());
return top.bottom <= at.top && at.bottom <= frame.bottom;
"""


def test_a_document_is_searched_and_gone_through(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(f"{site.url}/?source=brume.md&start=0&end=0")
    browser.until(lambda: "brume" in browser.text("#source h2"), "the document")
    field = browser.one("#source .within input")
    told = "#source .within output"
    # Without accents, over the end of a line, among characters that count twice.
    field.send_keys("ete  « VENU")
    browser.until(lambda: browser.text(told) == "1 / 48", "all places")
    assert browser.run(SELECTED, "current") == "été « venu"
    assert browser.run(SIZE, "found") == 48 and browser.run(IN_SIGHT)
    field.send_keys(Keys.SHIFT, Keys.ENTER)
    browser.until(lambda: browser.text(told) == "48 / 48", "the last place")
    assert browser.run(IN_SIGHT)
    browser.one("#source [data-found='1']").click()
    browser.until(lambda: browser.text(told) == "1 / 48", "the first place")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("zeppelin")
    browser.until(lambda: browser.text(told) == texts.FOUND_NONE, "no place")
    assert browser.run(SIZE, "found") == 0


def test_what_is_in_a_document_leads_there(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(f"{site.url}/?source=brume.md&start=0&end=0")
    outline = browser.until(lambda: browser.all("#source .outline button"), "the outline")
    assert [line.text for line in outline[:2]] == ["Récit de la brume", "Jour 1 de la brume"]
    # By the keys: the head of the panel stands before what scrolled away.
    next(line for line in outline if line.text == "Jour 9 de la brume").send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.textContent") == "Jour 9 de la brume"
    opening = browser.one("#source .openings button")
    assert opening.text.startswith("La brume monta")
    opening.send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.textContent").startswith("La brume monta")
    # Opened at a quote, it is one click away.
    browser.open(site.url)
    browser.ask(ASK)
    browser.one(".cit").click()
    browser.opens_source()
    assert browser.one("#source .inside").get_attribute("open") is None


def test_all_that_an_answer_took_is_marked(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(site.url)
    browser.ask(ASK)
    browser.one(".cit").click()
    browser.opens_source()
    answer = site.assistant.answer(ASK)
    document = answer.citations[0].document_id
    quotes = [c.quote for c in answer.citations if c.document_id == document]
    passages = [h for h in answer.hits if h.passage.document_id == document]
    assert browser.run(SIZE, "cited") == len(quotes)
    assert browser.run(SELECTED, "cited") == quotes[0]
    assert browser.run(SELECTED, "passage") == passages[0].passage.text
    buttons = browser.all("#source .found-here button")
    names = [
        *(f"[{n}]" for n in range(1, len(quotes) + 1)),
        *(f"passage {h.rank}" for h in passages),
    ]
    assert [button.text for button in buttons] == names
    buttons[-1].send_keys(Keys.ENTER)
    place = browser.run("return document.activeElement.textContent")
    assert place.strip() in passages[-1].passage.text


# --- What axe sees --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_beside_the_chat(
    browser: Browser, port: Site, scheme: str
) -> None:
    from selenium.webdriver.common.keys import Keys

    if not AXE.exists():
        pytest.skip(f"{AXE} is missing: make test fetches it")
    browser.driver.set_script_timeout(60)
    colours = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", colours)
    try:
        browser.open(port.url)
        browser.run(AXE.read_text("utf-8"))
        browser.ask("Où est le phare des Trois-Sœurs ?")
        browser.one(".why summary").click()
        browser.until(lambda: browser.all(".why mark"), "why")
        browser.run("document.querySelector('.cit').focus({focusVisible: true})")
        browser.one(".preview")
        assert faults_by_axe(browser) == [], "the preview, why"
        browser.run("document.querySelector('figcaption [data-keep-from]').click()")
        link = next(a for a in browser.all(".to-source") if "port.pdf" in a.get_attribute("href"))
        browser.run("arguments[0].click()", link)
        browser.opens_source()
        browser.one("#source [data-page='0']").click()
        browser.until(lambda: browser.all("#source .page img"), "the page")
        browser.run("document.querySelector('#source .inside').open = true")
        browser.one("#source .within input").send_keys("le")
        assert faults_by_axe(browser) == [], "the source, its page, what it holds, a search"
        for name in ("notes", "keys"):
            browser.run(f"document.querySelector('[data-dialog={name}]').click()")
            browser.one(f"#{name}")
            assert faults_by_axe(browser) == [], name
            browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
