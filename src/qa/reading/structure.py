"""One walk over HTML elements makes the blocks of every structured format.

A saved page, an e-book's chapter, Markdown, Word, OpenDocument and the others are first written as
plain HTML; headings, lists, tables, notes and accordions are then read here, in one way.
``<note>`` (not HTML's own) is a note at its call: "[1]" in the text, its words after the block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qa.reading import lines
from qa.reading.blocks import Block
from qa.reading.cleaning import clean_inline, one_line, raised, word_set
from qa.reading.grid import Cell, table_lines

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LINE = "\u2028"  # the end of a line that its author made; "<br>" may be one of a wrapped line

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BLANKS = re.compile(r" [ \t\r\n\f]+|[\t\r\n\f][ \t\r\n\f]*")  # but a single space
_EMPTY_LINE = re.compile(r"\n(?:[^\S\n]*\n)+")
_SPAN = re.compile(r"\d{1,4}")
# A link to a note: "#fn1", "notes.xhtml#n12", "#_ftn3".
_NOTE_LINK = re.compile(r"(?:^|[/#_-])(?:[a-z]*notes?|fn|ftn|endnote|cite_note|n)[_-]?\w*\d", re.I)

HIDDEN_TAGS = word_set(
    "script style noscript template iframe object embed svg canvas head select input textarea "
    "dialog audio video link meta map rt rp option datalist"
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCK_TAGS = word_set(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure "
    "footer form header hgroup html legend li main nav ol p pre section summary table tbody td "
    "tfoot th thead tr ul caption hr h1 h2 h3 h4 h5 h6"
)
_ACCORDION = re.compile("accord|collaps|faq|question|toggle-title", re.I)
_NOTE_NAME = re.compile(
    r"(?:^|[\s_-])(?:foot|end)?note[s_-]?(?:ref|call|link|anchor)?(?:$|[\s_-])", re.I
)
_NOTE_NUMBER = re.compile(r"[\[(]?\d{1,3}[\])]?")
_LOOKED_AT = 500  # characters of an attribute, its last: each look copies it whole
_OPENERS = ("aria-controls", "aria-expanded", "data-toggle", "data-bs-toggle")


def parse_html(source: str) -> HtmlElement | None:
    """Parse a page; None when it holds nothing but comments or blanks."""
    from lxml import etree, html

    # Without huge_tree, whatever is nested 256 deep (unclosed <font> tags) vanishes without a word.
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    source = _XML_DECLARATION.sub("", source).replace("\0", "")
    try:
        tree = html.document_fromstring(source, parser=parser)
    except etree.ParserError:
        return None
    # Not the "href" of a <link>: that is the address of the page.
    for place, name in (("*", "class"), ("a", "href")):
        for element in tree.xpath(f"//{place}[string-length(@{name}) > {_LOOKED_AT}]"):
            element.set(name, element.get(name)[-_LOOKED_AT:])
    return tree


def html_blocks(source: str) -> list[Block]:
    """The blocks of HTML that is all text."""
    tree = parse_html(source)
    return element_blocks(tree) if tree is not None else []


def element_blocks(element: HtmlElement, marks: Mapping[str, Block] | None = None) -> list[Block]:
    """The blocks of an element; ``marks`` are headings by the id of the place where they stand."""
    return _Walk(marks or {}).blocks(element)


class _Walk:
    """One walk over an element: paragraphs, headings, lists and tables, in reading order."""

    def __init__(self, marks: Mapping[str, Block], notes: list[str] | None = None) -> None:
        self._marks = marks
        self._inside = notes is not None
        # All notes so far; those after ``_told`` wait for the end of their block.
        self._notes: list[str] = notes if notes is not None else []
        self._told = 0
        self._inline: list[str] = []
        self._done: list[Block] = []
        self._level = 0  # of the last heading that is no accordion's
        self._mark: Block | None = None

    def blocks(self, element: HtmlElement) -> list[Block]:
        self._children(element)
        self._flush()
        return self._done

    def _add(self, text: str, level: int = 0) -> None:
        if not text:
            return
        mark, self._mark = self._mark, None
        if mark is not None and not level:
            if one_line(text).casefold().startswith(mark.text.casefold()) and len(text) < 200:
                level = mark.level
            elif not self._done or self._done[-1].text != mark.text:
                self._done.append(mark)
        self._done.append(Block(text, level))
        if not self._inside:
            for number in range(self._told, len(self._notes)):
                self._done.append(Block(f"[{number + 1}] {self._notes[number]}"))
            self._told = len(self._notes)

    def _flush(self, level: int = 0) -> None:
        text = "".join(self._inline)
        self._inline = []
        if text.strip():
            for paragraph in _EMPTY_LINE.split(text):
                if paragraph.strip():
                    tidied = _tidy(paragraph)
                    self._add(one_line(tidied) if level else tidied, level)

    def _children(self, element: HtmlElement) -> None:
        if element.text:
            self._inline.append(_BLANKS.sub(" ", element.text))
        for child in element:
            if isinstance(child.tag, str) and child.tag not in HIDDEN_TAGS:
                self._element(child)
            if child.tail:
                self._inline.append(_BLANKS.sub(" ", child.tail))

    def _element(self, element: HtmlElement) -> None:
        tag = element.tag
        identifier = element.get("id") or element.get("name")
        if identifier in self._marks:
            self._flush()
            self._mark = self._marks[identifier]
        if tag == "br":
            self._inline.append("\n")
        elif tag == "sup":
            self._raised(element)
        elif tag == "note":
            self._note(element)
        elif _calls_note(element):
            self._raised(element, called=True)
        elif tag == "button" or (tag not in HEADINGS and element.get("role") == "button"):
            self._button(element)
        elif tag not in BLOCK_TAGS:
            if element.get("role") == "heading":
                self._heading(element, _number(element.get("aria-level"), 2))
            else:
                self._children(element)
        else:
            self._block(element, tag)

    def _block(self, element: HtmlElement, tag: str) -> None:
        self._flush()
        if tag in HEADINGS:
            self._heading(element, HEADINGS[tag])
        elif tag == "summary":
            self._opener(element)
        elif tag in ("ul", "ol"):
            self._add("\n".join(line for line in self._list_lines(element) if line.strip()))
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table" and is_data_table(element):
            self._table(element)
        elif tag == "pre":
            code = "".join(element.itertext()).replace("\t", "    ").split("\n")
            self._add("\n".join(line.rstrip() for line in code if line.strip()))
        elif element.get("role") == "heading":
            self._heading(element, _number(element.get("aria-level"), 2))
        else:
            before = len(self._done)
            self._children(element)
            self._flush()
            if tag in ("p", "div") and len(self._done) == before + 1 and _is_bold(element):
                self._done[-1] = replace(self._done[-1], bold=True)

    # --- headings -------------------------------------------------------------------------------

    def _heading(self, element: HtmlElement, level: int) -> None:
        self._flush()
        for button in element.iter("button"):
            button.tag = "span"  # the question of an accordion
        self._children(element)
        self._level = min(max(level, 1), 6)
        self._flush(self._level)

    def _button(self, element: HtmlElement) -> None:
        """A button that opens a panel is the panel's heading; the others only act."""
        opens = any(element.get(name) is not None for name in _OPENERS)
        text = _text(element)
        classes = (e.get("class") or "" for e in (element, element.getparent()))
        accordion = _ACCORDION.search(" ".join(classes)) is not None
        if opens and (len(text) > 15 or text.endswith("?") or accordion):
            self._flush()
            self._opener(element)

    def _opener(self, element: HtmlElement) -> None:
        self._children(element)
        self._flush(min(self._level + 1, 6))

    # --- notes ----------------------------------------------------------------------------------

    def _raised(self, element: HtmlElement, *, called: bool = False) -> None:
        """ "1887<sup>2</sup>" is no 18872: a note's mark is set apart, an exponent stays one."""
        text = one_line("".join(element.itertext()))
        links = [*element.iter("a"), *element.iterancestors("a")]
        linked = any(map(_leads_to_note, links))
        self._inline.append(raised("".join(self._inline[-3:]), text, is_call=linked or called))

    def _note(self, element: HtmlElement) -> None:
        walk = _Walk({}, self._notes)
        text = "\n".join(block.text for block in walk.blocks(element))
        if text:
            self._notes.append(text)
            self._inline.append(f"[{len(self._notes)}]")

    # --- lists and tables -----------------------------------------------------------------------

    def _parts(self, element: HtmlElement) -> list[Block]:
        return _Walk(self._marks, self._notes).blocks(element)

    def _list_lines(self, element: HtmlElement) -> Iterator[str]:
        """Write "- item" or "1. item"; an item's further paragraphs follow on their own lines."""
        number = _number(element.get("start"), 1)
        if element.text and element.text.strip():
            yield _tidy(element.text)
        for child in element:
            if not isinstance(child.tag, str) or child.tag in HIDDEN_TAGS:
                continue
            if child.tag in ("ul", "ol"):
                yield from self._list_lines(child)
                continue
            marker = child.get("mark") or ("- " if element.tag == "ul" else f"{number}. ")
            number += 1
            for block in self._parts(child):
                yield marker + block.text
                marker = ""
            if child.tail and child.tail.strip():
                yield _tidy(child.tail)

    def _definitions(self, element: HtmlElement) -> None:
        """Write the term on a line and its definitions on the next ones, a block an entry."""
        entry: list[str] = []
        defined = False

        def close() -> None:
            self._add("\n".join(line for line in entry if line.strip()))
            entry.clear()

        for child in element:
            if child.tag not in ("dt", "dd"):
                close()
                if child.tag == "div":  # a group of terms and definitions
                    self._definitions(child)
                elif isinstance(child.tag, str) and child.tag not in HIDDEN_TAGS:
                    self._element(child)
                    self._flush()
                continue
            if child.tag == "dt" and defined:
                close()
            defined = child.tag == "dd"
            entry += [block.text for block in self._parts(child)]
        close()

    def _table(self, element: HtmlElement) -> None:
        captions = [
            " ".join(block.text for block in self._parts(caption))
            for caption in element.iter("caption")
        ]
        rows = [
            [
                Cell(
                    one_line(" ".join(block.text for block in self._parts(cell))),
                    _number(cell.get("rowspan"), 1),
                    _number(cell.get("colspan"), 1),
                    cell.tag == "th" or row.getparent().tag == "thead" or _is_bold(cell),
                )
                for cell in row
                if cell.tag in ("td", "th")
            ]
            for row in element.iter("tr")
        ]
        self._add("\n".join(filter(None, [*captions, *table_lines(rows)])))


