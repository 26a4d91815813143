"""The conversation and the first screen as HTML: pure functions of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from qa.records import Answer, Citation, Hit
from qa.web import texts
from qa.web.markup import Span, block, escape, highlight, paragraphs, place, source_url
from qa.web.state import Chat, Exchange, kept_fields

# --- Frame ----------------------------------------------------------------------------------------


def header() -> str:
    """The name of the place."""
    return (
        f'<header class="masthead"><h1>{texts.PRODUCT}</h1><p>{escape(texts.TAGLINE)}</p></header>'
    )


def welcome(
    documents: int,
    passages: int,
    created: str,
    folder: str,
    command: str,
    examples: Sequence[str],
    *,
    upload: bool = False,
) -> str:
    """The first screen: what is indexed, questions that work, how to add documents."""
    indexed = texts.INDEXED.format(
        documents=texts.count(documents, "document"),
        passages=texts.count(passages, "passage"),
        day=texts.day_of(created),
    )
    asked = "".join(
        f'<li><button type="button" class="example">{escape(question)}</button></li>'
        for question in examples
    )
    add = escape(texts.DROP_DOCUMENTS if upload else texts.ADD_DOCUMENTS).format(
        folder=f"<code>{escape(folder)}</code>",
        command=f"<code>{escape(command)}</code>",
    )
    return (
        f'<section class="welcome"><h2>{escape(texts.WELCOME)}</h2>'
        f'<p class="lead">{escape(texts.WELCOME_TEXT)}</p>'
        + (f"<h3>{texts.EXAMPLES}</h3><ul>{asked}</ul>" if examples else "")
        + f'<p class="indexed">{escape(indexed)}</p>'
        # Documents that a program gave have no folder to put others into.
        + (f'<p class="add">{add}</p></section>' if folder else "</section>")
    )


def notice(text: str, *, cancel: bool = False, kind: Literal["alert", "status"] = "alert") -> str:
    """A line above the box: a fault (``alert``), or what the text in the box is for."""
    if not text:
        return ""
    button = (
        f' <button type="button" class="quiet" data-action="cancel">{texts.CANCEL}</button>'
        if cancel
        else ""
    )
    role = "status" if cancel else kind
    return f'<p class="notice {role}" role="{role}">{escape(text)}{button}</p>'


# --- Conversation ---------------------------------------------------------------------------------


def conversation(chat: Chat) -> str:
    """Every exchange in order, as a log that a screen reader follows."""
    turns = "".join(_exchange(i, exchange) for i, exchange in enumerate(chat.exchanges))
    return (
        f'<div class="turns" role="log" aria-live="polite" aria-label="{texts.CONVERSATION}">'
        f"{turns}</div>"
    )


def _exchange(position: int, exchange: Exchange) -> str:
    answer = exchange.turn.answer
    # A greeting is answered without a search: nothing was looked for, so nothing is refused.
    kind = answer.status
    if kind == "courtesy":
        said = f'<p class="note">{escape(texts.typeset(answer.note or texts.NO_ANSWER))}</p>'
    else:
        said = _quotes(answer) if kind == "answered" else _refusal(answer)
        said += _verdict(position, exchange) + _passages(answer)
    return (
        f'<article class="turn {kind}" id="turn-{position}" data-kept="{_kept(exchange)}">'
        f'<h2 class="question" dir="auto"><span class="offscreen">{escape(texts.YOU_ASKED)} </span>'
        f"{escape(texts.typeset(answer.question))}</h2>"
        f"{_understood(position, answer)}{said}</article>"
    )


def _kept(exchange: Exchange) -> str:
    """What the browser keeps of an exchange, to ask again when the page is loaded again."""
    return escape(json.dumps(kept_fields(exchange), ensure_ascii=False))


def _understood(position: int, answer: Answer) -> str:
    """« Compris avec : Lénine × »: what was taken can be taken off, what is offered added."""
    phrases = [
        *((word, True) for word in answer.context),
        *((word, False) for word in answer.offered),
    ]
    if not phrases:
        return ""
    buttons = " ".join(
        f'<button type="button" data-turn="{position}" data-word="{number}" '
        f'aria-pressed="{str(is_taken).lower()}" '
        f'title="{escape((texts.TAKE_OFF if is_taken else texts.TAKE_TOO).format(word=word))}">'
        f"{escape(texts.typeset(word))}</button>"
        for number, (word, is_taken) in enumerate(phrases)
    )
    label = texts.UNDERSTOOD if answer.context else texts.UNDERSTOOD_ALONE
    return f'<p class="understood" role="group">{escape(label)} {buttons}</p>'


def _quotes(answer: Answer) -> str:
    note = f'<p class="note">{escape(texts.typeset(answer.note))}</p>' if answer.note else ""
    return _figures(answer.citations) + note


def _figures(citations: Iterable[Citation]) -> str:
    return "".join(
        f"<figure><blockquote><q>{_quote(citation)}</q>"
        f"{marker(citation)}</blockquote>"
        f"<figcaption>{_cited_place(citation)}</figcaption></figure>"
        for citation in citations
    )


def _quote(citation: Citation) -> str:
    return highlight(citation.quote, citation.start, citation.emphasis, tag="strong")


def marker(citation: Citation) -> str:
    """« [1] », a link to the quoted span in its document."""
    label = texts.OPEN_CITATION.format(
        marker=citation.marker, title=citation.title or citation.document_id
    )
    return (
        f'{texts.NARROW}<a class="cit" role="doc-noteref" href="{escape(citation_url(citation))}" '
        f'aria-label="{escape(label)}">[{citation.marker}]</a>'
    )


def citation_url(citation: Citation) -> str:
    """The address that opens a citation."""
    return source_url(citation.document_id, citation.start, citation.end)


def _cited_place(citation: Citation) -> str:
    """Title and headings; on paper, where no link opens, the file and the characters too."""
    page = texts.page(citation.page, ocr=citation.ocr)
    span = texts.CHARACTERS.format(
        start=texts.number(citation.start), end=texts.number(citation.end)
    )
    exact = f'<span class="on-paper"> ({escape(citation.source)}, {span})</span>'
    return place(citation.title or citation.document_id, citation.headings) + page + exact


def _refusal(answer: Answer) -> str:
    note = texts.typeset(answer.note) if answer.note else texts.NO_ANSWER
    said = f'<p class="refusal">{escape(note)}</p>'
    if answer.suggestion:
        meant = f'<button type="button" class="example">{escape(answer.suggestion)}</button>'
        said += f'<p class="meant">{escape(texts.MEANT)} {meant}</p>'
    if not answer.withheld:
        return said
    # What was not sure enough to be an answer stays one click away, and says what it is.
    return (
        f'{said}<details class="withheld"><summary>{texts.SHOW_ANYWAY}</summary>'
        f'<p class="note">{texts.UNSURE}</p>{_figures(answer.withheld)}</details>'
    )


def _verdict(position: int, exchange: Exchange) -> str:
    buttons = "".join(
        f'<button type="button" class="quiet" data-action="{action}" data-turn="{position}" '
        f'aria-pressed="{str(exchange.verdict == action).lower()}">{label}</button>'
        for action, label in (("like", texts.LIKE), ("dislike", texts.DISLIKE))
    )
    return f'<p class="verdict" role="group" aria-label="{escape(texts.RATE)}">{buttons}</p>'


def _passages(answer: Answer) -> str:
    if not answer.hits:
        return ""
    answered = answer.status == "answered"
    label = texts.PASSAGES if answered else texts.PASSAGES_NEAR
    items = "".join(
        _passage(hit, answer.citations, is_open=answered and hit.rank == 1) for hit in answer.hits
    )
    return f'<section class="passages"><h3>{escape(label)}</h3><ol>{items}</ol></section>'


def _passage(hit: Hit, citations: Iterable[Citation], *, is_open: bool) -> str:
    passage = hit.passage
    spans = [(c.start, c.end) for c in citations if c.document_id == passage.document_id]
    share = max(0.0, min(1.0, hit.score))
    url = escape(source_url(passage.document_id, passage.start, passage.end))
    return (
        f"<li><details{' open' if is_open else ''}><summary>"
        f'<span class="rank">{hit.rank}</span>'
        f'<span class="path">{place(passage.title or passage.document_id, passage.headings)}</span>'
        f'<span class="score"><span class="bar" aria-hidden="true">'
        f'<i style="width:{100 * share:.0f}%"></i></span>'
        f'<span class="offscreen">{texts.SCORE} </span>{texts.decimal(hit.score)}</span></summary>'
        f'<div class="text">{_text(hit, spans)}</div>'
        f'<p><a class="to-source" href="{url}">{texts.OPEN_SOURCE}</a></p></details></li>'
    )


def _text(hit: Hit, spans: Sequence[Span]) -> str:
    """A passage as paragraphs, the section titles that open it set apart."""
    passage = hit.passage
    heads = {" ".join(head.split()) for head in (passage.title, *passage.headings)}
    parts = []
    for first, last in paragraphs(passage.text):
        text = passage.text[first:last]
        tag = '<p class="head">' if " ".join(text.split()) in heads else "<p>"
        parts.append(block(tag, "</p>", text, passage.start + first, spans))
    return "".join(parts)
