"""The web chat: its texts and HTML by value, its guard by request, its page in a real Chromium."""

from __future__ import annotations

import asyncio
import html
import http.client
import itertools
import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from conftest import FakeEmbedder
from qa.assistant import Assistant
from qa.conversation.context import with_context
from qa.index import open_index, update_index
from qa.question import clean_message
from qa.records import (
    Answer,
    Citation,
    Document,
    Heading,
    Hit,
    PageStart,
    Passage,
    QAError,
    Skipped,
    Turn,
)
from qa.web import evaluation_texts, examples, export, markup, panel, references, render, texts
from qa.web.access import Access, access_for, client_key, read_proxies
from qa.web.guard import AT_ONCE, BURST, MAX_BODY, Guard
from qa.web.page import Page
from qa.web.responses import rewrite_page
from qa.web.state import MAX_EXCHANGES, Chat, Exchange

pytestmark = pytest.mark.filterwarnings(
    # Gradio and what it brings announce their own future here.
    "ignore::DeprecationWarning:gradio",
)

TEXT = "Vie\n\nLéon Trotsky est né à Ianovka. Il fut <tué> à Mexico & enterré.\n\nSuite de la vie."
DOCUMENT = Document(
    "vie.md",
    "Vie de Trotsky",
    TEXT,
    "vie.md",
    (Heading(2, 0, 3),),
)
PASSAGE = Passage("vie.md", "Vie de Trotsky", ("Vie",), 0, len(TEXT), TEXT)
QUOTE = "Léon Trotsky est né à Ianovka."
CITATION = Citation(1, "vie.md", "Vie de Trotsky", ("Vie",), "vie.md", 5, 5 + len(QUOTE), QUOTE)
ANSWER = Answer(
    "Où est-il né ?",
    "Où est né Trotsky ?",
    "answered",
    (CITATION,),
    0.9,
    (Hit(PASSAGE, 1, 0.834, 0.6, 4.2, 0),),
    {},
)
REFUSAL = replace(ANSWER, status="not_found", citations=(), note="Je ne trouve pas.")


