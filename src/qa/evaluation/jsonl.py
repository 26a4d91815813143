"""JSON Lines of a test set: objects with an id, their fields checked, every fault collected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa.evaluation.faults import Faults, read_lines
from qa.question import clean_message
from qa.records import QAError


@dataclass(frozen=True, slots=True)
class Record:
    """One object of a file; the methods give checked fields and note what is wrong with them."""

    path: Path
    line: int
    fields: Mapping[str, Any]
    faults: Faults
    inside: str = ""  # the part of the object that the fields are of, for the faults

    def fault(self, what: str) -> None:
        """Note a fault of this object."""
        self.faults.add(self.path, self.inside + what, self.line)

    def text(self, name: str, required: bool = True) -> str:
        """A text with white space normalised; empty, and a fault, where it is not one."""
        value = self.fields.get(name)
        if value is None and not required:
            return ""
        if not isinstance(value, str):
            self.fault(f'no "{name}"' if value is None else f'"{name}" is not a text')
            return ""
        if required and not value.strip():
            self.fault(f'"{name}" is empty')
        return " ".join(value.split())

    def question(self, name: str = "question") -> str:
        """A text that can be asked."""
        text = self.text(name)
        if text:
            try:
                clean_message(text)
            except QAError as error:
                self.fault(f'"{name}" cannot be asked: {error}')
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts as they stand, or one text; none when the field is not there."""
        value = self.fields.get(name)
        if value is None:
            return ()
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str) and item.strip() for item in listed):
            self.fault(f'"{name}" is not a list of texts')
            return ()
        return tuple(listed)

    def boolean(self, name: str, default: bool | None = None) -> bool:
        """True or false; a fault where it is neither, or is not there and has no default."""
        value = self.fields.get(name, default)
        if not isinstance(value, bool):
            self.fault(f'no "{name}"' if value is None else f'"{name}" is not true or false')
        return value is True


def read_records(path: Path, faults: Faults) -> Iterator[tuple[str, Record]]:
    """The objects of a JSON Lines file with their ids; a line without a fit id is a fault."""
    first: dict[str, int] = {}
    read = 0
    for number, line in read_lines(path, faults):
        read += 1
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            faults.add(path, f"not JSON ({error})", number)
            continue
        if not isinstance(fields, dict):
            faults.add(path, "not a JSON object", number)
            continue
        record = Record(path, number, fields, faults)
        name = fields.get("id", fields.get("_id"))
        if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
            record.fault('no "id"' if name is None else '"id" is not a text')
        name = str(name).strip()
        if first.setdefault(name, number) != number and name != "None":
            record.fault(f"id {name!r} was used on line {first[name]}")
        yield name, record
    if not read and path not in faults:
        faults.add(path, "no question in it")


def write_records(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write objects, one a line."""
    try:
        with path.open("w", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    except OSError as error:
        raise QAError("file_not_written", path, error.strerror or error) from error
