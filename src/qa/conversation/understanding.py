"""What a message asks, in the light of what was said before: told once, before any search."""

from __future__ import annotations

from dataclasses import replace

from qa.conversation.context import Context, with_context
from qa.embedding import Embedder
from qa.forms import other_forms, spelled
from qa.french import words
from qa.index import Index
from qa.question import Question, make_question

_EXPLAINING = 20  # passages that may explain an acronym, those that share most words


def understand(message: str, context: Context, index: Index, embedder: Embedder) -> Question:
    """The question of a message, with the words that it takes of what was said before.

    Acronyms and dates that it names are searched and read in both their forms.
    """
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
