"""What a message asks, in the light of what was said before: told once, before any search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.context import Context, with_context
from qa.conversation.followup import FollowUps
from qa.embedding import Embedder
from qa.forms import other_forms, spelled
from qa.french import analyse_words, words
from qa.index import Index
from qa.question import Question, make_question
from qa.records import Turn

_EXPLAINING = 20  # passages that may explain an acronym, those that share most words


def understand(
    message: str,
    turns: Sequence[Turn],
    index: Index,
    embedder: Embedder,
    follow_ups: FollowUps,
    chosen: Sequence[str] | None = None,
) -> Question:
    """The question of a message, with the words that it takes of what was said before.

    ``chosen`` are those that its reader wants instead. Acronyms and dates that it names are
    searched and read in both their forms.
    """
    context = follow_ups.context(message, turns)
    if chosen is not None:
        context = _chosen(message, context, chosen)
    standalone = with_context(message, context.taken)
    rows, _ = index.lexical.search_words(words(standalone), _EXPLAINING)
    near = (passage.text for passage in index.passages(rows.tolist()))
    text = with_context(message, (*context.taken, *other_forms(standalone, near)))
    return replace(
        make_question(spelled(text), embedder),
        message=message,
        standalone=standalone,
        context=context.taken,
        offered=context.offered,
    )


def _chosen(question: str, found: Context, chosen: Sequence[str]) -> Context:
    """What a reader chose, less what the question says itself; what else was found is offered."""
    asked = set(analyse_words(question))
    taken = [phrase for phrase in chosen if not asked.issuperset(analyse_words(phrase))]
    others = [phrase for phrase in (*found.taken, *found.offered) if phrase not in chosen]
    return Context(tuple(taken), tuple(others))
