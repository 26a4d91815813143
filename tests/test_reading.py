"""Files of every format and of every bad kind, read from a real folder."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import random
from pathlib import Path

import pytest

from qa.reading import ReadingSettings, read_corpus
from qa.reading.formats import read_file
from qa.records import Document, QAError, Skipped
from reading_files import check, headings, one, read, refused, write

# --- the folder ---------------------------------------------------------------------------------


def test_folder_is_read_in_the_order_of_paths(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.md", "a/b/c.txt", ".cache/x.txt", ".x.txt", "c.html"):
        write(tmp_path, name, "Un texte. Encore un texte.")
    results = read(tmp_path)
    assert [r.id for r in results if isinstance(r, Document)] == [
        "a/b/c.txt", "a/z.md", "b.txt", "c.html",
    ]  # fmt: skip
    assert results == list(read_corpus(tmp_path))


def test_missing_and_empty_corpus(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="no such file or folder"):
        list(read_corpus(tmp_path / "absent"))
    with pytest.raises(QAError, match="the folder is empty"):
        list(read_corpus(tmp_path))
    write(tmp_path, "a.xyz", "x")
    write(tmp_path, "b.txt", "")
    stream = read_corpus(tmp_path)
    assert isinstance(next(stream), Skipped)
    assert isinstance(next(stream), Skipped)
    with pytest.raises(QAError, match="nothing could be read, 2 skipped"):
        next(stream)


def test_links(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    write(corpus, "dir/a.txt", "Un texte.")
    outside = write(tmp_path, "secret.txt", "Un secret.")
    (corpus / "dehors.txt").symlink_to(outside)
    (corpus / "mort.txt").symlink_to(corpus / "absent.txt")
    (corpus / "dir" / "boucle").symlink_to(corpus)
    (corpus / "soi").symlink_to(corpus / "soi")
    (corpus / "autre.txt").symlink_to(corpus / "dir" / "a.txt")
    results = list(read_corpus(corpus))
    assert {r.source: r.reason for r in results if isinstance(r, Skipped)} == {
        "dehors.txt": "symbolic link that leaves the folder",
        "mort.txt": "broken symbolic link",
        "dir/boucle": "symbolic link that loops",
        "soi": "symbolic link that loops",
    }
    assert [r.id for r in results if isinstance(r, Document)] == ["autre.txt", "dir/a.txt"]


def test_refused_files(tmp_path: Path) -> None:
    assert refused(tmp_path / "1", "a.xyz", "x") == (
        "format not read: .xyz; save them as PDF, .docx or .txt"
    )
    assert refused(tmp_path / "2", "a.txt", "") == "empty file"
    assert refused(tmp_path / "3", "a.txt", b"\x7fELF\x02\x01\0\0\0") == "binary content"
    assert refused(tmp_path / "4", "a.txt", bytes(range(256)) * 20) == "binary content"
    assert refused(tmp_path / "5", "a.txt", b"%PDF-1.7\nstream") == "binary content"
    assert refused(tmp_path / "6", "a.txt", " \n\n ***** \n") == "no text in it"
    assert refused(tmp_path / "7", "a.html", "<!-- rien -->") == "no text in it"
    assert refused(tmp_path / "8", "a.txt", b"a" * 50_000_000) == (
        "50.0 MB, over the limit of 20 MB for one file: split it, or make it a .jsonl file"
    )
    os.mkfifo(tmp_path / "1" / "tube.txt")
    results = {r.source: r.reason for r in read_corpus(tmp_path / "1") if isinstance(r, Skipped)}
    assert results["tube.txt"] == "not a regular file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "Un texte.")
    write(tmp_path, "a.txt", "Un texte.").chmod(0)
    results = read(tmp_path)
    assert results[0] == Skipped("a.txt", "not readable: permission denied")


def test_unreadable_file_without_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: Path, mode: str) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = write(tmp_path, "a.txt", "Un texte.")
    monkeypatch.setattr(Path, "open", deny)
    (told,) = read_file(path, "a.txt", ReadingSettings())
    assert told == ("a.txt", Skipped("a.txt", "not readable: permission denied"))


def test_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(path)).write_text("Un texte.")
    (document,) = read(tmp_path)
    assert isinstance(document, Document)
    assert document.id == "caf\ufffd.txt"


# --- encodings ----------------------------------------------------------------------------------

SENTENCE = "L’œuvre de Trotsky, « Ma vie », parut à l’été 1930."


@pytest.mark.parametrize(
    "data",
    [
        SENTENCE.encode("utf-8"),
        SENTENCE.encode("utf-8-sig"),
        SENTENCE.encode("cp1252"),
        SENTENCE.encode("utf-16"),
        codecs.BOM_UTF16_BE + SENTENCE.encode("utf-16-be"),
        SENTENCE.encode("utf-16-le"),
        SENTENCE.encode("utf-16-be"),
        SENTENCE.encode("utf-32"),
        SENTENCE.encode("utf-8").decode("cp1252").encode("utf-8"),
    ],
    ids=["utf-8", "bom", "cp1252", "utf-16", "16be-bom", "16le", "16be", "utf-32", "mojibake"],
)
def test_encodings(tmp_path: Path, data: bytes) -> None:
    assert one(tmp_path, "a.txt", data).text == SENTENCE


def test_latin_1_and_a_broken_byte(tmp_path: Path) -> None:
    assert one(tmp_path, "a.txt", "Été à Évian.".encode("latin-1")).text == "Été à Évian."
    assert one(tmp_path, "b.txt", b"Tr\xe8s \x81 bien.").text == "Très bien."


def test_two_encodings_in_one_file(tmp_path: Path) -> None:
    mixed = "Première salle, déjà.\n\n".encode() + "Très près du musée.".encode("cp1252")
    document, told = read(write(tmp_path, "c.txt", mixed))
    assert isinstance(document, Document) and isinstance(told, Skipped)
    assert document.text == "Première salle, déjà.\n\nTrès près du musée."
    assert told.code == "doubtful_encoding"
    assert told.figures == ("UTF-8, Windows-1252",)


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp1252"])
def test_encodings_of_old_systems(tmp_path: Path, encoding: str) -> None:
    text = "Le musée de l'été à Évian : où ça, près de la forêt ? Le 3 août, « Première ».\n" * 3
    expected = " ".join(text.split()).replace("?  ", "? ")
    data = text.encode(encoding)
    assert " ".join(one(tmp_path, "a.txt", data).text.split()) == expected
    csv = "nom;prix\nMusée d'été;12\n".encode(encoding)
    assert one(tmp_path / "t", "a.csv", csv).text == "Musée d'été (nom) — prix\u00a0: 12"


def test_declared_charset_of_a_page(tmp_path: Path) -> None:
    page = "<html><head><meta charset='koi8-r'></head><body><p>Ленин и Троцкий.</p></body></html>"
    assert one(tmp_path, "a.html", page.encode("koi8-r")).text == "Ленин и Троцкий."


# --- plain text ---------------------------------------------------------------------------------


def test_text_with_title_and_sections(tmp_path: Path) -> None:
    document = one(
        tmp_path,
        "a.txt",
        "La NEP\n======\n\nLa Nouvelle politique économique\ncommence en mars 1921.\n\n"
        "Les causes\n\nLa famine, les révoltes.\n\nII. Les effets.\n\n"
        "La production remonte et le commerce renaît dans tout le pays, assez vite.\n",
    )
    assert document.title == "La NEP"
    assert document.text == (
        "La NEP\n\nLa Nouvelle politique économique commence en mars 1921.\n\nLes causes\n\n"
        "La famine, les révoltes.\n\nII. Les effets.\n\n"
        "La production remonte et le commerce renaît dans tout le pays, assez vite."
    )
    assert headings(document) == [(1, "La NEP"), (2, "Les causes"), (2, "II. Les effets.")]


def test_title_of_a_text(tmp_path: Path) -> None:
    document = one(tmp_path, "a.txt", "Qui a tué Trotsky ?\n\nRamón Mercader.")
    assert (document.title, headings(document)) == (
        "Qui a tué Trotsky ?",
        [(1, "Qui a tué Trotsky ?")],
    )
    document = one(tmp_path, "la_mort-de_Trotsky.txt", "Il mourut en 1940.\n\nC’était en août.")
    assert (document.title, document.headings) == ("La mort de Trotsky", ())
    assert document.source == "la_mort-de_Trotsky.txt"


# --- JSON Lines ---------------------------------------------------------------------------------


def test_json_lines(tmp_path: Path) -> None:
    rows = [
        '{"_id": "d1", "title": "Titre", "text": "Un  texte.", "url": "https://exemple.fr/1", '
        '"author": "A. B.", "date": "1938", "n": 3}',
        '{"id": 7, "text": "Deux."}',
        '{"_id": "d3", "text": ',
        "",
        "[1, 2]",
        '{"text": "sans id"}',
        '{"_id": "d4"}',
        '{"_id": "d5", "text": " \\n "}',
        '{"_id": "d1", "text": "Encore."}',
        '{"_id": "d6", "text": "a\\ud800b\\u0000c"}',
        '{"_id": true, "text": "x"}',
        "[" * 100_000,
        '{"_id": ' + "9" * 5000 + ', "text": "x"}',
    ]
    path = write(tmp_path, "c.jsonl", "\n".join(rows))
    results = list(read_corpus(path))
    documents = [r for r in results if isinstance(r, Document)]
    assert documents == [
        Document(
            id="d1",
            title="Titre",
            text="Un texte.",
            source="https://exemple.fr/1",
            metadata={"url": "https://exemple.fr/1", "author": "A. B.", "date": "1938"},
        ),
        Document(id="7", title="", text="Deux.", source="c.jsonl:2"),
        Document(id="c.jsonl:6", title="", text="sans id", source="c.jsonl:6"),
        Document(id="d6", title="", text="a\ufffdbc", source="c.jsonl:10"),
        Document(id="c.jsonl:11", title="", text="x", source="c.jsonl:11"),
    ]
    skipped = {r.source: r.reason for r in results if isinstance(r, Skipped)}
    assert list(skipped) == [f"c.jsonl:{n}" for n in (3, 5, 7, 8, 9, 12, 13)]
    assert skipped["c.jsonl:3"].startswith("line 3 is not JSON: Expecting value")
    assert skipped["c.jsonl:5"] == "line 5 is not a JSON object"
    assert skipped["c.jsonl:7"] == "no text in it"
    assert skipped["c.jsonl:8"] == 'line 8 has an empty "text"'
    assert skipped["c.jsonl:9"] == 'duplicate id "d1", already read from c.jsonl:1'
    assert skipped["c.jsonl:12"] == "line 12 is not JSON: nested too deeply"
    assert all("\n" not in reason for reason in skipped.values())


def test_json_lines_gzipped_and_in_utf16(tmp_path: Path) -> None:
    row = json.dumps({"_id": "é", "text": "L’été."}, ensure_ascii=False)
    write(tmp_path, "a.jsonl.gz", gzip.compress(row.encode()))
    write(tmp_path, "b.jsonl", row.replace("é", "è", 1).encode("utf-16"))
    write(tmp_path, "c.jsonl.gz", gzip.compress(row.encode() * 50)[:30])
    write(tmp_path, "d.jsonl.gz", b"pas du gzip")
    write(tmp_path, "e.jsonl", "\n \n")
    write(tmp_path, "f.jsonl", "")
    results = read(tmp_path)
    assert [(r.id, r.text) for r in results if isinstance(r, Document)] == [
        ("é", "L’été."),
        ("è", "L’été."),
    ]
    skipped = {r.source: r.reason for r in results if isinstance(r, Skipped)}
    assert skipped["c.jsonl.gz"].startswith("damaged gzip file after line 0")
    assert skipped["d.jsonl.gz"].startswith("damaged gzip file after line 0")
    assert skipped["e.jsonl"] == "no document in it"
    assert skipped["f.jsonl"] == "empty file"


def test_same_id_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "Un texte.")
    write(tmp_path, "b.jsonl", '{"id": "a.txt", "text": "Un autre."}')
    results = read(tmp_path)
    assert results[1] == Skipped("b.jsonl:1", 'duplicate id "a.txt", already read from a.txt')


# --- Markdown -----------------------------------------------------------------------------------


def test_markdown(tmp_path: Path) -> None:
    document = one(
        tmp_path,
        "a.md",
        """---
