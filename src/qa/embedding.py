"""Text to vectors: the ``Embedder`` protocol and its two implementations.

A text has one unit vector, by which it is searched; the shipped model also gives one for each
token, of which passages keep only the signs. Rankings compare them (``qa.tokens``).

``OnnxEmbedder`` runs the shipped model with onnxruntime and tokenizers alone, so that a question is
answered without importing torch. ``SentenceTransformerEmbedder`` runs any sentence-transformers
model, by name or folder; it refuses code and pickled weights that come with a model.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qa.records import QAError

Vectors = NDArray[np.float32]
Signs = NDArray[np.uint8]
Progress = Callable[[int], None]

SHIPPED_MODEL = Path(__file__).parent / "model"
# Padding is paid by every text of a batch, so texts of like lengths go together.
BATCH = 32
THREADS = 2
# The shipped model's vocabulary keeps « né » apart from the « ne » of negations. A question typed
# without accents has only « ne »: after a form of « être » it is « né » (docs/model.md).
_BORN = re.compile(
    r"\b((?:est|sont|était|etait|étaient|etaient|fut|furent)(?:-t)?(?:-\w+)?\s+)nes?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """A question as searches take it.

    ``vector`` (dimension,) has length 1. ``tokens`` (tokens, dimension) are the vectors of its
    tokens, whose lengths add up to 1; none, (0, dimension), when the model has no token vectors.
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
    special tokens included; ``token_bytes`` what the signs of a token take, 0 without any.
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

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where in the text each of its tokens stands, as far as it is read: a span for each row
        of its signs. Special tokens are not among them."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it, read or not."""
        ...


