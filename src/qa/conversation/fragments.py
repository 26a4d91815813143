"""Questions that are only a piece: « Et en 1928 ? », « Pourquoi ? », « Et Lénine ? »."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.grammar import with_de
from qa.conversation.history import History
from qa.conversation.lexicon import (
    BEING,
    CONTRACTED,
    DEFINITE,
    INVERTED,
    ORDINALS,
    OTHER_DETERMINERS,
    OTHER_INVERTED,
    PERSON_NOUNS,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL_NOUNS,
    SUBJECT_PRONOUNS,
    WHICH,
    is_noun_of,
)
from qa.conversation.mentions import Mention, asked_end, find_mentions, phrase_end
from qa.conversation.place import about, agreeing, own_possessive, put
from qa.conversation.tokens import (
    Token,
    is_infinitive,
    is_verb,
    piece,
    plain,
    render,
    text_of,
    tokenise,
    without_end,
)

_MONTH = r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
_DATE = re.compile(
    r"\b(?:en|le|au|à|dans|avant|après|depuis|vers|pendant|durant|entre)\s"
    r"(?:(?:l['’]|le |la |les |du )?(?:mois |début |fin |années? )?(?:de |d['’])?)?"
    rf"(?:\d{{1,2}}(?:er)?\s)?(?:{_MONTH}(?:\s\d{{3,4}})?|\d{{3,4}}"
    r"|(?:[ivxlcdm]+|\d+)\s?e\ssiècle|années?\s\d{2,4})(?:\s(?:à|et)\s\d{3,4})?",
    re.IGNORECASE,
)
# A date that tells which one: « le procès d'août 1936 », « la révolution de 1917 ».
_INNER_DATE = re.compile(rf"\b(?:de |d['’])?(?:{_MONTH}(?:\s\d{{3,4}})?|\d{{4}})\b", re.IGNORECASE)
_WHEN = re.compile(r"(?:quand|en quelle année|à quelle date|quel jour)\b", re.IGNORECASE)
_JUST = frozenset("ca cela exactement precisement donc alors juste plus deja".split())
_WAS_IT = frozenset("c' etait est fut -ce ce".split())
_AFTERWARDS = re.compile(
    r"(?:(?P<later>apres|ensuite|puis|plus tard|par la suite)|(?P<before>avant|auparavant)"
    r"|(?P<since>depuis))(?: ca| cela)?"
)
_HOW_IT_HAPPENED = re.compile(
    r"(?P<asked>ou|quand|comment|pourquoi) (?:cela |ca |c'|est -ce )?(?:s'est )?(?:-il )?(?:est )?"
    r"(?:passe|produit|arrive|deroule)"
)
_LONGEST = 14  # tokens


def resolve_fragment(core: Sequence[Token], opened: bool, history: History) -> str | None:
    """The full question that a fragment stands for, or None when this is no fragment.

    ``opened`` says that the message began with « et », « mais », « alors »…
    """
    tokens = without_end(core)
    topic = history.topic()
    if not tokens or len(tokens) > _LONGEST or topic is None:
        return None
    said = plain(tokens)
    afterwards = _AFTERWARDS.fullmatch(said)
    if afterwards is not None:
        return _what_happened(str(afterwards.lastgroup), topic)
    in_case = plain(tokens[:2]).startswith(("si ", "s'il")) or (
        opened and tokens[0].form == "pour" and len(tokens) > 2 and is_infinitive(tokens[1])
    )
    if in_case and not any(token.is_capital for token in tokens[1:]):
        # « Et si je suis en retard ? » -> « Et si je suis en retard (déclarer mes revenus) ? »
        return render([*tokenise("Et " + text_of(tokens)), piece(f"({topic.text})")])
    happened = _HOW_IT_HAPPENED.fullmatch(said)
    if happened is not None and topic.kind in {"person", "thing"}:
        return _ask_again([t for t in tokens if t.form == happened["asked"]], topic, history)
    action = history.action()
    if said == "comment faire" and action is not None:
        return f"Comment {action.text} ?"
    asked = _question_phrase(tokens)
    if asked is not None:
        return _ask_again(asked, topic, history)
    if _has_clause(tokens):
        return None
    if _DATE.fullmatch(text_of(tokens)):
        return _with_date(text_of(tokens), topic, history)
    first = tokens[0].form
    if first in PREPOSITIONS | CONTRACTED.keys() | _OTHER_THAN and first != "des":
        return _with_complement(tokens, history)
    if first in {"tous", "toutes", "chaque"}:
        return render([*_previous(history), *tokenise(text_of(tokens).lower())])
    return _with_subject(tokens, opened, opened or core[-1].text == "?", topic, history)


def _previous(history: History) -> list[Token]:
    """The last question, without the « , et quand » that an earlier follow-up had added."""
    tokens = without_end(tokenise(history.previous))
    for index in range(len(tokens) - 2, 0, -1):
        added = tokens[index].text == "," and tokens[index + 1].form == "et"
        if added and _question_phrase(tokens[index + 2 :]) is not None:
            return tokens[:index]
    return tokens


def _has_clause(tokens: Sequence[Token]) -> bool:
    """Whether there is a verb, a question word or a pronoun: then it is no mere fragment."""
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.form in _OF_CLAUSES or token.text in {":", "("}:
            return True
        if token.form == "ou" and ("ù" in token.text or index == 0):
            return True
        preposition = token.form == "a" and (token.text == "à" or index == 0 or following is None)
        east = token.form == "est" and index and tokens[index - 1].form == "l'"
        if not preposition and not east and is_verb(token, following):
            return True
    # « Et un olivier ? »
    return any(is_infinitive(t) for t in tokens[: 1 if tokens[0].form in OTHER_DETERMINERS else 2])


_OF_CLAUSES = (
    INVERTED
    | OTHER_INVERTED
    | SUBJECT_PRONOUNS.keys()
    | (QUESTION_WORDS - {"ou"})
    | {"on", "je", "c'", "tu", "vous"}
)


# --- « Pourquoi ? », « À quelle date ? » ----------------------------------------------------------


def _question_phrase(tokens: Sequence[Token]) -> list[Token] | None:
    """The question words when there is nothing else: « C'était quand » -> « quand »."""
    kept = [token for token in tokens if token.form not in _JUST]
    forms = {token.form for token in kept}
    about_it = forms & {"c'", "-ce"} and not forms & {"qui", "quoi", "que", "qu'"}
    if about_it and forms & QUESTION_WORDS and not (forms & WHICH and len(kept) < 4):
        kept = [token for token in kept if token.form not in _WAS_IT]
    index = 0
    while index < min(2, len(kept)) and kept[index].form in PREPOSITIONS:
        index += 1
    if index >= len(kept) or kept[index].form not in QUESTION_WORDS - {"que", "qu'"}:
        return None
    word = kept[index].form
    index += 1
    if word in WHICH:
        if index == len(kept):
            return None
        index = asked_end(kept, index)
    elif word == "combien" and index < len(kept) and kept[index].form in {"de", "d'"}:
        index = phrase_end(kept, index + 1)
    return kept if index == len(kept) else None


