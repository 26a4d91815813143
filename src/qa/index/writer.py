"""Building and updating: a folder of documents becomes a new, verified, published generation."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qa.chunking import ChunkSettings
from qa.dense import EXACT_UP_TO, Approximation
from qa.embedding import Embedder
from qa.french import ANALYSIS
from qa.index.generations import (
    EMBEDDED,
    clean,
    generations_to_try,
    publish,
    remove_drafts,
    staging_folder,
    writer_lock,
)
from qa.index.intake import Documents, Progress, Spread, Update, write_documents
from qa.index.manifest import (
    DOCUMENTS,
    FORMAT,
    LEXICAL,
    NAME,
    TOKENS,
    VECTORS,
    EmbedderEntry,
    Manifest,
    describe_files,
    read_manifest,
)
from qa.index.memory import FileReader as AnyReader
from qa.index.memory import changed_files, says_the_same
from qa.index.milvus import connect, milvus_address
from qa.index.reader import LocalIndex, open_generation, open_local
from qa.index.recipe import reading_recipe
from qa.index.report import IndexReport, compare
from qa.index.store import Store
from qa.index.vectors import BLOCK, Journal, build_vectors, embed_new, remove_journal
from qa.lexical import LexicalIndex
from qa.records import QAError

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

_PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "sourcier", "tantivy", "tokenizers")


def update_index(
    corpus: Path | Documents,
    directory: Path,
    embedder: Embedder,
    settings: ChunkSettings | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    *,
    reading: ReadingSettings | None = None,
    retry: bool = True,
    exact_up_to: int | None = None,
    spread: Spread | None = None,
    may_be_empty: bool = False,
) -> IndexReport:
    """Make the index in ``directory`` say what ``corpus`` (a folder or one file) says now, or hold
    the documents that a program gives for it.

    Only files that changed are read, and only passages whose text is new are embedded. When nothing
    changed, nothing is written. Any error or interruption leaves the published generation as it
    was, and the next run goes on where an interrupted one stopped. ``reading`` names the fields of
    tables and tells whether scans are recognised. ``retry``: files that gave no document are tried
    again even when they did not change. ``exact_up_to`` is how many vectors are all compared with
    a question; more are searched approximately (``None``: as the index that is there has it).
    ``spread`` are other machines that read and embed too. ``may_be_empty``: a folder without
    documents is no error.
    """
    # Imported here: its patterns take longer to compile than a question takes to answer.
    from qa.reading import FileReader, ReadingSettings

    began = time.perf_counter()
    if isinstance(corpus, Path):
        _check_corpus(corpus)
    settings = settings or _fitting(embedder)
    reading = reading or ReadingSettings()
    recipe = reading_recipe(embedder, settings, reading)
    with writer_lock(directory), _disk_faults(directory), contextlib.ExitStack() as opened:
        reader: AnyReader = opened.enter_context(FileReader(reading))
        previous = _open_previous(directory)
        if previous is not None:
            opened.callback(previous.close)
        if exact_up_to is None:
            exact_up_to = previous.manifest.exact_up_to if previous is not None else EXACT_UP_TO
        block = BLOCK
        if spread is not None:
            block, embedder = spread.block, spread.embedder(embedder)
            if isinstance(corpus, Path):
                same = previous is not None and previous.store.recipe() == recipe
                store = previous.store if previous is not None and same else None
                changed = changed_files(corpus, directory, store)
                reader = spread.reader(reader, reading, changed)
        update = Update(
            corpus,
            directory,
            embedder,
            settings,
            recipe,
            reader,
            retry,
            exact_up_to,
            block,
            progress,
            may_be_empty,
        )
        alike = previous if previous is not None and _is_made_alike(previous, update) else None
        read = embedded = 0
        if (
            alike is not None
            and isinstance(corpus, Path)
            and says_the_same(alike.store, corpus, reader, directory, retry)
        ):
            store, generation = alike.store, alike.path.name
        else:
            with staging_folder(directory) as staging:
                read = write_documents(
                    update, staging, previous.store if previous is not None else None
                )
                store = Store(staging / DOCUMENTS)
                opened.callback(store.close)
                if alike is not None and _holds_the_same(alike, store):
                    generation = alike.path.name
                else:
                    embedded, approximation = _write_vectors(update, staging, store, previous)
                    _write_words(update, staging / LEXICAL, store)
                    _write_manifest(update, staging, store, approximation)
                    open_generation(staging).close()
                    generation = publish(directory, staging).name
        report = IndexReport(
            **compare(previous.store if previous is not None else None, store),
            skipped=tuple(store.skipped()),
            read=read,
            passages=store.counts()[1],
            embedded=embedded,
            languages=store.languages(),
            repeated_passages=store.repeated_passages(),
            repeated_documents=tuple(store.repeated_documents()),
            seconds=time.perf_counter() - began,
            generation=generation,
            published=previous is None or generation != previous.path.name,
        )
        older = previous.path if previous is not None and report.published else None
        clean(directory, {generation, *_worth_keeping(directory, generation, older, store)})
        _publish_elsewhere(directory / generation, progress)
        remove_journal(directory / EMBEDDED)
        return report


def _publish_elsewhere(generation: Path, progress: Callable[[Progress], None]) -> None:
    """Into Milvus, where the folder stands for an address there; again after an interruption."""
    address = milvus_address(generation.parent)
    if address is None:
        return
    from qa.index.milvus_writer import publish_generation

    with contextlib.closing(open_generation(generation)) as index:
        publish_generation(connect(address), index, progress)


def _check_corpus(corpus: Path) -> None:
    """A pipe or a device would be waited for, or read without an end."""
    try:
        kind = stat.S_IFMT(corpus.stat().st_mode)
    except OSError as error:
        raise QAError(
            "corpus_not_readable", corpus, (error.strerror or str(error)).lower()
        ) from error
    if kind not in {stat.S_IFDIR, stat.S_IFREG}:
        raise QAError("corpus_not_regular", corpus)


@contextlib.contextmanager
def _disk_faults(directory: Path) -> Iterator[None]:
    """A full disk or a right that is missing, told with what to do; it leaves nothing behind."""
    try:
        yield
    except (OSError, sqlite3.DatabaseError) as error:
        with contextlib.suppress(OSError):
            remove_journal(directory / EMBEDDED)
            remove_drafts(directory)
        if isinstance(error, FileNotFoundError) and error.filename is None:
            raise  # no temporary folder: no fault of this disk
        raise QAError("index_write_failed", directory, error) from error


def _fitting(embedder: Embedder) -> ChunkSettings:
    """The default sizes, or smaller ones for a model that reads less."""
    settings = ChunkSettings()
    maximum = min(settings.maximum, embedder.max_tokens - 2)
    return ChunkSettings(min(settings.target, maximum), maximum)


def _open_previous(directory: Path) -> LocalIndex | None:
    """What is there to update; nothing when it is missing, damaged or of another format."""
    try:
        return open_local(directory)
    except QAError:
        return None


def _is_made_alike(previous: LocalIndex, update: Update) -> bool:
    """Whether the same files would make the same index."""
    return (
        previous.warning is None
        and previous.manifest.embedder.fingerprint == update.embedder.fingerprint
        and previous.manifest.analysis == ANALYSIS
        and previous.manifest.exact_up_to == update.exact_up_to
        and previous.store.recipe() == update.recipe
    )


def _holds_the_same(previous: LocalIndex, store: Store) -> bool:
    return (
        previous.manifest.corpus_digest == _corpus_digest(store)
        and previous.store.skipped() == store.skipped()
    )


def _corpus_digest(store: Store) -> str:
    digest = hashlib.sha256()
    for name, content in store.document_digests().items():
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()


def _worth_keeping(directory: Path, generation: str, older: Path | None, store: Store) -> list[str]:
    """The generation before the published one, unless it holds what has been deleted since."""
    documents = store.document_files().items()
    for path in [older] if older is not None else generations_to_try(directory):
        if path.name == generation:
            continue
        try:
            read_manifest(path)  # of a format that could answer in place of a damaged one
            held = Store(path / DOCUMENTS)
            with contextlib.closing(held):
                # An id that another file gives now is another document.
                if held.document_files().items() <= documents:
                    return [path.name]
        except (QAError, OSError, sqlite3.Error):
            continue
    return []


def _write_vectors(
    update: Update, staging: Path, store: Store, previous: LocalIndex | None
) -> tuple[int, Approximation | None]:
    """Vectors of all passages, those of unchanged texts taken over; how many were embedded, and
    how they are searched."""
    embedder = update.embedder
    known: dict[bytes, int] = {}
    taken = None
    if previous is not None and previous.manifest.embedder.fingerprint == embedder.fingerprint:
        taken = previous.dense, previous.tokens
        known = {digest: row for row, digest in enumerate(previous.store.passage_digests())}
    with contextlib.closing(Journal(update.directory / EMBEDDED, embedder)) as journal:

        def tell(done: int, total: int) -> None:
            update.progress(Progress("embed", done, total))

        embedded = embed_new(store, embedder, known, journal, tell, update.block)
        dense = build_vectors(
            store, embedder, known, taken, journal, staging / TOKENS, update.exact_up_to
        )
        dense.save(staging / VECTORS)
    return embedded, dense.approximation


def _write_words(update: Update, folder: Path, store: Store) -> None:
    total = store.counts()[1]

    def texts() -> Iterator[tuple[str, str]]:
        for row, passage in enumerate(store.all_passages()):
            update.progress(Progress("words", row + 1, total))
            yield passage.document_id, passage.index_text

    folder.mkdir()
    LexicalIndex.build(folder, texts())
    # tantivy keeps some of its files from other users; the index is for whoever may read the rest.
    mode = (folder.parent / DOCUMENTS).stat().st_mode
    for path in folder.iterdir():
        path.chmod(mode)


def _write_manifest(
    update: Update, staging: Path, store: Store, approximation: Approximation | None
) -> None:
    documents, passages = store.counts()
    embedder = update.embedder
    manifest = Manifest(
        format=FORMAT,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        corpus=str(update.corpus.resolve()) if isinstance(update.corpus, Path) else "",
        corpus_digest=_corpus_digest(store),
        documents=documents,
        passages=passages,
        skipped=len(store.skipped()),
        embedder=EmbedderEntry(
            embedder.name, embedder.fingerprint, embedder.dimension, embedder.token_bytes
        ),
        chunking=update.settings,
        exact_up_to=update.exact_up_to,
        approximation=approximation,
        analysis=ANALYSIS,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES},
        files=describe_files(staging),
    )
    (staging / NAME).write_text(manifest.to_json(), "utf-8")
