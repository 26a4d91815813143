"""What an index notes of its passages: their language, and which repeat one another."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.cli import main
from qa.index import LanguageCount, open_index, update_index
from qa.index.languages import detect_language, passage_languages
from qa.index.repeats import LEAST_ALIKE, SIGNATURE, first_rows, likeness, signature
from qa.question import make_question
from qa.search import METHODS

FRENCH = (
    "La mairie est ouverte du lundi au vendredi, et le samedi matin pour les actes d’état civil. "
    "Les habitants qui ne peuvent pas se déplacer écrivent au service, qui leur répond dans la "
    "semaine."
)
ENGLISH = (
    "The town hall is open from Monday to Friday, and on Saturday morning for certificates. People "
    "who cannot come may write to the office, which answers them within a week."
)
GERMAN = (
    "Das Rathaus ist von Montag bis Freitag geöffnet, am Samstag nur vormittags. Wer nicht kommen "
    "kann, schreibt an das Amt, das ihm innerhalb einer Woche antwortet."
)


# --- Languages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FRENCH, "fr"),
        (FRENCH.upper(), "fr"),
        ("Quand est-il né, et où ?", "fr"),
        ("Prière de fermer doucement la porte derrière soi", "fr"),
        (ENGLISH, "en"),
        (GERMAN, "de"),
        ("El ayuntamiento abre de lunes a viernes y los sábados por la mañana.", "es"),
        ("Il municipio è aperto dal lunedì al venerdì e il sabato mattina.", "it"),
        ("Мэрия открыта с понедельника по пятницу и в субботу утром.", "ru"),
        ("Bibliographie", "und"),
        ("12 % — 34,5 — 1 200 €", "und"),
        ("- John Reed, Ten Days That Shook the World, Boni, 1919.\n- Nicolas Soukhanov", "und"),
        ("", "und"),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_passage_that_does_not_tell_has_the_language_of_its_document() -> None:
    assert passage_languages(["Notes", FRENCH, ENGLISH, FRENCH]) == ("fr", ["fr", "fr", "en", "fr"])
    assert passage_languages(["Notes", "12"]) == ("und", ["und", "und"])
    assert passage_languages([]) == ("und", [])


def test_languages_are_counted_and_told(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    corpus = write_corpus(
        {
            "deux.md": f"# Deux langues\n\n## Une\n\n{FRENCH}\n\n## Autre\n\n{ENGLISH}\n",
            "mairie.txt": FRENCH,
            "rathaus.txt": GERMAN,
        }
    )
    report = update_index(corpus, corpus.parent / "index", fake_embedder)
    expected = {"fr": LanguageCount(2, 2), "de": LanguageCount(1, 1), "en": LanguageCount(0, 1)}
    assert report.languages == expected
    main(["status", "--index", str(corpus.parent / "index"), "--json"])
    fields = json.loads(capsys.readouterr().out)
    assert fields["languages"]["de"] == {"documents": 1, "passages": 1}
    assert [entry["language"] for entry in fields["document_list"]] == ["fr", "fr", "de"]
    main(["status", "--index", str(corpus.parent / "index")])
    out = capsys.readouterr().out
    assert "languages fr 2 passages (2 documents), de 1 passages (1 documents)" in out
    assert "rathaus.txt  Rathaus  [de]" in out


# --- Repetitions ---------------------------------------------------------------------------------


def firsts(*texts: str) -> list[int]:
    signatures = np.array([signature(text) for text in texts])
    return [int(row) for row in first_rows(signatures, texts.__getitem__)]


def test_the_same_words_repeat_whatever_their_dress() -> None:
    assert firsts(FRENCH, FRENCH.replace(" ", "\n").replace("’", "'"), "Autre chose.") == [0, 0, 2]


def test_nearly_the_same_words_repeat() -> None:
    edited = FRENCH.replace("dans la semaine", "dans la semaine, en principe")
    assert likeness(FRENCH, edited) > LEAST_ALIKE
    assert firsts(FRENCH, edited, ENGLISH) == [0, 0, 2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lundi", "mardi et mercredi, toute la journée, sans interruption, hiver comme été, lundi"),
        ("La mairie", "La mairie de Lyon"),
        ("la semaine", "les 8 jours"),
    ],
)
def test_other_facts_do_not_repeat(old: str, new: str) -> None:
    assert firsts(FRENCH, FRENCH.replace(old, new)) == [0, 1]


def test_figures_that_differ_are_two_passages() -> None:
    text = f"{FRENCH} Le taux est de {{}} % depuis 2020."
    rates = ["3", "4", "3,5", "-3", "3", "1 200"]
    assert firsts(*(text.format(rate) for rate in rates)) == [0, 1, 2, 3, 0, 5]


def test_short_passages_repeat_only_word_for_word() -> None:
    assert firsts("Ouvert le matin.", "ouvert, le matin", "Ouvert le soir.") == [0, 0, 2]


def test_many_edited_copies_are_found_and_others_are_not() -> None:
    """Each of 300 texts of random words, and a copy with two in a hundred words replaced."""
    chance = random.Random(2)
    words = [f"{a}{b}" for a in "bcdfghjklmnpr" for b in ("al", "on", "ire", "ète", "ou")]
    texts = [" ".join(chance.choices(words, k=100)) for _ in range(300)]
    edited = []
    for text in texts:
        parts = text.split()
        for place in chance.sample(range(100), 2):
            parts[place] = "autrement"
        edited.append(" ".join(parts))
    assert firsts(*texts, *edited) == [*range(300), *range(300)]


def test_signatures_never_change() -> None:
    """They are kept in the index from run to run: other values would find nothing."""
    assert signature("Ouvert le matin.").shape == (SIGNATURE,)
    assert [int(value) % 10_000 for value in signature(FRENCH)[:4]] == [7444, 8756, 1655, 4471]


COPIES = {
    "a.md": f"# Mairie\n\n{FRENCH}\n",
    "b.txt": FRENCH.replace("dans la semaine", "dans la semaine, en principe"),
    "c.md": "# Piscine\n\nLa piscine est fermée le mardi pour le nettoyage des bassins.\n",
}


@pytest.mark.parametrize("method", METHODS)
def test_repetitions_are_shown_once_by_their_best(
    method: str, write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(COPIES)
    report = update_index(corpus, corpus.parent / "index", fake_embedder)
    assert report.repeated_passages == 1
    (repeated,) = report.repeated_documents
    assert (repeated.id, repeated.of, repeated.share) == ("b.txt", "a.md", 1.0)
    index = open_index(corpus.parent / "index")
    for question, best in (("mairie ouverte", "a.md"), ("réponse en principe", "b.txt")):
        query = make_question(question, fake_embedder)
        hits = METHODS[method](index, query, 10)
        shown = [hit.passage.document_id for hit in hits]
        assert [name for name in shown if name in ("a.md", "b.txt")] == [best]
        for hit in hits:
            text = index.document(hit.passage.document_id).text
            assert text[hit.passage.start : hit.passage.end] == hit.passage.text


def test_a_repetition_is_told_and_ends_with_its_first(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    corpus = write_corpus(COPIES)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    main(["status", "--index", str(corpus.parent / "index")])
    assert "repeats  b.txt: says the same as a.md" in capsys.readouterr().out
    (corpus / "a.md").unlink()
    report = update_index(corpus, corpus.parent / "index", fake_embedder)
    assert (report.repeated_passages, report.repeated_documents) == (0, ())
