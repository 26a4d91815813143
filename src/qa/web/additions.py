"""Documents that readers add: kept in the corpus, indexed beside the server while it answers.

A document goes to ``CORPUS/ajouts/``, so that nothing which its owner put there is ever written
over; the same name again replaces the earlier addition. One worker indexes what has come; what
comes meanwhile is its next round.
"""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qa.reading import ADDITIONS, SUFFIXES, causes
from qa.records import QAError, Skipped
from qa.web import texts

LARGEST_ADDITION = 50_000_000  # bytes of one document
# Added documents in all: the disk is not the readers' to fill.
MOST_BYTES = 2_000_000_000
# Additions that are told of, those that wait included.
_TOLD = 50
# The index may be busy with the owner's own update.
_ATTEMPTS, _PAUSE = 20, 3.0

State = Literal["waiting", "indexing", "done", "removed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Addition:
    """A document on its way; ``detail`` says why it was left out, in words for its reader."""

    name: str
    state: State
    detail: str = ""


class Additions:
    """Takes documents in and has them indexed; ``indexed`` is called after each new generation.

    Raises ``QAError`` at once when the corpus is no folder that can be written to.
    """

    def __init__(self, corpus: Path, index: Path, model: str, indexed: Callable[[], None]):
        self._folder = corpus / ADDITIONS
        self._command = [sys.executable, "-m", "qa.web.indexing", str(corpus), str(index), model]
        self._indexed = indexed
        self._lock = threading.Lock()
        self._known: dict[str, Addition] = {}
        self._progress: dict[str, Any] | None = None
        self._worker: threading.Thread | None = None
        # Bytes of what was kept, and of each document that is coming; the event loop's alone.
        self._kept = 0
        self._coming: dict[Path, int] = {}
        if not corpus.is_dir():
            raise QAError("additions_no_folder", corpus)
        try:
            self._folder.mkdir(exist_ok=True)
            for left in self._folder.glob(".*.part"):
                left.unlink()
            (self._folder / ".part").touch()
            (self._folder / ".part").unlink()
        except OSError as error:
            raise QAError(
                "additions_not_writable", self._folder, error.strerror or error
            ) from error

    async def take(self, name: str, content: AsyncIterator[bytes]) -> None:
        """Keep a document as it comes and have it indexed; ``QAError`` says, in French, why not."""
        name = checked_name(name)
        draft = self._folder / f".{secrets.token_hex(8)}.part"
        try:
            self._kept, size = self._size(), 0
            with draft.open("wb") as file:
                async for part in content:
                    size += len(part)
                    # Others come at the same time: they share what room there is.
                    self._coming[draft] = size
                    if size > LARGEST_ADDITION:
                        limit = texts.number(LARGEST_ADDITION // 1_000_000)
                        raise QAError(texts.FILE_TOO_LARGE.format(limit=limit))
                    if self._kept + sum(self._coming.values()) > MOST_BYTES:
                        raise QAError(texts.NO_ROOM)
                    file.write(part)
            if not size:
                raise QAError(texts.FILE_EMPTY)
            draft.replace(self._folder / name)
            self._kept = self._size()
        except OSError as error:
            raise QAError(texts.FILE_FAILED.format(error=causes(error)[1])) from error
        finally:
            self._coming.pop(draft, None)
            draft.unlink(missing_ok=True)
        self._index(name)

    def remove(self, name: str) -> None:
        """Take an added document away; ``QAError`` says, in French, why not."""
        try:
            (self._folder / checked_name(name)).unlink()
        except FileNotFoundError:
            raise QAError(texts.FILE_MISSING) from None
        except OSError as error:
            raise QAError(texts.FILE_FAILED.format(error=error.strerror or error)) from error
        self._index(name)

    def _index(self, name: str) -> None:
        self._put(Addition(name, "waiting"))
        with self._lock:
            if self._worker is None:
                self._worker = threading.Thread(
                    target=copy_context().run, args=(self._work,), daemon=True
                )
                self._worker.start()

    def status(self) -> dict[str, Any]:
        """What was added, newest last, and how far the work has come, for the page."""
        with self._lock:
            return {
                "additions": [asdict(addition) for addition in self._known.values()],
                "progress": self._progress,
                "busy": self._worker is not None,
            }

    def _size(self) -> int:
        """Bytes of the added documents that came whole."""
        return sum(path.stat().st_size for path in self._folder.glob("[!.]*"))

    def _put(self, addition: Addition) -> None:
        with self._lock:
            self._known.pop(addition.name, None)
            self._known[addition.name] = addition
            for name in list(self._known)[:-_TOLD]:
                del self._known[name]

    def _work(self) -> None:
        while True:
            with self._lock:
                names = [a.name for a in self._known.values() if a.state == "waiting"]
                if not names:
                    self._worker = None
                    return
                for name in names:
                    self._known[name] = Addition(name, "indexing")
            try:
                report = self._update()
                self._indexed()
                skipped = {skip["source"]: Skipped(**skip) for skip in report["skipped"]}
            except Exception as error:
                # The page says it in French; the terminal gets the cause.
                logging.getLogger(__name__).warning("added documents were not indexed: %s", error)
                self._finish(names, "failed", dict.fromkeys(names, texts.NOT_INDEXED))
                continue
            reasons = {
                name: texts.reason(reason)
                for name in names
                if (reason := skipped.get(f"{ADDITIONS}/{name}")) is not None
            }
            self._finish(names, "done", {})
            gone = [name for name in names if not (self._folder / name).exists()]
            self._finish(gone, "removed", {})
            self._finish(list(reasons), "skipped", reasons)

    def _finish(self, names: list[str], state: State, details: dict[str, str]) -> None:
        with self._lock:
            self._progress = None
            for name in names:
                # A later document of this name waits for its own round.
                if name in self._known and self._known[name].state != "waiting":
                    detail = details.get(name, "")
                    self._known[name] = replace(self._known[name], state=state, detail=detail)

    def _update(self) -> dict[str, Any]:
        """Run the update to its end; its report."""
        for attempt in range(_ATTEMPTS):
            fields = self._run()
            if "busy" not in fields:
                break
            if attempt == _ATTEMPTS - 1:
                raise QAError(fields["busy"])
            time.sleep(_PAUSE)
        if "error" in fields:
            raise QAError(fields["error"])
        return fields

    def _run(self) -> dict[str, Any]:
        """One process of ``qa.web.indexing``: its last line, the others are its progress."""
        fields: dict[str, Any] = {}
        with subprocess.Popen(  # noqa: S603  # our own module, our own paths
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                with contextlib.suppress(ValueError):
                    fields = json.loads(line)
                    with self._lock:
                        self._progress = fields if "step" in fields else None
        if process.returncode or "step" in fields or not fields:
            raise QAError("indexing_stopped", process.returncode)
        return fields


def checked_name(name: str) -> str:
    """A file's own name, fit for the folder; ``QAError`` says, in French, what is wrong with it."""
    name = unicodedata.normalize("NFC", name).strip()
    bad = not name or name.startswith(".") or any(c in '/\\:*?"<>|' for c in name)
    bad = bad or any(unicodedata.category(c)[0] == "C" for c in name)
    if bad or len(name.encode("utf-8", "replace")) > 200:
        raise QAError(texts.FILE_NAME)
    if not name.lower().endswith(SUFFIXES):
        raise QAError(texts.FILE_KIND.format(kinds=", ".join(SUFFIXES)))
    return name
