"""The clause that a pronoun stands in: its verb, its own subject, what it may stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.history import History
from qa.conversation.lexicon import (
    AUXILIARIES,
    CLITICS,
    DEFINITE,
    IMPERSONAL_ADJECTIVES,
    IMPERSONAL_VERBS,
    INVERTED,
    OTHER_DETERMINERS,
    OTHER_INVERTED,
    PREPOSITIONS,
    WHICH,
)
from qa.conversation.mentions import Kind, Mention, find_mentions
from qa.conversation.place import about, after
from qa.conversation.tokens import Token, is_infinitive, tokenise

_ADVERBS = frozenset(
    """
    pas jamais plus souvent toujours bien aussi ensuite finalement vraiment deja donc alors
    reellement longtemps
    """.split()
)


_MODALS = frozenset(
    """
    peut peuvent doit doivent veut veulent va vont fait fit faut voulut pouvait voulait devait
    fallait pourrait
    """.split()
)


def own_mentions(tokens: Sequence[Token]) -> list[Mention]:
    """What the message itself names, at its places in ``tokens``."""
    text = ""
    borders = []
    for token in tokens:
        text += " " if token.spaced and text else ""
        borders.append((len(text), len(text) + len(token.text)))
        text += token.text
    found = []
    for mention in find_mentions(text):
        spelled = mention.text.split()[-1] if mention.text else ""
        if mention.kind == "action" or not spelled:
            continue
        start, end = _place(text, mention)
        first = sum(1 for _, stop in borders if stop <= start)
        last = sum(1 for begin, _ in borders if begin < end)
        placed = replace(mention, start=first, end=last)
        if not _asked(placed, tokens):
            found.append(placed)
    return found


def _place(text: str, mention: Mention) -> tuple[int, int]:
    """Where a mention stands in a text, by its tokens: a rule may have joined several in one."""
    position = start = 0
    for index, token in enumerate(tokenise(text)[: mention.end]):
        found = text.find(token.text, position)
        position = position if found < 0 else found
        if index == mention.start:
            start = position
        position += len(token.text) if found >= 0 else 0
    return start, position


def _asked(mention: Mention, tokens: Sequence[Token]) -> bool:
    return mention.start == 0 and tokens[0].form in WHICH


def has_antecedent(
    tokens: Sequence[Token], index: int, gender: str, plural: bool, wanted: Kind | None
) -> bool:
    """Whether something before tokens[index] in the message explains the pronoun there.

    « Trotsky a-t-il… », « Lénine, où est-il… »; not « Pendant la guerre, où vivait-elle ? ».
    """
    for mention in own_mentions(tokens):
        if mention.end > index:
            continue
        if mention.end == index or all(t.form in CLITICS for t in tokens[mention.end : index]):
            if not introduced(tokens, mention) or mention.end < index:
                return True
            continue
        agrees = mention.plural == plural or not mention.text.startswith(("l", "L"))
        agrees = agrees and (not mention.gender or not gender or mention.gender == gender)
        fits = wanted != "person" or mention.kind == "person" or mention.proper
        fits = fits or (mention.gender != "" and mention.gender == gender)
        if agrees and fits and not introduced(tokens, mention):
            return True
        if agrees and mention.kind == "person":
            return True
    return False


def introduced(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a preposition makes a mention an adjunct (« pendant la guerre », « en Russie »)."""
    first = tokens[mention.start].form
    before = tokens[mention.start - 1].form if mention.start else ""
    return first in {"au", "aux", "du"} or before in PREPOSITIONS - {"d'"} or before in {"de"}


def verb_group_start(tokens: Sequence[Token], verb: int) -> int:
    """Where the verb with its clitics starts: « n'a », « s'est », « lui a »."""
    start = verb
    while start and tokens[start - 1].form in CLITICS:
        start -= 1
    return start


def verb_group_end(tokens: Sequence[Token], verb: int) -> int:
    """After the verb, its pronoun, adverbs and participles: « a | -t-on | exilé »."""
    end = verb + 1
    if end < len(tokens) and tokens[end].form in INVERTED | OTHER_INVERTED:
        end += 1
    if tokens[verb].form not in AUXILIARIES and tokens[verb].form not in _MODALS:
        return end
    ahead = end
    while ahead < len(tokens):
        token = tokens[ahead]
        if token.form in _ADVERBS:
            ahead += 1
            continue
        if token.is_capital or not token.is_word:
            break
        if token.form in {"ete", "fait", "eu", "ecrit", "mort"} or _is_participle(token):
            ahead += 1
            end = ahead
            continue
        if is_infinitive(token) and tokens[ahead - 1].form not in DEFINITE:
            ahead += 1
            end = ahead
            continue
        break
    return end


