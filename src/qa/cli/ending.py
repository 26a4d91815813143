"""How a command ends that did not come to its end: one line, an exit code, never a traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence

from qa.messages import worded
from qa.records import QAError

FAILED, BROKEN, INTERRUPTED = 1, 70, 130
_UNWRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def open_streams() -> None:
    """Make standard streams that any text can be written to, even where they were closed."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Opened in turn, each takes the number that is free: no file of ours gets it.
            mode = "r" if name == "stdin" else "w"
            nothing = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123  # to the end
            setattr(sys, name, nothing)
        elif hasattr(stream, "reconfigure") and name != "stdin":
            # A terminal without UTF-8 must not stop a French answer; a lone surrogate neither.
            stream.reconfigure(encoding="utf-8", errors="replace")


def ended(error: BaseException, command: Sequence[str]) -> int:
    """The exit code for what a command raised; says on stderr what a user should know of it."""
    if isinstance(error, SystemExit):
        try:
            sys.stdout.flush()
        except OSError:
            _discard_output()
        raise error
    if isinstance(error, BrokenPipeError):
        # The reader of our output has left (`qa search … | head`): nothing more to say.
        _discard_output()
        return 0
    if isinstance(error, KeyboardInterrupt):
        is_writing = command[:1] == ["index"]
        _say("interrupted; what was there before is unchanged." if is_writing else "interrupted.")
        return INTERRUPTED
    if isinstance(error, QAError):
        _say(" ".join(error.worded().splitlines()))
        return FAILED
    if isinstance(error, MemoryError):
        _say("there is not enough memory. Close other programs and run the command again.")
        return FAILED
    if isinstance(error, OSError) and error.errno in _UNWRITTEN and error.filename is None:
        _discard_output()
        _say("the output could not be written ({}). Write it elsewhere.", error.strerror)
        return FAILED
    if isinstance(error, FileNotFoundError) and error.filename is None:
        # Nobody named it: the temporary folder (the environment's), or the one that we stand in.
        _say(
            "a folder is missing ({}). Run the command in one that exists; "
            "name a temporary one that can be written to: TMPDIR=FOLDER qa …",
            error.strerror,
        )
        return FAILED
    if isinstance(error, OSError) and error.filename is not None:
        _say(f"{error.filename}: {error.strerror}.")
        return FAILED
    told = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    _say("an error of the program itself ({}). {}", told, _keep_trace(error, command))
    return BROKEN


def _say(line: str, *figures: object) -> None:
    with contextlib.suppress(OSError, ValueError):  # stderr may be full or closed
        print(f"qa: {worded(line, *figures)}", file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Python writes what is left when it ends: to nowhere."""
    with contextlib.suppress(OSError):  # no file of the system
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _keep_trace(error: BaseException, command: Sequence[str]) -> str:
    """Write where it happened into a new file, and say which."""
    import platform
    import tempfile
    import traceback

    lines = [f"qa {command!r}\nPython {platform.python_version()}, {platform.platform()}\n\n"]
    try:
        with contextlib.suppress(RecursionError):
            lines += traceback.format_exception(error)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="replace", prefix="qa-", suffix=".txt", delete=False
        ) as file:
            file.writelines(lines)
    except OSError as fault:
        cause = fault.strerror or fault
        return worded("Its trace could not be kept ({}); please report it.", cause)
    return worded("Please report it, with {}, where it is described.", file.name)
