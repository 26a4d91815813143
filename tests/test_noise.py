"""Hurried typing, imitated: exactly one error, the same for the same seed, and how often."""

from __future__ import annotations

import random

import pytest

from qa.french import fold
from qa.noise import hurried, keywords, one_typo, training_noise, without_accents


def distance(a: str, b: str) -> int:
    """Edits between two strings, a swap of neighbours being one (Damerau)."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(40))
def test_exactly_one_typing_error(seed: int) -> None:
    question = "Où l’écrivain Émile Zola est-il né en avril 1840 ?"
    noised = one_typo(question, random.Random(seed))
    assert distance(fold(noised), fold(question)) == 1
    assert sum(a != b for a, b in zip(noised.split(), question.split(), strict=True)) == 1


def test_noise_is_seeded_and_has_no_accents() -> None:
    question = "Quelle œuvre de Molière a été jouée à l’été 1664 ?"
    assert hurried(question, 1) == hurried(question, 1)
    assert len({hurried(question, seed) for seed in range(20)}) > 5
    assert hurried(question, 1).isascii()
    assert without_accents("Où naît l’œuvre ?") == "Ou nait l'oeuvre ?"


def test_a_text_without_long_words_has_no_typing_error() -> None:
    assert one_typo("Où va-t-il ?", random.Random(0)) == "Où va-t-il ?"


def test_keywords_keep_the_words_that_carry_meaning() -> None:
    assert keywords("Quelle est la capitale de la France ?") == "capitale France"
    assert keywords("Qui est-ce ?") == "Qui est-ce ?"


def test_training_noise_is_of_every_kind_in_its_share() -> None:
    chance = random.Random(0)
    question = "À quel âge Émile Zola écrivit-il son œuvre ?"
    noised = [training_noise(question, chance, 1.0) for _ in range(2000)]
    shares = {
        "no accents": sum(text.isascii() for text in noised),
        "no capitals": sum(text == text.lower() for text in noised),
        "no mark": sum("?" not in text for text in noised),
        "key words": sum(len(text.split()) < 7 for text in noised),
        "as it was": sum(text == question for text in noised),
    }
    # Key words leave the question mark out too: 1/2 + 1/2 * 0.15.
    wanted = (0.5, 0.5, 0.575, 0.15, 0.5**3 * 0.85 * 0.6)
    for (kind, count), share in zip(shares.items(), wanted, strict=True):
        assert count / 2000 == pytest.approx(share, abs=0.04), kind
    kept = sum(training_noise(question, chance, 0.4) == question for _ in range(2000))
    assert kept / 2000 == pytest.approx(0.6 + 0.4 * wanted[-1], abs=0.03)
