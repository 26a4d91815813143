"""What the conversation has been about: the mentions of its questions, and whom answers named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.conversation.grammar import name_gender, with_de
from qa.conversation.lexicon import (
    BEING,
    CONTRACTED,
    DEFINITE,
    EVENT_NOUNS,
    FEMALE_NAMES,
    FEMININE,
    GENERAL_NOUNS,
    MALE_NAMES,
    ORDINALS,
    OTHER_DETERMINERS,
    PERSON_NOUNS,
    PERSON_VERBS,
    PLACE_NOUNS,
    PLACES,
    RELATIONAL_NOUNS,
    THING_VERBS,
    TRANSITIVE_VERBS,
    WHICH,
    among,
    is_noun_of,
    stem,
)
from qa.conversation.mentions import Kind, Mention, find_mentions
from qa.conversation.tokens import Token, is_verb, text_of, tokenise
from qa.courtesy import courtesy_reply
from qa.french import STOP_WORDS, fold
from qa.records import Turn

# A score below this is a bad fit: an older question is asked first.
_GOOD_FIT = 4
_LONGEST_QUESTION = 2_000  # characters
_SENTENCE_START = {".", "!", "?", "«", ":", "…", "—"}
_NAME = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w'’-]+"
    r"(?:\s(?:(?:de|du|des|von|van|de la|da|di|del|der|d')\s)?[A-ZÀ-ÖØ-Þ][\w'’-]+)*"
)
_NUMERAL = re.compile(r"[ivxl]+")
# « Cet effondrement » is not « mon passeport ».
_SPEAKERS = ("mon ", "ma ", "mes ", "notre ", "nos ")


@dataclass(frozen=True, slots=True)
class History:
    """The turns that carry a topic, most recent first, and the names seen in them."""

    turns: tuple[Turn, ...]
    questions: tuple[str, ...]
    names: dict[str, str]

    @property
    def previous(self) -> str:
        """The last question, as it was understood."""
        return self.questions[0]

    def mentions(self) -> Iterator[Mention]:
        """All mentions, most recent question first."""
        for question in self.questions:
            yield from find_mentions(question)

    def find(
        self,
        gender: str = "",
        plural: bool | None = None,
        wanted: Kind | None = None,
        excluded: frozenset[str] = frozenset(),
    ) -> Mention | None:
        """The most recent mention that agrees; a kind that is wanted weighs more than recency.

        The person whom an answer names counts only where the question before asked who, and
        where a person is spoken of.
        """
        for position, question in enumerate(self.questions):
            # « …, et comment ? » was added to a question: the name is in the answer before.
            turns = self.turns[position : position + 1 + (", et " in question)]
            named = None
            if plural is not True and wanted not in {"thing", "event", "place"}:
                named = next(filter(None, map(person_in_answer, turns)), None)
            if named is not None and (not _agree(named.gender, gender) or named.head in excluded):
                named = None
            if named is not None and plural is False and asks_who(question):
                # The subject of « Qui a tué Trotsky ? » is the one who did it.
                return named
            scores = [
                (score, mention)
                for mention in find_mentions(question)
                if mention.kind != "action"
                and mention.head not in excluded
                and (score := self._fit(mention, gender, plural, wanted)) is not None
            ]
            best = max(scores, key=lambda scored: scored[0], default=(0, None))
            if best[1] is not None and best[0] >= _GOOD_FIT:
                return best[1]
            if named is not None and wanted == "person":
                return named
        return None

    def _fit(
        self, mention: Mention, gender: str, plural: bool | None, wanted: Kind | None
    ) -> int | None:
        """How well a mention suits a pronoun; None when gender or number forbid it."""
        if not _agree(mention.gender, gender) or (plural is not None and mention.plural != plural):
            return None
        # « la durée légale du travail », for « la »: an agreement that is sure.
        score = mention.weight + 2 * bool(gender and mention.gender == gender)
        if wanted in {"person", "place"}:
            score += 4 if mention.kind == wanted else -6
        elif wanted is not None:
            score += -5 if mention.kind == "person" else 1
        return score

    def topic(self, wanted: Kind | None = None, strict: bool = False) -> Mention | None:
        """What the conversation is about now; of the wanted kind when the last turns had one.

        ``strict`` takes nothing of another kind.
        """
        for question in self.questions[: 4 if wanted else 0]:
            for mention in find_mentions(question):
                if mention.kind == wanted and mention.weight > 1:
                    return mention
        return None if strict else next(self.mentions(), None)

    def action_on(self, topic: Mention) -> Mention:
        """The thing to do with a topic, when one was asked about: what papers are needed for."""
        action = self.action()
        return action if action is not None and topic.content <= action.content else topic

    def action(self) -> Mention | None:
        """The last thing to do that was asked about ("renouveler mon passeport")."""
        return next((mention for mention in self.mentions() if mention.kind == "action"), None)

    def described(self, head: str, gender: str, plural: bool, loose: bool) -> Mention | None:
        """The mention that « la révolte », « cette bataille » or « ce pays » stands for.

        The same noun first, then one that it generalises; ``loose`` (after « cette ») takes any
        mention that agrees.
        """
        general = GENERAL_NOUNS.get(head) or GENERAL_NOUNS.get(head.rstrip("s")) or set()
        if loose and "place" in general and not plural and asks_where(self.previous):
            place = place_in_answer(self.turns[0])
            if place is not None:
                return place
        for mention in self.mentions():
            same = stem(mention.head) == stem(head) and mention.plural == plural
            if same and len(mention.content) > 1 and mention.kind != "action":
                return mention
        for mention in self.mentions() if not plural else ():
            fits = mention.head in general or (
                mention.kind in (general if loose else general & {"place", "event"})
            )
            sex = {"femme": "f", "homme": "m"}.get(head, "")
            if fits and mention.weight > 3 and _agree(mention.gender, sex):
                return mention
        if not loose:
            return None
        # « Fournissez le permis AM » + « ce permis »
        for mention in find_mentions(" ".join(_sentences(self.turns[0])[:1])):
            if mention.head == head and len(mention.content) > 1:
                return mention
        if "place" in general and not plural:
            return place_in_answer(self.turns[0])
        kind: Kind = "person" if is_noun_of(head, PERSON_NOUNS) else "thing"
        event = is_noun_of(head, EVENT_NOUNS)
        for agreement in dict.fromkeys((gender, "")):
            found = self.find(agreement, plural, kind)
            if found is None or (found.kind == "person") != (kind == "person"):
                continue
            if event and found.kind != "event":
                continue
            if found.weight >= _GOOD_FIT and not found.text.startswith(_SPEAKERS):
                return found
        return None

    def counted(self) -> Mention | None:
        """« Combien de lunes a Jupiter ? » -> "les lunes de Jupiter", for « elles »."""
        counted = re.search(r"\b[cC]ombien\b.*?\bd(?:e |['’])(\w+[sx])\b", self.previous)
        topic = self.topic()
        if counted is None or topic is None or counted.group(1) == "temps":
            return None
        text = f"les {counted.group(1)} {with_de(topic.text)}"
        return Mention(text, fold(counted.group(1)), "thing", "", True, False, 5)

    def asked(self, gender: str, plural: bool) -> Mention | None:
        """What the last question asked for: « le port 5432 », for « le », as its answer has it.

        Else as the question has it: « Quelles lois le parti vota-t-il ? » -> "les lois du parti".
        """
        tokens = tokenise(self.previous)
        for index, token in enumerate(tokens[:2]):
            if token.form not in WHICH or index + 1 == len(tokens):
                continue
            if (token.form[-1] == "s") != plural or (gender == "f") != (token.form in FEMININE):
                return None
            for mention in find_mentions(" ".join(_sentences(self.turns[0])[:1])):
                if mention.head == tokens[index + 1].form and mention.kind != "person":
                    return mention
            noun = tokens[index + 1].text
            topic = self.topic()
            if plural and topic is not None and topic.start > index + 1:
                text = f"les {noun} {with_de(topic.text)}"
                return Mention(text, tokens[index + 1].form, "thing", gender, True, False, 5)
        return None

    def place_told(self) -> str | None:
        """Where the last question is about, as it says it: « en Turquie ».

        None unless the answer tells of that very place.
        """
        told = {token.form for text in _sentences(self.turns[0])[:1] for token in tokenise(text)}
        tokens = tokenise(self.previous)
        for mention in find_mentions(self.previous):
            located = mention.start and tokens[mention.start - 1].form in {"a", "en"}
            if mention.kind == "place" and located and mention.head in told:
                return text_of(tokens[mention.start - 1 : mention.end])
        return None

    def in_answer(self, gender: str, plural: bool) -> Mention | None:
        """What the last answer speaks of in this gender and number: « des heures sup… » (elles)."""
        for sentence in _sentences(self.turns[0])[:1]:
            for mention in sorted(find_mentions(sentence), key=lambda mention: mention.start):
                agrees = mention.plural == plural and _agree(mention.gender, gender)
                named = mention.gender or mention.plural
                if agrees and named and mention.weight > 1 and not mention.text[-1].isdigit():
                    return mention
        return None


def _agree(known: str, gender: str) -> bool:
    return not known or not gender or known == gender


def read_history(turns: Sequence[Turn]) -> History | None:
    """The history of a conversation; None when nothing in it carries a topic."""
    recent: list[Turn] = []
    questions: list[str] = []
    for turn in reversed(turns):
        question = " ".join((turn.answer.standalone_question or turn.message).split())
        question = question.capitalize() if question.isupper() else question
        courteous = courtesy_reply(question, in_conversation=True) is not None
        if len(question) <= _LONGEST_QUESTION and not courteous:
            recent.append(turn)
            questions.append(question)
    if not questions:
        return None
    names: dict[str, str] = {}
    for turn, question in zip(recent, questions, strict=True):
        citations = turn.answer.citations[:3]
        for text in (question, *(text for c in citations for text in (c.title, c.quote))):
            for form, name in _names(text):
                names.setdefault(form, name)
    return History(tuple(recent), tuple(_written(question, names) for question in questions), names)


def _written(question: str, names: dict[str, str]) -> str:
    """« qui est kamenev » with the capital of the answer; not « le tourisme spatial », though
    titles have some."""
    tokens = tokenise(question)
    determiners = DEFINITE.keys() | CONTRACTED.keys() | OTHER_DETERMINERS
    common = {
        index
        for mention in find_mentions(question)
        if tokens[mention.start].form in determiners
        for index in range(mention.start, mention.end)
    }
    restored = restore_names(tokens, names)
    return text_of(
        token if index in common else restored[index] for index, token in enumerate(tokens)
    )


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[tuple[str, str], ...]:
    """The capitalised words inside a text, folded and as written.

    Not those that open sentences, unless another one follows. A short text is a title, which a name
    opens: « Lénine », not « Révolte de Cronstadt ».
    """
    tokens = tokenise(text[:_LONGEST_QUESTION])
    common = EVENT_NOUNS | PERSON_NOUNS | PLACE_NOUNS | RELATIONAL_NOUNS
    title = 0 < len(tokens) <= 4 and not is_noun_of(tokens[0].form, common)
    return tuple(
        (token.form, token.text)
        for index, token in enumerate(tokens)
        if token.is_capital
        and token.is_content
        and len(token.text) > 2
        and (
            (tokens[index - 1].text not in _SENTENCE_START if index else title)
            # « Victor Hugo naquit… »
            or (index + 1 < len(tokens) and tokens[index + 1].is_capital)
        )
    )


def restore_names(tokens: Sequence[Token], names: dict[str, str]) -> tuple[Token, ...]:
    """Write known names with their capitals: « et lenine » -> « et Lénine »."""
    return tuple(
        replace(token, text=names[token.form])
        if not token.is_capital and token.is_content and token.form in names
        else token
        for token in tokens
    )


# --- What is wanted -------------------------------------------------------------------------------


def wanted_kind(tokens: Sequence[Token]) -> Kind | None:
    """Whether the verb wants someone (« est-il né ») or something (« a-t-elle eu lieu »)."""
    forms = {token.form for token in tokens}
    passive = bool(forms & BEING)
    if forms & {"lieu", "quoi"} and forms & {"lieu", "parle", "traite", "parlait"}:
        return "thing"
    if forms & PERSON_VERBS:
        return "thing" if passive and forms & _EITHER else "person"
    if forms & {"fait", "faisait", "fit"} and tokens[0].form in {"que", "qu'"}:
        return "person"
    if any(among(form, TRANSITIVE_VERBS) for form in forms):
        return "thing" if passive else "person"
    if any(among(form, THING_VERBS) for form in forms):
        return "thing"
    return None


_EITHER = frozenset("ecrit ecrite peint peinte compose composee".split())


def asks_who(question: str) -> bool:
    """Whether someone unnamed is the subject: « Qui a tué… », « Qui était ministre… »."""
    tokens = tokenise(question)
    if any(token.form.startswith("-") for token in tokens[:6]) or len(tokens) < 3:
        return False
    if tokens[0].form in WHICH:
        return is_noun_of(tokens[1].form, PERSON_NOUNS) and is_verb(tokens[2])
    if tokens[0].form != "qui" or tokens[1].form not in BEING:
        return tokens[0].form == "qui"
    # « Qui était Trotsky ? », « le capitaine Nemo » name him; « le gouverneur de la Bastille » not.
    if tokens[2].form not in {"le", "la", "l'"}:
        return not tokens[2].is_capital
    noun = 3 + (tokens[3].form in ORDINALS) if len(tokens) > 3 else 2
    named = any(token.is_capital for token in tokens[noun : noun + 2])
    return is_noun_of(tokens[noun].form, PERSON_NOUNS) and not named


def asks_where(question: str) -> bool:
    """Whether a question asks for a place: « Où… », « Dans quelle ville… »."""
    where = {"ou", "ville", "pays", "region", "village", "lieu"}
    return any(token.form in where for token in tokenise(question)[:4])


# --- Names in answers -----------------------------------------------------------------------------


def person_in_answer(turn: Turn) -> Mention | None:
    """The person whom an answer names and its question does not."""
    return _named_in_answer(turn, "person")


def place_in_answer(turn: Turn) -> Mention | None:
    """The place that an answer names and its question does not."""
    return _named_in_answer(turn, "place")


def last_in_answer(turn: Turn) -> Mention | None:
    """The name that ends a list in an answer: « … Tours et Nantes », for « cette dernière »."""
    listed = re.findall(rf"\bet ({_NAME.pattern})", " ".join(_sentences(turn)[:1]))
    return _as_mention(listed[-1], "thing") if listed else None


def _sentences(turn: Turn) -> list[str]:
    return [citation.quote[:1_000] for citation in turn.answer.citations]


def _named_in_answer(turn: Turn, kind: Kind) -> Mention | None:
    question = turn.answer.standalone_question or turn.message
    for sentence in _sentences(turn)[:1]:
        name = _best_name(sentence, question, kind)
        if name is not None:
            return _as_mention(name, kind)
    return None


def _as_mention(name: str, kind: Kind) -> Mention:
    parts = fold(name).split()
    return Mention(name, parts[-1], kind, name_gender(*parts), False, True, 7)


@lru_cache(maxsize=1024)
def _best_name(sentence: str, question: str, kind: Kind) -> str | None:
    asked = {token.form for token in tokenise(question)}
    best = 0, ""
    for match in _NAME.finditer(sentence):
        # « L'amiral Villeneuve » is named Villeneuve.
        name = re.sub(r"['’]s?$|^[A-Z]['’][a-zéè]\w*\s", "", match.group())
        before = fold(sentence[max(0, match.start() - 12) : match.start()])
        if match.start() == 0 and fold(name.split()[0]) in STOP_WORDS | _SENTENCE_OPENERS:
            _, _, name = name.partition(" ")
        forms = {fold(part) for part in re.findall(r"[\w-]+", name)} - STOP_WORDS
        # « Pierre Curie » is another than « Marie Curie ».
        firsts = FEMALE_NAMES | MALE_NAMES
        another = bool(forms & firsts - asked) and bool(asked & firsts - forms)
        # « Louis XV » than « Louis XIV »
        another |= any(_NUMERAL.fullmatch(form) and form not in asked for form in forms)
        if not forms or (forms & asked and not another):
            continue
        score = _name_score(name, before, kind, at_start=match.start() == 0)
        if score > best[0]:
            best = score, name
    return best[1] or None


_SENTENCE_OPENERS = frozenset("apres selon malgre lorsque ainsi cependant toutefois".split())


def _name_score(name: str, before: str, kind: Kind, at_start: bool) -> int:
    """How much a name of an answer looks like the person, or the place, that was asked for."""
    parts = name.split()
    first = fold(parts[0])
    located = bool(re.search(r"\b(?:a|en|au|aux|dans|vers|pres de) $", before))
    if kind == "place":
        return 4 * located + 2 * (first in PLACES) + before.endswith(" de ")
    if first in PLACES or re.search(r"\b(?:la |le |l'|les |du |des )$", before):
        return 0
    score = 2 + 2 * (len(parts) > 1) + 3 * (first in FEMALE_NAMES | MALE_NAMES)
    return score + 3 * before.endswith("par ") - 4 * located - (at_start and len(parts) == 1)
