"""Questions that are only a piece: « Et en 1928 ? », « Pourquoi ? », « Et Lénine ? »."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from qa.conversation.history import History
from qa.conversation.lexicon import (
    BEING,
    CONTRACTED,
    DEFINITE,
    INVERTED,
    OTHER_INVERTED,
    PREPOSITIONS,
    QUESTION_WORDS,
    RELATIONAL_NOUNS,
    SUBJECT_PRONOUNS,
    WHICH,
    is_noun_of,
)
from qa.conversation.mentions import Mention, asked_end, find_mentions, phrase_end, with_de
from qa.conversation.place import about, own_possessive, put
from qa.conversation.tokens import (
    Token,
    is_infinitive,
    is_verb,
    piece,
    plain,
    render,
    tokenise,
    without_end,
)

_DATE = re.compile(
    r"\b(?:en|le|au|à|dans|avant|après|depuis|vers|pendant|durant|entre)\s"
    r"(?:(?:l['’]|le |la |les |du )?(?:mois |début |fin |années? )?(?:de |d['’])?)?"
    r"(?:\d{1,2}(?:er)?\s)?"
    r"(?:(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
    r"(?:\s\d{3,4})?|\d{3,4}|(?:[ivxlcdmIVXLCDM]+|\d+)\s?e\ssiècle|années?\s\d{2,4})"
    r"(?:\s(?:à|et)\s\d{3,4})?",
    re.IGNORECASE,
)
# A date that tells which one: « le procès d'août 1936 », « la révolution de 1917 ».
_INNER_DATE = re.compile(
    r"\b(?:de |d['’])(?:(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre"
    r"|novembre|décembre)(?:\s\d{3,4})?|\d{3,4})\b",
    re.IGNORECASE,
)
_WHEN = re.compile(r"(?:quand|en quelle année|à quelle date|quel jour)\b", re.IGNORECASE)
_JUST = frozenset("ca cela exactement precisement donc alors juste plus deja".split())
_WAS_IT = frozenset("c' etait est fut -ce ce etait-ce".split())
_AFTERWARDS = {
    "apres": "après", "ensuite": "après", "puis": "après", "plus tard": "après", "avant": "avant",
    "apres ca": "après", "apres cela": "après", "avant cela": "avant", "avant ca": "avant",
    "par la suite": "après", "auparavant": "avant", "depuis": "depuis",
}  # fmt: skip


def resolve_fragment(core: Sequence[Token], opened: bool, history: History) -> str | None:
    """The full question that a fragment stands for, or None when this is no fragment.

    ``opened`` says that the message began with « et », « mais », « alors »…
    """
    tokens = without_end(core)
    if not tokens or len(tokens) > 14:
        return None
    afterwards = _AFTERWARDS.get(plain(tokens))
    if afterwards is not None:
        return _what_happened(afterwards, history)
    if plain(tokens[:2]).startswith(("si ", "s'il")):
        return _in_case(tokens, history)
    happened = _HOW_IT_HAPPENED.fullmatch(plain(tokens))
    topic = history.topic()
    if happened is not None and topic is not None and topic.kind == "person":
        return _ask_again([token for token in tokens if token.form == happened["asked"]], history)
    asked = _question_phrase(tokens)
    if asked is not None:
        return _ask_again(asked, history)
    if _has_clause(tokens):
        return None
    if _DATE.fullmatch(_text(tokens)):
        return _with_date(_text(tokens), history)
    if tokens[0].form in PREPOSITIONS | CONTRACTED.keys() or tokens[0].form in _OTHER_THAN:
        return _with_complement(tokens, history)
    return _with_subject(tokens, opened, core, history)


def _text(tokens: Sequence[Token]) -> str:
    return "".join((" " if token.spaced else "") + token.text for token in tokens).strip()


def _has_clause(tokens: Sequence[Token]) -> bool:
    """Whether there is a verb, a question word or a pronoun: then it is no mere fragment."""
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.form in INVERTED | OTHER_INVERTED or token.form in SUBJECT_PRONOUNS:
            return True
        if token.form in QUESTION_WORDS - {"ou"} or (
            token.form == "ou" and ("ù" in token.text or index == 0)
        ):
            return True
        if token.text in {":", "("} or token.form in {"on", "je", "c'", "tu", "vous"}:
            return True
        if token.form == "a" and (token.text == "à" or index == 0 or following is None):
            continue
        if token.form == "est" and index and tokens[index - 1].form == "l'":
            continue
        if is_verb(token, following):
            return True
    return is_infinitive(tokens[0]) or (len(tokens) > 1 and is_infinitive(tokens[1]))


_HOW_IT_HAPPENED = re.compile(
    r"(?P<asked>ou|quand|comment|pourquoi) (?:cela |ca |c'|est -ce )?(?:s'est )?(?:-il )?(?:est )?"
    r"(?:passe|produit|arrive|deroule)"
)


def _in_case(tokens: Sequence[Token], history: History) -> str | None:
    """« Et si je suis en retard ? » -> « Et si je suis en retard (déclarer mes revenus) ? »"""
    topic = history.topic()
    names = any(token.is_capital for token in tokens[1:])
    if topic is None or names:
        return None
    return render(
        [piece("Et"), replace(tokens[0], spaced=True), *tokens[1:], piece(f"({topic.text})")]
    )


# --- « Pourquoi ? », « À quelle date ? » ----------------------------------------------------------


def _question_phrase(tokens: Sequence[Token]) -> list[Token] | None:
    """The question words when there is nothing else: « C'était quand » -> « quand »."""
    kept = [token for token in tokens if token.form not in _JUST]
    if any(token.form in QUESTION_WORDS for token in kept):
        was_it = {token.form for token in kept} & {"c'", "-ce"}
        if was_it and not {token.form for token in kept} & {"qui", "quoi", "que", "qu'"} | _which(
            kept
        ):
            kept = [token for token in kept if token.form not in _WAS_IT]
    index = 0
    while index < min(2, len(kept)) and kept[index].form in PREPOSITIONS:
        index += 1
    if index >= len(kept) or kept[index].form not in QUESTION_WORDS - {"que", "qu'", "s'"}:
        return None
    word = kept[index].form
    index += 1
    if word in WHICH and index < len(kept):
        index = asked_end(kept, index)
    elif word == "combien" and index < len(kept) and kept[index].form in {"de", "d'"}:
        index = phrase_end(kept, index + 1)
    return kept if index == len(kept) and not (word in WHICH and len(kept) == 1) else None


