"""The conversation and the first screen as HTML: pure functions of an answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from qa.index import Index
from qa.records import Answer, Citation, Hit
from qa.web import texts
from qa.web.collections import Place
from qa.web.markup import Span, block, escape, highlight, paragraphs, place, source_url
from qa.web.references import year
from qa.web.state import Chat, Exchange, kept_fields

_NEIGHBOURS = 220  # characters before a quote, and after it, in its preview
_TITLES = 4  # on the first screen
_CURRENT = ' aria-current="page"'

# --- Frame ----------------------------------------------------------------------------------------


def header(collections: Sequence[Place] = (), root: str = "") -> str:
    """The name of the place; where there are several collections, the switch between them.

    ``root`` is the path of the collection that is shown, without its last slash.
    """
    links = "".join(
        f'<a href="{escape(place.path)}"{_CURRENT * (place.path == f"{root}/")}>'
        f"{escape(place.name)}</a>"
        for place in collections
    )
    switch = f'<nav aria-label="{texts.COLLECTIONS}">{links}</nav>' if links else ""
    return (
        f'<header class="masthead"><h1>{texts.PRODUCT}</h1><p>{escape(texts.TAGLINE)}</p>{switch}'
        "</header>"
    )


def welcome(content: str, add: str, examples: Sequence[str]) -> str:
    """The first screen: questions that work, what the documents are, how to add others (HTML).

    Where there are no documents yet, it invites to add some.
    """
    if not content:
        return (
            f'<section class="welcome"><h2>{escape(texts.WELCOME_EMPTY)}</h2>'
            f'<p class="lead">{escape(texts.WELCOME_EMPTY_TEXT)}</p><p class="invitation">'
            f'{texts.DROP_HERE} <button type="button" class="quiet" data-tab="corpus">'
            f"{texts.CHOOSE_HERE}</button></p></section>"
        )
    asked = "".join(
        f'<li><button type="button" class="example">{escape(question)}</button></li>'
        for question in examples
    )
    return (
        f'<section class="welcome"><h2>{escape(texts.WELCOME)}</h2>'
        f'<p class="lead">{escape(texts.WELCOME_TEXT)}</p>'
        + (f"<h3>{texts.EXAMPLES}</h3><ul>{asked}</ul>" if examples else "")
        + content
        + (f'<p class="add">{add}</p></section>' if add else "</section>")
    )


def content(index: Index) -> str:
    """What the documents are: how many, of which kinds and years, and the titles of the longest."""
    manifest, entries = index.manifest, index.store.documents()
    if not entries:
        return ""
    longest = sorted(entries, key=lambda entry: -entry.characters)[:_TITLES]
    titles = " · ".join(
        f'<a class="to-source" href="{escape(source_url(entry.id, 0, 0))}">'
        f"{escape(entry.title or entry.id)}</a>"
        for entry in entries
        if entry in longest
    )
    kinds = Counter(texts.kind_of(entry.id) for entry in entries)
    del kinds[texts.OTHER_KIND]
    told = [f"{kind} ({texts.number(count)})" for kind, count in kinds.most_common()]
    years = sorted(filter(None, (year(entry.date) for entry in entries)))
    if years:
        told.append(texts.DATED.format(first=years[0], last=years[-1]))
    indexed = texts.INDEXED.format(
        documents=texts.count(manifest.documents, "document"),
        passages=texts.count(manifest.passages, "passage"),
        day=texts.day_of(manifest.created),
    )
    return (
        f'<h3>{texts.CONTENT}</h3><p class="titles">{titles} · '
        f'<button type="button" class="quiet" data-tab="corpus">{texts.SEE_ALL}</button></p>'
        f'<p class="indexed">{escape(" · ".join([indexed, *told]))}</p>'
    )


def past() -> str:
    """Where ``panel.js`` lists the conversations that the browser keeps (HTML)."""
    words = {
        "rename": texts.RENAME,
        "erase": texts.ERASE,
        "name": texts.NAME_IT,
        "sure": texts.ERASE_ASK,
        "all": texts.ERASE_ALL_ASK,
    }
    data = "".join(f' data-{name}="{escape(text)}"' for name, text in words.items())
    return (
        f'<section id="past"{data}><p class="shown">{escape(texts.PAST)}</p>'
        f'<input type="search" maxlength="200" aria-label="{texts.PAST_FILTER}" '
        f'placeholder="{texts.PAST_FILTER}"><ul></ul><p class="none" role="status" hidden>'
        f'{escape(texts.PAST_NONE)}</p><button type="button" class="quiet" data-past="all">'
        f"{texts.ERASE_ALL}</button></section>"
    )


def notice(text: str, kind: Literal["alert", "status"] = "alert", undo: str = "") -> str:
    """A line above the box: a fault (``alert``), or what happened; ``undo`` is what undoes it."""
    button = (
        f' <button type="button" class="quiet" data-action="{undo}">{texts.CANCEL}</button>'
        if undo
        else ""
    )
    return f'<p class="notice {kind}" role="{kind}">{escape(text)}{button}</p>'


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
    said = f'<p class="note">{escape(texts.typeset(answer.note))}</p>' if answer.note else ""
    if kind == "answered":
        said = _figures(position, answer, answer.citations) + said + _verdict(position, exchange)
        # Which of its words were found, and which by their meaning: asked for when it is opened.
        if answer.hits:
            said += (
                f'<details class="why" data-question="{escape(answer.standalone_question)}">'
                f"<summary>{texts.WHY}</summary><div></div></details>"
            )
    elif kind == "not_found":
        said = _refusal(position, answer)
    if exchange.searched:
        said += f'<p class="searched">{escape(exchange.searched)}</p>'
    said += _passages(answer)
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


def _figures(position: int, answer: Answer, citations: Iterable[Citation]) -> str:
    return "".join(
        '<figure><blockquote lang="fr"><q>'
        f"{highlight(c.quote, c.start, c.emphasis, tag='strong')}</q>"
        f"{marker(c, f'preview-{position}-{c.marker}')}"
        f"{_preview(answer, c, f'preview-{position}-{c.marker}')}</blockquote>"
        f'<figcaption>{_cited_place(c)} <button type="button" class="quiet" aria-pressed="false" '
        f'data-keep-from="{escape(citation_url(c))}">{texts.KEEP}</button></figcaption></figure>'
        for c in citations
    )


def marker(citation: Citation, preview: str) -> str:
    """« [1] », a link to the quoted span; ``preview`` is the id of what it shows before."""
    label = texts.OPEN_CITATION.format(
        marker=citation.marker, title=citation.title or citation.document_id
    )
    return (
        f'{texts.NARROW}<a class="cit" role="doc-noteref" href="{escape(citation_url(citation))}" '
        f'aria-label="{escape(label)}" aria-describedby="{preview}">[{citation.marker}]</a>'
    )


def _preview(answer: Answer, citation: Citation, name: str) -> str:
    """The quote among its neighbours, seen while its marker is pointed at or has the focus."""
    before, after = answer.around(citation)
    start = before.find(" ", len(before) - _NEIGHBOURS) if len(before) > _NEIGHBOURS else -1
    end = after.rfind(" ", 0, _NEIGHBOURS) if len(after) > _NEIGHBOURS else len(after)
    return (
        f'<span class="preview" role="tooltip" id="{name}" lang="fr">{"…" if start >= 0 else ""}'
        f"{escape(before[start + 1 :].lstrip())}<mark>{escape(citation.quote)}</mark>"
        f"{escape(after[:end].rstrip())}"
        f"{'…' if end < len(after) else ''}</span>"
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


def _refusal(position: int, answer: Answer) -> str:
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
        f'<p class="note">{texts.UNSURE}</p>'
        f"{_figures(position, answer, answer.withheld)}</details>"
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
    label = texts.PASSAGES if answer.status == "answered" else texts.PASSAGES_NEAR
    items = "".join(_passage(hit, answer.citations) for hit in answer.hits)
    return f'<section class="passages"><h3>{escape(label)}</h3><ol>{items}</ol></section>'


def _passage(hit: Hit, citations: Iterable[Citation]) -> str:
    """A passage behind its title, closed; « [1] » marks the one that a citation was taken from."""
    passage = hit.passage
    quoted = [
        c
        for c in citations
        if c.document_id == passage.document_id and c.start < passage.end and passage.start < c.end
    ]
    markers = "".join(f'<b class="quoted">[{c.marker}]</b> ' for c in quoted)
    url = escape(source_url(passage.document_id, passage.start, passage.end))
    label = texts.PASSAGE.format(rank=hit.rank)
    # What tells a passage from its neighbours; that of a quoted one is read above.
    told = next((text for _, text, is_head in _paragraphs(hit) if not is_head), "")
    words = " ".join(told[: 2 * _NEIGHBOURS].split())
    opening = "" if quoted else f'<span class="opening" lang="fr">{escape(words)}</span>'
    return (
        f'<li><details><summary><span class="path">{markers}'
        f"{place(passage.title or passage.document_id, passage.headings)}{opening}</span></summary>"
        f'<div class="text" lang="fr">{_text(hit, [(c.start, c.end) for c in quoted])}</div>'
        f'<p><a class="to-source" href="{url}" data-label="{label}">{texts.OPEN_SOURCE}</a></p>'
        "</details></li>"
    )


def _text(hit: Hit, spans: Sequence[Span]) -> str:
    """A passage as paragraphs, the section titles that open it set apart."""
    return "".join(
        block('<p class="head">' if is_head else "<p>", "</p>", text, start, spans)
        for start, text, is_head in _paragraphs(hit)
    )


def _paragraphs(hit: Hit) -> Iterator[tuple[int, str, bool]]:
    """Each paragraph of a passage: where it starts, its text, whether it is a title above it."""
    passage = hit.passage
    heads = {" ".join(head.split()) for head in (passage.title, *passage.headings)}
    for first, last in paragraphs(passage.text):
        text = passage.text[first:last]
        yield passage.start + first, text, " ".join(text.split()) in heads
