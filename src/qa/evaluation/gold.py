"""Test files for answers and for conversations: what is asked, and what should come back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qa.evaluation.faults import Faults
from qa.evaluation.jsonl import Record, read_records
from qa.french import fold

NO_KIND = "unspecified"


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """A test question. When it is ``answerable``, some answer and evidence are given.

    ``answers`` are texts of which a quote must contain one; ``evidence`` are pieces of the document
    that prove it. ``document`` is the id of that document, ``None``: any. ``kind`` and ``style``
    (empty where the file tells none) are the file's own groupings.
    """

    id: str
    question: str
    answerable: bool
    kind: str
    answers: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    document: str | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Gold:
    """What a search should find: a document, or the passage of it that holds ``text``."""

    document: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationTurn:
    """A message, the same out of context, what a search for it should find and an answer cite.

    A turn that is ``answerable`` and has no ``gold`` is asked, as history of the next ones, and not
    measured. ``evidence`` are pieces of text of which one should be cited. ``shift``: the turn
    stands alone and changes the subject.
    """

    question: str
    resolved: str
    gold: tuple[Gold, ...] = ()
    evidence: tuple[Gold, ...] = ()
    phenomena: tuple[str, ...] = ()
    answerable: bool = True
    shift: bool = False

    @property
    def is_measured(self) -> bool:
        """Whether the file tells what should come of it."""
        return bool(self.gold) or not self.answerable


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns in order."""

    id: str
    turns: tuple[ConversationTurn, ...]


def read_answer_questions(path: Path) -> tuple[AnswerQuestion, ...]:
    """Read {"id", "question", "answerable", "kind"?, "style"?, "evidence", "answer", "document"?}.

    One object a line. "answer" and "evidence" are a text or a list of them. Other fields are left
    alone. Every fault of the file is told at once (``InputError``).
    """
    faults = Faults()
    questions = []
    for name, record in read_records(path, faults):
        question = record.question()
        answerable = record.boolean("answerable")
        answers, evidence = record.texts("answer"), record.texts("evidence")
        if answerable and record.fields.get("answer") in (None, [], ""):
            record.fault('answerable, but there is no "answer"')
        elif answerable and answers and not all(map(squeezed, answers)):
            record.fault('"answer" has no letter or digit')
        if answerable and record.fields.get("evidence") in (None, [], ""):
            record.fault('answerable, but there is no "evidence"')
        questions.append(
            AnswerQuestion(
                id=name,
                question=question,
                answerable=answerable,
                kind=record.text("kind", required=False) or NO_KIND,
                answers=answers,
                evidence=evidence,
                document=record.text("document", required=False) or None,
                style=record.text("style", required=False),
            )
        )
    faults.raise_any()
    return tuple(questions)


def read_conversations(path: Path) -> tuple[Conversation, ...]:
    """Read {"id", "turns": […]} lines, one conversation each.

    A turn is {"question", "resolved"} with "gold", a list of document ids or {"document", "text"}
    objects, or with "document" and "evidence", pieces of its text; {"answerable": false} needs
    neither. "phenomenon" (a text) or "phenomena" (a list), and "shift" (true: another subject), may
    be told. Other fields are left alone. Every fault of the file is told at once (``InputError``).
    """
    faults = Faults()
    conversations = []
    for name, record in read_records(path, faults):
        turns = record.fields.get("turns")
        if not isinstance(turns, list) or not turns:
            record.fault('no "turns"' if turns in (None, []) else '"turns" is not a list')
            continue
        read = []
        for number, fields in enumerate(turns, 1):
            inside = f"turn {number}: "
            if not isinstance(fields, dict):
                record.fault(f"{inside}not a JSON object")
                continue
            read.append(_read_turn(Record(path, record.line, fields, faults, inside)))
        conversations.append(Conversation(name, tuple(read)))
    measured = any(turn.gold for conversation in conversations for turn in conversation.turns)
    if not measured and not faults:
        faults.add(path, 'no turn has "gold" or "document"')
    faults.raise_any()
    return tuple(conversations)


def _read_turn(record: Record) -> ConversationTurn:
    answerable = record.boolean("answerable", default=True)
    gold: tuple[Gold, ...] = ()
    if "gold" in record.fields:
        gold = _read_gold(record)
        evidence = tuple(item for item in gold if item.text)
    elif answerable:
        document = record.text("document", required=False)
        evidence = tuple(Gold(document, piece) for piece in record.texts("evidence"))
        if not document or record.fields.get("evidence") in (None, [], ""):
            record.fault('neither "gold" nor "document" and "evidence"')
        gold = (Gold(document),)
    else:
        evidence = ()
    phenomenon = record.text("phenomenon", required=False)
    return ConversationTurn(
        question=record.question(),
        resolved=record.question("resolved"),
        gold=gold,
        evidence=evidence,
        phenomena=record.texts("phenomena") or ((phenomenon,) if phenomenon else ()),
        answerable=answerable,
        shift=record.boolean("shift", default=False),
    )


def _read_gold(record: Record) -> tuple[Gold, ...]:
    listed = record.fields["gold"]
    found = []
    if not isinstance(listed, list):
        record.fault('"gold" is not a list')
        return ()
    for item in listed:
        document = item.get("document") if isinstance(item, dict) else item
        text = item.get("text") if isinstance(item, dict) else None
        if not isinstance(document, str) or not document or not isinstance(text, str | None):
            record.fault('"gold" holds neither document ids nor {"document", "text"}')
            break
        found.append(Gold(document, text or None))
    return tuple(dict.fromkeys(found))


def squeezed(text: str) -> str:
    """Folded letters and digits, one blank between words: « L’*Été* 1905 ! » -> "l ete 1905"."""
    return " ".join("".join(c if c.isalnum() else " " for c in fold(text)).split())


def contains(text: str, answers: Iterable[str]) -> bool:
    """Whether a text holds one of the answers, word for word as ``squeezed`` leaves them."""
    padded = f" {squeezed(text)} "
    return any(f" {squeezed(answer)} " in padded for answer in answers)