def _which(tokens: Sequence[Token]) -> set[str]:
    return {token.form for token in tokens} & WHICH if len(tokens) < 4 else set()


def _ask_again(asked: Sequence[Token], history: History) -> str | None:
    """Ask the previous question with other question words.

    « Quand Trotsky est-il né ? » + « Où ça ? » -> « Où Trotsky est-il né ? »
    « Qui a tué Trotsky ? » + « Pourquoi ? » -> « Qui a tué Trotsky, et pourquoi ? »
    """
    words = _text(_accented(asked))
    noun_alone = asked[0].form in WHICH | {"combien"} and len(asked) > 1
    if noun_alone:
        topic = history.topic()
        return None if topic is None else render([*tokenise(words), piece(about(topic))])
    previous = _without_addition(without_end(tokenise(history.previous)))
    end = _leading_phrase_end(previous)
    rest = previous[end:] if end else list(previous)
    forms = {token.form for token in rest}
    invertible = forms & (INVERTED | OTHER_INVERTED) or (rest and is_infinitive(rest[0]))
    replaceable = end is not None and asked[-1].form not in {"combien", "qui", "quoi"} | _LEQUEL
    if asked[0].form in PREPOSITIONS and end is not None:
        replaceable = True
    if rest and replaceable and (invertible or asked[0].form != "pourquoi"):
        first = rest[0]
        if (
            end == 0
            and first.text[0].isupper()
            and (is_verb(first, rest[1] if len(rest) > 1 else None))
        ):
            rest[0] = Token(first.text[0].lower() + first.text[1:], first.form, True)
        elif end == 0 and first.form in DEFINITE:
            rest[0] = Token(first.text.lower(), first.form, True)
        rest[0] = Token(rest[0].text, rest[0].form, True)
        return render([*tokenise(words), *rest])
    return render([*previous, piece(", et " + words[0].lower() + words[1:], spaced=False)])


_LEQUEL = frozenset({"lequel", "laquelle", "lesquels", "lesquelles"})


