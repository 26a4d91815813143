"""Saved web pages: the article, whole, without the page around it.

trafilatura finds *where* the article is (and its title, author, date and address); the text is then
taken from that part of the page by a walk of our own, because trafilatura leaves out headings,
captions and definition lists now and then, and content must never be lost.
"""

from __future__ import annotations

import copy
import logging
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from qa.reading import boilerplate, lines
from qa.reading.blocks import Block, Page, with_title
from qa.reading.cleaning import clean_inline, clean_line, one_line, word_set
from qa.reading.encoding import decode
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# trafilatura takes seconds a megabyte; a larger page is taken as it is, its known parts removed.
_LARGEST_FOR_TRAFILATURA = 3_000_000
_DEEPEST_FOR_TRAFILATURA = 400  # levels; its time grows with their square
_MOST_OF_ARTICLE = 0.98  # share of trafilatura's text that the chosen element must hold
_CLEAR_LOSS = 0.6  # an element that holds less than this share of the page's prose is too small
_BULK = 0.3  # an element with this share of the article is never taken for a menu
_LINK_LIST = 0.8  # share of link text above which a list outside an article is a menu

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")
# "admin", "Author: admin": the account that published, not who wrote.
_NO_AUTHOR = re.compile(r"(?:(?:author|auteur|par)\s?:?\s)?(?:admin\w*|webmaster|root)\d*", re.I)
_BLANKS = re.compile(r"[ \t\r\n\f]+")

_HIDDEN_TAGS = word_set(
    "script style noscript template iframe object embed svg canvas math-ml head button select "
    "input "
    "textarea nav dialog audio video link meta map"
)
_PAGE_TAGS = word_set("aside form")  # dropped unless they hold the article
_OUTER_TAGS = word_set("header footer")  # dropped outside the article only
_PAGE_ROLES = word_set("navigation banner contentinfo search dialog complementary menu")
_ARTICLE_TAGS = word_set("article main")
# Words of class and id attributes: "cookie-banner", "sharedaddy", "comment-form", "breadcrumbs".
_PAGE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|rgpd|gdpr|share|sharing|sharedaddy|partage|social|addtoany|jp-relatedposts"
    r"|comments?|comment-?form|commentlist|commentaires?|respond|disqus|breadcrumbs?|fil-?ariane|related|similaires"
    r"|newsletter|sidebar|widgets?|menu|navbar|navigation|skip-?link|pagination|pager|post-?navigation"
    r"|adverts?|advertisement|publicite|popup|modal|toolbar|screen-reader-text|noprint|mw-editsection)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK_TAGS = word_set(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption "
    "figure footer "
    "form header hgroup html li main ol p pre section summary table tbody td tfoot th thead tr ul "
    "caption hr h1 h2 h3 h4 h5 h6"
)


def read_html(data: bytes, name: str) -> Page:
    """Read a saved web page: its title, main content and metadata."""
    tree = _parse(data)
    if tree is None:
        return Page(readable_name(name), [])
    metadata: dict[str, str] = {}
    article_texts: list[str] = []
    if len(data) <= _LARGEST_FOR_TRAFILATURA and _depth(tree) <= _DEEPEST_FOR_TRAFILATURA:
        metadata, article_texts = _ask_trafilatura(tree)
    title = metadata.pop("title", "") or clean_line(tree.findtext(".//title") or "")
    blocks = page_blocks(tree, article_texts)
    blocks, title = with_title(blocks, title)
    language = clean_line(tree.get("lang") or "")
    if language:
        metadata["language"] = language
    return Page(title or readable_name(name), blocks, metadata)


def book_blocks(data: bytes) -> list[Block]:
    """Take the blocks of an e-book's chapter: there is no page around it, all of it is text."""
    tree = _parse(data)
    body = tree.find("body") if tree is not None else None
    if body is None:
        return []
    return _Walk(_Coverage(body, ()), whole=True).blocks(body)


def _parse(data: bytes) -> HtmlElement | None:
    """Parse a page; None when it holds nothing but comments or blanks."""
    from lxml import etree, html

    source = _XML_DECLARATION.sub("", decode(data, declared_charset=True)).replace("\0", "")
    # Without huge_tree, whatever is nested 256 deep (unclosed <font> tags) vanishes without a word.
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return html.document_fromstring(source, parser=parser)
    except etree.ParserError:
        return None


