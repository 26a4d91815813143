"""Reading of files in a process apart: bounded memory and time, deaths survived."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from qa.reading.blocks import UnreadableError
from qa.reading.formats import Results, read_file, suffix_of
from qa.reading.frames import read_frame, result_of, write_frame
from qa.reading.limits import Limits
from qa.reading.ocr import check_ocr
from qa.reading.pdf_picture import PagePicture
from qa.reading.reasons import causes, skipped
from qa.reading.settings import ReadingSettings
from qa.records import QAError

_CHUNK = 1 << 20
_Made = TypeVar("_Made")
_WITH_PICTURES = (".pdf", ".zip")  # files whose pages may be recognised


class FileReader:
    """Reads files, one after the other, in one process apart.

    That process is started when first needed and again after each death; it ends with the context.
    """

    def __init__(
        self, settings: ReadingSettings | None = None, limits: Limits | None = None
    ) -> None:
        self._settings = settings or ReadingSettings()
        self._limits = limits or Limits()
        self._worker: subprocess.Popen[bytes] | None = None
        if self._settings.ocr:
            check_ocr()

    def __enter__(self) -> FileReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, path: Path, name: str) -> Results:
        """Read one file: its documents as they come, and why there are no more.

        Documents take their ids from ``name``, and their titles where they have none.
        """
        if not suffix_of(name):
            yield from read_file(path, name, self._settings)  # says that it is not read
            return
        try:
            size = path.stat().st_size
        except OSError as error:
            yield name, skipped(name, "not_readable", *causes(error))
            return
        ocr = self._settings.ocr and name.lower().endswith(_WITH_PICTURES)
        request = {"path": str(path.absolute()), "name": name, **asdict(self._settings)}
        read = 0
        try:
            for result in self._asked(
                request, self._limits.processor_seconds(size, ocr=ocr), result_of
            ):
                read += 1
                yield result
        except UnreadableError as error:
            kept = f"; the {read} parts before are kept" if read else ""
            yield name, skipped(name, error.code, *error.figures, kept)

    def draw(self, path: Path, number: int, quote: str, earlier: int = 0) -> PagePicture:
        """A page of a PDF, and where a quote stands on it (``pdf_picture.draw_page``).

        Raises UnreadableError when it cannot be drawn.
        """
        request = {"path": str(path.absolute()), "page": number, "quote": quote, "earlier": earlier}
        (picture,) = self._asked(request, self._limits.seconds, _picture_of)
        return picture

    def _asked(
        self, request: dict[str, Any], seconds: float, made: Callable[[dict[str, Any]], _Made]
    ) -> Iterator[_Made]:
        """What the process makes of a request, in so many seconds of a processor.

        Raises UnreadableError when it died of it, or took too long.
        """
        worker = self._started()
        allowed = 1.5 * seconds  # on the clock
        finished = False
        try:
            _send(worker, {**request, "seconds": seconds})
            pipe = _Pipe(worker)
            while True:
                pipe.end = time.monotonic() + allowed
                message = read_frame(pipe.read)
                if message is None:
                    raise UnreadableError(*self._cause_of_death(worker))
                if "done" in message:
                    finished = not message["retires"]
                    return
                yield made(message)
        except TimeoutError as error:
            raise UnreadableError("slow", f"{allowed:.0f}") from error
        except UnreadableError:
            raise
        except (BrokenPipeError, KeyError, TypeError, ValueError) as error:
            raise UnreadableError(*self._cause_of_death(worker)) from error
        finally:
            if not finished:
                self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self.close()
            # -c and not -m: the package must be found where ours was, whatever the folder holds.
            code = (
                f"import sys; sys.path[:] = {sys.path!r}; import qa.reading.worker as w; w.main()"
            )
            try:
                self._worker = subprocess.Popen(  # noqa: S603 (our own Python and code)
                    [sys.executable, "-I", "-c", code, str(self._limits.memory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is ours; its own children die with it
                )
            except OSError as error:
                raise QAError("no_reading_process", error) from error
        return self._worker

    def _cause_of_death(self, worker: subprocess.Popen[bytes]) -> tuple[str, ...]:
        """A code of ``reasons.py`` and its first figures."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=1)
        code = worker.returncode
        if code == -signal.SIGXCPU:
            return ("processor",)
        if code is not None and code < 0:
            return ("crashed", signal.Signals(-code).name)
        return ("stopped",)

    def close(self) -> None:
        """End the worker, whatever it does, and what it started."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        for stream in (worker.stdin, worker.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def _send(worker: subprocess.Popen[bytes], request: dict[str, Any]) -> None:
    assert worker.stdin is not None
    write_frame(cast(BinaryIO, worker.stdin), request)
    worker.stdin.flush()


def _picture_of(message: dict[str, Any]) -> PagePicture:
    if "unreadable" in message:
        raise UnreadableError(*message["unreadable"])
    return PagePicture.of(message)


class _Pipe:
    """Reads from the worker until the moment ``end``, then raises TimeoutError."""

    def __init__(self, worker: subprocess.Popen[bytes]) -> None:
        assert worker.stdout is not None
        self._descriptor = worker.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN | select.POLLHUP)
        self._waiting = bytearray()
        self.end = 0.0

    def read(self, count: int) -> bytes:
        """``count`` bytes, or fewer when the worker has left."""
        while len(self._waiting) < count:
            if not self._poll.poll(1000 * max(self.end - time.monotonic(), 0)):
                raise TimeoutError
            part = os.read(self._descriptor, _CHUNK)
            if not part:
                break
            self._waiting += part
        data = bytes(self._waiting[:count])
        del self._waiting[:count]
        return data
