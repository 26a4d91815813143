"""Questions whose subject is left out: « Quelles furent les conséquences ? »."""

from __future__ import annotations

from collections.abc import Sequence

from qa.conversation.clause import is_impersonal, is_participle, own_mentions
from qa.conversation.grammar import with_de
from qa.conversation.history import History
from qa.conversation.lexicon import (
    BEING,
    DEFINITE,
    GENERAL_NOUNS,
    GENERIC_WORDS,
    INVERTED,
    OF_EVENTS,
    OF_PERSONS,
    OTHER_INVERTED,
    POSSESSIVES,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL_NOUNS,
    TRANSITIVE_VERBS,
    WHICH,
    among,
    is_noun_of,
    stem,
)
from qa.conversation.mentions import Kind, Mention, find_mentions, phrase_end
from qa.conversation.place import about, after, beside
from qa.conversation.tokens import Token, is_infinitive, is_verb, render, tokenise, without_end

_SPOKEN_TO = frozenset("tu toi vous -tu -vous te votre vos ton ta tes t'".split())
_FOR_ACTIONS = frozenset("document piece justificatif demarche formalite formulaire etape".split())
_OF_THINGS = frozenset(
    "cause consequence symptome effet origine definition histoire traitement principe".split()
)
_SAYS_MORE = frozenset("que qu' qui quoi quand ou combien".split())
_LONGEST_POINTING = 9  # tokens
_THERE_IS = frozenset("y faut faudrait fallait faudra existe existait".split())


def resolve_missing_topic(core: Sequence[Token], history: History) -> str | None:
    """« Quelles furent les conséquences ? » -> « … les conséquences de la révolte de Cronstadt ? »

    Only when its words are general ones, which name no subject of their own, or words of the last
    answer (« Peut-on remplacer le lait ? » after a recipe).
    """
    tokens = without_end(core)
    forms = {token.form for token in tokens}
    inverted = [i for i, token in enumerate(tokens) if token.form in INVERTED]
    asks = forms & (QUESTION_WORDS | OTHER_INVERTED | {"c'", "est"}) or inverted or "y" in forms
    content = [t for t in tokens if t.is_content and not _counted_participle(tokens, t)]
    if not asks or not content or len(content) > 6 or forms & (_SPOKEN_TO | POSSESSIVES.keys()):
        return None
    if "heure" in forms and "-il" in forms:
        return None
    topic = _topic(forms, history)
    if topic is None or topic.content & {token.form for token in content}:
        return None
    if not all(is_impersonal(tokens, index) for index in inverted):
        # « Le film est-il en couleurs ? »
        subject = inverted == [3] and tokens[0].form in DEFINITE
        return _pointed_at(tokens, topic, history) if subject else None
    if "avec" in forms and forms & {"difference", "differences"} and "entre" not in forms:
        return render(beside(tokens, topic))
    own = [token for token in content if not _is_general(token, token is tokens[0])]
    # « Est-ce un métal toxique ? », « c'est contagieux »
    about_it = "c'" in forms or (len(tokens) > 1 and tokens[1].form == "-ce")
    remark = about_it and len(content) <= 2 and not forms & (_SAYS_MORE | PREPOSITIONS - {"en"})
    remark = remark and not any(token.is_capital for token in tokens[1:])
    indefinite = forms & {"un", "une", "plusieurs"} and not forms & {"faut", "existe", "combien"}
    if remark or (not own and not indefinite):
        return render(_completed(tokens, topic))
    if any(
        token.text[0].isdigit() or (token.is_capital and token is not tokens[0]) for token in own
    ):
        return None
    if _is_existential(tokens, own) or _bridges(own, history):
        return render(_completed(tokens, topic))
    return _pointed_at(tokens, topic, history)


def _topic(forms: set[str], history: History) -> Mention | None:
    wanted: Kind | None = next(
        (kind for kind, nouns in _ASKED_OF if any(is_noun_of(form, nouns) for form in forms)), None
    )
    if wanted is None and forms & {"ensuite", "apres"}:
        wanted = "event"
    topic = history.topic(wanted)
    if topic is None:
        return None
    spoken = topic.text.startswith(("un ", "une ", "mon ", "ma ", "mes "))
    if spoken or any(is_noun_of(form, _FOR_ACTIONS) for form in forms):
        topic = history.action_on(topic)
    if topic.kind == "action" and any(is_noun_of(form, _OF_THINGS) for form in forms):
        topic = next((m for m in find_mentions(history.previous) if m.kind != "action"), topic)
    return topic


