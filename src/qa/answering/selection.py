"""From passages to an answer: rank their sentences, refuse or quote, cite, emphasise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from qa.answering.entities import agree
from qa.answering.extraction import shipped_extractor
from qa.answering.model import AnsweringModel, linear, logistic, shipped_model
from qa.answering.refusal import question_signals
from qa.answering.sentences import ENTITY_KINDS, Candidate, read_passage
from qa.french import split_sentences
from qa.matching import Matcher
from qa.questions import Question
from qa.records import AnswerSentence, Citation, Hit
from qa.tokens import Match

PASSAGES = 8  # whose sentences are looked at
QUOTES = 3  # at most this many sentences
# A sentence that defines the term whose meaning is asked for answers, whatever else speaks for or
# against it: so much it gains in log-odds, and so probable the answer is then, at least. Set by
# hand, for few development questions ask for a definition (benchmarks/README.md).
_DEFINING, _DEFINED = 3.0, 0.9
# Kinds whose short answers exclude each other: an event has one date, but may have several authors.
_COMPARABLE = frozenset({"time", "number"})
_AS_MUCH = 0.9  # of the best sentence's signals, for a sentence that is set against it


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen for a question: quotes with their citations, and how sure it is.

    ``note`` says in French what a reader must know beside the quotes: that sources differ.
    """

    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    confidence: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class EmphasisSignals:
    """What speaks for a span being the short answer, by the kind of question.

    ``extracted`` and ``near``: as in ``Found``; ``lead`` and ``nearer``: by how much they are more
    than those of the next one, and of the nearest other one; ``only``: it is the only one of its
    kind in the sentence; ``share`` and ``coverage``: of its sentence.
    """

    extracted: float
    lead: float
    near: float
    nearer: float
    only: float
    share: float
    coverage: float
    time: float
    number: float
    person: float


def select_answer(
    question: Question,
    hits: Sequence[Hit],
    match: Callable[[Hit], Match],
    source: Callable[[str], str],
    caution: str = "normal",
    model: AnsweringModel | None = None,
) -> Selection:
    """Quotes from the passages that answer the question; none when that is not likely enough.

    ``hits`` come best first; ``match`` compares the question with a passage token by token;
    ``source`` tells where a document came from.
    """
    model = model or shipped_model()
    ranked = rank_sentences(question, hits, match, model)
    if not ranked or not question.terms:
        return Selection((), (), 0.0)
    signals = question_signals(question, hits, ranked, model.ranges)
    confidence = logistic(linear(signals, model.question))
    if ranked[0].defines:
        confidence = max(confidence, _DEFINED)
    elif confidence < model.thresholds[caution]:
        return Selection((), (), confidence)
    note = ""
    other = _conflicting(question, ranked, model)
    if other is not None:
        note = _differ(question, ranked[0], other, model)
        rest = [
            one for one in ranked[1:] if (one.start, one.hit.row) != (other.start, other.hit.row)
        ]
        ranked = [ranked[0], other, *rest]
    chosen = choose_sentences(question, ranked, model)
    if other is not None and other not in (one for group in chosen for one in group):
        chosen[QUOTES - 1 :] = [[other]]
    citations = tuple(
        _cite(group, marker, source(group[0].hit.passage.document_id), question, model)
        for marker, group in enumerate(chosen, 1)
    )
    sentences = tuple(AnswerSentence(citation.quote, citation.marker) for citation in citations)
    return Selection(sentences, citations, confidence, note)


def rank_sentences(
    question: Question,
    hits: Sequence[Hit],
    match: Callable[[Hit], Match],
    model: AnsweringModel,
) -> list[Candidate]:
    """The sentences of the first passages, best first."""
    matcher = Matcher(question.terms)
    telling = [hit for hit in hits if not hit.passage.is_reference_list][:PASSAGES]
    matches = [match(hit) for hit in telling]
    odds = shipped_extractor().read(matches) if matches else []
    scored = [
        (linear(candidate.signals, model.sentence) + _DEFINING * candidate.defines, candidate)
        for hit, matched, its_odds in zip(telling, matches, odds, strict=True)
        for candidate in read_passage(question, matcher, hit, matched, its_odds, hits[0].score)
    ]
    best = max((score for score, _ in scored), default=0.0)
    total = sum(math.exp(score - best) for score, _ in scored)
    ranked = [
        replace(candidate, score=score, share=math.exp(score - best) / total)
        for score, candidate in scored
    ]
    ranked.sort(key=lambda candidate: -candidate.score)
    return ranked


