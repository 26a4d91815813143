"""How sure a difference is: bootstrap intervals, paired tests, correction for many comparisons.

All draws come from one stated seed, so that a figure can be printed again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from qa.extras import needs

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

SEED = 20_071_106  # any number would do; stated with every result
RESAMPLES = 10_000
PERMUTATIONS = 100_000  # as in Smucker et al. 2007
# Up to this many questions that differ, every assignment of signs is looked at: the p is exact.
_EXACT_UP_TO = 16
_Z = 1.959963984540054  # of the normal distribution, for 95 %
_BLOCK = 4_000_000  # numbers drawn at once, which bounds the memory


def bootstrap_intervals(values: Floats) -> Floats:
    """95 % intervals of the means of the columns, shape (columns, 2): low, high.

    The percentile bootstrap over questions: Efron and Tibshirani 1993; for retrieval measures,
    Sakai 2006, "Evaluating evaluation metrics based on the bootstrap". All columns share the
    resamples.
    """
    questions, columns = values.shape
    means = np.empty((RESAMPLES, columns))
    for start, counts in _resampled(questions):
        means[start : start + len(counts)] = counts @ values / questions
    return np.quantile(means, [0.025, 0.975], axis=0).T


def bootstrap_interval(
    statistic: Callable[[Counts], Floats], questions: int
) -> tuple[float, float] | None:
    """The 95 % percentile bootstrap interval of any statistic of the questions.

    ``statistic`` gets counts, shape (resamples, questions): how often each question was drawn; it
    gives one value a resample, nan where there is none (such resamples are left out).
    """
    if not questions:
        return None
    drawn = [statistic(counts) for _, counts in _resampled(questions)]
    values = np.concatenate(drawn)
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    low, high = np.quantile(values, [0.025, 0.975]).tolist()
    return low, high


def bootstrap_ratio(numerators: Floats, denominators: Floats) -> tuple[float, float] | None:
    """The interval of sum(numerators) / sum(denominators), drawn in pairs."""

    def ratio(counts: Counts) -> Floats:
        return divide(counts @ numerators, counts @ denominators)

    return bootstrap_interval(ratio, len(numerators))


def divide(numerators: Floats, denominators: Floats) -> Floats:
    """Element by element; nan where the denominator is 0."""
    quotients = np.full(len(numerators), np.nan)
    np.divide(numerators, denominators, out=quotients, where=denominators != 0)
    return quotients


def wilson_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """The 95 % score interval of a proportion; it is right for 0 of 15 too.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not trials:
        return None
    share, spread = successes / trials, _Z**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def randomisation_test(differences: Floats) -> float:
    """Two-sided p of the paired randomisation (Fisher-Pitman) test of a mean difference.

    Under the null hypothesis the two systems' values of a question are exchangeable, so every
    difference could as well have the other sign: Smucker, Allan and Carterette 2007, "A comparison
    of statistical significance tests for information retrieval evaluation". Exact for few
    questions, else p = (1 + extremes) / (1 + permutations).
    """
    moved = differences[differences != 0]  # a zero says nothing, whatever its sign
    if not len(moved):
        return 1.0
    # Rounding must not make an assignment less extreme than the observed one that it equals.
    observed = abs(moved.sum()) - 1e-9 * np.abs(moved).sum()
    if len(moved) <= _EXACT_UP_TO:
        numbers = np.arange(2 ** len(moved))[:, None]
        every = (numbers >> np.arange(len(moved))) & 1
        return float(np.mean(np.abs(_flipped(moved, every)) >= observed))
    generator = np.random.default_rng(SEED)
    extremes = 0
    width = (len(moved) + 7) // 8
    for _, size in _blocks(PERMUTATIONS, len(moved)):
        draws = np.frombuffer(generator.bytes(size * width), dtype=np.uint8).reshape(size, width)
        flips = np.unpackbits(draws, axis=1, count=len(moved))
        extremes += int(np.count_nonzero(np.abs(_flipped(moved, flips)) >= observed))
    return (1 + extremes) / (1 + PERMUTATIONS)


def t_test(differences: Floats) -> float:
    """Two-sided p of Student's paired t-test; 1 where nothing differs or there is one question."""
    with needs("eval"):
        from scipy.special import stdtr

    questions = len(differences)
    if questions < 2 or not np.any(differences):
        return 1.0
    deviation = differences.std(ddof=1)
    if deviation <= 1e-12 * abs(differences.mean()):
        return 0.0  # the same difference everywhere: no variance, infinite t
    t = differences.mean() / (deviation / np.sqrt(questions))
    return float(2 * stdtr(questions - 1, -abs(t)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values of one family of tests, in the order given.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the i-th smallest of m is
    multiplied by m - i + 1, and is never below a smaller one.
    """
    order = sorted(range(len(p_values)), key=lambda position: p_values[position])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for place, position in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p_values[position]))
        adjusted[position] = highest
    return adjusted


def _flipped(values: Floats, flips: NDArray[np.integer]) -> Floats:
    """Sums of the values with the sign changed where ``flips`` is 1, one for each row."""
    return np.asarray(values.sum() - 2 * (flips.astype(np.float64) @ values))


def _resampled(questions: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Blocks of resamples: the first one's place, and counts, shape (resamples, questions)."""
    generator = np.random.default_rng(SEED)
    for start, size in _blocks(RESAMPLES, questions):
        drawn = generator.integers(questions, size=(size, questions))
        # How often each question was drawn, instead of which: sums are then one product.
        drawn += np.arange(size)[:, None] * questions
        counts = np.bincount(drawn.ravel(), minlength=size * questions)
        yield start, counts.reshape(size, questions)


def _blocks(total: int, width: int) -> Iterator[tuple[int, int]]:
    size = max(1, _BLOCK // width)
    for start in range(0, total, size):
        yield start, min(size, total - start)
