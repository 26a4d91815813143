"""Putting a topic into a question: prepositions, contractions, elisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.history import History
from qa.conversation.lexicon import CONTRACTED, PERSON_NOUNS, PLACES, POSSESSIVES, is_noun_of
from qa.conversation.mentions import Kind, Mention, gender_of, phrase_end, with_a, with_de
from qa.conversation.tokens import Token, is_verb, piece
from qa.french import fold

_VOWELS = frozenset("aeiouy")


def put(tokens: list[Token], start: int, end: int, text: str) -> list[Token]:
    """Replace tokens[start:end] by a phrase, contracted with the preposition before it.

    « du traité » + "la paix" -> « de la paix »; « de | cette bataille » -> « de la bataille »;
    « qu'| il » + "Trotsky" -> « que Trotsky ».
    """
    before = tokens[start - 1] if start else None
    first = tokens[start].form
    if first in CONTRACTED and first in {"du", "des"} and before is not None:
        return [*tokens[:start], piece(with_de(text)), *tokens[end:]]
    if first in {"au", "aux"}:
        return [*tokens[:start], piece(with_a(text)), *tokens[end:]]
    if before is not None and before.form in {"de", "d'"}:
        return [*tokens[: start - 1], piece(with_de(text)), *tokens[end:]]
    if before is not None and before.text == "à":
        return [*tokens[: start - 1], piece(with_a(text)), *tokens[end:]]
    if before is not None and before.form in _ELIDED:
        full, short = _ELIDED[before.form]
        vowel = fold(text)[0] in _VOWELS and before.form != "s'"
        shown = short if vowel else full
        if before.text[0].isupper():
            shown = shown[0].upper() + shown[1:]
        joined = piece(text, spaced=not vowel)
        return [
            *tokens[: start - 1],
            Token(shown, before.form, before.spaced),
            joined,
            *tokens[end:],
        ]
    if before is not None and before.form == "que" and fold(text)[0] in _VOWELS:
        elided = Token(before.text[:-1] + "'", "qu'", before.spaced)
        return [*tokens[: start - 1], elided, piece(text, spaced=False), *tokens[end:]]
    return [*tokens[:start], piece(text), *tokens[end:]]


_ELIDED = {
    "qu'": ("que", "qu'"), "s'": ("si", "si"), "lorsqu'": ("lorsque", "lorsqu'"),
    "puisqu'": ("puisque", "puisqu'"),
}  # fmt: skip


def locative(mention: Mention) -> str:
    """Where or when: « à Cronstadt », « en France », « pendant la révolte », « dans le parti »."""
    text = mention.text
    if mention.kind == "event":
        return "pendant " + text
    if mention.head in PLACES and text.startswith(("la ", "l'")):
        return "en " + text.removeprefix("la ").removeprefix("l'")
    if mention.kind == "place" and (mention.proper or not text.startswith("l")):
        if text.startswith(("la ", "l'")) and mention.head not in PLACES:
            return "dans " + text
        return with_a(text)
    return "dans " + text


def about(topic: Mention, of: bool = False) -> str:
    """The topic as an addition: « pour renouveler… », « de la révolte » (``of``), « (Trotsky) »."""
    if topic.kind == "action":
        return "pour " + topic.text
    if of:
        return with_de(topic.text)
    if topic.kind == "event":
        return "pendant " + topic.text
    if topic.kind == "place" and (topic.head in PLACES or topic.text[0].isupper()):
        return locative(topic)
    return f"({topic.text})"


def own_possessive(tokens: Sequence[Token], index: int, history: History) -> str | None:
    """« son rôle » -> « le rôle de Trotsky », when tokens[index] is a possessive."""
    form = tokens[index].form
    if form not in POSSESSIVES or index + 1 >= len(tokens) or not tokens[index + 1].is_content:
        return None
    noun = tokens[index + 1]
    if form == "leur" and is_verb(noun, tokens[index + 2] if index + 2 < len(tokens) else None):
        return None
    end = phrase_end(tokens, index + 1)
    body = "".join((" " if token.spaced else "") + token.text for token in tokens[index + 1 : end])
    owner = find_owner(noun, form, history)
    if owner is None:
        return None
    return _article(form, noun) + body.strip() + " " + with_de(owner.text)


def find_owner(noun: Token, form: str, history: History) -> Mention | None:
    """Whose: the last person for « sa femme », else the last topic that agrees in number."""
    plural = form in {"leur", "leurs"}
    human = is_noun_of(noun.form, PERSON_NOUNS | _ONLY_OF_PERSONS)
    wanted: Kind | None = "person" if human else None
    owner = history.find(plural=plural, wanted=wanted)
    if owner is None and plural and not human:
        owner = history.topic()
    if owner is not None and human and owner.kind != "person":
        return None
    return owner


_ONLY_OF_PERSONS = frozenset(
    """age metier profession nationalite famille parent enfance jeunesse surnom prenom carriere
    enfant mariage exil mort naissance education etude pseudonyme religion conjoint""".split()
)


def _article(form: str, noun: Token) -> str:
    article = POSSESSIVES[form]
    vowel = noun.form[0] in _VOWELS or noun.form in _MUTE_H
    if article == "les":
        return "les "
    if vowel:
        return "l'"
    if article == "l":
        return "la " if gender_of("l'", noun)[0] == "f" else "le "
    return article + " "


_MUTE_H = frozenset(
    "histoire heritage heritier homme hommes humeur habitude honneur horaire".split()
)


def after(tokens: Sequence[Token], index: int, text: str) -> list[Token]:
    """Insert a phrase after tokens[:index]."""
    return [*tokens[:index], piece(text), *tokens[index:]]


def without(tokens: Sequence[Token], index: int) -> list[Token]:
    """Remove a pronoun, and write « ne », « que » again as the next word wants them."""
    kept = [*tokens[:index], *tokens[index + 1 :]]
    if index < len(kept):
        kept[index] = replace(kept[index], spaced=True)
        vowel = kept[index].form[0] in _VOWELS
        if index and vowel and kept[index - 1].form in {"ne", "que"}:
            before = kept[index - 1]
            kept[index - 1] = Token(before.text[:-1] + "'", before.form[:-1] + "'", before.spaced)
            kept[index] = replace(kept[index], spaced=False)
        elif index and not vowel and kept[index - 1].form in {"n'", "qu'"}:
            before = kept[index - 1]
            full = "ne" if before.form == "n'" else before.text[:-1] + "e"
            kept[index - 1] = Token(full, before.form[:-1] + "e", before.spaced)
        elif index and kept[index - 1].form.endswith("'"):
            kept[index] = replace(kept[index], spaced=False)
    return kept
