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


def retrieval_loss(scores: Tensor, banned: Tensor) -> Tensor:
    """InfoNCE of questions against passages, ``scores (q, p)``; row i's answer is passage i.

    ``banned (q, p)`` marks passages that may answer the question as well: they do not count.
    """
    labels = torch.arange(len(scores), device=scores.device)
    return functional.cross_entropy(scores.masked_fill(banned, -torch.inf), labels)


def signs(tokens: Tensor) -> Tensor:
    """Passage tokens as an index keeps them: a unit vector of signs for each.

    The gradient passes as if nothing had been rounded (straight-through estimator, Bengio et al.
    2013), so that the model learns vectors whose signs tell enough.
    """
    unit = functional.normalize(tokens, dim=-1)
    rounded = torch.where(unit >= 0, 1.0, -1.0) / unit.shape[-1] ** 0.5
    return unit + (rounded - unit).detach()


def late_interaction(
    questions: Tensor, asked: Tensor, passages: Tensor, kept: Tensor
) -> tuple[Tensor, Tensor]:
    """Each question token finds its best passage token: ColBERT (Khattab & Zaharia 2020).

    ``questions (q, t, d)`` and ``passages (p, u, d)`` are token vectors, the latter unit ones;
    ``asked (q, t)`` and ``kept (p, u)`` tell which count. Longer question tokens weigh more.
    Returns scores ``(q, p)`` and all weighed similarities ``(q, t, p, u)``.
    """
    lengths = questions.norm(dim=-1) * asked
    weighed = questions * (asked / lengths.sum(dim=1, keepdim=True)).unsqueeze(-1)
    similarities = torch.einsum("qtd,pud->qtpu", weighed, passages)
    found = similarities.masked_fill(kept[None, None] == 0, -1.0).amax(dim=-1)
    return (found * asked.unsqueeze(-1)).sum(dim=1), similarities


def sentence_loss(
    similarities: Tensor, asked: Tensor, sentences: Tensor, right: Tensor, temperature: float
) -> Tensor:
    """The sentence that answers must score best in its passage.

    ``similarities (q, t, u)`` are those of each question with its own passage, ``sentences (q, u)``
    the sentence number of each passage token (-1: none), ``right (q,)`` the answering one.
    """
    scores = []
    for number in range(int(sentences.max()) + 1):
        inside = (sentences == number)[:, None]
        best = similarities.masked_fill(~inside, -1.0).amax(dim=-1)
        score = (best * asked).sum(dim=1)
        scores.append(score.masked_fill(~inside.squeeze(1).any(dim=1), -torch.inf))
    return functional.cross_entropy(torch.stack(scores, dim=1) / temperature, right)
