"""OpenDocument texts: what the page shows, tracked deletions left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa.reading.blocks import Block, Page, UnreadableError, with_title
from qa.reading.cleaning import one_line
from qa.reading.office import clean_lines, dublin_core, open_office, parse_part, table_block
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
_MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_DC = "{http://purl.org/dc/elements/1.1/}"
# Deleted text, tables of contents and indexes (their titles and page numbers stand elsewhere).
_LEFT_OUT = frozenset(
    [f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_OFFICE}forms"]
    + [
        f"{_TEXT}{name}"
        for name in (
            "tracked-changes", "table-of-content", "illustration-index", "table-index",
            "object-index", "alphabetical-index", "sequence-decls", "variable-decls",
            "ruby-text", "note-citation",
        )
    ]
)  # fmt: skip
_MOST_SPACES = 100


def read_odt(data: bytes, name: str) -> Page:
    """Read an OpenDocument text: headings, paragraphs, lists, tables, frames, notes, properties."""
    with open_office(data) as package:
        manifest = parse_part(package, "META-INF/manifest.xml")
        if (
            manifest is not None
            and next(manifest.iter(f"{_MANIFEST}encryption-data"), None) is not None
        ):
            raise UnreadableError("protected by a password")
        content = parse_part(package, "content.xml")
        body = next(content.iter(f"{_OFFICE}text"), None) if content is not None else None
        if content is None or body is None:
            raise UnreadableError("not an OpenDocument text")
        walk = _Walk(_style_names(content))
        walk.read(body)
        metadata = dublin_core(parse_part(package, "meta.xml"))
        metadata.setdefault("language", _language(parse_part(package, "styles.xml")))
    told = metadata.pop("title", "")
    blocks, title = with_title([*walk.blocks, *walk.notes], told)
    facts = {key: text for key, text in metadata.items() if text}
    return Page(title or readable_name(name), blocks, facts)


def _style_names(content: Element) -> dict[str, str]:
    """Automatic styles ("P3") by the named style that they vary ("Title")."""
    return {
        style.get(f"{_STYLE}name") or "": style.get(f"{_STYLE}parent-style-name") or ""
        for style in content.iter(f"{_STYLE}style")
    }


def _language(styles: Element | None) -> str:
    for properties in styles.iter(f"{_STYLE}text-properties") if styles is not None else ():
        language, country = properties.get(f"{_FO}language"), properties.get(f"{_FO}country")
        if language and language not in ("none", "zxx"):
            return f"{language}-{country}" if country and country != "none" else language
    return ""


class _Walk:
    """One walk over the text: blocks in reading order, notes apart."""

    def __init__(self, styles: dict[str, str]) -> None:
        self._styles = styles
        self.blocks: list[Block] = []
        self.notes: list[Block] = []
        self._note_count = 0
        self._has_title = False

    def read(self, container: Element) -> None:
        """Read what a body, section, cell or frame holds."""
        for element in container:
            tag = element.tag
            if not isinstance(tag, str) or tag in _LEFT_OUT:
                continue
            if tag in (f"{_TEXT}p", f"{_TEXT}h"):
                self._paragraph(element)
            elif tag == f"{_TEXT}list":
                lines = "\n".join(self._list_lines(element))
                if lines:
                    self.blocks.append(Block(lines))
            elif tag == f"{_TABLE}table":
                self._table(element)
            else:
                self.read(element)  # sections, frames, index bodies

    def _paragraph(self, element: Element) -> None:
        frames: list[Element] = []
        text = clean_lines("".join(self._text(element, frames)))
        style = element.get(f"{_TEXT}style-name") or ""
        if text and "Title" in (style, self._styles.get(style)):
            self._has_title = True
            self.blocks.append(Block(one_line(text), 1))
        elif text and element.tag == f"{_TEXT}h":
            told = element.get(f"{_TEXT}outline-level") or "1"
            level = int(told) if told.isdecimal() and len(told) < 3 else 1
            self.blocks.append(Block(one_line(text), min(max(level, 1) + self._has_title, 6)))
        elif text:
            self.blocks.append(Block(text))
        for frame in frames:
            self.read(frame)

    def _text(self, element: Element, frames: list[Element]) -> Iterator[str]:
        yield element.text or ""
        for child in element:
            tag = child.tag
            if tag == f"{_TEXT}s":
                count = child.get(f"{_TEXT}c") or "1"
                yield " " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES)
            elif tag == f"{_TEXT}tab":
                yield " "
            elif tag == f"{_TEXT}line-break":
                yield "\n"
            elif tag == f"{_TEXT}note":
                yield self._note(child)
            elif isinstance(tag, str) and tag.startswith(_DRAW):
                frames.append(child)
            elif isinstance(tag, str) and tag not in _LEFT_OUT:
                yield from self._text(child, frames)
            yield child.tail or ""

    def _note(self, note: Element) -> str:
        self._note_count += 1
        marker = f"[{self._note_count}]"
        body = note.find(f"{_TEXT}note-body")
        texts = [
            clean_lines("".join(self._text(paragraph, [])))
            for paragraph in (body.iter(f"{_TEXT}p") if body is not None else ())
        ]
        text = "\n".join(text for text in texts if text)
        if text:
            self.notes.append(Block(f"{marker} {text}"))
        return marker

    def _list_lines(self, element: Element) -> Iterator[str]:
        """Items as "- item"; whether a list is numbered stands in styles that say it ill."""
        for item in element:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            marker = "- "
            for child in item:
                if child.tag == f"{_TEXT}list":
                    yield from self._list_lines(child)
                elif child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                    text = clean_lines("".join(self._text(child, [])))
                    if text:
                        yield marker + text
                        marker = ""

    def _table(self, table: Element) -> None:
        """Write a table a row a line; one that has a single column only lays the page out."""
        rows = [
            [cell for cell in row if cell.tag == f"{_TABLE}table-cell"]
            for row in table.iter(f"{_TABLE}table-row")
            if next(row.iterancestors(f"{_TABLE}table")) is table
        ]
        if max(map(len, rows), default=0) < 2:
            for cell in (cell for row in rows for cell in row):
                self.read(cell)
            return
        block = table_block([[self._cell(cell) for cell in row] for row in rows])
        if block:
            self.blocks.append(block)

    def _cell(self, cell: Element) -> str:
        texts = (
            clean_lines("".join(self._text(paragraph, [])))
            for paragraph in cell.iter(f"{_TEXT}p", f"{_TEXT}h")
        )
        return " ".join(text for text in texts if text)
