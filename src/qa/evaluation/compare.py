"""Two systems on the same questions: how far apart, how sure, and on which questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from qa.evaluation.measures import DEFAULT_MEASURES, PRIMARY, Scores, measure_name, measure_run
from qa.evaluation.runs import Run
from qa.evaluation.significance import (
    PERMUTATIONS,
    RESAMPLES,
    SEED,
    bootstrap_intervals,
    holm,
    randomisation_test,
    t_test,
)
from qa.records import QAError

_SHOWN_DOCUMENTS = 5
_SHOWN_RELEVANT = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a`` against ``b`` by one measure; ``difference`` is the mean of a minus that of b.

    ``ci95`` is its bootstrap interval. ``holm`` values are corrected for the number of systems that
    are compared by this measure; equal to the plain p when there is one comparison. ``won``,
    ``lost`` and ``tied`` count the questions on which a was better, worse and equal.
    """

    measure: str
    a: str
    b: str
    mean_a: float
    mean_b: float
    difference: float
    ci95: tuple[float, float]
    p_randomisation: float
    p_randomisation_holm: float
    p_t: float
    p_t_holm: float
    won: int
    lost: int
    tied: int


@dataclass(frozen=True, slots=True)
class QuestionDifference:
    """A question on which two runs differ: both values, and the head of both rankings.

    Rankings are (document id, grade or ``None`` where it was not judged), best first. ``relevant``
    are the best documents that were to be found: (id, grade, rank in a, rank in b), a rank being
    ``None`` where the run has not got it. ``passages`` are texts by document id, where known.
    """

    query_id: str
    question: str | None
    value_a: float
    value_b: float
    top_a: tuple[tuple[str, int | None], ...]
    top_b: tuple[tuple[str, int | None], ...]
    relevant: tuple[tuple[str, int, int | None, int | None], ...]
    passages: Mapping[str, str] = field(default_factory=dict)

    @property
    def difference(self) -> float:
        """Value of a minus value of b."""
        return self.value_a - self.value_b

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of every document that is shown, each once."""
        ranked = [name for name, _ in (*self.top_a, *self.top_b)]
        return tuple(dict.fromkeys([*ranked, *(row[0] for row in self.relevant)]))


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What ``compare_runs`` found; ``won`` and ``lost`` begin with the greatest differences.

    ``without_a`` and ``without_b`` count judged questions for which a run has no result: they
    score zero. ``ignored`` counts questions of the runs that are not judged.
    """

    a: str
    b: str
    queries: int
    measure: str
    rows: tuple[Comparison, ...]
    won: tuple[QuestionDifference, ...]
    lost: tuple[QuestionDifference, ...]
    without_a: int
    without_b: int
    ignored: int

    @property
    def documents(self) -> set[str]:
        """Ids of the documents whose texts a reader of the questions wants."""
        return {name for item in (*self.won, *self.lost) for name in item.documents}

    def to_json(self) -> dict[str, Any]:
        """The object that ``qa compare --json`` prints."""
        return {**asdict(self), "statistics": describe_statistics()}


def describe_statistics() -> dict[str, Any]:
    """How the intervals and p values were made, so that they can be made again."""
    return {
        "interval": "percentile bootstrap over questions, 95 %",
        "resamples": RESAMPLES,
        "tests": "paired randomisation (two-sided), paired t (two-sided)",
        "permutations": PERMUTATIONS,
        "correction": "Holm, over the systems compared by one measure",
        "seed": SEED,
    }


def compare_systems(scores: Mapping[str, Scores], reference: str) -> tuple[Comparison, ...]:
    """The reference system against every other one, measure by measure, with Holm's correction."""
    return compare_pairs(scores, [(reference, name) for name in scores if name != reference])


