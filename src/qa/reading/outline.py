"""A PDF's bookmarks: its headings, where their texts stand on the pages that they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.reading.cleaning import clean_line
from qa.reading.contents import plain_title

if TYPE_CHECKING:
    import pypdfium2

_FEWEST = 3  # bookmarks; fewer name files or pages
_FOUND = 0.6  # share of them whose texts must stand on their pages
_MOST, _DEEPEST = 5_000, 8
_LONGEST = 400  # characters of a title
_TITLE = 1  # level of the document's title: the bookmarks stand below it
_LOWEST = 6


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The title of a part, how deep it lies (from 0), and its page (from 1)."""

    title: str
    depth: int
    page: int


def read_outline(pdf: pypdfium2.PdfDocument) -> list[Bookmark]:
    """The bookmarks of a file that lead to a page, in their order."""
    import pypdfium2

    found: list[Bookmark] = []
    try:
        for bookmark in pdf.get_toc(max_depth=_DEEPEST):
            place = bookmark.get_dest()
            page = None if place is None else place.get_index()
            title = clean_line(bookmark.get_title())
            if page is not None and title:
                found.append(Bookmark(title, bookmark.level, page + 1))
            if len(found) == _MOST:
                break
    except pypdfium2.PdfiumError:
        return []  # one that leads in circles
    return found


def outline_levels(
    paragraphs: Iterable[tuple[int, str]], outline: Sequence[Bookmark]
) -> dict[int, int]:
    """The levels of the paragraphs that bookmarks name, by their place in order; 2 is the highest.

    A paragraph is told by its page and text. Empty when too few bookmarks are found again: then
    they name no headings.
    """
    if len(outline) < _FEWEST:
        return {}
    places: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at, (page, text) in enumerate(paragraphs):
        if len(text) <= _LONGEST:
            places[page, plain_title(text)].append(at)
    levels: dict[int, int] = {}
    found = 0
    for bookmark in outline:
        title = plain_title(bookmark.title)
        # A place at the foot of a page may mean the top of the next one.
        for page in (bookmark.page, bookmark.page + 1, bookmark.page - 1):
            there = [at for at in places[page, title] if at not in levels]
            if there:
                found += 1
                levels[there[0]] = min(_TITLE + 1 + bookmark.depth, _LOWEST)
                break
    return levels if found >= _FOUND * len(outline) else {}
