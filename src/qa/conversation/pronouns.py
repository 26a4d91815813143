"""Subject and object pronouns: « Où est-il ? », « Qui l'a tué ? », « Qui en fut le chef ? »."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.clause import (
    antecedent,
    beside,
    earlier_clause,
    has_antecedent,
    is_impersonal,
    is_impersonal_preverbal,
    may_replace,
    own_mentions,
    verb_group_end,
    verb_group_start,
)
from qa.conversation.history import History, place_in_answer, wanted_kind
from qa.conversation.lexicon import (
    AUXILIARIES,
    BEING,
    CLITICS,
    DEFINITE,
    INVERTED,
    PREPOSITIONS,
    SUBJECT_PRONOUNS,
    TRANSITIVE_VERBS,
    WHICH,
    stem,
    stems,
)
from qa.conversation.mentions import (
    BEFORE_OBJECT,
    Kind,
    Mention,
    is_object_pronoun,
    with_a,
    with_de,
)
from qa.conversation.place import about, after, locative, put, without
from qa.conversation.tokens import Token, is_infinitive, is_verb


def inverted_subject(tokens: list[Token], history: History) -> list[Token] | None:
    """« Où est-il mort ? » -> « Où Trotsky est-il mort ? »; « Que fit-il ? » -> « Que fit X ? »"""
    for index, token in enumerate(tokens):
        if token.form not in INVERTED or index == 0:
            continue
        gender, plural = SUBJECT_PRONOUNS[token.form[1:]]
        verb = index - 1
        start = verb_group_start(tokens, verb)
        if gender == "m" and not plural and is_impersonal(tokens, verb, index):
            continue
        if start and tokens[start - 1].form in _NEUTRAL_SUBJECTS:
            continue
        if _counted_subject(tokens, verb, start, plural):
            continue
        wanted = wanted_kind(tokens)
        if has_antecedent(tokens, start, gender, plural, wanted):
            continue
        subject = antecedent(tokens, history, gender, plural, wanted)
        if subject is None:
            continue
        return _with_subject(tokens, start, verb, index, subject)
    return None


_NEUTRAL_SUBJECTS = frozenset("cela ca ceci ce tout rien personne chacun celui-ci celle-ci".split())


def _with_subject(
    tokens: list[Token], start: int, verb: int, pronoun: int, subject: Mention
) -> list[Token]:
    before = tokens[start - 1].form if start else ""
    if not may_replace(subject, *SUBJECT_PRONOUNS[tokens[pronoun].form[1:]]):
        # « Que demandaient-ils ? » after a revolt: nobody there agrees with « ils ».
        return beside(tokens, subject)
    identity = start == 1 and start == verb and tokens[verb].form in BEING and before in _IDENTITY
    alone = before == "ou" and pronoun == len(tokens) - 1 and tokens[verb].form in BEING
    if before in {"que", "qu'"} or identity or alone:
        kept = [*tokens[:pronoun], *tokens[pronoun + 1 :]]
        end = verb + 1 if identity else verb_group_end(kept, verb)
        return after(kept, end, subject.text)
    lowered = list(tokens)
    if start == 0:
        first = lowered[0]
        lowered[0] = Token(first.text[0].lower() + first.text[1:], first.form, True)
    elif start and not lowered[start].spaced:
        lowered[start] = replace(lowered[start], spaced=True)
    return after(lowered, start, subject.text)


_IDENTITY = frozenset({"qui", "quel", "quelle", "quels", "quelles"})


def _counted_subject(tokens: Sequence[Token], verb: int, start: int, plural: bool) -> bool:
    """« Combien de marins furent-ils tués », « Quels pays sont-ils membres »: its own subject."""
    if tokens[verb].form not in BEING:
        return False
    if tokens[0].form in WHICH and verb + 2 < len(tokens):
        return (tokens[0].form[-1] == "s") == plural and start > 1
    if not plural:
        return False
    return any(
        token.form == "combien" or token.form in {"quels", "quelles"} for token in tokens[:start]
    ) and not any(token.form in PREPOSITIONS - {"de", "d'"} for token in tokens[:1])


def preverbal_subject(tokens: list[Token], history: History) -> list[Token] | None:
    """« Il est mort où ? » -> « Trotsky est mort où ? »; « avec elle » -> « avec Rosa »."""
    for index, token in enumerate(tokens):
        form = token.form
        before = tokens[index - 1].form if index else ""
        after_preposition = (before in PREPOSITIONS and before != "a") or (
            index > 0 and tokens[index - 1].text == "à"
        )
        if form in {"lui", "eux"} and after_preposition:
            if any(mention.proper and mention.kind == "person" for mention in own_mentions(tokens)):
                continue
            gender, plural = "m", form == "eux"
        elif form in SUBJECT_PRONOUNS:
            gender, plural = SUBJECT_PRONOUNS[form]
        else:
            continue
        if form == "il" and is_impersonal_preverbal(tokens, index):
            continue
        wanted = "person" if after_preposition else wanted_kind(tokens)
        if has_antecedent(tokens, index, gender, plural, wanted):
            continue
        found = antecedent(tokens, history, gender, plural, wanted)
        if found is not None and not may_replace(found, gender, plural):
            return beside(tokens, found)
        if found is not None:
            return put(tokens, index, index + 1, found.text)
    return None


def direct_object(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui l'a tué ? » -> « Qui a tué Trotsky ? »; « Peut-on le faire » -> the action asked of."""
    for index, token in enumerate(tokens):
        if token.form not in DEFINITE or not is_object_pronoun(tokens, index):
            continue
        if (index + 1 < len(tokens) and tokens[index + 1].form == "on") or earlier_clause(
            tokens, index
        ):
            continue
        verb = index + 1
        while verb < len(tokens) - 1 and tokens[verb].form in CLITICS:
            verb += 1
        if tokens[verb].form == "faire" and token.form == "le":
            action = history.action()
            if action is not None:
                return put(tokens, index, verb + 1, action.text)
        if tokens[verb].form in BEING:
            continue
        end = verb_group_end(tokens, verb)
        found = _object(tokens, history, token.form, tokens[end - 1])
        if found is None:
            continue
        kept = without(tokens, index)
        kept[end - 2] = _invariable(kept[end - 2], history, tokens[verb])
        return after(kept, end - 1, found.text)
    return None


