"""What training minimises."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def retrieval_loss(scores: Tensor, banned: Tensor) -> Tensor:
    """InfoNCE (van den Oord et al. 2018) of scores ``(questions, passages)``, temperature applied.

    Row i's answer is passage i. ``banned`` (of the same shape) marks passages that may answer the
    question as well: they do not count.
    """
    labels = torch.arange(len(scores), device=scores.device)
    loss: Tensor = functional.cross_entropy(scores.masked_fill(banned, -torch.inf), labels)
    return loss


def signs(vectors: Tensor) -> Tensor:
    """The signs of token vectors ``(..., d)`` at unit length, as an index keeps them.

    Their gradient is that of the vectors at unit length (straight-through, Bengio et al. 2013).
    """
    unit = functional.normalize(vectors, dim=-1)
    kept = torch.where(vectors >= 0, 1.0, -1.0) / vectors.shape[-1] ** 0.5
    straight: Tensor = unit + (kept - unit).detach()
    return straight


def late_interaction(
    questions: Tensor, question_mask: Tensor, passages: Tensor, passage_mask: Tensor
) -> Tensor:
    """Scores ``(questions, passages)`` in [-1, 1] of token vectors ``(texts, tokens, d)``.

    As ``qa.tokens.late_interaction``: the mean over question tokens, weighed by their length, of
    the best cosine with a passage token of which only the signs are known.
    """
    own = questions * question_mask[..., None]
    weight = own.norm(dim=-1).sum(dim=1).clamp(min=1e-9)  # a question of no words scores 0
    asked = own / weight[:, None, None]
    kept = signs(passages)
    found = torch.einsum("qid,pjd->qpij", asked, kept)
    found = found.masked_fill(passage_mask[None, :, None, :] == 0, -torch.inf)
    best = found.max(dim=-1).values
    return (best * question_mask[:, None, :]).sum(dim=-1)


def span_loss(logits: Tensor, readable: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Cross-entropy of where an answer starts and ends (Devlin et al. 2019).

    ``logits`` (texts, tokens, 2); ``readable`` (texts, tokens) marks the tokens of the passage, and
    the first token, which stands for "no answer here" and is the target of texts without one.
    ``starts`` and ``ends`` (texts, tokens) mark where it may start and end: where only a sentence
    is known, any place in it counts (marginal likelihood, Clark & Gardner 2018).
    """
    masked = logits.masked_fill(~readable[..., None], -1e4)
    likely = functional.log_softmax(masked, dim=1)
    start = likely[..., 0].masked_fill(~starts, -torch.inf).logsumexp(dim=1)
    end = likely[..., 1].masked_fill(~ends, -torch.inf).logsumexp(dim=1)
    return -(start + end).mean() / 2
