"""From texts, a folder or documents to an assistant, in one call."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
import warnings
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from qa.assistant import Assistant
from qa.embedding import Embedder, open_embedder
from qa.index import IndexReport, index_folder, index_given, open_index, update_index
from qa.progress import progress_bars

if TYPE_CHECKING:
    from qa.reading import Given

_TOLD = 3  # of what could not be read


def build(
    documents: Given | str | Path,
    index: str | Path | None = None,
    *,
    model: str | Embedder | None = None,
    progress: bool = True,
) -> Assistant:
    """Make or update an index, and open it.

    ``documents`` is a folder or a file (a path), or texts, alone or by their ids, or ``Document``
    values. ``index`` is the folder of the index; without one it is a temporary folder, which goes
    when the assistant is closed or forgotten. ``model`` is the shipped one, or a
    sentence-transformers model by name or folder. ``progress`` shows bars where they can be seen.
    What could not be read is told by a warning. Raises ``QAError`` when nothing could.

    >>> with build(["Lénine est mort à Gorki."]) as assistant:
    ...     print(assistant.answer("Où Lénine est-il mort ?"))
    """
    embedder = open_embedder(model) if model is None or isinstance(model, str) else model
    with contextlib.ExitStack() as after_a_fault:
        if index is None:
            directory = Path(tempfile.mkdtemp(prefix="sourcier-"))
            after_a_fault.callback(shutil.rmtree, directory, ignore_errors=True)
        else:
            directory = index_folder(index)
        shown = None if progress and "ipykernel" not in sys.modules else progress
        with progress_bars(shown) as told:
            if isinstance(documents, str | Path):
                report = update_index(Path(documents), directory, embedder, progress=told)
            else:
                report = index_given(documents, directory, embedder, told)
        _warn(report)
        assistant = Assistant(open_index(directory), embedder)
        after_a_fault.pop_all()
    if index is None:
        assistant.discard = weakref.finalize(
            assistant, shutil.rmtree, directory, ignore_errors=True
        )
    return assistant


def _warn(report: IndexReport) -> None:
    if report.skipped:
        told = [f"{entry.source}: {entry.reason}" for entry in report.skipped[:_TOLD]]
        more = "; …" if len(report.skipped) > _TOLD else ""
        warnings.warn(f"{len(report.skipped)} not read ({'; '.join(told)}{more})", stacklevel=3)
