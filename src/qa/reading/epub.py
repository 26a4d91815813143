"""E-books: the chapters in reading order, whole, as one document."""

from __future__ import annotations

import posixpath
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from qa.reading.archive import read_part
from qa.reading.blocks import Block, Page, UnreadableError, with_title
from qa.reading.html import book_blocks
from qa.reading.office import dublin_core, open_office, parse_part
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_CIPHER = "{http://www.w3.org/2001/04/xmlenc#}CipherReference"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html"})


def read_epub(data: bytes, name: str) -> Page:
    """Read an EPUB 2 or 3: its chapters in the order of its spine, its title, author and date."""
    with open_office(data) as package:
        place, opf = _package_document(package)
        metadata = dublin_core(opf.find(f"{_OPF}metadata"))
        for source in opf.iter("{http://purl.org/dc/elements/1.1/}source"):
            if (source.text or "").strip().startswith(("https://", "http://")):
                metadata["url"] = (source.text or "").strip()
        chapters = _chapters(opf, posixpath.dirname(place))
        _refuse_protected(package, chapters)
        blocks: list[Block] = []
        lost: list[str] = []
        for chapter in chapters:
            content = read_part(package, chapter)
            if content is None:
                lost.append(f"its part {chapter} is missing")
            else:
                blocks += book_blocks(content)
    told = metadata.pop("title", "")
    blocks, title = with_title(blocks, told, several=True)
    return Page(title or readable_name(name), blocks, metadata, tuple(lost))


def _package_document(package: zipfile.ZipFile) -> tuple[str, Element]:
    container = parse_part(package, "META-INF/container.xml")
    places = container.iter(f"{_CONTAINER}rootfile") if container is not None else ()
    for rootfile in places:
        place = rootfile.get("full-path") or ""
        opf = parse_part(package, place)
        if opf is not None:
            return place, opf
    raise UnreadableError("not an e-book: its container names no package document")


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
        raise UnreadableError("an e-book without chapters")
    return chapters


def _refuse_protected(package: zipfile.ZipFile, chapters: list[str]) -> None:
    encryption = parse_part(package, "META-INF/encryption.xml")
    protected = {
        unquote(reference.get("URI") or "")
        for reference in (encryption.iter(_CIPHER) if encryption is not None else ())
    }
    if protected.intersection(chapters):  # fonts alone may be scrambled in a free book
        raise UnreadableError("protected against copying (DRM)")
