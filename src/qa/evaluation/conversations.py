"""Search in conversations: what understanding a follow-up is worth, in documents found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from qa.assistant import Assistant
from qa.conversation import standalone_question
from qa.evaluation.confidence import Estimate
from qa.evaluation.gold import Conversation, ConversationTurn, Gold, squeezed
from qa.evaluation.jsonl import write_records
from qa.evaluation.measures import Scores, measure_run
from qa.evaluation.report import Note, describe_index, versions
from qa.evaluation.significance import (
    RESAMPLES,
    SEED,
    Counts,
    Floats,
    bootstrap_interval,
    bootstrap_ratio,
    divide,
)
from qa.index import Progress
from qa.records import Hit, QAError, Turn
from qa.search import METHODS

Place = Literal["first", "follow-up", "self-contained"]

WAYS = ("raw", "history", "resolved")
MEASURES = ("nDCG@5", "R@5")
_HITS = 100  # passages among which the first five different results are looked for


@dataclass(frozen=True, slots=True)
class JudgedTurn:
    """A measured turn: how it was understood, and its values by way and measure.

    ``place``: "first" of its conversation; "self-contained", a later one that stands alone (its
    resolved question is itself); or a "follow-up".
    """

    conversation: str
    number: int
    turn: ConversationTurn
    place: Place
    standalone: str
    values: Mapping[str, Mapping[str, float]]

    @property
    def was_changed(self) -> bool:
        """Whether the history changed the words of the question."""
        return squeezed(self.standalone) != squeezed(self.turn.question)


@dataclass(frozen=True, slots=True)
class Group:
    """Means over some turns, by way and measure; intervals resample whole conversations.

    ``recovered``, by measure: (history - raw) / (resolved - raw), of the means; no value where
    resolving gains nothing. ``harm``: raw - history. ``changed`` counts rewritten questions.
    """

    turns: int
    changed: int
    means: Mapping[str, Mapping[str, Estimate]]
    recovered: Mapping[str, Estimate]
    harm: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class ConversationEvaluation:
    """What ``evaluate_conversations`` found, by place in the conversation and by phenomenon.

    ``by_phenomenon`` holds the turns that have a history. ``unfindable`` are gold documents, and
    texts in them, that the index does not hold; ``unmeasured`` counts turns without gold.
    """

    name: str
    conversations: int
    method: str
    judged: tuple[JudgedTurn, ...]
    by_place: Mapping[str, Group]
    by_phenomenon: Mapping[str, Group]
    index: Mapping[str, Any]
    unfindable: tuple[str, ...]
    unmeasured: int

    def to_json(self) -> dict[str, Any]:
        """The object that ``qa eval --conversations --json`` prints."""
        return {
            "conversations": self.name,
            "count": self.conversations,
            "turns": len(self.judged),
            "unmeasured": self.unmeasured,
            "method": self.method,
            "by_place": {name: asdict(group) for name, group in self.by_place.items()},
            "by_phenomenon": {name: asdict(group) for name, group in self.by_phenomenon.items()},
            "statistics": {
                "intervals": "percentile bootstrap over conversations, 95 %",
                "resamples": RESAMPLES,
                "seed": SEED,
            },
            "unfindable": {"count": len(self.unfindable), "gold": list(self.unfindable[:100])},
            "index": dict(self.index),
            "versions": versions(),
        }

    def notes(self) -> list[Note]:
        """What a reader of the figures must know; nothing when all is well."""
        told = (
            Note("turns without gold were asked and not measured", self.unmeasured),
            Note("gold entries are not in the index", len(self.unfindable), self.unfindable),
        )
        return [note for note in told if note.count]

    def write_per_query(self, path: Path) -> None:
        """JSON Lines, one turn a line: how it was understood, and its values."""
        write_records(path, map(_describe, self.judged))


def evaluate_conversations(
    conversations: Sequence[Conversation],
    assistant: Assistant,
    *,
    name: str = "conversations",
    method: str = "hybrid",
    progress: Callable[[Progress], None] = lambda _: None,
) -> ConversationEvaluation:
    """Search every turn as typed, as understood after the real answers before it, and resolved."""
    unfindable = _unfindable(conversations, assistant, name)
    asked: list[tuple[Conversation, int, ConversationTurn, str]] = []
    run: dict[str, list[tuple[str, float]]] = {}
    judgements: dict[str, dict[str, int]] = {}
    total = sum(len(conversation.turns) for conversation in conversations)
    done = 0
    progress(Progress("search", 0, total))
    for conversation in conversations:
        history: tuple[Turn, ...] = ()
        for number, turn in enumerate(conversation.turns, 1):
            standalone = standalone_question(turn.question, history)
            if turn.gold:
                texts = (turn.question, standalone, turn.resolved)
                for way, ranking in zip(
                    WAYS, _rankings(assistant, texts, turn, method), strict=True
                ):
                    key = f"{len(asked)} {way}"
                    run[key] = ranking
                    judgements[key] = {str(gold): 1 for gold in turn.gold}
                asked.append((conversation, number, turn, standalone))
            if number < len(conversation.turns):
                answer = assistant.answer(turn.question, history, method=method)
                history = (*history, Turn(turn.question, answer))
            done += 1
            progress(Progress("search", done, total))
    scores = measure_run(run, judgements, MEASURES)
    judged = tuple(
        JudgedTurn(
            conversation=conversation.id,
            number=number,
            turn=turn,
            place=_place(turn, number),
            standalone=standalone,
            values=_values(scores, row),
        )
        for row, (conversation, number, turn, standalone) in enumerate(asked)
    )
    later = [item for item in judged if item.place != "first"]
    return ConversationEvaluation(
        name=name,
        conversations=len(conversations),
        method=method,
        judged=judged,
        by_place={
            place: _group(found)
            for place in ("follow-up", "self-contained", "first")
            if (found := [item for item in judged if item.place == place])
        },
        by_phenomenon={
            phenomenon: _group([item for item in later if item.turn.phenomenon == phenomenon])
            for phenomenon in dict.fromkeys(item.turn.phenomenon for item in later)
        },
        index=describe_index(assistant.index),
        unfindable=unfindable,
        unmeasured=total - len(judged),
    )


def _place(turn: ConversationTurn, number: int) -> Place:
    if number == 1:
        return "first"
    return "self-contained" if squeezed(turn.resolved) == squeezed(turn.question) else "follow-up"


def _rankings(
    assistant: Assistant, texts: Sequence[str], turn: ConversationTurn, method: str
) -> list[list[tuple[str, float]]]:
    """What a search finds for each text, as names of results, each once, best first.

    A result is a document; where some gold has a text, results are passages, and all passages that
    overlap a gold text are that gold.
    """
    spans = [(gold, *_span(assistant, gold)) for gold in turn.gold]
    by_passage = any(gold.text for gold in turn.gold)

    def names_of(hit: Hit) -> list[str]:
        passage = hit.passage
        golds = [
            str(gold)
            for gold, start, end in spans
            if passage.document_id == gold.document
            and (gold.text is None or (start < passage.end and passage.start < end))
        ]
        other = f"passage {hit.row}" if by_passage else f"document {passage.document_id}"
        return golds or [other]

    different = list(dict.fromkeys(texts))
    queries = assistant.embedder.embed_questions(different)
    found: dict[str, list[tuple[str, float]]] = {}
    for text, query in zip(different, queries, strict=True):
        hits = METHODS[method](assistant.index, text, query, _HITS)
        names = dict.fromkeys(name for hit in hits for name in names_of(hit))
        found[text] = [(name, -float(place)) for place, name in enumerate(names)]
    return [found[text] for text in texts]


def _span(assistant: Assistant, gold: Gold) -> tuple[int, int]:
    """Where the gold text stands in its document; (0, 0), which nothing overlaps, if nowhere."""
    document = assistant.index.store.document(gold.document)
    start = document.text.find(gold.text) if document is not None and gold.text else -1
    return (start, start + len(gold.text or "")) if start >= 0 else (0, 0)


def _unfindable(
    conversations: Sequence[Conversation], assistant: Assistant, name: str
) -> tuple[str, ...]:
    wanted = {gold for item in conversations for turn in item.turns for gold in turn.gold}
    held = assistant.index.store.document_digests().keys()
    missing = [
        gold
        for gold in wanted
        if gold.document not in held or (gold.text and _span(assistant, gold) == (0, 0))
    ]
    names = tuple(sorted(f"{gold.document}{' (text)' if gold.text else ''}" for gold in missing))
    if len(missing) == len(wanted):
        raise QAError(
            f"nothing of the gold of {name} is in the index (gold: {names[0]!r}, indexed: "
            f"{next(iter(held), '')!r}). Give the index of these documents."
        )
    return names


def _values(scores: Scores, row: int) -> dict[str, dict[str, float]]:
    return {
        way: dict(
            zip(scores.measures, scores.values[len(WAYS) * row + place].tolist(), strict=True)
        )
        for place, way in enumerate(WAYS)
    }


def _group(judged: Sequence[JudgedTurn]) -> Group:
    names = list(dict.fromkeys(item.conversation for item in judged))
    place = {name: position for position, name in enumerate(names)}
    rows = [place[item.conversation] for item in judged]
    sizes = np.bincount(rows).astype(np.float64)
    # Sums by conversation: a mean over turns is then a ratio of two sums over conversations.
    sums: dict[tuple[str, str], Floats] = {
        (way, measure): np.asarray(
            np.bincount(rows, [item.values[way][measure] for item in judged]), dtype=np.float64
        )
        for way in WAYS
        for measure in MEASURES
    }
    return Group(
        turns=len(judged),
        changed=sum(item.was_changed for item in judged),
        means={
            way: {measure: _ratio(sums[way, measure], sizes) for measure in MEASURES}
            for way in WAYS
        },
        recovered={
            measure: _recovered(*(sums[way, measure] for way in WAYS)) for measure in MEASURES
        },
        harm={
            measure: _ratio(sums["raw", measure] - sums["history", measure], sizes)
            for measure in MEASURES
        },
    )


def _ratio(numerators: Floats, denominators: Floats) -> Estimate:
    value = float(numerators.sum() / denominators.sum())
    return Estimate(value, bootstrap_ratio(numerators, denominators))


def _recovered(raw: Floats, history: Floats, resolved: Floats) -> Estimate:
    """The share of the gap; resamples in which resolving gains nothing are left out."""
    gained, gap = history - raw, resolved - raw
    if gap.sum() <= 1e-9:
        return Estimate(None, None)

    def share(counts: Counts) -> Floats:
        gaps = counts @ gap
        return divide(counts @ gained, np.where(gaps > 1e-9, gaps, 0.0))

    return Estimate(float(gained.sum() / gap.sum()), bootstrap_interval(share, len(raw)))


def _describe(judged: JudgedTurn) -> dict[str, Any]:
    return {
        "id": judged.conversation,
        "turn": judged.number,
        "question": judged.turn.question,
        "standalone_question": judged.standalone,
        "resolved": judged.turn.resolved,
        "place": judged.place,
        "phenomenon": judged.turn.phenomenon,
        **judged.values,
    }
