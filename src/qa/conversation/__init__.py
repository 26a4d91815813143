"""A follow-up -> the question as understood out of context, by French rules alone.

Topic words of earlier *questions* are carried over, which works as well as a trained rewriter
(HQE, Lin et al. 2020); those of answers are not, which hurts, but for the person whom « Qui… ? »
found. A question that stands alone gets no history at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa.conversation.clause import own_mentions
from qa.conversation.fragments import resolve_fragment
from qa.conversation.history import History, read_history, restore_names
from qa.conversation.lexicon import OPENINGS, RETURNS
from qa.conversation.mentions import find_mentions
from qa.conversation.missing import resolve_missing_topic
from qa.conversation.references import resolve_references
from qa.conversation.splitting import split_questions
from qa.conversation.tokens import Token, plain, tokenise, without_end
from qa.courtesy import courtesy_reply
from qa.records import Turn

# A message this long speaks for itself; no rewriting makes a question longer than the second.
_LONGEST_FOLLOW_UP = 400
_LONGEST_QUESTION = 2_000

_OPENINGS = sorted((opening.split() for opening in OPENINGS), key=len, reverse=True)
_RETURNS = sorted((phrase.split() for phrase in RETURNS), key=len, reverse=True)

__all__ = ["split_questions", "standalone_question"]


def standalone_question(message: str, turns: Sequence[Turn]) -> str:
    """The question out of context: « Où est-il mort ? » -> « Où Trotsky est-il mort ? ».

    Equal to the message (white space normalised) when it stands alone or nothing came before.
    """
    text = " ".join(message.split())
    if not turns or not text or len(text) > _LONGEST_FOLLOW_UP:
        return text
    if courtesy_reply(text, in_conversation=True) is not None:
        return text
    history = read_history(turns)
    if history is None:
        return text
    typed = text.capitalize() if text.isupper() else text
    tokens = restore_names(tokenise(typed), history.names)
    resolved = _return_to_topic(tokens, history)
    if resolved is None:
        core, opened = _without_opening(tokens)
        resolved = _resolve(core, opened, history)
    if not resolved or len(resolved) > _LONGEST_QUESTION or _says_twice(resolved, history):
        return text
    return _with_accents(resolved) if text.isascii() else resolved


def _says_twice(resolved: str, history: History) -> bool:
    """Whether a topic was added to a message that had it: then the message stood alone."""
    return any(resolved.count(mention.text) > 1 for mention in find_mentions(history.previous))


def _with_accents(question: str) -> str:
    """Write the commonest accents that were not typed: « Ou Trotsky est-il ne » -> « Où … né »."""
    for typed, written in _ACCENTS:
        question = typed.sub(written, question)
    return question


_ACCENTS = (
    (re.compile(r"^Ou\b"), "Où"),
    (re.compile(r"(-(?:il|elle)|\best|\bfut) ne(e?)\b(?! \w+ pas\b)"), r"\1 né\2"),
    (re.compile(r"\bete\b"), "été"),
    (re.compile(r"\b(a|ont|avait) tue\b"), r"\1 tué"),
)


def _resolve(core: Sequence[Token], opened: bool, history: History) -> str | None:
    """The first rule that applies: a fragment, an anaphor, a missing topic."""
    if not core:
        return None
    context, question = _last_sentence(core)
    if context and own_mentions(without_end(context)):
        return None
    return (
        resolve_fragment(question, opened, history)
        or resolve_references(question, history)
        or resolve_missing_topic(question, history)
    )


def _last_sentence(tokens: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """« Merci. | Où est-il mort ? »: what comes before the question, and the question."""
    end = len(without_end(tokens))
    for index in range(end - 1, 0, -1):
        ends = tokens[index].text in {".", "!", "?", "…"} and len(tokens[index - 1].text) > 1
        if ends and tokens[index + 1].is_capital:
            return tokens[: index + 1], tokens[index + 1 :]
    return (), tokens


def _without_opening(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], bool]:
    """The question after « Et », « D'accord, mais »; whether there was such an opening."""
    rest = tuple(tokens)
    opened = False
    while len(rest) > 1:
        for opening in _OPENINGS:
            size = _spelled(rest, opening)
            goes_on = size and size < len(rest) and rest[size].form not in _NO_OPENING_BEFORE
            if goes_on and _has_words(rest[size:]):
                rest = rest[size:]
                opened = True
                break
        else:
            break
        while rest and rest[0].text in {",", "!", ".", ";", ":", "…", "-", "?"}:
            rest = rest[1:]
    return rest, opened


# « Puis-je… », « bien que… », « alors qu'… » open no follow-up.
_NO_OPENING_BEFORE = frozenset({"-je", "-il", "-elle", "que", "qu'", "-ce"})


def _has_words(tokens: Sequence[Token]) -> bool:
    return any(token.is_word for token in tokens)


def _spelled(tokens: Sequence[Token], phrase: Sequence[str]) -> int:
    """How many tokens spell a phrase at the start of a message; 0 when they do not."""
    for size in range(1, min(len(tokens), len(phrase) + 3) + 1):
        if plain(tokens[:size]) == " ".join(phrase):
            return size
    return 0


def _return_to_topic(tokens: Sequence[Token], history: History) -> str | None:
    """« Revenons à Lénine : où est-il né ? » -> « Où Lénine est-il né ? »"""
    rest, _ = _without_opening(tokens)
    contracted = [_uncontracted(token) for token in rest[:6]]
    for phrase in _RETURNS:
        size = _said(contracted, phrase)
        border = next((i for i, token in enumerate(rest) if token.text in {":", ",", "."}), None)
        if not size or border is None or border < size or not _has_words(rest[border + 1 :]):
            continue
        name = "".join((" " if token.spaced else "") + token.text for token in rest[size:border])
        leading = contracted[size - 1]
        article = leading[1] + " " if len(leading) > 1 else ""
        topic = _full_topic(article + name.strip(), history)
        if phrase == ["pour"] and topic == name.strip():
            # « Pour un mineur, quels documents faut-il ? » returns to nothing.
            continue
        alone = History(history.turns[:1], (topic,), history.names)
        core, opened = _without_opening(rest[border + 1 :])
        return _resolve(core, opened, alone)
    return None


def _said(contracted: Sequence[Sequence[str]], phrase: Sequence[str]) -> int:
    """How many tokens say « revenons à », « quant au » (= à le); 0 when they do not."""
    forms: list[str] = []
    for size, token_forms in enumerate(contracted, start=1):
        forms.extend(token_forms)
        if forms[: len(phrase)] == list(phrase):
            return size
    return 0


def _uncontracted(token: Token) -> list[str]:
    contractions = {
        "au": ["a", "le"],
        "aux": ["a", "les"],
        "du": ["de", "le"],
        "des": ["de", "les"],
    }
    return contractions.get(token.form, ["de" if token.form == "d'" else token.form])


def _full_topic(name: str, history: History) -> str:
    """« la révolte » -> "la révolte de Cronstadt", when it was spoken of."""
    for mention in find_mentions(name):
        described = history.described(mention.head, mention.gender, mention.plural, loose=False)
        if described is not None and described.content >= mention.content:
            return described.text
    return name
