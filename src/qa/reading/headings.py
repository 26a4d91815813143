"""Headings told by their words: articles, numbered sections, chapters; tables of contents.

Where a format does not say what is a heading (plain text, PDF, Word files without styles), the
numbering does. A table of contents is no section: it goes, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qa.reading.blocks import Block

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
    rf"|{_ROMAN}))(?P<mark>{_SPACE}?[.:–—-]+(?={_SPACE}|$)|{_SPACE}?$)(?P<rest>.*)"
)
# "8.3 Les préavis", "12.1. PRÉAVIS"; a single number needs its point: "3. Les salles".
_SECTION = re.compile(
    rf"(?P<number>\d{{1,2}}(?:\.\d{{1,2}}){{1,4}}|\d{{1,2}}(?=[.)]|{_SPACE}?[-–—]))"
    rf"[.)]?{_SPACE}?[-–—]?{_SPACE}+(?P<title>[«\"A-ZÀ-ÖØ-ÞŒ].*)"
)
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
_LONE = re.compile(rf"{_ROMAN}{_SPACE}?[.:]?")
_OUTER = re.compile(
    r"(?:PROLOGUE|[EÉ]PILOGUE|AVANT-PROPOS|PR[EÉ]FACE|POSTFACE|INTRODUCTION|CONCLUSION)", re.I
)
_ARTICLE_LEVEL, _LONE_LEVEL, _SECTION_LEVEL, _LOWEST = 5, 4, 3, 6

# --- tables of contents
_CONTENTS = re.compile(
    r"(?:table{0}des{0}mati[eè]res|sommaire|contenu|plan{0}du{0}document|table{0}of{0}contents)"
    r"{0}?:?".replace("{0}", _SPACE),
    re.I,
)
# What stands after an entry: dots, and its page.
_LEADER = re.compile(rf"(?:[ .…·_\u00a0]{{3,200}}|\s\|\s|{_SPACE})\d{{1,4}}$|[.…·_]{{4,200}}$")
_MOST_ENTRIES = 400
_NO_TITLE = re.compile(rf"(?:{_ROMAN}|\W*|\d{{1,3}})[.:]?|\W*anonym(?:ous|e)\W*", re.I)


def is_credible_title(text: str) -> bool:
    """Whether a heading can be a document's title: not « I », « 12 », « (anonymous) »."""
    return not (_NO_TITLE.fullmatch(text) or _CONTENTS.fullmatch(text))


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


