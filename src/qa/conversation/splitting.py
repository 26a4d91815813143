"""One message, several questions."""

from __future__ import annotations

import re

from qa.conversation.lexicon import AUXILIARIES, INVERTED, PREPOSITIONS, QUESTION_WORDS
from qa.conversation.tokens import is_infinitive, is_verb, tokenise
from qa.courtesy import courtesy_reply
from qa.french import split_sentences

_QUESTION_MARK = re.compile(r"\?[?!…]*(?=\s|$)")
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|\([^)]*\)")
_JOINED = re.compile(
    r",?\s+et\s+(?:aussi\s+)?(?=(?:qui|que|qu['’]|où|ou|quand|comment|pourquoi|combien|quel(?:le)?s?"
    r"|(?:à|a|de|en|dans|par|avec|pour)\s(?:qui|quoi|quel(?:le)?s?))[\s'’]?)",
    re.IGNORECASE,
)


def split_questions(message: str) -> tuple[str, ...]:
    """The questions of a message, in order; a statement stays with the question after it.

    "Qui était Lénine ? Où est-il né ?" -> ("Qui était Lénine ?", "Où est-il né ?")
    "Je lis sur Lénine. Où est-il né ?" -> ("Je lis sur Lénine. Où est-il né ?",)
    "Qui était Lénine et où est-il né ?" -> ("Qui était Lénine ?", "Où est-il né ?")
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
        questions.extend(_joined(text[start : match.end()].strip()))
        start = match.end()
    rest = text[start:].strip()
    further, remark = _unmarked(rest)
    for question in further:
        questions.extend(_joined(question))
    if remark and questions and courtesy_reply(remark) is None:
        questions[-1] += " " + remark
    return tuple(questions) or (text,)


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
    tokens = tokenise(sentence)
    return any(token.form in QUESTION_WORDS for token in tokens[:2]) or any(
        token.form in INVERTED for token in tokens[:3]
    )


def _joined(question: str) -> list[str]:
    """Two full questions joined by « et », each with its question word and its verb."""
    if _QUOTED.search(question):
        return [question]
    for match in _JOINED.finditer(question):
        first, second = question[: match.start()], question[match.end() :]
        if _is_full(first) and _is_full(second):
            return [first.rstrip(" ,") + " ?", *_joined(second[0].upper() + second[1:])]
    return [question]


def _is_full(part: str) -> bool:
    """Whether a part has a question word at its start and a verb of its own soon after."""
    tokens = [token for token in tokenise(part) if token.is_word or token.form in INVERTED]
    leading = bool(tokens) and tokens[0].form in PREPOSITIONS
    if len(tokens) < 3 or tokens[leading].form not in QUESTION_WORDS:
        return False
    rest = tokens[1:]
    return any(token.form in INVERTED for token in rest) or any(
        (token.form in AUXILIARIES and token.text != "à") or is_verb(token) or is_infinitive(token)
        for token in rest[:3]
    )