def compare_pairs(
    scores: Mapping[str, Scores], pairs: Sequence[tuple[str, str]]
) -> tuple[Comparison, ...]:
    """Pairs of systems, measure by measure; the pairs are the family that Holm's correction is for.

    All scores must be of the same questions and measures, in the same order.
    """
    if not pairs:
        return ()
    for a, b in pairs:
        if (scores[a].queries, scores[a].measures) != (scores[b].queries, scores[b].measures):
            raise QAError("other_questions", a, b)
    differences = [scores[a].values - scores[b].values for a, b in pairs]
    intervals = bootstrap_intervals(np.hstack(differences)).reshape(len(pairs), -1, 2)
    means = {name: found.means() for name, found in scores.items()}
    comparisons = []
    for column, measure in enumerate(scores[pairs[0][0]].measures):
        moved = [values[:, column] for values in differences]
        randomised = [randomisation_test(values) for values in moved]
        student = [t_test(values) for values in moved]
        randomised_holm, student_holm = holm(randomised), holm(student)
        for place, (a, b) in enumerate(pairs):
            low, high = intervals[place, column].tolist()
            comparisons.append(
                Comparison(
                    measure=measure,
                    a=a,
                    b=b,
                    mean_a=means[a][measure],
                    mean_b=means[b][measure],
                    difference=float(moved[place].mean()),
                    ci95=(low, high),
                    p_randomisation=randomised[place],
                    p_randomisation_holm=randomised_holm[place],
                    p_t=student[place],
                    p_t_holm=student_holm[place],
                    won=int((moved[place] > 0).sum()),
                    lost=int((moved[place] < 0).sum()),
                    tied=int((moved[place] == 0).sum()),
                )
            )
    return tuple(comparisons)


def compare_runs(
    run_a: Run,
    run_b: Run,
    judgements: Mapping[str, Mapping[str, int]],
    *,
    names: tuple[str, str] = ("A", "B"),
    measure: str = PRIMARY,
    queries: Mapping[str, str] | None = None,
    shown: int = 10,
) -> RunComparison:
    """Compare two runs; ``measure`` orders the ``shown`` questions won and lost most.

    With ``queries``, the questions' texts are told too.
    """
    a, b = names if names[0] != names[1] else (f"{names[0]} (A)", f"{names[1]} (B)")
    for name, run in ((a, run_a), (b, run_b)):
        if not any(query in judgements for query in run):
            raise QAError("run_not_judged", name, next(iter(run), ""), next(iter(judgements), ""))
    measure = measure_name(measure)
    measures = tuple(dict.fromkeys([measure, *map(measure_name, DEFAULT_MEASURES)]))
    scores = {
        a: measure_run(run_a, judgements, measures),
        b: measure_run(run_b, judgements, measures),
    }
    values_a, values_b = scores[a].of(measure).tolist(), scores[b].of(measure).tolist()

    def tell(position: int) -> QuestionDifference:
        query = scores[a].queries[position]
        return QuestionDifference(
            query_id=query,
            question=queries.get(query) if queries else None,
            value_a=values_a[position],
            value_b=values_b[position],
            top_a=_head(run_a, query, judgements[query]),
            top_b=_head(run_b, query, judgements[query]),
            relevant=_relevant(run_a.get(query, ()), run_b.get(query, ()), judgements[query]),
        )

    # Stable: equal differences stay in the order of the judgements.
    order = sorted(range(len(values_a)), key=lambda i: values_b[i] - values_a[i])
    won = [i for i in order if values_a[i] > values_b[i]]
    lost = [i for i in reversed(order) if values_a[i] < values_b[i]]
    return RunComparison(
        a=a,
        b=b,
        queries=len(values_a),
        measure=measure,
        rows=compare_systems(scores, a),
        won=tuple(map(tell, won[:shown])),
        lost=tuple(map(tell, lost[:shown])),
        without_a=sum(not run_a.get(query) for query in judgements),
        without_b=sum(not run_b.get(query) for query in judgements),
        ignored=len({*run_a, *run_b} - judgements.keys()),
    )


def _head(run: Run, query: str, grades: Mapping[str, int]) -> tuple[tuple[str, int | None], ...]:
    ranking = run.get(query, ())[:_SHOWN_DOCUMENTS]
    return tuple((document, grades.get(document)) for document, _ in ranking)


def _relevant(
    ranking_a: Sequence[tuple[str, float]],
    ranking_b: Sequence[tuple[str, float]],
    grades: Mapping[str, int],
) -> tuple[tuple[str, int, int | None, int | None], ...]:
    ranks_a, ranks_b = (
        {name: rank for rank, (name, _) in enumerate(ranking, 1)}
        for ranking in (ranking_a, ranking_b)
    )
    found = [(name, grade) for name, grade in grades.items() if grade > 0]
    found.sort(key=lambda item: -item[1])
    return tuple(
        (name, grade, ranks_a.get(name), ranks_b.get(name))
        for name, grade in found[:_SHOWN_RELEVANT]
    )
