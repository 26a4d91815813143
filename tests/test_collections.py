"""Files of many documents (tables, JSON Lines, dumps, archives) and the metadata beside files."""

from __future__ import annotations

import bz2
import gzip
import io
import stat
import zipfile
from pathlib import Path

import pytest

from qa.reading import ReadingSettings
from qa.records import Document, QAError, Skipped
from reading_files import headings, one, read, refused, write


def documents(results: list[Document | Skipped]) -> list[Document]:
    return [result for result in results if isinstance(result, Document)]


def reasons(results: list[Document | Skipped]) -> dict[str, str]:
    return {result.source: result.reason for result in results if isinstance(result, Skipped)}


# --- tables -------------------------------------------------------------------------------------

LAWS = (
    "Id;Titre;Texte;Auteur;Note\r\n"
    '12;Loi de 1905;"La République ne reconnaît, ne salarie\r\nni ne subventionne aucun culte."'
    ";Aristide Briand;n1\r\n"
    ";;Un texte sans titre.;;\r\n"
    ";;;;\r\n"
    "14;Vide;;;\r\n"
    "15;Trop;de;cellules;ici;en tout\r\n"
)


def test_table_with_usual_names(tmp_path: Path) -> None:
    results = read(write(tmp_path, "lois.csv", LAWS.encode("cp1252")))
    assert documents(results) == [
        Document(
            id="lois.csv:12",
            title="Loi de 1905",
            text="La République ne reconnaît, ne salarie ni ne subventionne aucun culte.",
            source="lois.csv:3",
            metadata={"author": "Aristide Briand", "Note": "n1"},
        ),
        Document(id="lois.csv:4", title="", text="Un texte sans titre.", source="lois.csv:4"),
    ]
    assert reasons(results) == {
        "lois.csv:6": "has no text in its column of text",
        "lois.csv:7": "has 6 cells where the table has 5 columns",
    }


def test_table_with_named_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "lois.csv", LAWS)
    settings = ReadingSettings(text_fields=("Auteur", "texte"), title_field="Note")
    first = documents(read(path, settings))[0]
    assert first.title == "n1"
    assert first.text.startswith("Aristide Briand\n\nLa République ne reconnaît")
    assert first.metadata == {"title": "Loi de 1905"}
    with pytest.raises(QAError, match=r'no column "corps" \(columns: Id, Titre, Texte'):
        read(path, ReadingSettings(text_fields=("corps",)))


def test_table_without_a_column_of_text(tmp_path: Path) -> None:
    table = "Ville\tPays\tHabitants\nOmsk\tRussie\t1 100 000\nTours\tFrance\t\n"
    results = documents(read(write(tmp_path, "villes.tsv", table)))
    assert [(d.id, d.text) for d in results] == [
        ("villes.tsv:2", "Omsk (Ville) — Pays\u00a0: Russie\u202f; Habitants\u00a0: 1 100 000"),
        ("villes.tsv:3", "Tours (Ville) — Pays\u00a0: France"),
    ]


def test_tables_that_are_none(tmp_path: Path) -> None:
    assert refused(tmp_path / "1", "a.csv", "") == "empty file"
    assert refused(tmp_path / "2", "a.csv", "Titre;Texte\n") == "no row under its column names"
    assert refused(tmp_path / "3", "a.csv", bytes(range(256)) * 9) == "binary content"


def test_json_lines_with_named_fields(tmp_path: Path) -> None:
    rows = '{"id": 1, "corps": "Un.", "chapeau": "Zéro.", "nom": "N", "auteur": "A. B."}\n{"id": 2}'
    settings = ReadingSettings(text_fields=("chapeau", "corps"), title_field="nom")
    results = read(write(tmp_path, "a.jsonl", rows), settings)
    assert documents(results) == [
        Document("1", "N", "Zéro.\n\nUn.", "a.jsonl:1", metadata={"author": "A. B."})
    ]
    assert reasons(results) == {"a.jsonl:2": 'line 2 has no "chapeau" or "corps" (a string)'}


# --- MediaWiki ----------------------------------------------------------------------------------

