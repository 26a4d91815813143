"""Which language a passage is in: French is told by its function words, others by py3langid.

Measured by ``benchmarks/languages.py`` (figures in ``benchmarks/README.md``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

FRENCH, UNKNOWN = "fr", "und"  # ISO 639; "und" is the standard's own word for undetermined

# Function words that French does not share with its neighbours ("la", "un", "que" it does).
_FRENCH_WORDS = frozenset(
    """
    au aux avait avec avoir avons ce ceci cela celle celui ces cet cette ceux dans des du elle elles
    est et été être était eux fait ils je jusqu leur leurs lorsque lui mais mes mon même notre nous
    où ont ou par pas pour qui quoi sa sans ses son sont sous sur tes toujours une vers vos votre
    vous à
    """.split()
)
# All of these say French at once, in 15 µs; the rest is asked of py3langid, in 300 µs.
_LEAST_SHARE, _LEAST_KINDS, _FIRST_WORDS = 0.12, 3, 100
# Fewer letters than this say nothing: "Bibliographie", "TOTAL", a row of figures.
_LEAST_LETTERS = 24
# Below this probability it is not told: lists of foreign titles, mostly. Set by hand.
_LEAST_SURE = 0.7
_MOST_CHARACTERS = 600
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")
# What py3langid may answer: without dialects and small neighbours it errs less on short texts.
_KNOWN = """
    ar bg br ca cs cy da de el en es et eu fa fi fr ga gl he hi hr hu id is it ja ko la lb lt lv
    mt nl no oc pl pt ro ru sk sl sq sr sv th tr uk vi zh
""".split()


def detect_language(text: str) -> str:
    """The ISO 639 code of a text's language; ``UNKNOWN`` when it cannot be told."""
    words = _WORD.findall(text[:_MOST_CHARACTERS].lower())[:_FIRST_WORDS]
    french = [word for word in words if word in _FRENCH_WORDS]
    if len(french) >= _LEAST_SHARE * len(words) and len(set(french)) >= _LEAST_KINDS:
        return FRENCH
    if len(_LETTER.findall(text[:_MOST_CHARACTERS])) < _LEAST_LETTERS:
        return UNKNOWN
    return str(_identifier().classify(text[:_MOST_CHARACTERS])[0])


def passage_languages(texts: Sequence[str]) -> tuple[str, list[str]]:
    """The language of a document (that of most of its text) and of each of its passages.

    A passage that does not tell, being short or full of foreign names, has that of its document.
    """
    told = [detect_language(text) for text in texts]
    characters: Counter[str] = Counter()
    for language, text in zip(told, texts, strict=True):
        if language != UNKNOWN:
            characters[language] += len(text)
    most = characters.most_common(1)[0][0] if characters else UNKNOWN
    return most, [most if language == UNKNOWN else language for language in told]


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Imported here: its model takes a second and 100 MB, and French documents never need it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(
        MODEL_FILE, norm_probs=True, min_confidence=_LEAST_SURE
    )
    identifier.set_languages(_KNOWN)
    return identifier