def text_of(markup: str) -> str:
    """What is left of HTML without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


# --- Texts --------------------------------------------------------------------------------------


def test_french_spacing() -> None:
    assert texts.typeset("Qui ? Oui ; non ! « Ici » : là") == (
        "Qui\u202f? Oui\u202f; non\u202f! «\u202fIci\u202f»\u00a0: là"
    )
    assert texts.typeset("50 Mo, 3 %, Mots") == "50\u00a0Mo, 3\u00a0%, Mots"


def test_numbers_and_dates_in_french() -> None:
    assert texts.number(1234567) == "1\u202f234\u202f567"
    assert texts.count(0, "passage") == "0\u00a0passage"
    assert texts.count(2, "passage") == "2\u00a0passages"
    assert texts.date(datetime(1931, 3, 1)) == "1er\u00a0mars 1931"
    assert texts.day_of("2026-11-21T10:00:00+00:00").endswith("novembre 2026")
    assert texts.day_of("hier") == "hier"


def test_every_text_is_typeset() -> None:
    for name, value in texts.CATALOGUE["fr"].items():
        for part in [value] if isinstance(value, str) else value.values():
            assert not re.search(r" [;:!?»]|« ", part), name


@pytest.mark.parametrize(
    ("module", "others"),
    [(texts, {"OTHER_KIND", "NOT_READ"}), (evaluation_texts, {"REPORT"})],
    ids=["page", "evaluation"],
)
def test_every_text_that_is_used_is_in_both_languages(module: Any, others: set[str]) -> None:
    fields = re.compile(r"{\w+}")
    used = {
        name
        for path in Path(render.__file__).parent.glob("*.py")
        if ("evaluation_texts as texts" in (source := path.read_text("utf-8")))
        == (module is evaluation_texts)
        for name in re.findall(r"\btexts\.([A-Z_]+)\b", source)
    } - {"NARROW", "WIDE", "LANGUAGES", "CATALOGUE"}
    french, english = module.CATALOGUE["fr"], module.CATALOGUE["en"]
    assert french.keys() == used | others == english.keys()
    for name, value in french.items():
        if isinstance(value, str):
            assert sorted(fields.findall(value)) == sorted(fields.findall(english[name])), name
        else:
            assert value.keys() == english[name].keys(), name


# --- HTML ---------------------------------------------------------------------------------------


def test_highlight_marks_exactly_the_span() -> None:
    assert markup.highlight("a <b> c", 10, [(12, 15)]) == "a <mark>&lt;b&gt;</mark> c"
    assert markup.highlight("abc", 10, [(0, 11), (12, 99)]) == "<mark>a</mark>b<mark>c</mark>"
    assert markup.highlight("abcd", 0, [(1, 3), (2, 4)]) == "a<mark>bcd</mark>"
    assert markup.highlight("abc", 10, [(0, 5), (20, 30)]) == "abc"


def test_escape_leaves_no_markup_and_no_lone_surrogate() -> None:
    assert markup.escape("<img src=x onerror='a'>\ud800") == (
        "&lt;img src=x onerror=&#x27;a&#x27;&gt;?"
    )


def test_an_answer_shows_its_quote_its_marker_and_the_highlighted_passage() -> None:
    page = render.conversation(Chat((Exchange(Turn(ANSWER.question, ANSWER)),)))
    assert f"<q>{QUOTE}</q>" in page
    emphasis = ((CITATION.start + 22, CITATION.start + 29),)
    sure = replace(ANSWER, citations=(replace(CITATION, emphasis=emphasis),))
    page = render.conversation(Chat((Exchange(Turn(ANSWER.question, sure)),)))
    assert "<q>Léon Trotsky est né à <strong>Ianovka</strong>.</q>" in page
    assert 'class="cit" role="doc-noteref" href="?source=vie.md&amp;start=5&amp;end=35"' in page
    assert f"<mark>{QUOTE}</mark> Il fut &lt;tué&gt; à Mexico &amp; enterré." in page
    # Its passage is marked, and closed: the quote is not repeated.
    assert '<li><details><summary><span class="path"><b class="quoted">[1]</b> <cite>' in page


def test_only_a_passage_that_was_quoted_is_marked() -> None:
    elsewhere = replace(CITATION, marker=2, start=len(TEXT) + 5, end=len(TEXT) + 9)
    answer = replace(ANSWER, citations=(CITATION, elsewhere))
    page = render.conversation(Chat((Exchange(Turn(ANSWER.question, answer)),)))
    assert re.findall(r'class="quoted">(.*?)<', page) == ["[1]"]


def test_a_refusal_cites_nothing() -> None:
    page = render.conversation(Chat((Exchange(Turn(REFUSAL.question, REFUSAL)),)))
    assert "Je ne trouve pas." in page and "Passages proches, sans réponse" in page
    assert "<q>" not in page and 'class="cit"' not in page and "<mark>" not in page
    assert "quoted" not in page and 'data-action="like"' not in page


def test_what_was_held_back_is_one_click_away_and_says_what_it_is() -> None:
    held = replace(REFUSAL, withheld=ANSWER.citations)
    page = render.conversation(Chat((Exchange(Turn("Où ?", held)),)))
    before, _, after = page.partition('<details class="withheld">')
    assert "<q>" not in before and "Montrer quand même" in after
    assert f"<q>{QUOTE}</q>" in after and "ne répond sans doute pas" in after


def test_a_question_as_it_may_have_been_meant_is_one_click_away() -> None:
    meant = replace(REFUSAL, suggestion="Où est né <Trotsky> ?")
    page = render.conversation(Chat((Exchange(Turn("Où ?", meant)),)))
    assert 'class="example">Où est né &lt;Trotsky&gt; ?</button>' in page and texts.MEANT in page
    assert texts.MEANT not in render.conversation(Chat((Exchange(Turn("Où ?", REFUSAL)),)))


def test_a_greeting_is_answered_and_not_refused() -> None:
    answer = Answer("Bonjour", "Bonjour", "courtesy", (), 0.0, (), {}, "Bonjour ! Posez…")
    page = render.conversation(Chat((Exchange(Turn("Bonjour", answer)),)))
    assert '<p class="note">Bonjour\u202f! Posez…</p>' in page
    assert "refusal" not in page and "Passages proches" not in page


def test_what_a_question_takes_and_may_take_are_buttons() -> None:
    def shown(context: tuple[str, ...], offered: tuple[str, ...]) -> str:
        answer = replace(ANSWER, context=context, offered=offered)
        return render.conversation(Chat((Exchange(Turn(answer.question, answer)),)))

    assert "understood" not in shown((), ())
    found = shown(("Nicolas II", "<b>"), ("abdication",))
    assert re.findall(r'data-word="(\d)" aria-pressed="(\w+)"', found) == [
        ("0", "true"), ("1", "true"), ("2", "false"),
    ]  # fmt: skip
    assert texts.UNDERSTOOD in found and ">&lt;b&gt;</button>" in found and "<b>" not in found
    assert texts.UNDERSTOOD_ALONE in shown((), ("abdication",))


def test_the_panel_shows_the_document_to_the_character() -> None:
    body = panel.body(DOCUMENT, 5, 35)
    assert text_of(body) == TEXT
    assert f'<mark id="cited" tabindex="-1">{QUOTE}</mark>' in body
    assert body.startswith("<h3>Vie</h3>\n\n<p>")


def test_a_span_over_two_paragraphs_is_marked_in_both() -> None:
    body = panel.body(DOCUMENT, 60, len(TEXT))
    assert text_of(body) == TEXT
    assert body.count("<mark") == 2 and body.count('id="cited"') == 1


def test_every_document_of_the_corpus_is_shown_to_the_character(demo: Assistant) -> None:
    for entry in demo.index.store.documents():
        document = demo.document(entry.id)
        assert text_of(panel.body(document, 10, 200)) == document.text


ROOMS = (
    "Tarifs\n"
    "Salle bleue — Demi-journée\u00a0: 60 €\u202f; Journée\u00a0: 110 €\n"
    "Salle <verte> — Journée\u00a0: 90 €\n"
    "Hall — Demi-journée, Journée\u00a0: 20 €"
)
WITH_TABLES = Document(
    "salles.md", "Salles", f"{ROOMS}\n\nUne salle est grande.\n\nLu | 9 h\nMa | 8 h", "salles.md"
)


def test_rows_are_shown_under_their_heads_and_stay_what_they_are() -> None:
    start = WITH_TABLES.text.index("Journée\u00a0: 110 €")
    body = panel.body(WITH_TABLES, start, start + len("Journée\u00a0: 110 €"))
    assert text_of(body) == WITH_TABLES.text
    assert body.startswith("<p>Tarifs</p>\n<div") and body.count('role="table"') == 2
    assert re.findall('data-head="(.*?)"', body) == ["", "Demi-journée", "Journée"]
    unseen = re.sub('<span class="told">.*?</span>', "", body)
    rows = [
        re.findall('role="cell".*?>(.*?)</span>', row) for row in unseen.split('role="row"')[1:]
    ]
    assert rows[:2] == [
        ["Salle bleue", "60 €", "<mark>110 €</mark>"],
        ["Salle &lt;verte&gt;", "", "90 €"],
    ]
    assert rows[3:] == [["Lu", "9 h"], ["Ma", "8 h"]]
    assert '--covered:2"><span class="told">Demi-journée, Journée\u00a0: </span>20 €' in body
    assert text_of("".join(re.findall("<mark.*?</mark>", body))) == "Journée\u00a0: 110 €"
    assert body.count('id="cited"') == 1


@pytest.mark.parametrize(
    "text",
    [
        "Lénine — dit-il\u00a0: oui.\nParis — ville\u00a0: grande.",  # no head twice
        "Salle — Prix\u00a0: 60 €",  # one row
        "a | b\n\nc | d",
        "Nom\u00a0: Lu\u202f; Prix\u00a0: 2\nPrix\u00a0: 3\u202f; Nom\u00a0: Ma",  # in two orders
    ],
)
def test_what_is_no_table_stays_a_paragraph(text: str) -> None:
    body = panel.body(Document("a", "a", text, "a"), 0, 3)
    assert "role=" not in body and text_of(body) == text


def test_an_address_brings_back_its_document() -> None:
    name = "dossier/été & « hiver »?#.md"
    query = parse_qs(urlsplit(markup.source_url(name, 3, 9)).query)
    assert query == {"source": [name], "start": ["3"], "end": ["9"]}


def test_the_corpus_names_what_was_skipped() -> None:
    unread = Skipped("a<b>.md", "not read: <x>", french="format non lu : <x>")
    told = panel.skipped([unread, Skipped("c.md", "new")])
    assert "<strong>a&lt;b&gt;.md</strong> format non lu\u00a0: &lt;x&gt;" in told
    assert f"<strong>c.md</strong> {texts.NOT_READ}" in told
    assert texts.NOTHING_SKIPPED in panel.skipped([])


def test_contrast_is_enough_to_read() -> None:
    style = (Path(render.__file__).parent / "style.css").read_text("utf-8")
    for scope in (":root", ".dark"):
        block = style[style.index(f"{scope} {{") :].split("}", 1)[0]
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for front, back in (
            ("ink", "paper"),
            ("ink", "leaf"),
            ("ink", "tint"),
            ("soft", "paper"),
            ("soft", "leaf"),
            ("accent", "paper"),
            ("accent", "leaf"),
            ("accent-ink", "accent"),
        ):
            assert contrast(colour[front], colour[back]) >= 4.5, (scope, front, back)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# --- References ---------------------------------------------------------------------------------

PUBLISHED = Document(
    "a.html",
    "L’Assassinat de Trotsky",
    TEXT,
    "https://exemple.fr/a",
    (Heading(2, 0, 3),),
    {"author": "Jeanne Roy", "date": "12 mai 2014", "url": "https://exemple.fr/a"},
)
TODAY = date(2026, 11, 1)


def test_iso_690() -> None:
    assert references.iso690(references.reference(DOCUMENT, 5, 35), TODAY) == (
        "«\u202fLéon Trotsky est né à Ianovka.\u202f» "
        "Vie de Trotsky [document électronique]. Section «\u202fVie\u202f». "
        "Caractères 5 à 35. Fichier\u00a0: vie.md."
    )
    assert references.iso690(references.reference(PUBLISHED, 5, 35), TODAY) == (
        "«\u202fLéon Trotsky est né à Ianovka.\u202f» "
        "JEANNE ROY. L’Assassinat de Trotsky [en ligne]. 12 mai 2014 "
        "[consulté le 1er\u00a0novembre 2026]. Section «\u202fVie\u202f». Caractères 5 à 35. "
        "Disponible à l’adresse\u00a0: https://exemple.fr/a."
    )


def test_bibtex_escapes_tex() -> None:
    cited = references.reference(replace(DOCUMENT, title="50 % & {moitié}_\\"), 5, 35)
    assert references.bibtex(cited, TODAY) == (
        "@misc{50-moitie-5,\n"
        "  title = {50 \\% \\& \\{moitié\\}\\_\\textbackslash{}},\n"
        "  howpublished = {vie.md},\n"
        "  note = {Vie, caractères 5-35},\n"
        "  annote = {«\u202fLéon Trotsky est né à Ianovka.\u202f»}\n"
        "}"
    )


def test_ris_and_csl() -> None:
    cited = references.reference(PUBLISHED, 5, 35)
    assert references.ris(cited, TODAY) == (
        "TY  - ELEC\nTI  - L’Assassinat de Trotsky\nAU  - Jeanne Roy\nPY  - 2014\n"
        "UR  - https://exemple.fr/a\nY2  - 2026/11/01\n"
        "N1  - https://exemple.fr/a ; Vie, caractères 5-35\n"
        "N1  - «\u202fLéon Trotsky est né à Ianovka.\u202f»\nER  - "
    )
    (item,) = json.loads(references.csl(cited, TODAY))
    assert item["issued"] == {"date-parts": [[2014]]}
    assert item["author"] == [{"literal": "Jeanne Roy"}]
    assert item["note"].endswith("5-35 ; «\u202fLéon Trotsky est né à Ianovka.\u202f»")


def test_every_reference_has_the_page() -> None:
    paged = replace(DOCUMENT, pages=(PageStart(11, 0), PageStart(12, 4)))
    cited = references.reference(paged, 5, 35)
    copied = [make(cited, TODAY) for _, make in references.FORMATS]
    for text, page in zip(copied, ("P.\u00a012", "{12}", "SP  - 12", '"page": "12"'), strict=True):
        assert page in text


# --- Export -------------------------------------------------------------------------------------


def test_markdown_export() -> None:
    turns = (Turn(ANSWER.question, ANSWER), Turn("Et *lui* ?", REFUSAL))
    assert export.to_markdown(turns, datetime(2026, 11, 21)) == (
        "# Sourcier, 21\u00a0novembre 2026\n\n"
        "## Où est-il né ?\n\n"
        "> Léon Trotsky est né à Ianovka. [1]\n\n"
        "1. Vie de Trotsky › Vie (vie.md, caractères 5 à 35)\n\n"
        "## Et \\*lui\\* ?\n\n"
        "Je ne trouve pas.\n"
    )


def test_json_export_holds_every_citation() -> None:
    content = json.loads(export.to_json((Turn(ANSWER.question, ANSWER),), datetime.now(UTC)))
    (turn,) = content["turns"]
    assert turn["answer"]["citations"][0]["quote"] == QUOTE
    assert turn["answer"]["hits"][0]["document_id"] == "vie.md"


# --- Examples -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "kind", "question"),
    [
        ("Ramón Mercader naquit en Catalogne.", "born", "Quand est né Ramón Mercader ?"),
        (
            "L’Armée rouge fut fondée en 1918.",
            "when",
            "Quand a été fondée l’Armée rouge ?",
        ),
        (
            "Max Eastman traduisit Ma vie en anglais, à New York.",
            "who",
            "Qui traduisit Ma vie en anglais ?",
        ),
        ("La Tchéka était une police politique.", "what", "Qu’est-ce que la Tchéka ?"),
        ("Lev Karakhan était un diplomate.", "what", "Qui était Lev Karakhan ?"),
    ],
)
def test_a_sentence_becomes_a_question(sentence: str, kind: str, question: str) -> None:
    proposal, *_ = examples.proposals(Document("d", "D", sentence, "d"))
    assert (proposal.kind, proposal.question) == (kind, texts.typeset(question))


def test_what_only_the_context_tells_is_not_asked() -> None:
    text = "Max Eastman traduisit alors ce livre en anglais, à New York."
    assert examples.proposals(Document("d", "D", text, "d")) == []


def test_the_examples_work_on_the_corpus(demo: Assistant) -> None:
    found = examples.example_questions(demo)
    assert len(found) == 3
    answers = [demo.answer(question) for question in found]
    assert all(answer.status == "answered" for answer in answers)
    assert len({answer.citations[0].document_id for answer in answers}) == 3


class Quoting(Assistant):
    """Cites the whole passage with the most words of the question."""

    def answer(self, message: str, *_: Any, **__: Any) -> Answer:
        hits = tuple(self.search(message, limit=1, method="lexical"))
        (passage,) = (hit.passage for hit in hits)
        place = (passage.document_id, passage.title, (), passage.document_id)
        cited = Citation(1, *place, passage.start, passage.end, passage.text)
        return Answer(message, message, "answered", (cited,), 1.0, hits, {})


def test_what_was_just_added_gives_the_first_example(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    (corpus / "ajouts").mkdir(parents=True)
    (corpus / "ancien.md").write_text("# A\n\nL’Armée rouge fut fondée en 1918.\n", "utf-8")
    (corpus / "autre.md").write_text("# B\n\nLéon habita Paris du 3 mai au 5 juin.\n", "utf-8")
    new = corpus / "ajouts" / "neuf.md"
    new.write_text("# N\n\nLa digue du port fut construite en 1911.\n", "utf-8")
    update_index(corpus, tmp_path / "index", FakeEmbedder())
    index = open_index(tmp_path / "index")
    assert examples.example_questions(Quoting(index, FakeEmbedder())) == [
        "Quand a été construite la digue du port\u202f?",
        "Quand a été fondée l’Armée rouge\u202f?",
        examples.ABOUT,
    ]
    index.close()


# --- The page, without a browser ----------------------------------------------------------------

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    "<img src='http://192.0.2.1/beacon.png'>",
    "<svg onload='window.hacked = 1'><a xlink:href='javascript:window.hacked=1'>x</a></svg>",
    "<iframe src='http://192.0.2.1/'></iframe>",
    "<form action='http://192.0.2.1/'><input name=motdepasse><button>OK</button></form>",
    "<style>body { display: none }</style>",
    "<base href='http://192.0.2.1/'>",
    "<meta http-equiv=refresh content='0;url=http://192.0.2.1/'>",
    "<div style='position:fixed;inset:0;background:red;z-index:99999'>Payez</div>",
    "[cliquez](javascript:window.hacked=1) ![i](http://192.0.2.1/i.png)",
    "$$\\href{javascript:window.hacked=1}{x}$$ \\(x\\)",
    "${window.hacked = 1} {{window.hacked}} {{#each this}}x{{/each}} `${window.hacked = 1}`",
    "<object data='http://192.0.2.1/o'></object><embed src='http://192.0.2.1/e'>",
    "</q></blockquote></mark></script><script>window.hacked = 1</script>",
    "<a href='javascript:window.hacked=1' onclick='window.hacked=1'>lien</a>",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """A small index of documents that attack their reader; the embedder is a fake one."""
    folder = tmp_path_factory.mktemp("hostile")
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, payload in enumerate(HOSTILE):
        title = f"Attaque {number} <script>window.hacked = 1</script> {{{{x}}}} ${{y}}"
        content = {
            "id": f"attaque-{number}",
            "title": title,
            "text": f"La charge numéro {number} du test fut écrite en {1900 + number} : "
            f"{payload} fin.",
        }
        path = corpus / f"attaque-{number:02}.jsonl"
        path.write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")
    (corpus / "vide.txt").write_text("", "utf-8")
    update_index(corpus, folder / "index", FakeEmbedder())
    index = open_index(folder / "index")
    yield Assistant(index, FakeEmbedder())
    index.close()


@pytest.fixture
def page(hostile: Assistant, tmp_path: Path) -> Page:
    return Page(hostile, tmp_path)


SETTINGS = (5, "hybrid", "low")


def asked(page: Page, *messages: str) -> Chat:
    chat = Chat()
    for message in messages:
        _, chat, box, notice = page.ask(message, chat, *SETTINGS)
        assert (box, notice) == ("", "")
    return chat


def test_a_conversation_grows_and_is_forgotten_from_its_beginning(page: Page) -> None:
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?", "Et la charge numéro 4 ?")
    assert chat.exchanges[0].turn.message == "Quand fut écrite la charge numéro 3 ?"
    for _ in range(MAX_EXCHANGES):
        chat = chat.add(chat.exchanges[0])
    assert len(chat.exchanges) == MAX_EXCHANGES


@pytest.mark.parametrize("message", ["", "   ", "\n\t", "\x00", "\u200b\x00 "[1:], None])
def test_an_empty_question_is_told(page: Page, message: str | None) -> None:
    _, chat, _, notice = page.ask(message, Chat(), *SETTINGS)
    assert texts.EMPTY in notice and chat == Chat()


def test_a_long_question_is_told_and_stays_in_the_box(page: Page) -> None:
    shown, chat, box, notice = page.ask("a" * 2001, Chat(), *SETTINGS)
    assert "2\u202f001 caractères, pour 2\u202f000 au plus" in notice
    assert (shown, chat, box) == (page.view.welcome, Chat(), "a" * 2001)


@pytest.mark.parametrize("message", ["a\x00b", "où \ud800 ?", "🙂", "مرحبا", "\u202eétrange"])
def test_strange_questions_get_an_answer(page: Page, message: str) -> None:
    shown, chat, _, notice = page.ask(message, Chat(), *SETTINGS)
    assert notice == "" and len(chat.exchanges) == 1
    shown.encode("utf-8")


def test_an_edited_question_replaces_the_last(page: Page) -> None:
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?", "La charge numéro 4 ?")
    _, chat, box, notice = page.edit(chat)
    assert box == "La charge numéro 4 ?" and texts.EDITING in notice
    _, chat, _, _ = page.ask("La charge numéro 5 ?", chat, *SETTINGS)
    assert [e.turn.message for e in chat.exchanges][1:] == ["La charge numéro 5 ?"]
    assert chat.draft == ""


def test_what_was_understood_is_taken_off_and_put_back(scripted: Scripted, tmp_path: Path) -> None:
    page = Page(scripted, tmp_path)
    chat = asked(page, ASK, "Et le jour 8 ?", ASK_OTHER)

    def last(chat: Chat) -> tuple[int, str, tuple[str, ...], tuple[str, ...]]:
        answer = chat.exchanges[-1].turn.answer
        return len(chat.exchanges), answer.standalone_question, answer.context, answer.offered

    # One before the last is asked anew, the last is replaced; what is in the box stays there.
    shown, chat, box, notice = page.take(1, 0, "un brouillon", chat)
    assert last(chat) == (4, "Et le jour 8 ?", (), (ASK,))
    assert (shown, box, notice) == (page.show(chat), "un brouillon", "")
    _, chat, _, _ = page.take(3, 0, "", chat)
    assert last(chat) == (4, f"Et le jour 8 ? ({ASK})", (ASK,), (ASK_OTHER,))
    # Asked again with other settings, it is understood as it was.
    _, chat, _, _ = page.take(3, 0, "", chat)
    _, chat, _, _ = page.retry(chat, 3, "lexical", "low")
    assert last(chat)[1:3] == ("Et le jour 8 ?", ())
    for position, number in ((9, 0), (-1, 0), (3, 1), (3, -1)):
        assert page.take(position, number, "x", chat)[1:] == (chat, "x", "")


def test_retry_asks_again_with_new_settings(page: Page) -> None:
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?")
    assert len(chat.exchanges[0].turn.answer.hits) == 5
    _, chat, _, _ = page.retry(chat, 3, "lexical", "low")
    assert len(chat.exchanges) == 1 and len(chat.exchanges[0].turn.answer.hits) == 3


def test_a_new_conversation_can_be_undone(page: Page) -> None:
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?")
    shown, empty, _, notice = page.new(chat)
    assert (shown, empty.exchanges) == (page.view.welcome, ()) and 'data-action="restore"' in notice
    # Twice pressed, it is still that one; once something is asked, it is gone.
    _, again, box, notice = page.act("restore", -1, "un brouillon", page.new(empty)[1])
    assert (again, box, notice) == (chat, "un brouillon", "")
    _, other, _, _ = page.ask("La charge numéro 4 ?", empty, *SETTINGS)
    assert page.act("restore", -1, "", other)[1] == Chat(other.exchanges)


def test_verdicts_are_kept_in_a_file(page: Page, tmp_path: Path) -> None:
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?")
    _, chat, _, _ = page.act("like", 0, "", chat)
    assert chat.exchanges[0].verdict == "like"
    _, chat, _, _ = page.act("like", 0, "", chat)
    assert chat.exchanges[0].verdict == ""
    with closing(sqlite3.connect(tmp_path / "feedback.sqlite")) as connection:
        rows = connection.execute("SELECT question, verdict FROM verdicts").fetchall()
    assert rows == [
        ("Quand fut écrite la charge numéro 3 ?", "like"),
        ("Quand fut écrite la charge numéro 3 ?", ""),
    ]


def test_a_verdict_that_cannot_be_kept_is_told(hostile: Assistant, tmp_path: Path) -> None:
    page = Page(hostile, tmp_path / "missing")
    chat = asked(page, "Quand fut écrite la charge numéro 3 ?")
    _, _, _, notice = page.act("dislike", 0, "", chat)
    assert "L’avis n’a pas pu être gardé" in notice


def test_actions_on_nothing_do_nothing(page: Page) -> None:
    for action in ("like", "cancel", "inconnu"):
        assert page.act(action, 7, "texte", Chat())[1] == Chat()
    assert page.retry(Chat(), *SETTINGS)[1] == page.edit(Chat())[1] == page.new(Chat())[1] == Chat()
    assert page.export("md", Chat()) == ({}, render.notice(texts.NO_CONVERSATION))


def test_the_corpus_is_filtered_by_title(page: Page) -> None:
    assert page.corpus("", Chat())[0].count("<tr>") == 1 + len(HOSTILE)
    assert page.corpus("ÀTTAQUE 12", Chat())[0].count("<tr>") == 2
    assert texts.CORPUS_NONE in page.corpus("introuvable", Chat())[0]
    # What nobody would type is not looked for: 200 characters and 20 words are.
    assert page.corpus("attaque 12" + " " * 190 + "introuvable", Chat())[0].count("<tr>") == 2
    assert page.corpus("a " * 20 + "introuvable", Chat())[0].count("<tr>") == 1 + len(HOSTILE)
    assert "vide.txt" in page.view.skipped


# --- The guard ----------------------------------------------------------------------------------


def through_guard(status: int, *requests: tuple[str, str]) -> list[tuple[int, str]]:
    """What (client, path) requests get from a guard before an application with one status."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    guard = Guard(application, Access(), lambda _path, body, _rename: body)

    async def ask() -> list[tuple[int, str]]:
        return [await ask_guard(guard, path, client) for client, path in requests]

    return asyncio.run(ask())


