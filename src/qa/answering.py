"""Choose the sentences that answer, quote and cite them, or refuse.

Each sentence of the first passages gets raw signals in [0, 1] or so (``SentenceSignals``); a linear
model ranks them. The best sentence and its passage give the signals of the whole question
(``QuestionSignals``); a logistic model of those is the probability that the corpus answers, and
below a threshold the answer is a refusal. Both models are readable numbers in ``answering.json``,
fitted on development data by ``python benchmarks/fit_answering.py``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from qa.embedding import Vectors
from qa.french import fold, split_sentences, words
from qa.questions import Question, Term, can_answer, family
from qa.records import AnswerSentence, Citation, Hit

# Passages whose sentences are looked at, and sentences whose meaning is compared (by an embedding
# each, about 2 ms): six quoted one answer more of 75 and took 10 ms longer.
PASSAGES = 6
COMPARED = 3
# At most this many sentences; a further one must come close to the best (`close`, in log-odds).
QUOTES = 3

_OPENS_WITH_PRONOUN = re.compile(
    r"(?:il|elle|ils|elles|celui-ci|celle-ci|ceux-ci|ce dernier|cette derniere|cela|ceci|c'est|"
    r"c'etait|son|sa|ses|leur|leurs|ce|cet|cette|ces|mais|puis|ainsi|alors|en effet|pourtant|"
    r"cependant|toutefois|or|donc)\b"
)
_LIST = re.compile(r"(?:\s*(?:[-•–]|\d+[.)]) [^\n]+(?=\n|$))+")
# What a term that stands in the title or headings still weighs: every sentence below is about it.
KNOWN = 0.3
_SIMILAR = 0.55  # Dice of character trigrams from which two spellings are one word


@dataclass(frozen=True, slots=True)
class SentenceSignals:
    """What speaks for a sentence; the shares are weighted by idf.

    ``coverage``: question terms in the sentence, those of
    its title and headings counting less. ``context``: in the sentence, its neighbour
    before it, or the title and headings. ``passage``: the passage's score against the best one.
    ``kind``: it holds the kind of answer asked for. ``cosine``: of sentence and question (0 when it
    was not compared). ``length``: the logarithm of its own number of characters.
    """

    coverage: float
    context: float
    passage: float
    kind: float
    cosine: float
    length: float


@dataclass(frozen=True, slots=True)
class QuestionSignals:
    """What tells whether the corpus answers; relative to the corpus, so that it carries over.

    Weights of terms are idf; "nats over ln N" makes them comparable between small and large
    collections of N passages.

    ``coverage``, ``kind``, ``cosine``: of the best sentence, as above. ``context``: share of the
    question's terms in the best passage, title and headings. ``names``: the same for names and
    numbers alone. ``missing`` and ``rarest``: terms found nowhere there, all of them and the
    heaviest one, in nats over ln N. ``weight``: all terms, likewise. ``passage_cosine``: of passage
    and question; ``margin``: over the tenth passage's. ``words``: the passage's BM25 score over the
    most that the question could get; ``lead``: over the next five passages' mean.
    """

    coverage: float
    kind: float
    cosine: float
    context: float
    names: float
    missing: float
    rarest: float
    weight: float
    passage_cosine: float
    margin: float
    words: float
    lead: float


@dataclass(frozen=True, slots=True)
class AnsweringModel:
    """Coefficients by signal name; ``thresholds`` on the probability, by caution.

    A sentence is quoted beside the best one when its score is at most ``close`` below.
    ``measured``: shares of development questions that get an answer, by size of corpus, then by
    kind (answerable, or how they were made unanswerable), then by caution.
    """

    sentence: Mapping[str, float]
    question: Mapping[str, float]
    thresholds: Mapping[str, float]
    close: float
    measured: Mapping[str, Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a passage, ``document.text[start:end]``, with its signals and score.

    With the sentence before it when it opens with a pronoun.
    """

    hit: Hit
    start: int
    end: int
    text: str
    signals: SentenceSignals
    score: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen for a question: quotes with their citations, and how sure it is."""

    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    confidence: float


@lru_cache(maxsize=1)
def shipped_model() -> AnsweringModel:
    """The coefficients in ``answering.json``."""
    content = json.loads((Path(__file__).parent / "answering.json").read_text("utf-8"))
    return AnsweringModel(
        content["sentence"],
        content["question"],
        content["thresholds"],
        content["close"],
        content["measured"],
    )


def select_answer(
    question: Question,
    query: Vectors,
    hits: Sequence[Hit],
    embed: Callable[[Sequence[str]], Vectors],
    source: Callable[[str], str],
    caution: str = "normal",
    model: AnsweringModel | None = None,
) -> Selection:
    """Quotes from the passages that answer the question; none when that is not likely enough.

    ``hits`` come best first; ``embed`` gives unit vectors of sentences in the question's space;
    ``source`` tells where a document came from.
    """
    model = model or shipped_model()
    ranked = rank_sentences(question, query, hits, embed, model)
    if not ranked or not question.terms:
        return Selection((), (), 0.0)
    confidence = probability(question_signals(question, hits, ranked), model)
    if confidence < model.thresholds[caution]:
        return Selection((), (), confidence)
    chosen = _choose(ranked, model.close)
    citations = tuple(
        _cite(group, marker, source(group[0].hit.passage.document_id))
        for marker, group in enumerate(chosen, 1)
    )
    sentences = tuple(AnswerSentence(citation.quote, citation.marker) for citation in citations)
    return Selection(sentences, citations, confidence)


def rank_sentences(
    question: Question,
    query: Vectors,
    hits: Sequence[Hit],
    embed: Callable[[Sequence[str]], Vectors],
    model: AnsweringModel,
    compared: int = COMPARED,
) -> list[Candidate]:
    """The sentences of the first passages, best first.

    All are scored by their words; the best ``compared`` of them by their meaning too.
    """
    telling = [hit for hit in hits if not hit.passage.is_reference_list]
    candidates = [
        candidate
        for hit in telling[:PASSAGES]
        for candidate in _candidates(question, hit, hits[0].score, model)
    ]
    candidates.sort(key=lambda candidate: -candidate.score)
    del candidates[compared:]
    if not candidates:
        return []
    cosines = embed([_in_context(candidate) for candidate in candidates]) @ query
    ranked = [
        _with_cosine(candidate, float(cosine), model)
        for candidate, cosine in zip(candidates, cosines, strict=True)
    ]
    ranked.sort(key=lambda candidate: -candidate.score)
    return ranked


def _candidates(
    question: Question, hit: Hit, best: float, model: AnsweringModel
) -> list[Candidate]:
    passage = hit.passage
    heads = [passage.title, *passage.headings]
    above = matches(question.terms, " ".join(heads))
    titles = {fold(head).strip() for head in heads}
    before: frozenset[str] = frozenset()
    previous: int | None = None  # where the sentence before starts, in the same paragraph
    found = []
    for start, end in split_sentences(passage.text):
        sentence = passage.text[start:end]
        if fold(sentence).strip() in titles or not sentence.strip():
            before, previous = frozenset(), None
            continue
        # What « il » or « cette ville » stands for is in the sentence before: both are quoted.
        opens = _OPENS_WITH_PRONOUN.match(fold(sentence.lstrip()))
        first = previous if opens and previous is not None else start
        # « Il vécut dans quatre pays : » answers with the list below it.
        items = _LIST.match(passage.text, end) if sentence.rstrip().endswith(":") else None
        text = passage.text[first : items.end() if items else end].strip()
        first += passage.text[first:].index(text)
        inside = matches(question.terms, text)
        if not text.endswith("?"):
            signals = SentenceSignals(
                coverage=_share(question, inside, above),
                context=_share(question, inside | before | above),
                passage=hit.score / best if best > 0 else 0.0,
                kind=float(can_answer(question.kind, text, question.text)),
                cosine=0.0,
                length=math.log(len(sentence.strip())),
            )
            score = _linear(asdict(signals), model.sentence)
            offset = passage.start + first
            found.append(Candidate(hit, offset, offset + len(text), text, signals, score))
        before = inside
        previous = None if sentence.endswith("\n\n") else start
    return found


def _in_context(candidate: Candidate) -> str:
    """A sentence under its nearest title: « Il compta 562 députés. » alone says little."""
    passage = candidate.hit.passage
    return "\n".join([*[passage.title, *passage.headings][-1:], candidate.text]).strip()


def _with_cosine(candidate: Candidate, cosine: float, model: AnsweringModel) -> Candidate:
    signals = SentenceSignals(**{**asdict(candidate.signals), "cosine": cosine})
    score = _linear(asdict(signals), model.sentence)
    return Candidate(candidate.hit, candidate.start, candidate.end, candidate.text, signals, score)


def question_signals(
    question: Question, hits: Sequence[Hit], ranked: Sequence[Candidate]
) -> QuestionSignals:
    """The signals of a question from its hits and its ranked sentences (at least one)."""
    best = ranked[0]
    passage = best.hit.passage
    found = matches(question.terms, " ".join([passage.title, *passage.headings, passage.text]))
    names = [term for term in question.terms if term.is_name]
    named = sum(term.weight for term in names)
    missing = [term.weight for term in question.terms if term.stem not in found]
    cosines = sorted((hit.dense for hit in hits), reverse=True)
    others = sorted((hit.lexical for hit in hits), reverse=True)[1:6]
    # A term adds at most idf x (k1 + 1) to BM25, with k1 = 1.2 (tantivy's).
    most = 2.2 * question.weight
    nats = math.log(1 + question.passages)
    return QuestionSignals(
        coverage=best.signals.coverage,
        kind=best.signals.kind,
        cosine=best.signals.cosine,
        context=_share(question, found),
        names=sum(t.weight for t in names if t.stem in found) / named if named else 1.0,
        missing=sum(missing) / nats,
        rarest=max(missing, default=0.0) / nats,
        weight=question.weight / nats,
        passage_cosine=best.hit.dense,
        margin=best.hit.dense - cosines[min(9, len(cosines) - 1)],
        words=best.hit.lexical / most if most else 0.0,
        lead=(best.hit.lexical - sum(others) / max(1, len(others))) / most if most else 0.0,
    )


def probability(signals: QuestionSignals, model: AnsweringModel) -> float:
    """The logistic model's estimate, in (0, 1), that the corpus answers."""
    return 1 / (1 + math.exp(-_linear(asdict(signals), model.question)))


