"""The recipe on a tiny model and a few rows, and the values of its formulas."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from qa import encoder as product
from qa import tokens as product_tokens
from qa.embedding import ShippedEmbedder
from qa.records import QAError
from qa.training.data import TrainingPair
from qa.training.encoder import HEADS, TrainableEncoder, embed, load_encoder, mean_pool
from qa.training.export import write_model
from qa.training.finding import (
    FindingExamples,
    finding_loss,
    own_tokens,
    prompt_length,
    token_vectors,
)
from qa.training.followups import FollowUp, FollowUps, all_followups, followup_loss, read_followups
from qa.training.learning import learn
from qa.training.loop import (
    InterruptedTrainingError,
    LoopSettings,
)
from qa.training.questions import AnswerSpan, LabelledQuestion, Questions, Source, read_questions
from qa.training.reading import (
    Reading,
    ReadingExamples,
    cropped,
    reading_loss,
    without_answer,
)
from qa.training.recipe import TrainingSettings, train
from qa.training.settings import LearningSettings
from training_material import (
    CASTLES,
    FRENCH,
    QUESTIONS,
    one_thread,
    write_work,
)


@pytest.fixture(scope="module", autouse=True)
def threads() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, natural questions, and the file and folder of a tiny model."""
    return write_work(tmp_path_factory.mktemp("work"))


@pytest.fixture
def encoder(work: Path) -> TrainableEncoder:
    return load_encoder(work / "transformer", "cpu", exact=True)


def settings(work: Path, name: str) -> TrainingSettings:
    return TrainingSettings(
        data=work / "data",
        work=work / name,
        questions=work / "natural",
        base=work / "base.bin",
        minutes=None,
        steps=3,
        vocabulary_size=300,
        device="cpu",
    )


@pytest.fixture(scope="module")
def trained(work: Path) -> Path:
    """The folder of a finished model."""
    return train(settings(work, "whole"))


# --- Examples of a step ---------------------------------------------------------------------------


