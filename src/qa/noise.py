"""Imitates hurried typing: no accents, one typing error, key words only.

Training sees such questions now and then; evaluation asks every question so, with ``hurried``.
Everything is seeded: the same question and seed always give the same noise.
"""

from __future__ import annotations

import random
import re
import unicodedata

from qa.french import fold, words

_LETTERS = re.compile(r"[^\W\d_]{4,}")
# Neighbours on a French (azerty) keyboard, along its rows.
_ROWS = ("azertyuiop", "qsdfghjklm", "wxcvbn")
_NEIGHBOURS = {
    letter: "".join(row[i] for i in (place - 1, place + 1) if 0 <= i < len(row))
    for row in _ROWS
    for place, letter in enumerate(row)
}


def without_accents(text: str) -> str:
    """« Où naît l’œuvre ? » -> "Ou nait l'oeuvre ?" (letter case is kept)."""
    text = text.replace("œ", "oe").replace("Œ", "Oe").replace("æ", "ae").replace("’", "'")
    marks_apart = unicodedata.normalize("NFD", text)
    return unicodedata.normalize(
        "NFC", "".join(c for c in marks_apart if not unicodedata.combining(c))
    )


def one_typo(text: str, chance: random.Random) -> str:
    """Exactly one typing error, in a word of four letters or more; the text itself if none has.

    One of: two letters swapped, one left out, one doubled, one replaced by its neighbour on the
    keyboard. The first letter stays, as typists rarely miss it. Accents do not count as an error.
    """
    candidates = [match for match in _LETTERS.finditer(text) if fold(match.group()).isascii()]
    if not candidates:
        return text
    word = chance.choice(candidates)
    letters = word.group()
    for _ in range(20):
        wrong = _wrong(letters, chance)
        if fold(wrong) != fold(letters):
            return text[: word.start()] + wrong + text[word.end() :]
    return text


def _wrong(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    kind = chance.randrange(4)
    if kind == 0 and place < len(word) - 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == 1:
        return word[:place] + word[place + 1 :]
    if kind == 2:
        return word[:place] + word[place] + word[place:]
    neighbours = _NEIGHBOURS.get(fold(word[place]), "")
    return word[:place] + (chance.choice(neighbours) if neighbours else "") + word[place + 1 :]


def keywords(text: str) -> str:
    """The words that carry meaning, in order, as typed into a search box; never nothing."""
    kept = [text[word.start : word.end] for word in words(text) if not word.is_stop]
    return " ".join(kept) or text


def hurried(text: str, seed: int = 0) -> str:
    """The question without accents and with one typing error: what evaluation calls noised."""
    chance = random.Random(f"{seed}:{text}")  # noqa: S311
    return one_typo(without_accents(text), chance)


def training_noise(text: str, chance: random.Random, share: float = 0.5) -> str:
    """A ``share`` of the questions as people type them in a hurry, each ill by its own chance.

    Accents, capitals and the question mark are left out, a typing error is made, or only the words
    that carry meaning are kept.
    """
    if chance.random() >= share:
        return text
    if chance.random() < 0.5:
        text = without_accents(text)
    if chance.random() < 0.5:
        text = text.lower()
    if chance.random() < 0.5:
        text = text.rstrip(" ?\u00a0\u202f")
    if chance.random() < 0.15:
        text = keywords(text)
    return one_typo(text, chance) if chance.random() < 0.4 else text
