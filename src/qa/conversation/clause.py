"""The clause that a pronoun stands in: its verb, its own subject, what it may stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.history import History, asks_who, person_in_answer
from qa.conversation.lexicon import (
    AUXILIARIES,
    BEING,
    CLITICS,
    DEFINITE,
    HAVING,
    IMPERSONAL_ADJECTIVES,
    IMPERSONAL_VERBS,
    INVERTED,
    MODALS,
    OTHER_DETERMINERS,
    OTHER_INVERTED,
    PREPOSITIONS,
    QUESTION_WORDS,
    WEATHER,
    WHICH,
)
from qa.conversation.mentions import Kind, Mention, find_mentions
from qa.conversation.tokens import Token, is_infinitive, text_of, tokenise

_ADVERBS = frozenset(
    """
    pas jamais plus souvent toujours bien aussi ensuite finalement vraiment deja donc alors
    reellement longtemps
    """.split()
)


def own_mentions(tokens: Sequence[Token]) -> list[Mention]:
    """What the message itself names, at its places in ``tokens``."""
    # A rule may have joined several words in one token.
    places = [place for place, token in enumerate(tokens) for _ in tokenise(token.text)]
    found = []
    for mention in find_mentions(text_of(tokens)):
        if mention.kind == "action" or mention.end > len(places):
            continue
        start, end = places[mention.start], places[mention.end - 1] + 1
        if start or tokens[0].form not in WHICH:
            found.append(replace(mention, start=start, end=end))
    return found


def own_names(tokens: Sequence[Token]) -> frozenset[str]:
    """The names in the message, which its pronouns do not stand for."""
    return frozenset(m.head for m in own_mentions(tokens) if m.proper and m.weight > 2)


def has_antecedent(tokens: Sequence[Token], index: int, gender: str, plural: bool) -> bool:
    """Whether something before tokens[index] in the message explains the pronoun there.

    « Trotsky a-t-il… », « Lénine, où est-il… »; not « Pendant la guerre, où vivait-elle ? ».
    """
    for mention in own_mentions(tokens):
        if mention.end > index:
            continue
        agrees = mention.plural == plural or not mention.text.startswith(("l", "L"))
        agrees = agrees and (not mention.gender or not gender or mention.gender == gender)
        if _is_particle(tokens, mention) and mention.end == index:
            return True
        if introduced(tokens, mention):
            if agrees and mention.kind == "person" and mention.end < index:
                return True
        elif agrees or all(token.form in CLITICS for token in tokens[mention.end : index]):
            return True
    return False


def _is_particle(tokens: Sequence[Token], mention: Mention) -> bool:
    """« Pourquoi de Gaulle a-t-il… »: the « de » is of the name."""
    before = [token.form for token in tokens[max(0, mention.start - 2) : mention.start]]
    name = mention.proper and tokens[mention.start].is_capital
    return name and before[-1:] == ["de"] and before[0] in QUESTION_WORDS | {"de"}


def introduced(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a preposition makes a mention an adjunct (« pendant la guerre », « en Russie »)."""
    before = tokens[mention.start - 1].form if mention.start else ""
    contracted = tokens[mention.start].form in {"au", "aux", "du"}
    return contracted or before in PREPOSITIONS - {"d'"}


def earlier_clause(tokens: Sequence[Token], index: int) -> bool:
    """Whether an earlier clause of the message names something: « Permis : peut-on l'obtenir »."""
    borders = [i for i in range(index) if tokens[i].text in set(",:;.?!") or tokens[i].form == "et"]
    return bool(borders) and any(
        mention.end <= borders[-1] and not introduced(tokens, mention)
        for mention in own_mentions(tokens)
    )


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
    if tokens[verb].form not in AUXILIARIES | MODALS:
        return end
    for ahead in range(end, len(tokens)):
        token = tokens[ahead]
        if token.is_capital or not token.is_word:
            break
        infinitive = is_infinitive(token) and tokens[ahead - 1].form not in DEFINITE
        if infinitive or is_participle(token):
            end = ahead + 1
        elif token.form not in _ADVERBS:
            break
    return end


_PARTICIPLES = tuple("e ee es ees i ie is it u ue us rt aint eint".split())


def is_participle(token: Token) -> bool:
    """Whether a word can be a past participle: « exilé », « fait », « détruites »."""
    known = token.form in {"ete", "fait", "eu"}
    return known or (token.is_content and token.form.endswith(_PARTICIPLES))


def antecedent(
    tokens: Sequence[Token], history: History, gender: str, plural: bool, wanted: Kind | None
) -> Mention | None:
    """What a subject pronoun stands for; the topic when nothing agrees with it."""
    found = history.asked(gender, plural) if wanted == "thing" else None
    found = found or history.find(gender, plural, wanted, own_names(tokens))
    found = found or (history.counted() if plural else None)
    if found is None and (plural or wanted != "person"):
        found = history.in_answer(gender, plural)
    if found is None and plural and asks_who(history.previous):
        # « Qui était le roi… ? » + « Combien d'enfants avaient-ils ? »: the king and his family
        found = person_in_answer(history.turns[0])
    return found or history.topic()


def may_replace(subject: Mention, gender: str, plural: bool) -> bool:
    """Whether a mention can be written where the pronoun stands."""
    agrees = not subject.gender or subject.gender == gender
    return subject.kind != "action" and subject.plural == plural and agrees


_HAPPENS = frozenset("passe passait passa passera produit produisit agi".split())


def is_impersonal(tokens: Sequence[Token], pronoun: int) -> bool:
    """« faut-il », « il y a », « s'agit-il », « que se passe-t-il », « il est possible de »."""
    if tokens[pronoun].form.startswith("-"):
        verb = pronoun - 1
        start = verb_group_start(tokens, verb)
    else:
        start = verb = pronoun + 1
        while verb < len(tokens) - 1 and tokens[verb].form in CLITICS:
            verb += 1
    if verb >= len(tokens):
        return True
    form = tokens[verb].form
    clitics = {token.form for token in tokens[start:verb]}
    asked = {token.form for token in tokens[:start]}
    rest = [token.form for token in tokens[max(verb, pronoun) + 1 :]]
    after_being = (form in BEING | {"a", "avait"} and rest[:1]) or [form]
    if form in {"existe", "existait", "reste", "restait"}:
        return bool((OTHER_DETERMINERS | DEFINITE.keys() | {"des", "d'", "de"}) & set(rest)) or (
            "combien" in asked
        )
    if form in IMPERSONAL_VERBS or after_being[0] in {"fallu", "plu", "neige"}:
        return True
    if after_being[0] in {"fait", "fera", "faisait", "faire", "fit", "ferait"}:
        return bool(WEATHER & (asked | set(rest)))
    if "y" in clitics and form in HAVING:
        return True
    happens = after_being[0] in _HAPPENS
    if clitics & {"s'", "se"} and happens:
        return bool(asked & {"que", "qu'", "comment"}) or not asked or "agi" in after_being
    if after_being[0] in {"arrive", "arriva", "advenu"} and asked & {"que", "qu'"}:
        return True
    if form in BEING and asked & {"heure"}:
        return True
    return (
        form in BEING
        and rest[:1] != []
        and (
            rest[0] in {"temps", "midi", "minuit", "tard", "tot"}
            or (
                rest[0] in IMPERSONAL_ADJECTIVES
                and bool(set(rest[1:]) & {"de", "d'", "que", "qu'"})
            )
        )
    )
