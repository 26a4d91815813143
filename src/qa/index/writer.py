"""Building and updating: a folder of documents becomes a new, verified, published generation."""

from __future__ import annotations

import hashlib
import importlib.metadata
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa.chunking import ChunkSettings, split_passages
from qa.dense import DenseIndex
from qa.embedding import Embedder
from qa.french import ANALYSIS
from qa.index.generations import publish, staging_folder, writer_lock
from qa.index.manifest import (
    FORMAT,
    NAME,
    EmbedderEntry,
    Manifest,
    describe_files,
)
from qa.index.reader import DOCUMENTS, LEXICAL, VECTORS, Index, open_generation, open_index
from qa.index.store import Store, StoreWriter
from qa.lexical import LexicalIndex
from qa.records import Document, QAError, Skipped

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

# Passages embedded between two reports of progress; sorted by length within.
_BLOCK = 512
_PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "sourcier", "tantivy", "tokenizers")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step has come: ``done`` of ``total`` (``None``: not known yet)."""

    step: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an update did, by document id; ``embedded`` of ``passages`` were new."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    passages: int
    embedded: int
    seconds: float
    generation: str
    published: bool


def update_index(
    corpus: Path,
    directory: Path,
    embedder: Embedder,
    settings: ChunkSettings | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    reading: ReadingSettings | None = None,
) -> IndexReport:
    """Make the index in ``directory`` say what ``corpus`` (a folder or one file) says now.

    ``reading`` names the fields of tables and tells whether scans are recognised.
    Only passages whose text is new are embedded. When nothing changed, nothing is written. Any
    error or interruption leaves the published generation as it was.
    """
    began = time.perf_counter()
    settings = settings or _fitting(embedder)
    with writer_lock(directory), staging_folder(directory) as staging:
        previous = _open_previous(directory)
        try:
            skipped = _read(corpus, staging / DOCUMENTS, embedder, settings, reading, progress)
            store = Store(staging / DOCUMENTS)
            changes = _compare(previous, store)
            if previous is not None and _says_the_same(previous, store, embedder, settings):
                generation, embedded = previous.path.name, 0
            else:
                embedded = _write_vectors(staging / VECTORS, store, embedder, previous, progress)
                _write_words(staging / LEXICAL, store, progress)
                _write_manifest(staging, corpus, store, embedder, settings)
                open_generation(staging).close()
                generation = publish(directory, staging).name
            passages = store.counts()[1]
            store.close()
        finally:
            if previous is not None:
                previous.close()
    return IndexReport(
        **changes,
        skipped=tuple(skipped),
        passages=passages,
        embedded=embedded,
        seconds=time.perf_counter() - began,
        generation=generation,
        published=previous is None or generation != previous.path.name,
    )


def _fitting(embedder: Embedder) -> ChunkSettings:
    """The default sizes, or smaller ones for a model that reads less."""
    settings = ChunkSettings()
    maximum = min(settings.maximum, embedder.max_tokens - 2)
    return ChunkSettings(min(settings.target, maximum), maximum)


def _open_previous(directory: Path) -> Index | None:
    """What is there to update; nothing when it is missing, damaged or of another format."""
    try:
        return open_index(directory)
    except QAError:
        return None


def _read(
    corpus: Path,
    path: Path,
    embedder: Embedder,
    settings: ChunkSettings,
    reading: ReadingSettings | None,
    progress: Callable[[Progress], None],
) -> list[Skipped]:
    """Read, cut and store the documents; what could not be read is returned."""
    # Imported here: its patterns take longer to compile than a question takes to answer.
    from qa.reading import FileReader, read_corpus

    writer = StoreWriter(path)
    skipped = []
    with FileReader(reading) as reader:
        for item in read_corpus(corpus, reader):
            if isinstance(item, Document):
                writer.add(item, split_passages(item, embedder.count_tokens, settings))
            else:
                skipped.append(item)
            progress(Progress("read", writer.documents, None))
    writer.close(skipped)
    return skipped


def _compare(previous: Index | None, store: Store) -> dict[str, tuple[str, ...]]:
    before = previous.store.document_digests() if previous is not None else {}
    after = store.document_digests()
    common = [name for name in after if name in before]
    return {
        "added": tuple(name for name in after if name not in before),
        "changed": tuple(name for name in common if after[name] != before[name]),
        "deleted": tuple(name for name in before if name not in after),
        "unchanged": tuple(name for name in common if after[name] == before[name]),
    }


def _says_the_same(
    previous: Index, store: Store, embedder: Embedder, settings: ChunkSettings
) -> bool:
    manifest = previous.manifest
    return (
        previous.warning is None
        and manifest.embedder.fingerprint == embedder.fingerprint
        and manifest.chunking == settings
        and manifest.analysis == ANALYSIS
        and manifest.corpus_digest == _corpus_digest(store)
        and previous.store.skipped() == store.skipped()
    )


def _corpus_digest(store: Store) -> str:
    digest = hashlib.sha256()
    for name, content in store.document_digests().items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


def _write_vectors(
    path: Path,
    store: Store,
    embedder: Embedder,
    previous: Index | None,
    progress: Callable[[Progress], None],
) -> int:
    """Vectors of all passages, those of unchanged texts taken over; how many were embedded."""
    digests = store.passage_digests()
    vectors = np.empty((len(digests), embedder.dimension), dtype=np.float32)
    known: dict[bytes, int] = {}
    if previous is not None and previous.manifest.embedder.fingerprint == embedder.fingerprint:
        known = {digest: row for row, digest in enumerate(previous.store.passage_digests())}
    kept = [row for row, digest in enumerate(digests) if digest in known]
    if previous is not None and kept:
        old_rows = np.array([known[digests[row]] for row in kept], dtype=np.int64)
        vectors[kept] = previous.dense.vectors(old_rows)
    # The same text in two documents is embedded once.
    first = {digest: row for row, digest in reversed(list(enumerate(digests)))}
    new = sorted(row for digest, row in first.items() if digest not in known)
    done = 0
    progress(Progress("embed", 0, len(new)))
    for start in range(0, len(new), _BLOCK):
        rows = new[start : start + _BLOCK]

        def tell(count: int) -> None:
            nonlocal done
            done += count
            progress(Progress("embed", done, len(new)))

        texts = [passage.index_text for passage in store.passages(rows)]
        vectors[rows] = embedder.embed_passages(texts, tell)
    for row, digest in enumerate(digests):
        if digest not in known and first[digest] != row:
            vectors[row] = vectors[first[digest]]
    DenseIndex.build(vectors).save(path)
    return len(new)


def _write_words(folder: Path, store: Store, progress: Callable[[Progress], None]) -> None:
    total = store.counts()[1]

    def texts() -> Iterator[str]:
        for row, passage in enumerate(store.all_passages()):
            progress(Progress("words", row + 1, total))
            yield passage.index_text

    folder.mkdir()
    LexicalIndex.build(folder, texts())


def _write_manifest(
    staging: Path, corpus: Path, store: Store, embedder: Embedder, settings: ChunkSettings
) -> None:
    documents, passages = store.counts()
    manifest = Manifest(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        corpus=str(corpus.resolve()),
        corpus_digest=_corpus_digest(store),
        documents=documents,
        passages=passages,
        skipped=len(store.skipped()),
        embedder=EmbedderEntry(embedder.name, embedder.fingerprint, embedder.dimension),
        chunking=settings,
        analysis=ANALYSIS,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
        files=describe_files(staging),
    )
    (staging / NAME).write_text(manifest.to_json(), "utf-8")
