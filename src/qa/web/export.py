"""A conversation as Markdown to read, or as JSON to process, with every citation."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime

from qa.records import Turn
from qa.web import texts


def to_json(turns: Sequence[Turn], now: datetime) -> str:
    """The whole conversation, field by field."""
    content = {
        "exported": now.isoformat(timespec="seconds"),
        "turns": [{"message": turn.message, "answer": turn.answer.to_dict()} for turn in turns],
    }
    return json.dumps(content, ensure_ascii=False, indent=1)


def to_markdown(turns: Sequence[Turn], now: datetime) -> str:
    """Questions as titles, quotes as quotes, each followed by where it stands."""
    parts = [f"# {texts.PRODUCT}, {texts.date(now)}"]
    for turn in turns:
        answer = turn.answer
        parts.append(f"## {plain(turn.message)}")
        if answer.context:
            parts.append(f"*{texts.UNDERSTOOD} {plain(' · '.join(answer.context))}*")
        if answer.status != "answered":
            parts.append(answer.note or texts.NO_ANSWER)
        parts += [f"> {plain(cited.quote)} [{cited.marker}]" for cited in answer.citations]
        lines = []
        for citation in answer.citations:
            heads = dict.fromkeys([citation.title or citation.document_id, *citation.headings])
            place = " › ".join(map(plain, heads))
            place += texts.page(citation.page, ocr=citation.ocr)
            span = texts.CHARACTERS.format(start=citation.start, end=citation.end)
            lines.append(f"{citation.marker}. {place} ({plain(citation.source)}, {span})")
        if lines:
            parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """One line in which no character means anything to Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|$~])", r"\\\1", " ".join(text.split()))
