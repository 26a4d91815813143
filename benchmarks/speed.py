"""Measure speed and memory: cold start, warm answers, indexing, the web process.

    python benchmarks/speed.py --data DATA [--passages 10000]

DATA holds ``text/novels.jsonl.gz`` and ``retrieval/piaf_dev``. The collection is the development
passages filled up with paragraphs of novels; the questions are the development questions.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np


def read_texts(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)["text"]


def write_corpus(data: Path, path: Path, passages: int) -> None:
    texts = list(read_texts(data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz"))
    novels = read_texts(data / "text" / "novels.jsonl.gz")
    long_enough = (text for text in novels if 300 < len(text) < 900)
    texts += islice(long_enough, max(0, passages - len(texts)))
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts[:passages]):
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")


def cold(arguments: list[str], runs: int = 7) -> float:
    """The median seconds of a whole process."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "qa.cli", *arguments], capture_output=True)
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def percentiles(times: list[float]) -> str:
    p50, p95 = np.percentile(np.array(times) * 1000, [50, 95])
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"


def resident(pid: int) -> int:
    """Megabytes of memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    raise RuntimeError("no VmRSS line: this measurement needs Linux")


def web_process(index: Path) -> tuple[float, int]:
    """Seconds until the page answers, and megabytes then."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port", "7869"],
        stdout=subprocess.DEVNULL,
    )
    try:
        while time.perf_counter() - began < 120:
            try:
                with urllib.request.urlopen("http://127.0.0.1:7869/") as page:
                    page.read()
                return time.perf_counter() - began, resident(process.pid)
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the web chat did not start within 120 s")
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=10_000)
    options = parser.parse_args()

    from qa import Assistant
    from qa.embedding import open_embedder
    from qa.index import update_index

    embedder = open_embedder()
    questions = list(read_texts(options.data / "retrieval" / "piaf_dev" / "queries.jsonl.gz"))[:300]
    with tempfile.TemporaryDirectory() as folder:
        corpus, index = Path(folder) / "corpus.jsonl", Path(folder) / "index"
        write_corpus(options.data, corpus, options.passages)
        report = update_index(corpus, index, embedder)
        again = update_index(corpus, index, embedder)
        print(
            f"indexing        {report.passages} passages in {report.seconds:.1f} s: "
            f"{report.passages / report.seconds:.0f} passages/s"
        )
        print(f"nothing changed {again.seconds:.1f} s")

        text = " ".join(read_texts(options.data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz"))
        words = text.split()
        long = [" ".join(words[start : start + 140]) for start in range(0, 256 * 140, 140)]
        exact = [passage for passage in long if embedder.count_tokens([passage])[0] >= 128]
        trimmed = [" ".join(passage.split()[:90]) for passage in exact][:256]
        tokens = np.mean(embedder.count_tokens(trimmed))
        began = time.perf_counter()
        embedder.embed_passages(trimmed)
        rate = len(trimmed) / (time.perf_counter() - began)
        print(f"embedding       {rate:.0f} passages/s of {tokens:.0f} tokens")

        assistant = Assistant.open(index)
        encode, answer = [], []
        for question in questions:
            began = time.perf_counter()
            embedder.embed_questions([question])
            encode.append(time.perf_counter() - began)
            began = time.perf_counter()
            assistant.answer(question)
            answer.append(time.perf_counter() - began)
        print(f"question vector {percentiles(encode[20:])}")
        print(f"warm answer     {percentiles(answer[20:])}")
        print(f"cold qa ask     {cold(['ask', questions[0], '--index', str(index)]):.2f} s")
        print(f"cold qa --help  {cold(['--help']):.2f} s")
        seconds, memory = web_process(index)
        print(f"web chat        ready in {seconds:.1f} s, {memory} MB")


if __name__ == "__main__":
    main()