def _object(
    tokens: Sequence[Token], history: History, clitic: str, participle: Token
) -> Mention | None:
    gender = {"le": "m", "la": "f"}.get(clitic, "")
    plural = clitic == "les"
    if participle.text.endswith(("ée", "ie", "ue", "ite", "erte", "ées")):
        gender = "f"
    wanted: Kind | None = None
    if {token.form for token in tokens} & _DONE_TO_PERSONS:
        wanted = "person"
    elif stem(participle.form) in stems(TRANSITIVE_VERBS):
        wanted = "thing"
    named = frozenset(mention.head for mention in own_mentions(tokens) if mention.proper)
    return (
        history.find(gender, plural, wanted, named)
        or history.find("", plural, wanted, named)
        or history.find("", None, wanted, named)
        or history.find(gender, plural, None, named)
        or history.topic()
    )


_DONE_TO_PERSONS = frozenset(
    """
    tuer assassiner arreter exiler epouser tue tua tuee tues assassine assassina assassinee arrete
    arreta arretee emprisonne exile exila exilee epouse epousa epousee condamne condamna condamnee
    accuse accusa execute executa eleve couronne nomme nomma elu elue trahi rencontre expulse
    deporte bannit banni enterre succede remplace remplaca
    """.split()
)


_FEMININE_ENDINGS = (
    "ées", "ée", "és", "ies", "ie", "ues", "ue", "uites", "uite", "rites", "rite", "ertes", "erte",
    "ises", "ise", "ortes", "orte",
)  # fmt: skip


def _invariable(token: Token, history: History, verb: Token) -> Token:
    """Undo the agreement with an object that stood before: « l'a fondée » -> « a fondé … »."""
    del history
    if verb.form not in {"a", "ont", "avait", "avaient", "eut", "aura"}:
        return token
    for ending in _FEMININE_ENDINGS:
        if len(token.text) > 3 and token.text.endswith(ending):
            kept = token.text[: -len(ending)] + ending.rstrip("s").rstrip("e")
            return Token(kept, token.form[: len(kept)], token.spaced)
    return token


