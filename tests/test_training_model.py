"""The parts of the model that is trained: where it starts, what it minimises, its 8-bit numbers."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from qa import tokens as product_tokens
from qa.records import QAError
from qa.training.base import read_base_model, unigram_tokenizer, write_base
from qa.training.encoder import TrainableEncoder, load_encoder, mean_pool
from qa.training.loop import (
    anchor_strength,
    learning_rate_factor,
)
from qa.training.losses import late_interaction, retrieval_loss, signs, span_loss
from qa.training.quantisation import quantise_for_inputs, quantise_rows, smoothing_scales
from qa.training.settings import weighted_epoch
from training_material import (
    FOREIGN,
    FRENCH,
    QUESTIONS,
    one_thread,
    pieces,
    write_base_file,
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


# --- The base model -------------------------------------------------------------------------------


def test_four_bit_blocks_are_decoded_exactly(tmp_path: Path) -> None:
    weights = write_base_file(tmp_path / "base.bin")
    base = read_base_model(tmp_path / "base.bin")
    assert base.weights.keys() == weights.keys()
    for name, wanted in weights.items():
        assert np.array_equal(base.weights[name], wanted), name
    assert list(zip(base.pieces, base.scores, strict=True)) == pieces()
    assert base.heads == 4
    assert base.epsilon == pytest.approx(1e-12)


def test_one_block_by_hand(tmp_path: Path) -> None:
    # Byte j holds weight j below and weight j + 16 above; 8 is zero, and the scale is 1/2.
    block = struct.pack("<e", 0.5) + bytes(j | (15 - j) << 4 for j in range(16))
    write_base_file(tmp_path / "base.bin")
    content = (tmp_path / "base.bin").read_bytes()
    base = read_base_model(tmp_path / "base.bin")
    row = base.weights["encoder.layer.1.output.dense.weight"][0, :32]
    scale = np.abs(row[row != 0]).min()
    # The block is found by what it says, and another put in its place.
    packed = bytes(
        int(round(a / scale) + 8) | int(round(b / scale) + 8) << 4
        for a, b in zip(row[:16], row[16:], strict=True)
    )
    place = content.index(packed) - 2
    (tmp_path / "base.bin").write_bytes(content[:place] + block + content[place + len(block) :])
    changed = read_base_model(tmp_path / "base.bin")
    row = changed.weights["encoder.layer.1.output.dense.weight"][0, :32]
    assert row[:16].tolist() == [(j - 8) / 2 for j in range(16)]
    assert row[16:].tolist() == [(7 - j) / 2 for j in range(16)]


def test_a_file_that_is_not_the_base_model_is_told(tmp_path: Path) -> None:
    path = tmp_path / "base.bin"
    with pytest.raises(QAError, match="cannot read the base model"):
        read_base_model(path)
    path.write_bytes(b"PK12 and more")
    with pytest.raises(QAError, match=r"no e5-small file: it begins with b'PK12'"):
        read_base_model(path)
    write_base_file(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(QAError, match="not whole"):
        read_base_model(path)


def test_french_pieces_keep_their_vectors_and_cut_as_before(work: Path) -> None:
    base = read_base_model(work / "base.bin")
    whole = unigram_tokenizer(zip(base.pieces, base.scores, strict=True))
    encoder = load_encoder(work / "transformer", "cpu")
    kept = encoder.tokenizer.get_vocab()
    used = {token for text in [*FRENCH, *QUESTIONS] for token in whole.encode(text).tokens}
    assert used < set(kept) < set(base.pieces)
    assert not set(FOREIGN) & set(kept)
    assert [encoder.tokenizer.id_to_token(i) for i in range(4)] == ["<s>", "<pad>", "</s>", "<unk>"]
    table = encoder.model.embeddings.word_embeddings.weight.detach().numpy()
    words = base.weights["embeddings.word_embeddings.weight"]
    number = {piece: i for i, piece in enumerate(base.pieces)}
    for piece, row in kept.items():
        assert np.array_equal(table[row], words[number[piece]]), piece
    for text in [*FRENCH, *QUESTIONS, "query: Quand  fut-il\tbâti ?"]:
        assert encoder.tokenizer.encode(text).tokens == whole.encode(text).tokens
    assert kept["<unk>"] in encoder.tokenizer.encode("Blois, 猫").ids


def test_a_small_vocabulary_keeps_letters_and_the_most_used_words(
    work: Path, tmp_path: Path
) -> None:
    letters = sum(len(p.lstrip("▁")) <= 1 and p not in FOREIGN for p, _ in pieces())
    size = 4 + 2 + letters + 3  # special pieces, prompts, letters, the three most used words
    write_base(work / "base.bin", ["Chambord Chambord Blois Blois bâti 猫"], size, tmp_path)
    kept = load_encoder(tmp_path, "cpu").tokenizer.get_vocab()
    assert len(kept) == size
    assert {"▁Chambord", "▁Blois", "▁bâti", "▁query", "a"} < set(kept)
    assert not {"▁château", "猫"} & set(kept)


def test_offsets_of_pairs_stand_in_each_text(encoder: TrainableEncoder) -> None:
    texts = ("query: Le ﬁlm de Blois…", "passage: Bâti\u00a0en  1519.\nIl ?")
    encoded = encoder.tokenizer.encode(*texts)
    ends = [i for i, token in enumerate(encoded.tokens) if token == "</s>"]
    assert (encoded.tokens[0], len(ends), ends[1]) == ("<s>", 3, ends[0] + 1)
    for sequence, wanted in (
        (0, {"▁query": "query", "▁Blois": " Blois"}),
        (1, {"▁en": "\u00a0en", "▁1519": " 1519", "▁Il": "\nIl", "?": "?"}),
    ):
        found = {
            token: texts[sequence][start:end]
            for token, own, (start, end) in zip(
                encoded.tokens, encoded.sequence_ids, encoded.offsets, strict=True
            )
            if own == sequence
        }
        assert {token: found[token].replace("  ", " ") for token in wanted} == wanted


# --- Losses ---------------------------------------------------------------------------------------


def test_late_interaction_is_the_product_s() -> None:
    chance = np.random.default_rng(0)
    questions = chance.normal(size=(2, 3, 16)).astype(np.float32)
    passages = chance.normal(size=(3, 5, 16)).astype(np.float32)
    own, others = (
        np.array([[0, 1, 1], [0, 1, 0]]),
        np.array([[0, 1, 1, 1, 1]] * 2 + [[0, 1, 0, 0, 0]]),
    )
    found = late_interaction(*map(torch.from_numpy, (questions, own, passages, others)))
    packed = [
        np.packbits(text[mask == 1] >= 0, axis=1)
        for text, mask in zip(passages, others, strict=True)
    ]
    for row, (tokens, mask) in enumerate(zip(questions, own, strict=True)):
        kept = tokens[mask == 1]
        weighed = kept / np.linalg.norm(kept, axis=1).sum()
        wanted = product_tokens.late_interaction(weighed, packed)
        assert np.allclose(found[row].numpy(), wanted, atol=1e-6)


def test_a_question_of_no_words_scores_nothing() -> None:
    ones = torch.ones(1, 2, 8)
    scores = late_interaction(ones, torch.zeros(1, 2), ones, torch.ones(1, 2))
    assert scores.tolist() == [[0.0]]


def test_signs_have_the_gradient_of_the_vectors() -> None:
    vectors = torch.tensor([[3.0, -4.0]], requires_grad=True)
    kept = signs(vectors)
    assert torch.allclose(kept, torch.tensor([[1.0, -1.0]]) / 2**0.5)
    kept[0, 0].backward()  # type: ignore[no-untyped-call]
    # Of 3 / 5 to the vector: (1 - 0.6 * 0.6) / 5 and 0.6 * 0.8 / 5.
    assert vectors.grad is not None
    assert torch.allclose(vectors.grad, torch.tensor([[0.128, 0.096]]))


def test_retrieval_loss_by_hand_and_without_banned_passages() -> None:
    scores = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    none = torch.zeros(2, 3, dtype=torch.bool)
    wanted = np.mean([math.log(2 + math.exp(-1)), math.log(1 + 2 * math.exp(-1))])
    assert retrieval_loss(scores, none).item() == pytest.approx(wanted)
    banned = torch.tensor([[False, False, True], [False, False, True]])
    assert retrieval_loss(scores, banned).item() == pytest.approx(math.log(1 + math.exp(-1)))


def test_span_loss_by_hand() -> None:
    logits = torch.tensor([[[0.0, 2.0], [9.0, 9.0], [1.0, 0.0], [2.0, 1.0]]])
    readable = torch.tensor([[True, False, True, True]])
    starts = torch.log_softmax(torch.tensor([0.0, 1.0, 2.0]), 0).tolist()
    ends = torch.log_softmax(torch.tensor([2.0, 0.0, 1.0]), 0).tolist()

    def loss(start: list[int], end: list[int]) -> float:
        marks = torch.zeros(2, 1, 4, dtype=torch.bool)
        marks[0, 0, start] = marks[1, 0, end] = True
        return span_loss(logits, readable, marks[0], marks[1]).item()

    assert loss([2], [3]) == pytest.approx(-(starts[1] + ends[2]) / 2)
    assert loss([0], [0]) == pytest.approx(-(starts[0] + ends[0]) / 2)  # no answer: the first token
    # A sentence in which the answer stands somewhere: any of its tokens.
    anywhere = math.log(math.exp(starts[1]) + math.exp(starts[2]))
    anywhere += math.log(math.exp(ends[1]) + math.exp(ends[2]))
    assert loss([2, 3], [2, 3]) == pytest.approx(-anywhere / 2)


def test_mean_pool_leaves_padding_out() -> None:
    hidden = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]]])
    assert torch.allclose(mean_pool(hidden, torch.tensor([[1, 1, 0]])), torch.tensor([[0.6, 0.8]]))


# --- Formulas of the loop and of the 8-bit graph --------------------------------------------------


def test_weighted_epoch_repeats_texts_by_their_weight() -> None:
    counts = np.zeros(3)
    for seed in range(400):
        order = weighted_epoch([1.0, 2.5, 0.5], random.Random(seed))
        counts += np.bincount(order, minlength=3)
    assert np.allclose(counts / 400, [1, 2.5, 0.5], atol=0.1)


def test_learning_rate_and_anchor_by_hand() -> None:
    assert learning_rate_factor(0.05, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(0.1, 0.1) == pytest.approx(1)
    assert learning_rate_factor(0.55, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(1, 0.1) == 0
    pull = anchor_strength(torch.tensor([0.0, 50.0]), anchor=0.02, half=50)
    assert pull.flatten().tolist() == pytest.approx([0.02, 0.01])


def test_eight_bit_rows_are_within_half_a_step() -> None:
    matrix = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    numbers, scale = quantise_rows(matrix)
    back = numbers.astype(np.float32) * scale
    assert np.all(np.abs(back - matrix) <= scale / 2 + 1e-6)


def test_weights_are_rounded_for_what_their_layer_sees() -> None:
    chance = np.random.default_rng(0)
    weight = chance.normal(size=(12, 24)).astype(np.float32)
    # Inputs that go together: an error of one can be made up for by another.
    seen = chance.normal(size=(400, 4)) @ chance.normal(size=(4, 24))
    seen += 0.1 * chance.normal(size=seen.shape)
    nearest, scale = quantise_rows(weight, 15)
    chosen, same = quantise_for_inputs(weight, (seen.T @ seen).astype(np.float32), 15)
    assert np.array_equal(scale, same)
    assert np.abs(chosen).max() <= 15

    def error(numbers: np.ndarray[tuple[int, ...], np.dtype[np.int8]]) -> float:
        return float(np.linalg.norm(seen @ (numbers * scale - weight).T))

    assert error(chosen) < 0.5 * error(nearest)
    # Inputs that have nothing to do with each other: each weight is rounded by itself.
    apart, _ = quantise_for_inputs(weight, np.eye(24, dtype=np.float32), 15)
    assert np.array_equal(apart, nearest)


def test_smoothing_evens_channels_out() -> None:
    weight = np.array([[4.0, 1.0]], dtype=np.float32)
    largest = np.array([1.0, 16.0], dtype=np.float32)
    scales = smoothing_scales(largest, weight, share=0.5)
    assert np.allclose(scales, [0.5, 4.0])
