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
_ACCENTS = "".join(_COMBINING)
_ACCENT = re.compile(rf"(?<=[A-Za-z])[{_ACCENTS}] (?=[a-zı])|[{_ACCENTS}]")
# A combining mark that a space tore off its letter: "e \u0301".
_TORN = re.compile("(?<=[A-Za-z]) (?=[\u0300\u0301\u0302\u0308\u0327])")


def accents_come_first(text: str) -> bool | None:
    """Whether accents stand before their letters, as TeX draws them; None where all is well."""
    mended = _TORN.sub("", text)
    accents = list(_ACCENT.finditer(mended))
    if not accents and mended == text:
        return None
    text = mended
    first = last = 0
    for found in accents:
        before, after = _candidates(text, found)
        first += bool(after and not before)
        last += bool(before and not after)
    return first >= last


def mend_accents(text: str, accents_first: bool) -> str:
    """Put spacing accents on the letters that they stand at, where that makes a French letter."""
    text = _TORN.sub("", text)
    pieces: list[str] = []
    position = 0
    for found in _ACCENT.finditer(text):
        before, after = _candidates(text, found)
        if found.start() < position or (position and found.start() - 1 < position):
            before = ""  # the letter before has its accent already
        if after and (accents_first or not before):
            pieces += [text[position : found.start()], after]
            position = found.end() + 1
        elif before:
            pieces += [text[position : found.start() - 1], before]
            position = found.start() + 1
    return "".join([*pieces, text[position:]])


def _candidates(text: str, found: re.Match[str]) -> tuple[str, str]:
    """What the accent makes of the letter before it, and of the one after it."""
    accent = found[0][0]
    before = text[found.start() - 1 : found.start()]
    return _composed(before, accent), _composed(text[found.end() : found.end() + 1], accent)


def _composed(letter: str, accent: str) -> str:
    """The French letter with its accent, or nothing when there is none."""
    if not letter:
        return ""
    mark = _COMBINING[accent]
    composed = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + mark)
    return composed if composed in _FRENCH else ""
