"""The lines of a PDF's pages to blocks: running heads out, titles marked, cut paragraphs whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from qa.reading import layout, lines, page_lines
from qa.reading.accents import accents_come_first, mend_accents
from qa.reading.blocks import Block
from qa.reading.cleaning import clean_characters, mend_punctuation, one_line
from qa.reading.encoding import mend_mojibake
from qa.reading.grid import text_table
from qa.reading.layout import Paragraph
from qa.reading.outline import Bookmark, outline_levels
from qa.reading.page_lines import Fragment
from qa.records import PageStart

# Running heads stand in the first or last rows, in the margins.
_EDGE_ROWS = 4
_MARGIN = 0.12  # of the page's height
_FEWEST_REPEATS = 3  # pages, or both pages of a file of two
_SAME_HEIGHT = 0.02  # of the page
_NUMERAL = re.compile(r"\b(?:\d+|[ivxlc]+)\b", re.IGNORECASE)
_ALONE_NUMBER = re.compile(
    r"(?:[-–—]\s?)?(?:page\s|p\.\s?)?(\d{1,4})(?:\s?(?:/|sur)\s?\d{1,4})?(?:\s?[-–—])?", re.I
)
# "• lait": bullets are written as dashes, as in every other format.
_BULLET = re.compile(rf"^[{page_lines.BULLETS}]\s*(?=\S)")
# "Chapitre 2 . . . . . . . . 14", "Salle bleue ........ 60 €": a line of its own.
_LEADER = re.compile(r"(?:\s?[.…·_]){5,}")
# No sentence or item ends so: "du 6 au" / "8 décembre", "30/04/" / "2026".
_GOES_ON = re.compile(
    r"(?:\b(?:à|aux?|de|des?|du|d['’]|en|entre|et|l['’]|la|les?|n°|ou|par|pour|sur|une?)|[/,(])$",
    re.I,
)
_LARGE = 1.12  # times the usual size: a title
_LARGEST = 1.5  # times the usual size: a title even when it ends with a full stop
_SMALL = 0.93  # times the usual size: a note
_LONGEST_TITLE = 200  # characters
_LONGEST_BOLD = 120
_MOST_BOLD_TITLES = 0.4  # share of paragraphs; more bold ones are not titles
_DEEPEST = 4  # levels of titles by size
_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS = 0.4  # share of a title's characters
# "Chapitre 2", set above the chapter's title.
_LABEL = re.compile(
    r"(?:chapitre|chapter|partie|annexe|appendix|livre)\s(?:\d{1,3}|[ivxlc]{1,7}|[a-z])", re.I
)


@dataclass(slots=True)
class Sheet:
    """A page: its fragments, or what was recognised in its picture."""

    number: int
    height: float = 0.0
    fragments: list[Fragment] = field(default_factory=list)
    recognised: list[list[str]] = field(default_factory=list)
    scanned: bool = False


# --- running heads ------------------------------------------------------------------------------


def _without_running_heads(sheets: Sequence[Sheet]) -> list[list[Fragment]]:
    """Take out rows at the edges that stand on several pages at one height, numbers aside."""
    all_rows = [page_lines.rows(sheet.fragments) for sheet in sheets]
    seen: Counter[tuple[str, int]] = Counter()
    for sheet, rows in zip(sheets, all_rows, strict=True):
        keys = {_key(row, sheet.height) for row in [*rows[:_EDGE_ROWS], *rows[-_EDGE_ROWS:]]}
        seen.update(keys | {(text, at + 1) for text, at in keys})  # heights that round apart
    written = sum(bool(rows) for rows in all_rows)
    least = 2 if written == 2 else _FEWEST_REPEATS
    cuts = []
    heights: Counter[int] = Counter()  # at which they stand
    for sheet, rows in zip(sheets, all_rows, strict=True):
        first, last = 0, len(rows)
        while first < min(last, _EDGE_ROWS) and _is_running(rows[first], sheet, seen, least):
            first += 1
        lowest = max(first, len(rows) - _EDGE_ROWS)
        while last > lowest and _is_running(rows[last - 1], sheet, seen, least):
            last -= 1
        heights.update({round(row[0].baseline) for row in [*rows[:first], *rows[last:]]})
        cuts.append((first, last))
    # On a page that seems to have none, what stands exactly there is one: that of a short chapter.
    usual = {height for height, count in heights.items() if count >= _FEWEST_REPEATS}
    kept = []
    for sheet, rows, (first, last) in zip(sheets, all_rows, cuts, strict=True):
        if not first and rows and _in_margin(rows[0], sheet) and _stands_at(rows[0], usual):
            first = 1
        if last == len(rows) > first and _in_margin(rows[-1], sheet):
            last -= _stands_at(rows[-1], usual)
        kept.append([fragment for row in rows[first:last] for fragment in row])
    return kept


def _in_margin(row: Sequence[Fragment], sheet: Sheet) -> bool:
    return not _MARGIN * sheet.height < row[0].baseline < (1 - _MARGIN) * sheet.height


def _stands_at(row: Sequence[Fragment], heights: Set[int]) -> bool:
    return not heights.isdisjoint(round(row[0].baseline) + nearly for nearly in (-1, 0, 1))


def _key(row: Sequence[Fragment], height: float) -> tuple[str, int]:
    text = _NUMERAL.sub("#", page_lines.row_text(row)).casefold()
    return text, round(row[0].baseline / (_SAME_HEIGHT * max(height, 1)))


def _is_running(
    row: Sequence[Fragment], sheet: Sheet, seen: Counter[tuple[str, int]], least: int
) -> bool:
    if not _in_margin(row, sheet):
        return False
    text, at = _key(row, sheet.height)
    if max(seen[text, at], seen[text, at + 1]) >= least:
        return True
    number = _ALONE_NUMBER.fullmatch(page_lines.row_text(row))
    return number is not None and int(number[1]) == sheet.number


# --- paragraphs ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Piece:
    """A paragraph, or two halves of one that a page or column end had cut."""

    paragraphs: list[Paragraph]
    pages: list[int]
    level: int = 0
    note: bool = False
    ocr: bool = False
    recognised: list[list[str]] = field(default_factory=list)  # lines, by page

    def text_lines(self) -> list[str]:
        """All its lines of text."""
        typed = [line.text for paragraph in self.paragraphs for line in paragraph.lines]
        return typed + [line for part in self.recognised for line in part]


def sheet_blocks(sheets: Sequence[Sheet], outline: Sequence[Bookmark]) -> tuple[list[Block], bool]:
    """The text of all pages: paragraphs, lists and titles, with the pages that begin in them.

    Titles are those of the bookmarks where these are found again (``True``); else what looks so.
    """
    pieces = list(_pieces(sheets))
    _mark_titles(pieces)
    told = ((piece.pages[0], "\n".join(piece.text_lines())) for piece in pieces)
    if levels := outline_levels(told, outline):
        first = pieces[min(levels)].pages[0]
        for at, piece in enumerate(pieces):
            is_title = piece.level == 1 == piece.pages[0] < first  # on a cover
            piece.level = levels.get(at, int(is_title))
    pieces = _with_labels(pieces)
    joined = _join_cut(pieces)
    all_lines = [line for piece in joined for line in piece.text_lines()]
    vocabulary = lines.document_vocabulary(all_lines)
    accents_first = accents_come_first("\n".join(all_lines))
    blocks: list[Block] = []
    page: tuple[int, bool] = (0, False)
    for piece in joined:
        block = _block(piece, vocabulary, accents_first)
        if block is None:
            continue
        starts = []
        for start in block.pages:
            if (start.number, start.ocr) != page:
                starts.append(start)
            page = (start.number, start.ocr)
        block = replace(block, pages=tuple(starts))
        if blocks and _are_items(blocks[-1], block):
            blocks[-1] = _one_list(blocks[-1], block)
        else:
            blocks.append(block)
    return blocks, bool(levels)


def _with_labels(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Titles with the labels that stand above them on their page, as one."""
    done: list[_Piece] = []
    for piece in pieces:
        label = done[-1] if done else None
        if (
            piece.level
            and label is not None
            and label.pages == piece.pages
            and _LABEL.fullmatch(" ".join(label.text_lines()).strip())
            and not _LABEL.match(piece.text_lines()[0])
        ):
            piece.paragraphs = label.paragraphs + piece.paragraphs
            piece.pages = label.pages + piece.pages
            piece.level = min(label.level or piece.level, piece.level)
            done.pop()
        done.append(piece)
    return done


