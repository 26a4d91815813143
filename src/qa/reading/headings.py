"""Headings told by their words: articles, numbered sections, chapters; tables of contents.

Where a format does not say what is a heading (plain text, PDF, Word files without styles), the
numbering does. A table of contents is no section: it goes, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from qa.reading.blocks import Block
from qa.reading.contents import CONTENTS, without_contents

_LONGEST_TITLE = 80  # characters
_LONGEST_NUMBERED = 120
_SPACE = r"[ \u00a0\u202f]"
_ROMAN = r"(?=[IVXLC])(?:XC|XL|L?X{0,4})(?:IX|IV|V?I{0,4})"

_STARTS_LIKE_TITLE = re.compile(r"[«\"“]?[\s\u00a0]?[A-ZÀ-ÖØ-ÞŒ0-9]")
_TITLE_FINAL = re.compile(r"[.;,:!?…]\s?[»\"”)]?$")
# "I. Les origines", "IV - La guerre", "2.1 Méthode", "3) Résultats"
_NUMBERED = re.compile(r"(?:[IVXLC]{1,7}|\d{1,2}(?:\.\d{1,2}){0,3})(?:[.)°]|\s?[-–—])?\s\S")
_ROMAN_NUMBERED = re.compile(r"[IVXLC]{1,7}(?:[.)]|\s?[-–—])\s\S")
_LIST_ITEM = re.compile(r"[-–—•*▪◦‣·●■]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)°]\s")
# "Paris, le 3 mars 1918": a date line, not a title.
_PLACE_AND_DATE = re.compile(r",\s(?:le\s)?\d{1,2}(?:er)?\s\w+(?:\s\d{4})?$")

# "Article 4", "Art. L. 1234-5", "Article premier — Objet", "ARTICLE 12 :"; what follows is apart.
_ARTICLE = re.compile(
    rf"(?P<name>(?:Article|ARTICLE|Art\.|ART\.){_SPACE}?(?:premier|PREMIER|unique|UNIQUE|[Ii]er|1er"
    rf"|(?:[LRDA]\*?\.?{_SPACE}?)?\d{{1,5}}(?:[.-]\d{{1,4}}){{0,4}}(?:{_SPACE}?(?:bis|ter|quater))?"
    rf"|{_ROMAN}(?!\.?{_SPACE}?\d)))"
    rf"(?P<mark>{_SPACE}?[.:–—-]+(?={_SPACE}|$)|{_SPACE}?$|(?={_SPACE}[«\"A-ZÀ-ÖØ-ÞŒ]))(?P<rest>.*)"
)
# "8.3 Les préavis", "§ 2. Durée", "IV. — La guerre"; a single number needs its point: "3. Prix".
_SECTION = re.compile(
    rf"(?:§{_SPACE}?)?(?P<number>\d{{1,2}}(?:\.\d{{1,2}}){{1,4}}|(?:\d{{1,2}}|{_ROMAN})"
    rf"(?=[.)]|{_SPACE}?[-–—]))[.)]?{_SPACE}?[-–—]?{_SPACE}+(?P<title>[«\"A-ZÀ-ÖØ-ÞŒ].*)"
)
_BARE = re.compile(rf"(?P<number>\d{{1,2}}){_SPACE}+[«\"A-ZÀ-ÖØ-ÞŒ].*")  # "8 LES DÉPARTS"
_PARTS = (
    (2, r"(?:LIVRE|Livre|TOME|Tome|PARTIE|Partie|TITRE|Titre|ACTE|Acte|ANNEXE|Annexe)"),
    (3, r"(?:CHAPITRE|Chapitre|CHAP\.|Chap\.|SCÈNE|Scène)"),
    (4, r"(?:SECTION|Section)"),
)
_ORDINAL = (
    r"(?:premi[eè]re?|deuxi[eè]me|seconde?|troisi[eè]me|quatri[eè]me|cinqui[eè]me|sixi[eè]me"
    r"|septi[eè]me|huiti[eè]me|neuvi[eè]me|dixi[eè]me|derni[eè]re?)"
)
_PART = tuple(
    (
        level,
        re.compile(
            rf"(?:{word}{_SPACE}(?:{_ROMAN}|\d{{1,3}}|[A-Z]|(?i:{_ORDINAL}))\b"
            rf"|(?i:{_ORDINAL}){_SPACE}{word}\b)(?:{_SPACE}?[.:–—-]*{_SPACE}?.{{0,80}})?"
        ),
    )
    for level, word in _PARTS
)
_LONE = re.compile(rf"[*–—-]?{_SPACE}?(?P<number>{_ROMAN}|\d{{1,3}}){_SPACE}?[.:*–—-]?")
_OUTER = re.compile(
    r"(?:PROLOGUE|[EÉ]PILOGUE|AVANT-PROPOS|PR[EÉ]FACE|POSTFACE|INTRODUCTION|CONCLUSION)", re.I
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_ARTICLE_LEVEL, _LONE_LEVEL, _SECTION_LEVEL, _LOWEST = 5, 4, 3, 6
_BETWEEN = " \n\u00a0\u202f.:–—-"  # between a run-in title and its text
_MOST_BOLD = 0.4  # share of the blocks; more that are all bold are no titles

# Of a price list: "Salle bleue ........ 60 €".
_DOTS = re.compile(r"(?<=\w)[ \u00a0]?(?:[.·_…][ \u00a0]?){4,200}(?=[^\W_])")
_NO_TITLE = re.compile(
    rf"\W*(?:{_ROMAN}|\d{{1,3}}|anonym(?:ous|e)|[A-Z]{{2,5}}\d{{3,}}.*)?\W*", re.I
)


def is_credible_title(text: str) -> bool:
    """Whether a heading can be a document's title: not « I », « 12 », « (anonymous) »."""
    return not (_NO_TITLE.fullmatch(text) or CONTENTS.fullmatch(text))


