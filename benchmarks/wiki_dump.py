"""A MediaWiki dump of many pages, made of the shared texts in the format of dumps, and indexed.

    python benchmarks/wiki_dump.py --data DATA [--pages 100000]

The dump (``pages-articles.xml.bz2``) is written and read as a stream: memory must not grow with it.
The embedder costs nothing (``word_embedder``): the times are those of reading, cutting and words.
Every fiftieth page is a redirect, which is counted and left out. Times are of the processor.
"""

from __future__ import annotations

import argparse
import bz2
import random
import tempfile
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path

from scale import Watch, read_sentences, size
from word_embedder import WordEmbedder

from qa.index import open_index, update_index
from qa.question import make_question
from qa.search import METHODS

_HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/"
  version="0.11" xml:lang="fr">
  <siteinfo>
    <sitename>Recueil</sitename>
    <base>https://recueil.example/wiki/Accueil</base>
    <namespaces><namespace key="0" case="first-letter" /></namespaces>
  </siteinfo>
"""
REDIRECTS = 50  # one page in so many


def write_dump(path: Path, sentences: Sequence[str], pages: int) -> None:
    with bz2.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.write(_HEAD)
        for number in range(pages):
            chance = random.Random(number)
            if number % REDIRECTS == REDIRECTS - 1:
                text = f"#REDIRECTION [[Page {number - 1}]]"
                redirect = f'    <redirect title="Page {number - 1}" />\n'
            else:
                text, redirect = article(chance, sentences, number, pages), ""
            written = escape(text)
            file.write(
                f"  <page>\n    <title>Page {number}</title>\n    <ns>0</ns>\n"
                f"    <id>{number + 1}</id>\n{redirect}"
                f"    <revision>\n      <id>{number + 1}</id>\n"
                f"      <timestamp>2026-01-01T00:00:00Z</timestamp>\n"
                f"      <model>wikitext</model>\n      <format>text/x-wiki</format>\n"
                f'      <text bytes="{len(text.encode())}" xml:space="preserve">{written}</text>\n'
                "    </revision>\n  </page>\n"
            )
        file.write("</mediawiki>\n")


def article(chance: random.Random, sentences: Sequence[str], number: int, pages: int) -> str:
    """Wikitext with a table of facts, links, notes and sections."""
    parts = [
        f"{{{{Infobox Lieu | nom = Page {number} | population = {chance.randint(10, 99999)}}}}}"
    ]
    for section in range(chance.randint(1, 4)):
        if section:
            parts.append(f"== Partie {section} ==")
        said = chance.sample(sentences, chance.randint(2, 6))
        link = f"[[Page {chance.randrange(pages)}|{said[0].split()[0]}]]"
        parts.append(f"'''{link}''' {' '.join(said)}<ref>{{{{ouvrage|titre=Un livre}}}}</ref>")
    parts.append("[[Catégorie:Recueil]]")
    return "\n\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=100_000)
    options = parser.parse_args()
    sentences = read_sentences(options.data)
    embedder = WordEmbedder()
    with tempfile.TemporaryDirectory() as temporary:
        dump, directory = Path(temporary) / "frwiki-pages-articles.xml.bz2", Path(temporary) / "i"
        write_dump(dump, sentences, options.pages)
        print(f"dump         {options.pages} pages, {size(dump):.0f} MB packed", flush=True)
        watch, spent = Watch(), time.process_time()
        report = update_index(dump, directory, embedder, progress=watch)
        print(
            f"indexed      {len(report.added)} articles, {report.passages} passages in "
            f"{report.seconds:.0f} s ({time.process_time() - spent:.0f} s of this processor's "
            "process, without that which reads)"
        )
        watch.print()
        for skipped in report.skipped:
            print(f"left out     {skipped.reason}")
        index = open_index(directory)
        question = " ".join(next(index.store.all_passages()).text.split()[:10])
        hit = METHODS["hybrid"](index, make_question(question, embedder), 1)[0]
        print(f"found        {hit.passage.document_id}: {hit.passage.title}")
        index.close()


if __name__ == "__main__":
    main()
