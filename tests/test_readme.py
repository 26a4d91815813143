"""The README is run: its commands give the outputs that it shows, its module list is the order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from conftest import ROOT
from qa.cli import main
from test_architecture import ROOMS

README = (ROOT / "README.md").read_text("utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def beside_the_index(demo_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder as a user has it: the index of the demonstration corpus is ./index."""
    (tmp_path / "index").symlink_to(demo_index)
    (tmp_path / "corpus").symlink_to(ROOT / "corpus")
    monkeypatch.chdir(tmp_path)


def exchanges() -> list[tuple[str, str]]:
    found = []
    for block in CONSOLE:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("qa "):
                found.append((command, output))
    return found


def test_there_is_an_answer_and_a_refusal() -> None:
    assert [command.split()[1] for command, _ in exchanges()] == ["ask", "ask"]
    assert "[1]" in exchanges()[0][1]
    assert "Je ne trouve pas de réponse" in exchanges()[1][1]


@pytest.mark.usefixtures("beside_the_index")
@pytest.mark.parametrize(("command", "output"), exchanges())
def test_commands_give_what_is_shown(
    command: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(shlex.split(command)[1:])
    assert capsys.readouterr().out == output


@pytest.mark.usefixtures("beside_the_index")
@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block, "README.md", "exec"), {})
    assert "Lénine" in capsys.readouterr().out


def test_commands_of_the_table_exist(capsys: pytest.CaptureFixture[str]) -> None:
    commands = set(re.findall(r"`qa (\w+)", README))
    assert commands >= {"index", "ask", "search", "chat", "serve", "eval", "status", "verify"}
    for command in commands:
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0
        assert "usage: qa" in capsys.readouterr().out


def test_the_module_list_is_the_reading_order() -> None:
    listed = re.findall(r"^\| `(\w+)(?:\.py|/)` \|", README, re.MULTILINE)
    assert listed == ROOMS


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^\$ make (\w+)", "\n".join(CONSOLE), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
