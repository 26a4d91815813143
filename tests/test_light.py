"""Without the packages of the extras: the light parts work, the others say what to install."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from qa.extras import EXTRAS, install_command, needs
from qa.records import QAError

# Gradio brings the hub's client.
HEAVY = sorted({*EXTRAS, "sklearn"} - {"huggingface_hub"})
WITHOUT = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Missing())
"""


def run_without(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def test_every_module_but_those_of_training_is_imported() -> None:
    result = run_without(
        """
import importlib, pkgutil, qa
imported = 0
for module in pkgutil.walk_packages(qa.__path__, "qa."):
    if not module.name.startswith("qa.training") and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        imported += 1
print(imported)
"""
    )
    assert result.stderr == ""
    assert int(result.stdout) > 150


def test_documents_are_indexed_searched_asked_and_served(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_text("Léon Trotsky est mort à Mexico.", "utf-8")
    result = run_without(
        """
from pathlib import Path
from qa import Assistant
from qa.cli import main
corpus, index = sys.argv[1:]
assert main(["index", corpus, "--index", index]) == 0
assert main(["search", "Mexico", "--index", index]) == 0
assert main(["ask", "Où Trotsky est-il mort ?", "--index", index]) in (0, 3)
from qa.web.server import create_app
with Assistant.open(index) as assistant:
    create_app(assistant)
""",
        tmp_path / "corpus",
        tmp_path / "index",
    )
    assert result.returncode == 0, result.stderr
    assert "Léon Trotsky est mort à Mexico." in result.stdout


def test_what_is_missing_is_one_line_with_its_command(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Léon Trotsky est mort à Mexico.", "utf-8")
    (tmp_path / "questions.jsonl").write_text('{"_id": "1", "text": "Qui ?"}', "utf-8")
    (tmp_path / "qrels.txt").write_text("1 0 a.txt 1\n", "utf-8")
    result = run_without(
        """
from qa.cli import main
folder = sys.argv[1]
index = folder + "/index"
main(["index", folder + "/a.txt", "--index", index])
questions = ["--qrels", folder + "/qrels.txt", "--index", index]
for command in (
    ["index", folder + "/a.txt", "--index", folder + "/other", "--model", folder],
    ["eval", folder + "/questions.jsonl", *questions],
    ["train", "--data", folder, "--work", folder + "/work"],
    ["serve", "--index", index, "--mcp", "--port", "65535"],
    ["serve", "--index", index, "--metrics-port", "65534", "--port", "65535"],
    ["search", "Qui ?", "--index", folder + "/x.db"],
    ["index", folder + "/a.txt", "--index", folder + "/other", "--ray", "auto"],
):
    assert main(command) == 1
""",
        tmp_path,
    )
    assert result.returncode == 0, result.stderr
    told = [line for line in result.stderr.splitlines() if line.startswith("qa: ")]
    assert [line.partition(" Install it: ")[2] for line in told] == [
        install_command(extra)
        for extra in ("models", "eval", "train", "mcp", "metrics", "milvus", "ray")
    ]


def test_a_dump_of_a_wiki_says_what_it_needs(tmp_path: Path) -> None:
    dump = tmp_path / "dump.xml"
    dump.write_text(
        "<mediawiki><page><title>A</title><ns>0</ns><revision><text>Un texte.</text></revision>"
        "</page></mediawiki>",
        "utf-8",
    )
    result = run_without(
        """
import json
from pathlib import Path
from qa.reading.formats import read_file
from qa.reading import ReadingSettings
found = [told for _, told in read_file(Path(sys.argv[1]), "dump.xml", ReadingSettings())]
print(json.dumps([[told.code, told.reason] for told in found]))
""",
        dump,
    )
    assert json.loads(result.stdout) == [
        [
            "needs_extra",
            "the package mwparserfromhell is not installed; install it: "
            "pip install 'sourcier[wiki]'",
        ]
    ]


def test_only_what_an_extra_brings_is_told_as_missing() -> None:
    told = pytest.raises(QAError, match=r"scipy is not installed.*pip install 'sourcier\[eval\]'")
    with told, needs("eval"):
        raise ModuleNotFoundError("No module named 'scipy.special'", name="scipy.special")
    with pytest.raises(ModuleNotFoundError), needs("eval"):
        raise ModuleNotFoundError("No module named 'other'", name="other")


def test_the_commands_of_the_readme_install_the_models() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert '--editable ".[eval,mcp,models,wiki]"' in makefile
    assert '--editable ".[dev]"' in makefile
