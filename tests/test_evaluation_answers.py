"""Evaluation of answers and conversations, and judging: values worked by hand, published ones."""

from __future__ import annotations

import io
import json
import math
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT
from fake_reader import FakeReader
from qa.assistant import Assistant, Caution
from qa.cli import _parser, main
from qa.embedding import Embedder
from qa.evaluation import (
    InputError,
    Judging,
    answer_table,
    conversation_table,
    evaluate_answers,
    evaluate_conversations,
    load_dataset,
    pool_passages,
    read_answer_questions,
    read_conversations,
    read_questions,
)
from qa.evaluation.confidence import auroc, risk_coverage
from qa.evaluation.evidence import Evidence
from qa.evaluation.gold import contains, squeezed
from qa.evaluation.page import sections
from qa.evaluation.significance import bootstrap_ratio, wilson_interval
from qa.index import open_index, update_index
from qa.records import Answer, Citation, QAError, Turn
from qa.web.evaluation_texts import REPORTS

DOCUMENTS = {
    "lovelace.txt": "Ada Lovelace écrivit le premier programme. Ada Lovelace est née à Londres "
    "en 1815, dans une maison de Piccadilly.",
    "curie.txt": "Marie Curie est née à Varsovie. Née Sklodowska.",
    "babbage.txt": "Charles Babbage dessina une machine.",
}


def write_lines(path: Path, records: Sequence[Mapping[str, object]]) -> Path:
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), "utf-8")
    return path


# --- Statistics -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_as_published(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)
    assert wilson_interval(0, 0) is None


def test_the_area_under_the_roc_curve_counts_equal_confidences_half() -> None:
    # Pairs: 0.9 > 0.8, 0.9 > 0.1, 0.8 > 0.1, and 0.8 = 0.8 for a half.
    found = auroc([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
    assert found.value == pytest.approx(3.5 / 4)
    assert found.ci95 is not None
    assert found.ci95[0] < 3.5 / 4 < found.ci95[1] == 1
    perfect = auroc([0.9, 0.8, 0.2], [True, True, False])
    assert (perfect.value, perfect.ci95) == (1.0, (1.0, 1.0))
    assert auroc([0.9, 0.8], [True, True]).value is None
    assert auroc([], []).value is None


def test_the_risk_coverage_curve_worked_by_hand() -> None:
    area, points = risk_coverage([0.6, 0.9, 0.7, 0.8], [False, True, True, False])
    assert [(p.confidence, p.coverage, p.risk) for p in points] == [
        (0.9, 1 / 4, 0),
        (0.8, 2 / 4, 1 / 2),
        (0.7, 3 / 4, pytest.approx(1 / 3)),
        (0.6, 1, 2 / 4),
    ]
    assert area.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4)
    # Equal confidences: one point, their error shared evenly below it.
    area, points = risk_coverage([0.9, 0.5, 0.5], [True, True, False])
    assert [(p.confidence, p.coverage, p.risk) for p in points] == [
        (0.9, pytest.approx(1 / 3), 0),
        (0.5, 1, pytest.approx(1 / 3)),
    ]
    assert area.value == pytest.approx((0 + 0.5 / 2 + 1 / 3) / 3)
    assert risk_coverage([], []) == (auroc([], []), ())


def test_the_interval_of_a_ratio() -> None:
    sizes = np.array([1.0, 2.0, 3.0])
    assert bootstrap_ratio(2 * sizes, sizes) == (2.0, 2.0)
    assert bootstrap_ratio(sizes, np.zeros(3)) is None
    interval = bootstrap_ratio(np.array([0.0, 1.0] * 50), np.ones(100))
    assert interval == pytest.approx((0.4, 0.6), abs=0.011)


# --- Answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("Il naquit en 1879, à Ianovka.", "1879 à Ianovka", True),
        ("L’*Été* de\u00a01905 !", "l'ete de 1905", True),
        ("En 1910.", "10", False),
        ("Les Carnets", "carnet", False),
        ("Près de 100\u202f000 hommes", "100 000 hommes", True),
    ],
)
def test_an_answer_is_found_whole_whatever_its_spelling(
    text: str, answer: str, found: bool
) -> None:
    assert contains(text, ["autre chose", answer]) is found


def test_squeezed_texts() -> None:
    assert squeezed(" L’*Œuvre* — n° 5, « citée » ") == "l oeuvre n 5 citee"


