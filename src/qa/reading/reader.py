"""Reading of files, parsers in a process apart: bounded memory and time, deaths survived."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

from qa.reading.formats import PLAIN, Results, cause, read_file, suffix_of
from qa.reading.frames import read_frame, result_of, write_frame
from qa.reading.limits import Limits
from qa.reading.ocr import check_ocr
from qa.reading.settings import ReadingSettings
from qa.records import QAError, Skipped

_CHUNK = 1 << 20
_WITH_PICTURES = (".pdf", ".zip")  # files whose pages may be recognised


class FileReader:
    """Reads files, one after the other: plain text here, what needs a parser in a process apart.

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
        suffix = suffix_of(name)
        if not suffix or suffix in PLAIN:
            return read_file(path, name, self._settings)
        return self._read_apart(path, name)

    def _read_apart(self, path: Path, name: str) -> Results:
        try:
            size = path.stat().st_size
        except OSError as error:
            yield name, Skipped(name, f"not readable: {cause(error)}")
            return
        worker = self._started()
        ocr = self._settings.ocr and name.lower().endswith(_WITH_PICTURES)
        seconds = self._limits.processor_seconds(size, ocr=ocr)
        allowed = 1.5 * seconds  # on the clock
        finished = False
        read = 0
        try:
            _send(worker, path, name, self._settings, seconds)
            while True:
                message = read_frame(_Pipe(worker, allowed).read)
                if message is None:
                    reason = self._cause_of_death(worker)
                    break
                if "done" in message:
                    finished = not message["retires"]
                    return
                read += 1
                yield result_of(message)
        except TimeoutError:
            reason = f"took more than {allowed:.0f} s to read"
        except (BrokenPipeError, KeyError, TypeError, ValueError):
            reason = self._cause_of_death(worker)
        finally:
            if not finished:
                self.close()
        if read:
            reason += f"; the {read} parts before are kept"
        yield name, Skipped(name, reason)

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
                raise QAError(
                    f"no process could be started to read documents in ({error}). "
                    "Close other programs and run the command again."
                ) from error
        return self._worker

    def _cause_of_death(self, worker: subprocess.Popen[bytes]) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=1)
        code = worker.returncode
        if code == -signal.SIGXCPU:
            return "took more processor time than a file may"
        if code is not None and code < 0:
            return f"its reader crashed ({signal.Signals(-code).name})"
        return "its reader stopped"

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


class _Pipe:
    """Reads from the worker until a moment, then raises TimeoutError."""

    def __init__(self, worker: subprocess.Popen[bytes], seconds: float) -> None:
        assert worker.stdout is not None
        self._descriptor = worker.stdout.fileno()
        self._end = time.monotonic() + seconds

    def read(self, count: int) -> bytes:
        """``count`` bytes, or fewer when the worker has left."""
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._descriptor, selectors.EVENT_READ)
            while count:
                if not selector.select(self._end - time.monotonic()):
                    raise TimeoutError
                part = os.read(self._descriptor, min(count, _CHUNK))
                if not part:
                    break
                parts.append(part)
                count -= len(part)
        return b"".join(parts)