title: "La guerre civile"
auteur: A. B.
date: 1921-03-08
---

# La guerre civile

Un *mot* **fort**, un [lien](https://exemple.fr "t"), une ![image](a.png),
du `code` et un appel[^1]. Fin de
la phrase ~~fausse~~.

- premier
- second
  suite
    1. dedans
    2. encore

> Une citation.

| Année | Fait |
|-------|------|
| 1918  | Paix |
| 1921  | NEP  |

```python
x  =  1

y = "a ., b"
```

<div>Un <b>bloc</b><br>coupé &amp; gardé</div>

Titre deux
----------

[^1]: Voir **Broué**, p. 12.
""",
    )
    assert document.title == "La guerre civile"
    assert document.metadata == {"author": "A. B.", "date": "1921-03-08"}
    assert headings(document) == [(1, "La guerre civile"), (2, "Titre deux")]
    assert document.text.split("\n\n") == [
        "La guerre civile",
        "Un mot fort, un lien, une image, du code et un appel[1]. Fin de la phrase fausse.",
        "- premier\n- second suite\n1. dedans\n2. encore",
        "Une citation.",
        "Année\u00a0: 1918\u202f; Fait\u00a0: Paix\nAnnée\u00a0: 1921\u202f; Fait\u00a0: NEP",
        'x  =  1\ny = "a ., b"',
        "Un bloc\ncoupé & gardé",
        "Titre deux",
        "[1] Voir Broué, p. 12.",
    ]


KEPT = [
    "Imprimer",
    "Lire aussi : la procédure de secours décrite au chapitre 4 du classeur bleu.",
    "Tags : urgence, panne",
    "Répondre",
    "3 minutes de lecture",
    "Partager",
    "Laisser un commentaire",
    "Accepter",
]


@pytest.mark.parametrize("suffix", [".txt", ".md", ".rst", ".jsonl", ".csv"])
def test_outside_saved_pages_nothing_is_deleted(tmp_path: Path, suffix: str) -> None:
    """A manual's own headings and lines are no boilerplate, however they look."""
    text = "Le manuel de la pompe.\n\n" + "\n\n".join(KEPT) + "\n\nFin du manuel."
    if suffix == ".jsonl":
        text = json.dumps({"id": 1, "text": text})
    elif suffix == ".csv":
        text = f'texte\n"{text}"\n'
    document = one(tmp_path, f"a{suffix}", text)
    assert document.text.split("\n\n")[1:-1] == KEPT
    assert document.removed == ()


def test_the_copy_of_a_page_is_known_by_several_signs(tmp_path: Path) -> None:
    form = (
        "Laisser un commentaire\nVotre adresse e-mail ne sera pas publiée.\n"
        "Les champs obligatoires sont indiqués avec *\nCommentaire *\nNom *"
    )
    document = one(tmp_path, "a.txt", f"Il mourut à Coyoacán.\n\nAuthor: admin\n\n{form}")
    assert document.text == "Il mourut à Coyoacán."
    assert " ".join(document.removed) == " ".join(["Author: admin", *form.split("\n")])


def test_every_sentence_is_kept_or_listed(tmp_path: Path) -> None:
    """Over files of every kind: what a reader takes out can be listed."""
    sentences = [f"La phrase {word} parle du port." for word in ("une", "deux", "trois", "quatre")]
    more = ["Lire aussi : la suite", "3 minutes de lecture", "Accueil", "Votre nom *"]
    parts = [*sentences, *more]
    page_source = page(
        "<nav><p>Accueil</p></nav>"
        + "".join(f"<p>{part}</p>" for part in [*sentences, *more[:2]])
        + "<form><p>Votre nom *</p></form>"
    )
    write(tmp_path, "a.html", page_source)
    write(tmp_path, "b.txt", "\n\n".join(parts))
    write(tmp_path, "c.md", "\n\n".join(parts))
    write(tmp_path, "d.csv", "texte\n" + "\n".join(f'"{part}"' for part in parts))
    write(
        tmp_path, "e.eml", "Subject: Port\nContent-Type: text/html; charset=utf-8\n\n" + page_source
    )
    kept: dict[str, str] = {}
    for result in read(tmp_path):
        assert isinstance(result, Document), result
        name = result.id.partition(":")[0]
        kept[name] = "\n".join([kept.get(name, ""), result.text, *result.removed])
    assert len(kept) == 5
    for name, text in kept.items():
        assert [part for part in parts if part not in text] == [], name


# --- web pages ----------------------------------------------------------------------------------

PROSE = (
    "La révolte de Cronstadt éclate en mars 1921, et le gouvernement la réprime en deux semaines "
    "avec des forces très supérieures, venues par la glace du golfe de Finlande."
)


def page(body: str, title: str = "Cronstadt") -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"


def test_web_page_keeps_the_whole_article_and_nothing_else(tmp_path: Path) -> None:
    document = one(
        tmp_path,
        "a.html",
        page(f"""
<header><nav><ul><li><a href=/>Accueil</a></li><li><a href=/c>Contact</a></li></ul></nav></header>
<div id="cookie-banner"><p>Nous utilisons des cookies pour vous servir.</p><button>OK</button></div>
<main><article><h1>La révolte</h1><p class="meta">Publié par admin le 12 mars 2012</p>
<p>{PROSE}</p><h2>Les causes</h2><p>{PROSE.replace("La", "Ici la")}</p>
<ul><li>le pain ;</li><li>la <b>liberté</b> :<ul><li>de parole</li></ul></li></ul>
<ol start="3"><li>trois</li><li>quatre</li></ol>
<blockquote><p>Tout le pouvoir aux soviets.</p><footer>Un marin</footer></blockquote>
<table><caption>Pertes</caption><tr><th>Camp</th><th>Morts</th></tr>
<tr><td>Rouges</td><td>10 000</td></tr></table>
<figure><img src=a.png alt=x><figcaption>Le port en mars.</figcaption></figure>
<h3>Mots</h3><dl><dt>Soviet</dt><dd>Conseil.</dd><dt>Tchéka</dt><dd>Police.</dd></dl>
<pre>a  =  1</pre><p>Vers un,<br>Vers deux.</p>
<div class="sharedaddy"><a href=x>Partager sur Facebook</a></div>
<section id="comments"><h3>2 commentaires</h3><p>Bravo pour cet article vraiment long.</p></section>
</article></main>
<aside class="sidebar"><h3>Articles récents</h3><ul><li><a href=/1>Un</a></li></ul></aside>
<form><label>Nom</label><input><p>Votre adresse e-mail ne sera pas publiée.</p></form>
<footer>© 2014 Carnets. Tous droits réservés.</footer><script>alert(1)</script>"""),
    )
    assert document.title == "La révolte"
    assert document.text.split("\n\n") == [
        "La révolte",
        PROSE,
        "Les causes",
        PROSE.replace("La", "Ici la"),
        "- le pain ;\n- la liberté :\n- de parole",
        "3. trois\n4. quatre",
        "Tout le pouvoir aux soviets.",
        "Un marin",
        "Pertes\nRouges (Camp) — Morts\u00a0: 10 000",
        "Le port en mars.",
        "Mots",
        "Soviet\nConseil.",
        "Tchéka\nPolice.",
        "a  =  1",
        "Vers un,\nVers deux.",
    ]
    assert headings(document) == [(1, "La révolte"), (2, "Les causes"), (3, "Mots")]


@pytest.mark.parametrize(
    "body",
    [
        f"<p>{PROSE}</p><p>Une note courte.</p>",
        f"<div>{PROSE}<br><br>Une note courte.</div>",
        f"<form><div><p>{PROSE}</p><p>Une note courte.</p></div></form>",
        f"<table><tr><td><p>{PROSE}</p><p>Une note courte.</p></td></tr></table>",
        f"<div class='menu'><p>{PROSE}</p><p>Une note courte.</p></div>",
        f"<aside><p>{PROSE}</p><p>Une note courte.</p></aside>",
        f"<div class=entry><p>{PROSE}</p></div><div class=notes><p>Une note courte.</p></div>",
    ],
)
def test_article_is_never_lost(tmp_path: Path, body: str) -> None:
    document = one(tmp_path, "a.html", page(body))
    assert document.text == f"Cronstadt\n\n{PROSE}\n\nUne note courte."


def test_odd_nesting_loses_nothing(tmp_path: Path) -> None:
    unclosed = "".join(f"<p><font>Phrase {n}.</p>" for n in range(300))
    text = one(tmp_path, "a.html", page(unclosed)).text
    assert [f"Phrase {n}." for n in range(300)] == text.split("\n\n")[1:]
    lists = (
        "<dl><div><dt>Un</dt><dd>A<dl><dt>Deux</dt><dd>B</dd></dl></dd></div></dl><ul>dit<li>C</ul>"
    )
    text = one(tmp_path, "b.html", page(f"<main><p>{PROSE}</p>{lists}</main>")).text
    assert text.split("\n\n")[2:] == ["Un\nA\nDeux\nB", "dit\n- C"]
    assert refused(tmp_path / "c", "a.html", "<div>" * 5000 + "x") == "nested too deeply"


def test_short_page(tmp_path: Path) -> None:
    assert one(tmp_path, "a.html", "<p>Bonjour.</p>").text == "Bonjour."
    assert one(tmp_path, "b.html", "Bonjour sans balise.").text == "Bonjour sans balise."
    xhtml = '<?xml version="1.0" encoding="utf-8"?><html><body><p>Été.</p></body></html>'
    assert one(tmp_path, "c.html", xhtml).text == "Été."


# --- any bytes ----------------------------------------------------------------------------------


def test_no_bytes_raise_anything(tmp_path: Path) -> None:
    generator = random.Random(1917)
    seeds = [
        b"# Titre\n\n- a\n- b\n\n| a | b |\n|--|--|\n| c | d |\n\n[^1]: n\n",
        page(f"<article><h1>T</h1><p>{PROSE}</p><ul><li>a</ul></article>").encode(),
        b'{"_id": "a", "text": "b\\ud800"}\n{"id": 3, "text": "c"}\n',
        "I. Titre\n\nun mot cou-\npé ., suite « ici » ;\n\n– 12 –\n\nfin".encode("utf-16"),
        bytes(range(256)),
    ]
    for number in range(150):
        data = bytearray(generator.choice(seeds))
        for _ in range(generator.randrange(1, 12)):
            at = generator.randrange(len(data) + 1)
            cut = generator.randrange(4)
            data[at : at + cut] = generator.randbytes(generator.randrange(4))
        suffix = generator.choice([".txt", ".md", ".html", ".jsonl", ".jsonl.gz"])
        write(tmp_path, f"{number:03}{suffix}", bytes(data))
    write(tmp_path, "profond.html", b"<div>" * 100_000 + b"x")
    write(tmp_path, "profond.md", b">" * 50_000 + b"x")
    write(tmp_path, "crochets.md", b"[" * 50_000 + b"x")
    write(tmp_path, "listes.html", b"<ul><li>" * 20_000 + b"x")
    sources = set()
    for result in read(tmp_path):
        if isinstance(result, Document):
            check(result)
        else:
            assert "\n" not in result.reason
        sources.add(result.source)
    assert "000" in {source[:3] for source in sources}