def is_section_title(text: str) -> bool:
    """Tell whether a lone line may be a section title: short, capital first, no final mark."""
    if len(text) > _LONGEST_TITLE or "\n" in text or not _STARTS_LIKE_TITLE.match(text):
        return False
    if _LIST_ITEM.match(text) and not _NUMBERED.match(text):
        return False
    if _PLACE_AND_DATE.search(text) or " | " in text or " — " in text:
        return False
    if _TITLE_FINAL.search(text):
        return _ROMAN_NUMBERED.match(text) is not None and not text.endswith((",", ";"))
    return any(character.isalpha() for character in text) or len(text) == 4


def is_numbered(text: str) -> bool:
    """Whether a line is a part's title by its number: « Chapitre 3 », « Article 4 », « 8.3 … »."""
    return bool(_part(text) or _ARTICLE.fullmatch(text) or _numbers(text))


def mark_headings(
    blocks: Sequence[Block], *, styled: bool = False
) -> tuple[list[Block], list[str]]:
    """Mark what its numbering shows to be a heading; take tables of contents out, and tell them.

    ``styled``: the format itself marks headings; they keep their levels, and what is found besides
    stands at the level of its kind, else below the last of them.
    """
    kept, contents = without_contents(blocks)
    split = [part for block in kept for part in _split(block)]
    kinds = _kinds(split)
    bold = sum(block.bold for block in split) <= _MOST_BOLD * len(split)
    given = {
        kinds[at]: block.level for at, block in enumerate(split) if block.level and at in kinds
    }
    sections = min((at for at, kind in kinds.items() if kind[0] == "section"), default=len(split))
    done: list[Block] = []
    last = 0
    for at, block in enumerate(split):
        kind = kinds.get(at)
        level = block.level
        if styled and level:
            last = level
        elif kind is not None and level != 1:
            level = given[kind] if styled and kind in given else kind[1]
            level = max(level, min(last + 1, _LOWEST)) if kind not in given else level
        elif level > 1 and not styled and _is_below(split, at, kinds, sections):
            level = _LOWEST
        elif not level and block.bold and bold and _is_bold_title(split, at):
            level = min(max(last + 1, 2), _LOWEST)
        done.append(replace(block, text=_dotted(block), level=level))
    return done, contents


def _dotted(block: Block) -> str:
    """« Salle bleue ........ 60 € » as « Salle bleue : 60 € »."""
    if block.level or not _DOTS.search(block.text):
        return block.text
    return "\n".join(
        _DOTS.sub("\u00a0: ", line) if len(_DOTS.findall(line)) == 1 else line
        for line in block.text.split("\n")
    )


def _is_below(
    blocks: Sequence[Block], at: int, kinds: Mapping[int, tuple[str, int]], sections: int
) -> bool:
    """Whether an unnumbered heading stands below numbered ones: it is no part's or page's."""
    if blocks[at].text.isupper() or _OUTER.fullmatch(blocks[at].text):
        return False
    return sections < at or at - 1 in kinds


def _is_bold_title(blocks: Sequence[Block], at: int) -> bool:
    text = blocks[at].text
    followed = at + 1 < len(blocks) and not blocks[at + 1].level and not blocks[at + 1].bold
    return followed and is_section_title(text)


def _part(text: str) -> int:
    """The level of a part's title; 0 for any other text."""
    if len(text) > _LONGEST_NUMBERED or "\n" in text or text.endswith((".", ",", ";")):
        return 0
    return next((level for level, pattern in _PART if pattern.fullmatch(text)), 0)


