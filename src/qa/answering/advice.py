"""What a refusal says: whether the documents come near, which words they lack, a spelling."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence

from qa.french import Word, fold, words
from qa.records import Hit

NEAR = "Je ne trouve pas de réponse à cette question dans les documents."
NOTHING_NEAR = "Je ne trouve rien d’approchant dans les documents."

_LOOKED_AT = 5  # passages
# A word is taken for another one that is spelled nearly alike, from so many letters on: by hand.
_SHORTEST, _ALIKE = 5, 0.8
_MOST_MISSING = 3  # words that are named
# Words that say what kind of answer is wanted: documents need not have them.
_ASKING = frozenset(
    """coute coutent couter cout montant prix tarif valeur date heure duree nombre chiffre raison
    cause signifie signification definition difference appelle nomme situe trouve trouver passe
    arrive existe""".split()
)


def advise(
    question: str, hits: Sequence[Hit], document_frequency: Callable[[str], int]
) -> tuple[str, str]:
    """Why there is no answer, in French; and the question as it may have been meant, or nothing.

    ``hits`` are the best passages; ``document_frequency`` tells how many passages have a stem.
    """
    asked = [
        word
        for word in words(question)
        if not word.is_stop and len(word.form) > 2 and word.form not in _ASKING
    ]
    written: dict[str, str] = {}
    near: set[str] = set()
    for text in (hit.passage.index_text for hit in hits[:_LOOKED_AT]):
        for word in words(text):
            near.add(word.stem)
            if not word.is_stop and len(word.form) >= _SHORTEST:
                written.setdefault(word.form, text[word.start : word.end])
    missing = [
        word
        for word in asked
        if not document_frequency(word.stem) and not _is_inflected(word.form, written)
    ]
    is_near = 2 * sum(word.stem in near for word in asked) >= len(asked) > 0
    told = [NEAR if is_near else NOTHING_NEAR]
    named = list(dict.fromkeys(question[word.start : word.end] for word in missing))
    if named:
        quoted = ", ".join(f"«\u202f{name}\u202f»" for name in named[:_MOST_MISSING])
        told.append(f"Aucun ne contient {quoted}.")
    return " ".join(told), _respelled(question, missing, written)


def _is_inflected(form: str, written: Iterable[str]) -> bool:
    """Whether near passages have the word with another ending: « écrasé », « écrasée »."""
    return len(form) >= _SHORTEST and any(
        other.startswith(form) or form.startswith(other) for other in written
    )


def _respelled(question: str, missing: Sequence[Word], written: Mapping[str, str]) -> str:
    """The question with the words that no passage has spelled as those of near passages are."""
    changed = question
    # A few: to compare a word with all near ones takes milliseconds, and a question may be long.
    for word in reversed(missing[:_MOST_MISSING]):
        alike = difflib.get_close_matches(word.form, written, n=1, cutoff=_ALIKE)
        if len(word.form) < _SHORTEST or not alike:
            continue
        # « cours » is no misspelled « court »: only a name is put right at its very end.
        ending = alike[0][:-1] == word.form[:-1] and written[alike[0]].islower()
        if not ending:
            changed = changed[: word.start] + written[alike[0]] + changed[word.end :]
    return "" if fold(changed) == fold(question) else changed
