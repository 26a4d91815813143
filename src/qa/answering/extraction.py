"""Which tokens of a passage look like the answer: a small network over token vectors.

Extractive question answering (Rajpurkar et al. 2016, arXiv 1606.05250) at the price of a few
matrix products: it reads what the index has already, the signs of the passages' tokens, so no
passage runs through the embedding model again. Each passage token looks at the question's tokens
(one layer of cross-attention), at the kind of answer that the whole question asks for, and at its
neighbours (a convolution); what comes out says how much likelier its sentence is the one that
answers than the similarity of their tokens tells (``qa.training.extraction``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.tokens import Match, product

PATH = Path(__file__).parent.parent / "extractor.safetensors"

Floats = NDArray[np.float32]

HEADS = 4
FEATURES = 4  # what ``features`` gives for a token
REACH = 4  # neighbours on each side that the convolution sees
# Passage tokens are brought to this length, at which the layers learn well.
PASSAGE_LENGTH = 4.0
_EPSILON = 1e-5  # PyTorch's, in the layer norm


class Extractor:
    """The network with its weights by name, as ``qa.training.extraction`` saves them."""

    def __init__(self, weights: Mapping[str, Floats]):
        self._weights = weights
        self.dimension = int(weights["passage.weight"].shape[1])
        # w . (2b - 1) = 2 w . b - w . 1, all at the length of passage tokens.
        length = np.float32(PASSAGE_LENGTH / np.sqrt(self.dimension))
        self._bits = np.ascontiguousarray(2 * length * weights["passage.weight"].T)
        self._no_bits = weights["passage.bias"] - length * weights["passage.weight"].sum(axis=1)

    def read(self, matches: Sequence[Match]) -> list[Floats]:
        """For each passage the log-odds of its tokens, (tokens,).

        All are of one question. None, (0,), when the token vectors are not those it was made for.
        """
        counts = [len(match.signs) for match in matches]
        asked = matches[0].tokens
        if not sum(counts) or not len(asked) or asked.shape[1] != self.dimension:
            return [np.empty(0, np.float32)] * len(matches)
        asked = question_tokens(asked)
        signs = np.concatenate([match.signs for match in matches if len(match.signs)])
        bits = np.unpackbits(signs, axis=1, count=self.dimension).astype(np.float32)
        told = np.concatenate([features(match) for match in matches if len(match.signs)])
        own = product(bits, self._bits) + self._no_bits + self._linear("features", told)
        kind = self._linear("kind", self._kind(asked))
        seen = np.concatenate([own, self._attention(own, asked), own * kind, told], axis=1)
        hidden = np.maximum(self._linear("join", seen), 0)
        starts = np.cumsum([0, *counts])
        hidden = hidden + np.concatenate(
            [self._neighbours(hidden[start:end]) for start, end in pairwise(starts)]
        )
        hidden = hidden - hidden.mean(axis=1, keepdims=True)
        hidden = hidden / np.sqrt((hidden * hidden).mean(axis=1, keepdims=True) + _EPSILON)
        hidden = hidden * self._weights["norm.weight"] + self._weights["norm.bias"]
        hidden = np.maximum(self._linear("hidden", hidden), 0)
        out = (self._linear("out", hidden) + self._linear("direct", told))[:, 0]
        return [out[start:end] for start, end in pairwise(starts)]

    def _linear(self, name: str, values: Floats) -> Floats:
        weights = self._weights
        return product(values, weights[f"{name}.weight"].T) + weights[f"{name}.bias"]

    def _kind(self, asked: Floats) -> Floats:
        """The question as one vector, (1, dimension): a mean weighed by what each token tells."""
        return np.asarray(_softmax(self._linear("pool", asked).T) @ asked)

    def _attention(self, own: Floats, asked: Floats) -> Floats:
        size = own.shape[1] // HEADS
        query, key, value = (
            self._linear(name, values)
            for name, values in (("query", own), ("key", asked), ("value", asked))
        )
        found = np.empty_like(query)
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            like = product(query[:, part], key[:, part].T) / np.float32(np.sqrt(size))
            found[:, part] = product(_softmax(like), value[:, part])
        return found

    def _neighbours(self, hidden: Floats) -> Floats:
        """A convolution of each component by itself along the tokens of one passage."""
        kernel = self._weights["neighbours.weight"][:, 0]
        padded = np.pad(hidden, ((REACH, REACH), (0, 0)))
        found = np.broadcast_to(self._weights["neighbours.bias"], hidden.shape).copy()
        for place in range(2 * REACH + 1):
            found += padded[place : place + len(hidden)] * kernel[:, place]
        return found


def question_tokens(tokens: Floats) -> Floats:
    """A question's token vectors, (t, d), at a mean length of 1: longer ones weigh more."""
    return tokens * np.float32(len(tokens))


def features(match: Match) -> Floats:
    """What similarities tell of each token of a passage, (u, ``FEATURES``).

    Late interaction with the whole passage; the best cosine of a question token; the weighed sum
    of all; whether the token stands in the titles.
    """
    found = match.found
    lengths = np.linalg.norm(match.tokens, axis=1, keepdims=True)
    told = np.empty((found.shape[1], FEATURES), np.float32)
    told[:, 0] = found.max(axis=1).sum()
    told[:, 1] = (found / np.maximum(lengths, 1e-9)).max(axis=0)
    told[:, 2] = found.sum(axis=0)
    told[:, 3] = match.starts < 0
    return told


@lru_cache(maxsize=1)
def shipped_extractor() -> Extractor:
    """The network in ``extractor.safetensors``."""
    from safetensors.numpy import load_file

    return Extractor(load_file(PATH))


def _softmax(values: Floats) -> Floats:
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
