"""Word files: the text as it would be printed, insertions accepted and deletions left out.

The parts are read with lxml: python-docx passes over inserted text, content controls, text boxes
and notes, and what is cited must be all there.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qa.reading.blocks import Block, Page, UnreadableError, with_title
from qa.reading.cleaning import one_line
from qa.reading.office import clean_lines, dublin_core, open_office, parse_part, table_block
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
# Properties, deleted and moved text, field codes, comments: nothing that is printed.
_LEFT_OUT = frozenset(
    f"{_W}{name}"
    for name in ("pPr", "rPr", "del", "moveFrom", "instrText", "delText", "sdtPr", "sdtEndPr")
)
_BREAKS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}tab": " ", f"{_W}noBreakHyphen": "-"}
_NOTES = {f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes"}
_NUMBERED = frozenset({"decimal", "decimalZero", "upperRoman", "lowerRoman", "ordinal"})
_DEEPEST_STYLE = 20  # a style is based on a style…
_BODY_LEVEL = 9  # "outlineLvl" of text that is no heading


def read_docx(data: bytes, name: str) -> Page:
    """Read a Word file: headings, paragraphs, lists, tables, text boxes, notes, properties."""
    with open_office(data) as package:
        document = parse_part(package, "word/document.xml")
        if document is None:
            raise UnreadableError("not a Word file: it has no word/document.xml")
        if document.tag != f"{_W}document":
            raise UnreadableError("an Office file of a kind that is not read (strict Open XML)")
        walk = _Walk(package)
        body = document.find(f"{_W}body")
        if body is not None:
            walk.read(body)
        walk.close_list()
        blocks = [*walk.blocks, *walk.note_blocks()]
        metadata = dublin_core(parse_part(package, "docProps/core.xml"))
        metadata.setdefault("language", walk.styles.language)
    told = metadata.pop("title", "")
    blocks, title = with_title(blocks, told)
    facts = {key: text for key, text in metadata.items() if text}
    return Page(title or readable_name(name), blocks, facts)


def _value(element: Element | None, name: str) -> str:
    """The w:val of a child."""
    child = element.find(f"{_W}{name}") if element is not None else None
    return (child.get(f"{_W}val") or "") if child is not None else ""


class _Styles:
    """What styles.xml and numbering.xml say of headings, lists and the language."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._styles: dict[str, Element] = {}
        self.language = ""
        tree = parse_part(package, "word/styles.xml")
        if tree is not None:
            self._styles = {s.get(f"{_W}styleId") or "": s for s in tree.iter(f"{_W}style")}
            language = next(tree.iter(f"{_W}lang"), None)
            if language is not None:
                self.language = language.get(f"{_W}val") or ""
        self._formats: dict[tuple[str, str], str] = {}
        numbering = parse_part(package, "word/numbering.xml")
        if numbering is not None:
            abstract = {a.get(f"{_W}abstractNumId"): a for a in numbering.iter(f"{_W}abstractNum")}
            for number in numbering.iter(f"{_W}num"):
                shape = abstract.get(_value(number, "abstractNumId"))
                for level in shape.iter(f"{_W}lvl") if shape is not None else ():
                    key = (number.get(f"{_W}numId") or "", level.get(f"{_W}ilvl") or "")
                    self._formats[key] = _value(level, "numFmt")

    def _chain(self, identifier: str) -> Iterator[Element]:
        for _ in range(_DEEPEST_STYLE):
            style = self._styles.get(identifier)
            if style is None:
                return
            yield style
            identifier = _value(style, "basedOn")

    def name(self, identifier: str) -> str:
        """The name that Word gives a style in every language: "heading 1", "Title", "toc 2"."""
        style = self._styles.get(identifier)
        return _value(style, "name").lower() or identifier.lower()

    def level(self, properties: Element | None, identifier: str) -> int:
        """The outline level of a paragraph, from 1; 0 for text; its own before its style's."""
        places = [properties, *(style.find(f"{_W}pPr") for style in self._chain(identifier))]
        for place in places:
            told = _value(place, "outlineLvl")
            if told.isdecimal():
                return int(told) + 1 if int(told) < _BODY_LEVEL else 0
        for style in self._chain(identifier):
            name = _value(style, "name").lower()
            if name.startswith("heading ") and name[8:].isdecimal():
                return int(name[8:])
        return 0

    def list_item(self, properties: Element | None, identifier: str) -> tuple[str, str, str] | None:
        """The list (an id), the depth and the number format of a paragraph in a list."""
        places = [properties, *(style.find(f"{_W}pPr") for style in self._chain(identifier))]
        for place in places:
            told = place.find(f"{_W}numPr") if place is not None else None
            if told is not None:
                number, depth = _value(told, "numId"), _value(told, "ilvl") or "0"
                if number == "0":  # taken out of its style's list
                    return None
                return number, depth, self._formats.get((number, depth), "bullet")
        return None


@dataclass(slots=True)
class _Note:
    part: str
    identifier: str


