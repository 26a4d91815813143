"""Text to unit vectors: the ``Embedder`` protocol and its two implementations.

``OnnxEmbedder`` runs the shipped model with onnxruntime and tokenizers alone, so that a question is
answered without importing torch. ``SentenceTransformerEmbedder`` runs any sentence-transformers
model, by name or folder; it refuses code and pickled weights that come with a model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qa.records import QAError

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]

SHIPPED_MODEL = Path(__file__).parent / "model"
# Padding is paid by every text of a batch, so texts of like lengths go together.
BATCH = 32
THREADS = 2


class Embedder(Protocol):
    """What turns questions and passages into vectors of one space.

    ``name`` opens it again (``open_embedder``); ``fingerprint`` changes whenever its vectors would;
    ``dimension`` is the length of a vector; ``max_tokens`` the longest input that is read whole.
    """

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int

    def embed_questions(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors, shape (questions, dimension)."""
        ...

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, shape (texts, dimension); ``progress`` is told the texts done at a time."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        ...


class OnnxEmbedder:
    """A sentence-transformers folder run by onnxruntime: ``onnx/model_int8.onnx`` + tokenizer.

    The graph's first output is the pooled, normalised sentence vector.
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
        output = self._session.get_outputs()[0]
        self._output = output.name
        self.dimension = int(output.shape[-1])

    def embed_questions(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors, shape (questions, dimension)."""
        return self.embed_passages(questions)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, shape (texts, dimension); texts are cut at ``max_tokens``."""
        encodings = self._tokenizer.encode_batch(list(texts))
        ids = [_truncate(encoding.ids, self.max_tokens) for encoding in encodings]
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]), reverse=True)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            vectors[rows] = self._embed([ids[row] for row in rows])
            if progress is not None:
                progress(len(rows))
        return vectors

    def _embed(self, ids: Sequence[Sequence[int]]) -> Vectors:
        shape = (len(ids), max(map(len, ids)))
        tokens = np.full(shape, self._pad, dtype=np.int64)
        mask = np.zeros(shape, dtype=np.int64)
        for row, sequence in enumerate(ids):
            tokens[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1
        feed = {"input_ids": tokens, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros(shape, dtype=np.int64)
        vectors = self._session.run([self._output], feed)[0]
        return _normalise(np.asarray(vectors, dtype=np.float32))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own prompts ("query: ", "passage: ") honoured."""

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

    def embed_questions(self, questions: Sequence[str]) -> Vectors:
        """Unit vectors, shape (questions, dimension); the model's query prompt is put before."""
        return self._encode(self._model.encode_query, questions)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors, shape (texts, dimension); the model's document prompt is put before."""
        parts = []
        step = 8 * BATCH
        for start in range(0, len(texts), step):
            part = texts[start : start + step]
            parts.append(self._encode(self._model.encode_document, part))
            if progress is not None:
                progress(len(part))
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

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


def _normalise(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all():
        raise QAError(
            "the embedding model gave a vector that is not a number. Try another model (--model)."
        )
    unit: Vectors = vectors / np.maximum(norms, 1e-12)
    return unit


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
