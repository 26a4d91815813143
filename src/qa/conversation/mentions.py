"""What a question speaks of: its noun phrases and names, each with gender, number and kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from qa.conversation.grammar import elides, gender_of, is_object_pronoun, name_gender
from qa.conversation.lexicon import (
    AUXILIARIES,
    CONTRACTED,
    DEFINITE,
    EVENT_NOUNS,
    FEMALE_NAMES,
    FEMININE,
    GENERIC_WORDS,
    HAVING,
    INVERTED,
    LEADING_ADJECTIVES,
    MALE_NAMES,
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
    WHICH,
    among,
    is_noun_of,
)
from qa.conversation.tokens import Token, is_infinitive, is_verb, text_of, tokenise, without_end
from qa.french import STOP_WORDS

Kind = Literal["person", "place", "event", "thing", "action"]

_NAME_PARTICLES = frozenset(
    {"de", "d'", "du", "des", "von", "van", "la", "le", "l'", "ben", "al"}
    | {"da", "di", "del", "della", "der", "den", "el", "ibn", "bin", "dos"}
)
_LOCATIVE = frozenset({"a", "en", "vers", "chez", "dans", "depuis", "au", "aux"})
_QUOTES = {"«": "»", "“": "”", '"': '"'}
_WORK_VERBS = frozenset(
    "ecrit peint compose realise invente publie ecrivit peignit composa realisa".split()
)
# A verb that takes « à » and a person, not a place: « Qui a succédé à Lénine ? ».
_TO_PERSON = frozenset(
    """succede succeda oppose opposa oppose parle appartient arrive ressemble pense doit lie fallu
    fallut plait plut""".split()
)
# Of these nouns a name is the place: « la capitale de Tuvalu ».
_OF_PLACES = frozenset("habitants capitale population superficie situe situee monnaie".split())
# « la loi sur… », « le vaccin contre… »
_TAKES_MORE = frozenset(
    """impot taxe loi droit remede vaccin lutte traitement medicament assurance attentat complot
    assaut protection""".split()
)
_IMPERATIVES = frozenset(
    """parlez parle raconte racontez explique expliquez dis dites donne donnez decris decrivez
    liste listez cite citez indiquer indique indiquez""".split()
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
    start: int = 0
    end: int = 0

    @property
    def content(self) -> frozenset[str]:
        """The folded words that carry meaning."""
        return frozenset(token.form for token in tokenise(self.text) if token.is_content)


@lru_cache(maxsize=4096)
def find_mentions(question: str) -> tuple[Mention, ...]:
    """The mentions of a question, the most likely topic first."""
    tokens = tuple(without_end(tokenise(question)))
    found = _scan(tokens)
    action = _action(tokens)
    if action is not None:
        found.append(action)
    elif (question.isascii() or question[0].islower()) and not any(
        token.is_capital for token in tokens[1:]
    ):
        found.extend(_bare_words(tokens, found))
    return tuple(sorted(found, key=lambda mention: -mention.weight))


def phrase_end(tokens: Sequence[Token], start: int) -> int:
    """Where the words of a noun phrase end: tokens[start:end] are its noun and adjectives."""
    end = start
    while end < len(tokens) and tokens[end].is_content:
        following = tokens[end + 1] if end + 1 < len(tokens) else None
        if following is not None and following.form in INVERTED:
            break
        if end > start and not tokens[end].is_capital:
            infinitive = is_infinitive(tokens[end]) and tokens[end - 1].form not in PREPOSITIONS
            if infinitive or is_verb(tokens[end], following):
                break
        end += 1
    return end


def asked_end(tokens: Sequence[Token], start: int) -> int:
    """Where the noun that is asked for ends: « Sur quel bateau | Trotsky… »."""
    end = phrase_end(tokens, start)
    return next((i for i in range(start + 1, end) if tokens[i].is_capital), end)


def _scan(tokens: Sequence[Token]) -> list[Mention]:
    """Noun phrases after a determiner, names, quotations, and the names inside longer phrases."""
    found: list[Mention] = []
    index = _question_phrase_end(tokens, found)
    while index < len(tokens):
        end = index
        closing = _closing(tokens, index)
        if closing is not None:
            end = closing + 1
            text, head = text_of(tokens[index:end]), tokens[index + 1].form
            found.append(Mention(text, head, "thing", "", False, True, 7, index, end))
        elif _is_name(tokens, index):
            end = _name_end(tokens, index)
            found.extend(_named(tokens, index, end))
        elif _is_determiner(tokens, index):
            superlative = tokens[index + 1].form in {"plus", "moins"}
            end = _complemented_end(tokens, phrase_end(tokens, index + 1 + superlative))
            if end > index + 1:
                found.extend(_phrase(tokens, index, end))
        index = max(end, index + 1)
    return found


def _closing(tokens: Sequence[Token], index: int) -> int | None:
    """Where a quotation that opens at tokens[index] closes."""
    closing = _QUOTES.get(tokens[index].text)
    ahead = (i for i in range(index + 2, len(tokens)) if tokens[i].text == closing)
    return next(ahead, None) if closing else None


def _question_phrase_end(tokens: Sequence[Token], found: list[Mention]) -> int:
    """Skip « Dans quelle ville », and note the thing that « Quel traité mit fin… » asks for."""
    for index, token in enumerate(tokens[:3]):
        if token.form in WHICH and index + 1 < len(tokens):
            end = asked_end(tokens, index + 1)
            rest = tokens[end : end + 2]
            inverted = any(token.form in INVERTED | OTHER_INVERTED for token in tokens)
            if index == 0 and end > 1 and rest and not inverted and is_verb(rest[0]):
                found.append(_asked_for(tokens, end))
            return end
    return 0


def _asked_for(tokens: Sequence[Token], end: int) -> Mention:
    """« Quel traité mit fin à la guerre » -> "le traité qui mit fin à la guerre"."""
    gender = "f" if tokens[0].form in FEMININE else "m"
    plural = tokens[0].form in PLURAL
    noun = text_of(tokens[1:end])
    article = "les " if plural else "l'" if elides(noun) else "le "
    if article == "le " and gender == "f":
        article = "la "
    text = f"{article}{noun} qui {text_of(tokens[end:])}"
    head = tokens[1].form
    # « Quel poste occupait Trotsky ? » asks about Trotsky, not about the post.
    weight = 3 if end + 1 < len(tokens) and tokens[end + 1].is_capital else 7
    return Mention(text, head, _kind_of(head), gender, plural, False, weight, 0, len(tokens))


def _is_determiner(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token opens a noun phrase (and is not an object pronoun: « Qui le tua ? »)."""
    form = tokens[index].form
    if index + 2 < len(tokens) and tokens[index + 1].form in {"plus", "moins"}:
        # « le plus haut sommet »
        return form in DEFINITE and tokens[index + 2].is_content
    if index + 1 >= len(tokens) or not tokens[index + 1].is_content:
        return False
    if form in DEFINITE:
        return not is_object_pronoun(tokens, index)
    return form in CONTRACTED or form in OTHER_DETERMINERS


