"""What a question speaks of: its noun phrases and names, each with gender, number and kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from qa.conversation.lexicon import (
    AUXILIARIES,
    BEING,
    CONTRACTED,
    DEFINITE,
    EVENT_NOUNS,
    FEMALE_NAMES,
    FEMININE,
    FEMININE_NOUNS,
    FEMININE_SUFFIXES,
    GENERIC_WORDS,
    INVERTED,
    MALE_NAMES,
    MASCULINE,
    OTHER_DETERMINERS,
    OTHER_INVERTED,
    PERSON_NOUNS,
    PERSON_VERBS,
    PLACE_NOUNS,
    PLACES,
    PLURAL,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL_NOUNS,
    VERB_FORMS,
    WHICH,
    among,
    is_noun_of,
)
from qa.conversation.tokens import Token, is_infinitive, is_verb, tokenise, without_end
from qa.french import STOP_WORDS, fold

Kind = Literal["person", "place", "event", "thing", "action"]

_VOWEL = re.compile(r"[aeiouy]")
_YEAR = re.compile(r"\d+")
_NAME_PARTICLES = frozenset({"de", "d'", "du", "des", "von", "van", "la", "le", "l'", "ben", "al"})
_LOCATIVE = frozenset({"a", "en", "vers", "chez", "dans", "depuis", "au", "aux"})
_WORK_VERBS = frozenset(
    "ecrit peint compose realise invente publie ecrivit peignit composa realisa".split()
)
# A verb that takes « à » and a person, not a place: « Qui a succédé à Lénine ? ».
_TO_PERSON = frozenset(
    "succede succeda oppose opposa oppose parle appartient arrive ressemble pense doit lie".split()
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A noun phrase or name in a question, at ``tokens[start:end]`` (its article included).

    ``text`` has its article ("la révolte de Cronstadt", "Trotsky"); ``head`` is the folded head
    noun; ``gender`` is "" when unknown; ``weight`` orders the mentions of one question.
    """

    text: str
    head: str
    kind: Kind
    gender: str
    plural: bool
    proper: bool
    weight: int
    start: int
    end: int

    @property
    def content(self) -> frozenset[str]:
        """The folded words that carry meaning."""
        return frozenset(token.form for token in tokenise(self.text) if token.is_content)


def with_de(text: str) -> str:
    """ "le traité" -> "du traité", "Octobre" -> "d'Octobre", "les marins" -> "des marins"."""
    if re.match(r"[Ll]e ", text):
        return "du " + text[3:]
    if re.match(r"[Ll]es ", text):
        return "des " + text[4:]
    if _VOWEL.match(fold(text)) and not text.startswith(("Y", "y")):
        return "d'" + text
    return "de " + text


def with_a(text: str) -> str:
    """ "le parti" -> "au parti", "les marins" -> "aux marins", "Trotsky" -> "à Trotsky"."""
    if re.match(r"[Ll]e ", text):
        return "au " + text[3:]
    if re.match(r"[Ll]es ", text):
        return "aux " + text[4:]
    return "à " + text


@lru_cache(maxsize=4096)
def find_mentions(question: str) -> tuple[Mention, ...]:
    """The mentions of a question, the most likely topic first."""
    tokens = tuple(without_end(tokenise(question)))
    found = list(_scan(tokens))
    action = _action(tokens)
    if action is not None:
        found.append(action)
    if not any(token.is_capital for token in tokens[1:]):
        found.extend(_bare_words(tokens, found))
    return tuple(sorted(found, key=lambda mention: -mention.weight))


def phrase_end(tokens: Sequence[Token], start: int) -> int:
    """Where the words of a noun phrase end: tokens[start:end] are its noun and adjectives."""
    end = start
    while end < len(tokens):
        token = tokens[end]
        following = tokens[end + 1] if end + 1 < len(tokens) else None
        if following is not None and following.form in INVERTED:
            break
        if not token.is_content or (end > start and _is_predicate(tokens, end)):
            break
        end += 1
    return end


