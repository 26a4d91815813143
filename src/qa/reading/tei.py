"""TEI (XML of the Text Encoding Initiative), by way of HTML: editions of texts, their notes."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from qa.reading.blocks import Page, UnreadableError, with_title
from qa.reading.cleaning import clean_line
from qa.reading.headings import mark_headings
from qa.reading.plain import readable_name
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


def read_tei(data: bytes, name: str) -> Page:
    """Read a TEI file: its divisions as sections, verses as lines, notes at their calls."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        tree = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableError("damaged", " ".join(str(error).split())) from error
    texts = [element for element in tree.iter() if _name(element) == "text"]
    blocks, _ = mark_headings(html_blocks("".join(_written(texts[0], 0)) if texts else ""))
    header = next((element for element in tree.iter() if _name(element) == "teiHeader"), None)
    metadata = {
        "author": _told(header, "titleStmt", "author"),
        "date": _told(header, "sourceDesc", "date") or _told(header, "publicationStmt", "date"),
        "language": texts[0].get("{http://www.w3.org/XML/1998/namespace}lang") or ""
        if texts
        else "",
    }
    blocks, title = with_title(blocks, _told(header, "titleStmt", "title"), several=True)
    facts = {key: text for key, text in metadata.items() if text}
    return Page(title or readable_name(name), blocks, facts)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _told(header: Element | None, part: str, name: str) -> str:
    """The first of some elements in a part of the header."""
    for place in header.iter() if header is not None else ():
        if _name(place) == part:
            for element in place.iter():
                text = clean_line("".join(map(str, element.itertext())))
                if _name(element) == name and text:
                    return text
    return ""


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
