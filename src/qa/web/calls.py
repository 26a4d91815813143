"""What a client may send to the page's functions: values of the types that they take.

Gradio looks for files in whatever comes in before it looks at what should have come: an object that
names a path or an address is opened, copied or fetched. It holds paths against a list only in an
app that it has launched itself, and this one is mounted; addresses it fetches anyway. So a body is
read here first, held against the types that Gradio declares for each input, and written anew:
nothing reaches Gradio that was not looked at, and no input of this page takes an object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from qa.web import texts

# Types of JSON Schema. Another one has to be thought about before a component of it is used.
_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool}
# The names in what a button or the browser's memory tells. Under « path » Gradio looks for a file.
_TOLD = frozenset(
    {
        *("action", "grade", "item", "name", "turn", "word"),
        *("turns", "draft", "message", "context", "verdict", "settings", "corpus", "identity"),
        *("passages", "method", "caution"),
        *("scope", "only", "kinds", "first", "last", "searched"),
    }
)


class CallError(Exception):
    """What is wrong with a body, in French; ``parameter`` names the value, where it is one."""

    def __init__(self, parameter: str = "", kind: str = ""):
        super().__init__(texts.WRONG_VALUE.format(kind=kind) if kind else texts.NO_CALL)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class _Input:
    """One value that a function takes: its name, its type in words, and whether a value fits."""

    name: str
    kind: str
    fits: Callable[[object], bool]
    needed: bool = True

    def check(self, value: object) -> None:
        if not self.fits(value):
            raise CallError(self.name, self.kind)


class Calls:
    """The functions of a ``gr.Blocks``, and the bodies of the requests that call them."""

    def __init__(self, blocks: Any):
        functions = {number: f for number, f in blocks.fns.items() if f.fn is not None}
        self._inputs = {
            number: [_page_input(c) for c in f.inputs] for number, f in functions.items()
        }
        self._with_event = {number for number, f in functions.items() if f.collects_event_data}
        self._named = {f.api_name: number for number, f in functions.items()}
        public = blocks.get_api_info()["named_endpoints"]
        self._public = {name.removeprefix("/") for name in public}
        for name, endpoint in public.items():
            number = self._named[name.removeprefix("/")]
            self._inputs[number] = [_input(parameter) for parameter in endpoint["parameters"]]

    def checked(self, path: str, body: bytes, rename: Callable[[str], str]) -> bytes:
        """The body of a ``POST`` to Gradio as it may be passed on; ``CallError`` when it may not.

        ``path`` is the one below ``/gradio_api/``; ``rename`` makes a session's name Gradio's.
        """
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError):
            raise CallError from None
        _require(isinstance(fields, dict))
        match path.strip("/").split("/"):
            case ["queue", "join"] | ["run", "predict"]:
                fields = self._by_number(fields)
            case ["call", "v2", name] if name in self._public:
                fields = self._by_names(fields, self._named[name])
            case ["call", name] if name in self._public:
                fields = self._by_place(fields, self._named[name])
            case ["cancel"]:
                fields = _of(fields, str, "session_hash", "event_id") | _of(fields, int, "fn_index")
            case ["reset"]:
                fields = _of(fields, str, "event_id")
            case _:
                raise CallError
        if "session_hash" in fields:
            fields["session_hash"] = rename(fields["session_hash"])
        # A lone half of a character is none: nothing behind this line has to think of it.
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")

    def _by_number(self, fields: dict[str, Any]) -> dict[str, Any]:
        number = _of(fields, int, "fn_index")["fn_index"]
        _require(number in self._inputs)
        checked = self._by_place(fields, number) | {"fn_index": number}
        if fields.get("trigger_id") is not None:
            checked |= _of(fields, int, "trigger_id")
        if number in self._with_event:
            # Gradio hands it to the function as it is, which reads it warily.
            checked |= _of(fields, dict, "event_data")
            _require(_is_told(checked["event_data"]))
        return checked

    def _by_place(self, fields: dict[str, Any], number: int) -> dict[str, Any]:
        inputs, data = self._inputs[number], _of(fields, list, "data")["data"]
        _require(len(data) == len(inputs))
        for taken, value in zip(inputs, data, strict=True):
            taken.check(value)
        session = _of(fields, str, "session_hash") if fields.get("session_hash") is not None else {}
        return {"data": data, **session}

    def _by_names(self, fields: dict[str, Any], number: int) -> dict[str, Any]:
        inputs = {taken.name: taken for taken in self._inputs[number]}
        for name, taken in inputs.items():
            if name in fields or taken.needed:
                taken.check(fields.get(name))
        _require(fields.keys() <= inputs.keys())
        return fields


def _input(parameter: Mapping[str, Any]) -> _Input:
    """An input of a public function, as ``/gradio_api/info`` tells it."""
    kind, needed = parameter["type"]["type"], not parameter["parameter_has_default"]
    taken = _TYPES[kind]
    return _Input(parameter["parameter_name"], kind, lambda value: type(value) is taken, needed)


def _page_input(component: Any) -> _Input:
    """An input that the page shows, which may be empty; or a state, which only the server has."""
    name = str(component.label or component.elem_id or "")
    if component.stateful:
        return _Input(name, "null", lambda value: value is None)
    schema = component.api_info()
    choices = schema.get("enum")
    if choices is not None:
        kind = ", ".join(map(json.dumps, choices))
        return _Input(name, kind, lambda value: type(value) in _TYPES.values() and value in choices)
    taken = _TYPES[schema["type"]]
    return _Input(name, schema["type"], lambda value: value is None or type(value) is taken)


def _is_told(value: object, deepest: int = 6) -> bool:
    """Whether objects have the names alone that the page gives them, and no more of them nest."""
    if not isinstance(value, dict | list):
        return True
    parts = value.values() if isinstance(value, dict) else value
    known = isinstance(value, list) or value.keys() <= _TOLD
    return deepest > 0 and known and all(_is_told(part, deepest - 1) for part in parts)


def _require(condition: bool) -> None:
    if not condition:
        raise CallError


def _of(fields: dict[str, Any], kind: type, *names: str) -> dict[str, Any]:
    """Some fields of a body, all of one type."""
    _require(all(type(fields.get(name)) is kind for name in names))
    return {name: fields[name] for name in names}
