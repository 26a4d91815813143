"""Strike an index and the command line in every way we know, for some minutes; prints one table.

    python benchmarks/faults.py [--minutes 10] [--seed 1] [--only kills,disks]

Small file systems, other users and read-only folders need root; without it they are left out, and
the table says so. docs/robustness.md tells what is promised. The web server's campaigns go into
``CAMPAIGNS`` too: a campaign gives one ``Try`` after the other until its time is over.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from word_embedder import WordEmbedder

from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.index import candidates, open_index, update_index, verify_index
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
            if not first or candidates(directory):
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
    while ground.more():
        (corpus / "neuf.txt").write_text(str(ground.chance.random()), "utf-8")
        command = ground.chance.choice(commands)
        process = qa(*command, "--index", directory, stdin=subprocess.PIPE)
        delay = start + ground.chance.expovariate(2)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
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


# What there is, and its share of the time. The web server's campaigns are entered here.
CAMPAIGNS: dict[str, tuple[Campaign, float]] = {
    "kills": (kills, 0.22),
    "steps": (steps, 0.0),
    "damage": (damage, 0.2),
    "cuts": (cuts, 0.0),
    "disks": (disks, 0.16),
    "rights": (rights, 0.0),
    "readers": (readers, 0.1),
    "hostile": (hostile, 0.0),
    "interruptions": (interruptions, 0.12),
    "commands": (commands, 0.0),
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
