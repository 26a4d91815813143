"""A follow-up -> the words of what was said before that it needs, chosen by the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qa.conversation.context import Context, Said, history_text, phrases
from qa.conversation.typed_words import typed_words
from qa.encoder import CONTEXT, Encoder
from qa.french import Word, words
from qa.records import Turn

# Log-odds from which a word of the history is taken, if one of all is above the second number: else
# the question stands alone. A question with a word that refers to something, or hardly any of its
# own, is likelier to need some. Chosen on the development conversations and our own follow-ups.
TAKEN, NEEDED = 0.0, 0.8
TAKEN_BY_REFERENCE, NEEDED_BY_REFERENCE = -0.5, 0.2
_REFERRING = frozenset(
    """il elle ils elles lui leur leurs y ca cela ceci cet cette ces celui celle ceux celles son sa
    ses eux dessus dedans""".split()
)
_GOING_ON = frozenset("et mais ou sinon alors donc puis ensuite apres".split())
# From which a word that is not taken is offered, and so many phrases at most: set by hand.
OFFERED, MOST_OFFERED = -1.5, 2


class FollowUps:
    """Understands follow-ups with the shipped network."""

    def __init__(self, encoder: Encoder):
        self._encoder = encoder

    def context(self, message: str, turns: Sequence[Turn]) -> Context:
        """The phrases of earlier questions, quotes and titles that a message takes.

        None, when it stands alone.
        """
        history = history_text([said(turn) for turn in turns if turn.answer.status != "courtesy"])
        if not history:
            return Context()
        pieces = self._encoder.read_pair(message, history)
        (encoded,) = self._encoder.encode([pieces])
        odds = encoded.marks[:, CONTEXT]
        starts = np.array([start for start, _ in pieces.spans], dtype=np.int64)
        ends = np.array([end for _, end in pieces.spans], dtype=np.int64)
        likely: list[tuple[float, Word]] = []
        for word in words(history):
            first = int(np.searchsorted(ends, word.start, side="right"))
            last = int(np.searchsorted(starts, word.end))
            if not word.is_stop and last > first:
                likely.append((float(odds[first:last].mean()), word))
        refers = _refers(message)
        least, needed = (TAKEN_BY_REFERENCE, NEEDED_BY_REFERENCE) if refers else (TAKEN, NEEDED)
        needs = len(odds) > 0 and odds.max() >= needed
        taken = phrases(history, [word for mean, word in likely if needs and mean > least], message)
        others = [word for mean, word in likely if mean > OFFERED]
        offered = phrases(history, others, " ".join([message, *taken]))
        return Context(taken, offered[:MOST_OFFERED])


def _refers(message: str) -> bool:
    """Whether a question has a word that refers to something else, or no words of its own."""
    typed = typed_words(message)
    forms = [word.form.lstrip("-") for word in typed]
    own = [word for word in typed if word.is_content]
    return (
        len(own) < 2 or not _REFERRING.isdisjoint(forms) or (bool(forms) and forms[0] in _GOING_ON)
    )


def said(turn: Turn) -> Said:
    """An exchange as the network reads it."""
    answer = turn.answer
    if not answer.citations:
        return Said(answer.standalone_question or turn.message)
    cited = answer.citations[0]
    short = ""
    if cited.emphasis:
        start, end = cited.emphasis[0]
        short = cited.quote[start - cited.start : end - cited.start]
    return Said(answer.standalone_question or turn.message, cited.quote, short, cited.title)