def _are_items(one: Block, other: Block) -> bool:
    return not (one.level or other.level) and all(
        lines.is_list_item(line) for line in (*one.text.split("\n"), other.text)
    )


def _one_list(items: Block, item: Block) -> Block:
    moved = (replace(page, start=page.start + len(items.text) + 1) for page in item.pages)
    return Block(f"{items.text}\n{item.text}", 0, (*items.pages, *moved))


def _pieces(sheets: Sequence[Sheet]) -> Iterator[_Piece]:
    for sheet, fragments in zip(sheets, _without_running_heads(sheets), strict=True):
        for paragraph in layout.paragraphs(fragments):
            first, *rest = paragraph.lines
            first = replace(first, text=_BULLET.sub("- ", first.text))
            kept = (first, *rest)
            yield _Piece([Paragraph(kept, paragraph.left, paragraph.right)], [sheet.number])
        for recognised in sheet.recognised:
            yield _Piece([], [sheet.number], ocr=True, recognised=[recognised])


def _mark_titles(pieces: Sequence[_Piece]) -> None:
    """Give levels to what is set larger than the text, then to lone bold lines; mark notes."""
    letters: Counter[float] = Counter()
    for piece in pieces:
        for paragraph in piece.paragraphs:
            for line in paragraph.lines:
                letters[round(line.size * 2) / 2] += len(line.text)
    if not letters:
        return
    body = letters.most_common(1)[0][0]
    large: dict[float, list[_Piece]] = {}
    bold = []
    for piece in pieces:
        if not piece.paragraphs:
            continue
        paragraph = piece.paragraphs[0]
        text = " ".join(piece.text_lines())
        if sum(map(len, _WORD.findall(text))) < _LEAST_WORDS * len(text.replace(" ", "")):
            continue  # signs: of music, of a formula, of a drawing
        goes_on = text.endswith((".", ":", ";", ",")) or lines.starts_lower(text)
        title_size = (_LARGEST if goes_on else _LARGE) * body
        if paragraph.size >= title_size and len(text) <= _LONGEST_TITLE:
            large.setdefault(round(paragraph.size), []).append(piece)
        elif paragraph.bold and len(text) <= _LONGEST_BOLD and not goes_on:
            bold.append(piece)
        elif paragraph.size <= _SMALL * body:
            piece.note = True
    for level, size in enumerate(sorted(large, reverse=True), start=1):
        for piece in large[size]:
            piece.level = min(level, _DEEPEST)
    if len(bold) <= _MOST_BOLD_TITLES * len(pieces):
        for piece in bold:
            piece.level = min(len(large), _DEEPEST) + 1


