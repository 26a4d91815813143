"""Questions whose subject is left out: « Quelles furent les conséquences ? »."""

from __future__ import annotations

from collections.abc import Sequence

from qa.conversation.clause import is_impersonal
from qa.conversation.history import History
from qa.conversation.lexicon import (
    BEING,
    DEFINITE,
    GENERIC_WORDS,
    INVERTED,
    OTHER_INVERTED,
    POSSESSIVES,
    QUESTION_WORDS,
    RELATIONAL_NOUNS,
    TRANSITIVE_VERBS,
    WHICH,
    among,
    is_noun_of,
    stem,
    stems,
)
from qa.conversation.mentions import Kind, Mention, find_mentions, phrase_end, with_de
from qa.conversation.place import about, after
from qa.conversation.tokens import Token, render, without_end

_OF_EVENTS = frozenset(
    """
    consequence bilan victime mort morte perte vainqueur vaincu participant cause deroulement
    issue blesse prisonnier revendication reprime combattant camp insurge mutin personne gens
    eclate gagne declenche commence termine
    """.split()
)


_OF_PERSONS = frozenset(
    """
    profession nationalite femme epouse mari enfant parent pere mere age metier enfance jeunesse
    carriere surnom prenom famille frere soeur fils fille naissance etudes
    """.split()
)


_SPOKEN_TO = frozenset("tu toi vous -tu -vous te votre vos ton ta tes t'".split())


def resolve_missing_topic(core: Sequence[Token], history: History) -> str | None:
    """« Quelles furent les conséquences ? » -> « … les conséquences de la révolte de Cronstadt ? »

    Only when all its words are general ones, which name no subject of their own.
    """
    tokens = without_end(core)
    content = [token for token in tokens if token.is_content]
    forms = {token.form for token in tokens}
    content = [token for token in content if not _counted_participle(tokens, token)]
    if not content or len(content) > 6 or forms & (_SPOKEN_TO | POSSESSIVES.keys()):
        return None
    if forms & {"difference", "differences"} and "avec" in forms and "entre" not in forms:
        other = history.topic()
        return None if other is None else render(after(tokens, len(tokens), f"({other.text})"))
    asks = bool(forms & QUESTION_WORDS) or bool(forms & (INVERTED | OTHER_INVERTED | {"c'", "est"}))
    if forms & {"un", "une", "plusieurs"} and not forms & {"faut", "existe", "combien"}:
        return None
    if not asks or not (
        _is_remark(tokens, content) or all(_is_general(token) for token in content)
    ):
        return None
    if any(token.form in INVERTED for token in tokens) and not _impersonal_only(tokens):
        return None
    wanted: Kind | None = None
    if any(is_noun_of(form, _OF_PERSONS) for form in forms):
        wanted = "person"
    elif any(is_noun_of(form, _OF_EVENTS) for form in forms):
        wanted = "event"
    topic = history.topic(wanted)
    spoken = topic is not None and topic.text.startswith(("un ", "une ", "mon ", "ma ", "mes "))
    if topic is not None and (spoken or forms_among(forms, _FOR_ACTIONS)):
        topic = history.action_on(topic)
    if topic is not None and topic.kind == "action" and forms_among(forms, _OF_THINGS):
        topic = next((m for m in find_mentions(history.previous) if m.kind != "action"), topic)
    if topic is None or topic.content & frozenset(token.form for token in content):
        return None
    return render(_completed(tokens, topic))


def _counted_participle(tokens: Sequence[Token], token: Token) -> bool:
    """« déportées » in « Combien de personnes furent déportées ? »: it names no subject."""
    if tokens[0].form not in WHICH | {"combien"} or not token.text.endswith(
        ("é", "és", "ée", "ées")
    ):
        return False
    return tokens[tokens.index(token) - 1].form in BEING | {"ete"}


def _impersonal_only(tokens: Sequence[Token]) -> bool:
    return all(
        is_impersonal(tokens, index - 1, index)
        for index, token in enumerate(tokens)
        if token.form in INVERTED and index
    )


def forms_among(forms: set[str], nouns: frozenset[str]) -> bool:
    """Whether one of the words is one of the nouns."""
    return any(is_noun_of(form, nouns) for form in forms)


_FOR_ACTIONS = frozenset("document piece justificatif demarche formalite formulaire etape".split())
_OF_THINGS = frozenset(
    "cause consequence symptome effet origine definition histoire traitement principe".split()
)


def _is_remark(tokens: Sequence[Token], content: Sequence[Token]) -> bool:
    """« Est-ce héréditaire ? », « C'est contagieux ? »: an adjective about the topic."""
    about_it = tokens[0].form == "c'" or (len(tokens) > 1 and tokens[1].form == "-ce")
    words = [token for token in tokens if token.is_word and token.form not in {"c'", "vraiment"}]
    return about_it and len(content) == 1 and len(words) == 2 and not content[0].is_capital


def _is_general(token: Token) -> bool:
    if token.text[0].isdigit() or (token.is_capital and token.spaced):
        return False
    return is_noun_of(token.form, RELATIONAL_NOUNS) or among(token.form, GENERIC_WORDS)


def _completed(tokens: list[Token], topic: Mention) -> list[Token]:
    """The question with the topic where it reads best."""
    forms = [token.form for token in tokens]
    if topic.kind == "action":
        if {"-ce", "c'"} & set(forms) and "que" not in forms and "qu'" not in forms:
            return after(tokens, len(tokens), with_de(topic.text))
        return after(tokens, len(tokens), about(topic))
    if forms[-1] in {"ensuite", "apres"} and topic.kind != "person":
        return after(tokens[:-1], len(tokens) - 1, "après " + topic.text)
    end = _relational_end(tokens)
    if end is not None:
        return after(tokens, end, with_de(topic.text))
    verb = tokens[-1]
    if forms[0] == "qui" and stem(verb.form) in stems(TRANSITIVE_VERBS):
        return after(tokens, len(tokens), topic.text)
    return after(tokens, len(tokens), about(topic))


def _relational_end(tokens: Sequence[Token]) -> int | None:
    """Where « de la révolte » fits: after the last « les conséquences », « le délai »."""
    place = None
    for index, token in enumerate(tokens[:-1]):
        if token.form in DEFINITE and is_noun_of(tokens[index + 1].form, RELATIONAL_NOUNS):
            place = phrase_end(tokens, index + 1)
        elif token.form in DEFINITE and among(tokens[index + 1].form, GENERIC_WORDS):
            end = phrase_end(tokens, index + 1)
            if end > index + 2 and is_noun_of(tokens[end - 1].form, RELATIONAL_NOUNS):
                place = end
    while place is not None and place < len(tokens) - 1:
        if tokens[place].form not in {"de", "d'", "du", "des"}:
            break
        start = place + 1 + (tokens[place + 1].form in DEFINITE)
        place = max(phrase_end(tokens, start), place + 1)
    return place
