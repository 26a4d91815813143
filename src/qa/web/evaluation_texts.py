"""Every sentence of the evaluation page, as ``texts`` has the others; from ``evaluation.toml``."""

from __future__ import annotations

from typing import Any

from qa.evaluation.markup import ENGLISH, Language
from qa.web import texts

CATALOGUE = texts.read_catalogue("evaluation.toml")
# How a report is written in each language.
REPORTS = {"fr": Language("fr", CATALOGUE["fr"]["REPORT"], ","), "en": ENGLISH}


def __getattr__(name: str) -> Any:
    return texts.found(CATALOGUE, name)
