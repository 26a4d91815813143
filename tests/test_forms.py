"""Other forms of what a question names."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import FakeEmbedder
from fake_reader import FakeReader
from qa.assistant import Assistant
from qa.forms import dates, expansions, pairs, spelled
from qa.index import open_index, update_index

WAGE = "Le salaire minimum interprofessionnel de croissance (SMIC) est relevé au 1er janvier."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (WAGE, [("SMIC", "salaire minimum interprofessionnel de croissance")]),
        (
            "Né en Union des républiques socialistes soviétiques (URSS), il partit.",
            [("URSS", "Union des républiques socialistes soviétiques")],
        ),
        ("La NEP (Nouvelle politique économique) dura.", [
            ("NEP", "Nouvelle politique économique"),
        ]),
        ("un pacte civil de solidarité (P.A.C.S.)", [("P.A.C.S.", "pacte civil de solidarité")]),
        ("Le maire (Paris) et le comité (1921) votent. Voir l’annexe (A).", []),
        ("Le musée de la Marine (SNCF) rouvre.", []),
        ("Le plan local d’urbanisme (PLU) et le document d’orientation (DOO).", [
            ("PLU", "plan local d’urbanisme"),
        ]),
    ],
)  # fmt: skip
def test_pairs_that_a_text_gives(text: str, found: list[tuple[str, str]]) -> None:
    assert list(pairs(text)) == found


def test_a_question_is_given_the_other_form() -> None:
    long = "salaire minimum interprofessionnel de croissance"
    assert expansions("Quel est le montant du SMIC ?", [WAGE, WAGE]) == (long,)
    assert expansions("c koi le smic", [WAGE]) == (long,)
    assert expansions(f"Quel est le {long} en 2024 ?", [WAGE]) == ("SMIC",)
    assert expansions(f"Le {long} (SMIC)", [WAGE]) == ()
    assert expansions("Quel est le salaire minimum ?", [WAGE]) == ()
    assert expansions("Quel est le montant du SMIC ?", ["Rien (ici)."]) == ()


@pytest.mark.parametrize(
    ("question", "forms"),
    [
        ("Que s’est-il passé le 14 mai 2025 ?", ("14/05/2025",)),
        ("Que s’est-il passé le 1er août 1914 ?", ("01/08/1914",)),
        ("réunion du 14/05/2025", ("14 mai 2025",)),
        ("facture 1.12.2023", ("1er décembre 2023",)),
        ("entre le 3 FEVRIER 2020 et le 05-03-2020", ("03/02/2020", "5 mars 2020")),
        ("le 31/13/2020, en mai 2025, art. 12.3.1", ()),
    ],
)
def test_dates_in_words_and_figures(question: str, forms: tuple[str, ...]) -> None:
    assert dates(question) == forms


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ou est ne trotsky", "ou est né trotsky"),
        ("Quand est-elle nee ?", "Quand est-elle née ?"),
        ("OU EST NE LENINE ?", "ou est né lenine ?"),
        ("où sont nes ses fils", "où sont nés ses fils"),
        ("Il est né. Elle ne répond pas, ce n'est net ni neuf.", None),
        ("qui ne fut ni roi ni prince", None),
        ("SMIC", None),
    ],
)
def test_who_was_born_without_an_accent(typed: str, meant: str | None) -> None:
    assert spelled(typed) == (meant or typed)


def test_an_acronym_is_found_where_only_its_long_form_stands_and_the_other_way(
    tmp_path: Path,
) -> None:
    texts = {
        "a.md": "# Paie\n\n" + WAGE + "\n",
        "b.md": "# Barème\n\nLe SMIC est de 11,88 euros brut.\n",
        "c.md": "# Note\n\nLe salaire minimum interprofessionnel de croissance suit les prix.\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    update_index(tmp_path, tmp_path / "index", FakeEmbedder())
    assistant = Assistant(open_index(tmp_path / "index"), FakeEmbedder(), FakeReader())
    long = "salaire minimum interprofessionnel de croissance"
    for question in ("Que suit le SMIC ?", f"De combien est le {long} ?"):
        answer = assistant.answer(question, method="lexical")
        assert {hit.passage.document_id for hit in answer.hits} == set(texts)
        assert answer.standalone_question == question
