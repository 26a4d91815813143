"""Evaluations as one HTML page that needs nothing else: no script, no request, a table a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from qa.evaluation.answer_sections import answers_section, conversations_section
from qa.evaluation.answers import AnswerEvaluation
from qa.evaluation.conversations import ConversationEvaluation
from qa.evaluation.markup import ENGLISH, Language, escape, folded
from qa.evaluation.models import ModelComparison
from qa.evaluation.report import Evaluation
from qa.evaluation.search_sections import models_section, search_section
from qa.records import QAError

AnyEvaluation = Evaluation | AnswerEvaluation | ConversationEvaluation | ModelComparison

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1, h2, h3 { line-height: 1.2; }
figure { margin: 1.5rem 0; }
svg { display: block; max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.25rem 0; }
th, td { border-bottom: 1px solid #808080; padding: 0.25rem 0.75rem 0.25rem 0; text-align: right;
  vertical-align: top; }
td { white-space: nowrap; }
th:first-child { text-align: left; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.8rem; }
"""


def write_page(directory: Path, evaluations: Sequence[AnyEvaluation]) -> Path:
    """Write ``directory``/index.html, which holds everything; returns its path."""
    path = directory / "index.html"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        path.write_text(page(evaluations), "utf-8")
    except OSError as error:
        raise QAError("file_not_written", path, error.strerror or error) from error
    return path


def page(evaluations: Sequence[AnyEvaluation]) -> str:
    """The whole page of one or more evaluations, in English."""
    # Nothing may be loaded, from anywhere.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>Evaluation</h1>\n" + sections(evaluations) + "\n</main>\n</body>\n</html>\n"
    )


def sections(evaluations: Sequence[AnyEvaluation], language: Language = ENGLISH) -> str:
    """What the page says of each evaluation, as HTML to put inside a page."""
    say = language.say
    parts = []
    for found in evaluations:
        if isinstance(found, ModelComparison):
            parts += models_section(found, language)
            continue
        if isinstance(found, Evaluation):
            parts += search_section(found, language)
        elif isinstance(found, AnswerEvaluation):
            parts += answers_section(found, language)
        else:
            parts += conversations_section(found, language)
        for note in found.notes():
            written = f"{say(note.what)} ({note.count})"
            names = say(": {names}").format(names=note.examples) if note.names else ""
            parts.append(f"<p><strong>{say('Note:')}</strong> {escape(written + names)}</p>")
        described = {name: found.to_json()[name] for name in ("statistics", "index", "versions")}
        written = escape(json.dumps(described, ensure_ascii=False, indent=2))
        parts.append(folded(say("Index, statistics and versions"), f"<pre>{written}</pre>"))
    return "\n".join(parts)
