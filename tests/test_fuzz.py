"""Commands over files of any content, and requests of any kind, never reach the outermost handler.

``QA_FUZZ_SECONDS=60 pytest tests/test_fuzz.py`` goes on for a minute; by itself it is short.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import qa.embedding
from qa.assistant import Assistant
from qa.cli import main
from qa.index import open_index, update_index
from qa.web.access import Access
from qa.web.server import create_app
from test_web_calls import running

SECONDS = float(os.environ.get("QA_FUZZ_SECONDS", "0"))
EXAMPLES = 40  # of the short run

CORPUS = {
    "trotsky.md": "# Trotsky\n\nTrotsky naît à Ianovka en 1879. Il meurt à Mexico en 1940.\n",
    "lenine.txt": "Lénine naît à Simbirsk en 1870. Il meurt à Gorki en 1924.\n",
}
QUESTION = "Où Trotsky est-il mort ?"
ANSWER = {
    "id": "a", "question": QUESTION, "answerable": True, "kind": "lieu", "answer": "Mexico",
    "evidence": "Il meurt à Mexico en 1940.", "document": "trotsky.md",
}  # fmt: skip
REFUSAL = {"id": "b", "question": "Combien coûte le pain ?", "answerable": False}
TURN = {"question": QUESTION, "resolved": QUESTION, "gold": ["trotsky.md"]}
CALIBRATION = {
    "question": {}, "thresholds": {"normal": 0.5}, "created": "", "file": "", "questions": {},
    "embedder": "", "shipped": "", "before": {}, "after": {"answered": {}},
}  # fmt: skip
# What a file of each kind holds when it is right, a record a line.
RIGHT: dict[str, list[dict[str, Any]]] = {
    "batch": [{"id": 1, "question": QUESTION}, {"id": "b", "messages": [QUESTION, "Et né ?"]}],
    "answers": [ANSWER, REFUSAL],
    "conversations": [{"id": "c", "turns": [TURN, TURN]}],
    "corpus": [{"_id": "1", "title": "Titre", "text": "Un texte."}, {"id": 2, "text": "Autre."}],
    "queries": [{"_id": "q", "text": QUESTION}],
}

texts = st.text(st.characters(codec=None), max_size=20)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 10**400, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, record: Any) -> Any:
    """A record with some of its values, at any depth, taken for others, or away."""
    if isinstance(record, dict):
        changed = {name: draw(mutated(value)) for name, value in record.items()}
        if changed and draw(st.integers(0, 12)) == 0:
            changed.pop(draw(st.sampled_from(sorted(changed))))
        return changed
    if isinstance(record, list):
        return [draw(mutated(value)) for value in record]
    return draw(values) if draw(st.integers(0, 20)) == 0 else record


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of which some are others, missing, or more."""
    kinds = ["as it is"] * 8 + ["cut", "changed", "replaced", "deep", "prefixed"]
    kind = draw(st.sampled_from(kinds))
    if kind == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if kind == "changed" and content:
        place = draw(st.integers(0, len(content) - 1))
        return content[:place] + draw(st.binary(min_size=1, max_size=4)) + content[place + 1 :]
    if kind == "replaced":
        other = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
        return draw(st.binary(max_size=60) | other)
    if kind == "deep":
        depth = draw(st.sampled_from([100, 980, 3_000, 20_000]))
        return content + b"\n" + b'{"id":' * (depth % 2) + b"[" * depth + b"]" * depth
    if kind == "prefixed":
        marks = [b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\n\n", b"\x1f\x8b"]
        return draw(st.sampled_from(marks)) + content
    return content


@st.composite
def lines(draw: st.DrawFn, kind: str) -> bytes:
    records = draw(mutated(RIGHT[kind]))
    return draw(spoilt("\n".join(map(json.dumps, records)).encode()))


@st.composite
def table(draw: st.DrawFn, right: str) -> bytes:
    """Lines of judgements or of a run; sometimes others among them."""
    known = st.sampled_from(["q", "trotsky.md", "0", "1", "2", "0.5", "Q0", "nan", "inf", ""])
    row = st.lists(known | texts, min_size=2, max_size=7).map("\t".join)
    rows = draw(st.lists(row, max_size=3)) if draw(st.integers(0, 3)) == 0 else []
    return draw(spoilt("\n".join([right, *rows]).encode("utf-8", "surrogatepass")))


QRELS, BEIR, RUN = "q 0 trotsky.md 1", "q\t1\t1", "q Q0 trotsky.md 1 0.5 run"


class Place:
    """A folder for one example: an index, and files as they are drawn."""

    def __init__(self, draw: Callable[[Any], Any], folder: Path, index: Path):
        self.draw, self.folder, self._whole = draw, folder, index

    def index(self) -> Path:
        """An index, mostly whole; or what is none."""
        directory = self.folder / "index"
        kind = self.draw(st.sampled_from(["whole", "whole", "beside", "spoilt", "gone", "none"]))
        if kind == "none":
            names = ["nowhere", "a\ud800", "a\udcff", "b" * 300, "."]
            return Path(self.folder, self.draw(st.sampled_from(names)))
        shutil.copytree(self._whole, directory)
        files = sorted(path for path in directory.rglob("*") if path.is_file())
        if kind == "spoilt":
            path = self.draw(st.sampled_from(files))
            path.write_bytes(self.draw(spoilt(path.read_bytes())))
        elif kind == "gone":
            path = self.draw(st.sampled_from(files))
            path.unlink()
            if self.draw(st.booleans()):
                path.mkdir()
        elif kind == "beside":
            name = self.draw(st.sampled_from(["calibration.json", "feedback.sqlite"]))
            content = json.dumps(self.draw(mutated(CALIBRATION))).encode()
            (directory / name).write_bytes(self.draw(spoilt(content)))
        return directory

    def file(self, content: st.SearchStrategy[bytes], name: str = "file.jsonl") -> Path:
        """A file of some content; or a folder, or nothing, in its place."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = self.draw(st.sampled_from(["file"] * 15 + ["packed", "folder", "nothing"]))
        if kind == "folder":
            path.mkdir()
        elif kind == "packed":
            path = path.with_name(path.name + ".gz")
            path.write_bytes(self.draw(spoilt(gzip.compress(self.draw(content)))))
        elif kind == "file":
            path.write_bytes(self.draw(content))
        return path

    def dataset(self) -> Path:
        """A test set of search, in BEIR's layout."""
        self.file(lines("corpus"), "set/corpus.jsonl")
        self.file(lines("queries"), "set/queries.jsonl")
        self.file(table(BEIR), "set/qrels/test.tsv")
        return self.folder / "set"

    def corpus(self) -> Path:
        """A folder of documents."""
        for name in ("a.txt", "b.md", "c.jsonl", "ajouts/d.jsonl", "e.csv", "f.md.meta.toml"):
            if self.draw(st.booleans()):
                kind = st.sampled_from(["corpus", "queries"]).flatmap(lines)
                self.file(kind | st.binary(max_size=50), f"corpus/{name}")
        return self.folder / "corpus"


def _question(place: Place) -> str:
    words = [QUESTION, "Qui ?", "-", "", "\ud800", "a" * 2_001]
    return str(place.draw(st.sampled_from(words) | texts.filter(lambda t: not t.startswith("-"))))


COMMANDS: dict[str, Callable[[Place], list[object]]] = {
    "status": lambda at: ["status", "--index", at.index()],
    "verify": lambda at: ["verify", "--index", at.index()],
    "ask": lambda at: ["ask", _question(at), "--index", at.index()],
    "search": lambda at: ["search", _question(at), "--index", at.index(), "-k", at.draw(
        st.integers(1, 10**30)), "--method", at.draw(st.sampled_from(["dense", "lexical"]))],
    "chat": lambda at: ["chat", "--index", at.index()],
    "batch": lambda at: ["ask", "--batch", at.file(lines("batch")), "--index", at.index()],
    "saved": lambda at: ["verify", "--answer", at.file(_saved(at)), "--index", at.index()],
    "answers": lambda at: ["eval", "--answers", at.file(lines("answers")), "--index", at.index()],
    "conversations": lambda at: [
        "eval", "--conversations", at.file(lines("conversations")), "--index", at.index()],
    "pool": lambda at: [
        "eval", "--pool", at.file(lines("queries")), "--qrels", at.file(table(QRELS), "qrels.tsv"),
        "--index", at.index()],
    "dataset": lambda at: ["eval", at.dataset(), "--cache", at.folder / "cache"],
    "indexed": lambda at: ["eval", at.dataset(), "--index", at.index()],
    "compare": lambda at: [
        "compare", at.file(table(RUN), "a.run"), at.file(table(RUN), "b.run"),
        "--qrels", at.file(table(QRELS), "qrels.tsv"), "--queries", at.file(lines("queries"))],
    "calibrate": lambda at: [
        "calibrate", "--questions", at.file(lines("answers")), "--index", at.index()],
    "remove": lambda at: ["calibrate", "--remove", "--index", at.index()],
    "feedback": lambda at: ["feedback", "--index", at.index(), "--export", at.folder / "out"],
    "index": lambda at: ["index", at.corpus(), "--index", at.index()],
    "index a file": lambda at: ["index", at.file(lines("corpus")), "--index", at.index()],
}  # fmt: skip


def _saved(place: Place) -> st.SearchStrategy[bytes]:
    return mutated(SAVED).flatmap(lambda answer: spoilt(json.dumps(answer).encode()))


SAVED: dict[str, Any] = {}


@pytest.fixture(scope="module")
def small_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "corpus").mkdir()
    for name, text in CORPUS.items():
        (folder / "corpus" / name).write_text(text, "utf-8")
    embedder = qa.embedding.open_embedder()
    update_index(folder / "corpus", folder / "index", embedder)
    answer = Assistant(open_index(folder / "index"), embedder).answer(QUESTION)
    SAVED.update(json.loads(json.dumps(answer.to_dict())))
    with pytest.MonkeyPatch.context() as patch:
        # A model is opened once, not for each of a thousand commands.
        once = functools.cache(qa.embedding.open_embedder)
        patch.setattr("qa.embedding.open_embedder", once)
        patch.setattr("qa.assistant.open_embedder", once)
        yield folder / "index"


