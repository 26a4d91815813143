"""Every sentence that the page says itself, in the language of the request: ``texts.WELCOME``.

They stand in ``texts.toml``, in French and in English. Strings are set with French spacing once;
quoted source text never passes through here. What is said with an answer (why there is none, how
documents begin) is part of it, and stays in the language of the questions.
"""

from __future__ import annotations

import re
import tomllib
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qa.records import Skipped

NARROW, WIDE = "\u202f", "\u00a0"  # narrow no-break space, no-break space
LANGUAGES = ("fr", "en")
Catalogue = dict[str, dict[str, Any]]

_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_language: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])


def speak(language: str) -> None:
    """From here on, in this thread or task and in what it starts, texts are in ``language``."""
    _language.set(language)


def language() -> str:
    """The language of the texts: "fr" or "en"."""
    return _language.get()


def typeset(text: str) -> str:
    """French spacing: « Qui ? » and « 50 Mo » get their no-break spaces.

    >>> typeset("Qui ?") == "Qui" + NARROW + "?"
    True
    """
    text = re.sub(r" (?=[;!?»])", NARROW, text)
    text = re.sub(r"(?<=«) ", NARROW, text)
    return re.sub(r" (?=:|%|Mo\b)", WIDE, text)


def _in(number: int, node: Any) -> Any:
    """A part of a catalogue in one language; tables keep their keys."""
    if isinstance(node, dict):
        return {name: _in(number, part) for name, part in node.items()}
    text = node if isinstance(node, str) else node[number]
    return typeset(text) if LANGUAGES[number] == "fr" else text


def read_catalogue(file: str) -> Catalogue:
    """The texts of a file, by language and name."""
    content = tomllib.loads(Path(__file__).with_name(file).read_text("utf-8"))
    return {language: _in(number, content) for number, language in enumerate(LANGUAGES)}


def found(catalogue: Catalogue, name: str) -> Any:
    """A text in the language of the request."""
    try:
        return catalogue[_language.get()][name]
    except KeyError:
        raise AttributeError(f"no text is named {name!r}") from None


CATALOGUE = read_catalogue("texts.toml")


def __getattr__(name: str) -> Any:
    return found(CATALOGUE, name)


def number(value: int) -> str:
    """A whole number: 12345 -> « 12 345 » (narrow no-break space), in English "12,345"."""
    written = f"{value:,}"
    return written if language() == "en" else written.replace(",", NARROW)


def count(value: int, singular: str, plural: str = "") -> str:
    """A number with its noun: « 1 document », « 2 documents »."""
    word = singular if value < 2 and (value or language() == "fr") else plural or f"{singular}s"
    return f"{number(value)}{WIDE}{word}"


def date(moment: datetime, spoken: str = "") -> str:
    """A day: « 1er mars 1931 », in English "1 March 1931"; ``spoken`` is another language."""
    spoken = spoken or language()
    day = "1er" if moment.day == 1 and spoken == "fr" else str(moment.day)
    return f"{day}{WIDE}{_MONTHS[spoken].split()[moment.month - 1]} {moment.year}"


def kind_of(document_id: str) -> str:
    """The kind of file that a document came from: « a.pdf » -> « PDF »."""
    ending = document_id.lower().rpartition(".")[2]
    kinds: dict[str, str] = __getattr__("KINDS")
    found = (kind for endings, kind in kinds.items() if ending in endings.split())
    return next(found, str(__getattr__("OTHER_KIND")))


def reason(entry: Skipped) -> str:
    """Why a file was left out: the reading room says it in French too.

    >>> reason(Skipped("a.txt", "empty file", french="fichier vide"))
    'fichier vide'
    """
    told = typeset(entry.french) if language() == "fr" else entry.reason
    return told or str(__getattr__("NOT_READ"))


def page(value: int | None, *, ocr: bool = False) -> str:
    """Where a quotation stands in a paged file, after its titles: « , p. 12 (OCR) »."""
    told = f", p.{WIDE}{value}" if value is not None else ""
    return told + (" (OCR)" if ocr else "")


def day_of(created: str) -> str:
    """The day of an ISO 8601 moment, in local time; the text itself when it is not one."""
    try:
        moment = datetime.fromisoformat(created)
    except ValueError:
        return created
    return date((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone())
