"""Repeated passages: the same words, or nearly, in several places.

Two passages repeat each other when they name the same numbers and proper names and share 80 % of
their pairs of words (Jaccard). A figure or a name that differs makes two passages, however alike:
this year's rate and last year's are both worth finding.

Candidates are found by MinHash in bands (Broder 1997, "On the resemblance and containment of
documents"; Leskovec et al., "Mining of Massive Datasets", chapter 3), then compared word by word.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qa.french import words

LEAST_ALIKE = 0.8  # share of the pairs of words: about one word in twenty may differ
# With fewer words, one that differs changes what is said: only the same words repeat.
_LEAST_WORDS = 12
# 8 bands of 3 values: of pairs that share 80 %, 99.7 % become candidates; of 30 %, 20 %.
_BANDS, _BAND = 8, 3
_NUMBER = re.compile(r"(?<!\w)[-−]?\d[\d.,]*\d|(?<!\w)[-−]?\d|\d")

Hashes = NDArray[np.uint64]

# A signature: the words in order, the numbers and names, the bands (0: too short for them).
SIGNATURE = 2 + _BANDS
# Odd factors for multiply-shift hashing: any fixed ones do.
_PAIR, _MIX, _FACTORS = np.split(
    np.random.PCG64(0).random_raw(2 + _BAND + 1 + _BANDS * _BAND) | np.uint64(1), [2, 3 + _BAND]
)


def signature(text: str) -> Hashes:
    """What is compared of a passage, ``SIGNATURE`` numbers; equal in every run."""
    found, numbers = words(text), _NUMBER.findall(text)
    forms = [word.form for word in found]
    result = np.zeros(SIGNATURE, dtype=np.uint64)
    result[0] = _hash([*forms, *numbers])
    if len(forms) < _LEAST_WORDS:
        return result
    names = {word.form for word in found if text[word.start].isupper() and not word.is_stop}
    # What also stands without a capital ("Mairie" over a text on the mairie) is no name.
    names -= {word.form for word in found if text[word.start].islower()}
    result[1] = _hash(sorted(names.union(numbers)))
    single = np.array([zlib.crc32(form.encode()) for form in forms], dtype=np.uint64)
    pairs = single[:-1] * _PAIR[0] + single[1:] * _PAIR[1]
    least = (pairs[:, None] * _FACTORS >> 32).min(axis=0).reshape(_BANDS, _BAND)
    # The facts are in every band: passages that differ in them never meet.
    result[2:] = least @ _MIX[:_BAND] + result[1:2] * _MIX[_BAND:] | 1
    return result


def likeness(one: str, other: str) -> float:
    """The share in [0, 1] of pairs of words that two texts have in common (Jaccard)."""
    first, second = (set(pairwise(_forms(text))) for text in (one, other))
    return len(first & second) / max(1, len(first | second))


def first_rows(signatures: Hashes, text: Callable[[int], str]) -> NDArray[np.int64]:
    """For each row, the first row that it repeats: its own when it repeats none.

    ``signatures`` has the shape (rows, ``SIGNATURE``); ``text`` gives a row's text. Comparisons
    grow with the rows, not with their square: in a band, each row meets the first and the one
    before it.
    """
    rows = len(signatures)
    firsts = np.arange(rows, dtype=np.int64)
    if not rows:
        return firsts

    def root(row: int) -> int:
        while firsts[row] != row:
            row = int(firsts[row])
        return row

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        firsts[second] = first

    _, index, inverse = np.unique(signatures[:, 0], return_index=True, return_inverse=True)
    firsts[:] = index[inverse]
    alone = np.flatnonzero(firsts == np.arange(rows))
    for one, other in _candidates(signatures, alone):
        if root(one) == root(other):
            continue
        if likeness(text(one), text(other)) >= LEAST_ALIKE:
            join(one, other)
    return np.array([root(row) for row in range(rows)], dtype=np.int64)


def _candidates(signatures: Hashes, rows: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    """Pairs of rows that share a band; deterministic, each at most once a band."""
    for band in range(2, SIGNATURE):
        values = signatures[rows, band]
        kept = rows[values != 0]
        values = values[values != 0]
        order = np.argsort(values, kind="stable")
        values, kept = values[order], kept[order]
        cuts = np.flatnonzero(values[1:] != values[:-1]) + 1
        for start, end in pairwise([0, *cuts.tolist(), len(values)]):
            for place in range(start + 1, end):
                yield int(kept[start]), int(kept[place])
                if place - 1 > start:
                    yield int(kept[place - 1]), int(kept[place])


def _forms(text: str) -> list[str]:
    return [word.form for word in words(text)]


def _hash(parts: Iterable[str]) -> int:
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "little")
