"""What the recipe learns from: pairs, questions with marked answers, follow-ups, mined passages."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa.french import fold, words
from qa.lexical import LexicalIndex
from qa.records import QAError
from qa.training.base import write_base
from qa.training.data import is_held_out, read_lines, read_rows, read_training_pairs
from qa.training.encoder import embed, load_encoder
from qa.training.followups import (
    FollowUp,
    FollowUps,
    alone_followups,
    made_followups,
    read_followups,
)
from qa.training.mining import KEEP, fused_scores, mine_negatives
from qa.training.questions import AnswerSpan, LabelledQuestion, Questions, Source, read_questions
from training_material import (
    CASTLES,
    FRENCH,
    held,
    one_thread,
    write_base_file,
    write_data,
    write_natural,
    write_rows,
)


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def document(name: str, text: str, title: str = "") -> dict[str, str]:
    return {"id": name, "title": title, "text": text}


def asked(name: str, question: str, evidence: str, answer: str | None) -> dict[str, Any]:
    row = {
        "id": f"{name}-{question}",
        "question": question,
        "answerable": True,
        "document": name,
        "evidence": [evidence],
    }
    return row if answer is None else {**row, "answer": answer}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data(tmp_path / "data")


@pytest.fixture
def natural(tmp_path: Path) -> Path:
    return write_natural(tmp_path / "natural" / "castles")


# --- Pairs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["qa/piaf_dev", "retrieval/piaf_dev/corpus", "stsb_dev"])
def test_measured_sets_are_never_read(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / f"{name}.jsonl.gz", [{"text": "x"}])
    with pytest.raises(QAError, match="only measured on"):
        read_rows(tmp_path, name)


def test_a_data_folder_may_lie_anywhere(tmp_path: Path) -> None:
    data = write_data(tmp_path / "dev" / "retrieval" / "data")
    assert len(list(read_rows(data, "qa/piaf_train"))) == 2 * len(CASTLES)
    assert list(read_rows(data, "pairs/none")) == []


def test_questions_that_are_measured_on_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"anchor": text, "positive": "Une réponse assez longue pour compter."}
        for text in ("Quelle durée ?", "Quel délai ?", "Quel prix\u2028fixé ?")
    ]
    write_rows(tmp_path / "pairs/labour_law.jsonl.gz", rows)
    write_rows(
        tmp_path / "retrieval/set/queries.jsonl.gz", [{"_id": "1", "text": "quelle duree ?"}]
    )
    # A line separator inside a string ends no line.
    write_rows(tmp_path / "natural/dev/set/qa.jsonl", [{"question": "Quel prix\u2028fixé ?"}])
    assert [pair.question for pair in read_training_pairs(tmp_path)] == ["Quel délai ?"]


@pytest.mark.parametrize(
    ("line", "told"), [(b'{"a": \n', "not JSON"), (b"[1]\n", "object"), (b"\xff\n", "not JSON")]
)
def test_bad_lines_are_told_with_their_number(tmp_path: Path, line: bytes, told: str) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' + line))
    with pytest.raises(QAError, match=f"line 2: .*{told}"):
        list(read_rows(tmp_path, "rows"))


def test_files_that_are_not_whole_are_told(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(b'{"a": 1}\n' * 100)[:-12])
    with pytest.raises(QAError, match=r"cannot read .*rows\.jsonl\.gz"):
        list(read_rows(tmp_path, "rows"))
    with pytest.raises(QAError, match=r"cannot read .*none\.jsonl"):
        list(read_lines(tmp_path / "none.jsonl"))


def test_pairs_are_cleaned_and_a_sentence_must_find_its_paragraph(data: Path) -> None:
    pairs = read_training_pairs(data)
    (law,) = (pair for pair in pairs if pair.source == "labour_law")
    assert law.passage == "Le délai est de dix jours ouvrables."
    assert [pair.passage for pair in pairs if pair.source == "quiz"] == FRENCH
    taken = [pair for pair in pairs if pair.source == "encyclopaedia"]
    assert [pair.group for pair in taken] == FRENCH
    for pair in taken:
        sentence = pair.question.removeprefix(f"{pair.title} : ")
        assert sentence in pair.group
        assert pair.passage in (pair.group, " ".join(pair.group.replace(sentence, "").split()))


# --- Questions with marked answers ----------------------------------------------------------------


def test_spans_point_at_the_answer_in_the_text_that_models_read(data: Path, tmp_path: Path) -> None:
    name, other = held(False)[:2]
    # White space ahead, several passages, a title that the first of them repeats.
    lead = [f"\n\n Le phare de Cordouan a {n} marches, et son gardien les monte. " for n in (301,)]
    filler = "Les vagues battent la digue depuis des siècles sans jamais la vaincre. " * 24
    text = lead[0] + filler + "Il fut achevé en 1611 sous le règne de Louis Treize."
    folder = tmp_path / "natural" / "phare"
    write_rows(
        folder / "docs.jsonl", [document(name, text, "Phares"), document(other, "Rien.", "Autre")]
    )
    write_rows(
        folder / "qa.jsonl",
        [
            asked(name, "Combien de marches ?", lead[0].strip(), "301 marches"),
            asked(name, "Fini quand ?", "Il fut achevé en 1611", "1611"),
            asked(name, "Qui règne ?", "sous le règne de Louis Treize.", None),
            {"id": "n", "question": "Son prix ?", "answerable": False, "document": name},
        ],
    )
    found = read_questions(data, [folder], count_words)
    piaf = [q for q in found.questions if q.collection == "piaf"]
    assert [told(found, q) for q in piaf] == [part for c in CASTLES for part in (c[1], c[2])]
    assert found.passages[0].text == f"Chambord\n{FRENCH[0]}"
    steps, year, king, price = (q for q in found.questions if q.collection == "phare")
    assert [told(found, q) for q in (steps, year, king)] == [
        "301 marches", "1611", "sous le règne de Louis Treize.",
    ]  # fmt: skip
    assert (steps.is_marked, king.is_marked) == (True, False)
    rows = [i for i, p in enumerate(found.passages) if p.document == name]
    assert len(rows) > 2
    assert [q.evidence for q in (steps, year)] == [frozenset(rows[:1]), frozenset(rows[-1:])]
    assert found.passages[rows[0]].text.startswith("Phares\nLe phare de Cordouan a 301")
    assert (price.answers, price.evidence) == ((), frozenset())


def told(found: Questions, question: LabelledQuestion) -> str:
    (answer,) = question.answers
    return found.passages[answer.row].text[answer.start : answer.end]


def test_questions_on_held_out_documents_are_left_out(data: Path, natural: Path) -> None:
    kept = held(False)[:2]
    found = read_questions(data, [natural], count_words)
    asked_of = {p.document for p in found.passages if p.collection == "castles"}
    assert asked_of == {*kept, held(True)[0]}  # its passages may still be found, as wrong ones
    questions = [q.text for q in found.questions if q.collection == "castles"]
    assert questions == [
        "Qui fit construire Chambord ?",
        "Combien coûta Chambord ?",
        "Qui fit construire Chenonceau ?",
        "Combien coûta Chenonceau ?",
        "Et où est-il ? (Chambord, château)",
        "Et où est-il ? (Chenonceau, château)",
    ]


def test_one_document_in_eight_is_held_out() -> None:
    count = sum(is_held_out(f"document-{i}") for i in range(4000))
    assert count / 4000 == pytest.approx(1 / 8, abs=0.02)


def test_measured_questions_are_dropped(data: Path, natural: Path) -> None:
    row = {"question": "qui fit construire chambord ?"}
    write_rows(data / "natural" / "dev" / "set" / "qa.jsonl", [row])
    write_rows(data / "qa" / "piaf_dev.jsonl.gz", [{"question": "Combien couta Chenonceau ?"}])
    texts = {q.text for q in read_questions(data, [natural], count_words).questions}
    assert "Qui fit construire Chenonceau ?" in texts
    assert not {"Qui fit construire Chambord ?", "Combien coûta Chenonceau ?"} & texts


def test_a_folder_below_dev_is_refused_and_nothing_else_named_so(
    data: Path, tmp_path: Path
) -> None:
    folder = write_natural(tmp_path / "natural" / "dev" / "news")
    with pytest.raises(QAError, match="only measured on"):
        read_questions(data, [folder], count_words)
    elsewhere = write_natural(tmp_path / "dev" / "natural" / "news")
    assert len(read_questions(data, [elsewhere], count_words).questions) > 2 * len(CASTLES)


@pytest.mark.parametrize(
    "change", [{"evidence": ["Il fut vendu."]}, {"answer": "Jean Breton"}, {"document": "none"}]
)
def test_an_answer_that_is_not_there_is_told(
    data: Path, natural: Path, change: dict[str, Any]
) -> None:
    rows = list(read_lines(natural / "qa.jsonl"))
    write_rows(natural / "qa.jsonl", [{**rows[0], **change}])
    with pytest.raises(QAError, match=r"« Qui fit construire Chambord \? »"):
        read_questions(data, [natural], count_words)


def test_no_questions_at_all_are_told(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="no questions with answers"):
        read_questions(tmp_path, [], count_words)


# --- Follow-ups -----------------------------------------------------------------------------------


def stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(text))


def test_follow_ups_need_the_words_that_they_lack(tmp_path: Path) -> None:
    name, hidden = held(False)[0], held(True)[0]
    text = "Lénine est mort à Gorki en 1924. Staline lui succéda la même année."
    write_rows(tmp_path / "docs.jsonl", [document(name, text, "Russie"), document(hidden, text)])
    turns: list[dict[str, Any]] = [
        {"question": "Où est mort Lénine ?", "resolved": "Où est mort Lénine ?"},
        {"question": "Qui lui a succédé ?", "resolved": "Qui a succédé à Lénine ?"},
        {"question": "En quelle année ?", "resolved": "En quelle année Staline a-t-il succédé ?"},
        {"question": "Et le climat ?", "resolved": "Quel est le climat de la Russie ?"},
    ]
    turns[3]["shift"] = True
    told = ("Lénine est mort à Gorki en 1924.", "Staline lui succéda la même année.")
    for turn, evidence in zip(turns, told, strict=False):
        turn |= {"document": name, "evidence": [evidence]}
    turns[1]["answer"] = "Staline"
    elsewhere = [{**turn, "document": hidden} for turn in turns]
    write_rows(
        tmp_path / "conversations.jsonl",
        [{"id": "c1", "turns": turns}, {"id": "c2", "turns": elsewhere}],
    )
    found = read_followups(tmp_path)
    # The first turn has nothing before it; the conversation about a held-out document is left out.
    assert [one.question for one in found] == [turn["question"] for turn in turns[1:]]
    who, when, climate = found
    assert who.needed == stems("Lénine")
    assert who.history == f"Où est mort Lénine ?\n{told[0]}\nRussie"
    assert who.full == "Qui lui a succédé ? (Lénine)"
    assert (who.document, who.evidence, who.answer) == (name, (told[1],), "Staline")
    assert when.needed == stems("Staline succédé")
    # What is known of the turn before is what it was understood as.
    assert when.history.startswith(
        f"Qui lui a succédé ? (Lénine)\nStaline : {told[1]}\nRussie\nOù est"
    )
    assert when.full == "En quelle année ? (succédé, Staline)"
    assert (climate.needed, climate.full) == (frozenset(), "Et le climat ?")


def test_made_follow_ups_lose_a_name_that_was_said(data: Path) -> None:
    found = list(made_followups(data, seed=0))
    assert len(found) == len(CASTLES)
    for one, (name, year, river, _), text in zip(found, CASTLES, FRENCH, strict=True):
        sentence = text[: text.index(" Il borde")]
        before = f"En quelle année fut bâti le château de {name} ?"
        assert one.history == f"{before}\n{year} : {sentence}\n{name}"
        assert name not in one.question
        assert one.question.startswith("Quelle rivière borde le château de")
        assert one.needed == stems(name)
        assert one.full == f"{one.question} ({name})"
        assert river not in one.history
    assert [one.question for one in made_followups(data, seed=0)] == [o.question for o in found]
    assert len({one.question for seed in range(20) for one in made_followups(data, seed)}) > 4


def test_questions_that_share_no_name_stay_whole(data: Path) -> None:
    first, second = (
        {
            "question": q,
            "context": FRENCH[0],
            "title": "",
            "answers": [{"text": "1519", "start": 34}],
        }
        for q in ("Quand fut-il bâti ?", "Qui visite Les Invalides de Paris ?")
    )
    write_rows(data / "qa" / "piaf_train.jsonl.gz", [first, second])
    (one,) = made_followups(data, seed=0)
    assert (one.question, one.needed) == ("Qui visite Les Invalides de Paris ?", frozenset())


def test_questions_stand_alone_after_what_was_said_elsewhere(tmp_path: Path) -> None:
    name, hidden = held(False)[0], held(True)[0]
    turn = {"document": name, "evidence": ["Lénine est mort à Gorki."]}
    turns = [
        {**turn, "question": "Où est mort Lénine ?", "resolved": "Où est mort Lénine ?"},
        {**turn, "question": "Quand ?", "resolved": "Quand Lénine est-il mort ?"},
    ]
    write_rows(tmp_path / "docs.jsonl", [{"id": name, "title": "Russie", "text": ""}])
    write_rows(tmp_path / "qa.jsonl", [
        {"id": "a", "question": "Qui a fondé Bourges ?", "document": name},
        {"id": "b", "question": "Qui garde le secret ?", "document": hidden},
    ])  # fmt: skip
    assert list(alone_followups(tmp_path, 0)) == []
    write_rows(tmp_path / "conversations.jsonl", [{"id": "c", "turns": turns}])
    history = "Où est mort Lénine ?\nLénine est mort à Gorki.\nRussie"
    (alone,) = alone_followups(tmp_path, 0)
    assert alone == FollowUp("Qui a fondé Bourges ?", history, frozenset(), "", ())


def test_follow_ups_are_drawn_of_all_kinds() -> None:
    natural, made, alone = (FollowUp(kind, "", frozenset(), "", ()) for kind in "nma")
    drawn = FollowUps([natural], [made], [alone]).draw(1000, random.Random(0))
    shares = [sum(one is kind for one in drawn) / 1000 for kind in (natural, made, alone)]
    assert shares == pytest.approx([0.5, 0.2, 0.3], abs=0.05)
    assert set(FollowUps([natural], [], []).draw(5, random.Random(0))) == {natural}
    assert FollowUps([], [], []).draw(5, random.Random(0)) == []


# --- Mining ---------------------------------------------------------------------------------------


def test_fused_scores_by_hand() -> None:
    fused = fused_scores(np.array([2.0, 1.0], np.float32), np.array([0.4, 0.8], np.float32))
    assert np.allclose(fused, [0.5, 0.75])


def test_mined_passages_look_like_the_answer_and_are_not(tmp_path: Path) -> None:
    write_base_file(tmp_path / "base.bin")
    write_base(tmp_path / "base.bin", FRENCH, 300, tmp_path / "model")
    encoder = load_encoder(tmp_path / "model", "cpu", exact=True)
    texts = [
        "Le château de Chambord fut bâti par François Premier.",
        "FRANCOIS PREMIER fit bâtir Chambord.",  # an answer that nobody marked
        "Le château de Chambord est visité par des touristes.",
        *(f"Le château de {name} borde {river}." for name, _, river, _ in CASTLES * 3),
    ]
    sources = [Source(text, str(i), "castles") for i, text in enumerate(texts)]
    sources.append(Source("Le château de Chambord fut vendu.", "x", "elsewhere"))
    answer = texts[0].index("François")
    ends = answer + len("François Premier")
    question = "Par qui fut bâti le château de Chambord ?"
    data = Questions(
        [
            LabelledQuestion(question, "castles", (AnswerSpan(0, answer, ends),), frozenset({0})),
            LabelledQuestion("Qui le vendit ?", "elsewhere", (), frozenset()),
            LabelledQuestion(question, "castles", (AnswerSpan(0, 3, 5),), frozenset({0})),
        ],
        sources,
    )
    with one_thread():
        found = mine_negatives(encoder, data)
    assert found.shape == (3, KEEP)
    assert found[1].tolist() == [21] + [-1] * (KEEP - 1)

    (tmp_path / "words").mkdir()
    LexicalIndex.build(tmp_path / "words", (("", text) for text in texts))
    lexical = np.zeros(len(texts), np.float32)
    rows, scores = LexicalIndex(tmp_path / "words").search_words(words(question), 40)
    lexical[rows] = scores
    vectors = embed(encoder, ["passage: " + text for text in texts])
    (vector,) = embed(encoder, ["query: " + question])
    order = np.argsort(-fused_scores(lexical, vectors @ vector)).tolist()
    assert found[0].tolist() == [row for row in order if row not in (0, 1)][:KEEP]
    # Two letters stand in any passage: only the marked one is left out.
    assert found[2].tolist() == [row for row in order if row != 0][:KEEP]
    assert fold("François Premier") in fold(texts[1])


def test_sampled_rows_are_the_same_for_a_seed(data: Path) -> None:
    some = read_questions(data, [], count_words, sample=5, seed=3)
    assert len(some.questions) == 5
    assert some == read_questions(data, [], count_words, sample=5, seed=3)
    others = [read_questions(data, [], count_words, sample=5, seed=seed) for seed in range(6)]
    assert any(other != some for other in others)
