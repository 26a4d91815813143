"""Compare our reading of PDF layouts with another reader's: words, their order, whole sentences.

    python benchmarks/pdf_layouts.py [--documents 5] [--keep FOLDER] [--pdftext PYTHON]

The PDFs are made here, in eleven layouts, of paragraphs of ``corpus/`` (and of the licence's, in
English): by reportlab; by reportlab, what each page holds drawn in another order than it is read
("disorder", as page-setting programs do); and, where they are installed, by LibreOffice (Word
files), LaTeX, Chromium (printed web pages), groff, cairo (reportlab's pages drawn anew), and as
scans: pictures of reportlab's pages, a little turned and grey, which tesseract reads (``--ocr``).
For each layout, of the text that the documents were made from:

recall      share of its words that are read, each as often as it stands there
precision   share of the words read that it holds: others are cut, glued, or of running heads
order       longest run of its words (those that stand there once) that keeps their order, as a
            share of those that are read
sentences   share of its sentences that are read whole, in one piece

pdftext gives the order of drawing, its default, or sorts ("sorted"); ``--pdftext`` names a Python
in which it is installed, for it wants a pypdfium2 of its own: ``python -m venv V && V/bin/pip
install pdftext``. A table of contents is not counted as text: it says titles twice.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import shutil
import subprocess
import tempfile
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from formats import ROOT, paragraphs

HEAD, FOOT = "Archives Kaléidoscope", "Brochure Vermillon"  # in no paragraph
_WORD = re.compile(r"[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Ý])")
_SYLLABLE = re.compile(r"(?<=[aeiouyéèêàâîôû])(?=[bcdfgjlmnpqrstvxz][aeiouyéèêàâîôû])", re.I)
_THEIRS = """
import sys
from pdftext.extraction import plain_text_output
for path in sys.argv[1:]:
    for name, sort in (("pdftext", False), ("sorted", True)):
        with open(f"{path}.{name}", "w", encoding="utf-8", errors="replace") as file:
            file.write(plain_text_output(path, sort=sort, hyphens=False))
