"""Wikitext to blocks: the words of an article, without boxes, notes and galleries.

mwparserfromhell parses; what a French article's templates print inside a sentence (dates,
centuries, quantities, foreign words) is written out, so that no sentence loses a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from qa.extras import install_command
from qa.reading.blocks import Block, UnreadableError
from qa.reading.cleaning import clean_inline, one_line
from qa.reading.grid import Cell, table_lines

_MEDIA = re.compile(r"\s*(?:fichier|file|image|média|media)\s*:", re.IGNORECASE)
# Categories, and the same article in another language; ":Catégorie:…" is a visible link.
_META_LINK = re.compile(r"\s*(?:catégorie|category|[a-z]{2,3}|simple)\s*:", re.IGNORECASE)
_SWITCH = re.compile(r"__[A-ZÀ-Ý]{3,30}__")
_NESTED_ITEM = re.compile(r"^(?:- )+")
_ROW = "\ue000"  # before the row of a table, which stays a line
_MOST_DEPTH = 40  # of markup in markup
# What is open at once, in an article that a person wrote: the parser goes back for each that is
# never closed. Tags that need no end are not counted.
_MOST_OPEN = 1000
_OPENS_OR_CLOSES = re.compile(
    r"(?P<opens>[\[{]|<!--|<(?!br|hr|wbr|li|dt|dd)[a-z](?![^<>]{0,200}/>))|[\]}]|</|-->", re.I
)
_MARKS = re.compile(r"[\[\]{}<>|]+")
_LIST_MARKERS = {"li": "- ", "dt": "", "dd": ""}
_DROPPED = frozenset(
    "ref references gallery timeline score syntaxhighlight source hiero imagemap templatestyles "
    "mapframe maplink graph categorytree indicator includeonly noinclude chem ce".split()
)
_LINE_TAGS = frozenset("p div blockquote poem center table tr caption hr".split())


def _parsed(source: str, **options: bool) -> Any:
    try:
        import mwparserfromhell
    except ModuleNotFoundError as error:
        command = install_command("wiki")
        raise UnreadableError("needs_extra", "mwparserfromhell", command) from error
    return mwparserfromhell.parse(source, **options)


def _untangled(source: str) -> str:
    """The article as it is, or without any mark where more is opened than a person would."""
    opened = 0
    for found in _OPENS_OR_CLOSES.finditer(source):
        opened = opened + 1 if found["opens"] else max(0, opened - 1)
        if opened > _MOST_OPEN:
            return _MARKS.sub(" ", source)
    return source


def wikitext_blocks(source: str, title: str) -> list[Block]:
    """The blocks of an article, its title first."""
    source = _untangled(source)
    code = _parsed(_SWITCH.sub("", source), skip_style_tags=True)
    blocks = [Block(title, 1)]
    text: list[str] = []

    def close() -> None:
        blocks.extend(_paragraphs("".join(text)))
        text.clear()

    nodes: list[Any] = code.nodes
    for node in nodes:
        if type(node).__name__ == "Heading":
            close()
            heading = one_line(clean_inline("".join(_text(node.title, 0))))
            if heading:
                blocks.append(Block(heading, min(int(node.level), 6)))
        else:
            text.extend(_node(node, 0))
    close()
    return _without_empty_sections(blocks)


def _paragraphs(text: str) -> Iterator[Block]:
    """Paragraphs end at blank lines; a line of its own is only an item or a row."""
    for part in re.split(r"\n[^\S\n]*\n\s*", text.replace("'''", "").replace("''", "")):
        lines: list[str] = []
        for line in part.split("\n"):
            cleaned = _NESTED_ITEM.sub("- ", clean_inline(line))
            if not cleaned or cleaned == "-":
                continue
            if lines and not _is_own_line(cleaned) and not _is_own_line(lines[-1]):
                lines[-1] += f" {cleaned}"
            else:
                lines.append(cleaned)
        text = "\n".join(lines).replace(_ROW, "")
        if any(character.isalnum() for character in text):
            yield Block(text)


def _is_own_line(line: str) -> bool:
    return line.startswith(("- ", _ROW))


def _without_empty_sections(blocks: list[Block]) -> list[Block]:
    """Leave out headings under which nothing is left ("Notes et références")."""
    kept: list[Block] = []
    lowest = 0  # level of the heading last kept, seen from the end; 0 after text
    for block in reversed(blocks):
        if not block.level or block.level == 1:
            kept.append(block)
            lowest = 0 if not block.level else lowest
        elif kept and (not kept[-1].level or kept[-1].level > block.level):
            kept.append(block)
    return kept[::-1]


def _text(code: Any, depth: int) -> Iterator[str]:
    if code is not None and depth < _MOST_DEPTH:
        for node in code.nodes:
            yield from _node(node, depth + 1)


def _node(node: Any, depth: int) -> Iterator[str]:
    kind = type(node).__name__
    if kind == "Text":
        yield str(node.value)
    elif kind == "Wikilink":
        yield from _link(node, depth)
    elif kind == "ExternalLink":
        yield from _text(node.title if node.title is not None else node.url, depth)
    elif kind == "HTMLEntity":
        yield node.normalize()
    elif kind == "Template":
        yield from _template(node, depth)
    elif kind == "Tag":
        yield from _tag(node, depth)
    elif kind == "Heading":
        yield from _text(node.title, depth)


def _link(node: Any, depth: int) -> Iterator[str]:
    target = str(node.title)
    if _MEDIA.match(target):
        caption = str(node.text).rpartition("|")[2] if node.text is not None else ""
        if len(caption.split()) > 3:  # "thumb|droite|Trotsky à Mexico en 1938."
            yield "\n\n"
            yield from _text(_parsed(caption), depth)
            yield "\n\n"
    elif not _META_LINK.match(target):
        yield from _text(node.text if node.text is not None else node.title, depth)


def _tag(node: Any, depth: int) -> Iterator[str]:
    name = str(node.tag).strip().lower()
    if name in _DROPPED:
        return
    if name == "br":
        yield "\n"
    elif name in _LIST_MARKERS and node.self_closing:
        yield _LIST_MARKERS[name]
    elif name == "table":
        yield "\n\n"
        yield from _table(node, depth)
        yield "\n\n"
    elif name in _LINE_TAGS:
        yield "\n\n"
        yield from _text(node.contents, depth)
        yield "\n\n"
    else:
        yield from _text(node.contents, depth)


def _table(node: Any, depth: int) -> Iterator[str]:
    """A row a line, with its heads; the cells of the first row stand in the table itself."""
    rows: list[list[Cell]] = [[]]
    for row in node.contents.nodes if node.contents is not None else ():
        name = _tag_name(row)
        if name in ("td", "th"):
            rows[-1].append(_cell(row, depth))
        elif name == "caption":
            yield "".join(_text(row.contents, depth)).strip() + "\n\n"
        elif name == "tr":
            cells = row.contents.nodes if row.contents is not None else ()
            rows.append([_cell(cell, depth) for cell in cells if _tag_name(cell) in ("td", "th")])
    for line in table_lines(rows):
        yield f"{_ROW}{line}\n"


def _cell(node: Any, depth: int) -> Cell:
    spans = {
        str(attribute.name).strip().lower(): str(attribute.value).strip(" \"'")
        for attribute in node.attributes
    }

    def span(name: str) -> int:
        told = spans.get(name, "")
        return int(told) if told.isdecimal() and len(told) < 4 else 1

    text = clean_inline(one_line("".join(_text(node.contents, depth))))
    return Cell(text, span("rowspan"), span("colspan"), _tag_name(node) == "th")


def _tag_name(node: Any) -> str:
    return str(node.tag).strip().lower() if type(node).__name__ == "Tag" else ""


# --- templates ----------------------------------------------------------------------------------

# What templates print: {0} is their first value, {1} their second…, {texte} the last of all.
_PRINTED: Mapping[str, str] = {
    name: text
    for names, text in (
        ("date|date-|date de naissance|date de décès", "{0} {1} {2}"),
        ("s|s-|siècle|siècle-|sp|sp-|s2|s2-", "{0}e siècle"),
        ("av jc|av. j.-c.|-jc|avjc", "av. J.-C."),
        ("ap jc|ap. j.-c.|apjc", "apr. J.-C."),
        ("unité|unite|nombre|nb|num|formatnum|nobr|nobr romains|mesure|monnaie", "{0}\u00a0{1}"),
        ("citation|cita|citation étrangère|citation nécessaire", "«\u00a0{0}\u00a0»"),
        ("citation bloc|début citation|vers|poème|citation bloc étrangère", "\n\n{0}\n\n"),
        ("lang|langue|langue avec nom|souverain|souverain-|souverain2", "{texte}"),
        (
            "refnec|référence nécessaire|référence souhaitée|passage évasif|quand|incise|petit|pc"
            "|petites capitales|sc|souligner|exp|ind|nombre romain|romain|rom|rom-maj|pas clair"
            "|langue simple|japonais|lien|page h'|terme défini|nom|guil|infobulle|abréviation|abrd"
            "|abr|tooltip|grec ancien|transl|allemand|en langue|anglais|russe",
            "{0}",
        ),
        ("er", "{0}er"), ("re", "{0}re"), ("e|ème|ex", "{0}e"), ("clr", ""), ("-", " "),
        ("n°|numéro", "n°\u00a0{0}"), ("p.", "p.\u00a0{0}"), ("&nbsp|nbsp", "\u00a0"),
        ("!", "|"), ("=", "="), ("1er", "1er"), ("1re", "1re"), ("ier", "Ier"), ("ire", "Ire"),
        ("etc", "etc."), ("m.", "M."), ("mme", "Mme"), ("mlle", "Mlle"), ("dr", "Dr"),
        ("pr", "Pr"), ("me", "Me"), ("mgr", "Mgr"), ("st", "St"), ("ste", "Ste"),
    )
    for name in names.split("|")
}  # fmt: skip
_NAMES_OF_TEXT = ("texte", "text", "citation")
_VALUES = 9


def _template(node: Any, depth: int) -> Iterator[str]:
    name = one_line(str(node.name)).lower().replace("_", " ")
    printed = _PRINTED.get(name)
    if name.startswith("formatnum:"):
        yield name.removeprefix("formatnum:")
    if printed is None:
        return
    given: dict[str, str] = {}
    for parameter in node.params:  # those without a name are called "1", "2"…
        given[one_line(str(parameter.name))] = one_line("".join(_text(parameter.value, depth)))
    values = [given.get(str(position), "") for position in range(1, _VALUES + 1)]
    named = next((given[key] for key in _NAMES_OF_TEXT if given.get(key)), "")
    last = named or next((value for value in reversed(values) if value), "")
    values[0] = values[0] or named
    if "{" not in printed:
        yield printed
    elif last if "{texte}" in printed else values[0]:
        text = printed.format(*values, texte=last).strip(" \u00a0")
        if text.endswith("e siècle"):  # "xx", "I"
            text = f"{values[0].upper()}{'er' if values[0].upper() == 'I' else 'e'} siècle"
        yield text
