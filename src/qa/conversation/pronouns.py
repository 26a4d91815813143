"""Subject and object pronouns: « Où est-il ? », « Qui l'a tué ? », « Qui en fut le chef ? »."""

from __future__ import annotations

from collections.abc import Sequence

from qa.conversation.clause import (
    antecedent,
    earlier_clause,
    has_antecedent,
    is_impersonal,
    may_replace,
    own_mentions,
    own_names,
    verb_group_end,
    verb_group_start,
)
from qa.conversation.grammar import BEFORE_OBJECT, is_object_pronoun, with_a, with_de
from qa.conversation.history import History, asks_where, asks_who, place_in_answer, wanted_kind
from qa.conversation.lexicon import (
    BEING,
    CLITICS,
    DEFINITE,
    HAVING,
    INVERTED,
    OBJECT_PERSON_VERBS,
    PREPOSITIONS,
    SUBJECT_PRONOUNS,
    TRANSITIVE_VERBS,
    VERBS_WITH_A,
    WHICH,
    among,
)
from qa.conversation.mentions import Kind, Mention
from qa.conversation.place import about, after, beside, locative, put, without
from qa.conversation.tokens import Token, is_infinitive, is_verb

_OBJECTS = frozenset({"le", "la", "l'", "les"})
_NEUTRAL_SUBJECTS = frozenset("cela ca ceci ce tout rien personne chacun celui-ci celle-ci".split())


def inverted_subject(tokens: list[Token], history: History) -> list[Token] | None:
    """« Où est-il mort ? » -> « Où Trotsky est-il mort ? »; « Que fit-il ? » -> « Que fit X ? »"""
    for index, token in enumerate(tokens):
        if token.form not in INVERTED or index == 0:
            continue
        gender, plural = SUBJECT_PRONOUNS[token.form[1:]]
        start = verb_group_start(tokens, index - 1)
        if token.form == "-il" and is_impersonal(tokens, index):
            continue
        if start and tokens[start - 1].form in _NEUTRAL_SUBJECTS:
            continue
        if _counted_subject(tokens, index - 1, start, plural):
            continue
        if has_antecedent(tokens, start, gender, plural):
            continue
        wanted = wanted_kind(tokens)
        if {token.form for token in tokens[start : index - 1]} & _OBJECTS:
            # « Quand le franchit-il ? »: someone does it to something.
            wanted = "person"
        subject = antecedent(tokens, history, gender, plural, wanted)
        if subject is not None:
            return _with_subject(tokens, start, index, subject)
    return None


def _with_subject(tokens: list[Token], start: int, pronoun: int, subject: Mention) -> list[Token]:
    if not may_replace(subject, *SUBJECT_PRONOUNS[tokens[pronoun].form[1:]]):
        # « Que demandaient-ils ? » after a revolt: nobody there agrees with « ils ».
        return beside(tokens, subject)
    verb = pronoun - 1
    before = tokens[start - 1].form if start else ""
    being = tokens[verb].form in BEING
    identity = being and start == verb == 1 and before in WHICH | {"qui"}
    if (
        before in {"que", "qu'"}
        or identity
        or (being and before == "ou" and pronoun == len(tokens) - 1)
    ):
        kept = [*tokens[:pronoun], *tokens[pronoun + 1 :]]
        return after(kept, verb + 1 if identity else verb_group_end(kept, verb), subject.text)
    first = tokens[start]
    text = first.text if start else first.text[0].lower() + first.text[1:]
    spaced = [*tokens[:start], Token(text, first.form, True), *tokens[start + 1 :]]
    return after(spaced, start, subject.text)


def _counted_subject(tokens: Sequence[Token], verb: int, start: int, plural: bool) -> bool:
    """« Combien de marins furent-ils tués », « Quels pays sont-ils membres »: its own subject."""
    if tokens[verb].form not in BEING:
        return False
    if tokens[0].form in WHICH and verb + 2 < len(tokens):
        return (tokens[0].form[-1] == "s") == plural and start > 1
    return plural and bool(
        {token.form for token in tokens[:start]} & {"combien", "quels", "quelles"}
    )


