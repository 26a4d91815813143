"""What a reader makes of a file: blocks in reading order, and the Document they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qa.reading.cleaning import one_line
from qa.reading.reasons import skipped
from qa.records import Document, Heading, PageStart, Skipped

_LONGEST_HEADING = 300  # characters: every passage below a heading repeats it


class UnreadableError(ValueError):
    """A file that cannot be read, and why: a code of ``reasons.py`` and its figures."""

    def __init__(self, code: str, *figures: object) -> None:
        super().__init__(code, *figures)
        self.code, self.figures = code, figures


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table or, when ``level`` is at least 1, a heading (1 is the highest).

    ``pages`` are the pages of a paged file that begin in the block, at places in its own text;
    ``bold``: all of it is, as a title that no style marks.
    """

    text: str
    level: int = 0
    pages: tuple[PageStart, ...] = ()
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one file: its title (may be empty), its blocks and what is known about it.

    ``left_out`` tells which parts of the file could not be read (``reasons.py``: a code and its
    figures); ``removed`` is text that was taken for no part of the document; ``doubt`` names the
    encoding that was guessed where the guess is not sure.
    """

    title: str
    blocks: Sequence[Block]
    metadata: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[tuple[str, ...], ...] = ()
    removed: tuple[str, ...] = ()
    doubt: str = ""


def with_title(
    blocks: list[Block], title: str, *, several: bool = False
) -> tuple[list[Block], str]:
    """Give a file one title: its only heading of level 1, else ``title``, set at its head.

    ``several``: level 1 is that of a book's chapters, so ``title``, if any, comes before them.
    """
    top = [block.text for block in blocks if block.level == 1]
    if several and title and title not in top[:1]:
        lower = [
            replace(block, level=min(block.level + 1, 6)) if block.level else block
            for block in blocks
        ]
        return [Block(title, 1), *lower], title
    if len(top) == 1:
        return blocks, top[0]
    if top or not title or not blocks:
        return blocks, title or (top[0] if top else "")
    for number, block in enumerate(blocks):
        if block.level and block.text.casefold() == title.casefold():
            return [*blocks[:number], replace(block, level=1), *blocks[number + 1 :]], block.text
    return [Block(title, 1), *blocks], title


def build_document(identifier: str, source: str, content: Content) -> Document:
    """Lay the blocks out, two line breaks between them, and note where each heading stands."""
    parts: list[str] = []
    headings: list[Heading] = []
    pages: list[PageStart] = []
    position = 0
    for block in content.blocks:
        text = block.text.strip()
        pages += [replace(start, start=position + start.start) for start in block.pages]
        if "\n" in text:
            text = one_line(text) if block.level else _without_blank_lines(text)
        if not text:
            continue
        if block.level and len(text) <= _LONGEST_HEADING:
            headings.append(Heading(block.level, position, position + len(text)))
        parts.append(text)
        position += len(text) + 2
    return Document(
        id=identifier,
        title=content.title[:_LONGEST_HEADING],
        text="\n\n".join(parts),
        source=source,
        headings=tuple(headings),
        metadata=dict(content.metadata),
        # A page that begins where nothing follows has no text.
        pages=tuple(start for start in pages if start.start < position - 2),
        removed=content.removed,
    )


def document_or_reason(identifier: str, place: str, content: Content) -> Document | Skipped:
    """The document of a content that is one place in its file, or that it has no text."""
    document = build_document(identifier, place, content)
    return document if document.text else skipped(place, "no_text")


def _without_blank_lines(text: str) -> str:
    """Take out what would end the block: blank lines, and blanks at line ends."""
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())
