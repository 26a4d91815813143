"""The shipped network: texts, or pairs of texts, to vectors and to marks on their tokens.

One model of French (``docs/model.md``) does everything: it gives a text its vector, gives each
token its own, and marks the tokens of a pair (an answer starts here, it ends here; the question
needs this word of what was said before). It runs on onnxruntime and tokenizers alone, so that a
question is answered without importing torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.records import QAError

Floats = NDArray[np.float32]

SHIPPED_MODEL = Path(__file__).parent / "model"
# What the model was trained to see before a question and before a passage (E5, Wang et al. 2022).
QUESTION_PROMPT, PASSAGE_PROMPT = "query: ", "passage: "
# Columns of ``Encoded.marks``.
START, END, CONTEXT = 0, 1, 2
# A pair is cut at its second text: so much the network was trained to read at once.
LONGEST_PAIR = 384


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text, or a pair of texts, as the network reads it.

    ``ids`` has special tokens at both ends (and two between the texts of a pair). ``own`` are the
    positions of the tokens of the last text, less its prompt; ``spans`` where each of these stands
    in that text, (start, end) in characters.
    """

    ids: tuple[int, ...]
    own: range
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the network makes of it.

    ``vector`` (dimension,) has length 1; ``tokens`` (own tokens, dimension); ``marks``
    (own tokens, 3) are log-odds; ``nothing`` (3,) those of the first, special token, which stands
    for "no token is marked".
    """

    vector: Floats
    tokens: Floats
    marks: Floats
    nothing: Floats


class Encoder:
    """A model folder run by onnxruntime: ``onnx/model_int8.onnx`` and ``tokenizer.json``.

    Each text runs by itself: its 8-bit numbers, which are scaled by the largest of the run, are
    then the same whatever else is asked. Several texts run beside each other, one a thread.
    """

    def __init__(self, folder: Path = SHIPPED_MODEL):
        # Else it tells its makers of this machine and of the model, from its import on.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime
        import tokenizers

        model, tokenizer = folder / "onnx" / "model_int8.onnx", folder / "tokenizer.json"
        for path in (model, tokenizer):
            if not path.is_file():
                raise QAError("model_incomplete", path)
        content = model.read_bytes()
        self.fingerprint = digest(content, tokenizer.read_bytes())
        settings = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
        self.max_tokens = int(settings["max_seq_length"])
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
        self.dimension = int(self._session.get_outputs()[0].shape[-1])
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, "encoder")

    def read(self, text: str, prompt: str = "") -> Pieces:
        """The pieces of a text, cut at ``max_tokens``."""
        encoding = self._tokenizer.encode(prompt + text)
        ids = encoding.ids
        if len(ids) > self.max_tokens:
            ids = [*ids[: self.max_tokens - 1], ids[-1]]
        return _pieces(ids, encoding.offsets, 1, len(ids) - 1, len(prompt))

    def read_pair(self, first: str, second: str) -> Pieces:
        """The pieces of a question and a passage, the passage cut at ``LONGEST_PAIR``."""
        encoding = self._tokenizer.encode(QUESTION_PROMPT + first, PASSAGE_PROMPT + second)
        ids = encoding.ids
        start = encoding.sequence_ids.index(1) if 1 in encoding.sequence_ids else len(ids) - 1
        if len(ids) > LONGEST_PAIR:
            ids = [*ids[: LONGEST_PAIR - 1], ids[-1]]
        return _pieces(ids, encoding.offsets, start, len(ids) - 1, len(PASSAGE_PROMPT))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without the special tokens around it, read or not."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def encode(self, texts: Sequence[Pieces]) -> Iterator[Encoded]:
        """What the network makes of each, in their order."""
        if len(texts) == 1:
            return iter([self._run(texts[0])])
        return self._threads.map(self._run, texts)

    def _run(self, pieces: Pieces) -> Encoded:
        ids = np.asarray([pieces.ids], dtype=np.int64)
        vector, tokens, marks = self._session.run(
            None, {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        )
        own = slice(pieces.own.start, pieces.own.stop)
        return Encoded(vector[0], tokens[0, own], marks[0, own], marks[0, 0])


@lru_cache(maxsize=1)
def shipped_encoder() -> Encoder:
    """The network in the package, loaded once: embedding and reading share it."""
    return Encoder()


def digest(*parts: bytes) -> str:
    """A fingerprint of these bytes."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()


def _pieces(
    ids: Sequence[int], offsets: Sequence[tuple[int, int]], start: int, stop: int, prompt: int
) -> Pieces:
    """The tokens from ``start`` that end behind the prompt are the text's own."""
    while start < stop and offsets[start][1] <= prompt:
        start += 1
    spans = tuple((max(0, a - prompt), b - prompt) for a, b in offsets[start:stop])
    return Pieces(tuple(ids), range(start, stop), spans)