def choose_sentences(
    question: Question, ranked: Sequence[Candidate], model: AnsweringModel
) -> list[list[Candidate]]:
    """The best sentence and those likely enough beside it, grouped by passage, best first.

    A passage is quoted once, in one piece: a sentence of it that stands apart is left out. One that
    tells of fewer of those whom the question names than the best sentence does is left out too.
    """
    matcher = Matcher(question.terms)
    named = _named(question, matcher, ranked[0])
    groups: dict[int, list[Candidate]] = {ranked[0].hit.row: [ranked[0]]}
    sure = ranked[0].share
    for candidate in ranked[1:]:
        if sure >= model.enough or sum(map(len, groups.values())) == QUOTES:
            break
        sure += candidate.share
        group = groups.get(candidate.hit.row)
        if group is None:
            likely = candidate.share >= model.elsewhere
            if likely and not _named(question, matcher, candidate) < named:
                groups[candidate.hit.row] = [candidate]
        elif candidate.share >= model.beside and _is_one_piece([*group, candidate]):
            group.append(candidate)
    return list(groups.values())


def _named(question: Question, matcher: Matcher, candidate: Candidate) -> set[int]:
    """The names of the question that a sentence or the titles above it have, by their numbers."""
    passage = candidate.hit.passage
    found = matcher.numbers(" ".join([candidate.text, passage.title, *passage.headings]))
    return {number for number in found if question.terms[number].is_name}


def _is_one_piece(group: Sequence[Candidate]) -> bool:
    """Whether sentences of a passage can be quoted from first to last: few, in one paragraph."""
    passage = group[0].hit.passage
    start, end = _hull(group)
    text = passage.text[start - passage.start : end - passage.start]
    return "\n\n" not in text and len(split_sentences(text)) <= QUOTES


def _hull(group: Sequence[Candidate]) -> tuple[int, int]:
    return min(one.start for one in group), max(one.end for one in group)


def _cite(
    group: Sequence[Candidate],
    marker: int,
    source: str,
    question: Question,
    model: AnsweringModel,
) -> Citation:
    passage = group[0].hit.passage
    start, end = _hull(group)
    span = short_answer(question, group[0], model)
    return Citation(
        marker=marker,
        document_id=passage.document_id,
        title=passage.title,
        headings=passage.headings,
        source=source,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
        emphasis=() if span is None else (span,),
    )


def emphasis_signals(
    question: Question, candidate: Candidate
) -> tuple[tuple[int, int], EmphasisSignals] | None:
    """The likeliest short answer in a sentence, a span of its document; ``None``: there is none."""
    if question.kind not in ENTITY_KINDS or not candidate.found:
        return None
    ranked = sorted(candidate.found, key=lambda found: (-found.extracted, -found.near))
    best, others = ranked[0], ranked[1:]
    signals = EmphasisSignals(
        extracted=best.extracted,
        lead=best.extracted - others[0].extracted if others else 0.0,
        near=best.near,
        nearer=best.near - max((other.near for other in others), default=0.0),
        only=float(not others),
        share=candidate.share,
        coverage=candidate.signals.coverage,
        time=float(question.kind == "time"),
        number=float(question.kind == "number"),
        person=float(question.kind == "person"),
    )
    return (candidate.start + best.start, candidate.start + best.end), signals


def short_answer(
    question: Question, candidate: Candidate, model: AnsweringModel
) -> tuple[int, int] | None:
    """The short answer in a sentence, as a span of its document, when it is sure enough."""
    found = emphasis_signals(question, candidate)
    if found is None or logistic(linear(found[1], model.emphasis)) < model.certain:
        return None
    return found[0]


def _conflicting(
    question: Question, ranked: Sequence[Candidate], model: AnsweringModel
) -> Candidate | None:
    """A sentence from elsewhere with another short answer than the best one's; ``None``: not sure.

    It must say as much of the question as the best one, and its short answer must be as sure.
    """
    best = ranked[0]
    said = _said(question, best, model)
    if said is None or question.kind not in _COMPARABLE:
        return None
    for candidate in ranked[1:]:
        other = replace(candidate, share=best.share)
        against = _said(question, other, model)
        if (
            other.hit.row != best.hit.row
            and other.signals.context >= best.signals.context
            and other.signals.coverage >= _AS_MUCH * best.signals.coverage
            and other.signals.near >= _AS_MUCH * best.signals.near
            and other.signals.tokens >= _AS_MUCH * best.signals.tokens
            and against is not None
            and not agree(question.kind, said, against)
        ):
            return other
    return None


def _said(question: Question, candidate: Candidate, model: AnsweringModel) -> str | None:
    span = short_answer(question, candidate, model)
    if span is None:
        return None
    return " ".join(candidate.text[span[0] - candidate.start : span[1] - candidate.start].split())


def _differ(question: Question, best: Candidate, other: Candidate, model: AnsweringModel) -> str:
    """« Les sources diffèrent : « 1924 » (Lénine), « 1925 » (Staline). »."""
    titles = [candidate.hit.passage.title for candidate in (best, other)]
    told = []
    for candidate in (best, other):
        passage = candidate.hit.passage
        place = passage.title or passage.document_id
        if titles[0] == titles[1] and passage.headings:
            place = passage.headings[-1]
        told.append(f"«\u202f{_said(question, candidate, model)}\u202f» ({place})")
    return f"Les sources diffèrent\u00a0: {', '.join(told)}."
