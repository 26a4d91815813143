"""How a quoted span is referred to: ISO 690 as used in France, BibTeX, RIS, CSL-JSON.

Pure functions of a document and a span; ``today`` is told by the caller.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from typing import Any
from urllib.parse import quote

from qa.french import fold
from qa.records import Document
from qa.web import texts


@dataclass(frozen=True, slots=True)
class Reference:
    """What is cited: ``document.text[start:end]``, under the section titles above it."""

    document: Document
    start: int
    end: int
    headings: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The document's title, or its id when it has none."""
        return _line(self.document.title) or self.document.id

    @property
    def author(self) -> str:
        """The author that the document names, or nothing."""
        return _line(self.document.metadata.get("author", ""))

    @property
    def published(self) -> str:
        """The date that the document gives, as it is written there."""
        return _line(self.document.metadata.get("date", ""))

    @property
    def language(self) -> str:
        """The language that the document says it is in, or nothing."""
        return _line(self.document.metadata.get("language", ""))

    @property
    def quote(self) -> str:
        """The span's text on one line, between « »."""
        text = _line(self.document.text[self.start : self.end])
        return texts.typeset("« {} »").format(text) if text else ""

    @property
    def page(self) -> str:
        """The page on which the span begins, in a paged file."""
        page = self.document.page_at(self.start)
        return str(page.number) if page is not None else ""

    @property
    def is_recognised(self) -> bool:
        """Whether the text was recognised in the image of its page."""
        page = self.document.page_at(self.start)
        return page is not None and page.ocr

    @property
    def url(self) -> str:
        """A web address, when that is where the document came from."""
        for text in (self.document.metadata.get("url", ""), self.document.source):
            if re.match(r"https?://\S+$", text):
                return text
        return ""

    @property
    def section(self) -> str:
        """The lowest section title above the span, unless it is the document's own title."""
        below = [_line(head) for head in self.headings if _line(head) != self.title]
        return below[-1] if below else ""


def reference(document: Document, start: int, end: int) -> Reference:
    """The reference of a span, with the section titles above it."""
    path: list[tuple[int, str]] = []
    for heading in document.headings:
        if heading.start > start:
            break
        path = [item for item in path if item[0] < heading.level]
        path.append((heading.level, document.text[heading.start : heading.end].strip()))
    return Reference(document, start, end, tuple(text for _, text in path))


def iso690(cited: Reference, today: date) -> str:
    """« Quote » author, title [en ligne], date, [consulté le …], section, page, place, address."""
    parts = [cited.author.upper() if cited.author else "", cited.title]
    parts[1] += " [en ligne]" if cited.url else " [document électronique]"
    visited = f"[consulté le {texts.date(datetime(today.year, today.month, today.day), 'fr')}]"
    if cited.url:
        parts.append(f"{cited.published} {visited}".strip())
    elif cited.published:
        parts.append(cited.published)
    if cited.section:
        parts.append(texts.typeset("Section « {} »").format(cited.section))
    if cited.page:
        parts.append(f"P.{texts.WIDE}{cited.page}")
    if cited.is_recognised:
        parts.append(texts.RECOGNISED)
    where = texts.CHARACTERS.format(start=texts.number(cited.start), end=texts.number(cited.end))
    parts.append(where[0].upper() + where[1:])
    address = cited.url or cited.document.source
    label = "Disponible à l’adresse :" if cited.url else "Fichier :"
    parts.append(f"{texts.typeset(label)} {address}")
    told = ". ".join(part.rstrip(".") for part in parts if part)
    return f"{cited.quote} {told}.".lstrip()


def bibtex(cited: Reference, today: date) -> str:
    """A ``@misc`` entry; every special character of TeX is escaped."""
    fields = {
        "title": _tex(cited.title),
        "author": _tex(cited.author),
        "year": year(cited.published),
        "howpublished": "" if cited.url else _tex(cited.document.source),
        "url": cited.url,
        "urldate": today.isoformat() if cited.url else "",
        "pages": cited.page,
        "language": _tex(cited.language),
        "note": _tex(_place(cited)),
        "annote": _tex(cited.quote),
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_key(cited)},", ",\n".join(lines), "}"])


