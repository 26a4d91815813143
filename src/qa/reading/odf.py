"""OpenDocument texts and presentations, by way of HTML: what their pages show."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from qa.reading.blocks import Content, UnreadableError
from qa.reading.grid import Cell, html_table
from qa.reading.office import content_of_office, dublin_core, open_office, parse_part
from qa.reading.structure import LINE, html_blocks

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TEXT, _TABLE = (f"{{{_SPACE}{name}:1.0}}" for name in ("office", "text", "table"))
_STYLE, _DRAW, _MANIFEST = (f"{{{_SPACE}{name}:1.0}}" for name in ("style", "drawing", "manifest"))
_FO, _SHOW = f"{{{_SPACE}xsl-fo-compatible:1.0}}", f"{{{_SPACE}presentation:1.0}}"
# Deleted and hidden text, tables of contents and indexes (their titles and pages stand elsewhere).
_LEFT_OUT = frozenset(
    [f"{_OFFICE}annotation", f"{_OFFICE}annotation-end", f"{_OFFICE}forms", f"{_SHOW}notes"]
    + [
        f"{_TEXT}{name}"
        for name in (
            "tracked-changes", "table-of-content", "illustration-index", "table-index",
            "object-index", "alphabetical-index", "sequence-decls", "variable-decls",
            "ruby-text", "note-citation", "hidden-text", "hidden-paragraph",
        )
    ]
)  # fmt: skip
_MOST_SPACES = 100


def read_odf(data: bytes, name: str) -> Content:
    """Read an OpenDocument text or presentation: what it shows, its notes, its properties."""
    with open_office(data) as package:
        manifest = parse_part(package, "META-INF/manifest.xml")
        protected = manifest.iter(f"{_MANIFEST}encryption-data") if manifest is not None else ()
        if next(iter(protected), None) is not None:
            raise UnreadableError("password")
        content = parse_part(package, "content.xml")
        kinds = (f"{_OFFICE}text", f"{_OFFICE}presentation")
        body = next(content.iter(*kinds), None) if content is not None else None
        if content is None or body is None:
            raise UnreadableError("another_kind", "an OpenDocument text", "un texte OpenDocument")
        source = "".join(_Walk(content).container(body))
        metadata = dublin_core(parse_part(package, "meta.xml"))
        metadata.setdefault("language", _language(parse_part(package, "styles.xml")))
    return content_of_office(html_blocks(source), metadata, name)


def _language(styles: Element | None) -> str:
    for properties in styles.iter(f"{_STYLE}text-properties") if styles is not None else ():
        language, country = properties.get(f"{_FO}language"), properties.get(f"{_FO}country")
        if language and language not in ("none", "zxx"):
            return f"{language}-{country}" if country and country != "none" else language
    return ""


class _Walk:
    """One walk over a text, that writes HTML."""

    def __init__(self, content: Element) -> None:
        styles = list(content.iter(f"{_STYLE}style"))
        # Automatic styles ("P3") by the named style that they vary ("Title").
        self._parents = {
            s.get(f"{_STYLE}name") or "": s.get(f"{_STYLE}parent-style-name") or "" for s in styles
        }
        self._raised, self._hidden, self._bold = set(), set(), set()
        for style in styles:
            name = style.get(f"{_STYLE}name") or ""
            for properties in style.iter(f"{_STYLE}text-properties"):
                if (properties.get(f"{_STYLE}text-position") or "").startswith("super"):
                    self._raised.add(name)
                if properties.get(f"{_TEXT}display") == "none":
                    self._hidden.add(name)
                if properties.get(f"{_FO}font-weight") == "bold":
                    self._bold.add(name)
        self._has_title = False
        self._frames: list[Element] = []

    def container(self, container: Element) -> Iterator[str]:
        """What a body, section, cell, frame or slide holds."""
        for element in container:
            tag = element.tag
            if not isinstance(tag, str) or tag in _LEFT_OUT or self._is_hidden(element):
                continue
            if tag in (f"{_TEXT}p", f"{_TEXT}h"):
                yield from self._paragraph(element)
            elif tag == f"{_TEXT}list":
                yield f"<ul>{''.join(self._items(element))}</ul>"
            elif tag == f"{_TABLE}table":
                yield from self._table(element)
            elif element.get(f"{_SHOW}class") == "title":  # of a slide
                yield f"<h2>{' '.join(self._texts(element))}</h2>"
            else:
                yield from self.container(element)  # sections, frames, index bodies

    def _style(self, element: Element) -> str:
        return element.get(f"{_TEXT}style-name") or ""

    def _is_hidden(self, element: Element) -> bool:
        return (
            element.get(f"{_TEXT}display") == "none"
            or element.get(f"{_TEXT}is-hidden") == "true"
            or self._style(element) in self._hidden
        )

    def _paragraph(self, element: Element) -> Iterator[str]:
        text = "".join(self._text(element))
        style = self._style(element)
        tag = "p"
        if "Title" in (style, self._parents.get(style)):
            self._has_title, tag = True, "h1"
        elif element.tag == f"{_TEXT}h":
            level = max(_count(element.get(f"{_TEXT}outline-level")), 1)
            tag = f"h{min(level + self._has_title, 6)}"
        if tag == "p" and self._is_bold(element):
            text = f"<b>{text}</b>"
        yield f"<{tag}>{text}</{tag}>"
        frames, self._frames = self._frames, []
        for frame in frames:
            yield from self.container(frame)

    def _text(self, element: Element) -> Iterator[str]:
        yield escape(element.text or "")
        for child in element:
            tag = child.tag
            if tag == f"{_TEXT}s":
                yield " " * min(_count(child.get(f"{_TEXT}c")), _MOST_SPACES)
            elif tag == f"{_TEXT}tab":
                yield " "
            elif tag == f"{_TEXT}line-break":
                yield LINE
            elif tag == f"{_TEXT}note":
                yield f"<note>{'<br>'.join(self._texts(child))}</note>"
            elif isinstance(tag, str) and tag.startswith(_DRAW):
                self._frames.append(child)
            elif isinstance(tag, str) and tag not in _LEFT_OUT and not self._is_hidden(child):
                is_raised = self._style(child) in self._raised
                yield "<sup>" if is_raised else ""
                yield from self._text(child)
                yield "</sup>" if is_raised else ""
            yield escape(child.tail or "")

    def _texts(self, element: Element) -> list[str]:
        return ["".join(self._text(p)) for p in element.iter(f"{_TEXT}p", f"{_TEXT}h")]

    def _items(self, element: Element) -> Iterator[str]:
        """Items as "- item"; whether a list is numbered stands in styles that say it ill."""
        for item in element:
            if item.tag not in (f"{_TEXT}list-item", f"{_TEXT}list-header"):
                continue
            yield "<li>"
            for child in item:
                if child.tag == f"{_TEXT}list":
                    yield f"<ul>{''.join(self._items(child))}</ul>"
                elif child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                    yield f"<p>{''.join(self._text(child))}</p>"
            yield "</li>"

    def _table(self, table: Element) -> Iterator[str]:
        """A table with its merged cells; one that has a single column only lays the page out."""
        rows = [
            (row, [cell for cell in row if cell.tag == f"{_TABLE}table-cell"])
            for row in table.iter(f"{_TABLE}table-row")
            if next(row.iterancestors(f"{_TABLE}table")) is table
        ]
        if max((len(cells) for _, cells in rows), default=0) < 2:
            for _, cells in rows:
                for cell in cells:
                    yield from self.container(cell)
            return
        grid = []
        for row, cells in rows:
            head = row.getparent().tag == f"{_TABLE}table-header-rows"
            grid.append(
                [
                    Cell(
                        "<br>".join(self._texts(cell)),
                        _count(cell.get(f"{_TABLE}number-rows-spanned")),
                        _count(cell.get(f"{_TABLE}number-columns-spanned")),
                        head or self._is_bold(cell),
                    )
                    for cell in cells
                ]
            )
        yield html_table(grid)

    def _is_bold(self, cell: Element) -> bool:
        styled = [e for e in cell.iter() if isinstance(e.tag, str) and (e.text or "").strip()]
        return bool(styled) and all(self._style(e) in self._bold for e in styled)


def _count(told: str | None) -> int:
    return int(told) if told and told.isdecimal() and len(told) < 4 else 1
