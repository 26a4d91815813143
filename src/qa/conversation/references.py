"""« Qui était-ce ? », « cette bataille », « son rôle », « la révolte », « ça »; and all in order.

Each rule takes the tokens and returns new ones, or None when it has nothing to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from qa.conversation.clause import antecedent, introduced, own_mentions
from qa.conversation.grammar import gender_of
from qa.conversation.history import (
    History,
    asks_who,
    last_in_answer,
    person_in_answer,
    place_in_answer,
    wanted_kind,
)
from qa.conversation.lexicon import (
    CONTRACTED,
    DEFINITE,
    DEMONSTRATIVE_DETERMINERS,
    DEMONSTRATIVE_PRONOUNS,
    EVENT_NOUNS,
    GENERAL_NOUNS,
    POSSESSIVES,
    RELATIONAL_NOUNS,
    VISITED,
    among,
    is_noun_of,
    stem,
)
from qa.conversation.mentions import phrase_end
from qa.conversation.place import (
    about,
    after,
    agreeing,
    locative,
    own_possessive,
    possessed_end,
    put,
)
from qa.conversation.pronouns import (
    direct_object,
    indirect_object,
    inverted_subject,
    part_pronoun,
    place_pronoun,
    preverbal_subject,
)
from qa.conversation.tokens import (
    Token,
    is_infinitive,
    is_verb,
    plain,
    render,
    tokenise,
    without_end,
)


def resolve_references(core: Sequence[Token], history: History) -> str | None:
    """The question with its pronouns and other references resolved, or None when it has none."""
    tokens = without_end(core)
    resolved = _who(tokens, history) or _what_is_it(tokens, history)
    if resolved is not None:
        return resolved
    changed = False
    for rule in _RULES:
        written = rule(tokens, history)
        if written is not None:
            tokens, changed = written, True
    return render(tokens) if changed else None


_WHO = re.compile(
    r"qui (?:est|etait|fut|sont|etaient) (?:-(?:il|elle|ils|elles|ce)|ce|celui-ci|celle-ci"
    r"|cet homme|cette femme|cette personne|ce personnage)(?: donc)?"
    r"|(?:c'|il |elle )(?:est|etait) qui|qui c'(?:est|etait)|qui ca"
)
_WAS = {"etaient": "étaient", "etait": "était", "sont": "sont", "fut": "fut"}


def _who(tokens: list[Token], history: History) -> str | None:
    """« Qui était-ce ? » asks for the person whom the last answer named."""
    said = plain(tokens)
    if not _WHO.fullmatch(said):
        return None
    verb = next((verb for form, verb in _WAS.items() if form in said), "est")
    gender = "f" if "elle" in said or "femme" in said else "m" if " -il" in said else ""
    plural = True if verb in {"sont", "étaient"} else None
    person = None
    if not plural and (asks_who(history.previous) or said.endswith(("ce", "ce donc"))):
        person = person_in_answer(history.turns[0])
    person = person or history.find(gender, plural, "person") or history.topic()
    return None if person is None else f"Qui {verb} {person.text} ?"


_WHAT_IS = re.compile(
    r"(?:qu'est -ce(?: que (?:c'est|c'etait|cela|cela signifie|ca veut dire))?|qu'etait -ce"
    r"|c'(?:est|etait) quoi(?: ca)?|c'est -a -dire|ca veut dire quoi|que signifie cela)"
)


def _what_is_it(tokens: list[Token], history: History) -> str | None:
    """« C'est quoi ? » -> « Qu'est-ce que la photosynthèse ? »"""
    topic = history.topic()
    if topic is None or not _WHAT_IS.fullmatch(" ".join(plain(tokens).split())):
        return None
    asked = list(tokenise("Qu'est-ce que x"))
    return render(put(asked, len(asked) - 1, len(asked), topic.text))


def _demonstrative_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Quand celui-ci est-il mort ? », « ce dernier » -> the mention that agrees."""
    for index, token in enumerate(tokens):
        end = index + 1
        if token.form in DEMONSTRATIVE_PRONOUNS:
            gender, plural = DEMONSTRATIVE_PRONOUNS[token.form]
        elif token.form in DEMONSTRATIVE_DETERMINERS and _is_latter(tokens[end : end + 2]):
            form = tokens[end].form
            gender, plural = ("f" if "ere" in form else "m"), form.endswith("s")
            end += 1
        else:
            continue
        if any(mention.end <= index and mention.proper for mention in own_mentions(tokens)):
            continue
        wanted = wanted_kind(tokens)
        found = history.in_answer(gender, plural) if plural else None
        if not plural:
            named = person_in_answer if wanted == "person" else last_in_answer
            found = named(history.turns[0])
        found = found or antecedent(tokens, history, gender, plural, wanted)
        if found is not None:
            return put(tokens, index, end, found.text)
    return None


def _is_latter(tokens: Sequence[Token]) -> bool:
    """« ce dernier », not « ces dernières années »."""
    latter = bool(tokens) and tokens[0].form.rstrip("s") in {"dernier", "derniere"}
    return latter and not (len(tokens) > 1 and tokens[1].form in _TEMPORAL)


_TEMPORAL = frozenset(
    """annee annees jour mois semaine siecle fois matin soir moment epoque periode date""".split()
)


