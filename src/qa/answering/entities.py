"""Dates, numbers, names and places in a sentence, by rules: what a question of a kind asks for.

Offsets are those of the sentence as it is written. The rules look at capitals and at the words
before a name, so that a text without them (a slide in capitals, a list) holds few or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qa.french import fold
from qa.questions import Kind

_WORD = re.compile(r"\w+")
_AFTER_COMMON = re.compile(r"\w+[’'\s]+(?=[A-ZÀ-ÜŒ])")
_MONTH = (
    r"(?:janvier|f[ée]vrier|mars|avril|mai|juin|juillet|ao[ûu]t|septembre|octobre|novembre"
    r"|d[ée]cembre)"
)
_TIME = re.compile(
    rf"(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\s)?"
    rf"\b(?:1er|\d{{1,2}})(?:\s\(\d{{1,2}}\))?\s{_MONTH}(?:\s\d{{3,4}})?\b"
    rf"|\b{_MONTH}\s\d{{3,4}}\b"
    r"|\b(?:1\d{3}|20\d{2})\b(?!\s?(?:%|\d{3}|habitants|hommes|francs|euros|km|m\b))"
    r"(?:\s?[-–]\s?(?:1\d{3}|20\d{2}|\d{2})\b)?(?:\sav\.\sJ\.-C\.)?"
    r"|(?<=\ben\s)[3-9]\d{2}\b(?!\s?\d{3})|(?<=\bl['’]an\s)\d{1,3}\b(?:\sav\.\sJ\.-C\.)?"
    r"|\b[IVXL]+(?:e|er|ème)\ssiècles?\b(?:\sav\.\sJ\.-C\.)?"
    r"|\bann[ée]es\s(?:19|20)?\d{2}\b"
    rf"|\b(?:début|fin|mi-|en|de|au mois (?:de |d['’]))\s?{_MONTH}\b"
    r"|\b\d{1,2}\s?h(?:eures)?(?:\s?\d{2})?\b",
    re.IGNORECASE,
)
_WRITTEN = (
    r"(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    r"|vingts?|trente|quarante|cinquante|soixante|cents?|mille|millions?|milliards?|dizaines?"
    r"|douzaines?|quinzaines?|vingtaines?|trentaines?|cinquantaines?|centaines?|milliers?|moitié"
    r"|tiers|quarts?|double|triple|demi(?:e|-)?)"
)
_NUMBER = re.compile(
    r"(?<![\w.,])\d+(?:[\s\u00a0\u202f.]\d{3})*(?:,\d+)?(?:\s?%)?(?:\s(?:mille|millions?"
    r"|milliards?)\b)?"
    rf"|\b(?:un\s|une\s)?{_WRITTEN}(?:[\s-](?:et[\s-])?(?:un\b|une\b|{_WRITTEN}))*\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"[A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒ][\w’'-]*(?:\.(?=\s?[A-Z]))?"
    r"(?:\s(?:(?:de|du|des|la|le|von|van|di|da|al|ben|ibn)\s|d['’]|[A-Z]\.\s)?"
    r"(?:[A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒ][\w’'-]*|[IVXL]+(?:er)?\b))*"
)
_BEFORE_PLACE = re.compile(
    r"\b(?:à|au|aux|en|dans|de|du|des|vers|sur|chez|près|depuis|jusqu['’]à|ville|pays|île|région|"
    r"village|province|port|rue|quartier)\s(?:l[ae]s?\s|l['’])?$|\bd['’]$",
    re.IGNORECASE,
)
# « Le roi d'Espagne »: such a place says whose, not where.
_WHERE = re.compile(
    r"\b(?:à|au|aux|en|dans|vers|sur|chez|près d[eu]s?)\s(?:l[ae]s?\s|l['’])?$", re.I
)
_REASON = re.compile(
    r"\b(?:car|parce que?|afin|en raison|a cause|grace a|puisque?|du fait|en effet|suite a"
    r"|pour que?|pour (?!la\b|le\b|les\b|un)|c'est pourquoi|permet\w*|provoqu\w*|motiv\w*"
    r"|faute de|dans le but|sous pretexte|au nom de|craign\w*|par crainte|par peur)\b"
)
_MANNER = re.compile(
    r"\b(?:en \w+ant|par (?:un|une|des|le|la|les|l')|grace a|au moyen|a l'aide|a coups? de"
    r"|avec (?:un|une|des)|sous la forme|\w{4,}ment|de (?:facon|maniere)|sans \w+er)\b"
)
_DEFINES = re.compile(
    r"\b(?:est|sont|etait|etaient|fut|furent|designe|designent|designait|signifie|signifiait|"
    r"consiste|s'appelle|nomme|appele|appelle)\b|[(:]"
)
# « Un soviet (« conseil » en russe) est une assemblée… », « En algèbre, un corps est… »: what may
# stand before the term, and between it and what it is.
_BEFORE_DEFINED = re.compile(
    r"(?:En\s[^,]{3,30},\s)?(?i:(?:l[ae]s?|une?|des|ce|cette)\s|l['’]|le\s(?:mot|terme|nom)\s"
    r"(?:de\s|d['’])?)?(?:[«“\"]\s?)?(?:[A-ZÀ-ÖØ-Þ][\w’'.-]*,?\s)*(?:dite?\s)?"
)
_DEFINITION = re.compile(
    r"(?:\s?[»”\"])?(?:\s(?!d[eu]s?\b|d['’])[\w’'-]+)?\s?(?:\([^)]*\)|,[^,]{1,80},|,)?\s?"
    r"(?:(?:est|sont|était|étaient|fut|furent)\s(?:une?|l[ae]s?|l['’]|des?|du|d['’]|ce\w*)(?![\w-])"
    r"|(?:désign|signifi)\w+|veut\sdire\b|s['’]appel\w+|se\snomm\w+)"
)
# « La Nouvelle politique économique, ou NEP, est… », « …politique économique (NEP), qui… »
_ALSO_CALLED = re.compile(
    r"(?:\((?:ou\s)?|,\s(?:ou|soit|dite?s?|surnommée?s?|appelée?s?|nommée?s?)\s)"
    r"(?:l[ae]s?\s|l['’])?(?:[«“\"]\s?)?$"
)


@dataclass(frozen=True, slots=True)
class Entity:
    """``text[start:end]`` could be the short answer to a question of some kind."""

    start: int
    end: int


def entities(kind: Kind, text: str, asked: str) -> list[Entity]:
    """What could answer a question of this kind in a text, and is new to the question.

    ``asked`` are the folded words of the question, each between blanks. Kinds that no short span
    answers ("reason", "yes-no", …) have none here; ``says_how`` looks for their turns of phrase.
    """
    if kind == "time":
        return _new(_TIME, text, asked)
    if kind == "number":
        times = [] if "annee" in asked else [m.span() for m in _TIME.finditer(text)]
        return [
            entity
            for entity in _new(_NUMBER, text, asked)
            if not any(start <= entity.start < end for start, end in times)
        ]
    if kind in {"person", "place"}:
        return [entity for entity in _names(text, asked) if _fits(kind, text, entity)]
    return []


def says_how(kind: Kind, folded: str) -> bool:
    """Whether a folded sentence gives a reason, a manner or a definition, as the kind asks."""
    pattern = {"reason": _REASON, "manner": _MANNER, "definition": _DEFINES}.get(kind)
    return pattern is None or pattern.search(folded) is not None


def is_defined(text: str, start: int, end: int) -> bool:
    """Whether a sentence says what ``text[start:end]`` is: it opens with it, or gives it as another
    name of what it has just named."""
    opens = _BEFORE_DEFINED.fullmatch(text[:start]) is not None
    return (opens and _DEFINITION.match(text, end) is not None) or (
        _ALSO_CALLED.search(text[:start]) is not None
    )


def _new(pattern: re.Pattern[str], text: str, asked: str) -> list[Entity]:
    found = []
    for match in pattern.finditer(text):
        said = " ".join(_WORD.findall(fold(match.group())))
        if f" {said} " not in asked:
            found.append(Entity(match.start(), match.end()))
    return found


_COMMON = frozenset(
    """a ainsi alors apres au aussi aux avant avec bien c ce ceci cela celle celui ces cet cette
    chaque comme contre d dans de depuis des deux donc du elle elles en enfin entre est et il ils
    j je jusqu l la le les leur leurs lors lorsque mais malgre ne ni non notre nous on or ou par
    parmi pendant peu plus plusieurs pour pourtant puis qu quand que quelques qui s sa sans se
    selon ses si son sous suite sur tandis tous tout toute toutes trois un une vers voici y
    cependant toutefois lui""".split()
)


def _names(text: str, asked: str) -> list[Entity]:
    found = []
    known = set(asked.split())
    for match in _NAME.finditer(text):
        start, end = match.span()
        first = _WORD.match(match.group())
        opens = not text[:start].strip(" «“\"'’(—–-\u00a0\u202f")
        word = fold(first.group()) if first else ""
        if word in _COMMON:
            # « Le Parlement », « En France »: the name starts after the common word.
            rest = _AFTER_COMMON.match(match.group())
            if rest is None:
                continue
            start += rest.end()
        elif opens and " " not in match.group():
            continue  # A capital that opens the sentence tells nothing.
        end -= len(match.group()) - len(match.group().rstrip(" '’-."))
        said = set(_WORD.findall(fold(text[start:end]))) - _COMMON
        if said and not said <= known:
            found.append(Entity(start, end))
    return found


def _fits(kind: Kind, text: str, entity: Entity) -> bool:
    before = text[max(0, entity.start - 24) : entity.start]
    if kind == "place":
        return _BEFORE_PLACE.search(before) is not None
    return _WHERE.search(before) is None


def agree(kind: Kind, one: str, other: str) -> bool:
    """Whether two short answers can both be right: one says no more than a part of the other.

    « 1924 » and « 21 janvier 1924 » agree, « 21 janvier » and « 22 janvier » do not. A number in
    words is not compared with one in digits.
    """
    first, second = _parts(one), _parts(other)
    if kind == "number":
        digits = [{part for part in parts if part[0].isdigit()} for parts in (first, second)]
        if not all(digits):
            return True
        return digits[0] <= digits[1] or digits[1] <= digits[0]
    if kind == "time":
        return first <= second or second <= first
    return bool(first & second)


def _parts(text: str) -> set[str]:
    joined = re.sub(r"(?<=\d)[\s\u00a0\u202f.](?=\d{3}\b)", "", fold(text))
    parts = set(re.findall(r"\w+", joined))
    return {part.removesuffix("er") if part[0].isdigit() else part for part in parts} - _COMMON