_ASKED_OF: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("person", OF_PERSONS),
    ("event", OF_EVENTS),
)


def _is_existential(tokens: Sequence[Token], own: Sequence[Token]) -> bool:
    """« Y a-t-il un vaccin ? », « Faut-il redémarrer ? »: against or after what is untold."""
    prepositions = (PREPOSITIONS - {"a"}) | {"du", "au", "aux"}
    forms = {token.form for token in tokens}
    told = forms & prepositions - {"d'", "de"} or any(token.text == "à" for token in tokens)
    return bool(forms & _THERE_IS) and len(own) == 1 and not told


def _bridges(own: Sequence[Token], history: History) -> bool:
    """Whether the nouns are those of the last answers, which stand for their topic."""
    sentences = " ".join(
        cited.quote for turn in history.turns[:3] for cited in turn.answer.citations[:1]
    )
    said = {stem(token.form) for token in tokenise(sentences) if not token.is_capital}
    nouns = [t for t in own if not is_verb(t) and not is_infinitive(t)]
    return 0 < len(nouns) <= 2 and all(stem(token.form) in said for token in nouns)


def _pointed_at(tokens: Sequence[Token], topic: Mention, history: History) -> str | None:
    """« Qui a réalisé le film ? », « le vrai nom du peintre »: a noun that does not say which."""
    pointing: list[Mention] = []
    for mention in own_mentions(tokens):
        size = mention.end - mention.start
        definite = tokens[mention.start].form in DEFINITE.keys() | {"du", "au"}
        points = mention.kind in {"person", "event"} or mention.head in GENERAL_NOUNS
        # « Les frais sont-ils remboursés ? »
        relational = any(token.form in INVERTED for token in tokens)
        relational = relational and is_noun_of(mention.head, RELATIONAL_NOUNS)
        points = (points and not mention.plural) or relational
        if size == 2 and definite and points:
            pointing.append(mention)
        elif mention.weight > 2 and (size > 1 or tokens[mention.start].is_capital):
            return None
    if not pointing or len(tokens) > _LONGEST_POINTING:
        return None
    if pointing[0].kind == "person" and tokens[0].form != "qui":
        topic = history.find(pointing[0].gender, wanted="person") or topic
    return render(beside(tokens, topic))


def _counted_participle(tokens: Sequence[Token], token: Token) -> bool:
    """« déportées » in « Combien de personnes furent déportées ? »: it names no subject."""
    before = tokens[tokens.index(token) - 1].form
    return (
        tokens[0].form in WHICH | {"combien"} and before in BEING | {"ete"} and is_participle(token)
    )


def _is_general(token: Token, first: bool) -> bool:
    if token.text[0].isdigit() or (token.is_capital and not first):
        return False
    return is_noun_of(token.form, RELATIONAL_NOUNS) or among(token.form, GENERIC_WORDS)


def _completed(tokens: list[Token], topic: Mention) -> list[Token]:
    """The question with the topic where it reads best."""
    forms = [token.form for token in tokens]
    if topic.kind == "action":
        remark = {"-ce", "c'"} & set(forms) and not {"que", "qu'"} & set(forms)
        return after(tokens, len(tokens), with_de(topic.text) if remark else about(topic))
    if forms[-1] in {"ensuite", "apres"} and topic.kind != "person":
        return after(tokens[:-1], len(tokens) - 1, "après " + topic.text)
    end = _relational_end(tokens)
    if end is not None:
        return after(tokens, end, with_de(topic.text))
    if forms[0] == "qui" and among(forms[-1], TRANSITIVE_VERBS):
        return after(tokens, len(tokens), topic.text)
    return after(tokens, len(tokens), about(topic))


def _relational_end(tokens: Sequence[Token]) -> int | None:
    """Where « de la révolte » fits: after the last « les conséquences », « le délai »."""
    place = None
    for index, token in enumerate(tokens[:-1]):
        if token.form not in DEFINITE:
            continue
        end = phrase_end(tokens, index + 1)
        # « les conséquences », « les principales conséquences »
        if is_noun_of(tokens[index + 1].form, RELATIONAL_NOUNS) or (
            end > index + 2 and is_noun_of(tokens[end - 1].form, RELATIONAL_NOUNS)
        ):
            place = end
    return place
