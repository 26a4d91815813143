"""The last report of each kind of evaluation, kept in the index's folder for the web page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa.evaluation.answers import AnswerEvaluation
from qa.evaluation.conversations import ConversationEvaluation
from qa.evaluation.page import sections
from qa.evaluation.report import Evaluation
from qa.records import QAError
from qa.web.evaluation_texts import REPORTS

FILE = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured: ``html`` holds tables and plots, by language.

    ``index`` is the path of the generation, ``kind`` "search", "answers" or "conversations",
    ``moment`` ISO 8601.
    """

    kind: str
    name: str
    moment: str
    index: str
    html: Mapping[str, str]


def keep_report(
    folder: Path, evaluation: Evaluation | AnswerEvaluation | ConversationEvaluation
) -> Report:
    """Keep the report of an evaluation in place of the last one of its kind."""
    if isinstance(evaluation, Evaluation):
        kind, name = "search", evaluation.dataset.name
    elif isinstance(evaluation, AnswerEvaluation):
        kind, name = "answers", evaluation.name
    else:
        kind, name = "conversations", evaluation.name
    report = Report(
        kind=kind,
        name=name,
        moment=datetime.now(UTC).isoformat(timespec="seconds"),
        index=str(Path(str(evaluation.index["path"])).resolve()),
        html={name: sections([evaluation], said) for name, said in REPORTS.items()},
    )
    kept = [other for other in last_reports(folder) if other.kind != kind]
    path = folder / FILE
    temporary = path.with_name(f"{FILE}.{os.getpid()}")
    try:
        temporary.write_text(
            json.dumps([asdict(item) for item in (report, *kept)], ensure_ascii=False), "utf-8"
        )
        temporary.replace(path)
    except OSError as error:
        raise QAError("report_not_kept", path, error.strerror or error) from error
    return report


def last_reports(folder: Path) -> Sequence[Report]:
    """The last report of each kind, the newest first; none where they cannot be read."""
    try:
        entries: Any = json.loads((folder / FILE).read_text("utf-8"))
        # Older ones are one text, in French alone.
        reports = [Report(**entry) for entry in entries if isinstance(entry["html"], dict)]
    except (OSError, ValueError, TypeError, KeyError):
        return ()
    return sorted(reports, key=lambda report: report.moment, reverse=True)
