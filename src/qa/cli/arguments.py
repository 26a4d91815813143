"""What the commands take: paths, numbers, and how a shell and the help name them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from qa.messages import worded
from qa.records import QAError


def any_path(text: str) -> Path:
    """A path that can be one; a pipe with a name, which would be waited for, is none of ours."""
    try:
        named = os.fsencode(text)
    except UnicodeEncodeError:
        named = b""
    if not named or b"\0" in named:
        raise argparse.ArgumentTypeError(worded("an empty name is no file or folder"))
    path = Path(text)
    # A pipe that the shell made (``<(…)``, /dev/stdin) leads to none that a path would find.
    if os.path.exists(text) and path.resolve().is_fifo():  # noqa: PTH110  # of any name
        raise QAError("input_is_pipe", text)
    return path


def input_path(text: str) -> Path:
    """A path of something to read; a device, which may have no end, is refused."""
    path = any_path(text)
    if path.is_char_device() or path.is_block_device():
        raise QAError("input_is_device", text)
    return path


def index_place(text: str) -> Path:
    """An index folder, or the working folder of an index in Milvus."""
    path = any_path(text)
    if not text.startswith("milvus://") and path.suffix != ".db":
        return path
    from qa.index import index_folder

    return index_folder(text)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(worded("{} is not a positive number", number))
    return number


def port(text: str) -> int:
    """The number of a port that can be named."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(worded("{} is not a port (1 to 65535)", number))
    return number


class Version(argparse.Action):
    """Tells the version, which takes a while to look up: only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it and leave."""
        import importlib.metadata

        print("sourcier", importlib.metadata.version("sourcier"))
        parser.exit()


class Completion(argparse.Action):
    """Prints a script by which a shell completes commands, options and names of files."""

    def __call__(self, parser: argparse.ArgumentParser, _: Any, shell: Any, *__: Any) -> None:
        """Print it and leave."""
        import shtab

        print(shtab.complete(parser, shell))
        parser.exit()


class Parser(argparse.ArgumentParser):
    """Says in the user's language what each argument is; a shell completes those that are paths."""

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """As argparse does; ``help`` is looked up in the catalogue."""
        if options.get("help"):
            options["help"] = worded(options["help"])
        action = super().add_argument(*names, **options)
        if action.type in (any_path, input_path, index_place):
            is_folder = action.metavar in ("DIR", "FOLDER")
            action.complete = _FOLDERS if is_folder else _FILES  # type: ignore[attr-defined]
        return action


# As ``shtab`` names them, which is imported only to write a script.
_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
_FOLDERS = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}
