"""French text analysis: exact words, stems, grams and sentence boundaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.french import analyse_grams, analyse_words, fold, split_sentences, words


def test_fold() -> None:
    assert fold("Œuvre d’Été À Ÿ") == "oeuvre d'ete a y"


def test_words_split_at_both_apostrophes_and_keep_offsets() -> None:
    text = "L’armée et l'État"
    assert [(text[w.start : w.end], w.form, w.is_stop) for w in words(text)] == [
        ("L", "l", True),
        ("armée", "armee", False),
        ("et", "et", True),
        ("l", "l", True),
        ("État", "etat", False),
    ]


def test_a_question_without_accents_has_the_same_stems() -> None:
    accented = "Pourquoi la révolte des marins a-t-elle été réprimée à Cronstadt ?"
    assert analyse_words(accented) == analyse_words(fold(accented))
    assert analyse_words(accented) == ["revolt", "marin", "reprime", "cronstadt"]


def test_an_accent_tells_a_content_word_from_a_function_word() -> None:
    assert analyse_words("Où est né Lénine ?") == ["ne", "lenin"]
    assert analyse_words("Il ne va pas sur la place.") == ["va", "plac"]


def test_grams_are_within_words() -> None:
    assert analyse_grams("le soviet du Don") == [
        "_sov", "sovi", "ovie", "viet", "iet_", "_don", "don_",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Il vint. Il vit.", ["Il vint.", "Il vit."]),
        ("L. D. Trotsky naît en 1879. Il part.", ["L. D. Trotsky naît en 1879.", "Il part."]),
        ("M. Dupont et Mme. Curie. Ils rient.", ["M. Dupont et Mme. Curie.", "Ils rient."]),
        ("En 44 av. J.-C. Il meurt.", ["En 44 av. J.-C.", "Il meurt."]),
        ("L’U.R.S.S. Elle dura.", ["L’U.R.S.S.", "Elle dura."]),
        ("Voir art. 5 et p. 12. Fin.", ["Voir art. 5 et p. 12.", "Fin."]),
        ("C’est de l’art. Il rit.", ["C’est de l’art.", "Il rit."]),
        ("Le n° 3.5 sort. Bien.", ["Le n° 3.5 sort.", "Bien."]),
        ("Le roi Charles V. Il régna.", ["Le roi Charles V.", "Il régna."]),
        ("Vraiment ? Oui ! Bon… Enfin.", ["Vraiment ?", "Oui !", "Bon…", "Enfin."]),
        ("Il hésite… puis part.", ["Il hésite… puis part."]),
        ("« Quoi ? » dit-il. Rien.", ["« Quoi ? » dit-il.", "Rien."]),
        (
            "Il dit : « Non. Jamais. » Elle part.",
            ["Il dit : « Non. Jamais. »", "Elle part."],
        ),
        ("Un, deux, etc. Les autres.", ["Un, deux, etc.", "Les autres."]),
        ("1. Premier point. Suite.", ["1. Premier point.", "Suite."]),
        ("Titre\n\n- un\n- deux", ["Titre", "- un", "- deux"]),
        ("Le 3 sept. 1914 il part. Bien.", ["Le 3 sept. 1914 il part.", "Bien."]),
        ("Ils sont sept. Les autres dorment.", ["Ils sont sept.", "Les autres dorment."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end].strip() for start, end in split_sentences(text)] == expected


@given(st.text(alphabet='aB. ?!…«»"’1\n\u00a0éM', max_size=80))
def test_sentences_are_a_partition(text: str) -> None:
    assert "".join(text[start:end] for start, end in split_sentences(text)) == text


def test_a_run_of_marks_is_looked_at_once() -> None:
    import time

    start = time.process_time()
    assert split_sentences("." * 1_000_000 + " Fin.") == [(0, 1_000_001), (1_000_001, 1_000_005)]
    assert time.process_time() - start < 5  # trying each mark anew would take hours


def test_numbers_units_and_ranges_stay_in_one_sentence() -> None:
    for text in (
        "Ouvert du 6 au 8 déc. 2025, de 9 h. 30 à 12 h. 15, max. 12 pers. par groupe.",
        "Tél. 05 55 12 34 56, n° 12, p. 4, env. 410 000 € (art. 8.3).",
        "Il vaut 1 234,50 € au 30/04/2026 et 37 035 € ensuite.",
    ):
        assert split_sentences(text) == [(0, len(text))]
    ended = "Le musée ferme à 18 h. Il ouvre à 9 h."
    assert [ended[a:b] for a, b in split_sentences(ended)] == [
        "Le musée ferme à 18 h. ",
        "Il ouvre à 9 h.",
    ]
