"""Hostile files: each is told with its reason, none stops the others or takes more than it may."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from conftest import FakeEmbedder
from qa.cli import main
from qa.index import open_index, update_index
from qa.reading import FileReader, read_corpus
from qa.reading.frames import LARGEST_FRAME, read_frame
from qa.reading.limits import Limits
from qa.records import Document, Skipped
from reading_files import READER, read, write
from test_collections import dump, wiki_page

WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr(name, content)
    return data.getvalue()


def word(xml: str) -> bytes:
    return packed("word/document.xml", xml.encode())


def lying(data: bytes, size: int) -> bytes:
    """An archive whose directory says that its file is small."""
    changed = bytearray(data)
    directory = data.rindex(b"PK\x01\x02")
    changed[directory + 24 : directory + 28] = size.to_bytes(4, "little")
    changed[22:26] = size.to_bytes(4, "little")
    return bytes(changed)


def protected_pdf() -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, encrypt="secret")
    canvas.drawString(72, 720, "Un secret.")
    canvas.save()
    return data.getvalue()


def pdf_bomb() -> bytes:
    """A page whose content unpacks from 20 kB to 20 MB."""
    import zlib

    content = zlib.compress(b"q Q " * 5_000_000, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    data = b"%PDF-1.4\n"
    for number, content in enumerate(objects, start=1):
        data += b"%d 0 obj%s\nendobj\n" % (number, content)
    return data + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF"


LAUGHS = (
    '<!DOCTYPE w:document [<!ENTITY a "haha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + f"]><w:document {WORD}><w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>"
)
SECRET = (
    '<!DOCTYPE w:document [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    f"<w:document {WORD}><w:body><w:p><w:r><w:t>Lu : &x;</w:t></w:r></w:p></w:body></w:document>"
)

# Name, content, and the beginning of the reason; nothing for a file that is read all the same.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bombe.docx": (lambda: word("<w:t>" + "a" * 200_000_000), "unpacks to 10"),
    "bombe.zip": (lambda: packed("a.txt", bytes(100_000_000)), "unpacks to 10"),
    "bombe.pdf": (pdf_bomb, "no text in it"),
    "menteur.zip": (
        lambda: lying(packed("a.txt", b"Un texte. " * 5_000_000), 1000),
        "damaged in the archive",
    ),
    "menteur.docx": (lambda: lying(word("<a>" + "a" * 9_000_000), 1000), "damaged"),
    "rires.docx": (lambda: word(LAUGHS), "damaged: "),
    "secret.docx": (lambda: word(SECRET), ""),
    "profond.docx": (lambda: word("<w:document " + WORD + ">" + "<w:p>" * 100_000), "damaged"),
    "profond.html": (lambda: b"<div>" * 100_000 + b"x", "nested too deeply"),
    "profond.xml": (lambda: b"<mediawiki>" * 100_000, "damaged"),
    "protege.pdf": (protected_pdf, "protected by a password"),
    "vide.pdf": (lambda: b"", "empty file"),
    "vide.zip": (lambda: b"PK\x05\x06" + bytes(18), "no document in it"),
    "binaire.txt": (lambda: b"\x7fELF\x02\x01" + bytes(range(256)), "binary content"),
    "image.html": (lambda: b"\x89PNG" + bytes(range(256)), "binary content"),
    "encodage.txt": (lambda: "Été à Évian, déjà.".encode("cp1252"), ""),
    "guillemet.csv": (lambda: b'titre,texte\n"a,' + b"bbb " * 6_000_000, "line 2 is longer"),
}  # fmt: skip


@pytest.fixture
def hostile_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    write(folder, "aa-avant.pdf", good_pdf())
    for name, (make, _) in HOSTILE.items():
        write(folder, f"hostile/{name}", make())
    (folder / "hostile" / "boucle").symlink_to(folder)
    (folder / "hostile" / "dehors.txt").symlink_to("/etc/passwd")
    write(folder, "zz-apres.html", "<p>Une page lisible.</p>")
    return folder


def good_pdf() -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, invariant=True)
    canvas.drawString(72, 720, "Un texte lisible.")
    canvas.save()
    return data.getvalue()


def test_the_hostile_set(
    hostile_folder: Path, fake_embedder: FakeEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = hostile_folder.parent / "index"
    report = update_index(hostile_folder, directory, fake_embedder)
    readable = {f"hostile/{name}" for name, (_, reason) in HOSTILE.items() if not reason}
    assert set(report.added) == {"aa-avant.pdf", "zz-apres.html"} | readable
    told = {skip.source: skip.reason for skip in report.skipped}
    for name, (_, reason) in HOSTILE.items():
        if reason:
            places = [place for place in told if place.startswith(f"hostile/{name}")]
            assert len(places) == 1, (name, places)
            assert told[places[0]].startswith(reason), (name, told[places[0]])
    assert told["hostile/boucle"] == "symbolic link that loops"
    assert told["hostile/dehors.txt"] == "symbolic link that leaves the folder"
    assert len(told) == len(HOSTILE) - len(readable) + 2
    index = open_index(directory)
    assert index.document("hostile/secret.docx").text == "Lu :"
    assert {skip.source for skip in index.store.skipped()} == set(told)
    index.close()
    assert main(["status", "--all", "--index", str(directory)]) == 0
    shown = capsys.readouterr().out
    for place, reason in told.items():
        assert f"skipped  {place}: {reason}" in shown


# --- limits -------------------------------------------------------------------------------------


def slow_page() -> bytes:
    """A page whose article takes seconds to find."""
    return b"<ul>" + b"<li><p>Un texte avec <b>des</b> mots.</p>" * 40_000 + b"</ul>"


def results_of(reader: FileReader, path: Path) -> list[Document | Skipped]:
    return [result for _, result in reader(path, path.name)]


@pytest.mark.parametrize("suffix", [".txt", ".md", ".jsonl", ".jsonl.gz", ".csv", ".html"])
def test_every_format_is_read_apart(tmp_path: Path, suffix: str) -> None:
    """Nothing of a file's content reaches a parser of ours: the reader's process has the limits."""
    path = write(tmp_path, f"a{suffix}", slow_page())
    with FileReader(limits=Limits(seconds=-1, seconds_per_megabyte=0)) as reader:
        told = results_of(reader, path)
    assert [type(result) for result in told] == [Skipped]


def test_packed_newlines_are_a_bomb(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl.gz", gzip.compress(b"\n" * 300_000_000))
    (told,) = results_of(READER, path)
    assert told == Skipped(
        "a.jsonl.gz", "unpacks to more than 150 times its size: a bomb is not opened"
    )


def test_a_table_of_very_many_columns(tmp_path: Path) -> None:
    columns, rows = 50_000, 20_000
    path = write(tmp_path, "a.csv", ",".join("c" * columns) + "\n" + "1,2\n" * rows)
    assert len(results_of(READER, path)) == rows


LONG = "mot " * 5_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", f"<table><tr><th>{LONG}<th>b{'<tr><td>1<td>2' * 300}</table>"),
        ("a.html", f"<table><tr><td rowspan=300>{LONG}<td>b{'<tr><td>2' * 300}</table>"),
        ("a.csv", f"{LONG},b\n" + "1,2\n" * 300),
        ("a.json", json.dumps({LONG: {f"a{n}": 1 for n in range(300)}})),
        ("a.jsonl", json.dumps({LONG: {"a": [[n] for n in range(300)]}})),
    ],
    ids=["head", "cell over rows", "column", "name", "name in a line"],
)
def test_what_is_long_is_not_said_again_in_each_row(
    tmp_path: Path, name: str, content: str
) -> None:
    results = results_of(READER, write(tmp_path, name, content))
    texts = [found.text for found in results if isinstance(found, Document)]
    assert len(texts) == len(results)
    assert sum(text.count("mot") for text in texts) == 5_000


def test_a_part_that_is_named_often_is_read_once(tmp_path: Path) -> None:
    note = f'<w:footnotes {WORD}><w:footnote w:id="1"><w:p><w:r><w:t>Une note.</w:t></w:r></w:p>'
    call = '<w:p><w:r><w:t>Appel</w:t><w:footnoteReference w:id="1"/></w:r></w:p>'
    chapter = '<itemref idref="c"/>'
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="c" href="c.xhtml" '
        f'media-type="application/xhtml+xml"/></manifest><spine>{chapter * 9}</spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="a.opf"/></rootfiles></container>'
    )
    for name, parts, text in (
        (
            "a.docx",
            {
                "word/document.xml": f"<w:document {WORD}><w:body>{call * 3}</w:body></w:document>",
                "word/footnotes.xml": f"{note}</w:footnote></w:footnotes>",
            },
            "Appel[1]\n\n[1] Une note.\n\nAppel\n\nAppel",
        ),
        (
            "a.epub",
            {
                "META-INF/container.xml": container,
                "a.opf": book,
                "c.xhtml": "<html><body><p>Un chapitre.</p></body></html>",
            },
            "Un chapitre.",
        ),
    ):
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for part, content in parts.items():
                archive.writestr(part, content)
        (document,) = results_of(READER, write(tmp_path, name, data.getvalue()))
        assert isinstance(document, Document)
        assert document.text == text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.html", f'<a href="{"_n" * 100_000}">Un lien</a>'),
        ("a.html", f'<div class="{"a " * 50_000}">{"<button aria-expanded=1>x</button>" * 3_000}'),
        ("a.html", f'<a href="{"x" * 100_000}">{"<sup>1</sup>" * 10_000}</a>'),
        (
            "a.html",
            "<table><tr>"
            + "".join(f"<td>c{n}" for n in range(10_000))
            + "<tr><td>1" * 10_000
            + "</table>",
        ),
        ("a.html", f"<table><tr>{'<td rowspan=2000>a<td>b' * 4_000}{'<tr><td>1' * 10_000}"),
        ("a.eml", f"From: {'a@b.fr, ' * 60_000}\n\nUn mot.\n"),
        ("a.rst", "*a\n" * 60_000),
        ("a.rst", "a_\n" * 60_000),
        ("a.rst", ".. _a:\n\n" * 20_000),
        (
            "a.xml",
            '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"><page><title>T</title>'
            f"<ns>0</ns><revision><text>{'{{a|' * 20_000}</text></revision></page></mediawiki>",
        ),
        ("a.tex", "[" * 900_000),
        ("a.rtf", "{\\rtf1 " + "|" * 200_000 + "a}"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nmot\n\n" * 30_000),
    ],
)
def test_work_does_not_grow_with_the_square(tmp_path: Path, name: str, content: str) -> None:
    """Each of these took a minute and more; ``benchmarks/growth.py`` measures a hundred shapes."""
    with FileReader(limits=Limits(seconds=15, seconds_per_megabyte=0)) as reader:
        told = results_of(reader, write(tmp_path, name, content))
    assert [t.code for t in told if isinstance(t, Skipped)] in ([], ["no_text"])


@pytest.fixture
def hasty() -> Iterator[FileReader]:
    with FileReader(limits=Limits(seconds=0.4, seconds_per_megabyte=0)) as reader:
        yield reader


def test_time_is_bounded(tmp_path: Path, hasty: FileReader) -> None:
    slow = write(tmp_path, "a.html", slow_page())
    (told,) = results_of(hasty, slow)
    assert isinstance(told, Skipped)
    assert told.reason in ("took more than 1 s to read", "took more processor time than a file may")


def test_memory_is_bounded(tmp_path: Path) -> None:
    large = write(tmp_path, "a.html", slow_page() * 8)
    small = write(tmp_path, "b.docx", word(f"<w:document {WORD}><w:body><w:p><w:r><w:t>Un.</w:t>"
                                           "</w:r></w:p></w:body></w:document>"))  # fmt: skip
    with FileReader(limits=Limits(memory=300_000_000)) as reader:
        (told,) = results_of(reader, large)
        assert told == Skipped("a.html", "needs more memory than a file may")
        (read_after,) = results_of(reader, small)
    assert isinstance(read_after, Document)
    assert read_after.text == "Un."


def test_a_crash_is_survived(tmp_path: Path) -> None:
    path = write(tmp_path, "w.xml", dump(*(wiki_page(f"T{n}", "Un texte.") for n in range(5000))))
    with FileReader() as reader:
        stream = reader(path, "w.xml")
        first = next(stream)[1]
        assert isinstance(first, Document) and first.title == "T0"
        worker = reader._worker
        assert worker is not None
        os.kill(worker.pid, signal.SIGSEGV)
        *before, (_, last) = list(stream)
        assert last == Skipped(
            "w.xml", f"its reader crashed (SIGSEGV); the {len(before) + 1} parts before are kept"
        )
        assert len(results_of(reader, path)) == 5000
        assert reader._worker is not worker


def test_a_stream_that_is_left_ends_its_worker(tmp_path: Path) -> None:
    path = write(tmp_path, "w.xml", dump(*(wiki_page(f"T{n}", "Un texte.") for n in range(5000))))
    stream = read_corpus(path)
    assert isinstance(next(stream), Document)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    stream.close()  # type: ignore[attr-defined]
    left = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    assert len(left) == len(children) - 1


def test_a_file_that_goes_away(tmp_path: Path) -> None:
    (told,) = results_of(READER, tmp_path / "absent.pdf")
    assert told == Skipped("absent.pdf", "not readable: no such file or directory")


def test_names_of_any_bytes_reach_the_worker(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.html"
    Path(os.fsdecode(path)).write_text("<p>Un texte.</p>")
    (document,) = read(tmp_path)
    assert isinstance(document, Document)
    assert (document.id, document.text) == ("caf\ufffd.html", "Un texte.")


def framed(data: bytes, length: int) -> bytes:
    return length.to_bytes(8, "big") + data


@pytest.mark.parametrize(
    "data",
    [framed(b"", LARGEST_FRAME + 1), framed(b"nope", 4), framed(b"[]", 2)],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_frame(io.BytesIO(data).read)


def test_a_frame_cut_short_is_an_end() -> None:
    assert read_frame(io.BytesIO(framed(b"{", 9)).read) is None
    assert read_frame(io.BytesIO(b"").read) is None
