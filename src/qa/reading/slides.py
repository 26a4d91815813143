"""PowerPoint presentations, by way of HTML: each slide's title, texts, tables and notes."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from qa.reading.blocks import Content, UnreadableError
from qa.reading.grid import Cell, html_table
from qa.reading.office import content_of_office, dublin_core, open_office, parse_part
from qa.reading.structure import html_blocks

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# Numbers of slides, dates and feet that every slide repeats.
_REPEATED = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})


def read_slides(data: bytes, name: str) -> Content:
    """Read the slides that are shown, in their order."""
    with open_office(data) as package:
        deck = parse_part(package, "ppt/presentation.xml")
        if deck is None:
            raise UnreadableError("another_kind", "a presentation", "une présentation")
        links = _links(package, "ppt/presentation.xml")
        places = [links.get(slide.get(f"{_R}id") or "", "") for slide in deck.iter(f"{_P}sldId")]
        source = "".join(part for place in dict.fromkeys(places) for part in _slide(package, place))
        metadata = dublin_core(parse_part(package, "docProps/core.xml"))
    return content_of_office(html_blocks(source), metadata, name)


def _links(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """Where the parts stand that a part names, by their ids and by their kinds."""
    folder, file = posixpath.split(part)
    tree = parse_part(package, f"{folder}/_rels/{file}.rels")
    found: dict[str, str] = {}
    for link in tree if tree is not None else ():
        place = posixpath.normpath(posixpath.join(folder, link.get("Target") or "")).lstrip("/")
        found[link.get("Id") or ""] = place
        found.setdefault((link.get("Type") or "").rpartition("/")[2], place)
    return found


def _slide(package: zipfile.ZipFile, place: str) -> Iterator[str]:
    slide = parse_part(package, place)
    if slide is None or slide.get("show") == "0":
        return
    yield from _shapes(slide)
    notes = parse_part(package, _links(package, place).get("notesSlide", ""))
    if notes is not None:
        yield from _shapes(notes)


def _shapes(slide: Element) -> Iterator[str]:
    """Titles first, then the other shapes in their order."""
    shapes = [e for e in slide.iter(f"{_P}sp", f"{_A}tbl") if not _inside_table(e)]
    for shape in sorted(shapes, key=lambda shape: not _kind(shape).lower().endswith("title")):
        kind = _kind(shape)
        if shape.tag == f"{_A}tbl":
            yield _table(shape)
        elif kind in ("title", "ctrTitle"):
            yield f"<h2>{' '.join(_paragraphs(shape))}</h2>"
        elif kind not in _REPEATED:
            texts = _paragraphs(shape)
            if kind in ("body", "obj") and len(texts) > 1:
                yield f"<ul><li>{'<li>'.join(texts)}</ul>"
            else:
                yield "".join(f"<p>{text}</p>" for text in texts)


def _inside_table(element: Element) -> bool:
    return next(element.iterancestors(f"{_A}tbl"), None) is not None


def _kind(shape: Element) -> str:
    """What a placeholder is for: "title", "body", "sldNum"; nothing for a free shape."""
    place = next(shape.iter(f"{_P}ph"), None)
    return (place.get("type") or "body") if place is not None else ""


def _paragraphs(shape: Element) -> list[str]:
    texts = ("".join(_text(paragraph)) for paragraph in shape.iter(f"{_A}p"))
    return [text for text in texts if re.search(r"\w", text)]


def _text(paragraph: Element) -> Iterator[str]:
    for child in paragraph.iter(f"{_A}t", f"{_A}br"):
        yield "<br>" if child.tag == f"{_A}br" else escape(child.text or "")


def _table(table: Element) -> str:
    first = table.find(f"{_A}tblPr")
    heads = first is not None and first.get("firstRow") == "1"
    return html_table(
        [
            [
                Cell(
                    " ".join(_paragraphs(cell)),
                    int(cell.get("rowSpan") or 1),
                    int(cell.get("gridSpan") or 1),
                    heads and not number,
                )
                for cell in row.iter(f"{_A}tc")
                if not (cell.get("hMerge") or cell.get("vMerge"))
            ]
            for number, row in enumerate(table.iter(f"{_A}tr"))
        ]
    )
