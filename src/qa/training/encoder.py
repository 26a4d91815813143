"""The encoder while it is trained: a BERT model with its heads, a tokenizer, mean pooling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

Floats = NDArray[np.float32]

# What the heads tell of a token: the answer starts here, ends here; a follow-up needs this word.
HEADS = ("start", "end", "context")


@dataclass(frozen=True, slots=True)
class TrainableEncoder:
    """A model and its tokenizer on a device; ``model`` is a ``transformers.BertModel``.

    ``model.heads`` are linear functions of a token's vector, one for each of ``HEADS``. ``exact``
    computes in single precision throughout.
    """

    model: Any
    tokenizer: Tokenizer
    device: torch.device
    exact: bool = False
    question_prompt: str = "query: "
    passage_prompt: str = "passage: "

    def hidden(self, pieces: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Token vectors ``(texts, longest, dimension)`` with gradients, and their mask."""
        numbers, mask = pad(pieces, self.model.config.pad_token_id)
        numbers, mask = numbers.to(self.device), mask.to(self.device)
        with mixed_precision(self.device, not self.exact):
            hidden = self.model(input_ids=numbers, attention_mask=mask).last_hidden_state
        return hidden.float(), mask

    def pieces(self, texts: Sequence[str], longest: int) -> list[list[int]]:
        """Piece numbers of each text, special pieces included, cut at ``longest``."""
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(longest)
        return [item.ids for item in self.tokenizer.encode_batch(list(texts))]


def load_encoder(folder: Path, device: str = "auto", *, exact: bool = False) -> TrainableEncoder:
    """An encoder from a sentence-transformers folder: its transformer, tokenizer and heads."""
    from safetensors.torch import load_file
    from transformers import BertModel
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    # "eager": measured 1.17 times faster than "sdpa" in training on a CPU with bfloat16.
    model = BertModel.from_pretrained(
        folder, add_pooling_layer=False, dtype=torch.float32, attn_implementation="eager"
    )
    model.heads = torch.nn.Linear(model.config.hidden_size, len(HEADS))
    torch.nn.init.normal_(model.heads.weight, std=0.02, generator=torch.Generator().manual_seed(0))
    torch.nn.init.zeros_(model.heads.bias)
    if (folder / "heads.safetensors").exists():
        heads = load_file(folder / "heads.safetensors")
        model.heads.load_state_dict({name: value.float() for name, value in heads.items()})
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    chosen = choose_device(device)
    return TrainableEncoder(model.to(chosen).eval(), tokenizer, chosen, exact)


def choose_device(name: str) -> torch.device:
    """``auto`` is the GPU when there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def mixed_precision(device: torch.device, wanted: bool = True) -> AbstractContextManager[Any]:
    """bfloat16 matrix products where the hardware has them (3 times faster on such CPUs)."""
    capable = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted and capable)


def pad(pieces: Sequence[Sequence[int]], filler: int) -> tuple[Tensor, Tensor]:
    """Piece numbers and mask, both ``(texts, longest)``."""
    longest = max(len(row) for row in pieces)
    numbers = torch.full((len(pieces), longest), filler, dtype=torch.long)
    mask = torch.zeros(len(pieces), longest, dtype=torch.long)
    for i, row in enumerate(pieces):
        numbers[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return numbers, mask


def mean_pool(hidden: Tensor, mask: Tensor) -> Tensor:
    """Mean of the token vectors that are not padding, at unit length: Sentence-BERT (2019)."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    mean = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
    return torch.nn.functional.normalize(mean, dim=-1)


def length_batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Positions in batches of like length, longest first; ``tokens`` padded tokens a batch."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    while order:
        count = max(1, tokens // max(1, lengths[order[0]]))
        yield order[:count]
        order = order[count:]


def embed(
    encoder: TrainableEncoder,
    texts: Sequence[str],
    longest: int = 256,
    tokens: int = 8192,
    progress: Callable[[float], None] = lambda _: None,
) -> Floats:
    """Unit vectors ``(texts, dimension)`` in the order of the texts, without gradients.

    The texts are read as they are: a prompt must be put before by the caller.
    """
    pieces = encoder.pieces(texts, longest)
    result = np.zeros((len(texts), encoder.model.config.hidden_size), dtype=np.float32)
    training = encoder.model.training
    encoder.model.eval()
    done = 0
    with torch.inference_mode():
        for batch in length_batches([len(row) for row in pieces], tokens):
            result[batch] = mean_pool(*encoder.hidden([pieces[i] for i in batch])).cpu().numpy()
            done += len(batch)
            progress(done / len(texts))
    encoder.model.train(training)
    return result
