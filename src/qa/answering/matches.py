"""What of a passage meets a question: its words, and words that mean nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qa.encoder import PASSAGE_PROMPT, QUESTION_PROMPT, Encoder, Floats
from qa.french import Word, words

# The least cosine of two words, each among its neighbours, that is shown as one meaning. In five
# pairs of questions and passages tried by hand the nearest word was a synonym from 0.59 up
# (« assassiné » for « tué »: 0.81), and never at 0.42 or less. Beside a word that stands in the
# passage itself (« Trotsky »), words of its field reach 0.62.
_NEAR, _NEARER = 0.55, 0.7


@dataclass(frozen=True, slots=True)
class Near:
    """A word of a question, ``passage[start:end]`` that means nearly the same, and their cosine."""

    asked: str
    start: int
    end: int
    cosine: float


@dataclass(frozen=True, slots=True)
class Matches:
    """``words`` are spans of the passage with a word of the question in any of its forms."""

    words: tuple[tuple[int, int], ...]
    near: tuple[Near, ...]


def match_passage(question: str, passage: str, encoder: Encoder) -> Matches:
    """How a passage meets a question."""
    asked = [word for word in words(question) if not word.is_stop]
    told = [word for word in words(passage) if not word.is_stop]
    stems = {word.stem for word in asked}
    same = tuple((word.start, word.end) for word in told if word.stem in stems)
    known = {word.stem for word in told}
    written = [
        (word, vector)
        for word, vector in _vectors(passage, PASSAGE_PROMPT, encoder)
        if not word.is_stop and word.stem not in stems
    ]
    near = []
    for word, vector in _vectors(question, QUESTION_PROMPT, encoder):
        if word.is_stop or not written:
            continue
        cosine, best = max((float(vector @ other), i) for i, (_, other) in enumerate(written))
        if cosine >= (_NEARER if word.stem in known else _NEAR):
            found = written[best][0]
            near.append(Near(question[word.start : word.end], found.start, found.end, cosine))
    return Matches(same, tuple(near))


def _vectors(text: str, prompt: str, encoder: Encoder) -> Iterator[tuple[Word, Floats]]:
    """The words that the network read, each with the mean of its tokens, of length 1."""
    pieces = encoder.read(text, prompt)
    (encoded,) = encoder.encode([pieces])
    tokens = encoded.tokens / np.linalg.norm(encoded.tokens, axis=1, keepdims=True)
    for word in words(text):
        own = [i for i, (a, b) in enumerate(pieces.spans) if a < word.end and b > word.start]
        if own:
            mean = tokens[own].mean(axis=0)
            yield word, mean / np.linalg.norm(mean)
