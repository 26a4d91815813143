"""Words, character 4-grams and the BM25 engine (tantivy), nothing else.

The text is analysed by ``qa.french`` before tantivy sees it, so that the index, the question and
the choice of sentences always agree; tantivy only splits at white space and counts.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.families import family, family_stems
from qa.french import analyse_grams, analyse_words, words

_FIELDS = ("words", "grams")
_WRITER_MEMORY = 200_000_000  # bytes
RELATED = 0.8  # what another word of the same family counts, against the question's own


class LexicalIndex:
    """Passages by row, in one or more tantivy segments in a folder."""

    def __init__(self, folder: Path):
        # tantivy takes a lock file even to read. Where the index may only be read, it gets a folder
        # of links for the moment: the files stay mapped once they are open.
        if os.access(folder, os.W_OK):
            self._open(folder)
            return
        with tempfile.TemporaryDirectory(prefix="qa-lexical-") as links:
            for path in folder.resolve().iterdir():
                if path.suffix != ".lock":
                    (Path(links) / path.name).symlink_to(path)
            self._open(Path(links))

    def _open(self, folder: Path) -> None:
        import tantivy

        self._index = tantivy.Index.open(str(folder))
        self._register(self._index)
        self._searcher = self._index.searcher()

    @classmethod
    def build(cls, folder: Path, texts: Iterable[str]) -> None:
        """Write an index of texts into an empty folder; the i-th text is row i."""
        import tantivy

        builder = tantivy.SchemaBuilder()
        for field in _FIELDS:
            builder.add_text_field(
                field, stored=False, tokenizer_name="analysed", index_option="freq"
            )
        builder.add_unsigned_field("row", stored=False, fast=True)
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
        return int(self._searcher.doc_freq("words", stem))

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