def _is_participle(token: Token) -> bool:
    return token.is_content and token.form.endswith(
        (
            "e",
            "ee",
            "es",
            "ees",
            "i",
            "ie",
            "is",
            "it",
            "u",
            "ue",
            "us",
            "rt",
            "ort",
            "aint",
            "eint",
        )
    )


def noun(mention: Mention) -> Token:
    """A mention as one token."""
    return Token(mention.text, mention.head, True)


def antecedent(
    tokens: Sequence[Token], history: History, gender: str, plural: bool, wanted: Kind | None
) -> Mention | None:
    """What a subject pronoun stands for; the topic when nothing agrees with it."""
    named = frozenset(
        mention.head for mention in own_mentions(tokens) if mention.proper and mention.weight > 2
    )
    found = history.find(gender, plural, wanted, named)
    if found is None and plural:
        found = history.find("", True, wanted, named)
    return found or history.topic()


def may_replace(subject: Mention, gender: str, plural: bool) -> bool:
    """Whether a mention can be written where the pronoun stands."""
    return (
        subject.kind != "action"
        and subject.plural == plural
        and (not subject.gender or subject.gender == gender)
    )


def beside(tokens: list[Token], topic: Mention) -> list[Token]:
    """The topic after a question whose pronoun it cannot replace."""
    text = about(topic) if topic.kind == "action" else f"({topic.text})"
    return after(tokens, len(tokens), text)


def is_impersonal(tokens: Sequence[Token], verb: int, pronoun: int) -> bool:
    """« faut-il », « y a-t-il », « s'agit-il », « se passe-t-il », « est-il possible de »."""
    form = tokens[verb].form
    before = {token.form for token in tokens[verb_group_start(tokens, verb) : verb]}
    rest = [token.form for token in tokens[pronoun + 1 :]]
    if form in {"existe", "existait", "reste", "restait"}:
        return any(
            t in OTHER_DETERMINERS | {"des", "d'", "de", "le", "la", "les"} for t in rest
        ) or (any(token.form == "combien" for token in tokens[:verb]))
    if form in IMPERSONAL_VERBS:
        return True
    if "y" in before and form in {"a", "avait", "aura", "eut", "aurait"}:
        return True
    if before & {"s'", "se"} and (
        form in {"passe", "passait", "passa", "produit", "produisit"}
        or (rest and rest[0] in {"passe", "produit", "agi"})
    ):
        return any(token.form in {"que", "qu'", "comment"} for token in tokens[:verb]) or bool(
            before & {"y"}
        )
    if form in {"est", "etait", "serait", "fut"} and rest:
        if rest[0] in IMPERSONAL_ADJECTIVES and set(rest[1:]) & {"de", "d'", "que", "qu'"}:
            return True
        if rest[0] in {"arrive", "advenu"} and tokens[0].form in {"que", "qu'"}:
            return True
    if form in {"arrive", "arriva"} and tokens[0].form in {"que", "qu'"}:
        return True
    return any(token.form == "heure" for token in tokens[:verb]) or (
        form == "fait" and any(token.form in {"temps", "froid", "chaud"} for token in tokens)
    )


def is_impersonal_preverbal(tokens: Sequence[Token], index: int) -> bool:
    """« il y a », « il faut », « il s'agit », « il est possible de »."""
    rest = [token.form for token in tokens[index + 1 : index + 5] if token.form not in {"ne", "n'"}]
    if not rest:
        return True
    if rest[0] == "y" and len(rest) > 1 and rest[1] in {"a", "avait", "eut", "aura", "aurait"}:
        return True
    if rest[0] in IMPERSONAL_VERBS or rest[:2] in (
        ["s'", "agit"],
        ["se", "passe"],
        ["s'", "agissait"],
    ):
        return True
    if rest[:2] == ["s'", "est"] and rest[2:3] in (["passe"], ["produit"]):
        return True
    return (
        rest[0] in {"est", "etait"}
        and rest[1:2] != []
        and rest[1] in IMPERSONAL_ADJECTIVES
        and (bool({"de", "d'", "que", "qu'"} & set(rest[2:])))
    )


def earlier_clause(tokens: Sequence[Token], index: int) -> bool:
    """Whether an earlier clause of the message names something: « Permis : peut-on l'obtenir »."""
    borders = [i for i in range(index) if tokens[i].text in {",", ":", ";", ".", "?", "!"}]
    borders += [i for i in range(index) if tokens[i].form == "et"]
    return bool(borders) and any(
        mention.end <= max(borders) and not introduced(tokens, mention)
        for mention in own_mentions(tokens)
    )
