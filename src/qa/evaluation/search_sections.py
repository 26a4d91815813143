"""What a report says of search: measures, recall, comparisons of methods and of models, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qa.evaluation.compare import Comparison
from qa.evaluation.markup import Language, about, figure, heading, table
from qa.evaluation.measures import PRIMARY
from qa.evaluation.models import ModelComparison
from qa.evaluation.plots import bars_plot, intervals_plot, lines_plot
from qa.evaluation.report import Evaluation
from qa.evaluation.runs import Run
from qa.evaluation.tables import comparison_rows

_DEPTHS = (1, 2, 3, 5, 10, 20, 30, 50, 70, 100)
_FRENCH = "fr"  # the language of questions


def search_section(found: Evaluation, language: Language) -> list[str]:
    """The figures of one evaluation of search."""
    say = language.say
    names = {method: say(method) for method in found.scores}
    measures = next(iter(found.scores.values())).measures
    estimates = {method: [found.estimate(method, name) for name in measures] for method in names}
    judgements = {name: found.dataset.judgements[name] for name in found.questions}
    depths = [depth for depth in _DEPTHS if depth <= found.depth]
    recalls = {method: recall_at_depths(found.runs[method], judgements, depths) for method in names}
    times = found.retrieval.search_ms
    parts = [
        heading(language, "Search: {name}", found.dataset.name),
        about(
            language,
            "{questions} questions, {documents} documents, model {model}.",
            found.index,
            questions=len(found.questions),
        ),
        figure(
            language,
            say("Measures by method"),
            intervals_plot(
                measures,
                {names[method]: values for method, values in estimates.items()},
                say("value x 100 (bars: 95 % intervals)"),
            ),
            ["x 100", *names.values()],
            [
                [name, *(language.estimate(estimates[method][row]) for method in names)]
                for row, name in enumerate(measures)
            ],
        ),
        figure(
            language,
            say("Recall at depth"),
            lines_plot(
                {
                    name: list(zip(depths, [100 * r for r in recalls[method]], strict=True))
                    for method, name in names.items()
                },
                (say("documents looked at"), say("recall x 100")),
                depths,
            ),
            [say("documents"), *names.values()],
            [
                [str(depth), *(language.number(100 * recalls[method][row]) for method in names)]
                for row, depth in enumerate(depths)
            ],
        ),
    ]
    if found.comparisons:
        parts.append(_comparisons(found.comparisons, language, names))
        parts += [
            _differences(found, item, language)
            for item in found.comparisons
            if item.measure == measures[0]
        ]
    parts.append(
        figure(
            language,
            say("Search time"),
            bars_plot(list(times.values()), list(names.values()), say("ms a question")),
            [say("method"), say("ms a question")],
            [[name, language.number(times[method])] for method, name in names.items()],
        )
    )
    return parts


def models_section(found: ModelComparison, language: Language) -> list[str]:
    """How far several models are from the first."""
    say = language.say
    first = next(iter(found.evaluations.values()))
    measure = PRIMARY if PRIMARY in first.intervals[next(iter(first.scores))] else None
    measure = measure or next(iter(first.scores.values())).measures[0]
    methods = list(first.scores)
    estimates = {
        model: [evaluation.estimate(method, measure) for method in methods]
        for model, evaluation in found.evaluations.items()
    }
    rows = [say(method) for method in methods]
    return [
        heading(language, "Models: {name}", first.dataset.name),
        figure(
            language,
            say("{measure} by model").format(measure=measure),
            intervals_plot(rows, estimates, say("value x 100 (bars: 95 % intervals)")),
            ["x 100", *estimates],
            [
                [name, *(language.estimate(values[row]) for values in estimates.values())]
                for row, name in enumerate(rows)
            ],
        ),
        _comparisons(found.comparisons, language, {}),
    ]


def recall_at_depths(
    run: Run, judgements: Mapping[str, Mapping[str, int]], depths: Sequence[int]
) -> list[float]:
    """Mean share of the relevant documents among the first k, for each depth k.

    As in R@k, a question without a relevant document counts 0.
    """
    totals = [0.0] * len(depths)
    for query, grades in judgements.items():
        relevant = {name for name, grade in grades.items() if grade > 0}
        found = [name in relevant for name, _ in run.get(query, ())]
        for place, depth in enumerate(depths):
            totals[place] += sum(found[:depth]) / len(relevant) if relevant else 0.0
    return [total / len(judgements) for total in totals]


def _comparisons(
    comparisons: Sequence[Comparison], language: Language, names: Mapping[str, str]
) -> str:
    header, *rows = comparison_rows(comparisons, language, names)
    title = language.say("Paired comparisons (p corrected for the systems compared, Holm)")
    return table(title, header, rows)


def _differences(found: Evaluation, item: Comparison, language: Language) -> str:
    say = language.say
    one, other = found.scores[item.a], found.scores[item.b]
    ordered = sorted(
        zip(
            one.queries,
            one.of(item.measure).tolist(),
            other.of(item.measure).tolist(),
            strict=True,
        ),
        key=lambda row: (row[2] - row[1], row[0]),
    )
    a, b = say(item.a), say(item.b)
    return figure(
        language,
        say("{measure} by question: {a} - {b}").format(measure=item.measure, a=a, b=b),
        bars_plot(
            [100 * (a - b) for _, a, b in ordered],
            None,
            say("{measure}: difference x 100").format(measure=item.measure),
        ),
        [say("question"), a, b, say("difference")],
        [
            [
                (f"{name}: {found.questions[name]}", _FRENCH if language.code != _FRENCH else ""),
                language.number(100 * a),
                language.number(100 * b),
                language.number(100 * (a - b), "+.1f"),
            ]
            for name, a, b in ordered
            if a != b
        ],
        say("Only questions that differ are in the table."),
    )
