"""Compare kinds of FAISS indexes on vectors like ours: recall, time of a question, size, building.

    python benchmarks/vectors.py --data DATA [--rows 100000 1000000] [--sentences 2000]

The vectors are those of ``benchmarks/scale.py``: perturbed copies of those that the shipped network
gives sentences. Questions are beginnings of these sentences, embedded by the network. Recall
is the share of the exact ten nearest that are found. Times are of the processor, one thread a
question.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from scale import NOISE, SentenceEmbedder, read_sentences

from qa.dense import list_count, training_size
from qa.embedding import Vectors

BLOCK = 10_000
NEAREST = 10


def blocks(embedder: SentenceEmbedder, rows: int) -> Iterator[Vectors]:
    known = embedder.vectors
    for start in range(0, rows, BLOCK):
        chance = np.random.default_rng(start)
        count = min(BLOCK, rows - start)
        vectors = known[chance.integers(len(known), size=count)]
        noise = chance.standard_normal(vectors.shape, np.float32)
        vectors += NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def kinds(rows: int, dimension: int) -> dict[str, tuple[Any, list[int]]]:
    """Indexes by name, and the lists or neighbours that may be looked at in them."""
    inner, quantizer = faiss.METRIC_INNER_PRODUCT, faiss.ScalarQuantizer
    graph: Any = faiss.IndexHNSWSQ
    lists = list_count(rows)

    def inverted(code: int) -> Any:
        flat = faiss.IndexFlatIP(dimension)
        return faiss.IndexIVFScalarQuantizer(flat, dimension, lists, code, inner, False)

    probes = [8, 16, 32, 64, 128]
    return {
        "all, 32 bits": (faiss.IndexFlatIP(dimension), [0]),
        "all, 16 bits": (faiss.IndexScalarQuantizer(dimension, quantizer.QT_fp16, inner), [0]),
        "all, 8 bits": (faiss.IndexScalarQuantizer(dimension, quantizer.QT_8bit, inner), [0]),
        f"{lists} lists, 16 bits": (inverted(quantizer.QT_fp16), probes),
        f"{lists} lists, 8 bits": (inverted(quantizer.QT_8bit), probes),
        f"{lists} lists, product": (
            faiss.IndexIVFPQ(faiss.IndexFlatIP(dimension), dimension, lists, 64, 8, inner),
            probes,
        ),
        "graph (HNSW 32), 16 bits": (
            graph(dimension, quantizer.QT_fp16, 32, inner),
            [32, 64, 128, 256],
        ),
    }


def measure(embedder: SentenceEmbedder, questions: Vectors, rows: int, folder: Path) -> None:
    wanted = training_size(rows) // BLOCK + 1
    training = np.concatenate(list(islice(blocks(embedder, rows), wanted)))
    exact: NDArray[np.int64] | None = None
    print(f"\n| {rows} vectors | looked at | recall@10 | ms | MB | built in s |")
    print("|---|---|---|---|---|---|")
    for name, (index, looks) in kinds(rows, embedder.dimension).items():
        began = time.process_time()
        if not index.is_trained:
            index.train(training)
        for part in blocks(embedder, rows):
            index.add(part)
        built = time.process_time() - began
        path = folder / "vectors.faiss"
        faiss.write_index(index, str(path))
        size = path.stat().st_size / 1e6
        for look in looks:
            if hasattr(index, "nprobe"):
                index.nprobe = look
            elif hasattr(index, "hnsw"):
                index.hnsw.efSearch = look
            began = time.process_time()
            _, found = index.search(questions, NEAREST)
            spent = 1e3 * (time.process_time() - began) / len(questions)
            if exact is None:
                exact = found
            shared = [len(np.intersect1d(a, b)) for a, b in zip(found, exact, strict=True)]
            recall = sum(shared) / exact.size
            print(
                f"| {name} | {look or 'all'} | {recall:.3f} | {spent:.2f} | {size:.0f} | "
                f"{built:.0f} |",
                flush=True,
            )
        del index


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--sentences", type=int, default=2000, help="that the network embeds")
    parser.add_argument("--cache", type=Path, help="keeps their vectors")
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        cache = options.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        sentences = read_sentences(options.data)[: options.sentences]
        embedder = SentenceEmbedder(sentences, cache)
        asked = [" ".join(sentence.split()[:9]) for sentence in sentences[:200]]
        path = cache / "questions.npy"
        if not path.exists():
            np.save(path, np.stack([query.vector for query in embedder.embed_questions(asked)]))
        for rows in options.rows:
            measure(embedder, np.load(path), rows, Path(temporary))


if __name__ == "__main__":
    main()
