"""Headings, notes, tables, accordions and Markdown's dialects: small inputs, the right value."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument

from qa.reading.cleaning import raised
from qa.reading.grid import Cell, table_lines, text_table
from qa.reading.headings import mark_headings
from qa.reading.plain import split_blocks
from qa.reading.structure import html_blocks
from qa.records import Document
from reading_files import headings, one
from test_office import CHAPTER, epub, saved


def plain(text: str) -> str:
    """The no-break spaces of French typography made plain."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def shown(source: str) -> list[tuple[int, str]]:
    return [(block.level, plain(block.text)) for block in html_blocks(source)]


def paths(document: Document) -> dict[str, list[str]]:
    """The headings above each block of text."""
    found: dict[str, list[str]] = {}
    path: list[tuple[int, str]] = []
    levels = {h.start: h.level for h in document.headings}
    position = 0
    for block in document.text.split("\n\n"):
        if position in levels:
            path = [entry for entry in path if entry[0] < levels[position]]
            path.append((levels[position], block))
        else:
            found[plain(block)] = [title for _, title in path]
        position += len(block) + 2
    return found


# --- notes at numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "mark", "right"),
    [
        ("construit en 1887", "2", "[2]"), ("410 000 €", "3", "[3]"), ("département", "1", "[1]"),
        ("12 m", "2", "²"), ("3 km", "2", "²"), ("10", "6", "⁶"), ("3×10", "-4", "⁻⁴"),
        ("x", "2", "²"), ("XIX", "e", "e"), ("1", "er", "er"), ("M", "me", "me"),
        ("en 2010", "1", "[1]"), ("le mot", "(4)", "[4]"), ("à", "2", "[2]"),
    ],
)  # fmt: skip
def test_a_raised_mark_never_makes_another_number(before: str, mark: str, right: str) -> None:
    assert raised(before, mark) == right


def test_notes_in_pages_books_and_word_files(tmp_path: Path) -> None:
    source = "<p>Le pont, construit en 1887<sup>2</sup>, coûta 410 000 €<sup>3</sup>.</p>"
    right = "Le pont, construit en 1887[2], coûta 410 000 €[3]."
    assert plain(one(tmp_path, "a.html", source).text) == right
    book = epub(**{"OEBPS/deux.xhtml": CHAPTER.format(source), "OEBPS/absent.xhtml": "<p>x</p>"})
    assert right in plain(one(tmp_path, "b.epub", book).text)
    word: WordDocument = docx.Document()
    paragraph = word.add_paragraph("Le pont, construit en 1887")
    paragraph.add_run("2").font.superscript = True
    paragraph.add_run(", long de 12 m")
    paragraph.add_run("2").font.superscript = True
    paragraph.add_run(".")
    assert one(tmp_path, "c.docx", saved(word)).text == (
        "Le pont, construit en 1887[2], long de 12 m²."
    )
    assert one(tmp_path, "d.md", source).text == right.replace(" €", " €")


# --- accordions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "<h3><button aria-expanded=false>Où se trouve l’embarcadère ?</button></h3>"
        '<div class="fr-collapse"><p>Quai 3.</p></div>',
        '<h3 class="accordion-header"><button data-bs-toggle="collapse" data-bs-target="#c1">Où se '
        'trouve l’embarcadère ?</button></h3><div id=c1 hidden class="collapse">Quai 3.</div>',
        "<button aria-controls=p1>Où se trouve l’embarcadère ?</button>"
        "<div id=p1 style='display:none'>Quai 3.</div>",
        "<details><summary>Où se trouve l’embarcadère ?</summary><p>Quai 3.</p></details>",
        "<div role=heading aria-level=3>Où se trouve l’embarcadère ?</div><p>Quai 3.</p>",
    ],
)
def test_the_question_of_an_accordion_is_a_heading(tmp_path: Path, source: str) -> None:
    page = (
        f"<html><body><main><h1>Questions</h1><p>Les plus posées.</p>{source}</main></body></html>"
    )
    document = one(tmp_path, "a.html", page)
    assert paths(document)["Quai 3."] == ["Questions", "Où se trouve l’embarcadère ?"]


# --- tables -------------------------------------------------------------------------------------

ROWS = [
    "Vidéoprojecteur (Matériel) — Demi-journée : 18 € ; Journée : 27 € ; Caution : 150 €",
    "Sonorisation (Matériel) — Demi-journée : 20 € ; Journée : 30 € ; Caution : 150 €",
]


