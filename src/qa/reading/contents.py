"""Tables of contents: no section, they go and are told; a list of prices stays."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qa.reading.blocks import Block

_SPACE = r"[ \u00a0\u202f]"
CONTENTS = re.compile(
    r"(?:table{0}des{0}mati[eè]res|sommaire|contenu|plan{0}du{0}document|table{0}of{0}contents"
    r"|table|contents){0}?:?".replace("{0}", _SPACE),
    re.I,
)
# What stands after an entry: dots, and its page…
_LEADER = re.compile(r"(?:[ .…·_\u00a0]{3,200}|\s\|\s)(?:\d{1,4}|[ivxlc]{1,6})$|[.…·_]{4,200}$")
_PAGE = re.compile(rf"{_SPACE}\d{{1,4}}$")  # …or its page alone
_ITEM = re.compile(r"^(?:[-–•*]|\d{1,2}[.)])\s+")
_MOST_ENTRIES = 400
_RECURRING = 0.3  # share of a table's entries that come again as headings, at least


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()


def _forms(line: str) -> list[str]:
    """An entry as the heading may be that it names: without its page, without its number."""
    bare = _PAGE.sub("", _LEADER.sub("", line))
    return [_plain(form) for form in (bare, _ITEM.sub("", bare)) if form != line]


def _is_entry(line: str, counts: Mapping[str, int]) -> bool:
    """Whether a line of a table of contents comes again, as the heading that it names."""
    return counts.get(_plain(line), 0) > 1 or any(counts.get(f, 0) > 0 for f in _forms(line))


def without_contents(blocks: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """Take out tables of contents: a title that names one, then lines that come again later.

    Lines with dots and page numbers that come again are one without a title, too.
    """
    named = {
        at for at, b in enumerate(blocks) if CONTENTS.fullmatch(b.text.partition("\n")[0].strip())
    }
    dotted = {
        at
        for at, block in enumerate(blocks)
        if not block.level and all(_LEADER.search(x[-210:]) for x in block.text.split("\n"))
    }
    if not (named or dotted):
        return list(blocks), []
    counts: Counter[str] = Counter(
        _plain(line) for b in blocks if len(b.text) < 20_000 for line in b.text.split("\n")
    )
    kept: list[Block] = []
    contents: list[str] = []
    at = 0
    while at < len(blocks):
        end, entries = at, []
        if at in named:
            end, entries = at + 1, blocks[at].text.split("\n")[1:]
            counts.subtract(map(_plain, entries))
        if at in named or at in dotted:
            while end < len(blocks) and len(entries) < _MOST_ENTRIES:
                lines = blocks[end].text.split("\n")
                good = sum(len(x) <= 200 and _looks_listed(x, counts) for x in lines)
                if good < 0.6 * len(lines):
                    break
                counts.subtract(map(_plain, lines))
                entries += lines
                end += 1
        again = sum(
            any(counts[form] > 0 for form in (_plain(line), *_forms(line))) for line in entries
        )
        if entries and again >= _RECURRING * len(entries):
            contents += [blocks[at].text.partition("\n")[0]] if at in named else []
            contents += entries
            at = end
            continue
        counts.update(map(_plain, entries))
        # A title without entries is text: nothing that follows stands under it.
        kept.append(replace(blocks[at], level=0) if at in named else blocks[at])
        at += 1
    return kept, contents


def _looks_listed(line: str, counts: Mapping[str, int]) -> bool:
    return _LEADER.search(line[-210:]) is not None or _is_entry(line, counts)
