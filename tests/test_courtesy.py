"""Replies to what asks nothing of the documents; a question is never mistaken for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa.courtesy import courtesy_reply


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Bonjour", "Bonjour"),
        ("bonjour !", "Bonjour"),
        ("Salut, ça va ?", "Bonjour"),
        ("Merci beaucoup !", "Je vous en prie"),
        ("ok merci", "Je vous en prie"),
        ("Au revoir", "Au revoir"),
        ("Qui es-tu ?", "mot pour mot"),
        ("Aide", "mot pour mot"),
        ("Espèce d’idiot", "mieux faire"),
        ("Tu es nul", "mieux faire"),
        ("Ta gueule !", "mieux faire"),
        ("Who killed Trotsky and when did he die?", "français"),
        ("¿Quién mató a Trotsky y cuándo murió?", "français"),
        ("Wer hat Trotzki ermordet und wann?", "français"),
        ("Кто убил Троцкого?", "français"),
        ("أين مات تروتسكي؟", "français"),
        ("🙂🙂", "pas compris"),
        ("?!", "pas compris"),
    ],
)
def test_replies(message: str, words: str) -> None:
    reply = courtesy_reply(message)
    assert reply is not None and words in reply


@pytest.mark.parametrize(
    "message",
    [
        "Bonjour, où est mort Trotsky ?",
        "Merci. Et en 1928 ?",
        "Qui a dit merci à Lénine ?",
        "Qui est l’auteur de The State and the Revolution ?",
        "mort lénine date",
        "Trotsky",
        "Et Lénine ?",
        "Pourquoi ?",
        "Où ?",
        "Que signifie « ¿Quién es? » ?",
        "Quelle est la politique d’aide aux paysans ?",
        "Quel fut le rôle de Die Rote Fahne ?",
        "Qui dirigeait la Tchéka ?",
        "Comment ça marche, la NEP ?",
    ],
)
def test_questions_are_left_alone(message: str) -> None:
    assert courtesy_reply(message) is None


def test_courtesies_are_told_from_questions() -> None:
    """Messages of both kinds that look alike: no question may be lost, few courtesies missed."""
    lines = (Path(__file__).parent / "data" / "courtesies.jsonl").read_text("utf-8").splitlines()
    messages = [json.loads(line) for line in lines]
    lost = [m["message"] for m in messages if m["asks"] and courtesy_reply(m["message"])]
    missed = [m["message"] for m in messages if not m["asks"] and not courtesy_reply(m["message"])]
    assert lost == []
    assert len(missed) <= 4, missed


def test_how_it_works_is_about_the_topic_once_there_is_one() -> None:
    assert courtesy_reply("Comment ça marche ?") is not None
    assert courtesy_reply("Comment ça marche ?", in_conversation=True) is None
    assert courtesy_reply("Merci", in_conversation=True) is not None