def test_merged_cells_in_a_word_file(tmp_path: Path) -> None:
    word: WordDocument = docx.Document()
    table = word.add_table(3, 4)
    rows = [
        ("Matériel", "Demi-journée", "Journée", "Caution"),
        ("Vidéoprojecteur", "18 €", "27 €", "150 €"),
        ("Sonorisation", "20 €", "30 €", ""),
    ]
    for y, row in enumerate(rows):
        for x, text in enumerate(row):
            table.cell(y, x).text = text
    table.cell(1, 3).merge(table.cell(2, 3))
    assert plain(one(tmp_path, "a.docx", saved(word)).text).split("\n") == ROWS


def test_merged_cells_in_an_opendocument_file(tmp_path: Path) -> None:
    from odf import table, text
    from odf.opendocument import OpenDocumentText

    made = OpenDocumentText()
    cells = table.Table()
    rows = [
        ("Matériel", "Demi-journée", "Journée", "Caution"),
        ("Vidéoprojecteur", "18 €", "27 €", "150 €"),
        ("Sonorisation", "20 €", "30 €", None),
    ]
    for texts in rows:
        row = table.TableRow()
        for content in texts:
            if content is None:
                row.addElement(table.CoveredTableCell())
                continue
            merged = {"numberrowsspanned": 2} if content == "150 €" else {}
            cell = table.TableCell(**merged)
            cell.addElement(text.P(text=content))
            row.addElement(cell)
        cells.addElement(row)
    made.text.addElement(cells)
    data = io.BytesIO()
    made.save(data)
    assert plain(one(tmp_path, "a.odt", data.getvalue()).text).split("\n") == ROWS


def test_merged_cells_in_a_page() -> None:
    source = (
        "<table><tr><th rowspan=2>Salle<th colspan=2>Tarif<tr><th>Habitants<th>Autres"
        "<tr><td>Bleue<td>60 €<td>110 €<tr><td>Rouge<td colspan=2>gratuit</table>"
    )
    assert shown(source) == [
        (0, "Bleue (Salle) — Tarif, Habitants : 60 € ; Tarif, Autres : 110 €\n"
            "Rouge (Salle) — Tarif, Habitants, Autres : gratuit")
    ]  # fmt: skip


def test_a_table_of_html_in_markdown_keeps_its_cells_apart(tmp_path: Path) -> None:
    source = "<table>\n<tr><td>Chèque de banque</td><td>12 €</td></tr>\n</table>"
    assert plain(one(tmp_path, "a.md", f"Frais :\n\n{source}").text) == (
        "Frais :\n\nChèque de banque : 12 €"
    )


def test_rows_of_a_csv_can_be_read(tmp_path: Path) -> None:
    from reading_files import read, write

    rows = "formule;prix_mensuel_euros;stockage_go\nArgent;24;100\nOr;39;400\n"
    found = [r for r in read(write(tmp_path, "t.csv", rows)) if isinstance(r, Document)]
    assert [(d.title, plain(d.text)) for d in found] == [
        ("Argent", "Argent (formule) — prix mensuel euros : 24 ; stockage go : 100"),
        ("Or", "Or (formule) — prix mensuel euros : 39 ; stockage go : 400"),
    ]


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ([["Année", "Fait"], ["1917", "Révolution"]], ["Année : 1917 ; Fait : Révolution"]),
        ([["1917", "Révolution"], ["1921", "NEP"]], ["1917 | Révolution", "1921 | NEP"]),
        ([["Adresse", "3 rue du Port"], ["Gérant", "A. B."]],
         ["Adresse : 3 rue du Port", "Gérant : A. B."]),
        ([["", "2022", "2023"], ["Litiges", "4115", "3702"]],
         ["Litiges — 2022 : 4115 ; 2023 : 3702"]),
        ([["seule"]], ["seule"]), ([], []), ([["", ""]], []),
    ],
)  # fmt: skip
def test_heads_are_found(rows: list[list[str]], lines: list[str]) -> None:
    assert [plain(line) for line in table_lines([list(map(Cell, row)) for row in rows])] == lines


def test_a_table_that_claims_to_be_huge_is_none() -> None:
    huge = [[Cell("a", rows=10**9, columns=10**9)] for _ in range(50)]
    assert len(table_lines(huge)) <= 50 and text_table(["a", "b | c"]) == ["a", "b | c"]


# --- headings -----------------------------------------------------------------------------------

CODE = """Article 143

Le mariage est contracté par deux personnes.

Article 144

Le mariage n’est permis qu’à dix-huit ans.

Art. R. 1234-2 – Champ

La demande est contraire aux articles 144, 146 et 161.

Article 5 : Les membres versent une cotisation de 20 €.

Article premier. L’association se nomme Les Amis.
"""


