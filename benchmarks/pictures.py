"""Make the pictures of the README: the real pages, in a real Chromium, light, dark and phone.

    python benchmarks/pictures.py           # or: make pictures
    python benchmarks/pictures.py asking    # one of them: asking, answer, phone or evaluation

Serves the demonstration corpus with its test questions from a folder of its own, and writes small
WebP files into ``docs/pictures``. ``asking`` moves: a question, its source, a follow-up.
"""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
QUESTION, FOLLOW_UP = "Qui a tué Trotsky ?", "Où est-il mort ?"
LARGEST, LARGEST_MOVING = 150_000, 400_000  # bytes of a picture
DESK, PHONE, MOVING = (1280, 800), (375, 740), (1080, 675)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a chat that answers from ``corpus/`` and offers our test questions."""
    from qa.embedding import open_embedder
    from qa.index import update_index

    update_index(ROOT / "corpus", folder / "index", open_embedder())
    sets = folder / "sets"
    sets.mkdir()
    for name in ("questions.jsonl", "conversations.jsonl"):
        shutil.copy(ROOT / "tests" / "data" / name, sets)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "qa.cli", "serve", "--index", str(folder / "index")]
    command += ["--datasets", str(sets), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def chromium() -> Any:
    from selenium import webdriver

    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if None in programs.values():
        raise SystemExit("pictures need chromium and chromedriver: make browser")
    options = webdriver.ChromeOptions()
    options.binary_location = programs["chromium"]
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--force-prefers-reduced-motion")
    return webdriver.Chrome(
        options=options, service=webdriver.ChromeService(programs["chromedriver"])
    )


class Camera:
    """A browser that waits for what it is to see."""

    def __init__(self, driver: Any):
        self.driver = driver
        self.frames: list[tuple[Image.Image, int]] = []

    def see(self, selector: str, seconds: float = 120) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.driver.find_elements("css selector", selector)
            shown = [element for element in found if element.is_displayed()]
            if shown:
                return shown[0]
            time.sleep(0.1)
        raise SystemExit(f"not seen: {selector}")

    def look(self, scheme: str, size: tuple[int, int]) -> None:
        """Set what the reader's device is: its scheme of colours, its size."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": size[0],
                "height": size[1],
                "deviceScaleFactor": 1.5 if size == PHONE else 1,
                "mobile": size == PHONE,
            },
        )

    def frame(self, milliseconds: int, rest: float = 0.0) -> None:
        """One more picture of those that are shown after each other."""
        time.sleep(rest)
        picture = Image.open(io.BytesIO(self.driver.get_screenshot_as_png()))
        self.frames.append((picture.convert("RGB"), milliseconds))

    def take(self, name: str) -> None:
        """Keep what is seen, after what was kept of the way to it."""
        self.frame(4000, rest=1)  # scrolling and the cursor come to rest
        pictures, times = zip(*self.frames, strict=True)
        path = PICTURES / f"{name}.webp"
        moving = {"save_all": True, "append_images": pictures[1:], "duration": times, "loop": 0}
        pictures[0].save(path, quality=82, method=6, **moving if len(pictures) > 1 else {})
        limit = LARGEST_MOVING if len(pictures) > 1 else LARGEST
        if path.stat().st_size > limit:
            raise SystemExit(f"{path} is larger than {limit} bytes")
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB")


def answer(camera: Camera, url: str, *, source: bool) -> None:
    camera.driver.get(url)
    camera.see("#box textarea").send_keys(QUESTION)
    camera.see("#send").click()
    citation = camera.see(".cit")
    if source:
        citation.click()
        camera.see("#cited")


def asking(camera: Camera, url: str) -> None:
    def ask(question: str) -> None:
        box = camera.see("#box textarea")
        for start in range(0, len(question), 4):
            box.send_keys(question[start : start + 4])
            camera.frame(160)
        camera.see("#send").click()

    camera.driver.get(url)
    camera.see(".example")
    camera.frame(1200, rest=1)
    ask(QUESTION)
    citation = camera.see(".cit")
    camera.frame(2500, rest=1)
    citation.click()
    camera.see("#cited")
    camera.frame(3500, rest=1)
    ask(FOLLOW_UP)
    camera.see("#turn-1 .cit")


def evaluation(camera: Camera, url: str) -> None:
    camera.driver.get(url)
    camera.see("#tabs")
    tabs = camera.driver.find_elements("css selector", "#tabs [role=tab]")
    next(tab for tab in tabs if tab.text == "Évaluation").click()
    camera.see("table.sets")
    if not camera.driver.find_elements("css selector", ".report"):
        camera.see("[data-action='evaluate'][data-name='questions.jsonl']").click()
        camera.see(".report")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    shots: dict[str, tuple[Callable[[Camera, str], None], tuple[int, int]]] = {
        "asking": (asking, MOVING),
        "answer": (lambda camera, url: answer(camera, url, source=True), DESK),
        "evaluation": (evaluation, DESK),
        "phone": (lambda camera, url: answer(camera, url, source=False), PHONE),
    }
    wanted = sys.argv[1:] or list(shots)
    with tempfile.TemporaryDirectory() as temporary, server(Path(temporary)) as url:
        for scheme in ("light", "dark"):
            for name in wanted:
                prepare, size = shots[name]
                driver = chromium()  # a new one, which remembers nothing
                try:
                    camera = Camera(driver)
                    camera.look(scheme, size)
                    prepare(camera, url)
                    camera.take(f"{name}-{scheme}")
                finally:
                    driver.quit()


if __name__ == "__main__":
    main()
