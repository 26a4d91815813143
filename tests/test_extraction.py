"""The network that finds answers in passages: what it computes, what it learns, what ships."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open

from qa.answering.extraction import PATH, Extractor, features, question_tokens, shipped_extractor
from qa.embedding import Embedder
from qa.records import Passage
from qa.search import match_text
from qa.tokens import Match, similarities
from qa.training.extraction import (
    ExtractionNetwork,
    ExtractionSettings,
    Marked,
    MarkedQuestion,
    train_extractor,
)

DIMENSION, WIDTH = 64, 16


def made_match(tokens: NDArray[np.float32], units: NDArray[np.float32]) -> Match:
    signs = np.packbits(units > 0, axis=1)
    starts = np.arange(len(units), dtype=np.int64) - 2  # two tokens of a title
    return Match(tokens, signs, starts, similarities(tokens, signs))


def made_question(chance: np.random.Generator, kinds: NDArray[np.float32]) -> MarkedQuestion:
    """One token of a passage is of the kind that the question asks for."""
    asked = int(chance.integers(len(kinds)))
    tokens = np.stack([kinds[asked], *chance.normal(size=(3, DIMENSION))]).astype(np.float32)
    tokens /= np.linalg.norm(tokens, axis=1).sum()

    def passage(answers: bool) -> Marked:
        units = chance.normal(size=(int(chance.integers(8, 14)), DIMENSION)).astype(np.float32)
        kind = asked if answers else int((asked + 1) % len(kinds))
        place = int(chance.integers(2, len(units)))
        # What is of a kind is unlike the words that ask for it.
        units[place] = np.roll(kinds[kind], DIMENSION // 2)
        marks = np.zeros(len(units), dtype=bool)
        marks[place] = answers
        return Marked(made_match(tokens, units), np.full(len(units), -3.0, np.float32), marks)

    return MarkedQuestion(passage(True), (passage(False), passage(False)))


def test_the_network_that_is_run_is_the_one_that_is_trained() -> None:
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    network = ExtractionNetwork(DIMENSION, WIDTH, 0.3).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    kinds = chance.normal(size=(2, DIMENSION)).astype(np.float32)
    question = made_question(chance, kinds)
    matches = [question.right.match, *(wrong.match for wrong in question.wrong)]
    extractor = Extractor({name: value.numpy() for name, value in network.state_dict().items()})
    longest = max(len(match.signs) for match in matches)
    units, told = torch.zeros(3, longest, DIMENSION), torch.zeros(3, longest, 4)
    for i, match in enumerate(matches):
        bits = np.unpackbits(match.signs, axis=1).astype(np.float32)
        units[i, : len(bits)] = torch.from_numpy((2 * bits - 1) / np.sqrt(DIMENSION))
        told[i, : len(bits)] = torch.from_numpy(features(match))
    asked = torch.from_numpy(question_tokens(matches[0].tokens)).expand(3, -1, -1)
    with torch.no_grad():
        wanted = network(asked, torch.ones(asked.shape[:2], dtype=torch.bool), units, told)
    for i, odds in enumerate(extractor.read(matches)):
        assert odds == pytest.approx(wanted[i, : len(odds)].numpy(), abs=1e-5)
        assert odds.std() > 0.01


def test_it_learns_what_similarity_does_not_tell() -> None:
    chance = np.random.default_rng(1)
    kinds = chance.normal(size=(3, DIMENSION)).astype(np.float32)
    questions = [made_question(chance, kinds) for _ in range(300)]
    settings = ExtractionSettings(passes=8, width=WIDTH, rate=5e-3, dropout=0.0)
    told: list[str] = []
    extractor = Extractor(train_extractor(questions, settings, told.append))
    assert told[-1].startswith("extraction: step 150 of 150, loss ")
    right = 0
    for question in (made_question(chance, kinds) for _ in range(100)):
        matches = [question.right.match, *(wrong.match for wrong in question.wrong)]
        odds = extractor.read(matches)
        best = int(np.argmax(np.concatenate(odds)))
        right += best < len(odds[0]) and bool(question.right.answers[best])
    assert right >= 90


def test_the_same_questions_give_the_same_weights() -> None:
    chance = np.random.default_rng(2)
    kinds = chance.normal(size=(2, DIMENSION)).astype(np.float32)
    questions = [made_question(chance, kinds) for _ in range(20)]
    settings = ExtractionSettings(passes=1, width=WIDTH)
    first, second = (train_extractor(questions, settings) for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)


def test_token_vectors_of_another_model_are_not_read() -> None:
    match = made_match(np.ones((2, DIMENSION), np.float32), np.ones((5, DIMENSION), np.float32))
    assert [len(odds) for odds in shipped_extractor().read([match])] == [0]


def test_what_ships_was_made_for_the_shipped_model(shipped_embedder: Embedder) -> None:
    with safe_open(PATH, "numpy") as file:
        assert file.metadata()["embedder"] == shipped_embedder.fingerprint
    assert shipped_extractor().dimension == shipped_embedder.dimension


@pytest.mark.parametrize(
    ("question", "answers", "repeats"),
    [
        (
            "Quand le pont de Tancarville fut-il ouvert ?",
            "La circulation y commença le 2 juillet 1959.",
            "Le pont de Tancarville fut ouvert par le ministre devant la foule.",
        ),
        (
            "Qui a construit le pont de Tancarville ?",
            "L'ouvrage est de l'entreprise de Marcel Huret.",
            "Le pont de Tancarville fut construit en quatre ans sur la Seine.",
        ),
    ],
)
def test_what_is_asked_for_says_more_than_what_is_repeated(
    shipped_embedder: Embedder, question: str, answers: str, repeats: str
) -> None:
    text = f"{repeats} {answers}"
    passage = Passage("pont.md", "Pont de Tancarville", (), 0, len(text), text)
    (made,) = shipped_embedder.embed_passages([passage.index_text]).signs
    (query,) = shipped_embedder.embed_questions([question])
    match = match_text(query.tokens, passage, made, shipped_embedder)
    (odds,) = shipped_extractor().read([match])
    split = int(np.searchsorted(match.starts, len(repeats)))
    first = int(np.searchsorted(match.starts, 0))
    assert match.score(0, len(repeats)) > match.score(len(repeats), len(text))
    assert odds[split:].max() > odds[first:split].max()
