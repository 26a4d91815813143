"""The command ``qa``, and ``python -m qa``: Ctrl-C ends it in order, from the first import on."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_INTERRUPTED = 130


def main() -> int:
    """Run the command that was typed; returns its exit code."""
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _interrupt)
        from qa.cli import main as run
    except KeyboardInterrupt:
        return _INTERRUPTED
    return run()


def _interrupt(_: int, frame: FrameType | None) -> None:
    """Libraries turn an interruption of their import into errors of their own: it ends us here,
    as a kill would, which no index minds."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            import os

            os.write(2, b"qa: interrupted.\n")
            os._exit(_INTERRUPTED)
        frame = frame.f_back
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
