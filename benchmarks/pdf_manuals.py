"""Read real French PDFs: manuals with the same text in HTML beside them, and others without.

    python benchmarks/pdf_manuals.py FOLDER [--pdftext PYTHON]

FOLDER is what some Debian packages hold (bookworm; their licences are free, the files are not kept
here):

    apt-get download debian-edu-doc-fr debian-faq-fr debian-reference-fr developers-reference-fr \\
      maint-guide-fr ubuntu-packaging-guide-pdf-fr \\
      lilypond-doc-pdf-fr lilypond-doc-html-fr expeyes-doc-fr eyes17-manuals-fr linuxcnc-doc-fr \\
      texlive-lang-french
    for package in *.deb; do dpkg-deb --extract $package FOLDER; done

The first table has the measures of ``pdf_layouts.py`` against the HTML, which people did not write
to measure with: it says things that the PDF does not (and the other way round), so compare readers,
not with 100. The second is of PDFs without such a text: the words that poppler's ``pdftotext``
reads are looked for in ours, and ours in its. The third compares headings with the bookmarks of
those that have some (numbers aside): found by the layout alone, the bookmarks hidden, and with
them.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pypdfium2
from lxml import etree, html
from pdf_layouts import _THEIRS, measures, ours

from qa.reading import pdf
from qa.reading.contents import plain_title
from qa.reading.outline import read_outline

DOC = "usr/share/doc"
LILYPOND = f"{DOC}/lilypond/html/Documentation"
# A PDF, and the pages with its text, in their order.
MANUALS = {
    f"{DOC}/debian/FAQ/debian-faq.fr.pdf.gz": f"{DOC}/debian/FAQ/fr/*.html",
    "usr/share/debian-reference/debian-reference.fr.pdf": ("usr/share/debian-reference/*.fr.html"),
    "usr/share/developers-reference/fr/developers-reference.pdf": (
        "usr/share/developers-reference/fr/*.html"
    ),
    f"{DOC}/maint-guide-fr/maint-guide.fr.pdf": f"{DOC}/maint-guide-fr/html/*.fr.html",
    **{
        f"{DOC}/debian-edu-doc-fr/debian-edu-{name}-manual.pdf": (
            f"{DOC}/debian-edu-doc-fr/debian-edu-{name}-manual.html"
        )
        for name in ("bullseye", "bookworm")
    },
    **{
        f"{LILYPOND}/{name}.fr.pdf": f"{LILYPOND}/{name}-big-page.fr.html"
        for name in ("changes", "essay", "extending", "learning", "usage", "web")
    },
}
FEWEST_BOOKMARKS = 10
LONGEST = 250  # pages of a PDF without a text beside it
_BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt",
    "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_NO_TEXT = "//script|//style|//head|//nav|//footer|//*[contains(@class, 'nav')]"
_NO_TEXT += (
    "|//*[@role='navigation']|//*[contains(@class, 'toc')]|//*[contains(@class, 'contents')]"
)


def texts(page: Path) -> Iterator[str]:
    """The blocks of text of a page, one after the other."""
    tree = html.fromstring(page.read_bytes())
    for node in tree.xpath(_NO_TEXT):
        if node.getparent() is not None:
            node.drop_tree()
    parts: list[str] = []
    for event, node in etree.iterwalk(tree, events=("start", "end", "comment")):
        if node.tag in _BLOCKS:
            parts.append("\0")
        parts.append((node.text if event == "start" else node.tail) or "")
    for block in "".join(parts).split("\0"):
        if text := " ".join(block.split()):
            yield text


def in_order(folder: Path, pages: str) -> list[Path]:
    """Pages in the order in which their table of contents links them."""
    found = sorted(folder.glob(pages))
    if len(found) == 1:
        return found
    index = next(page for page in found if page.name.startswith("index."))
    linked = [
        link.partition("#")[0] for link in html.fromstring(index.read_bytes()).xpath("//@href")
    ]
    return sorted(
        (page for page in found if page.name in linked and page != index),
        key=lambda page: linked.index(page.name),
    )


def unpacked(path: Path, scratch: Path) -> Path:
    """A PDF that may be packed, as a file of its own."""
    if path.suffix != ".gz":
        return path
    made = scratch / path.stem
    made.write_bytes(gzip.decompress(path.read_bytes()))
    return made


def field(path: Path, name: str) -> str:
    """What ``pdfinfo`` tells of a file."""
    told = subprocess.run(["pdfinfo", path], capture_output=True, check=True).stdout
    lines = told.decode("utf-8", "replace").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def poppler(path: Path) -> str:
    told = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout
    return told.decode("utf-8", "replace")


def headings(path: Path) -> list[str]:
    """The headings that are read in a file, plain, the title of the document left out."""
    from qa.reading.blocks import build_document

    page = pdf.read_pdf(path.read_bytes(), path.name)
    found = build_document(path.name, path.name, page)
    told = [found.text[one.start : one.end] for one in found.headings if one.level > 1]
    return [plain for text in told if (plain := plain_title(text))]


def compare_headings(paths: Iterable[Path]) -> None:
    """Print the third table."""
    print("\n| PDF | bookmarks | found by | headings | recall | precision |")
    print("|---|---|---|---|---|---|")
    for path in paths:
        told = pypdfium2.PdfDocument(path)
        outline = read_outline(told)
        told.close()
        if len(outline) < FEWEST_BOOKMARKS:
            continue
        wanted = Counter(plain for one in outline if (plain := plain_title(one.title)))
        for way, hidden in (("layout", True), ("bookmarks", False)):
            with patch.object(pdf, "read_outline", lambda _: []) if hidden else nullcontext():
                found = Counter(headings(path))
            both = sum((wanted & found).values())
            recall, precision = both / wanted.total(), both / max(found.total(), 1)
            shown = f"{path.name} | {wanted.total()}" if hidden else " | "
            print(
                f"| {shown} | {way} | {found.total()} | {100 * recall:.1f} | "
                f"{100 * precision:.1f} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pdftext", help="a Python in which pdftext is installed")
    options = parser.parse_args()
    names = ("recall", "precision", "order", "sentences")
    head = "| PDF | made by | pages | reader | " + " | ".join(names) + " |"
    print(head + "\n|" + "---|" * (head.count("|") - 1))
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        paired, french = set(), []
        for name, pages in MANUALS.items():
            if not (options.folder / name).exists():
                continue
            paired.add(options.folder / name)
            path = unpacked(options.folder / name, scratch)
            french.append(path)
            told = [text for page in in_order(options.folder, pages) for text in texts(page)]
            readers: dict[str, Callable[[Path], str]] = {"ours": ours, "poppler": poppler}
            if options.pdftext:
                copy = scratch / path.name
                if copy != path:
                    copy.write_bytes(path.read_bytes())
                subprocess.run([options.pdftext, "-c", _THEIRS, copy], check=True)
                for reader, suffix in (("pdftext", "pdftext"), ("pdftext, sorted", "sorted")):
                    readers[reader] = lambda _, made=copy, suffix=suffix: Path(  # type: ignore[misc]
                        f"{made}.{suffix}"
                    ).read_text("utf-8")
            for reader, read in readers.items():
                found = measures(told, read(path))
                figures = " | ".join(f"{100 * found[name]:.1f}" for name in names)
                maker = field(path, "Producer") if reader == "ours" else ""
                count = field(path, "Pages") if reader == "ours" else ""
                shown = path.name if reader == "ours" else ""
                print(f"| {shown} | {maker} | {count} | {reader} | {figures} |", flush=True)
        print(
            "\n| PDF | made by | pages | its words found by ours | ours by it | order |\n", end=""
        )
        print("|---|---|---|---|---|---|")
        for packed in sorted(options.folder.rglob("*.pdf*")):
            if packed in paired or packed.suffix not in {".pdf", ".gz"}:
                continue
            path = unpacked(packed, scratch)
            if not path.exists() or int(field(path, "Pages") or LONGEST + 1) > LONGEST:
                continue
            other = poppler(path)
            if not is_french(other):
                continue
            found = measures([other], ours(path))
            figures = " | ".join(
                f"{100 * found[name]:.1f}" for name in ("recall", "precision", "order")
            )
            french.append(path)
            print(
                f"| {path.name} | {field(path, 'Producer')} | {field(path, 'Pages')} | {figures} |",
                flush=True,
            )
        compare_headings(french)


def is_french(text: str) -> bool:
    """Whether a text of some length has the small words of French often enough."""
    words = text.split()
    small = sum(word in {"de", "la", "le", "les", "des", "et", "un", "une"} for word in words)
    return len(words) > 200 and small > 0.08 * len(words)


if __name__ == "__main__":
    main()
