"""Sizes of a step of learning, and how often each example is drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from qa.training.loop import LoopSettings
from qa.training.questions import LabelledQuestion


@dataclass(frozen=True, slots=True)
class LearningSettings:
    """Sizes of a step and shares of its examples, chosen by hand but where docs/model.md says so.

    ``pairs`` questions or other texts with their passages, ``negatives`` mined passages for them;
    ``readings`` questions read with a passage, ``followups`` with what was said before. ``natural``
    is how much oftener a natural question is drawn than one of PIAF, ``twins`` one that has a twin
    without answer, or is that (folders ``pairs…``). Only every so many steps
    (``finding_every``) have pairs. Temperatures are those of cosines and of late interaction.
    """

    loop: LoopSettings
    seed: int = 0
    pairs: int = 20
    negatives: int = 12
    finding_every: int = 3
    readings: int = 32
    followups: int = 8
    natural: float = 1.2
    twins: float = 2.0
    noise: float = 0.4
    longest_question: int = 48
    longest_passage: int = 160
    longest_reading: int = 256
    temperature: float = 0.02
    token_temperature: float = 0.03
    token_weight: float = 0.5
    reading_weight: float = 1.0
    batch_tokens: int = 3072


def question_weight(question: LabelledQuestion, settings: LearningSettings) -> float:
    """How often a question is drawn in a pass."""
    if question.collection.startswith("pairs"):
        return settings.twins
    return 1.0 if question.collection == "piaf" else settings.natural


def weighted_epoch(weights: Sequence[float], chance: random.Random) -> list[int]:
    """Numbers of one pass: weight 2.5 gives two, and a third one time in two; shuffled."""
    order = []
    for i, weight in enumerate(weights):
        whole = int(weight)
        order.extend([i] * (whole + (chance.random() < weight - whole)))
    chance.shuffle(order)
    return order
