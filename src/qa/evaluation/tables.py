"""Evaluations and comparisons as plain text tables, for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from qa.evaluation.answers import AnswerEvaluation, Share
from qa.evaluation.compare import Comparison, QuestionDifference, RunComparison
from qa.evaluation.confidence import CurvePoint, Estimate
from qa.evaluation.conversations import ConversationEvaluation
from qa.evaluation.markup import ENGLISH, Language
from qa.evaluation.report import Evaluation
from qa.evaluation.turns import CITED, MEASURES, WAYS, Group

_SHOWN_DOCUMENTS = 3
_MARGIN, _BETWEEN = "  ", " | "
_IN_DETAIL = (MEASURES[0], CITED)  # measures that are shown by phenomenon too
_SHOWN_COVERAGES = (0.1, 0.25, 0.5, 0.75, 1.0)


def evaluation_table(evaluation: Evaluation) -> str:
    """Measures by method with their intervals, then the comparisons, then what must be known."""
    measures = next(iter(evaluation.scores.values())).measures
    methods = list(evaluation.scores)
    rows = [["x 100", *methods]]
    rows += [
        [name, *(ENGLISH.estimate(evaluation.estimate(method, name)) for method in methods)]
        for name in measures
    ]
    times = evaluation.retrieval.search_ms
    rows.append(["ms a question", *(f"{times[method]:.1f}" for method in methods)])
    index = evaluation.index
    parts = [
        f"{evaluation.dataset.name}: {len(evaluation.questions)} questions, "
        f"{index['documents']} documents, {index['passages']} passages, "
        f"model {index['embedder']['name']}",
        align(rows),
        "In brackets: 95 % intervals (bootstrap over the questions).",
    ]
    if evaluation.comparisons:
        parts += ["", comparison_table(evaluation.comparisons)]
    parts += [f"Note: {note}" for note in evaluation.notes()]
    return "\n".join(parts)


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """A line for each measure and pair of systems; questions are counted in the last columns."""
    rows = comparison_rows(comparisons, ENGLISH)
    return align(rows) + "\np: paired tests, corrected for the systems compared (Holm)."


def comparison_rows(
    comparisons: Sequence[Comparison], language: Language, names: Mapping[str, str] | None = None
) -> list[list[str]]:
    """Comparisons as a table, its header first; ``names`` are those of systems in the language."""
    say, names = language.say, names or {}
    columns = ("difference", "p (randomisation)", "p (t)", "better", "worse", "equal")
    rows = [["x 100", *map(say, columns)]]
    rows += [
        [
            say("{measure}: {a} - {b}").format(
                measure=item.measure, a=names.get(item.a, item.a), b=names.get(item.b, item.b)
            ),
            language.estimate(Estimate(item.difference, item.ci95), "+.1f"),
            language.p_value(item.p_randomisation_holm),
            language.p_value(item.p_t_holm),
            *map(str, (item.won, item.lost, item.tied)),
        ]
        for item in comparisons
    ]
    return rows


def answer_table(evaluation: AnswerEvaluation) -> str:
    """Answers, citations and refusals with their intervals, then risk at some coverages."""
    rows = [["x 100", "value", "count"]]
    for template, kind, share in [*evaluation.shares(), *evaluation.groups()]:
        rows.append(["  " * bool(kind) + template.format(kind=kind), *_share(share)])
    rows.append(["confidence: area under the ROC curve", ENGLISH.estimate(evaluation.auroc), ""])
    rows += [
        [f"  answerable against {kind}", ENGLISH.estimate(area), ""]
        for kind, area in evaluation.auroc_by_kind.items()
    ]
    rows.append(
        ["risk-coverage: area (less is better)", ENGLISH.estimate(evaluation.risk_area), ""]
    )
    points = [["coverage x 100", "risk x 100", "confidence"]]
    points += [
        [f"{100 * point.coverage:.0f}", f"{100 * point.risk:.1f}", f"{point.confidence:.3f}"]
        for point in _at_coverages(evaluation.risk_coverage)
    ]
    index = evaluation.index
    parts = [
        f"{evaluation.name}: {len(evaluation.judged)} questions, caution {evaluation.caution}, "
        f"{index['documents']} documents, model {index['embedder']['name']}",
        align(rows),
        "In brackets: 95 % intervals.",
        *(
            [
                f"{evaluation.quotes:.2f} quotes an answer, of {evaluation.quote_length:.0f} "
                "characters (median)."
            ]
            if evaluation.quotes is not None
            else []
        ),
        "",
        align(points),
        "Risk: share of wrong answers when only the surest questions are answered.",
    ]
    parts += [f"Note: {note}" for note in evaluation.notes()]
    return "\n".join(parts)


def conversation_table(evaluation: ConversationEvaluation) -> str:
    """Search and answers as typed, with the history and resolved: by place and phenomenon."""
    header = ["turns", "changed", *WAYS, "gap recovered", "harm"]
    index = evaluation.index
    parts = [
        f"{evaluation.name}: {evaluation.conversations} conversations, {len(evaluation.judged)} "
        f"questions, {evaluation.method} search, caution {evaluation.caution}, "
        f"{index['documents']} documents, model {index['embedder']['name']}"
    ]
    phenomena = {f"  {name}": group for name, group in evaluation.by_phenomenon.items()}
    for measure in MEASURES:
        groups = {**evaluation.by_place, **(phenomena if measure in _IN_DETAIL else {})}
        rows = [
            [name, *_group(group, measure)]
            for name, group in groups.items()
            if measure in group.turns
        ]
        if rows:
            parts += [align([[f"{measure} x 100", *header], *rows]), ""]
    parts += [
        "raw: as typed. history: after the turns before. resolved: as written out in the file.",
        "Gap recovered: (history - raw) / (resolved - raw). Harm: raw - history. "
        "In brackets: 95 % intervals (bootstrap over the conversations).",
        'New subject: the first question of the next conversation, asked after this one. "Refused" '
        "is of unanswerable questions.",
    ]
    parts += [f"Note: {note}" for note in evaluation.notes()]
    return "\n".join(parts)


def run_comparison_text(comparison: RunComparison, width: int = 100) -> str:
    """The table of two runs, then the questions won and lost most, side by side.

    ``width`` is that of the terminal, in characters.
    """
    parts = [
        f"{comparison.a} against {comparison.b}: {comparison.queries} judged questions",
        comparison_table(comparison.rows),
    ]
    told = (
        (comparison.without_a, f"questions without a result in {comparison.a} score zero"),
        (comparison.without_b, f"questions without a result in {comparison.b} score zero"),
        (comparison.ignored, "questions without judgements were left out"),
    )
    parts += [f"Note: {count} {what}" for count, what in told if count]
    for label, questions in (("better", comparison.won), ("worse", comparison.lost)):
        if questions:
            parts += [
                "",
                f"{comparison.a} is {label} by {comparison.measure} x 100 (grades in brackets):",
            ]
            parts += [line for item in questions for line in _question(item, comparison, width)]
    return "\n".join(parts)


def align(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest cell: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *others = (
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines)


def _share(share: Share) -> list[str]:
    return [ENGLISH.estimate(Estimate(share.value, share.ci95)), f"{share.count}/{share.total}"]


def _group(group: Group, measure: str) -> list[str]:
    values = [f"{100 * (group.means[way][measure].value or 0):.1f}" for way in WAYS]
    return [
        str(group.turns[measure]),
        str(group.changed[measure]),
        *values,
        ENGLISH.estimate(group.recovered[measure]),
        ENGLISH.estimate(group.harm[measure]),
    ]


def _at_coverages(points: Sequence[CurvePoint]) -> list[CurvePoint]:
    """The first point at or above each of the coverages that a table shows."""
    shown = [next((p for p in points if p.coverage >= c), None) for c in _SHOWN_COVERAGES]
    return list(dict.fromkeys(point for point in shown if point is not None))


def _question(item: QuestionDifference, comparison: RunComparison, width: int) -> list[str]:
    """A question, the heads of both rankings beside each other, and what was to be found."""
    half = (width - len(_MARGIN) - len(_BETWEEN)) // 2
    columns = []
    for name, value, top in (
        (comparison.a, item.value_a, item.top_a),
        (comparison.b, item.value_b, item.top_b),
    ):
        lines = textwrap.wrap(f"{name}: {100 * value:.1f}", half)
        for rank, (document, grade) in enumerate(top[:_SHOWN_DOCUMENTS], 1):
            lines += textwrap.wrap(f"{rank}. {document} ({'?' if grade is None else grade})", half)
            lines += _passage(item, document, half)
        columns.append(lines if top else [*lines, "no result"])
    asked = f"{item.query_id}: {item.question}" if item.question else item.query_id
    return [
        "",
        *textwrap.wrap(asked, width),
        *(
            f"{_MARGIN}{left.ljust(half)}{_BETWEEN}{right}".rstrip()
            for left, right in zip_longest(*columns, fillvalue="")
        ),
        *(line for row in item.relevant for line in _missed(item, row, width)),
    ]


def _missed(
    item: QuestionDifference, row: tuple[str, int, int | None, int | None], width: int
) -> list[str]:
    """Where a relevant document stands, and its passage when neither column shows it."""
    document, grade, *ranks = row
    told = " and ".join("not found" if rank is None else f"rank {rank}" for rank in ranks)
    shown = {name for name, _ in (*item.top_a[:_SHOWN_DOCUMENTS], *item.top_b[:_SHOWN_DOCUMENTS])}
    lines = textwrap.wrap(f"relevant: {document} ({grade}), {told}", width - len(_MARGIN))
    if document not in shown:
        lines += _passage(item, document, width - len(_MARGIN))
    return [_MARGIN + line for line in lines]


def _passage(item: QuestionDifference, document: str, width: int) -> list[str]:
    indent = "   "
    return textwrap.wrap(
        item.passages.get(document, ""), width, initial_indent=indent, subsequent_indent=indent
    )
