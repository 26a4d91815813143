"""Word files, by way of HTML: the text as printed, insertions accepted and deletions left out.

The parts are read with lxml: python-docx passes over inserted text, content controls, text boxes
and notes, and what is cited must be all there.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import escape
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from qa.reading.blocks import Content, UnreadableError
from qa.reading.grid import Cell, html_table
from qa.reading.office import content_of_office, dublin_core, open_office, parse_part
from qa.reading.structure import LINE, html_blocks

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
# Properties, deleted and moved text, field codes, comments: nothing that is printed.
_LEFT_OUT = frozenset(
    f"{_W}{name}"
    for name in ("pPr", "rPr", "del", "moveFrom", "instrText", "delText", "sdtPr", "sdtEndPr")
)
_BREAKS = {f"{_W}br": LINE, f"{_W}cr": LINE, f"{_W}tab": " ", f"{_W}noBreakHyphen": "-"}
_NOTES = {f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes"}
_NUMBERED = frozenset({"decimal", "decimalZero", "upperRoman", "lowerRoman", "ordinal"})
_DEEPEST_STYLE = 20  # a style is based on a style…
_BODY_LEVEL = 9  # "outlineLvl" of text that is no heading


def read_docx(data: bytes, name: str) -> Content:
    """Read a Word file: headings, paragraphs, lists, tables, text boxes, notes, properties."""
    with open_office(data) as package:
        document = parse_part(package, "word/document.xml")
        if document is None:
            raise UnreadableError(
                "another_kind", "a Word file: it has no word/document.xml", "un fichier Word"
            )
        if document.tag != f"{_W}document":
            raise UnreadableError(
                "another_kind", "an Office file that is read (strict Open XML)", "du Word courant"
            )
        walk = _Walk(package)
        body = document.find(f"{_W}body")
        source = "".join(walk.container(body)) if body is not None else ""
        metadata = dublin_core(parse_part(package, "docProps/core.xml"))
        metadata.setdefault("language", walk.styles.language)
    return content_of_office(html_blocks(source), metadata, name)


def _value(element: Element | None, name: str) -> str:
    """The w:val of a child."""
    child = element.find(f"{_W}{name}") if element is not None else None
    return (child.get(f"{_W}val") or "") if child is not None else ""


def _told_level(properties: Element | None) -> int | None:
    told = _value(properties, "outlineLvl")
    if not told.isdecimal():
        return None
    return int(told) + 1 if int(told) < _BODY_LEVEL else 0


def _told_list(properties: Element | None) -> tuple[str, str] | None:
    """The list that properties name, and the depth in it."""
    told = properties.find(f"{_W}numPr") if properties is not None else None
    return (_value(told, "numId"), _value(told, "ilvl") or "0") if told is not None else None


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
        # A style is looked at once, whatever it holds and however many paragraphs have it.
        self.name = cache(self._name_of)
        self._level = cache(self._level_of)
        self._list = cache(self._list_of)

    def _chain(self, identifier: str) -> Iterator[Element]:
        for _ in range(_DEEPEST_STYLE):
            style = self._styles.get(identifier)
            if style is None:
                return
            yield style
            identifier = _value(style, "basedOn")

    def _name_of(self, identifier: str) -> str:
        """The name that Word gives a style in every language: "heading 1", "Title", "toc 2"."""
        style = self._styles.get(identifier)
        return _value(style, "name").lower() or identifier.lower()

    def level(self, properties: Element | None, identifier: str) -> int:
        """The outline level of a paragraph, from 1; 0 for text; its own before its style's."""
        told = _told_level(properties)
        return self._level(identifier) if told is None else told

    def _level_of(self, identifier: str) -> int:
        for style in self._chain(identifier):
            told = _told_level(style.find(f"{_W}pPr"))
            if told is not None:
                return told
        for style in self._chain(identifier):
            name = _value(style, "name").lower()
            if name.startswith("heading ") and name[8:].isdecimal():
                return int(name[8:])
        return 0

    def list_item(self, properties: Element | None, identifier: str) -> tuple[str, str, str] | None:
        """The list (an id), the depth and the number format of a paragraph in a list."""
        number, depth = _told_list(properties) or self._list(identifier)
        if number in ("", "0"):  # in none, or taken out of its style's list
            return None
        return number, depth, self._formats.get((number, depth), "bullet")

    def _list_of(self, identifier: str) -> tuple[str, str]:
        places = (style.find(f"{_W}pPr") for style in self._chain(identifier))
        return next((told for place in places if (told := _told_list(place))), ("", ""))