"""


@dataclass
class Layout:
    """What a document holds, from top to bottom, and how its pages are laid out."""

    # A title, text, caption or entry of a table of contents; or the rows of a table.
    flow: Sequence[tuple[str, str | list[list[str]]]]
    notes: list[str] = field(default_factory=list)
    columns: int = 1
    ruled: bool = False
    heads: bool = False
    turned: bool = False
    hyphens: bool = False

    def texts(self) -> Iterator[str]:
        """The text in the order in which it is read."""
        for kind, content in self.flow:
            if isinstance(content, list):
                yield from (cell for row in content for cell in row)
            elif kind != "entry":
                yield re.sub(r"\s*<super>\d</super>", "", content)
        yield from (note.partition(" ")[2] for note in self.notes)


# --- layouts ------------------------------------------------------------------------------------


class Author:
    """Writes the documents, each with words of its own."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.french = [p for p in paragraphs() if p.encode("cp1252", "replace").count(b"?") < 2]
        licence = (ROOT / "LICENSE").read_text("utf-8")
        self.english = [" ".join(p.split()) for p in licence.split("\n\n") if len(p) > 300]

    def texts(self, count: int) -> list[tuple[str, str]]:
        return [("text", text) for text in self.chance.sample(self.french, count)]

    def rows(self) -> list[list[str]]:
        names = self.chance.sample(
            ["Salle bleue", "Salle verte", "Grand hall", "Cuisine", "Préau", "Jardin"], 5
        )
        prices = [[f"{self.chance.randrange(11, 99)} €" for _ in range(3)] for _ in names]
        heads = ["Local", "Demi-journée", "Journée", "Semaine"]
        return [heads, *([name, *row] for name, row in zip(names, prices, strict=True))]

    def columns(self) -> Layout:
        return Layout([("title", "Deux colonnes de texte"), *self.texts(4)], columns=2)

    def table(self, *, ruled: bool) -> Layout:
        before, after = self.texts(2)
        return Layout([before, ("table", self.rows()), after], ruled=ruled)

    def running_heads(self) -> Layout:
        return Layout(self.texts(16), heads=True)

    def footnotes(self) -> Layout:
        parts = self.texts(3)
        marked = [(kind, f"{text} <super>{n}</super>") for n, (kind, text) in enumerate(parts, 1)]
        notes = [f"{n} Voir le carton {n}{n} du fonds Zéphyr." for n in range(1, 4)]
        return Layout(list(marked), notes)

    def hyphenation(self) -> Layout:
        return Layout(self.texts(3), hyphens=True)

    def turned(self) -> Layout:
        return Layout([("title", "Une page tournée"), *self.texts(2)], turned=True)

    def form(self) -> Layout:
        labels = ("Nom", "Prénom", "Adresse", "Code postal", "Ville", "Téléphone", "Courriel")
        values = ("Durand", "Zélie", "14 rue Vauban", "29200", "Brest", "02 98 00 00 00", "z@d.fr")
        rows = [[f"{label} :", value] for label, value in zip(labels, values, strict=True)]
        return Layout([("title", "Fiche d’inscription"), ("table", rows), *self.texts(1)])

    def languages(self) -> Layout:
        english = [("text", text) for text in self.chance.sample(self.english, 2)]
        return Layout([*self.texts(2), ("column", ""), *english], columns=2)

    def contents(self) -> Layout:
        titles = ["L’origine du fonds", "Le classement", "Les prêts", "Le récolement"]
        entries = [("entry", f"{title} {'.' * 60} {n + 2}") for n, title in enumerate(titles)]
        parts = [part for title in titles for part in (("title", title), *self.texts(1))]
        return Layout([("entry", "Sommaire"), *entries, *parts])

    def captions(self) -> Layout:
        one, two, three = self.texts(3)
        said = [("caption", f"Figure {n} : vue n° {n} du chantier, cliché Yvonne") for n in (1, 2)]
        return Layout([one, said[0], two, said[1], three])


KINDS: dict[str, Callable[[Author], Layout]] = {
    "columns": Author.columns,
    "ruled table": lambda author: author.table(ruled=True),
    "table without rules": lambda author: author.table(ruled=False),
    "running heads": Author.running_heads,
    "footnotes": Author.footnotes,
    "hyphenation": Author.hyphenation,
    "turned page": Author.turned,
    "form": Author.form,
    "two languages": Author.languages,
    "contents": Author.contents,
    "captions": Author.captions,
}


# --- two makers of PDFs -------------------------------------------------------------------------


def disordered(operators: list[str], chance: random.Random) -> list[str]:
    """A page's content, its saved states ("q … Q", one a paragraph or table) in any order."""
    blocks: list[list[str]] = [[]]
    depth = 0
    for operator in operators:
        first, last = operator.split()[:1], operator.split()[-1:]
        if first == ["q"] and not depth:
            blocks.append([])
        depth += (first == ["q"]) - (last == ["Q"])
        blocks[-1].append(operator)
        if last == ["Q"] and not depth:
            blocks.append([])
    before, *rest = (block for block in blocks if block)
    chance.shuffle(rest)
    return [operator for block in (before, *rest) for operator in block]


