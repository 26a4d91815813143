"""Evaluations as one HTML page that needs nothing else: no script, no request, a table a plot."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from qa.evaluation.answers import AnswerEvaluation, Share
from qa.evaluation.compare import Comparison
from qa.evaluation.confidence import Estimate
from qa.evaluation.conversations import MEASURES, WAYS, ConversationEvaluation, Group
from qa.evaluation.plots import bars_plot, intervals_plot, lines_plot
from qa.evaluation.report import Evaluation
from qa.evaluation.runs import Run
from qa.evaluation.tables import p_value
from qa.records import QAError

_DEPTHS = (1, 2, 3, 5, 10, 20, 30, 50, 70, 100)
_SHOWN_POINTS = 50
_FRENCH = "fr"  # the language of questions
_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.2; }
figure { margin: 1.5rem 0; }
svg { display: block; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { border-bottom: 1px solid #ccc; padding: 0.25rem 0.75rem 0.25rem 0; text-align: right;
  vertical-align: top; }
td { white-space: nowrap; }
th:first-child { text-align: left; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8rem; }
"""
Cell = str | tuple[str, str]  # a text, or a text with its language


def write_page(
    directory: Path,
    evaluations: Sequence[Evaluation | AnswerEvaluation | ConversationEvaluation],
) -> Path:
    """Write ``directory``/index.html, which holds everything; returns its path."""
    path = directory / "index.html"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(page(evaluations), "utf-8")
    except OSError as error:
        raise QAError(f"{path} cannot be written ({error.strerror or error}).") from error
    return path


def page(evaluations: Sequence[Evaluation | AnswerEvaluation | ConversationEvaluation]) -> str:
    """The whole page of one or more evaluations."""
    parts = []
    for found in evaluations:
        if isinstance(found, Evaluation):
            parts += _retrieval(found)
        elif isinstance(found, AnswerEvaluation):
            parts += _answers(found)
        else:
            parts += _conversations(found)
        parts += [f"<p><strong>Note:</strong> {escape(note)}</p>" for note in found.notes()]
        described = {name: found.to_json()[name] for name in ("statistics", "index", "versions")}
        written = escape(json.dumps(described, ensure_ascii=False, indent=2))
        parts += ["<h3>Index, statistics and versions</h3>", f"<pre>{written}</pre>"]
    # Nothing may be loaded, from anywhere.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>Evaluation</h1>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


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


def _retrieval(found: Evaluation) -> list[str]:
    methods = list(found.scores)
    measures = next(iter(found.scores.values())).measures
    estimates = {
        method: [
            Estimate(found.scores[method].means()[name], found.intervals[method][name])
            for name in measures
        ]
        for method in methods
    }
    judgements = {name: found.dataset.judgements[name] for name in found.questions}
    depths = [depth for depth in _DEPTHS if depth <= found.depth]
    recalls = {
        method: recall_at_depths(found.runs[method], judgements, depths) for method in methods
    }
    times = found.retrieval.search_ms
    parts = [
        f"<h2>Search: {escape(found.dataset.name)}</h2>",
        f"<p>{len(found.questions)} questions, {found.index['documents']} documents, model "
        f"{escape(found.index['embedder']['name'])}.</p>",
        _figure(
            "Measures by method",
            intervals_plot(measures, estimates, "value"),
            ["x 100", *methods],
            [
                [name, *(_written(estimates[method][row]) for method in methods)]
                for row, name in enumerate(measures)
            ],
        ),
        _figure(
            "Recall at depth",
            lines_plot(
                {m: list(zip(depths, [100 * r for r in recalls[m]], strict=True)) for m in methods},
                ("documents looked at", "recall x 100"),
            ),
            ["documents", *methods],
            [
                [str(depth), *(f"{100 * recalls[method][row]:.1f}" for method in methods)]
                for row, depth in enumerate(depths)
            ],
        ),
    ]
    if found.comparisons:
        parts.append(_comparisons(found.comparisons))
        measure = measures[0]
        parts += [
            _differences(found, item) for item in found.comparisons if item.measure == measure
        ]
    parts.append(
        _figure(
            "Search time",
            bars_plot(list(times.values()), list(times), "ms a question"),
            ["method", "ms a question"],
            [[name, f"{value:.1f}"] for name, value in times.items()],
        )
    )
    return parts


def _comparisons(comparisons: Sequence[Comparison]) -> str:
    return _table(
        "Paired comparisons (p corrected for the systems compared, Holm)",
        ["x 100", "difference", "p (randomisation)", "p (t)", "better", "worse", "equal"],
        [
            [
                f"{item.measure}: {item.a} - {item.b}",
                _written(Estimate(item.difference, item.ci95), "+.1f"),
                p_value(item.p_randomisation_holm),
                p_value(item.p_t_holm),
                str(item.won),
                str(item.lost),
                str(item.tied),
            ]
            for item in comparisons
        ],
    )


