"""Evaluations and comparisons as plain text tables, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from qa.evaluation.compare import Comparison, QuestionDifference, RunComparison
from qa.evaluation.report import Evaluation

_SHOWN_DOCUMENTS = 3


def evaluation_table(evaluation: Evaluation) -> str:
    """Measures by method with their intervals, then the comparisons, then what must be known."""
    measures = next(iter(evaluation.scores.values())).measures
    methods = list(evaluation.scores)
    means = {method: scores.means() for method, scores in evaluation.scores.items()}
    rows = [["x 100", *methods]]
    for name in measures:
        row = [name]
        for method in methods:
            low, high = evaluation.intervals[method][name]
            row.append(f"{100 * means[method][name]:.1f} [{100 * low:.1f}, {100 * high:.1f}]")
        rows.append(row)
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
    rows = [["x 100", "difference", "p (randomisation)", "p (t)", "better", "worse", "equal"]]
    for item in comparisons:
        low, high = item.ci95
        rows.append(
            [
                f"{item.measure}: {item.a} - {item.b}",
                f"{100 * item.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
                _p(item.p_randomisation_holm),
                _p(item.p_t_holm),
                str(item.won),
                str(item.lost),
                str(item.tied),
            ]
        )
    return align(rows) + "\np: paired tests, corrected for the systems compared (Holm)."


def run_comparison_text(comparison: RunComparison) -> str:
    """The table of two runs, then the questions won and lost most, side by side."""
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
                f"{comparison.a} is {label} by {comparison.measure} (grades in brackets):",
            ]
            parts += [_question(item, comparison) for item in questions]
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


def _question(item: QuestionDifference, comparison: RunComparison) -> str:
    lines = ["  " + (f"{item.query_id}: {item.question}" if item.question else item.query_id)]
    for name, value, top in (
        (comparison.a, item.value_a, item.top_a),
        (comparison.b, item.value_b, item.top_b),
    ):
        shown = ", ".join(
            f"{document} ({'?' if grade is None else grade})"
            for document, grade in top[:_SHOWN_DOCUMENTS]
        )
        lines.append(f"    {name}: {100 * value:.1f}  {shown or 'no result'}")
    return "\n".join(lines)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"