def by_reportlab(layout: Layout, disorder: random.Random | None = None) -> bytes:
    from reportlab import platypus as pl
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.pdfbase.pdfmetrics import stringWidth

    styles = getSampleStyleSheet()
    width, height = A4[::-1] if layout.turned else A4
    gap, margin, low = 18, 72, 150 if layout.notes else 72
    column = (width - 2 * margin - gap * (layout.columns - 1)) / layout.columns

    def dress(canvas, document) -> None:  # type: ignore[no-untyped-def]
        canvas.setFont("Times-Roman", 9)
        if layout.heads:
            canvas.drawString(margin, height - 40, HEAD)
            canvas.drawString(margin, 40, f"{FOOT}, page {document.page}")
        for row, note in enumerate(layout.notes):
            canvas.setFont("Times-Roman", 7)
            canvas.drawString(margin, 120 - 11 * row, note)
        if layout.turned:
            canvas.setPageRotation(90)
            canvas.setPageSize(A4)
            canvas.transform(0, 1, -1, 0, A4[0], 0)

    def mix(canvas, _) -> None:  # type: ignore[no-untyped-def]
        if disorder is not None and not layout.turned:
            canvas._code[:] = disordered(canvas._code, disorder)

    def wrapped(text: str) -> str:
        """Lines with their words cut between a vowel and a syllable, as printers do."""
        lines, line = [], ""
        for word in text.split(" "):
            room = column - 14 - stringWidth(f"{line} ", "Times-Roman", 10)
            cuts = [found.start() for found in _SYLLABLE.finditer(word) if found.start() > 2]
            fitting = [at for at in cuts if stringWidth(word[:at], "Times-Roman", 10) < room]
            if stringWidth(word, "Times-Roman", 10) < room:
                line = f"{line} {word}".strip()
            elif fitting and word.isalpha() and len(word) - fitting[-1] > 2:
                lines.append(f"{line} {word[: fitting[-1]]}-".strip())
                line = word[fitting[-1] :]
            else:
                lines.append(line)
                line = word
        return "<br/>".join([*lines, line])

    styles["BodyText"].fontName = "Times-Roman"
    story = []
    for kind, content in layout.flow:
        if isinstance(content, list):
            table = pl.Table(content, hAlign="LEFT", colWidths=[110] * len(content[0]))
            if layout.ruled:
                table.setStyle(pl.TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black")]))
            story += [table, pl.Spacer(0, 10)]
        elif kind == "column":
            story.append(pl.FrameBreak())
        elif kind == "caption":
            story += [
                pl.CondPageBreak(130),
                pl.Spacer(0, 100),
                pl.Paragraph(content, styles["Italic"]),
            ]
            story.append(pl.Spacer(0, 8))
        elif kind == "title":
            story.append(pl.Paragraph(content, styles["Heading2"]))
        else:
            text = wrapped(content) if layout.hyphens else content
            story.append(pl.Paragraph(text, styles["BodyText"]))
    frames = [
        pl.Frame(margin + at * (column + gap), low, column, height - low - 72, 0, 0, 0, 0)
        for at in range(layout.columns)
    ]
    data = io.BytesIO()
    made = pl.BaseDocTemplate(data, pagesize=(width, height), invariant=True)
    made.addPageTemplates(pl.PageTemplate(frames=frames, onPage=dress, onPageEnd=mix))
    made.build(story)
    return data.getvalue()


def docx_of(layout: Layout) -> bytes | None:
    """The same as a Word file for LibreOffice; None for what python-docx cannot write."""
    import docx
    from docx.enum.section import WD_ORIENT
    from docx.enum.text import WD_BREAK
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    if layout.notes:
        return None
    made = docx.Document()
    section = made.sections[0]
    if layout.turned:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    if layout.heads:
        section.header.paragraphs[0].text = HEAD
        section.footer.paragraphs[0].text = FOOT
    columns = section._sectPr.find(qn("w:cols"))
    columns.set(qn("w:num"), str(layout.columns))
    if layout.hyphens:
        made.settings.element.append(OxmlElement("w:autoHyphenation"))
    for kind, content in layout.flow:
        if isinstance(content, list):
            table = made.add_table(0, len(content[0]), "Table Grid" if layout.ruled else None)
            for row in content:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif kind == "column":
            made.paragraphs[-1].add_run().add_break(WD_BREAK.COLUMN)
        elif kind == "title":
            made.add_heading(content, 2)
        else:
            made.add_paragraph(content, "Caption" if kind == "caption" else None)
    data = io.BytesIO()
    made.save(data)
    return data.getvalue()


def html_of(layout: Layout) -> str:
    """The same as a page to print."""
    parts = []
    for kind, content in layout.flow:
        if isinstance(content, list):
            rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in content)
            border = ' class="ruled"' if layout.ruled else ""
            parts.append(f"<table{border}>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>")
        elif kind == "column":
            parts.append('<div style="break-after: column"></div>')
        else:
            text = (
                escape(content)
                .replace("&lt;super&gt;", "<sup>")
                .replace("&lt;/super&gt;", "</sup>")
            )
            tag = {"title": "h2", "caption": "i"}.get(kind, "p")
            parts.append(f"<{tag}>{text}</{tag}>")
    notes = "".join(f"<small>{escape(note)}</small><br>" for note in layout.notes)
    boxes = f"@top-left {{ content: '{HEAD}' }} @bottom-left {{ content: '{FOOT}' }}"
    style = (
        f"@page {{ size: A4 {'landscape' if layout.turned else ''}; margin: 25mm;"
        f"{boxes if layout.heads else ''} }}"
        f"main {{ columns: {layout.columns}; hyphens: {'auto' if layout.hyphens else 'none'};"
        "column-fill: auto; font: 11pt serif; text-align: justify }"
        "main.two { height: 240mm } td { padding: 3pt 12pt } .ruled td { border: 1px solid }"
        "i { display: block; margin: 30pt 0 }"
    )
    two = ' class="two"' if layout.columns > 1 else ""
    return (
        f"<!doctype html><html lang=fr><meta charset=utf-8><style>{style}</style><body>"
        f"<main{two}>{''.join(parts)}</main>{'<hr>' if notes else ''}{notes}</body></html>"
    )


