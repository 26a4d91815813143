"""Conversations that the browser keeps: listed, searched, renamed, opened again, erased."""

from __future__ import annotations

from typing import Any

import test_web
from qa.web import texts
from test_web import ASK, ASK_OTHER, Browser, Site

pytestmark = test_web.pytestmark
browser, start, scripted, site = (  # fixtures
    test_web.browser,
    test_web.start,
    test_web.scripted,
    test_web.site,
)

BOX = "return document.querySelector('#box textarea').value"


def names(browser: Browser) -> list[str]:
    return [e.text for e in browser.all("#past [data-past='open']")]


def answer(browser: Browser, text: str | None, words: str) -> None:
    """Answer the browser's own question, which must hold some words; ``None``: not."""
    alert: Any = browser.until(lambda: browser.driver.switch_to.alert, "a question")
    assert words in alert.text
    if text:
        alert.send_keys(text)
    if text is None:
        alert.dismiss()
    else:
        alert.accept()


def test_conversations_are_kept_listed_and_opened_again(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.run("localStorage.clear()")
    browser.ask(ASK)
    browser.ask("Et le jour 8 ?")
    browser.one("#new").click()
    browser.until(lambda: not browser.all(".turn"), "a new conversation")
    browser.ask(ASK_OTHER)
    # In another tab, and after the browser was closed, they are there.
    browser.open(site.url)
    browser.one("#history-button").click()
    browser.until(lambda: names(browser) == [ASK_OTHER, ASK], "both, the newest first")
    field = browser.one("#past input")
    field.send_keys("JOUR 8")
    browser.until(lambda: names(browser) == [ASK], "that in which it was asked")
    field.send_keys("9")
    browser.until(lambda: texts.PAST_NONE in browser.text("#past"), "none")
    field.clear()
    field.send_keys("é")

    browser.until(lambda: len(names(browser)) == 2, "both again")
    browser.all("#past [data-past='rename']")[1].click()
    answer(browser, "La brume, jour après jour", texts.NAME_IT)
    browser.until(lambda: names(browser)[1] == "La brume, jour après jour", "its name")
    browser.all("#past [data-past='open']")[1].click()
    browser.until(lambda: len(browser.all(".turn")) == 2, "its questions, asked again")
    browser.one(".turn:last-child .cit")
    # What is asked now is one of its questions, and it comes first.
    browser.ask("Et le jour 9 ?")
    browser.one("#history-button").click()
    browser.until(lambda: names(browser) == ["La brume, jour après jour", ASK_OTHER], "its place")

    browser.all("#past [data-past='erase']")[0].click()
    answer(browser, None, "La brume")
    browser.all("#past [data-past='erase']")[1].click()
    answer(browser, "", ASK_OTHER)
    browser.until(lambda: names(browser) == ["La brume, jour après jour"], "one left")
    browser.one("#past [data-past='all']").click()
    answer(browser, "", "toutes")
    browser.until(lambda: names(browser) == [], "nothing")
    assert browser.run("return Object.values(localStorage).join()").count("brume") == 0
    assert browser.faults() == []


def test_a_new_conversation_that_is_undone_is_still_one(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.run("localStorage.clear()")
    browser.ask(ASK)
    browser.one("#new").click()
    browser.one("#notice [data-action='restore']").click()
    browser.ask(ASK_OTHER)
    browser.one("#retry").click()
    browser.until(lambda: not browser.all("body.asking"), "the answer")
    browser.one("#history-button").click()
    browser.until(lambda: names(browser) == [ASK], "one conversation")