async def ask_guard(
    guard: Guard, path: str, client: str = "192.0.2.1", receive: Any = None, send: Any = None
) -> tuple[int, str]:
    """The status and the body of one answer of a guard."""
    answer: list[Any] = [0, ""]

    async def whole() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def keep(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer[0] = message["status"]
        else:
            answer[1] += message["body"].decode()

    method = "POST" if "join" in path else "GET"
    scope = {"type": "http", "method": method, "path": path, "client": (client, 1)}
    headers = [(b"host", b"localhost:7860")]
    await guard({**scope, "headers": headers}, receive or whole, send or keep)
    return answer[0], answer[1]


def test_the_rate_of_a_client_is_limited() -> None:
    flood = [("192.0.2.1", "/source")] * (BURST + 20)
    answers = through_guard(200, *flood, ("192.0.2.2", "/source"))
    assert answers[:BURST] == [(200, "inside")] * BURST
    assert (429, json.dumps({"detail": texts.BUSY}, ensure_ascii=False)) in answers[BURST:-1]
    assert answers[-1] == (200, "inside")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("", ""),
    ],
)
def test_whom_limits_are_held_for(address: str, key: str) -> None:
    assert client_key(address) == key


def test_proxies_are_addresses() -> None:
    assert read_proxies(["127.0.0.1", "10.0.0.0/24", "::1"]) == [
        "127.0.0.1/32",
        "10.0.0.0/24",
        "::1/128",
    ]
    for wrong in ("*", "", "proxy.example", "10.0.0.1/24"):
        with pytest.raises(QAError, match="--trusted-proxy"):
            read_proxies([wrong])


