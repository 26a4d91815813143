"""What tests share: a deterministic embedder for logic, the shipped model for figures."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.answering.reader import PassageReading, read_passage
from qa.assistant import Assistant
from qa.embedding import Embedded, Progress, Query, ShippedEmbedder, Vectors, open_embedder
from qa.encoder import Encoded, Pieces
from qa.french import fold, words
from qa.index import update_index
from qa.records import Hit

ROOT = Path(__file__).parent.parent

# Sentences are tested in English, whatever the locale of the machine.
for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in two tiers: those that drive a Chromium can be left out (``-m "not browser"``)."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


class FakeEmbedder:
    """Hashed character trigrams: like texts get like vectors, the same on every machine.

    A token is a word, and its vector that of the word alone.
    """

    name = "fake"
    fingerprint = "fake-1"
    dimension = 64
    max_tokens = 256
    token_bytes = 8

    def __init__(self) -> None:
        self.embedded = 0

    def vectors(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            padded = f"  {fold(text)} "
            for start in range(len(padded) - 2):
                digest = hashlib.blake2b(padded[start : start + 3].encode(), digest_size=4).digest()
                vectors[row, int.from_bytes(digest, "big") % self.dimension] += 1
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def tokens(self, text: str) -> Vectors:
        # Less the mean, so that some components are negative.
        return self.vectors([text[w.start : w.end] for w in words(text)]) - np.float32(0.05)

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        queries = []
        for question, vector in zip(questions, self.vectors(questions), strict=True):
            tokens = self.tokens(question)
            length = np.linalg.norm(tokens, axis=1).sum()
            queries.append(Query(vector, tokens / max(float(length), 1e-12)))
        return queries

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        self.embedded += len(texts)
        if progress is not None:
            progress(len(texts))
        signs = tuple(np.packbits(self.tokens(text) >= 0, axis=1) for text in texts)
        return Embedded(self.vectors(texts), signs)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) for text in texts]


class FakeReader:
    """Finds given answers wherever they stand, with given log-odds against "nothing here".

    Each half of the odds is on the first and on the last word of the answer; every other word is
    as far below nothing. ``asked`` are the questions that it was asked.
    """

    def __init__(self, answers: Mapping[str, float]):
        self.answers = answers
        self.asked: list[str] = []

    def read(self, question: str, hits: Sequence[Hit]) -> list[PassageReading]:
        self.asked.append(question)
        return [self._read(hit) for hit in hits]

    def _read(self, hit: Hit) -> PassageReading:
        text = hit.passage.index_text
        spans = tuple((word.start, word.end) for word in words(text))
        marks = np.full((len(spans), 3), -10, np.float32)
        for answer, odds in self.answers.items():
            start = text.find(answer)
            while start >= 0:
                inside = [i for i, (a, b) in enumerate(spans) if start <= a < start + len(answer)]
                marks[inside[0], 0] = marks[inside[-1], 1] = odds / 2
                start = text.find(answer, start + 1)
        vector = np.zeros(4, np.float32)
        nothing = np.zeros(3, np.float32)
        pieces = Pieces((), range(len(spans)), spans)
        return read_passage(hit, pieces, Encoded(vector, vector[None], marks, nothing))


@pytest.fixture(scope="session", autouse=True)
def end_of_the_reader() -> Iterator[None]:
    """The process in which the tests read files ends with them."""
    yield
    from reading_files import READER

    READER.close()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Programs that tests start can be interrupted, even where the tests run in the background:
    a shell that starts them there has Ctrl-C ignored, and programs inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def fake_embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def write_corpus(tmp_path: Path) -> Callable[..., Path]:
    """Write files, given as name=text pairs, into a new corpus folder."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / "corpus"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def shipped_embedder() -> ShippedEmbedder:
    embedder = open_embedder()
    assert isinstance(embedder, ShippedEmbedder)
    return embedder


@pytest.fixture(scope="session")
def demo_index(tmp_path_factory: pytest.TempPathFactory, shipped_embedder: ShippedEmbedder) -> Path:
    """The index of the demonstration corpus, made once with the shipped model."""
    directory = tmp_path_factory.mktemp("demo") / "index"
    update_index(ROOT / "corpus", directory, shipped_embedder)
    return directory


@pytest.fixture(scope="session")
def demo(demo_index: Path, shipped_embedder: ShippedEmbedder) -> Iterator[Assistant]:
    from qa.index import open_index

    index = open_index(demo_index)
    yield Assistant(index, shipped_embedder)
    index.close()
