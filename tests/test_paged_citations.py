"""From files to citations: the page, the OCR mark and the metadata reach whoever cites."""

from __future__ import annotations

import io
import json
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from qa.assistant import Assistant
from qa.cli import main
from qa.embedding import ShippedEmbedder
from qa.index import open_index, update_index
from qa.reading import ReadingSettings
from qa.records import Document, PageStart, Turn
from qa.web import export, references, render
from reading_files import write
from test_pdf import Pages, mixed

TODAY = date(2026, 11, 21)


def book() -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, invariant=True)
    for sentence in (
        "Le tramway de Port-Gallet fut inauguré en 1903 par le maire Anselme Duvivier.",
        "La fabrique de savon ferma ses portes en 1931, après la mort de son fondateur.",
        "Le phare des Trois-Sœurs mesure quarante-deux mètres et domine toute la baie.",
    ):
        canvas.drawString(72, 700, sentence)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


SIDECAR = """title = "Chronique de Port-Gallet"
author = "Jeanne Roy"
date = 1934
language = "fr"
"""


def test_the_page_reaches_every_citation(
    tmp_path: Path, shipped_embedder: ShippedEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, directory = tmp_path / "corpus", tmp_path / "index"
    write(corpus, "port.pdf", book())
    write(corpus, "port.pdf.meta.toml", SIDECAR)
    update_index(corpus, directory, shipped_embedder)
    question = "Quand la fabrique de savon ferma-t-elle ses portes ?"
    index = open_index(directory)
    assert index.document("port.pdf").pages == (
        PageStart(1, 0), PageStart(2, 79), PageStart(3, 159),
    )  # fmt: skip
    answer = Assistant(index, shipped_embedder).answer(question)
    (citation,) = answer.citations
    assert (citation.page, citation.ocr, citation.title) == (2, False, "Chronique de Port-Gallet")
    assert citation.quote.startswith("La fabrique de savon ferma ses portes en 1931")
    assert "<cite>Chronique de Port-Gallet</cite>, p.\u00a02<" in render._cited_place(citation)
    turns = (Turn(question, answer),)
    assert "1. Chronique de Port-Gallet, p.\u00a02 (port.pdf" in export.to_markdown(
        turns, datetime(2026, 11, 21)
    )
    cited = references.reference(index.document("port.pdf"), citation.start, citation.end)
    assert (
        "\u202f» JEANNE ROY. Chronique de Port-Gallet [document électronique]. 1934. P.\u00a02. Car"
    ) in references.iso690(cited, TODAY)
    assert "  pages = {2},\n  language = {fr},\n" in references.bibtex(cited, TODAY)
    assert "SP  - 2\nLA  - fr\n" in references.ris(cited, TODAY)
    (item,) = json.loads(references.csl(cited, TODAY))
    assert (item["page"], item["language"]) == ("2", "fr")
    index.close()
    assert main(["ask", question, "--index", str(directory)]) == 0
    assert "Chronique de Port-Gallet, p. 2 (port.pdf" in capsys.readouterr().out


def test_recognised_text_is_marked() -> None:
    text = "Un.\n\nDeux."
    document = Document("a.pdf", "A", text, "a.pdf", pages=(PageStart(1, 0), PageStart(2, 5, True)))
    typed, recognised = references.reference(document, 0, 3), references.reference(document, 5, 10)
    assert "OCR" not in references.iso690(typed, TODAY) + references.csl(typed, TODAY)
    for make in (references.iso690, references.bibtex, references.ris, references.csl):
        assert "exte reconnu par OCR" in make(recognised, TODAY)
    assert (
        "A [document électronique]. P.\u00a02. Texte reconnu par OCR. Caractères 5 à 10."
    ) in references.iso690(recognised, TODAY)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_an_answer_from_a_scan(tmp_path: Path, shipped_embedder: ShippedEmbedder) -> None:
    corpus, directory = tmp_path / "corpus", tmp_path / "index"
    write(corpus, "scan.pdf", mixed())
    update_index(corpus, directory, shipped_embedder, reading=ReadingSettings(ocr=True))
    index = open_index(directory)
    answer = Assistant(index, shipped_embedder).answer("Quand la ville fut-elle prise ?")
    assert [(c.page, c.ocr) for c in answer.citations] == [(2, True)]
    assert "p.\u00a02 (OCR)" in render._cited_place(answer.citations[0])
    index.close()


def test_ocr_without_tesseract_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = Pages()
    pages.lines(["Un texte."])
    write(tmp_path / "corpus", "a.pdf", pages.done())
    monkeypatch.setattr(shutil, "which", lambda _: None)
    arguments = ["index", str(tmp_path / "corpus"), "--index", str(tmp_path / "index"), "--ocr"]
    assert main(arguments) == 1
    assert "apt-get install tesseract-ocr-fra" in capsys.readouterr().err


def test_index_takes_the_fields_that_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, "lois.csv", "nom,corps,resume\nA,Le corps.,Le résumé.\n")
    directory = tmp_path / "index"
    assert main([
        "index", str(path), "--index", str(directory), "--json",
        "--text-field", "resume", "--text-field", "corps", "--title-field", "nom",
    ]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["added"] == ["lois.csv:2"]
    index = open_index(directory)
    document = index.document("lois.csv:2")
    assert (document.title, document.text) == ("A", "Le résumé.\n\nLe corps.")
    index.close()
