"""What the commands print: JSON in the names of the values, or readable text."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict
from typing import Any

from qa.records import Answer, Citation, Hit


def hit_fields(hit: Hit) -> dict[str, Any]:
    """A hit as flat JSON fields, named as in the values."""
    passage = hit.passage
    return {
        "rank": hit.rank,
        "score": hit.score,
        "dense": hit.dense,
        "lexical": hit.lexical,
        "document_id": passage.document_id,
        "title": passage.title,
        "headings": list(passage.headings),
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }


def answer_fields(answer: Answer) -> dict[str, Any]:
    """An answer as JSON fields, named as in the values."""
    return {**asdict(answer), "hits": [hit_fields(hit) for hit in answer.hits]}


def print_json(fields: object) -> None:
    """One object on one line."""
    # A lone surrogate in a message cannot be written as UTF-8: it is written as an escape.
    line = json.dumps(fields, ensure_ascii=False)
    with contextlib.suppress(UnicodeEncodeError):
        line.encode("utf-8")
        print(line, flush=True)
        return
    print(json.dumps(fields), flush=True)


def print_answer(answer: Answer) -> None:
    """The quotes, then where each comes from; or the refusal and what came closest."""
    if answer.standalone_question != answer.question:
        print(f"Compris comme : {answer.standalone_question}\n")
    if answer.status == "answered":
        for sentence in answer.sentences:
            print(f"« {' '.join(sentence.text.split())} » [{sentence.marker}]")
        print()
        for citation in answer.citations:
            print(f"[{citation.marker}] {_place(citation)}")
        if answer.note:
            print(f"\n{answer.note}")
        return
    print(answer.note)
    if answer.hits:
        print("\nPassages proches, sans réponse :")
        for hit in answer.hits[:3]:
            heads = [hit.passage.title or hit.passage.document_id, *hit.passage.headings]
            print(f"  - {' › '.join(dict.fromkeys(heads))} [{hit.passage.document_id}]")


def _place(citation: Citation) -> str:
    heads = dict.fromkeys([citation.title or citation.document_id, *citation.headings])
    page = f", p. {citation.page}" if citation.page is not None else ""
    return (
        f"{' › '.join(heads)}{page} ({citation.source}, caractères {citation.start}-{citation.end})"
    )
