"""Where a question's words stand in the sentences of a passage, by hand."""

from __future__ import annotations

import pytest

from qa.matching import KNOWN, Matcher, Sentence, spelled_alike
from qa.questions import Term
from qa.records import Passage


def matcher(**weights: float) -> Matcher:
    """Of words that are their own stems."""
    return Matcher([Term(form, form, weight, False) for form, weight in weights.items()])


def read(found: Matcher, text: str, *headings: str) -> list[Sentence]:
    return list(found.read(Passage("a.md", "Lénine", headings, 0, len(text), text)))


def test_terms_match_by_stem_family_or_spelling() -> None:
    found = Matcher(
        [
            Term("ne", "ne", 1.0, False),
            Term("trotski", "trotsk", 1.0, False),
            Term("1917", "1917", 1.0, False),
        ]
    )
    assert found.numbers("Trotsky naquit en 1879.") == {0, 1}
    assert found.numbers("Il ne vient pas.") == frozenset()
    assert found.numbers("Il est né en 1917.") == {0, 2}
    assert spelled_alike("trotski", "trotsky")
    assert not spelled_alike("lenine", "staline")


def test_shares_of_the_terms_are_weighed() -> None:
    text = "Le parti siège à Gorki. Le soviet vote. La paix vient."
    first, second, third = read(matcher(gorki=3.0, soviet=1.0, paix=4.0), text)
    assert [s.coverage for s in (first, second, third)] == pytest.approx([3 / 8, 1 / 8, 4 / 8])
    assert [s.context for s in (first, second, third)] == pytest.approx([3 / 8, 4 / 8, 5 / 8])
    assert [s.after for s in (first, second, third)] == pytest.approx([1 / 8, 4 / 8, 0])
    assert text[second.start : second.end] == second.own.capitalize() == "Le soviet vote."
    assert [text[place.start : place.end] for place in third.places] == ["paix"]


def test_a_term_of_the_title_counts_less_in_the_sentence_and_wholly_around_it() -> None:
    (sentence,) = read(matcher(lenin=2.0, gorki=1.0), "Gorki accueille tout le monde.")
    assert sentence.coverage == pytest.approx(1 / (1 + 2 * KNOWN))
    assert sentence.context == 1.0


def test_a_phrase_keeps_the_questions_order() -> None:
    found = matcher(train=1.0, blind=1.0)
    assert read(found, "Il part dans un train de nuit blindé.")[0].phrase == 1.0
    assert read(found, "Le corps blindé monte dans le train.")[0].phrase == 0.0
    far = "Le train qui part ce matin de la gare du Nord est blindé."
    assert read(found, far)[0].phrase == 0.0


def test_a_pronoun_brings_the_sentence_before_and_a_colon_the_list_below() -> None:
    text = "Gorki vote. Il part.\n\nIl vit dans deux pays :\n- la Suisse\n- la Norvège\n\nFin."
    found = read(matcher(gorki=1.0, norveg=1.0), text)
    assert [text[s.start : s.end] for s in found] == [
        "Gorki vote.",
        "Gorki vote. Il part.",
        "Il vit dans deux pays :\n- la Suisse\n- la Norvège",
        "- la Suisse",
        "- la Norvège",
        "Fin.",
    ]
    assert [s.merged for s in found] == [False, True, False, False, False, False]
    assert found[1].folded == "gorki vote. il part."
    assert (found[1].coverage, found[2].coverage) == (0.5, 0.5)


def test_titles_and_questions_say_nothing() -> None:
    assert read(matcher(lenin=1.0), "Lénine\n\nQui est Lénine ?") == []
    assert read(matcher(exil=1.0), "Exil\n\nL'exil dure.", "Exil")[0].own == "l'exil dure."
