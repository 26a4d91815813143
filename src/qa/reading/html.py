"""Saved web pages: the article, whole, without the page around it; what is left out is told.

trafilatura says the page's title, author, date and address. What stands around the article is known
by its elements, their roles and class names; nothing that holds a good part of the text is ever
taken for it.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qa.reading import boilerplate
from qa.reading.blocks import Block, Content, with_title
from qa.reading.cleaning import clean_line, one_line, word_set
from qa.reading.encoding import decode_telling
from qa.reading.headings import mark_headings
from qa.reading.plain import is_decoration, readable_name
from qa.reading.structure import HIDDEN_TAGS, element_blocks, parse_html

if TYPE_CHECKING:
    from lxml.html import HtmlElement

# trafilatura takes seconds a megabyte, and its time grows with the square of the depth.
_LARGEST_FOR_TRAFILATURA = 3_000_000
_DEEPEST_FOR_TRAFILATURA = 400
_BULK = 0.5  # share of the page's text that is never taken for a menu
_NEARLY_ALL = 0.9  # … nor for a comment section or a navigation
_ARTICLE = 0.5  # share of what is left that an <article> must hold to be all of it
_LINK_LIST = 0.8  # share of link text above which a list outside an article is a menu

# "admin", "Author: admin": the account that published, not who wrote.
_NO_AUTHOR = re.compile(r"(?:(?:author|auteur|par)\s?:?\s)?(?:admin\w*|webmaster|root)\d*", re.I)
_PAGE_TAGS = word_set("aside form nav")
_OUTER_TAGS = word_set("header footer")  # dropped outside the article only
_PAGE_ROLES = word_set("navigation banner contentinfo search dialog complementary menu")
# Words of class and id attributes: "cookie-banner", "sharedaddy", "comment-form", "breadcrumbs".
_COMMENTS = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|rgpd|gdpr|comments?|comment-?form|commentlist|commentaires?"
    r"|respond|disqus|nav|navbar|navigation)(?:$|[\s_-])",
    re.IGNORECASE,
)
_PAGE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|sharedaddy|partage|social|addtoany|jp-relatedposts|breadcrumbs?"
    r"|fil-?ariane|related|similaires|newsletter|sidebar|widgets?|menu|skip-?link|pagination|pager"
    r"|post-?navigation|adverts?|advertisement|publicite|popup|modal|toolbar|screen-reader-text"
    r"|noprint|mw-editsection)(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_html(data: bytes, name: str) -> Content:
    """Read a saved web page: its title, main content and metadata."""
    decoded = decode_telling(data, declared_charset=True)
    tree = parse_html(decoded.text)
    body = tree.find("body") if tree is not None else None
    if tree is None or body is None:
        return Content(readable_name(name), [])
    metadata: dict[str, str] = {}
    if len(data) <= _LARGEST_FOR_TRAFILATURA and _depth(tree) <= _DEEPEST_FOR_TRAFILATURA:
        metadata = _metadata(tree)
    title = metadata.pop("title", "") or clean_line(tree.findtext(".//title") or "")
    removed: list[str] = []
    article = _article(body, removed)
    blocks = _without_boilerplate(element_blocks(article), removed)
    blocks, contents = mark_headings(blocks, styled=True)
    removed += contents
    blocks, title = with_title(blocks, title)
    language = clean_line(tree.get("lang") or "")
    if language:
        metadata["language"] = language
    return Content(
        title or readable_name(name), blocks, metadata, removed=tuple(removed), doubt=decoded.doubt
    )


def _depth(tree: HtmlElement) -> int:
    """Count the levels of the deepest element, without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


def _metadata(tree: HtmlElement) -> dict[str, str]:
    """Title, author, date and address, as trafilatura finds them."""
    for logger in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    from trafilatura import extract_metadata

    date_settings = {"original_date": True, "extensive_search": False, "outputformat": "%Y-%m-%d"}
    metadata: dict[str, str] = {}
    # trafilatura meets every shape of broken page; whatever it stumbles on, the text is read.
    try:
        found: Any = extract_metadata(copy.deepcopy(tree), date_config=date_settings)
        for key in ("title", "author", "date", "url"):
            value = getattr(found, key, None)
            if isinstance(value, str) and value.strip():
                metadata[key] = clean_line(value)
        if _NO_AUTHOR.fullmatch(metadata.get("author", "")):
            del metadata["author"]
    except Exception:
        logging.getLogger(__name__).debug("trafilatura failed", exc_info=True)
    return metadata


