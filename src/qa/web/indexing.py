"""``python -m qa.web.indexing CORPUS INDEX MODEL``: an update for a server that goes on answering.

A process of its own: what a document does to its reader, it does not do to the server. Prints JSON
lines: {"step", "done", "total"} as the work goes, then the report, or {"error"}, or {"busy"} when
another process is writing the index.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from qa.embedding import open_embedder
from qa.index import Progress, update_index
from qa.index.generations import writer_lock
from qa.records import QAError

_EVERY = 0.2  # seconds between two reports of progress


def main(corpus: Path, index: Path, model: str) -> None:
    """Update the index and tell what happened."""
    if hasattr(os, "nice"):
        os.nice(10)  # Questions go first.
    try:
        with writer_lock(index):
            pass
    except QAError as error:
        _print({"busy": str(error)})
        return
    try:
        report = update_index(
            corpus, index, open_embedder(model), progress=_telling(), may_be_empty=True
        )
    except QAError as error:
        _print({"error": str(error)})
        return
    _print({"skipped": [asdict(skipped) for skipped in report.skipped]})


def _telling() -> Callable[[Progress], None]:
    told = {"": 0.0}

    def tell(progress: Progress) -> None:
        now = time.monotonic()
        if now - told.get(progress.step, 0.0) >= _EVERY:
            told[progress.step] = now
            _print(asdict(progress))

    return tell


def _print(fields: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
