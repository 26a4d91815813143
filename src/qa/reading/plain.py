"""Plain text: its paragraphs, its title and its section titles; nothing that was written goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from qa.reading import boilerplate, lines
from qa.reading.blocks import Block, Content
from qa.reading.cleaning import clean_characters, mend_punctuation
from qa.reading.encoding import decode_telling
from qa.reading.grid import text_table
from qa.reading.headings import (
    is_credible_title,
    is_numbered,
    is_section_title,
    mark_headings,
)

_LONGEST_FIRST_LINE = 120  # a document's title may be longer than a section's
_PROSE = 80  # characters: a block as long as this is a paragraph, not another title
_MOST_TITLES_IN_A_ROW = 2  # more lone short lines than that are verses or a list

# "=====" or "-----" under a title.
_UNDERLINE = re.compile(r"(?:={3,}|-{3,}|~{3,})")
_STARTS_LIKE_TITLE = re.compile(r"[«\"“]?[\s\u00a0]?[A-ZÀ-ÖØ-ÞŒ0-9]")
_BARE_NUMBER = re.compile(r"\d{1,3}")
# Three marks or more and nothing else: "*****", "- - -", "=====", "| --- | --- |", "~ * ~".
_DECORATION = re.compile(r"(?:[=*_~#•·+|:\-–—]\s?){3,}")
# "– 12 –", "- 12 -", "Page 3", "Page 3 sur 10", "p. 12/300"
_PAGE_NUMBER = re.compile(
    r"[-–—]\s?\d{1,4}\s?[-–—]|(?:page|p\.)\s?\d{1,4}(?:\s?(?:/|sur|of)\s?\d{1,4})?", re.I
)


@dataclass(slots=True)
class _Paragraph:
    lines: list[str]
    underlined: int = 0  # heading level given by an underline
    continues: bool = False  # a page number stood between this paragraph and the one before


def read_plain(data: bytes, name: str) -> Content:
    """Read a text file; its title is its first line when that looks like one, else its name."""
    decoded = decode_telling(data)
    content = content_of_text(decoded.text, name)
    return Content(content.title, content.blocks, removed=content.removed, doubt=decoded.doubt)


def content_of_text(text: str, name: str) -> Content:
    """What plain text says; ``name`` is that of its file."""
    removed: list[str] = []
    if boilerplate.is_copied_page(text):
        kept, removed = boilerplate.without_lines(text.split("\n"))
        text = "\n".join(kept)
    written = split_blocks(text)
    blocks, contents = mark_headings(written)
    first = blocks[0] if blocks else Block("")
    title = readable_name(name)
    # The first of several numbered parts is no title of them all.
    numbered = [block.level for block in blocks if block.level and is_numbered(block.text)]
    if first.level == 1 or (
        len(blocks) > 1
        and written[0].text.startswith(first.text)  # and not what follows a table of contents
        and (first.level or _is_document_title(first.text))
        and is_credible_title(first.text)
        and not (is_numbered(first.text) and len(numbered) > 1)
    ):
        blocks[0] = Block(first.text, 1)
        title = first.text
    return Content(title, blocks, removed=(*removed, *contents))


def readable_name(name: str) -> str:
    """Make a title of a file name: "notes/la_révolution-1905.txt" -> "La révolution 1905"."""
    stem = PurePosixPath(name).name.split(".")[0] or name
    words = re.sub(r"(?<!\d)-|-(?!\d)", " ", stem.replace("_", " ")).split()
    title = " ".join(words)
    return title[:1].upper() + title[1:]


def split_blocks(text: str) -> list[Block]:
    """Clean plain text and cut it into paragraphs and section titles (level 2; "=====" is 1)."""
    cleaned = mend_punctuation(clean_characters(text))
    paragraphs = _unwrap_pages(list(_paragraphs(cleaned.strip("\n").split("\n"))))
    width = lines.wrap_width([paragraph.lines for paragraph in paragraphs])
    vocabulary = lines.document_vocabulary(
        [line for paragraph in paragraphs for line in paragraph.lines]
    )
    blocks = []
    for paragraph in paragraphs:
        joined = lines.join_lines(paragraph.lines, width, vocabulary)
        if " | " in joined:
            joined = "\n".join(text_table(joined.split("\n")))
        blocks.append(Block(joined, paragraph.underlined))
    return _mark_titles(blocks)


def is_decoration(line: str) -> bool:
    """Tell whether a line only separates: "*****", "=====", "| --- |"."""
    return line[:1] in "=*_~#•·+|:-–—" and _DECORATION.fullmatch(line) is not None


def _is_page_number(line: str) -> bool:
    """Tell whether a line is a page number with its dress; a bare number may be a chapter."""
    return len(line) <= 24 and _PAGE_NUMBER.fullmatch(line) is not None


def _paragraphs(all_lines: list[str]) -> Iterator[_Paragraph]:
    """Group lines between blank ones; take out decoration and page numbers."""
    current = _Paragraph([])
    after_page_number = False
    for number, line in enumerate(all_lines):
        if not line or is_decoration(line):
            level = _underline_level(line, current.lines)
            if level:
                current.underlined = level
            elif "|" in line and current.lines:
                continue  # the rule under the first row of a table
            if current.lines:
                yield current
                after_page_number = False
            current = _Paragraph([], continues=after_page_number)
        elif _stands_alone(all_lines, number) and (
            _is_page_number(line) or _is_number_inside_sentence(all_lines, number)
        ):
            after_page_number = current.continues = True
        else:
            if current.lines and _is_paragraph_end(current.lines[-1], line):
                yield current
                current = _Paragraph([])
                after_page_number = False
            current.lines.append(line)
    if current.lines:
        yield current


def _underline_level(line: str, above: list[str]) -> int:
    if len(above) != 1 or len(above[0]) > _LONGEST_FIRST_LINE or not _UNDERLINE.fullmatch(line):
        return 0
    return 1 if line[0] == "=" else 2


def _stands_alone(all_lines: list[str], number: int) -> bool:
    before = all_lines[number - 1] if number else ""
    after = all_lines[number + 1] if number + 1 < len(all_lines) else ""
    return not before and not after


def _is_number_inside_sentence(all_lines: list[str], number: int) -> bool:
    """A bare number between two halves of a sentence is a page number; else maybe a chapter's."""
    if not _BARE_NUMBER.fullmatch(all_lines[number]):
        return False
    before = next((line for line in reversed(all_lines[max(number - 4, 0) : number]) if line), "")
    after = next((line for line in all_lines[number + 1 : number + 5] if line), "")
    return bool(before) and not lines.ends_sentence(before) and lines.starts_lower(after)