@pytest.mark.parametrize("suffix", [".txt", ".docx"])
def test_articles_are_found_by_number(tmp_path: Path, suffix: str) -> None:
    content: str | bytes = CODE
    if suffix == ".docx":
        word: WordDocument = docx.Document()
        for part in CODE.split("\n\n"):
            word.add_paragraph(part.strip())
        content = saved(word)
    found = paths(one(tmp_path, f"a{suffix}", content))
    assert {text: path[-1] for text, path in found.items()} == {
        "Le mariage est contracté par deux personnes.": "Article 143",
        "Le mariage n’est permis qu’à dix-huit ans.": "Article 144",
        "La demande est contraire aux articles 144, 146 et 161.": "Art. R. 1234-2 – Champ",
        "Les membres versent une cotisation de 20 €.": "Article 5",
        "L’association se nomme Les Amis.": "Article premier",
    }


def test_sections_by_number_and_their_lists(tmp_path: Path) -> None:
    text = (
        "8.1 CHECK-LIST\n\nVérifier la pompe avant de partir.\n\n8.2 MISE EN ROUTE\n\n"
        "Ouvrir la vanne puis démarrer.\n\n8.3 ARRÊT\n\nFermer la vanne.\n\n"
        "12.1 PRÉAVIS DE DÉMISSION\n• Ouvriers : 3 semaines\n• Cadres : 2 mois\n"
    )
    found = paths(one(tmp_path, "a.txt", text))
    assert found["Fermer la vanne."][-1] == "8.3 ARRÊT"
    assert found["Ouvrir la vanne puis démarrer."][-1] == "8.2 MISE EN ROUTE"
    assert found["• Ouvriers : 3 semaines\n• Cadres : 2 mois"][-1] == "12.1 PRÉAVIS DE DÉMISSION"


def test_prose_and_lists_with_numbers_are_no_headings() -> None:
    for text in (
        "1. Ouvrir le capot.\n\n2. Fermer le capot.\n\nFin de la notice.",
        "Article 3 du code : il est cité une fois.\n\nRien d’autre.",
        "3,5 % de hausse\n\nLa hausse est nette.",
        "Le 12.5 est un nombre\n\nRien.",
    ):
        blocks, removed = mark_headings(split_blocks(text))
        assert [block.text for block in blocks if block.level > 2] == []
        assert removed == []


def test_chapters_of_a_novel(tmp_path: Path) -> None:
    def chapter(numeral: str, words: str) -> str:
        return f"{numeral}\n\n— Bonjour !\n\nIl {words} longuement, sans rien dire à personne."

    text = "\n\n".join(
        ["MADAME BOVARY", "PREMIÈRE PARTIE", chapter("I", "mangea"), chapter("II", "dormit"),
         "DEUXIÈME PARTIE", chapter("I", "partit"), chapter("IV", "revint"), "ÉPILOGUE",
         "Tout finit ainsi, un soir de mai."]
    )  # fmt: skip
    found = paths(one(tmp_path, "bovary.txt", text))

    def above(words: str) -> list[str]:
        return found[f"Il {words} longuement, sans rien dire à personne."][-2:]

    assert above("mangea") == ["PREMIÈRE PARTIE", "I"]
    assert above("dormit") == ["PREMIÈRE PARTIE", "II"]
    assert above("partit") == ["DEUXIÈME PARTIE", "I"]
    assert above("revint") == ["DEUXIÈME PARTIE", "IV"]
    assert found["Tout finit ainsi, un soir de mai."][-1] == "ÉPILOGUE"


@pytest.mark.parametrize(
    "contents",
    [
        "Sommaire\n\n1. Réserver ..... 2\n\n2. Payer ..... 3",
        "TABLE DES MATIÈRES\n------------------\n\n1. Réserver\n2. Payer",
        "Sommaire :\n1. Réserver\n2. Payer",
    ],
)
def test_a_table_of_contents_is_no_section(tmp_path: Path, contents: str) -> None:
    text = (
        f"Règlement\n=========\n\n{contents}\n\n1. Réserver\n\nLa salle se réserve à la mairie, un "
        "mois avant.\n\n2. Payer\n\nLe prix se paie à la remise des clés, par chèque.\n"
    )
    document = one(tmp_path, "a.txt", text)
    found = paths(document)
    assert found["La salle se réserve à la mairie, un mois avant."] == ["Règlement", "1. Réserver"]
    assert found["Le prix se paie à la remise des clés, par chèque."] == ["Règlement", "2. Payer"]
    assert len(found) == 2
    assert any("Réserver" in line for line in document.removed)


