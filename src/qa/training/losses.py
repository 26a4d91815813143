"""What training minimises, as functions of unit vectors ``(texts, dimension)``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# Two texts whose teacher vectors are this close say the same; neither is a negative of the other.
SAME_TEXT = 0.98


def cosine_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of 1 - cos: a text must lie where its translation lies (Reimers & Gurevych 2020)."""
    return 1 - (student * teacher).sum(dim=-1).mean()


def contrast_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """InfoNCE (van den Oord et al. 2018): each text must find its own translation in the batch."""
    scores = student @ teacher.T / temperature
    same = teacher @ teacher.T > SAME_TEXT
    same.fill_diagonal_(False)
    labels = torch.arange(len(student), device=student.device)
    return functional.cross_entropy(scores.masked_fill(same, -torch.inf), labels)


def distribution_loss(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL divergence of both similarity distributions over the batch: SEED (Fang et al. 2021)."""
    others = ~torch.eye(len(student), dtype=torch.bool, device=student.device)
    count = len(student)
    wanted = (teacher @ teacher.T)[others].view(count, count - 1) / temperature
    found = (student @ student.T)[others].view(count, count - 1) / temperature
    return functional.kl_div(
        found.log_softmax(dim=-1),
        wanted.log_softmax(dim=-1),
        log_target=True,
        reduction="batchmean",
    )


def retrieval_loss(
    questions: Tensor, passages: Tensor, banned: Tensor, temperature: float
) -> Tensor:
    """InfoNCE of questions ``(q, d)`` against passages ``(p, d)``; row i's answer is passage i.

    ``banned (q, p)`` marks passages that may answer the question as well: they do not count.
    """
    scores = questions @ passages.T / temperature
    labels = torch.arange(len(questions), device=questions.device)
    return functional.cross_entropy(scores.masked_fill(banned, -torch.inf), labels)
