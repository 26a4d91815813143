"""A follow-up -> the question as understood out of context, by French rules alone.

Topic words of earlier *questions* are carried over, which works as well as a trained rewriter
(HQE, Lin et al. 2020); those of answers are not, which hurts, but for whom « Qui… ? » found and
what « ce dernier » or « cette ville » point at. A question that stands alone gets no history.
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
from qa.conversation.tokens import Token, plain, text_of, tokenise, without_end
from qa.courtesy import courtesy_reply
from qa.records import Turn

# A message this long speaks for itself; no rewriting makes a question longer than the second.
_LONGEST_FOLLOW_UP = 400  # characters
_LONGEST_QUESTION = 2_000

# « Puis-je… », « bien que… », « alors qu'… » open no follow-up.
_NO_OPENING_BEFORE = frozenset({"-je", "-il", "-elle", "que", "qu'", "-ce"})
_LONGEST_OPENING = max(len(opening.split()) for opening in OPENINGS) + 2
_RETURNS = sorted((phrase.split() for phrase in RETURNS), key=len, reverse=True)
_CONTRACTIONS = {
    "au": ["a", "le"], "aux": ["a", "les"], "du": ["de", "le"], "des": ["de", "les"], "d'": ["de"],
}  # fmt: skip
_ACCENTS = (
    (re.compile(r"^Ou\b"), "Où"),
    (re.compile(r"(-(?:il|elle)|\best|\bfut) ne(e?)\b(?! \w+ pas\b)"), r"\1 né\2"),
    (re.compile(r"\bete\b"), "été"),
    (re.compile(r"\b(a|ont|avait) tue\b"), r"\1 tué"),
)

__all__ = ["split_questions", "standalone_question"]


def standalone_question(message: str, turns: Sequence[Turn]) -> str:
    """The question out of context: « Où est-il mort ? » -> « Où Trotsky est-il mort ? ».

    Equal to the message (white space normalised) when it stands alone or nothing came before.
    """
    text = " ".join(message.split())
    if not turns or not text or len(text) > _LONGEST_FOLLOW_UP:
        return text
    history = read_history(turns)
    if history is None or courtesy_reply(text, in_conversation=True) is not None:
        return text
    typed = text.capitalize() if text.isupper() else text
    tokens = restore_names(tokenise(typed), history.names)
    resolved = _return_to_topic(tokens, history) or _resolve(*_without_opening(tokens), history)
    if not resolved or len(resolved) > _LONGEST_QUESTION or _says_twice(resolved, text, history):
        return text
    if text.isascii():
        # The commonest accents that were not typed: « Ou Trotsky est-il ne » -> « Où … né ».
        for bare, written in _ACCENTS:
            resolved = bare.sub(written, resolved)
    return resolved


def _says_twice(resolved: str, message: str, history: History) -> bool:
    """Whether a topic was added to a message that had it: then the message stood alone."""
    added = re.search(r"\([^()]+\)", resolved)
    if added is not None and resolved.count(added.group()) > 1:
        return True
    return any(
        mention.text in message and resolved.count(mention.text) > 1
        for mention in find_mentions(history.previous)
    )


def _resolve(core: Sequence[Token], opened: bool, history: History) -> str | None:
    """The first rule that applies: a fragment, a reference, a missing topic."""
    context, question = _last_sentence(core)
    if not question or own_mentions(without_end(context)):
        return None
    return (
        resolve_fragment(question, opened, history)
        or resolve_references(question, history)
        or resolve_missing_topic(question, history)
    )


def _last_sentence(tokens: Sequence[Token]) -> tuple[Sequence[Token], Sequence[Token]]:
    """« Merci. | Où est-il mort ? »: what comes before the question, and the question."""
    for index in range(len(without_end(tokens)) - 1, 0, -1):
        ends = tokens[index].text in {".", "!", "?", "…"} and len(tokens[index - 1].text) > 1
        if ends and tokens[index + 1].is_capital:
            return tokens[: index + 1], tokens[index + 1 :]
    return (), tokens


def _without_opening(tokens: Sequence[Token]) -> tuple[tuple[Token, ...], bool]:
    """The question after « Et », « D'accord, mais »; whether there was such an opening."""
    rest = tuple(tokens)
    size = 1
    while size:
        for size in range(min(_LONGEST_OPENING, len(rest) - 1), 0, -1):
            opens = plain(rest[:size]) in OPENINGS and rest[size].form not in _NO_OPENING_BEFORE
            if opens and any(token.is_word for token in rest[size:]):
                rest = rest[size:]
                break
        else:
            size = 0
        while rest and rest[0].text in {",", "!", ".", ";", ":", "…", "-", "?"}:
            rest = rest[1:]
    return rest, len(rest) < len(tokens)


def _return_to_topic(tokens: Sequence[Token], history: History) -> str | None:
    """« Revenons à Lénine : où est-il né ? » -> « Où Lénine est-il né ? »"""
    rest, _ = _without_opening(tokens)
    border = next((i for i, token in enumerate(rest) if token.text in {":", ",", "."}), 0)
    if not any(token.is_word for token in rest[border + 1 :]):
        return None
    # « au » is said « à le »: the words, each with its token.
    said = [
        (form, index)
        for index, token in enumerate(rest[:6])
        for form in _CONTRACTIONS.get(token.form, [token.form])
    ]
    for phrase in _RETURNS:
        if [form for form, _ in said[: len(phrase)]] != phrase:
            continue
        last = said[len(phrase) - 1][1]
        article = [form for form, index in said[len(phrase) :] if index == last]
        name = " ".join([*article, text_of(rest[last + 1 : border])])
        topic = _full_topic(name, history)
        if not name or border <= last or (phrase == ["pour"] and topic == name):
            # « Pour un mineur, quels documents faut-il ? » returns to nothing.
            continue
        alone = History(history.turns[:1], (topic,), history.names)
        return _resolve(*_without_opening(rest[border + 1 :]), alone)
    return None


def _full_topic(name: str, history: History) -> str:
    """« la révolte » -> "la révolte de Cronstadt", when it was spoken of."""
    for mention in find_mentions(name):
        described = history.described(mention.head, mention.gender, mention.plural, loose=False)
        if described is not None and described.content >= mention.content:
            return described.text
    return name
