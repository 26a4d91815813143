"""A refusal fitted to one's own documents: ``calibration.json`` beside the index that it is for.

The file is made by ``qa calibrate`` and holds readable numbers. It stands outside the generations,
so that an update of the index keeps it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from qa.answering.model import AnsweringModel
from qa.records import QAError

NAME = "calibration.json"
# What reading a file that is no calibration may raise.
_UNFIT = (
    *(OSError, ValueError, LookupError, TypeError),
    *(AttributeError, ArithmeticError, RecursionError),
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What takes the place of the shipped coefficients and thresholds of the refusal.

    ``embedder`` and ``shipped`` tell what it was fitted with: with anything else it means nothing.
    ``questions``: how many, by "answerable" and "unanswerable". ``before`` and ``after``: the
    figures on them (after: each question by a fit that has not seen it).
    """

    question: Mapping[str, float]
    thresholds: Mapping[str, float]
    created: str
    file: str
    questions: Mapping[str, int]
    embedder: str
    shipped: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def fingerprint(model: AnsweringModel) -> str:
    """Names the coefficients that a calibration starts from."""
    return hashlib.sha256(json.dumps(dict(model.question), sort_keys=True).encode()).hexdigest()


def calibration_path(directory: Path) -> Path:
    """Where the calibration of an index is kept."""
    return directory / NAME


def read_calibration(directory: Path) -> Calibration | None:
    """The calibration beside an index; ``None`` when there is none."""
    path = calibration_path(directory)
    try:
        if path.is_fifo():  # which would be waited for
            raise ValueError("a pipe")
        content = json.loads(path.read_text("utf-8"))
        found = Calibration(**{field.name: content[field.name] for field in fields(Calibration)})
        _check(found)
        return found
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise QAError("file_not_readable", path) from error
    except _UNFIT as error:
        raise QAError("calibration_not_readable", path, type(error).__name__, error) from error


def _check(calibration: Calibration) -> None:
    """Raise one of the errors of wrong fields unless all that is used of it can be."""
    shares = [calibration.after["answered"][kind] for kind in ("answerable", "unanswerable")]
    numbers = [share["normal"] for share in shares]
    numbers += [calibration.questions[kind] for kind in ("answerable", "unanswerable")]
    numbers += [*calibration.question.values(), *calibration.thresholds.values()]
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise ValueError("figures must be numbers")


def write_calibration(directory: Path, calibration: Calibration) -> Path:
    """Write it beside the index, in one step."""
    path = calibration_path(directory)
    draft = path.with_suffix(".draft")
    try:
        text = json.dumps(asdict(calibration), ensure_ascii=False, indent=1)
        draft.write_text(text + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise QAError("calibration_not_kept", path, error.strerror or error) from error
    return path


def stale(calibration: Calibration, model: AnsweringModel, embedder: str) -> str | None:
    """Why a calibration cannot be used any more; ``None`` when it can."""
    if calibration.embedder != embedder:
        return "it was made with another embedding model"
    if calibration.shipped != fingerprint(model):
        return "it was made with another version of the shipped coefficients"
    if set(calibration.question) != set(model.question):
        return "it names other signals"
    if set(calibration.thresholds) != set(model.thresholds):
        return "it names other levels of caution"
    return None


def calibrated(model: AnsweringModel, calibration: Calibration) -> AnsweringModel:
    """The model with the calibration's refusal."""
    return replace(model, question=calibration.question, thresholds=calibration.thresholds)
