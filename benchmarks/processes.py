"""Many readers of several `qa serve` on one index: what they wait, what goes wrong, what is shared.

    python benchmarks/processes.py --index INDEX --questions FILE [--users 50] [--processes 1 2]

Each reader asks one process alone, as behind a proxy that keeps readers apart, one question after
the other. Refusals because a queue is full are counted, and any other fault is told. Memory is that
of all processes together, what they share counted once (Linux, PSS).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

PORT = 7871  # of the first; the others follow
FULL = {429, 503}


@contextmanager
def serving(index: Path, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    command = [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port"]
    processes = [
        subprocess.Popen([*command, str(PORT + number)], stdout=subprocess.PIPE)
        for number in range(count)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        yield processes
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def ask(port: int, question: str) -> str:
    """``answered``, or that the queue was full."""
    url = f"http://127.0.0.1:{port}/gradio_api/call/answer"
    data = json.dumps({"data": [question, 5, "hybrid", "normal", ""]}).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as response:
            event = json.loads(response.read())["event_id"]
        with urllib.request.urlopen(f"{url}/{event}", timeout=300) as response:
            told = response.read().decode()
    except urllib.error.HTTPError as error:
        if error.code not in FULL:
            raise
        return "queue full"
    if "event: complete" not in told:
        raise RuntimeError(told[:300])
    return "answered"


def use(users: int, processes: int, questions: Sequence[str], each: int) -> None:
    times: list[float] = []
    outcomes: Counter[str] = Counter()

    def read(number: int) -> None:
        for turn in range(each):
            began = time.perf_counter()
            try:
                outcome = ask(
                    PORT + number % processes, questions[(number * each + turn) % len(questions)]
                )
            except Exception as error:
                outcome = f"fault: {error!r}"
            outcomes[outcome] += 1
            times.append(1000 * (time.perf_counter() - began))

    began = time.perf_counter()
    threads = [threading.Thread(target=read, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p50, p95 = np.percentile(times, [50, 95])
    rate = len(times) / (time.perf_counter() - began)
    print(f"  {users} readers: p50 {p50:.0f} ms, p95 {p95:.0f} ms, {rate:.1f} a second", flush=True)
    print(f"  {dict(outcomes)}")


def memory(process: subprocess.Popen[bytes]) -> int:
    """Megabytes of a process, its part of what it shares with others."""
    told = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", told, re.MULTILINE)
    assert found is not None
    return int(found.group(1)) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--each", type=int, default=4, help="questions of a reader")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    opened = gzip.open if options.questions.suffix == ".gz" else open
    with opened(options.questions, "rt", encoding="utf-8") as file:
        questions = [json.loads(line)["text"] for line in file][:300]
    for count in options.processes:
        with serving(options.index, count) as processes:
            print(f"{count} processes")
            use(options.users, count, questions, options.each)
            print(f"  {sum(map(memory, processes))} MB together", flush=True)


if __name__ == "__main__":
    main()