def _calls_note(element: HtmlElement) -> bool:
    """Whether a link or a span is a note's call, though it is not raised."""
    if element.tag not in ("a", "span"):
        return False
    if "noteref" in (element.get("epub:type") or element.get("role") or ""):
        return True
    is_note = (
        _leads_to_note(element)
        if element.tag == "a"
        else _NOTE_NAME.search(element.get("class") or "")
    )
    return bool(is_note) and _NOTE_NUMBER.fullmatch(_text(element)) is not None


def _leads_to_note(link: HtmlElement) -> bool:
    return _NOTE_LINK.search(link.get("href") or "") is not None


def is_data_table(element: HtmlElement) -> bool:
    """A table with one cell a row, or with headings and tables inside, only lays the page out."""
    if next(element.iter("h1", "h2", "h3"), None) is not None:
        return False
    if any(inner is not element for inner in element.iter("table")):
        return False
    counts = (sum(cell.tag in ("td", "th") for cell in row) for row in element.iter("tr"))
    return max(counts, default=0) > 1


def _is_bold(element: HtmlElement) -> bool:
    """Whether all that an element says stands in bold."""
    inner = element
    while inner.tag not in ("b", "strong"):
        if len(inner) != 1 or (inner.text or "").strip() or (inner[0].tail or "").strip():
            return False
        inner = inner[0]
    return True


def _tidy(text: str) -> str:
    """Clean a paragraph; breaks made by <br> stay unless a sentence was wrapped with them."""
    if "\n" not in text:
        return clean_inline(text)
    cleaned = [clean_inline(line) for line in text.split("\n")]
    return lines.join_lines([line for line in cleaned if line])


def _text(element: Any) -> str:
    return one_line("".join(element.itertext()))


def _number(value: str | None, default: int) -> int:
    found = _SPAN.fullmatch((value or "").strip())
    return int(found[0]) if found else default
