"""Plots as inline SVG: colours that everybody tells apart, text that can be read and searched."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qa.evaluation.confidence import Estimate
from qa.extras import needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color universal design": told apart by all; markers tell again.
_INK = "#000000"
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", _INK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_WIDTH = 8.0  # inches


def intervals_plot(
    rows: Sequence[str], series: Mapping[str, Sequence[Estimate]], label: str
) -> str:
    """Values with their intervals, x 100: a row for each name, a mark for each series.

    ``label`` says what the values are, along their axis.
    """
    figure, axes = _figure(1.0 + 0.34 * len(rows) * max(1.0, len(series) / 2))
    for number, (name, estimates) in enumerate(series.items()):
        shift = (number - (len(series) - 1) / 2) * 0.8 / max(2, len(series))
        known = [(row, e) for row, e in enumerate(estimates) if e.value is not None]
        colour = _COLOURS[number % len(_COLOURS)]
        for row, estimate in known:
            if estimate.ci95 is not None:
                ends = [100 * end for end in estimate.ci95]
                axes.plot(ends, [row + shift] * 2, color=colour, linewidth=2)
        axes.plot(
            [100 * (e.value or 0.0) for _, e in known],
            [row + shift for row, _ in known],
            _MARKERS[number % len(_MARKERS)],
            color=colour,
            label=name,
        )
    axes.set_yticks(range(len(rows)), rows)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    _legend(axes, len(series))
    return _svg(figure)


def lines_plot(
    series: Mapping[str, Sequence[tuple[float, float]]],
    labels: tuple[str, str],
    depths: Sequence[int] = (),
) -> str:
    """Points (x, y) joined by a line, for each series; with ``depths``, on a logarithmic axis."""
    figure, axes = _figure(4.0)
    for number, (name, points) in enumerate(series.items()):
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            color=_COLOURS[number % len(_COLOURS)],
            linestyle=("-", "--", "-.", ":")[number % 4],
            marker=_MARKERS[number % len(_MARKERS)] if len(points) == 1 else None,
            label=name,
        )
    if depths:
        axes.set_xscale("log")
        axes.set_xticks(depths, [str(depth) for depth in depths], minor=False)
        axes.set_xticks([], minor=True)
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    axes.set_ylim(bottom=0)
    _legend(axes, len(series))
    return _svg(figure)


def bars_plot(values: Sequence[float], names: Sequence[str] | None, label: str) -> str:
    """A bar for each value: across with their names, or upright in the order given without."""
    if names is not None:
        figure, axes = _figure(1.0 + 0.4 * len(values))
        axes.barh(range(len(values)), values, color=_COLOURS[0])
        axes.set_yticks(range(len(values)), names)
        axes.invert_yaxis()
        axes.set_xlabel(label)
    else:
        figure, axes = _figure(3.5)
        colours = [_COLOURS[0] if value >= 0 else _COLOURS[1] for value in values]
        axes.bar(range(len(values)), values, color=colours, width=1.0)
        axes.set_xticks([])
        axes.set_ylabel(label)
        axes.axhline(0, color=_INK, linewidth=0.8)
    return _svg(figure)


def _figure(height: float) -> tuple[Figure, Axes]:
    with needs("eval"):
        from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#808080", alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _legend(axes: Axes, series: int) -> None:
    if series > 1:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _svg(figure: Figure) -> str:
    """The <svg> element alone, the same for the same data, on the page's own ground and in its ink.

    It is hidden from screen readers: they read the table that stands below it.
    """
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "sourcier"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    found = buffer.getvalue()
    found = re.sub(r"<metadata>.*?</metadata>", "", found[found.index("<svg") :], flags=re.DOTALL)
    found = found.replace(_INK, "currentColor")
    # As wide as the page lets it be.
    found = re.sub(r' (?:width|height)="[\d.]+pt"', "", found, count=2)
    opening = '<svg aria-hidden="true" focusable="false" fill="currentColor" '
    return found.replace("<svg ", opening, 1)
