"""Conversations that are really held: what understanding a follow-up is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from qa.assistant import Assistant, Caution
from qa.evaluation.evidence import Evidence
from qa.evaluation.gold import Conversation, ConversationTurn, Gold, squeezed
from qa.evaluation.jsonl import write_records
from qa.evaluation.measures import measure_run
from qa.evaluation.report import Note, describe_index, versions
from qa.evaluation.significance import RESAMPLES, SEED
from qa.evaluation.turns import (
    CHAIN,
    CITED,
    CITED_OR_WITHHELD,
    LONG,
    REFUSED,
    SEARCH_MEASURES,
    WAYS,
    Group,
    JudgedTurn,
    Place,
    group_of,
)
from qa.index import Progress
from qa.records import Answer, Citation, Hit, Passage, QAError, Turn

# The order of a report.
_PLACES: tuple[Place, ...] = ("follow-up", "shift", "self-contained", "new subject", "first")
_HITS = 100  # passages among which the first five different results are looked for


@dataclass(frozen=True, slots=True)
class ConversationEvaluation:
    """What ``evaluate_conversations`` found, by place in the conversation and by phenomenon.

    ``by_phenomenon`` holds the turns that have a history. ``unfindable`` are gold documents, and
    texts in them, that the index does not hold; ``unmeasured`` counts turns without gold.
    """

    name: str
    conversations: int
    method: str
    caution: Caution
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
            "caution": self.caution,
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
    caution: Caution = "normal",
    progress: Callable[[Progress], None] = lambda _: None,
) -> ConversationEvaluation:
    """Answer every turn as typed, after the answers really given before it, and as written out."""
    evidence = Evidence(assistant.index)
    unfindable = _unfindable(conversations, assistant, evidence, name)
    alone: dict[str, Answer] = {}

    def ask(message: str, turns: Sequence[Turn] = ()) -> Answer:
        if turns:
            return assistant.answer(message, turns, limit=_HITS, method=method, caution=caution)
        if message not in alone:
            alone[message] = assistant.answer(message, limit=_HITS, method=method, caution=caution)
        return alone[message]

    judged = []
    total = sum(len(conversation.turns) for conversation in conversations)
    done = unmeasured = 0
    progress(Progress("search", 0, total))
    for position, conversation in enumerate(conversations):
        history: tuple[Turn, ...] = ()
        row = 0  # follow-ups without another turn between them
        # After the last turn somebody else begins to ask.
        for turn, number in [
            *((turn, number) for number, turn in enumerate(conversation.turns, 1)),
            *((item.turns[0], 0) for item in conversations[position + 1 : position + 2]),
        ]:
            place = _place(turn, number)
            row = row + 1 if place == "follow-up" else 0
            answer = ask(turn.question, history)
            if turn.is_measured:
                ways = (ask(turn.question), answer, ask(turn.resolved))
                judged.append(
                    JudgedTurn(
                        conversation=conversation.id,
                        number=number or len(conversation.turns) + 1,
                        turn=turn,
                        place=place,
                        phenomena=(*turn.phenomena, *((CHAIN,) if row >= LONG else ())),
                        answers={
                            way: replace(answer, hits=())
                            for way, answer in zip(WAYS, ways, strict=True)
                        },
                        values=_values(turn, ways, evidence),
                    )
                )
            if number:
                history = (*history, Turn(turn.question, answer))
                unmeasured += not turn.is_measured
                done += 1
                progress(Progress("search", done, total))
    later = [item for item in judged if item.place not in ("first", "new subject")]
    return ConversationEvaluation(
        name=name,
        conversations=len(conversations),
        method=method,
        caution=caution,
        judged=tuple(judged),
        by_place={
            place: group_of(found)
            for place in _PLACES
            if (found := [item for item in judged if item.place == place])
        },
        by_phenomenon={
            phenomenon: group_of([item for item in later if phenomenon in item.phenomena])
            for phenomenon in dict.fromkeys(name for item in later for name in item.phenomena)
        },
        index=describe_index(assistant.index),
        unfindable=unfindable,
        unmeasured=unmeasured,
    )


def _place(turn: ConversationTurn, number: int) -> Place:
    if number < 2:
        return "first" if number else "new subject"
    if turn.shift:
        return "shift"
    return "self-contained" if squeezed(turn.resolved) == squeezed(turn.question) else "follow-up"


def _values(
    turn: ConversationTurn, answers: Sequence[Answer], evidence: Evidence
) -> dict[str, dict[str, float]]:
    """Of the answers of each way."""
    values: dict[str, dict[str, float]] = {way: {} for way in WAYS}
    if not turn.answerable:
        for way, answer in zip(WAYS, answers, strict=True):
            values[way][REFUSED] = float(answer.status != "answered")
        return values
    grades = {str(gold): 1 for gold in turn.gold}
    rankings = {
        way: _ranking(answer.hits, turn, evidence)
        for way, answer in zip(WAYS, answers, strict=True)
    }
    scores = measure_run(rankings, dict.fromkeys(WAYS, grades), SEARCH_MEASURES)
    for way, row in zip(scores.queries, scores.values.tolist(), strict=True):
        values[way] |= zip(scores.measures, row, strict=True)
    if turn.evidence:
        for way, answer in zip(WAYS, answers, strict=True):
            values[way][CITED] = _cites(answer.citations, turn, evidence)
            shown = answer.citations or answer.withheld
            values[way][CITED_OR_WITHHELD] = _cites(shown, turn, evidence)
    return values


def _cites(citations: Sequence[Citation], turn: ConversationTurn, evidence: Evidence) -> float:
    """1 when some citation overlaps some evidence."""
    return float(
        any(
            evidence.supports(citation, [gold.text or ""], gold.document)
            for citation in citations
            for gold in turn.evidence
        )
    )


def _ranking(
    hits: Sequence[Hit], turn: ConversationTurn, evidence: Evidence
) -> list[tuple[str, float]]:
    """Names of results, each once, best first.

    A result is a document; where some gold has a text, results are passages, and all passages that
    overlap a gold text are that gold.
    """
    names: dict[str, None] = {}
    for hit in hits:
        found = [str(gold) for gold in turn.gold if _holds(hit.passage, gold, evidence)]
        if not found and any(gold.text for gold in turn.gold):
            found = [f"passage {hit.row}"]
        names |= dict.fromkeys(found or [f"document {hit.passage.document_id}"])
    return [(name, -float(place)) for place, name in enumerate(names)]


def _holds(passage: Passage, gold: Gold, evidence: Evidence) -> bool:
    if gold.text is None or passage.document_id != gold.document:
        return passage.document_id == gold.document
    spans = evidence.spans(gold.document, gold.text)
    return any(start < passage.end and passage.start < end for start, end in spans)


def _unfindable(
    conversations: Sequence[Conversation], assistant: Assistant, evidence: Evidence, name: str
) -> tuple[str, ...]:
    turns = [turn for conversation in conversations for turn in conversation.turns]
    wanted = {gold for turn in turns for gold in (*turn.gold, *turn.evidence)}
    held = assistant.index.store.document_digests().keys()
    missing = [
        gold
        for gold in wanted
        if gold.document not in held
        or (gold.text is not None and not evidence.spans(gold.document, gold.text))
    ]
    names = tuple(sorted(f"{gold.document}{' (text)' if gold.text else ''}" for gold in missing))
    if len(missing) == len(wanted):
        raise QAError("no_gold_indexed", name, names[0], next(iter(held), ""))
    return names


def _describe(judged: JudgedTurn) -> dict[str, Any]:
    return {
        "id": judged.conversation,
        "turn": judged.number,
        "question": judged.turn.question,
        "standalone_question": judged.standalone,
        "resolved": judged.turn.resolved,
        "place": judged.place,
        "phenomena": list(judged.phenomena),
        "ways": {
            way: {
                **judged.values[way],
                "status": answer.status,
                "quotes": [citation.quote for citation in answer.citations or answer.withheld],
            }
            for way, answer in judged.answers.items()
        },
    }
