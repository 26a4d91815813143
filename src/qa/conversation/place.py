"""Putting a topic into a question: prepositions, contractions, elisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.grammar import elides, gender_of, with_a, with_de
from qa.conversation.history import History
from qa.conversation.lexicon import (
    BEING,
    EN_PLACES,
    INVERTED,
    PERSON_NOUNS,
    PLACES,
    POSSESSIVES,
    is_noun_of,
)
from qa.conversation.mentions import Kind, Mention, phrase_end
from qa.conversation.tokens import Token, is_infinitive, is_verb, piece, text_of
from qa.french import fold

_VOWELS = frozenset("aeiouy")
_ELIDED = {"qu'": "que", "que": "que", "s'": "si", "lorsqu'": "lorsque", "puisqu'": "puisque"}


def put(tokens: list[Token], start: int, end: int, text: str) -> list[Token]:
    """Replace tokens[start:end] by a phrase, contracted with the preposition before it.

    « du traité » + "la paix" -> « de la paix »; « de | cette bataille » -> « de la bataille »;
    « qu'| il » + "Trotsky" -> « que Trotsky ».
    """
    first = tokens[start].form
    before = tokens[start - 1] if start else Token("", "", False)
    joined = piece(text)
    if first in {"du", "des"} and start:
        joined = piece(with_de(text))
    elif first in {"au", "aux"}:
        joined = piece(with_a(text))
    elif before.form in {"de", "d'"} or before.text == "à":
        start -= 1
        joined = piece(with_a(text) if before.text == "à" else with_de(text))
    elif before.form in _ELIDED:
        start -= 1
        word = _ELIDED[before.form]
        vowel = fold(text)[0] in _VOWELS and word != "si"
        shown = word[:-1] + "'" if vowel else word
        shown = before.text[0] + shown[1:]
        return [
            *tokens[:start],
            Token(shown, before.form, before.spaced),
            piece(text, spaced=not vowel),
            *tokens[end:],
        ]
    return [*tokens[:start], joined, *tokens[end:]]


def locative(mention: Mention) -> str:
    """Where or when: « à Cronstadt », « en France », « pendant la révolte », « dans le parti »."""
    text = mention.text
    if mention.kind == "event":
        return "pendant " + text
    article = text.startswith(("la ", "l'"))
    if mention.head in EN_PLACES and text[0].isupper():
        return "en " + text
    if mention.head in PLACES and article:
        return "en " + text.removeprefix("la ").removeprefix("l'")
    place = mention.kind == "place" and (mention.proper or not text.startswith("l"))
    return with_a(text) if place and not article else "dans " + text


def about(topic: Mention, of: bool = False) -> str:
    """The topic as an addition: « pour renouveler… », « de la révolte » (``of``), « (Trotsky) »."""
    if topic.kind == "action":
        return "pour " + topic.text
    if of:
        return with_de(topic.text)
    if topic.kind == "event" or (
        topic.kind == "place" and (topic.head in PLACES or topic.text[0].isupper())
    ):
        return locative(topic)
    return f"({topic.text})"


def own_possessive(tokens: Sequence[Token], index: int, history: History) -> str | None:
    """« son rôle » -> « le rôle de Trotsky », when tokens[index] is a possessive."""
    form = tokens[index].form
    following = tokens[index + 1 : index + 3]
    if form not in POSSESSIVES or not following or not following[0].is_content:
        return None
    noun = following[0]
    if form == "leur" and is_verb(*following):
        return None
    owner = _owner(noun, form, history)
    if owner is None:
        return None
    body = text_of(tokens[index + 1 : possessed_end(tokens, index)])
    return _article(form, noun) + body + " " + with_de(owner.text)


def possessed_end(tokens: Sequence[Token], index: int) -> int:
    """Where what is possessed ends: « sa | durée de vie », « son | pays d'origine »."""
    end = phrase_end(tokens, index + 1)
    kind = tokens[end : end + 2]
    if len(kind) == 2 and kind[0].form in {"de", "d'"} and kind[1].is_content:
        verb = is_infinitive(kind[1]) or is_verb(*tokens[end + 1 : end + 3])
        if not kind[1].is_capital and not verb:
            return end + 2
    return end


