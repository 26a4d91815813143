"""What the commands print: JSON in the names of the values, or readable text."""

from __future__ import annotations

import contextlib
import json
import os
import sys

from qa.records import Answer, Citation

_BOLD, _PLAIN = "\033[1m", "\033[22m"


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
    if answer.context:
        print(f"Compris avec : {' · '.join(answer.context)}\n")
    if answer.status == "answered":
        for citation in answer.citations:
            print(f"« {' '.join(_quoted(citation).split())} » [{citation.marker}]")
        print()
        for citation in answer.citations:
            print(f"[{citation.marker}] {_place(citation)}")
        if answer.note:
            print(f"\n{answer.note}")
        return
    print(answer.note)
    if answer.suggestion:
        print(f"Vouliez-vous demander : {answer.suggestion}")
    if answer.withheld:
        nearest = answer.withheld[0]
        print(f"\nLa phrase la plus proche, qui ne répond sans doute pas :\n{_place(nearest)}")
        print(f"« {' '.join(nearest.quote.split())} »")
    if answer.hits:
        print("\nPassages proches, sans réponse :")
        for hit in answer.hits[:3]:
            heads = [hit.passage.title or hit.passage.document_id, *hit.passage.headings]
            print(f"  - {' › '.join(dict.fromkeys(heads))} [{hit.passage.document_id}]")


def _quoted(citation: Citation) -> str:
    """The quote; on a terminal, the short answer in it in bold."""
    text = citation.quote
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        for start, end in sorted(citation.emphasis, reverse=True):
            first, last = start - citation.start, end - citation.start
            text = f"{text[:first]}{_BOLD}{text[first:last]}{_PLAIN}{text[last:]}"
    return text


def _place(citation: Citation) -> str:
    heads = dict.fromkeys([citation.title or citation.document_id, *citation.headings])
    page = f", p. {citation.page}" if citation.page is not None else ""
    page += " (OCR)" if citation.ocr else ""
    return (
        f"{' › '.join(heads)}{page} ({citation.source}, caractères {citation.start}-{citation.end})"
    )
