"""Our own figures stay where they were; what moves them on purpose is a diff of baseline.json."""

from __future__ import annotations

import json

from baseline import BASELINE, DATA, differences, measure
from conftest import ROOT
from qa.assistant import Assistant
from qa.evaluation import read_answer_questions, read_conversations
from qa.reading.folder import read_corpus
from qa.records import Document

DOCUMENTS = {
    item.id: item.text for item in read_corpus(ROOT / "corpus") if isinstance(item, Document)
}


def test_every_piece_of_evidence_stands_in_its_document() -> None:
    questions = read_answer_questions(DATA / "questions.jsonl")
    assert len(questions) >= 120
    assert len({item.question for item in questions}) == len(questions)
    for item in questions:
        assert (item.document is not None) == item.answerable, item.id
        for piece in item.evidence:
            assert piece in DOCUMENTS[str(item.document)], item.id
    kinds = {item.kind for item in questions if not item.answerable}
    assert kinds == {"near-topic", "off-topic", "false-premise"}


def test_all_gold_of_the_conversations_stands_in_its_document() -> None:
    conversations = read_conversations(DATA / "conversations.jsonl")
    assert len(conversations) == 25
    for conversation in conversations:
        for turn in conversation.turns:
            assert turn.gold
            for gold in turn.gold:
                text = DOCUMENTS[gold.document]
                assert gold.text is None or text.count(gold.text) == 1, conversation.id


def test_the_shipped_model_has_the_figures_of_the_baseline(demo: Assistant) -> None:
    kept = json.loads(BASELINE.read_text("utf-8"))
    measured = measure(demo)
    assert measured["model"] == kept["model"], "the model is another one: run make baseline"
    moved = differences(measured, kept)
    assert not moved, f"meant? then run make baseline and review its diff: {moved}"


def test_differences_beyond_the_tolerance_are_told() -> None:
    kept = {"tolerance": 0.02, "figures": {"a": 0.5, "b": 0.5, "gone": 0.1, "none": None}}
    measured = {"figures": {"a": 0.519, "b": 0.479, "new": 0.3, "none": None}}
    assert differences(measured, kept) == [
        "b: 0.5000 -> 0.4790",
        "gone: 0.1 -> None",
        "new: None -> 0.3",
    ]