_TEX = {
    **{mark: f"\\\\{mark}" for mark in "&%$#_{}"},
    "€": r"\texteuro{}",
    "~": r"\textasciitilde{}",
}


def _tex(text: str) -> str:
    text = re.sub(r"\s*<super>\d</super>", "", text)
    text = "".join(_TEX.get(character, character) for character in text)
    return "".join(c for c in text if c in "œŒ–—’‘“”…€« »" or c.encode("latin-1", "ignore"))


def tex_of(layout: Layout) -> str:
    """The same in LaTeX; its own notes, hyphens and, if need be, table of contents."""
    notes = iter(layout.notes)
    parts = []
    for kind, content in layout.flow:
        if isinstance(content, list):
            rule = r"\hline" if layout.ruled else ""
            shape = ("|l" * len(content[0]) + "|") if layout.ruled else "l" * len(content[0])
            rows = (" & ".join(map(_tex, row)) + rf" \\ {rule}" for row in content)
            told = "\n".join(rows)
            parts.append(rf"\noindent\begin{{tabular}}{{{shape}}}{rule}{told}\end{{tabular}}")
        elif kind == "column":
            parts.append(r"\newpage")
        elif kind == "title":
            parts.append(rf"\section*{{{_tex(content)}}}")
        elif kind == "entry":
            name = _tex(re.sub(r" \.{9,} \d+$", "", content))
            page = content.rpartition(" ")[2] if name != _tex(content) else ""
            parts.append(rf"\noindent {name}" + (rf"\dotfill {page}" if page else ""))
        else:
            called = "<super>" in content and (note := next(notes, ""))
            mark = rf"\footnote{{{_tex(note.partition(' ')[2])}}}" if called else ""
            parts.append(_tex(content) + mark)
    columns = "twocolumn," if layout.columns > 1 else ""
    turned = "landscape," if layout.turned else ""
    heads = (
        rf"\usepackage{{fancyhdr}}\pagestyle{{fancy}}\lhead{{{HEAD}}}\lfoot{{{FOOT}}}"
        if layout.heads
        else ""
    )
    return (
        rf"\documentclass[{columns}{turned}a4paper]{{article}}\usepackage[utf8]{{inputenc}}"
        rf"\usepackage[T1]{{fontenc}}\usepackage{{lmodern,textcomp}}\usepackage[french]{{babel}}{heads}"
        r"\begin{document}" + "\n\n".join(parts) + r"\end{document}"
    )


