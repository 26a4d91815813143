"""What is said to a user: in French where the locale is French, else in English (gettext).

The catalogues are ``locale/LANGUAGE/LC_MESSAGES/qa.po``; ``make catalogues`` compiles them. Errors
are named there by their codes; what the command line says besides stands in the code in English,
and a sentence that no catalogue has stands for itself.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

DOMAIN, CATALOGUES = "qa", Path(__file__).parent / "locale"


def worded(text: str, *figures: object, language: str | None = None) -> str:
    """A sentence, or the one of a code, with its figures; in a language or the environment's.

    >>> worded("question_too_long", 2001, 2000, language="en")
    'the question has 2001 characters, the limit is 2000. Shorten it.'
    """
    languages = None if language is None else [language]
    catalogue = gettext.translation(DOMAIN, CATALOGUES, languages, fallback=True)
    catalogue.add_fallback(_english())
    sentence = catalogue.gettext(text)
    return sentence.format(*figures) if figures else sentence


@lru_cache(maxsize=1)
def _english() -> gettext.NullTranslations:
    """The sentences of codes; an error of rights must find them when nothing can be read."""
    return gettext.translation(DOMAIN, CATALOGUES, ["en"], fallback=True)


def word_libraries() -> None:
    """Let argparse, which says its own sentences by gettext, say them in the user's language."""
    gettext.bindtextdomain(DOMAIN, CATALOGUES)
    gettext.textdomain(DOMAIN)
