"""MediaWiki dumps (pages-articles.xml.bz2): one document an article, streamed, of any size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

from qa.reading.blocks import Content, UnreadableError, build_document
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
    base = ""  # the address of its main page
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
        language = root.get(_XML_LANGUAGE) or ""
        for event, element in events:
            tag = etree.QName(element).localname if event == "end" else ""
            if tag == "base":
                base = (element.text or "").strip().rpartition("/")[0]
            elif tag == "page":
                facts = _facts(element)
                # The page and those before it would stay in the tree.
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if (kind := _no_article(facts)) is not None:
                    left_out[kind] += 1
                else:
                    title = clean_line(facts.get("title", ""))
                    address = f"{base}/{quote(title.replace(' ', '_'), safe='/:(),')}"
                    told = {"url": address if base else "", "language": language}
                    place = f"{name}/{title}"
                    yield place, _document(title, facts, told, place)
    except (etree.XMLSyntaxError, EOFError, OSError) as error:
        reason = " ".join(str(error).split())
        yield name, skipped(name, "damaged_after", reason)
    except StopIteration:
        yield name, skipped(name, "damaged", "no XML in it")
    for kind, count in sorted(left_out.items()):
        yield name, skipped(name, kind, count)


def _facts(page: Element) -> dict[str, str]:
    """What stands in a page's elements, its last revision's where there are several."""
    return {
        element.tag.rpartition("}")[2]: element.text or ""
        for element in page.iter()
        if isinstance(element.tag, str)
    }


def _no_article(facts: Mapping[str, str]) -> str | None:
    """Why a page is no article; None for one that is."""
    if "redirect" in facts:
        return "redirects"
    if facts.get("ns", "0") != "0":
        return "other_spaces"
    return "no_wikitext" if facts.get("model", "wikitext") != "wikitext" else None


def _document(
    title: str, facts: Mapping[str, str], told: Mapping[str, str], place: str
) -> Document | Skipped:
    source = facts.get("text", "")
    if len(source) > _LARGEST_ARTICLE:
        return skipped(place, "long_article", _LARGEST_ARTICLE)
    blocks = wikitext_blocks(source, title)
    if len(blocks) < 2:
        return skipped(place, "no_text")
    metadata = {"date": facts.get("timestamp", "")[:10], **told}
    known = {key: text for key, text in metadata.items() if text}
    return build_document(place, known.get("url", place), Content(title, blocks, known))
