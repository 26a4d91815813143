"""Why a file was left out, in French: the reading room says it in both languages."""

from __future__ import annotations

from qa.records import Skipped
from qa.web.texts import NOT_READ, typeset


def in_french(entry: Skipped) -> str:
    """A reason of the reading room, for the reader of the page.

    >>> in_french(Skipped("a.txt", "empty file", french="fichier vide"))
    'fichier vide'
    """
    return typeset(entry.french) if entry.french else NOT_READ