def waiting_guard() -> tuple[Guard, asyncio.Event]:
    """A guard before an application that answers when it is let."""
    gate = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await gate.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"inside"})

    return Guard(application, Access(), lambda _path, body, _rename: body), gate


def test_a_client_has_so_many_answers_under_way() -> None:
    async def ask() -> tuple[list[tuple[int, str]], tuple[int, str], tuple[int, str]]:
        guard, gate = waiting_guard()
        tasks = [asyncio.create_task(ask_guard(guard, "/style.css")) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        one_more = await ask_guard(guard, "/style.css")
        gate.set()
        answered = await asyncio.gather(*tasks)
        return answered, one_more, await ask_guard(guard, "/style.css")

    answered, one_more, later = asyncio.run(ask())
    assert answered == [(200, "inside")] * AT_ONCE and later == (200, "inside")
    assert one_more[0] == 429


def test_who_neither_sends_nor_takes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.web.guard.SENDING", 0.05)
    monkeypatch.setattr("qa.web.responses.READING", 0.05)
    guard, gate = waiting_guard()
    gate.set()

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    async def ask() -> tuple[int, str]:
        answer = await ask_guard(guard, "/gradio_api/queue/join", receive=never)
        await asyncio.wait_for(ask_guard(guard, "/config", send=never), 10)
        return answer

    status, text = asyncio.run(ask())
    assert (status, json.loads(text)) == (408, {"detail": texts.TOO_SLOW})


def test_a_websocket_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    guard, _ = waiting_guard()
    asyncio.run(guard({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert sent == [{"type": "websocket.close"}]


def test_a_fault_that_nobody_foresaw_is_told_in_french() -> None:
    (answer,) = through_guard(500, ("192.0.2.1", "/config"))
    assert answer == (500, json.dumps({"detail": texts.SERVER_FAULT}, ensure_ascii=False))


def test_a_full_queue_is_told_in_french() -> None:
    (answer,) = through_guard(503, ("192.0.2.1", "/gradio_api/queue/join"))
    assert answer == (503, json.dumps({"detail": texts.BUSY}, ensure_ascii=False))


def test_the_page_is_rewritten() -> None:
    page = rewrite_page(
        '<html\n lang="en"><meta property="og:image" content="https://x/y" /><style></style>'
        "<script>1</script>",
        "abc",
    )
    assert 'lang="fr"' in page and "og:image" not in page
    assert '<script nonce="abc">1</script>' in page and 'src="panel.js"' in page


# --- A server, and a browser --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Site:
    """A chat that runs."""

    url: str
    folder: Path
    assistant: Assistant


Serve = Callable[..., Site]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    from qa.web.server import create_app
    from qa.web.serving import web_server

    running = []

    def run(
        assistant: Assistant,
        access: Access | None = None,
        root_address: str = "",
        proxies: Sequence[str] = (),
    ) -> Site:
        folder = tmp_path_factory.mktemp("verdicts")

        async def make() -> Guard:
            return create_app(assistant, access, folder, root_address)

        # Inside a loop: outside one, Gradio makes loops of its own and never closes them.
        app = asyncio.run(make())
        listener = socket.create_server(("127.0.0.1", 0))
        server = web_server(app, proxies)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        running.append((server, thread, listener))
        while not server.started:
            time.sleep(0.02)
        return Site(f"http://127.0.0.1:{listener.getsockname()[1]}", folder, assistant)

    yield run
    for server, thread, listener in running:
        server.should_exit = True
        thread.join(5)
        listener.close()


class Scripted(Assistant):
    """Answers by rule what the tests ask, so that they tell of the page and not of the answers.

    The two best passages are quoted by their last sentences; « Et … » follows on the question
    before it; a tart is nowhere in the documents.
    """

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
        question = clean_message(message)
        follows = bool(turns) and question.startswith("Et ")
        found = (turns[-1].message,) if follows else ()
        taken = found if context is None else tuple(context)
        standalone = with_context(question, taken)
        hits = tuple(self.search(question, limit=max(limit, 2), method=method, only=only))
        citations = [] if "tarte" in question else [self._cite(n, hits[n - 1]) for n in (1, 2)]
        return Answer(
            question,
            standalone,
            "answered" if citations else "not_found",
            tuple(citations),
            0.5,
            hits[:limit],
            {},
            "" if citations else "Je ne trouve pas de réponse.",
            context=taken,
            offered=tuple(word for word in found if word not in taken),
        )

    def _cite(self, marker: int, hit: Hit) -> Citation:
        passage = hit.passage
        text = passage.text.rstrip()
        start = passage.start + text.rindex("Voilà")
        quote_text = text[text.rindex("Voilà") :]
        return Citation(
            marker,
            passage.document_id,
            passage.title,
            passage.headings,
            self.index.store.source(passage.document_id),
            start,
            start + len(quote_text),
            quote_text,
        )


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    folder = tmp_path_factory.mktemp("story")
    (folder / "corpus").mkdir()
    for name in ("aube", "brume", "crue", "dune"):
        sections = [
            f"## Jour {day} de la {name}\n\n"
            + "\n\n".join(f"La {name} monta 𝒳 {day} fois, l’été « venu »." for _ in range(4))
            + f"\n\nVoilà le jour {day} de la {name} 🙂 & fin."
            for day in range(1, 13)
        ]
        text = f"# Récit de la {name}\n\n" + "\n\n".join(sections) + "\n"
        (folder / "corpus" / f"{name}.md").write_text(text, "utf-8")
    update_index(folder / "corpus", folder / "index", FakeEmbedder())
    index = open_index(folder / "index")
    yield Scripted(index, FakeEmbedder())
    index.close()


@pytest.fixture(scope="module")
def site(start: Serve, scripted: Scripted) -> Site:
    return start(scripted)


@pytest.fixture(scope="module")
def demo_site(start: Serve, demo: Assistant) -> Site:
    """The real thing: the demonstration corpus and the shipped model."""
    return start(demo)


ASK = "Que fut le jour 7 de la brume ?"
ASK_OTHER = "Que fut le jour 3 de la crue ?"


@pytest.fixture(scope="module")
def hostile_site(start: Serve, hostile: Assistant) -> Site:
    return start(hostile)


def request(
    site: Site, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], str]:
    address = urlsplit(site.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return response.status, fields, response.read().decode("utf-8")
    finally:
        connection.close()


def test_the_page_is_french_and_has_a_policy(site: Site) -> None:
    status, headers, page = request(site, "GET", "/")
    assert status == 200 and '<html\n\tlang="fr"' in page
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self' 'nonce-" in policy
    script = policy.split("script-src", 1)[1].split(";", 1)[0]
    assert "unsafe-inline" not in script
    assert "githubusercontent" not in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/gradio_api/upload", 404),
        ("GET", "/gradio_api/file=/etc/passwd", 404),
        ("GET", "/gradio_api/file/etc/passwd", 404),
        ("GET", "/gradio_api/proxy=http://192.0.2.1/", 404),
        ("GET", "/gradio_api/stream/a/b/c/playlist.m3u8", 404),
        ("GET", "/static/../../etc/passwd", 404),
        ("GET", "/assets/..%2f..%2fapp.py", 404),
        ("GET", "/gradio_api/deep_link", 404),
        ("GET", "/monitoring", 404),
        ("GET", "/docs", 404),
        ("PUT", "/", 404),
        ("DELETE", "/source", 404),
        ("GET", "/source?document=inconnu", 404),
        ("GET", "/source?document=%ff&start=-5&end=99999999", 404),
        ("GET", "/style.css", 200),
    ],
)
def test_only_the_chat_is_served(site: Site, method: str, path: str, status: int) -> None:
    assert request(site, method, path)[0] == status


def test_another_host_or_origin_is_refused(site: Site) -> None:
    assert request(site, "GET", "/", Host="attaque.example")[0] == 400
    assert request(site, "GET", "/", Host="localhost:1")[0] == 200
    own = site.url.removeprefix("http://")
    for origin, status in (
        (site.url, 200),
        ("http://attaque.example", 403),
        ("http://127.0.0.1:1", 403),
        ("http://127.0.0.1", 403),
        (f"https://{own}", 403),
        (site.url.replace("127.0.0.1", "localhost"), 403),
        ("null", 403),
    ):
        found, headers, _ = request(site, "GET", "/config", Origin=origin)
        assert found == status, origin
        assert headers.get("access-control-allow-origin") == (origin if found == 200 else None)
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("root", "scheme", "host", "origin", "own"),
    [
        ("", "http", "10.0.0.7:7860", "http://10.0.0.7:7860", True),
        ("", "http", "10.0.0.7:7860", "http://203.0.113.9", False),
        ("", "http", "10.0.0.7:7860", "http://10.0.0.7:8000", False),
        ("", "http", "machine", "http://machine", True),
        ("", "http", "Machine:80", "http://machine", True),
        ("", "https", "machine:443", "https://machine", True),
        ("", "https", "machine", "http://machine", False),
        ("", "http", "[::1]:7860", "http://[::1]:7860", True),
        ("https://Exemple.fr/docs", "http", "127.0.0.1:7860", "https://exemple.fr", True),
        ("https://exemple.fr/docs", "http", "127.0.0.1:7860", "http://exemple.fr", False),
        ("https://exemple.fr:8443", "http", "exemple.fr:8443", "https://exemple.fr", False),
        ("/docs", "http", "127.0.0.1:7860", "", False),
    ],
)
def test_an_origin_is_ours_to_the_letter(
    root: str, scheme: str, host: str, origin: str, own: bool
) -> None:
    assert access_for("0.0.0.0", root).is_own(origin, scheme, host) is own


HEARSAY = {
    "X-Forwarded-Host": "ailleurs.example",
    "X-Gradio-Server": "http://ailleurs.example/x",
    "X-Forwarded-Proto": "https",
    "Forwarded": "host=ailleurs.example;proto=https",
}


def test_what_a_client_says_of_its_way_is_not_believed(site: Site) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        _, _, text = request(site, "GET", path, b"", **HEARSAY)
        assert "ailleurs.example" not in text and f"https://{site.url[7:]}" not in text


def test_a_trusted_proxy_tells_the_scheme(start: Serve, scripted: Scripted) -> None:
    site = start(scripted, proxies=["127.0.0.0/8"])
    _, _, text = request(site, "GET", "/config", b"", **HEARSAY)
    assert json.loads(text)["root"] == site.url.replace("http:", "https:")


def test_a_browser_is_told_in_a_page_and_a_program_in_json(site: Site, start: Serve) -> None:
    html_first = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
    status, headers, text = request(site, "GET", "/inconnu", b"", **html_first)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="fr">' in text and "<h1>Page introuvable</h1>" in text
    assert f"<p>{texts.NOT_FOUND}</p>" in text and '<a href="/">' in text
    assert "default-src 'none'" in headers["content-security-policy"]
    status, headers, text = request(site, "GET", "/inconnu", Accept="*/*")
    assert (status, json.loads(text)) == (404, {"detail": texts.NOT_FOUND})
    below = start(site.assistant, access_for("127.0.0.1", "/docs"), "/docs")
    assert '<a href="/docs/">' in request(below, "GET", "/docs/inconnu", b"", **html_first)[2]


def speak(site: Site, words: bytes) -> bytes:
    """What a server says to some bytes, until it is silent."""
    address = urlsplit(site.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 5) as connection:
        connection.sendall(words)
        connection.settimeout(5)
        return connection.recv(65536)


def test_malformed_words_are_the_clients_fault(site: Site) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    head, post = b"Host: localhost\r\n", b"Content-Type: application/json\r\n"
    for words, status in (
        (b"GET /inconnu HTTP/1.1\r\n" + head + upgrade + key + b"\r\n", 404),
        (b"GET /style.css HTTP/1.1\r\n" + head + upgrade + key + b"\r\n", 200),
        (b"GET /style.css HTTP/1.1\r\n" + head + upgrade + b"\r\n", 200),
        (b"GET /\xff\xfe HTTP/1.1\r\n" + head + b"\r\n", 400),
        (b"GET /%ff%00%c3 HTTP/1.1\r\n" + head + b"\r\n", 404),
        (b"GET /source?document=%ed%a0%80&start=1e9 HTTP/1.1\r\n" + head + b"\r\n", 422),
        (b"GET /config?page=x&deep_link=x HTTP/1.1\r\n" + head + b"\r\n", 200),
        (b"GET /style.css HTTP/1.1\r\nHost: \xff\r\n\r\n", 400),
        (b"GET /style.css HTTP/1.1\r\n\r\n", 400),
        (b"GET /style.css HTTP/1.1\r\n" + head + b"Authorization: Basic \xff\r\n\r\n", 200),
        (b"GET /style.css HTTP/1.1\r\n" + head + b"Origin: \xff\r\n\r\n", 403),
        (b"POST /gradio_api/queue/join HTTP/1.1\r\n" + head + b"Content-Length: -1\r\n\r\n", 400),
        (b"POST /gradio_api/reset HTTP/1.1\r\n" + head + b"\r\n", 422),
        (
            b"POST /gradio_api/reset HTTP/1.1\r\n"
            + head
            + post
            + b"Content-Length: 2\r\n\r\n\xff{",
            422,
        ),
        (
            b"POST /gradio_api/cancel HTTP/1.1\r\n"
            + head
            + post
            + b"Content-Length: 59\r\n\r\n"
            + rb'{"session_hash":"\ud800","event_id":"\ud800","fn_index":31}',
            200,
        ),
        (b"GET /assets/" + 5_000 * b"a" + b" HTTP/1.1\r\n" + head + b"\r\n", 404),
        (b"GET /static/" + 90 * b"%E2%82%AC" + b" HTTP/1.1\r\n" + head + b"\r\n", 404),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ):
        answer = speak(site, words)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (words, answer[:200])


def test_connections_that_ask_nothing_are_closed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.web.connections.PATIENCE", 0.3)
    address = urlsplit(site.url)
    port = address.port or 0
    for words in (b"", b"GET / HTTP/1.1\r\nHost: local"):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(words)
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b"", "closed"
    # A slow sender of its head does not win time with each byte.
    with socket.create_connection(("127.0.0.1", port), 10) as connection, suppress(OSError):
        end = time.monotonic() + 20
        for byte in itertools.cycle(b"GET / HTTP/1.1\r\nX-A: " + b"a" * 60):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
            assert time.monotonic() < end, "never closed"


def test_one_client_leaves_room_for_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.web.connections.room", lambda: 40)
    port = urlsplit(site.url).port or 0
    own = ("127.0.0.77", 0)  # as many loopback addresses as one likes
    idle = [socket.create_connection(("127.0.0.1", port), 10, own) for _ in range(60)]
    try:
        *_, last = idle
        assert last.recv(100).startswith(b"HTTP/1.1 503 ")
        assert request(site, "GET", "/style.css")[0] == 200
    finally:
        for connection in idle:
            connection.close()


def test_there_is_room_below_the_limit_of_files() -> None:
    code = "from qa.web.connections import room; print(room())"
    shell = f"ulimit -n 256 && exec {sys.executable} -c '{code}'"
    told = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True).stdout
    assert told == "64\n"