ARTICLE = """{{Infobox Biographie2|nom=Trotsky}}
[[Fichier:Trotsky.jpg|thumb|droite|Trotsky à [[Mexico]] en 1938.]]
'''Léon Trotsky''', né le {{date|7|novembre|1879|calendrier=oui}} à ''[[Ianovka]]''
({{lang|ru|Яновка}}) et mort le {{date de décès|21|août|1940}}<ref>Voir {{Ouvrage|titre=x}}.</ref>,
est un [[bolchevik|révolutionnaire russe]] du {{s|XX}}. Il mesure {{unité|1,74|m}}.

== Biographie ==
=== Jeunesse ===
Il lit {{citation|Ma vie}} &amp;amp; écrit.
* un
* [[deux]] et ''trois''
** quatre

{| class="wikitable"
! Année !! Fait
|-
| 1917 || Révolution
|}

== Notes et références ==
{{Références}}
== Liens externes ==
* [http://exemple.fr Un site]
[[Catégorie:Naissance en 1879]]
"""


def dump(*pages: str) -> bytes:
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="fr"><siteinfo>'
        "<base>https://fr.wikipedia.org/wiki/Accueil</base></siteinfo>"
        f"{''.join(pages)}</mediawiki>"
    ).encode()


def wiki_page(title: str, text: str, space: int = 0, more: str = "") -> str:
    return (
        f"<page><title>{title}</title><ns>{space}</ns>{more}<revision><timestamp>"
        "2024-05-06T07:08:09Z</timestamp><model>wikitext</model><text>"
        f"{text.replace('<', '&lt;')}</text></revision></page>"
    )


@pytest.mark.parametrize(
    ("name", "pack"), [("w.xml", bytes), ("w.xml.bz2", bz2.compress), ("w.xml.gz", gzip.compress)]
)
def test_mediawiki_dump(tmp_path: Path, name: str, pack: type[bytes]) -> None:
    data = dump(
        wiki_page("Léon Trotsky", ARTICLE),
        wiki_page("Trotsky", "#REDIRECTION [[Léon Trotsky]]", more='<redirect title="x"/>'),
        wiki_page("Discussion:Trotsky", "Bonjour.", space=1),
        wiki_page("Vide", "{{Infobox}}"),
    )
    results = read(write(tmp_path, name, pack(data)))
    (article,) = documents(results)
    assert article.id == f"{name}/Léon Trotsky"
    assert article.source == "https://fr.wikipedia.org/wiki/L%C3%A9on_Trotsky"
    assert article.metadata == {
        "date": "2024-05-06",
        "url": "https://fr.wikipedia.org/wiki/L%C3%A9on_Trotsky",
        "language": "fr",
    }
    assert article.text.split("\n\n") == [
        "Léon Trotsky",
        "Trotsky à Mexico en 1938.",
        "Léon Trotsky, né le 7 novembre 1879 à Ianovka (Яновка) et mort le 21 août 1940, est un "
        "révolutionnaire russe du XXe siècle. Il mesure 1,74\u00a0m.",
        "Biographie",
        "Jeunesse",
        "Il lit «\u00a0Ma vie\u00a0» & écrit.\n- un\n- deux et trois\n- quatre",
        "Année\u00a0: 1917\u202f; Fait\u00a0: Révolution",
        "Liens externes",
        "- Un site",
    ]
    assert headings(article)[1:] == [(2, "Biographie"), (3, "Jeunesse"), (2, "Liens externes")]
    assert [r for r in results if isinstance(r, Skipped)] == [
        Skipped(f"{name}/Vide", "no text in it"),
        Skipped(name, "1 pages outside the article name space left out"),
        Skipped(name, "1 redirects left out"),
    ]


def test_broken_dump_keeps_what_came_before(tmp_path: Path) -> None:
    whole = dump(wiki_page("Un", "Premier."), wiki_page("Deux", "Second."))
    results = read(write(tmp_path, "w.xml", whole[:-60]))
    assert [d.title for d in documents(results)] == ["Un"]
    assert "damaged: what follows could not be read" in reasons(results)["w.xml"]
    results = read(write(tmp_path, "z.xml.bz2", bz2.compress(whole)[:-20]) and tmp_path)
    assert "damaged" in reasons(results)["z.xml.bz2"]
    assert refused(tmp_path / "1", "a.xml", "<rss/>") == "not a MediaWiki dump, nor TEI"
    assert refused(tmp_path / "2", "a.xml", "") == "empty file"
    assert refused(tmp_path / "3", "a.xml", "du texte").startswith("damaged")


# --- archives -----------------------------------------------------------------------------------


