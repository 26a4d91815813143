"""The refusal fitted to one's own questions: what is written, what is used, what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baseline import DATA, ROOT
from conftest import FakeEmbedder
from fake_reader import FakeReader
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
from qa.embedding import ShippedEmbedder
from qa.evaluation import fit_calibration, read_answer_questions
from qa.evaluation.calibration import fit_logistic
from qa.index import open_index, update_index
from qa.records import QAError

QUESTIONS = DATA / "questions.jsonl"


@pytest.fixture
def own_index(demo_index: Path, tmp_path: Path) -> Path:
    """An index that a test may leave a calibration beside."""
    return Path(shutil.copytree(demo_index, tmp_path / "index"))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, shipped_embedder: ShippedEmbedder) -> Any:
    """Fitted with a reader that counts words, then taken for one of the shipped model."""
    folder = tmp_path_factory.mktemp("calibrated") / "index"
    update_index(ROOT / "corpus", folder, FakeEmbedder())
    index = open_index(folder)
    assistant = Assistant(index, FakeEmbedder(), FakeReader())
    found = fit_calibration(read_answer_questions(QUESTIONS), assistant, file=QUESTIONS.name)
    index.close()
    return replace(found, embedder=shipped_embedder.fingerprint)


def test_the_thresholds_keep_their_promise(fitted: Any) -> None:
    answered = fitted.after["answered"]["unanswerable"]
    assert answered["low"] <= 0.2
    assert answered["normal"] <= 0.1
    assert answered["high"] <= 0.05
    assert fitted.thresholds["low"] <= fitted.thresholds["normal"] <= fitted.thresholds["high"]
    assert fitted.questions == {"answerable": 113, "unanswerable": 36}
    assert fitted.after["auroc"] > fitted.before["auroc"] - 0.03


def test_both_sorts_of_questions_weigh_the_same() -> None:
    # One signal that says nothing, and three times as many of one sort: log-odds of 0, not of 3.
    signals = np.array([[1.0, 1.0]] * 30 + [[1.0, 1.0]] * 10)
    labels = np.array([True] * 30 + [False] * 10)
    found = fit_logistic(signals, labels, (0.0, 0.0), (1.0, 0.0), (None, None))
    assert found @ signals[0] == pytest.approx(0, abs=1e-4)
    # What is seen in every question of one sort and in none of the other counts, up to its prior;
    # turned round it would count against its meaning, and is left out.
    signals[:, 0] = labels
    weak, strong = (
        fit_logistic(signals, labels, (0.0, 0.0), (held, 0.0), (0.0, None))[0] for held in (1, 100)
    )
    assert weak > strong > 0
    signals[:, 0] = ~labels
    turned = fit_logistic(signals, labels, (0.0, 0.0), (1.0, 0.0), (0.0, None))
    assert turned[0] == 0


def test_what_is_written_is_used(
    fitted: Any, own_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Everything is sure enough for thresholds of 0.
    always = replace(fitted, thresholds=dict.fromkeys(fitted.thresholds, 0.0))
    write_calibration(own_index, always)
    assert Assistant.open(own_index).answer("Qui a tué Trotsky ?").status == "answered"
    # Nothing is sure enough for thresholds above every probability.
    never = replace(fitted, thresholds=dict.fromkeys(fitted.thresholds, 1.0))
    write_calibration(own_index, never)
    assert read_calibration(own_index) == never
    assistant = Assistant.open(own_index)
    assert assistant.warning is None
    assert assistant.model == calibrated(shipped_model(), never)
    assert assistant.answer("Qui a tué Trotsky ?").status == "not_found"
    assert main(["status", "--index", str(own_index)]) == 0
    assert "of your" in capsys.readouterr().out
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