def _differences(found: Evaluation, item: Comparison) -> str:
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
    return _figure(
        f"{item.measure} by question: {item.a} - {item.b}",
        bars_plot([100 * (a - b) for _, a, b in ordered], None, f"{item.measure} difference x 100"),
        ["question", item.a, item.b, "difference"],
        [
            [
                (f"{name}: {found.questions[name]}", _FRENCH),
                f"{100 * a:.1f}",
                f"{100 * b:.1f}",
                f"{100 * (a - b):+.1f}",
            ]
            for name, a, b in ordered
            if a != b
        ],
        "Only questions that differ are in the table.",
    )


def _answers(found: AnswerEvaluation) -> list[str]:
    shares = {
        "answerable: some quote holds the answer": found.accuracy,
        "answerable: the first quote does": found.accuracy_first,
        "answered: some quote holds the answer": found.accuracy_when_answered,
        "citations on evidence": found.citation_precision,
        "answerable, refused": found.falsely_refused,
        "unanswerable, refused": found.refused,
        **{f"unanswerable, {kind}, refused": s for kind, s in found.refused_by_kind.items()},
    }
    kinds = {f"answerable, {kind}": share for kind, share in found.accuracy_by_kind.items()}
    points = found.risk_coverage
    step = max(1, len(points) // _SHOWN_POINTS)
    shown = [*points[::step], *([points[-1]] if (len(points) - 1) % step else [])]
    return [
        f"<h2>Answers: {escape(found.name)}</h2>",
        f"<p>{len(found.judged)} questions, {found.index['documents']} documents, model "
        f"{escape(found.index['embedder']['name'])}, caution {found.caution}.</p>",
        _shares("Answers, citations and refusals", shares),
        _shares("Some quote holds the answer, by kind of question", kinds),
        _figure(
            "Risk and coverage",
            lines_plot(
                {"risk": [(100 * p.coverage, 100 * p.risk) for p in points]},
                ("coverage x 100: share of questions answered, the surest first", "risk x 100"),
            ),
            ["coverage x 100", "risk x 100", "confidence"],
            [
                [f"{100 * p.coverage:.1f}", f"{100 * p.risk:.1f}", f"{p.confidence:.3f}"]
                for p in shown
            ],
            f"Area under the curve: {_written(found.risk_area)} (less is better). Area under the "
            f"ROC curve of the confidence: {_written(found.auroc)}.",
        ),
    ]


def _shares(title: str, shares: Mapping[str, Share]) -> str:
    estimates = [Estimate(share.value, share.ci95) for share in shares.values()]
    return _figure(
        title,
        intervals_plot(list(shares), {"share": estimates}, "share"),
        ["x 100", "value", "count"],
        [
            [name, _written(estimate), f"{share.count} of {share.total}"]
            for (name, share), estimate in zip(shares.items(), estimates, strict=True)
        ],
    )


def _conversations(found: ConversationEvaluation) -> list[str]:
    groups: dict[str, Group] = {
        **found.by_place,
        **{f"phenomenon: {name}": group for name, group in found.by_phenomenon.items()},
    }
    parts = [
        f"<h2>Conversations: {escape(found.name)}</h2>",
        f"<p>{found.conversations} conversations, {len(found.judged)} turns, {found.method} "
        f"search, {found.index['documents']} documents, model "
        f"{escape(found.index['embedder']['name'])}.</p>",
    ]
    for measure in MEASURES:
        estimates = {way: [group.means[way][measure] for group in groups.values()] for way in WAYS}
        parts.append(
            _figure(
                f"{measure} as typed, with the history and resolved",
                intervals_plot(list(groups), estimates, measure),
                ["x 100", "turns", "changed", *WAYS, "gap recovered", "harm"],
                [
                    [
                        name,
                        str(group.turns),
                        str(group.changed),
                        *(_written(group.means[way][measure]) for way in WAYS),
                        _written(group.recovered[measure]),
                        _written(group.harm[measure]),
                    ]
                    for name, group in groups.items()
                ],
            )
        )
    return parts


def _figure(
    title: str, svg: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], note: str = ""
) -> str:
    """A plot under its title, then the table of its values, which says the same."""
    told = f"<p>{escape(note)}</p>" if note else ""
    table = _table(f"{title}: values", header, rows)
    return f"<h3>{escape(title)}</h3>\n<figure>\n{svg}\n</figure>\n{told}\n{table}"


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "\n".join(
        "<tr>"
        + "".join(
            _cell(cell, 'th scope="row"' if place == 0 else "td") for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    # A table that is too wide scrolls, by keyboard too.
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{escape(caption)}">\n'
        f"<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _cell(cell: Cell, tag: str) -> str:
    text, language = cell if isinstance(cell, tuple) else (cell, "")
    lang = f' lang="{language}"' if language else ""
    return f"<{tag}{lang}>{escape(text)}</{tag.split()[0]}>"


def _written(estimate: Estimate, form: str = ".1f") -> str:
    if estimate.value is None:
        return "no value"
    value = f"{100 * estimate.value:{form}}"
    if estimate.ci95 is None:
        return value
    low, high = estimate.ci95
    return f"{value} [{100 * low:{form}}, {100 * high:{form}}]"