def run(arguments: list[object], typed: bytes) -> tuple[int, str]:
    """Exit code and standard error of a command, in this process."""
    told = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(told):
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
        with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding="utf-8")):
            try:
                code = main([str(argument) for argument in arguments])
            except SystemExit as stop:
                code = int(str(stop.code))
    told.seek(0)
    return code, told.read()


def repeated(fuzz: Callable[[st.DataObject], None], examples: int) -> None:
    """Run a test on drawn data: always the same, or others for a minute."""
    drawn = settings(
        max_examples=examples,
        derandomize=not SECONDS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(st.data())(fuzz))
    end = time.monotonic() + SECONDS
    drawn()
    while time.monotonic() < end:
        drawn()


@pytest.mark.filterwarnings("default")  # they are told to a user too, and are no end
def test_no_command_reaches_the_outermost_handler(small_index: Path) -> None:
    def fuzz(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            place = Place(data.draw, Path(name), small_index)
            arguments = COMMANDS[data.draw(st.sampled_from(sorted(COMMANDS)))](place)
            if data.draw(st.booleans()):
                arguments.append("--json")
            typed = data.draw(lines("batch") | texts.map(lambda t: t.encode("utf-8", "replace")))
            code, told = run(arguments, typed)
        assert code in {0, 1, 2, 3}, (arguments, told)
        assert "Traceback" not in told
        if code == 1 and told:
            assert told.splitlines()[-1].startswith("qa"), told

    repeated(fuzz, EXAMPLES)


# --- Requests ------------------------------------------------------------------------------------

CALL = {"data": [QUESTION, 5, "hybrid", "normal", ""], "fn_index": 7, "session_hash": "s",
        "event_data": {"action": "like", "turn": 0}, "trigger_id": 3}  # fmt: skip
NAMED = {"question": QUESTION, "passages": 5, "method": "hybrid", "caution": "normal", "only": "*"}
LEAVING = {"session_hash": "s", "event_id": "e", "fn_index": 7}
TOOL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": "answer", "arguments": NAMED}}  # fmt: skip
BODIES = st.sampled_from([CALL, CALL, NAMED, LEAVING, TOOL, {}]).flatmap(mutated)
PATHS = [
    *("/", "/config", "/source", "/style.css", "/mcp", "/documents", "/assets/a.js", "/static/a"),
    *("/theme.css", "/inconnu", "/salle", "//", "", "/gradio_api/info", "/gradio_api/queue/join"),
    *("/gradio_api/queue/data", "/gradio_api/run/predict", "/gradio_api/call/answer"),
    *("/gradio_api/call/v2/answer", "/gradio_api/call/answer/e", "/gradio_api/reset"),
    *("/gradio_api/cancel", "/gradio_api/heartbeat/s", "/gradio_api/startup-events"),
    *("/gradio_api/upload", "/gradio_api/file=/etc/passwd"),
]
HEADERS = {
    b"host": [b"localhost", b"127.0.0.1:7860", b"un-site.example", b"[::1", b"\xff", b""],
    b"origin": [b"http://localhost", b"null", b"http://un-site.example", b"http://[", b""],
    b"authorization": [b"Basic enXDqTpz", b"Basic \xff", b"Basic", b"Bearer x", b""],
    b"accept": [b"text/html", b"application/json, text/event-stream", b"*/*", b"\xff"],
    b"content-type": [b"application/json", b"multipart/form-data; boundary=", b"text/plain", b""],
    b"content-length": [b"3", b"-1", b"99999999", b"x", "\u0663".encode()],
    b"cookie": [b"a=b", b"=;=;\xff"],
    b"range": [b"bytes=0-1", b"bytes=9-1,x", b"\xff"],
    b"if-modified-since": [b"x", b"Mon, 01 Jan 0000 00:00:00 GMT"],
    b"x-forwarded-for": [b"1.2.3.4", b"\xff"],
    b"mcp-session-id": [b"x"],
    b"accept-language": [b"fr", b";;q=x", b"\xff"],
}
QUERIES = texts.map(lambda text: quote(text, errors="replace").encode()) | st.sampled_from([
    b"", b"document=trotsky.md&start=0&end=9", b"document=trotsky.md&start=x", b"document=%ff%00",
    b"document=" + b"9" * 5_000, b"document=trotsky.md&start=" + b"9" * 5_000, b"session_hash=s",
    b"start=-1&end=-99&document=trotsky.md", b"=&=&;", b"%", b"name=a.md",
])  # fmt: skip


@st.composite
def asked(draw: st.DrawFn) -> tuple[dict[str, Any], list[bytes]]:
    """A request as a server hands it on: its scope, and its body in parts."""
    path = draw(st.sampled_from(PATHS))
    if draw(st.integers(0, 5)) == 0:
        place = draw(st.integers(0, len(path)))
        path = path[:place] + draw(texts) + path[place:]
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3))
    others = [(name, draw(st.sampled_from(HEADERS[name]))) for name in names]
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), *others]
    body = draw(spoilt(json.dumps(draw(BODIES)).encode()))
    cut = draw(st.integers(0, len(body)))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": draw(st.sampled_from(["GET", "GET", "POST", "POST", "POST", "HEAD", "DELETE",
                                        "PUT", "OPTIONS", "TRACE", "\u00e9"])),
        "path": path, "raw_path": path.encode("utf-8", "replace"), "root_path": "",
        "query_string": draw(QUERIES), "headers": headers, "server": ("127.0.0.1", 7860),
        "client": (f"192.0.2.{draw(st.integers(0, 255))}", 1), "extensions": {}, "state": {},
    }  # fmt: skip
    return scope, [body[:cut], body[cut:]]


