"""Measure a large evaluation: memory at its peak, and where the time goes.

    python benchmarks/large_evaluation.py --data DATA [--passages N] [--questions N] [--stand-in]

DATA holds ``retrieval/`` (``piaf_dev`` and ``service_public``, whose judged questions are asked)
and ``text/`` and ``pairs/``, whose paragraphs fill the collection up. The evaluation is the command
``qa eval`` with the shipped model, in a process of its own, its index made from nothing. With
``--stand-in``, passages and questions get random vectors instead of the model's, which takes no
time to speak of: memory and time are then those of everything else, dense figures mean nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

SETS = ("piaf_dev", "service_public")
LONGEST = 450  # characters of a filling text: one passage
SHORTEST = 150


def read(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def fillers(data: Path) -> Iterator[str]:
    """Paragraphs of novels, travel guides and news, cut to the length of a passage."""
    texts = chain(
        *(read(path) for path in sorted((data / "text").glob("*.jsonl.gz"))),
        *(read(path) for path in sorted((data / "pairs").glob("*.jsonl.gz"))),
    )
    for fields in texts:
        text = max((value for value in fields.values() if isinstance(value, str)), key=len)
        for start in range(0, len(text), LONGEST):
            piece = text[start : start + LONGEST].strip()
            if len(piece) >= SHORTEST:
                yield piece


def write_set(data: Path, folder: Path, passages: int, questions: int) -> tuple[int, int]:
    """A BEIR folder; returns how many documents and questions it really has."""
    (folder / "qrels").mkdir()
    sets = [data / "retrieval" / name for name in SETS]
    queries = {
        f"{path.name}-{fields['_id']}": fields["text"]
        for path in sets
        for fields in read(path / "queries.jsonl.gz")
    }
    judged = []
    for path in sets:
        for line in (path / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            judged.append((f"{path.name}-{query}", f"{path.name}-{document}", grade))
    chosen = list(islice(dict.fromkeys(query for query, _, _ in judged), questions))
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as file:
        for name in chosen:
            file.write(json.dumps({"_id": name, "text": queries[name]}) + "\n")
    kept = set(chosen)
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines("\t".join(row) + "\n" for row in judged if row[0] in kept)
    documents = 0
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as file:
        known = (
            (f"{path.name}-{fields['_id']}", fields["text"])
            for path in sets
            for fields in read(path / "corpus.jsonl.gz")
        )
        filled = ((f"filler-{number}", text) for number, text in enumerate(fillers(data)))
        for name, text in islice(chain(known, filled), passages):
            file.write(json.dumps({"_id": name, "text": text}) + "\n")
            documents += 1
    return documents, len(chosen)


def evaluate_with_stand_in(folder: Path, cache: Path) -> None:
    """What ``qa eval`` does, with random unit vectors for the passages."""
    import numpy as np

    from qa.embedding import Embedded, Progress, ShippedEmbedder
    from qa.evaluation import evaluate, load_dataset

    class StandIn(ShippedEmbedder):
        generator = np.random.default_rng(1)

        def embed_passages(
            self, texts: Sequence[str], progress: Progress | None = None
        ) -> Embedded:
            del progress
            vectors = self.generator.standard_normal((len(texts), self.dimension), dtype=np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            signs = tuple(
                self.generator.integers(0, 256, (count, self.token_bytes), dtype=np.uint8)
                for count in self.count_tokens(texts)
            )
            return Embedded(vectors, signs)

    embedder = StandIn(name="stand-in")
    found = evaluate(load_dataset(folder), embedder=embedder, cache=cache)
    print(json.dumps(found.to_json()))


def measured(command: list[str]) -> tuple[str, float, float]:
    """Output, seconds and peak megabytes of resident memory of a command (Linux counts in kB)."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return output, time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=1_000)
    parser.add_argument("--stand-in", action="store_true")
    parser.add_argument("--inside", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        evaluate_with_stand_in(*options.inside)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "set"
        folder.mkdir()
        documents, questions = write_set(options.data, folder, options.passages, options.questions)
        print(f"{documents} documents, {questions} questions", flush=True)
        cache = str(Path(temporary) / "cache")
        command = [sys.executable, "-m", "qa.cli", "eval", str(folder), "--json", "--cache", cache]
        if options.stand_in:
            command = [sys.executable, __file__, "--data", str(options.data)]
            command += ["--inside", str(folder), cache]
        for name in ("index made", "index kept"):
            output, seconds, memory = measured(command)
            found = json.loads(output)
            index, methods = found["index"], found["methods"]
            print(
                f"{name}: {index['passages']} passages, {seconds:.0f} s, peak {memory:.0f} MB; "
                f"question vector {found['embedding_ms_per_query']:.1f} ms, search "
                + ", ".join(f"{m} {v['ms_per_query']:.1f} ms" for m, v in methods.items()),
                flush=True,
            )
        print(", ".join(f"{m} nDCG@10 {v['nDCG@10']:.3f}" for m, v in methods.items()))


if __name__ == "__main__":
    main()
