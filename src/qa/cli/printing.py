"""What the commands print: JSON in the names of the values, or readable text."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import textwrap

from qa.messages import worded
from qa.records import Answer, QAError

_BOLD, _PLAIN = "\033[1m", "\033[22m"
# Stand for the two while lines are broken: one column each, and no character of a text.
_OPENING, _CLOSING = "\ufdd0", "\ufdd1"
# Where French typography breaks no line, and before the number of a quote.
_NO_BREAK = re.compile(r"(?<=«) | (?=[»:;?!])|(?<=») (?=\[)")
_WIDEST = 100  # columns: longer lines are hard to read


def print_json(fields: object) -> None:
    """One object on one line."""
    # A lone surrogate in a message cannot be written as UTF-8: it is written as an escape.
    line = json.dumps(fields, ensure_ascii=False)
    with contextlib.suppress(UnicodeEncodeError):
        line.encode("utf-8")
        print(line, flush=True)
        return
    print(json.dumps(fields), flush=True)


def error_fields(error: QAError) -> dict[str, str]:
    """An error for programs, which go by its code."""
    return {"error": str(error), "code": error.code}


def wrong_usage(line: str, *named: str) -> int:
    """Say what is wrong with a command; its exit code."""
    print(worded(line, *named), file=sys.stderr)
    return 2


def print_answer(answer: Answer) -> None:
    """An answer as it reads; on a terminal with its lines broken and short answers in bold."""
    text = answer.text(_OPENING, _CLOSING) if _is_emphatic() else answer.text()
    print_wrapped(text)


def print_wrapped(text: str) -> None:
    """Text with its lines broken between words on a terminal, as it is anywhere else."""
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        text = "\n".join(_broken(line, width) for line in text.split("\n"))
    print(text.replace(_OPENING, _BOLD).replace(_CLOSING, _PLAIN))


def _is_emphatic() -> bool:
    """Whether bold is wanted: on a terminal that knows it (https://no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def _broken(line: str, width: int) -> str:
    """A line broken between words; what follows its number or dash stays under its text."""
    line = _NO_BREAK.sub("\u00a0", line)
    start = len(line) - len(line.lstrip(" "))
    hang = 4 if line.lstrip(" ").startswith(("[", "- ")) else start
    return textwrap.fill(
        line,
        max(width, 20),
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