def asked_end(tokens: Sequence[Token], start: int) -> int:
    """Where the noun that is asked for ends: « Sur quel bateau | Trotsky… »."""
    end = phrase_end(tokens, start)
    names = (i for i in range(start + 1, end) if tokens[i].is_capital)
    return next(names, end)


def _is_predicate(tokens: Sequence[Token], index: int) -> bool:
    """Whether a word after a noun starts the verb: "le parti prit", "la ville se"."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if tokens[index].is_capital:
        return False
    return is_verb(tokens[index], following) or (
        is_infinitive(tokens[index]) and tokens[index - 1].form not in PREPOSITIONS
    )


def _scan(tokens: Sequence[Token]) -> list[Mention]:
    """Noun phrases after a determiner, names, quotations, and the names inside longer phrases."""
    found: list[Mention] = []
    index = _question_phrase_end(tokens, found)
    while index < len(tokens):
        token = tokens[index]
        if token.text in {"«", "“", '"'}:
            closing = _closing(tokens, index)
            if closing is not None:
                found.append(_quotation(tokens, index, closing))
                index = closing + 1
                continue
        end = index
        if _is_name(tokens, index):
            end = _name_end(tokens, index)
            found.extend(_named(tokens, index, end))
        elif _is_determiner(tokens, index):
            superlative = tokens[index + 1].form in {"plus", "moins"}
            end = _complemented_end(tokens, phrase_end(tokens, index + 1 + superlative))
            if end > index + 1:
                found.extend(_phrase(tokens, index, end))
        index = max(end, index + 1)
    return found


def _question_phrase_end(tokens: Sequence[Token], found: list[Mention]) -> int:
    """Skip « Dans quelle ville », and note the thing that « Quel traité mit fin… » asks for."""
    for index, token in enumerate(tokens[:3]):
        if token.form in WHICH and index + 1 < len(tokens):
            end = asked_end(tokens, index + 1)
            if end == index + 1:
                return index + 1
            rest = tokens[end:]
            inverted = any(token.form in INVERTED | OTHER_INVERTED for token in tokens)
            if (
                index == 0
                and rest
                and not inverted
                and is_verb(rest[0], rest[1] if len(rest) > 1 else None)
            ):
                found.append(_asked_for(tokens, index, end))
            return end
    return 0


def _asked_for(tokens: Sequence[Token], index: int, end: int) -> Mention:
    """« Quel traité mit fin à la guerre » -> "le traité qui mit fin à la guerre"."""
    which = tokens[index].form
    gender = "f" if which in FEMININE else "m"
    plural = which in PLURAL
    noun = _text(tokens[index + 1 : end])
    text = f"{_article(noun, gender, plural)}{noun} qui {_text(tokens[end:])}"
    head = tokens[index + 1].form
    # « Quel poste occupait Trotsky ? » asks about Trotsky, not about the post.
    weight = 3 if end + 1 < len(tokens) and tokens[end + 1].is_capital else 7
    return Mention(text, head, _kind_of(head), gender, plural, False, weight, index, len(tokens))


def _article(noun: str, gender: str, plural: bool) -> str:
    """The definite article with its space: "le ", "la ", "l'", "les "."""
    if plural:
        return "les "
    if _VOWEL.match(fold(noun)):
        return "l'"
    return "la " if gender == "f" else "le "


def _is_determiner(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token opens a noun phrase (and is not an object pronoun: « Qui le tua ? »)."""
    form = tokens[index].form
    if index + 2 < len(tokens) and tokens[index + 1].form in {"plus", "moins"}:
        # « le plus haut sommet »
        return form in DEFINITE and tokens[index + 2].is_content
    if index + 1 >= len(tokens) or not tokens[index + 1].is_content:
        return False
    if form in {"le", "la", "l'", "les"}:
        return not is_object_pronoun(tokens, index)
    return form in CONTRACTED or form in OTHER_DETERMINERS