# --- where the article is -----------------------------------------------------------------------


def _article(body: HtmlElement, removed: list[str]) -> HtmlElement:
    """Take out what stands around the article, and give the element that holds it."""
    sizes = _sizes(body)
    opened = _opened(body)
    mains = list(body.iter("main")) or list(body.iter("article"))
    article = mains[0] if len(mains) == 1 else None
    stack = [(child, False) for child in reversed(body)]
    while stack:
        element, inside = stack.pop()
        if not isinstance(element.tag, str):
            continue
        inside = inside or element.tag in ("article", "main")
        if sizes[element][0] < _bulk(element, inside, sizes[element], opened) * sizes[body][0]:
            _take_out(element, removed)
        else:
            stack.extend((child, inside) for child in reversed(element))
    left = _sizes(body)
    if article is None or left.get(article, (0, 0))[0] < _ARTICLE * left[body][0]:
        return body
    for ancestor in [article, *article.iterancestors()]:
        if ancestor is body:
            break
        for sibling in [e for e in ancestor.getparent() if e is not ancestor]:
            if isinstance(sibling.tag, str):
                _take_out(sibling, removed)
    return article


def _bulk(element: HtmlElement, inside: bool, size: tuple[int, int], opened: set[str]) -> float:
    """The share of the page below which the element belongs to what stands around the article."""
    tag = element.tag
    if tag in HIDDEN_TAGS or tag in ("main", "article", "h1", "h2", "h3", "h4", "h5", "h6"):
        return 0.0
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if tag == "nav" or _COMMENTS.search(names):
        return _NEARLY_ALL
    hidden = (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDDEN_STYLE.search(element.get("style") or ""))
    )
    suspected = (
        tag in _PAGE_TAGS
        or element.get("role") in _PAGE_ROLES
        or bool(_PAGE_CLASS.search(names))
        or (hidden and element.get("id") not in opened and not element.get("role"))
        or (tag in _OUTER_TAGS and not inside)
        or (tag in ("ul", "ol") and not inside and size[1] >= _LINK_LIST * size[0])
    )
    return _BULK if suspected else 0.0


def _opened(body: HtmlElement) -> set[str]:
    """The ids of panels that something on the page opens: hidden, but text."""
    names = ("aria-controls", "data-target", "data-bs-target", "href")
    return {
        (element.get(name) or "").lstrip("#")
        for element in body.iter("button", "a", "div", "span", "h2", "h3", "h4", "summary")
        for name in names
    } - {""}


def _sizes(body: HtmlElement) -> dict[Any, tuple[int, int]]:
    """How many characters each element holds, and how many of them in links."""
    sizes: dict[Any, tuple[int, int]] = {}
    for element in reversed(list(body.iter())):
        hidden = not isinstance(element.tag, str) or element.tag in HIDDEN_TAGS
        own = 0 if hidden else len((element.text or "").strip())
        linked = 0
        for child in element:
            tail = len((child.tail or "").strip())
            own += tail + (0 if hidden else sizes[child][0])
            linked += 0 if hidden else sizes[child][1]
        sizes[element] = (own, own if element.tag == "a" else linked)
    return sizes


def _take_out(element: HtmlElement, removed: list[str]) -> None:
    text = one_line(" ".join(_visible(element)))
    if text:
        removed.append(text)
    element.drop_tree()


def _visible(element: HtmlElement) -> list[str]:
    if element.tag in HIDDEN_TAGS:
        return []
    return [
        str(text)
        for text in element.xpath(".//text()")
        if text.strip() and text.getparent().tag not in HIDDEN_TAGS
    ]


def _without_boilerplate(blocks: Sequence[Block], removed: list[str]) -> list[Block]:
    """Take the additions of the page out that stand in the article itself."""
    away = boilerplate.page_lines([block.text for block in blocks])
    # A heading goes with what stands under it, not alone: a manual may have « Imprimer ».
    away -= {
        at
        for at in away
        if blocks[at].level and at + 1 < len(blocks) and not blocks[at + 1].level | (at + 1 in away)
    }
    kept = []
    for number, block in enumerate(blocks):
        if number in away:
            removed.append(block.text)
        elif not is_decoration(block.text):
            if block.level:
                kept.append(block)
                continue
            lines, cut = boilerplate.without_lines(block.text.split("\n"))
            removed += cut
            if lines:
                kept.append(replace(block, text="\n".join(lines)))
    return kept