def test_a_heading_that_names_contents_without_any_is_text(tmp_path: Path) -> None:
    text = "Sommaire\n\nCe livre ne dit rien de son plan, et le lecteur s’y perd un peu."
    document = one(tmp_path, "a.txt", text)
    assert document.text == text and document.removed == ()
    assert "Sommaire" not in [title for _, title in headings(document)]


def test_titles_come_from_the_document_or_the_file(tmp_path: Path) -> None:
    assert one(tmp_path, "bovary.txt", "I\n\nNous étions à l’étude.\n\nII\n\nSuite.").title == (
        "Bovary"
    )
    word: WordDocument = docx.Document()
    word.core_properties.title = "(anonymous)"
    word.add_paragraph("Un texte.")
    assert one(tmp_path, "compte_rendu.docx", saved(word)).title == "Compte rendu"


def test_the_chapters_of_a_book_come_from_its_contents(tmp_path: Path) -> None:
    contents = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="chapitre%20un.xhtml'
        '">Ianovka</a></li><li><a href="deux.xhtml#v">Nos voisins</a></li></ol></nav></body></html>'
    )
    book = epub(**{
        "OEBPS/nav.xhtml": contents,
        "OEBPS/absent.xhtml": "<p>Fin.</p>",
        "OEBPS/chapitre un.xhtml": CHAPTER.format("<p>Ianovka</p><p>L’enfance.</p>"),
        "OEBPS/deux.xhtml": CHAPTER.format(
            "<p>Suite.</p><p id='v'>Nos voisins</p><p>Ils parlent.</p>"
        ),
    })  # fmt: skip
    found = paths(one(tmp_path, "a.epub", book))
    assert found["L’enfance."][-1] == "Ianovka"
    assert found["Suite."][-1] == "Ianovka"
    assert found["Ils parlent."][-1] == "Nos voisins"


# --- Markdown's dialects ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("> [!warning] Attention\n> Ne pas ouvrir.", "Attention\nNe pas ouvrir."),
        ("> [!NOTE]\n> Ne pas ouvrir.", "Ne pas ouvrir."),
        ('{% hint style="info" %}\nFermé le lundi.\n{% endhint %}', "Fermé le lundi."),
        ("::: tip\nBien lire.\n:::", "Bien lire."),
        ("::: details Pourquoi ?\nBien lire.\n:::", "Pourquoi ?\n\nBien lire."),
        ("Voir [[accueil|la page]] et [[plan]].", "Voir la page et plan."),
        ("Un texte %% privé %% visible.", "Un texte visible."),
        ("Un texte.\n\n%%\nprivé\n\ncaché\n%%\n\nFin.", "Un texte.\n\nFin."),
        ("Cent %% de hausse.", "Cent %% de hausse."),
        ("Un ==mot== fort.\n{: .note }", "Un mot fort."),
        ('{:refdef: style="text-align: center;"}\n![Le port](a.png)\n{: refdef}', "Le port"),
        ("## Titre {#ancre}", "Titre"),
        ("Lancez `docker stop <id>` ou docker stop <id>.",
         "Lancez docker stop <id> ou docker stop <id>."),
        ("Un <b>mot</b> <!-- caché --> et a < b.", "Un mot et a < b."),
        ("<!-- jamais fermé\n\nUn texte.", "<!-- jamais fermé\n\nUn texte."),
        ("`[[a|b]]` et `==x==`", "[[a|b]] et ==x=="),
        ("```\n::: note\n%%\n```", "::: note\n%%"),
        ("+++\ntitle = 'Port'\n+++\nUn texte.", "Port\n\nUn texte."),
        ("Terme\n: Sa définition.", "Terme\nSa définition."),
        ("[TOC]\n\nUn texte. ^renvoi", "Un texte."),
    ],
)  # fmt: skip
def test_dialects(tmp_path: Path, source: str, text: str) -> None:
    assert one(tmp_path, "a.md", source).text == text


@pytest.mark.parametrize(
    "lines",
    [
        ["Bleue | matin : 60 € | jour : 110 €", "Verte | matin : 105 € | jour : 185 €"] * 2,
        ["Amblay | Tiraprint | accueil | A4 noir", "Ruy | Copix | étage | A3 couleur"] * 2,
    ],
)
def test_rows_without_heads_stay_as_they_are(lines: list[str]) -> None:
    assert text_table(lines) == lines


def test_the_address_of_a_page_is_kept_however_long(tmp_path: Path) -> None:
    address = f"https://exemple.fr/{'a' * 600}"
    document = one(
        tmp_path,
        "a.html",
        f'<html><head><title>Un port</title><link rel="canonical" href="{address}"></head>'
        f'<body><h1>Un port</h1><p>Un <a href="#{"b" * 600}">lien</a>.</p></body></html>',
    )
    assert document.source == address
