"""PDF files made here: order, paragraphs, pages, running heads, accents, scans."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from qa.reading import ReadingSettings
from qa.reading.accents import accents_come_first, mend_accents
from qa.records import Document, PageStart, Skipped
from reading_files import check, headings, one, read, refused, write

WIDTH, HEIGHT = A4
LEADING = 14


class Pages:
    """A PDF in the making: lines of text at a place, sizes in points."""

    def __init__(self) -> None:
        self.data = io.BytesIO()
        self.canvas = Canvas(self.data, pagesize=A4, invariant=True, lang="fr-FR")

    def lines(
        self,
        texts: Sequence[str],
        x: float = 72,
        top: float = 720,
        size: int = 11,
        *,
        bold: bool = False,
    ) -> float:
        """Set lines one under the other; give the height of the next one."""
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        for text in texts:
            self.canvas.drawString(x, top, text)
            top -= LEADING
        return top

    def next(self) -> None:
        self.canvas.showPage()

    def done(self) -> bytes:
        self.canvas.save()
        return self.data.getvalue()


PROSE = [
    "La révolte de Cronstadt éclate en mars 1921, quand la guerre civile est presque",
    "finie. Les marins demandent des soviets librement élus et la fin des réquisi-",
    "tions de grain. Le gouvernement refuse de négocier et prend la ville d’assaut.",
]
TEXT = (
    "La révolte de Cronstadt éclate en mars 1921, quand la guerre civile est presque finie. Les "
    "marins demandent des soviets librement élus et la fin des réquisitions de grain. Le "
    "gouvernement refuse de négocier et prend la ville d’assaut."
)


def test_paragraphs_titles_and_metadata(tmp_path: Path) -> None:
    pages = Pages()
    pages.canvas.setTitle("Microsoft Word - brouillon.doc")
    pages.canvas.setAuthor("Jeanne Dupuis")
    pages.lines(["Cronstadt"], size=20, top=760)
    pages.lines(["Les causes"], size=14, top=735)
    top = pages.lines(PROSE, top=715)
    pages.lines(["Un second paragraphe, assez court."], top=top - 8)
    pages.lines(["Les suites"], top=top - 40, bold=True)
    pages.lines(["- la paix ;", "- le pain."], top=top - 60)
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.title == "Cronstadt"
    assert document.text.split("\n\n") == [
        "Cronstadt",
        "Les causes",
        TEXT,
        "Un second paragraphe, assez court.",
        "Les suites",
        "- la paix ;\n- le pain.",
    ]
    assert headings(document) == [(1, "Cronstadt"), (2, "Les causes"), (3, "Les suites")]
    assert document.metadata["author"] == "Jeanne Dupuis"
    assert document.metadata["language"] == "fr-FR"
    assert "title" not in document.metadata


def test_a_citation_knows_its_page(tmp_path: Path) -> None:
    """Running heads and page numbers go, a sentence cut by the page end is whole again."""
    pages = Pages()
    for number in range(1, 5):
        pages.lines([f"Carnets de la Baltique, n° {number + 6}"], top=800, size=9)
        pages.lines([f"— {number} —"], x=290, top=40, size=9)
        begins = "La première page parle du port" if number == 1 else f"suite, page {number}"
        pages.lines([f"{begins}. Ici commence autre chose, que rien ne coupe, et la"])
        pages.next()
    document = one(tmp_path, "a.pdf", pages.done())
    rest = "Ici commence autre chose, que rien ne coupe, et la"
    assert document.text == (
        f"La première page parle du port. {rest} suite, page 2. {rest} suite, page 3. {rest} "
        f"suite, page 4. {rest}"
    )
    assert [page.number for page in document.pages] == [1, 2, 3, 4]
    for page in document.pages[1:]:
        assert document.text[page.start :].startswith(f"suite, page {page.number}")
    second = document.page_at(document.text.index("page 2"))
    assert second is not None
    assert (second.number, second.ocr) == (2, False)


def test_bookmarks_are_the_headings(tmp_path: Path) -> None:
    """Not what is only set large; the label of a chapter is of its title, and contents go."""
    pages = Pages()
    pages.canvas.setTitle("Manuel du port")
    pages.lines(["Table des matières"], size=16)
    entries = ["1 Les marins . . . . . . . . 2", "1.1 Les grains . . . . . . . . 2", "2 La paix 3"]
    pages.lines(entries, top=690)
    pages.next()
    parts = {2: ("Les marins", "Les grains"), 3: ("La paix", "")}
    for number, (chapter, section) in parts.items():
        pages.lines([f"Chapitre {number - 1}"], top=760, size=13)
        pages.lines([chapter], top=735, size=20)
        pages.canvas.bookmarkPage(chapter)
        pages.canvas.addOutlineEntry(chapter, chapter, 0)
        if section:
            pages.lines([f"1.1 {section}"], top=700, size=14)
            pages.canvas.bookmarkPage(section)
            pages.canvas.addOutlineEntry(section, section, 1)
        top = pages.lines(PROSE, top=670)
        pages.lines(["Une affiche en grand"], top=top - 30, size=20)
        pages.lines(PROSE[1:], top=top - 60)
        pages.next()
    pages.canvas.bookmarkPage("fin")
    pages.canvas.addOutlineEntry("Fin", "fin", 0)
    pages.lines(["Fin"], size=20)
    pages.lines(PROSE, top=680)
    document = one(tmp_path, "a.pdf", pages.done())
    assert headings(document) == [
        (1, "Manuel du port"),
        (2, "Chapitre 1 Les marins"),
        (3, "1.1 Les grains"),
        (2, "Chapitre 2 La paix"),
        (2, "Fin"),
    ]
    assert ". . ." not in document.text
    assert document.text.count("Une affiche en grand") == 2


def test_bookmarks_that_name_no_title_are_not_followed(tmp_path: Path) -> None:
    pages = Pages()
    for number in range(1, 5):
        pages.canvas.bookmarkPage(f"p{number}")
        pages.canvas.addOutlineEntry(f"scan-{number:03}.tif", f"p{number}", 0)
        pages.lines(["Cronstadt" if number == 1 else f"Les suites, {number}"], size=20)
        pages.lines(PROSE, top=690)
        pages.next()
    document = one(tmp_path, "a.pdf", pages.done())
    assert headings(document)[0] == (1, "Cronstadt")


def test_the_head_of_a_short_chapter_is_a_running_head(tmp_path: Path) -> None:
    """It stands once, where the others stand again and again."""
    pages = Pages()
    for number in range(1, 9):
        pages.lines(["UN CHAPITRE BREF" if number == 5 else "LE LONG CHAPITRE"], top=800, size=9)
        pages.lines([f"Le paragraphe {number} parle des marins et de la paix."], top=740)
        pages.next()
    document = one(tmp_path, "a.pdf", pages.done())
    assert "CHAPITRE" not in document.text
    assert document.text.count("parle des marins") == 8


def test_signs_set_large_are_no_heading(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["h h h P h N h h 4 h"], size=20)
    pages.lines(PROSE, top=690)
    pages.lines(["et ce que cela donne :"], top=620, size=14)
    pages.lines(PROSE, top=590)
    assert headings(one(tmp_path, "a.pdf", pages.done())) == []


def test_a_page_without_text_is_no_page_of_the_text(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["Un."])
    pages.next()
    pages.next()
    pages.lines(["Trois."])
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.text == "Un.\n\nTrois."
    assert [(page.number, page.start) for page in document.pages] == [(1, 0), (3, 5)]


LEFT = [
    "La colonne de gauche parle des",
    "marins. Elle compte plusieurs",
    "lignes, qui se suivent de haut",
    "en bas et finissent par un mot",
]
RIGHT = [
    "coupé par la colonne. Celle de",
    "droite parle du gouvernement,",
    "qui envoie des troupes sur la",
    "glace du golfe de Finlande.",
]


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize("shift", [0, 5])
def test_columns_are_read_one_after_the_other(
    tmp_path: Path, interleaved: bool, shift: int
) -> None:
    pages = Pages()
    pages.lines(["Un titre qui s’étend au-dessus des deux colonnes de la page"], size=16, top=760)
    if interleaved:
        for row, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
            pages.lines([left], top=720 - LEADING * row)
            pages.lines([right], x=300, top=720 - shift - LEADING * row)
    else:
        pages.lines(LEFT)
        pages.lines(RIGHT, x=300, top=720 - shift)
    pages.lines(
        ["Une note sous les deux colonnes, qui va d’un bord à l’autre de la page."], top=640
    )
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.text.split("\n\n") == [
        "Un titre qui s’étend au-dessus des deux colonnes de la page",
        "La colonne de gauche parle des marins. Elle compte plusieurs lignes, qui se suivent de "
        "haut en bas et finissent par un mot coupé par la colonne. Celle de droite parle du "
        "gouvernement, qui envoie des troupes sur la glace du golfe de Finlande.",
        "Une note sous les deux colonnes, qui va d’un bord à l’autre de la page.",
    ]


def test_columns_that_begin_at_different_heights(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["Un titre qui s’étend au-dessus des deux colonnes de la page"], size=16, top=760)
    pages.lines(LEFT, top=690)
    pages.lines(RIGHT, x=300)
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.pages == (PageStart(1, 0),)
    second = document.text.split("\n\n")[1]
    assert second.startswith("La colonne de gauche")
    assert second.endswith("mot coupé par la colonne. Celle de droite parle du gouvernement, qui "
                           "envoie des troupes sur la glace du golfe de Finlande.")  # fmt: skip


def test_bullets_become_dashes(tmp_path: Path) -> None:
    """However far a bullet stands from its item, and whatever it looks like."""
    pages = Pages()
    pages.lines(["Les marins demandent plusieurs choses, que le gouvernement refuse en bloc :"])
    for row, item in enumerate(["la paix avec tous les pays ;", "le pain pour toutes les villes."]):
        pages.lines(["\u2022"], x=80, top=700 - LEADING * row)
        pages.lines([item], x=100, top=700 - LEADING * row)
    assert one(tmp_path, "a.pdf", pages.done()).text.split("\n\n")[1] == (
        "- la paix avec tous les pays ;\n- le pain pour toutes les villes."
    )


def test_a_table_is_read_row_by_row(tmp_path: Path) -> None:
    pages = Pages()
    for row, cells in enumerate([("Année", "Fait"), ("1917", "Révolution"), ("1921", "NEP")]):
        for column, cell in enumerate(cells):
            pages.lines([cell], x=72 + 150 * column, top=720 - LEADING * row)
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.text == (
        "Année\u00a0: 1917\u202f; Fait\u00a0: Révolution\nAnnée\u00a0: 1921\u202f; Fait\u00a0: NEP"
    )


def test_a_ruled_table_with_narrow_columns(tmp_path: Path) -> None:
    """Cells that stand near each other are told apart by the rules between them."""
    from reportlab.lib import colors
    from reportlab.platypus import SimpleDocTemplate, Table, TableStyle

    data = io.BytesIO()
    rows = [
        ["Salle", "Demi-journée", "Journée"],
        ["Salle bleue", "60 €", "110 €"],
        ["Salle rouge", "80 €", "150 €"],
    ]
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])
    table = Table(rows, colWidths=[60, 74, 48], style=grid)
    SimpleDocTemplate(data, invariant=True).build([table])
    assert one(tmp_path, "a.pdf", data.getvalue()).text.split("\n") == [
        "Salle bleue — Demi-journée\u00a0: 60 €\u202f; Journée\u00a0: 110 €",
        "Salle rouge — Demi-journée\u00a0: 80 €\u202f; Journée\u00a0: 150 €",
    ]


def test_note_marks_and_exponents(tmp_path: Path) -> None:
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate

    text = (
        "Le pont fut construit en 1887<super>2</super>, coûta 410 000 €<super>3</super> et couvre "
        "12 m<super>2</super>, au XIX<super>e</super> siècle."
    )
    data = io.BytesIO()
    paragraph = Paragraph(text, getSampleStyleSheet()["BodyText"])
    SimpleDocTemplate(data, invariant=True).build([paragraph])
    assert one(tmp_path, "a.pdf", data.getvalue()).text == (
        "Le pont fut construit en 1887[2], coûta 410 000 €[3] et couvre 12 m², au XIXe siècle."
    )


def test_a_table_of_contents_larger_than_the_sections(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["Règlement"], size=22, top=790)
    pages.lines(["Sommaire"], size=18, top=760)
    pages.lines(["1. Réserver"], top=740)
    pages.lines(["2. Payer"], top=725)
    for top, title in ((690, "1. Réserver"), (560, "2. Payer")):
        pages.lines([title], size=14, top=top)
        pages.lines(PROSE, top=top - 20)
    document = one(tmp_path, "a.pdf", pages.done())
    assert headings(document) == [(1, "Règlement"), (3, "1. Réserver"), (3, "2. Payer")]
    assert document.text.count("Réserver") == 1
    assert document.removed == ("Sommaire", "1. Réserver", "2. Payer")


def test_turned_text(tmp_path: Path) -> None:
    """A page set sideways is read; a turned stamp in the margin is not."""
    pages = Pages()
    pages.canvas.saveState()
    pages.canvas.rotate(90)
    pages.canvas.setFont("Helvetica", 9)
    pages.canvas.drawString(200, -30, "arXiv:1234.5678")
    pages.canvas.restoreState()
    pages.lines(PROSE)
    pages.next()
    pages.canvas.rotate(90)
    pages.canvas.translate(0, -HEIGHT)
    pages.lines(["Une page en travers, qui se", "lit dans le bon sens."])
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.text == f"{TEXT}\n\nUne page en travers, qui se lit dans le bon sens."


def test_lines_of_a_table_of_contents_are_left_out(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["Les origines . . . . . . . . . . . . . . . . 12", "La suite ............ xiv"])
    pages.lines(["Les origines"], top=650, size=16)
    pages.lines(PROSE, top=600)
    pages.lines(["La suite"], top=400, size=16)
    pages.lines(PROSE, top=350)
    document = one(tmp_path, "a.pdf", pages.done())
    assert document.text == f"Les origines\n\n{TEXT}\n\nLa suite\n\n{TEXT}"
    assert len(document.removed) == 2


def test_a_price_list_with_dots_is_text(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["Salle bleue ................ 60 €", "Salle verte . . . . . . . . . 110 €"])
    pages.lines(
        ["La réduction vaut du 6 au", "8 décembre, puis le 30/04/", "2026 seulement."], top=600
    )
    assert one(tmp_path, "a.pdf", pages.done()).text == (
        "Salle bleue\u00a0: 60 €\nSalle verte\u00a0: 110 €\n\n"
        "La réduction vaut du 6 au 8 décembre, puis le 30/04/2026 seulement."
    )


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("la r´evolution franc¸aise, `a l’ˆıle", "la révolution française, à l’île"),
        ("la re´volution, l’e´te´, ou` ?", "la révolution, l’été, où ?"),
        ("re´e´lu apre`s l’e´lection", "réélu après l’élection"),
        ("na¨ıf et No¨el, fˆete", "naïf et Noël, fête"),
        ("e \u0301te\u0301", "été"),
        ("l'accent ´ et `ls -l`", "l'accent ´ et `ls -l`"),
    ],
)
def test_accents_beside_their_letters(broken: str, mended: str) -> None:
    import unicodedata

    first = accents_come_first(broken)
    found = broken if first is None else mend_accents(broken, first)
    assert unicodedata.normalize("NFC", found) == mended


def test_accents_are_mended_in_a_file(tmp_path: Path) -> None:
    pages = Pages()
    pages.lines(["La r´evolution ´eclate `a P´etrograd."])
    assert one(tmp_path, "a.pdf", pages.done()).text == "La révolution éclate à Pétrograd."


# --- scans --------------------------------------------------------------------------------------

SCANNED = ["La ville fut prise le 18 mars", "par les troupes de Toukhatchevski."]


def scan(pages: Pages, texts: Sequence[str]) -> None:
    image = Image.new("L", (1240, 1754), 255)
    font = ImageFont.load_default(40)
    for row, text in enumerate(texts):
        ImageDraw.Draw(image).text((150, 200 + 60 * row), text, 0, font)
    pages.canvas.drawImage(ImageReader(image), 0, 0, WIDTH, HEIGHT)
    pages.next()


def mixed() -> bytes:
    pages = Pages()
    pages.lines(["La première page a du texte."])
    pages.next()
    scan(pages, SCANNED)
    return pages.done()


def test_a_scan_is_told(tmp_path: Path) -> None:
    pages = Pages()
    scan(pages, SCANNED)
    told = refused(tmp_path / "1", "a.pdf", pages.done())
    assert told == "no text layer: a scanned document, which --ocr can read"
    results = read(write(tmp_path / "2", "a.pdf", mixed()))
    assert [r.text for r in results if isinstance(r, Document)] == ["La première page a du texte."]
    assert results[1:] == [
        Skipped("a.pdf", "page 2 without a readable text layer, which --ocr can read")
    ]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_a_scan_is_recognised_and_says_so(tmp_path: Path) -> None:
    document = one(tmp_path, "a.pdf", mixed(), ReadingSettings(ocr=True))
    assert document.text == (
        "La première page a du texte.\n\nLa ville fut prise le 18 mars par les troupes de "
        "Toukhatchevski."
    )
    assert [(page.number, page.ocr) for page in document.pages] == [(1, False), (2, True)]


# --- broken files -------------------------------------------------------------------------------


def test_protected_and_damaged_files(tmp_path: Path) -> None:
    data = io.BytesIO()
    canvas = Canvas(data, encrypt="secret")
    canvas.drawString(72, 720, "Un secret.")
    canvas.save()
    assert refused(tmp_path / "1", "a.pdf", data.getvalue()) == "protected by a password"
    assert refused(tmp_path / "2", "a.pdf", b"%PDF-1.7\n1 0 obj\n<<").startswith("damaged")
    assert refused(tmp_path / "3", "a.pdf", b"pas un PDF").startswith("damaged")
    assert refused(tmp_path / "4", "a.pdf", b"") == "empty file"


def test_no_damage_stops_the_reading(tmp_path: Path) -> None:
    import random

    generator = random.Random(1917)
    pages = Pages()
    pages.lines(["Un titre"], size=18, top=760)
    pages.lines(PROSE)
    whole = pages.done()
    for number in range(40):
        data = bytearray(whole)
        for _ in range(generator.randrange(1, 30)):
            at = generator.randrange(len(data))
            data[at : at + generator.randrange(3)] = generator.randbytes(generator.randrange(3))
        write(tmp_path, f"{number:02}.pdf", bytes(data))
    write(tmp_path, "zz.pdf", whole)
    results = read(tmp_path)
    assert {result.source for result in results} == {path.name for path in tmp_path.iterdir()}
    for result in results:
        if isinstance(result, Document):
            check(result)
    last = results[-1]
    assert isinstance(last, Document) and last.text == f"Un titre\n\n{TEXT}"
