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

    ``coverage``, ``phrase``, ``kind``, ``near``, ``extracted``, ``score``: of the best sentence.
    ``here``: share of the question's terms in it, its title and headings; ``context``: in its
    passage, title and headings. ``names``: the same for names and numbers alone. ``missing`` and
    ``rarest``: terms found nowhere there, all of them and the heaviest one, in nats over ln N.
    ``unknown``: terms that no passage of the corpus holds; ``weight``: all terms, likewise.
    ``tokens``: of the best sentence and the question; ``passage_tokens``: of its passage.
    ``passage_cosine``: of passage and question; ``margin``: over the tenth passage's. ``words``:
    the passage's BM25 score over the most that the question could get; ``lead``: over the next
    five passages' mean.
    """

    coverage: float
    phrase: float
    kind: float
    near: float
    tokens: float
    passage_tokens: float
    extracted: float
    score: float
    here: float
    context: float
    names: float
    missing: float
    rarest: float
    unknown: float
    weight: float
    passage_cosine: float
    margin: float
    words: float
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
    above = matcher.numbers(" ".join([passage.title, *passage.headings]))
    found = above | matcher.numbers(passage.text)
    here = above | matcher.numbers(best.text)
    terms = list(enumerate(question.terms))
    total = question.weight or 1.0
    named = sum(term.weight for _, term in terms if term.is_name)
    missing = [term.weight for number, term in terms if number not in found]
    cosines = sorted((hit.dense for hit in hits), reverse=True)
    others = sorted((hit.lexical for hit in hits), reverse=True)[1:6]
    # A term adds at most idf x (k1 + 1) to BM25, with k1 = 1.2 (tantivy's).
    most = 2.2 * total
    nats = math.log(1 + question.passages)
    # The idf of a term that no passage holds.
    highest = math.log(1 + (question.passages + 0.5) / 0.5)
    signals = QuestionSignals(
        coverage=best.signals.coverage,
        phrase=best.signals.phrase,
        kind=best.signals.kind,
        near=best.signals.near,
        tokens=best.signals.tokens,
        passage_tokens=best.hit.tokens,
        extracted=best.signals.extracted,
        score=best.score,
        here=sum(term.weight for number, term in terms if number in here) / total,
        context=sum(term.weight for number, term in terms if number in found) / total,
        names=(
            sum(term.weight for number, term in terms if term.is_name and number in found) / named
            if named
            else 1.0
        ),
        missing=sum(missing) / nats,
        rarest=max(missing, default=0.0) / nats,
        unknown=sum(weight for weight in missing if weight >= highest - 1e-9) / nats,
        weight=question.weight / nats,
        passage_cosine=best.hit.dense,
        margin=best.hit.dense - cosines[min(9, len(cosines) - 1)],
        words=best.hit.lexical / most,
        lead=(best.hit.lexical - sum(others) / max(1, len(others))) / most,
    )
    return replace(
        signals,
        **{
            name: min(max(getattr(signals, name), low), high)
            for name, (low, high) in ranges.items()
        },
    )
