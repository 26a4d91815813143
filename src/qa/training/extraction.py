"""Trains the network of ``qa.answering.extraction`` on questions whose answers are marked.

The loss is shared by the passages of a question (Clark and Gardner 2018, arXiv 1710.10723): of all
their tokens, and of "no answer" beside them, those of the answer should have the probability. In a
part of the questions the right passage is left out, and "no answer" is right.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from qa.answering.extraction import (
    FEATURES,
    HEADS,
    PASSAGE_LENGTH,
    REACH,
    features,
    question_tokens,
)
from qa.tokens import Match

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """``passes`` over the questions, ``questions`` in a batch, with ``negatives`` passages each.

    ``without``: the share of questions whose right passage is left out. ``width`` of the layers.
    """

    passes: float = 4.0
    questions: int = 16
    negatives: int = 3
    without: float = 0.25
    rate: float = 2e-3
    warmup: float = 0.05
    decay: float = 0.01
    dropout: float = 0.2
    width: int = 64
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Marked:
    """A passage against its question: ``known`` (u,), the log-odds that other signals give its
    tokens; ``answers`` (u,), which of them are of the answer."""

    match: Match
    known: Floats
    answers: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MarkedQuestion:
    """The passages that were found for a question: one that answers and those that do not."""

    right: Marked
    wrong: tuple[Marked, ...]


class ExtractionNetwork(nn.Module):
    """The network to be trained; its parameters have the names that ``Extractor`` reads."""

    def __init__(self, dimension: int, width: int, dropout: float):
        super().__init__()
        self.passage = nn.Linear(dimension, width)
        self.features = nn.Linear(FEATURES, width)
        self.pool = nn.Linear(dimension, 1)
        self.kind = nn.Linear(dimension, width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(dimension, width)
        self.value = nn.Linear(dimension, width)
        self.join = nn.Linear(3 * width + FEATURES, width)
        self.neighbours = nn.Conv1d(width, width, 2 * REACH + 1, padding=REACH, groups=width)
        self.norm = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)
        self.direct = nn.Linear(FEATURES, 1)
        self.dropout = nn.Dropout(dropout)
        with torch.no_grad():
            # A passage token looks at question tokens like it from the start.
            nn.init.orthogonal_(self.passage.weight)
            self.key.weight.copy_(self.passage.weight)
            nn.init.eye_(self.query.weight)
            nn.init.zeros_(self.direct.weight)
            nn.init.zeros_(self.direct.bias)

    def forward(self, asked: Tensor, is_asked: Tensor, passage: Tensor, told: Tensor) -> Tensor:
        """Log-odds (n, u) from tokens (n, t, d), their mask, unit tokens (n, u, d) and features."""
        number, length, _ = passage.shape
        own = self.dropout(self.passage(PASSAGE_LENGTH * passage) + self.features(told))

        def split(values: Tensor) -> Tensor:
            return values.view(number, -1, HEADS, values.shape[2] // HEADS).transpose(1, 2)

        bias = torch.zeros(is_asked.shape).masked_fill(~is_asked, -1e4)
        seen = nn.functional.scaled_dot_product_attention(
            split(self.query(own)),
            split(self.key(asked)),
            split(self.value(asked)),
            attn_mask=bias[:, None, None, :],
        )
        seen = seen.transpose(1, 2).reshape(number, length, -1)
        shares = torch.softmax(self.pool(asked).squeeze(-1) + bias, dim=1)
        kind = self.kind((shares[:, :, None] * asked).sum(dim=1))[:, None, :]
        joined = torch.cat([own, seen, own * kind, told], dim=2)
        hidden = torch.relu(self.join(self.dropout(joined)))
        # Beyond the end of a passage there is nothing, as in ``Extractor``.
        hidden = hidden * (passage != 0).any(dim=2, keepdim=True)
        hidden = self.norm(hidden + self.neighbours(hidden.transpose(1, 2)).transpose(1, 2))
        hidden = torch.relu(self.hidden(self.dropout(hidden)))
        return torch.as_tensor((self.out(hidden) + self.direct(told)).squeeze(-1))


def train_extractor(
    questions: Sequence[MarkedQuestion],
    settings: ExtractionSettings,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Floats]:
    """The weights of ``Extractor`` by name."""
    torch.manual_seed(settings.seed)
    chance = random.Random(settings.seed)  # noqa: S311
    dimension = questions[0].right.match.tokens.shape[1]
    network = ExtractionNetwork(dimension, settings.width, settings.dropout)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.rate, weight_decay=settings.decay, betas=(0.9, 0.98)
    )
    steps = max(1, int(settings.passes * len(questions) / settings.questions))
    waiting: list[MarkedQuestion] = []
    smooth = None
    for step in range(steps):
        used = step / steps
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * min(1.0, (used + 1 / steps) / settings.warmup, 1 - used)
        if len(waiting) < settings.questions:
            waiting = chance.sample(list(questions), len(questions))
        batch, waiting = waiting[: settings.questions], waiting[settings.questions :]
        loss = _loss(network, [_choose(question, settings, chance) for question in batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        smooth = loss.item() if smooth is None else 0.98 * smooth + 0.02 * loss.item()
        if step % 100 == 99 or step == steps - 1:
            progress(f"extraction: step {step + 1} of {steps}, loss {smooth:.3f}")
    return {
        name: value.detach().numpy().astype(np.float32)
        for name, value in network.state_dict().items()
    }


def _choose(
    question: MarkedQuestion, settings: ExtractionSettings, chance: random.Random
) -> tuple[list[Marked], bool]:
    """The passages that a question is shown in a step, and whether one of them answers."""
    answered = chance.random() >= settings.without or not question.wrong
    count = min(len(question.wrong), settings.negatives + (not answered))
    wrong = chance.sample(question.wrong, count)
    return ([question.right, *wrong] if answered else wrong), answered


def _loss(network: ExtractionNetwork, chosen: Sequence[tuple[list[Marked], bool]]) -> Tensor:
    passages = [passage for shown, _ in chosen for passage in shown]
    owner = torch.tensor([i for i, (shown, _) in enumerate(chosen) for _ in shown])
    dimension = passages[0].match.tokens.shape[1]
    longest = max(len(passage.known) for passage in passages)
    most = max(len(passage.match.tokens) for passage in passages)
    asked = torch.zeros(len(passages), most, dimension)
    is_asked = torch.zeros(len(passages), most, dtype=torch.bool)
    units = torch.zeros(len(passages), longest, dimension)
    told = torch.zeros(len(passages), longest, FEATURES)
    known = torch.full((len(passages), longest), -1e4)
    right = torch.zeros(len(passages), longest)
    for i, passage in enumerate(passages):
        tokens, count = passage.match.tokens, len(passage.known)
        asked[i, : len(tokens)] = torch.from_numpy(question_tokens(tokens))
        is_asked[i, : len(tokens)] = True
        bits = np.unpackbits(passage.match.signs, axis=1, count=dimension).astype(np.float32)
        units[i, :count] = torch.from_numpy((2 * bits - 1) / math.sqrt(dimension))
        told[i, :count] = torch.from_numpy(features(passage.match))
        known[i, :count] = torch.from_numpy(passage.known)
        right[i, :count] = torch.from_numpy(passage.answers.astype(np.float32))
    odds = network(asked, is_asked, units, told) + known
    top = odds.detach().amax().clamp(min=0)
    mass = torch.exp(odds - top)
    nothing = torch.exp(-top)
    answered = torch.tensor([float(yes) for _, yes in chosen])
    shape = (len(chosen),)
    every = torch.zeros(shape).index_add(0, owner, mass.sum(dim=1)) + nothing
    good = torch.zeros(shape).index_add(0, owner, (mass * right).sum(dim=1))
    good = torch.where(answered > 0, good, nothing)
    return (torch.log(every) - torch.log(good + 1e-20)).mean()