def material() -> tuple[Questions, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """A question on each castle, the last without answer; mined: the next castle's passage."""
    found = Questions()
    for row, ((_, year, *_), text) in enumerate(zip(CASTLES, FRENCH, strict=True)):
        start = text.index(year)
        answers = (AnswerSpan(row, start, start + len(year)),) if row < len(CASTLES) - 1 else ()
        found.passages.append(Source(text, f"document {row}", "piaf" if row % 2 else "castles"))
        found.questions.append(
            LabelledQuestion(
                QUESTIONS[row], found.passages[row].collection, answers, frozenset({row})
            )
        )
    negatives = np.full((len(CASTLES), 3), -1)
    negatives[:, 0] = [(row + 1) % len(CASTLES) for row in range(len(CASTLES))]
    return found, negatives


def learning(steps: int = 4, **changed: Any) -> LearningSettings:
    loop = LoopSettings(
        minutes=None,
        steps=steps,
        table_rate=1e-3,
        layer_rate=1e-3,
        average_from=0.5,
        average_every=2,
        dropout=True,
    )
    return replace(LearningSettings(loop, pairs=4, negatives=3, readings=5, followups=3), **changed)


PAIRS = [
    TrainingPair(f"Bâti par {c[3]}", t, t, "quiz", 0.5, c[0])
    for c, t in zip(CASTLES, FRENCH, strict=True)
]


def test_batches_are_the_same_after_a_restart() -> None:
    questions, negatives = material()
    kinds = (
        lambda: FindingExamples(PAIRS, questions, negatives, learning()),
        lambda: ReadingExamples(questions, negatives, learning()),
    )
    for make in kinds:
        first = make()
        batches = [first.batch(step) for step in range(12)]
        again = make()
        assert [again.batch(step) for step in range(7, 12)] == batches[7:]
        assert len({str(batch) for batch in batches}) > 6
        assert {len(batch) for batch in batches} == {len(batches[0])}


def test_texts_of_a_step_are_of_one_source_and_twins_are_drawn_oftener() -> None:
    questions, negatives = material()
    questions.questions[0] = replace(questions.questions[0], collection="pairs_castles")
    examples = FindingExamples(
        PAIRS, questions, negatives, learning(twins=8.0, pairs=3, natural=3.0)
    )
    asked = [examples.batch(step) for step in range(60)]
    assert {len({one.source for one in batch}) for batch in asked} == {1}
    assert {batch[0].source for batch in asked} == {"natural", "quiz"}
    drawn = [one.text for batch in asked for one in batch if one.source == "natural"]
    twins = drawn.count(QUESTIONS[0]) / len(drawn)
    natural = [q for q in questions.questions if q.answers and q.collection == "castles"]
    assert twins == pytest.approx(8 / (8 + 3 * len(natural)), abs=0.1)


def test_readings_say_where_the_answer_is_or_that_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qa.training.reading.ELSEWHERE", 0.0)
    monkeypatch.setattr("qa.training.reading.CROPPED", 0.0)
    questions, negatives = material()
    examples = ReadingExamples(questions, negatives, learning(noise=0.0, natural=5.0))
    seen = [one for step in range(60) for one in examples.batch(step)]
    kinds = {"answer": 0, "hole": 0, "wrong": 0}
    for one in seen:
        row = QUESTIONS.index(one.question)
        (name, year, *_), text = CASTLES[row], FRENCH[row]
        if one.span is not None:
            assert (one.passage, one.passage[slice(*one.span)]) == (text, year)
            kinds["answer"] += 1
        elif one.passage in text:
            assert year not in one.passage and name in one.passage
            kinds["hole"] += 1
        else:
            assert one.passage == FRENCH[(row + 1) % len(FRENCH)]
            kinds["wrong"] += 1
    # Answered: 1.5, 0.3 and 0.6; the one that is not (of PIAF, weight 1): 1.5. Three questions are
    # natural, and drawn five times as often; two more of PIAF.
    shares = np.array([17 * 1.5, 17 * 0.3, 17 * 0.6 + 1.5])
    found = np.array(list(kinds.values())) / len(seen)
    assert np.allclose(found, shares / shares.sum(), atol=0.08)


def test_some_passages_are_of_another_subject_and_none_of_them_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("qa.training.reading.ELSEWHERE", 1.0)
    monkeypatch.setattr("qa.training.reading.CROPPED", 0.0)
    questions, negatives = material()
    examples = ReadingExamples(questions, negatives, learning(noise=0.0))
    seen = [one for step in range(60) for one in examples.batch(step)]
    places = [(one.passage, QUESTIONS.index(one.question)) for one in seen if one.span is None]
    whole = {(FRENCH.index(text), row) for text, row in places if text in FRENCH}
    assert {text for text, _ in whole} == set(range(len(FRENCH)))
    # Where nothing answers, the only passage that the question is about may be drawn.
    assert {row for text, row in whole if text == row} <= {len(FRENCH) - 1}


def test_where_only_the_sentence_is_known_the_answer_may_stand_anywhere_in_it(
    encoder: TrainableEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.training.reading.CROPPED", 0.0)
    questions, negatives = material()
    loose = Questions([replace(questions.questions[0], is_marked=False)], questions.passages)
    examples = ReadingExamples(loose, negatives[:1], learning(noise=0.0))
    answered = {one for step in range(9) for one in examples.batch(step) if one.span is not None}
    assert {one.is_exact for one in answered} == {False}
    one = answered.pop()
    assert one.passage[slice(*one.span or ())] == CASTLES[0][1]
    sentence = replace(one, span=(0, one.passage.index(" Il borde")))
    with torch.no_grad():
        tokens, logits = marks(encoder, f"query: {one.question}", f"passage: {one.passage}")
    start = tokens.index("</s>") + 2 + 2
    seen = [0, *range(start, len(tokens) - 1)]
    inside = [i for i, at in enumerate(seen) if 0 < i <= tokens.index("▁Il", start) - start]
    wanted = [
        np.logaddexp.reduce(odds) - np.logaddexp.reduce(odds[inside])
        for odds in (logits[seen, 0], logits[seen, 1])
    ]
    found = reading_loss(encoder, [sentence], learning(reading_weight=1.0))
    assert found == pytest.approx(float(np.mean(wanted)), rel=1e-4)


def test_a_cropped_passage_keeps_its_answer() -> None:
    text = "Blois\nUn. Deux. Bâti en 1519 par le roi. Quatre. Cinq. Six."
    start = text.index("1519")
    chance = random.Random(0)
    whole = Reading("Quand ?", text, (start, start + 4))
    seen = [cropped(whole, chance) for _ in range(200)]
    assert all(one.passage[slice(*one.span or ())] == "1519" for one in seen)
    assert {one.passage.startswith("Blois\n") for one in seen} == {True, False}
    assert "Bâti en 1519 par le roi. " in {one.passage for one in seen}
    assert all("Six." not in one.passage for one in seen)
    wrong = Reading("Quand ?", text, None)
    assert {cropped(wrong, chance).span for _ in range(9)} == {None}
    assert len({cropped(wrong, chance).passage for _ in range(50)}) > 9
    short = Reading("Quand ?", "Blois\nUn.", None)
    assert cropped(short, chance) is short


def test_a_hole_is_the_passage_less_the_sentence_with_the_answer() -> None:
    questions, _ = material()
    found = without_answer(questions, questions.questions[0], random.Random(0))
    assert found == FRENCH[0][FRENCH[0].index("Il borde") :]
    short = Questions(questions.questions, [Source("En 1519. Puis rien.", "d", "castles")])
    answer = replace(questions.questions[0], answers=(AnswerSpan(0, 3, 7),))
    assert without_answer(short, answer, random.Random(0)) is None


# --- What a step minimises, with the product's own scores -----------------------------------------


def test_finding_is_taught_with_the_scores_of_search(encoder: TrainableEncoder) -> None:
    questions, negatives = material()
    # The second pair's passage is the first question's answer: no negative of it.
    settings = learning(noise=0.0, pairs=6, natural=1.0)
    examples = FindingExamples(PAIRS[:1], questions, negatives, settings)
    examples._asked[-1] = replace(
        examples._asked[-1], passage=FRENCH[0], group="document 0", weight=1.0
    )
    asked = examples.batch(0)
    assert len(asked) == 6
    rows = list(dict.fromkeys(one.wrong[0] for one in asked if one.wrong))[:3]
    texts = [one.passage for one in asked] + [FRENCH[row] for row in rows]
    read = [product_query(encoder, "query: " + one.text) for one in asked]
    seen = [product_query(encoder, "passage: " + text) for text in texts]
    cosines = np.array([[q[0] @ p[0] for p in seen] for q in read]) / settings.temperature
    packed = [np.packbits(tokens >= 0, axis=1) for _, tokens in seen]
    late = [
        product_tokens.late_interaction(t / np.linalg.norm(t, axis=1).sum(), packed)
        for _, t in read
    ]
    wanted = 0.0
    for scores, weight in ((cosines, 1.0), (np.array(late) / settings.token_temperature, 0.5)):
        for i, one in enumerate(asked):
            others = [
                j
                for j, text in enumerate(texts)
                if j == i
                or (text != one.passage and (j < 6 or rows[j - 6] != FRENCH.index(one.passage)))
            ]
            wanted += weight * (np.logaddexp.reduce(scores[i, others]) - scores[i, i]) / 6
    found = finding_loss(encoder, examples, 0, settings)
    assert found.item() == pytest.approx(wanted, rel=1e-3)


def product_query(
    encoder: TrainableEncoder, text: str
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], ...]:
    """The vector of a text and those of its own tokens, special ones and prompt left out."""
    with torch.no_grad():
        hidden, mask = encoder.hidden(encoder.pieces([text], 160))
    return mean_pool(hidden, mask)[0].numpy(), hidden[0, 3:-1].numpy()


def test_reading_is_taught_on_the_tokens_of_the_answer(encoder: TrainableEncoder) -> None:
    text = FRENCH[0]
    span = (text.index("François"), text.index("François") + len("François Premier"))
    examples = [Reading("Par qui ?", text, span), Reading("Quel prix ?", "Blois.", None)]
    wanted = []
    for one, first, last in zip(examples, ("▁François", "<s>"), ("▁Premier", "<s>"), strict=True):
        with torch.no_grad():
            encoded, logits = marks(encoder, f"query: {one.question}", f"passage: {one.passage}")
        start = encoded.index("</s>") + 2 + 2  # behind the special tokens and the prompt
        seen = [0, *range(start, len(encoded) - 1)]
        for column, token in ((HEADS.index("start"), first), (HEADS.index("end"), last)):
            odds = logits[seen, column]
            place = seen.index(encoded.index(token, start if token != "<s>" else 0))
            wanted.append(np.logaddexp.reduce(odds) - odds[place])
    found = reading_loss(encoder, examples, learning(reading_weight=0.5))
    assert found == pytest.approx(0.5 * float(np.mean(wanted)), rel=1e-4)
    assert encoder.model.heads.weight.grad[:2].abs().min() > 0
    assert encoder.model.heads.weight.grad[2].abs().max() == 0


def test_following_is_taught_on_the_words_that_are_needed(encoder: TrainableEncoder) -> None:
    # A known word, and one that is cut into letters; "Quand" is not needed.
    history = "Quand fut bâti Zorn ?\nIl borde Blois. Quand ?"
    one = FollowUp("Combien ?", history, frozenset({"blois", "zorn"}), "", ())
    with torch.no_grad():
        tokens, logits = marks(encoder, "query: Combien ?", f"passage: {history}")
    start = tokens.index("</s>") + 2 + 2
    own = tokens[start:-1]
    marked = [token in ("Z", "o", "r", "n", "▁Blois") for token in own]
    assert sum(marked) == 5
    odds = logits[start:-1, HEADS.index("context")]
    wanted = 4 * np.mean(np.log1p(np.exp(np.where(marked, -odds, odds))))
    found = followup_loss(encoder, [one, one], random.Random(0), 0.0, 256)
    assert found == pytest.approx(wanted, rel=1e-4)


def marks(
    encoder: TrainableEncoder, first: str, second: str
) -> tuple[list[str], np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    encoder.tokenizer.no_truncation()
    encoded = encoder.tokenizer.encode(first, second)
    hidden, _ = encoder.hidden([encoded.ids])
    return encoded.tokens, encoder.model.heads(hidden)[0].numpy()


def test_token_vectors_come_in_the_order_of_the_texts(encoder: TrainableEncoder) -> None:
    texts = encoder.pieces(["Blois", FRENCH[0], "Il borde le Cher.", FRENCH[1][:40]], 160)
    with torch.no_grad():
        vectors, mask = token_vectors(encoder, texts, tokens=64)
        assert mask.sum(dim=1).tolist() == [len(row) for row in texts]
        for row, numbers in enumerate(texts):
            alone, _ = encoder.hidden([numbers])
            assert torch.allclose(vectors[row, : len(numbers)], alone[0], atol=1e-5)


# --- Learning -------------------------------------------------------------------------------------


def test_learning_continues_where_it_was_interrupted(work: Path, tmp_path: Path) -> None:
    questions, negatives = material()
    followups = all_followups(work / "data", [work / "natural" / "castles"], 0)
    assert all((followups.natural, followups.made, followups.alone))

    def weights(checkpoint: Path, interrupt_at: int | None) -> dict[str, torch.Tensor]:
        encoder = load_encoder(work / "transformer", "cpu")
        learn(
            encoder,
            PAIRS,
            questions,
            negatives,
            followups,
            learning(6),
            checkpoint,
            interrupt_at=interrupt_at,
        )
        return dict(encoder.model.state_dict())

    whole = weights(tmp_path / "whole.pt", None)
    with pytest.raises(InterruptedTrainingError, match="step 4"):
        weights(tmp_path / "parts.pt", 4)
    parts = weights(tmp_path / "parts.pt", None)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)
    start = load_encoder(work / "transformer", "cpu").model.state_dict()
    assert not any(torch.equal(whole[name], start[name]) for name in ("heads.weight", "heads.bias"))


def test_learning_finds_reads_and_follows_better(work: Path, tmp_path: Path) -> None:
    questions, negatives = material()
    follow = read_followups(work / "natural" / "castles")
    encoder = load_encoder(work / "transformer", "cpu")
    settings = replace(learning(30), noise=0.0)
    settings = replace(settings, loop=replace(settings.loop, dropout=False, head_rate=3e-3))

    def losses() -> list[float]:
        examples = ReadingExamples(questions, negatives, settings).batch(0)
        finding = FindingExamples(PAIRS, questions, negatives, settings)
        found = [
            float(finding_loss(encoder, finding, 0, settings).detach()),
            reading_loss(encoder, examples, settings),
            followup_loss(encoder, follow, random.Random(0), 0.0, 1024),
        ]
        encoder.model.zero_grad()
        return found

    before = losses()
    followups = FollowUps(follow, [], [])
    learn(encoder, PAIRS, questions, negatives, followups, settings, tmp_path / "checkpoint.pt")
    for name, was, now in zip(("find", "read", "follow"), before, losses(), strict=True):
        assert now < 0.8 * was, name


# --- The whole recipe -----------------------------------------------------------------------------


def test_whole_recipe_measures_and_tells_what_it_made(work: Path, trained: Path) -> None:
    report = json.loads((work / "whole" / "report" / "report.json").read_text("utf-8"))
    figures = report["figures"]["piaf_dev"]["clean"]
    assert list(figures["hybrid"]) == list(figures["vectors"]) == ["base", "learning"]
    assert figures["lexical"]["words + 4-grams"] == pytest.approx(1.0)
    forms = report["agreement"]["figures"]["piaf_dev"]
    assert forms["int8"] == figures["vectors"]["learning"]
    assert forms["int8"] == pytest.approx(forms["exact"], abs=0.15)
    assert {row["method"] for row in report["comparisons"]} == {
        "vectors", "dense", "fusion", "hybrid",
    }  # fmt: skip
    card = (trained / "README.md").read_text("utf-8")
    assert "multilingual-e5-small" in card and "sourcier-e5-fr" in card
    assert f"| learning | {100 * figures['vectors']['learning']:.1f} / " in card

    negatives = np.load(work / "whole" / "mining" / "negatives.npy")
    count_words = lambda texts: [len(text.split()) for text in texts]  # noqa: E731
    natural = read_questions(work / "data", [work / "natural" / "castles"], count_words)
    assert len(negatives) == len(natural.questions)

    told: list[str] = []
    train(settings(work, "whole"), told.append)
    assert told == [
        f"{step}: already there" for step in ("base", "mining", "learning", "export", "report")
    ]


def test_an_interrupted_recipe_makes_the_same_model(work: Path, trained: Path) -> None:
    def stop_before(step: str) -> list[str]:
        told: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            if line == f"{step}: begins":
                raise InterruptedTrainingError(step)

        with pytest.raises(InterruptedTrainingError, match=step):
            train(settings(work, "parts"), tell)
        return told

    stop_before("mining")
    assert stop_before("export")[0] == "base: already there"
    assert stop_before("report")[:3] == [
        f"{s}: already there" for s in ("base", "mining", "learning")
    ]
    for name in ("model.safetensors", "heads.safetensors", "onnx/model_int8.onnx"):
        assert (work / "parts" / "model" / name).read_bytes() == (trained / name).read_bytes()
    # Other settings: only what depends on them is made again.
    again: list[str] = []

    def tell(line: str) -> None:
        again.append(line)
        if line == "learning: begins":
            raise InterruptedTrainingError

    with pytest.raises(InterruptedTrainingError):
        train(replace(settings(work, "parts"), steps=2), tell)
    assert again == ["base: already there", "mining: already there", "learning: begins"]
    assert not (work / "parts" / "learning" / "model").exists()


def test_recipe_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="no data folder"):
        train(TrainingSettings(data=tmp_path / "none", work=tmp_path / "work"))
    with pytest.raises(QAError, match="neither minutes nor steps"):
        train(TrainingSettings(data=tmp_path, work=tmp_path, minutes=None))
    with pytest.raises(QAError, match=r"no folder with a qa\.jsonl"):
        train(TrainingSettings(data=tmp_path, work=tmp_path, questions=tmp_path))
    for minutes in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(QAError, match="make no sense"):
            train(TrainingSettings(data=tmp_path, work=tmp_path, minutes=minutes))
    for name in ("model", "base"):
        mine = tmp_path / "mine" / name / "notes.txt"
        mine.parent.mkdir(parents=True)
        mine.touch()
        with pytest.raises(QAError, match=f"mine/{name} is of no training"):
            train(TrainingSettings(data=tmp_path, work=tmp_path / "mine"))
    (tmp_path / "file").touch()
    with pytest.raises(QAError, match="is not a folder"):
        train(TrainingSettings(data=tmp_path, work=tmp_path / "file"))


