"""Strike an index and the command line in every way we know, for some minutes; prints one table.

    python benchmarks/faults.py [--minutes 10] [--seed 1] [--only kills,disks]

Small file systems, other users and read-only folders need root; without it they are left out, and
the table says so. docs/robustness.md tells what is promised. A campaign gives one ``Try`` after
the other until its time is over.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from word_embedder import WordEmbedder

from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.index import generations_to_try, open_index, update_index, verify_index
from qa.records import QAError

NOBODY = 65_534
SECRET = "zanzibarissime"
QUESTION = "Que dit le texte numéro 7 de la rivière ?"


@dataclass(frozen=True, slots=True)
class Try:
    """One blow, and what was wrong after it; nothing when all was as promised."""

    what: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a campaign takes place: an empty folder, chance, and the end of its time."""

    folder: Path
    chance: random.Random
    end: float

    def more(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end


class SkipError(Exception):
    """A campaign that cannot take place on this machine."""


Campaign = Callable[[Ground], Iterator[Try]]

# --- Tools ---------------------------------------------------------------------------------------


def write_corpus(folder: Path, texts: int = 12) -> Path:
    """A small folder of documents, and one that will be deleted."""
    folder.mkdir(parents=True)
    for number in range(texts):
        text = f"Le texte numéro {number} parle de la rivière {number * number} et de son pont."
        (folder / f"{number:03}.txt").write_text(text, "utf-8")
    (folder / "secret.txt").write_text(f"Le mot de passe est {SECRET}.", "utf-8")
    return folder


def build(corpus: Path, directory: Path) -> None:
    """Update an index with an embedder that costs nothing."""
    update_index(corpus, directory, WordEmbedder())


def answers(directory: Path) -> list[str]:
    """What an index finds for a question, by words, vectors and tokens."""
    index = open_index(directory)
    if index.warning:
        raise QAError(index.warning)
    try:
        hits = Assistant(index, WordEmbedder()).search(QUESTION, limit=5)
        return [f"{hit.passage.document_id} {hit.passage.text}" for hit in hits]
    finally:
        index.close()


def forked(work: Callable[[], object]) -> tuple[int, str]:
    """What a process of its own ends with (a signal is negative), and its ``QAError``."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", suffix=".said") as said:
        Path(said.name).chmod(0o666)
        child = os.fork()
        if not child:
            code = 0
            try:
                work()
            except QAError as error:
                Path(said.name).write_text(str(error), "utf-8")
            except BaseException as error:
                Path(said.name).write_text(f"{type(error).__name__}: {error}", "utf-8")
                code = 99
            os._exit(code)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), said.read()


def asked(directory: Path, right: Sequence[str]) -> str:
    """What is wrong with asking a struck index: it must answer right, or refuse in words."""
    told = []

    def ask() -> None:
        if answers(directory) != list(right):
            raise AssertionError("another answer, without a word")

    code, said = forked(ask)
    if code < 0:
        told.append(f"killed by {signal.Signals(-code).name}")
    elif code:
        told.append(said)
    return "; ".join(told)


def mended(corpus: Path, directory: Path) -> str:
    """What is wrong after the next run: the index must be whole, and hold nothing deleted."""
    code, said = forked(lambda: build(corpus, directory))
    if code or said:
        return f"the next run failed: {code} {said}"
    if faults := verify_index(directory):
        return f"the next run left faults: {faults[0]}"
    hidden = [path.name for path in directory.glob(".*")]
    return f"the next run left {hidden}" if hidden else traces(corpus, directory)


def traces(corpus: Path, directory: Path) -> str:
    """Whether a deleted document is still somewhere in the index folder."""
    if (corpus / "secret.txt").exists():
        return ""
    files = [path for path in directory.rglob("*") if path.is_file()]
    found = [path.name for path in files if SECRET.encode() in path.read_bytes()]
    return f"the deleted text is in {found}" if found else ""


def qa(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """The command, started."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, "-m", "qa", *map(str, arguments)]
    started: subprocess.Popen[str] = subprocess.Popen(  # type: ignore[call-overload]
        command, text=True, **{**streams, **options}
    )
    return started


@contextlib.contextmanager
def disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of so many kilobytes."""
    if os.geteuid():
        raise SkipError("needs root")
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        raise SkipError("no file system can be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


# --- The index -----------------------------------------------------------------------------------


def kills(ground: Ground) -> Iterator[Try]:
    """kill -9 of a writer at random moments: no state is unreadable, no finished update is lost."""
    corpus, directory = write_corpus(ground.folder / "corpus"), ground.folder / "index"
    acknowledged = ground.folder / "acknowledged"
    acknowledged.write_text("0")
    (corpus / "neuf.txt").write_text("Version 0.", "utf-8")
    build(corpus, directory)

    def write_for_ever() -> None:
        for number in range(int(acknowledged.read_text()) + 1, 1_000_000):
            (corpus / "neuf.txt").write_text(f"Version {number}.", "utf-8")
            build(corpus, directory)
            draft = acknowledged.with_suffix(".draft")
            draft.write_text(str(number))
            draft.replace(acknowledged)

    while ground.more():
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                write_for_ever()
            os._exit(99)
        delay = ground.chance.uniform(0.0, 0.8)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        fault = ""
        try:
            index = open_index(directory)
            version = int(index.document("neuf.txt").text.strip("Version ."))
            fault = index.warning or ""
            if version < int(acknowledged.read_text()):
                fault = f"update {acknowledged.read_text()} was finished and is lost"
            index.close()
        except (QAError, ValueError) as error:
            fault = str(error)
        yield Try(f"kill after {delay:.2f} s", fault or "; ".join(verify_index(directory)))
    (corpus / "secret.txt").unlink()
    yield Try("the next run", mended(corpus, directory))


# What Python tells of before it is done, of files; fsync is added by hand.
_STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "sqlite3.connect"}


def steps(ground: Ground) -> Iterator[Try]:
    """A writer that is killed before each of its steps: the old index or the new one, whole."""
    corpus = write_corpus(ground.folder / "corpus", 4)
    old = ground.folder / "old"
    build(corpus, old)
    before = set(open_index(old).store.document_digests())
    (corpus / "secret.txt").unlink()
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    after = before - {"secret.txt"} | {"neuf.txt"}

    def killed_at(step: int, directory: Path) -> None:
        done = 0

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal done
            opened = event == "open" and bool({"w", "a", "x"} & set(str(arguments[1])))
            if event in _STEPS or opened:
                done += 1
                if done == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        whole = os.fsync

        def fsync(descriptor: Any) -> None:
            count("os.chmod", ())
            whole(descriptor)

        os.fsync = fsync  # type: ignore[assignment]
        sys.addaudithook(count)
        build(corpus, directory)

    for first in (False, True):
        step = 0
        while True:
            step += 1
            directory = ground.folder / "index"
            shutil.rmtree(directory, ignore_errors=True)
            if not first:
                shutil.copytree(old, directory)
            code, said = forked(lambda step=step, at=directory: killed_at(step, at))  # type: ignore[misc]
            what = f"{'first build' if first else 'update'}, step {step}"
            if code == 0 and not said:
                break
            if code != -signal.SIGKILL:
                yield Try(what, f"{code} {said}")
                continue
            fault = ""
            if not first or generations_to_try(directory):
                index = open_index(directory)
                found = set(index.store.document_digests())
                index.close()
                if found != after and (first or found != before):
                    fault = f"neither the old nor the new index: {sorted(found)}"
                elif index.warning and not first:
                    fault = index.warning
            yield Try(what, fault or mended(corpus, directory))


def damage(ground: Ground) -> Iterator[Try]:
    """Bytes changed, files cut, emptied, missing or replaced: found before anything reads them."""
    corpus, whole = write_corpus(ground.folder / "corpus"), ground.folder / "whole"
    build(corpus, whole)
    right = answers(whole)
    directory = ground.folder / "index"
    names = [path.relative_to(whole) for path in whole.rglob("*") if path.is_file()]
    names = sorted(name for name in names if name.suffix != ".lock" and name.name != "LOCK")
    kinds = ["flip"] * 6 + ["cut", "one byte less", "empty", "missing", "folder", "more", "random"]
    blows = [(name, kind) for kind in kinds for name in names]
    while ground.more() and blows:
        name, kind = blows.pop(ground.chance.randrange(len(blows)))
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(whole, directory)
        path = directory / name
        content = bytearray(path.read_bytes())
        if kind == "flip" and content:
            content[ground.chance.randrange(len(content))] ^= 1 << ground.chance.randrange(8)
        elif kind == "cut":
            del content[len(content) // 2 :]
        elif kind == "one byte less":
            del content[-1:]
        elif kind == "empty":
            content.clear()
        elif kind == "more":
            content += b"\0"
        elif kind == "random":
            content[:] = ground.chance.randbytes(len(content))
        path.write_bytes(content)
        if kind in {"missing", "folder"}:
            path.unlink()
        if kind == "folder":
            path.mkdir()
        what = f"{name}: {kind}"
        fault = asked(directory, right)
        yield Try(what, fault or mended(corpus, directory))


def cuts(ground: Ground) -> Iterator[Try]:
    """Each file cut short under an index that is open: its answers stay right, or are refused."""
    text = " ".join(f"mot{n} chose{n * n}" for n in range(20_000))
    corpus, whole = write_corpus(ground.folder / "corpus"), ground.folder / "whole"
    (corpus / "long.txt").write_text(text, "utf-8")
    build(corpus, whole)
    right = answers(whole)
    names = sorted(path.relative_to(whole) for path in whole.glob("gen-*/**/*") if path.is_file())
    for name in names:
        for share in (0.0, 0.5, 0.95):
            directory = ground.folder / "index"
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(whole, directory)

            def ask(at: Path = directory, name: Path = name, share: float = share) -> None:
                path = at / name
                assistant = Assistant(open_index(at), WordEmbedder())
                time.sleep(0.3)  # tantivy looks at its files once more just after it opened them
                os.truncate(path, int(path.stat().st_size * share))
                time.sleep(0.02)
                for _ in range(2):
                    with contextlib.suppress(QAError):
                        hits = assistant.search(QUESTION, limit=5)
                        found = [f"{h.passage.document_id} {h.passage.text}" for h in hits]
                        if found != right:
                            raise AssertionError("another answer, without a word")

            code, said = forked(ask)
            yield Try(f"{name} cut to {share:.0%}", f"{code} {said}" if code else "")


def disks(ground: Ground) -> Iterator[Try]:
    """Full disks of many sizes, at the first build and at an update: one line, nothing left."""
    corpus = write_corpus(ground.folder / "corpus", 150)
    place = ground.folder / "disk"
    size = 24
    while ground.more():
        with disk(place, size) as mounted:
            directory = mounted / "index"
            code, said = _index(corpus, directory)
            left = {path.name for path in directory.iterdir()} if directory.exists() else set()
            yield Try(f"first build on {size} kB", _full(code, said, left - {"LOCK"}))
        if code == 0:
            break
        size = int(size * 1.25) + 8
    for free in (4, 16, 64, 128, 256, 384, 512, 640, 768, 1_024, 1_536, 2_048):
        with disk(place, 40_000) as mounted:
            directory = mounted / "index"
            _index(corpus, directory)
            kept = {path.name for path in directory.iterdir()}
            (corpus / "neuf.txt").write_text("Un texte neuf. " * 40 * free, "utf-8")
            found = os.statvfs(mounted)
            (mounted / "filler").write_bytes(b"0" * (found.f_bavail * found.f_frsize - 1024 * free))
            code, said = _index(corpus, directory)
            names = {path.name for path in directory.iterdir()}
            fault = _full(code, said, names - kept if code else set())
            yield Try(f"update with {free} kB free", fault or "; ".join(verify_index(directory)))


def _index(corpus: Path, directory: Path) -> tuple[int, str]:
    process = qa("index", corpus, "--index", directory)
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def _full(code: int, said: str, left: set[str]) -> str:
    if code == 0:
        return f"ended well, but said {said!r}" if said else ""
    if code != 1 or said.count("\n") != 1 or "cannot be written" not in said:
        return f"ended with {code}: {said!r}"
    return f"left {sorted(left)}" if left else ""


def rights(ground: Ground) -> Iterator[Try]:
    """Rights taken away, another user, read-only file systems, no temporary folder."""
    if os.geteuid():
        raise SkipError("needs root")
    ground.folder.chmod(0o755)
    corpus, directory = write_corpus(ground.folder / "corpus"), ground.folder / "index"
    os.umask(0o022)
    build(corpus, directory)
    right = answers(directory)
    open_embedder()  # what is imported, another user need not find

    def as_nobody(temporary: str | None = None) -> str:
        def ask() -> None:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            if temporary is not None:
                tempfile.tempdir = temporary
            if answers(directory) != right:
                raise AssertionError("another answer, without a word")

        code, said = forked(ask)
        return f"{code} {said}" if code or said else ""

    yield Try("another user", as_nobody())
    yield Try("another user, no temporary folder", as_nobody("/nonexistent"))
    for path in [directory, *sorted(directory.rglob("*"))]:
        if path.suffix == ".lock" or path.name == "LOCK":
            continue
        mode = path.stat().st_mode
        path.chmod(0)
        said = as_nobody()
        path.chmod(mode)
        wrong = not said.startswith("0 ") or "may not be read" not in said or "damaged" in said
        needed = not path.name.endswith((".json", ".lock")) or path.name != ".managed.json"
        yield Try(f"no right to {path.name}", said if wrong and needed else "")
    for kind in ("asked", "written"):
        with disk(ground.folder / "disk", 20_000) as mounted:
            shutil.copytree(directory, mounted / "index")
            subprocess.run(["mount", "-o", "remount,ro", str(mounted)], check=True)
            if kind == "asked":
                yield Try("a read-only file system is asked", asked(mounted / "index", right))
            else:
                code, said = _index(corpus, mounted / "index")
                fault = "" if (code, said.count("\n")) == (1, 1) else f"{code} {said}"
                yield Try("a read-only file system is written to", fault)


def readers(ground: Ground) -> Iterator[Try]:
    """Eight readers while an index is made anew again and again: none is disturbed."""
    corpus, directory = write_corpus(ground.folder / "corpus"), ground.folder / "index"
    build(corpus, directory)
    reading = []
    for number in range(8):
        child = os.fork()
        if not child:
            reads, fault = 0, ""
            while ground.more() and not fault:
                try:
                    answers(directory)
                    reads += 1
                except BaseException as error:
                    fault = f"{type(error).__name__}: {error}"
            (ground.folder / f"reader-{number}").write_text(json.dumps([reads, fault]), "utf-8")
            os._exit(0)
        reading.append(child)
    rebuilt = 0
    while ground.more():
        (corpus / "neuf.txt").write_text(f"Version {rebuilt}.", "utf-8")
        code, said = forked(lambda: build(corpus, directory))
        if code or said:
            yield Try(f"rebuild {rebuilt}", f"{code} {said}")
        rebuilt += 1
    for number, child in enumerate(reading):
        os.waitpid(child, 0)
        reads, fault = json.loads((ground.folder / f"reader-{number}").read_text("utf-8"))
        yield Try(f"reader {number}: {reads} reads, {rebuilt} rebuilds", fault)


def hostile(ground: Ground) -> Iterator[Try]:
    """Other people's files in the index folder, and documents that are made to do harm."""
    corpus, directory = write_corpus(ground.folder / "corpus"), ground.folder / "index"
    own = ["gen-ealogie/a", ".embedded-notes", ".staging-mine/b", "gen-20200101T000000Z-0123abcd/c"]
    for name in own:
        place = ground.folder / "own" / name.partition("/")[0]
        (place / name).parent.mkdir(parents=True)
        (place / name).write_text("à garder", "utf-8")
        code, said = forked(lambda place=place: build(corpus, place))  # type: ignore[misc]
        kept = (place / name).read_text("utf-8") == "à garder" and "no index and not empty" in said
        yield Try(f"an index in a folder with {name}", "" if kept else f"{code} {said}")
    build(corpus, directory)
    for name in own:
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text("à garder", "utf-8")
    for version in range(3):
        (corpus / "neuf.txt").write_text(f"Version {version}.", "utf-8")
        build(corpus, directory)
    lost = [name for name in own if not (directory / name).is_file()]
    yield Try("other people's files in an index, three updates", f"lost {lost}" if lost else "")
    shutil.rmtree(directory)

    (corpus / "ajouts").mkdir()
    forged = [{"id": f"{n:03}.txt", "text": "Contrefaçon."} for n in range(5)]
    (corpus / "ajouts" / "faux.jsonl").write_text("\n".join(map(json.dumps, forged)), "utf-8")
    build(corpus, directory)
    index = open_index(directory)
    taken = [line["id"] for line in forged if index.document(line["id"]).text == "Contrefaçon."]
    yield Try("documents forged in an addition", f"taken: {taken}" if taken else "")
    index.close()

    lines = "".join(f'{{"id":{n},"text":"m"}}\n' for n in range(300_000))
    (corpus / "ajouts" / "grand.jsonl.gz").write_bytes(gzip.compress(lines.encode(), 9))
    build(corpus, directory)
    made = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    yield Try("300,000 documents in one addition", "" if made < 5e8 else f"{made / 1e6:.0f} MB")
    shutil.rmtree(corpus / "ajouts")

    for raw in (b"caf\xe8.txt", b"caf\xe9.txt"):
        Path(os.fsdecode(os.fsencode(corpus) + b"/" + raw)).write_text(f"Texte {raw!r}.", "utf-8")
    time.sleep(0.1)
    reports = [update_index(corpus, directory, WordEmbedder()) for _ in range(3)]
    stable = not reports[-1].published and reports[0].skipped == reports[-1].skipped
    yield Try("names that are written alike", "" if stable else f"{reports[-1].skipped}")

    pipe = ground.folder / "pipe"
    os.mkfifo(pipe)
    for given in (pipe, Path("/dev/zero"), ground.folder / "nowhere"):
        code, said = _index(given, directory)
        right = (code, said.count("\n")) == (1, 1)
        yield Try(f"{given.name} as the corpus", "" if right else f"{code} {said}")
    subprocess.run(["mkdir", "-p", "/".join("a" * 1_500)], cwd=corpus, check=True)
    code, said = forked(lambda: build(corpus, directory))
    yield Try("folders 1,500 deep", f"{code} {said}" if code or said else "")
    subprocess.run(["rm", "-rf", str(corpus)], check=True)


# --- The command line ----------------------------------------------------------------------------


def interruptions(ground: Ground) -> Iterator[Try]:
    """Ctrl-C at random moments of commands, their first imports included: no traceback."""
    corpus, directory = write_corpus(ground.folder / "corpus", 60), ground.folder / "index"
    _index(corpus, directory)
    commands = [("ask", QUESTION), ("index", corpus), ("status",), ("search", "pont"), ("chat",)]
    # Python's own start, in which nobody could catch it, is measured and left alone.
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    start = 1.5 * (time.monotonic() - began)
    ours = str(Path(sys.modules["qa"].__file__ or "").parent)
    while ground.more():
        (corpus / "neuf.txt").write_text(str(ground.chance.random()), "utf-8")
        command = ground.chance.choice(commands)
        process = qa(*command, "--index", directory, stdin=subprocess.PIPE)
        delay = start + ground.chance.expovariate(2)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        if process.returncode == -signal.SIGINT and ours not in said:
            continue  # it was still starting
        fault = "" if process.returncode in {0, 130} else f"ended with {process.returncode}: "
        fault += said if "Traceback" in said or "Error" in said else ""
        yield Try(f"{command[0]} after {delay:.2f} s", fault)
    (corpus / "secret.txt").unlink()
    yield Try("the next run", _index(corpus, directory)[1] or "; ".join(verify_index(directory)))


def commands(ground: Ground) -> Iterator[Try]:
    """Files and outputs that no command can use: each ends in one line, never in a traceback."""
    corpus, directory = write_corpus(ground.folder / "corpus"), ground.folder / "index"
    _index(corpus, directory)
    deep = ground.folder / "deep.jsonl"
    deep.write_text('{"id": "a", "question": ' + "[" * 200_000, "utf-8")
    odd = ground.folder / "odd.json"
    citation = {"marker": 1, "document_id": "\ud800", "start": 0, "end": 1, "quote": "x"}
    odd.write_text(json.dumps({"status": "answered", "citations": [citation]}), "utf-8")
    tries: list[tuple[str, tuple[object, ...], int]] = [
        ("a batch nested deeply", ("ask", "--batch", deep), 1),
        ("a saved answer nested deeply", ("verify", "--answer", deep), 1),
        ("answers nested deeply", ("eval", "--answers", deep), 1),
        ("conversations nested deeply", ("eval", "--conversations", deep), 1),
        ("questions of a calibration nested deeply", ("calibrate", "--questions", deep), 1),
        ("a surrogate as an id", ("verify", "--answer", odd), 1),
        ("an empty question", ("ask", ""), 1),
    ]
    for what, command, expected in tries:
        process = qa(*command, "--index", directory)
        out, said = process.communicate(timeout=60)
        right = process.returncode == expected and "Traceback" not in out + said
        yield Try(what, "" if right else f"{process.returncode} {said}")
    for command in (("status",), ("ask", QUESTION), ("verify", "--json"), ("index", corpus)):
        with Path("/dev/full").open("w") as full:
            process = qa(*command, "--index", directory, stdout=full)
            _, said = process.communicate(timeout=60)
        right = process.returncode == 1 and said.count("\n") == 1
        yield Try(f"{command[0]} to a full disk", "" if right else f"{process.returncode} {said}")


# --- The web server ------------------------------------------------------------------------------


@contextlib.contextmanager
def served(ground: Ground, *options: object) -> Iterator[int]:
    """The chat of a small index at a port of its own."""
    corpus, directory = write_corpus(ground.folder / "corpus", 60), ground.folder / "index"
    _index(corpus, directory)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = qa("serve", "--index", directory, "--port", port, *options, stderr=None)
    try:
        assert server.stdout is not None
        server.stdout.readline()  # tells the address once the page answers
        yield port
    finally:
        server.kill()
        server.wait()


def sent(port: int, message: bytes, seconds: float = 20) -> tuple[int, bytes]:
    """The status (0 without an answer) and the body that come back for some bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(message)
        with contextlib.suppress(http.client.HTTPException, OSError):
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, answer.read()
    return 0, b""


def request(port: int, way: str, body: object = None, *fields: str) -> tuple[int, bytes]:
    """The answer to a request; ``way`` is its method and path, ``fields`` go into its head."""
    content = b"" if body is None else json.dumps(body).encode()
    own = [] if any(field.startswith("Host:") for field in fields) else [f"Host: 127.0.0.1:{port}"]
    kind = ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    head = "\r\n".join([f"{way} HTTP/1.1", *own, *kind, "Connection: close", *fields])
    return sent(port, head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + content)


def requests(ground: Ground) -> Iterator[Try]:
    """Files, addresses, foreign origins, malformed requests: refused, and nothing else happens."""
    secret = ground.folder / "secret.txt"
    secret.write_text(SECRET, "utf-8")
    asking: list[tuple[str, str, object, set[int]]] = []
    for place in (secret, "/dev/zero", ground.folder / "nowhere", "http://127.0.0.1:9/a"):
        file = {"path": str(place), "meta": {"_type": "gradio.FileData"}}
        call = {"data": [file, 5, "hybrid", "normal", ""], "fn_index": 7, "session_hash": "s"}
        asking += [
            (f"{place} to {path}", f"POST /gradio_api/{path}", call, {404, 422})
            for path in ("call/answer", "run/predict", "queue/join", "api/answer", "run/answer")
        ]
        named = {"question": file}
        asking.append((f"{place} by name", "POST /gradio_api/call/v2/answer", named, {422}))
        asking += [
            (f"GET {path}", f"GET {path}", None, {404})
            for path in (f"/gradio_api/file={place}", f"/static/../..{place}", f"/file={place}")
        ]
    with served(ground) as port:
        for what, way, body, right in asking:
            status, answer = request(port, way, body)
            fault = "" if status in right else f"{status} {answer[:80]!r}"
            yield Try(what, "the file was read" if SECRET.encode() in answer else fault)
        for field, expected in (
            (f"Origin: http://127.0.0.1:{port + 1}", 403),
            (f"Origin: https://127.0.0.1:{port}", 403),
            ("Origin: null", 403),
            ("Host: un-site.example", 400),
            (f"Origin: http://127.0.0.1:{port}", 200),
            ("X-Forwarded-Host: un-site.example", 200),
            ("X-Gradio-Server: http://un-site.example", 200),
        ):
            status, answer = request(port, "GET /config", None, field)
            fault = "" if status == expected else f"{status}"
            yield Try(field, "it is in the page" if b"un-site" in answer else fault)
        good = {"data": [QUESTION, 1, "hybrid", "normal", ""]}
        while ground.more():
            body = bytearray(json.dumps(good).encode())
            for _ in range(ground.chance.randrange(1, 6)):
                body[ground.chance.randrange(len(body))] = ground.chance.randrange(256)
            message = (
                b"POST /gradio_api/call/answer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            )
            message += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            whole = bytearray(message + body)
            if ground.chance.random() < 0.5:
                whole[ground.chance.randrange(len(message))] = ground.chance.randrange(256)
            status, answer = sent(port, bytes(whole))
            yield Try(f"{bytes(whole)!r}", f"{status} {answer!r}" if status == 500 else "")
            time.sleep(0.1)
        upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")
        status, _ = request(port, "GET /gradio_api/queue/data", None, *upgrade)
        yield Try("an upgrade to WebSocket", "500" if status == 500 else "")
        status, answer = request(port, "POST /gradio_api/call/answer", good)
        yield Try("a question after all that", "" if b"event_id" in answer else f"{status}")


def users(ground: Ground) -> Iterator[Try]:
    """Fifty users at once: each gets the answer to its own question, or is told to come back."""
    seconds: list[float] = []

    def ask(port: int, user: int) -> list[Try]:
        done = []
        while ground.more():
            number = user % 12
            question = f"De quelle rivière parle le texte numéro {number} ?"
            began = time.monotonic()
            called = {"data": [question, 1, "hybrid", "low", ""]}
            status, told = request(port, "POST /gradio_api/call/answer", called)
            fault = ""
            if status == 200:
                name = json.loads(told)["event_id"]
                _, told = request(port, f"GET /gradio_api/call/answer/{name}")
                heard = json.loads(told.decode().partition("data: ")[2])[0]["question"]
                fault = "" if heard == question else f"the answer to {heard!r}"
                seconds.append(time.monotonic() - began)
            elif status not in {429, 503}:
                fault = f"{status} {told!r}"
            done.append(Try(f"user {user}", fault))
            time.sleep(2)
        return done

    with served(ground) as port, ThreadPoolExecutor(50) as pool:
        for tries in pool.map(lambda user: ask(port, user), range(50)):
            yield from tries
        slow = sorted(seconds)[int(len(seconds) * 0.95)] if seconds else 0.0
        print(f"    users: {len(seconds)} answers, 95 % of them in less than {slow:.2f} s")


# What there is, and its share of the time.
CAMPAIGNS: dict[str, tuple[Campaign, float]] = {
    "kills": (kills, 0.16),
    "steps": (steps, 0.0),
    "damage": (damage, 0.16),
    "cuts": (cuts, 0.0),
    "disks": (disks, 0.14),
    "rights": (rights, 0.0),
    "readers": (readers, 0.1),
    "hostile": (hostile, 0.0),
    "interruptions": (interruptions, 0.1),
    "commands": (commands, 0.0),
    "requests": (requests, 0.08),
    "users": (users, 0.12),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="campaigns, between commas")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else list(CAMPAIGNS)
    wrong: list[str] = []
    told: Counter[str] = Counter()
    print(f"{'campaign':14} {'tries':>6} {'wrong':>6} {'seconds':>8}  what is promised")
    for name in chosen:
        campaign, share = CAMPAIGNS[name]
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="qa-faults-") as folder:
            chance = random.Random(options.seed + zlib.crc32(name.encode()))
            ground = Ground(Path(folder), chance, began + 60 * options.minutes * share)
            tries = faults = 0
            left_out = ""
            try:
                for tried in campaign(ground):
                    tries += 1
                    faults += bool(tried.fault)
                    if tried.fault:
                        wrong.append(f"{name}: {tried.what}: {tried.fault}")
            except SkipError as reason:
                left_out = f" (left out from here: {reason})"
        told["tries"] += tries
        promised = (campaign.__doc__ or "").splitlines()[0] + left_out
        seconds = time.monotonic() - began
        print(f"{name:14} {tries:>6} {faults:>6} {seconds:>8.0f}  {promised}", flush=True)
    print(f"{'all':14} {told['tries']:>6} {len(wrong):>6}")
    print(*wrong, sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
