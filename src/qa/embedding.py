"""Text to vectors: the ``Embedder`` protocol and its two implementations.

A text has one unit vector, by which it is searched, and one for each token, of which passages keep
only the signs; rankings compare them (``qa.tokens``). ``ShippedEmbedder`` runs the shipped network
(``qa.encoder``). ``SentenceTransformerEmbedder`` runs any sentence-transformers model, by name or
folder; it refuses code and pickled weights that come with a model.
"""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qa.encoder import PASSAGE_PROMPT, QUESTION_PROMPT, Encoder, digest, shipped_encoder
from qa.extras import needs
from qa.records import QAError

Vectors = NDArray[np.float32]
Signs = NDArray[np.uint8]
Progress = Callable[[int], None]

BATCH = 32


@dataclass(frozen=True, slots=True)
class Query:
    """A question as searches take it.

    ``vector`` (dimension,) has length 1. ``tokens`` (tokens, dimension) are the vectors of its
    tokens, whose lengths add up to 1.
    """

    vector: Vectors
    tokens: Vectors


@dataclass(frozen=True, slots=True)
class Embedded:
    """Passages as an index keeps them.

    ``vectors`` (texts, dimension) have length 1. ``signs`` holds for each text which components
    of its token vectors are positive, eight to a byte: (tokens, ``Embedder.token_bytes``).
    """

    vectors: Vectors
    signs: tuple[Signs, ...]


class Embedder(Protocol):
    """What turns questions and passages into vectors of one space.

    ``name`` opens it again (``open_embedder``); ``fingerprint`` changes whenever its vectors would;
    ``dimension`` is the length of a vector; ``max_tokens`` the longest input that is read whole,
    special tokens included; ``token_bytes`` what the signs of a token take.
    """

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int
    token_bytes: int

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        """The vectors of each question."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """The vectors of passages; ``progress`` is told the texts done at a time."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it, read or not."""
        ...


class ShippedEmbedder:
    """The shipped network, or another of its kind, as an embedder."""

    def __init__(self, encoder: Encoder | None = None, name: str | None = None):
        self._encoder = encoder or shipped_encoder()
        self.name = name or shipped_name()
        self.fingerprint = self._encoder.fingerprint
        self.dimension = self._encoder.dimension
        self.token_bytes = math.ceil(self.dimension / 8)
        bare, prompted = (self._encoder.read("a", prompt) for prompt in ("", PASSAGE_PROMPT))
        self.max_tokens = self._encoder.max_tokens - len(prompted.ids) + len(bare.ids)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        """The vectors of each question."""
        read = [self._encoder.read(question, QUESTION_PROMPT) for question in questions]
        return [
            Query(_normalise(one.vector[None])[0], _weigh(one.tokens))
            for one in self._encoder.encode(read)
        ]

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """The vectors of passages, each cut at ``max_tokens``."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        signs: list[Signs] = []
        read = [self._encoder.read(text, PASSAGE_PROMPT) for text in texts]
        for row, one in enumerate(self._encoder.encode(read)):
            vectors[row] = one.vector
            signs.append(np.packbits(one.tokens >= 0, axis=1))
            if progress is not None:
                progress(1)
        return Embedded(_normalise(vectors), tuple(signs))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        return self._encoder.count_tokens(texts)


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own prompts ("query: ", "passage: ") honoured.

    The vectors of tokens are those of its last layer, less its special tokens.
    """

    def __init__(self, name: str):
        folder = _model_folder(name)
        with needs("models"):
            from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(
                folder,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
                device="cpu",
            )
        except Exception as error:  # the hub client, transformers and torch raise many kinds
            cause = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise QAError("model_not_loaded", name, cause[:200]) from error
        self.name = name
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 512)
        self.token_bytes = math.ceil(
            self._encode(self._model.encode_query, ["?"])[1][0].shape[1] / 8
        )
        parts = [name.encode(), json.dumps(self._model.prompts, sort_keys=True).encode()]
        parts += [
            np.ascontiguousarray(tensor.float().cpu().numpy()).tobytes()
            for _, tensor in sorted(self._model.state_dict().items())
        ]
        self.fingerprint = digest(*parts)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        """The vectors of each question; the model's query prompt is put before."""
        vectors, tokens = self._encode(self._model.encode_query, questions)
        return [Query(vector, _weigh(own)) for vector, own in zip(vectors, tokens, strict=True)]

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """The vectors of passages; the model's document prompt is put before."""
        parts = [np.empty((0, self.dimension), np.float32)]
        signs: list[Signs] = []
        step = 8 * BATCH
        for start in range(0, len(texts), step):
            part = texts[start : start + step]
            vectors, tokens = self._encode(self._model.encode_document, part)
            parts.append(vectors)
            signs += [np.packbits(own >= 0, axis=1) for own in tokens]
            if progress is not None:
                progress(len(part))
        return Embedded(np.concatenate(parts), tuple(signs))

    def _encode(
        self, encode: Callable[..., Any], texts: Sequence[str]
    ) -> tuple[Vectors, list[Vectors]]:
        """Unit vectors (texts, dimension), and those of the tokens of each."""
        found = encode(list(texts), batch_size=BATCH, show_progress_bar=False, output_value=None)
        vectors = [one["sentence_embedding"].float().cpu().numpy() for one in found]
        tokens = []
        for one in found:
            own = one["token_embeddings"][one["attention_mask"].bool()].float().cpu().numpy()
            # Special tokens stand first and last.
            tokens.append(own[1:-1] if len(own) > 2 else own)
        return _normalise(np.asarray(vectors, np.float32).reshape(-1, self.dimension)), tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        encoded = self._model.tokenizer(list(texts), add_special_tokens=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]


def open_embedder(name: str | None = None) -> Embedder:
    """The shipped model (``None`` or its name), else a sentence-transformers model."""
    if name is None or name == shipped_name():
        return ShippedEmbedder()
    return SentenceTransformerEmbedder(name)


def _model_folder(name: str) -> str:
    """Where a model is on this machine: a folder, or the hub's cache. Nothing asks a network."""
    if Path(name).is_dir():
        return name
    with needs("models"):
        from huggingface_hub import try_to_load_from_cache
    for repository in (name, f"sentence-transformers/{name}"):
        with contextlib.suppress(ValueError):  # no name that a repository can have
            found = try_to_load_from_cache(repository, "config.json")
            if isinstance(found, str):
                return str(Path(found).parent)
    raise QAError("model_missing", name)


def shipped_name() -> str:
    """The name under which an index records the shipped model."""
    return "sourcier-e5-fr"


def _weigh(tokens: Vectors) -> Vectors:
    """Vectors whose lengths add up to 1; longer ones weigh more, as in training."""
    return _finite(tokens) / max(float(np.linalg.norm(tokens, axis=1).sum()), 1e-12)


def _normalise(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(_finite(vectors), axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit


def _finite(vectors: Vectors) -> Vectors:
    if not np.isfinite(vectors).all():
        raise QAError("vector_no_number")
    return vectors