@dataclass(slots=True)
class _Paragraph:
    text: list[str] = field(default_factory=list)
    boxes: list[Element] = field(default_factory=list)


class _Walk:
    """One walk over the body: blocks in reading order, the notes that it met."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self.styles = _Styles(package)
        self.blocks: list[Block] = []
        self._items: list[str] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._notes: list[_Note] = []
        self._has_title = False

    def read(self, container: Element) -> None:
        """Read the paragraphs and tables of a body, cell, text box or content control."""
        for element in container:
            if element.tag == f"{_W}p":
                self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                self.close_list()
                self._table(element)
            elif isinstance(element.tag, str) and element.tag not in _LEFT_OUT:
                self.read(element)  # sdt, sdtContent, ins, customXml

    def close_list(self) -> None:
        """End the list that is open: what follows is no item of it."""
        if self._items:
            self.blocks.append(Block("\n".join(self._items)))
            self._items = []

    def note_blocks(self) -> list[Block]:
        """The notes, in the order of their calls: "[1] …"."""
        blocks = []
        bodies: dict[str, dict[str | None, Element]] = {}
        for number, note in enumerate(self._notes, start=1):
            if note.part not in bodies:
                tree = parse_part(self._package, f"word/{note.part}.xml")
                found = tree if tree is not None else ()
                bodies[note.part] = {body.get(f"{_W}id"): body for body in found}
            body = bodies[note.part].get(note.identifier)
            if body is None:
                continue
            texts = [clean_lines("".join(self._text_of(p).text)) for p in body.iter(f"{_W}p")]
            text = "\n".join(text for text in texts if text)
            if text:
                blocks.append(Block(f"[{number}] {text}"))
        return blocks

    def _paragraph(self, element: Element) -> None:
        properties = element.find(f"{_W}pPr")
        style = _value(properties, "pStyle")
        name = self.styles.name(style)
        paragraph = self._text_of(element)
        text = clean_lines("".join(paragraph.text))
        if text and not name.startswith("toc "):  # the table of contents says all titles twice
            self._add(text, name, self.styles.level(properties, style), properties, style)
        for box in paragraph.boxes:
            self.read(box)

    def _add(
        self, text: str, name: str, level: int, properties: Element | None, style: str
    ) -> None:
        item = self.styles.list_item(properties, style)
        if name == "title":
            self.close_list()
            self._has_title = True
            self.blocks.append(Block(one_line(text), 1))
        elif level:
            self.close_list()
            self.blocks.append(Block(one_line(text), min(level + self._has_title, 6)))
        elif item is not None:
            number, depth, shape = item
            marker = "- "
            if shape in _NUMBERED:
                self._counts[number, depth] += 1
                marker = f"{self._counts[number, depth]}. "
            self._items.append(marker + text)
        else:
            self.close_list()
            self.blocks.append(Block(text))

    def _text_of(self, element: Element) -> _Paragraph:
        paragraph = _Paragraph()
        self._collect(element, paragraph)
        return paragraph

    def _collect(self, element: Element, paragraph: _Paragraph) -> None:
        for child in element:
            tag = child.tag
            if tag in (f"{_W}t", _MATH_TEXT):
                paragraph.text.append(child.text or "")
            elif tag in _BREAKS:
                paragraph.text.append(_BREAKS[tag])
            elif tag in _NOTES:
                self._notes.append(_Note(_NOTES[tag], child.get(f"{_W}id") or ""))
                paragraph.text.append(f"[{len(self._notes)}]")
            elif tag == f"{_W}txbxContent":
                paragraph.boxes.append(child)
            elif tag == _ALTERNATE:  # the same content for newer and for older programs
                self._collect(child[:1] or child, paragraph)
            elif tag == f"{_W}r" and _is_hidden(child):
                continue
            elif isinstance(tag, str) and tag not in _LEFT_OUT:
                self._collect(child, paragraph)

    def _table(self, table: Element) -> None:
        """Write a table a row a line; one that has a single column only lays the page out."""
        rows = [
            [cell for cell in row.iter(f"{_W}tc") if next(cell.iterancestors(f"{_W}tr")) is row]
            for row in table.iter(f"{_W}tr")
            if next(row.iterancestors(f"{_W}tbl")) is table
        ]
        if max(map(len, rows), default=0) < 2:
            for cell in (cell for row in rows for cell in row):
                self.read(cell)
            self.close_list()
            return
        block = table_block([[self._cell(cell) for cell in row] for row in rows])
        if block:
            self.blocks.append(block)

    def _cell(self, cell: Element) -> str:
        texts = (
            clean_lines("".join(self._text_of(paragraph).text)) for paragraph in cell.iter(f"{_W}p")
        )
        return " ".join(text for text in texts if text)


def _is_hidden(run: Element) -> bool:
    properties = run.find(f"{_W}rPr")
    vanish = properties.find(f"{_W}vanish") if properties is not None else None
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false")
