"""What the tests of readers share: write a file, read it alone, or beside a good one."""

from __future__ import annotations

from pathlib import Path

from qa.reading import FileReader, ReadingSettings, read_corpus
from qa.records import Document, Skipped

# One process for all tests (conftest.py ends it): a new one each would take most of the time.
READER = FileReader()


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, settings: ReadingSettings | None = None) -> list[Document | Skipped]:
    if settings is None:
        return list(read_corpus(path, READER))
    with FileReader(settings) as reader:
        return list(read_corpus(path, reader))


def one(
    folder: Path, name: str, content: str | bytes, settings: ReadingSettings | None = None
) -> Document:
    results = read(write(folder, name, content), settings)
    assert len(results) == 1
    assert isinstance(results[0], Document), results[0]
    check(results[0])
    return results[0]


def refused(folder: Path, name: str, content: str | bytes) -> str:
    """Read the file beside a good one; give the reason it was skipped for."""
    write(folder, "zz-bon.txt", "Un texte lisible.")
    write(folder, name, content)
    skipped = [result for result in read(folder) if isinstance(result, Skipped)]
    assert [result.source for result in skipped] == [name]
    return skipped[0].reason


def check(document: Document) -> None:
    """The shape that every text has."""
    assert document.text == document.text.strip()
    assert "\n\n\n" not in document.text
    assert not any(line != line.rstrip() for line in document.text.split("\n"))
    document.text.encode()  # no half of a surrogate pair
    assert "\0" not in document.text
    blocks = set(document.text.split("\n\n"))
    for heading in document.headings:
        assert document.text[heading.start : heading.end] in blocks


def headings(document: Document) -> list[tuple[int, str]]:
    return [(h.level, document.text[h.start : h.end]) for h in document.headings]
