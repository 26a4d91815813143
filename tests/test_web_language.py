"""The page in English: as the server is told, or as the browser asks, in a real Chromium."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

import test_web
from qa.web import texts
from qa.web.access import Access
from qa.web.collections import Collections
from qa.web.server import create_app
from qa.web.serving import web_server
from test_web import ASK, Browser, Scripted, Site, request

pytestmark = test_web.pytestmark
browser, scripted = test_web.browser, test_web.scripted  # fixtures

TART = "Quelle est la recette de la tarte ?"
# What a page in English has no place for: French words and quotation marks.
FRENCH = re.compile(r"\b(?:les|vos|une?|dans|pas|vous|la|le|des)\b|[«»]", re.IGNORECASE)


@pytest.fixture(scope="module")
def both(scripted: Scripted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that speaks as the browser does."""
    folder = tmp_path_factory.mktemp("verdicts")

    async def make() -> Collections:
        return Collections(
            {
                ("/", language): create_app(scripted, Access(), folder, language=language)
                for language in texts.LANGUAGES
            }
        )

    app = asyncio.run(make())
    listener = socket.create_server(("127.0.0.1", 0))
    server = web_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", folder, scripted)
    server.should_exit = True
    thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("de-DE,de;q=0.9,EN;q=0.5", "en"),
        ("de", "fr"),
    ],
)
def test_the_browser_says_which_language(both: Site, asked: str, spoken: str) -> None:
    headers = {"accept-language": asked, "accept": "text/html"} if asked else {}
    page = request(both, "GET", "/", b"", **headers)[2]
    assert re.search(r'<html\s+lang="(\w+)"', page)[1] == spoken  # type: ignore[index]
    text = {"fr": "Que cherchez-vous", "en": "What are you looking for"}[spoken]
    assert text in page
    refused = request(both, "GET", "/nulle-part", b"", **headers)[2]
    assert {"fr": "Cette page n’existe pas.", "en": "This page does not exist."}[spoken] in refused


def test_a_page_in_english_says_nothing_in_french(browser: Browser, both: Site) -> None:
    browser.driver.execute_cdp_cmd(
        "Network.setUserAgentOverride",
        {
            "userAgent": browser.run("return navigator.userAgent"),
            "acceptLanguage": "en-GB,en",
        },
    )
    try:
        browser.open(both.url)
        assert browser.run("return document.documentElement.lang") == "en"
        browser.ask(ASK)
        browser.ask("Et le jour 8 ?")
        browser.ask(TART)
        browser.one("#settings button").click()
        browser.one(".turn .cit").click()
        browser.opens_source()
        browser.one("#source .close").click()
        for tab, seen in (("corpus", "table"), ("history", "li"), ("evaluation", "code")):
            browser.one(f"#{tab}-button").click()
            browser.one(f"#{tab} {seen}")
        # All that the page says itself, without what documents and readers say.
        said = browser.run(
            "const page = document.body.cloneNode(true);"
            "for (const theirs of page.querySelectorAll('blockquote, cite, mark, .question,"
            " .refusal, .text, .body, .document, .masthead h1, .example, .titles a, .to-source,"
            " .path, #past li, [data-word], small, script, style, code'))"
            "  theirs.remove();"
            "return [page.textContent, ...[...page.querySelectorAll('[aria-label], [title],"
            " [placeholder]')].map(e => [e.ariaLabel, e.title, e.placeholder].join(' '))]"
        )
        titles = re.compile(r"(?:Récit|Jour \d) de la \w+|« Sourcier »")
        assert [word for text in said for word in FRENCH.findall(titles.sub("", text))] == []
    finally:
        browser.driver.execute_cdp_cmd(
            "Network.setUserAgentOverride",
            {"userAgent": browser.run("return navigator.userAgent"), "acceptLanguage": "fr-FR,fr"},
        )
