"""Reading and embedding on several machines: ``qa index … --ray ADDRESS`` spreads both over Ray.

What a machine was doing when it died is done again on another: one file, or one block of passages.
Results come in the order in which they were asked for, and the network reads each passage by
itself, so the index is that of one machine. Every machine needs this package, and the folder of
documents under the same path; what one cannot read is read here.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from qa.embedding import Embedded, Embedder, Query, open_embedder
from qa.embedding import Progress as Told
from qa.extras import needs
from qa.index.memory import FileReader
from qa.index.vectors import BLOCK
from qa.records import Document, QAError, Skipped

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

# Tasks under way for each processor: the next is there when one is done.
_AHEAD = 2
# Larger files are read here, document by document: a task gives all that it found at once.
_LARGEST = 50_000_000  # bytes
_KNOCK = 10.0  # seconds in which a cluster has to take a connection

Result = tuple[str, Document | Skipped]


class Cluster:
    """A Ray cluster, for one run. ``block`` is how many passages it embeds at a time.

    >>> with Cluster("auto") as cluster:
    ...     update_index(corpus, directory, embedder, spread=cluster)
    """

    def __init__(self, address: str):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machines
        with needs("ray"):
            import ray
        client: Any = ray
        self._ray = client
        try:
            _knock(address)
            client.init(address, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            cause = " ".join(str(error).split())[:200]
            raise QAError("no_cluster", address, cause) from error
        processors = max(1, int(client.cluster_resources().get("CPU", 1)))
        self._ahead = _AHEAD * processors
        self.block = BLOCK * self._ahead
        # A machine may die at any time, and any number of times.
        self._embed = client.remote(max_retries=-1)(_embed)
        self._read = client.remote(max_retries=-1)(_read)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ray.shutdown()

    def embedder(self, embedder: Embedder) -> Embedder:
        """The same embedder, passages on the cluster."""
        return _SpreadEmbedder(embedder, self)

    def reader(
        self,
        reader: FileReader,
        settings: ReadingSettings,
        expected: Iterable[tuple[Path, str]],
    ) -> FileReader:
        """The same reader, which has the cluster read the ``expected`` files, in their order."""
        return _SpreadReader(reader, settings, expected, self)

    def embed(self, name: str, texts: Sequence[str]) -> Any:
        """Begin to embed passages: what ``get`` waits for."""
        return self._embed.remote(name, list(texts))

    def read(self, path: Path, name: str, settings: ReadingSettings) -> Any:
        """Begin to read a file: what ``get`` waits for."""
        return self._read.remote(str(path.absolute()), name, settings)

    def get(self, begun: Any) -> Any:
        """The result of what was begun; ``QAError`` when the cluster has failed for good."""
        try:
            return self._ray.get(begun)
        except self._ray.exceptions.RayError as error:
            cause = " ".join(str(error).split())[-300:]
            raise QAError("cluster_failed", cause) from error

    @property
    def ahead(self) -> int:
        """How many tasks may be under way."""
        return self._ahead


class _SpreadEmbedder:
    """As the embedder that it stands for."""

    def __init__(self, embedder: Embedder, cluster: Cluster):
        self._embedder, self._cluster = embedder, cluster
        self.name, self.fingerprint = embedder.name, embedder.fingerprint
        self.dimension, self.token_bytes = embedder.dimension, embedder.token_bytes
        self.max_tokens = embedder.max_tokens

    def embed_questions(self, questions: Sequence[str]) -> list[Query]:
        return self._embedder.embed_questions(questions)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)

    def embed_passages(self, texts: Sequence[str], progress: Told | None = None) -> Embedded:
        begun = [
            self._cluster.embed(self.name, texts[start : start + BLOCK])
            for start in range(0, len(texts), BLOCK)
        ]
        parts = []
        for task in begun:
            fingerprint, part = self._cluster.get(task)
            if fingerprint != self.fingerprint:
                raise QAError(
                    "other_model_in_cluster", self.name, fingerprint[:12], self.fingerprint[:12]
                )
            parts.append(part)
            if progress is not None:
                progress(len(part.vectors))
        vectors = np.concatenate([part.vectors for part in parts])
        return Embedded(vectors, tuple(signs for part in parts for signs in part.signs))


class _SpreadReader:
    """As the reader that it stands for; expected files are begun before they are asked for."""

    def __init__(
        self,
        reader: FileReader,
        settings: ReadingSettings,
        expected: Iterable[tuple[Path, str]],
        cluster: Cluster,
    ):
        self._reader, self._settings, self._cluster = reader, settings, cluster
        self._expected = iter(expected)
        self._begun: deque[tuple[str, Any]] = deque()

    def __call__(self, path: Path, name: str) -> Iterator[Result]:
        found = self._result(name)
        if found is None:
            yield from self._reader(path, name)
        else:
            yield from found

    def _result(self, name: str) -> list[Result] | None:
        self._begin()
        if name not in (waiting for waiting, _ in self._begun):
            return None
        while True:  # what stands before it was not asked for: it had not changed after all
            waiting, task = self._begun.popleft()
            if waiting == name:
                self._begin()
                found: list[Result] | None = self._cluster.get(task)
                return found

    def _begin(self) -> None:
        while len(self._begun) < self._cluster.ahead:
            following = next(self._expected, None)
            if following is None:
                return
            path, name = following
            try:
                is_small = path.stat().st_size <= _LARGEST
            except OSError:
                continue
            if is_small:
                self._begun.append((name, self._cluster.read(path, name, self._settings)))


def _knock(address: str) -> None:
    """Raise ``OSError`` where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()


def _embed(name: str, texts: Sequence[str]) -> tuple[str, Embedded]:
    """On a machine of the cluster: passages, and with which version of the model."""
    embedder = _opened(open_embedder, name)
    return embedder.fingerprint, embedder.embed_passages(texts)


def _read(path: str, name: str, settings: ReadingSettings) -> list[Result] | None:
    """On a machine of the cluster: all results of a file; ``None`` where it is not there."""
    from qa.reading import FileReader as LocalReader

    if not os.access(path, os.R_OK):
        return None
    return list(_opened(LocalReader, settings)(Path(path), name))


@lru_cache(maxsize=4)
def _opened(opens: Callable[[Any], Any], what: Any) -> Any:
    """The embedder or reader of this process, opened once."""
    return opens(what)
