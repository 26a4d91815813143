"""Articles and sections by number: « Que dit l'article 144 ? » means that article and no other.

A number has no meaning that vectors could tell, and BM25 finds every passage that cites it; so a
place that a question names is looked for among the headings and at the beginnings of lines.
"""

from __future__ import annotations

import re

from qa.french import fold
from qa.records import Passage

_KIND = r"(?:article|art|section|chapitre|titre|annexe|paragraphe|alinea|point|livre|partie|clause)"
_NUMBER = r"(?:[lrda]\s?\.?\s?)?\d+(?:[.-]\d+)*(?!\w)|[ivxlc]+(?!\w)|(?:premier|1er)(?!\w)"
_NAMED = re.compile(rf"\b{_KIND}s?\b\.?\s*(?:n°\s*)?({_NUMBER})")
# A section may be named by its number alone (« 8.3 »), a code's article by its letter and number.
_BARE = re.compile(r"(?<![\w.,-])(?:[lrda]\s?\.?\s?\d+(?:-\d+)+|\d+(?:\.\d+)+)(?![\w.,-]|\s?%)")
# A line that begins with a bare number (« 7 membres ») is no place.
_LABEL = re.compile(rf"{_KIND}\b\.?\s*(?:n°\s*)?({_NUMBER})|({_BARE.pattern})")
# What asks for the text of a place, and not for something in it.
_WHOLE = re.compile(
    r"\bque (?:dit|prevoit|dispose|stipule|precise|contient|indique)|\b(?:contenu|texte) d|"
    rf"^(?:{_KIND}s?\b\.?\s*)?(?:{_NUMBER})[\s?.!]*$|^\W*(?:l')?{_KIND}\b.{{0,24}}$"
)


def named_places(question: str) -> frozenset[str]:
    """The numbers of the articles or sections that a question names: {"144"}, {"r1234-2"}."""
    folded = fold(question)
    found = [match.group(1) for match in _NAMED.finditer(folded)]
    found += [match.group() for match in _BARE.finditer(folded)]
    return frozenset(map(_plain, found))


def asks_for_text(question: str) -> bool:
    """Whether the text of a place that it names is what a question asks for: « Que dit… ? »"""
    return _WHOLE.search(fold(question)) is not None


def place_span(passage: Passage, places: frozenset[str]) -> tuple[int, int] | None:
    """The named place in a passage's text; ``None`` when nothing of the passage is of it.

    It goes on to the next place with a number. A place whose heading stands above the passage
    begins with the passage.
    """
    start = 0 if passage.headings and _label(passage.headings[-1]) in places else None
    for match in re.finditer(r"^.+$", passage.text, re.MULTILINE):
        label = _label(match.group())
        if label in places:
            start = match.start() if start is None else start
        elif start is not None and label is not None and match.start() > start:
            return start, match.start()
    return None if start is None else (start, len(passage.text))


def _label(line: str) -> str | None:
    found = _LABEL.match(fold(line.lstrip("#*_ \t-–—•")))
    return _plain(found.group(1) or found.group(2)) if found else None


def _plain(number: str) -> str:
    """« L. 1234-5 » -> "l1234-5"; « premier », « 1er » -> "1"."""
    bare = re.sub(r"[\s]|(?<=[lrda])\.", "", number)
    return "1" if bare in {"premier", "1er"} else bare.rstrip(".")
