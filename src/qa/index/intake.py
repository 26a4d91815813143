"""Taking in the documents: what changed is read and cut, the rest is copied from earlier runs."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from qa.chunking import ChunkSettings, split_passages
from qa.embedding import Embedder
from qa.index.draft import DraftStore, mend_draft
from qa.index.generations import interrupted_folders
from qa.index.manifest import DOCUMENTS
from qa.index.memory import FileMemory, FileReader
from qa.index.store import Store, document_digest
from qa.records import Document, QAError, Skipped

if TYPE_CHECKING:
    from qa.reading import ReadingSettings

# The documents that an index shall hold, from what it holds now (``None``: there is none yet).
Documents = Callable[[Store | None], Iterable[Document]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step has come: ``done`` of ``total`` (``None``: not known yet)."""

    step: str
    done: int
    total: int | None


class Spread(Protocol):
    """Other machines (``qa.cluster.Cluster``); ``block`` passages are embedded at a time."""

    block: int

    def embedder(self, embedder: Embedder) -> Embedder:
        """The same embedder, its passages embedded there."""
        ...

    def reader(
        self,
        reader: FileReader,
        settings: ReadingSettings,
        expected: Iterable[tuple[Path, str]],
    ) -> FileReader:
        """The same reader; the expected files, in their order, are read there."""
        ...


@dataclass(frozen=True, slots=True)
class Update:
    """What one update is asked to do.

    ``corpus`` is where files are read, or the documents that a program gives; ``recipe`` is that of
    ``index/recipe.py``. ``may_be_empty``: a folder without documents makes an index of none, unless
    the index holds any that readers did not add.
    """

    corpus: Path | Documents
    directory: Path
    embedder: Embedder
    settings: ChunkSettings
    recipe: str
    reader: FileReader
    retry: bool
    exact_up_to: int
    block: int
    progress: Callable[[Progress], None]
    may_be_empty: bool = False


def write_documents(update: Update, staging: Path, previous: Store | None) -> int:
    """Write the documents of the corpus into ``staging``; how many files had to be read."""
    interrupted = _interrupted_store(update, staging)
    same = previous if previous is not None and previous.recipe() == update.recipe else None
    stores = [store for store in (interrupted, same) if store is not None]
    draft = DraftStore(staging / DOCUMENTS, update.recipe, stores)
    try:
        memory, items = _source(update, draft, stores, previous)
        for item in _or_none(items) if _may_be_empty(update, previous) else items:
            if isinstance(item, Skipped):
                draft.skip(item, memory.file)
                continue
            if memory.number is not None:
                draft.copy(memory.number, item.id, memory.file or "", memory.place)
            else:
                passages = split_passages(item, update.embedder.count_tokens, update.settings)
                draft.add(item, passages, memory.file or "", memory.place)
            update.progress(Progress("read", draft.documents, None))
        draft.find_repeats()
    except QAError as error:
        if previous is None or draft.documents or not isinstance(update.corpus, Path):
            raise
        raise QAError(
            "previous_index_stays", error, update.directory, previous.counts()[0]
        ) from error
    finally:
        # After an interruption too: what was read up to here need not be read again.
        draft.close()
        if interrupted is not None:
            interrupted.close()
    for folder in interrupted_folders(update.directory):
        if folder != staging:
            shutil.rmtree(folder)  # all that it knew is in the new draft
    return memory.read_files


def _may_be_empty(update: Update, previous: Store | None) -> bool:
    """A folder that is missing for the moment, a disk say, takes no owner's document away."""
    from qa.reading import ADDITIONS

    held = previous.document_digests() if previous is not None else {}
    return update.may_be_empty and all(name.startswith(f"{ADDITIONS}/") for name in held)


def _or_none(items: Iterable[Document | Skipped]) -> Iterator[Document | Skipped]:
    from qa.reading import NothingReadError

    with contextlib.suppress(NothingReadError):
        yield from items


def _source(
    update: Update, draft: DraftStore, stores: Sequence[Store], previous: Store | None
) -> tuple[FileMemory | _Given, Iterable[Document | Skipped]]:
    """The documents to take in, and what tells of each whether an earlier run has it."""
    if not isinstance(update.corpus, Path):
        given = _Given(stores)
        return given, given.told(update.corpus(previous))
    # Imported here: its patterns take longer to compile than a question takes to answer.
    from qa.reading import read_corpus

    dimension, token_bytes = update.embedder.dimension, update.embedder.token_bytes
    passage_bytes = 4 * dimension + update.settings.maximum * token_bytes
    memory = FileMemory(draft, stores, update.reader, update.directory, update.retry, passage_bytes)
    return memory, read_corpus(update.corpus, memory.read, update.directory)


class _Given:
    """Documents without files; as ``FileMemory`` tells of files, ``number`` is that of the store
    which has the present one as it is."""

    file = None
    place = ""

    def __init__(self, stores: Sequence[Store]):
        self._known = [store.document_digests() for store in stores]
        self.number: int | None = None
        self.read_files = 0

    def told(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents, each after ``number`` was set for it."""
        for document in documents:
            digest = document_digest(document)
            known = (n for n, store in enumerate(self._known) if store.get(document.id) == digest)
            self.number = next(known, None)
            yield document


def _interrupted_store(update: Update, staging: Path) -> Store | None:
    """What an interrupted run had read: of several, the one that had come furthest."""
    furthest: Store | None = None
    for folder in interrupted_folders(update.directory):
        if folder == staging:
            continue
        store = mend_draft(folder / DOCUMENTS, update.recipe)
        if store is None or (furthest is not None and len(store.files()) < len(furthest.files())):
            shutil.rmtree(folder)
            if store is not None:
                store.close()
            continue
        if furthest is not None:
            furthest.close()
        furthest = store
    return furthest
