"""Follow-ups: what is taken from before, how it is shown; and several questions in one message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qa.conversation import FollowUps, split_questions
from qa.conversation.context import (
    LONGEST_QUOTE,
    TURNS,
    Context,
    Said,
    history_text,
    phrases,
    with_context,
)
from qa.encoder import shipped_encoder
from qa.french import fold, words
from qa.records import Answer, Citation, Turn

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def follow_ups() -> FollowUps:
    return FollowUps(shipped_encoder())


def make_turn(question: str, quote: str | None = None, title: str = "") -> Turn:
    """A turn as it was understood: without a quote it was refused."""
    if quote is None:
        return Turn(question, Answer(question, question, "not_found", (), 0.1, (), {}))
    citation = Citation(1, "document", title, (), "document", 0, len(quote), quote)
    return Turn(question, Answer(question, question, "answered", (citation,), 0.9, (), {}))


def test_the_history_is_read_most_recent_first_and_not_without_end() -> None:
    turns = [Said(f"Question {n} ?", "mot " * 100, f"réponse {n}", f"Titre {n}") for n in range(9)]
    text = history_text(turns)
    assert text.startswith("Question 8 ?\nréponse 8 : mot mot")
    assert text.count("Question") == TURNS
    assert len(text) < TURNS * (LONGEST_QUOTE + 60)
    assert history_text([Said("Qui ?")]) == "Qui ?"
    assert history_text([]) == ""


@pytest.mark.parametrize(
    ("history", "taken", "asked", "found"),
    [
        ("Qui était Nicolas II ?", ["Nicolas", "II"], "Où est-il né ?", ("Nicolas II",)),
        # Function words between two that are taken come along; other words do not.
        ("La prise de la Bastille", ["prise", "Bastille"], "Quand ?", ("prise de la Bastille",)),
        ("La prise sanglante de Lyon", ["prise", "Lyon"], "Quand ?", ("prise", "Lyon")),
        # What the question has already, or an earlier phrase, is not taken again.
        ("Lénine naquit. Lénine mourut.", ["Lénine", "Lénine"], "Où ?", ("Lénine",)),
        ("Qui était Lénine ?", ["Lénine"], "Où est mort Lénine ?", ()),
        # Nothing goes over the end of a sentence or of a line.
        ("Vu Lyon. Paris aussi", ["Lyon", "Paris"], "Quand ?", ("Lyon", "Paris")),
        ("Lyon\nParis", ["Lyon", "Paris"], "Quand ?", ("Lyon", "Paris")),
    ],
)
def test_phrases(history: str, taken: list[str], asked: str, found: tuple[str, ...]) -> None:
    left = list(taken)
    chosen = []
    for word in words(history):
        if left and history[word.start : word.end] == left[0]:
            chosen.append(word)
            left.pop(0)
    assert not left
    assert phrases(history, chosen, asked) == found


def test_question_and_context_in_one_string() -> None:
    assert with_context("Où est-il mort ?", ("Lénine", "1924")) == "Où est-il mort ? (Lénine, 1924)"
    assert with_context("Où est mort Lénine ?", ()) == "Où est mort Lénine ?"


def test_nothing_said_before_is_no_context(follow_ups: FollowUps) -> None:
    assert follow_ups.context("Où est-il mort ?", ()) == Context()
    greeting = Turn("Bonjour", Answer("Bonjour", "Bonjour", "courtesy", (), 0.0, (), {}, "Bonjour"))
    assert follow_ups.context("Où est-il mort ?", (greeting,)) == Context()


def test_a_follow_up_takes_the_name_and_a_new_subject_takes_nothing(follow_ups: FollowUps) -> None:
    history = (make_turn("Qui était Lénine ?", "Lénine dirigea les bolcheviks.", "Lénine"),)
    assert "Lénine" in follow_ups.context("Où est-il mort ?", history).taken
    assert "Lénine" in follow_ups.context("ou est il mort", history).taken
    assert follow_ups.context("Comment renouveler un passeport ?", history).taken == ()


def test_what_was_taken_is_taken_again_by_the_next_question(follow_ups: FollowUps) -> None:
    turn = make_turn("Où est-il mort ? (Lénine)", "Il mourut à Gorki.", "Lénine")
    assert "Lénine" in follow_ups.context("Et quand ?", (turn,)).taken


ODD_MESSAGES = [
    "", " ", "\n\t", "?", "???", "¿", "…", "«", "« »", '"', "'", "’", "-", "-il", "t-il", "l'", "l",
    "il", "Et", "Et ?", "et et et", "y", "en", "son", "son ?", "cette", "ce", "où", "de", "qu'",
    "\u200b", "\ufeff", "🙂", "🙂 🙂 ?", "日本語", "Привет", "e\u0301", "\x00", "(", "((((", "1",
    "1928", "Revenons à", "Revenons à :", "Revenons à : ?", "celle de", "Et celle de ?",
    "Et pour ?",
    "a", "À", "si", "Et si ?", "combien de", "quel", "Quel ?", "est-il", "Est-ce", "ça", "lui",
    "leur leur leur",
    "a" * 5_000, "il " * 120, "son " * 90, "?!" * 150, "de " * 120, "Où est-il ? " * 20,
]  # fmt: skip


@pytest.mark.parametrize("message", ODD_MESSAGES, ids=range(len(ODD_MESSAGES)))
def test_odd_messages_never_raise(follow_ups: FollowUps, message: str) -> None:
    for history in ([make_turn("Qui était Lénine ?", "Un chef.")], [make_turn(message or "?")]):
        taken = follow_ups.context(message, history).taken
        assert all(phrase and phrase.strip() == phrase for phrase in taken)
    assert all(part.strip() == part for part in split_questions(message))


@pytest.mark.parametrize(
    ("message", "questions"),
    [
        ("", ()),
        ("Qui était Lénine ?", ("Qui était Lénine ?",)),
        ("Qui était Lénine ? Où est-il né ?", ("Qui était Lénine ?", "Où est-il né ?")),
        ("qui était lénine ? où est-il né", ("qui était lénine ?", "où est-il né")),
        ("Qui était Lénine. Où est-il mort.", ("Qui était Lénine.", "Où est-il mort.")),
        ("Qui était Lénine et où est-il né ?", ("Qui était Lénine ?", "Où est-il né ?")),
        ("Qui était Lénine et que fit-il ?", ("Qui était Lénine ?", "Que fit-il ?")),
        ("Je lis sur Lénine. Où est-il né ?", ("Je lis sur Lénine. Où est-il né ?",)),
        ("Qui était Lénine ? Merci !", ("Qui était Lénine ?",)),
        (
            "Merci : où est né Lénine et quand est-il mort ?",
            ("Où est né Lénine ?", "Quand est-il mort ?"),
        ),
        ("Où et quand est né Trotsky ?", ("Où et quand est né Trotsky ?",)),
        ("Où est né Trotsky et quand ?", ("Où est né Trotsky et quand ?",)),
        ("Qui a tué Trotsky et pourquoi ?", ("Qui a tué Trotsky et pourquoi ?",)),
        ("Bonjour, où est né Lénine ?", ("Où est né Lénine ?",)),
        ("où est né Lénine svp", ("Où est né Lénine",)),
        ("Où est né Lénine ? Merci d'avance pour votre réponse !", ("Où est né Lénine ?",)),
        ("Bonjour je voudrais savoir où il est né", ("Où il est né",)),
        ("Peux-tu me dire qu'est-ce que la NEP ?", ("Qu'est-ce que la NEP ?",)),
        ("Savez-vous si Lénine a eu des enfants ?", ("Lénine a eu des enfants ?",)),
        ("Je prépare un exposé et je me demande quand il est né", ("Quand il est né",)),
        (
            "Je lis sur Lénine et je me demande où il est né",
            ("Je lis sur Lénine et je me demande où il est né",),
        ),
        ("Bonjour tristesse, qui l'a écrit ?", ("Bonjour tristesse, qui l'a écrit ?",)),
        ("merci de m'indiquer les horaires", ("merci de m'indiquer les horaires",)),
        ("Quand M. Dupont est-il né ?", ("Quand M. Dupont est-il né ?",)),
        ("Que signifie « Que faire ? » ici ?", ("Que signifie « Que faire ? » ici ?",)),
        ("Quelle différence entre qui et que ?", ("Quelle différence entre qui et que ?",)),
        ("Dites-moi qui il était et où il vivait.", ("Qui il était ?", "Où il vivait.")),
        (
            "Comment obtenir un passeport et combien coûte-t-il ?",
            ("Comment obtenir un passeport ?", "Combien coûte-t-il ?"),
        ),
    ],
)
def test_split_questions(message: str, questions: tuple[str, ...]) -> None:
    assert split_questions(message) == questions


def judge(turn: dict[str, Any], understood: str) -> bool:
    """Whether the topic words are carried that must be, and none that must not."""
    if turn.get("alone"):
        asked = {word.stem for word in words(turn["question"])}
        return all(word.is_stop or word.stem in asked for word in words(understood))
    folded = fold(understood)
    carried = all(any(fold(form) in folded for form in forms) for forms in turn.get("carries", ()))
    return carried and not any(fold(form) in folded for form in turn.get("lacks", ()))


def test_most_turns_of_varied_conversations_are_understood(follow_ups: FollowUps) -> None:
    """Conversations on law, cooking, novels…: a share is asked for, not each turn.

    ``carries`` lists the words that a turn must be given, each with what may stand for it.
    """
    judged: dict[bool, list[bool]] = {True: [], False: []}
    for line in (DATA / "follow_ups.jsonl").read_text("utf-8").splitlines():
        history: Sequence[Turn] = ()
        for turn in json.loads(line)["turns"]:
            taken = follow_ups.context(turn["question"], history).taken
            understood = with_context(turn["question"], taken)
            if turn.get("alone") or "carries" in turn:
                judged[bool(turn.get("alone"))].append(judge(turn, understood))
            history = (*history, make_turn(understood, turn.get("answer")))
    alone, follow_up = judged[True], judged[False]
    assert sum(alone) / len(alone) >= 0.84, f"{sum(alone)} of {len(alone)}"
    assert sum(follow_up) / len(follow_up) >= 0.8, f"{sum(follow_up)} of {len(follow_up)}"


def test_pathological_messages_are_split_at_once() -> None:
    for piece in ("dis-moi ", "et quand ", ", ", "merci ", "je voudrais savoir, "):
        message = piece * (2_000 // len(piece))
        assert len("".join(split_questions(message))) <= len(message)
