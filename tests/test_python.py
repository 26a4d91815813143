"""The house from Python: an index from texts, answers as values, text and HTML, evaluation."""

from __future__ import annotations

import importlib.metadata
import io
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

import qa
from conftest import FakeEmbedder
from qa.cli.printing import print_answer
from qa.index import update_index
from qa.records import Answer, Citation, Document, Heading, Hit, Passage
from qa.web.access import Access
from qa.web.page import Page
from qa.web.server import create_app

TEXTS = [
    "Léon Trotsky est mort à Mexico le 21 août 1940.",
    "Lénine est mort à Gorki le 21 janvier 1924.",
]


def ids(assistant: qa.Assistant) -> list[str]:
    return [entry.id for entry in assistant.index.store.documents()]


def test_the_version_is_that_of_the_package() -> None:
    assert qa.__version__ == importlib.metadata.version("sourcier")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        qa.nothing  # noqa: B018


def test_texts_are_searched_in_a_folder_that_goes(fake_embedder: FakeEmbedder) -> None:
    with qa.build(TEXTS, model=fake_embedder) as assistant:
        folder = assistant.index.path.parent
        assert folder.is_dir()
        assert ids(assistant) == ["texte-1", "texte-2"]
        hits = assistant.search("Mexico", method="lexical")
        assert hits[0].passage.document_id == "texte-1"
        assert hits[0].passage.text == TEXTS[0]
    assert not folder.exists()
    with pytest.raises(qa.QAError, match="the index was closed"):
        assistant.search("Mexico", method="lexical")


def test_an_assistant_that_is_forgotten_leaves_nothing(fake_embedder: FakeEmbedder) -> None:
    assistant = qa.build(TEXTS, model=fake_embedder)
    folder = assistant.index.path.parent
    del assistant
    assert not folder.exists()


def test_an_index_that_was_named_stays(fake_embedder: FakeEmbedder, tmp_path: Path) -> None:
    with qa.build({"trotsky": TEXTS[0]}, tmp_path / "index", model=fake_embedder) as assistant:
        assert ids(assistant) == ["trotsky"]
        generation = assistant.index.path
    assert generation.is_dir()
    fake_embedder.embedded = 0
    with qa.build(
        {"trotsky": TEXTS[0], "lénine": TEXTS[1]}, tmp_path / "index", model=fake_embedder
    ) as assistant:
        assert ids(assistant) == ["trotsky", "lénine"]
    assert fake_embedder.embedded == 1


def test_a_document_stays_as_it_is(fake_embedder: FakeEmbedder) -> None:
    document = Document(
        "a",
        "Un titre",
        "Un titre\n\nLe  texte.",
        "https://a.fr",
        (Heading(1, 0, 8),),
        {"date": "1"},
    )
    with qa.build([document], model=fake_embedder) as assistant:
        assert assistant.document("a") == document


def test_a_folder_is_read_and_what_is_not_is_told(
    fake_embedder: FakeEmbedder, write_corpus: Callable[..., Path]
) -> None:
    corpus = write_corpus({"a.txt": TEXTS[0], "b.txt": ""})
    with pytest.warns(UserWarning, match=r"1 not read \(b.txt: empty file\)"):
        assistant = qa.build(str(corpus), model=fake_embedder)
    assert ids(assistant) == ["a.txt"]
    assistant.close()


def test_documents_are_added_replaced_and_removed(fake_embedder: FakeEmbedder) -> None:
    with qa.build(TEXTS, model=fake_embedder) as assistant:
        fake_embedder.embedded = 0
        report = assistant.add(["Staline est mort à Kountsevo."])
        assert (report.added, report.embedded) == (("texte-3",), 1)
        assert fake_embedder.embedded == 1
        assert assistant.search("Kountsevo", method="lexical")[0].passage.document_id == "texte-3"
        report = assistant.add({"texte-1": "Trotsky naquit à Ianovka."})
        assert (report.changed, report.added) == (("texte-1",), ())
        assert ids(assistant) == ["texte-1", "texte-2", "texte-3"]
        assert not [
            hit
            for hit in assistant.search("Mexico", method="lexical")
            if "Mexico" in hit.passage.text
        ]
        assert assistant.remove("texte-2", "texte-3").deleted == ("texte-2", "texte-3")
        assert ids(assistant) == ["texte-1"]
        with pytest.raises(qa.QAError, match="no document 'texte-9' in the index"):
            assistant.remove("texte-9")
        with pytest.raises(qa.QAError, match="Give at least one"):
            assistant.remove("texte-1")
        assert ids(assistant) == ["texte-1"]


