"""How the time to read and cut a text grows with its length, over sixty shapes.

    python benchmarks/growth.py

Each shape is read at 60, 240 and 960 kB by the reader of its format, cut into passages with the
shipped tokenizer and into sentences. The exponent is that of the time between the last two sizes:
1 is linear, 2 grows with the square. Above 1.3, with more than a fifth of a second at the largest
size, the shape is marked and the exit code is 1.
"""

from __future__ import annotations

import gzip
import io
import math
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from qa.chunking import split_passages
from qa.embedding import open_embedder
from qa.reading.formats import read_file
from qa.reading.settings import ReadingSettings
from qa.records import Document

SIZES = (60_000, 240_000, 960_000)
MOST, LEAST_SECONDS = 1.3, 0.2

# What is repeated, by the format that it is read as.
REPEATED: dict[str, Sequence[str]] = {
    ".txt": (
        ".", " . ", " ? ", "… ", "« ", "« . » ", "mot ", "a", "\n", "a\n", "TITRE\n\n", "a-\n",
        "- a\n", "a | b\n", "a\t", "a   b\n", "&amp;", "Fin.Le ", "1. a\n\n", "=\n", "I\n\n",
        "Laisser un commentaire\n", "Article 1\n\nUn texte.\n\n", "(", "x , ", "Ã©",
    ),
    ".md": (
        "<!-- ", "a <!-- \n\n", "<b>", "</b>", "<id> ", "[", "[[a|b]] ", "*a ", "`", "> ", "| a ",
        "==a ", "%% ", "[^1] ", "![a](", "{: .a}\n", "<a x='", "<?", "&", "# a\n",
    ),
    ".html": ("<p>a", "<b>a", "<td>a", "<li>a</li>", "<sup>1</sup>", "a<br>", "<h2>a</h2>"),
    ".rst": ("::\n\n", "a::\n\n b\n\n", "- a\n\n1. a\n\n", "a\n=\n\n", "| a\n\n* a\n\n"),
    ".csv": ("a,", "a,b\n", '"a'),
    ".jsonl": ('{"id": 1, "text": "a"}\n', "[", "\n"),
}  # fmt: skip


def packed_newlines(size: int) -> bytes:
    return gzip.compress(b"\n" * (100 * size), 1)


def wide_table(size: int) -> bytes:
    columns = size // 4
    return (",".join("c" * columns) + "\n" + "1,2\n" * (size // 8)).encode()


def word_file(size: int) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "<w:p><w:r><w:t>Un texte.</w:t></w:r></w:p>" * (size // 42)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        )
    return data.getvalue()


MADE: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "packed newlines": (".jsonl.gz", packed_newlines),
    "wide table": (".csv", wide_table),
    "Word paragraphs": (".docx", word_file),
}


def shapes() -> dict[str, tuple[str, Callable[[int], bytes]]]:
    def repeated(text: str) -> Callable[[int], bytes]:
        return lambda size: (text * (size // len(text) + 1))[:size].encode()

    found = {
        f"{suffix} {text!r}": (suffix, repeated(text))
        for suffix, all_texts in REPEATED.items()
        for text in all_texts
    }
    return found | MADE


def seconds(path: Path, count_tokens: Callable[[Sequence[str]], list[int]]) -> float:
    start = time.process_time()
    for _, result in read_file(path, path.name, ReadingSettings()):
        if isinstance(result, Document):
            split_passages(result, count_tokens)
    return time.process_time() - start


def main() -> int:
    count_tokens = open_embedder().count_tokens
    bad = 0
    print(f"{'shape':<36}" + "".join(f"{size // 1000:>8} kB" for size in SIZES) + "  exponent")
    with tempfile.TemporaryDirectory() as work:
        for name, (suffix, make) in shapes().items():
            path = Path(work) / f"a{suffix}"
            times = []
            for size in SIZES:
                path.write_bytes(make(size))
                times.append(seconds(path, count_tokens))
            exponent = math.log(times[-1] / times[-2], SIZES[-1] / SIZES[-2])
            steep = exponent > MOST and times[-1] > LEAST_SECONDS
            bad += steep
            told = "".join(f"{spent:>9.2f} s" for spent in times)
            print(f"{name:<36}{told}{exponent:>9.2f}{'  <-- steep' if steep else ''}", flush=True)
    print(f"{len(shapes())} shapes, {bad} steep")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
