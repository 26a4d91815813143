"""Teaches the model to find the passage that answers a question.

Contrastive learning: a question must find its passage among the others of the batch and a mined
hard negative for each real question. A small batch of distillation goes along, so that the
teacher's broad knowledge is not forgotten. (Remembering passages of earlier steps as more
negatives, as Wang et al. 2020 do for images, made the vectors collapse within a hundred steps:
questions and passages share the encoder, and it learns to move away from whatever is old.)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qa.noise import training_noise
from qa.training.batches import LengthBatches
from qa.training.data import TrainingPair
from qa.training.distillation import piece_counts
from qa.training.encoder import Encoder, length_batches
from qa.training.loop import LoopSettings, run_loop
from qa.training.losses import contrast_loss, cosine_loss, retrieval_loss


@dataclass(frozen=True, slots=True)
class FinetuningSettings:
    """``pairs`` questions a step, with ``negatives`` mined ones each; ``replay`` distilled tokens.

    ``noise`` is the share of noised questions, ``titled`` that of passages led by their title.
    """

    loop: LoopSettings
    seed: int = 0
    pairs: int = 64
    negatives: int = 1
    longest_question: int = 64
    longest_passage: int = 160
    longest_negative: int = 112
    noise: float = 0.35
    titled: float = 0.3
    temperature: float = 0.05
    replay: int = 768
    replay_weight: float = 1.0


@dataclass(frozen=True, slots=True)
class PassageTable:
    """The distinct passages of training pairs; ``positive[i]`` is the row that answers pair i."""

    passages: list[str]
    titles: list[str]
    groups: list[str]
    positive: list[int]


def passage_table(pairs: Sequence[TrainingPair]) -> PassageTable:
    """Each distinct passage once."""
    row_of: dict[str, int] = {}
    table = PassageTable([], [], [], [])
    for pair in pairs:
        if pair.passage not in row_of:
            row_of[pair.passage] = len(table.passages)
            table.passages.append(pair.passage)
            table.titles.append(pair.title)
            table.groups.append(pair.group)
        table.positive.append(row_of[pair.passage])
    return table


def weighted_epoch(pairs: Sequence[TrainingPair], chance: random.Random) -> list[int]:
    """Pair numbers of one pass: weight 2.5 gives two, and a third one time in two; shuffled."""
    order = []
    for i, pair in enumerate(pairs):
        whole = int(pair.weight)
        order.extend([i] * (whole + (chance.random() < pair.weight - whole)))
    chance.shuffle(order)
    return order


def bucketed_vectors(encoder: Encoder, pieces: Sequence[Sequence[int]], tokens: int) -> Tensor:
    """Vectors of texts of any length, with gradients, computed in batches of like length."""
    batches = list(length_batches([len(row) for row in pieces], tokens))
    computed = torch.cat([encoder.vectors([pieces[i] for i in batch]) for batch in batches])
    order = torch.tensor([i for batch in batches for i in batch], device=computed.device)
    return computed[torch.argsort(order)]


def banned_passages(groups: NDArray[np.int64], columns: NDArray[np.int64]) -> Tensor:
    """Which passages may not count against which question ``(questions, columns)``.

    ``groups`` are the groups of the questions, ``columns`` those of the passages, of which column i
    is question i's answer. Same group: perhaps an answer too.
    """
    banned = groups[:, None] == columns[None, :]
    rows = np.arange(len(groups))
    banned[rows, rows] = False
    return torch.from_numpy(banned)


def finetune(
    encoder: Encoder,
    pairs: Sequence[TrainingPair],
    table: PassageTable,
    negatives: NDArray[np.int64],
    replay_texts: Sequence[str],
    replay_teacher: NDArray[np.floating],
    settings: FinetuningSettings,
    checkpoint: Path,
    progress: Callable[[str], None] = lambda _: None,
    interrupt_at: int | None = None,
    watch: Callable[[int], None] | None = None,
    watch_every: int = 0,
) -> None:
    """Trains the encoder in place. Row i of ``negatives`` are passage rows for pair i, -1: none."""
    names = {name: i for i, name in enumerate(dict.fromkeys(table.groups))}
    group_of = np.asarray([names[name] for name in table.groups])
    replay_lengths = [len(row) for row in encoder.pieces(replay_texts, settings.longest_passage)]
    replays = LengthBatches(replay_lengths, settings.replay, 256, settings.seed)
    order: list[int] = []
    epoch = 0

    def step_pairs(step: int) -> list[int]:
        nonlocal order, epoch
        while len(order) < (step + 1) * settings.pairs:
            order = order + weighted_epoch(pairs, random.Random(f"{settings.seed}:{epoch}"))  # noqa: S311
            epoch += 1
        return order[step * settings.pairs : (step + 1) * settings.pairs]

    def passage_text(row: int, chance: random.Random) -> str:
        titled = table.titles[row] and chance.random() < settings.titled
        return f"{table.titles[row]}\n{table.passages[row]}" if titled else table.passages[row]

    def step_loss(step: int) -> float:
        chance = random.Random(f"{settings.seed}:{step}")  # noqa: S311
        chosen = step_pairs(step)
        rows = [table.positive[i] for i in chosen]
        for i in chosen:
            mined = [int(row) for row in negatives[i] if row >= 0]
            rows.extend(chance.sample(mined, min(settings.negatives, len(mined))))
        asked = [training_noise(pairs[i].question, chance, settings.noise) for i in chosen]
        texts = [passage_text(row, chance) for row in rows]
        pieces = encoder.pieces(asked, settings.longest_question)
        pieces += encoder.pieces(texts[: len(chosen)], settings.longest_passage)
        if negative_texts := texts[len(chosen) :]:
            pieces += encoder.pieces(negative_texts, settings.longest_negative)
        vectors = bucketed_vectors(encoder, pieces, 4096)
        questions, passages = vectors[: len(chosen)], vectors[len(chosen) :]
        banned = banned_passages(group_of[rows[: len(chosen)]], group_of[rows])
        loss = retrieval_loss(
            questions,
            passages,
            banned.to(encoder.device),
            settings.temperature,
        )
        if settings.replay_weight and replay_texts:
            replayed = replays.batch(step)
            student = encoder.vectors(
                encoder.pieces([replay_texts[i] for i in replayed], settings.longest_passage)
            )
            wanted = torch.tensor(replay_teacher[replayed], dtype=torch.float32)
            wanted = torch.nn.functional.normalize(wanted.to(encoder.device), dim=-1)
            loss = loss + settings.replay_weight * (
                cosine_loss(student, wanted)
                + 0.25 * contrast_loss(student, wanted, settings.temperature)
            )
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    texts = [pair.question for pair in pairs] + table.passages
    run_loop(
        encoder,
        settings.loop,
        step_loss,
        checkpoint,
        piece_counts(encoder.pieces(texts, 512), encoder.model.config.vocab_size),
        progress,
        interrupt_at=interrupt_at,
        watch=watch,
        watch_every=watch_every,
    )