def _depth(tree: HtmlElement) -> int:
    """Count the levels of the deepest element, without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


# --- where the article is -----------------------------------------------------------------------


def _ask_trafilatura(tree: HtmlElement) -> tuple[dict[str, str], list[str]]:
    """Ask trafilatura for the metadata and for the pieces of text that it takes as the article."""
    for logger in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    from trafilatura import bare_extraction, extract_metadata

    date_settings = {"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%d"}
    metadata: dict[str, str] = {}
    texts: list[str] = []
    # trafilatura meets every shape of broken page; whatever it stumbles on, our own walk reads on.
    try:
        found: Any = extract_metadata(copy.deepcopy(tree), date_config=date_settings)
        for key in ("title", "author", "date", "url"):
            value = getattr(found, key, None)
            if isinstance(value, str) and value.strip():
                metadata[key] = clean_line(value)
        if _NO_AUTHOR.fullmatch(metadata.get("author", "")):
            del metadata["author"]
        document: Any = bare_extraction(
            copy.deepcopy(tree), favor_recall=True, include_comments=False, include_tables=True
        )
        if document is not None and document.body is not None:
            texts = ["".join(piece) for piece in _direct_texts(document.body)]
    except Exception:
        logging.getLogger(__name__).debug("trafilatura failed", exc_info=True)
    return metadata, texts


def _direct_texts(body: Any) -> Iterator[list[str]]:
    for element in body.iter():
        if element.tag in {"p", "item", "head", "cell", "quote", "code", "ab"}:
            yield [text for text in element.itertext() if isinstance(text, str)]


class _Coverage:
    """How many letters of the article each element of the page holds, in one walk of the page."""

    def __init__(self, body: HtmlElement, article_texts: Iterable[str]) -> None:
        self.spans: dict[Any, tuple[int, int]] = {}
        letters: list[str] = []
        position = 0
        stack: list[tuple[Any, bool]] = [(body, False)]
        starts: dict[Any, int] = {}
        while stack:
            element, leaving = stack.pop()
            if leaving:
                self.spans[element] = (starts[element], position)
                pieces = [element.tail] if element is not body else []
            else:
                starts[element] = position
                stack.append((element, True))
                stack.extend((child, False) for child in reversed(element))
                hidden = not isinstance(element.tag, str) or element.tag in _HIDDEN_TAGS
                pieces = [] if hidden else [element.text]
            for piece in pieces:
                if piece:
                    kept = _NOT_ALPHANUMERIC.sub("", piece).lower()
                    letters.append(kept)
                    position += len(kept)
        page = "".join(letters)
        self.found: list[tuple[int, int]] = []
        cursor = 0
        for text in article_texts:
            needle = _NOT_ALPHANUMERIC.sub("", text).lower()
            if len(needle) < 12:  # "Menu" or "Lire" could be found anywhere
                continue
            start = page.find(needle, cursor)
            if start < 0:
                continue
            self.found.append((start, start + len(needle)))
            cursor = start + len(needle)
        self.starts = [start for start, _ in self.found]
        self.sums = [0]
        for start, end in self.found:
            self.sums.append(self.sums[-1] + end - start)

    def share(self, element: HtmlElement) -> float:
        """Give the share of the article that stands inside the element."""
        if not self.found:
            return 0.0
        start, end = self.spans[element]
        first, last = bisect_left(self.starts, start), bisect_left(self.starts, end)
        return (self.sums[last] - self.sums[first]) / self.sums[-1]

    def length(self, element: HtmlElement) -> int:
        """Give the number of letters and figures in the element."""
        start, end = self.spans[element]
        return end - start


def page_blocks(tree: HtmlElement, article_texts: Iterable[str] = ()) -> list[Block]:
    """Take the blocks of the article out of the page; ``article_texts`` say where it is."""
    body = tree.find("body") if tree.tag == "html" else tree
    if body is None:
        return []
    coverage = _Coverage(body, article_texts)
    article = _article_element(body, coverage)
    blocks = _clean_blocks(_Walk(coverage, in_article=article is not body).blocks(article))
    if article is body:
        return blocks
    whole = _clean_blocks(_Walk(coverage, in_article=False).blocks(body))
    if _length(blocks) < _CLEAR_LOSS * _length(whole):
        return whole
    return blocks


def _length(blocks: Iterable[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _article_element(body: HtmlElement, coverage: _Coverage) -> HtmlElement:
    """Find the smallest element with nearly all of the article, then the <article> around it."""
    if not coverage.found:
        mains = [e for e in body.iter("main", "article") if e.tag == "main"] or list(
            body.iter("article")
        )
        return mains[0] if len(mains) == 1 else body
    element = body
    while True:
        inner = [child for child in element if coverage.share(child) >= _MOST_OF_ARTICLE]
        if not inner or inner[0].tag not in _BLOCK_TAGS | _ARTICLE_TAGS:
            break
        element = inner[0]
    for ancestor in [element, *element.iterancestors()]:
        if ancestor.tag in _ARTICLE_TAGS or ancestor.get("role") == "main":
            return ancestor
    while element is not body and element.tag in {
        "p",
        "li",
        "tr",
        "td",
        "ul",
        "ol",
        "table",
        "tbody",
    }:
        element = element.getparent()
    return element


# --- from elements to blocks --------------------------------------------------------------------


class _Walk:
    """One walk over an element: paragraphs, headings, lists and tables, in reading order."""

    def __init__(
        self, coverage: _Coverage, *, in_article: bool = False, whole: bool = False
    ) -> None:
        self.coverage = coverage
        self.in_article = in_article
        self.whole = whole  # nothing stands around the text: an e-book's chapter
        self.inline: list[str] = []
        self.done: list[Block] = []

    def blocks(self, element: HtmlElement) -> list[Block]:
        self._children(element)
        self._flush()
        return self.done

    def _flush(self, level: int = 0) -> None:
        text = "".join(self.inline)
        self.inline = []
        for paragraph in re.split(r"\n(?:[^\S\n]*\n)+", text):
            if paragraph.strip():
                self.done.append(Block(_tidy(paragraph), level))

    def _children(self, element: HtmlElement) -> None:
        if element.text:
            self.inline.append(_BLANKS.sub(" ", element.text))
        for child in element:
            if isinstance(child.tag, str) and not self._is_page_part(child):
                self._element(child)
            if child.tail:
                self.inline.append(_BLANKS.sub(" ", child.tail))

    def _element(self, element: HtmlElement) -> None:
        tag = element.tag
        if tag == "br":
            self.inline.append("\n")
        elif tag == "wbr":
            return
        elif tag not in _BLOCK_TAGS:
            self._children(element)
        else:
            self._flush()
            if tag in _HEADINGS:
                self._heading(element, _HEADINGS[tag])
            elif tag in ("ul", "ol"):
                self._lines(self._list_lines(element))
            elif tag == "dl":
                self._definitions(element)
            elif tag == "table" and _is_data_table(element):
                self._table(element)
            elif tag == "pre":
                code = "".join(element.itertext()).replace("\t", "    ")
                self._lines(line.rstrip() for line in code.split("\n"))
            else:
                self._children(element)
                self._flush()

    def _heading(self, element: HtmlElement, level: int) -> None:
        self._children(element)
        text = one_line("".join(self.inline))
        self.inline = []
        if text:
            self.done.append(Block(text, level))

    def _lines(self, all_lines: Iterable[str]) -> None:
        text = "\n".join(line for line in all_lines if line.strip())
        if text:
            self.done.append(Block(text))

    def _inside(self, element: HtmlElement) -> list[Block]:
        walk = _Walk(self.coverage, in_article=self.in_article, whole=self.whole)
        return walk.blocks(element)

    def _list_lines(self, element: HtmlElement) -> Iterator[str]:
        """Write "- item" or "1. item"; an item's further paragraphs follow on their own lines."""
        number = _integer(element.get("start"), 1)
        if element.text and element.text.strip():
            yield _tidy(element.text)
        for child in element:
            if not isinstance(child.tag, str) or self._is_page_part(child):
                continue
            if child.tag in ("ul", "ol"):
                yield from self._list_lines(child)
                continue
            marker = "- " if element.tag == "ul" else f"{number}. "
            number += 1
            for block in self._inside(child):
                yield marker + block.text
                marker = ""
            if child.tail and child.tail.strip():
                yield _tidy(child.tail)

    def _definitions(self, element: HtmlElement) -> None:
        """Write the term on a line and its definitions on the next ones, a block an entry."""
        entry: list[str] = []
        defined = False
        for child in element:
            if child.tag not in ("dt", "dd"):
                self._lines(entry)
                entry, defined = [], False
                if child.tag == "div":  # a group of terms and definitions
                    self._definitions(child)
                elif isinstance(child.tag, str) and not self._is_page_part(child):
                    self._element(child)
                    self._flush()
                continue
            if child.tag == "dt" and defined:
                self._lines(entry)
                entry = []
            defined = child.tag == "dd"
            entry += [block.text for block in self._inside(child)]
        self._lines(entry)

    def _table(self, element: HtmlElement) -> None:
        rows = []
        for row in element.iter("caption", "tr"):
            if row.tag == "caption":
                rows.append(" ".join(block.text for block in self._inside(row)))
                continue
            cells = [
                one_line(" ".join(block.text for block in self._inside(cell)))
                for cell in row
                if cell.tag in ("td", "th")
            ]
            if any(cells):
                rows.append(" | ".join(cells))
        self._lines(rows)

    def _is_page_part(self, element: HtmlElement) -> bool:
        """Tell whether the element belongs to the page around the article."""
        tag = element.tag
        if tag in _HIDDEN_TAGS:
            return True
        if self.whole or tag in _HEADINGS or tag in _ARTICLE_TAGS:
            return False
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        suspected = (
            tag in _PAGE_TAGS
            or (tag in _OUTER_TAGS and not self.in_article)
            or element.get("role") in _PAGE_ROLES
            or element.get("hidden") is not None
            or element.get("aria-hidden") == "true"
            or bool(_PAGE_CLASS.search(names))
            or bool(_HIDDEN_STYLE.search(element.get("style") or ""))
            or (not self.in_article and tag in ("ul", "ol") and _is_link_list(element))
        )
        return suspected and self.coverage.share(element) < _BULK


