"""The notebook is run: each of its cells, in turn, in a folder as a reader has it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT

CELLS = [
    "".join(cell["source"])
    for cell in json.loads((ROOT / "docs" / "notebook.ipynb").read_text("utf-8"))["cells"]
    if cell["cell_type"] == "code"
]


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; the value of its last expression, which a notebook would show."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "notebook", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "notebook", "eval"), names)
    return None


def test_every_cell_runs(
    demo_index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "index").symlink_to(demo_index)
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    names: dict[str, Any] = {}
    shown = [run_cell(cell, names) for cell in CELLS]
    assert "<mark>" in shown[1]._repr_html_()
    assert "Les rois de France étaient sacrés à Reims." in [s for s in shown if isinstance(s, str)]
    assert names["report"].added == ("reims",)
    tables = [table for table in shown if hasattr(table, "columns")]
    assert [len(table) for table in tables] == [9, 9]
    assert "nDCG@10" in capsys.readouterr().out