def _kinds(blocks: Sequence[Block]) -> dict[int, tuple[str, int]]:
    """Which blocks number themselves as headings: the kind of each, and the level of that kind."""
    found: dict[int, tuple[str, int]] = {}
    articles = [at for at, block in enumerate(blocks) if _is_article(block.text)]
    lone = _lone(blocks)
    sections, romans = _sections(blocks)
    for at, depth in sections.items():
        level = _SECTION_LEVEL + depth - 1 + (romans and depth > 0)
        found[at] = ("section", min(max(level, _SECTION_LEVEL), _LOWEST))
    found |= dict.fromkeys(lone, ("lone", _LONE_LEVEL))
    if len(articles) > 1:
        found |= dict.fromkeys(articles, ("article", _ARTICLE_LEVEL))
    for at, block in enumerate(blocks):
        if level := _part(block.text):
            found[at] = ("part", level)
        elif len(block.text) < 20 and _OUTER.fullmatch(block.text):
            found[at] = ("outer", _SECTION_LEVEL)
    return found


def _is_article(text: str) -> bool:
    return len(text) <= _LONGEST_NUMBERED and _ARTICLE.fullmatch(text) is not None


def _lone(blocks: Sequence[Block]) -> list[int]:
    """Numbers alone on their lines, over text, that count chapters: two Roman ones, or 1, 2, 3."""
    found = [
        (at, match["number"])
        for at, block in enumerate(blocks[:-1])
        if len(block.text) < 12 and (match := _LONE.fullmatch(block.text))
    ]
    roman = [at for at, number in found if number.isalpha()]
    counted, following = [], 1
    for at, number in found:
        if number == str(following):
            counted.append(at)
            following += 1
    return (roman if len(roman) > 1 else []) + (counted if len(counted) > 2 else [])


def _split(block: Block) -> Iterator[Block]:
    """Set run-in titles apart: "Article 4 – Les membres…", "12.1 PRÉAVIS" above its list."""
    if block.level:
        yield block
        return
    cuts = [0]
    start = 0
    lines = block.text.split("\n")
    listed = sum(bool(_numbers(line)) for line in lines) > 1
    for at, line in enumerate(lines):
        length = _title_length(line, listed, last=at + 1 == len(lines))
        if length:
            cuts += [start, start + length]
        start += len(line) + 1
    for begin, end in pairwise([*dict.fromkeys(cuts), len(block.text)]):
        text = block.text[begin:end].strip()
        if begin and "\n" not in block.text[begin - 1 : begin + 1]:
            text = text.lstrip(_BETWEEN)
        if text:
            pages = tuple(
                replace(page, start=max(page.start - begin, 0))
                for page in block.pages
                if begin <= page.start < end or page.start >= end == len(block.text)
            )
            yield replace(block, text=text, pages=pages)


def _title_length(line: str, listed: bool, *, last: bool) -> int:
    """How much of a line is a title that runs into the text after it; 0 for none."""
    article = _ARTICLE.match(line)
    if article is not None:
        is_title = len(line) <= _LONGEST_NUMBERED and not line.endswith((".", ";", ",", ":"))
        return len(line) if is_title else article.end("name")
    numbers = _numbers(line) if not last else ()  # "1. Un", "2. Deux" are a list
    is_section = len(numbers) > listed and not line.endswith((".", ";", ","))
    return len(line) if is_section else 0


def _numbers(text: str, pattern: re.Pattern[str] = _SECTION) -> tuple[int, ...]:
    """The number of a section; that of a Roman one, negative."""
    found = pattern.fullmatch(text) if len(text) <= _LONGEST_NUMBERED else None
    if found is None:
        return ()
    number = found["number"]
    if number.isalpha():
        values = [_ROMAN_VALUES[letter] for letter in number]
        return (-sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True)),)
    return tuple(map(int, number.split(".")))


def _sections(blocks: Sequence[Block]) -> tuple[dict[int, int], bool]:
    """Where numbered sections begin, and how deep; whether some of them are Roman (of depth 0)."""
    found: dict[int, tuple[int, ...]] = {}
    bare: dict[int, tuple[int, ...]] = {}
    for at, block in enumerate(blocks[:-1]):
        ended = block.text.endswith((";", ",")) or (block.text.endswith(".") and not block.level)
        if block.level == 1 or ended:
            continue
        if numbers := _numbers(block.text):
            found[at] = numbers
        elif numbers := _numbers(block.text, _BARE):
            bare[at] = numbers
    told = set(found.values())
    found |= {at: numbers for at, numbers in bare.items() if (*numbers, 1) in told}
    kept: dict[int, int] = {}
    for at, numbers in found.items():
        *above, last = numbers
        near = {(*above, last - 1), (*above, last + 1), (*numbers, 1), (*above,)} & told
        text = len(numbers) > 1 or blocks[at].level or not _numbers(blocks[at + 1].text)
        if (near or len(numbers) > 1) and text:
            kept[at] = len(numbers) if last >= 0 else 0
    if len(kept) < 2 and not any(len(numbers) > 1 for numbers in found.values()):
        return {}, False
    return kept, 0 in kept.values()
