"""Pronouns, possessives, « cette bataille »: words that need an earlier question.

Each rule takes the tokens and returns new ones, or None when it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qa.conversation.history import History
from qa.conversation.pronouns import (
    direct_object,
    indirect_object,
    inverted_subject,
    part_pronoun,
    place_pronoun,
    preverbal_subject,
)
from qa.conversation.references import (
    demonstrative_phrase,
    demonstrative_pronoun,
    description,
    possessive,
    that,
    what_is_it,
    who,
)
from qa.conversation.tokens import Token, render, without_end


def resolve_anaphora(core: Sequence[Token], history: History) -> str | None:
    """The question with its anaphors resolved, or None when it has none."""
    tokens = without_end(core)
    for identity in (who, what_is_it):
        resolved = identity(tokens, history)
        if resolved is not None:
            return render(resolved)
    changed = False
    for rule in _RULES:
        resolved = rule(tokens, history)
        if resolved is not None:
            tokens, changed = resolved, True
    return render(tokens) if changed else None


_RULES: tuple[Callable[[list[Token], History], list[Token] | None], ...] = (
    demonstrative_pronoun,
    inverted_subject,
    preverbal_subject,
    direct_object,
    indirect_object,
    place_pronoun,
    part_pronoun,
    demonstrative_phrase,
    possessive,
    description,
    that,
)
