"""Measure memory and time of a large index, without the cost of embedding every passage.

    python benchmarks/scale.py --data DATA [--passages 100000] [--sentences 2000] [--cache FOLDER]
        [--interrupted] [--plot FILE]

A passage is a sentence of the shared texts that the shipped network has embedded, and three others.
Its vector is a perturbed copy of the sentence's, its token signs are the sentence's, four times.
Questions are embedded by the network as they are. What the network would have taken for the whole
is told beside. Figures of each size stay in the cache folder: a table, and a plot, tell all that
are there. With ``--interrupted`` the process that indexes is killed when half of the passages are
embedded, and the next one goes on; nothing else is measured.

Times are those of the processor where it says so: on a busy machine others mean little.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from qa.embedding import Embedded, Query, Signs, Vectors, open_embedder
from qa.index import Progress, open_index, update_index
from qa.question import make_question
from qa.search import METHODS

LINES = 1000  # documents of one file
NOISE = 0.4  # length of the noise beside a unit vector
TOKENS = 4  # times those of its sentence: about 120 in a passage
DEPTH = 20  # hits, as for an answer


class SentenceEmbedder:
    """Gives a passage a perturbed copy of what the network gave its first sentence."""

    name = "sentences"
    fingerprint = "sentences-1"

    def __init__(self, sentences: Sequence[str], cache: Path):
        self._shipped = open_embedder()
        self.dimension, self.token_bytes = self._shipped.dimension, self._shipped.token_bytes
        self.max_tokens = self._shipped.max_tokens
        self.seconds = 0.0  # of the processor, for one of its tokens
        self._numbers = {sentence: number for number, sentence in enumerate(sentences)}
        parts = [self._embed(sentences, start, cache) for start in range(0, len(sentences), 250)]
        self.vectors: Vectors = np.concatenate([part["vectors"] for part in parts])
        self._signs: list[Signs] = []
        spent = 0.0
        for part in parts:
            self._signs += np.split(part["signs"], np.cumsum(part["counts"])[:-1])
            spent += float(part["seconds"])
        self.seconds = spent / sum(map(len, self._signs))

    def _embed(self, sentences: Sequence[str], start: int, cache: Path) -> dict[str, np.ndarray]:
        path = cache / f"sentences-{start:06d}.npz"
        if not path.exists():
            began = time.process_time()
            found = self._shipped.embed_passages(sentences[start : start + 250])
            np.savez(
                path,
                vectors=found.vectors,
                signs=np.concatenate(found.signs),
                counts=[len(signs) for signs in found.signs],
                seconds=time.process_time() - began,
            )
        with np.load(path) as content:
            return dict(content)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        return self._shipped.embed_questions(questions)

    def embed_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Embedded:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        signs = []
        for row, text in enumerate(texts):
            chance = np.random.default_rng(zlib.crc32(text.encode()))
            noise = chance.standard_normal(self.dimension, np.float32)
            own = [self._numbers[line] for line in text.split("\n") if line in self._numbers]
            number = own[0] if own else int(chance.integers(len(self._signs)))
            vector = self.vectors[number] + NOISE * noise / np.linalg.norm(noise)
            vectors[row] = vector / np.linalg.norm(vector)
            signs.append(np.tile(self._signs[number], (TOKENS, 1)))
        if progress is not None:
            progress(len(texts))
        return Embedded(vectors, tuple(signs))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) // 5 + 1 for text in texts]


def read_sentences(data: Path) -> list[str]:
    """Sentences of novels, news, law and help, in an order of chance that is always the same."""
    found = []
    for name in (
        "text/novels",
        "pairs/news_title",
        "pairs/law_note_section",
        "pairs/business_docs",
    ):
        with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in islice(file, 12_000):
                fields = json.loads(line)
                text = " ".join((fields.get("text") or fields["positive"]).split())
                found += [
                    part for part in re.split(r"(?<=[.!?…]) ", text) if 60 <= len(part) <= 200
                ]
    found = list(dict.fromkeys(found))
    random.Random(0).shuffle(found)
    return found


def lines(known: Sequence[str], others: Sequence[str], numbers: range, seed: int) -> Iterator[str]:
    for number in numbers:
        chance = random.Random(seed * 100_000_007 + number)
        text = "\n".join([chance.choice(known), *chance.sample(others, 3)])
        yield json.dumps({"id": str(number), "text": text}, ensure_ascii=False) + "\n"


def resident() -> int:
    """Megabytes of this process, without what is mapped from files (Linux)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"RssAnon:\s+(\d+)", status)
    assert found is not None
    return int(found.group(1)) // 1024