class OnnxEmbedder:
    """A sentence-transformers folder run by onnxruntime: ``onnx/model_int8.onnx`` + tokenizer.

    The graph's outputs are the sentence vector, at unit length, and all token vectors.
    """

    def __init__(self, folder: Path, name: str | None = None):
        import onnxruntime
        import tokenizers

        model, tokenizer = folder / "onnx" / "model_int8.onnx", folder / "tokenizer.json"
        for path in (model, tokenizer):
            if not path.is_file():
                raise QAError(
                    f"the embedding model is incomplete: {path} is missing. "
                    "Reinstall the package, or name another model with --model."
                )
        content = model.read_bytes()
        self.name = name or str(folder)
        self.fingerprint = _digest(content, tokenizer.read_bytes())
        settings = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
        self.max_tokens = int(settings["max_seq_length"])
        self._tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._pad = self._tokenizer.token_to_id("[PAD]") or 0
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.log_severity_level = 3
        # A busy-waiting pool would take the cores from the other parts of the answer.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {node.name for node in self._session.get_inputs()}
        pooled, tokens = self._session.get_outputs()[:2]
        self._outputs = [pooled.name, tokens.name]
        self.dimension = int(pooled.shape[-1])
        self.token_bytes = math.ceil(self.dimension / 8)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        """The vectors of each question."""
        return [
            Query(_normalise(pooled[None])[0], _weigh(tokens))
            for pooled, tokens in self._embed(
                self._pieces([_BORN.sub(r"\1né", question) for question in questions])
            )
        ]

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """The vectors of passages, each cut at ``max_tokens``."""
        pieces = self._pieces(texts)
        vectors = np.empty((len(pieces), self.dimension), dtype=np.float32)
        signs: list[Signs] = [np.empty((0, self.token_bytes), np.uint8)] * len(pieces)
        order = sorted(range(len(pieces)), key=lambda row: len(pieces[row]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            for row, (pooled, tokens) in zip(
                rows, self._embed([pieces[row] for row in rows]), strict=True
            ):
                vectors[row] = pooled
                signs[row] = np.packbits(tokens >= 0, axis=1)
            if progress is not None:
                progress(len(rows))
        return Embedded(_normalise(vectors), tuple(signs))

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where in the text each of its tokens stands, as far as it is read."""
        spans = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return list(spans[: self.max_tokens - 2])

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        return [
            _truncate(encoding.ids, self.max_tokens)
            for encoding in self._tokenizer.encode_batch(list(texts))
        ]

    def _embed(self, pieces: Sequence[Sequence[int]]) -> list[tuple[Vectors, Vectors]]:
        """For each text its vector (dimension,) and those of its tokens (tokens, dimension)."""
        if not pieces:
            return []
        shape = (len(pieces), max(map(len, pieces)))
        numbers = np.full(shape, self._pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        for row, sequence in enumerate(pieces):
            numbers[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        feed = {"input_ids": numbers, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros(shape, dtype=np.int64)
        pooled, tokens = self._session.run(self._outputs, feed)
        # The first and the last piece of a text are special ones.
        return [
            (pooled[row], tokens[row, 1 : len(sequence) - 1]) for row, sequence in enumerate(pieces)
        ]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own prompts ("query: ", "passage: ") honoured.

    Its token vectors are not used: most models were not trained for it.
    """

    token_bytes = 0

    def __init__(self, name: str):
        import os

        # Offline first: a model that is in the cache must not wait for a network that is not there.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(
                name,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
                device="cpu",
            )
        except Exception as error:  # the hub client, transformers and torch raise many kinds
            cause = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            raise QAError(
                f"model {name!r} could not be loaded ({cause[:200]}). Without a network, give "
                "--model the folder of a sentence-transformers model with safetensors weights, "
                "or leave --model out to use the shipped French model."
            ) from error
        self.name = name
        self.dimension = int(self._model.get_embedding_dimension())
        self.max_tokens = int(self._model.max_seq_length or 512)
        parts = [name.encode(), json.dumps(self._model.prompts, sort_keys=True).encode()]
        parts += [
            np.ascontiguousarray(tensor.float().cpu().numpy()).tobytes()
            for _, tensor in sorted(self._model.state_dict().items())
        ]
        self.fingerprint = _digest(*parts)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        """The vector of each question; the model's query prompt is put before."""
        none = np.empty((0, self.dimension), np.float32)
        vectors = self._encode(self._model.encode_query, questions)
        return [Query(vector, none) for vector in vectors]

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        """The vectors of passages; the model's document prompt is put before."""
        parts = [np.empty((0, self.dimension), np.float32)]
        step = 8 * BATCH
        for start in range(0, len(texts), step):
            part = texts[start : start + step]
            parts.append(self._encode(self._model.encode_document, part))
            if progress is not None:
                progress(len(part))
        return Embedded(np.concatenate(parts), (np.empty((0, 0), np.uint8),) * len(texts))

    def token_spans(self, text: str) -> list[tuple[int, int]]:  # noqa: ARG002
        """None: the signs have no rows."""
        return []

    def _encode(self, encode: Callable[..., Any], texts: Sequence[str]) -> Vectors:
        vectors = encode(
            list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True
        )
        return _normalise(np.asarray(vectors, dtype=np.float32).reshape(-1, self.dimension))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        encoded = self._model.tokenizer(list(texts), add_special_tokens=False, verbose=False)
        return [len(ids) for ids in encoded["input_ids"]]


def open_embedder(name: str | None = None) -> Embedder:
    """The shipped model (``None`` or its name), else a sentence-transformers model."""
    if name is None or name == shipped_name():
        return OnnxEmbedder(SHIPPED_MODEL, shipped_name())
    return SentenceTransformerEmbedder(name)


def shipped_name() -> str:
    """The name under which an index records the shipped model."""
    return "sourcier-minilm-fr"


def _truncate(ids: list[int], maximum: int) -> list[int]:
    # The last token is [SEP]: the model has always seen it.
    return ids if len(ids) <= maximum else [*ids[: maximum - 1], ids[-1]]


def _weigh(tokens: Vectors) -> Vectors:
    """Vectors whose lengths add up to 1; longer ones weigh more, as in training."""
    return _finite(tokens) / max(float(np.linalg.norm(tokens, axis=1).sum()), 1e-12)


def _normalise(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(_finite(vectors), axis=1, keepdims=True)
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit


def _finite(vectors: Vectors) -> Vectors:
    if not np.isfinite(vectors).all():
        raise QAError(
            "the embedding model gave a vector that is not a number. Try another model (--model)."
        )
    return vectors


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
