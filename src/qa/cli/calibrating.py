"""The command ``calibrate``: fits the refusal of an index to its owner's questions."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from qa.cli.printing import print_json, wrong_usage
from qa.progress import progress_bars
from qa.records import QAError

if TYPE_CHECKING:
    from qa.answering import Calibration


def calibrate(options: argparse.Namespace) -> int:
    """Fit, write beside the index, tell before and after; or remove what was written."""
    if (options.questions is None) == (not options.remove):
        return wrong_usage("qa calibrate: give --questions FILE, or --remove (not both).")
    from qa.answering import calibration_path, write_calibration
    from qa.index import current_name, generations_to_try

    if options.remove:
        if not generations_to_try(options.index) and current_name(options.index) is None:
            raise QAError("nothing_to_remove", options.index)
        path = calibration_path(options.index)
        known = path.exists()
        path.unlink(missing_ok=True)
        if options.json:
            print_json({"removed": known})
        else:
            print(f"{path} removed." if known else f"There is no {path}.")
        return 0
    from qa.assistant import Assistant
    from qa.evaluation import fit_calibration, read_answer_questions

    questions = read_answer_questions(options.questions)
    assistant = Assistant.open(options.index)
    with progress_bars() as progress:
        calibration = fit_calibration(
            questions, assistant, file=options.questions.name, progress=progress
        )
    path = write_calibration(options.index, calibration)
    if options.json:
        print_json({"path": str(path), **asdict(calibration)})
        return 0
    print("\n".join(calibration_lines(calibration)))
    print(f"Written to {path}; qa calibrate --remove takes it back.")
    return 0


def calibration_lines(calibration: Calibration) -> list[str]:
    """How the refusal did before and does now on the questions that it was fitted to."""
    asked = calibration.questions
    lines = [
        f"{asked['answerable']} answerable, {asked['unanswerable']} unanswerable questions of "
        f"{calibration.file}; after: each judged by a fit that has not seen it",
        f"{'':32}before   after",
        f"{'area under the ROC curve':30}"
        f"{100 * calibration.before['auroc']:8.1f}{100 * calibration.after['auroc']:8.1f}",
    ]
    for kind in ("unanswerable", "answerable"):
        for caution in calibration.thresholds:
            before, after = (
                100 * figures["answered"][kind][caution]
                for figures in (calibration.before, calibration.after)
            )
            lines.append(f"{f'{kind}, answered, {caution}':30}{before:7.0f} %{after:6.0f} %")
    return lines
