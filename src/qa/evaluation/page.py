"""Evaluations as one HTML page that needs nothing else: no script, no request, a table a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from qa.evaluation.answers import AnswerEvaluation, Share
from qa.evaluation.compare import Comparison
from qa.evaluation.confidence import Estimate
from qa.evaluation.conversations import MEASURES, WAYS, ConversationEvaluation, Group
from qa.evaluation.markup import ENGLISH, Language, escape, figure, folded, table
from qa.evaluation.measures import PRIMARY
from qa.evaluation.models import ModelComparison
from qa.evaluation.plots import bars_plot, intervals_plot, lines_plot
from qa.evaluation.report import Evaluation
from qa.evaluation.runs import Run
from qa.records import QAError

AnyEvaluation = Evaluation | AnswerEvaluation | ConversationEvaluation | ModelComparison

_DEPTHS = (1, 2, 3, 5, 10, 20, 30, 50, 70, 100)
_SHOWN_POINTS = 50
_FRENCH = "fr"  # the language of questions
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.2; }
figure { margin: 1.5rem 0; }
svg { display: block; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { border-bottom: 1px solid #808080; padding: 0.25rem 0.75rem 0.25rem 0; text-align: right;
  vertical-align: top; }
td { white-space: nowrap; }
th:first-child { text-align: left; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8rem; }
"""


def write_page(directory: Path, evaluations: Sequence[AnyEvaluation]) -> Path:
    """Write ``directory``/index.html, which holds everything; returns its path."""
    path = directory / "index.html"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(page(evaluations), "utf-8")
    except OSError as error:
        raise QAError(f"{path} cannot be written ({error.strerror or error}).") from error
    return path


def page(evaluations: Sequence[AnyEvaluation]) -> str:
    """The whole page of one or more evaluations, in English."""
    # Nothing may be loaded, from anywhere.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>Evaluation</h1>\n" + sections(evaluations) + "\n</main>\n</body>\n</html>\n"
    )


def sections(evaluations: Sequence[AnyEvaluation], language: Language = ENGLISH) -> str:
    """What the page says of each evaluation, as HTML to put inside a page."""
    say = language.say
    parts = []
    for found in evaluations:
        if isinstance(found, ModelComparison):
            parts += _models(found, language)
            continue
        if isinstance(found, Evaluation):
            parts += _retrieval(found, language)
        elif isinstance(found, AnswerEvaluation):
            parts += _answers(found, language)
        else:
            parts += _conversations(found, language)
        for note in found.notes():
            written = f"{say(note.what)} ({note.count})"
            names = say(": {names}").format(names=note.examples) if note.names else ""
            parts.append(f"<p><strong>{say('Note:')}</strong> {escape(written + names)}</p>")
        described = {name: found.to_json()[name] for name in ("statistics", "index", "versions")}
        written = escape(json.dumps(described, ensure_ascii=False, indent=2))
        parts.append(folded(say("Index, statistics and versions"), f"<pre>{written}</pre>"))
    return "\n".join(parts)


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


