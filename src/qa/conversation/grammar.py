"""French grammar of single words: articles and contractions, gender, object pronouns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from qa.conversation.lexicon import (
    AUXILIARIES,
    BEING,
    FEMALE_ENDINGS,
    FEMALE_NAMES,
    FEMININE,
    FEMININE_NOUNS,
    FEMININE_SUFFIXES,
    INVERTED,
    MALE_ENDINGS,
    MALE_NAMES,
    MASCULINE,
    PLURAL,
    VERB_FORMS,
    WHICH,
)
from qa.conversation.tokens import Token, is_infinitive, is_verb
from qa.french import fold

_VOWEL = re.compile(r"[aeiou]|h(?:abit|eur|erit|isto|iver|omm|onn|opi|ora|otel|uil|uma|umeu)")


def with_de(text: str) -> str:
    """ "le traité" -> "du traité", "Octobre" -> "d'Octobre", "les marins" -> "des marins"."""
    contracted = _contracted(text, "du", "des")
    return contracted or ("d'" if elides(text) else "de ") + text


def with_a(text: str) -> str:
    """ "le parti" -> "au parti", "les marins" -> "aux marins", "Trotsky" -> "à Trotsky"."""
    return _contracted(text, "au", "aux") or "à " + text


def elides(text: str) -> bool:
    """Whether « le », « la » and « de » lose their vowel before a text."""
    return _VOWEL.match(fold(text)) is not None


def _contracted(text: str, singular: str, plural: str) -> str:
    article, _, rest = text.partition(" ")
    return {"le": f"{singular} {rest}", "les": f"{plural} {rest}"}.get(article.lower(), "")


def name_gender(first: str, *rest: str) -> str:
    """The gender that a (folded) first name tells; "" when it tells none."""
    if first in MALE_NAMES:
        return "m"
    if first in FEMALE_NAMES:
        return "f"
    if not rest or len(first) < 3:
        return ""
    return "f" if first.endswith(FEMALE_ENDINGS) else "m" if first.endswith(MALE_ENDINGS) else ""


def gender_of(determiner: str, noun: Token) -> tuple[str, bool]:
    """Gender ("" when unknown) and number of a noun after its determiner."""
    plural = determiner in PLURAL
    form = noun.form[:-1] if plural and noun.form.endswith(("s", "x")) else noun.form
    if determiner in FEMININE:
        return "f", False
    if determiner in MASCULINE and not (determiner in {"mon", "son"} and _VOWEL.match(form)):
        return "m", False
    if form in FEMALE_NAMES | FEMININE_NOUNS or noun.text.rstrip("s").endswith("ée"):
        return "f", plural
    if noun.is_capital:
        return ("f" if noun.text.endswith("e") else ""), plural
    if form.endswith(FEMININE_SUFFIXES):
        return "f", plural
    masculine = form.endswith(("eur", "isme", "age", "ment", "ier", "eau", "al", "in", "on"))
    return ("m" if masculine else ""), plural


def is_object_pronoun(tokens: Sequence[Token], index: int) -> bool:
    """Whether le, la, l' or les is an object: « Qui l'a tué », « le faire », « la dirigeait »."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or not following.is_word or following.form == "ete":
        return False
    after = tokens[index + 2] if index + 2 < len(tokens) else None
    if following.form == "y" and not following.is_capital:
        return after is not None and after.is_word  # « Qui l'y accueillit ? »
    if following.form in AUXILIARIES:
        east = following.form == "est" and (tokens[index].form != "l'" or following.is_capital)
        return not east and (after is None or after.form != "priori")
    if after is not None and after.form in INVERTED | {"-on", "-je"}:
        return True
    before = tokens[index - 1].form if index else ""
    if before == "ne" and (tokens[index - 1].text == "né" or tokens[index - 2].form in BEING):
        # « Quand est né le structuralisme ? »
        return False
    if is_infinitive(following):
        return before in BEFORE_OBJECT or (index == 0 and after is None)
    asked = [token.is_content for token in tokens[1:index]]
    if tokens[0].form in WHICH | {"combien"} and sum(asked) == 1 and asked[-1]:
        # « Quel fleuve la traverse ? »: a noun was asked for, and there is no other verb.
        pairs = [*pairwise(tokens[: index + 1]), *pairwise(tokens[index + 2 :])]
        return not following.is_capital and not any(is_verb(*pair) for pair in pairs)
    if is_verb(following) and before not in AUXILIARIES and following.form not in VERB_FORMS:
        return True
    return (
        before in {"qui", "ne", "il", "elle", "on", "ils", "elles", "je"}
        and not following.is_capital
        and (after is None or is_verb(following, after) or following.form.endswith("a"))
    )


# What can stand before « le faire », « l'obtenir »; « à l'étranger » is no object.
BEFORE_OBJECT = frozenset(
    """-on -je -il -elle -vous -nous comment ou quand pourquoi qui pour faut peut peux dois doit
    puis veux voudrais ne pas faire sans on de d'""".split()
)
