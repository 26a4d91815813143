"""Plain text: its paragraphs, its title and its section titles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from qa.reading import boilerplate, lines
from qa.reading.blocks import Block, Page
from qa.reading.cleaning import clean_characters, mend_punctuation
from qa.reading.encoding import decode

_LONGEST_TITLE = 80  # characters
_LONGEST_FIRST_LINE = 120  # a document's title may be longer than a section's
_PROSE = 80  # characters: a block as long as this is a paragraph, not another title

# "=====" or "-----" under a title.
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})")
_STARTS_LIKE_TITLE = re.compile(r"[«\"“]?[\s\u00a0]?[A-ZÀ-ÖØ-ÞŒ0-9]")
_TITLE_FINAL = re.compile(r"[.;,:!?…]\s?[»\"”)]?$")
# "I. Les origines", "IV - La guerre", "2.1 Méthode", "3) Résultats"
_NUMBERED = re.compile(r"(?:[IVXLC]{1,7}|\d{1,2}(?:\.\d{1,2}){0,3})(?:[.)°]|\s?[-–—])?\s\S")
_ROMAN_NUMBERED = re.compile(r"[IVXLC]{1,7}(?:[.)]|\s?[-–—])\s\S")
# "Paris, le 3 mars 1918": a date line, not a title.
_PLACE_AND_DATE = re.compile(r",\s(?:le\s)?\d{1,2}(?:er)?\s\w+(?:\s\d{4})?$")
_BARE_NUMBER = re.compile(r"\d{1,3}")
_MOST_TITLES_IN_A_ROW = 2  # more lone short lines than that are verses or a list


@dataclass(slots=True)
class _Paragraph:
    lines: list[str]
    underlined: int = 0  # heading level given by an underline
    continues: bool = False  # a page number stood between this paragraph and the one before


def read_plain(data: bytes, name: str) -> Page:
    """Read a text file; its title is its first line when that looks like one, else its name."""
    blocks = split_blocks(decode(data))
    first = blocks[0] if blocks else Block("")
    if first.level == 1:
        return Page(first.text, blocks)
    if len(blocks) > 1 and (first.level or _is_document_title(first.text)):
        blocks[0] = Block(first.text, 1)
        return Page(first.text, blocks)
    return Page(readable_name(name), blocks)


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
        kept = [boilerplate.cut_boilerplate_runs(line) for line in joined.split("\n")]
        joined = "\n".join(line for line in kept if line)
        if joined:
            blocks.append(Block(joined, paragraph.underlined))
    return _mark_titles(blocks)


def _paragraphs(all_lines: list[str]) -> Iterator[_Paragraph]:
    """Group lines between blank ones; take out boilerplate, decoration and page numbers."""
    removed = boilerplate.boilerplate_lines(all_lines)
    current = _Paragraph([])
    after_page_number = False
    for number, line in enumerate(all_lines):
        if number in removed or not line or boilerplate.is_decoration(line):
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
            boilerplate.is_page_number(line) or _is_number_inside_sentence(all_lines, number)
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
    candidates = [block.level == 0 and is_section_title(block.text) for block in blocks]
    marked = list(blocks)
    run = 0
    for number, candidate in enumerate(candidates):
        if not candidate:
            run = 0
            continue
        run += 1
        end = number + 1
        while end < len(blocks) and candidates[end]:
            end += 1
        length = run + end - number - 1
        prose = end < len(blocks) and (_is_prose(blocks[end]) or blocks[end].level > 0)
        if prose and length <= _MOST_TITLES_IN_A_ROW:
            marked[number] = Block(blocks[number].text, 2)
    return marked


def is_section_title(text: str) -> bool:
    """Tell whether a lone line may be a section title: short, capital first, no final mark."""
    if len(text) > _LONGEST_TITLE or "\n" in text or not _STARTS_LIKE_TITLE.match(text):
        return False
    if lines.is_list_item(text) and not _NUMBERED.match(text):
        return False
    if _PLACE_AND_DATE.search(text) or " | " in text:
        return False
    if _TITLE_FINAL.search(text):
        return _ROMAN_NUMBERED.match(text) is not None and not text.endswith((",", ";"))
    return any(character.isalpha() for character in text) or len(text) == 4


def _is_prose(block: Block) -> bool:
    return "\n" in block.text or len(block.text) > _PROSE or lines.ends_sentence(block.text)


def _is_document_title(text: str) -> bool:
    """The first line, if short and alone: a question or an exclamation may be a title too."""
    if len(text) > _LONGEST_FIRST_LINE or "\n" in text or lines.is_list_item(text):
        return False
    return bool(_STARTS_LIKE_TITLE.match(text)) and not text.endswith((".", ";", ",", ":"))