def test_zip_of_documents(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/notes.md", "# Notes\n\nUn texte.")
        archive.writestr("b/notes.md.meta.toml", 'auteur = "A. B."')
        archive.writestr("a.jsonl", '{"id": "j1", "text": "Une ligne."}\n')
        archive.writestr("c.html", "<p>Une page.</p>")
        archive.writestr("t.csv", "titre,texte\nT,Une cellule.\n")
        archive.writestr("dedans.zip", b"PK\x05\x06" + bytes(18))
        archive.writestr("image.png", b"\x89PNG")
        archive.writestr("__MACOSX/._notes.md", "x")
        archive.writestr("vide.txt", "")
        archive.writestr("../dehors.txt", "Un secret.")
        archive.writestr("/racine.txt", "Un secret.")
        link = zipfile.ZipInfo("lien.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    results = read(write(tmp_path, "tout.zip", data.getvalue()))
    assert [(d.id, d.text, dict(d.metadata)) for d in documents(results)] == [
        ("j1", "Une ligne.", {}),
        ("tout.zip/b/notes.md", "Notes\n\nUn texte.", {"author": "A. B."}),
        ("tout.zip/c.html", "Une page.", {}),
        ("tout.zip/t.csv:2", "Une cellule.", {}),
    ]
    found = reasons(results)
    assert found.pop("tout.zip/image.png").startswith("format not read: .png")
    assert found == {
        "tout.zip/../dehors.txt": "path that leaves the archive",
        "tout.zip//racine.txt": "path that leaves the archive",
        "tout.zip/dedans.zip": "an archive inside an archive is not opened",
        "tout.zip/lien.txt": "symbolic link in the archive",
        "tout.zip/vide.txt": "empty file",
    }


def test_damaged_member_does_not_stop_the_others(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.txt", "Un texte assez long.")
        archive.writestr("b.txt", "Un autre texte.")
    broken = data.getvalue().replace(b"assez long", b"assez LONG")
    results = read(write(tmp_path, "a.zip", broken))
    assert [d.text for d in documents(results)] == ["Un autre texte."]
    assert reasons(results)["a.zip/a.txt"].startswith("damaged in the archive (Bad CRC-32")


# --- metadata beside files ----------------------------------------------------------------------

SIDECAR = """title = "La révolte"
authors = ["A. B.", "C. D."]
date = 1921-03-08
url = "https://exemple.fr/cronstadt"
langue = "fr"
cote = 12
"""


@pytest.mark.parametrize("name", ["a.md.meta.toml", "a.meta.toml"])
def test_sidecar_overrides(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, SIDECAR)
    document = one(tmp_path, "a.md", "---\nauthor: X\nlang: en\n---\n# Titre\n\nUn texte.")
    assert (document.title, document.source) == ("La révolte", "https://exemple.fr/cronstadt")
    assert document.text == "Titre\n\nUn texte."
    assert document.metadata == {
        "author": "A. B., C. D.",
        "date": "1921-03-08",
        "url": "https://exemple.fr/cronstadt",
        "language": "fr",
        "cote": "12",
    }
    assert [result.source for result in read(tmp_path)] == ["https://exemple.fr/cronstadt"]


def test_sidecar_of_a_collection_completes(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl.meta.toml", SIDECAR)
    rows = '{"id": 1, "text": "Un.", "author": "E. F."}\n{"id": 2, "text": "Deux."}'
    first, second = documents(read(write(tmp_path, "a.jsonl", rows)))
    assert (first.title, first.metadata["author"], first.source) == ("", "E. F.", "a.jsonl:1")
    assert second.metadata == {
        "author": "A. B., C. D.", "date": "1921-03-08", "language": "fr", "cote": "12",
    }  # fmt: skip


def test_faulty_and_lonely_sidecars_are_told(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Un texte.")
    write(tmp_path, "a.txt.meta.toml", "titre : La révolte")
    write(tmp_path, "b.txt", "Un texte.")
    write(tmp_path, "b.meta.toml", 'titre = "B"\nautre = {x = 1}')
    write(tmp_path, "c.meta.toml", 'titre = "C"')
    outside = write(tmp_path / "ailleurs", "d.meta.toml", 'titre = "D"')
    write(tmp_path / "corpus", "d.txt", "Un texte.")
    (tmp_path / "corpus" / "d.meta.toml").symlink_to(outside)
    results = read(tmp_path)
    assert {d.id: d.title for d in documents(results)} == {
        "a.txt": "A", "b.txt": "B", "corpus/d.txt": "D",
    }  # fmt: skip
    found = reasons(results)
    assert found.pop("a.txt.meta.toml").startswith("not TOML, not used: Expected '='")
    assert found == {
        "b.meta.toml": "not used: autre (give a text, a date or a list)",
        "c.meta.toml": "describes a document that is not there",
        "ailleurs/d.meta.toml": "describes a document that is not there",
        "corpus/d.meta.toml": "symbolic link: its metadata are not used",
    }