def _join_cut(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Put paragraphs together again that a column or page end had cut; notes step aside."""
    joined: list[_Piece] = []
    notes: list[_Piece] = []
    last: _Piece | None = None
    for piece in pieces:
        if piece.note:
            notes.append(piece)
            continue
        if last is not None and _continues(last, piece):
            last.paragraphs += piece.paragraphs
            last.recognised += piece.recognised
            last.pages += piece.pages
            continue
        joined += notes
        notes = []
        joined.append(piece)
        last = piece
    return joined + notes


def _continues(last: _Piece, piece: _Piece) -> bool:
    if last.level or piece.level or last.ocr != piece.ocr:
        return False
    end, start = last.text_lines()[-1], piece.text_lines()[0]
    if _LEADER.search(end) or _LEADER.search(start):
        return False
    if lines.is_list_item(start) or lines.ends_sentence(end) or end.endswith(":"):
        return False
    if not last.paragraphs or not piece.paragraphs:
        return lines.starts_lower(start)
    before, after = last.paragraphs[-1], piece.paragraphs[0]
    if abs(before.size - after.size) > 0.1 * before.size:
        return False
    # A line that fills its column goes on, whatever the next one begins with.
    full = before.lines[-1].right > before.right - before.size and len(before.lines) > 1
    return lines.starts_lower(start) or full


def _block(piece: _Piece, vocabulary: frozenset[str], accents_first: bool | None) -> Block | None:
    """Lay out a paragraph as one text, the places known at which its pages begin."""
    if piece.ocr:
        cleaned = [[_clean(line, accents_first) for line in part] for part in piece.recognised]
        halves = [lines.join_lines(part, 0, vocabulary).split("\n") for part in cleaned]
    else:
        halves = [list(_kept_lines(p, vocabulary, accents_first)) for p in piece.paragraphs]
    text = ""
    starts = []
    for number, half in zip(piece.pages, halves, strict=True):
        if not half:
            continue
        begins = 0
        if text:
            *before, cut = text.split("\n")
            text = "\n".join([*before, lines.join_broken_lines([cut, half[0]], vocabulary)])
            begins = max(len(text) - len(half[0]), 0)
            half = half[1:]
        starts.append(PageStart(number, begins, piece.ocr))
        text = "\n".join([text, *half]) if text else "\n".join(half)
    if piece.level:
        text = one_line(text)
    elif " | " in text and len(starts) == 1:
        text = "\n".join(text_table(text.split("\n")))
    return Block(text, piece.level, tuple(starts)) if text.strip() else None


def _kept_lines(
    paragraph: Paragraph, vocabulary: frozenset[str], accents_first: bool | None
) -> Iterator[str]:
    """The lines of a paragraph that stay: broken sentences are joined, meant breaks are not."""
    whole = "\n".join(line.text for line in paragraph.lines)
    cleaned = _clean(whole, accents_first).split("\n")
    if len(cleaned) != len(paragraph.lines):  # a letter that is no letter broke a line
        yield from (line for line in cleaned if line)
        return
    group = [cleaned[0]]
    for at, text in enumerate(cleaned[1:], start=1):
        table = " | " in text or " | " in cleaned[at - 1]
        table = table or any(map(_LEADER.search, cleaned[at - 1 : at + 1]))
        forced = layout.is_forced(paragraph.lines[at - 1], paragraph.lines[at], paragraph.right)
        forced = forced and not _GOES_ON.search(cleaned[at - 1])
        if table or (forced and not lines.starts_lower(text)):
            yield mend_punctuation(lines.join_broken_lines(group, vocabulary))
            group = []
        group.append(text)
    yield mend_punctuation(lines.join_broken_lines(group, vocabulary))


def _clean(text: str, accents_first: bool | None) -> str:
    if accents_first is not None:
        text = mend_accents(text, accents_first)
    return clean_characters(mend_mojibake(text))
