"""The vectors of an index in the making: taken over, embedded, and safe from the first block on."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from qa.dense import DenseIndex, Sample, check_unit, training_size
from qa.embedding import Embedded, Embedder, Signs, Vectors
from qa.french import split_sentences
from qa.index.parts import DenseSearch, TokenSource
from qa.index.store import IN_MEMORY, Store
from qa.tokens import TokenWriter

# Passages embedded at once, sorted by length within: what an interruption costs at most.
BLOCK = 256
# Vectors held at once when the index is put together.
_ROWS = 4096
# Questions about the collection itself that an approximate search is checked with.
_QUESTIONS, _QUESTION_WORDS = 256, 12


class Journal:
    """What was embedded so far, by the digest of its passage, in a database of its own.

    A block is there wholly or not at all, whenever the program is killed. Another model, or a file
    that is no database, begins a new journal.
    """

    def __init__(self, path: Path, embedder: Embedder):
        self._embedder = embedder
        try:
            self._open(path)
        except sqlite3.DatabaseError:
            remove_journal(path)
            self._open(path)

    def _open(self, path: Path) -> None:
        self._database = sqlite3.connect(path)
        self._database.execute(IN_MEMORY)
        with contextlib.suppress(sqlite3.OperationalError):
            rows = self._database.execute("SELECT fingerprint FROM model").fetchall()
            if rows == [(self._embedder.fingerprint,)]:
                return
        with self._database as database:
            database.execute("DROP TABLE IF EXISTS model")
            database.execute("DROP TABLE IF EXISTS embedded")
            database.execute("CREATE TABLE model (fingerprint TEXT)")
            database.execute("INSERT INTO model VALUES (?)", (self._embedder.fingerprint,))
            database.execute(
                "CREATE TABLE embedded (digest BLOB PRIMARY KEY, tokens INTEGER, vector BLOB, "
                "signs BLOB)"
            )

    def tokens(self) -> dict[bytes, int]:
        """How many tokens each passage has that is in the journal."""
        return dict(self._database.execute("SELECT digest, tokens FROM embedded"))

    def append(self, digests: Sequence[bytes], embedded: Embedded) -> None:
        """Write what was embedded of some passages; it is safe when this returns."""
        found = zip(digests, embedded.vectors, embedded.signs, strict=True)
        with self._database as database:
            database.executemany(
                "INSERT INTO embedded VALUES (?, ?, ?, ?)",
                (
                    (digest, len(s), v.astype("<f4").tobytes(), s.tobytes())
                    for digest, v, s in found
                ),
            )

    def read(self, digest: bytes) -> tuple[Vectors, Signs]:
        """The vector (dimension,) and the signs (tokens, token_bytes) of a passage."""
        query = "SELECT tokens, vector, signs FROM embedded WHERE digest = ?"
        tokens, vector, signs = self._database.execute(query, (digest,)).fetchone()
        width = self._embedder.token_bytes
        return (
            np.frombuffer(vector, "<f4").astype(np.float32),
            np.frombuffer(signs, np.uint8).reshape(tokens, width),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def remove_journal(path: Path) -> None:
    """Remove a journal, and what a killed program left of its last block."""
    for suffix in ("", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def embed_new(
    store: Store,
    embedder: Embedder,
    known: Mapping[bytes, int],
    journal: Journal,
    progress: Callable[[int, int], None],
    block_size: int = BLOCK,
) -> int:
    """Embed every passage whose vector is neither ``known`` nor in the journal; how many."""
    first: dict[bytes, int] = {}
    there = journal.tokens()
    for row, digest in enumerate(store.passage_digests()):
        if digest not in known and digest not in there:
            # The same text in two documents is embedded once.
            first.setdefault(digest, row)
    new = [(row, digest) for digest, row in first.items()]
    done = 0
    progress(0, len(new))
    for start in range(0, len(new), block_size):
        block = new[start : start + block_size]

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(done, len(new))

        texts = [passage.index_text for passage in store.passages([row for row, _ in block])]
        embedded = embedder.embed_passages(texts, tell)
        check_unit(embedded.vectors)
        journal.append([digest for _, digest in block], embedded)
    return len(new)


def build_vectors(
    store: Store,
    embedder: Embedder,
    known: Mapping[bytes, int],
    previous: tuple[DenseSearch, TokenSource] | None,
    journal: Journal,
    tokens_folder: Path,
    exact_up_to: int,
) -> DenseIndex:
    """The vectors of all passages by row: those of the previous index, else of the journal.

    The signs of their tokens are written to a new folder. Of more than ``exact_up_to`` passages
    the vectors are searched approximately.
    """
    digests = store.passage_digests()

    def sample() -> Sample:
        chance = np.random.default_rng(0)
        chosen = np.sort(chance.choice(len(digests), training_size(len(digests)), replace=False))
        training = np.empty((len(chosen), embedder.dimension), dtype=np.float32)
        for place, row in enumerate(chosen.tolist()):
            digest = digests[row]
            if previous is not None and digest in known:
                training[place] = previous[0].vectors(_rows(known, [digest]))[0]
            else:
                training[place] = journal.read(digest)[0]
        rows = chance.choice(len(digests), min(_QUESTIONS, len(digests)), replace=False)
        questions = [_question(passage.text) for passage in store.passages(rows.tolist())]
        asked = embedder.embed_questions(questions)
        return Sample(training, np.stack([query.vector for query in asked]))

    def blocks() -> Iterator[Vectors]:
        for start in range(0, len(digests), _ROWS):
            block = digests[start : start + _ROWS]
            vectors = np.empty((len(block), embedder.dimension), dtype=np.float32)
            old = np.array([digest in known for digest in block], dtype=bool)
            if previous is not None and old.any():
                vectors[old] = previous[0].vectors(_rows(known, block))
            for i, digest in enumerate(block):
                if previous is not None and old[i]:
                    tokens.append(previous[1].signs([known[digest]])[0])
                else:
                    vectors[i], signs = journal.read(digest)
                    tokens.append(signs)
            yield vectors

    with contextlib.closing(TokenWriter(tokens_folder)) as tokens:
        made_with = sample() if len(digests) > exact_up_to else None
        return DenseIndex.build_blocks(len(digests), embedder.dimension, blocks(), made_with)


def _question(text: str) -> str:
    """Something to ask of a passage: the beginning of its longest sentence."""
    start, end = max(split_sentences(text), key=lambda span: span[1] - span[0], default=(0, None))
    return " ".join(text[start:end].split()[:_QUESTION_WORDS])


def _rows(known: Mapping[bytes, int], digests: Sequence[bytes]) -> NDArray[np.int64]:
    return np.array([known[digest] for digest in digests if digest in known], dtype=np.int64)