class ScriptedAssistant(Assistant):
    """Quotes what the script says, as pieces of documents, with a confidence: refuses below 0.5.

    ``understood``: what a message means after others.
    """

    script: Mapping[str, tuple[float, Sequence[tuple[str, str]]]] = {}
    understood: Mapping[str, str] = {}

    def answer(
        self,
        message: str,
        turns: Sequence[Turn] = (),
        *,
        limit: int = 5,
        method: str = "hybrid",
        caution: Caution = "normal",
        context: Sequence[str] | None = None,
        only: str | Sequence[str] = (),
    ) -> Answer:
        standalone = self.understood.get(message, message) if turns else message
        confidence, quotes = self.script.get(standalone, (0.0, ()))
        citations = tuple(self.cite(n, *quote) for n, quote in enumerate(quotes, 1))
        answered = confidence >= 0.5
        return Answer(
            question=message,
            standalone_question=standalone,
            status="answered" if answered else "not_found",
            citations=citations if answered else (),
            confidence=confidence,
            hits=tuple(self.search(standalone, limit=limit, method=method)),
            timings={},
            withheld=() if answered else citations,
        )

    def cite(self, marker: int, document: str, quote: str) -> Citation:
        start = self.document(document).text.index(quote)
        return Citation(marker, document, "", (), "", start, start + len(quote), quote)


@pytest.fixture
def scripted(
    tmp_path: Path, write_corpus: Callable[..., Path], fake_embedder: Embedder
) -> Iterator[ScriptedAssistant]:
    update_index(write_corpus(DOCUMENTS), tmp_path / "index", fake_embedder)
    index = open_index(tmp_path / "index")
    yield ScriptedAssistant(index, fake_embedder, FakeReader())
    index.close()


BORN = "Ada Lovelace est née à Londres en 1815, dans une maison de Piccadilly."
QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "born",
        "question": "Où Ada Lovelace est-elle née ?",
        "answerable": True,
        "kind": "place",
        "answer": ["Londres", "London"],
        "evidence": [BORN],
        "document": "lovelace.txt",
        "style": "plain",
        "remark": "other fields are left alone",
    },
    {
        "id": "second quote",
        "question": "Qui dessina une machine ?",
        "answerable": True,
        "kind": "person",
        "answer": "charles babbage",
        "evidence": "Charles Babbage dessina une machine.",
    },
    {
        "id": "held back",
        "question": "Où Marie Curie est-elle née ?",
        "answerable": True,
        "kind": "place",
        "answer": "Varsovie",
        "evidence": ["Marie Curie est née à Varsovie."],
        "document": "curie.txt",
    },
    {"id": 4, "question": "Qui dort ?", "answerable": False, "kind": "near"},
    {"id": "5", "question": "Combien de pommes ?", "answerable": False, "kind": "off"},
]
SCRIPT = {
    "Où Ada Lovelace est-elle née ?": (0.9, [("lovelace.txt", "est née à Londres")]),
    "Qui dessina une machine ?": (
        0.6,
        [("curie.txt", "Née Sklodowska."), ("babbage.txt", "Charles Babbage dessina")],
    ),
    "Où Marie Curie est-elle née ?": (0.3, [("curie.txt", "Marie Curie est née à Varsovie.")]),
    "Qui dort ?": (0.7, [("lovelace.txt", "Ada Lovelace écrivit le premier programme.")]),
    "Combien de pommes ?": (0.1, []),
}


