"""Late interaction: signs on disk, scores by hand, what is damaged is told."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from qa.embedding import ShippedEmbedder, Signs
from qa.records import QAError
from qa.tokens import TokenIndex, TokenWriter, late_interaction, similarities

# Two question tokens of lengths 3/4 and 1/4 in 8 dimensions.
TOKENS = np.zeros((2, 8), np.float32)
TOKENS[0, 0], TOKENS[1, 1] = 0.75, 0.25
ALL, FIRST, NONE = (
    np.packbits(np.array([bits], bool)) for bits in ([1] * 8, [1] + [0] * 7, [0] * 8)
)


def test_similarities_by_hand() -> None:
    found = similarities(TOKENS, np.array([ALL, FIRST, NONE]))
    # A token of signs has components of 1 / sqrt(8).
    expected = np.array([[0.75, 0.75, -0.75], [0.25, -0.25, -0.25]]) / 8**0.5
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_each_question_token_takes_its_best_match() -> None:
    empty = np.empty((0, 1), np.uint8)
    found = late_interaction(TOKENS, [np.array([NONE, FIRST]), empty, np.array([FIRST, ALL])])
    np.testing.assert_allclose(found, [0.5 / 8**0.5, 0, 1 / 8**0.5], rtol=1e-6)
    assert late_interaction(TOKENS, []).shape == (0,)
    assert late_interaction(TOKENS[:0], [np.array([ALL])]).tolist() == [0]


def write(folder: Path, passages: list[Signs]) -> None:
    with closing(TokenWriter(folder)) as writer:
        for signs in passages:
            writer.append(signs)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = [np.array(signs, np.uint8).reshape(-1, 1) for signs in ([[1], [2]], [], [[7]])]
    write(tmp_path / "tokens", written)
    again = TokenIndex.load(tmp_path / "tokens", 1)
    assert (again.rows, again.tokens) == (3, 3)
    assert [signs.tolist() for signs in again.signs(range(3))] == [[[1], [2]], [], [[7]]]


@pytest.mark.parametrize(("counts", "width"), [([], 1), ([3, 2], 0), ([0], 48)])
def test_an_index_without_tokens(tmp_path: Path, counts: list[int], width: int) -> None:
    write(tmp_path / "tokens", [np.empty((count, width), np.uint8) for count in counts])
    index = TokenIndex.load(tmp_path / "tokens", width)
    assert (index.rows, index.tokens) == (len(counts), 0)


def test_a_file_of_another_length_is_told(tmp_path: Path) -> None:
    write(tmp_path / "tokens", [np.zeros((2, 48), np.uint8)])
    with pytest.raises(QAError, match="96 bytes of token signs instead of 2 x 24"):
        TokenIndex.load(tmp_path / "tokens", 24)


def test_a_file_cut_short_while_it_is_read_is_told(tmp_path: Path) -> None:
    write(tmp_path / "tokens", [np.zeros((5_000, 48), np.uint8)] * 2)
    index = TokenIndex.load(tmp_path / "tokens", 48)
    os.truncate(tmp_path / "tokens" / "signs.bin", 240_000)
    assert index.signs([0])[0].shape == (5_000, 48)
    with pytest.raises(QAError, match="cut short while it was in use"):
        index.signs([1])


def test_tokens_of_the_shipped_model(shipped_embedder: ShippedEmbedder) -> None:
    """A passage that answers in other words wins over one that only shares a frequent word."""
    question = shipped_embedder.embed_questions(["Où Léon Trotsky est-il mort ?"])[0]
    assert np.linalg.norm(question.tokens, axis=1).sum() == pytest.approx(1)
    texts = [
        "Trotsky fut assassiné à Mexico en 1940.",
        "Le chat est mort dans le jardin.",
        "mot " * 400,
    ]
    passages = shipped_embedder.embed_passages(texts)
    for text, signs in zip(texts, passages.signs, strict=True):
        read = min(shipped_embedder.max_tokens - 2, shipped_embedder.count_tokens([text])[0])
        assert signs.shape == (read, 48)
    scores = late_interaction(question.tokens, passages.signs)
    assert scores[0] > scores[1] + 0.1
