"""Word, OpenDocument and EPUB files made here: nothing printed is lost, nothing else is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from odf import dc, draw, meta, table, text
from odf.opendocument import OpenDocumentText
from odf.style import Style

from qa.records import Document
from reading_files import headings, one, read, refused, write


def saved(document: Any) -> bytes:
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


def archive(parts: dict[str, str | bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return data.getvalue()


# --- Word ---------------------------------------------------------------------------------------


def word_file() -> Any:
    document = docx.Document()
    document.core_properties.title = "Cronstadt, 1921"
    document.core_properties.author = "Jeanne Dupuis"
    document.core_properties.created = datetime(2014, 3, 8)
    document.core_properties.language = "fr-FR"
    return document


def test_word_file(tmp_path: Path) -> None:
    document = word_file()
    document.sections[0].header.paragraphs[0].text = "Un en-tête"
    document.add_heading("La révolte de Cronstadt", 0)
    document.add_heading("Les causes", 1)
    paragraph = document.add_paragraph("Les marins ")
    paragraph.add_run("demandent").bold = True
    paragraph.add_run(" des soviets  libres ,\net du pain.")
    document.add_paragraph("la paix ;", "List Bullet")
    document.add_paragraph("le pain.", "List Bullet")
    document.add_paragraph("un", "List Number")
    document.add_paragraph("deux", "List Number")
    cells = document.add_table(2, 2)
    for row, texts in enumerate([("Camp", "Morts"), ("Rouges", "10 000")]):
        for column, content in enumerate(texts):
            cells.cell(row, column).text = content
    document.add_heading("Plus bas", 2)
    read_document = one(tmp_path, "a.docx", saved(document))
    assert read_document.title == "La révolte de Cronstadt"
    assert read_document.text.split("\n\n") == [
        "La révolte de Cronstadt",
        "Les causes",
        "Les marins demandent des soviets libres,\net du pain.",
        "- la paix ;\n- le pain.\n1. un\n2. deux",
        "Rouges (Camp) — Morts\u00a0: 10 000",
        "Plus bas",
    ]
    assert headings(read_document) == [
        (1, "La révolte de Cronstadt"),
        (2, "Les causes"),
        (3, "Plus bas"),
    ]
    assert read_document.metadata == {
        "author": "Jeanne Dupuis",
        "date": "2014-03-08",
        "language": "fr-FR",
    }


def test_word_text_that_python_docx_passes_over(tmp_path: Path) -> None:
    """Insertions, content controls, links, boxes and notes are printed; deletions are not."""
    document = word_file()
    body = document.element.body
    space = nsdecls("w")
    body.insert(0, parse_xml(
        f"<w:p {space}><w:r><w:t xml:space='preserve'>Il meurt </w:t></w:r>"
        "<w:ins w:id='1' w:author='x'><w:r><w:t>à Mexico</w:t></w:r></w:ins>"
        "<w:del w:id='2' w:author='x'><w:r><w:delText>à Moscou</w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t xml:space='preserve"
        "'> en 1940</w:t></w:r></w:hyperlink>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>caché</w:t></w:r>"
        "<w:r><w:fldChar w:fldCharType='begin'/><w:instrText>PAGE</w:instrText></w:r>"
        "<w:r><w:t>.</w:t></w:r></w:p>"
    ))  # fmt: skip
    body.insert(1, parse_xml(
        f"<w:sdt {space}><w:sdtContent><w:p><w:r><w:t>Un champ rempli.</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    ))  # fmt: skip
    body.insert(2, parse_xml(
        f"<w:p {space} xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
        "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><w:txbxContent><w:p><w:r>"
        "<w:t>Un encadré.</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice><mc:Fallback>"
        "<w:pict><w:txbxContent><w:p><w:r><w:t>Un encadré.</w:t></w:r></w:p></w:txbxContent>"
        "</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    ))  # fmt: skip
    read_document = one(tmp_path, "a.docx", saved(document))
    assert read_document.text.split("\n\n") == [
        "Cronstadt, 1921",
        "Il meurt à Mexico en 1940.",
        "Un champ rempli.",
        "Un encadré.",
    ]


def test_word_notes(tmp_path: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    call = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    note = '<w:footnote w:id="{}"><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:footnote>'
    data = archive(
        {
            "word/document.xml": f"<w:document {space}><w:body><w:p><w:r><w:t>Un</w:t></w:r>"
            f"{call.format(7)}<w:r><w:t xml:space='preserve'> et deux</w:t></w:r>{call.format(8)}"
            "<w:r><w:t>.</w:t></w:r></w:p></w:body></w:document>",
            "word/footnotes.xml": f"<w:footnotes {space}>{note.format(8, 'Note deux.')}"
            f"{note.format(7, 'Note un.')}</w:footnotes>",
        }
    )
    document = one(tmp_path, "notes_de-bas.docx", data)
    assert document.text == "Un[1] et deux[2].\n\n[1] Note un.\n\n[2] Note deux."
    assert document.title == "Notes de bas"


def test_titles_and_authors_of_programs_are_not_kept(tmp_path: Path) -> None:
    document = word_file()
    document.core_properties.title = "Microsoft Word - Document1"
    document.core_properties.author = "python-docx"
    document.add_paragraph("Un texte.")
    found = one(tmp_path, "rapport_1921.docx", saved(document))
    assert (found.title, found.text) == ("Rapport 1921", "Un texte.")
    assert "author" not in found.metadata


# --- OpenDocument -------------------------------------------------------------------------------


def odt_file() -> Any:
    document = OpenDocumentText()
    title = Style(name="P1", family="paragraph", parentstylename="Title")
    document.automaticstyles.addElement(title)
    document.meta.addElement(meta.InitialCreator(text="Jeanne Dupuis"))
    document.meta.addElement(meta.CreationDate(text="2014-03-08T10:00:00"))
    document.meta.addElement(dc.Language(text="fr-FR"))
    document.text.addElement(text.P(stylename=title, text="La révolte de Cronstadt"))
    document.text.addElement(text.H(outlinelevel=1, text="Les causes"))
    paragraph = text.P(text="Les marins")
    paragraph.addElement(text.S(c=2))
    paragraph.addElement(text.Span(text="demandent"))
    paragraph.addText(" du pain")
    note = text.Note(noteclass="footnote", id="n1")
    note.addElement(text.NoteCitation(text="1"))
    body = text.NoteBody()
    body.addElement(text.P(text="Voir Broué."))
    note.addElement(body)
    paragraph.addElement(note)
    paragraph.addText(".")
    document.text.addElement(paragraph)
    items = text.List()
    for content in ("la paix ;", "le pain."):
        item = text.ListItem()
        item.addElement(text.P(text=content))
        items.addElement(item)
    document.text.addElement(items)
    cells = table.Table()
    for texts in [("Camp", "Morts"), ("Rouges", "10 000")]:
        row = table.TableRow()
        for content in texts:
            cell = table.TableCell()
            cell.addElement(text.P(text=content))
            row.addElement(cell)
        cells.addElement(row)
    document.text.addElement(cells)
    frame_paragraph = text.P()
    frame = draw.Frame()
    box = draw.TextBox()
    box.addElement(text.P(text="Un encadré."))
    frame.addElement(box)
    frame_paragraph.addElement(frame)
    document.text.addElement(frame_paragraph)
    changes = text.TrackedChanges()
    region = text.ChangedRegion(id="c1", check_grammar=False)
    deletion = text.Deletion()
    deletion.addElement(text.P(text="Un texte supprimé."))
    region.addElement(deletion)
    changes.addElement(region)
    document.text.addElement(changes)
    return document


def test_opendocument_file(tmp_path: Path) -> None:
    document = one(tmp_path, "a.odt", saved(odt_file()))
    assert document.text.split("\n\n") == [
        "La révolte de Cronstadt",
        "Les causes",
        "Les marins demandent du pain[1].",
        "[1] Voir Broué.",
        "- la paix ;\n- le pain.",
        "Rouges (Camp) — Morts\u00a0: 10 000",
        "Un encadré.",
    ]
    assert headings(document) == [(1, "La révolte de Cronstadt"), (2, "Les causes")]
    assert document.title == "La révolte de Cronstadt"
    assert document.metadata == {
        "author": "Jeanne Dupuis",
        "date": "2014-03-08",
        "language": "fr-FR",
    }


# --- EPUB ---------------------------------------------------------------------------------------

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/livre.opf"/></rootfiles></container>'
)
OPF = """<package xmlns="http://www.idpf.org/2007/opf"><metadata
 xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Ma vie</dc:title>