def scan_of(data: bytes) -> bytes:
    """Pictures of the pages of a PDF, turned by 0.4°, on grey paper, at 200 dots an inch."""
    import pypdfium2

    pages = [
        page.render(scale=200 / 72).to_pil().convert("L") for page in pypdfium2.PdfDocument(data)
    ]
    pages = [page.rotate(0.4, fillcolor=235).point(lambda dot: 20 + dot * 0.86) for page in pages]
    scanned = io.BytesIO()
    pages[0].save(scanned, "PDF", save_all=True, append_images=pages[1:], resolution=200)
    return scanned.getvalue()


# --- measures -----------------------------------------------------------------------------------


def words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def measures(texts: Sequence[str], read: str) -> dict[str, float]:
    """See the top of this file; shares from 0 to 1."""
    told, found = words(" ".join(texts)), words(read)
    counts, seen = Counter(told), Counter(found)
    places = {word: at for at, word in enumerate(told) if counts[word] == 1}
    first = dict.fromkeys(word for word in found if word in places)
    tails: list[int] = []
    for place in (places[word] for word in first):
        at = bisect_left(tails, place)
        tails[at : at + 1] = [place]
    sentences = [words(part) for text in texts for part in _SENTENCE.split(text)]
    long = [f" {' '.join(part)} " for part in sentences if len(part) > 5]
    whole = f" {' '.join(found)} "
    return {
        "recall": sum((counts & seen).values()) / len(told),
        "precision": sum(word in counts for word in found) / max(len(found), 1),
        "order": len(tails) / max(len(first), 1),
        "sentences": sum(part in whole for part in long) / max(len(long), 1),
    }


def ours(path: Path) -> str:
    from qa.reading.blocks import build_document
    from qa.reading.pdf import read_pdf, read_pdf_with_ocr

    read = read_pdf_with_ocr if path.stem.endswith("scan") else read_pdf
    return build_document(path.name, path.name, read(path.read_bytes(), path.name)).text


def by_latex(layout: Layout, _: Path, made: Path) -> bool:
    if shutil.which("pdflatex") is None:
        return False
    source = made.with_suffix(".tex")
    source.write_text(tex_of(layout), "utf-8")
    command = [
        "pdflatex",
        "-interaction=batchmode",
        "-output-directory",
        str(made.parent),
        str(source),
    ]
    subprocess.run(command, check=False, capture_output=True)
    return made.exists()