class Watch:
    """Memory by step: at its start, in its middle and at most; seconds of the processor."""

    def __init__(self) -> None:
        self.steps: dict[str, list[int]] = {}
        self._ends: dict[str, float] = {}
        self._began = time.process_time()

    def __call__(self, progress: Progress) -> None:
        self._ends[progress.step] = time.process_time()
        if progress.done % 1000 == 0 or progress.done == progress.total:
            self.steps.setdefault(progress.step, []).append(resident())

    def print(self) -> None:
        before = self._began
        for step, memory in self.steps.items():
            seconds, before = self._ends[step] - before, self._ends[step]
            print(
                f"  {step:<10} {seconds:.0f} s; memory {memory[0]} MB at the start, "
                f"{memory[len(memory) // 2]} in the middle, {max(memory)} at most",
                flush=True,
            )


def sizes(generation: Path) -> str:
    return ", ".join(f"{part.name} {size(part):.0f}" for part in sorted(generation.iterdir()))


def size(part: Path) -> float:
    """Megabytes of a file, or of all files of a folder."""
    return sum(p.stat().st_size for p in [part, *part.rglob("*")] if p.is_file()) / 1e6


def write_corpus(folder: Path, passages: int, known: Sequence[str], others: Sequence[str]) -> None:
    folder.mkdir()
    for start in range(0, passages, LINES):
        numbers = range(start, min(passages, start + LINES))
        path = folder / f"{start:08d}.jsonl"
        path.write_text("".join(lines(known, others, numbers, 1)), "utf-8")


def die_half_way(progress: Progress) -> None:
    if progress.step == "embed" and progress.total and 2 * progress.done >= progress.total:
        os.kill(os.getpid(), signal.SIGKILL)


def interrupt(data: Path, passages: int, count: int, cache: Path) -> None:
    """Index, be killed half-way, and go on."""
    sentences = read_sentences(data)
    known, others = sentences[:count], sentences[count:]
    embedder = SentenceEmbedder(known, cache)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        corpus, directory = Path(temporary) / "corpus", Path(temporary) / "index"
        write_corpus(corpus, passages, known, others)
        child = multiprocessing.get_context("fork").Process(
            target=update_index,
            args=(corpus, directory, embedder),
            kwargs={"progress": die_half_way},
        )
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL, child.exitcode
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        watch, spent = Watch(), time.process_time()
        report = update_index(corpus, directory, embedder, progress=watch)
        print(
            f"{report.passages} passages: killed after {usage.ru_utime + usage.ru_stime:.0f} s of "
            f"the processor; the next run took {time.process_time() - spent:.0f} s, read "
            f"{report.read} files of {passages // LINES} and embedded {report.embedded} passages:"
        )
        watch.print()


