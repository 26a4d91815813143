"""Wikitext to blocks: the words of an article, without boxes, notes and galleries.

mwparserfromhell parses; what a French article's templates print inside a sentence (dates,
centuries, quantities, foreign words) is written out, so that no sentence loses a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qa.reading.blocks import Block
from qa.reading.cleaning import clean_inline, one_line
from qa.reading.grid import Cell, table_lines

_MEDIA = re.compile(r"\s*(?:fichier|file|image|média|media)\s*:", re.IGNORECASE)
# Categories, and the same article in another language; ":Catégorie:…" is a visible link.
_META_LINK = re.compile(r"\s*(?:catégorie|category|[a-z]{2,3}|simple)\s*:", re.IGNORECASE)
_SWITCH = re.compile(r"__[A-ZÀ-Ý]{3,30}__")
_NESTED_ITEM = re.compile(r"^(?:- )+")
_ROW = "\ue000"  # before the row of a table, which stays a line
_MOST_DEPTH = 40  # of markup in markup
_LIST_MARKERS = {"li": "- ", "dt": "", "dd": ""}
_DROPPED = frozenset(
    "ref references gallery timeline score syntaxhighlight source hiero imagemap templatestyles "
    "mapframe maplink graph categorytree indicator includeonly noinclude chem ce".split()
)
_LINE_TAGS = frozenset("p div blockquote poem center table tr caption hr".split())


def wikitext_blocks(source: str, title: str) -> list[Block]:
    """The blocks of an article, its title first."""
    import mwparserfromhell

    code = mwparserfromhell.parse(_SWITCH.sub("", source), skip_style_tags=True)
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
            import mwparserfromhell

            yield "\n\n"
            yield from _text(mwparserfromhell.parse(caption), depth)
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


def _template(node: Any, depth: int) -> Iterator[str]:
    name = one_line(str(node.name)).lower().replace("_", " ")
    writer = _TEMPLATES.get(name)
    if writer is None and name.startswith("formatnum:"):
        yield name.removeprefix("formatnum:")
        return
    if writer is None:
        return
    values = [
        one_line("".join(_text(parameter.value, depth)))
        for parameter in node.params
        if not parameter.showkey
    ]
    named = {
        one_line(str(parameter.name)): one_line("".join(_text(parameter.value, depth)))
        for parameter in node.params
        if parameter.showkey
    }
    given = _Given(values, named)
    yield writer(given)


class _Given:
    """The values that a template is called with; what is not given is empty."""

    def __init__(self, values: list[str], named: Mapping[str, str]) -> None:
        self.values = values
        self._named = named

    def __call__(self, position: int, *names: str) -> str:
        """The value of a position (from 1), or under one of some names."""
        if position <= len(self.values) and self.values[position - 1]:
            return self.values[position - 1]
        for name in (str(position), *names):
            if self._named.get(name):
                return self._named[name]
        return ""


def _joined(given: _Given) -> str:
    return " ".join(value for value in given.values if value)


def _first(given: _Given) -> str:
    return given(1, "texte", "text", "citation")


def _second(given: _Given) -> str:
    return given(2, "texte", "text") or given(1)


def _last(given: _Given) -> str:
    return given.values[-1] if given.values else ""


def _century(given: _Given) -> str:
    number = given(1).upper()
    return f"{number}{'er' if number == 'I' else 'e'} siècle"


def _quantity(given: _Given) -> str:
    return "\u00a0".join(value for value in given.values[:2] if value)


def _quoted(given: _Given) -> str:
    return f"«\u00a0{_first(given)}\u00a0»" if _first(given) else ""


def _block_quote(given: _Given) -> str:
    return f"\n\n{_first(given)}\n\n"


def _superscript(ending: str) -> Callable[[_Given], str]:
    return lambda given: given(1) + ending


def _fixed(text: str) -> Callable[[_Given], str]:
    return lambda _: text


def _nothing_but(text: str) -> Callable[[_Given], str]:
    return lambda given: f"{text}\u00a0{given(1)}".strip("\u00a0")


_TEMPLATES: Mapping[str, Callable[[_Given], str]] = {
    # {{date|7|novembre|1917|en URSS}}: day, month, year, and a subject that is not printed
    **dict.fromkeys(
        ("date", "date-", "date de naissance", "date de décès"),
        lambda given: " ".join(value for value in given.values[:3] if value),
    ),
    **dict.fromkeys(("s", "s-", "siècle", "siècle-", "sp", "sp-", "s2", "s2-"), _century),
    **dict.fromkeys(("av jc", "av. j.-c.", "-jc", "avjc"), _fixed("av. J.-C.")),
    **dict.fromkeys(("ap jc", "ap. j.-c.", "apjc"), _fixed("apr. J.-C.")),
    **dict.fromkeys(("unité", "unite", "nombre", "nb", "num", "formatnum", "nobr", "nobr romains",
                     "mesure", "monnaie"), _quantity),
    **dict.fromkeys(("lang", "langue", "langue avec nom"), _second),
    **dict.fromkeys(("citation", "cita", "citation étrangère", "citation nécessaire"), _quoted),
    **dict.fromkeys(("citation bloc", "début citation", "vers", "poème", "citation bloc étrangère"),
                    _block_quote),
    **dict.fromkeys(("refnec", "référence nécessaire", "référence souhaitée", "passage évasif",
                     "quand", "incise", "petit", "pc", "petites capitales", "sc", "souligner",
                     "exp", "ind", "nombre romain", "romain", "pas clair", "langue simple",
                     "japonais", "lien", "page h'", "terme défini", "nom", "guil", "infobulle",
                     "abréviation", "abrd", "abr", "tooltip", "grec ancien", "transl", "allemand",
                     "en langue", "anglais", "russe"), _first),
    **dict.fromkeys(("rom", "rom-maj"), _first),
    "1er": _fixed("1er"), "1re": _fixed("1re"), "ier": _fixed("Ier"), "ire": _fixed("Ire"),
    "er": _superscript("er"), "re": _superscript("re"), "e": _superscript("e"),
    "ème": _superscript("e"), "ex": _superscript("e"),
    "n°": _nothing_but("n°"), "numéro": _nothing_but("n°"), "p.": _nothing_but("p."),
    "&nbsp": _fixed("\u00a0"), "nbsp": _fixed("\u00a0"), "clr": _fixed(""), "-": _fixed(" "),
    "!": _fixed("|"), "=": _fixed("="), "etc": _fixed("etc."), "m.": _fixed("M."),
    "mme": _fixed("Mme"), "mlle": _fixed("Mlle"), "dr": _fixed("Dr"), "pr": _fixed("Pr"),
    "me": _fixed("Me"), "mgr": _fixed("Mgr"), "st": _fixed("St"), "ste": _fixed("Ste"),
    "souverain2": _last, "souverain-": _last, "souverain": _last,
}  # fmt: skip