def _owner(noun: Token, form: str, history: History) -> Mention | None:
    """Whose: the last person for « sa femme », else the last topic that agrees in number."""
    plural = form in {"leur", "leurs"}
    human = is_noun_of(noun.form, PERSON_NOUNS | _ONLY_OF_PERSONS)
    wanted: Kind | None = "person" if human else None
    if is_noun_of(noun.form, _ONLY_OF_THINGS):
        wanted = "thing"
    owner = history.find(plural=plural, wanted=wanted)
    if owner is None and not human:
        owner = history.topic()
    return None if owner is not None and human and owner.kind != "person" else owner


_ONLY_OF_PERSONS = frozenset(
    """age metier profession nationalite famille parent enfance jeunesse surnom prenom carriere
    enfant mariage exil mort naissance education etude pseudonyme religion conjoint""".split()
)
_ONLY_OF_THINGS = frozenset(
    """cause consequence clause dimension superficie longueur largeur deroulement duree issue bilan
    cout montant habitant etage symptome hauteur altitude profondeur densite population capitale
    monnaie surface""".split()
)


def _article(form: str, noun: Token) -> str:
    article = POSSESSIVES[form]
    if article == "les":
        return "les "
    if elides(noun.form):
        return "l'"
    if article == "l":
        return "la " if gender_of("l'", noun)[0] == "f" else "le "
    return article + " "


def after(tokens: Sequence[Token], index: int, text: str) -> list[Token]:
    """Insert a phrase after tokens[:index]."""
    return [*tokens[:index], piece(text), *tokens[index:]]


def beside(tokens: Sequence[Token], topic: Mention) -> list[Token]:
    """The topic after a question that has no better place for it."""
    text = about(topic) if topic.kind == "action" else f"({topic.text})"
    return after(tokens, len(tokens), text)


def without(tokens: Sequence[Token], index: int) -> list[Token]:
    """Remove a pronoun, and write « ne », « que », « se » again as the next word wants them."""
    kept = [*tokens[:index], *tokens[index + 1 :]]
    if index >= len(kept):
        return kept
    kept[index] = replace(kept[index], spaced=True)
    before = kept[index - 1] if index else None
    vowel = kept[index].form[0] in _VOWELS
    if before is not None and vowel and before.form in {"ne", "que", "se"}:
        kept[index - 1] = Token(before.text[:-1] + "'", before.form[:-1] + "'", before.spaced)
    elif before is not None and not vowel and before.form in {"n'", "qu'", "s'"}:
        kept[index - 1] = Token(before.text[:-1] + "e", before.form[:-1] + "e", before.spaced)
    if index and kept[index - 1].form.endswith("'"):
        kept[index] = replace(kept[index], spaced=False)
    return kept


def agreeing(tokens: Sequence[Token], subject: Mention) -> list[Token]:
    """Make « est-il né » agree with another subject: « est-elle née »."""
    feminine = subject.gender == "f"
    pronoun = ("elle" if feminine else "il") + "s" * subject.plural
    agreed: list[Token] = []
    for index, token in enumerate(tokens):
        before = [other.form for other in tokens[max(0, index - 2) : index]]
        being = before[-1:] and (
            before[-1] in BEING or (before[-1] in INVERTED and before[0] in BEING)
        )
        written = token
        if token.form in INVERTED:
            text = re.sub(r"\w+$", pronoun, token.text)
            written = Token(text, "-" + pronoun, False)
        elif being and feminine and token.text.endswith(("é", "mort")):
            written = replace(token, text=token.text + "e")
        elif being and not feminine and token.text.endswith(("ée", "morte")):
            written = replace(token, text=token.text[:-1])
        agreed.append(written)
    return agreed
