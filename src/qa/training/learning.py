"""One encoder learns to find, to read and to follow a conversation at once.

Each step adds the losses of reading and of following up (which words of what was said before a
question needs); every few steps add that of finding. So none is forgotten for another.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qa.training.data import TrainingPair
from qa.training.encoder import TrainableEncoder
from qa.training.finding import FindingExamples, finding_loss
from qa.training.followups import FollowUps, followup_loss
from qa.training.loop import run_loop
from qa.training.questions import Questions
from qa.training.reading import ReadingExamples, reading_loss
from qa.training.settings import LearningSettings


def learn(
    encoder: TrainableEncoder,
    pairs: Sequence[TrainingPair],
    questions: Questions,
    negatives: NDArray[np.int64],
    followups: FollowUps,
    settings: LearningSettings,
    checkpoint: Path,
    progress: Callable[[str], None] = lambda _: None,
    interrupt_at: int | None = None,
) -> None:
    """Trains the encoder in place; row i of ``negatives``: passage rows for question i, or -1."""
    finding = FindingExamples(pairs, questions, negatives, settings)
    reading = ReadingExamples(questions, negatives, settings)

    def step_loss(step: int) -> float:
        loss = 0.0
        if step % settings.finding_every == 0:
            found = finding_loss(encoder, finding, step // settings.finding_every, settings)
            found.backward()  # type: ignore[no-untyped-call]
            loss += float(found.detach())
        read = reading_loss(encoder, reading.batch(step), settings)
        chance = random.Random(f"{settings.seed}:f:{step}")  # noqa: S311
        drawn = followups.draw(settings.followups, chance)
        followed = (
            followup_loss(encoder, drawn, chance, settings.noise, settings.batch_tokens)
            if drawn
            else 0.0
        )
        return loss + read + followed

    counts = piece_counts(encoder, [p.text for p in questions.passages])
    run_loop(
        encoder, settings.loop, step_loss, checkpoint, counts, progress, interrupt_at=interrupt_at
    )


def piece_counts(encoder: TrainableEncoder, texts: Sequence[str]) -> Tensor:
    """How often each piece of the vocabulary occurs in the texts."""
    numbers = [number for row in encoder.pieces(texts, 512) for number in row]
    return torch.tensor(np.bincount(numbers, minlength=encoder.model.config.vocab_size))
