"""Words, character 4-grams and the BM25 engine (tantivy), nothing else.

The text is analysed by ``qa.french`` before tantivy sees it, so that the index, the question and
the choice of sentences always agree; tantivy only splits at white space and counts.
"""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.families import family, family_stems
from qa.french import analyse_grams, analyse_words, words
from qa.records import QAError

_FIELDS = ("words", "grams")
_WRITER_MEMORY = 200_000_000  # bytes
# Where a lock file may stand: the temporary folder, or else what Linux keeps in memory.
LOCK_FOLDERS = (None, "/dev/shm")  # noqa: S108
_CHECKED = 0.01  # seconds for which the sizes of the segments need not be looked at again
RELATED = 0.8  # what another word of the same family counts, against the question's own


class LexicalIndex:
    """Passages by row, in one or more tantivy segments in a folder.

    Raises ``QAError`` where it cannot be opened.
    """

    def __init__(self, folder: Path):
        try:
            self._open_somehow(folder)
        except ValueError as error:  # whatever happens in tantivy
            raise QAError("words_not_readable", _one_line(error)) from error
        # Segments stay mapped: to read where one has been cut short would end the process.
        self._mapped = [
            (path, path.stat().st_size)
            for path in folder.iterdir()
            if path.suffix not in {".json", ".lock"}
        ]
        self._checked = time.monotonic()

    def _open_somehow(self, folder: Path) -> None:
        """tantivy takes a lock file even to read. Where it may not, or something stands in its
        place, it gets a folder of links for the moment: segments stay mapped once they are open."""
        if os.access(folder, os.W_OK):
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
    def build(cls, folder: Path, texts: Iterable[str]) -> None:
        """Write an index of texts into an empty folder; the i-th text is row i.

        Raises ``OSError`` when the disk does not take it.
        """
        import tantivy

        builder = tantivy.SchemaBuilder()
        for field in _FIELDS:
            builder.add_text_field(
                field, stored=False, tokenizer_name="analysed", index_option="freq"
            )
        builder.add_unsigned_field("row", stored=False, fast=True)
        try:
            index = tantivy.Index(builder.build(), path=str(folder))
            cls._register(index)
            writer = index.writer(heap_size=_WRITER_MEMORY, num_threads=1)
            for row, text in enumerate(texts):
                document = tantivy.Document()
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

    def document_frequency(self, stem: str) -> int:
        """In how many passages a stem occurs."""
        self._check_sizes()
        return int(self._searcher.doc_freq("words", stem))

    def _check_sizes(self) -> None:
        now = time.monotonic()
        if now - self._checked < _CHECKED:
            return
        for path, size in self._mapped:
            # What a newer generation has replaced is gone, and stays mapped as it was.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size != size:
                    raise QAError("words_cut_short")
        self._checked = now

    def _idf(self, frequency: int) -> float:
        """As tantivy's BM25 has it; the most frequent words still count a little."""
        rows = max(self.rows, frequency)
        return max(0.1, math.log(1 + (rows - frequency + 0.5) / (frequency + 0.5)))

    def search_words(self, text: str, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and BM25 scores of the passages that share stems with the text, best first.

        A word of the same family (``qa.families``) stands for one that is not there.
        """
        related = {
            word.stem: family_stems(number) - {word.stem}
            for word in words(text)
            if not word.is_stop and (number := family(word.form)) is not None
        }
        return self._search("words", analyse_words(text), limit, related)

    def search_grams(self, text: str, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows and BM25 scores of the passages that share character 4-grams, best first."""
        return self._search("grams", analyse_grams(text), limit, {})

    def _search(
        self,
        field: str,
        terms: Sequence[str],
        limit: int,
        related: Mapping[str, Collection[str]],
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        import tantivy

        self._check_sizes()
        limit = min(limit, self.rows)

        def search_for(term: str, boost: float = 1.0) -> Any:
            found = tantivy.Query.term_query(self._index.schema, field, term, index_option="freq")
            return tantivy.Query.boost_query(found, boost) if boost != 1 else found

        clauses = []
        for term, count in Counter(terms).items():
            query = search_for(term)
            if others := related.get(term):
                # A family is one word: each of its stems is as rare as all of them together.
                frequencies = {stem: self.document_frequency(stem) for stem in (term, *others)}
                rarity = self._idf(sum(frequencies.values()))
                query = tantivy.Query.disjunction_max_query(
                    [
                        search_for(
                            stem, (1 if stem == term else RELATED) * rarity / self._idf(frequency)
                        )
                        for stem, frequency in sorted(frequencies.items())
                        if frequency
                    ]
                    or [query]
                )
            if count > 1:
                query = tantivy.Query.boost_query(query, float(count))
            clauses.append((tantivy.Occur.Should, query))
        if not clauses or limit < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        found = self._searcher.search(
            tantivy.Query.boolean_query(clauses), limit=limit, count=False
        ).hits
        scores = np.array([score for score, _ in found], dtype=np.float32)
        addresses = [address for _, address in found]
        rows = np.array(self._searcher.fast_field_values("row", addresses), dtype=np.int64)
        # tantivy orders equal scores by segment; ours must not depend on how segments merged.
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