def test_answers_judged_by_hand(tmp_path: Path, scripted: ScriptedAssistant) -> None:
    scripted.script = SCRIPT
    questions = read_answer_questions(write_lines(tmp_path / "q.jsonl", QUESTIONS))
    assert [item.id for item in questions] == ["born", "second quote", "held back", "4", "5"]
    assert questions[0].answers == ("Londres", "London")
    found = evaluate_answers(questions, scripted, name="q.jsonl")
    assert (found.accuracy.count, found.accuracy.total) == (2, 3)
    assert found.accuracy.ci95 == wilson_interval(2, 3)
    assert (found.accuracy_first.count, found.accuracy_first.total) == (1, 3)
    assert (found.accuracy_when_answered.count, found.accuracy_when_answered.total) == (2, 2)
    assert {kind: (s.count, s.total) for kind, s in found.accuracy_by_kind.items()} == {
        "place": (1, 2),
        "person": (1, 1),
    }
    assert {kind: (s.count, s.total) for kind, s in found.accuracy_by_style.items()} == {
        "plain": (1, 1)
    }
    # The refused question's quote holds its answer, and is the first.
    assert (found.unrefused.count, found.unrefused_first.count) == (3, 2)
    # Three citations on answerable questions; the one from curie.txt proves nothing.
    assert (found.citation_precision.count, found.citation_precision.total) == (2, 3)
    assert (found.refused.count, found.refused.total) == (1, 2)
    assert {kind: s.value for kind, s in found.refused_by_kind.items()} == {"near": 0, "off": 1}
    assert (found.falsely_refused.count, found.falsely_refused.total) == (1, 3)
    assert found.falsely_refused.rest.ci95 == pytest.approx(wilson_interval(2, 3))
    # Answerable 0.9, 0.6, 0.3 against 0.7, 0.1: won pairs 2 + 1 + 1 of 6.
    assert found.auroc.value == pytest.approx(4 / 6)
    assert {kind: area.value for kind, area in found.auroc_by_kind.items()} == {
        "near": pytest.approx(1 / 3),
        "off": 1,
    }
    # Quotes of 17, 15, 23 and 42 characters in three answers.
    assert found.quote_length == 20
    assert found.quotes == pytest.approx(4 / 3)
    # By confidence: right, wrong (unanswerable), right, the refused one would be right, wrong.
    assert [point.risk for point in found.risk_coverage] == pytest.approx(
        [0, 1 / 2, 1 / 3, 1 / 4, 2 / 5]
    )
    assert found.unfindable == ()
    fields = json.loads(json.dumps(found.to_json()))
    assert fields["accuracy"]["value"] == pytest.approx(2 / 3)
    assert fields["refusals"]["by_kind"]["off"]["count"] == 1
    assert fields["auroc"]["by_kind"]["off"]["value"] == 1
    assert fields["accuracy"]["by_style"]["plain"]["count"] == 1
    assert fields["nothing_refused"]["first_quote"]["count"] == 2
    assert fields["index"]["documents"] == 3
    table = answer_table(found)
    assert "q.jsonl: 5 questions, caution normal, 3 documents, model fake" in table
    for words in ("2/3", "unanswerable, near, answered", "the answer, style plain", "against near"):
        assert words in table
    assert "1.33 quotes an answer, of 20 characters (median)." in table
    assert "style plain" in sections([found], REPORTS["fr"])
    found.write_per_query(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["right"] for line in lines] == [True, True, False, False, False]
    assert [line["would_be_right"] for line in lines] == [True, True, True, False, False]
    assert [line["style"] for line in lines] == ["plain", "", "", "", ""]
    assert lines[0]["citations"][0]["quote"] == "est née à Londres"