def _accented(tokens: Sequence[Token]) -> list[Token]:
    """« ou » alone is « où »."""
    return [
        Token(token.text[0] + "ù", "ou", token.spaced) if token.form == "ou" else token
        for token in tokens
    ]


def _without_addition(tokens: Sequence[Token]) -> list[Token]:
    """Drop the « , et quand » that an earlier follow-up had added."""
    for index in range(len(tokens) - 2, 0, -1):
        added = tokens[index].text == "," and tokens[index + 1].form == "et"
        if added and _question_phrase(tokens[index + 2 :]) is not None:
            return list(tokens[:index])
    return list(tokens)


def _leading_phrase_end(tokens: Sequence[Token]) -> int | None:
    """Where replaceable question words end; 0 for a yes-no question; None when they are needed.

    « Quand | Trotsky… », « En quelle année | Trotsky… »; not « Qui a tué… », « Quel traité mit… ».
    """
    index = 1 if tokens and tokens[0].form in PREPOSITIONS and len(tokens) > 1 else 0
    word = tokens[index].form
    following = tokens[index + 1].form if index + 1 < len(tokens) else ""
    if word == "ou" or word in {"quand", "comment", "pourquoi"}:
        return index + 1
    if index and word in WHICH:
        return asked_end(tokens, index + 1)
    if index and word in {"qui", "quoi"}:
        return index + 1
    if word in QUESTION_WORDS or index or following == "":
        return None
    forms = {token.form for token in tokens}
    return 0 if forms & (INVERTED | OTHER_INVERTED) else None


def _what_happened(when: str, history: History) -> str | None:
    """« Et après ? » -> « Que s'est-il passé après la révolte ? », « Qu'a fait X ensuite ? »"""
    topic = history.topic()
    if topic is None:
        return None
    if topic.kind == "person":
        adverb = {"après": "ensuite", "avant": "auparavant", "depuis": "depuis"}[when]
        return f"Qu'a fait {topic.text} {adverb} ?"
    if topic.kind == "action":
        return f"Que faut-il faire {when if when != 'depuis' else 'après'} {topic.text} ?".replace(
            f"après {topic.text}", f"après avoir fini de {topic.text}"
        )
    return f"Que s'est-il passé {when} {topic.text} ?"


# --- « Et en 1928 ? », « Et à l'étranger ? » ------------------------------------------------------


def _with_date(date: str, history: History) -> str:
    """Replace the date of the previous question, or add one."""
    date = date[0].lower() + date[1:]
    previous = _text(_without_addition(without_end(tokenise(history.previous))))
    dates = list(_DATE.finditer(previous))
    inner = list(_INNER_DATE.finditer(previous))
    if not dates and inner and date.startswith("en "):
        last = inner[-1]
        return render(
            tokenise(previous[: last.start()] + with_de(date[3:]) + previous[last.end() :])
        )
    if not dates and _WHEN.match(previous):
        topic = history.topic()
        if topic is not None and topic.kind == "person":
            return f"Qu'a fait {topic.text} {date} ?"
        if topic is not None:
            return f"Que s'est-il passé {date} ({topic.text}) ?"
    if dates:
        last = dates[-1]
        return render(tokenise(previous[: last.start()] + date + previous[last.end() :]))
    return render(tokenise(f"{previous} {date}"))


_OTHER_THAN = frozenset("celui celle ceux celles".split())


def _with_complement(tokens: Sequence[Token], history: History) -> str | None:
    """« Et pour un mineur ? », « Et à Moscou ? », « Et celle de Lénine ? »."""
    index = 1 if tokens[0].form in _OTHER_THAN else 0
    if index >= len(tokens):
        return None
    form = tokens[index].form
    rest = list(tokens[index + 1 :])
    if form in CONTRACTED:
        rest = [Token(CONTRACTED[form], CONTRACTED[form], True), *rest]
        form = {"du": "de", "des": "de", "au": "a", "aux": "a"}[form]
    if not rest:
        return None
    previous = _without_addition(without_end(tokenise(history.previous)))
    added = _entity(rest, history)
    if index:
        other = _other_one(previous, tokens[0].form, added, history.previous)
        if other is not None:
            return other
    if form in {"pour", "de", "d'", "concernant"} and (added.proper or index):
        swapped = swap(previous, added, history.previous)
        if swapped is not None:
            return swapped
    if form in {"a", "en", "dans", "chez", "vers"}:
        place = _article_for_place(form, added)
        replaced = _replace_location(previous, list(tokens), place, history.previous)
        if replaced is not None:
            return replaced
    text = _text(tokens[index:])
    return render([*previous, piece(text[0].lower() + text[1:])])


