"""Measure a folder of mixed documents: indexing, memory over time, updates, an interruption.

   python benchmarks/folder.py --data DATA [--documents 2000]

DATA holds ``text/novels.jsonl.gz``, ``text/wikipedia_travel.jsonl.gz`` and
``parallel/python_docs.jsonl.gz``. Each document takes its own paragraphs from them; every tenth has
an English one, every twentieth is a copy of another, and all pages end with the same notice. The
command ``qa index`` runs in a process of its own, whose memory is read from /proc (Linux).
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from formats import docx_file, epub_file, odt_file, pdf_file

NOTICE = (
    "Ce document est mis à la disposition de tous par les archives de la ville. Toute personne "
    "peut le lire, le copier et le transmettre, à la condition de dire d’où il vient et de ne rien "
    "changer à ce qui est écrit ; pour une autre demande, écrire au service des archives."
)


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


# --- A maker a format: title and paragraphs to a file ---


def make_text(path: Path, title: str, paragraphs: Sequence[str]) -> None:
    path.write_text("\n\n".join([title, *paragraphs]) + "\n", "utf-8")


def make_markdown(path: Path, title: str, paragraphs: Sequence[str]) -> None:
    half = len(paragraphs) // 2
    parts = [f"# {title}", *paragraphs[:half], "## Suite", *paragraphs[half:]]
    path.write_text("\n\n".join(parts) + "\n", "utf-8")


def make_page(path: Path, title: str, paragraphs: Sequence[str]) -> None:
    body = "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in paragraphs)
    menu = "".join(f'<li><a href="/{n}">Rubrique {n}</a></li>' for n in range(12))
    path.write_text(
        f"<!DOCTYPE html><html lang='fr'><head><title>{html.escape(title)}</title></head><body>"
        f"<nav><ul>{menu}</ul></nav><main><article><h1>{html.escape(title)}</h1>{body}</article>"
        "</main><footer>Mentions légales - Plan du site - Contact</footer></body></html>",
        "utf-8",
    )


def making(write: Callable[[list[str]], bytes]) -> Callable[[Path, str, Sequence[str]], None]:
    """The maker of a format that ``benchmarks/formats.py`` writes."""

    def make(path: Path, title: str, paragraphs: Sequence[str]) -> None:
        path.write_bytes(write([title, *paragraphs]))

    return make


MAKERS: Mapping[str, Callable[[Path, str, Sequence[str]], None]] = {
    ".txt": make_text,
    ".md": make_markdown,
    ".html": make_page,
    ".docx": making(docx_file),
    ".odt": making(odt_file),
    ".epub": making(epub_file),
    ".pdf": making(pdf_file),
}


def make_folder(data: Path, folder: Path, documents: int) -> None:
    """Write the documents, the formats in turn, a hundred to a subfolder."""
    chance = random.Random(1)
    novels = (row["text"] for row in read_rows(data / "text" / "novels.jsonl.gz"))
    prose = (text for text in novels if 200 < len(text) < 1200)
    travel = [row["text"] for row in read_rows(data / "text" / "wikipedia_travel.jsonl.gz")]
    english = [
        row["en"]
        for row in islice(read_rows(data / "parallel" / "python_docs.jsonl.gz"), 5000)
        if len(row["en"]) > 200
    ]
    suffixes = list(MAKERS)
    written: list[tuple[str, list[str]]] = []
    for number in range(documents):
        if number % 20 == 19:
            title, paragraphs = chance.choice(written)
        else:
            title = f"Dossier {number} des archives"
            own = list(islice(prose, chance.randint(1, 6)))
            paragraphs = own + chance.sample(travel, 0 if own else 3)
            if number % 10 == 3:
                paragraphs.append(chance.choice(english))
            paragraphs.append(NOTICE)
            written.append((title, paragraphs))
        suffix = suffixes[number % len(suffixes)]
        path = folder / f"{number // 100:02}" / f"dossier-{number:04}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        MAKERS[suffix](path, title, paragraphs)


# --- A run in its own process ---


@dataclass(frozen=True)
class Run:
    """Seconds on the clock and of the processor, memory in MB over time, and what was reported."""

    seconds: float
    processor: float
    memory: list[int]
    report: dict[str, object]

    @property
    def tenths(self) -> str:
        """Memory after each tenth of the time."""
        last = len(self.memory) - 1
        return " ".join(str(self.memory[last * tenth // 10]) for tenth in range(1, 11))


def run_index(folder: Path, index: Path, kill_after: float | None = None) -> Run:
    began, spent = time.perf_counter(), processor_seconds()
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "index", str(folder), "--index", str(index), "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    memory: list[int] = []
    while process.poll() is None:
        seconds = time.perf_counter() - began
        if kill_after is not None and seconds > kill_after:
            process.send_signal(signal.SIGKILL)
        status = Path(f"/proc/{process.pid}/status").read_text()
        if found := re.search(r"VmRSS:\s+(\d+)", status):
            memory.append(int(found.group(1)) // 1024)
        time.sleep(0.05 if seconds < 5 else 0.5)
    seconds = time.perf_counter() - began
    out = process.communicate()[0]
    report = json.loads(out) if out else {}
    return Run(seconds, processor_seconds() - spent, memory or [0], report)


def processor_seconds() -> float:
    """Of the processes that were waited for: on a busy machine it tells more than the clock."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=2_000)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        folder, index = Path(temporary) / "folder", Path(temporary) / "index"
        make_folder(options.data, folder, options.documents)
        size = sum(path.stat().st_size for path in folder.rglob("*.*")) / 1e6
        print(f"folder          {options.documents} documents ({', '.join(MAKERS)}), {size:.1f} MB")

        first = run_index(folder, index)
        passages = first.report["passages"]
        assert isinstance(passages, int)
        print(
            f"first run       {first.seconds:.0f} s: {options.documents / first.seconds:.1f} "
            f"documents/s, {passages / first.seconds:.0f} passages/s, {passages} passages"
        )
        print(
            f"                {first.processor:.0f} s of the processor: "
            f"{options.documents / first.processor:.1f} documents/s, "
            f"{passages / first.processor:.0f} passages/s"
        )
        print(f"memory          at most {max(first.memory)} MB; by tenths of the time (MB):")
        print(f"                {first.tenths}")
        repeated = first.report["repeated_documents"]
        assert isinstance(repeated, list)
        print(
            f"told            {first.report['repeated_passages']} passages and {len(repeated)} "
            f"documents repeat others; passages by language: {_languages(first.report)}"
        )

        again = run_index(folder, index)
        _print_update("nothing changed", again)
        changed = next(folder.rglob("*.md"))
        changed.write_text(changed.read_text("utf-8") + "\n\nUne phrase de plus.\n", "utf-8")
        _print_update("one changed", run_index(folder, index))
        (folder / "00").rename(folder / "premiers")
        _print_update("100 moved", run_index(folder, index))
        for path in (folder / "01").iterdir():
            path.unlink()
        _print_update("100 deleted", run_index(folder, index))

        other = Path(temporary) / "interrupted"
        run_index(folder, other, kill_after=first.seconds / 2)
        rest = run_index(folder, other)
        whole = rest.report["passages"]
        print(
            f"interrupted     killed after {first.seconds / 2:.0f} s; the next run took "
            f"{rest.seconds:.0f} s ({rest.processor:.0f} s of the processor): "
            f"{rest.report['read']} files read, "
            f"{rest.report['embedded']} of {whole} passages embedded"
        )


def _languages(report: dict[str, object]) -> str:
    languages = report["languages"]
    assert isinstance(languages, dict)
    return ", ".join(f"{name} {count['passages']}" for name, count in languages.items())


def _print_update(name: str, run: Run) -> None:
    report = run.report
    print(
        f"{name:<15} {run.seconds:.1f} s ({run.processor:.1f} s of the processor): "
        f"{report['read']} files read, {report['embedded']} passages embedded, "
        f"at most {max(run.memory)} MB"
    )


if __name__ == "__main__":
    main()
