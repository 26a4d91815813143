"""What the benchmarks compute, with a reader that counts words."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import fusion
import natural
import pdf_layouts
import pytest
import refusal
import wiki_dump
from natural import DevelopmentSet, natural_set
from refusal import ANSWERABLE, FAR, NEAR, Asked

from conftest import ROOT, FakeEmbedder
from fake_reader import FakeReader
from qa.answering.model import AnsweringModel
from qa.answering.refusal import QuestionSignals
from qa.assistant import Assistant
from qa.evaluation import load_dataset
from qa.evaluation.cache import open_cached_index
from qa.evaluation.faults import InputError
from qa.index import open_index, update_index
from qa.question import make_question
from qa.search import AT_A_GLANCE, METHODS
from qa.training.data import is_held_out

MODEL = AnsweringModel(
    {"intercept": 0.0, "best": 1.0}, dict.fromkeys(refusal.NEAR_ANSWERED, 0.5), {}
)
TEXTS = {
    "moulin": "Le moulin de Valbrune broie le blé. Son meunier s’appelle Anselme.",
    "phare": "Le phare de Kermor guide les bateaux. Sa gardienne vient de Brest.",
    "forge": "La forge de Montclair ferre les chevaux.",
}
QUESTIONS = [
    {
        "id": "a1",
        "question": "Que broie le moulin de Valbrune ?",
        "answerable": True,
        "document": "moulin",
        "evidence": ["Le moulin de Valbrune broie le blé."],
        "answer": "blé",
        "kind": "what",
        "style": "plain",
    },
    {
        "id": "a2",
        "question": "phare kermor bateaux",
        "answerable": True,
        "document": "phare",
        "evidence": ["Le phare de Kermor guide les bateaux."],
        "answer": "bateaux",
        "kind": "what",
        "style": "keywords",
    },
    {
        "id": "n1",
        "question": "Combien pèse la forge de Montclair ?",
        "answerable": False,
        "kind": "near",
        "document": "forge",
        "why": "rien",
    },
    {
        "id": "n2",
        "question": "Quand plante-t-on des tulipes ?",
        "answerable": False,
        "kind": "far",
        "document": None,
        "why": "rien",
    },
]
TURNS = [
    {
        "question": "Que broie le moulin de Valbrune ?",
        "resolved": "Que broie le moulin de Valbrune ?",
        "document": "moulin",
        "evidence": ["Le moulin de Valbrune broie le blé."],
        "phenomena": ["standalone"],
    },
    {
        "question": "Et comment s’appelle son meunier ?",
        "resolved": "Comment s’appelle le meunier du moulin de Valbrune ?",
        "document": "moulin",
        "evidence": ["Son meunier s’appelle Anselme."],
        "phenomena": ["possessive"],
    },
]


def write_lines(path: Path, records: Sequence[object]) -> None:
    lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
    path.write_text("".join(lines), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of natural questions."""
    made = tmp_path / "village"
    made.mkdir()
    documents = [{"id": name, "title": "", "text": text} for name, text in TEXTS.items()]
    write_lines(made / "docs.jsonl", documents)
    write_lines(made / "qa.jsonl", QUESTIONS)
    write_lines(made / "conversations.jsonl", [{"id": "c1", "turns": TURNS}])
    return made


def open_set(folder: Path) -> tuple[DevelopmentSet, Assistant]:
    found, embedder = natural_set(folder), FakeEmbedder()
    index, _ = open_cached_index(found.dataset, embedder, cache=folder / "cache")
    return found, Assistant(index, embedder, FakeReader(), MODEL)


# --- Folders --------------------------------------------------------------------------------------


def test_a_folder_of_natural_questions_is_a_test_set(folder: Path) -> None:
    dataset = load_dataset(folder)
    assert dataset.queries == {"a1": QUESTIONS[0]["question"], "a2": QUESTIONS[1]["question"]}
    assert dataset.judgements == {"a1": {"moulin": 1}, "a2": {"phare": 1}}
    assert (dataset.name, dataset.documents, dataset.missing) == ("village", 3, ())
    write_lines(folder / "docs.jsonl", [{"id": "autre", "text": "Rien."}])
    with pytest.raises(InputError, match=r"none of its documents is in docs\.jsonl"):
        load_dataset(folder)


# --- natural.py -----------------------------------------------------------------------------------