def _retrieval(found: Evaluation, language: Language) -> list[str]:
    say = language.say
    names = {method: say(method) for method in found.scores}
    measures = next(iter(found.scores.values())).measures
    estimates = {
        method: [
            Estimate(found.scores[method].means()[name], found.intervals[method][name])
            for name in measures
        ]
        for method in names
    }
    judgements = {name: found.dataset.judgements[name] for name in found.questions}
    depths = [depth for depth in _DEPTHS if depth <= found.depth]
    recalls = {method: recall_at_depths(found.runs[method], judgements, depths) for method in names}
    times = found.retrieval.search_ms
    parts = [
        _heading(language, "Search: {name}", found.dataset.name),
        _about(
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


def _heading(language: Language, form: str, name: str) -> str:
    return f"<h2>{escape(language.say(form).format(name=name))}</h2>"


def _about(language: Language, form: str, index: Mapping[str, object], **values: object) -> str:
    """What was measured, in a sentence; the index says its documents and its model."""
    embedder = index["embedder"]
    model = embedder["name"] if isinstance(embedder, Mapping) else ""
    told = language.say(form).format(documents=index["documents"], model=model, **values)
    return f"<p>{escape(told)}</p>"


def _comparisons(
    comparisons: Sequence[Comparison], language: Language, names: Mapping[str, str]
) -> str:
    say = language.say
    columns = ("difference", "p (randomisation)", "p (t)", "better", "worse", "equal")
    return table(
        say("Paired comparisons (p corrected for the systems compared, Holm)"),
        ["x 100", *map(say, columns)],
        [
            [
                say("{measure}: {a} - {b}").format(
                    measure=item.measure, a=names.get(item.a, item.a), b=names.get(item.b, item.b)
                ),
                language.estimate(Estimate(item.difference, item.ci95), "+.1f"),
                language.p_value(item.p_randomisation_holm),
                language.p_value(item.p_t_holm),
                str(item.won),
                str(item.lost),
                str(item.tied),
            ]
            for item in comparisons
        ],
    )


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


def _models(found: ModelComparison, language: Language) -> list[str]:
    say = language.say
    first = next(iter(found.evaluations.values()))
    measure = PRIMARY if PRIMARY in first.intervals[next(iter(first.scores))] else None
    measure = measure or next(iter(first.scores.values())).measures[0]
    methods = list(first.scores)
    estimates = {
        model: [
            Estimate(
                evaluation.scores[method].means()[measure], evaluation.intervals[method][measure]
            )
            for method in methods
        ]
        for model, evaluation in found.evaluations.items()
    }
    rows = [say(method) for method in methods]
    return [
        _heading(language, "Models: {name}", first.dataset.name),
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


def _answers(found: AnswerEvaluation, language: Language) -> list[str]:
    say = language.say
    shares = {
        say("answerable: some quote holds the answer"): found.accuracy,
        say("answerable: the first quote does"): found.accuracy_first,
        say("answered: some quote holds the answer"): found.accuracy_when_answered,
        say("citations on evidence"): found.citation_precision,
        say("answerable, refused"): found.falsely_refused,
        say("unanswerable, refused"): found.refused,
        **{
            say("unanswerable, {kind}, refused").format(kind=kind): share
            for kind, share in found.refused_by_kind.items()
        },
    }
    kinds = {
        say("answerable, {kind}").format(kind=kind): share
        for kind, share in found.accuracy_by_kind.items()
    }
    points = found.risk_coverage
    step = max(1, len(points) // _SHOWN_POINTS)
    shown = [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]
    return [
        _heading(language, "Answers: {name}", found.name),
        _about(
            language,
            "{questions} questions, {documents} documents, model {model}, caution {caution}.",
            found.index,
            questions=len(found.judged),
            caution=say(found.caution),
        ),
        _shares(language, say("Answers, citations and refusals"), shares),
        _shares(language, say("Some quote holds the answer, by kind of question"), kinds),
        figure(
            language,
            say("Risk and coverage"),
            lines_plot(
                {"": [(100 * p.coverage, 100 * p.risk) for p in points]},
                (
                    say("coverage x 100: share of questions answered, the surest first"),
                    say("risk x 100"),
                ),
            ),
            [say("coverage x 100"), say("risk x 100"), say("confidence")],
            [
                [
                    language.number(100 * p.coverage),
                    language.number(100 * p.risk),
                    language.number(p.confidence, ".3f"),
                ]
                for p in shown
            ],
            say(
                "Area under the curve: {risk} (less is better). Area under the ROC curve of the "
                "confidence: {auroc}."
            ).format(risk=language.estimate(found.risk_area), auroc=language.estimate(found.auroc)),
        ),
    ]


def _shares(language: Language, title: str, shares: Mapping[str, Share]) -> str:
    say = language.say
    estimates = [Estimate(share.value, share.ci95) for share in shares.values()]
    return figure(
        language,
        title,
        intervals_plot(list(shares), {"": estimates}, say("share x 100 (bars: 95 % intervals)")),
        ["x 100", say("value"), say("count")],
        [
            [
                name,
                language.estimate(estimate),
                say("{count} of {total}").format(count=share.count, total=share.total),
            ]
            for (name, share), estimate in zip(shares.items(), estimates, strict=True)
        ],
    )


def _conversations(found: ConversationEvaluation, language: Language) -> list[str]:
    say = language.say
    groups: dict[str, Group] = {
        **{say(place): group for place, group in found.by_place.items()},
        **{
            say("phenomenon: {name}").format(name=name): group
            for name, group in found.by_phenomenon.items()
        },
    }
    ways = {way: say(way) for way in WAYS}
    parts = [
        _heading(language, "Conversations: {name}", found.name),
        _about(
            language,
            "{count} conversations, {turns} turns, {method} search, {documents} documents, model "
            "{model}.",
            found.index,
            count=found.conversations,
            turns=len(found.judged),
            method=say(found.method),
        ),
    ]
    for measure in MEASURES:
        estimates = {
            name: [group.means[way][measure] for group in groups.values()]
            for way, name in ways.items()
        }
        parts.append(
            figure(
                language,
                say("{measure} as typed, with the history and resolved").format(measure=measure),
                intervals_plot(list(groups), estimates, say("value x 100 (bars: 95 % intervals)")),
                [
                    "x 100",
                    say("turns"),
                    say("changed"),
                    *ways.values(),
                    say("gap recovered"),
                    say("harm"),
                ],
                [
                    [
                        name,
                        str(group.turns),
                        str(group.changed),
                        *(language.estimate(group.means[way][measure]) for way in WAYS),
                        language.estimate(group.recovered[measure]),
                        language.estimate(group.harm[measure]),
                    ]
                    for name, group in groups.items()
                ],
            )
        )
    return parts