def _demonstrative_phrase(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui a gagné cette bataille ? » -> « Qui a gagné la bataille de Waterloo ? »"""
    for index, token in enumerate(tokens[:-1]):
        if token.form not in DEMONSTRATIVE_DETERMINERS or not tokens[index + 1].is_content:
            continue
        end = phrase_end(tokens, index + 1)
        head = tokens[index + 1].form.removesuffix("-la").removesuffix("-ci")
        complement = end < len(tokens) and tokens[end].form in {"de", "du", "d'", "des"}
        if head in _TEMPORAL or end == index + 1 or complement:
            continue
        if any(
            mention.end <= index and stem(mention.head) == stem(head)
            for mention in own_mentions(tokens)
        ):
            continue
        gender, plural = gender_of(token.form, tokens[index + 1])
        found = history.described(head, gender, plural, loose=True)
        if found is not None:
            if any(token.text == found.text for token in tokens):
                return None
            if head in GENERAL_NOUNS or stem(head) == stem(found.head):
                return put(tokens, index, end, found.text)
            # « ce naufrage » says more than what it goes back to.
            return after(tokens, end, f"({found.text})")
        if is_noun_of(head, EVENT_NOUNS):
            place = place_in_answer(history.turns[0]) or history.topic("place", strict=True)
            return None if place is None else after(tokens, end, locative(place))
    return None


def _possessive(tokens: list[Token], history: History) -> list[Token] | None:
    """« Quel fut son rôle ? » -> « Quel fut le rôle de Trotsky ? »"""
    for index, token in enumerate(tokens):
        if token.form not in POSSESSIVES:
            continue
        if _owner_in_message(tokens, index) or _anyone(tokens, index, history):
            continue
        text = own_possessive(tokens, index, history)
        if text is not None:
            return put(tokens, index, possessed_end(tokens, index), text)
    return None


def _owner_in_message(tokens: Sequence[Token], index: int) -> bool:
    for mention in own_mentions(tokens):
        adjunct = introduced(tokens, mention) and mention.kind != "person"
        between = mention.start > 0 and tokens[mention.start - 1].form == "entre"
        if mention.end <= index and (between or not adjunct) and mention.weight > 1:
            return True
    # « Qui a donné son nom à l'équipe ? »: the giver's own.
    giver = tokens[0].form == "qui" and stem(tokens[index - 1].form) == stem("donner")
    return giver or any(token.form in {"chacun", "chaque"} for token in tokens[:index])


def _anyone(tokens: Sequence[Token], index: int, history: History) -> bool:
    """« Comment renouveler son passeport ? », « Peut-on… son époux » are about anyone."""
    general = any(
        token.form in {"on", "-on", "faut"} or is_infinitive(token) for token in tokens[:index]
    )
    visited = index + 1 < len(tokens) and is_noun_of(tokens[index + 1].form, VISITED)
    topic = history.topic()
    return general and not (visited and topic is not None and topic.kind != "action")


def _description(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui dirigeait la révolte ? » -> « Qui dirigeait la révolte de Cronstadt ? »"""
    mentions = own_mentions(tokens)
    if any(mention.proper and mention.weight > 3 for mention in mentions):
        return None
    for mention in mentions:
        article = tokens[mention.start].form
        if article not in DEFINITE.keys() | CONTRACTED.keys() or mention.end - mention.start != 2:
            continue
        if article == "des" and not (mention.start and tokens[mention.start - 1].is_content):
            continue
        noun = tokens[mention.start + 1].form
        found = history.described(noun, mention.gender, mention.plural, loose=False)
        if found is None or found.content <= mention.content:
            continue
        if noun != found.head and among(noun, RELATIONAL_NOUNS) and found.kind != "place":
            continue
        return put(tokens, mention.start, mention.end, found.text)
    return None


def _that(tokens: list[Token], history: History) -> list[Token] | None:
    """« Combien ça coûte ? » -> « Combien ça coûte pour renouveler… ? », « Comment marche X ? »"""
    index = next((i for i, token in enumerate(tokens) if token.form in {"ca", "cela"}), None)
    topic = history.topic()
    if index is None or topic is None or own_mentions(tokens[:index]):
        return None
    if {"d'", "que"} & {token.form for token in tokens[index + 2 :]}:
        return None
    if topic.kind == "action":
        return after(tokens, len(tokens), about(topic))
    rest = tokens[index + 1 :]
    before = tokens[index - 1].form if index else ""
    if any(token.form == "-il" for token in rest):
        rest = agreeing(rest, topic)
    elif before in {"combien", "comment", "quand", "ou"} and rest and is_verb(rest[0]):
        return after([*tokens[:index], *rest], index + 1, topic.text)
    elif index == 0:
        return [*tokenise(f"{topic.text}, ça"), *rest]
    return put([*tokens[: index + 1], *rest], index, index + 1, topic.text)


_RULES: tuple[Callable[[list[Token], History], list[Token] | None], ...] = (
    _demonstrative_pronoun,
    inverted_subject,
    preverbal_subject,
    direct_object,
    indirect_object,
    place_pronoun,
    part_pronoun,
    _demonstrative_phrase,
    _possessive,
    _description,
    _that,
)