def test_a_large_body_is_refused(site: Site) -> None:
    status, _, text = request(site, "POST", "/gradio_api/queue/join", b"x" * (MAX_BODY + 1))
    assert (status, json.loads(text)) == (413, {"detail": texts.TOO_LARGE})


def test_a_source_holds_the_span(site: Site) -> None:
    citation = site.assistant.answer(ASK).citations[0]
    query = f"document={quote(citation.document_id)}&start={citation.start}&end={citation.end}"
    status, _, text = request(site, "GET", f"/source?{query}")
    assert status == 200
    assert f'<mark id="cited" tabindex="-1">{html.escape(citation.quote)}</mark>' in text


def test_programs_ask_through_the_client(site: Site) -> None:
    from gradio_client import Client

    client = Client(site.url, verbose=False, analytics_enabled=False)
    names = list(client.view_api(return_format="dict")["named_endpoints"])
    assert names == ["/answer"]
    answer = client.predict(ASK, api_name="/answer")
    expected = site.assistant.answer(ASK).to_dict()
    assert answer["citations"] == json.loads(json.dumps(expected["citations"]))
    assert client.predict(ASK, 1, api_name="/answer")["hits"][1:] == []
    for wrong in (("",), ("a" * 2001,), ("Qui ?", 0), ("Qui ?", 5, "magie")):
        with pytest.raises(Exception, match=r"vide|2.000|méthode"):
            client.predict(*wrong, api_name="/answer")


