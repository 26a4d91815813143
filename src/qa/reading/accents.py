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
_ACCENT = re.compile(rf"(?P<before>[A-Za-z]?)(?P<accent>[{_ACCENTS}]) ?(?P<after>[A-Za-zı]?)")
# A combining mark that a space tore off its letter: "e \u0301".
_TORN = re.compile("(?<=[A-Za-z]) (?=[\u0300\u0301\u0302\u0308\u0327])")


def mend_accents(text: str) -> str:
    """Put spacing accents on the letters that they stand at, where that makes a French letter.

    TeX draws the accent before its letter, some programs after it: the whole text tells which.
    """
    text = _TORN.sub("", text)
    if not any(accent in text for accent in _COMBINING):
        return text
    before = after = 0
    for found in _ACCENT.finditer(text):
        on_after = bool(_composed(found["after"], found["accent"]))
        on_before = bool(_composed(found["before"], found["accent"]))
        after += on_after and not on_before
        before += on_before and not on_after
    accent_first = after >= before
    return _ACCENT.sub(lambda found: _mended(found, accent_first), text)


def _composed(letter: str, accent: str) -> str:
    """The French letter with its accent, or nothing when there is none."""
    if not letter:
        return ""
    mark = _COMBINING[accent]
    composed = unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + mark)
    return composed if composed in _FRENCH else ""


def _mended(found: re.Match[str], accent_first: bool) -> str:
    before, accent, after = found["before"], found["accent"], found["after"]
    on_after, on_before = _composed(after, accent), _composed(before, accent)
    gap = found[0][len(before) + 1 : len(found[0]) - len(after)]
    if on_after and (accent_first or not on_before):
        return before + on_after
    if on_before:
        return on_before + gap + after
    return found[0]
