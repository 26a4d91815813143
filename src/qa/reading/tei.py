"""TEI (XML of the Text Encoding Initiative), by way of HTML: editions of texts, their notes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from qa.reading.blocks import Content
from qa.reading.cleaning import clean_line
from qa.reading.headings import is_credible_title
from qa.reading.office import content_of_office, parse_xml
from qa.reading.structure import html_blocks

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

# What each element is in HTML; others are passed through, their text kept.
_AS = {
    "p": "p", "ab": "p", "lg": "p", "sp": "div", "list": "ul", "item": "li", "table": "table",
    "row": "tr", "cell": "td", "quote": "span", "q": "span", "speaker": "p", "stage": "p",
    "epigraph": "div", "dateline": "p", "signed": "p", "salute": "p", "byline": "p", "argument":
    "div", "trailer": "p", "docAuthor": "p", "docDate": "p", "figDesc": "p", "label": "p",
}  # fmt: skip
_LEFT_OUT = frozenset({"teiHeader", "fw", "figDesc", "orig", "sic", "abbr", "del", "gap", "index"})
_HEADS = frozenset({"head", "titlePart"})


def is_tei(head: bytes) -> bool:
    """Whether an XML file that begins so is one of the TEI."""
    return b"tei-c.org" in head or b"<TEI" in head


def read_tei(data: bytes, name: str) -> Content:
    """Read a TEI file: its divisions as sections, verses as lines, notes at their calls."""
    tree = parse_xml(data, name)
    texts = [element for element in tree.iter() if _name(element) == "text"]
    blocks = html_blocks("".join(_written(texts[0], 0)) if texts else "")
    header = next((element for element in tree.iter() if _name(element) == "teiHeader"), None)
    metadata = {
        "title": next(filter(is_credible_title, _all_told(header, "titleStmt", "title")), ""),
        "author": _told(header, "titleStmt", "author"),
        "date": _told(header, "sourceDesc", "date") or _told(header, "publicationStmt", "date"),
        "language": texts[0].get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        if texts
        else "",
    }
    return content_of_office(blocks, metadata, name, several=True)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _told(header: Element | None, part: str, name: str) -> str:
    """The first of some elements in a part of the header."""
    return next(_all_told(header, part, name), "")


def _all_told(header: Element | None, part: str, name: str) -> Iterator[str]:
    """The texts of some elements in a part of the header."""
    for place in header.iter() if header is not None else ():
        if _name(place) == part:
            for element in place.iter():
                text = clean_line("".join(map(str, element.itertext())))
                if _name(element) == name and text:
                    yield text


def _written(element: Element, depth: int) -> Iterator[str]:
    """An element as HTML; ``depth`` counts divisions."""
    yield escape(element.text or "")
    for child in element:
        name = _name(child)
        if name in _HEADS:
            level = min(max(depth, 1), 6)
            yield f"<h{level}>{''.join(_written(child, depth))}</h{level}>"
        elif name == "note":
            yield f"<note>{''.join(_inline(child))}</note>"
        elif name in ("lb", "l"):
            yield from _written(child, depth)
            yield "<br>"
        elif name == "hi" and "sup" in (child.get("rend") or ""):
            yield f"<sup>{''.join(_written(child, depth))}</sup>"
        elif name in _AS:
            tag = "th" if name == "cell" and child.get("role") == "label" else _AS[name]
            yield f"<{tag}>{''.join(_written(child, depth))}</{tag}>"
        elif name and name not in _LEFT_OUT:
            deeper = (name.startswith("div") and name[3:].isdecimal()) or name == "div"
            yield from _written(child, depth + deeper)
        yield escape(child.tail or "")


def _inline(note: Element) -> Iterator[str]:
    """A note's paragraphs as lines: no paragraph may stand inside another."""
    paragraphs = [child for child in note if _name(child) == "p"]
    if not paragraphs:
        yield escape("".join(map(str, note.itertext())))
    for paragraph in paragraphs:
        yield escape("".join(map(str, paragraph.itertext()))) + "<br>"
