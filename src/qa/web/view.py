"""One generation of an index as the page shows it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qa.embedding import Embedder
from qa.index import Index
from qa.web import panel, render, texts
from qa.web.examples import example_questions
from qa.web.listing import Listing
from qa.web.markup import escape

if TYPE_CHECKING:
    from qa.assistant import Assistant


@dataclass(frozen=True, slots=True)
class View:
    """One generation of the index as the page shows it; ``corpus`` is its documents' digest."""

    assistant: Assistant
    welcome: str
    listing: Listing
    skipped: str
    warning: str
    corpus: str


def view_of(assistant: Assistant, folder: Path, *, upload: bool = False) -> View:
    """The index of an assistant; ``folder`` is where it is kept; ``upload``: readers may add."""
    manifest, store = assistant.index.manifest, assistant.index.store
    # Documents that a program gave have no folder to put others into.
    add = escape(texts.DROP_DOCUMENTS if upload else texts.ADD_DOCUMENTS).format(
        folder=f"<code>{escape(shown_path(manifest.corpus))}</code>",
        command=f"<code>{escape(index_command(manifest.corpus, folder))}</code>",
    )
    add = add if manifest.corpus else ""
    return View(
        assistant,
        render.welcome(render.content(assistant.index), add, example_questions(assistant)),
        Listing(store.documents()),
        panel.skipped(store.skipped()),
        render.notice(texts.WARNING) if assistant.index.warning is not None else "",
        manifest.corpus_digest,
    )


def keeping(assistant: Assistant, index: Index, embedder: Embedder) -> Assistant:
    """An assistant like another one, of an index that it keeps to."""
    reader, follow_ups = assistant.reader, assistant.follow_ups
    return type(assistant)(index, embedder, reader, follow_ups=follow_ups, follow=False)


def shown_path(path: str | Path) -> str:
    """A path as it would be typed here: relative when it lies below the working folder."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def index_command(corpus: str, folder: Path) -> str:
    """The command that reads the corpus again into this index."""
    command = f"qa index {shlex.quote(shown_path(corpus))}"
    where = shown_path(folder)
    return command if where == "index" else f"{command} --index {shlex.quote(where)}"