def test_a_citation_must_touch_the_evidence_in_its_document(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    question = QUESTIONS[0]
    questions = read_answer_questions(write_lines(tmp_path / "q.jsonl", [question]))
    for quotes, supported in [
        ([("lovelace.txt", "programme.")], 0),
        ([("lovelace.txt", "programme. A")], 1),  # one character of the evidence
        ([("lovelace.txt", "Piccadilly."), ("curie.txt", "Marie Curie")], 1),
    ]:
        scripted.script = {question["question"]: (0.5, quotes)}
        found = evaluate_answers(questions, scripted)
        assert (found.citation_precision.count, found.citation_precision.total) == (
            supported,
            len(quotes),
        )


def test_evidence_is_found_by_its_letters_and_digits(scripted: ScriptedAssistant) -> None:
    evidence = Evidence(scripted.index)
    text = scripted.document("lovelace.txt").text
    (span,) = evidence.spans("lovelace.txt", "« ADA  LOVELACE ecrivit\nle premier\u00a0programme,.")
    assert text[slice(*span)] == "Ada Lovelace écrivit le premier programme"
    assert len(evidence.spans("lovelace.txt", "Ada Lovelace")) == 2
    assert evidence.spans("lovelace.txt", "Babbage") == evidence.spans("lovelace.txt", "…") == []
    assert evidence.spans("nowhere.txt", "Ada") == []


def test_evidence_that_the_index_does_not_hold_is_told(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    scripted.script = SCRIPT
    moved = {**QUESTIONS[0], "id": "moved", "document": "curie.txt"}
    questions = read_answer_questions(write_lines(tmp_path / "q.jsonl", [*QUESTIONS, moved]))
    found = evaluate_answers(questions, scripted)
    assert found.unfindable == ("moved",)
    assert list(map(str, found.notes())) == [
        "1 questions have a document or evidence that is not in the index: moved"
    ]
    with pytest.raises(QAError, match="none of the evidence of x is in the index"):
        evaluate_answers(questions[-1:], scripted, name="x")


def test_all_faults_of_a_file_of_questions_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    good = json.dumps(QUESTIONS[0])
    path.write_text(
        f"{good}\n{good}\nnot json\n[]\n"
        '{"id": "a", "question": " ", "answerable": "yes"}\n'
        '{"id": "b", "question": "Qui ?", "answerable": true}\n'
        '{"id": true, "question": 3, "answerable": false, "evidence": [1], "document": 5}\n'
        '{"question": "Qui ?", "answerable": true, "answer": "…", "evidence": ["x"]}\n'
        f'{{"id": "long", "question": "{"a" * 2001}", "answerable": false}}\n',
        "utf-8",
    )
    with pytest.raises(InputError) as caught:
        read_answer_questions(path)
    faults = [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]
    assert faults[1].startswith("line 3: not JSON")
    assert [faults[0], *faults[2:]] == [
        "line 2: id 'born' was used on line 1",
        "line 4: not a JSON object",
        'line 5: "question" is empty',
        'line 5: "answerable" is not true or false',
        'line 6: answerable, but there is no "answer"',
        'line 6: answerable, but there is no "evidence"',
        'line 7: "id" is not a text',
        'line 7: "question" is not a text',
        'line 7: "evidence" is not a list of texts',
        'line 7: "document" is not a text',
        'line 8: no "id"',
        'line 8: "answer" has no letter or digit',
        'line 9: "question" cannot be asked: the question has 2001 characters, the limit is 2000. '
        "Shorten it.",
    ]
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="no question in it"):
        read_answer_questions(tmp_path / "empty.jsonl")
    with pytest.raises(InputError, match="no such file"):
        read_answer_questions(tmp_path / "nowhere.jsonl")


# --- Conversations --------------------------------------------------------------------------------

CONVERSATIONS: list[dict[str, Any]] = [
    {
        "id": "ada",
        "turns": [
            {
                "question": "Qui était Ada Lovelace ?",
                "resolved": "Qui était Ada Lovelace ?",
                "gold": ["lovelace.txt"],
            },
            {
                "question": "Où est-elle née ?",
                "resolved": "Où Ada Lovelace est-elle née ?",
                "gold": [{"document": "lovelace.txt", "text": "née à Londres"}],
                "phenomenon": "pronoun",
            },
            {
                "question": "Merci !",
                "resolved": "Merci !",
                "gold": [],
            },
            {
                "question": "Que dessina Charles Babbage ?",
                "resolved": "que dessina charles babbage",
                "gold": ["babbage.txt", {"document": "curie.txt", "text": "Sklodowska"}],
                "phenomenon": "topic-shift",
            },
        ],
    }
]


def test_conversations_worked_by_hand(tmp_path: Path, scripted: ScriptedAssistant) -> None:
    scripted.understood = {"Où est-elle née ?": "Où Ada Lovelace est-elle née ?"}
    conversations = read_conversations(write_lines(tmp_path / "c.jsonl", CONVERSATIONS))
    found = evaluate_conversations(conversations, scripted, name="c.jsonl", method="lexical")
    assert [item.place for item in found.judged] == ["first", "follow-up", "self-contained"]
    assert (found.unmeasured, found.unfindable) == (1, ())
    follow_up = found.judged[1]
    assert follow_up.standalone == "Où Ada Lovelace est-elle née ?"
    # « Où est-elle née ? » finds Marie Curie first, whose text says it twice.
    values = follow_up.values
    assert [values["raw"][name] for name in ("nDCG@5", "R@5")] == [pytest.approx(1 / LOG_3), 1]
    assert [values["history"][name] for name in ("nDCG@5", "R@5")] == [1, 1]
    group = found.by_place["follow-up"]
    assert (group.turns["nDCG@5"], group.changed["nDCG@5"]) == (1, 1)
    assert group.recovered["nDCG@5"].value == pytest.approx(1)
    assert group.recovered["R@5"].value is None  # resolving gains nothing
    assert group.harm["nDCG@5"].value == pytest.approx(1 / LOG_3 - 1)
    # Of two golds, the first is found; the ideal ranking has both at its head.
    alone = found.judged[2]
    ideal = 1 + 1 / LOG_3
    assert alone.values["history"]["nDCG@5"] == pytest.approx(1 / ideal)
    assert alone.values["history"]["R@5"] == 0.5
    assert not alone.was_changed
    assert found.by_place["self-contained"].harm["nDCG@5"].value == 0
    assert list(found.by_phenomenon) == ["pronoun", "topic-shift"]
    assert list(map(str, found.notes())) == ["1 turns without gold were asked and not measured"]
    fields = json.loads(json.dumps(found.to_json()))
    assert fields["by_place"]["follow-up"]["means"]["raw"]["R@5"]["value"] == 1
    assert "gap recovered" in conversation_table(found)
    found.write_per_query(tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["turn"] for line in lines] == [1, 2, 4]


LOG_3 = math.log2(3)
ADA, BABBAGE = "Qui était Ada Lovelace ?", "Que dessina Charles Babbage ?"
NATURAL: list[dict[str, Any]] = [
    {
        "id": "n1",
        "turns": [
            {
                "question": ADA,
                "resolved": ADA,
                "document": "lovelace.txt",
                "evidence": ["Ada Lovelace écrivit le premier programme."],
                "phenomena": ["standalone"],
            },
            {
                "question": "Où est-elle née ?",
                "resolved": "Où est née Ada Lovelace ?",
                "document": "lovelace.txt",
                "evidence": [BORN],
                "phenomena": ["subject-pronoun", "answer-reference"],
            },
            {
                "question": "et son chat",
                "resolved": "Comment s’appelle le chat d’Ada Lovelace ?",
                "answerable": False,
                "phenomena": ["possessive"],
            },
            {
                "question": "Dans quelle maison ?",
                "resolved": "Dans quelle maison est née Ada Lovelace ?",
                "document": "lovelace.txt",
                "evidence": [BORN],
                "phenomena": ["ellipsis"],
            },
            {
                "question": BABBAGE,
                "resolved": BABBAGE,
                "document": "babbage.txt",
                "evidence": ["Charles Babbage dessina une machine."],
                "phenomena": ["shift"],
                "shift": True,
            },
        ],
    },
    {
        "id": "n2",
        "turns": [
            {
                "question": "Où Marie Curie est-elle née ?",
                "resolved": "Où Marie Curie est-elle née ?",
                "document": "curie.txt",
                "evidence": ["Marie Curie est née à Varsovie."],
                "phenomena": ["standalone"],
            }
        ],
    },
]
HELD = {
    ADA: (0.9, [("lovelace.txt", "Ada Lovelace écrivit le premier programme.")]),
    # As typed another birth is cited; after the turns before the right one, written out it is
    # refused, and would have been cited.
    "Où est-elle née ?": (0.9, [("curie.txt", "Marie Curie est née à Varsovie.")]),
    "Où Ada Lovelace est-elle née ?": (0.9, [("lovelace.txt", "est née à Londres")]),
    "Où est née Ada Lovelace ?": (0.2, [("lovelace.txt", "est née à Londres")]),
    # The unanswerable one is answered when the history is looked at.
    "et son chat (Ada Lovelace)": (0.6, [("lovelace.txt", BORN)]),
    "Dans quelle maison est née Ada Lovelace ?": (0.9, [("lovelace.txt", "maison de Piccadilly")]),
    BABBAGE: (0.9, [("babbage.txt", "Charles Babbage dessina une machine.")]),
    # The question of somebody else is answered by what was said before.
    "Où Marie Curie est-elle née ? (Ada Lovelace)": (0.9, [("lovelace.txt", BORN)]),
    "Où Marie Curie est-elle née ?": (0.9, [("curie.txt", "née à Varsovie")]),
}


def test_natural_conversations_are_held_and_their_answers_judged(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    scripted.script = HELD
    scripted.understood = {
        "Où est-elle née ?": "Où Ada Lovelace est-elle née ?",
        "et son chat": "et son chat (Ada Lovelace)",
        "Où Marie Curie est-elle née ?": "Où Marie Curie est-elle née ? (Ada Lovelace)",
    }
    conversations = read_conversations(write_lines(tmp_path / "c.jsonl", NATURAL))
    assert conversations[0].turns[1].phenomena == ("subject-pronoun", "answer-reference")
    found = evaluate_conversations(conversations, scripted, name="c.jsonl", method="lexical")
    assert (found.unmeasured, found.unfindable) == (0, ())
    assert [(item.conversation, item.number, item.place) for item in found.judged] == [
        ("n1", 1, "first"),
        ("n1", 2, "follow-up"),
        ("n1", 3, "follow-up"),
        ("n1", 4, "follow-up"),
        ("n1", 5, "shift"),
        ("n1", 6, "new subject"),
        ("n2", 1, "first"),
    ]
    follow_ups = found.by_place["follow-up"]
    assert follow_ups.turns == {
        "nDCG@5": 2,
        "R@5": 2,
        "evidence cited": 2,
        "evidence cited or withheld": 2,
        "refused": 1,
    }
    assert {way: means["evidence cited"].value for way, means in follow_ups.means.items()} == {
        "raw": 0,
        "history": 0.5,
        "resolved": 0.5,
    }
    shown = {way: m["evidence cited or withheld"].value for way, m in follow_ups.means.items()}
    assert shown == {"raw": 0, "history": 0.5, "resolved": 1}
    assert follow_ups.recovered["evidence cited or withheld"].value == 0.5
    refused = {way: means["refused"].value for way, means in follow_ups.means.items()}
    assert refused == {"raw": 1, "history": 0, "resolved": 1}
    assert follow_ups.harm["refused"].value == 1
    assert found.by_place["shift"].harm["evidence cited"].value == 0
    assert found.by_place["new subject"].harm["evidence cited"].value == 1
    assert "refused" not in found.by_place["shift"].turns
    assert list(found.by_phenomenon) == [
        "subject-pronoun",
        "answer-reference",
        "possessive",
        "ellipsis",
        "chain of three",
        "shift",
    ]
    assert found.by_phenomenon["chain of three"].turns["nDCG@5"] == 1
    table = conversation_table(found)
    assert "evidence cited or withheld x 100" in table and "refused x 100" in table
    assert "question d’une autre conversation" in sections([found], REPORTS["fr"])
    fields = json.loads(json.dumps(found.to_json()))
    assert fields["by_place"]["follow-up"]["means"]["history"]["evidence cited"]["value"] == 0.5
    found.write_per_query(tmp_path / "out.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert lines[1]["resolved"] == "Où est née Ada Lovelace ?"
    assert lines[1]["ways"]["resolved"]["status"] == "not_found"
    assert lines[1]["ways"]["resolved"]["quotes"] == ["est née à Londres"]


def test_an_assistant_that_understands_nothing_recovers_nothing(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    scripted.script = HELD
    conversations = read_conversations(write_lines(tmp_path / "c.jsonl", NATURAL))
    found = evaluate_conversations(conversations, scripted, method="lexical")
    follow_ups = found.by_place["follow-up"]
    assert follow_ups.changed["nDCG@5"] == 0
    assert follow_ups.recovered["nDCG@5"].value == 0
    assert follow_ups.recovered["evidence cited"].value == 0


def test_gold_that_the_index_does_not_hold_is_told(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    turn = {"question": "Qui ?", "resolved": "Qui ?"}
    gold: list[object] = ["babbage.txt", "x.txt", {"document": "curie.txt", "text": "absent"}]
    path = write_lines(tmp_path / "c", [{"id": 1, "turns": [{**turn, "gold": gold}]}])
    found = evaluate_conversations(read_conversations(path), scripted)
    assert found.unfindable == ("curie.txt (text)", "x.txt")
    path = write_lines(tmp_path / "c", [{"id": 1, "turns": [{**turn, "gold": ["x.txt"]}]}])
    with pytest.raises(QAError, match="nothing of the gold of c is in the index"):
        evaluate_conversations(read_conversations(path), scripted, name="c")


def test_all_faults_of_a_file_of_conversations_are_told_at_once(tmp_path: Path) -> None:
    asked = {"question": "Qui ?", "resolved": "Qui ?"}
    turn = {**asked, "gold": ["a"]}
    path = write_lines(
        tmp_path / "c.jsonl",
        [
            {"id": "a", "turns": [turn]},
            {"id": "a", "turns": []},
            {"id": "b", "turns": [turn, "Qui ?", {"question": "Qui ?"}]},
            {"id": "c", "turns": [{**turn, "gold": [{"text": "x"}], "phenomenon": 1}]},
            {"id": "d", "turns": [{**asked, "document": "a", "evidence": []}]},
            {"id": "e", "turns": [{**asked, "answerable": "no", "shift": 1, "phenomena": [2]}]},
        ],
    )
    with pytest.raises(InputError) as caught:
        read_conversations(path)
    assert [fault.removeprefix(f"{path}: ") for fault in caught.value.faults] == [
        "line 2: id 'a' was used on line 1",
        'line 2: no "turns"',
        "line 3: turn 2: not a JSON object",
        'line 3: turn 3: neither "gold" nor "document" and "evidence"',
        'line 3: turn 3: no "resolved"',
        'line 4: turn 1: "gold" holds neither document ids nor {"document", "text"}',
        'line 4: turn 1: "phenomenon" is not a text',
        'line 5: turn 1: neither "gold" nor "document" and "evidence"',
        'line 6: turn 1: "answerable" is not true or false',
        'line 6: turn 1: "phenomena" is not a list of texts',
        'line 6: turn 1: "shift" is not true or false',
    ]
    path = write_lines(path, [{"id": "a", "turns": [{**turn, "gold": []}]}])
    with pytest.raises(InputError, match='no turn has "gold" or "document"'):
        read_conversations(path)


# --- Judging --------------------------------------------------------------------------------------


def test_a_pool_holds_each_document_once_and_judging_goes_on_where_it_stopped(
    tmp_path: Path, scripted: ScriptedAssistant
) -> None:
    questions = {"q1": "Où Ada Lovelace est-elle née ?", "q2": "Qui dessina une machine ?"}
    pool = list(pool_passages(scripted, questions))
    assert pool == list(pool_passages(scripted, questions))
    names = [item.passage.document_id for item in pool if item.query_id == "q1"]
    assert sorted(names) == sorted(set(names))
    assert "lovelace.txt" in names
    path = tmp_path / "set" / "qrels" / "test.tsv"
    judging = Judging(path)
    judging.add(pool[0], 2)
    again = Judging(path)
    assert pool[0] in again
    assert pool[1] not in again
    assert again.count == 1
    again.add(pool[1], 0)
    first, second = (item.passage.document_id for item in pool[:2])
    assert path.read_text("utf-8") == (
        f"query-id\tcorpus-id\tscore\nq1\t{first}\t2\nq1\t{second}\t0\n"
    )
    with pytest.raises(QAError, match="grades are 0, 1 and 2"):
        again.add(pool[2], 3)
    again.remove(pool[1])
    again.remove(pool[1])
    assert pool[1] not in again and again.count == 1
    assert path.read_text("utf-8") == f"query-id\tcorpus-id\tscore\nq1\t{first}\t2\n"
    again.add(pool[1], 1)
    path.write_text("q1 0 a 1\n")
    with pytest.raises(QAError, match="something else than judgements made here"):
        Judging(path)


def test_questions_to_pool(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "q.jsonl", [{"id": 1, "question": "Qui ?"}])
    assert read_questions(path) == {"1": "Qui ?"}
    with pytest.raises(InputError, match="no question"):
        read_questions(write_lines(path, [{"id": 1}]))


# --- Commands -------------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_eval_answers_and_conversations_from_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo_index: Path
) -> None:
    question = {
        "id": "q",
        "question": "Où est mort Trotsky ?",
        "answerable": True,
        "answer": "Mexico",
        "evidence": ["Mexico"],
    }
    path = write_lines(tmp_path / "q.jsonl", [question])
    code, out, _ = run(
        capsys, "eval", "--answers", path, "--index", demo_index, "--json",
        "--per-query", tmp_path / "out.jsonl", "--caution", "low",
    )  # fmt: skip
    assert code == 0
    assert json.loads(out)["accuracy"]["total"] == 1
    assert json.loads(out)["caution"] == "low"
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["question"] == (
        "Où est mort Trotsky ?"
    )
    code, out, _ = run(capsys, "eval", "--answers", path, "--index", demo_index)
    assert "answerable, answered" in out
    turn = {"question": "Où ?", "resolved": "Où ?", "gold": ["trotsky-vie.md"]}
    path = write_lines(tmp_path / "c.jsonl", [{"id": "c", "turns": [turn]}])
    command = ("eval", "--conversations", path, "--index", demo_index, "--caution", "high")
    code, out, _ = run(capsys, *command, "--json")
    assert (code, json.loads(out)["turns"], json.loads(out)["caution"]) == (0, 1, "high")


def test_eval_pool_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    demo_index: Path,
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    path = write_lines(folder / "queries.jsonl", [{"_id": "q", "text": "Qui a tué Trotsky ?"}])
    command = ("eval", "--pool", path, "--index", demo_index, "-k", 9, "--json")
    monkeypatch.setattr("sys.stdin", io.StringIO("oui\nu\n0\nu\n2\ns\nq\n"))
    code, out, err = run(capsys, *command)
    counted = json.loads(out)
    assert code == 0
    assert (counted["judged_now"], counted["judged"]) == (1, 1)
    assert "q: Qui a tué Trotsky ?" in err
    monkeypatch.setattr("sys.stdin", io.StringIO("0\n" * counted["pooled"]))
    code, out, _ = run(capsys, *command)
    assert json.loads(out)["judged"] == counted["pooled"]
    dataset = load_dataset(folder)
    assert sorted(dataset.judgements["q"].values())[-1] == 2
    code, out, _ = run(capsys, "eval", folder, "--index", demo_index, "--methods", "lexical")
    assert code == 0
    assert "set: 1 questions" in out


def test_compare_shows_questions_and_passages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "qrels").mkdir()
    write_lines(tmp_path / "queries.jsonl", [{"_id": "q", "text": "Qui broie le blé ?"}])
    documents = [{"_id": "a", "text": "Le moulin broie le blé."}, {"_id": "b", "text": "Le phare."}]
    corpus = write_lines(tmp_path / "corpus.jsonl", documents)
    qrels = write_text(tmp_path / "qrels" / "test.tsv", "q\ta\t1\n")
    runs = [
        write_text(tmp_path / name, f"q Q0 {first} 1 2 x\nq Q0 {second} 2 1 x\n")
        for name, first, second in (("new", "a", "b"), ("old", "b", "a"))
    ]
    code, out, _ = run(capsys, "compare", *runs, "--dataset", tmp_path)
    assert code == 0
    assert "q: Qui broie le blé ?" in out and "     Le moulin broie le blé." in out
    code, alone, _ = run(capsys, "compare", *runs, "--qrels", qrels)
    assert code == 0 and "moulin" not in alone
    options = ("--qrels", qrels, "--queries", tmp_path / "queries.jsonl", "--corpus", corpus)
    assert run(capsys, "compare", *runs, *options)[1] == out
    (won,) = json.loads(run(capsys, "compare", *runs, *options, "--json")[1])["won"]
    assert (won["question"], won["passages"]["b"]) == ("Qui broie le blé ?", "Le phare.")
    assert won["relevant"] == [["a", 1, 1, 2]]
    for wrong in ((), ("--dataset", tmp_path, "--qrels", qrels)):
        assert run(capsys, "compare", *runs, *wrong)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give one of DATASET, --answers"),
        (("set", "--pool", "q"), "give one of DATASET, --answers"),
        (("--answers", "q"), "--answers needs the index"),
        (("--answers", "q", "--noise", "1", "-k", "3"), "--noise, --k cannot be used with --answ"),
        (("set", "--caution", "low"), "--caution cannot be used with DATASET"),
    ],
)
def test_wrong_usage_is_told(
    capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str
) -> None:
    code, out, err = run(capsys, "eval", *arguments)
    assert (code, out) == (2, "")
    assert words in err


# --- Documentation --------------------------------------------------------------------------------

GUIDE = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
BLOCKS = re.findall(r"(?:^    .+\n)+", GUIDE, re.MULTILINE)


def test_the_examples_of_the_guide_are_fit_files(tmp_path: Path) -> None:
    examples = [block for block in BLOCKS if block.startswith('    {"id"')]
    questions, answers, conversations, natural = (
        write_text(tmp_path / f"{number}.jsonl", block) for number, block in enumerate(examples)
    )
    assert len(read_questions(questions)) == 2
    assert [item.answerable for item in read_answer_questions(answers)] == [True, False]
    assert len(read_conversations(conversations)[0].turns) == 2
    turns = read_conversations(natural)[0].turns
    assert [(turn.answerable, turn.shift) for turn in turns] == [
        (True, False),
        (False, False),
        (True, True),
    ]


def test_the_commands_of_the_guide_are_right() -> None:
    commands = [line[4:] for block in BLOCKS for line in block.splitlines() if "    qa " in line]
    assert len(commands) >= 6
    for command in commands:
        _parser().parse_args(shlex.split(command)[1:])


def write_text(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