def _complemented_end(tokens: Sequence[Token], end: int) -> int:
    """Extend a phrase over its complements: "révolte | de Cronstadt", "guerre | de Cent Ans"."""
    for _ in range(3):
        joined = end < len(tokens) and tokens[end].form == "et" and _is_complement(tokens, end + 1)
        if not joined and not _is_complement(tokens, end):
            break
        start = end + 1 + joined
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
    token, following = tokens[index], tokens[index + 1]
    if token.form in {"de", "d'", "du", "des"}:
        return not is_infinitive(following)
    if token.text == "à":
        # "machine à vapeur", "permis à points"; "à Mexico" says where.
        return following.is_content and not following.is_capital and not is_infinitive(following)
    return token.form in {"sur", "contre"} and tokens[index - 1].form in _TAKES_MORE


def _is_name(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token opens a name: a capital that the start of the sentence does not explain."""
    token = tokens[index]
    if not token.is_capital:
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if token.form in DEFINITE:
        # A title keeps its article: « Les Misérables ».
        return index > 0 and following is not None and following.is_capital
    if token.form in STOP_WORDS | QUESTION_WORDS or token.form.endswith("'"):
        return False
    if index and tokens[index - 1].text not in {".", "!", "?", ":", "…"}:
        return True
    if following is not None and following.form.startswith("-"):
        return False
    if (len(token.text) > 1 and token.text.isupper()) or (following and following.is_capital):
        return True
    lower = Token(token.text.lower(), token.form, True)
    return not (
        is_infinitive(lower)
        or is_verb(lower)
        or among(token.form, GENERIC_WORDS | RELATIONAL_NOUNS)
        or token.form in _IMPERATIVES
    )


def _name_end(tokens: Sequence[Token], index: int) -> int:
    """Where a name ends: "Jean de La Fontaine", "Charles V", "Léon Trotsky"."""
    end = index + 1
    while end < len(tokens):
        ahead = end
        while ahead < len(tokens) and tokens[ahead].form in _NAME_PARTICLES:
            ahead += 1
        if ahead == len(tokens):
            break
        token = tokens[ahead]
        if not (token.is_capital and token.is_content) and not (
            ahead == end and token.text.isdigit()
        ):
            break
        end = ahead + 1
    return max(end, phrase_end(tokens, index + 1)) if tokens[index].form == "les" else end


def _phrase(tokens: Sequence[Token], start: int, end: int) -> list[Mention]:
    """The mention of a noun phrase, and those of the names and phrases inside it."""
    determiner = tokens[start].form
    nouns = [i for i in range(start + 1, end) if tokens[i].is_content]
    head_index = nouns[0]
    # « la première femme », « la grande guerre »: the head is after the adjective.
    if nouns[1:2] == [head_index + 1] and tokens[head_index].form in LEADING_ADJECTIVES:
        head_index = nouns[1]
    head = tokens[head_index].form
    gender, plural = gender_of(determiner, tokens[head_index])
    proper = any(tokens[i].is_capital or tokens[i].text.isdigit() for i in nouns)
    article = CONTRACTED.get(determiner) or DEFINITE.get(determiner, tokens[start].text.lower())
    text = article + " " * (not article.endswith("'")) + text_of(tokens[start + 1 : end])
    kind = _kind_of(head)
    if kind == "thing" and determiner in {"au", "aux"} and tokens[head_index].is_capital:
        kind = "place"  # « au Sénégal »
    mine = determiner in {"mon", "ma", "mes"}
    named = tokens[head_index].is_capital and start > 0
    relational = kind in {"thing", "place"} and is_noun_of(head, RELATIONAL_NOUNS) and not named
    weight = 6 if proper else 5
    if head in GENERIC_WORDS:
        weight = 1
    elif relational:
        weight = 2 if len(nouns) > 1 or mine else 1
    elif determiner in {"au", "aux"} or (
        start and tokens[start - 1].form in {"en", "dans", "par", "pour", "avec", "sur"}
    ):
        weight -= 1
    if determiner in OTHER_DETERMINERS and not mine:
        weight -= 1
    found = [Mention(text, head, kind, gender, plural, proper, weight, start, end)]
    inner = _inner(tokens, end, head_index)
    if relational or kind == "person":
        # « le rôle de Trotsky », « la femme de Lénine »: the complement is a topic too.
        return found + inner
    return found + [
        replace(
            mention,
            weight=min(mention.weight, 5 if mention.kind == "person" and kind != "event" else 3),
        )
        for mention in inner
    ]


def _inner(tokens: Sequence[Token], end: int, head_index: int) -> list[Mention]:
    """The mentions in the complement of a phrase."""
    found: list[Mention] = []
    index = head_index + 1
    while index < end:
        form, before = tokens[index].form, tokens[index - 1].form
        contracted = form in {"du", "des"}
        if contracted or (form in DEFINITE and before in {"de", "d'"}):
            if index + 1 < end and (
                tokens[index + 1].is_content or tokens[index + 1].form in {"plus", "moins"}
            ):
                return found + _phrase(tokens, index, end)
        elif before in {"de", "d'", "et"} and _is_name(tokens, index):
            stop = min(_name_end(tokens, index), end)
            found.extend(_named(tokens, index, stop))
            index = stop
            continue
        index += 1
    return found


def _named(tokens: Sequence[Token], start: int, end: int) -> list[Mention]:
    """The mention of a name without article; « Marx et Engels » are one and a pair."""
    first = tokens[start].form
    text = text_of(tokens[start:end])
    before = tokens[start - 1].form if start else ""
    if before == "a" and tokens[start - 1].text != "à" and not text_of(tokens).isascii():
        before = "have"  # « Quel âge a Bernard Hinault ? »
    forms = {token.form for token in tokens}
    kind: Kind = "person"
    if first in PLACES:
        kind = "place"
    elif first in FEMALE_NAMES | MALE_NAMES:
        kind = "person"
    elif first in DEFINITE or (forms & _WORK_VERBS and tokens[0].form == "qui"):
        kind = "thing"
    elif (before in _LOCATIVE and not forms & _TO_PERSON) or forms & _OF_PLACES:
        kind = "place"
    elif text.isupper() and len(text) > 1:
        kind = "thing"
    gender = name_gender(*(token.form for token in tokens[start:end]))
    weight = 7
    if before in {"en", "dans", "par", "pour", "avec", "contre"}:
        weight = 4
    elif kind == "place" and before in _LOCATIVE:
        weight = 4 if before == "a" else 5
    # A title is one work, whatever its article: « Les Misérables ».
    plural = first == "les" and kind != "thing"
    mention = Mention(text, tokens[end - 1].form, kind, gender, plural, True, weight, start, end)
    after = end + 1
    if after < len(tokens) and tokens[end].form == "et" and _is_name(tokens, after):
        stop = _name_end(tokens, after)
        pair = text_of(tokens[start:stop])
        both = Mention(pair, tokens[stop - 1].form, kind, gender, True, True, 8, start, stop)
        return [mention, both]
    return [mention]


def _action(tokens: Sequence[Token]) -> Mention | None:
    """« Comment renouveler mon passeport » -> the action "renouveler mon passeport".

    The purpose counts when there is one: « À qui écrire pour contester une amende ? ».
    """
    purposes = [i + 1 for i in range(len(tokens) - 1) if tokens[i].form == "pour"]
    purposes = [i + (tokens[i].form in {"se", "s'", "ne"}) for i in purposes]
    asked = _question_phrase_end(tokens, [])
    for index in [*reversed(purposes), *range(1, min(6, len(tokens)))]:
        token = tokens[index] if index < len(tokens) else tokens[-1]
        if not is_infinitive(token) and token.form not in {"avoir", "etre"}:
            continue
        before = tokens[index - 1].form
        if before in DEFINITE and not is_object_pronoun(tokens, index - 1):
            continue
        start = index
        while tokens[start - 1].form in {"se", "s'", "me", "m'", "ne", "pas"}:
            start -= 1
        if before not in _BEFORE_ACTION and start == index and index != asked:
            continue
        # Without what a follow-up has added (« , et quand », « (la TVA) »), nor the verb of
        # « Fermer un compte est-il payant ? ».
        end = start + 1
        while end < len(tokens) and tokens[end].text not in {",", "("}:
            end += 1
            if tokens[end : end + 1] and tokens[end].form in INVERTED:
                end -= 1
                break
        rest = tokens[start:end]
        if sum(piece.is_content for piece in rest) < 2:
            return None
        return Mention(text_of(rest), token.form, "action", "", False, False, 6, start, len(tokens))
    return None


_BEFORE_ACTION = QUESTION_WORDS | frozenset(
    "-on -je -il pour faire dois puis peux veux voudrais de d' faut doit on souhaite".split()
)


def _bare_words(tokens: Sequence[Token], known: Sequence[Mention]) -> list[Mention]:
    """Names typed in lower case: « ou est ne trotsky » -> "Trotsky"."""
    covered = {i for mention in known for i in range(mention.start, mention.end)}
    found: list[Mention] = []
    index = start = _question_phrase_end(tokens, [])
    if len(tokens) > 2 and tokens[0].form == "combien" and tokens[1].form in {"de", "d'"}:
        index = start = 3  # what is counted is no name
    while index < len(tokens):
        end = index
        while end < len(tokens) and end not in covered and _may_be_name(tokens, end, start):
            end += 1
        if end > index:
            mention = _named(tokens, index, end)[0]
            weight = min(mention.weight, 4)
            found.append(replace(mention, text=mention.text.title(), weight=weight))
        index = max(end, index + 1)
    return found


def _may_be_name(tokens: Sequence[Token], index: int, start: int) -> bool:
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    before = tokens[index - 1].form if index else ""
    if not token.is_content or token.text[0].isdigit() or len(token.form) < 3:
        return False
    if before == "en" and token.form not in PLACES:
        return False
    if before in {"qui", "que", "qu'", "se", "s'", "-ce"} | AUXILIARIES - {"est", "fut"}:
        return False
    if before in INVERTED and index > 1 and tokens[index - 2].form in HAVING:
        return False  # « ont-ils disparu »
    if is_verb(token, following) or is_infinitive(token) or token.text.rstrip("es").endswith("é"):
        return False
    if index == start == 0 and token.form in _IMPERATIVES:
        return False
    known = among(token.form, GENERIC_WORDS | RELATIONAL_NOUNS)
    return not known and not among(token.form, PERSON_VERBS)


def _kind_of(head: str) -> Kind:
    if is_noun_of(head, PERSON_NOUNS):
        return "person"
    if is_noun_of(head, EVENT_NOUNS) or head.endswith("isation"):
        return "event"
    return "place" if head in PLACES or is_noun_of(head, PLACE_NOUNS) else "thing"
