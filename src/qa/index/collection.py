"""An index of documents that a program gives, without files: made, added to, taken from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qa.chunking import ChunkSettings
from qa.embedding import Embedder
from qa.index.intake import Progress
from qa.index.report import IndexReport
from qa.index.store import Store
from qa.index.writer import update_index
from qa.records import Document, QAError

if TYPE_CHECKING:
    from qa.reading import Given


def index_given(
    given: Given,
    directory: Path,
    embedder: Embedder,
    progress: Callable[[Progress], None] = lambda _: None,
) -> IndexReport:
    """Make the index in ``directory`` hold these documents and no others."""
    from qa.reading import read_given

    return update_index(lambda _: _some(read_given(given)), directory, embedder, None, progress)


def change_index(
    directory: Path,
    embedder: Embedder,
    settings: ChunkSettings,
    added: Given = (),
    removed: Collection[str] = (),
) -> IndexReport:
    """Add documents, or put them in the place of those with their ids; remove others by id.

    The index is then one of given documents: where it was made of a folder, ``qa index`` makes it
    say again what the folder says. Raises ``QAError`` for an id to remove that it does not hold.
    """
    from qa.reading import read_given

    def documents(previous: Store | None) -> Iterator[Document]:
        held = previous.document_digests() if previous is not None else {}
        unknown = [name for name in removed if name not in held]
        if unknown:
            raise QAError("no_document_to_remove", ", ".join(map(repr, unknown)))
        if previous is None:
            raise QAError("no_whole_index", directory)
        new = {document.id: document for document in read_given(added, held)}
        for name in held:
            kept = new.pop(name, None) or previous.document(name)
            if kept is not None and name not in removed:
                yield kept
        yield from new.values()

    return update_index(lambda store: _some(documents(store)), directory, embedder, settings)


def _some(documents: Collection[Document] | Iterator[Document]) -> Iterator[Document]:
    """The documents; none at all is an error."""
    found = False
    for document in documents:
        found = True
        yield document
    if not found:
        raise QAError("no_document_left")
