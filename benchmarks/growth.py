"""How the time to read and cut a text grows with its length, over a hundred shapes.

    python benchmarks/growth.py [--only TEXT]

Each shape is read at 60, 240 and 960 kB by the reader of its format, cut into passages with the
shipped tokenizer and into sentences. The exponent is that of the time between the last two sizes:
1 is linear, 2 grows with the square. Above 1.3, with more than a fifth of a second at the largest
size, the shape is marked and the exit code is 1.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import math
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from qa.chunking import split_passages
from qa.embedding import open_embedder
from qa.reading.formats import read_file
from qa.reading.settings import ReadingSettings
from qa.records import Document

SIZES = (60_000, 240_000, 960_000)
MOST, LEAST_SECONDS = 1.3, 0.2

# What is repeated, by the format that it is read as.
REPEATED: dict[str, Sequence[str]] = {
    ".txt": (
        ".", " . ", " ? ", "… ", "« ", "« . » ", "mot ", "a", "\n", "a\n", "TITRE\n\n", "a-\n",
        "- a\n", "a | b\n", "a\t", "a   b\n", "&amp;", "Fin.Le ", "1. a\n\n", "=\n", "I\n\n",
        "Laisser un commentaire\n", "Article 1\n\nUn texte.\n\n", "(", "x , ", "Ã©",
    ),
    ".md": (
        "<!-- ", "a <!-- \n\n", "<b>", "</b>", "<id> ", "[", "[[a|b]] ", "*a ", "`", "> ", "| a ",
        "==a ", "%% ", "[^1] ", "![a](", "{: .a}\n", "<a x='", "<?", "&", "# a\n",
    ),
    ".html": ("<p>a", "<b>a", "<td>a", "<li>a</li>", "<sup>1</sup>", "a<br>", "<h2>a</h2>"),
    ".rst": (
        "::\n\n", "a::\n\n b\n\n", "- a\n\n1. a\n\n", "a\n=\n\n", "| a\n\n* a\n\n", "*a\n", "a_\n",
        "*a ", ".. [1] a\n", ".. _a:\n\n", "a [#]_ b\n\n.. [#] c\n\n", "__ a\n",
    ),
    ".tex": (
        "{", "$a$ ", "[", "\\item a\n", "\\section{a}\n\nb\n\n", "\\footnote{a} ", "a & b \\\\\n",
    ),
    ".srt": ("1\n00:00:01,000 --> 00:00:02,000\nmot\n\n", "00:01.000 --> ", "<v a "),
    ".csv": ("a,", "a,b\n", '"a'),
    ".jsonl": ('{"id": 1, "text": "a"}\n', "[", "\n"),
}  # fmt: skip


def packed_newlines(size: int) -> bytes:
    return gzip.compress(b"\n" * (100 * size), 1)


def wide_table(size: int) -> bytes:
    columns = size // 4
    return (",".join("c" * columns) + "\n" + "1,2\n" * (size // 8)).encode()


def word_file(size: int) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "<w:p><w:r><w:t>Un texte.</w:t></w:r></w:p>" * (size // 42)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>',
        )
    return data.getvalue()


def around(head: str, text: str, tail: str = "") -> Callable[[int], bytes]:
    """A text again and again, between two others."""
    return lambda size: (head + text * (size // len(text)) + tail).encode()


def halves(head: str, first: str, middle: str, then: str, tail: str = "") -> Callable[[int], bytes]:
    """One long thing, then many small ones that stand under it."""

    def made(size: int) -> bytes:
        texts = (text * (size // 2 // len(text)) for text in (first, then))
        return (head + middle.join(texts) + tail).encode()

    return made


def packed(made: Callable[[int], bytes], name: str, **others: str) -> Callable[[int], bytes]:
    """The part of an office file or e-book; ``others`` stand beside it, "__" for "/"."""

    def package(size: int) -> bytes:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, made(size))
            for other, text in others.items():
                archive.writestr(other.replace("__", "/"), text)
        return data.getvalue()

    return package


def ragged_table(size: int) -> bytes:
    heads = "".join(f"<td>c{at}" for at in range(size // 20))
    return f"<table><tr>{heads}{'<tr><td>1' * (size // 18)}</table>".encode()


def long_name(size: int) -> bytes:
    return json.dumps({"k" * (size // 2): {f"a{at}": 1 for at in range(size // 24)}}).encode()


def notebook(size: int) -> bytes:
    cell = {"cell_type": "markdown", "source": "# a\n\nb"}
    return json.dumps({"cells": [cell] * (size // 50)}).encode()


_MAIL = "From: a@b.fr\nSubject: "
_WIKI = "<mediawiki><page><title>A</title><ns>0</ns><revision><text>"
_WIKI_END = "</text></revision></page></mediawiki>"
_PARTS = "Content-Type: multipart/mixed; boundary=b\n\n"
_ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table")
)
_DRAWING = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_CELL = '<c t="inlineStr"><is><t>a</t></is></c>'
_WORKBOOK = {
    "_rels__.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl__workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
    'main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl___rels__workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/'
    'package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}

MADE: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "long class": (
        ".html",
        halves('<div class="', "a ", '">', "<button aria-expanded=1>x</button>", "</div>"),
    ),
    "long link to a note": (".html", around('<a href="', "_n", '">1</a>')),
    "notes in a long link": (".html", halves('<a href="', "x", '">', "<sup>1</sup>", "</a>")),
    "ragged table": (".html", ragged_table),
    "long head": (
        ".html",
        halves("<table><tr><th>", "mot ", "<th>b</tr>", "<tr><td>1<td>2", "</table>"),
    ),
    "long cell over rows": (
        ".html",
        halves("<table><tr><td rowspan=2000>", "mot ", "<td>b</tr>", "<tr><td>2", "</table>"),
    ),
    "cells over rows": (
        ".html",
        halves("<table><tr>", "<td rowspan=2000>a<td>b", "", "<tr><td>1", "</table>"),
    ),
    "long column": (".csv", halves("", "mot ", ",b\n", "1,2\n")),
    "long name": (".json", long_name),
    "notebook": (".ipynb", notebook),
    **{
        f"RTF {text!r}": (".rtf", around("{\\rtf1 ", text, "}"))
        for text in (
            "|",
            "{\\footnote ",
            "{\\b a}",
            "\\'e9",
            "a|b|\\par ",
            "\\cell ",
        )
    },
    "senders": (".eml", around("From: ", "a@b.fr, ", "\n\nmot\n")),
    "encoded subject": (".eml", around(_MAIL, "=?utf-8?q?a?= ", "\n\nmot\n")),
    "parts": (".eml", around(f"{_MAIL}a\n{_PARTS}", "--b\n\na\n", "--b--\n")),
    "attachments": (
        ".eml",
        around(f"{_MAIL}a\n{_PARTS}", "--b\nContent-Disposition: attachment\n\na\n", "--b--\n"),
    ),
    "messages": (".mbox", around("", "From a\nSubject: b\n\nmot\n\n")),
    **{
        f"wikitext {text!r}": (".xml", around(_WIKI, text, _WIKI_END))
        for text in (
            "{{a|",
            "[[a|",
            "''a",
            "{|\n|-\n|a\n",
            "=a=\n",
            "* a\n",
            "&lt;ref&gt;",
            "&lt;a b=c",
            "&lt;!-- ",
            "[http://a ",
        )
    },
    "TEI": (".xml", around("<TEI><text>", "<p>a<note>b</note></p>", "</text></TEI>")),
    "rows of a sheet": (
        ".xlsx",
        packed(
            around(_SHEET, f"<row>{_CELL}{_CELL}</row>", "</sheetData></worksheet>"),
            "xl/worksheets/sheet1.xml",
            **_WORKBOOK,
        ),
    ),
    "merged cells": (
        ".xlsx",
        packed(
            halves(
                _SHEET,
                f"<row>{_CELL}{_CELL}</row>",
                "</sheetData><mergeCells>",
                '<mergeCell ref="A1:B9999"/>',
                "</mergeCells></worksheet>",
            ),
            "xl/worksheets/sheet1.xml",
            **_WORKBOOK,
        ),
    ),
    "one slide often": (
        ".pptx",
        packed(
            around(f"<p:presentation {_DRAWING}>", '<p:sldId r:id="r1"/>', "</p:presentation>"),
            "ppt/presentation.xml",
            **{
                "ppt___rels__presentation.xml.rels": '<a><b Id="r1" Target="slide.xml"/></a>',
                "ppt__slide.xml": f"<p:sld {_DRAWING}>"
                + "<p:sp><a:p><a:r><a:t>mot</a:t></a:r></a:p></p:sp>" * 1000
                + "</p:sld>",
            },
        ),
    ),
    "one chapter often": (
        ".epub",
        packed(
            around(
                '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="c" '
                'href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine>',
                '<itemref idref="c"/>',
                "</spine></package>",
            ),
            "a.opf",
            **{
                "META-INF__container.xml": "<container xmlns="
                '"urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="a.opf"/></rootfiles></container>',
                "c.xhtml": f"<html><body>{'<p>mot</p>' * 1000}</body></html>",
            },
        ),
    ),
    "OpenDocument rows": (
        ".odt",
        packed(
            around(
                f"<office:document-content {_ODF}><office:body><office:text><table:table>",
                "<table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
                "<table:table-cell><text:p>b</text:p></table:table-cell></table:table-row>",
                "</table:table></office:text></office:body></office:document-content>",
            ),
            "content.xml",
        ),
    ),
    "packed newlines": (".jsonl.gz", packed_newlines),
    "wide table": (".csv", wide_table),
    "Word paragraphs": (".docx", word_file),
}


def shapes() -> dict[str, tuple[str, Callable[[int], bytes]]]:
    def repeated(text: str) -> Callable[[int], bytes]:
        return lambda size: (text * (size // len(text) + 1))[:size].encode()

    found = {
        f"{suffix} {text!r}": (suffix, repeated(text))
        for suffix, all_texts in REPEATED.items()
        for text in all_texts
    }
    return found | MADE


def seconds(path: Path, count_tokens: Callable[[Sequence[str]], list[int]]) -> float:
    start = time.process_time()
    for _, result in read_file(path, path.name, ReadingSettings()):
        if isinstance(result, Document):
            split_passages(result, count_tokens)
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="shapes whose name holds this text")
    only = parser.parse_args().only
    tried = {name: made for name, made in shapes().items() if only in name}
    count_tokens = open_embedder().count_tokens
    bad = 0
    print(f"{'shape':<36}" + "".join(f"{size // 1000:>8} kB" for size in SIZES) + "  exponent")
    with tempfile.TemporaryDirectory() as work:
        for name, (suffix, make) in tried.items():
            path = Path(work) / f"a{suffix}"
            times = []
            for size in SIZES:
                path.write_bytes(make(size))
                spent = seconds(path, count_tokens)
                # Of a short time, the least of three: other work on the machine adds to it.
                more = range(2 if spent < 1 else 0)
                times.append(min([spent, *(seconds(path, count_tokens) for _ in more)]))
            exponent = math.log(times[-1] / times[-2], SIZES[-1] / SIZES[-2])
            steep = exponent > MOST and times[-1] > LEAST_SECONDS
            bad += steep
            told = "".join(f"{spent:>9.2f} s" for spent in times)
            print(f"{name:<36}{told}{exponent:>9.2f}{'  <-- steep' if steep else ''}", flush=True)
    print(f"{len(tried)} shapes, {bad} steep")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