def is_object_pronoun(tokens: Sequence[Token], index: int) -> bool:
    """Whether le, la, l' or les is an object: « Qui l'a tué », « le faire », « la dirigeait »."""
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or not following.is_word or following.form == "ete":
        return False
    after = tokens[index + 2] if index + 2 < len(tokens) else None
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
    if is_verb(following) and before not in AUXILIARIES and following.form not in VERB_FORMS:
        return True
    return (
        before in {"qui", "ne", "il", "elle", "on", "ils", "elles", "je"}
        and not following.is_capital
        and not following.form.endswith("'")
        and (after is None or is_verb(following, after) or following.form.endswith("a"))
    )


# What can stand before « le faire », « l'obtenir »; « à l'étranger » is no object.
BEFORE_OBJECT = frozenset(
    """-on -je -il -elle -vous -nous comment ou quand pourquoi qui pour faut peut peux dois doit
    puis veux voudrais ne pas faire sans on de""".split()
)


def _complemented_end(tokens: Sequence[Token], end: int) -> int:
    """Extend a phrase over its complements: "révolte | de Cronstadt", "guerre | de Cent Ans"."""
    for _ in range(3):
        after = end
        if after < len(tokens) and tokens[after].form == "et" and _is_complement(tokens, after + 1):
            after += 1
        if not _is_complement(tokens, after):
            break
        start = after + 1
        while start < len(tokens) and tokens[start].form in DEFINITE.keys() | {"sa", "son", "ses"}:
            start += 1
        inner = phrase_end(tokens, start)
        if inner == start:
            break
        end = inner
    return end


def _is_complement(tokens: Sequence[Token], index: int) -> bool:
    if index + 1 >= len(tokens):
        return False
    form = tokens[index].form
    if form in {"de", "d'", "du", "des"}:
        return not is_infinitive(tokens[index + 1])
    if form == "a" and tokens[index].text == "à":
        # "machine à vapeur", "permis à points"; "à Mexico" says where.
        following = tokens[index + 1]
        return following.is_content and not following.is_capital and not is_infinitive(following)
    return (
        form == "sur"
        and index > 0
        and among(tokens[index - 1].form, frozenset({"impot", "taxe", "loi", "droit"}))
    )


