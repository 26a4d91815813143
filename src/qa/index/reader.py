"""Opening an index: one published generation, verified before a native library reads it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from qa.dense import DenseIndex
from qa.index.generations import current_name as local_name
from qa.index.generations import generations_to_try
from qa.index.manifest import (
    DOCUMENTS,
    LEXICAL,
    TOKENS,
    VECTORS,
    DamagedIndexError,
    Manifest,
    read_manifest,
    verify_files,
)
from qa.index.milvus import connect, generation_name, milvus_address
from qa.index.parts import DenseSearch, DocumentStore, TokenSource, WordSearch
from qa.index.store import Store
from qa.lexical import LexicalIndex
from qa.records import Document, Passage, QAError
from qa.tokens import TokenIndex

# A writer keeps two generations: a reader that meets a third one just now removed looks again.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Index:
    """One generation: row i of the vectors, tokens, words and passages is one passage.

    ``path`` is its folder; where it is kept in Milvus, that is a name below the working folder.
    ``warning`` is set when the published generation was damaged and an older one serves.
    """

    path: Path
    manifest: Manifest
    store: DocumentStore
    dense: DenseSearch
    tokens: TokenSource
    lexical: WordSearch
    warning: str | None = None

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of some rows, in the order asked for."""
        return self.store.passages(rows)

    def document(self, document_id: str) -> Document:
        """A whole document; an unknown id is an error that names it."""
        document = self.store.document(document_id)
        if document is None:
            raise QAError("unknown_document", document_id)
        return document

    def among(self, only: Sequence[str]) -> Index:
        """This index, of which only some documents are searched and listed.

        ``only`` names documents or folders by their ids, or by patterns in which ``*`` stands for
        any characters. Raises ``QAError`` for one that names nothing.
        """
        known = dict.fromkeys(self.store.document_digests())
        chosen: dict[str, None] = {}
        for name in only:
            folder = f"{name.rstrip('/')}/"
            found = [name] if name in known else [n for n in known if n.startswith(folder)]
            found = found or [n for n in known if fnmatchcase(n, name)]
            if not found:
                raise QAError("nothing_named", name, len(known))
            chosen.update(dict.fromkeys(found))
        documents = list(chosen)
        return replace(
            self,
            store=self.store.among(documents),
            dense=self.dense.among(np.array(self.store.rows(documents), dtype=np.int64)),
            lexical=self.lexical.among(documents),
        )

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()


@dataclass(frozen=True, slots=True)
class LocalIndex(Index):
    """A generation on this disk, whose documents the next one can be made from."""

    store: Store


def open_index(directory: Path) -> Index:
    """The published generation, from where the folder has it: on this disk, or in Milvus.

    On this disk it is the newest whole one, with a warning, when the published one is damaged.
    """
    address = milvus_address(directory)
    if address is None:
        return open_local(directory)
    from qa.index.milvus_reader import open_remote

    return open_remote(connect(address), directory)


def current_name(directory: Path) -> str | None:
    """The name of the published generation; ``None`` when there is none or it cannot be told."""
    address = milvus_address(directory)
    if address is None:
        return local_name(directory)
    moment = connect(address).published()
    return generation_name(moment) if moment is not None else None


def open_local(directory: Path) -> LocalIndex:
    """The published generation; the newest whole one, with a warning, when that is damaged."""
    for attempt in range(_ATTEMPTS):
        try:
            return _open_newest(directory)
        except FileNotFoundError:
            # Removed by a writer between reading CURRENT and opening: CURRENT has moved on.
            time.sleep(0.05 * attempt)
        except PermissionError as error:
            raise QAError("index_not_readable", directory, error.filename) from error
    raise QAError("index_changing", directory)


def _open_newest(directory: Path) -> LocalIndex:
    paths = generations_to_try(directory)
    if not paths:
        raise QAError("no_index", directory)
    published = local_name(directory)
    faults: list[str] = []
    for path in paths:
        try:
            index = open_generation(path)
        except DamagedIndexError as error:
            faults.append(f"{path.name}: {error}")
            continue
        except FileNotFoundError:
            if path.name == published == local_name(directory):
                faults.append(f"{path.name} is missing")
                continue
            raise
        # The first one was published when it was looked up; another may have been since.
        if not faults and published is not None and path == paths[0]:
            return index
        cause = (
            f"the published index is damaged ({'; '.join(faults)})"
            if faults
            else "CURRENT names no index (its run was stopped, or the file was changed)"
        )
        return LocalIndex(
            index.path,
            index.manifest,
            index.store,
            index.dense,
            index.tokens,
            index.lexical,
            warning=(
                f"{cause}; the newest whole one, of {index.manifest.created}, answers instead. "
                "Run qa index again."
            ),
        )
    raise DamagedIndexError("index_damaged", directory, "; ".join(faults))


def open_generation(path: Path) -> LocalIndex:
    """A generation after its sizes, hashes and row counts were checked."""
    manifest = read_manifest(path)
    faults = verify_files(path, manifest)
    if faults:
        if not path.is_dir():
            raise FileNotFoundError(path)
        raise DamagedIndexError("; ".join(faults))
    try:
        index = LocalIndex(
            path,
            manifest,
            Store(path / DOCUMENTS),
            DenseIndex.load(path / VECTORS),
            TokenIndex.load(path / TOKENS, manifest.embedder.token_bytes),
            LexicalIndex(path / LEXICAL),
        )
    except Exception as error:
        if path.is_dir():
            raise
        # A writer removed it just now: each library has an error of its own for that.
        raise FileNotFoundError(path) from error
    documents, passages = index.store.counts()
    found = {
        "documents": (documents, manifest.documents),
        "passages": (passages, manifest.passages),
        "vectors": (index.dense.rows, manifest.passages),
        "token rows": (index.tokens.rows, manifest.passages),
        "lexical rows": (index.lexical.rows, manifest.passages),
        "dimensions": (index.dense.dimension, manifest.embedder.dimension),
    }
    wrong = [
        f"{there} {name} instead of {told}"
        for name, (there, told) in found.items()
        if there != told
    ]
    if wrong:
        index.close()
        raise DamagedIndexError("; ".join(wrong))
    return index