def _tidy(text: str) -> str:
    """Clean a paragraph; breaks made by <br> stay unless a sentence was wrapped with them."""
    cleaned = [clean_inline(line) for line in text.split("\n")]
    return lines.join_lines([line for line in cleaned if line])


def _is_data_table(element: HtmlElement) -> bool:
    """A table with one cell a row, or with headings and tables inside, only lays the page out."""
    if next(element.iter("h1", "h2", "h3"), None) is not None:
        return False
    if any(inner is not element for inner in element.iter("table")):
        return False
    longest = max(
        (sum(cell.tag in ("td", "th") for cell in row) for row in element.iter("tr")), default=0
    )
    return longest > 1


def _is_link_list(element: HtmlElement) -> bool:
    total = len("".join(element.itertext()).strip())
    linked = sum(len("".join(link.itertext()).strip()) for link in element.iter("a"))
    return linked >= _LINK_LIST * total


def _integer(value: str | None, default: int) -> int:
    return (
        int(value)
        if value and value.isascii() and value.isdecimal() and len(value) < 6
        else default
    )


def _clean_blocks(blocks: list[Block]) -> list[Block]:
    """Take the boilerplate out that stands in the article itself."""
    removed = boilerplate.boilerplate_lines([block.text for block in blocks])
    kept = []
    for number, block in enumerate(blocks):
        if number in removed or boilerplate.is_decoration(block.text):
            continue
        if block.level:
            kept.append(Block(clean_line(block.text), block.level))
            continue
        inner = block.text.split("\n")
        away = boilerplate.boilerplate_lines(inner)
        cut = [
            boilerplate.cut_boilerplate_runs(line)
            for at, line in enumerate(inner)
            if at not in away
        ]
        text = "\n".join(line for line in cut if line)
        if text:
            kept.append(Block(text))
    return kept
