"""The training loop: budget, learning rates, checkpoints, averaging.

A run is a function of its seed and step number, so one that was interrupted and continued from its
checkpoint ends with the same weights as one that was not (when bounded by steps, not by minutes).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from qa.training.encoder import TrainableEncoder


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long and how fast to learn.

    ``steps`` and ``minutes`` bound the run, whichever ends first; the learning rate follows the
    larger used fraction, so a slow machine still ends with a learning rate of zero.
    ``table_rate`` is for word vectors, ``head_rate`` for the heads, ``layer_rate`` for the rest.
    ``anchor`` pulls word vectors back to where they started, rare pieces most. ``dropout`` is the
    model's own. ``average_from`` is the fraction of the run after which weights are averaged.
    """

    minutes: float | None
    steps: int
    table_rate: float
    layer_rate: float
    head_rate: float = 3e-4
    warmup: float = 0.03
    anchor: float = 0.005
    dropout: bool = False
    average_from: float = 0.85
    average_every: int = 4
    checkpoint_minutes: float = 5.0


# The pull is applied every few steps at once: it passes over the whole table.
ANCHOR_EVERY = 4


class InterruptedTrainingError(Exception):
    """Training was stopped on purpose; its checkpoint lets it continue."""


def learning_rate_factor(fraction: float, warmup: float) -> float:
    """Linear warm-up, then linear decay to zero, of the used fraction of the budget."""
    if fraction < warmup:
        return fraction / warmup
    return max(0.0, (1 - fraction) / (1 - warmup))


def anchor_strength(counts: Tensor, anchor: float, half: float = 50.0) -> Tensor:
    """The pull on each word vector, ``(pieces, 1)``: ``anchor`` if unseen, less for frequent ones.

    Adam moves a word vector that it rarely sees as far at a time as a frequent one, so names and
    rare words drift from where the base had put them; a piece seen ``half`` times gets half the
    pull.
    """
    return (anchor * half / (half + counts)).unsqueeze(1)


def run_loop(
    encoder: TrainableEncoder,
    settings: LoopSettings,
    step_loss: Callable[[int], float],
    checkpoint: Path,
    counts: Tensor,
    progress: Callable[[str], None],
    interrupt_at: int | None = None,
) -> None:
    """Trains ``encoder.model`` in place and leaves the averaged weights in it.

    ``step_loss(step)`` runs forward and backward for one batch and returns the loss; ``counts``
    says how often each piece occurs in the training text.
    """
    model = encoder.model
    model.train(settings.dropout)
    table = model.get_input_embeddings().weight
    initial = table.detach().clone()
    pull = anchor_strength(counts.to(table.device, table.dtype), settings.anchor)
    heads = list(model.heads.parameters())
    layers = [p for p in model.parameters() if all(p is not other for other in (table, *heads))]
    optimizer = torch.optim.AdamW(
        [
            {"params": [table], "lr": settings.table_rate, "peak": settings.table_rate},
            {"params": layers, "lr": settings.layer_rate, "peak": settings.layer_rate},
            {"params": heads, "lr": settings.head_rate, "peak": settings.head_rate},
        ],
        betas=(0.9, 0.98),
        weight_decay=0.0,
        fused=True,
    )
    average: dict[str, Tensor] = {}
    averaged, step, used = 0, 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=encoder.device)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        average, averaged = state["average"], state["averaged"]
        initial, step, used = state["initial"], state["step"], state["used"]
        progress(f"continued at step {step}")

    def save() -> None:
        state: dict[str, Any] = {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "average": average,
            "averaged": averaged,
            "initial": initial,
            "step": step,
            "used": used + time.monotonic() - started,
        }
        partial = checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(checkpoint)

    started = saved = told = time.monotonic()
    smooth = None
    while True:
        seconds = used + time.monotonic() - started
        fraction = step / settings.steps
        if settings.minutes is not None:
            fraction = max(fraction, seconds / (60 * settings.minutes))
        if fraction >= 1:
            break
        factor = learning_rate_factor(fraction, settings.warmup)
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        torch.manual_seed(step)
        loss = step_loss(step)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % ANCHOR_EVERY == 0:
            with torch.no_grad():
                table.lerp_(initial, pull * (factor * ANCHOR_EVERY))
        if fraction >= settings.average_from and step % settings.average_every == 0:
            averaged += 1
            with torch.no_grad():
                for name, value in model.state_dict().items():
                    if name in average:
                        average[name].lerp_(value, 1 / averaged)
                    else:
                        average[name] = value.clone()
        smooth = loss if smooth is None else 0.98 * smooth + 0.02 * loss
        now = time.monotonic()
        if now - told > 15:
            told = now
            progress(f"step {step}, {fraction:.1%} of the budget, loss {smooth:.4f}")
        if now - saved > 60 * settings.checkpoint_minutes:
            saved = now
            save()
        if interrupt_at is not None and step == interrupt_at:
            save()
            raise InterruptedTrainingError(f"stopped at step {step}; run again to continue")
    if average:
        model.load_state_dict(average)
    model.eval()
    progress(f"finished after {step} steps")
