"""Reading of files in a process apart: bounded memory and time, deaths survived."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from qa.reading.formats import Results, cause, read_file, suffix_of
from qa.reading.frames import read_frame, result_of, write_frame
from qa.reading.limits import Limits
from qa.reading.ocr import check_ocr
from qa.reading.reasons import skipped
from qa.reading.settings import ReadingSettings
from qa.records import QAError

_CHUNK = 1 << 20
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
            yield name, skipped(name, "not_readable", cause(error))
            return
        worker = self._started()
        ocr = self._settings.ocr and name.lower().endswith(_WITH_PICTURES)
        seconds = self._limits.processor_seconds(size, ocr=ocr)
        allowed = 1.5 * seconds  # on the clock
        finished = False
        death: tuple[str, ...] = ("stopped",)
        read = 0
        try:
            _send(worker, path, name, self._settings, seconds)
            pipe = _Pipe(worker)
            while True:
                pipe.end = time.monotonic() + allowed
                message = read_frame(pipe.read)
                if message is None:
                    death = self._cause_of_death(worker)
                    break
                if "done" in message:
                    finished = not message["retires"]
                    return
                read += 1
                yield result_of(message)
        except TimeoutError:
            death = ("slow", f"{allowed:.0f}")
        except (BrokenPipeError, KeyError, TypeError, ValueError):
            death = self._cause_of_death(worker)
        finally:
            if not finished:
                self.close()
        kept = f"; the {read} parts before are kept" if read else ""
        yield name, skipped(name, *death, kept)

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


def _send(
    worker: subprocess.Popen[bytes],
    path: Path,
    name: str,
    settings: ReadingSettings,
    seconds: float,
) -> None:
    assert worker.stdin is not None
    request = {"path": str(path.absolute()), "name": name, "seconds": seconds, **asdict(settings)}
    write_frame(cast(BinaryIO, worker.stdin), request)
    worker.stdin.flush()


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
