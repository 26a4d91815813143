"""Files that a native library keeps mapped: to read where one was cut short would end the process.

So their sizes are looked at before they are read, and one that has changed is told in words.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

from qa.records import QAError

_CHECKED = 0.01  # seconds for which the sizes need not be looked at again


class MappedFiles:
    """Some files as they were when they were mapped."""

    def __init__(self, paths: Iterable[Path] = ()):
        self._sizes = [(path, path.stat().st_size) for path in paths]
        self._checked = time.monotonic()

    def check(self) -> None:
        """Raise ``QAError`` where a file was cut short while it was in use."""
        now = time.monotonic()
        if now - self._checked < _CHECKED:
            return
        for path, size in self._sizes:
            # What a newer generation has replaced is gone, and stays mapped as it was.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size != size:
                    raise QAError("index_cut_short", path.name)
        self._checked = now