def test_a_taken_port_is_told(demo_index: Path) -> None:
    from qa.web import Options, serve

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(QAError, match=rf"port {port} is in use.*--port"):
            serve(demo_index, Options(port=port))


def test_the_address_is_printed_and_ctrl_c_ends_quietly(demo_index: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = (
        "from pathlib import Path; from qa.web import Options, serve; "
        f"serve(Path({str(demo_index)!r}), Options(port={port}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"Sourcier\u00a0: http://127.0.0.1:{port}\n"
    site = Site(f"http://127.0.0.1:{port}", demo_index, None)  # type: ignore[arg-type]
    assert request(site, "GET", "/")[0] == 200
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=15)
    assert (process.returncode, output, errors) == (0, "", "")


class Browser:
    """A Chromium and the few gestures that the tests make in it."""

    def __init__(self, driver: Any, downloads: Path):
        self.driver = driver
        self.downloads = downloads

    def open(self, url: str) -> None:
        # Another page first: what the old one asked for ends before it is counted.
        self.driver.get("about:blank")
        self.driver.get_log("performance")
        # As in a new tab: nothing is kept of what other tests asked.
        script = self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": "sessionStorage.clear()"}
        )
        self.driver.get(url)
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        self.one("#box textarea")

    def all(self, selector: str) -> list[Any]:
        from selenium.webdriver.common.by import By

        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        from selenium.common.exceptions import WebDriverException

        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if found := condition():
                    return found
            except WebDriverException:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not seen within 30 s: {what}")

    def one(self, selector: str) -> Any:
        return self.until(
            lambda: next(e for e in [*self.all(selector), None] if e is None or e.is_displayed()),
            selector,
        )

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        return str(self.one(selector).get_property("textContent"))

    def send(self, message: str) -> None:
        from selenium.webdriver.common.keys import Keys

        box = self.one("#box textarea")
        box.send_keys(Keys.CONTROL, "a")
        box.send_keys(message)
        box.send_keys(Keys.ENTER)

    def ask(self, message: str) -> None:
        before = len(self.all(".turn"))
        self.send(message)
        self.until(lambda: len(self.all(".turn")) == before + 1, f"the answer to {message}")

    def opens_source(self) -> str:
        self.one("#source #cited")
        return self.text("#cited")

    def requests(self) -> list[str]:
        entries = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            e["params"]["request"]["url"]
            for e in entries
            if e["method"] == "Network.requestWillBeSent"
        ]

    def faults(self) -> list[str]:
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] == "SEVERE"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    from selenium import webdriver

    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        pytest.fail(f"the web tests need {' and '.join(missing)}: apt-get install chromium-driver")
    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--force-prefers-reduced-motion",
        "--lang=en",
        "--window-size=1280,800",
        f"--user-data-dir={folder / 'profile'}",
    ):
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(programs["chromedriver"])
    driver = webdriver.Chrome(options=options, service=service)
    yield Browser(driver, folder)
    driver.quit()