def test_conversations_are_typed_plainly_and_written_out_as_they_are(folder: Path) -> None:
    (conversation,) = natural_set(folder).conversations
    first, *others = natural.plainly(conversation).turns
    typed = replace(conversation.turns[0], question="Où l’œuvre est-elle née ?")
    (asked,) = natural.plainly(replace(conversation, turns=(typed,))).turns
    assert asked == replace(typed, question="Ou l'oeuvre est-elle nee")
    assert len(others) == len(conversation.turns) - 1
    assert first.resolved == conversation.turns[0].resolved and "?" not in first.question


def test_a_set_is_measured_in_three_tables(folder: Path) -> None:
    found, assistant = open_set(folder)
    measured = natural.measure(found, assistant)
    assert measured.answers is not None and measured.conversations is not None
    clean, noised = measured.retrieval
    assert clean.noise_seed is None and noised.noise_seed == natural.NOISE
    assert list(clean.scores) == list(natural.METHODS)
    lines = natural.retrieval_table([measured]).splitlines()
    assert [line.split()[0] for line in lines] == ["nDCG@10", "village", "village", "mean"]
    assert lines[1].split()[-1] == "100.0"
    # Both quotes hold the answer; of the near-miss two words are there, of the other none.
    (_, row) = natural.answer_table([measured]).splitlines()
    name, questions, some, first, answered, *_ = row.split()
    assert (name, questions, some, first, answered) == ("village", "4", "100.0", "100.0", "100.0")
    assert row.split()[8:12] == ["100.0", "0.0", "100.0", "100.0"]
    rows = natural.conversation_table([measured]).splitlines()
    assert "village, follow-up: nDCG@5" in rows[1]
    told = json.loads(json.dumps(natural.to_json([measured])))
    assert set(told["village"]) == set(natural.PARTS)
    assert told["village"]["answers"]["accuracy"]["count"] == 2
    alone = natural.measure(found, assistant, ["answers"])
    assert (alone.retrieval, alone.conversations) == ((), None)
    assistant.index.close()


def test_our_own_set_asks_for_documents_of_the_corpus() -> None:
    found = natural.own_set(ROOT)
    names = {path.name for path in (ROOT / "corpus").iterdir()}
    assert {name for grades in found.dataset.judgements.values() for name in grades} <= names
    assert all(found.parts.values())


def test_piaf_is_answered_under_the_titles_of_its_articles(tmp_path: Path) -> None:
    def pack(path: Path, records: Sequence[object]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)

    context = "Le phare est blanc. Sa gardienne vient de Brest."
    line = {
        "id": "p1",
        "title": "Kermor",
        "context": context,
        "question": "D’où vient la gardienne ?",
        "answers": [{"text": "Brest", "start": context.index("Brest")}],
    }
    pack(tmp_path / "qa" / "piaf_dev.jsonl.gz", [line])
    pack(tmp_path / "qa" / "piaf_train.jsonl.gz", [])
    corpus = [{"_id": "d1", "title": "", "text": context}, {"_id": "d2", "title": "", "text": "x"}]
    pack(tmp_path / "retrieval" / "piaf_dev" / "corpus.jsonl.gz", corpus)
    found = natural.piaf_set(tmp_path, tmp_path)
    (question,) = found.questions
    assert (question.document, question.answers) == ("d1", ("Brest",))
    assert question.evidence == ("Sa gardienne vient de Brest.",)
    assert found.parts == {"retrieval": False, "answers": True, "conversations": False}
    assert found.dataset.corpus is not None
    written = [json.loads(line) for line in found.dataset.corpus.read_text("utf-8").splitlines()]
    assert [passage["title"] for passage in written] == ["Kermor", ""]


# --- refusal.py -----------------------------------------------------------------------------------


def test_signals_are_those_of_an_answer_and_held_out_documents_are_kept_apart(
    folder: Path,
) -> None:
    _, assistant = open_set(folder)
    asked = list(refusal.ask(folder, assistant, held_out=False))
    assert [one.kind for one in asked] == [ANSWERABLE, ANSWERABLE, NEAR, FAR]
    answers = [assistant.answer(str(item["question"])) for item in QUESTIONS]
    assert refusal.probabilities(asked, MODEL) == [answer.confidence for answer in answers]
    apart = list(refusal.ask(folder, assistant, held_out=True))
    wanted = [item for item in QUESTIONS if is_held_out(str(item["document"] or item["id"]))]
    assert len(apart) == len(wanted)
    assistant.index.close()


def made(kind: str, best: float, folder: str = "a") -> Asked:
    return Asked(folder, kind, QuestionSignals(best=best))


