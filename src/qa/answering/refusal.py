"""What tells whether the documents answer a question at all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.sentences import Candidate
from qa.matching import Matcher
from qa.questions import Question
from qa.records import Hit


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What tells whether the corpus answers; relative to the corpus, so that it carries over.

    Weights of terms are idf; "nats over ln N" makes them comparable between small and large
    collections of N passages.

    ``coverage``, ``phrase``, ``kind``, ``tokens``, ``extracted``, ``score``: of the best sentence.
    ``passage_tokens``: of its passage and the question. ``names``: the share of the question's
    names and numbers in its passage, title and headings; ``missing``: the terms found nowhere
    there, and ``weight``: all terms, both in nats over ln N. ``margin``: the cosine of passage and
    question over the tenth passage's. ``lead``: the passage's BM25 score over the next five
    passages' mean, over the most that the question could get.
    """

    coverage: float
    phrase: float
    kind: float
    tokens: float
    passage_tokens: float
    extracted: float
    score: float
    names: float
    missing: float
    weight: float
    margin: float
    lead: float


def question_signals(
    question: Question,
    hits: Sequence[Hit],
    ranked: Sequence[Candidate],
    ranges: Mapping[str, Sequence[float]],
) -> QuestionSignals:
    """The signals of a question from its hits and its ranked sentences (at least one).

    Each is brought within its range (``AnsweringModel.ranges``), where it has one.
    """
    best = ranked[0]
    passage = best.hit.passage
    matcher = Matcher(question.terms)
    found = matcher.numbers(" ".join([passage.title, *passage.headings, passage.text]))
    terms = list(enumerate(question.terms))
    named = sum(term.weight for _, term in terms if term.is_name)
    cosines = sorted((hit.dense for hit in hits), reverse=True)
    others = sorted((hit.lexical for hit in hits), reverse=True)[1:6]
    # A term adds at most idf x (k1 + 1) to BM25, with k1 = 1.2 (tantivy's).
    most = 2.2 * (question.weight or 1.0)
    nats = math.log(1 + question.passages)
    signals = QuestionSignals(
        coverage=best.signals.coverage,
        phrase=best.signals.phrase,
        kind=best.signals.kind,
        tokens=best.signals.tokens,
        passage_tokens=best.hit.tokens,
        extracted=best.signals.extracted,
        score=best.score,
        names=(
            sum(term.weight for number, term in terms if term.is_name and number in found) / named
            if named
            else 1.0
        ),
        missing=sum(term.weight for number, term in terms if number not in found) / nats,
        weight=question.weight / nats,
        margin=best.hit.dense - cosines[min(9, len(cosines) - 1)],
        lead=(best.hit.lexical - sum(others) / max(1, len(others))) / most,
    )
    return replace(
        signals,
        **{
            name: min(max(getattr(signals, name), low), high)
            for name, (low, high) in ranges.items()
        },
    )