def matches(terms: Sequence[Term], text: str) -> frozenset[str]:
    """Stems of the terms that a text holds: by stem, word family or, when longer, like spelling."""
    there = words(text)
    stems = {word.stem for word in there}
    families = {family(word.form) for word in there} - {None}
    forms = {word.form for word in there if len(word.form) > 3 and not word.is_stop}
    return frozenset(
        term.stem
        for term in terms
        if term.stem in stems
        or family(term.form) in families
        or (
            len(term.form) > 4
            and not term.form.isdigit()
            and any(spelled_alike(term.form, form) for form in forms if form[0] == term.form[0])
        )
    )


@lru_cache(maxsize=100_000)
def spelled_alike(one: str, other: str) -> bool:
    """Whether two folded words share most character trigrams: "trotski", "trotsky"."""
    if abs(len(one) - len(other)) > 3:
        return False
    first, second = _trigrams(one), _trigrams(other)
    return 2 * len(first & second) / (len(first) + len(second)) >= _SIMILAR


@lru_cache(maxsize=100_000)
def _trigrams(form: str) -> frozenset[str]:
    padded = f"_{form}_"
    return frozenset(padded[i : i + 3] for i in range(len(padded) - 2))


def _share(question: Question, found: frozenset[str], known: frozenset[str] = frozenset()) -> float:
    """The share of the terms' weight that was found; ``known`` terms count for less."""
    weights = {
        term.stem: term.weight * (KNOWN if term.stem in known else 1.0) for term in question.terms
    }
    total = sum(weights.values())
    return sum(weights[stem] for stem in found) / total if total else 0.0


