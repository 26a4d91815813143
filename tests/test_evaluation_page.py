"""The page of an evaluation: complete without a network, readable without the plots."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from conftest import ROOT
from qa.cli import main
from qa.evaluation.confidence import Estimate
from qa.evaluation.page import page
from qa.evaluation.plots import bars_plot, intervals_plot, lines_plot
from qa.evaluation.search_sections import recall_at_depths

# Elements without an end tag.
VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Elements, what they ask the browser to load, and whether every one is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            wanted = name in {"src", "href", "xlink:href", "action", "srcset", "data"}
            if wanted and not (value or "").startswith("#"):
                self.loads.append(f"{tag} {name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(text: str) -> Outline:
    outline = Outline(text)
    assert outline.open == []
    assert outline.loads == []
    assert not re.search(r"@import|url\((?!#)|<script|<link", text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert outline.counts["h1"] == outline.counts["main"] == 1
    assert outline.counts["caption"] == outline.counts["table"] >= outline.counts["svg"]
    return outline


def test_recall_at_depths_worked_by_hand() -> None:
    run = {"q1": [("a", 3.0), ("x", 2.0), ("b", 1.0)], "other": [("a", 1.0)]}
    judgements = {"q1": {"a": 1, "b": 2, "x": 0}, "no result": {"a": 1}, "nothing": {"a": 0}}
    assert recall_at_depths(run, judgements, [1, 2, 3]) == pytest.approx(
        [0.5 / 3, 0.5 / 3, 1.0 / 3]
    )


def test_plots_are_svg_elements_the_same_for_the_same_values() -> None:
    estimates = [Estimate(0.5, (0.4, 0.6)), Estimate(None, None), Estimate(0.2, None)]
    plots = [
        intervals_plot(["un <", "deux", "trois"], {"a": estimates, "b": estimates}, "value"),
        lines_plot({"a": [(1.0, 2.0), (2.0, 3.0)], "b": [(1.0, 1.0)]}, ("x", "y")),
        bars_plot([3.0, -1.0], None, "difference"),
        bars_plot([3.0, 1.0], ["a", "b"], "ms"),
    ]
    for plot in plots:
        assert plot.startswith('<svg aria-hidden="true"')
        assert Outline(plot).open == []
    assert ">un &lt;</text>" in plots[0]
    assert bars_plot([3.0, -1.0], None, "difference") == plots[2]


@pytest.mark.parametrize(
    ("what", "plots", "words"),
    [
        ("--answers", 3, "unanswerable, near-topic, answered"),
        ("--conversations", 4, "phenomenon: ellipsis"),
    ],
)
def test_reports_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    demo_index: Path,
    what: str,
    plots: int,
    words: str,
) -> None:
    name = {"--answers": "questions", "--conversations": "conversations"}[what]
    lines = (ROOT / "tests" / "data" / f"{name}.jsonl").read_text("utf-8").splitlines(True)
    some = tmp_path / "some.jsonl"
    some.write_text("".join([*lines[:3], *lines[113:116]]), "utf-8")
    folder = tmp_path / "new" / "report"
    arguments = ["eval", what, some, "--index", demo_index, "--report", folder]
    assert main([str(argument) for argument in arguments]) == 0
    assert "report written to" in capsys.readouterr().err
    text = (folder / "index.html").read_text("utf-8")
    assert check(text).counts["svg"] == plots
    assert words in text


def test_the_report_of_a_search(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, demo_index: Path
) -> None:
    (tmp_path / "topics.tsv").write_text("q1\tQui a tué <Trotsky> ?\nq2\tstaline\n", "utf-8")
    (tmp_path / "qrels").write_text("q1 0 trotsky-vie.md 1\nq2 0 staline-vie.md 1\n", "utf-8")
    arguments = ["eval", tmp_path / "topics.tsv", "--qrels", tmp_path / "qrels"]
    arguments += ["--index", demo_index, "--report", tmp_path / "report"]
    assert main([str(argument) for argument in arguments]) == 0
    text = (tmp_path / "report" / "index.html").read_text("utf-8")
    # Measures, recall, two pairs of methods, time.
    assert check(text).counts["svg"] == 5
    assert "<Trotsky>" not in text
    assert "Search: topics" in text


def test_a_page_of_nothing_is_a_page() -> None:
    assert page([]).endswith("</html>\n")
