"""Questions about the documents themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conftest import FakeEmbedder
from fake_reader import FakeReader
from qa.assistant import Assistant
from qa.index import open_index, update_index
from qa.overview import asked_subject, told_often
from qa.records import Document, Turn

TEXTS = {
    "ruches.md": (
        "# Le rucher de Vauban\n\n## Visites\n\n"
        "Le rucher se visite le samedi de mai à septembre.\n\n"
        "## Miel\n\nLe miel de tilleul est récolté en juillet par les membres du rucher.\n"
    ),
    "moulin.md": (
        "# Le moulin des Brosses\n\nLe moulin des Brosses moud le blé du canton depuis 1788.\n\n"
        "Le meunier élève aussi des abeilles, et vend leur miel au marché de Vauban.\n"
    ),
    "notes.txt": "Pense-bête\n\nAcheter du fil\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("overview")
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    update_index(folder, folder / "index", FakeEmbedder())
    yield Assistant(open_index(folder / "index"), FakeEmbedder(), FakeReader())


@pytest.mark.parametrize(
    "question",
    [
        "De quoi parlent ces documents ?", "de quoi parlent les documents", "Résume les documents",
        "Peux-tu me faire un résumé de ces textes ?", "Quels sont les documents ?",
        "Quels documents as-tu ?", "Qu’y a-t-il dans ces fichiers ?", "la liste des documents",
        "Que contiennent tes documents", "De quoi parle ce corpus ?",
    ],
)  # fmt: skip
def test_what_all_documents_are_about(assistant: Assistant, question: str) -> None:
    answer = assistant.answer(question)
    assert (answer.status, answer.note) == ("answered", "3 documents en tout.")
    assert {c.document_id: c.quote for c in answer.citations} == {
        "ruches.md": "Le rucher se visite le samedi de mai à septembre.",
        "moulin.md": "Le moulin des Brosses moud le blé du canton depuis 1788.",
        "notes.txt": "Pense-bête",
    }
    assert [c.marker for c in answer.citations] == [1, 2, 3]
    for cited in answer.citations:
        text = assistant.document(cited.document_id).text
        assert text[cited.start : cited.end] == cited.quote


@pytest.mark.parametrize(
    "question",
    ["Résume le rucher de Vauban", "De quoi parle le document ruches ?", "resume ruches",
     "Fais-moi un résumé du rucher", "Que contient le fichier « Rucher de Vauban » ?"],
)  # fmt: skip
def test_what_one_document_is_about(assistant: Assistant, question: str) -> None:
    answer = assistant.answer(question)
    assert [(c.headings[-1], c.quote) for c in answer.citations] == [
        ("Visites", "Le rucher se visite le samedi de mai à septembre."),
        ("Miel", "Le miel de tilleul est récolté en juillet par les membres du rucher."),
    ]
    assert "«\u202fLe rucher de Vauban\u202f»" in answer.note


@pytest.mark.parametrize(
    "question",
    ["Quels documents parlent de miel ?", "quel document parle du miel",
     "Dans quels textes est-il question de miel ?", "quels fichiers mentionnent le miel ?"],
)  # fmt: skip
def test_which_documents_speak_of_something(assistant: Assistant, question: str) -> None:
    answer = assistant.answer(question)
    assert answer.status == "answered"
    assert {c.document_id for c in answer.citations} == {"ruches.md", "moulin.md"}
    assert all("miel" in c.quote for c in answer.citations)
    assert answer.note.startswith("2 documents en parlent\u00a0: ")


def test_what_was_said_before_changes_nothing(assistant: Assistant) -> None:
    before = Turn("Où est le rucher ?", assistant.answer("Où est le rucher ?"))
    answer = assistant.answer("De quoi parlent ces documents ?", (before,))
    assert (answer.context, answer.note) == ((), "3 documents en tout.")


def test_what_no_document_speaks_of_is_refused(assistant: Assistant) -> None:
    assert assistant.answer("Quels documents parlent de tramways ?").status == "not_found"
    assert assistant.answer("De quoi parle le document Tramways ?").status == "not_found"


@pytest.mark.parametrize(
    "question",
    ["De quoi parle le meunier au marché ?", "Qui a écrit ces documents ?", "Que dit l’article 4 ?",
     "De quels documents ai-je besoin pour un passeport ?", "Résumé des dépenses 2023"],
)  # fmt: skip
def test_other_questions_are_left_to_the_reader(assistant: Assistant, question: str) -> None:
    assert assistant.answer(question).confidence < 1
    assert asked_subject(question) == ""


def test_years_and_names_that_a_document_says_often() -> None:
    text = (
        "Léon Trotsky naît en 1879. Il écrit à Lénine en 1902 et voit Lénine à Londres en octobre "
        "1902. Depuis, Trotsky lit 1905 pages, vend 1500 livres à 2000 € et rencontre Léon Sedov, "
        "puis Léon Sedov encore. Hier, Trotsky partit. Hier encore, hier toujours."
    )
    years, names = told_often(Document("a", "a", text, "a"))
    assert years == [("1902", 2), ("1879", 1)]
    assert names == [("Trotsky", 3), ("Lénine", 2), ("Léon Sedov", 2)]


def test_a_question_about_the_documents_stands_beside_another(assistant: Assistant) -> None:
    answer = assistant.answer("Quand se visite le rucher ? De quoi parlent ces documents ?")
    assert (answer.status, answer.note) == ("answered", "3 documents en tout.")
    assert {"understand", "search", "answer"} == set(answer.timings)


def test_words_may_be_given_where_nothing_was_said_before(assistant: Assistant) -> None:
    answer = assistant.answer("Quand se visite-t-il ?", context=["rucher"])
    assert answer.standalone_question == "Quand se visite-t-il ? (rucher)"
    assert answer.citations[0].document_id == "ruches.md"
