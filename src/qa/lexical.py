"""Words, character 4-grams and the BM25 engine (tantivy), nothing else.

The text is analysed by ``qa.french`` before tantivy sees it, so that the index, the question and
the choice of sentences always agree; tantivy only splits at white space and counts.
"""

from __future__ import annotations

import contextlib
import copy
import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.families import family, family_stems
from qa.french import Word, analyse_grams, analyse_words, word_grams
from qa.mapping import MappedFiles
from qa.records import QAError

_FIELDS, _DOCUMENT = ("words", "grams"), "document"
_WRITER_MEMORY = 200_000_000  # bytes
# Where a lock file may stand: the temporary folder, or else what Linux keeps in memory.
LOCK_FOLDERS = (None, "/dev/shm")  # noqa: S108
RELATED = 0.8  # what another word of the same family counts, against the question's own

# What one word of a question may be: terms by weight, of which the best in a passage counts.
Clause = Mapping[str, float]


def word_clauses(
    asked: Sequence[Word], frequencies: Callable[[Collection[str]], Mapping[str, int]], rows: int
) -> list[Clause]:
    """The stems of a question, each with the others of its family (``qa.families``).

    ``frequencies`` tells in how many of the ``rows`` passages stems occur. A family is one word:
    each of its stems is as rare as all of them together.
    """
    related = {
        word.stem: family_stems(number) - {word.stem}
        for word in asked
        if not word.is_stop and (number := family(word.form)) is not None
    }
    related = {stem: others for stem, others in related.items() if others}
    frequency = frequencies({*related, *chain.from_iterable(related.values())}) if related else {}
    clauses: list[Clause] = []
    for stem, count in Counter(word.stem for word in asked if not word.is_stop).items():
        if stem not in related:
            clauses.append({stem: float(count)})
            continue
        others = {other: frequency[other] for other in (stem, *related[stem])}
        rarity = _idf(sum(others.values()), rows)
        clauses.append(
            {
                other: count * (1 if other == stem else RELATED) * rarity / _idf(found, rows)
                for other, found in sorted(others.items())
                if found
            }
            or {stem: float(count)}
        )
    return clauses


def gram_clauses(asked: Sequence[Word]) -> list[Clause]:
    """The character 4-grams of a question."""
    found = (gram for word in asked if not word.is_stop for gram in word_grams(word.form))
    return [{gram: float(count)} for gram, count in Counter(found).items()]


def _idf(frequency: int, rows: int) -> float:
    """As tantivy's BM25 has it; the most frequent words still count a little."""
    rows = max(rows, frequency)
    return max(0.1, math.log(1 + (rows - frequency + 0.5) / (frequency + 0.5)))


