"""What a reader makes of a file: blocks in reading order, and the Document they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qa.reading.cleaning import one_line
from qa.records import Document, Heading


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table or, when ``level`` is at least 1, a heading (1 is the highest)."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The content of one file: its title (may be empty), its blocks and what is known about it."""

    title: str
    blocks: Sequence[Block]
    metadata: Mapping[str, str] = field(default_factory=dict)


def build_document(identifier: str, source: str, page: Page) -> Document:
    """Lay the blocks out, two line breaks between them, and note where each heading stands."""
    parts: list[str] = []
    headings: list[Heading] = []
    position = 0
    for block in page.blocks:
        text = block.text.strip()
        if "\n" in text:
            text = one_line(text) if block.level else _without_blank_lines(text)
        if not text:
            continue
        if block.level:
            headings.append(Heading(block.level, position, position + len(text)))
        parts.append(text)
        position += len(text) + 2
    return Document(
        id=identifier,
        title=page.title,
        text="\n\n".join(parts),
        source=source,
        headings=tuple(headings),
        metadata=dict(page.metadata),
    )


def _without_blank_lines(text: str) -> str:
    """Take out what would end the block: blank lines, and blanks at line ends."""
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())
