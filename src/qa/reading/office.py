"""What DOCX, ODT and EPUB share: a ZIP of XML parts, and metadata in Dublin Core."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from qa.reading.archive import open_archive, read_part
from qa.reading.blocks import Block, Content, UnreadableError, with_title
from qa.reading.cleaning import clean_line
from qa.reading.headings import is_credible_title, mark_headings
from qa.reading.limits import NO_MEMORY
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
# Where each fact stands, the better place first.
_PLACES = {
    "title": (f"{_DC}title",),
    "author": (f"{_META}initial-creator", f"{_DC}creator"),
    "date": (f"{_META}creation-date", f"{_TERMS}created", f"{_DC}date"),
    "language": (f"{_DC}language",),
}
OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # the container of .doc files, and of protected .docx files
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T)")
# What programs fill in when nobody does.
_NO_TITLE = re.compile(
    r"(?:microsoft word\b.*|(?:nouveau )?document\s?\d*|sans (?:titre|nom)\s?\d*|untitled\s?\d*"
    r"|titre|word document|présentation powerpoint|powerpoint presentation|présentation\s?\d*"
    r"|classeur\s?\d*|\W*anonym(?:ous|e)\W*|.*\.(?:docx?|odt|rtf|pdf|html?|tex|indd|qxd|pages))",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:python-docx|admin\w*|administrat\w+|utilisateur\w*|user\w*|microsoft(?: office user)?"
    r"|owner|propriétaire|auteur|author|root|unknown|inconnue?|anonymous)",
    re.IGNORECASE,
)


def open_office(data: bytes) -> zipfile.ZipFile:
    """Open the package of an office file or an e-book; raises UnreadableError."""
    if data.startswith(OLD_OFFICE):
        raise UnreadableError("old_office")
    return open_archive(io.BytesIO(data))


def parse_part(package: zipfile.ZipFile, name: str) -> Element | None:
    """Parse an XML part; None when there is none."""
    data = read_part(package, name)
    return None if data is None else parse_xml(data, name)


def parse_xml(data: bytes, name: str) -> Element:
    """Parse XML, whose entities are never resolved; raises UnreadableError."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == NO_MEMORY:
            raise MemoryError from error
        raise UnreadableError("damaged", f"{name} is not XML") from error


def dublin_core(tree: Element | None) -> dict[str, str]:
    """Title, author, date and language of a metadata part, those that programs invent left out."""
    found: dict[str, str] = {}
    if tree is None:
        return found
    for name, places in _PLACES.items():
        for place in places:
            texts = [clean_line("".join(e.itertext())) for e in tree.iter(place)]
            told = [text for text in dict.fromkeys(texts) if text]
            if told:
                found[name] = ", ".join(told) if name == "author" else told[0]
                break
    return honest_metadata(found)


def honest_metadata(found: dict[str, str]) -> dict[str, str]:
    """Leave out titles and authors that a program filled in; cut a moment to its day."""
    kept = dict(found)
    if _NO_TITLE.fullmatch(kept.get("title", "")):
        del kept["title"]
    if _NO_AUTHOR.fullmatch(kept.get("author", "")):
        del kept["author"]
    day = _DAY.match(kept.get("date", ""))
    if day:
        kept["date"] = day[0]
    return kept


def content_of_office(
    blocks: list[Block],
    metadata: dict[str, str],
    name: str,
    *,
    several: bool = False,
    styled: bool = True,
) -> Content:
    """The content of a file: headings by number where it has none by style, and one title."""
    told = metadata.pop("title", "")
    marked, contents = mark_headings(blocks, styled=styled)
    titled, title = with_title(marked, told if is_credible_title(told) else "", several=several)
    facts = {key: text for key, text in metadata.items() if text}
    title = title if is_credible_title(title) else readable_name(name)
    return Content(title, titled, facts, removed=tuple(contents))
