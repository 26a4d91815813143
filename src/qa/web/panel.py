"""What stands beside and behind the conversation: a document with its span, and the corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from qa.overview import openings, told_often
from qa.records import Document, Skipped
from qa.web import texts
from qa.web.export import plain
from qa.web.markup import block, escape, paragraphs, source_url
from qa.web.originals import has_pages, original_url
from qa.web.references import (
    FORMATS,
    RDF_ENDING,
    RDF_OPENING,
    Reference,
    iso690,
    reference,
    ris,
    zotero_rdf,
)
from qa.web.tables import find_tables, table_html

_HEADINGS = 300  # that an outline shows


def source_frame(*, upload: bool = False) -> str:
    """The empty panel, filled by ``panel.js``; ``upload``: documents may be dropped on the page."""
    adds = " data-upload" if upload else ""
    return (
        f'<aside id="source" aria-label="{texts.SOURCE}" tabindex="-1" hidden{adds} '
        f'data-copied="{texts.COPIED}" data-unreadable="{escape(texts.UNREADABLE)}" '
        f'data-changed="{escape(texts.SOURCE_CHANGED)}" data-lost="{escape(texts.LOST)}" '
        f'data-found-none="{texts.FOUND_NONE}" data-in-answer="{texts.IN_ANSWER}">'
        f'<div class="bar"><p class="steps" hidden>'
        f'{_step(-1, texts.PREVIOUS, "←")}<span class="position" aria-live="polite"></span>'
        f"{_step(1, texts.NEXT, '→')}</p>"
        f'<button type="button" class="close" aria-label="{texts.CLOSE}">×</button></div>'
        f'<section class="page" aria-label="{texts.PAGE}" hidden></section>'
        '<div class="document"></div></aside>'
    )


def dialogs() -> str:
    """The quotes that were kept, and what the keys do; filled and opened by ``notes.js``."""
    exports = "".join(
        f'<button type="button" class="quiet" data-export="{kind}">{label}</button>'
        for kind, label in (("md", "Markdown"), ("rdf", "Zotero RDF"), ("ris", "RIS"))
    )
    close = f'<button type="button" class="close" aria-label="{texts.CLOSE_DIALOG}">×</button>'
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{told}</dd>" for key, told in texts.KEYS.items())
    frame = f'data-opening="{escape(RDF_OPENING)}" data-ending="{escape(RDF_ENDING)}"'
    return (
        f'<p id="more"><button type="button" class="quiet" data-dialog="notes">{texts.NOTES} '
        f'<span class="count"></span></button> <button type="button" class="quiet" '
        f'data-dialog="keys">{texts.KEYBOARD}</button></p>'
        f'<dialog id="notes" aria-labelledby="notes-title" {frame} data-remove="{texts.REMOVE}" '
        f'data-kept="{texts.KEPT}" data-keep="{texts.KEEP}" '
        f'data-full="{escape(texts.NOT_KEPT)}">{close}'
        f'<h2 id="notes-title">{texts.NOTES}</h2><p class="none">{escape(texts.NO_NOTES)}</p>'
        f'<p class="exports">{escape(texts.EXPORT)} {exports}</p><ol></ol></dialog>'
        f'<dialog id="keys" aria-labelledby="keys-title">{close}'
        f'<h2 id="keys-title">{texts.KEYBOARD}</h2><dl>{keys}</dl>'
        f'<label><input type="checkbox" checked> {escape(texts.KEYS_ON)}</label></dialog>'
    )


def _step(by: int, label: str, sign: str) -> str:
    return (
        f'<button type="button" class="step" data-step="{by}" aria-label="{label}">{sign}</button>'
    )


def source(document: Document, start: int, end: int, today: date, *, has_file: bool) -> str:
    """A whole document with a span highlighted, and how to cite that span.

    ``has_file``: the file that it was read from may be opened.
    """
    cited = reference(document, start, end)
    buttons = "".join(
        f'<button type="button" class="quiet" data-copy="{escape(make(cited, today))}">'
        f"{name}</button>"
        for name, make in FORMATS
    )
    link = escape(source_url(document.id, start, end))
    cite = (
        f'<p class="cite"><span>{escape(texts.CITE)}</span>{buttons}<button type="button" '
        f'class="quiet" data-copy-link="{link}">{texts.COPY_LINK}</button><button type="button" '
        f'class="quiet" aria-pressed="false" data-keep-from="{link}" '
        f'data-keep="{escape(json.dumps(_kept(cited, today), ensure_ascii=False))}">'
        f"{texts.KEEP}</button></p>"
        if end > start
        else ""
    )
    facts = [document.metadata.get("author", ""), document.metadata.get("date", "")]
    told = " · ".join(fact for fact in [*facts, document.source] if fact)
    title, file = escape(document.title or document.id), _file(document, start) if has_file else ""
    return (
        f'<header class="top"><h2>{title}</h2><div class="tools">{_search()}{file}</div></header>'
        f'<p class="facts">{escape(told)}</p>'
        f"{inside(document, is_open=end <= start)}"
        f'<nav class="found-here" aria-label="{texts.IN_ANSWER}" hidden></nav>'
        f'<div class="body">{body(document, start, end)}</div>{cite}'
    )


def _kept(cited: Reference, today: date) -> dict[str, str]:
    """What a browser keeps of a quote: its words, and how it is referred to in each export."""
    said, told = cited.quote, iso690(cited, today)
    where = told.removeprefix(said).strip()
    return {
        "quote": said,
        "place": where,
        "md": f"> {plain(said)}\n>\n> {plain(where)}\n",
        "ris": f"{ris(cited, today)}\n",
        "rdf": zotero_rdf(cited),
    }


def _search() -> str:
    return (
        f'<search class="within"><input type="search" placeholder="{texts.SEARCH_WITHIN}" '
        f'aria-label="{texts.SEARCH_WITHIN}" maxlength="200"><output></output>'
        f'<button type="button" data-found="-1" aria-label="{texts.FOUND_BEFORE}">↑</button>'
        f'<button type="button" data-found="1" aria-label="{texts.FOUND_AFTER}">↓</button></search>'
    )


def inside(document: Document, *, is_open: bool) -> str:
    """What a document holds: its headings, opening sentences, years and names, all to go to."""
    text = document.text
    years, names = told_often(document)
    outline = "".join(
        f'<li class="level-{min(heading.level, 4)}">'
        f"{_go_to(heading.start, text[heading.start : heading.end])}</li>"
        for heading in document.headings[:_HEADINGS]
    )
    opening = "".join(f"<li>{_go_to(a, text[a:b])}</li>" for a, b in openings(document))
    parts = [(texts.OUTLINE, outline), (texts.OPENINGS, opening)]
    for label, told in ((texts.YEARS, years), (texts.NAMES, names)):
        items = "".join(
            f'<li><button type="button" data-look="{escape(word)}">{escape(word)}</button> '
            f"<small>{texts.number(count)}</small></li>"
            for word, count in told
        )
        parts.append((label, items))
    told_parts = "".join(
        f'<h3>{label}</h3><ul class="{kind}">{items}</ul>'
        for (label, items), kind in zip(parts, ("outline", "openings", "told", "told"), strict=True)
        if items
    )
    shown = " open" if is_open else ""
    return f'<details class="inside"{shown}><summary>{texts.INSIDE}</summary>{told_parts}</details>'


def _go_to(position: int, text: str) -> str:
    """A button that shows a place of the document."""
    line = " ".join(text.split())
    return f'<button type="button" data-goto="{position}">{escape(line)}</button>'


def _file(document: Document, start: int) -> str:
    """The file itself, and a page of it as it was printed."""
    url = escape(original_url(document.id))
    link = f'<a href="{url}" download>{texts.OPEN_FILE}</a>'
    if not has_pages(document):
        return link
    page = document.page_at(start) or document.pages[0]
    label = texts.SEE_PAGE.format(number=page.number)
    return (
        f'<button type="button" class="quiet" data-page="0" aria-pressed="false">{label}</button>'
        f"{link}"
    )


def body(document: Document, start: int, end: int) -> str:
    """Headings, paragraphs and tables; without its tags it is exactly ``document.text``."""
    levels = {heading.start: heading.level for heading in document.headings}
    cuts = [
        bound for h in document.headings for bound in (h.start, _line_end(document.text, h.end))
    ]
    tables = {table.span[0]: table for table in find_tables(document.text)}
    cuts += [bound for table in tables.values() for bound in table.span]
    title = " ".join(document.title.split())
    identifier = "cited"
    parts: list[str] = []
    for first, last in paragraphs(document.text, cuts):
        text = document.text[first:last]
        tag, kind = "p", ""
        if first in levels:
            # The panel already has the title, as its heading.
            same = not parts and " ".join(text.split()) == title
            tag, kind = (
                ("p", ' class="same-title"') if same else (f"h{min(levels[first] + 1, 6)}", "")
            )
        if first in tables:
            marked = table_html(tables[first], document.text, 0, [(start, end)], identifier)
        else:
            marked = block(f"<{tag}{kind}>", f"</{tag}>", text, first, [(start, end)], identifier)
        if "<mark" in marked:
            identifier = ""
        parts.append(marked)
    return "".join(parts)


def _line_end(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def drop_zone(suffixes: Sequence[str], limit: int) -> str:
    """Where documents are dropped or chosen; ``limit`` is in bytes. Filled by ``panel.js``."""
    limits = texts.DROP_LIMITS.format(
        kinds=", ".join(texts.KINDS.values()), limit=texts.number(limit // 1_000_000)
    )
    words = {
        "sending": texts.SENDING,
        "not-sent": texts.NOT_SENT,
        "states": json.dumps(texts.ADDITION_STATES, ensure_ascii=False),
        "steps": json.dumps(texts.STEPS, ensure_ascii=False),
    }
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in words.items())
    return (
        f'<section id="drop" aria-label="{texts.ADD}"{data}><p>{texts.DROP} '
        f'<label><input type="file" class="offscreen" multiple accept="{",".join(suffixes)}">'
        f"<span>{texts.CHOOSE}</span></label>.</p>"
        f'<p class="limits">{escape(limits)}</p><div role="status"><ul></ul></div></section>'
    )


def skipped(entries: Sequence[Skipped]) -> str:
    """What was not read, and why."""
    if not entries:
        return f'<p class="none">{escape(texts.NOTHING_SKIPPED)}</p>'
    items = "".join(
        f"<li><strong>{escape(entry.source)}</strong> {escape(texts.reason(entry))}</li>"
        for entry in entries
    )
    return f'<section class="skipped"><h2>{escape(texts.SKIPPED)}</h2><ul>{items}</ul></section>'
