"""Markdown: block structure to plain text, markup removed, every word kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qa.reading import boilerplate
from qa.reading.blocks import Block, Page
from qa.reading.cleaning import clean_inline, clean_line, decode_entities, one_line
from qa.reading.encoding import decode
from qa.reading.lines import document_vocabulary, join_broken_lines
from qa.reading.plain import readable_name

if TYPE_CHECKING:
    from markdown_it.token import Token

# "---\ntitle: …\n---" at the very start.
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# "title: Le congrès de Tours"
_FRONT_MATTER_FIELD = re.compile(r"^([A-Za-zÀ-ÿ_-]{1,40})[ \t]*:[ \t]*(.+)$", re.MULTILINE)
_FIELD_NAMES = {
    "title": "title", "titre": "title", "author": "author", "auteur": "author", "date": "date",
    "url": "url", "lang": "language", "langue": "language", "language": "language",
}  # fmt: skip
# "[^1]: Voir Broué." defines a footnote; "[^1]" calls it.
_FOOTNOTE = re.compile(r"^[ ]{0,3}\[\^([^\]\s]{1,40})\]:[ \t]*", re.MULTILINE)
_FOOTNOTE_CALL = re.compile(r"\[\^([^\]\s]{1,40})\]")
# "[lenine]: https://… "Titre"" defines a link, which the parser removes when nothing uses it.
_HTML_TAG = re.compile(r"<!--.*?-->|<[/!?]?[A-Za-z][^<>]*>|<!--|-->", re.DOTALL)
_HTML_HIDDEN = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_HTML_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote|dt|dd)\s*>", re.IGNORECASE)


def read_markdown(data: bytes, name: str) -> Page:
    """Read a Markdown file; its title is the front matter's, else its first heading's."""
    return page_of_markdown(decode(data), readable_name(name))


def page_of_markdown(text: str, fallback_title: str = "") -> Page:
    """Turn Markdown into a page; ``fallback_title`` serves when it names itself nowhere."""
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    metadata: dict[str, str] = {}
    front = _FRONT_MATTER.match(text)
    if front and _FRONT_MATTER_FIELD.search(front[1]):
        metadata = _front_matter(front[1])
        text = text[front.end() :]
    # A footnote's definition would be read as a link's, and its text lost.
    text = _FOOTNOTE.sub(r"\n[\1] ", text)
    text = _FOOTNOTE_CALL.sub(r"[\1]", text)
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    blocks = _without_boilerplate(list(_blocks(parser.parse(text))))
    title = metadata.pop("title", "")
    first_heading = next((block.text for block in blocks if block.level), "")
    if title and title.casefold() not in {block.text.casefold() for block in blocks if block.level}:
        blocks.insert(0, Block(title, 1))
    return Page(title or first_heading or fallback_title, blocks, metadata)


def _front_matter(text: str) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for key, value in _FRONT_MATTER_FIELD.findall(text):
        name = _FIELD_NAMES.get(key.lower())
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if name and value:
            metadata[name] = clean_line(value)
    return metadata


def _without_boilerplate(blocks: Sequence[Block]) -> list[Block]:
    """A heading goes only beside boilerplate: "# Imprimer" in a manual is content."""
    titles = {number for number, block in enumerate(blocks) if block.level}
    removed = boilerplate.boilerplate_lines([block.text for block in blocks], titles)
    kept = []
    for number, block in enumerate(blocks):
        if number in removed:
            continue
        text = block.text if block.level else boilerplate.cut_boilerplate_runs(block.text)
        if text:
            kept.append(Block(text, block.level))
    return kept


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """Walk the parser's flat list of block tokens; lists and tables become one block each."""
    heading = 0
    items: list[list[str]] = []  # one entry a line of the outermost list
    lists: list[int | None] = []  # the next number of each open ordered list, None for bullets
    marker = ""
    row: list[str] | None = None
    rows: list[str] = []
    for token in tokens:
        kind = token.type
        if kind == "heading_open":
            heading = int(token.tag[1])
        elif kind == "heading_close":
            heading = 0
        elif kind == "bullet_list_open":
            lists.append(None)
        elif kind == "ordered_list_open":
            lists.append(int(token.attrGet("start") or 1))
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
            if not lists and items:
                yield Block("\n".join("".join(item) for item in items))
                items = []
        elif kind == "list_item_open":
            number = lists[-1]
            marker = "- " if number is None else f"{number}. "
            if number is not None:
                lists[-1] = number + 1
        elif kind == "tr_open":
            row = []
        elif kind == "tr_close":
            rows.append(" | ".join(row or []))
            row = None
        elif kind == "table_close":
            yield Block("\n".join(line for line in rows if line.strip(" |")))
            rows = []
        else:
            text = _token_text(token)
            if row is not None:
                if kind == "inline":
                    row.append(one_line(text))
            elif not text:
                continue
            elif lists:
                items.append([marker, text])
                marker = ""
            else:
                yield Block(one_line(text) if heading else text, heading)


def _token_text(token: Token) -> str:
    if token.type == "inline":
        return _clean_lines(_inline_text(token.children or []))
    if token.type in ("fence", "code_block"):
        # The blanks of code mean something; only characters that cannot be shown go.
        return "\n".join(
            line.rstrip()
            for line in token.content.replace("\t", "    ").split("\n")
            if line.strip()
        )
    if token.type == "html_block":
        return _clean_lines(text_of_html(token.content))
    return ""


def _inline_text(children: Sequence[Token]) -> str:
    """Keep the words of emphasis, links, images and code; a soft break is a line's end."""
    parts: list[str] = []
    for child in children:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "softbreak":
            parts.append("\v")
        elif child.type == "hardbreak":
            parts.append("\n")
        elif child.type == "html_inline":
            parts.append(text_of_html(child.content))
        elif child.type == "image":
            parts.append(_inline_text(child.children or []))
    return "".join(parts)


def _clean_lines(text: str) -> str:
    """Join the lines of a paragraph (a soft break is "\\v"), then clean each line that remains."""
    lines = text.split("\v")
    joined = join_broken_lines(lines, document_vocabulary(lines))
    cleaned = (clean_inline(line) for line in joined.split("\n"))
    return "\n".join(line for line in cleaned if line)


def text_of_html(source: str) -> str:
    """Reduce HTML inside Markdown to its text; "<br>" is a line's end."""
    text = _HTML_BREAK.sub("\n", _HTML_HIDDEN.sub(" ", source))
    return decode_entities(_HTML_TAG.sub("", text))
