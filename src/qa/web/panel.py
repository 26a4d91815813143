"""What stands beside and behind the conversation: a document with its span, and the corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from qa.records import Document, Skipped
from qa.web import texts
from qa.web.markup import block, escape, paragraphs, source_url
from qa.web.references import FORMATS, reference
from qa.web.tables import find_tables, table_html


def source_frame(*, upload: bool = False) -> str:
    """The empty panel, filled by ``panel.js``; ``upload``: documents may be dropped on the page."""
    adds = " data-upload" if upload else ""
    return (
        f'<aside id="source" aria-label="{texts.SOURCE}" tabindex="-1" hidden{adds} '
        f'data-copied="{texts.COPIED}" data-unreadable="{escape(texts.UNREADABLE)}" '
        f'data-changed="{escape(texts.SOURCE_CHANGED)}" data-lost="{escape(texts.LOST)}">'
        f'<div class="bar"><p class="steps" hidden>'
        f'{_step(-1, texts.PREVIOUS, "←")}<span class="position" aria-live="polite"></span>'
        f"{_step(1, texts.NEXT, '→')}</p>"
        f'<button type="button" class="close" aria-label="{texts.CLOSE}">×</button></div>'
        '<div class="document"></div></aside>'
    )


def _step(by: int, label: str, sign: str) -> str:
    return (
        f'<button type="button" class="step" data-step="{by}" aria-label="{label}">{sign}</button>'
    )


def source(document: Document, start: int, end: int, today: date) -> str:
    """A whole document with a span highlighted, and how to cite that span."""
    cited = reference(document, start, end)
    buttons = "".join(
        f'<button type="button" class="quiet" data-copy="{escape(make(cited, today))}">'
        f"{name}</button>"
        for name, make in FORMATS
    )
    link = escape(source_url(document.id, start, end))
    cite = (
        f'<p class="cite"><span>{escape(texts.CITE)}</span>{buttons}<button type="button" '
        f'class="quiet" data-copy-link="{link}">{texts.COPY_LINK}</button></p>'
        if end > start
        else ""
    )
    facts = [document.metadata.get("author", ""), document.metadata.get("date", "")]
    told = " · ".join(fact for fact in [*facts, document.source] if fact)
    return (
        f"<h2>{escape(document.title or document.id)}</h2>"
        f'<p class="facts">{escape(told)}</p>'
        f'<div class="body">{body(document, start, end)}</div>{cite}'
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