def indirect_object(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui lui a succédé ? » -> « Qui a succédé à Lénine ? »"""
    for index, token in enumerate(tokens[:-1]):
        if token.form not in {"lui", "leur"}:
            continue
        if index and tokens[index - 1].form in PREPOSITIONS - {"a"}:
            continue
        following = tokens[index + 1]
        ahead = tokens[index + 2] if index + 2 < len(tokens) else None
        if not (is_verb(following, ahead) or following.form in AUXILIARIES) and not (
            token.form == "lui" and following.is_word
        ):
            continue
        if earlier_clause(tokens, index):
            continue
        plural = token.form == "leur"
        named = frozenset(mention.head for mention in own_mentions(tokens) if mention.proper)
        found = history.find("", plural, "person", named) or history.find("", None, "person", named)
        if found is None:
            continue
        end = verb_group_end(tokens, index + 1)
        return after(without(tokens, index), end - 1, with_a(found.text))
    return None


def place_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui y vivait ? » -> « Qui vivait à Coyoacán ? »; not « il y a »."""
    for index, token in enumerate(tokens[:-1]):
        if token.form != "y" or (token.is_capital and index):
            continue
        verb = index + 1
        ahead = tokens[verb + 1].form if verb + 1 < len(tokens) else ""
        before = tokens[index - 1].form if index else ""
        if tokens[verb].form in {"a", "avait", "eut", "aura", "aurait", "avoir", "ait"} and (
            ahead in {"-il", ""} or before in {"il", "n'", "s'"} or ahead == "-il"
        ):
            continue
        if not tokens[verb].is_word or earlier_clause(tokens, index):
            continue
        if any(m.end <= index and m.kind == "place" for m in own_mentions(tokens)):
            continue
        topic = history.topic("place") if wanted_kind(tokens) == "person" else None
        topic = topic or history.topic()
        if topic is None or topic.kind == "person":
            topic = history.topic("place") or next(
                filter(None, map(place_in_answer, history.turns[:1])), None
            )
        if topic is None:
            continue
        end = verb_group_end(tokens, verb)
        joins = {t.form for t in tokens} & {
            "participe",
            "participa",
            "participait",
            "mit",
            "oppose",
        }
        takes_a = bool(joins) or topic.kind == "thing"
        text = with_a(topic.text) if takes_a else about(topic)
        if "droit" in {t.form for t in tokens}:
            return after(without(tokens, index), len(tokens) - 1, with_a(topic.text))
        if topic.kind == "place":
            text = locative(topic)
        # « y a mis fin » + « à la guerre »
        last = len(tokens) if takes_a and len(tokens) - end == 1 else end
        return after(without(tokens, index), last - 1, text)
    return None


def part_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui en était le chef ? » -> « Qui était le chef de la révolte ? »"""
    for index, token in enumerate(tokens[:-1]):
        following = tokens[index + 1]
        ahead = tokens[index + 2] if index + 2 < len(tokens) else None
        if token.form != "en" or following.is_capital:
            continue
        before = tokens[index - 1].form if index else ""
        finite = is_verb(following, ahead) or following.form in AUXILIARIES
        infinitive = is_infinitive(following) and before in BEFORE_OBJECT
        if not (before in _BEFORE_EN and finite) and not infinitive:
            continue
        if earlier_clause(tokens, index) or any(
            t.form == "-il" and tokens[i - 1].form == "est" for i, t in enumerate(tokens)
        ):
            continue
        named = frozenset(mention.head for mention in own_mentions(tokens) if mention.proper)
        action = history.action()
        found = history.find(excluded=named) or action
        if found is None:
            continue
        kept = without(tokens, index)
        end = len(kept)
        return after(kept, end, with_de(found.text))
    return None


_BEFORE_EN = frozenset(
    "qui que qu' quel quelle quels quelles on il elle ils elles n' combien".split()
)
