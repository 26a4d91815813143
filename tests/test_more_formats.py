"""Formats of offices, mail, notebooks, editions: made here, read back with the right text."""

from __future__ import annotations

import io
import json
import mailbox
import shutil
import socketserver
import subprocess
import threading
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from qa.records import Document, Skipped
from reading_files import headings, one, read, refused, write


def parts(document: Document) -> list[str]:
    """Its blocks, the no-break spaces of French typography made plain."""
    return document.text.replace("\u202f", " ").replace("\u00a0", " ").split("\n\n")


def packed(entries: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


# --- spreadsheets -------------------------------------------------------------------------------

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(sheets: dict[str, tuple[list[list[str | float]], str]]) -> bytes:
    """Sheets by name: their rows, and the ranges that are merged."""
    entries = {
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{LINKS}"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{LINKS}/worksheet" Target="worksheets/s{n}.xml"/>'
            for n in range(1, len(sheets) + 1)
        )
        + "</Relationships>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" '
        f'Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "[Content_Types].xml": "<Types/>",
    }
    for number, (rows, merged) in enumerate(sheets.values(), 1):
        written = ""
        for y, row in enumerate(rows, 1):
            cells = ""
            for x, value in enumerate(row):
                place = f"{'ABCDEFG'[x]}{y}"
                if isinstance(value, str):
                    cells += f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
                else:
                    cells += f'<c r="{place}"><v>{value}</v></c>'
            written += f'<row r="{y}">{cells}</row>'
        ranges = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
        entries[f"xl/worksheets/s{number}.xml"] = (
            f'<worksheet xmlns="{SHEET}"><sheetData>{written}</sheetData>{ranges}</worksheet>'
        )
    return packed(entries)


def test_sheets_that_only_pretend(tmp_path: Path) -> None:
    data = workbook({"a": ([["x", "y"], ["z", 2]], "")})
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name).decode() for name in archive.namelist()}
    book = entries["xl/workbook.xml"]
    again = "".join(f'<sheet name="b{n}" sheetId="{n}" r:id="r1"/>' for n in range(2, 9))
    entries["xl/workbook.xml"] = book.replace("</sheets>", f"{again}</sheets>")
    reason = "damaged: several sheets are the same one"
    assert refused(tmp_path / "a", "a.xlsx", packed(entries)) == reason
    entries["xl/workbook.xml"] = book
    sheet = entries["xl/worksheets/s1.xml"]
    far = '<row r="900"><c r="BZZ900"><v>1</v></c></row>'
    entries["xl/worksheets/s1.xml"] = sheet.replace("</sheetData>", f"{far}</sheetData>")
    reason = "a sheet of more than 1000000 places, nearly all of them empty"
    assert refused(tmp_path / "b", "b.xlsx", packed(entries)) == reason


def test_spreadsheet(tmp_path: Path) -> None:
    rooms: list[list[str | float]] = [
        ["Salle", "Demi-journée", "Journée", "Caution"],
        ["Salle bleue", 60, 110, "150 €"],
        ["Salle rouge", 80.5, 150, ""],
    ]
    dates: list[list[str | float]] = [["Fermeture", "Jours"], ["Noël", 10]]
    data = workbook({"Salles": (rooms, "D2:D3"), "Congés": (dates, "")})
    document = one(tmp_path, "tarifs_2025.xlsx", data)
    assert document.title == "Tarifs 2025"
    assert parts(document) == [
        "Salles",
        "Salle bleue — Demi-journée : 60 ; Journée : 110 ; Caution : 150 €\n"
        "Salle rouge — Demi-journée : 80,5 ; Journée : 150 ; Caution : 150 €",
        "Congés",
        "Noël (Fermeture) — Jours : 10",
    ]
    assert headings(document) == [(2, "Salles"), (2, "Congés")]
    assert refused(tmp_path / "2", "a.xlsx", b"PK rien").startswith("damaged")