def mark_headings(blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """Mark what its numbering shows to be a heading; take tables of contents out, and tell them."""
    kept, contents = _without_contents(blocks)
    split = [part for block in kept for part in _split(block)]
    articles = sum(_ARTICLE.match(block.text) is not None for block in split)
    numerals = sum(_LONE.fullmatch(block.text) is not None for block in split)
    sections = _sections(split)
    done: list[Block] = []
    for at, block in enumerate(split):
        level = _level(block, articles > 1, numerals > 1)
        if at in sections:
            level = min(_SECTION_LEVEL + sections[at] - 1, _LOWEST)
        elif not level and block.level > 1 and sections:
            level = block.level if _is_larger(block) else _LOWEST
        done.append(replace(block, level=level) if level and block.level != 1 else block)
    return done, contents


def _is_larger(block: Block) -> bool:
    """Whether an unnumbered heading may stand over numbered ones: it is a part's or a page's."""
    return block.text.isupper() or _OUTER.fullmatch(block.text) is not None


def _level(block: Block, articles: bool, numerals: bool) -> int:
    """The level that the words of a block give it; 0 for text, or a heading that has its own."""
    text = block.text
    if len(text) > _LONGEST_NUMBERED or "\n" in text:
        return 0
    for level, pattern in _PART:
        if pattern.fullmatch(text) and not text.endswith((".", ",", ";")):
            return level
    if articles and _ARTICLE.fullmatch(text):
        return _ARTICLE_LEVEL
    if numerals and _LONE.fullmatch(text):
        return _LONE_LEVEL
    return _SECTION_LEVEL if _OUTER.fullmatch(text) and len(text) < 20 else 0


def _split(block: Block) -> Iterator[Block]:
    """Set a run-in title apart: "Article 4 – Les membres…", "12.1 PRÉAVIS" above its list."""
    if block.level:
        yield block
        return
    first, *rest = block.text.split("\n")
    article = _ARTICLE.match(first)
    title = ""
    if article is not None:
        following = article["rest"].strip()
        is_title = len(first) <= _LONGEST_NUMBERED and not following.endswith((".", ";", ",", ":"))
        title = first if is_title else article["name"]
        first = "" if is_title else following
    elif rest and _numbers(first) and not first.endswith((".", ";", ",")):
        title, first = first, ""
    if not title or (not first and not rest):
        yield block
        return
    body = "\n".join([first, *rest] if first else rest)
    cut = len(block.text) - len(body)
    yield Block(title, pages=tuple(page for page in block.pages if page.start < cut))
    later = (replace(page, start=page.start - cut) for page in block.pages if page.start >= cut)
    yield Block(body, pages=tuple(later))


def _numbers(text: str) -> tuple[int, ...]:
    found = _SECTION.fullmatch(text)
    if found is None or len(text) > _LONGEST_NUMBERED:
        return ()
    return tuple(map(int, found["number"].split(".")))


def _sections(blocks: Sequence[Block]) -> dict[int, int]:
    """Where numbered sections begin, and how deep: those that follow on one another."""
    found: dict[int, tuple[int, ...]] = {}
    for at, block in enumerate(blocks):
        numbers = _numbers(block.text)
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        if not numbers or block.level == 1 or after is None:
            continue
        ended = block.text.endswith((";", ",")) or (block.text.endswith(".") and not block.level)
        if not ended:
            found[at] = numbers
    told = set(found.values())
    kept: dict[int, int] = {}
    for at, numbers in found.items():
        *above, last = numbers
        near = {(*above, last - 1), (*above, last + 1), (*numbers, 1), (*above,)} & told
        text = len(numbers) > 1 or blocks[at].level or not _numbers(blocks[at + 1].text)
        if (near or len(numbers) > 1) and text:
            kept[at] = len(numbers)
    return kept if len(kept) > 1 or any(len(n) > 1 for n in found.values()) else {}


# --- tables of contents -------------------------------------------------------------------------


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", _LEADER.sub("", text)).strip().casefold()


def _without_contents(blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """Take out tables of contents: a title that names one, then lines that come again later."""
    starts = {at for at, block in enumerate(blocks) if _CONTENTS.fullmatch(block.text.strip())}
    starts |= {
        at
        for at, block in enumerate(blocks)
        if "\n" in block.text and _CONTENTS.fullmatch(block.text.partition("\n")[0])
    }
    if not starts:
        return list(blocks), []
    counts: dict[str, int] = {}
    for block in blocks:
        for line in block.text.split("\n") if len(block.text) < 20_000 else ():
            key = _plain(line)
            counts[key] = counts.get(key, 0) + 1
    kept: list[Block] = []
    contents: list[str] = []
    inside = entries = 0
    waiting: list[Block] = []  # the title, until its entries are seen
    for at, block in enumerate(blocks):
        if at in starts:
            kept += waiting
            waiting, inside, entries = [block], 1, 0
            lines = block.text.split("\n")[1:]
            if not lines:
                continue
        else:
            lines = block.text.split("\n")
        if inside and entries < _MOST_ENTRIES and _are_entries(lines, counts):
            contents += [line for title in waiting for line in title.text.split("\n")]
            contents += lines if at not in starts else []
            for line in lines:
                counts[_plain(line)] = counts.get(_plain(line), 1) - 1
            entries += len(lines)
            waiting = []
            continue
        # A title without entries is text: nothing that follows stands under it.
        kept += [replace(title, level=0) for title in waiting]
        waiting, inside = [], 0
        kept.append(block)
    return kept + waiting, contents


def _are_entries(lines: Sequence[str], counts: dict[str, int]) -> bool:
    entries = sum(
        len(line) <= 200
        and (_LEADER.search(line[-210:]) is not None or counts.get(_plain(line), 0) > 1)
        for line in lines
    )
    return entries >= 0.6 * len(lines)
