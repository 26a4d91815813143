"""Where pieces of evidence stand in the documents of an index."""

from __future__ import annotations

from collections.abc import Iterable

from qa.french import fold
from qa.index import Index
from qa.records import Citation


class Evidence:
    """Finds pieces of text by their letters and digits alone.

    A text that was read is not its file to the space: what it says is the same.
    """

    def __init__(self, index: Index):
        self._store = index.store
        self._letters: dict[str, tuple[str, list[int]]] = {}

    def spans(self, document: str, piece: str) -> list[tuple[int, int]]:
        """Every occurrence in a document's text, (start, end)."""
        if document not in self._letters:
            found = self._store.document(document)
            self._letters[document] = _letters(found.text if found is not None else "")
        letters, places = self._letters[document]
        wanted, _ = _letters(piece)
        spans = []
        start = letters.find(wanted) if wanted else -1
        while start >= 0:
            spans.append((places[start], places[start + len(wanted) - 1] + 1))
            start = letters.find(wanted, start + 1)
        return spans

    def supports(
        self, citation: Citation, pieces: Iterable[str], document: str | None = None
    ) -> bool:
        """Whether a citation overlaps a piece, in the document when one is named."""
        if document not in (None, citation.document_id):
            return False
        return any(
            start < citation.end and citation.start < end
            for piece in pieces
            for start, end in self.spans(citation.document_id, piece)
        )


def _letters(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text, folded, and where each stands in it."""
    marked = [
        (letter, place)
        for place, character in enumerate(text)
        for letter in fold(character)
        if letter.isalnum()
    ]
    return "".join(letter for letter, _ in marked), [place for _, place in marked]
