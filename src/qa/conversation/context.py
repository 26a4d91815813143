"""What was said before, as the network reads it beside a follow-up; and the words it takes from it.

Choosing the words of the history that a question needs, instead of writing a new question, is
QuReTeC's way (Voskarides et al. 2020, arXiv 2005.11723): a token classifier over the history. What
is taken is shown as it stands there, so no French is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa.french import Word, analyse_words, words

LONGEST_QUOTE = 240  # characters of a quote that are looked at
TURNS = 4  # turns that are looked at, most recent first
# Words that stand together are taken together: at most so many function words between them.
_BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Said:
    """A question, with what was taken from before it, and the first quote of its answer.

    ``answer`` is the short answer in the quote, if any; ``title`` that of the cited document.
    """

    question: str
    quote: str = ""
    answer: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Phrases of what was said before: those that a question takes, and others it may need."""

    taken: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()

    def chosen(self, question: str, phrases: Sequence[str]) -> Context:
        """Takes these, less what the question says itself; offers what else was found."""
        asked = set(analyse_words(question))
        return Context(
            tuple(phrase for phrase in phrases if not asked.issuperset(analyse_words(phrase))),
            tuple(phrase for phrase in (*self.taken, *self.offered) if phrase not in phrases),
        )

    def without_one(self) -> list[Context]:
        """The same less each phrase in turn, which is offered then; none of a single phrase."""
        taken = self.taken if len(self.taken) > 1 else ()
        return [
            Context(tuple(other for other in taken if other != phrase), (phrase, *self.offered))
            for phrase in taken
        ]


def history_text(turns: Sequence[Said]) -> str:
    """The last turns as one text, most recent first."""
    lines = []
    for turn in reversed(turns[-TURNS:]):
        quote = turn.quote
        if len(quote) > LONGEST_QUOTE:
            quote = quote[:LONGEST_QUOTE].rsplit(maxsplit=1)[0]  # whole words: they may be shown
        told = " : ".join(part for part in (turn.answer, quote) if part)
        lines.append("\n".join(part for part in (turn.question, told, turn.title) if part))
    return "\n".join(lines)


def phrases(history: str, chosen: Sequence[Word], asked: str) -> tuple[str, ...]:
    """The chosen words as phrases of the history, in its order, each once.

    Chosen words with only function words between them make one phrase; words that the question has
    already, or an earlier phrase, are left out.
    """
    known = {word.stem for word in words(asked)}
    everything = words(history)
    place = {word.start: i for i, word in enumerate(everything)}
    runs: list[list[Word]] = []
    for word in chosen:
        if word.stem in known:
            continue
        between = everything[place[runs[-1][-1].start] + 1 : place[word.start]] if runs else []
        joined = bool(runs) and (
            len(between) <= _BETWEEN
            and all(other.is_stop for other in between)
            and not set("\n,.;:?!()»") & set(history[runs[-1][-1].end : word.start]) - {" "}
        )
        known.add(word.stem)
        if joined:
            runs[-1].append(word)
        else:
            runs.append([word])
    return tuple(" ".join(history[run[0].start : run[-1].end].split()) for run in runs)


def with_context(question: str, context: Sequence[str]) -> str:
    """Question and context in one string: « Où est-il mort ? (Lénine) »."""
    return f"{question} ({', '.join(context)})" if context else question
