"""Measure the readers: documents and characters a second, and the most memory, by format.

    python benchmarks/formats.py [--documents 100]

The documents are made here, of paragraphs of ``corpus/``: 12,000 characters each (in a PDF, five
pages with running heads). Rates are per second of one processor, reading and the start of the
reader's process included. Memory is the most that the process held in which the format is
parsed (tesseract's own is not in it).
"""

from __future__ import annotations

import argparse
import bz2
import csv
import html
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

ROOT = Path(__file__).parent.parent
LENGTH = 12_000  # characters of a document
LINES = 36  # of a page
SCANS = 4  # pages are enough to time OCR


def paragraphs() -> list[str]:
    texts = (path.read_text("utf-8") for path in sorted((ROOT / "corpus").glob("*.md")))
    found = [part.strip() for text in texts for part in text.split("\n\n")]
    return [part.replace("\n", " ") for part in found if len(part) > 200 and part[0].isalpha()]


def document(chance: random.Random, pool: list[str]) -> list[str]:
    chosen: list[str] = []
    while sum(map(len, chosen)) < LENGTH:
        chosen.append(chance.choice(pool))
    return chosen


# --- one file a document ------------------------------------------------------------------------


def text_file(parts: list[str]) -> bytes:
    return "\n\n".join(parts).encode()


def markdown_file(parts: list[str]) -> bytes:
    return "\n\n".join(["# Un titre", *(f"## Une partie\n\n{part}" for part in parts)]).encode()


def html_file(parts: list[str]) -> bytes:
    body = "".join(f"<h2>Une partie</h2><p>{html.escape(part)}</p>" for part in parts)
    menu = "".join(f"<li><a href='/{n}'>Rubrique {n}</a></li>" for n in range(30))
    return (
        f"<!doctype html><html lang=fr><head><title>Un titre</title></head><body><nav><ul>{menu}"
        f"</ul></nav><main><article><h1>Un titre</h1>{body}</article></main><footer>©</footer>"
    ).encode()


def docx_file(parts: list[str]) -> bytes:
    import docx

    made = docx.Document()
    made.add_heading("Un titre", 0)
    for part in parts:
        made.add_heading("Une partie", 1)
        made.add_paragraph(part)
    return saved(made)


def odt_file(parts: list[str]) -> bytes:
    from odf import text
    from odf.opendocument import OpenDocumentText

    made = OpenDocumentText()
    for part in parts:
        made.text.addElement(text.H(outlinelevel=1, text="Une partie"))
        made.text.addElement(text.P(text=part))
    return saved(made)


def epub_file(parts: list[str]) -> bytes:
    items = range(len(parts))
    manifest = "".join(
        f'<item id="c{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in items
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in items)
    entries = {
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container"><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
        "b.opf": f'<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>{manifest}'
        f"</manifest><spine>{spine}</spine></package>",
    } | {
        f"{n}.xhtml": f"<html><body><h1>Un</h1><p>{html.escape(part)}</p></body></html>"
        for n, part in enumerate(parts)
    }
    return zipped({name: content.encode() for name, content in entries.items()})


def pdf_file(parts: list[str]) -> bytes:
    from reportlab.lib.utils import simpleSplit
    from reportlab.pdfgen.canvas import Canvas

    lines = [line for part in parts for line in [*simpleSplit(part, "Times-Roman", 11, 390), ""]]
    data = io.BytesIO()
    canvas = Canvas(data, invariant=True)
    for page, start in enumerate(range(0, len(lines), LINES), start=1):
        canvas.setFont("Times-Roman", 11)
        canvas.drawString(100, 800, "Carnets de la Baltique")
        canvas.drawString(290, 40, str(page))
        for row, line in enumerate(lines[start : start + LINES]):
            canvas.drawString(100, 740 - 18 * row, line)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


def scan_file(parts: list[str]) -> bytes:
    """A page of a scan: an image of the text at 200 dots an inch."""
    import pypdfium2
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    image = pypdfium2.PdfDocument(pdf_file(parts))[0].render(scale=200 / 72).to_pil()
    data = io.BytesIO()
    canvas = Canvas(data, invariant=True)
    canvas.drawImage(ImageReader(image), 0, 0, 595, 842)
    canvas.save()
    return data.getvalue()


# --- one file for all documents -----------------------------------------------------------------


def csv_file(documents: list[list[str]]) -> bytes:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=";")
    rows.writerow(["id", "titre", "texte"])
    rows.writerows([n, "Un titre", "\n\n".join(parts)] for n, parts in enumerate(documents))
    return out.getvalue().encode()


