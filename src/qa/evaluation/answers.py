"""Answers on judged questions: are they right, are they cited, are they refused when they must."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa.assistant import Assistant, Caution
from qa.evaluation.confidence import CurvePoint, Estimate, auroc, risk_coverage
from qa.evaluation.evidence import Evidence
from qa.evaluation.gold import AnswerQuestion, contains
from qa.evaluation.jsonl import write_records
from qa.evaluation.report import Note, describe_index, versions
from qa.evaluation.significance import RESAMPLES, SEED, bootstrap_ratio, wilson_interval
from qa.index import Progress
from qa.records import Answer, QAError

_DEPTH = 20  # hits kept with an answer: all that it was made from


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """A question, what was answered, and what that is worth.

    ``right``: some quote contains an answer; ``right_first``: the first one does.
    ``would_be_right`` and ``would_be_right_first`` are the same of the quotes that a refusal held
    back (no different where there was an answer). ``supported`` counts the citations that overlap
    evidence.
    """

    item: AnswerQuestion
    answer: Answer
    right: bool
    right_first: bool
    would_be_right: bool
    would_be_right_first: bool
    supported: int

    @property
    def answered(self) -> bool:
        """Whether anything was quoted."""
        return self.answer.status == "answered"


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``total`` and its interval; ``None`` where there is nothing to share."""

    count: int
    total: int
    ci95: tuple[float, float] | None

    @property
    def value(self) -> float | None:
        """The share, in [0, 1]."""
        return self.count / self.total if self.total else None

    @property
    def rest(self) -> Share:
        """What is not in this share."""
        ends = (1 - self.ci95[1], 1 - self.ci95[0]) if self.ci95 is not None else None
        return Share(self.total - self.count, self.total, ends)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"value": self.value, **asdict(self)}


