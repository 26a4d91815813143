"""Which rows make the batch of a step: seeded, of like length, the same after a restart."""

from __future__ import annotations

import random
from collections.abc import Sequence


class LengthBatches:
    """Batches of rows of like length, so that little padding is computed.

    Each pass over the data shuffles the rows, sorts stretches of them by length, cuts these into
    batches of at most ``tokens`` padded tokens and ``rows`` rows, and shuffles the batches.
    """

    def __init__(self, lengths: Sequence[int], tokens: int, rows: int, seed: int) -> None:
        self._lengths = lengths
        self._tokens = tokens
        self._rows = rows
        self._seed = seed
        self._epoch = -1
        self._first = 0
        self._batches: list[list[int]] = []

    def batch(self, step: int) -> list[int]:
        """Row numbers of the batch of this step; steps are asked for in rising order."""
        while step >= self._first + len(self._batches):
            self._first += len(self._batches)
            self._epoch += 1
            self._batches = self._one_pass(random.Random(f"{self._seed}:{self._epoch}"))  # noqa: S311
        return self._batches[step - self._first]

    def _one_pass(self, chance: random.Random) -> list[list[int]]:
        order = list(range(len(self._lengths)))
        chance.shuffle(order)
        stretch = 40 * self._rows
        batches: list[list[int]] = []
        for start in range(0, len(order), stretch):
            rows = sorted(order[start : start + stretch], key=lambda row: self._lengths[row])
            batch: list[int] = []
            for row in rows:
                longest = max(1, self._lengths[row])
                if batch and (
                    len(batch) >= self._rows or (len(batch) + 1) * longest > self._tokens
                ):
                    batches.append(batch)
                    batch = []
                batch.append(row)
            if len(batch) > 1 or not batches:
                batches.append(batch)
        chance.shuffle(batches)
        return batches
