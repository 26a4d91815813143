"""Other forms of what a question names: an acronym or its long form, a date in figures or words.

A question with one form is searched with both. Acronyms are those that the documents themselves
explain, « forme longue (SIGLE) », in the passages that share words with the question; they are
found by the algorithm of Schwartz and Hearst (2003, Pacific Symposium on Biocomputing 8:451-462):
the letters of the short form are looked for in the long one from right to left, and the first must
begin a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qa.french import analyse_words, fold

_SHORT = r"[A-ZÀ-ÖØ-Þ](?:[\w&-]|\.(?=\w)){1,9}\.?"
_LONG_THEN_SHORT = re.compile(rf"\((?P<short>{_SHORT})\)")
_SHORT_THEN_LONG = re.compile(rf"(?<![\w.])(?P<short>{_SHORT})\s+\((?P<long>[^()\n]{{5,120}})\)")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre",
    "novembre", "décembre",
)  # fmt: skip
_IN_WORDS = re.compile(rf"\b(\d{{1,2}})(?:er)? ({'|'.join(map(fold, _MONTHS))}) (\d{{4}})\b")
_IN_FIGURES = re.compile(r"(?<![\w/.-])(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?![\w/-])")
_BORN = re.compile(
    r"(\b(?:est|sont|f[uû]t|furent|[eé]tait|[eé]taient|[eê]tre)"
    r"(?:[ -](?:il|elle|on)s?)? )ne(?=e?s?\b)",
    re.IGNORECASE,
)
_MOST_WORDS = 12  # words before a bracket in which the long form may begin


def spelled(question: str) -> str:
    """« OU EST NE LENINE » -> « ou est né lenine »: after « être », « ne » is no negation.

    What is typed in capitals alone is read in small letters: there the network knows more words.
    """
    if question.isupper() and " " in question.strip():
        question = question.lower()
    return _BORN.sub(r"\1né", question)


def other_forms(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """The other forms of dates and acronyms of a question; ``texts`` explain acronyms."""
    return (*dates(question), *expansions(question, texts))


def dates(question: str) -> tuple[str, ...]:
    """« le 14 mai 2025 » -> ("14/05/2025",), and back; day before month, as is usual in French."""
    found = [
        f"{int(day):02}/{1 + [*map(fold, _MONTHS)].index(month):02}/{year}"
        for day, month, year in _IN_WORDS.findall(fold(question))
    ]
    found += [
        f"{'1er' if int(day) == 1 else int(day)} {_MONTHS[int(month) - 1]} {year}"
        for day, month, year in _IN_FIGURES.findall(question)
        if 1 <= int(month) <= 12
    ]
    return tuple(dict.fromkeys(found))


def expansions(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """The other forms of what a question names, from the pairs in some texts, each once.

    « Quel est le montant du SMIC ? » -> ("salaire minimum interprofessionnel de croissance",)
    """
    stems = set(analyse_words(question))
    forms = set(re.findall(r"\w+", fold(question)))
    found: dict[str, None] = {}
    for text in texts:
        for short, long in pairs(text):
            words = analyse_words(long)
            plain = fold(short.replace(".", ""))
            if plain in forms and not stems.issuperset(words):
                found[long] = None
            elif plain not in forms and len(words) > 1 and stems.issuperset(words):
                found[short] = None
    return tuple(found)


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Short and long forms that a text gives side by side."""
    for match in _LONG_THEN_SHORT.finditer(text):
        if _is_acronym(match["short"]):
            before = text[max(0, match.start() - 200) : match.start()].rsplit("\n", 1)[-1]
            words = list(re.finditer(r"[^\s(),;:.«»]+", before))[-_MOST_WORDS:]
            window = before[words[0].start() :].rstrip() if words else ""
            long = _long_form(match["short"], re.split(r"[(),;:.«»]", window)[-1].strip())
            if long:
                yield match["short"], long
    for match in _SHORT_THEN_LONG.finditer(text):
        if _is_acronym(match["short"]) and _long_form(match["short"], match["long"]):
            yield match["short"], _long_form(match["short"], match["long"])


def _is_acronym(short: str) -> bool:
    letters = [letter for letter in short if letter.isalpha()]
    return len(letters) > 1 and 2 * sum(letter.isupper() for letter in letters) > len(letters)


def _long_form(short: str, window: str) -> str:
    """The end of a window that begins with the first letter of a short form and holds all of it."""
    letters = [letter for letter in fold(short) if letter.isalnum()]
    said = [fold(character)[:1] for character in window]
    at = len(said)
    for number, letter in reversed(list(enumerate(letters))):
        at -= 1
        while at >= 0 and (
            said[at] != letter or (number == 0 and at > 0 and said[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return ""
    long = window[at:].strip()
    return long if len(analyse_words(long)) > 1 else ""