def _is_name(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token opens a name: a capital that the start of the sentence does not explain."""
    token = tokens[index]
    if not token.is_capital or not token.is_word:
        return False
    if token.form in DEFINITE:
        # A title keeps its article: « Les Misérables ».
        return index > 0 and tokens[index + 1 : index + 2] != () and tokens[index + 1].is_capital
    if token.form in STOP_WORDS or token.form in QUESTION_WORDS or token.form.endswith("'"):
        return False
    if index == 0 or tokens[index - 1].text in {".", "!", "?", ":", "…"}:
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if following is not None and following.form.startswith("-"):
            return False
        if len(token.text) > 1 and token.text.isupper():
            return True
        if following is not None and following.is_capital and token.form not in QUESTION_WORDS:
            return True
        return not (
            is_infinitive(Token(token.text.lower(), token.form, True))
            or among(token.form, GENERIC_WORDS | RELATIONAL_NOUNS)
            or is_verb(Token(token.text.lower(), token.form, True))
            or token.form in _IMPERATIVES
        )
    return True


_IMPERATIVES = frozenset(
    """parlez parle raconte racontez explique expliquez dis dites donne donnez decris decrivez
    liste listez cite citez indiquer indique indiquez""".split()
)


def _name_end(tokens: Sequence[Token], index: int) -> int:
    """Where a name ends: "Jean de La Fontaine", "Charles V", "Léon Trotsky"."""
    end = index + 1
    while end < len(tokens):
        token = tokens[end]
        if (token.is_capital and token.form not in STOP_WORDS) or _YEAR.fullmatch(token.text):
            end += 1
            continue
        if token.form in _NAME_PARTICLES:
            ahead = end + 1
            while ahead < len(tokens) and tokens[ahead].form in _NAME_PARTICLES:
                ahead += 1
            if ahead < len(tokens) and tokens[ahead].is_capital and tokens[ahead].is_content:
                end = ahead + 1
                continue
        break
    if tokens[index].form == "les":
        return max(end, phrase_end(tokens, index + 1))
    return end


def _phrase(tokens: Sequence[Token], start: int, end: int) -> list[Mention]:
    """The mention of a noun phrase, and those of the names and phrases inside it."""
    determiner = tokens[start].form
    nouns = [i for i in range(start + 1, end) if tokens[i].is_content]
    head_index = nouns[0]
    # « la première femme », « la grande guerre »: the head is after the adjective.
    if len(nouns) > 1 and nouns[1] == head_index + 1 and _is_leading_adjective(tokens[head_index]):
        head_index = nouns[1]
    head = tokens[head_index].form
    gender, plural = gender_of(determiner, tokens[head_index])
    proper = any(tokens[i].is_capital or _YEAR.fullmatch(tokens[i].text) for i in nouns)
    body = _text(tokens[start + 1 : end])
    article = CONTRACTED.get(determiner) or DEFINITE.get(determiner, tokens[start].text.lower())
    text = article + ("" if article.endswith("'") else " ") + body
    before = tokens[start - 1].form if start else ""
    kind = _kind_of(head)
    if kind == "thing" and head in PLACES:
        kind = "place"
    named = tokens[head_index].is_capital and start > 0
    relational = (
        is_noun_of(head, RELATIONAL_NOUNS) and kind not in {"person", "event"} and not named
    )
    weight = 6 if proper else 5
    if head in GENERIC_WORDS:
        weight = 1
    elif relational:
        weight = 2 if len(nouns) > 1 or determiner in {"mon", "ma", "mes"} else 1
    elif before in {"en", "dans", "par", "pour", "avec", "sur"} or determiner in {"au", "aux"}:
        weight -= 1
    if determiner in {"un", "une"} | OTHER_DETERMINERS - {"mon", "ma", "mes"}:
        weight -= 1
    found = [Mention(text, head, kind, gender, plural, proper, weight, start, end)]
    inner = _inner(tokens, start, end, head_index)
    if relational or kind == "person":
        # « le rôle de Trotsky », « la femme de Lénine »: the complement is a topic too.
        return found + inner
    return found + [
        _lighter(mention, 5 if mention.kind == "person" and kind != "event" else 3)
        for mention in inner
    ]


def _inner(tokens: Sequence[Token], start: int, end: int, head_index: int) -> list[Mention]:
    """The mentions in the complement of a phrase."""
    found: list[Mention] = []
    index = head_index + 1
    while index < end:
        form = tokens[index].form
        opens = form in DEFINITE or form in {"du", "des"}
        if opens and index + 1 < end and _starts_noun(tokens[index + 1]):
            if tokens[index - 1].form in {"de", "d'"} or form in {"du", "des"}:
                found.extend(_phrase(tokens, index, end))
                return found
        elif _is_name(tokens, index) and tokens[index - 1].form in {"de", "d'", "et"}:
            stop = min(_name_end(tokens, index), end)
            found.extend(_named(tokens, index, stop))
            index = stop
            continue
        index += 1
    del start
    return found


def _starts_noun(token: Token) -> bool:
    return token.is_content or token.form in {"plus", "moins"}


def _lighter(mention: Mention, weight: int) -> Mention:
    return Mention(
        mention.text, mention.head, mention.kind, mention.gender, mention.plural, mention.proper,
        min(mention.weight, weight), mention.start, mention.end,
    )  # fmt: skip


def _named(tokens: Sequence[Token], start: int, end: int) -> list[Mention]:
    """The mention of a name without article; « Marx et Engels » are two and a pair."""
    first = tokens[start].form
    text = _text(tokens[start:end])
    before = tokens[start - 1].form if start else ""
    forms = {token.form for token in tokens}
    kind: Kind = "person"
    gender = ""
    if first in FEMALE_NAMES:
        gender = "f"
    elif first in MALE_NAMES:
        gender = "m"
    elif first in PLACES:
        kind = "place"
    elif first in DEFINITE or (forms & _WORK_VERBS and tokens[0].form == "qui"):
        kind = "thing"
    elif before in _LOCATIVE and not forms & _TO_PERSON:
        kind = "place"
    elif text.isupper() and len(text) > 1:
        kind = "thing"
    elif forms & {
        "habitants",
        "capitale",
        "population",
        "superficie",
        "situe",
        "situee",
        "monnaie",
    }:
        kind = "place"
    if kind == "person" and not gender:
        gender = _gender_in_question(tokens, start, end)
    weight = 5 if kind == "place" and before in _LOCATIVE else 7
    if before in {"en", "dans", "par", "pour", "avec", "contre"} or (
        kind == "place" and before == "a"
    ):
        weight = 4
    # A title is one work, whatever its article: « Les Misérables ».
    plural = first == "les" and kind != "thing"
    mention = Mention(text, tokens[end - 1].form, kind, gender, plural, True, weight, start, end)
    after = end + 1
    if (
        after < len(tokens)
        and tokens[end].form == "et"
        and _is_name(tokens, after)
        and tokens[after].form not in DEFINITE
    ):
        stop = _name_end(tokens, after)
        pair = _text(tokens[start:stop])
        both = Mention(pair, tokens[stop - 1].form, kind, gender, True, True, 8, start, stop)
        return [mention, both]
    return [mention]


def _gender_in_question(tokens: Sequence[Token], start: int, end: int) -> str:
    """The gender that the question gives to a name: « Luxemburg est-elle née »."""
    for index in range(end, min(end + 5, len(tokens))):
        if tokens[index].form == "-elle":
            return "f"
        if tokens[index].form == "-il":
            return "m"
    participles = {token.text for token in tokens}
    if participles & {"née", "morte", "tuée", "assassinée", "mariée", "enterrée", "exilée"}:
        return "f"
    if participles & {"né", "mort", "tué", "assassiné", "marié", "enterré", "exilé"}:
        return "m"
    del start
    return ""


def _quotation(tokens: Sequence[Token], start: int, closing: int) -> Mention:
    text = _text(tokens[start : closing + 1])
    head = tokens[start + 1].form
    return Mention(text, head, "thing", "", False, True, 7, start, closing + 1)


def _closing(tokens: Sequence[Token], index: int) -> int | None:
    pair = {"«": "»", "“": "”", '"': '"'}[tokens[index].text]
    for closing in range(index + 2, len(tokens)):
        if tokens[closing].text == pair:
            return closing
    return None


def _action(tokens: Sequence[Token]) -> Mention | None:
    """« Comment renouveler mon passeport » -> the action "renouveler mon passeport".

    The purpose counts when there is one: « À qui écrire pour contester une amende ? ».
    """
    purposes = [i + 1 for i in range(len(tokens) - 1) if tokens[i].form == "pour"]
    purposes = [i + (tokens[i].form in {"se", "s'", "ne"}) for i in purposes]
    purposes = [i for i in purposes if i < len(tokens)]
    asked = _question_phrase_end(tokens, [])
    for index in [*reversed(purposes), *range(min(6, len(tokens)))]:
        token = tokens[index]
        if not token.is_word or not (is_infinitive(token) or token.form in {"avoir", "etre"}):
            continue
        before = tokens[index - 1] if index else None
        after = tokens[index + 1].form if index + 1 < len(tokens) else ""
        if (token.form == "faire" and after in {"pour", "si"}) or before is None:
            continue
        if before.form in DEFINITE and not is_object_pronoun(tokens, index - 1):
            continue
        start = index
        while start and tokens[start - 1].form in {"se", "s'", "me", "m'", "ne", "pas"}:
            start -= 1
        if before.form not in _BEFORE_ACTION and start == index and index != asked:
            continue
        # Without the « , et dans quel délai » that a follow-up has added.
        comma = (i for i in range(start, len(tokens)) if tokens[i].text == ",")
        rest = tokens[start : next(comma, len(tokens))]
        if sum(piece.is_content for piece in rest) < 2:
            return None
        return Mention(_text(rest), token.form, "action", "", False, False, 6, start, len(tokens))
    return None


_BEFORE_ACTION = QUESTION_WORDS | frozenset(
    "-on -je -il pour faire dois puis peux veux voudrais de d' faut doit on souhaite".split()
)


def _bare_words(tokens: Sequence[Token], known: Sequence[Mention]) -> list[Mention]:
    """Names typed in lower case: « ou est ne trotsky » -> "trotsky"."""
    covered = {
        i
        for mention in known
        if mention.kind != "action"
        for i in range(mention.start, mention.end)
    }
    action = any(mention.kind == "action" for mention in known)
    found: list[Mention] = []
    start = _question_phrase_end(tokens, [])
    index = start
    while index < len(tokens) and not action:
        end = index
        while end < len(tokens) and end not in covered and _may_be_name(tokens, end, start):
            end += 1
        if end > index:
            mention = _lighter(_named(tokens, index, end)[0], 4)
            found.append(replace(mention, text=mention.text.title()))
        index = max(end, index + 1)
    return found


def _may_be_name(tokens: Sequence[Token], index: int, start: int) -> bool:
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1].form if index else ""
    if not token.is_content or _YEAR.match(token.text) or len(token.form) < 3:
        return False
    if before in {"qui", "que", "qu'", "se", "s'", "-ce"}:
        return False
    if is_verb(token, following) or is_infinitive(token) or before in AUXILIARIES - {"est", "fut"}:
        return False
    if index == start == 0 and token.form in _IMPERATIVES:
        return False
    if re.search(r"(?:é|ée|és|ées)$", token.text) or (following and following.form in INVERTED):
        return False
    return (
        not among(token.form, GENERIC_WORDS | RELATIONAL_NOUNS) and token.form not in PERSON_VERBS
    )


def _is_leading_adjective(token: Token) -> bool:
    return token.form in {
        "premier", "premiere", "premiers", "premieres", "grand", "grande", "seconde", "second",
        "deuxieme", "troisieme", "nouvelle", "nouveau", "jeune", "vieux", "vieille", "petit",
        "petite", "ancien", "ancienne", "derniere", "dernier", "principal", "principale",
        "principaux", "principales", "premières", "celebre", "autre", "autres", "meilleur",
        "meilleure", "haute", "haut", "belle", "beau",
    }  # fmt: skip


def gender_of(determiner: str, noun: Token) -> tuple[str, bool]:
    """Gender ("" when unknown) and number of a noun after its determiner."""
    plural = determiner in PLURAL
    if determiner in FEMININE:
        return "f", False
    form = noun.form
    singular = form[:-1] if plural and form.endswith(("s", "x")) else form
    if determiner in MASCULINE and not (determiner in {"mon", "son"} and _VOWEL.match(form)):
        return "m", False
    if singular in FEMALE_NAMES or singular in FEMININE_NOUNS:
        return "f", plural
    if noun.is_capital:
        return ("f" if noun.text.endswith("e") else ""), plural
    if noun.text.rstrip("s").endswith(("ée", "té", "tion")) or singular.endswith(FEMININE_SUFFIXES):
        return "f", plural
    if singular.endswith(("eur", "isme", "age", "ment", "ier", "eau", "al", "in", "on")):
        return "m", plural
    return "", plural


def _kind_of(head: str) -> Kind:
    if is_noun_of(head, PERSON_NOUNS):
        return "person"
    if is_noun_of(head, EVENT_NOUNS) or head.endswith("isation"):
        return "event"
    if is_noun_of(head, PLACE_NOUNS) or head in PLACES:
        return "place"
    return "thing"


def _text(tokens: Sequence[Token]) -> str:
    return "".join((" " if token.spaced else "") + token.text for token in tokens).strip()
