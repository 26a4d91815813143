"""The refusal fitted to one's own questions: what is written, what is used, what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baseline import DATA
from qa.answering import (
    AnsweringModel,
    calibrated,
    calibration_path,
    read_calibration,
    shipped_model,
    stale,
    write_calibration,
)
from qa.assistant import Assistant
from qa.cli import main
from qa.evaluation import fit_calibration, read_answer_questions
from qa.records import QAError

QUESTIONS = DATA / "questions.jsonl"


@pytest.fixture
def own_index(demo_index: Path, tmp_path: Path) -> Path:
    """An index that a test may leave a calibration beside."""
    return Path(shutil.copytree(demo_index, tmp_path / "index"))


@pytest.fixture(scope="module")
def fitted(demo: Assistant) -> Any:
    return fit_calibration(read_answer_questions(QUESTIONS), demo, file=QUESTIONS.name)


def test_the_thresholds_keep_their_promise(fitted: Any) -> None:
    answered = fitted.after["answered"]["unanswerable"]
    assert answered["low"] <= 0.2
    assert answered["normal"] <= 0.1
    assert answered["high"] <= 0.05
    assert fitted.thresholds["low"] <= fitted.thresholds["normal"] <= fitted.thresholds["high"]
    assert fitted.questions == {"answerable": 113, "unanswerable": 36}
    assert fitted.after["auroc"] > fitted.before["auroc"] - 0.03


def test_what_is_written_is_used(
    fitted: Any, own_index: Path, demo: Assistant, capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing is sure enough for thresholds above every probability.
    never = replace(fitted, thresholds=dict.fromkeys(fitted.thresholds, 1.0))
    write_calibration(own_index, never)
    assert read_calibration(own_index) == never
    assistant = Assistant.open(own_index)
    assert assistant.warning is None
    assert assistant.model == calibrated(shipped_model(), never)
    assert assistant.answer("Qui a tué Trotsky ?").status == "not_found"
    assert demo.answer("Qui a tué Trotsky ?").status == "answered"
    assert main(["status", "--index", str(own_index)]) == 0
    assert "calibrated 20" in capsys.readouterr().out
    assert main(["calibrate", "--remove", "--index", str(own_index)]) == 0
    assert not calibration_path(own_index).exists()
    assert Assistant.open(own_index).model == shipped_model()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"embedder": "another"}, "another embedding model"),
        ({"shipped": "another"}, "another version of the shipped coefficients"),
        ({"question": {}}, "other signals"),
        ({"thresholds": {}}, "other levels of caution"),
    ],
)
def test_a_stale_calibration_is_left_aside(
    fitted: Any, own_index: Path, change: dict[str, Any], words: str
) -> None:
    write_calibration(own_index, replace(fitted, **change))
    assistant = Assistant.open(own_index)
    assert assistant.model == shipped_model()
    assert words in str(assistant.warning)


def test_a_calibration_fits_what_it_was_made_with(fitted: Any, demo: Assistant) -> None:
    model: AnsweringModel = shipped_model()
    assert stale(fitted, model, demo.embedder.fingerprint) is None


def test_a_damaged_file_is_told(own_index: Path) -> None:
    calibration_path(own_index).write_text('{"question": {}}', "utf-8")
    with pytest.raises(QAError, match="is not a calibration"):
        Assistant.open(own_index)


def test_too_few_questions_are_refused(
    write_corpus: Callable[..., Path], own_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = QUESTIONS.read_text("utf-8").splitlines()
    few = [line for line in lines if json.loads(line)["answerable"]] + lines[-19:]
    path = write_corpus({"few.jsonl": "\n".join(few)}) / "few.jsonl"
    assert main(["calibrate", "--questions", str(path), "--index", str(own_index)]) == 1
    told = capsys.readouterr().err
    assert "113 answerable and 19 unanswerable questions. Give at least 20 of each" in told
    assert not calibration_path(own_index).exists()


def test_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["calibrate"]) == 2
    assert "give --questions FILE, or --remove" in capsys.readouterr().err
