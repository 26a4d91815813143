"""Measure memory and time of a large index, without the cost of a model.

   python benchmarks/scale.py --data DATA [--passages 100000]

The collection is paragraphs of ``text/novels.jsonl.gz``, then their sentences recombined; the
embedder gives each word a fixed random vector, in 384 dimensions like the shipped model, and adds
them up.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from qa.embedding import Embedded, Query, Vectors
from qa.index import Progress, open_index, update_index
from qa.search import METHODS

DIMENSION = 384
_WORDS = np.random.default_rng(0).standard_normal((4096, DIMENSION), np.float32)


class WordEmbedder:
    name = "words"
    fingerprint = "words-1"
    dimension = DIMENSION
    max_tokens = 256
    token_bytes = DIMENSION // 8

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        queries = []
        for text in questions:
            tokens = self._tokens(text)
            queries.append(Query(_unit(tokens), tokens / len(tokens) / DIMENSION**0.5))
        return queries

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Embedded:
        if progress is not None:
            progress(len(texts))
        tokens = [self._tokens(text) for text in texts]
        signs = tuple(np.packbits(part >= 0, axis=1) for part in tokens)
        return Embedded(np.stack([_unit(part) for part in tokens]), signs)

    def _tokens(self, text: str) -> Vectors:
        numbers = [zlib.crc32(word.encode()) % 4096 for word in text.split()]
        return np.asarray(_WORDS[numbers], np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) // 5 + 1 for text in texts]


def _unit(tokens: Vectors) -> Vectors:
    total = tokens.sum(axis=0)
    return np.asarray(total / np.linalg.norm(total), np.float32)


def write_corpus(data: Path, path: Path, passages: int) -> None:
    with gzip.open(data / "text" / "novels.jsonl.gz", "rt", encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in islice(file, passages)]
    sentences = [part for text in texts for part in re.split(r"(?<=[.!?]) ", text)]
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(passages):
            text = texts[number] if number < len(texts) else " ".join(chance.sample(sentences, 4))
            file.write(json.dumps({"id": str(number), "text": text[:700]}) + "\n")


def resident() -> int:
    """Megabytes of this process (Linux)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found.group(1)) // 1024


class Watch:
    """Memory by step: at its start, in its middle and at most; seconds."""

    def __init__(self) -> None:
        self.steps: dict[str, list[int]] = {}
        self._ends: dict[str, float] = {}
        self._began = time.perf_counter()

    def __call__(self, progress: Progress) -> None:
        self._ends[progress.step] = time.perf_counter()
        if progress.done % 1000 == 0 or progress.done == progress.total:
            self.steps.setdefault(progress.step, []).append(resident())

    def print(self) -> None:
        before = self._began
        for step, memory in self.steps.items():
            seconds, before = self._ends[step] - before, self._ends[step]
            print(
                f"{step:<12} {seconds:.0f} s; memory {memory[0]} MB at the start, "
                f"{memory[len(memory) // 2]} in the middle, {max(memory)} at most"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=100_000)
    options = parser.parse_args()
    embedder = WordEmbedder()
    with tempfile.TemporaryDirectory() as temporary:
        corpus, directory = Path(temporary) / "corpus.jsonl", Path(temporary) / "index"
        write_corpus(options.data, corpus, options.passages)
        watch, spent = Watch(), time.process_time()
        report = update_index(corpus, directory, embedder, progress=watch)
        watch.print()
        print(
            f"indexed      {report.passages} passages in {report.seconds:.0f} s "
            f"({time.process_time() - spent:.0f} s of the processor); {resident()} MB at the end"
        )
        size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        print(f"on disk      {size / 1e6:.0f} MB")
        again = update_index(corpus, directory, embedder)
        print(f"no change    {again.seconds:.1f} s, {again.read} files read")
        began, before = time.perf_counter(), resident()
        index = open_index(directory)
        print(f"opened       in {time.perf_counter() - began:.1f} s")
        rows = random.Random(2).sample(range(report.passages), 300)
        times = []
        for passage in index.passages(rows):
            question = " ".join(passage.text.split()[2:10])
            began = time.perf_counter()
            METHODS["hybrid"](index, question, embedder.embed_questions([question])[0], 10)
            times.append(1000 * (time.perf_counter() - began))
        p50, p95 = np.percentile(times, [50, 95])
        print(f"a search     p50 {p50:.1f} ms, p95 {p95:.1f} ms; {resident() - before} MB more")
        index.close()


if __name__ == "__main__":
    main()
