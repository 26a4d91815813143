"""What tells whether the documents answer a question at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qa.answering.sentences import Candidate
from qa.matching import Matcher
from qa.questions import Question
from qa.records import Hit


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What tells whether the corpus answers; relative to the corpus, so that it carries over.

    ``coverage``, ``phrase``, ``kind``, ``tokens``, ``extracted``, ``score``: of the best sentence.
    ``passage_tokens``: of its passage and the question. ``names``: the share of the question's
    names and numbers in its passage, title and headings. ``margin``: the cosine of passage and
    question over the tenth passage's; ``lead``: the passage's BM25 score over the next five
    passages' mean, over the most that the question could get. These two are 0 when others have
    more: that another passage is nearer says nothing against this one.
    """

    coverage: float
    phrase: float
    kind: float
    tokens: float
    passage_tokens: float
    extracted: float
    score: float
    names: float
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
    names = {n: term.weight for n, term in enumerate(question.terms) if term.is_name}
    cosines = sorted((hit.dense for hit in hits), reverse=True)
    others = sorted((hit.lexical for hit in hits), reverse=True)[1:6]
    # A term adds at most idf x (k1 + 1) to BM25, with k1 = 1.2 (tantivy's).
    most = 2.2 * (question.weight or 1.0)
    signals = QuestionSignals(
        coverage=best.signals.coverage,
        phrase=best.signals.phrase,
        kind=best.signals.kind,
        tokens=best.signals.tokens,
        passage_tokens=best.hit.tokens,
        extracted=best.signals.extracted,
        score=best.score,
        names=sum(names[n] for n in names.keys() & found) / sum(names.values()) if names else 1.0,
        margin=max(0.0, best.hit.dense - cosines[min(9, len(cosines) - 1)]),
        lead=max(0.0, best.hit.lexical - sum(others) / max(1, len(others))) / most,
    )
    return within(signals, ranges)


def within(signals: QuestionSignals, ranges: Mapping[str, Sequence[float]]) -> QuestionSignals:
    """The signals, each brought within its range where it has one."""
    clipped = {
        name: min(max(getattr(signals, name), low), high) for name, (low, high) in ranges.items()
    }
    return replace(signals, **clipped)