class _Walk:
    """One walk over the body, that writes HTML."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self.styles = _Styles(package)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._notes: dict[str, dict[str | None, Element]] = {}
        self._has_title = False
        self._boxes: list[Element] = []

    def container(self, container: Element) -> Iterator[str]:
        """The paragraphs and tables of a body, cell, text box or content control."""
        for item, parts in groupby(self._parts(container), itemgetter(0)):
            source = "".join(part for _, part in parts)
            yield f"<ul>{source}</ul>" if item else source

    def _parts(self, container: Element) -> Iterator[tuple[bool, str]]:
        """Whether each part is an item of a list, and its HTML."""
        for element in container:
            if element.tag == f"{_W}p":
                item, source = self._paragraph(element)
                if source:
                    yield item, source
                boxes, self._boxes = self._boxes, []
                for box in boxes:
                    yield False, "".join(self.container(box))
            elif element.tag == f"{_W}tbl":
                yield False, "".join(self._table(element))
            elif isinstance(element.tag, str) and element.tag not in _LEFT_OUT:
                # sdt, sdtContent, ins, customXml
                yield False, "".join(self.container(element))

    def _paragraph(self, element: Element) -> tuple[bool, str]:
        """Whether a paragraph is an item of a list, and its HTML; nothing for an empty one."""
        properties = element.find(f"{_W}pPr")
        style = _value(properties, "pStyle")
        name = self.styles.name(style)
        text = "".join(self._text(element))
        if not text.strip() or name.startswith("toc "):  # the contents say all titles twice
            return False, ""
        level = self.styles.level(properties, style)
        if name == "title":
            self._has_title = True
            return False, f"<h1>{text}</h1>"
        if level:
            level = min(level + self._has_title, 6)
            return False, f"<h{level}>{text}</h{level}>"
        item = self.styles.list_item(properties, style)
        if item is None:
            return False, f"<p><b>{text}</b></p>" if self._is_bold(element) else f"<p>{text}</p>"
        number, depth, shape = item
        marker = "- "
        if shape in _NUMBERED:
            self._counts[number, depth] += 1
            marker = f"{self._counts[number, depth]}. "
        return True, f'<li mark="{marker}">{text}</li>'

    def _text(self, element: Element) -> Iterator[str]:
        for child in element:
            tag = child.tag
            if tag in (f"{_W}t", _MATH_TEXT):
                yield escape(child.text or "")
            elif tag in _BREAKS:
                yield _BREAKS[tag]
            elif tag in _NOTES:
                yield from self._note(_NOTES[tag], child.get(f"{_W}id"))
            elif tag == f"{_W}txbxContent":
                self._boxes.append(child)
            elif tag == _ALTERNATE:  # the same content for newer and for older programs
                yield from self._text(child[:1] or child)
            elif tag == f"{_W}r":
                properties = child.find(f"{_W}rPr")
                if _is_hidden(properties):
                    continue
                is_raised = _value(properties, "vertAlign") == "superscript"
                yield "<sup>" if is_raised else ""
                yield from self._text(child)
                yield "</sup>" if is_raised else ""
            elif isinstance(tag, str) and tag not in _LEFT_OUT:
                yield from self._text(child)

    def _note(self, part: str, identifier: str | None) -> Iterator[str]:
        if part not in self._notes:
            tree = parse_part(self._package, f"word/{part}.xml")
            self._notes[part] = {
                body.get(f"{_W}id"): body for body in (tree if tree is not None else ())
            }
        body = self._notes[part].pop(identifier, None)  # printed once
        if body is not None:
            texts = ("".join(self._text(paragraph)) for paragraph in body.iter(f"{_W}p"))
            yield f"<note>{'<br>'.join(text for text in texts if text.strip())}</note>"

    def _table(self, table: Element) -> Iterator[str]:
        """A table with its merged cells; one that has a single column only lays the page out."""
        rows = [
            (row, [cell for cell in row.iter(f"{_W}tc") if _owner(cell, f"{_W}tr") is row])
            for row in table.iter(f"{_W}tr")
            if _owner(row, f"{_W}tbl") is table
        ]
        if max((len(cells) for _, cells in rows), default=0) < 2:
            for cell in chain.from_iterable(cells for _, cells in rows):
                yield from self.container(cell)
            return
        above: dict[int, Cell] = {}  # by column: the cell that those below may continue
        grid: list[list[Cell]] = []
        for row, cells in rows:
            head = row.find(f"{_W}trPr/{_W}tblHeader") is not None
            column = 0
            grid.append([])
            for cell in cells:
                properties = cell.find(f"{_W}tcPr")
                told = _value(properties, "gridSpan")
                width = int(told) if told.isdecimal() and len(told) < 4 else 1
                merge = properties.find(f"{_W}vMerge") if properties is not None else None
                if merge is not None and merge.get(f"{_W}val") != "restart" and column in above:
                    above[column].rows += 1
                else:
                    text = "".join(self._cell(cell))
                    above[column] = Cell(text, 1, width, head or self._is_bold(cell))
                    grid[-1].append(above[column])
                column += width
        yield html_table(grid)

    def _is_bold(self, cell: Element) -> bool:
        runs = [run for run in cell.iter(f"{_W}r") if run.find(f"{_W}t") is not None]
        return bool(runs) and all(
            (bold := run.find(f"{_W}rPr/{_W}b")) is not None and bold.get(f"{_W}val") != "0"
            for run in runs
        )

    def _cell(self, cell: Element) -> Iterator[str]:
        for paragraph in cell.iter(f"{_W}p"):
            yield from self._text(paragraph)
            yield "<br>"


def _owner(element: Element, tag: str) -> Element | None:
    return next(element.iterancestors(tag), None)


def _is_hidden(properties: Element | None) -> bool:
    vanish = properties.find(f"{_W}vanish") if properties is not None else None
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false")