def _other_one(
    previous: Sequence[Token], pronoun: str, added: Mention, question: str
) -> str | None:
    """« …la révolte de Cronstadt » + « celle de Tambov » -> « …la révolte de Tambov »."""
    gender = "f" if pronoun.startswith("celles") or pronoun == "celle" else "m"
    for mention in find_mentions(question):
        if mention.kind == "action" or (mention.gender or gender) != gender or mention.start == 0:
            continue
        for index in range(mention.start + 2, mention.end):
            if tokens_open_complement(previous, index):
                kept = [*previous[:index], piece(with_de(added.text))]
                return render([*kept, *previous[mention.end :]])
    return None


def tokens_open_complement(tokens: Sequence[Token], index: int) -> bool:
    """Whether « de », « du », « des » opens the complement of a noun there."""
    return index < len(tokens) and tokens[index].form in {"de", "d'", "du", "des"}


def _article_for_place(preposition: str, mention: Mention) -> Mention:
    """« en Allemagne » names "l'Allemagne"."""
    if preposition != "en" or mention.text.startswith(("l'", "la ", "le ", "les ")):
        return mention
    article = "l'" if mention.text[0] in "AEIOUYÉÈÎ" else "la "
    return _renamed(mention, article + mention.text, "f")


def _renamed(mention: Mention, text: str, gender: str) -> Mention:
    return Mention(
        text,
        mention.head,
        mention.kind,
        gender,
        mention.plural,
        mention.proper,
        mention.weight,
        0,
        0,
    )


def _replace_location(
    previous: Sequence[Token], tokens: Sequence[Token], place: Mention, question: str
) -> str | None:
    """Put one place for another: « …en Russie ? » + « Et en Allemagne ? »."""
    for mention in find_mentions(question):
        if mention.kind != "place" or not mention.proper:
            continue
        start = mention.start
        if previous[start].form in {"au", "aux"}:
            begin = start
        elif start and previous[start - 1].form in {"a", "en", "dans"}:
            begin = start - 1
        else:
            continue
        return render([*previous[:begin], piece(_text(tokens)), *previous[mention.end :]])
    if not place.proper:
        return None
    for mention in find_mentions(question):
        if mention.kind == "place" and mention.proper:
            return render(put(list(previous), mention.start, mention.end, place.text))
    return None


# --- « Et Lénine ? », « Et sa femme ? » -----------------------------------------------------------


def _with_subject(
    tokens: Sequence[Token], opened: bool, core: Sequence[Token], history: History
) -> str | None:
    asked = opened or core[-1].text == "?"
    possessed = own_possessive(tokens, 0, history)
    if possessed is not None:
        added = _entity(tokenise(possessed), history)
        return _instead(added, history)
    entity = _entity(tokens, history)
    if (entity.start, entity.end) != (0, len(tokens)):
        return None
    head = tokens[1] if tokens[0].form in DEFINITE and len(tokens) > 1 else tokens[0]
    if not entity.proper and is_noun_of(head.form, RELATIONAL_NOUNS):
        if any(token.form in {"de", "d'", "du", "des"} for token in tokens) or not asked:
            return None
        described = history.described(entity.head, entity.gender, entity.plural, loose=False)
        topic = described or history.topic()
        if topic is None or (topic.content >= entity.content):
            return None
        text = _lower_article(entity.text)
        return render(tokenise(f"Qu'en est-il {with_de(text)} {about(topic, of=True)}"))
    if not opened and not (asked and entity.proper and len(tokens) <= 3):
        return None
    described = history.described(entity.head, entity.gender, entity.plural, loose=False)
    if described is not None and described.content >= entity.content:
        entity = described
    return _instead(entity, history)


def _lower_article(text: str) -> str:
    return text[0].lower() + text[1:] if text.split()[0].lower() in {"le", "la", "les"} else text


