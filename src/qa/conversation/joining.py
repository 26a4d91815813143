"""The answers to the several questions of one message, as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.answering import NEAR
from qa.records import Answer


def join_answers(message: str, answers: Sequence[Answer], limit: int) -> Answer:
    """The answers to the questions of one message, in turn, under one numbering."""
    quoted = {
        (citation.document_id, citation.start, citation.end): citation
        for answer in answers
        for citation in answer.citations
    }
    citations = tuple(
        replace(citation, marker=marker) for marker, citation in enumerate(quoted.values(), 1)
    )
    found = {
        hit.row: hit
        for hit in sorted((h for a in answers for h in a.hits), key=lambda h: h.rank, reverse=True)
    }
    hits = sorted(found.values(), key=lambda hit: hit.rank)[:limit]
    unanswered = [answer.standalone_question for answer in answers if not answer.citations]
    notes = [answer.note for answer in answers if answer.citations and answer.note]
    context = tuple(dict.fromkeys(phrase for answer in answers for phrase in answer.context))
    if not citations:
        notes = [NEAR]
    elif unanswered:
        notes.append(f"Sans réponse dans les documents\u00a0: {' '.join(unanswered)}")
    return Answer(
        question=message,
        standalone_question=" ".join(answer.standalone_question for answer in answers),
        context=context,
        offered=tuple(dict.fromkeys(w for a in answers for w in a.offered if w not in context)),
        status="answered" if citations else "not_found",
        citations=citations,
        confidence=max(answer.confidence for answer in answers),
        hits=tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, 1)),
        timings={
            name: round(sum(answer.timings.get(name, 0.0) for answer in answers), 3)
            for name in dict.fromkeys(name for answer in answers for name in answer.timings)
        },
        note=" ".join(notes),
        withheld=() if citations else answers[0].withheld,
    )
