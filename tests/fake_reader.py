"""A reader for logic: a sentence answers as much as it has words of the question."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answering import Reader
from qa.answering.reader import LEAST, PassageReading, SentenceReading, Span
from qa.french import split_sentences, words
from qa.records import Hit


class FakeReader(Reader):
    """Log-odds of a sentence: two for each shared word, less three; its last word answers."""

    def __init__(self) -> None:
        pass

    def read(self, question: str, hits: Sequence[Hit]) -> list[PassageReading]:
        asked = {word.stem for word in words(question) if not word.is_stop}
        readings = []
        for hit in hits:
            text = hit.passage.text
            found = []
            for start, end in split_sentences(text):
                said = words(text[start:end])
                if said:
                    score = 2.0 * len(asked & {word.stem for word in said}) - 3.0
                    last = Span(start + said[-1].start, start + said[-1].end, score)
                    found.append(SentenceReading(start, end, score, last))
            best = max((one.score for one in found), default=LEAST)
            readings.append(PassageReading(hit, tuple(found), best))
        return readings
