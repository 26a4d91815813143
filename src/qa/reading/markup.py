"""Small formats of text: reStructuredText, RTF, LaTeX, notebooks, subtitles."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import escape
from itertools import chain, pairwise
from typing import Any

from qa.reading.blocks import Block, Content, UnreadableError, with_title
from qa.reading.cleaning import clean_inline, clean_line
from qa.reading.encoding import decode, decode_telling
from qa.reading.grid import Cell, html_table
from qa.reading.headings import mark_headings
from qa.reading.markdown import content_of_markdown
from qa.reading.office import content_of_office
from qa.reading.plain import content_of_text, readable_name
from qa.reading.structure import html_blocks

# --- reStructuredText ---------------------------------------------------------------------------

_SAFE = {
    "file_insertion_enabled": False, "raw_enabled": False, "report_level": 5, "halt_level": 6,
    "input_encoding": "unicode", "output_encoding": "unicode", "doctitle_xform": False,
    "initial_header_level": 1, "footnote_references": "brackets", "embed_stylesheet": False,
}  # fmt: skip
# Lines that docutils may copy, some seconds of work: for each literal block and each list, all that
# follow.
_MOST_COPIED = 10**9
# Targets and notes: each is looked for among all.
_EXPLICIT, _MOST_EXPLICIT = re.compile(r"^[ \t]*(?:\.\. |__ )", re.M), 3000
# Characters of a paragraph times marks in it: each is looked for to its end. A longer line than
# that docutils leaves out.
_MOST_MARKED, _LONGEST_LINE = 10**7, 10_000
_RST_PARAGRAPH = re.compile(
    r"\n[ \t]*(?:\n|(?:[-*+•#.|=]|\d{1,3}[.)])[ .=+-]|:[\w-][\w -]{0,40}: )"
)


def read_rst(data: bytes, name: str) -> Content:
    """Read reStructuredText; nothing is included, no raw HTML is let through.

    Where that would take longer and longer (no text of a person does), it is read as plain text.
    """
    decoded = decode_telling(data)
    signs = re.findall(r"::[ \t]*$|^[^\w\s]|^\w", decoded.text, re.MULTILINE)
    kinds = ["a" if sign.isalnum() else sign for sign in signs]
    copies = sum(a != b or len(a) > 1 for a, b in pairwise(kinds))
    crowded = any(
        len(part) * sum(map(part.count, "*`|_[")) > _MOST_MARKED
        for part in _RST_PARAGRAPH.split(decoded.text)
    )
    long = any(len(line) > _LONGEST_LINE for line in decoded.text.split("\n"))
    copied = copies * decoded.text.count("\n") > _MOST_COPIED
    if crowded or long or copied or len(_EXPLICIT.findall(decoded.text)) > _MOST_EXPLICIT:
        return replace(content_of_text(decoded.text, name), doubt=decoded.doubt)
    from docutils.core import publish_parts

    source = _CONTENTS.sub("", _ROLE.sub(r"\1", decoded.text))
    parts = publish_parts(source, writer="html5", settings_overrides=_SAFE)
    written = _RST_NOTE.sub(r"<p>\1 ", parts["html_body"])
    content = content_of_office(html_blocks(written), {}, name)
    return replace(content, doubt=decoded.doubt)


_RST_NOTE = re.compile(r"<span class=\"label\">(.{0,500}?)</span>\s*<p>", re.DOTALL)
# Sphinx's roles (":ref:`texte <place>`"), which docutils does not know, and its contents.
_ROLE = re.compile(r":(?:[\w+-]{1,20}:){1,2}`([^`<\n]{1,200}?)(?:\s*<[^>`\n]*>)?`")
_CONTENTS = re.compile(r"^\.\. (?:contents|toctree)::.*(?:\n[ \t]+\S.*|\n(?=\n[ \t]+\S))*", re.M)


# --- RTF ----------------------------------------------------------------------------------------


_MAC = re.compile(r"\\mac\b|\\ansicpg10000\b")
_MAC_BYTE = re.compile(r"\\'([89a-f][0-9a-f])", re.I)
_RTF_HIDDEN = re.compile(r"\{\\v(?:\\[a-z]+-?\d*)*[ ](?:[^{}\\]|\\'..){0,2000}\}")
_RTF_NOTE = re.compile(r"\{\\footnote\b((?:[^{}]|\{[^{}]*\}){0,5000})\}")
_RTF_RAISED = re.compile(r"\{(?:\\[a-z]+\d*)*\\super(?:\\[a-z]+\d*)*[ ](\d{1,3})\}")


def read_rtf(data: bytes, name: str) -> Content:
    """Read a Rich Text file: its text and the cells of its tables."""
    from striprtf.striprtf import rtf_to_text

    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("another_kind", "an RTF file", "un fichier RTF")
    source = data.decode("latin-1")
    if _MAC.search(source[:500]):  # "\\'8e" is of the Mac's own table, which striprtf does not know
        source = _MAC_BYTE.sub(
            lambda byte: f"\\u{ord(bytes.fromhex(byte[1]).decode('mac-roman'))}?", source
        )
    source = _RTF_HIDDEN.sub("", source)
    source = _RTF_NOTE.sub(r"{ [note\\~: \1]}", _RTF_RAISED.sub(r"[\1]", source))
    text = rtf_to_text(source, errors="replace")
    lines = [
        line.rstrip("|").replace("|", " | ") if line.count("|") > 1 else line
        for line in text.split("\n")
    ]
    # Every line is a paragraph, but the rows of a table.
    ends = ("\n" if "|" in row and "|" in below else "\n\n" for row, below in pairwise(lines))
    return content_of_text("".join(chain(*zip(lines, ends, strict=False), lines[-1:])), name)


# --- LaTeX --------------------------------------------------------------------------------------

_HEADING_COMMANDS = {
    "part": 1, "chapter": 2, "section": 3, "subsection": 4, "subsubsection": 5, "paragraph": 6,
}  # fmt: skip
# What French packages print.
_PRINTED = {
    "\\": "\x06", "og": "«\u00a0", "fg": "\u00a0»", "euro": "€", "EUR": "€", "ier": "er",
    "iere": "re",
    "ieme": "e", "no": "n°\u00a0", "degres": "°", "up": "%s", "textsuperscript": "%s", "bsc": "%s",
    "hspace": "", "vspace": "", "multicolumn": "%(3)s",
}  # fmt: skip
# pylatexenc copies what it has of a paragraph with each sign; no person writes a longer one.
_LONGEST_PARAGRAPH = 200_000
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_BODY = re.compile(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", re.DOTALL)


def read_latex(data: bytes, name: str) -> Content:
    """Read a LaTeX file: titles, paragraphs, lists, tables, notes; formulas as they are written."""
    from pylatexenc.latex2text import LatexNodes2Text

    decoded = decode_telling(data)
    if any(len(part) > _LONGEST_PARAGRAPH for part in decoded.text.split("\n\n")):
        return replace(content_of_text(decoded.text, name), doubt=decoded.doubt)
    source = _COMMENT.sub("", decoded.text)
    converter = LatexNodes2Text(latex_context=_latex_context(), math_mode="verbatim")
    body = _BODY.search(source)
    text = escape(converter.latex_to_text(body[1] if body else source), quote=False)
    written = []
    for paragraph in re.split(r"\n\s*\n", text):
        paragraph = (
            paragraph.replace("\x03", "<note>").replace("\x04", "</note>").replace("\x06", "<br>")
        )
        heading = re.match(r"\s*\x01(\d)(.*)\x02\s*$", paragraph, re.DOTALL)
        if "\x08" in paragraph:
            rows = paragraph.replace("\x08", "").strip().split("<br>")
            cells = [
                [Cell(cell.strip()) for cell in row.split("\x07")] for row in rows if row.strip()
            ]
            written.append(html_table(cells))
        elif heading:
            written.append(f"<h{heading[1]}>{heading[2]}</h{heading[1]}>")
        else:
            written.append(f"<p>{paragraph}</p>")
    blocks = html_blocks("".join(written))
    facts = {
        key: clean_line(converter.latex_to_text(found[1])).strip("* ")
        for key in ("title", "author", "date")
        if (found := re.search(rf"\\{key}\{{([^{{}}]*(?:\{{[^{{}}]*\}}[^{{}}]*)*)\}}", source))
    }
    blocks, title = with_title(blocks, facts.pop("title", ""))
    told = {key: text for key, text in facts.items() if text}
    return Content(title or readable_name(name), blocks, told, doubt=decoded.doubt)


def _latex_context() -> Any:
    from pylatexenc.latex2text import (
        EnvironmentTextSpec,
        MacroTextSpec,
        SpecialsTextSpec,
        get_default_latex_context_db,
    )

    def argument(node: Any, l2tobj: Any) -> str:
        """What a command stands before; nothing where the file ends there."""
        found = node.nodeargd.argnlist if node.nodeargd is not None else ()
        return str(l2tobj.nodelist_to_text(found[-1:]))

    def heading(level: int) -> Any:
        return lambda node, l2tobj: f"\n\n\x01{level}{argument(node, l2tobj)}\x02\n\n"

    def note(node: Any, l2tobj: Any) -> str:
        return f"\x03{' '.join(argument(node, l2tobj).split())}\x04"

    def items(node: Any, l2tobj: Any) -> str:
        text = l2tobj.nodelist_to_text(node.nodelist)
        numbered = node.environmentname == "enumerate"
        parts = [" ".join(part.split()) for part in text.split("\x05") if part.strip()]
        marks = (f"{n}. " if numbered else "- " for n in range(1, len(parts) + 1))
        lines = [mark + part for mark, part in zip(marks, parts, strict=True)]
        return "\n\n" + "\x06".join(lines) + "\n\n"

    def table(node: Any, l2tobj: Any) -> str:
        text = " ".join(l2tobj.nodelist_to_text(node.nodelist).split("\n"))
        return f"\n\n\x08{text}\n\n"

    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, heading(n)) for name, n in _HEADING_COMMANDS.items()]
    macros += [MacroTextSpec("footnote", note), MacroTextSpec("item", "\x05")]
    macros += [MacroTextSpec(name, text) for name, text in _PRINTED.items()]
    silent = "label maketitle tableofcontents title author date ref"
    silent += " hline toprule midrule bottomrule cline"
    macros += [MacroTextSpec(name, discard=True) for name in silent.split()]
    tables = [EnvironmentTextSpec(name, table) for name in ("tabular", "tabularx", "longtable")]
    lists = tables + [
        EnvironmentTextSpec(name, items) for name in ("itemize", "enumerate", "description")
    ]
    cells = [SpecialsTextSpec("&", "\x07")]
    context.add_context_category(
        "sourcier", prepend=True, macros=macros, environments=lists, specials=cells
    )
    return context


# --- notebooks ----------------------------------------------------------------------------------


def read_notebook(data: bytes, name: str) -> Content:
    """Read a notebook: its Markdown and its code; results of runs are left out."""
    try:
        cells = json.loads(decode(data))["cells"]
        parts = [
            source if cell["cell_type"] != "code" else f"```\n{source}\n```"
            for cell in cells
            if (source := "".join(cell.get("source", ""))).strip()
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError("another_kind", "a notebook", "un carnet Jupyter") from error
    return content_of_markdown("\n\n".join(parts), readable_name(name))


# --- subtitles ----------------------------------------------------------------------------------

_TIME = re.compile(r"(?:(\d+):)?(\d\d?):(\d\d)[.,](\d{1,3})")
_CUE_MARKUP = re.compile(r"<[^<>]{0,100}>|\{\\[^}]{0,100}\}")
_SPEAKER = re.compile(r"<v(?:\.[\w.-]{0,50})? ([^<>]{1,60})>")
_PAUSE = 2.0  # seconds without words that begin a paragraph
# Characters after which the next sentence begins one, and the next words do.
_PARAGRAPH, _LONGEST_PARAGRAPH = 600, 6_000


def read_subtitles(data: bytes, name: str) -> Content:
    """Read SRT or WebVTT: what is said, in paragraphs; the times are left out."""
    decoded = decode_telling(data)
    paragraphs: list[str] = []
    last = -_PAUSE
    for cue in re.split(r"\n\s*\n", decoded.text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = cue.strip().split("\n")
        at = next((number for number, line in enumerate(lines[:3]) if "-->" in line), None)
        if at is None:
            continue
        moments = [_seconds(found) for found in _TIME.finditer(lines[at])]
        named = (_SPEAKER.sub("\\1\u00a0: ", line) for line in lines[at + 1 :])
        said = [clean_inline(_CUE_MARKUP.sub("", line)) for line in named]
        text = " ".join(line for line in said if line)
        if not text:
            continue
        before = paragraphs[-1] if paragraphs else ""
        far = bool(moments) and moments[0] - last > _PAUSE
        ended = before.endswith((".", "!", "?", "…"))
        if (
            not before
            or text.startswith(("-", "–", "—"))
            or len(before) > _LONGEST_PARAGRAPH
            or (ended and (far or len(before) > _PARAGRAPH))
        ):
            paragraphs.append(text)
        elif text not in before[-len(text) - 1 :]:  # what rolls up is said twice
            paragraphs[-1] = f"{before} {text}"
        last = moments[-1] if moments else last
    blocks, _ = mark_headings([Block(text) for text in paragraphs])
    return Content(readable_name(name), blocks, doubt=decoded.doubt)


def _seconds(found: re.Match[str]) -> float:
    hours, minutes, seconds, parts = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{parts}")