def _ask_again(asked: Sequence[Token], topic: Mention, history: History) -> str:
    """Ask the previous question with other question words.

    « Quand Trotsky est-il né ? » + « Où ça ? » -> « Où Trotsky est-il né ? »
    « Qui a tué Trotsky ? » + « Pourquoi ? » -> « Qui a tué Trotsky, et pourquoi ? »
    """
    # « ou » alone is « où ».
    words = text_of(
        replace(token, text=token.text[0] + "ù") if token.form == "ou" else token for token in asked
    )
    if asked[0].form in WHICH | {"combien"} and len(asked) > 1:
        return render([*tokenise(words), piece(about(topic))])
    previous = _previous(history)
    end = _leading_phrase_end(previous)
    rest = previous[end:] if end is not None else []
    invertible = any(token.form in INVERTED | OTHER_INVERTED for token in rest)
    fits = asked[0].form in PREPOSITIONS or asked[-1].form not in _NEW_SUBJECTS
    if rest and fits and (invertible or is_infinitive(rest[0]) or asked[0].form != "pourquoi"):
        first = rest[0]
        lower = end == 0 and (first.form in DEFINITE or is_verb(*rest[:2]))
        text = first.text[0].lower() + first.text[1:] if lower else first.text
        return render([*tokenise(words), Token(text, first.form, True), *rest[1:]])
    return render([*previous, piece(", et " + words[0].lower() + words[1:], spaced=False)])


