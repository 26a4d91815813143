"""The commands that answer: ``ask``, ``search``, ``chat``, ``serve``."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa.cli.opening import open_assistant
from qa.cli.printing import (
    error_fields,
    print_answer,
    print_json,
    print_wrapped,
    wrong_usage,
)
from qa.messages import worded
from qa.records import QAError, Turn

_LONGEST = 100_000  # characters read of a question that never ends
_LEAVING = {"exit", "quit", "quitter"}
NOT_FOUND = 3  # exit code of a question that the documents do not answer


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {"caution": options.caution, "only": options.only}


def ask(options: argparse.Namespace) -> int:
    """Answer a question or a file of them; exit code 3 when the documents do not answer."""
    if (options.question is None) == (options.batch is None):
        return wrong_usage("qa ask: give a QUESTION, or --batch FILE (not both).")
    if options.batch is not None:
        return _ask_batch(options)
    question = _typed() if options.question == "-" else options.question
    answer = open_assistant(options.index).answer(question, limit=options.k, **_settings(options))
    if options.json:
        print_json(answer.to_dict())
    else:
        print_answer(answer)
    return NOT_FOUND if answer.status == "not_found" else 0


def _typed() -> str:
    """The question on standard input, to its end."""
    try:
        return sys.stdin.read(_LONGEST)
    except UnicodeDecodeError as error:
        raise QAError("input_not_utf8", error) from error


def _ask_batch(options: argparse.Namespace) -> int:
    requests = list(_read_batch(options.batch))
    assistant = open_assistant(options.index)
    for identifier, messages, is_conversation in requests:
        turns: tuple[Turn, ...] = ()
        for number, message in enumerate(messages, 1):
            name = f"{identifier}-t{number}" if is_conversation else identifier
            try:
                answer = assistant.answer(message, turns, limit=options.k, **_settings(options))
            except QAError as error:
                print_json({"id": name, "question": message, **error_fields(error)})
                continue
            turns = (*turns, Turn(message, answer))
            print_json({"id": name, **answer.to_dict()})
    return 0


def _read_batch(path: Path) -> Iterator[tuple[Any, list[str], bool]]:
    """Identifiers, messages, and whether they are a conversation; all faults are told at once."""
    try:
        # Not ``splitlines``: U+2028 and its like may stand in a JSON text.
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QAError("batch_not_readable", path, error) from error
    faults = []
    requests = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as error:
            faults.append(f"line {number} is not JSON ({error})")
            continue
        if not isinstance(fields, dict) or not isinstance(fields.get("id"), str | int):
            faults.append(f'line {number} has no "id" (a text or a number)')
        elif isinstance(fields.get("question"), str):
            requests.append((fields["id"], [fields["question"]], False))
        elif isinstance(fields.get("messages"), list) and all(
            isinstance(message, str) for message in fields["messages"]
        ):
            requests.append((fields["id"], fields["messages"], True))
        else:
            faults.append(f'line {number} needs "question" (a text) or "messages" (texts)')
    if faults:
        raise QAError("batch_faults", path, "; ".join(faults[:20]))
    yield from requests


def search(options: argparse.Namespace) -> int:
    """List the passages for a question."""
    hits = open_assistant(options.index).search(
        options.question, limit=options.k, method=options.method, only=options.only
    )
    if options.json:
        print_json(
            {
                "question": options.question,
                "method": options.method,
                "hits": [hit.to_dict() for hit in hits],
            }
        )
        return 0
    for hit in hits:
        passage = hit.passage
        place = " › ".join([passage.title or passage.document_id, *passage.headings])
        print_wrapped(f"{hit.rank:>2}. {hit.score:.3f}  {place}  [{passage.document_id}]")
        print_wrapped(f"    {' '.join(passage.text.split())}\n")
    return 0


def chat(options: argparse.Namespace) -> int:
    """Hold a conversation: prompts and quotes, or JSON lines with ``--json``."""
    assistant = open_assistant(options.index)
    turns: tuple[Turn, ...] = ()
    if not options.json:
        print(worded("Ask your questions (an empty line, exit or Ctrl-D to end)."), end="\n\n")
    for message in _messages(prompt="" if options.json else "? "):
        try:
            answer = assistant.answer(message, turns, **_settings(options))
        except QAError as error:
            if options.json:
                print_json({"question": message, **error_fields(error)})
            else:
                print(f"qa: {error.worded()}\n", file=sys.stderr)
            continue
        turns = (*turns, Turn(message, answer))
        if options.json:
            print_json(answer.to_dict())
        else:
            print_answer(answer)
            print()
    return 0


def _messages(prompt: str) -> Iterator[str]:
    """Lines from the keyboard or a pipe; an empty one ends a conversation at the keyboard."""
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # line editing and history for input()
    while True:
        try:
            message = input(prompt if sys.stdin.isatty() else "")
        except EOFError:
            return
        except UnicodeDecodeError:
            print(worded("qa: a line that is not UTF-8 was left out."), file=sys.stderr)
            continue
        if message.strip().lower() in _LEAVING:
            return
        if not message.strip():
            if prompt and sys.stdin.isatty():
                return
            continue
        yield message


def serve(options: argparse.Namespace) -> int:
    """Start the web chat and stay until it is stopped."""
    from qa.web import Options
    from qa.web import serve as serve_web
    from qa.web.access import read_account, read_accounts

    if options.auth is not None and options.auth_file is not None:
        return wrong_usage("qa serve: give --auth or --auth-file, not both.")
    if options.datasets is not None and not options.datasets.is_dir():
        raise QAError("no_datasets_folder", options.datasets)
    accounts: list[bytes] = []
    if options.auth is not None:
        accounts = [read_account(options.auth)]
    elif options.auth_file is not None:
        accounts = read_accounts(options.auth_file)
    index, *others = options.index or [Path("index")]
    chosen = Options(
        host=options.host,
        port=options.port,
        root=options.root_path,
        accounts=accounts,
        upload=options.allow_upload,
        mcp=options.mcp,
        datasets=options.datasets,
        proxies=options.trusted_proxy,
        others=others,
        language=options.lang,
        metrics_port=options.metrics_port,
        log=options.log_json,
    )
    serve_web(index, chosen)
    return 0