# --- The folder that is shipped -------------------------------------------------------------------


def test_the_graph_agrees_with_the_exact_model(trained: Path) -> None:
    exact = load_encoder(trained, "cpu", exact=True)
    small = product.Encoder(trained)
    read = [small.read(text, product.PASSAGE_PROMPT) for text in FRENCH]
    read += [small.read(text, product.QUESTION_PROMPT) for text in QUESTIONS]
    read += [small.read_pair(q, text) for q, text in zip(QUESTIONS, FRENCH, strict=True)]
    for given, found in zip(read, small.encode(read), strict=True):
        with torch.no_grad():
            hidden, mask = exact.hidden([given.ids])
            odds = exact.model.heads(hidden)[0].numpy()
        own = slice(given.own.start, given.own.stop)
        tokens = hidden[0, own].numpy()
        assert found.vector @ mean_pool(hidden, mask)[0].numpy() > 0.99
        cosines = (found.tokens * tokens).sum(axis=1)
        cosines /= np.linalg.norm(found.tokens, axis=1) * np.linalg.norm(tokens, axis=1)
        assert cosines.min() > 0.97
        spread = odds.std(axis=0)
        assert (np.abs(found.marks - odds[own]) < spread).all()
        assert (np.abs(found.nothing - odds[0]) < spread).all()


