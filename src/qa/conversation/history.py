"""What the conversation has been about: the mentions of its questions, and whom answers named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from qa.conversation.lexicon import (
    BEING,
    CHITCHAT,
    EVENT_NOUNS,
    FEMALE_NAMES,
    GENERAL_NOUNS,
    MALE_NAMES,
    PERSON_NOUNS,
    PERSON_VERBS,
    PLACE_NOUNS,
    PLACES,
    RELATIONAL_NOUNS,
    THING_VERBS,
    TRANSITIVE_VERBS,
    WHICH,
    is_noun_of,
    stem,
    stems,
)
from qa.conversation.mentions import Kind, Mention, find_mentions
from qa.conversation.tokens import Token, is_verb, tokenise
from qa.french import STOP_WORDS, fold
from qa.records import Turn

# A score below this is a bad fit: an older question is asked first.
_GOOD_FIT = 4
_SENTENCE_START = {".", "!", "?", "«", ":", "…", "—"}
_NAME = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w'’-]+(?:\s(?:(?:de|du|des|von|van|de la|d')\s)?[A-ZÀ-ÖØ-Þ][\w'’-]+)*"
)


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

    def gender(self, mention: Mention) -> str:
        """The gender of a name, which another question may have told."""
        if mention.gender or not mention.proper:
            return mention.gender
        for other in self.mentions():
            if other.head == mention.head and other.gender and other.proper:
                return other.gender
        return ""

    def find(
        self,
        gender: str = "",
        plural: bool | None = None,
        wanted: Kind | None = None,
        excluded: frozenset[str] = frozenset(),
    ) -> Mention | None:
        """The most recent mention that agrees; a kind that is wanted weighs more than recency."""
        for position, question in enumerate(self.questions):
            if wanted != "thing" and plural is False and _asks_who(question):
                # The subject of « Qui a tué Trotsky ? » is the one who did it.
                # « …, et comment ? » was added to it: the name is in the answer before.
                answers = self.turns[position : position + 1 + (", et " in question)]
                named = next(filter(None, map(person_in_answer, answers)), None)
                agrees = named is not None and _agree(named.gender, gender)
                if named is not None and agrees and named.head not in excluded:
                    return named
            best: tuple[int, Mention] | None = None
            for mention in find_mentions(question):
                if mention.kind == "action" or mention.head in excluded:
                    continue
                score = self._fit(mention, gender, plural, wanted)
                if score is not None and (best is None or score > best[0]):
                    best = score, mention
            if best is not None and best[0] >= _GOOD_FIT:
                return best[1]
            if wanted == "person" and plural is not True and asks_for_person(question):
                named = person_in_answer(self.turns[position])
                if named is not None and _agree(named.gender, gender):
                    return named
        return None

    def _fit(
        self, mention: Mention, gender: str, plural: bool | None, wanted: Kind | None
    ) -> int | None:
        """How well a mention suits a pronoun; None when gender or number forbid it."""
        known = self.gender(mention)
        if not _agree(known, gender) or (plural is not None and mention.plural != plural):
            return None
        # « la durée légale du travail », for « la »: an agreement that is sure.
        score = mention.weight + 2 * bool(gender and known == gender)
        if wanted == "person":
            score += 4 if mention.kind == "person" else -6
        elif wanted in {"thing", "event"}:
            score += -5 if mention.kind == "person" else 1
        elif wanted == "place":
            score += 4 if mention.kind == "place" else -6
        if gender == "f" and not known and mention.kind == "person":
            score -= 2
        return score

    def topic(self, wanted: Kind | None = None) -> Mention | None:
        """What the conversation is about now; of the wanted kind when the last turns had one."""
        if wanted is not None:
            for question in self.questions[:4]:
                for mention in find_mentions(question):
                    if mention.kind == wanted and mention.weight > 1:
                        return mention
        for question in self.questions:
            mentions = find_mentions(question)
            if mentions:
                return mentions[0]
        return None

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
        if loose and "place" in general and _asks_where(self.previous):
            place = place_in_answer(self.turns[0])
            if place is not None:
                return place
        for mention in self.mentions():
            same = stem(mention.head) == stem(head) and mention.plural == plural
            if same and len(mention.content) > 1 and mention.kind != "action":
                return mention
        if not plural:
            for mention in self.mentions():
                fits = mention.head in general or (
                    mention.kind in (general if loose else general & {"place", "event"})
                )
                if fits and mention.weight > 3 and _agree_person(mention, head):
                    return mention
        if not loose or head in PLACE_NOUNS:
            return None
        kind = _kind_of_noun(head)
        for agreement in dict.fromkeys((gender, "")):
            found = self.find(agreement, plural, kind)
            if found is None or (found.kind == "person") != (kind == "person"):
                continue
            if found.weight >= _GOOD_FIT and not found.text.startswith(_SPEAKERS):
                return found
        return None


# « Cet effondrement » is not « mon passeport ».
_SPEAKERS = ("mon ", "ma ", "mes ", "notre ", "nos ")


def _kind_of_noun(head: str) -> Kind:
    if is_noun_of(head, PERSON_NOUNS):
        return "person"
    return "event" if is_noun_of(head, EVENT_NOUNS) else "thing"


def _agree(known: str, gender: str) -> bool:
    return not known or not gender or known == gender


def _agree_person(mention: Mention, head: str) -> bool:
    """« cette femme » is not a man; « la ville » is not a country."""
    if mention.kind == "person":
        return _agree(mention.gender, {"femme": "f", "homme": "m"}.get(head, ""))
    if head in {"ville", "village", "capitale", "commune"}:
        return not mention.text.startswith(("la ", "le ", "l'")) or mention.head in {"ville", head}
    if head == "pays":
        return mention.text.startswith(("la ", "le ", "l'", "les "))
    return True


def read_history(turns: Sequence[Turn]) -> History | None:
    """The history of a conversation; None when nothing in it carries a topic."""
    recent: list[Turn] = []
    questions: list[str] = []
    for turn in reversed(turns):
        question = " ".join((turn.answer.standalone_question or turn.message).split())
        if question and len(question) <= 2_000 and not is_chitchat(question):
            recent.append(turn)
            questions.append(question)
    if not questions:
        return None
    names: dict[str, str] = {}
    for turn, question in zip(recent, questions, strict=True):
        for text in (question, *_answer_texts(turn)):
            for form, name in _names(text):
                names.setdefault(form, name)
    return History(tuple(recent), tuple(questions), names)


def _answer_texts(turn: Turn) -> Iterator[str]:
    for citation in turn.answer.citations[:3]:
        yield citation.title
        yield citation.quote


@lru_cache(maxsize=4096)
def is_chitchat(message: str) -> bool:
    """Whether a message is only a courtesy: « Merci beaucoup ! », « Comment ça va ? »."""
    forms = [token.form for token in tokenise(message) if token.is_word]
    if not set(forms) - STOP_WORDS and not set(forms) & CHITCHAT:
        return not forms
    courteous = all(form in CHITCHAT | STOP_WORDS for form in forms)
    return courteous and (forms[-1] == "va" or not set(forms) & _TOPICAL_WORDS)


_TOPICAL_WORDS = frozenset("qui quoi quand ou comment pourquoi combien quel quelle".split())


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[tuple[str, str], ...]:
    """The capitalised words inside a text, folded and as written; not those that open sentences."""
    found = []
    tokens = tokenise(text[:2_000])
    for index, token in enumerate(tokens):
        if (
            index
            and token.is_capital
            and len(token.text) > 2
            and token.form not in STOP_WORDS
            and not token.form.endswith("'")
            and tokens[index - 1].text not in _SENTENCE_START
        ):
            found.append((token.form, token.text))
    first = tokens[0] if tokens else None
    if first is not None and len(tokens) <= 4 and _is_name_in_title(first):
        found.append((first.form, first.text))
    return tuple(found)


def _is_name_in_title(first: Token) -> bool:
    """« Lénine », « Trotsky (homme politique) »; not « Révolte de Cronstadt »."""
    common = EVENT_NOUNS | PERSON_NOUNS | PLACE_NOUNS | RELATIONAL_NOUNS
    named = first.is_capital and len(first.text) > 2 and first.form not in STOP_WORDS
    return named and not is_noun_of(first.form, common)


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
    forms = [token.form for token in tokens]
    present = set(forms)
    passive = "ete" in present or bool(present & (BEING - {"ete"}))
    if present & _ABOUT_PERSONS or (present & PERSON_VERBS and not present & {"lieu"}):
        if present & _EITHER and passive:
            return "thing"
        return "person"
    transitive = any(stem(form) in stems(TRANSITIVE_VERBS | _MADE) for form in present)
    if transitive and not passive:
        return "person"
    if present & THING_VERBS or (transitive and passive):
        return "thing"
    if forms and forms[0] in {"que", "qu'"}:
        return "person"
    return None


_EITHER = frozenset("ecrit ecrite peint peinte compose composee".split())
_MADE = frozenset("abolir proclamer adopter inaugurer ratifier".split())
_ABOUT_PERSONS = frozenset("neveu veuf veuve etudes ecrits".split())


def asks_for_person(question: str) -> bool:
    """Whether a question asks who: « Qui a tué… », « Par qui… », « Quel écrivain… »."""
    tokens = tokenise(question)[:4]
    for index, token in enumerate(tokens):
        if token.form == "qui":
            return True
        if token.form in {"quel", "quelle"} and index + 1 < len(tokens):
            return any(other.form in PERSON_NOUNS for other in tokens[index + 1 :])
    return False


def _asks_who(question: str) -> bool:
    """Whether someone unnamed is the subject: « Qui a tué… », « Qui était ministre… »."""
    tokens = tokenise(question)
    if tokens[0].form in WHICH and len(tokens) > 2 and is_noun_of(tokens[1].form, PERSON_NOUNS):
        return is_verb(tokens[2]) and not any(token.form.startswith("-") for token in tokens)
    if tokens[0].form != "qui" or any(token.form.startswith("-") for token in tokens[:6]):
        return False
    # « Qui était Trotsky ? » names its subject.
    return not (
        len(tokens) > 2
        and tokens[1].form in BEING
        and (tokens[2].is_capital or tokens[2].form in {"le", "la", "l'"})
    )


def _asks_where(question: str) -> bool:
    tokens = tokenise(question)[:4]
    return any(
        token.form in {"ou", "ville", "pays", "region", "village", "lieu"} for token in tokens
    )


# --- Names in answers -----------------------------------------------------------------------------


def person_in_answer(turn: Turn) -> Mention | None:
    """The person whom an answer names and its question does not."""
    return _named_in_answer(turn, "person")


def place_in_answer(turn: Turn) -> Mention | None:
    """The place that an answer names and its question does not."""
    return _named_in_answer(turn, "place")


def _named_in_answer(turn: Turn, kind: Kind) -> Mention | None:
    if turn.answer.status != "answered":
        return None
    sentences = [sentence.text for sentence in turn.answer.sentences[:1]]
    sentences = sentences or [citation.quote for citation in turn.answer.citations[:1]]
    asked = {token.form for token in tokenise(turn.answer.standalone_question or turn.message)}
    for sentence in sentences:
        name = _best_name(sentence[:1_000], frozenset(asked), kind)
        if name is not None:
            first = fold(name.split()[0])
            gender = "f" if first in FEMALE_NAMES else "m" if first in MALE_NAMES else ""
            head = fold(name.split()[-1])
            return Mention(name, head, kind, gender, False, True, 7, 0, 0)
    return None


@lru_cache(maxsize=1024)
def _best_name(sentence: str, asked: frozenset[str], kind: Kind) -> str | None:
    best: tuple[int, str] | None = None
    for match in _NAME.finditer(sentence):
        name = re.sub(r"['’]s?$", "", match.group())
        # « L'amiral Villeneuve » is named Villeneuve.
        name = re.sub(r"^[A-Z]['’][a-zéè]\w*\s", "", name)
        before = fold(sentence[max(0, match.start() - 12) : match.start()])
        if match.start() == 0 and fold(name.split()[0]) in STOP_WORDS | _SENTENCE_OPENERS:
            _, _, name = name.partition(" ")
        forms = {fold(part) for part in re.findall(r"[\w-]+", name)}
        if not name or forms & asked or forms <= STOP_WORDS:
            continue
        score = _name_score(name, before, kind, at_start=match.start() == 0)
        if score > 0 and (best is None or score > best[0]):
            best = score, name
    return best[1] if best else None


_SENTENCE_OPENERS = frozenset("apres selon malgre lorsque ainsi cependant toutefois".split())


def _name_score(name: str, before: str, kind: Kind, at_start: bool) -> int:
    """How much a name of an answer looks like the person, or the place, that was asked for."""
    parts = name.split()
    first = fold(parts[0])
    located = bool(re.search(r"\b(?:a|en|au|aux|dans|vers|pres de) $", before))
    if kind == "place":
        return 1 + (4 if located else 0) + (2 if first in PLACES else 0)
    if first in PLACES or re.search(r"\b(?:la |le |l'|les |du |des )$", before):
        return 0
    score = 2 + 2 * (len(parts) > 1) + 3 * (first in FEMALE_NAMES | MALE_NAMES)
    score += 3 * bool(re.search(r"\bpar $", before))
    return score - 4 * located - (1 if at_start and len(parts) == 1 else 0)