<dc:creator>Léon Trotsky</dc:creator><dc:creator>Maurice Parijanine</dc:creator>
<dc:date>1930</dc:date><dc:language>fr</dc:language>
<dc:source>https://exemple.fr/ma-vie</dc:source></metadata><manifest>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="b" href="deux.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="chapitre%20un.xhtml" media-type="application/xhtml+xml"/>
<item id="m" href="absent.xhtml" media-type="application/xhtml+xml"/>
<item id="i" href="couverture.jpg" media-type="image/jpeg"/></manifest>
<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/><itemref idref="m"/></spine>
</package>"""
CHAPTER = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html '
    'xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body></html>'
)


def epub(**more: str) -> bytes:
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/livre.opf": OPF,
            "OEBPS/nav.xhtml": CHAPTER.format("<nav><ol><li>Un</li></ol></nav>"),
            "OEBPS/chapitre un.xhtml": CHAPTER.format(
                "<h1>Ianovka</h1><p>On dit que l’enfance est le temps le plus heureux.</p>"
                "<aside><p>Une note de bas de page.</p></aside>"
            ),
            "OEBPS/deux.xhtml": CHAPTER.format(
                "<div class='menu'><h1>Nos voisins</h1><p>À l’école.</p><ul><li>Partager</li></ul>"
                "</div>"
            ),
            **more,
        }
    )


def test_epub(tmp_path: Path) -> None:
    results = read(write(tmp_path, "a.epub", epub()))
    document = results[0]
    assert isinstance(document, Document)
    assert document.text.split("\n\n") == [
        "Ma vie",
        "Ianovka",
        "On dit que l’enfance est le temps le plus heureux.",
        "Une note de bas de page.",
        "Nos voisins",
        "À l’école.",
        "- Partager",
    ]
    assert headings(document) == [(1, "Ma vie"), (2, "Ianovka"), (2, "Nos voisins")]
    assert document.title == "Ma vie"
    assert document.source == "https://exemple.fr/ma-vie"
    assert document.metadata == {
        "author": "Léon Trotsky, Maurice Parijanine",
        "date": "1930",
        "language": "fr",
        "url": "https://exemple.fr/ma-vie",
    }
    assert [(r.source, r.reason) for r in results[1:] if not isinstance(r, Document)] == [
        ("a.epub", "its part OEBPS/absent.xhtml is missing")
    ]


def test_protected_epub(tmp_path: Path) -> None:
    cipher = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
        'xmlns="http://www.w3.org/2001/04/xmlenc#"><CipherData><CipherReference URI="OEBPS/{}"/>'
        "</CipherData></EncryptedData></encryption>"
    )
    for place, readable in (("police.otf", True), ("deux.xhtml", False)):
        data = epub(**{"META-INF/encryption.xml": cipher.format(place)})
        results = read(write(tmp_path / place, "a.epub", data), None) if readable else None
        if results is not None:
            assert isinstance(results[0], Document)
        else:
            assert refused(tmp_path / place, "a.epub", data) == "protected against copying (DRM)"


# --- files that are not what they say -----------------------------------------------------------


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".epub"])
def test_files_of_another_kind(tmp_path: Path, suffix: str) -> None:
    def told(number: int, data: bytes) -> str:
        return refused(tmp_path / str(number), f"a{suffix}", data)

    assert told(1, b"du texte").startswith("damaged archive")
    assert told(2, b"") == "empty file"
    assert told(3, b"\xd0\xcf\x11\xe0" + bytes(600)) == (
        "protected by a password, or of an older format: save it anew"
    )
    assert told(4, archive({"x": "y"})).startswith("not a")
    parts = {
        "word/document.xml": "<w:document",
        "content.xml": "<a",
        "META-INF/container.xml": "<c",
    }
    assert told(5, archive(dict(parts))).startswith("damaged: ")


@pytest.mark.parametrize(
    ("name", "make"), [("a.docx", word_file), ("a.odt", odt_file), ("a.epub", epub)]
)
def test_no_damage_stops_the_reading(tmp_path: Path, name: str, make: Callable[[], Any]) -> None:
    import random

    generator = random.Random(1917)
    made = make()
    whole = made if isinstance(made, bytes) else saved(made)
    stem, _, suffix = name.partition(".")
    for number in range(30):
        data = bytearray(whole)
        for _ in range(generator.randrange(1, 12)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        write(tmp_path, f"{stem}{number:02}.{suffix}", bytes(data))
    write(tmp_path, "zz.txt", "Un texte lisible.")
    sources = {result.source for result in read(tmp_path)}
    assert "zz.txt" in sources
    names = {path.name for path in tmp_path.iterdir()}
    assert {s for s in sources if not s.startswith("https://exemple.fr")} <= names