def test_opendocument_spreadsheet_and_slides(tmp_path: Path) -> None:
    from odf import draw, presentation, table, text
    from odf.opendocument import OpenDocumentPresentation, OpenDocumentSpreadsheet
    from odf.style import MasterPage, PageLayout

    sheets = OpenDocumentSpreadsheet()
    cells = table.Table(name="Tarifs")
    for texts in [("Formule", "Prix"), ("Argent", "24 €"), ("Or", "39 €")]:
        row = table.TableRow()
        for content in texts:
            cell = table.TableCell(valuetype="string")
            cell.addElement(text.P(text=content))
            row.addElement(cell)
        cells.addElement(row)
    sheets.spreadsheet.addElement(cells)
    data = io.BytesIO()
    sheets.save(data)
    document = one(tmp_path, "a.ods", data.getvalue())
    assert parts(document) == ["Argent (Formule) — Prix : 24 €\nOr (Formule) — Prix : 39 €"]

    show = OpenDocumentPresentation()
    layout = PageLayout(name="L")
    show.automaticstyles.addElement(layout)
    show.masterstyles.addElement(MasterPage(name="M", pagelayoutname=layout))
    page = draw.Page(masterpagename="M")
    for kind, content in (("title", "Le port"), ("outline", "Il ouvre à 8 h.")):
        frame = draw.Frame(attributes={"class": kind})
        box = draw.TextBox()
        box.addElement(text.P(text=content))
        frame.addElement(box)
        page.addElement(frame)
    notes = presentation.Notes()
    page.addElement(notes)
    show.presentation.addElement(page)
    data = io.BytesIO()
    show.save(data)
    document = one(tmp_path, "b.odp", data.getvalue())
    assert parts(document) == ["Le port", "Il ouvre à 8 h."]
    assert headings(document) == [(2, "Le port")]


# --- slides -------------------------------------------------------------------------------------

SHOW = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    f'xmlns:r="{LINKS}"'
)


def shape(kind: str, *texts: str) -> str:
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    written = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)
    return f"<p:sp>{place}<p:txBody>{written}</p:txBody></p:sp>"


def test_powerpoint(tmp_path: Path) -> None:
    rows = "".join(
        "<a:tr>" + "".join(
            f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"
            for text in row
        ) + "</a:tr>"
        for row in (("Bac", "Jour"), ("jaune", "mardi"))
    )  # fmt: skip
    cells = f'<p:graphicFrame><a:tbl><a:tblPr firstRow="1"/>{rows}</a:tbl></p:graphicFrame>'
    slides = [
        shape("body", "Le tri des déchets", "Les bacs")
        + shape("title", "Trier")
        + shape("sldNum", "1"),
        shape("title", "Collecte") + cells + shape("", "Un encadré libre."),
    ]
    entries = {
        "ppt/presentation.xml": f"<p:presentation {SHOW}><p:sldIdLst>"
        + "".join(f'<p:sldId r:id="s{n}"/>' for n in (1, 2))
        + "</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        + "".join(
            f'<Relationship Id="s{n}" Type="{LINKS}/slide" Target="slides/slide{n}.xml"/>'
            for n in (1, 2)
        )
        + "</Relationships>",
        "docProps/core.xml": "<c xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        "<dc:title>Présentation PowerPoint</dc:title></c>",
    } | {
        f"ppt/slides/slide{n}.xml": f"<p:sld {SHOW}><p:cSld><p:spTree>{source}</p:spTree></p:cSld>"
        "</p:sld>"
        for n, source in enumerate(slides, 1)
    }
    document = one(tmp_path, "tri.pptx", packed(entries))
    assert document.title == "Tri"
    assert parts(document) == [
        "Trier", "- Le tri des déchets\n- Les bacs", "Collecte", "jaune (Bac) — Jour : mardi",
        "Un encadré libre.",
    ]  # fmt: skip
    assert headings(document) == [(2, "Trier"), (2, "Collecte")]


# --- mail ---------------------------------------------------------------------------------------


