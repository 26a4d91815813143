"""« Qui était-ce ? », « cette bataille », « son rôle », « la révolte », « ça »."""

from __future__ import annotations

from collections.abc import Sequence

from qa.conversation.clause import antecedent, introduced, noun, own_mentions
from qa.conversation.history import History, asks_for_person, person_in_answer, wanted_kind
from qa.conversation.lexicon import (
    CONTRACTED,
    DEFINITE,
    DEMONSTRATIVE_DETERMINERS,
    DEMONSTRATIVE_PRONOUNS,
    POSSESSIVES,
    PREPOSITIONS,
    RELATIONAL_NOUNS,
    VISITED,
    among,
    is_noun_of,
    stem,
)
from qa.conversation.mentions import gender_of, phrase_end
from qa.conversation.place import about, after, own_possessive, put
from qa.conversation.tokens import Token, is_infinitive, is_verb, plain

_TEMPORAL = frozenset("annee annees jour mois semaine siecle fois matin soir moment".split())


_WHO_IS = {
    "qui est -il": "est", "qui est -elle": "est", "qui etait -il": "était",
    "qui etait -elle": "était", "qui est -ce": "est", "qui etait -ce": "était", "c'est qui": "est",
    "c'etait qui": "était", "qui fut -il": "fut", "qui fut -elle": "fut", "qui c'est": "est",
    "qui etait -ce donc": "était", "il est qui": "est", "il etait qui": "était",
    "qui etaient -ils": "étaient", "qui sont -ils": "sont", "qui sont -elles": "sont",
    "elle est qui": "est", "elle etait qui": "était", "qui ca": "est", "qui est ce": "est",
    "qui etait ce": "était", "qui est celui-ci": "est", "qui etait celui-ci": "était",
    "qui est cet homme": "est", "qui etait cet homme": "était", "qui est cette femme": "est",
    "qui etait cette femme": "était", "qui est cette personne": "est",
    "qui etait cette personne": "était", "qui est ce personnage": "est",
    "qui etait ce personnage": "était",
}  # fmt: skip


def who(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui était-ce ? » asks for the person whom the last answer named."""
    said = plain(tokens)
    verb = _WHO_IS.get(said)
    if verb is None:
        return None
    gender = "f" if "elle" in said or "femme" in said else "m" if " -il" in said else ""
    plural = True if "-ils" in said or "-elles" in said else None
    person = None
    if plural is None and asks_for_person(history.previous):
        person = person_in_answer(history.turns[0])
    if person is None and plural is None and said.endswith(("ce", "ce donc")):
        person = person_in_answer(history.turns[0])
    person = person or history.find(gender, plural, "person") or history.topic()
    if person is None:
        return None
    return [Token("Qui", "qui", False), Token(verb, verb, True), noun(person)]


_WHAT_IS = frozenset(
    """qu'est -ce que c'est|c'est quoi|qu'est -ce|c'etait quoi|qu'etait -ce|c'est quoi ca
    |qu'est -ce que c'etait|c'est -a -dire|qu'est -ce que cela|qu'est -ce que ca veut dire
    |ca veut dire quoi|qu'est -ce que cela signifie|que signifie cela""".replace("\n", "").split(
        "|"
    )
)


def what_is_it(tokens: list[Token], history: History) -> list[Token] | None:
    """« C'est quoi ? » -> « Qu'est-ce que la photosynthèse ? »"""
    if " ".join(plain(tokens).split()) not in {" ".join(item.split()) for item in _WHAT_IS}:
        return None
    topic = history.topic()
    if topic is None:
        return None
    que = [Token("Qu'", "qu'", False), Token("est", "est", False), Token("-ce", "-ce", False)]
    return put([*que, Token("que", "que", True), Token("x", "x", True)], 4, 5, topic.text)


def demonstrative_pronoun(tokens: list[Token], history: History) -> list[Token] | None:
    """« Quand celui-ci est-il mort ? », « ce dernier » -> the mention that agrees."""
    for index, token in enumerate(tokens):
        end = index + 1
        if token.form in DEMONSTRATIVE_PRONOUNS:
            gender, plural = DEMONSTRATIVE_PRONOUNS[token.form]
        elif (
            token.form in DEMONSTRATIVE_DETERMINERS
            and end < len(tokens)
            and (tokens[end].form in {"dernier", "derniere", "derniers", "dernieres"})
        ):
            if end + 1 < len(tokens) and tokens[end + 1].form in _TEMPORAL:
                continue
            form = tokens[end].form
            gender, plural = ("f" if "ere" in form else "m"), form.endswith("s")
            end += 1
        else:
            continue
        if any(mention.end <= index and mention.proper for mention in own_mentions(tokens)):
            continue
        found = antecedent(tokens, history, gender, plural, wanted_kind(tokens))
        if found is not None:
            return put(tokens, index, end, found.text)
    return None


