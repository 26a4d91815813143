"""Measures of rankings, by ir_measures (MacAvaney et al. 2022, "Streamlining Evaluation with
ir-measures"), question by question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.runs import Run
from qa.extras import needs
from qa.records import QAError

Floats = NDArray[np.float64]

# Names as ir_measures prints them. The first is the one that systems are chosen by.
DEFAULT_MEASURES = ("nDCG@10", "RR@10", "R@1", "R@10", "R@100", "AP", "Success@5")
PRIMARY = DEFAULT_MEASURES[0]


@dataclass(frozen=True, slots=True)
class Scores:
    """``values[q, m]``, in [0, 1]: how well a run did on question q by measure m."""

    queries: tuple[str, ...]
    measures: tuple[str, ...]
    values: Floats

    def means(self) -> dict[str, float]:
        """Each measure's mean over all questions."""
        return dict(zip(self.measures, self.values.mean(axis=0).tolist(), strict=True))

    def of(self, measure: str) -> Floats:
        """The values of one measure, by question."""
        return self.values[:, self.measures.index(measure)]


def measures_within(depth: int, measures: Sequence[str] = DEFAULT_MEASURES) -> tuple[str, ...]:
    """The measures that look no deeper than a ranking of ``depth`` documents."""
    return tuple(name for name in measures if _cutoff(name) <= depth)


def measure_run(
    run: Run,
    judgements: Mapping[str, Mapping[str, int]],
    measures: Sequence[str] = DEFAULT_MEASURES,
) -> Scores:
    """The value of every measure for every judged question, in the order of ``judgements``.

    A question for which the run has no result scores zero, and so does one that has no relevant
    document, as in trec_eval. What the run says of other questions is not looked at. A document
    without a judgement is not relevant.
    """
    with needs("eval"):
        import ir_measures

    # Two spellings of one measure are one column.
    parsed = list(dict.fromkeys(_parse(name) for name in measures))
    # Places instead of scores: no measure can order equal scores in its own way.
    ranked = {
        query: {document: -float(place) for place, (document, _) in enumerate(run.get(query, ()))}
        for query in judgements
    }
    row = {query: position for position, query in enumerate(judgements)}
    column = {measure: position for position, measure in enumerate(parsed)}
    values = np.zeros((len(row), len(column)))
    grades = {query: dict(found) for query, found in judgements.items()}
    try:
        for metric in ir_measures.iter_calc(parsed, grades, ranked):
            values[row[metric.query_id], column[metric.measure]] = metric.value
    except ValueError as error:
        raise QAError("measure_not_computed", error) from error
    return Scores(tuple(row), tuple(map(str, parsed)), values)


def measure_name(name: str) -> str:
    """A measure's name as ir_measures prints it; an unknown one is an error that says so."""
    return str(_parse(name))


def _parse(name: str):  # type: ignore[no-untyped-def]  # ir_measures has no type information
    with needs("eval"):
        import ir_measures

    try:
        return ir_measures.parse_measure(name)
    except (NameError, ValueError, TypeError, KeyError) as error:
        raise QAError("unknown_measure", name, error, ", ".join(DEFAULT_MEASURES)) from error


def _cutoff(name: str) -> int:
    found = re.search(r"@(\d+)$", name)
    return int(found.group(1)) if found else 0
