"""E-books: the chapters in reading order, whole, as one document."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from qa.reading.archive import read_part
from qa.reading.blocks import Block, Content, UnreadableError
from qa.reading.cleaning import one_line
from qa.reading.encoding import decode
from qa.reading.office import content_of_office, dublin_core, open_office, parse_part
from qa.reading.structure import element_blocks, parse_html

if TYPE_CHECKING:
    from lxml.etree import _Element as Element
    from lxml.html import HtmlElement

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_CIPHER = "{http://www.w3.org/2001/04/xmlenc#}CipherReference"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html"})


def read_epub(data: bytes, name: str) -> Content:
    """Read an EPUB 2 or 3: its chapters in the order of its spine, its title, author and date."""
    with open_office(data) as package:
        place, opf = _package_document(package)
        metadata = dublin_core(opf.find(f"{_OPF}metadata"))
        for source in opf.iter("{http://purl.org/dc/elements/1.1/}source"):
            if (source.text or "").strip().startswith(("https://", "http://")):
                metadata["url"] = (source.text or "").strip()
        chapters = _chapters(opf, posixpath.dirname(place))
        _refuse_protected(package, chapters)
        contents = _contents(package, opf, posixpath.dirname(place))
        blocks: list[Block] = []
        lost: list[tuple[str, ...]] = []
        for chapter in chapters:
            content = read_part(package, chapter)
            if content is None:
                lost.append(("missing_part", chapter))
                continue
            tree = parse_html(decode(content, declared_charset=True))
            body = tree.find("body") if tree is not None else None
            if body is not None:
                blocks += _chapter_blocks(body, contents.get(chapter, {}))
    return replace(content_of_office(blocks, metadata, name, several=True), left_out=tuple(lost))


def _chapter_blocks(body: HtmlElement, marks: dict[str, Block]) -> list[Block]:
    """A chapter; where the book marks no heading itself, its table of contents does."""
    blocks = element_blocks(body, {key: mark for key, mark in marks.items() if key})
    start = marks.get("")
    if start is None or any(block.level for block in blocks[:3]):
        return blocks
    for at, block in enumerate(blocks[:3]):
        if start.text.casefold().startswith(block.text.casefold()):
            return [*blocks[:at], start, *blocks[at + 1 :]]
    return [start, *blocks]


def _contents(package: zipfile.ZipFile, opf: Element, folder: str) -> dict[str, dict[str, Block]]:
    """The headings that the book's table of contents names, by file and place in it."""
    found: dict[str, dict[str, Block]] = {}
    read = set()
    for item in opf.iter(f"{_OPF}item"):
        is_nav = "nav" in (item.get("properties") or "").split()
        if not is_nav and item.get("media-type") != "application/x-dtbncx+xml":
            continue
        place = posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or "")))
        if place in read:
            continue
        read.add(place)
        try:
            tree = parse_part(package, place)
        except UnreadableError:
            continue
        for entry in tree.iter(f"{_NCX}navPoint", f"{_XHTML}a") if tree is not None else ():
            target = entry.find(f"{_NCX}content") if not is_nav else entry
            label = entry.find(f"{_NCX}navLabel") if not is_nav else entry
            if target is None or label is None:
                continue
            depth = sum(1 for _ in entry.iterancestors(entry.tag, f"{_XHTML}ol")) or 1
            href = unquote(target.get("src") or target.get("href") or "")
            file, _, fragment = href.partition("#")
            text = one_line("".join(label.itertext()))
            if text:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(place), file))
                level = min(depth + (0 if is_nav else 1), 6)
                found.setdefault(path, {}).setdefault(fragment, Block(text, level))
    return found


def _package_document(package: zipfile.ZipFile) -> tuple[str, Element]:
    container = parse_part(package, "META-INF/container.xml")
    places = container.iter(f"{_CONTAINER}rootfile") if container is not None else ()
    for rootfile in places:
        place = rootfile.get("full-path") or ""
        opf = parse_part(package, place)
        if opf is not None:
            return place, opf
    told = "an e-book: its container names no package document"
    raise UnreadableError("another_kind", told, "un livre EPUB")


def _chapters(opf: Element, folder: str) -> list[str]:
    """The places of the chapters, in reading order; the book's own table of contents left out."""
    items = {item.get("id"): item for item in opf.iter(f"{_OPF}item")}
    chapters = []
    for reference in opf.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref"))
        if item is None or item.get("media-type") not in _CHAPTERS:
            continue
        if "nav" not in (item.get("properties") or "").split():
            place = unquote(item.get("href") or "").split("#")[0]
            chapters.append(posixpath.normpath(posixpath.join(folder, place)))
    if not chapters:
        raise UnreadableError("another_kind", "an e-book with chapters", "un livre EPUB")
    return list(dict.fromkeys(chapters))


def _refuse_protected(package: zipfile.ZipFile, chapters: list[str]) -> None:
    encryption = parse_part(package, "META-INF/encryption.xml")
    protected = {
        unquote(reference.get("URI") or "")
        for reference in (encryption.iter(_CIPHER) if encryption is not None else ())
    }
    if protected.intersection(chapters):  # fonts alone may be scrambled in a free book
        raise UnreadableError("drm")