def demonstrative_phrase(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui a gagné cette bataille ? » -> « Qui a gagné la bataille de Waterloo ? »"""
    for index, token in enumerate(tokens[:-1]):
        if token.form not in DEMONSTRATIVE_DETERMINERS or not tokens[index + 1].is_content:
            continue
        end = phrase_end(tokens, index + 1)
        noun = tokens[index + 1]
        head = noun.form.removesuffix("-la").removesuffix("-ci")
        if (head in _TEMPORAL and not noun.form.endswith("-la")) or head in {
            "epoque",
            "periode",
            "date",
        }:
            continue
        if end == index + 1 or (
            end < len(tokens) and tokens[end].form in {"de", "du", "d'", "des"}
        ):
            continue
        gender, plural = gender_of(token.form, noun)
        if head in _TEMPORAL:
            continue
        if any(
            mention.end <= index and stem(mention.head) == stem(head)
            for mention in own_mentions(tokens)
        ):
            continue
        found = history.described(head, gender, plural, loose=True)
        if found is not None and any(t.text == found.text for t in tokens):
            continue
        if found is not None:
            return put(tokens, index, end, found.text)
    return None


def possessive(tokens: list[Token], history: History) -> list[Token] | None:
    """« Quel fut son rôle ? » -> « Quel fut le rôle de Trotsky ? »"""
    for index, token in enumerate(tokens):
        if token.form not in POSSESSIVES:
            continue
        if _owner_in_message(tokens, index) or _anyone(tokens, index, history):
            continue
        text = own_possessive(tokens, index, history)
        if text is None:
            continue
        return put(tokens, index, phrase_end(tokens, index + 1), text)
    return None


def _owner_in_message(tokens: Sequence[Token], index: int) -> bool:
    for mention in own_mentions(tokens):
        adjunct = introduced(tokens, mention) and mention.kind != "person"
        if mention.start and tokens[mention.start - 1].form == "entre":
            adjunct = False
        if mention.end <= index and not adjunct and mention.weight > 1:
            return True
    if tokens[0].form == "qui" and stem(tokens[index - 1].form) == stem("donner"):
        # « Qui a donné son nom à l'équipe ? »: the giver's own.
        return True
    return any(token.form in {"chacun", "chaque"} for token in tokens[:index])


def _anyone(tokens: Sequence[Token], index: int, history: History) -> bool:
    """« Comment renouveler son passeport ? », « Peut-on… son époux » are about anyone."""
    forms = {token.form for token in tokens}
    general = forms & {"on", "-on", "faut", "peut-on"} or any(
        is_infinitive(token) for token in tokens[:index]
    )
    if not general:
        return False
    if not is_noun_of(tokens[index + 1].form if index + 1 < len(tokens) else "", VISITED):
        return True
    topic = history.topic()
    return topic is None or topic.kind == "action"


def description(tokens: list[Token], history: History) -> list[Token] | None:
    """« Qui dirigeait la révolte ? » -> « Qui dirigeait la révolte de Cronstadt ? »"""
    mentions = own_mentions(tokens)
    if any(mention.proper and mention.weight > 3 for mention in mentions):
        return None
    for mention in mentions:
        article = tokens[mention.start].form
        if article not in DEFINITE and article not in CONTRACTED:
            continue
        if mention.end - mention.start != 2 or mention.weight < 1:
            continue
        if article == "des" and (mention.start == 0 or not tokens[mention.start - 1].is_content):
            continue
        noun = tokens[mention.start + 1].form
        found = history.described(noun, mention.gender, mention.plural, loose=False)
        if found is None or found.content <= mention.content:
            continue
        if noun not in {found.head} and among(noun, RELATIONAL_NOUNS) and found.kind != "place":
            continue
        return put(tokens, mention.start, mention.end, found.text)
    return None


def that(tokens: list[Token], history: History) -> list[Token] | None:
    """« Combien ça coûte ? » -> « Combien ça coûte pour renouveler… ? », « Comment marche X ? »"""
    for index, token in enumerate(tokens):
        if token.form not in {"ca", "cela"}:
            continue
        if own_mentions(tokens[:index]) or {"d'", "que"} & {t.form for t in tokens[index + 2 :]}:
            return None
        topic = history.topic()
        if topic is None:
            return None
        if topic.kind == "action":
            return after(tokens, len(tokens), about(topic))
        rest = tokens[index + 1 :]
        before = tokens[index - 1].form if index else ""
        inverted = next((i for i, t in enumerate(rest) if t.form == "-il"), None)
        if inverted is not None:
            pronoun = {"m": "il", "f": "elle"}.get(topic.gender, "il") + "s" * topic.plural
            old = rest[inverted]
            agreed = Token(old.text.replace("il", pronoun), "-" + pronoun, False)
            last = rest[-1]
            if (
                topic.gender == "f"
                and last.text.endswith(("é", "i", "u"))
                and "est" in {t.form for t in rest}
            ):
                rest = [*rest[:-1], Token(last.text + "e", last.form + "e", last.spaced)]
            rest = [*rest[:inverted], agreed, *rest[inverted + 1 :]]
            return put([*tokens[:index], tokens[index], *rest], index, index + 1, topic.text)
        if before in PREPOSITIONS and rest == []:
            return put(tokens, index, index + 1, topic.text)
        if before in {"combien", "comment", "quand", "ou"} and rest and is_verb(rest[0]):
            return after([*tokens[:index], *rest], index + 1, topic.text)
        if index == 0:
            return [noun(topic), Token(",", ",", False), Token("ça", "ca", True), *rest]
        return put(tokens, index, index + 1, topic.text)
    return None
