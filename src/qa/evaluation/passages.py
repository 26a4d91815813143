"""The texts behind document ids, cut down to the part that a question is about."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from qa.evaluation.compare import QuestionDifference, RunComparison
from qa.evaluation.faults import Faults, read_lines
from qa.french import analyse_words, split_sentences
from qa.index import Index

_LENGTH = 280  # characters of an excerpt


def read_documents(path: Path, wanted: Collection[str]) -> dict[str, str]:
    """Texts of some documents of a corpus.jsonl, by id; only those stay in memory.

    Every fault of the file is told at once (``InputError``).
    """
    faults = Faults()
    found: dict[str, str] = {}
    for number, line in read_lines(path, faults):
        try:
            record = json.loads(line)
            name = str(record.get("_id", record.get("id"))).strip()
        except (ValueError, RecursionError, AttributeError) as error:
            faults.add(path, f"not a JSON object ({error})", number)
            continue
        if name in wanted and isinstance(record.get("text"), str):
            found.setdefault(name, record["text"])
    faults.raise_any()
    return found


def indexed_documents(index: Index, wanted: Collection[str]) -> dict[str, str]:
    """Texts of some documents of an index, by id."""
    documents = {name: index.store.document(name) for name in wanted}
    return {name: document.text for name, document in documents.items() if document is not None}


def with_passages(comparison: RunComparison, texts: Mapping[str, str]) -> RunComparison:
    """The comparison with the passage of every document shown that a text is known of."""

    def told(item: QuestionDifference) -> QuestionDifference:
        passages = {
            name: best_excerpt(texts[name], item.question or "")
            for name in item.documents
            if name in texts
        }
        return replace(item, passages=passages)

    return replace(
        comparison,
        won=tuple(map(told, comparison.won)),
        lost=tuple(map(told, comparison.lost)),
    )


def best_excerpt(text: str, question: str, length: int = _LENGTH) -> str:
    """The fewest sentences in a row that share most words with the question, on one line.

    The first such place wins, and goes on for as long as there is room; what is left out is marked
    by "…". A text that fits comes whole.
    """
    whole = _on_one_line(text)
    if len(whole) <= length:
        return whole
    spans = split_sentences(text)
    asked = set(analyse_words(question))
    shared = [asked.intersection(analyse_words(text[start:end])) for start, end in spans]
    best, chosen = (-1, 0), (0, 0)
    for first in range(len(spans)):
        found: set[str] = set()
        for last in range(first, len(spans)):
            if last > first and spans[last][1] - spans[first][0] > length:
                break
            found |= shared[last]
            if (len(found), first - last) > best:
                best, chosen = (len(found), first - last), (first, last)
    # After the sentences that count, as many as there is room for.
    first, last = chosen
    while last + 1 < len(spans) and spans[last + 1][1] - spans[first][0] <= length:
        last += 1
    excerpt = _on_one_line(text[spans[first][0] : spans[last][1]])
    cut = excerpt if len(excerpt) <= length else excerpt[:length].rsplit(" ", 1)[0] + " …"
    opening = "… " if first else ""
    closing = " …" if last + 1 < len(spans) and not cut.endswith("…") else ""
    return f"{opening}{cut}{closing}"


def _on_one_line(text: str) -> str:
    # No-break spaces stay: a line must not end on « or begin with ?.
    return re.sub(r"[ \t\r\n]+", " ", text).strip()