def test_a_folder_says_again_what_it_says(
    fake_embedder: FakeEmbedder, write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    corpus = write_corpus({"a.txt": TEXTS[0]})
    with qa.build(corpus, tmp_path / "index", model=fake_embedder) as assistant:
        assistant.add({"b": TEXTS[1]})
        assert ids(assistant) == ["a.txt", "b"]
    report = update_index(corpus, tmp_path / "index", fake_embedder)
    assert (report.deleted, report.unchanged, report.embedded) == (("b",), ("a.txt",), 0)


def test_texts_are_served_without_a_folder(fake_embedder: FakeEmbedder) -> None:
    with qa.build(TEXTS, model=fake_embedder) as assistant:
        page = Page(assistant, assistant.index.path.parent)
        assert 'class="indexed"' in page.view.welcome
        assert 'class="add"' not in page.view.welcome
        with pytest.raises(qa.QAError, match="--allow-upload adds to the folder"):
            create_app(assistant, access=Access(upload=True))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "Give at least one"),
        (["", "x"], "'texte-1' has no text"),
        ([1], "int is no text"),
        ([Document("a", "", "x", "a"), Document("a", "", "y", "a")], "'a' is given twice"),
    ],
)
def test_what_is_no_text_is_told(
    fake_embedder: FakeEmbedder, given: list[str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(qa.QAError, match=told):
        qa.build(given, tmp_path / "index", model=fake_embedder)


def test_one_text_is_not_its_letters(fake_embedder: FakeEmbedder) -> None:
    assistant = qa.build(TEXTS, model=fake_embedder)
    with assistant, pytest.raises(qa.QAError, match=r"give a list of texts"):
        assistant.add(TEXTS[0])


def test_questions_and_their_documents_are_a_test_set(fake_embedder: FakeEmbedder) -> None:
    with qa.build(TEXTS, model=fake_embedder) as assistant:
        found = qa.evaluate(
            assistant,
            {"Qui est mort à Mexico ?": "texte-1", "Qui est mort à Gorki ?": ["texte-1"]},
            methods=["lexical"],
        )
    assert found.to_json()["methods"]["lexical"]["RR@10"] == 0.75
    assert [row["RR@10"] for row in found.per_query()] == [1.0, 0.5]
    assert "RR@10" in str(found)


PASSAGE = Passage("a.txt", "Trotsky", ("Mort",), 10, 45, "Il vécut. Il mourut en 1940 & repose.")
CITATION = Citation(
    1, "a.txt", "Trotsky", ("Mort",), "a.txt", 20, 46, "Il mourut en 1940 & repose", 3, ((33, 37),)
)
HIT = Hit(PASSAGE, 1, 0.5, 0.4, 2.0, 7)
ANSWER = Answer("q", "q", "answered", (CITATION,), 0.9, (HIT,), {})
REFUSAL = Answer("q", "q", "not_found", (), 0.1, (HIT,), {}, "Rien <trouvé>.", (CITATION,))
PLACE = "Trotsky › Mort, p. 3 (a.txt, caractères 20-46)"


def test_an_answer_reads_as_text() -> None:
    assert str(ANSWER) == f"« Il mourut en 1940 & repose » [1]\n\n[1] {PLACE}"
    assert ANSWER.text("<", ">").startswith("« Il mourut en <1940> & repose »")
    assert str(REFUSAL) == (
        "Rien <trouvé>.\n\nLa phrase la plus proche, qui ne répond sans doute pas :\n"
        f"{PLACE}\n« Il mourut en 1940 & repose »\n\n"
        "Passages proches, sans réponse :\n  - Trotsky › Mort [a.txt]"
    )


def test_an_answer_shows_its_quote_in_its_passage() -> None:
    assert ANSWER._repr_html_() == (
        "<p>Il vécut. <mark>Il mourut en <b>1940</b> &amp; repose</mark>.<br>"
        f"<small>[1] {PLACE}</small></p>"
    )
    assert REFUSAL._repr_html_() == (
        "<p>Rien &lt;trouvé&gt;.</p>\n<p>Passages proches, sans réponse :</p>"
        "<ul><li>Trotsky › Mort [a.txt]</li></ul>"
    )


def test_hits_make_a_table() -> None:
    table = pandas.DataFrame([hit.to_dict() for hit in (HIT, HIT)])
    assert table["document_id"].tolist() == ["a.txt", "a.txt"]
    assert table["dense"].sum() == 0.8
    assert ANSWER.to_dict()["hits"] == [HIT.to_dict()]
    assert ANSWER.to_dict()["citations"][0]["quote"] == CITATION.quote


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "short"),
    [({}, "\033[1m1940\033[22m"), ({"NO_COLOR": "1"}, "1940"), ({"TERM": "dumb"}, "1940")],
)
def test_a_terminal_gets_short_lines_and_bold(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], short: str
) -> None:
    for name, value in {"COLUMNS": "40", "NO_COLOR": "", "TERM": "xterm", **environment}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    print_answer(ANSWER)
    assert terminal.getvalue() == (
        f"«\u00a0Il mourut en {short} & repose\u00a0»\u00a0[1]\n\n"
        "[1] Trotsky › Mort, p. 3 (a.txt,\n    caractères 20-46)\n"
    )


def test_a_pipe_gets_the_answer_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(ANSWER)
    assert capsys.readouterr().out == f"{ANSWER}\n"


def test_a_question_is_asked_of_some_documents(fake_embedder: FakeEmbedder) -> None:
    texts = {"fr/a.md": TEXTS[0], "fr/b.md": TEXTS[1], "c.txt": "Staline est mort à Moscou."}
    with qa.build(texts, model=fake_embedder) as assistant:
        answer = assistant.answer("Qui est mort à Mexico ?", only="fr/b.md")
        assert {hit.passage.document_id for hit in answer.hits} == {"fr/b.md"}
        assert answer.only == ("fr/b.md",)
        assert str(answer).startswith("Cherché seulement dans : fr/b.md\n\n")
        assert "Cherché seulement dans : fr/b.md" in answer._repr_html_()
        found = assistant.search("mort", only=["fr", "*.txt"])
        assert {hit.passage.document_id for hit in found} == set(texts)
        everything = assistant.answer("Qui est mort à Mexico ?")
        assert everything.only == () and "Cherché" not in str(everything)
        # Questions about the documents are about these.
        told = assistant.answer("De quoi parlent les documents ?", only="fr")
        assert [c.document_id for c in told.citations] == ["fr/a.md", "fr/b.md"]
        many = assistant.answer("mort ?", only=[*texts, "fr", "*.txt", "*.md"])
        assert "c.txt, fr, *.txt et 1 de plus" in str(many)
