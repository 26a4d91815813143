"""Measure the web chat as its readers meet it: the first page, an answer, ten readers at once.

    python benchmarks/web.py --index INDEX --questions FILE [--users 10]

INDEX is best one of 10,000 passages (``benchmarks/speed.py`` tells how such a collection is made);
FILE holds {"text"} lines, gzipped or not. Chromium and chromedriver are needed.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

PORT = 7868
# Types a question and presses Enter; done when the answer has been painted.
ASK = """
const [question, done] = arguments;
const field = document.querySelector("#box textarea");
const before = document.querySelectorAll(".turn").length;
const prototype = Object.getPrototypeOf(field);
Object.getOwnPropertyDescriptor(prototype, "value").set.call(field, question);
field.dispatchEvent(new Event("input", {bubbles: true}));
setTimeout(() => {
  const began = performance.now();
  const observer = new MutationObserver(() => {
    if (document.querySelectorAll(".turn").length <= before) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  observer.observe(document.querySelector("#log"), {childList: true, subtree: true});
  const enter = {key: "Enter", bubbles: true, cancelable: true};
  field.dispatchEvent(new KeyboardEvent("keypress", enter));
}, 100);
"""
# The page that is usable: its script has run and the box has the focus.
USABLE = "return document.activeElement?.matches('#box textarea') && !!window.sourcier"


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors so far, whoever else used them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(index: Path) -> Iterator[tuple[float, int]]:
    """A chat that runs; yields the seconds until it told its address, and its process."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port", str(PORT)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield time.perf_counter() - began, process.pid
    finally:
        process.terminate()
        process.wait()


def open_browser() -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    driver.set_script_timeout(60)
    return driver


def until_usable(driver: Any) -> float:
    began = time.perf_counter()
    driver.get(f"http://127.0.0.1:{PORT}/")
    while not driver.execute_script(USABLE):
        time.sleep(0.005)
    return time.perf_counter() - began


class Reader:
    """A page's own requests, without the page: join the queue, then read its events."""

    def __init__(self, function: int, identity: int):
        self._function, self._identity = function, identity
        self._session = secrets.token_hex(6)

    def ask(self, question: str) -> float:
        """Seconds until the answer has come."""
        began = time.perf_counter()
        asked = {
            "data": [question, None, 5, "hybrid", "normal"],
            "event_data": None,
            "fn_index": self._function,
            "trigger_id": self._identity,
            "session_hash": self._session,
        }
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        headers = {"content-type": "application/json"}
        connection.request("POST", "/gradio_api/queue/join", json.dumps(asked), headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {answer.read().decode()}")
        answer.read()
        connection.request("GET", f"/gradio_api/queue/data?session_hash={self._session}")
        for line in connection.getresponse():
            if b"process_completed" in line:
                if b'"success":true' not in line.replace(b" ", b""):
                    raise RuntimeError(line.decode())
                break
        seconds = time.perf_counter() - began
        connection.close()
        return seconds


def asking_function() -> tuple[int, int]:
    """The number of the function that answers the page, and of the box that asks it."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("GET", "/config")
    config = json.loads(connection.getresponse().read())
    connection.close()
    box = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "box")
    asks = (d["id"] for d in config["dependencies"] if [box, "submit"] in d["targets"])
    return next(asks), box


def readers_at_once(users: int, questions: list[str], each: int = 20) -> list[float]:
    function, identity = asking_function()
    times: list[float] = []

    def use(number: int) -> None:
        reader = Reader(function, identity)
        asked = (questions[(number * each + turn) % len(questions)] for turn in range(each))
        times.extend(map(reader.ask, asked))

    threads = [threading.Thread(target=use, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def told(seconds: list[float]) -> str:
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(seconds)} times)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--users", type=int, default=10)
    options = parser.parse_args()
    opened = gzip.open if options.questions.suffix == ".gz" else open
    with opened(options.questions, "rt", encoding="utf-8") as file:
        questions = [json.loads(line)["text"] for line in file][:300]

    driver = open_browser()
    try:
        with serving(options.index) as (ready, pid):
            print(f"address told after      {ready:.1f} s")
            print(f"page usable after that  {until_usable(driver):.2f} s")
            again = [until_usable(driver) for _ in range(5)]
            print(f"page opened again       {told(again)}")
            answers: list[float] = []
            for start in range(0, 40, 10):
                until_usable(driver)
                driver.execute_script("sessionStorage.clear()")
                until_usable(driver)
                answers.extend(
                    driver.execute_async_script(ASK, question) / 1000
                    for question in questions[start : start + 10]
                )
            print(f"Enter to answer shown   {told(answers)}")
            driver.get("about:blank")
            one = readers_at_once(1, questions)
            print(f"one reader's requests   {told(one)}")
            used = processor_seconds(pid)
            many = readers_at_once(options.users, questions)
            print(f"{options.users} readers at once      {told(many)}")
            each = 1000 * (processor_seconds(pid) - used) / len(many)
            print(f"processor time of one   {each:.0f} ms")
    finally:
        driver.quit()


if __name__ == "__main__":
    main()
