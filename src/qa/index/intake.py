"""Taking in the documents: what changed is read and cut, the rest is copied from earlier runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qa.chunking import ChunkSettings, split_passages
from qa.embedding import Embedder
from qa.index.draft import DraftStore, mend_draft
from qa.index.generations import interrupted_folders
from qa.index.manifest import DOCUMENTS
from qa.index.memory import FileMemory, FileReader
from qa.index.store import Store
from qa.records import QAError, Skipped


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step has come: ``done`` of ``total`` (``None``: not known yet)."""

    step: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """What one update is asked to do; ``recipe`` is that of ``index/recipe.py``."""

    corpus: Path
    directory: Path
    embedder: Embedder
    settings: ChunkSettings
    recipe: str
    reader: FileReader
    retry: bool
    progress: Callable[[Progress], None]


def take_in(job: Job, staging: Path, previous: Store | None) -> int:
    """Write the documents of the corpus into ``staging``; how many files had to be read."""
    # Imported here: its patterns take longer to compile than a question takes to answer.
    from qa.reading import read_corpus

    interrupted = _interrupted_store(job, staging)
    same = previous if previous is not None and previous.recipe() == job.recipe else None
    stores = [store for store in (interrupted, same) if store is not None]
    draft = DraftStore(staging / DOCUMENTS, job.recipe, stores)
    try:
        embedder = job.embedder
        passage_bytes = 4 * embedder.dimension + job.settings.maximum * embedder.token_bytes
        memory = FileMemory(draft, stores, job.reader, job.directory, job.retry, passage_bytes)
        for item in read_corpus(job.corpus, memory.read, job.directory):
            if isinstance(item, Skipped):
                draft.skip(item, memory.file)
                continue
            if memory.number is not None:
                draft.copy(memory.number, item.id, memory.file or "", memory.place)
            else:
                passages = split_passages(item, embedder.count_tokens, job.settings)
                draft.add(item, passages, memory.file or "", memory.place)
            job.progress(Progress("read", draft.documents, None))
        draft.find_repeats()
    except QAError as error:
        if previous is None or draft.documents:
            raise
        raise QAError(
            f"{error} The index in {job.directory} goes on answering from its "
            f"{previous.counts()[0]} documents; remove that folder to be rid of them."
        ) from error
    finally:
        # After an interruption too: what was read up to here need not be read again.
        draft.close()
        if interrupted is not None:
            interrupted.close()
    for folder in interrupted_folders(job.directory):
        if folder != staging:
            shutil.rmtree(folder)  # all that it knew is in the new draft
    return memory.read_files


def _interrupted_store(job: Job, staging: Path) -> Store | None:
    """What an interrupted run had read: of several, the one that had come furthest."""
    furthest: Store | None = None
    for folder in interrupted_folders(job.directory):
        if folder == staging:
            continue
        store = mend_draft(folder / DOCUMENTS, job.recipe)
        if store is None or (furthest is not None and len(store.files()) < len(furthest.files())):
            shutil.rmtree(folder)
            if store is not None:
                store.close()
            continue
        if furthest is not None:
            furthest.close()
        furthest = store
    return furthest
