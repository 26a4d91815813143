"""Where each set of the data folder comes from, and which are there: ``make data DATA=FOLDER``.

Nothing is downloaded: the sets are public, each under its own licence, and are put into the shapes
that ``docs/model.md`` describes. Natural questions are in ``benchmarks/data/natural``.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """A file of the data folder: its rows, what needs it, its licence, its public place."""

    file: str
    rows: int
    use: str
    licence: str
    place: str


LAWS = "github.com/justicecanada/laws-lois-xml"
PIAF = "github.com/psorianom/piaf-combo-huggingface, PIAF 1.1, parts by title"
SHEETS = "github.com/etalab-ia/piaf-ml (service-public.fr, 2020)"
CANADA = "Open Government Licence - Canada"
PIAF_LICENCE = "MIT; contexts CC BY-SA 3.0"
SOURCES = (
    Source("qa/piaf_train.jsonl.gz", 5417, "train", PIAF_LICENCE, PIAF),
    Source("qa/piaf_dev.jsonl.gz", 695, "measure", PIAF_LICENCE, PIAF),
    Source("retrieval/piaf_dev/corpus.jsonl.gz", 1225, "measure", PIAF_LICENCE, PIAF),
    Source("retrieval/piaf_dev/queries.jsonl.gz", 695, "measure", PIAF_LICENCE, PIAF),
    Source("retrieval/service_public/corpus.jsonl.gz", 535, "measure", "Licence Ouverte", SHEETS),
    Source("retrieval/service_public/queries.jsonl.gz", 535, "measure", "Licence Ouverte", SHEETS),
    Source("pairs/quiz.jsonl.gz", 7140, "train", "CC BY-SA", "github.com/Zeuh/OpenQuizzDB"),
    Source("pairs/news_title.jsonl.gz", 33776, "train", "CC BY-SA 4.0",
           "github.com/Tixierae/OrangeSum"),
    Source("pairs/law_note_section.jsonl.gz", 25000, "train", CANADA, LAWS),
    Source("pairs/business_docs.jsonl.gz", 22076, "train", "CC BY 4.0",
           "github.com/MicrosoftDocs/Dynamics-365-Operations.fr-fr"),
    Source("pairs/labour_law.jsonl.gz", 398, "train", "Apache-2.0; Licence Ouverte",
           "github.com/SocialGouv/code-du-travail-numerique"),
    Source("text/wikipedia_travel.jsonl.gz", 3396, "train", "CC BY-SA",
           "French Wikipedia, 176 articles (the rows name them)"),
    Source("text/history_of_france_1924.jsonl.gz", 855, "train", "public domain",
           "J. Bainville, Histoire de France, 1924"),
    Source("text/novels.jsonl.gz", 40000, "pieces, scale", "public domain; CC BY 4.0",
           "github.com/COST-ELTeC/ELTeC-fra"),
    Source("queries/native_questions.jsonl.gz", 1143, "pieces", "Apache-2.0",
           "github.com/castorini/anserini-tools (MIRACL fr, train topics)"),
    Source("parallel/news.jsonl.gz", 17173, "pieces", "CC BY-SA, CC0; WMT for research",
           "github.com/Helsinki-NLP/OPUS-MT-testsets"),
    Source("parallel/tatoeba.jsonl.gz", 167130, "pieces", "CC BY 2.0 FR",
           "github.com/modelexlab/data fra-eng.zip (manythings.org, 2019)"),
    Source("parallel/python_docs.jsonl.gz", 18892, "pieces, languages", "CC0; originals PSF",
           "github.com/python/python-docs-fr"),
    Source("parallel/canada_laws.jsonl.gz", 120000, "languages", CANADA, LAWS),
)  # fmt: skip


def rows(path: Path) -> int | None:
    """How many rows a set has; None where it is not there."""
    if not path.is_file():
        return None
    with gzip.open(path) as file:
        return sum(1 for line in file if line.strip())


def main() -> int:
    """Print the table; 1 when a set is missing or has another number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=Path("data"))
    data = parser.parse_args().data
    whole = True
    for source in SOURCES:
        found = rows(data / source.file)
        whole &= found == source.rows
        state = "missing" if found is None else "there" if found == source.rows else f"has {found}"
        print(f"{state:8} {source.file:42} {source.rows:7} rows  for {source.use}")
        print(f"{'':8} {source.place} ({source.licence})")
    print('\nShapes: docs/model.md, "The data folder". Natural questions: benchmarks/data/natural.')
    return 0 if whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
