"""Small files of each kind that people have: what of them is text, what stands under which heading.

A block a string, its level before it ("## Titre"); no-break spaces are written as blanks.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import docx
import pytest

from qa.records import Document, Skipped
from reading_files import read, write


def shown(folder: Path, name: str, content: str | bytes) -> list[str]:
    """All blocks of all documents of a file."""
    found: list[str] = []
    for result in read(write(folder, name, content)):
        if isinstance(result, Skipped):
            continue
        levels = {heading.start: heading.level for heading in result.headings}
        start = 0
        for block in result.text.split("\n\n"):
            mark = "#" * levels.get(start, 0)
            plain = block.replace("\u00a0", " ").replace("\u202f", " ")
            found.append(f"{mark} {plain}".strip())
            start += len(block) + 2
    return found


def title(folder: Path, name: str, content: str | bytes) -> str:
    (document,) = (r for r in read(write(folder, name, content)) if isinstance(r, Document))
    return document.title


# --- headings -----------------------------------------------------------------------------------

KING, WAR = "Il était une fois un roi qui vivait seul.", "Il partit à la guerre."


@pytest.mark.parametrize(
    ("one", "two", "three", "level"),
    [
        ("— I —", "— II —", "— III —", 4),
        ("1", "2", "3", 4),
        ("I.", "II.", "III.", 4),
        ("* IX *", "* X *", "* XI *", 4),
        ("I. — Le départ", "II. — La guerre", "III. — Le retour", 3),
        ("XIX – Le départ", "XX – La guerre", "XXI – Le retour", 3),
        ("CHAPITRE PREMIER", "CHAPITRE DEUXIÈME", "CHAPITRE TROISIÈME", 3),
        ("§ 1. Le départ", "§ 2. La guerre", "§ 3. Le retour", 3),
    ],
)
def test_chapters(tmp_path: Path, one: str, two: str, three: str, level: int) -> None:
    text = f"{one}\n\n{KING}\n\n{two}\n\n{WAR}\n\n{three}\n\n{KING}\n"
    mark = "#" * level
    assert shown(tmp_path, "le_roi.txt", text) == [
        f"{mark} {one}", KING, f"{mark} {two}", WAR, f"{mark} {three}", KING,
    ]  # fmt: skip
    assert title(tmp_path, "le_roi.txt", text) == "Le roi"


@pytest.mark.parametrize(
    ("name", "text", "blocks"),
    [
        (  # the second line of a chapter's title
            "a.txt",
            f"Le roman\n\nCHAPITRE I\n\nLe départ\n\n{KING}\n\nCHAPITRE II\n\nLe retour\n\n{WAR}\n",
            ["# Le roman", "### CHAPITRE I", "###### Le départ", KING, "### CHAPITRE II",
             "###### Le retour", WAR],
        ),
        (  # articles run into their text, a line each
            "code.txt",
            "Article L. 1234-5 Le salarié a droit à un préavis.\n"
            "Article R1234-2 L'indemnité est d'un quart de mois.\n"
            "Article 184 Tout mariage contraire aux articles 144, 146 est nul.\n",
            ["##### Article L. 1234-5", "Le salarié a droit à un préavis.",
             "##### Article R1234-2", "L'indemnité est d'un quart de mois.",
             "##### Article 184", "Tout mariage contraire aux articles 144, 146 est nul."],
        ),
        (
            "code.md",
            f"# Code\n\n**Article 144**\n\n{KING}\n\nArt. 146.- {WAR}\n",
            ["# Code", "##### Article 144", KING, "##### Art. 146", WAR],
        ),
        (  # a number without a point, over those below it
            "règles.txt",
            "RÈGLES\n\n8 LES DÉPARTS\n\n8.1 CHECK-LIST\n\nLes clés.\n\n8.2 SORTIE\n\nÀ midi.\n",
            ["# RÈGLES", "### 8 LES DÉPARTS", "#### 8.1 CHECK-LIST", "Les clés.",
             "#### 8.2 SORTIE", "À midi."],
        ),
        ("liste.md", "# FAQ\n\n1. Un\n2. Deux\n   - a\n", ["# FAQ", "1. Un\n2. Deux\n- a"]),
        ("nombres.txt", f"Chaises\n\n12\n\n{KING}\n", ["# Chaises", "12", KING]),
        (  # bold alone on its line, in a format that marks headings
            "gras.html",
            f"<h1>Guide</h1><p><strong>Le départ</strong></p><p>{KING}</p>"
            f"<p><b>Gras.</b> {WAR}</p>",
            ["# Guide", "## Le départ", KING, f"Gras. {WAR}"],
        ),
    ],
)  # fmt: skip
def test_headings(tmp_path: Path, name: str, text: str, blocks: list[str]) -> None:
    assert shown(tmp_path, name, text) == blocks


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "# Guide\n\n## Sommaire\n\n- [Réserver](#r)\n- [Payer](#p)\n\n## Réserver\n\n"),
        ("b.md", "# Guide\n\n## Table des matières\n\n1. [Réserver](#r)\n    1. [Payer](#p)\n\n"
                 "## Réserver\n\n"),
        ("c.txt", "Guide\n=====\n\nSOMMAIRE\n\nRéserver ........ 2\nPayer ........ 3\n\nRéserver\n"
                  "--------\n\n"),
        ("d.txt", "Guide\n=====\n\nRéserver ........ 2\nPayer ........ xiv\n\nRéserver\n"
                  "--------\n\n"),
        ("e.rst", "Guide\n=====\n\n.. contents:: Table\n   :depth: 2\n\nRéserver\n--------\n\n"),
    ],
)  # fmt: skip
def test_contents_go_and_their_headings_stay(tmp_path: Path, name: str, text: str) -> None:
    payer = {"md": "## Payer", "txt": "Payer\n-----", "rst": "Payer\n-----"}[name[2:]]
    text += f"{KING}\n\n{payer}\n\n{WAR}\n"
    assert shown(tmp_path, name, text) == ["# Guide", "## Réserver", KING, "## Payer", WAR]


def test_chapters_that_contents_name_are_chapters(tmp_path: Path) -> None:
    text = f"SOMMAIRE\n\nCHAPITRE 1\nCHAPITRE 2\n\nCHAPITRE 1\n\n{KING}\n\nCHAPITRE 2\n\n{WAR}\n"
    assert shown(tmp_path, "roi.txt", text) == ["### CHAPITRE 1", KING, "### CHAPITRE 2", WAR]
    assert title(tmp_path, "roi.txt", text) == "Roi"


def test_styles_of_word_keep_their_levels(tmp_path: Path) -> None:
    word = docx.Document()
    for level, text in ((2, "Chapitre 1"), (3, "Les salles"), (0, KING), (2, "Chapitre 2"),
                        (3, "Le bureau"), (0, WAR), (0, "Article 1 – Objet"), (0, KING),
                        (0, "Article 2 – Siège"), (0, WAR)):  # fmt: skip
        if level:
            word.add_heading(text, level)
        else:
            word.add_paragraph(text)
    word.add_paragraph().add_run("Les clés").bold = True
    word.add_paragraph(KING)
    data = io.BytesIO()
    word.save(data)
    assert shown(tmp_path, "a.docx", data.getvalue()) == [
        "## Chapitre 1", "### Les salles", KING, "## Chapitre 2", "### Le bureau", WAR,
        "##### Article 1 – Objet", KING, "##### Article 2 – Siège", WAR, "#### Les clés", KING,
    ]  # fmt: skip


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "blocks"),
    [
        (
            "têtes.html",
            "<table><thead><tr><td>Salle<td colspan=2>Tarif<tr><td><td>Jour<td>Nuit</thead>"
            "<tr><td>Bleue<td>60 €<td>80 €</table>",
            ["Bleue (Salle) — Tarif, Jour : 60 € ; Tarif, Nuit : 80 €"],
        ),
        (
            "gras.html",
            "<table><tr><td><b>Nom</b><td><b>Rôle</b><tr><td>Ana<td>maire</table>",
            ["Ana (Nom) — Rôle : maire"],
        ),
        (
            "fiche.html",
            "<table><tr><th>Adresse<td>3 rue du Port<tr><th>Téléphone<td>02 98 00 00 00</table>",
            ["Adresse : 3 rue du Port\nTéléphone : 02 98 00 00 00"],
        ),
        ("sans.csv", "Ana;maire;02 98\nLuc;adjoint;02 99\n",
         ["Ana | maire | 02 98", "Luc | adjoint | 02 99"]),
        ("excel.csv", "sep=;\nproduit;prix\nPain;1,20\n", ["Pain (produit) — prix : 1,20"]),
        ("titre.csv", "Tarifs 2025;;\n;;\nproduit;prix;unité\nPain;1,20;pièce\n",
         ["# Tarifs 2025", "Pain (produit) — prix : 1,20 ; unité : pièce"]),
        ("prix.txt", "Tarifs\n\nSalle bleue ........ 60 €\nSalle verte . . . . . 110 €\n",
         ["# Tarifs", "Salle bleue : 60 €\nSalle verte : 110 €"]),
        ("à remplir.txt", "Fiche\n\nNom : ......... Prénom : .........\n",
         ["# Fiche", "Nom : ......... Prénom : ........."]),
        (
            "a.tex",
            r"\begin{document}Prix en \og bleu \fg{} :\begin{tabular}{l|r}Salle & Prix \\ \hline "
            r"Bleue & 60~\euro \\ Verte & 40 \\ \end{tabular} Au XIX\ieme{} siècle.\end{document}",
            ["Prix en « bleu » :", "Bleue (Salle) — Prix : 60 €\nVerte (Salle) — Prix : 40",
             "Au XIXe siècle."],
        ),
    ],
)  # fmt: skip
def test_tables(tmp_path: Path, name: str, content: str, blocks: list[str]) -> None:
    assert shown(tmp_path, name, content) == blocks


# --- notes, accordions, dialects ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("1887<sup>2,3</sup>", "1887[2,3]"), ("1887<sup>a</sup>", "1887[a]"),
        ("au 19<sup>e</sup> siècle", "au 19e siècle"), ("E=mc<sup>2</sup>", "E=mc²"),
        ('1887<a href="#fn1" class="footnote">2</a>', "1887[2]"),
        ('1887<span class="footnote-ref">2</span>', "1887[2]"),
        ('<a href="#n2">la note 2</a>', "la note 2"), ("<span>1887</span>5", "18875"),
    ],
)  # fmt: skip
def test_calls_of_notes(tmp_path: Path, source: str, right: str) -> None:
    assert shown(tmp_path, "a.html", f"<p>Dit : {source}.</p>") == [f"Dit : {right}."]


@pytest.mark.parametrize(
    "source",
    [
        '<div class="accordion-header"><button data-bs-target="#d" data-bs-toggle="collapse">'
        "Quand ?</button></div>",
        '<div role="button" aria-expanded="false" aria-controls="d">Quand ?</div>',
        '<h4><a data-toggle="collapse" href="#d">Quand ?</a></h4>',
    ],
)
def test_short_questions_of_accordions(tmp_path: Path, source: str) -> None:
    page = f'<h3>Foire</h3>{source}<div id="d" hidden>À midi.</div><h3>Autre</h3><p>Oui.</p>'
    found = shown(tmp_path, "a.html", page)
    assert [text.lstrip("# ") for text in found] == ["Foire", "Quand ?", "À midi.", "Autre", "Oui."]
    assert found[1].startswith("#")


@pytest.mark.parametrize(
    ("name", "text", "blocks"),
    [
        ("a.md", '!!! note "À savoir"\n    Il ferme.\n\n??? question "Où ?"\n    Au port.\n',
         ["À savoir", "Il ferme.", "Où ?", "Au port."]),
        ("a.md", '{{< figure title="Une figure" >}}\n\n{{% notice %}}Un avis{{% /notice %}}\n',
         ["Un avis"]),
        ("a.mdx", "import X from 'y'\n\n<Tabs><Tab value=\"a\">Un <id> ici</Tab></Tabs>\n",
         ["Un <id> ici"]),
        ("a.rst", "Attention [1]_ au :ref:`chien <x>`.\n\n.. [1] Il mord.\n",
         ["Attention [1] au chien.", "[1] Il mord."]),
        ("a.rtf", r"{\rtf1\ansi Fin{\super 2}.{\footnote Une note.} {\v cach\'e9}Vu.\par}",
         ["Fin[2]. [note : Une note.] Vu."]),
        ("a.rtf", r"{\rtf1\mac\ansicpg10000 L'\'8et\'8e\par}", ["L'été"]),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:03.000\n<v Ana>Bonjour.</v>\n", ["Ana : Bonjour."]),
        ("a.txt", "L'\u0153uvre, le c\u0153ur : 12 \u20ac à l'école.".encode("iso-8859-15"),
         ["L'œuvre, le cœur : 12 € à l'école."]),
        ("a.json", json.dumps({"formules": {"Or": {"prix": 39}, "Argent": {"prix": 24}}}),
         ["formules, Or, prix : 39", "formules, Argent, prix : 24"]),
        ("a.json", json.dumps([{"titre": "Un", "texte": "Le pont."}]), ["Le pont."]),
        ("a.ndjson", '{"contenu": "Le pont."}\n{"nom": "Ana", "âge": 3}\n',
         ["Le pont.", "nom : Ana\nâge : 3"]),
        ("a.eml", "From: a@a.fr\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x"
         "\n\n--x\nContent-Type: text/plain\n\n\n--x\nContent-Type: text/html\n\n"
         "<p>Oui.</p>\n--x--\n",
         ["Oui."]),
    ],
)  # fmt: skip
def test_dialects_and_formats(
    tmp_path: Path, name: str, text: str | bytes, blocks: list[str]
) -> None:
    assert shown(tmp_path, name, text) == blocks


def test_a_heading_of_a_saved_page_stays_over_its_text(tmp_path: Path) -> None:
    page = (
        "<article><h1>Manuel</h1><p>Le manuel dit tout.</p>"
        "<h2>Imprimer</h2><p>Appuyez.</p></article>"
    )
    assert shown(tmp_path, "a.html", page)[2:] == ["## Imprimer", "Appuyez."]