def test_first_screen_then_each_example(browser: Browser, demo_site: Site) -> None:
    site = demo_site
    browser.open(site.url)
    manifest = site.assistant.index.manifest
    welcome = browser.text(".welcome")
    assert f"{manifest.documents}\u00a0documents" in welcome
    assert f"{manifest.passages}\u00a0passages" in welcome and "qa index" in welcome
    assert browser.run("return document.documentElement.lang") == "fr"
    browser.until(
        lambda: browser.run("return document.activeElement.matches('#box textarea')"),
        "the focus in the box",
    )
    for example in [e.text for e in browser.all(".example")]:
        browser.open(site.url)
        next(e for e in browser.all(".example") if e.text == example).click()
        browser.one(".turn.answered")
        assert browser.text(".turn .question").endswith(example)
        quote_shown = browser.text("blockquote q")
        assert quote_shown == site.assistant.answer(example).citations[0].quote
        quoted = ".passages li:has(.quoted) summary"
        browser.run(f"document.querySelector('{quoted}').scrollIntoView({{block: 'center'}})")
        browser.one(quoted).click()
        marked = browser.text(".passages mark")
        assert any(marked in quote.text for quote in browser.all("blockquote q"))
    assert browser.faults() == []


def test_a_marker_opens_its_source_at_the_span_and_the_link_does_too(
    browser: Browser, site: Site
) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(site.url)
    browser.ask(ASK)
    citation = site.assistant.answer(ASK).citations[0]
    browser.one(".cit").send_keys(Keys.ENTER)
    assert browser.opens_source() == citation.quote
    top, bottom, height = browser.run(
        "const box = document.querySelector('#cited').getBoundingClientRect();"
        "return [box.top, box.bottom, innerHeight];"
    )
    assert 0 <= top < bottom <= height
    assert browser.text("#source h2") == citation.title
    body = browser.run("return document.querySelector('#source .body').textContent")
    assert body == site.assistant.document(citation.document_id).text
    address = browser.driver.current_url
    assert address == f"{site.url}/{render.citation_url(citation)}"
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("#source:not([hidden])"), "the panel closed")
    assert browser.run("return document.activeElement.matches('.cit')")
    browser.open(address)
    assert browser.opens_source() == citation.quote


def test_the_row_of_a_table_is_copied_as_the_document_has_it(
    browser: Browser, tmp_path: Path
) -> None:
    style = (Path(panel.__file__).parent / "style.css").read_text("utf-8")
    page = tmp_path / "table.html"
    body = f'<div class="gradio-container">{panel.body(WITH_TABLES, 0, 0)}</div>'
    page.write_text(f'<meta charset="utf-8"><style>{style}</style>{body}', "utf-8")
    browser.driver.get(page.as_uri())
    copied, places = browser.run(
        "const rows = [...document.querySelectorAll('.rows > div')];"
        "const copy = (row) => (getSelection().selectAllChildren(row), `${getSelection()}`);"
        "return [rows.slice(1).map(copy), rows.slice(0, 3).map((row) =>"
        " [...row.children].map((cell) => Math.round(cell.getBoundingClientRect().left)))];"
    )
    assert copied[:3] == ROOMS.split("\n")[1:] and copied[3:] == ["Lu | 9 h", "Ma | 8 h"]
    assert places[0] == places[1] == places[2]


