"""Answers on judged questions: are they right, are they cited, are they refused when they must."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qa.assistant import Assistant, Caution
from qa.evaluation.confidence import CurvePoint, Estimate, auroc, risk_coverage
from qa.evaluation.gold import AnswerQuestion, contains
from qa.evaluation.jsonl import write_records
from qa.evaluation.report import Note, describe_index, versions
from qa.evaluation.significance import RESAMPLES, SEED, bootstrap_ratio, wilson_interval
from qa.index import Progress
from qa.records import Answer, Citation, QAError

_DEPTH = 20  # hits kept with an answer: all that it was made from


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """A question, what was answered, and what that is worth.

    ``right``: some quote contains an answer; ``right_first``: the first one does.
    ``would_be_right`` is ``right`` of the quotes that a refusal held back (the same as ``right``
    where there was an answer). ``supported`` counts the citations that overlap evidence.
    """

    item: AnswerQuestion
    answer: Answer
    right: bool
    right_first: bool
    would_be_right: bool
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

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"value": self.value, **asdict(self)}


@dataclass(frozen=True, slots=True)
class AnswerEvaluation:
    """What ``evaluate_answers`` found.

    Shares of questions have Wilson's interval; the citation precision, whose citations of one
    question hang together, and the areas have a bootstrap one over questions. ``unfindable`` are
    ids of questions whose document or evidence the index does not hold.
    """

    name: str
    judged: tuple[JudgedAnswer, ...]
    caution: Caution
    accuracy: Share
    accuracy_first: Share
    accuracy_when_answered: Share
    accuracy_by_kind: Mapping[str, Share]
    citation_precision: Share
    refused: Share
    refused_by_kind: Mapping[str, Share]
    falsely_refused: Share
    auroc: Estimate
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
                "by_kind": {kind: s.to_json() for kind, s in self.accuracy_by_kind.items()},
            },
            "citation_precision": self.citation_precision.to_json(),
            "refusals": {
                **self.refused.to_json(),
                "by_kind": {kind: s.to_json() for kind, s in self.refused_by_kind.items()},
            },
            "false_refusals": self.falsely_refused.to_json(),
            "auroc": asdict(self.auroc),
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
    evidence = _Evidence(assistant)
    unfindable = tuple(item.id for item in questions if not evidence.is_findable(item))
    answerable = sum(item.answerable for item in questions)
    if answerable and len(unfindable) == answerable:
        first = next(item for item in questions if item.answerable)
        raise QAError(
            f"none of the evidence of {name} is in the index (question {first.id!r}, document "
            f"{first.document!r}). Give the index of these documents."
        )
    judged = []
    progress(Progress("search", 0, len(questions)))
    for done, item in enumerate(questions, 1):
        judged.append(_judge(item, assistant, caution, evidence))
        progress(Progress("search", done, len(questions)))
    return _summarise(name, judged, caution, describe_index(assistant.index), unfindable)


class _Evidence:
    """Where the evidence stands in the documents of an index."""

    def __init__(self, assistant: Assistant):
        self._store = assistant.index.store
        self._texts: dict[str, str] = {}

    def is_findable(self, item: AnswerQuestion) -> bool:
        """Whether the named document holds every piece; not known, so true, when none is named."""
        if not item.answerable or item.document is None:
            return True
        text = self._text(item.document)
        return all(piece in text for piece in item.evidence)

    def supports(self, item: AnswerQuestion, citation: Citation) -> bool:
        """Whether a citation overlaps evidence, in the named document when there is one."""
        if item.document is not None and citation.document_id != item.document:
            return False
        text = self._text(citation.document_id)
        for piece in item.evidence:
            # An occurrence that overlaps starts here at the earliest.
            start = text.find(piece, max(0, citation.start - len(piece) + 1))
            if 0 <= start < citation.end:
                return True
        return False

    def _text(self, document: str) -> str:
        if document not in self._texts:
            found = self._store.document(document)
            self._texts[document] = found.text if found is not None else ""
        return self._texts[document]


def _judge(
    item: AnswerQuestion, assistant: Assistant, caution: Caution, evidence: _Evidence
) -> JudgedAnswer:
    answer = assistant.answer(item.question, limit=_DEPTH, caution=caution)
    quotes = [citation.quote for citation in answer.citations]
    right = any(contains(quote, item.answers) for quote in quotes)
    withheld = [citation.quote for citation in answer.withheld]
    return JudgedAnswer(
        item=item,
        answer=answer,
        right=right,
        right_first=bool(quotes) and contains(quotes[0], item.answers),
        would_be_right=right or any(contains(quote, item.answers) for quote in withheld),
        supported=sum(evidence.supports(item, citation) for citation in answer.citations),
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
    return AnswerEvaluation(
        name=name,
        judged=tuple(judged),
        caution=caution,
        accuracy=_share([found.right for found in answerable]),
        accuracy_first=_share([found.right_first for found in answerable]),
        accuracy_when_answered=_share([found.right for found in answered]),
        accuracy_by_kind=_by_kind(answerable, lambda found: found.right),
        citation_precision=Share(
            int(supported.sum()), int(cited.sum()), bootstrap_ratio(supported, cited)
        ),
        refused=_share([not found.answered for found in unanswerable]),
        refused_by_kind=_by_kind(unanswerable, lambda found: not found.answered),
        falsely_refused=_share([not found.answered for found in answerable]),
        auroc=auroc(confidences, [found.item.answerable for found in judged]),
        risk_area=area,
        risk_coverage=points,
        index=index,
        unfindable=unfindable,
    )


def _share(successes: Sequence[bool]) -> Share:
    count = sum(successes)
    return Share(count, len(successes), wilson_interval(count, len(successes)))


def _by_kind(
    judged: Sequence[JudgedAnswer], succeeds: Callable[[JudgedAnswer], bool]
) -> dict[str, Share]:
    kinds = dict.fromkeys(found.item.kind for found in judged)
    return {
        kind: _share([succeeds(found) for found in judged if found.item.kind == kind])
        for kind in kinds
    }


def _describe(judged: JudgedAnswer) -> dict[str, Any]:
    item, answer = judged.item, judged.answer
    return {
        "id": item.id,
        "question": item.question,
        "answerable": item.answerable,
        "kind": item.kind,
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