_NEW_SUBJECTS = frozenset("combien qui quoi lequel laquelle lesquels lesquelles".split())


def _leading_phrase_end(tokens: Sequence[Token]) -> int | None:
    """Where replaceable question words end; 0 for a yes-no question; None when they are needed.

    « Quand | Trotsky… », « En quelle année | Trotsky… »; not « Qui a tué… », « Quel traité mit… ».
    """
    index = 1 if tokens[0].form in PREPOSITIONS and len(tokens) > 1 else 0
    word = tokens[index].form
    if word in {"ou", "quand", "comment", "pourquoi"} or (index and word in {"qui", "quoi"}):
        return index + 1
    if index and word in WHICH:
        return asked_end(tokens, index + 1)
    inverted = any(token.form in INVERTED | OTHER_INVERTED for token in tokens)
    return 0 if inverted and not index and word not in QUESTION_WORDS else None


def _what_happened(when: str, topic: Mention) -> str:
    """« Et après ? » -> « Que s'est-il passé après la révolte ? », « Qu'a fait X ensuite ? »"""
    if topic.kind == "person":
        adverb = {"later": "ensuite", "before": "auparavant", "since": "depuis"}[when]
        return f"Qu'a fait {topic.text} {adverb} ?"
    if topic.kind == "action":
        order = "avant de" if when == "before" else "après avoir fini de"
        return f"Que faut-il faire {order} {topic.text} ?"
    preposition = {"later": "après", "before": "avant", "since": "depuis"}[when]
    return f"Que s'est-il passé {preposition} {topic.text} ?"


# --- « Et en 1928 ? », « Et à l'étranger ? » ------------------------------------------------------


def _with_date(date: str, topic: Mention, history: History) -> str:
    """Replace the date of the previous question, or add one."""
    date = date[0].lower() + date[1:]
    previous = text_of(_previous(history))
    dates = list(_DATE.finditer(previous))
    inner = list(_INNER_DATE.finditer(previous))
    if not dates and inner and date.startswith("en "):
        last = inner[-1]
        other = date[3:] if last.group()[0].isdigit() else with_de(date[3:])
        return render(tokenise(previous[: last.start()] + other + previous[last.end() :]))
    if not dates and _WHEN.match(previous):
        if topic.kind == "person":
            return f"Qu'a fait {topic.text} {date} ?"
        return f"Que s'est-il passé {date} ({topic.text}) ?"
    if dates:
        last = dates[-1]
        return render(tokenise(previous[: last.start()] + date + previous[last.end() :]))
    return render(tokenise(f"{previous} {date}"))


_HIM = frozenset({"lui", "elle"})
_OTHER_THAN = frozenset("celui celle ceux celles".split())


