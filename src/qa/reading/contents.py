"""Tables of contents: no section, they go and are told; a list of prices stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.french import fold
from qa.reading.blocks import Block

_SPACE = r"[ \u00a0\u202f]"
CONTENTS = re.compile(
    r"(?:table{0}des{0}mati[eè]res|sommaire|contenu|plan{0}du{0}document|table{0}of{0}contents"
    r"|table|contents){0}?:?".replace("{0}", _SPACE),
    re.I,
)
# Their entries are captions, which say more where they come again.
_FIGURES = re.compile(
    r"(?:table|liste){0}des{0}(?:figures|illustrations|tableaux|tables)".replace("{0}", _SPACE),
    re.I,
)
# What stands after an entry: dots, and its page…
_LEADER = re.compile(r"(?:[ .…·_\u00a0]{3,200}|\s\|\s)(?:\d{1,4}|[ivxlc]{1,6})$|[.…·_]{4,200}$")
_PAGE = re.compile(rf"{_SPACE}\d{{1,4}}$")  # …or its page alone
_NUMBER = re.compile(
    r"^(?:(?:chapitre|chapter|partie|part|section|article|annexe [a-z]|appendix [a-z])\s)?"
    r"(?:(?:\d{1,3}|[iv]|[ivxlc]{2,7})(?:\s\d{1,3})*\s)?(?=\w)"
)
_LETTER = re.compile(r"^[A-Z](?:\.\d{1,2})*\.?\s+(?=[A-ZÀ-ÖØ-ÞŒ])")  # of an appendix
_MOST_ENTRIES = 3_000
_RECURRING = 0.3  # share of a table's entries that come again as headings, at least


def plain_title(text: str) -> str:
    """A title as it can be compared: without its number, accents, case, blanks and marks.

    >>> plain_title("Chapitre 2 : L’île")
    'lile'
    """
    words = fold(re.sub(r"\W+", " ", _LETTER.sub("", text.strip())).strip())
    return (_NUMBER.sub("", words) or words).replace(" ", "")


def _named(line: str) -> str:
    """The heading that an entry names, plain: without its page."""
    return plain_title(_PAGE.sub("", _LEADER.sub("", line)))


def _is_entry(line: str, counts: Mapping[str, int]) -> bool:
    """Whether a line of a table of contents comes again, as the heading that it names."""
    whole, named = plain_title(line), _named(line)
    return counts.get(whole, 0) > 1 or (named != whole and counts.get(named, 0) > 0)


def without_contents(blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """Take out tables of contents: a title that names one, then lines that come again later.

    Lines with dots and page numbers that come again are one without a title, too.
    """
    named = {
        at: bool(_FIGURES.fullmatch(first))
        for at, block in enumerate(blocks)
        for first in [block.text.partition("\n")[0].strip()]
        if CONTENTS.fullmatch(first) or _FIGURES.fullmatch(first)
    }
    dotted = {
        at
        for at, block in enumerate(blocks)
        if not block.level and all(_LEADER.search(x[-210:]) for x in block.text.split("\n"))
    }
    if not (named or dotted):
        return list(blocks), []
    counts: Counter[str] = Counter(
        plain_title(line) for b in blocks if len(b.text) < 20_000 for line in b.text.split("\n")
    )
    kept: list[Block] = []
    contents: list[str] = []
    at = 0
    while at < len(blocks):
        end, entries = at, []
        if at in named:
            end, entries = at + 1, blocks[at].text.split("\n")[1:]
            counts.subtract(map(plain_title, entries))
        if at in named or at in dotted:
            while end < len(blocks) and len(entries) < _MOST_ENTRIES:
                lines = blocks[end].text.split("\n")
                good = sum(_listed(lines, counts))
                if good < 0.6 * len(lines):
                    break
                counts.subtract(map(plain_title, lines))
                entries += lines
                end += 1
        again = sum(max(counts[_named(line)], counts[plain_title(line)]) > 0 for line in entries)
        if entries and (named.get(at) or again >= _RECURRING * len(entries)):
            contents += [blocks[at].text.partition("\n")[0]] if at in named else []
            contents += entries
            at = end
            continue
        counts.update(map(plain_title, entries))
        # A title without entries is text: nothing that follows stands under it.
        kept.append(replace(blocks[at], level=0) if at in named else blocks[at])
        at += 1
    return kept, contents


def _listed(lines: Sequence[str], counts: Mapping[str, int]) -> list[bool]:
    """Which lines are entries; one without its page goes on in the next, if that has one."""
    short = [line if len(line) <= 200 else "" for line in lines]
    leads = [_LEADER.search(line) is not None for line in short]
    goes_on = [*leads[1:], False]
    return [
        lead or cut or _is_entry(line, counts)
        for line, lead, cut in zip(short, leads, goes_on, strict=True)
    ]