def preverbal_subject(tokens: list[Token], history: History) -> list[Token] | None:
    """« Il est mort où ? » -> « Trotsky est mort où ? »; « avec elle » -> « avec Rosa »."""
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after_preposition = before is not None and (
            before.text == "à" or before.form in PREPOSITIONS - {"a"}
        )
        if token.form in {"lui", "eux"} and after_preposition:
            gender, plural = "m", token.form == "eux"
        elif token.form in SUBJECT_PRONOUNS:
            gender, plural = SUBJECT_PRONOUNS[token.form]
        else:
            continue
        if token.form == "il" and is_impersonal(tokens, index):
            continue
        wanted = "person" if after_preposition else wanted_kind(tokens)
        if has_antecedent(tokens, index, gender, plural):
            continue
        found = antecedent(tokens, history, gender, plural, wanted)
        if found is None:
            continue
        if not may_replace(found, gender, plural):
            return beside(tokens, found)
        return put(tokens, index, index + 1, found.text)
    return None


def direct_object(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui l'a tué ? » -> « Qui a tué Trotsky ? »; « Peut-on le faire » -> the action asked of."""
    for index, token in enumerate(tokens):
        if token.form not in DEFINITE or not is_object_pronoun(tokens, index):
            continue
        if tokens[index + 1].form == "on" or earlier_clause(tokens, index):
            continue
        verb = index + 1
        while verb < len(tokens) - 1 and tokens[verb].form in CLITICS:
            verb += 1
        action = history.action()
        if tokens[verb].form == "faire" and token.form == "le" and action is not None:
            return put(tokens, index, verb + 1, action.text)
        if tokens[verb].form in BEING:
            continue
        end = verb_group_end(tokens, verb)
        found = _object(tokens, history, token.form, tokens[end - 1])
        if found is None:
            continue
        kept = without(tokens, index)
        if tokens[verb].form in HAVING:
            kept[end - 2] = _invariable(kept[end - 2])
        return after(kept, end - 1, found.text)
    return None


def _object(
    tokens: Sequence[Token], history: History, clitic: str, participle: Token
) -> Mention | None:
    gender = {"le": "m", "la": "f"}.get(clitic, "")
    if participle.text.endswith(("ée", "ie", "ue", "ite", "erte", "ise")) or (
        clitic == "les" and participle.text.endswith(("ées", "ies", "ues", "ites", "ertes", "ises"))
    ):
        gender = "f"
    elif clitic == "les" and participle.text.endswith(("és", "us", "is")):
        gender = "m"  # who writes « les a écrasés » makes it agree
    wanted: Kind | None = None
    if any(among(token.form, OBJECT_PERSON_VERBS) for token in tokens):
        wanted = "person"
    elif among(participle.form, TRANSITIVE_VERBS):
        wanted = "thing"
    elif asks_who(history.previous):
        wanted = "thing"  # « Qui a peint X ? » + « Où peut-on le voir ? »
    named = own_names(tokens)
    plural = clitic == "les"
    asked = history.asked(gender, plural) if wanted != "person" and clitic != "l'" else None
    return (
        asked
        or history.find(gender, plural, wanted, named)
        or history.find("", None, wanted, named)
        or history.find(gender, plural, None, named)
        or history.topic()
    )


_FEMININE_ENDINGS = (
    "ées", "ée", "és", "ies", "ie", "ues", "ue", "uites", "uite", "rites", "rite", "ertes", "erte",
    "ises", "ise", "ortes", "orte",
)  # fmt: skip


def _invariable(token: Token) -> Token:
    """Undo the agreement with an object that stood before: « l'a fondée » -> « a fondé … »."""
    for ending in _FEMININE_ENDINGS:
        if len(token.text) > 3 and token.text.endswith(ending):
            kept = token.text[: -len(ending)] + ending.rstrip("s").rstrip("e")
            return Token(kept, token.form[: len(kept)], token.spaced)
    return token


def indirect_object(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui lui a succédé ? » -> « Qui a succédé à Lénine ? »"""
    for index, token in enumerate(tokens[:-1]):
        if token.form not in {"lui", "leur"} or earlier_clause(tokens, index):
            continue
        before = tokens[index - 1] if index else None
        if before is not None and (before.form in PREPOSITIONS - {"a"} or before.text == "à"):
            continue
        following, *ahead = tokens[index + 1 : index + 3]
        if (token.form == "leur" and not is_verb(following, *ahead)) or not following.is_word:
            continue
        named = own_names(tokens)
        plural = token.form == "leur"
        found = history.find("", plural, "person", named) or history.find("", None, "person", named)
        if found is not None:
            end = verb_group_end(tokens, index + 1)
            return after(without(tokens, index), end - 1, with_a(found.text))
    return None


def place_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui y vivait ? » -> « Qui vivait à Coyoacán ? »; not « il y a »."""
    for index, token in enumerate(tokens):
        if token.form == "dedans":
            topic = history.topic()
            return None if topic is None else put(tokens, index, index + 1, "dans " + topic.text)
        if token.form != "y" or (token.is_capital and index) or index + 1 == len(tokens):
            continue
        verb = index + 1
        there_is = tokens[verb].form in HAVING and (
            tokens[index - 1].form in {"il", "n'", "s'"}
            or [token.form for token in tokens[verb + 1 : verb + 2]] in ([], ["-il"])
        )
        there_is |= tokens[verb].form == "en"  # « Combien y en a-t-il ? »
        own_place = any(m.end <= index and m.kind == "place" for m in own_mentions(tokens))
        if there_is or own_place or earlier_clause(tokens, index):
            continue
        text = _where_or_to_what(tokens[verb:], history)
        if text is None:
            continue
        end = verb_group_end(tokens, verb)
        named = end < len(tokens) and any(m.start == end for m in own_mentions(tokens))
        # « y a mis fin », « y a droit » + « à la guerre »; « y accueillit Trotsky » + « à … »
        whole = named or {token.form for token in tokens} & _WITH_A_NOUN
        return after(without(tokens, index), (len(tokens) if whole else end) - 1, text)
    return None


def _where_or_to_what(clause: Sequence[Token], history: History) -> str | None:
    """What « y » stands for: « à Coyoacán », « pendant la révolte », « au traité »."""
    takes_a = bool({token.form for token in clause} & _WITH_A_NOUN) or any(
        among(token.form, VERBS_WITH_A) for token in clause
    )
    things = (mention for mention in history.mentions() if mention.kind in {"thing", "event"})
    topic = next(things, None) if takes_a else None
    if topic is None and asks_where(history.previous):
        told = history.place_told()
        if told is not None:
            return told
        # « Où se trouve le lac Titicaca ? » + « Qui y vit ? »: at the lake
        topic = history.topic()
        if topic is None or topic.kind != "place":
            topic = place_in_answer(history.turns[0])
    topic = topic or history.topic("place" if wanted_kind(clause) == "person" else None)
    if topic is not None and topic.kind == "person":
        place = history.topic("place", strict=True) or place_in_answer(history.turns[0])
        topic = place or history.find(wanted="thing")
    if topic is None:
        return None
    if takes_a or topic.kind == "thing":
        return with_a(topic.text)
    return locative(topic) if topic.kind == "place" else about(topic)


_WITH_A_NOUN = frozenset({"fin", "droit"})


def part_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui en était le chef ? » -> « Qui était le chef de la révolte ? »"""
    for index, token in enumerate(tokens[:-1]):
        following, *ahead = tokens[index + 1 : index + 3]
        if token.form != "en" or following.is_capital or earlier_clause(tokens, index):
            continue
        before = tokens[index - 1].form if index else ""
        finite = is_verb(following, *ahead) and before in _BEFORE_EN
        infinitive = is_infinitive(following) or following.form == "avoir"
        if not finite and not (infinitive and before in BEFORE_OBJECT):
            continue
        # « Où en est-il ? » asks how far something is.
        if [t.form for t in tokens[index + 1 : index + 3]] == ["est", "-il"]:
            continue
        found = history.find(excluded=own_names(tokens)) or history.action()
        if found is None:
            continue
        if {t.form for t in tokens[index:]} & {"un", "une", "plusieurs", "deux", "d'autres"}:
            return beside(without(tokens, index), found)
        return after(without(tokens, index), len(tokens) - 1, with_de(found.text))
    return None


_BEFORE_EN = frozenset(
    "qui que qu' quel quelle quels quelles on il elle ils elles n' combien y".split()
)