def test_citations_are_walked_and_copied(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    first, second = site.assistant.answer(ASK).citations
    browser.ask(ASK)
    browser.one(".cit").click()
    assert browser.opens_source() == first.quote
    browser.one("#source [data-step='1']").click()
    browser.until(lambda: browser.text("#cited") == second.quote, "the second citation")
    assert browser.text("#source .position").startswith("2 / ")
    browser.one("#source [data-step='-1']").click()
    browser.until(lambda: browser.text("#cited") == first.quote, "the first citation again")
    browser.run(
        "window.copied = []; Object.defineProperty(navigator, 'clipboard', {configurable: true,"
        "value: {writeText: async (text) => window.copied.push(text)}});"
    )
    for button in browser.all("#source .cite button"):
        button.click()
    copied = browser.until(
        lambda: (c := browser.run("return window.copied")) and len(c) == 5 and c, "five copies"
    )
    reference = references.reference(
        site.assistant.document(first.document_id), first.start, first.end
    )
    today = datetime.now().astimezone().date()
    assert copied[:4] == [make(reference, today) for _, make in references.FORMATS]
    assert copied[4] == f"{site.url}/{render.citation_url(first)}"


def test_a_follow_up_is_understood_and_corrected(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    browser.ask("Et le jour 8 ?")
    chips = ".turn:last-child .understood button"

    def pressed() -> list[str]:
        return [chip.get_attribute("aria-pressed") or "" for chip in browser.all(chips)]

    browser.until(lambda: pressed() == ["true"], "what was taken")
    assert browser.text(".turn:last-child .understood").startswith(texts.UNDERSTOOD)
    browser.one(chips).click()
    browser.until(lambda: pressed() == ["false"], "what is offered")
    assert browser.text(".turn:last-child .understood").startswith(texts.UNDERSTOOD_ALONE)
    assert "jour 8" in browser.text(".turn:last-child .question")
    browser.one(chips).click()
    browser.until(lambda: pressed() == ["true"], "what was taken again")
    assert len(browser.all(".turn")) == 2


def test_edit_retry_like_export_and_new(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    browser.one("#edit").click()
    browser.until(
        lambda: browser.one("#box textarea").get_property("value") == ASK,
        "the question in the box",
    )
    browser.send(ASK_OTHER)
    browser.until(lambda: "jour 3" in browser.text(".turn .question"), "the edited question")
    browser.one("#settings button").click()
    browser.one("#choices input[value='3']").click()
    browser.one("#retry").click()
    browser.until(lambda: len(browser.all(".passages li")) == 3, "three passages")
    browser.one("[data-action='like']").click()
    browser.one("[data-action='like'][aria-pressed='true']")
    with closing(sqlite3.connect(site.folder / "feedback.sqlite")) as connection:
        rows = connection.execute("SELECT question, verdict FROM verdicts").fetchall()
    assert rows == [(ASK_OTHER, "like")]
    for button, ending, sign in (("#export-md", "md", "> "), ("#export-json", "json", '"quote"')):
        browser.one(button).click()
        path = browser.until(
            lambda end=ending: next(iter(browser.downloads.glob(f"sourcier-*.{end}")), None),  # type: ignore[misc]
            f"the {ending} file",
        )
        assert sign in path.read_text("utf-8")
    browser.one("#new").click()
    browser.one(".welcome")
    assert browser.all(".turn") == []
    assert browser.faults() == []


def test_a_refusal_looks_like_one(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask("Quelle est la recette de la tarte Tatin ?")
    browser.one(".turn.not_found .refusal")
    assert browser.text(".turn .passages h3") == "Passages proches, sans réponse"
    assert browser.all(".turn .cit") == [] and browser.all(".turn mark") == []


def test_faults_are_told_in_french(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.send("   ")
    browser.until(lambda: texts.EMPTY in browser.text("#notice"), "the fault")
    for number, text in enumerate(("\ud800", "a\x00b", "🙂", "مرحبا"), 1):
        type_by_script(browser, text)
        browser.until(lambda n=number: len(browser.all(".turn")) == n, f"the answer to {text!r}")  # type: ignore[misc]
        assert browser.all("#notice .alert") == []
    type_by_script(browser, "a" * 2001)
    browser.until(lambda: "2\u202f001" in browser.text("#notice"), "the fault")
    assert browser.one("#box textarea").get_property("value") == "a" * 2001
    assert len(browser.all(".turn")) == 4
    assert browser.faults() == []


def type_by_script(browser: Browser, text: str) -> None:
    """What no keyboard can type."""
    browser.run(
        "const box = document.querySelector('#box textarea');"
        "box.value = JSON.parse(arguments[0]); box.dispatchEvent(new Event('input'));",
        json.dumps(text),
    )
    time.sleep(0.05)
    browser.one("#send").click()


def test_hostile_documents_are_only_text(browser: Browser, hostile_site: Site) -> None:
    browser.open(hostile_site.url)
    for number, payload in enumerate(HOSTILE):
        browser.ask(f"Quelle charge du test fut écrite en {1900 + number} ?")
        shown = browser.run("return document.querySelector('.turn:last-child').textContent")
        text = hostile_site.assistant.document(f"attaque-{number}").text
        assert payload.split()[0] in text, "the reader kept the payload"
        assert text.strip() in shown
        browser.one(".turn:last-child summary")
        link = next(
            e
            for e in browser.all(".turn:last-child .to-source")
            if f"attaque-{number}&" in e.get_attribute("href")
        )
        browser.run("arguments[0].click()", link)
        browser.until(
            lambda t=text: (
                browser.run("return document.querySelector('#source .body')?.textContent") == t
            ),  # type: ignore[misc]
            "the document",
        )
    browser.all("#tabs [role=tab]")[1].click()
    browser.one("table.corpus")
    assert browser.run("return window.hacked") is None
    inside = "#log, #source, #documents"
    for tag in (
        "script",
        "img",
        "svg",
        "iframe",
        "form",
        "style",
        "base",
        "meta",
        "object",
        "embed",
    ):
        found = browser.run(
            "return [...document.querySelectorAll(arguments[0])]"
            ".reduce((n, e) => n + e.querySelectorAll(arguments[1]).length, 0)",
            inside,
            tag,
        )
        assert found == 0, tag
    assert [
        url
        for url in browser.requests()
        if not url.startswith((hostile_site.url, "data:", "blob:", "about:"))
    ] == []
    assert browser.faults() == []


def test_nothing_leaves_the_machine(browser: Browser, site: Site) -> None:
    browser.open(site.url)
    browser.ask(ASK)
    browser.one(".cit").click()
    browser.opens_source()
    seen = browser.requests()
    assert len(seen) > 5
    assert [url for url in seen if not url.startswith((site.url, "data:", "blob:", "about:"))] == []


def test_the_corpus_page_filters_and_opens(browser: Browser, hostile_site: Site) -> None:
    browser.open(hostile_site.url)
    browser.all("#tabs [role=tab]")[1].click()
    assert "vide.txt" in browser.text(".skipped")
    browser.one("#filter input, #filter textarea").send_keys("attaque 12")
    browser.until(lambda: len(browser.all("table.corpus tbody tr")) == 1, "one document")
    browser.one("table.corpus .to-source").click()
    browser.until(lambda: "Attaque 12" in browser.text("#source h2"), "the document")
    assert browser.all("#cited") == [] and browser.all("#source .cite") == []


def test_a_phone_shows_everything_in_its_width(browser: Browser, site: Site) -> None:
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 375, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        browser.open(site.url)
        tabs = [tab.text for tab in browser.all("#tabs [role=tab]") if tab.is_displayed()]
        assert tabs == ["Conversation", "Corpus", "Historique", "Évaluation"]
        browser.ask(ASK)
        browser.one(".cit").click()
        browser.opens_source()
        assert browser.run("return document.documentElement.scrollWidth") <= 375
        left, top, width = browser.run(
            "const b = document.querySelector('#source').getBoundingClientRect();"
            "return [b.left, b.top, b.width];"
        )
        assert (left, width) == (0, 375) and top > 100
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_keyboard_reaches_everything(browser: Browser, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(site.url)
    browser.ask(ASK)
    reached = set()
    browser.run("document.querySelectorAll('details').forEach((e) => (e.open = true))")
    browser.run("document.querySelector('[role=tab]').focus()")
    for _ in range(60):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        name, outline = browser.run(
            "const e = document.activeElement;"
            "return [e.id || e.className || e.tagName, getComputedStyle(e).outlineStyle];"
        )
        if name == "BODY":
            break
        reached.add(name.split()[0])
        # The box shows the focus on the frame around it.
        assert outline != "none" or "TEXTAREA" in browser.run(
            "return document.activeElement.tagName"
        ), name
    assert {"cit", "quiet", "SUMMARY", "to-source", "send", "new", "edit", "retry"} <= reached