def message(subject: str, body: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"] = subject, "Jeanne Dupuis <jeanne@exemple.fr>"
    made["Date"] = "Tue, 03 Jun 2025 10:00:00 +0200"
    made.set_content(body)
    return made


def test_message_and_mailbox(tmp_path: Path) -> None:
    made = message("Clés de l’école", "Bonjour,\n\nLes clés sont à la mairie.\n")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan.pdf")
    document, told = read(write(tmp_path, "a.eml", bytes(made)))
    assert isinstance(document, Document) and isinstance(told, Skipped)
    assert document.title == "Clés de l’école"
    assert parts(document) == ["Clés de l’école", "Bonjour,", "Les clés sont à la mairie."]
    assert document.metadata["date"] == "2025-06-03"
    assert told.reason == "1 attachments not read: plan.pdf"
    box = mailbox.mbox(tmp_path / "b.mbox")
    box.add(message("Un", "Premier message.\n\nFrom ici, tout va bien.\n"))
    box.add(message("Deux", "Second message.\n"))
    box.close()
    found = [d for d in read(tmp_path / "b.mbox") if isinstance(d, Document)]
    assert [(d.id, d.title) for d in found] == [("b.mbox:1", "Un"), ("b.mbox:2", "Deux")]
    assert parts(found[0])[1:] == ["Premier message.", "From ici, tout va bien."]
    assert refused(tmp_path / "c", "a.eml", "rien") == "not a message"


# --- text formats -------------------------------------------------------------------------------


def test_restructured_text(tmp_path: Path) -> None:
    source = (
        "Le port\n=======\n\nHoraires\n--------\n\nIl ouvre à **8 h** [#n]_.\n\n- un\n- deux\n\n"
        "=====  =====\nBac    Jour\n=====  =====\njaune  mardi\n=====  =====\n\n"
        ".. include:: /etc/passwd\n\n.. [#n] Sauf le lundi.\n"
    )
    document = one(tmp_path, "a.rst", source)
    assert document.title == "Le port"
    assert headings(document) == [(1, "Le port"), (2, "Horaires")]
    assert "Il ouvre à 8 h [1]." in document.text
    assert "jaune (Bac) — Jour : mardi" in " ".join(parts(document))
    assert "Sauf le lundi." in document.text
    assert "root:" not in document.text


def test_rich_text(tmp_path: Path) -> None:
    source = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Le mus\'e9e\par Il ouvre \'e0 8 h, "
        r"tous les jours.\par\trowd\cellx1\cellx2 Bac\cell Jour\cell\row jaune\cell 2\cell\row}"
    )
    document = one(tmp_path, "a.rtf", source)
    assert "Il ouvre à 8 h, tous les jours." in parts(document)
    assert "jaune (Bac) — Jour : 2" in " ".join(parts(document))
    assert refused(tmp_path / "b", "a.rtf", "rien") == "not an RTF file"


def test_latex(tmp_path: Path) -> None:
    source = r"""\documentclass{article}\title{Le port}\author{Jeanne Dupuis}
\begin{document}\maketitle
\section{Horaires} % caché
Il ouvre à \emph{huit} heures\footnote{Sauf le lundi.}, l'\'et\'e aussi.

\begin{itemize}\item un \item deux\end{itemize}
\subsection{Tarifs}
$x^2$ euros.
\end{document}"""
    document = one(tmp_path, "a.tex", source)
    assert document.title == "Le port"
    assert document.metadata == {"author": "Jeanne Dupuis"}
    assert headings(document) == [(1, "Le port"), (3, "Horaires"), (4, "Tarifs")]
    assert parts(document)[2:5] == [
        "Il ouvre à huit heures[1], l'été aussi.", "[1] Sauf le lundi.", "- un\n- deux",
    ]  # fmt: skip
    assert "caché" not in document.text


def test_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Le port\n", "\n", "Il ouvre à **8 h**."]},
        {"cell_type": "code", "source": "x = 1", "outputs": [{"text": "caché"}]},
    ]
    document = one(tmp_path, "a.ipynb", json.dumps({"cells": cells}))
    assert (document.title, parts(document)) == ("Le port", ["Le port", "Il ouvre à 8 h.", "x = 1"])
    assert refused(tmp_path / "b", "a.ipynb", "{}") == "not a notebook"


@pytest.mark.parametrize("suffix", [".srt", ".vtt"])
def test_subtitles(tmp_path: Path, suffix: str) -> None:
    source = (
        "WEBVTT\n\n"
        * (suffix == ".vtt")
        + "1\n00:00:01,000 --> 00:00:02,000\n<i>Le port ouvre</i>\n\n"
        "2\n00:00:02,100 --> 00:00:03,000\nà huit heures.\n\n"
        "3\n00:01:00,000 --> 00:01:02,000\nIl ferme le lundi.\n"
    )
    document = one(tmp_path, f"visite{suffix}", source)
    assert parts(document) == ["Le port ouvre à huit heures.", "Il ferme le lundi."]


# --- JSON and TEI -------------------------------------------------------------------------------


def test_json(tmp_path: Path) -> None:
    rows = {
        "fiches": [{"id": "f1", "title": "Port", "text": "Il ouvre."}, {"nom": "Or", "prix": 39}]
    }
    found = read(write(tmp_path, "a.json", json.dumps(rows)))
    assert [(d.id, d.title, d.text) for d in found if isinstance(d, Document)] == [
        ("f1", "Port", "Il ouvre."), ("a.json:2", "Or", "nom\u00a0: Or\nprix\u00a0: 39"),
    ]  # fmt: skip
    whole = one(tmp_path / "b", "horaires.json", '{"lundi": "fermé", "mardi": ["8 h", "9 h"]}')
    assert whole.text == "lundi\u00a0: fermé\n\nmardi\u00a0: 8 h, 9 h"
    assert refused(tmp_path / "c", "a.json", "{").startswith("not JSON: ")
    assert one(tmp_path / "d", "a.ndjson", '{"id": 1, "text": "Un."}').text == "Un."