def _linear(signals: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return weights.get("intercept", 0.0) + sum(
        weights[name] * value for name, value in signals.items()
    )


def _choose(ranked: Sequence[Candidate], close: float) -> list[list[Candidate]]:
    """The best sentence and at most two that come close to it, grouped by passage, best first.

    Sentences of one passage become one quotation: only neighbours are kept together.
    """
    groups: dict[int, list[Candidate]] = {}
    chosen = 0
    for candidate in ranked:
        if chosen == QUOTES or candidate.score < ranked[0].score - close:
            break
        group = groups.setdefault(candidate.hit.row, [])
        if not group or any(_are_neighbours(candidate, other) for other in group):
            group.append(candidate)
            chosen += 1
    return list(groups.values())


def _are_neighbours(one: Candidate, other: Candidate) -> bool:
    """Whether two sentences of a passage overlap or follow each other in one paragraph."""
    first, second = sorted((one, other), key=lambda candidate: candidate.start)
    offset = first.hit.passage.start
    between = first.hit.passage.text[first.end - offset : max(first.end, second.start) - offset]
    return not between.strip() and "\n\n" not in between


def _cite(group: Sequence[Candidate], marker: int, source: str) -> Citation:
    passage = group[0].hit.passage
    start = min(candidate.start for candidate in group)
    end = max(candidate.end for candidate in group)
    return Citation(
        marker=marker,
        document_id=passage.document_id,
        title=passage.title,
        headings=passage.headings,
        source=source,
        start=start,
        end=end,
        quote=passage.text[start - passage.start : end - passage.start],
    )
