"""What tests share: a deterministic embedder for logic, the shipped model for figures."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.assistant import Assistant
from qa.embedding import Embedded, ShippedEmbedder, Progress, Query, Vectors, open_embedder
from qa.french import fold, words
from qa.index import update_index

ROOT = Path(__file__).parent.parent


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
        spans = self.token_spans(text)
        # Less the mean, so that some components are negative.
        return self.vectors([text[start:end] for start, end in spans]) - np.float32(0.05)

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

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(word.start, word.end) for word in words(text)]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(words(text)) for text in texts]


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