def test_json_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    """U+2028, U+2029 and U+0085 may stand in a JSON string; NaN is no identifier, a line is."""
    rows = '{"id": 1, "text": "un\u2028deux\u2029trois\u0085fin"}\n{"id": NaN, "text": "x"}\n'
    results = read(write(tmp_path, "a.jsonl", rows))
    assert [result.id for result in results if isinstance(result, Document)] == ["1", "a.jsonl:2"]


def test_tei(tmp_path: Path) -> None:
    source = (
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Poèmes'
        "</title><author>A. B.</author></titleStmt><sourceDesc><date>1857</date></sourceDesc>"
        '</fileDesc></teiHeader><text xml:lang="fr"><body><div><head>I</head><div><head>Le port'
        "</head><lg><l>Un vers,</l><l>Deux vers.</l></lg><p>Il part<note><p>En 1850.</p></note>."
        "</p></div></div></body></text></TEI>"
    )
    document = one(tmp_path, "a.xml", source)
    assert (document.title, document.metadata["author"]) == ("Poèmes", "A. B.")
    assert headings(document) == [(1, "Poèmes"), (2, "I"), (3, "Le port")]
    assert parts(document)[3:] == ["Un vers,\nDeux vers.", "Il part[1].", "[1] En 1850."]


# --- older formats, and formats that are not read -----------------------------------------------


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_old_word_file(tmp_path: Path) -> None:
    write(tmp_path, "a.html", "<h1>Le port</h1><p>Il ouvre à 8 h.</p>")
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/p", "--convert-to",
         "doc:MS Word 97", "--outdir", str(tmp_path / "out"), str(tmp_path / "a.html")],
        check=True, capture_output=True,
    )  # fmt: skip
    document = one(tmp_path / "out", "a.doc", (tmp_path / "out" / "a.doc").read_bytes())
    assert parts(document) == ["Le port", "Il ouvre à 8 h."]


LINKED = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document office:version="1.2" '
    'office:mimetype="application/vnd.oasis.opendocument.text" '
    + " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
        for name, kind in (
            ("office", "office"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible"),
        )
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:text><text:p>Avant. '
    '<draw:frame text:anchor-type="as-char" svg:width="3cm" svg:height="3cm">'
    '<draw:image xlink:href="{0}" xlink:type="simple"/></draw:frame> Après.</text:p>'
    "</office:text></office:body></office:document>"
)  # fmt: skip


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_nothing_is_fetched_for_an_old_word_file(tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode())
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\nx")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/a.png"
        write(tmp_path, "a.fodt", LINKED.replace("{0}", address))
        subprocess.run(
            ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/p", "--convert-to",
             "doc:MS Word 97", "--outdir", str(tmp_path / "out"), str(tmp_path / "a.fodt")],
            check=True, capture_output=True,
        )  # fmt: skip
        data = (tmp_path / "out" / "a.doc").read_bytes()
        assert address.encode() in data
        assert any("/a.png" in line for line in asked)  # by who makes it; not by who reads it
        asked.clear()
        assert one(tmp_path / "in", "a.doc", data).text == "Avant. Après."
        # A page is often called so: it is read here, and what LibreOffice knows besides is refused.
        page = f'<html><body><p>Bonjour.</p><img src="{address}"></body></html>'
        assert one(tmp_path / "page", "a.doc", page).text == "Bonjour."
        linked = LINKED.replace("{0}", address)
        assert refused(tmp_path / "b", "b.doc", linked) == "not a binary .doc file"
        assert refused(tmp_path / "c", "c.ppt", page) == "not a binary .ppt file"
        server.shutdown()
    assert asked == []


def test_formats_that_are_not_read_are_told_once(tmp_path: Path) -> None:
    for number in range(22):
        write(tmp_path, f"{number}.pages", "x")
    write(tmp_path, "photo.png", "x")
    write(tmp_path, "~$statuts.docx", "x")
    write(tmp_path, "vide.txt", "")
    write(tmp_path, "zz.txt", "Un texte.")
    told = [result for result in read(tmp_path) if isinstance(result, Skipped)]
    assert [(result.source, result.reason) for result in told] == [
        ("vide.txt", "empty file"),
        ("*.pages", "22 files of a format that is not read (.pages): save them as .docx"),
        ("photo.png", "format not read: .png; put scans into a PDF, which --ocr can read"),
    ]
    assert told[1].french == "22 fichiers .pages : enregistrez-les en .docx"
    assert (told[1].code, told[1].figures[0]) == ("formats", "22")