def _with_complement(tokens: Sequence[Token], history: History) -> str | None:
    """« Et pour un mineur ? », « Et à Moscou ? », « Et celle de Lénine ? »."""
    pronoun = tokens[0].form if tokens[0].form in _OTHER_THAN else ""
    tokens = tokens[bool(pronoun) :]
    if len(tokens) < 2:
        return None
    form = tokens[0].form
    rest = list(tokens[1:])
    if form in CONTRACTED:
        rest = [Token(CONTRACTED[form], CONTRACTED[form], True), *rest]
        form = "de" if form in {"du", "des"} else "a"
    previous = _previous(history)
    person = history.find(wanted="person") if len(rest) == 1 and rest[0].form in _HIM else None
    if person is not None:
        # « Qui a succédé à Lénine ? » + « Et après lui ? » -> « Qui a succédé à Staline ? »
        return _swap(previous, person, history.previous)
    added = _entity(rest, history)
    place = form in {"a", "en", "dans", "chez", "vers"}
    swapped = None
    if pronoun:
        others = (
            _other_one(without_end(tokenise(q)), pronoun, added, q, form) for q in history.questions
        )
        swapped = next(filter(None, others), None)
    elif not place and form not in {"de", "d'"}:
        swapped = _other_kind(previous, form, added, history.previous)
    elif form in {"de", "d'"} and not added.proper:
        # « …le point de fusion du fer ? » + « Et du plomb ? »
        swapped = _other_one(previous, "de", added, history.previous)
    exchanged = added.proper and form in {"pour", "de", "d'"} and history.action() is None
    if swapped is None and (pronoun or exchanged):
        swapped = _swap(previous, added, history.previous)
    if swapped is None and place:
        swapped = _replace_location(previous, tokens, form, added, history.previous)
    if swapped is None and place and added.proper:
        # « …la bataille de Waterloo ? » + « Et à Austerlitz ? »
        swapped = _other_one(previous, "", added, history.previous)
    text = text_of(tokens)
    return swapped or render([*previous, piece(text[0].lower() + text[1:])])


def _other_one(
    previous: Sequence[Token], pronoun: str, added: Mention, question: str, form: str = "de"
) -> str | None:
    """« …la révolte de Cronstadt » + « celle de Tambov » -> « …la révolte de Tambov ».

    ``form`` is the preposition: « …le vaccin contre la rage » + « celui contre le tétanos ».
    """
    joins = _OF if form in _OF else {form}
    gender = {"celui": "m", "ceux": "m", "celle": "f", "celles": "f"}.get(pronoun, "")
    for mention in find_mentions(question):
        if (
            mention.start == 0
            or mention.kind == "action"
            or not (pronoun or mention.kind == "event")
        ):
            continue
        if gender and mention.gender not in {"", gender}:
            continue
        for index in reversed(range(mention.start + 2, mention.end)):
            if previous[index].form in joins:
                other = piece(with_de(added.text) if joins is _OF else f"{form} {added.text}")
                return render([*previous[:index], other, *previous[mention.end :]])
    return None


_OF = frozenset({"de", "d'", "du", "des"})


def _other_kind(previous: list[Token], form: str, added: Mention, question: str) -> str | None:
    """« …un logement meublé ? » + « pour un logement vide » -> « …un logement vide ? ».

    « …sur Staline ? » + « sur Trotsky » -> « …sur Trotsky ? »
    « …pendant la métaphase ? » + « pendant l'anaphase » -> « …pendant l'anaphase ? »
    """
    for mention in find_mentions(question):
        if not mention.start or mention.kind == "action":
            continue
        if mention.head == added.head or previous[mention.start - 1].form == form:
            return render(put(previous, mention.start, mention.end, added.text))
    return None


def _replace_location(
    previous: list[Token], tokens: Sequence[Token], form: str, place: Mention, question: str
) -> str | None:
    """Put one place for another: « …en Russie ? » + « Et en Allemagne ? »."""
    located = [m for m in find_mentions(question) if m.kind == "place" and m.proper]
    for mention in located:
        for index in reversed(range(mention.start + 2, mention.end)):
            if previous[index].form in {"de", "d'"} and previous[index + 1].is_capital:
                # « …la plus haute montagne de France ? » + « Et en Italie ? »
                other = piece(with_de(place.text))
                return render([*previous[:index], other, *previous[mention.end :]])
        start = mention.start
        contracted = previous[start].form in {"au", "aux"}
        if contracted or (start and previous[start - 1].form in {"a", "en", "dans"}):
            begin = start if contracted else start - 1
            return render([*previous[:begin], piece(text_of(tokens)), *previous[mention.end :]])
    if not located or not place.proper:
        return None
    text = place.text
    if form == "en" and not text.startswith(("l'", "la ", "le ", "les ")):
        # « en Allemagne » names "l'Allemagne".
        text = ("l'" if text[0] in "AEIOUYÉÈÎ" else "la ") + text
    return render(put(previous, located[0].start, located[0].end, text))


# --- « Et Lénine ? », « Et sa femme ? » -----------------------------------------------------------