def ris(cited: Reference, today: date) -> str:
    """An RIS record: one tag a line."""
    tags = [
        ("TY", "ELEC" if cited.url else "GEN"),
        ("TI", cited.title),
        ("AU", cited.author),
        ("PY", year(cited.published)),
        ("SP", cited.page),
        ("LA", cited.language),
        ("UR", cited.url),
        ("Y2", today.strftime("%Y/%m/%d") if cited.url else ""),
        ("N1", f"{cited.document.source} ; {_place(cited)}"),
        ("N1", cited.quote),
    ]
    lines = [f"{tag}  - {value}" for tag, value in tags if value]
    return "\n".join([*lines, "ER  - "])


def csl(cited: Reference, today: date) -> str:
    """CSL-JSON, as reference managers import it."""
    item: dict[str, Any] = {
        "id": _key(cited),
        "type": "webpage" if cited.url else "document",
        "title": cited.title,
        "note": f"{cited.document.source} ; {_place(cited)} ; {cited.quote}".rstrip(" ;"),
    }
    if cited.author:
        item["author"] = [{"literal": cited.author}]
    if year(cited.published):
        item["issued"] = {"date-parts": [[int(year(cited.published))]]}
    if cited.page:
        item["page"] = cited.page
    if cited.language:
        item["language"] = cited.language
    if cited.url:
        item["URL"] = cited.url
        item["accessed"] = {"date-parts": [[today.year, today.month, today.day]]}
    return json.dumps([item], ensure_ascii=False, indent=2)


RDF_OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:z="http://www.zotero.org/namespaces/export#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/">\n'
)
RDF_ENDING = "</rdf:RDF>\n"


def zotero_rdf(cited: Reference) -> str:
    """An item of Zotero's RDF, the quote as its note; goes between RDF_OPENING and RDF_ENDING."""
    name = f"{quote(cited.document.id.encode('utf-8', 'replace'))}-{cited.start}-{cited.end}"
    url = f"<dcterms:URI><rdf:value>{escape(cited.url)}</rdf:value></dcterms:URI>"
    person = f"<foaf:Person><foaf:surname>{escape(cited.author)}</foaf:surname></foaf:Person>"
    fields = (
        ("z:itemType", "webpage" if cited.url else "document"),
        ("bib:authors", f"<rdf:Seq><rdf:li>{person}</rdf:li></rdf:Seq>" if cited.author else ""),
        ("dc:title", escape(cited.title)),
        ("dc:date", escape(cited.published)),
        ("z:language", escape(cited.language)),
        ("bib:pages", cited.page),
        ("dc:identifier", url if cited.url else ""),
        ("dc:description", escape(f"{cited.document.source} ; {_place(cited)}")),
    )
    lines = "".join(f"  <{tag}>{value}</{tag}>\n" for tag, value in fields if value)
    note = escape(f"<p>{escape(cited.quote)}</p>")  # notes are HTML
    return (
        f'<rdf:Description rdf:about="#{name}">\n{lines}'
        f'  <dcterms:isReferencedBy rdf:resource="#{name}-note"/>\n</rdf:Description>\n'
        f'<bib:Memo rdf:about="#{name}-note"><rdf:value>{note}</rdf:value></bib:Memo>\n'
    )


FORMATS = (("ISO 690", iso690), ("BibTeX", bibtex), ("RIS", ris), ("CSL-JSON", csl))


def _line(text: str) -> str:
    return " ".join(text.split())


def _place(cited: Reference) -> str:
    section = f"{cited.section}, " if cited.section else ""
    recognised = f", {texts.RECOGNISED[0].lower()}{texts.RECOGNISED[1:]}"
    characters = f"caractères {cited.start}-{cited.end}"
    return f"{section}{characters}{recognised if cited.is_recognised else ''}"


def year(text: str) -> str:
    """The year that a date names, or nothing."""
    match = re.search(r"\b(1[0-9]{3}|20[0-9]{2})\b", text)
    return match.group() if match else ""


def _key(cited: Reference) -> str:
    words = re.findall(r"[a-z0-9]+", fold(cited.title))[:4] or ["document"]
    return f"{'-'.join(words)}-{cited.start}"


_TEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(character, character) for character in text)