def measure(data: Path, passages: int, count: int, cache: Path) -> dict[str, float]:
    sentences = read_sentences(data)
    known, others = sentences[:count], sentences[count:]
    embedder = SentenceEmbedder(known, cache)
    figures: dict[str, float] = {"passages": passages}
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        corpus, directory = Path(temporary) / "corpus", Path(temporary) / "index"
        write_corpus(corpus, passages, known, others)
        watch, spent = Watch(), time.process_time()
        report = update_index(corpus, directory, embedder, progress=watch)
        figures["index"] = time.process_time() - spent
        print(f"{report.passages} passages in {figures['index']:.0f} s of the processor:")
        watch.print()
        figures["memory"] = max(max(memory) for memory in watch.steps.values())
        index = open_index(directory)
        tokens = index.tokens.tokens
        network = tokens * embedder.seconds
        print(
            f"  the network would take {network:.0f} s more ({tokens / passages:.0f} tokens a "
            f"passage, {1e3 * embedder.seconds:.2f} ms each)"
        )
        print(f"searched     {index.manifest.approximation or 'exactly'}")
        print(f"on disk      MB: {sizes(index.path)}")
        index.close()
        figures["disk"] = size(index.path)

        for step in range(0, passages, 100 * LINES):  # one file of a hundred
            numbers = range(step, min(passages, step + LINES))
            path = corpus / f"{step:08d}.jsonl"
            path.write_text("".join(lines(known, others, numbers, 2)), "utf-8")
        watch, spent = Watch(), time.process_time()
        report = update_index(corpus, directory, embedder, progress=watch)
        figures["update"] = time.process_time() - spent
        anew, again = (
            figures["index"] + network,
            figures["update"] + network * report.embedded / passages,
        )
        print(
            f"{len(report.changed)} changed in {figures['update']:.0f} s of the processor: "
            f"{figures['update'] / figures['index']:.2f} of the first time, with the network "
            f"{again / anew:.3f}"
        )
        watch.print()
        spent = time.process_time()
        report = update_index(corpus, directory, embedder)
        print(f"no change    {time.process_time() - spent:.1f} s, {report.read} files read")

        spent, began = time.process_time(), time.perf_counter()
        index = open_index(directory)
        figures["open"] = time.process_time() - spent
        clock = time.perf_counter() - began
        print(f"opened       in {figures['open']:.2f} s ({clock:.2f} s by the clock)")
        before, times, found = resident(), [], 0
        chance = random.Random(2)
        for row in chance.sample(range(report.passages), 300):
            words = index.passages([row])[0].text.split()
            question = " ".join(words[: chance.randint(6, 12)])
            query = make_question(question, embedder)
            spent = time.process_time()
            hits = METHODS["hybrid"](index, query, DEPTH)
            times.append(1000 * (time.process_time() - spent))
            found += any(question in " ".join(hit.passage.text.split()) for hit in hits)
        figures["p50"], figures["p95"] = np.percentile(times, [50, 95])
        print(
            f"a search     p50 {figures['p50']:.1f} ms, p95 {figures['p95']:.1f} ms of the "
            f"processor; {resident() - before} MB more; "
            f"the passage that was asked about found {found} of 300 times",
            flush=True,
        )
        index.close()
    return figures


def plot(rows: Sequence[dict[str, float]], path: Path) -> None:
    """How each cost grows with the number of passages, both axes logarithmic."""
    from matplotlib.figure import Figure

    panels = {
        "indexing, s": {"index": "first time", "update": "1 % changed"},
        "MB": {"disk": "disk", "memory": "memory, indexing"},
        "a search, ms": {"p50": "p50", "p95": "p95"},
    }
    figure = Figure(figsize=(10, 3), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for name, label in lines.items():
            at = [row["passages"] for row in rows]
            axes.loglog(at, [row[name] for row in rows], "o-", label=label)
        axes.set(title=title, xlabel="passages")
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--passages", type=int, nargs="+", default=[100_000])
    parser.add_argument("--sentences", type=int, default=2000, help="that the network embeds")
    parser.add_argument("--cache", type=Path, help="keeps their vectors; the indexes stand there")
    parser.add_argument("--plot", type=Path, help="a picture of how the costs grow (eval extra)")
    parser.add_argument("--interrupted", action="store_true", help="only be killed, and go on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        cache = options.cache or Path(temporary)
        cache.mkdir(parents=True, exist_ok=True)
        if options.interrupted:
            for passages in options.passages:
                interrupt(options.data, passages, options.sentences, cache)
            return
        for passages in options.passages:
            found = measure(options.data, passages, options.sentences, cache)
            (cache / f"figures-{passages:09d}.json").write_text(json.dumps(found))
        rows = [json.loads(path.read_text()) for path in sorted(cache.glob("figures-*.json"))]
    print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(f"{value:.6g}" for value in row.values()) + " |")
    if options.plot:
        plot(rows, options.plot)


if __name__ == "__main__":
    main()
