"""Turns of conversations that were judged, and what groups of them have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from qa.evaluation.confidence import Estimate
from qa.evaluation.gold import ConversationTurn, squeezed
from qa.evaluation.significance import Counts, Floats, bootstrap_interval, bootstrap_ratio, divide
from qa.records import Answer

Place = Literal["first", "follow-up", "shift", "self-contained", "new subject"]

WAYS = ("raw", "history", "resolved")
SEARCH_MEASURES = ("nDCG@5", "R@5")
CITED, CITED_OR_WITHHELD, REFUSED = "evidence cited", "evidence cited or withheld", "refused"
MEASURES = (*SEARCH_MEASURES, CITED, CITED_OR_WITHHELD, REFUSED)
CHAIN, LONG = "chain of three", 3


@dataclass(frozen=True, slots=True)
class JudgedTurn:
    """A measured turn: how it was understood, what was quoted, its values by way and measure.

    ``place``: "first" of its conversation; "shift", a later one that is said to change the subject;
    "self-contained", another later one that stands alone (its resolved question is itself); a
    "follow-up"; or "new subject", the first question of the next conversation, asked after this
    one. ``phenomena`` are those of the file, and ``CHAIN`` from the third follow-up in a row on.
    ``answers`` are those of each way, without their hits.
    ``refused`` holds for unanswerable turns only, the other measures for answerable ones.
    """

    conversation: str
    number: int
    turn: ConversationTurn
    place: Place
    phenomena: tuple[str, ...]
    answers: Mapping[str, Answer]
    values: Mapping[str, Mapping[str, float]]

    @property
    def standalone(self) -> str:
        """What was searched after the turns before."""
        return self.answers["history"].standalone_question

    @property
    def was_changed(self) -> bool:
        """Whether the history changed the words of the question."""
        return squeezed(self.standalone) != squeezed(self.turn.question)


@dataclass(frozen=True, slots=True)
class Group:
    """Means over some turns, by way and measure; intervals resample whole conversations.

    ``turns`` counts those that a measure holds for, ``changed`` the rewritten questions among them;
    a measure that holds for none is left out. ``recovered``, by measure: (history - raw) /
    (resolved - raw), of the means; no value where resolving gains nothing. ``harm``: raw - history.
    """

    turns: Mapping[str, int]
    changed: Mapping[str, int]
    means: Mapping[str, Mapping[str, Estimate]]
    recovered: Mapping[str, Estimate]
    harm: Mapping[str, Estimate]


def group_of(judged: Sequence[JudgedTurn]) -> Group:
    """The means over some turns."""
    names = {item.conversation: 0 for item in judged}
    place = {name: position for position, name in enumerate(names)}
    turns: dict[str, int] = {}
    changed: dict[str, int] = {}
    means: dict[str, dict[str, Estimate]] = {way: {} for way in WAYS}
    recovered: dict[str, Estimate] = {}
    harm: dict[str, Estimate] = {}
    for measure in MEASURES:
        held = [item for item in judged if measure in item.values["raw"]]
        if not held:
            continue
        turns[measure] = len(held)
        changed[measure] = sum(item.was_changed for item in held)
        rows = [place[item.conversation] for item in held]
        # Sums by conversation: a mean over turns is then a ratio of two sums over conversations.
        sizes = np.bincount(rows, minlength=len(place)).astype(np.float64)
        raw, history, resolved = (
            np.bincount(rows, [item.values[way][measure] for item in held], len(place)).astype(
                np.float64
            )
            for way in WAYS
        )
        for way, sums in zip(WAYS, (raw, history, resolved), strict=True):
            means[way][measure] = _ratio(sums, sizes)
        recovered[measure] = _recovered(raw, history, resolved)
        harm[measure] = _ratio(raw - history, sizes)
    return Group(turns, changed, means, recovered, harm)


def _ratio(numerators: Floats, denominators: Floats) -> Estimate:
    value = float(numerators.sum() / denominators.sum())
    return Estimate(value, bootstrap_ratio(numerators, denominators))


def _recovered(raw: Floats, history: Floats, resolved: Floats) -> Estimate:
    """The share of the gap; resamples in which resolving gains nothing are left out."""
    gained, gap = history - raw, resolved - raw
    if gap.sum() <= 1e-9:
        return Estimate(None, None)

    def share(counts: Counts) -> Floats:
        gaps = counts @ gap
        return divide(counts @ gained, np.where(gaps > 1e-9, gaps, 0.0))

    return Estimate(float(gained.sum() / gap.sum()), bootstrap_interval(share, len(raw)))