def test_the_fit_keeps_its_promises() -> None:
    asked = [made(ANSWERABLE, 1 + i % 5) for i in range(60)]
    asked += [made(NEAR, -3 + i % 6) for i in range(20)] + [made(FAR, -12.0)] * 5
    model = refusal.fit(asked, MODEL)
    assert model.question["best"] > 0
    shares = refusal.answered(asked, model)
    for name, share in refusal.NEAR_ANSWERED.items():
        assert shares[NEAR][name] <= share
        assert shares[FAR][name] == 0
    low, normal, high = (model.thresholds[name] for name in ("low", "normal", "high"))
    assert low <= normal <= high
    told = refusal.table({"a": (asked, model), "b": (asked[:60], model)})
    assert told.splitlines()[2].split()[:4] == ["b", "60", "-", "-"]


# --- fusion.py ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "method"),
    [
        ("vectors", "vectors"),
        ("lexical, 4-grams 0.5", "lexical"),
        ("fusion", "fusion"),
        ("dense, tokens 0.5", "dense"),
        ("hybrid, tokens 0.6 of 30", "hybrid"),
    ],
)
def test_what_is_marked_as_shipped_is_what_the_search_does(
    folder: Path, way: str, method: str
) -> None:
    tried = fusion.ways()
    assert [name for name, one in tried.items() if one.is_shipped].count(way) == 1
    found, assistant = open_set(folder)
    index, texts = assistant.index, found.dataset.judged_queries
    searches = METHODS | AT_A_GLANCE
    for one, text in zip(
        fusion.search(found.dataset, index, assistant.embedder, texts), texts.values(), strict=True
    ):
        scores = tried[way].rank(one.candidates)
        ranked = sorted(range(len(scores)), key=lambda i: -scores[i])
        hits = searches[method](index, make_question(text, assistant.embedder), 10)
        names = [hit.passage.document_id for hit in hits]
        assert names == [str(one.documents[i]) for i in ranked][: len(names)]
    index.close()


def test_the_worst_loss_is_over_the_search_without_tokens() -> None:
    values = {name: [0.5, 0.5] for name in fusion.ways()}
    values["fusion"] = [0.6, 0.5]
    values["hybrid, tokens 0.6 of 30"] = [0.7, 0.48]
    lines = fusion.table(values, ["a", "a*"]).splitlines()
    (row,) = [line for line in lines if line.startswith("> hybrid")]
    assert row.split()[-4:] == ["70.0", "48.0", "59.0", "2.0"]


def test_ndcg_counts_each_document_once() -> None:
    assert fusion.ndcg(["a", "a", "b"], {"b": 1}) == pytest.approx(1 / 1.584962500721156)
    assert fusion.ndcg(["x"], {"b": 1}) == 0


def test_the_reading_of_a_layout_is_measured() -> None:
    texts = ["Le phare de Kermor guide les bateaux. Sa gardienne vient donc de Brest."]
    exact = pdf_layouts.measures(texts, texts[0])
    assert exact == {"recall": 1, "precision": 1, "order": 1, "sentences": 1}
    found = "Sa gardienne vient donc de Brest. Le phare de Kermor guide les bat eaux."
    read = pdf_layouts.measures(texts, found)
    assert read["recall"] == 12 / 13 and read["precision"] == 12 / 14
    # Of the ten words that stand there once and are read, five keep their order.
    assert read["order"] == 5 / 10 and read["sentences"] == 1 / 2


def test_a_page_is_drawn_in_another_order_and_stays_whole() -> None:
    blocks = ["q", "a Q", "q q x Q", "Q", "q b Q", "q c Q"]
    mixed = pdf_layouts.disordered(["start", *blocks], random.Random(1))
    assert mixed != ["start", *blocks] and sorted(mixed) == sorted(["start", *blocks])
    assert mixed[0] == "start" and mixed.index("a Q") == mixed.index("q") + 1


def test_a_made_dump_is_read_as_one(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    sentences = [f"La phrase numéro {n} parle du moulin de Valbrune." for n in range(40)]
    dump = tmp_path / "frwiki-pages-articles.xml.bz2"
    wiki_dump.write_dump(dump, sentences, 120)
    report = update_index(dump, tmp_path / "index", fake_embedder)
    assert len(report.added) == 118
    (left_out,) = report.skipped
    assert "2" in left_out.reason
    index = open_index(tmp_path / "index")
    document = index.document(report.added[7])
    assert document.title == "Page 7" and document.source == "https://recueil.example/wiki/Page_7"
    assert "La phrase numéro" in document.text
    assert not {"[[", "Infobox", "ref", "Catégorie"} & set(document.text.split())
    index.close()
