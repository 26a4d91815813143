"""Accents that a PDF draws beside their letters, put back on them: "r´evolution", "franc¸ais"."""

from __future__ import annotations

import re
import unicodedata

# The spacing accents of fonts without accented letters, and the marks that combine.
_COMBINING = {
    "´": "\u0301", "ˊ": "\u0301", "`": "\u0300", "ˋ": "\u0300", "ˆ": "\u0302", "¨": "\u0308",
    "¸": "\u0327",
}  # fmt: skip
_DOTLESS = {"ı": "i", "ȷ": "j"}
_FRENCH = frozenset("àâäçéèêëîïôöùûüÿÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸ")
_ACCENTS = f"[{''.join(_COMBINING)}]"
_BEFORE = re.compile(rf"([A-Za-zıȷ])({_ACCENTS})")
# The space after an accent is no word's end where a letter stands before it: "r´ evolution".
_AFTER = re.compile(rf"({_ACCENTS})(?:(?<=[A-Za-z].) (?=[a-zı]))?([A-Za-zıȷ])")
# A combining mark that a space tore off its letter: "e \u0301".
_TORN = re.compile("(?<=[A-Za-z]) (?=[\u0300\u0301\u0302\u0308\u0327])")


def accents_come_first(text: str) -> bool | None:
    """Whether accents stand before their letters, as TeX draws them; None where all is well."""
    mended = _TORN.sub("", text)
    if mended == text and not re.search(_ACCENTS, text):
        return None
    after = {found.start(1) for found in _AFTER.finditer(mended) if _composed(found[2], found[1])}
    before = {found.start(2) for found in _BEFORE.finditer(mended) if _composed(*found.groups())}
    return len(after - before) >= len(before - after)


def mend_accents(text: str, accents_first: bool) -> str:
    """Put spacing accents on the letters that they stand at, where that makes a French letter."""
    text = _TORN.sub("", text)
    for pattern in (_AFTER, _BEFORE) if accents_first else (_BEFORE, _AFTER):
        letter, accent = (2, 1) if pattern is _AFTER else (1, 2)
        text = pattern.sub(lambda f: _composed(f[letter], f[accent]) or f[0], text)  # noqa: B023
    return text


def _composed(letter: str, accent: str) -> str:
    """The French letter with its accent, or nothing when there is none."""
    composed = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + _COMBINING[accent])
    return composed if composed in _FRENCH else ""
