"""Learning to find: questions against passages, by whole vectors and by tokens.

The other passages of the batch and mined ones are negatives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qa.noise import training_noise
from qa.training.data import TrainingPair
from qa.training.encoder import TrainableEncoder, length_batches, mean_pool
from qa.training.losses import late_interaction, retrieval_loss
from qa.training.questions import Questions
from qa.training.settings import LearningSettings, question_weight, weighted_epoch


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a step asks: a text, its passage, the mined passages, and the group of its answers.

    Those of one ``source`` are asked together: passages of another kind are told apart too easily.
    """

    source: str
    text: str
    passage: str
    group: str
    wrong: tuple[int, ...]
    noised: bool
    weight: float


class FindingExamples:
    """Texts that must find their passage, drawn by weight; the same steps after a restart."""

    def __init__(
        self,
        pairs: Sequence[TrainingPair],
        questions: Questions,
        negatives: NDArray[np.int64],
        settings: LearningSettings,
    ):
        self._settings = settings
        self.passages = questions.passages
        self._asked = [
            _Asked(
                "piaf" if question.collection == "piaf" else "natural",
                question.text,
                self.passages[question.answers[0].row].text,
                self.passages[question.answers[0].row].document,
                tuple(int(row) for row in rows if row >= 0),
                True,
                question_weight(question, settings),
            )
            for question, rows in zip(questions.questions, negatives, strict=True)
            if question.answers
        ]
        self._asked += [
            _Asked(pair.source, pair.question, _titled(pair), pair.group, (), False, pair.weight)
            for pair in pairs
        ]
        self._order: list[int] = []
        self._epoch = 0

    def batch(self, step: int) -> list[_Asked]:
        """The texts of a step, which must be asked for in order."""
        size = self._settings.pairs
        while len(self._order) < (step + 1) * size:
            chance = random.Random(f"{self._settings.seed}:{self._epoch}")  # noqa: S311
            self._order += self._one_pass(chance)
            self._epoch += 1
        return [self._asked[i] for i in self._order[step * size : (step + 1) * size]]

    def _one_pass(self, chance: random.Random) -> list[int]:
        """Numbers of one pass in whole batches, each of one source; what is left over waits.

        Where no source fills a batch, they are mixed.
        """
        size = self._settings.pairs
        drawn = weighted_epoch([one.weight for one in self._asked], chance)
        sources: dict[str, list[int]] = {}
        for number in drawn:
            sources.setdefault(self._asked[number].source, []).append(number)
        batches = [
            numbers[first : first + size]
            for numbers in sources.values()
            for first in range(0, len(numbers) - size + 1, size)
        ]
        chance.shuffle(batches)
        return [number for batch in batches for number in batch] or drawn


def _titled(pair: TrainingPair) -> str:
    return f"{pair.title}\n{pair.passage}" if pair.title else pair.passage


def finding_loss(
    encoder: TrainableEncoder, examples: FindingExamples, step: int, settings: LearningSettings
) -> Tensor:
    """The loss of a step by vectors and by tokens."""
    chance = random.Random(f"{settings.seed}:{step}")  # noqa: S311
    asked = examples.batch(step)
    wrong = [row for one in asked if one.wrong for row in [chance.choice(one.wrong[:8])]]
    wrong = list(dict.fromkeys(wrong))[: settings.negatives]
    texts = [one.passage for one in asked] + [examples.passages[row].text for row in wrong]
    groups = [one.group for one in asked]
    columns = groups + [examples.passages[row].document for row in wrong]
    mined = [set(one.wrong) for one in asked]
    banned = torch.zeros(len(asked), len(texts), dtype=torch.bool)
    for i, group in enumerate(groups):
        for j, column in enumerate(columns):
            is_mined = j >= len(asked) and wrong[j - len(asked)] in mined[i]
            same = texts[j] == texts[i] or (group == column and not is_mined)
            banned[i, j] = i != j and same
    questions = [
        training_noise(one.text, chance, settings.noise) if one.noised else one.text
        for one in asked
    ]
    questions = [encoder.question_prompt + text for text in questions]
    passages = [encoder.passage_prompt + text for text in texts]
    question_tokens, question_mask = token_vectors(
        encoder, encoder.pieces(questions, settings.longest_question), settings.batch_tokens
    )
    passage_tokens, passage_mask = token_vectors(
        encoder, encoder.pieces(passages, settings.longest_passage), settings.batch_tokens
    )
    banned = banned.to(encoder.device)
    cosines = mean_pool(question_tokens, question_mask) @ mean_pool(passage_tokens, passage_mask).T
    loss = retrieval_loss(cosines / settings.temperature, banned)
    scores = late_interaction(
        question_tokens,
        own_tokens(question_mask, prompt_length(encoder, encoder.question_prompt)),
        passage_tokens,
        own_tokens(passage_mask, prompt_length(encoder, encoder.passage_prompt)),
    )
    tokens = retrieval_loss(scores / settings.token_temperature, banned)
    return loss + settings.token_weight * tokens


def token_vectors(
    encoder: TrainableEncoder, pieces: Sequence[Sequence[int]], tokens: int
) -> tuple[Tensor, Tensor]:
    """Token vectors and mask of texts of any length, computed in batches of like length."""
    longest = max(map(len, pieces))
    parts, order = [], []
    for batch in length_batches([len(row) for row in pieces], tokens):
        hidden, mask = encoder.hidden([pieces[i] for i in batch])
        room = longest - hidden.shape[1]
        hidden = torch.nn.functional.pad(hidden, (0, 0, 0, room))
        parts.append((hidden, torch.nn.functional.pad(mask, (0, room))))
        order += batch
    back = torch.argsort(torch.tensor(order, device=encoder.device))
    return torch.cat([h for h, _ in parts])[back], torch.cat([m for _, m in parts])[back]


def own_tokens(mask: Tensor, prompt: int) -> Tensor:
    """The mask without the special tokens at both ends and without the prompt."""
    own = mask.clone()
    own[:, : 1 + prompt] = 0
    own[torch.arange(len(mask)), mask.sum(dim=1) - 1] = 0
    return own


def prompt_length(encoder: TrainableEncoder, prompt: str) -> int:
    """How many pieces a prompt takes."""
    return len(encoder.pieces([prompt.strip()], 16)[0]) - 2