def _is_paragraph_end(line: str, following: str) -> bool:
    """In text without blank lines, each long line is a paragraph, and short ones between titles."""
    if len(line) <= lines.LONG_LINE and len(following) <= lines.LONG_LINE:
        return False
    if lines.is_list_item(following) or lines.is_list_item(line):
        return False
    return lines.ends_sentence(line) or not lines.starts_lower(following)


def _unwrap_pages(paragraphs: list[_Paragraph]) -> list[_Paragraph]:
    """Mend a sentence that a page number had cut in two."""
    mended: list[_Paragraph] = []
    for paragraph in paragraphs:
        previous = mended[-1].lines[-1] if mended else ""
        if (
            paragraph.continues
            and previous
            and not lines.ends_sentence(previous)
            and lines.starts_lower(paragraph.lines[0])
        ):
            mended[-1].lines.extend(paragraph.lines)
        else:
            mended.append(paragraph)
    return mended


def _mark_titles(blocks: list[Block]) -> list[Block]:
    """Give level 2 to lone short lines that stand before prose."""
    marked = list(blocks)
    run: list[int] = []
    for number, block in enumerate(blocks):
        if block.level == 0 and is_section_title(block.text):
            run.append(number)
            continue
        unnumbered = sum(not is_numbered(blocks[at].text) for at in run)
        if unnumbered <= _MOST_TITLES_IN_A_ROW and (_is_prose(block) or block.level > 0):
            for title in run:
                marked[title] = Block(blocks[title].text, 2)
        run = []
    return marked


def _is_prose(block: Block) -> bool:
    return "\n" in block.text or len(block.text) > _PROSE or lines.ends_sentence(block.text)


def _is_document_title(text: str) -> bool:
    """The first line, if short and alone: a question or an exclamation may be a title too."""
    if len(text) > _LONGEST_FIRST_LINE or "\n" in text or lines.is_list_item(text):
        return False
    return bool(_STARTS_LIKE_TITLE.match(text)) and not text.endswith((".", ";", ",", ":"))
