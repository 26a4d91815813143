"""Input files read line by line, every fault collected and told once, with its line number."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from qa.records import QAError

_TOLD = 20  # faults written out for one file; the others are counted


class InputError(QAError):
    """Files with faults; ``faults`` holds a sentence for each one, file and line first."""

    def __init__(self, message: str, faults: Sequence[str]):
        super().__init__(message)
        self.faults = tuple(faults)


class Faults:
    """Collects what is wrong with some files; ``raise_any`` tells all of it at once."""

    def __init__(self) -> None:
        self._by_file: dict[str, list[str]] = {}

    def add(self, path: Path, fault: str, line: int | None = None) -> None:
        """Note a fault of a file, or of one of its lines (counted from 1)."""
        where = f"line {line}: " if line is not None else ""
        self._by_file.setdefault(str(path), []).append(where + fault)

    def __bool__(self) -> bool:
        return bool(self._by_file)

    def __contains__(self, path: Path) -> bool:
        return str(path) in self._by_file

    def raise_any(self) -> None:
        """Raise one ``InputError`` with every fault, if there is any."""
        if not self._by_file:
            return
        parts = []
        for path, faults in self._by_file.items():
            told = "; ".join(faults[:_TOLD])
            rest = f"; and {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
            count = f"{len(faults)} faults: " if len(faults) > 1 else ""
            parts.append(f"{path}: {count}{told}{rest}")
        every = [f"{path}: {fault}" for path, faults in self._by_file.items() for fault in faults]
        raise InputError(" | ".join(parts), every)


def read_lines(path: Path, faults: Faults) -> Iterator[tuple[int, str]]:
    """Line numbers and lines of a UTF-8 file, gzipped when its name ends in .gz; blanks left out.

    What cannot be read (encoding, damaged compression, missing file) goes to ``faults``.
    """
    number = 0
    if path.resolve().is_fifo():  # not one that the shell made: nothing may ever come out
        faults.add(path, "a pipe, not a file")
        return
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                content = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
                try:
                    line = content.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    faults.add(path, f"not UTF-8 (byte {error.start + 1})", number)
                    continue
                if line.strip():
                    yield number, line
    except FileNotFoundError:
        faults.add(path, "no such file")
    except (EOFError, gzip.BadGzipFile, zlib.error):
        faults.add(path, "the compressed data end too early or are damaged", number + 1)
    except OSError as error:
        faults.add(path, f"cannot be read ({error.strerror or error})")