def _instead(entity: Mention, history: History) -> str:
    """The previous question about another; « Qu'en est-il de… » when nothing can be exchanged."""
    previous = _without_addition(without_end(tokenise(history.previous)))
    identity = previous[0].form == "qui" and len(previous) > 1 and previous[1].form in BEING
    if identity and (entity.kind != "person" or entity.plural):
        return render(tokenise(f"Qu'en est-il {with_de(entity.text)}"))
    swapped = swap(previous, entity, history.previous)
    return swapped or render(tokenise(f"Qu'en est-il {with_de(entity.text)}"))


def _entity(tokens: Sequence[Token], history: History) -> Mention:
    """The tokens as one mention."""
    text = _text(tokens)
    found = [
        mention
        for mention in find_mentions(text)
        if mention.kind != "action" and (mention.start, mention.end) == (0, len(tokens))
    ]
    if found:
        known = [
            other
            for other in history.mentions()
            if other.head == found[0].head and other.proper and found[0].proper
        ]
        if known and known[0].kind != found[0].kind:
            return _as_kind(found[0], known[0], len(tokens))
        if found[0].text[:2] in {"L'", "l’"}:
            return _renamed(found[0], "l'" + found[0].text[2:], found[0].gender)
        return found[0]
    last = tokens[-1]
    proper = any(token.is_capital for token in tokens)
    bare = find_mentions(text)
    if bare and bare[0].proper and (bare[0].start, bare[0].end) == (0, len(tokens)):
        return bare[0]
    return Mention(text, last.form, "thing", "", False, proper, 5, 0, len(tokens))


def _as_kind(mention: Mention, known: Mention, end: int) -> Mention:
    return Mention(
        mention.text, mention.head, known.kind, mention.gender or known.gender, mention.plural,
        True, mention.weight, 0, end,
    )  # fmt: skip


def swap(previous: Sequence[Token], entity: Mention, question: str) -> str | None:
    """The previous question with another subject: "Quand Trotsky est-il né", "Lénine"."""
    candidates = [
        mention
        for mention in find_mentions(question)
        if mention.kind != "action" and mention.end <= len(previous) and mention.weight > 1
    ]
    same = [mention for mention in candidates if mention.kind == entity.kind]
    alike = [mention for mention in candidates if mention.head == entity.head]
    others = [mention for mention in candidates if mention.proper == entity.proper]
    chosen = next(iter(alike or same or others), None)
    if chosen is None:
        return None
    if entity.content <= chosen.content:
        return render(previous)
    tokens = put(list(previous), chosen.start, chosen.end, entity.text)
    return render(_agreeing(tokens, chosen, entity))


def _agreeing(tokens: list[Token], old: Mention, new: Mention) -> list[Token]:
    """Make « est-il né » agree with another subject: « est-elle née »."""
    if not new.gender or (new.gender == old.gender and new.plural == old.plural):
        return tokens
    if new.plural != old.plural:
        return tokens
    wanted = {"m": "il", "f": "elle"}[new.gender] + ("s" if new.plural else "")
    agreed = []
    changed = False
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else token
        if token.form in INVERTED and token.form != "-" + wanted:
            agreed.append(Token(re.sub(r"\w+$", wanted, token.text), "-" + wanted, False))
            changed = True
            continue
        if new.gender == "m" and before.form in BEING and token.text.endswith(("ée", "morte")):
            agreed.append(Token(token.text[:-1], token.form[:-1], token.spaced))
            continue
        masculine = changed and new.gender == "m" and _being(tokens, index)
        if masculine and token.text.endswith(("ée", "ées", "morte")):
            kept = token.text.rstrip("s")[:-1] + "s" * token.text.endswith("s")
            agreed.append(Token(kept, token.form, token.spaced))
            continue
        participle = token.text.endswith(("é", "mort")) and (
            before.form in BEING or (changed and before.form in INVERTED and _being(tokens, index))
        )
        if participle and new.gender == "f" and (changed or before.form in BEING):
            agreed.append(Token(token.text + "e", token.form + "e", token.spaced))
            continue
        agreed.append(token)
    return agreed


def _being(tokens: Sequence[Token], index: int) -> bool:
    return index > 1 and tokens[index - 2].form in BEING