class LexicalIndex:
    """Passages by row, in one or more tantivy segments in a folder.

    Raises ``QAError`` where it cannot be opened.
    """

    finds = True

    def __init__(self, folder: Path):
        try:
            self._open_somehow(folder)
        except ValueError as error:  # whatever happens in tantivy
            raise QAError("words_not_readable", _one_line(error)) from error
        self._mapped = MappedFiles(
            path for path in folder.iterdir() if path.suffix not in {".json", ".lock"}
        )
        self._among: Any = None

    def _open_somehow(self, folder: Path) -> None:
        """tantivy takes a lock file even to read. Where it may not, or something stands in its
        place, it gets a folder of links for the moment: segments stay mapped once they are open."""
        if os.access(folder, os.W_OK) and not any(p.is_fifo() for p in folder.glob(".*.lock")):
            with contextlib.suppress(ValueError):
                self._open(folder)
                return
        paths = list(folder.resolve().iterdir())
        for place in LOCK_FOLDERS:
            try:
                with tempfile.TemporaryDirectory(prefix="qa-lexical-", dir=place) as links:
                    for path in paths:
                        if path.suffix != ".lock":
                            (Path(links) / path.name).symlink_to(path)
                    self._open(Path(links))
                    return
            except OSError as error:
                cause = error.strerror or error
        raise QAError("no_lock_folder", cause)

    def _open(self, folder: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(folder))
        # Nothing is ever committed to it: no thread need look, and read the segments again.
        self._index.config_reader("manual")
        self._register(self._index)
        self._searcher = self._index.searcher()

    @classmethod
    def build(cls, folder: Path, texts: Iterable[tuple[str, str]]) -> None:
        """Write an index of texts, each with its document's id, into an empty folder; the i-th is
        row i.

        Raises ``OSError`` when the disk does not take it.
        """
        import tantivy

        builder = tantivy.SchemaBuilder()
        for field in _FIELDS:
            builder.add_text_field(
                field, stored=False, tokenizer_name="analysed", index_option="freq"
            )
        builder.add_text_field(_DOCUMENT, stored=False, tokenizer_name="raw", index_option="basic")
        builder.add_unsigned_field("row", stored=False, fast=True)
        try:
            index = tantivy.Index(builder.build(), path=str(folder))
            cls._register(index)
            writer = index.writer(heap_size=_WRITER_MEMORY, num_threads=1)
            for row, (name, text) in enumerate(texts):
                document = tantivy.Document()
                document.add_text(_DOCUMENT, name)
                document.add_text("words", " ".join(analyse_words(text)))
                document.add_text("grams", " ".join(analyse_grams(text)))
                document.add_unsigned("row", row)
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
        except ValueError as error:  # whatever happens in tantivy
            raise OSError(f"words: {_one_line(error)}") from error

    @staticmethod
    def _register(index: Any) -> None:
        import tantivy

        analyser = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer("analysed", analyser)

    @property
    def rows(self) -> int:
        """How many passages there are."""
        return int(self._searcher.num_docs)

    def among(self, documents: Sequence[str]) -> LexicalIndex:
        """The same words, searched for in some documents only; how rare they are is told by all."""
        import tantivy

        narrowed = copy.copy(self)
        try:
            chosen = tantivy.Query.term_set_query(self._index.schema, _DOCUMENT, documents)
        except ValueError as error:
            raise QAError("index_not_in_part") from error
        narrowed._among = tantivy.Query.const_score_query(chosen, 0.0)
        return narrowed

    def document_frequency(self, stem: str) -> int:
        """In how many of the passages that are searched a stem occurs."""
        if self._among is None:
            return self._frequency(stem)
        self._mapped.check()
        query = self._narrowed(self._term("words", stem))
        return int(self._searcher.search(query, limit=1, count=True).count)

    def _frequency(self, stem: str) -> int:
        self._mapped.check()
        return int(self._searcher.doc_freq("words", stem))

    def _term(self, field: str, term: str) -> Any:
        import tantivy

        return tantivy.Query.term_query(self._index.schema, field, term, index_option="freq")

    def _narrowed(self, query: Any) -> Any:
        import tantivy

        if self._among is None:
            return query
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, query), (must, self._among)])

    def search_words(
        self, asked: Sequence[Word], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and BM25 scores of the passages that share stems with a question, best first.

        A word of the same family (``qa.families``) stands for one that is not there.
        """
        clauses = word_clauses(
            asked, lambda stems: {stem: self._frequency(stem) for stem in stems}, self.rows
        )
        return self._search("words", clauses, limit)

    def search_grams(
        self, asked: Sequence[Word], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and BM25 scores of the passages that share character 4-grams, best first."""
        return self._search("grams", gram_clauses(asked), limit)

    def _search(
        self, field: str, clauses: Sequence[Clause], limit: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import tantivy

        self._mapped.check()
        limit = min(limit, self.rows)

        def search_for(term: str, weight: float) -> Any:
            found = self._term(field, term)
            return tantivy.Query.boost_query(found, weight) if weight != 1 else found

        queries = []
        for clause in clauses:
            found = [search_for(term, weight) for term, weight in clause.items()]
            query = found[0] if len(found) == 1 else tantivy.Query.disjunction_max_query(found)
            queries.append((tantivy.Occur.Should, query))
        if not clauses or limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        query = self._narrowed(tantivy.Query.boolean_query(queries))
        found = self._searcher.search(query, limit=limit, count=False).hits
        scores = np.array([score for score, _ in found], dtype=np.float32)
        addresses = [address for _, address in found]
        rows = np.array(self._searcher.fast_field_values("row", addresses), dtype=np.int64)
        # tantivy orders equal scores by segment; ours must not depend on how segments merged.
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