@dataclass(frozen=True, slots=True)
class AnswerEvaluation:
    """What ``evaluate_answers`` found.

    Shares of questions have Wilson's interval; the citation precision, whose citations of one
    question hang together, and the areas have a bootstrap one over questions. ``unrefused`` and
    ``unrefused_first`` are the accuracies if nothing were refused. ``auroc_by_kind`` tells
    answerable questions from unanswerable ones of each kind. ``quote_length`` is the median of the
    quotes, in characters; ``quotes`` their mean number in an answer. ``unfindable`` are ids of
    questions whose document or evidence the index does not hold.
    """

    name: str
    judged: tuple[JudgedAnswer, ...]
    caution: Caution
    accuracy: Share
    accuracy_first: Share
    accuracy_when_answered: Share
    unrefused: Share
    unrefused_first: Share
    accuracy_by_kind: Mapping[str, Share]
    accuracy_by_style: Mapping[str, Share]
    citation_precision: Share
    refused: Share
    refused_by_kind: Mapping[str, Share]
    falsely_refused: Share
    quote_length: float | None
    quotes: float | None
    auroc: Estimate
    auroc_by_kind: Mapping[str, Estimate]
    risk_area: Estimate
    risk_coverage: tuple[CurvePoint, ...]
    index: Mapping[str, Any]
    unfindable: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The object that ``qa eval --answers --json`` prints."""
        return {
            "answers": self.name,
            "questions": len(self.judged),
            "answerable": self.accuracy.total,
            "caution": self.caution,
            "accuracy": {
                **self.accuracy.to_json(),
                "first_quote": self.accuracy_first.to_json(),
                "when_answered": self.accuracy_when_answered.to_json(),
                "by_kind": _to_json(self.accuracy_by_kind),
                "by_style": _to_json(self.accuracy_by_style),
            },
            "nothing_refused": {
                **self.unrefused.to_json(),
                "first_quote": self.unrefused_first.to_json(),
            },
            "citation_precision": self.citation_precision.to_json(),
            "quotes": {"an_answer": self.quotes, "median_characters": self.quote_length},
            "refusals": {
                **self.refused.to_json(),
                "by_kind": _to_json(self.refused_by_kind),
            },
            "false_refusals": self.falsely_refused.to_json(),
            "auroc": {
                **asdict(self.auroc),
                "by_kind": {kind: asdict(area) for kind, area in self.auroc_by_kind.items()},
            },
            "risk_coverage": {
                "area": asdict(self.risk_area),
                "points": [asdict(point) for point in self.risk_coverage],
            },
            "statistics": {
                "shares": "Wilson score interval, 95 %",
                "citation_precision, auroc, risk_coverage": "percentile bootstrap, 95 %",
                "resamples": RESAMPLES,
                "seed": SEED,
            },
            "unfindable": {"count": len(self.unfindable), "ids": list(self.unfindable[:100])},
            "index": dict(self.index),
            "versions": versions(),
        }

    def shares(self) -> list[tuple[str, str, Share]]:
        """What a table shows: what it is a share of, with a place for the kind, and the kind."""
        return [
            ("answerable: some quote holds the answer", "", self.accuracy),
            ("answerable: the first quote does", "", self.accuracy_first),
            ("answerable, answered", "", self.falsely_refused.rest),
            ("answered: some quote holds the answer", "", self.accuracy_when_answered),
            ("nothing refused: some quote would", "", self.unrefused),
            ("nothing refused: the first quote would", "", self.unrefused_first),
            ("citations on evidence", "", self.citation_precision),
            ("unanswerable, answered", "", self.refused.rest),
            *(
                ("unanswerable, {kind}, answered", kind, share.rest)
                for kind, share in self.refused_by_kind.items()
            ),
        ]

    def groups(self) -> list[tuple[str, str, Share]]:
        """Of answerable questions, by kind and by style: some quote holds the answer."""
        return [
            (template, name, share)
            for template, shares in (
                ("some quote holds the answer, {kind}", self.accuracy_by_kind),
                ("some quote holds the answer, style {kind}", self.accuracy_by_style),
            )
            for name, share in shares.items()
        ]

    def notes(self) -> list[Note]:
        """What a reader of the figures must know; nothing when all is well."""
        what = "questions have a document or evidence that is not in the index"
        return [Note(what, len(self.unfindable), self.unfindable)] if self.unfindable else []

    def write_per_query(self, path: Path) -> None:
        """JSON Lines, one question a line: what was quoted, how sure, how it was judged."""
        write_records(path, map(_describe, self.judged))


def evaluate_answers(
    questions: Sequence[AnswerQuestion],
    assistant: Assistant,
    *,
    name: str = "answers",
    caution: Caution = "normal",
    progress: Callable[[Progress], None] = lambda _: None,
) -> AnswerEvaluation:
    """Ask every question out of context and judge what comes back."""
    evidence = Evidence(assistant.index)
    unfindable = tuple(item.id for item in questions if not _is_findable(item, evidence))
    answerable = sum(item.answerable for item in questions)
    if answerable and len(unfindable) == answerable:
        first = next(item for item in questions if item.answerable)
        raise QAError("no_evidence_indexed", name, first.id, first.document)
    judged = []
    progress(Progress("search", 0, len(questions)))
    for done, item in enumerate(questions, 1):
        judged.append(_judge(item, assistant, caution, evidence))
        progress(Progress("search", done, len(questions)))
    return _summarise(name, judged, caution, describe_index(assistant.index), unfindable)


def _is_findable(item: AnswerQuestion, evidence: Evidence) -> bool:
    """Whether the named document holds every piece; not known, so true, when none is named."""
    if not item.answerable or item.document is None:
        return True
    return all(evidence.spans(item.document, piece) for piece in item.evidence)


def _judge(
    item: AnswerQuestion, assistant: Assistant, caution: Caution, evidence: Evidence
) -> JudgedAnswer:
    answer = assistant.answer(item.question, limit=_DEPTH, caution=caution)
    shown = [contains(citation.quote, item.answers) for citation in answer.citations]
    found = shown or [contains(citation.quote, item.answers) for citation in answer.withheld]
    return JudgedAnswer(
        item=item,
        answer=answer,
        right=any(shown),
        right_first=any(shown[:1]),
        would_be_right=any(found),
        would_be_right_first=any(found[:1]),
        supported=sum(
            evidence.supports(citation, item.evidence, item.document)
            for citation in answer.citations
        ),
    )


def _summarise(
    name: str,
    judged: Sequence[JudgedAnswer],
    caution: Caution,
    index: Mapping[str, Any],
    unfindable: tuple[str, ...],
) -> AnswerEvaluation:
    answerable = [found for found in judged if found.item.answerable]
    unanswerable = [found for found in judged if not found.item.answerable]
    answered = [found for found in answerable if found.answered]
    confidences = [found.answer.confidence for found in judged]
    area, points = risk_coverage(
        confidences, [found.item.answerable and found.would_be_right for found in judged]
    )
    supported = np.array([found.supported for found in answered], dtype=np.float64)
    cited = np.array([len(found.answer.citations) for found in answered], dtype=np.float64)
    quotes = [citation.quote for found in judged for citation in found.answer.citations]
    return AnswerEvaluation(
        name=name,
        judged=tuple(judged),
        caution=caution,
        accuracy=_share([found.right for found in answerable]),
        accuracy_first=_share([found.right_first for found in answerable]),
        accuracy_when_answered=_share([found.right for found in answered]),
        unrefused=_share([found.would_be_right for found in answerable]),
        unrefused_first=_share([found.would_be_right_first for found in answerable]),
        accuracy_by_kind=_by(answerable, lambda item: item.kind, lambda found: found.right),
        accuracy_by_style=_by(answerable, lambda item: item.style, lambda found: found.right),
        citation_precision=Share(
            int(supported.sum()), int(cited.sum()), bootstrap_ratio(supported, cited)
        ),
        refused=_share([not found.answered for found in unanswerable]),
        refused_by_kind=_by(unanswerable, lambda item: item.kind, lambda found: not found.answered),
        falsely_refused=_share([not found.answered for found in answerable]),
        quote_length=float(np.median([len(quote) for quote in quotes])) if quotes else None,
        quotes=len(quotes) / sum(found.answered for found in judged) if quotes else None,
        auroc=_area(judged),
        auroc_by_kind={
            kind: _area([*answerable, *(f for f in unanswerable if f.item.kind == kind)])
            for kind in dict.fromkeys(found.item.kind for found in unanswerable)
        },
        risk_area=area,
        risk_coverage=points,
        index=index,
        unfindable=unfindable,
    )


def _share(successes: Sequence[bool]) -> Share:
    count = sum(successes)
    return Share(count, len(successes), wilson_interval(count, len(successes)))


def _area(judged: Sequence[JudgedAnswer]) -> Estimate:
    """How well the confidence tells answerable questions from the others."""
    return auroc(
        [found.answer.confidence for found in judged], [found.item.answerable for found in judged]
    )


def _by(
    judged: Sequence[JudgedAnswer],
    group: Callable[[AnswerQuestion], str],
    succeeds: Callable[[JudgedAnswer], bool],
) -> dict[str, Share]:
    """Shares by group; questions of no group are left out."""
    names = dict.fromkeys(group(found.item) for found in judged)
    return {
        name: _share([succeeds(found) for found in judged if group(found.item) == name])
        for name in names
        if name
    }


def _to_json(shares: Mapping[str, Share]) -> dict[str, Any]:
    return {name: share.to_json() for name, share in shares.items()}


def _describe(judged: JudgedAnswer) -> dict[str, Any]:
    item, answer = judged.item, judged.answer
    return {
        "id": item.id,
        "question": item.question,
        "answerable": item.answerable,
        "kind": item.kind,
        "style": item.style,
        "status": answer.status,
        "confidence": answer.confidence,
        "right": judged.right,
        "right_first": judged.right_first,
        "would_be_right": judged.would_be_right,
        "supported": judged.supported,
        "answers": list(item.answers),
        "citations": [
            {
                "document_id": citation.document_id,
                "start": citation.start,
                "end": citation.end,
                "quote": citation.quote,
            }
            for citation in answer.citations
        ],
        "hits": [hit.passage.document_id for hit in answer.hits[:5]],
    }
