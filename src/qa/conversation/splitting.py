"""One message, several questions; and a question without the courtesies around it."""

from __future__ import annotations

import re
from itertools import islice

from qa.conversation.typed_words import (
    AUXILIARIES,
    INVERTED,
    PREPOSITIONS,
    QUESTION_WORDS,
    is_infinitive,
    is_verb,
    typed_words,
)
from qa.courtesy import courtesy_reply
from qa.french import split_sentences

_MOST_JOINED = 4
_MOST_QUESTIONS = 4  # a message with more is taken as one
_QUESTION_MARK = re.compile(r"\?[?!…]*(?=\s|$)")
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|\([^)]*\)")
_JOINED = re.compile(
    r",?\s+et\s+(?:aussi\s+)?(?=(?:qui|que|qu['’]|où|ou|quand|comment|pourquoi|combien|quel(?:le)?s?"
    r"|(?:à|a|de|en|dans|par|avec|pour)\s(?:qui|quoi|quel(?:le)?s?))[\s'’]?)",
    re.IGNORECASE,
)
_ASKED = (
    r"(?:(?:(?:à|a|en|dans|par|pour|avec|sur|depuis|vers|de)\s|d['’])?"
    r"(?:(?:ce )?qu['’]|s['’](?=ils?\b)|(?:qui|quoi|où|ou|quand|quel(?:le)?s?|comment|pourquoi"
    r"|combien|est-ce|si|(?:ce )?que)(?!\w)))"
)
_PLEASE = (
    r"(?:s['’]il (?:te|vous) pla[iî]t|svp|stp"
    r"|merci(?: d['’]avance| beaucoup)?(?: pour (?:votre|ton) (?:aide|r[ée]ponse))?)"
)
_GREETING = re.compile(
    rf"(?:(?:bonjour|bonsoir|salut|coucou|hello|bjr|slt|excusez[- ]moi|{_PLEASE})(?:\s*[,.!:;…]+\s*"
    rf"|\s+(?=(?:je|j['’]|peux|pouvez|pourriez|pourrais|savez|sais|dis|dites)(?!\w)|{_ASKED})))+",
    re.IGNORECASE,
)
_REQUESTS = (
    r"(?:je (?:voudrais|veux|souhaite|souhaiterais|cherche [àa])|j['’]aimerais)(?: bien)?"
    r" (?:savoir|comprendre)",
    r"je me demand(?:e|ais|erais)",
    r"(?:(?:peux|pourrais)[- ]tu|(?:pouvez|pourriez)[- ]vous|tu (?:peux|pourrais)"
    r"|vous (?:pouvez|pourriez)|merci de)(?: bien vouloir)?(?: me| m['’]| nous)? ?"
    r"(?:dire|expliquer|indiquer|pr[ée]ciser|rappeler)",
    r"(?:dis|dites|explique|expliquez|indique|indiquez|rappelle|rappelez)[- ]moi",
    r"sais[- ]tu|savez[- ]vous|tu sais|vous savez",
    r"j['’](?:ai|aurais) (?:juste |encore )?une (?:petite )?question",
)
_REQUEST = re.compile(
    rf"(?:(?:est-ce que )?(?:{'|'.join(_REQUESTS)})(?:[\s,:]+{_PLEASE})?[\s,:]+)+"
    rf"(?:est-ce que )?(?={_ASKED})(?:si\s)?",
    re.IGNORECASE,
)
_CLOSING = re.compile(rf"[\s,.!]{{1,5}}{_PLEASE}(?=[\s?!.]{{0,9}}$)", re.IGNORECASE)


def _without_courtesies(question: str) -> str:
    """« Bonjour, je voudrais savoir où est mort Lénine, merci » -> « Où est mort Lénine ».

    What is told before the request goes too, when it names nobody: « Je prépare un exposé et… ».
    """
    kept = _CLOSING.sub("", question)
    kept = kept[_end(_GREETING.match(kept)) :]
    request = _REQUEST.search(kept)
    told = typed_words(kept[: request.start()])[1:] if request is not None else ()
    if request is not None and not any(word.is_capital and word.is_content for word in told):
        kept = kept[request.end() :]
    if kept == question or not any(word.is_word for word in typed_words(kept)):
        return question
    return kept[0].upper() + kept[1:]


def _end(match: re.Match[str] | None) -> int:
    return 0 if match is None else match.end()


def split_questions(message: str) -> tuple[str, ...]:
    """The questions of a message, in order; a statement stays with the question after it.

    A message with more than four is taken as one.

    "Qui était Lénine ? Où est-il né ?" -> ("Qui était Lénine ?", "Où est-il né ?")
    "Je lis sur Lénine. Où est-il né ?" -> ("Je lis sur Lénine. Où est-il né ?",)
    "Qui était Lénine et où est-il né ?" -> ("Qui était Lénine ?", "Où est-il né ?")
    "Bonjour, dites-moi où il est né" -> ("Où il est né",)
    """
    text = " ".join(message.split())
    if not text:
        return ()
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    questions: list[str] = []
    start = 0
    for match in _QUESTION_MARK.finditer(text):
        if any(opening < match.start() < closing for opening, closing in quoted):
            continue
        questions.extend(_joined(_without_courtesies(text[start : match.end()].strip())))
        start = match.end()
    rest = text[start:].strip()
    further, remark = _unmarked(rest)
    for question in further:
        questions.extend(_joined(_without_courtesies(question)))
    if remark and questions and courtesy_reply(remark) is None:
        questions[-1] += " " + remark
    if len(questions) > _MOST_QUESTIONS:
        return (text,)
    return tuple(questions) or (_without_courtesies(text),)


def _unmarked(rest: str) -> tuple[list[str], str]:
    """What follows the last question mark: further questions, then a remark that asks nothing."""
    found: list[str] = []
    remark = ""
    for begin, end in split_sentences(rest):
        sentence = rest[begin:end].strip()
        if _asks(sentence):
            found.append(f"{remark} {sentence}".strip())
            remark = ""
        else:
            remark = f"{remark} {sentence}".strip()
    return found, remark


def _asks(sentence: str) -> bool:
    typed = typed_words(sentence)
    return any(word.form in QUESTION_WORDS for word in typed[:2]) or any(
        word.form in INVERTED for word in typed[:3]
    )


def _joined(question: str) -> list[str]:
    """Two full questions joined by « et », each with its question word and its verb."""
    if _QUOTED.search(question):
        return [question]
    for match in islice(_JOINED.finditer(question), _MOST_JOINED):
        first, second = question[: match.start()], question[match.end() :]
        if _is_full(first) and _is_full(second):
            return [first.rstrip(" ,") + " ?", *_joined(second[0].upper() + second[1:])]
    return [question]


def _is_full(part: str) -> bool:
    """Whether a part has a question word at its start and a verb of its own soon after."""
    typed = [word for word in typed_words(part) if word.is_word or word.form in INVERTED]
    leading = bool(typed) and typed[0].form in PREPOSITIONS
    if len(typed) < 3 or typed[leading].form not in QUESTION_WORDS:
        return False
    rest = typed[1:]
    return any(word.form in INVERTED for word in rest) or any(
        (word.form in AUXILIARIES and word.text != "à") or is_verb(word) or is_infinitive(word)
        for word in rest[:3]
    )
