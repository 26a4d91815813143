"""Teaches the French student to put a text where the English teacher puts its translation.

Multilingual distillation (Reimers & Gurevych 2020) with two more signals: each text must find its
own translation in the batch, and the batch's similarities must be distributed alike. Some texts get
a typing error, so that the student learns to read through it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from qa.noise import one_typo
from qa.training.batches import LengthBatches
from qa.training.encoder import Encoder
from qa.training.loop import LoopSettings, run_loop
from qa.training.losses import contrast_loss, cosine_loss, distribution_loss


@dataclass(frozen=True, slots=True)
class DistillationSettings:
    """Sizes and weights of the three losses; ``typos`` is the share of texts that get one."""

    loop: LoopSettings
    seed: int = 0
    tokens: int = 4096
    texts: int = 256
    longest: int = 200
    typos: float = 0.12
    temperature: float = 0.05
    cosine_weight: float = 4.0
    contrast_weight: float = 1.0
    distribution_weight: float = 1.0


def distil(
    encoder: Encoder,
    texts: Sequence[str],
    teacher: NDArray[np.floating],
    settings: DistillationSettings,
    checkpoint: Path,
    progress: Callable[[str], None] = lambda _: None,
    interrupt_at: int | None = None,
    watch: Callable[[int], None] | None = None,
    watch_every: int = 0,
) -> None:
    """Trains the encoder in place; ``teacher[i]`` is the vector of the translation of text i."""
    pieces = encoder.pieces(texts, settings.longest)
    lengths = [len(row) for row in pieces]
    batches = LengthBatches(lengths, settings.tokens, settings.texts, settings.seed)
    temperature = settings.temperature

    def step_loss(step: int) -> float:
        rows = batches.batch(step)
        chance = random.Random(f"{settings.seed}:{step}")  # noqa: S311
        seen = [
            one_typo(texts[i], chance) if chance.random() < settings.typos else texts[i]
            for i in rows
        ]
        student = encoder.vectors(encoder.pieces(seen, settings.longest))
        wanted = torch.tensor(teacher[rows], dtype=torch.float32, device=encoder.device)
        wanted = torch.nn.functional.normalize(wanted, dim=-1)
        loss = (
            settings.cosine_weight * cosine_loss(student, wanted)
            + settings.contrast_weight * contrast_loss(student, wanted, temperature)
            + settings.distribution_weight * distribution_loss(student, wanted, temperature)
        )
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    run_loop(
        encoder,
        settings.loop,
        step_loss,
        checkpoint,
        piece_counts(pieces, encoder.model.config.vocab_size),
        progress,
        interrupt_at=interrupt_at,
        watch=watch,
        watch_every=watch_every,
    )


def piece_counts(pieces: Sequence[Sequence[int]], vocabulary: int) -> torch.Tensor:
    """How often each piece of the vocabulary occurs in the encoded texts."""
    numbers = np.fromiter((number for row in pieces for number in row), dtype=np.int64)
    return torch.tensor(np.bincount(numbers, minlength=vocabulary))
