"""The small pieces of HTML that every part of the page is made of: text, marks, addresses.

Whatever comes from a document or a reader goes through ``escape``. Quoted text is never retouched:
taken out of its tags, it is the document's own, to the character.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

Span = tuple[int, int]


def escape(text: str) -> str:
    """Text that a browser shows and never runs; a lone surrogate, which UTF-8 lacks, is « ? »."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def source_url(document_id: str, start: int, end: int) -> str:
    """The address that opens a document at a span; offsets are code points of its text."""
    name = quote(document_id.encode("utf-8", "replace"), safe="")
    return f"?source={name}&start={start}&end={end}"


def place(title: str, headings: Sequence[str]) -> str:
    """« Title › heading › heading », nothing said twice."""
    first, *rest = dict.fromkeys([title, *headings])
    below = "".join(f' <span aria-hidden="true">›</span> {escape(head)}' for head in rest)
    return f"<cite>{escape(first)}</cite>{below}"


def block(
    opening: str, closing: str, text: str, offset: int, spans: Iterable[Span], identifier: str = ""
) -> str:
    """A block of marked text; the white space around it stays, outside the block's tags."""
    inner = text.strip("\n ")
    before = text[: text.find(inner)] if inner else text
    marked = highlight(inner, offset + len(before), spans, identifier)
    whole = f"{opening}{marked}{closing}" if inner else ""
    return f"{before}{whole}{text[len(before) + len(inner) :]}"


def paragraphs(text: str, cuts: Iterable[int] = ()) -> Iterator[Span]:
    """Paragraphs, with their trailing line breaks: a partition of the text, cut at ``cuts`` too."""
    ends = (match.end() for match in re.finditer(r"\n[ \t]*\n\s*", text))
    bounds = sorted({0, len(text), *cuts, *ends})
    return ((a, b) for a, b in itertools.pairwise(bounds))


def highlight(
    text: str, offset: int, spans: Iterable[Span], identifier: str = "", tag: str = "mark"
) -> str:
    """Text escaped, with the parts inside ``spans`` (offsets of the document) in ``<mark>``.

    ``offset`` is where ``text`` starts in its document; ``identifier`` names the first mark.
    """
    parts = []
    position = 0
    for start, end in _merge(spans):
        first, last = max(start - offset, position), min(end - offset, len(text))
        if first >= last:
            continue
        name = f' id="{identifier}" tabindex="-1"' if identifier else ""
        identifier = ""
        parts += [
            escape(text[position:first]),
            f"<{tag}{name}>",
            escape(text[first:last]),
            f"</{tag}>",
        ]
        position = last
    parts.append(escape(text[position:]))
    return "".join(parts)


def _merge(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
