"""Articles and sections by their number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import FakeEmbedder, FakeReader
from qa.assistant import Assistant
from qa.index import open_index, update_index
from qa.numbering import asks_for_text, named_places, place_span
from qa.records import Passage

CODE = """Article 144
Le mariage n'est permis qu'à dix-huit ans.
Article 184
Tout mariage contraire aux articles 144, 146 et 147 peut être attaqué.
8.3 Vérifier le matériel
Chacun vérifie son casque.
Art. R. 1234-2
L'indemnité ne peut être inférieure.
"""


@pytest.mark.parametrize(
    ("question", "places", "whole"),
    [
        ("Que dit l'article 144 ?", {"144"}, True),
        ("que prévoit l’art. R. 1234-2", {"r1234-2"}, True),
        ("R1234-2", {"r1234-2"}, True),
        ("Que dit le 8.3 ?", {"8.3"}, True),
        ("article 4 des statuts", {"4"}, True),
        ("Que dit l’article premier ?", {"1"}, True),
        ("Qui vote selon l'article 7 ?", {"7"}, False),
        ("Quel est le prix en 2023 ?", set(), False),
        ("Combien coûte 3,50 euros ?", set(), False),
        ("Quel est le taux de 2.5 % ?", set(), False),
    ],
)
def test_what_a_question_names(question: str, places: set[str], whole: bool) -> None:
    assert named_places(question) == places
    assert (bool(named_places(question)) and asks_for_text(question)) is whole


def test_a_place_goes_on_to_the_next_one() -> None:
    passage = Passage("code.txt", "Code", (), 0, len(CODE), CODE)

    def text(number: str) -> str:
        span = place_span(passage, frozenset({number}))
        return "" if span is None else CODE[slice(*span)].strip()

    assert text("144") == "Article 144\nLe mariage n'est permis qu'à dix-huit ans."
    assert text("8.3").endswith("son casque.")
    assert text("r1234-2").endswith("inférieure.")
    assert text("146") == ""
    assert place_span(passage, frozenset({"7"})) is None
    members = Passage("a", "", ("Article 7",), 0, 18, "7 membres présents")
    assert place_span(members, frozenset({"7"})) == (0, 18)
    assert place_span(Passage("a", "", (), 0, 18, members.text), frozenset({"7"})) is None


@pytest.mark.parametrize("method", ["hybrid", "dense", "lexical"])
def test_the_article_that_is_asked_for_is_quoted(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, method: str
) -> None:
    articles = {
        f"{n}.md": f"# Article {n}\n\nContraire aux articles 144, 145 et 146 : règle {n}.\n"
        for n in range(140, 150)
    }
    corpus = write_corpus(articles)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    reader: Any = FakeReader({})
    assistant = Assistant(open_index(corpus.parent / "index"), fake_embedder, reader)
    answer = assistant.answer("Que dit l'article 144 ?", method=method)
    assert [cited.document_id for cited in answer.citations] == ["144.md"]
    assert "règle 144." in answer.citations[0].quote
    assert answer.hits[0].passage.document_id == "144.md"