def test_vectors_do_not_depend_on_what_else_is_asked(trained: Path) -> None:
    embedder = ShippedEmbedder(product.Encoder(trained), "tiny")
    texts = [*FRENCH, "Blois", " ".join(FRENCH)]
    together = embedder.embed_passages(texts)
    questions = embedder.embed_questions(texts)
    for row, text in enumerate(texts):
        alone = embedder.embed_passages([text])
        assert np.array_equal(alone.vectors[0], together.vectors[row])
        assert np.array_equal(alone.signs[0], together.signs[row])
        (question,) = embedder.embed_questions([text])
        assert np.array_equal(question.tokens, questions[row].tokens)


def test_finished_folder_opens_as_sentence_transformer(trained: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(trained), device="cpu")
    embedder = ShippedEmbedder(product.Encoder(trained), "tiny")
    passages = model.encode_document(FRENCH)
    assert (passages * embedder.embed_passages(FRENCH).vectors).sum(axis=1).min() > 0.99
    asked = np.stack([query.vector for query in embedder.embed_questions(QUESTIONS)])
    assert (model.encode_query(QUESTIONS) * asked).sum(axis=1).min() > 0.99
    prompted = model.encode(["query: " + question for question in QUESTIONS])
    assert np.allclose(model.encode_query(QUESTIONS), prompted, atol=1e-5)
    assert not np.allclose(model.encode(QUESTIONS), prompted, atol=1e-2)
    exact = embed(load_encoder(trained, "cpu", exact=True), ["passage: " + t for t in FRENCH])
    assert np.allclose((passages * exact).sum(axis=1), 1, atol=1e-4)


