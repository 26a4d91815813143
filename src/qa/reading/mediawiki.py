"""MediaWiki dumps (pages-articles.xml.bz2): one document an article, streamed, of any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from qa.reading.blocks import Page, UnreadableError, build_document
from qa.reading.cleaning import clean_line
from qa.reading.reasons import skipped
from qa.reading.settings import ReadingSettings
from qa.reading.streams import unpacked
from qa.reading.wikitext import wikitext_blocks
from qa.records import Document, Skipped

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_LARGEST_ARTICLE = 2_000_000  # characters of wikitext; the longest of Wikipedia have 1,000,000
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


def read_mediawiki(
    stream: BinaryIO, name: str, _settings: ReadingSettings
) -> Iterator[tuple[str, Document | Skipped]]:
    """Yield the articles of a dump; redirects and pages of other name spaces are counted."""
    from lxml import etree

    left_out: Counter[str] = Counter()
    wiki = _Wiki()
    content = unpacked(stream, name)
    if not content.peek(1)[:1]:
        yield name, skipped(name, "empty")
        return
    try:
        events: Iterator[tuple[str, Any]] = etree.iterparse(
            content, events=("start", "end"), resolve_entities=False, no_network=True
        )
        _, root = next(events)
        if etree.QName(root).localname != "mediawiki":
            raise UnreadableError(
                "another_kind", "a MediaWiki dump, nor TEI", "un export de MediaWiki, ni du TEI"
            )
        wiki.language = root.get(_XML_LANGUAGE) or ""
        for event, element in events:
            tag = etree.QName(element).localname if event == "end" else ""
            if tag == "base":
                wiki.base = (element.text or "").strip()
            elif tag == "page":
                article = _Article.of(element)
                # The page and those before it would stay in the tree.
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if article.kind:
                    left_out[article.kind] += 1
                else:
                    place = f"{name}/{article.title}"
                    yield place, _document(article, wiki, place)
    except (etree.XMLSyntaxError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())
        yield name, skipped(name, "damaged_after", reason)
    except StopIteration:
        yield name, skipped(name, "damaged", "no XML in it")
    for kind, count in sorted(left_out.items()):
        yield name, skipped(name, kind, count)


@dataclass(slots=True)
class _Wiki:
    base: str = ""  # the address of its main page
    language: str = ""

    def address(self, title: str) -> str:
        """Where an article stands on the web."""
        root = self.base.rpartition("/")[0]
        return f"{root}/{quote(title.replace(' ', '_'), safe='/:(),')}" if root else ""


@dataclass(frozen=True, slots=True)
class _Article:
    """``kind`` tells why a page is no article; nothing for one that is."""

    title: str
    text: str
    date: str
    kind: str = ""

    @classmethod
    def of(cls, page: Element) -> _Article:
        """The last revision of a page."""
        found = {"title": "", "ns": "0", "text": "", "timestamp": "", "model": "wikitext"}
        redirect = False
        for element in page.iter():
            name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
            if name in found:
                found[name] = element.text or ""
            redirect = redirect or name == "redirect"
        kind = ""
        if redirect:
            kind = "redirects"
        elif found["ns"] != "0":
            kind = "other_spaces"
        elif found["model"] != "wikitext":
            kind = "no_wikitext"
        return cls(clean_line(found["title"]), found["text"], found["timestamp"][:10], kind)


def _document(article: _Article, wiki: _Wiki, place: str) -> Document | Skipped:
    if len(article.text) > _LARGEST_ARTICLE:
        return skipped(place, "long_article", _LARGEST_ARTICLE)
    blocks = wikitext_blocks(article.text, article.title)
    if len(blocks) < 2:
        return skipped(place, "no_text")
    metadata = {
        "date": article.date,
        "url": wiki.address(article.title),
        "language": wiki.language,
    }
    facts = {key: text for key, text in metadata.items() if text}
    return build_document(place, facts.get("url", place), Page(article.title, blocks, facts))