def _with_subject(
    tokens: Sequence[Token], opened: bool, asked: bool, topic: Mention, history: History
) -> str | None:
    possessed = own_possessive(tokens, 0, history)
    if possessed is not None:
        return _instead(_entity(tokenise(possessed), history), history)
    head = tokens[1] if tokens[0].form in DEFINITE and len(tokens) > 1 else tokens[0]
    if head == tokens[-1] and head.form in ORDINALS:
        return _other_in_order(head, topic, history)
    entity = _entity(tokens, history)
    described = history.described(entity.head, entity.gender, entity.plural, loose=False)
    if not entity.proper and is_noun_of(head.form, RELATIONAL_NOUNS):
        about_what = described or topic
        complement = any(token.form in {"de", "d'", "du", "des"} for token in tokens)
        if complement or not asked or about_what.content >= entity.content:
            return None
        text = entity.text[0].lower() + entity.text[1:]
        return render(tokenise(f"Qu'en est-il {with_de(text)} {about(about_what, of=True)}"))
    if not opened and not (asked and entity.proper and len(tokens) <= 3):
        return None
    if described is not None and described.content >= entity.content:
        entity = described
    return _instead(entity, history)


def _other_in_order(ordinal: Token, topic: Mention, history: History) -> str:
    """« …son premier prix Nobel ? » + « Et le second ? » -> « …son second prix Nobel ? »"""
    for question in history.questions[:3]:
        tokens = without_end(tokenise(question))
        for index, token in enumerate(tokens):
            if token.form in ORDINALS:
                other = replace(ordinal, spaced=token.spaced)
                return render([*tokens[:index], other, *tokens[index + 1 :]])
    return render(tokenise(f"Qu'en est-il {with_de('le ' + ordinal.text)} ({topic.text})"))


def _instead(entity: Mention, history: History) -> str:
    """The previous question about another; « Qu'en est-il de… » when nothing can be exchanged."""
    previous = _previous(history)
    identity = previous[0].form == "qui" and len(previous) > 1 and previous[1].form in BEING
    swapped = None
    if not identity or (entity.kind == "person" and not entity.plural):
        swapped = _swap(previous, entity, history.previous)
    return swapped or render(tokenise(f"Qu'en est-il {with_de(entity.text)}"))


def _entity(tokens: Sequence[Token], history: History) -> Mention:
    """The tokens as one mention, of the kind that an earlier question has told."""
    text = text_of(tokens)
    if text.startswith(("L'", "L’")):
        text = "l'" + text[2:]
    for mention in find_mentions(text):
        if mention.kind != "action" and (mention.start, mention.end) == (0, len(tokens)):
            for known in history.mentions() if mention.proper else ():
                if known.head == mention.head and known.proper:
                    gender = mention.gender or known.gender
                    return replace(mention, kind=known.kind, gender=gender)
            return mention
    proper = any(token.is_capital for token in tokens)
    return Mention(text, tokens[-1].form, "thing", "", False, proper, 5, 0, len(tokens))


def _swap(previous: list[Token], entity: Mention, question: str) -> str | None:
    """The previous question with another subject: "Quand Trotsky est-il né", "Lénine"."""
    candidates = [
        mention
        for mention in find_mentions(question)
        if mention.kind != "action" and mention.end <= len(previous)
    ]
    alike = [mention for mention in candidates if mention.head == entity.head]
    kind = [mention for mention in candidates if mention.kind == entity.kind]
    same = [mention for mention in kind if mention.proper == entity.proper]
    # « Et sa femme ? » asks when she was born, not when the revolt began.
    someone = is_noun_of(entity.head, PERSON_NOUNS)
    others = [m for m in candidates if m.proper == entity.proper and not someone]
    chosen = next(iter(alike or same or others or kind), None)
    if chosen is None:
        return None
    if entity.content <= chosen.content:
        return render(previous)
    tokens = put(previous, chosen.start, chosen.end, entity.text)
    changed = entity.gender not in {"", chosen.gender} and entity.plural == chosen.plural
    return render(agreeing(tokens, entity) if changed else tokens)
