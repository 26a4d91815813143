"""Measure the detection of languages: share told right, by length, and time a text.

   apt-get install fortunes-de fortunes-es fortunes-it fortunes-br fortunes-cs
   python benchmarks/languages.py --data DATA [--fortunes /usr/share/games/fortunes]

DATA holds French and English texts (``parallel``, ``retrieval``, ``text``); the other languages are
Debian's collections of quotations.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from qa.index.languages import UNKNOWN, detect_language

MOST = 3_000  # texts a file
FRENCH = {
    "retrieval/piaf_dev/corpus": "text",
    "retrieval/service_public/corpus": "text",
    "text/novels": "text",
    "parallel/python_docs": "fr",
    "parallel/canada_laws": "fr",
    "parallel/news": "fr",
}
ENGLISH = {f"parallel/{name}": "en" for name in ("python_docs", "canada_laws", "news")}
FORTUNES = {
    "de": ("de/*",),
    "es": ("es/*",),
    "it": ("italia", "formiche", "leggi", "luke", "luttazzi"),
    "pt": ("brasil",),
    "cs": ("cs/*", "cz/*"),
}
LENGTHS = ((0, 8), (8, 20), (20, 10_000))  # words


def read_rows(data: Path, files: dict[str, str]) -> Iterator[str]:
    for name, field in files.items():
        with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)[field] for line in islice(lines, MOST))


def read_fortunes(folder: Path, patterns: tuple[str, ...]) -> list[str]:
    texts: list[str] = []
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and path.suffix not in (".dat", ".u8"):
                data = path.read_bytes()
                try:
                    content = data.decode("utf-8")
                except UnicodeDecodeError:
                    content = data.decode("latin-1")
                texts += [" ".join(text.split()) for text in content.split("\n%\n")]
    random.Random(1).shuffle(texts)
    return [text for text in texts if len(text) > 20][:MOST]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fortunes", type=Path, default=Path("/usr/share/games/fortunes"))
    options = parser.parse_args()
    sets = {
        "fr": list(read_rows(options.data, FRENCH)),
        "en": list(read_rows(options.data, ENGLISH)),
    }
    sets |= {name: read_fortunes(options.fortunes, files) for name, files in FORTUNES.items()}
    detect_language("This loads the model before the clock is started.")
    print("right / not told / wrong (of texts) by words; microseconds of the processor a text")
    print("".join(f"    {head:<26}" for head in ("fewer than 8", "8 to 19", "20 and more")))
    for language, texts in sets.items():
        if not texts:
            continue
        began = time.process_time()
        told = [detect_language(text) for text in texts]
        spent = (time.process_time() - began) / len(texts) * 1e6
        cells = []
        for low, high in LENGTHS:
            answers = Counter(
                "right" if answer == language else "none" if answer == UNKNOWN else "wrong"
                for answer, text in zip(told, texts, strict=True)
                if low <= len(text.split()) < high
            )
            shares = [answers[key] / max(1, answers.total()) for key in ("right", "none", "wrong")]
            right, none, wrong = (f"{100 * share:.1f}" for share in shares)
            cells.append(f"{f'{right} / {none} / {wrong} ({answers.total()})':<30}")
        print(f"{language}  {''.join(cells)}{spent:.0f} us")


if __name__ == "__main__":
    main()
