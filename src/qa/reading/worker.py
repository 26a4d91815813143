"""The reader's process: parses one file after the other, under limits that the system holds.

``python -m qa.reading.worker MEMORY``: requests come in on standard input, results go out on
standard output (``frames.py``). It ends when its input does.
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from qa.reading.blocks import UnreadableError
from qa.reading.formats import read_file
from qa.reading.frames import read_frame, result_fields, write_frame
from qa.reading.pdf_picture import draw_page
from qa.reading.reasons import causes
from qa.reading.settings import ReadingSettings
from qa.records import Skipped

# A worker that once needed this share of its memory gives it back by leaving.
_RETIRE = 0.5
# Small documents are sent together: bytes, and seconds that one may wait for others.
_TOGETHER, _WAIT = 1 << 16, 0.05


def main() -> int:
    """Serve until the input ends."""
    memory = int(sys.argv[1])
    requests: BinaryIO = os.fdopen(os.dup(0), "rb")
    results: BinaryIO = os.fdopen(os.dup(1), "wb", _TOGETHER)
    # Whatever a library prints must not end up between two frames.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)  # a reader writes no file
    # What is told of a new process includes the memory of the one that started it.
    inherited = _highest_memory()
    while (request := read_frame(requests.read)) is not None:
        starved = (_draw if "quote" in request else _serve)(request, results)
        retires = starved or _highest_memory() > max(_RETIRE * memory, inherited)
        write_frame(results, {"done": True, "retires": retires})
        results.flush()
    return 0


def _serve(request: dict[str, Any], results: BinaryIO) -> bool:
    """Read a file, send what it holds; tell whether memory was short."""
    settings = ReadingSettings(
        tuple(request["text_fields"]), request["title_field"], request["ocr"]
    )
    seconds = float(request["seconds"])
    starved = False
    sent = time.monotonic()
    _allow(seconds)
    for place, result in read_file(Path(request["path"]), request["name"], settings):
        write_frame(results, result_fields(place, result))
        starved = starved or (isinstance(result, Skipped) and result.code == "memory")
        if time.monotonic() - sent > _WAIT:
            results.flush()
            sent = time.monotonic()
        _allow(seconds)  # for the next document of the file
    return starved


def _draw(request: dict[str, Any], results: BinaryIO) -> bool:
    """Draw a page of a file; tell whether memory was short."""
    _allow(float(request["seconds"]))
    place = request["page"], request["quote"], request["earlier"]
    try:
        message = draw_page(Path(request["path"]), *place).fields()
    except UnreadableError as error:
        message = {"unreadable": (error.code, *map(str, error.figures))}
    except OSError as error:
        message = {"unreadable": ("not_readable", *causes(error))}
    except MemoryError:
        message = {"unreadable": ("memory",)}
    except Exception as error:  # as in the reading of files
        message = {"unreadable": ("damaged", type(error).__name__)}
    write_frame(results, message)
    return "memory" in message.get("unreadable", ())


def _allow(seconds: float) -> None:
    """Let the process use so many more seconds of a processor; then the system ends it."""
    _limit(resource.RLIMIT_CPU, int(time.process_time() + seconds) + 1)


def _limit(kind: int, value: int) -> None:
    """Lower a soft limit; where the system knows no such limit, the clock's remains."""
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, hard))


def _highest_memory() -> int:
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


if __name__ == "__main__":
    raise SystemExit(main())
