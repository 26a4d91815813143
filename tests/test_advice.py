"""What a refusal says."""

from __future__ import annotations

import pytest

from qa.answering.advice import NEAR, NOTHING_NEAR, advise
from qa.french import analyse_words
from qa.records import Hit, Passage

TEXT = "La révolte de Cronstadt fut écrasée par l’Armée rouge en mars 1921."
HITS = [Hit(Passage("a", "Mars 1921", (), 0, len(TEXT), TEXT), 1, 0.5, 0.5, 1.0, 0)]


def told(question: str) -> tuple[str, str]:
    known = set(analyse_words(TEXT))
    return advise(question, HITS, lambda stem: int(stem in known))


def test_what_is_near_and_what_is_not() -> None:
    assert told("Qui dirigeait l’Armée rouge ?") == (
        f"{NEAR} Aucun ne contient «\u202fdirigeait\u202f».", ""
    )  # fmt: skip
    # Another ending is no other word.
    assert told("Qui a écrasé la révolte ?") == (NEAR, "")
    assert told("Comment renouveler un passeport ?") == (
        f"{NOTHING_NEAR} Aucun ne contient «\u202frenouveler\u202f», «\u202fpasseport\u202f».", ""
    )  # fmt: skip
    assert told("Et alors ?") == (NOTHING_NEAR, "")
    assert told("Combien coûte la révolte ?") == (NEAR, "")


def test_a_word_spelled_nearly_as_in_the_documents_is_suggested() -> None:
    assert told("qui a écrasé la révolte de kronstad ?")[1] == (
        "qui a écrasé la révolte de Cronstadt ?"
    )
    assert told("La révolt de Cronstat")[1] == "La révolt de Cronstadt"
    # A short word is like too many others; a word that is right stays as it is typed.
    assert told("Quel mrs 1921 ?")[1] == ""
    assert told("la REVOLTE de cronstadt")[1] == ""


def test_a_long_question_of_unknown_words_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[str] = []

    def compare(word: str, *_: object, **__: object) -> list[str]:
        compared.append(word)
        return []

    monkeypatch.setattr("difflib.get_close_matches", compare)
    told(" ".join(f"zq{number}xwvk" for number in range(200)))
    assert len(compared) == 3


def test_nothing_found_is_no_fault() -> None:
    assert advise("Quelle étoile ?", [], lambda _: 0) == (
        f"{NOTHING_NEAR} Aucun ne contient «\u202fétoile\u202f».", ""
    )  # fmt: skip


def test_another_form_of_a_word_is_no_misspelling() -> None:
    text = "Quiconque court au bord est exclu par Trotsky."
    hits = [Hit(Passage("a", "", (), 0, len(text), text), 1, 1.0, 1.0, 1.0, 0)]
    assert advise("Que risque celui que je cours ?", hits, lambda _: 0)[1] == ""
    assert advise("Que fait Trotski ?", hits, lambda _: 0)[1] == "Que fait Trotsky ?"