def jsonl_file(documents: list[list[str]]) -> bytes:
    return "".join(
        json.dumps({"id": n, "text": "\n\n".join(parts)}) + "\n"
        for n, parts in enumerate(documents)
    ).encode()


def dump_file(documents: list[list[str]]) -> bytes:
    pages = "".join(
        f"<page><title>Article {n}</title><ns>0</ns><revision><text>"
        + escape("\n\n".join(wikitext(part) for part in parts))
        + "</text></revision></page>"
        for n, parts in enumerate(documents)
    )
    space = "http://www.mediawiki.org/xml/export-0.11/"
    return bz2.compress(f'<mediawiki xmlns="{space}" xml:lang="fr">{pages}</mediawiki>'.encode())


def wikitext(part: str) -> str:
    """As marked up as an article: links, dates, notes, a title."""
    words = part.split()
    words[::9] = [f"[[{word}]]" for word in words[::9]]
    note, date = "<ref>{{Ouvrage|titre=Un}}</ref>", "{{date|1|mai|1917}}"
    return f"== Partie ==\n{' '.join(words)}{note} {date}."


def zip_file(documents: list[list[str]]) -> bytes:
    return zipped({f"{n}.md": markdown_file(parts) for n, parts in enumerate(documents)})


def zipped(entries: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def saved(made: Any) -> bytes:
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


ONE_EACH: dict[str, Callable[[list[str]], bytes]] = {
    ".txt": text_file,
    ".md": markdown_file,
    ".html": html_file,
    ".docx": docx_file,
    ".odt": odt_file,
    ".epub": epub_file,
    ".pdf": pdf_file,
}
ALL_IN_ONE: dict[str, Callable[[list[list[str]]], bytes]] = {
    ".csv": csv_file,
    ".jsonl": jsonl_file,
    ".xml.bz2": dump_file,
    ".zip": zip_file,
}


# --- measuring ----------------------------------------------------------------------------------


def measure(folder: Path, *, ocr: bool) -> dict[str, float]:
    """Read a folder; in a process of its own, so that the memory is that of one format."""
    from qa.reading import FileReader, ReadingSettings, read_corpus
    from qa.records import Document

    found = characters = pages = 0
    with FileReader(ReadingSettings(ocr=ocr)) as reader:
        for item in read_corpus(folder, reader):
            assert isinstance(item, Document), item
            found += 1
            characters += len(item.text)
            pages += len(item.pages)
        parser = reader._worker.pid if reader._worker is not None else os.getpid()
        memory = highest_memory(parser)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "documents": found,
        "characters": characters,
        "pages": pages,
        "seconds": sum(usage.ru_utime + usage.ru_stime for usage in used),
        "megabytes": memory,
    }


def highest_memory(process: int) -> float:
    """Megabytes that a process has held at most."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def folders(work: Path, count: int) -> Iterator[tuple[str, Path]]:
    chance, pool = random.Random(1917), paragraphs()
    documents = [document(chance, pool) for _ in range(count)]
    for suffix, make in ONE_EACH.items():
        folder = work / suffix[1:]
        folder.mkdir()
        for number, parts in enumerate(documents):
            (folder / f"{number}{suffix}").write_bytes(make(parts))
        yield suffix, folder
    for suffix, make_all in ALL_IN_ONE.items():
        folder = work / suffix[1:]
        folder.mkdir()
        (folder / f"tous{suffix}").write_bytes(make_all(documents))
        yield suffix, folder
    if shutil.which("tesseract"):
        folder = work / "ocr"
        folder.mkdir()
        for number, parts in enumerate(documents[:SCANS]):
            (folder / f"{number}.pdf").write_bytes(scan_file(parts))
        yield ".pdf, --ocr", folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ocr", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, ocr=options.ocr)))
        return
    print(f"{'format':<12}{'documents/s':>12}{'pages/s':>9}{'kchar/s':>9}{'memory':>9}")
    with tempfile.TemporaryDirectory() as work:
        for name, folder in folders(Path(work), options.documents):
            command = [sys.executable, __file__, "--measure", str(folder)]
            command += ["--ocr"] if name.endswith("--ocr") else []
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            seconds = found["seconds"]
            pages = f"{found['pages'] / seconds:.1f}" if found["pages"] else ""
            print(
                f"{name:<12}{found['documents'] / seconds:>12.1f}{pages:>9}"
                f"{found['characters'] / seconds / 1000:>9.0f}{found['megabytes']:>6.0f} MB"
            )


if __name__ == "__main__":
    main()
