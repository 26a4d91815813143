"""Questions by id: JSON Lines, TREC's topics, or a table of two columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from itertools import chain
from pathlib import Path
from typing import Any

from qa.evaluation.faults import Faults, read_lines

_TOPIC = re.compile(r"<top(?:ic\b[^>]*)?>", re.IGNORECASE)
_TOPIC_END = re.compile(r"</top(?:ic)?>", re.IGNORECASE)
_TOPIC_NUMBER = re.compile(
    r"""<topic\b[^>]*\b(?:number|id)=["']([^"']+)|<num>\s*(?:Number:)?\s*([^<\s]+)""",
    re.IGNORECASE,
)
_TOPIC_TAGS = ("title", "query", "question", "desc", "description")  # the best one first
_TOPIC_TEXT = re.compile(
    rf"<({'|'.join(_TOPIC_TAGS)})>\s*(?:Topic:|Description:)?([^<]*)", re.IGNORECASE
)


def read_questions(path: Path) -> dict[str, str]:
    """Questions by id, from JSON Lines ({"id", "text"} or {"id", "question"}), topics or a table.

    Every fault is told at once (``InputError``).
    """
    faults = Faults()
    queries = read_queries(path, faults)
    faults.raise_any()
    return queries


def read_queries(path: Path, faults: Faults) -> dict[str, str]:
    """The same; what is wrong goes to ``faults``."""
    queries: dict[str, str] = {}
    first: dict[str, int] = {}
    fields = (' ("_id")', ' ("text")') if _is_json_lines(path) else ("", "")
    for number, name, text in _questions(path, faults):
        if not name:
            faults.add(path, f"no question id{fields[0]}", number)
        elif first.setdefault(name, number) != number:
            faults.add(path, f"question id {name!r} was used on line {first[name]}", number)
        if not isinstance(text, str) or not text.strip():
            faults.add(path, f"no question{fields[1]}", number)
        else:
            queries.setdefault(name, " ".join(text.split()))
    if not queries and path not in faults:
        faults.add(path, "no question in it")
    return queries


def _questions(path: Path, faults: Faults) -> Iterator[tuple[int, str, object]]:
    """Line numbers, ids and texts: JSON Lines, TREC's topics, or "id<TAB>text" lines."""
    lines = read_lines(path, faults)
    if _is_json_lines(path):
        for number, line in lines:
            record = json_object(line)
            if isinstance(record, str):
                faults.add(path, record, number)
            else:
                yield number, identifier(record), record.get("text", record.get("question"))
        return
    start = next(lines, None)
    lines = chain([start] if start else [], lines)
    if start is not None and start[1].lstrip().startswith("<"):
        yield from _topics(path, lines, faults)
        return
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) == 2:
            yield number, cells[0].strip(), cells[1]
        else:
            faults.add(path, f'{len(cells)} columns instead of 2 between tabs ("id text")', number)


def _is_json_lines(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith((".jsonl", ".ndjson"))


def _topics(
    path: Path, lines: Iterable[tuple[int, str]], faults: Faults
) -> Iterator[tuple[int, str, object]]:
    """TREC's topics, whose elements are not always closed: number and title, or description."""
    begin, parts = 0, [""]
    for number, line in lines:
        if _TOPIC.search(line):
            if begin:
                faults.add(path, "a topic without its end", begin)
            begin, parts = number, []
        parts.append(line)
        if begin and _TOPIC_END.search(line):
            topic = "\n".join(parts)
            name = _TOPIC_NUMBER.search(topic)
            texts = {tag.lower(): text for tag, text in _TOPIC_TEXT.findall(topic)}
            text = next((texts[tag] for tag in _TOPIC_TAGS if texts.get(tag, "").strip()), None)
            yield begin, (name[1] or name[2]) if name else "", text and unescape(text)
            begin = 0
    if begin:
        faults.add(path, "a topic without its end", begin)


def json_object(line: str) -> dict[str, Any] | str:
    """The object of a line, or what is wrong with it."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON ({error})"
    return record if isinstance(record, dict) else "not a JSON object"


def identifier(record: Mapping[str, Any]) -> str:
    """The id of a question or a document; empty where it has none."""
    name = record.get("_id", record.get("id"))
    if isinstance(name, bool) or not isinstance(name, str | int):
        return ""
    return str(name).strip()