def by_chromium(layout: Layout, _: Path, made: Path) -> bool:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return False
    source = made.with_suffix(".html")
    source.write_text(html_of(layout), "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command = [program, *options, f"--print-to-pdf={made}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    return True


def by_groff(layout: Layout, _: Path, made: Path) -> bool:
    if shutil.which("groff") is None or layout.columns > 1 or layout.turned or layout.heads:
        return False
    parts = []
    for kind, content in layout.flow:
        if isinstance(content, list):
            box = "allbox" if layout.ruled else ""
            rows = "\n".join("\t".join(row) for row in content)
            parts.append(f".TS\n{box};\n{' '.join('l' * len(content[0]))}.\n{rows}\n.TE")
        elif kind == "title":
            parts.append(f".SH\n{content}")
        else:
            text = re.sub(r"\s*<super>(\d)</super>", r"\\\\u\\\\s-2\1\\\\s0\\\\d", content)
            parts.append(f".LP\n{text}")
    parts += [f".FS\n{note}\n.FE" for note in layout.notes]
    source = "\n".join(parts).encode("utf-8")
    done = subprocess.run(
        ["groff", "-t", "-ms", "-Kutf8", "-mfr", "-Tpdf"],
        input=source,
        capture_output=True,
        check=False,
    )
    made.write_bytes(done.stdout)
    return done.stdout.startswith(b"%PDF")


def by_cairo(_: Layout, drawn: Path, made: Path) -> bool:
    if shutil.which("pdftocairo") is None:
        return False
    subprocess.run(["pdftocairo", "-pdf", str(drawn), str(made)], check=True)
    return True


def by_scanner(_: Layout, drawn: Path, made: Path) -> bool:
    if shutil.which("tesseract") is None:
        return False
    made.write_bytes(scan_of(drawn.read_bytes()))
    return True


OTHERS: dict[str, Callable[[Layout, Path, Path], bool]] = {
    "latex": by_latex,
    "chromium": by_chromium,
    "groff": by_groff,
    "cairo": by_cairo,
    "scan": by_scanner,
}


def make(folder: Path, documents: int) -> dict[Path, tuple[str, Layout]]:
    """Write the PDFs: by path, their layout's name and what they hold."""
    made: dict[Path, tuple[str, Layout]] = {}
    office = shutil.which("soffice")
    converted = []
    for seed in range(documents):
        for kind, write in KINDS.items():
            layout = write(Author(seed))
            for maker, chance in (("reportlab", None), ("disorder", random.Random(seed))):
                path = folder / f"{kind.replace(' ', '-')}-{seed}-{maker}.pdf"
                path.write_bytes(by_reportlab(layout, chance))
                made[path] = kind, layout
                if maker == "reportlab":
                    for program, write_other in OTHERS.items():
                        other = path.with_stem(f"{kind.replace(' ', '-')}-{seed}-{program}")
                        if write_other(layout, path, other):
                            made[other] = kind, layout
            source = docx_of(layout) if office else None
            if source is not None:
                path = folder / f"{kind.replace(' ', '-')}-{seed}-libreoffice.docx"
                path.write_bytes(source)
                converted.append(path)
                made[path.with_suffix(".pdf")] = kind, layout
    if office and converted:
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        options = ["--headless", "--convert-to", "pdf", "--outdir", str(folder)]
        subprocess.run(
            [office, profile, *options, *map(str, converted)], check=True, capture_output=True
        )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=5, help="of each layout and maker")
    parser.add_argument("--keep", type=Path, help="a folder in which the PDFs and texts stay")
    parser.add_argument("--pdftext", help="a Python in which pdftext is installed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        made = make(folder, arguments.documents)
        readers: dict[str, Callable[[Path], str]] = {"ours": ours}
        if arguments.pdftext:
            command = [arguments.pdftext, "-c", _THEIRS, *map(str, made)]
            subprocess.run(command, check=True)
            readers["pdftext"] = lambda path: Path(f"{path}.pdftext").read_text("utf-8")
            readers["sorted"] = lambda path: Path(f"{path}.sorted").read_text("utf-8")
        names = ("recall", "precision", "order", "sentences")
        print(f"{'layout':22}{'maker':13}{'reader':9}" + "".join(f"{n:>11}" for n in names))
        for kind in [*KINDS, ""]:
            for maker in ("reportlab", "disorder", "libreoffice", *OTHERS):
                chosen = [
                    (path, layout)
                    for path, (name, layout) in made.items()
                    if path.stem.endswith(maker) and kind in ("", name)
                ]
                for reader, read in readers.items() if chosen else ():
                    rows = [measures(list(layout.texts()), read(path)) for path, layout in chosen]
                    means = (sum(row[name] for row in rows) / len(rows) for name in names)
                    told = "".join(f"{100 * mean:11.1f}" for mean in means)
                    print(f"{kind or 'all':22}{maker:13}{reader:9}{told}")


if __name__ == "__main__":
    main()