def test_the_product_reads_a_text_as_training_did(trained: Path) -> None:
    encoder, small = load_encoder(trained, "cpu"), product.Encoder(trained)
    assert (encoder.question_prompt, encoder.passage_prompt) == (
        product.QUESTION_PROMPT, product.PASSAGE_PROMPT,
    )  # fmt: skip
    places = {"start": product.START, "end": product.END, "context": product.CONTEXT}
    assert [places[name] for name in HEADS] == [0, 1, 2]
    for prompt in (product.QUESTION_PROMPT, product.PASSAGE_PROMPT):
        for text in [*FRENCH, "Blois", "\nIl borde", "Chambord : 猫\n« »"]:
            given = small.read(text, prompt)
            (numbers,) = encoder.pieces([prompt + text], 160)
            assert list(given.ids) == numbers
            own = own_tokens(
                torch.ones(1, len(numbers), dtype=torch.long), prompt_length(encoder, prompt)
            )
            assert np.flatnonzero(own[0].numpy()).tolist() == list(given.own)


def test_heads_and_weights_are_read_as_they_were_written(
    encoder: TrainableEncoder, tmp_path: Path
) -> None:
    with torch.no_grad():
        encoder.model.heads.bias.copy_(torch.tensor([1.0, -2.0, 3.0]))
    folder = write_model(encoder, write_model(encoder, tmp_path / "model"))
    again = load_encoder(folder, "cpu")
    for name, value in encoder.model.state_dict().items():
        assert torch.allclose(again.model.state_dict()[name], value, atol=1e-3), name
    assert again.model.heads.bias.tolist() == [1.0, -2.0, 3.0]
    assert load_file(folder / "model.safetensors")["pooler.dense.bias"].dtype == np.float16
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
