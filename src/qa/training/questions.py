"""Questions with marked answers, over passages cut as the product cuts them.

Two kinds of source: PIAF (questions written beside their paragraph), and folders of natural
questions (``docs.jsonl``, ``qa.jsonl``: written for people who had not seen the text, with
near-misses that the text does not answer).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qa.chunking import TokenCounter, split_passages
from qa.french import fold
from qa.records import Document, Passage, QAError
from qa.training.data import (
    MEASURED_ONLY,
    is_held_out,
    measured_questions,
    read_lines,
    read_rows,
    sample_rows,
)
from qa.training.followups import read_followups


@dataclass(frozen=True, slots=True)
class AnswerSpan:
    """Where an answer stands: ``passages[row].text[start:end]``."""

    row: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question over one collection.

    ``answers`` are none when the collection does not answer it; ``evidence`` are the rows of all
    passages that help to answer, which are never negatives. ``is_marked``: the answers are as short
    as they can be, and not whole sentences.
    """

    text: str
    collection: str
    answers: tuple[AnswerSpan, ...]
    evidence: frozenset[int]
    is_marked: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A passage as models read it: ``text`` is its index text."""

    text: str
    document: str
    collection: str


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions and the passages of their collections."""

    questions: list[LabelledQuestion] = field(default_factory=list)
    passages: list[Source] = field(default_factory=list)


def read_questions(
    data: Path,
    folders: Sequence[Path],
    count_tokens: TokenCounter,
    sample: int | None = None,
    seed: int = 0,
) -> Questions:
    """PIAF's training questions below ``data``, and those of each folder of natural questions.

    Questions that are measured on are left out.
    """
    measured = measured_questions(data)
    found = Questions()
    _add_piaf(found, data, count_tokens, measured, sample, seed)
    for folder in folders:
        if folder.resolve().parent.name in MEASURED_ONLY:
            raise QAError(f"{folder} is only measured on; training must not read it")
        _add_natural(found, folder, count_tokens, measured, sample, seed)
    if not found.questions:
        raise QAError(f"no questions with answers: {data}/qa/piaf_train.jsonl.gz is not there")
    return found


def body_start(passage: Passage) -> int:
    """How far ``index_text`` is ahead of ``text``: add it to a position in the passage's text."""
    body = passage.text.strip()
    lead = len(passage.index_text) - len(body)
    return lead - passage.text.index(body)


def _add_piaf(
    found: Questions,
    data: Path,
    count_tokens: TokenCounter,
    measured: frozenset[str],
    sample: int | None,
    seed: int,
) -> None:
    rows = list(read_rows(data, "qa/piaf_train"))
    rows = rows if sample is None else sample_rows(rows, sample, seed)
    places: dict[tuple[str, str], list[tuple[int, Passage]]] = {}
    for row in rows:
        key = (row["title"], row["context"])
        if key not in places:
            document = Document(f"{row['title']}/{len(places)}", row["title"], row["context"], "")
            places[key] = _add_document(found, document, "piaf", count_tokens)
        if fold(row["question"].strip()) in measured:
            continue
        spans = [(a["start"], a["start"] + len(a["text"])) for a in row["answers"]]
        _add_question(found, row["question"].strip(), "piaf", places[key], spans, spans)


def _add_natural(
    found: Questions,
    folder: Path,
    count_tokens: TokenCounter,
    measured: frozenset[str],
    sample: int | None,
    seed: int,
) -> None:
    texts: dict[str, str] = {}
    places: dict[str, list[tuple[int, Passage]]] = {}
    for row in read_lines(folder / "docs.jsonl"):
        document = Document(row["id"], row.get("title", ""), row["text"], "")
        texts[document.id] = document.text
        places[document.id] = _add_document(found, document, folder.name, count_tokens)
    rows = list(read_lines(folder / "qa.jsonl"))
    rows += [
        {
            "question": one.full,
            "answerable": bool(one.evidence),
            "document": one.document,
            "evidence": one.evidence,
            "answer": one.answer or None,
            "id": one.document,
        }
        for one in read_followups(folder)
        if one.document or not one.evidence
    ]
    for row in rows if sample is None else sample_rows(rows, sample, seed):
        if fold(row["question"].strip()) in measured:
            continue
        if is_held_out(row.get("document") or row["id"]):
            continue
        if not row["answerable"]:
            _add_question(found, row["question"], folder.name, [], [], [])
            continue
        answer, evidence = _spans(texts.get(row["document"], ""), row, folder)
        own = places[row["document"]]
        is_marked = row.get("answer") is not None
        _add_question(
            found, row["question"], folder.name, own, [answer], evidence, is_marked=is_marked
        )


def _spans(
    text: str, row: Mapping[str, Any], folder: Path
) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """Where the answer (the first evidence, if it is not marked) and the evidence stand."""
    evidence = [(text.find(told), text.find(told) + len(told)) for told in row["evidence"]]
    told = row.get("answer")
    for start, end in evidence:
        first = start if told is None else text.find(told, start, end)
        if min(start for start, _ in evidence) >= 0 and first >= 0:
            return (first, end if told is None else first + len(told)), evidence
    raise QAError(
        f"{folder}: of « {row['question']} », the evidence is not in document "
        f"{row['document']!r}, or the answer not in the evidence; mend or remove the question"
    )


def _add_document(
    found: Questions, document: Document, collection: str, count_tokens: TokenCounter
) -> list[tuple[int, Passage]]:
    passages = split_passages(document, count_tokens)
    first = len(found.passages)
    found.passages.extend(Source(p.index_text, document.id, collection) for p in passages)
    return list(enumerate(passages, first))


def _add_question(
    found: Questions,
    text: str,
    collection: str,
    passages: Iterable[tuple[int, Passage]],
    answers: Sequence[tuple[int, int]],
    evidence: Sequence[tuple[int, int]],
    *,
    is_marked: bool = True,
) -> None:
    """A question whose answers and evidence are spans of the document with these passages."""
    marked: list[AnswerSpan] = []
    helping: set[int] = set()
    for row, passage in passages:
        if any(start < passage.end and end > passage.start for start, end in evidence):
            helping.add(row)
        lead = body_start(passage) - passage.start
        length = len(found.passages[row].text)
        for start, end in answers:
            if passage.start <= start < passage.end and start + lead >= 0:
                marked.append(AnswerSpan(row, start + lead, min(end + lead, length)))
    if bool(marked) == bool(answers):
        found.questions.append(
            LabelledQuestion(
                text, collection, tuple(dict.fromkeys(marked)), frozenset(helping), is_marked
            )
        )