@pytest.mark.filterwarnings("default")  # Gradio's, of its own future
def test_no_request_reaches_the_outermost_handler(
    small_index: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = Assistant(open_index(small_index), qa.embedding.open_embedder())

    async def answered(app: Any, scope: dict[str, Any], parts: list[bytes]) -> list[int]:
        statuses: list[int] = []

        async def receive() -> dict[str, Any]:
            if parts:
                body = parts.pop(0)
                return {"type": "http.request", "body": body, "more_body": bool(parts)}
            await asyncio.sleep(0.05)  # whoever asked for what has no end leaves
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await asyncio.wait_for(app(scope, receive, send), 30)
        return statuses

    with asyncio.Runner() as runner:

        async def make() -> Any:
            return create_app(assistant, Access(mcp=True), small_index)

        app = runner.run(make())
        started = running(app)
        runner.run(started.__aenter__())

        def fuzz(data: st.DataObject) -> None:
            scope, parts = data.draw(asked())
            caplog.clear()
            statuses = runner.run(answered(app, scope, parts))
            assert len(statuses) == 1 and statuses[0] != 500, scope
            assert [r.message for r in caplog.records if r.levelname == "ERROR"] == [], scope

        repeated(fuzz, 5 * EXAMPLES)
        runner.run(started.__aexit__(None, None, None))
