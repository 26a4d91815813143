"""French text analysis: folding, words, stems, character 4-grams, sentence boundaries.

One analysis serves the lexical index, the question, the choice of sentences and the follow-ups, so
that they can never disagree. ``ANALYSIS`` names it: a change here, or in what a passage
is searched by, must change that name.

Measured on PIAF (3,835 questions, nDCG@10): whitespace 61.6, ``\\w+`` 76.2, + stop words 77.3, +
Snowball stems 78.9, + accent folding 79.3, words 0.7 + character 4-grams 0.3: 80.3.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

ANALYSIS = "french-3"

# ``\w+`` splits at both apostrophes (' and ’), so an elided article is a word of its own.
_WORD = re.compile(r"\w+")

# Function words, folded. Question words are here too: they say what kind of answer is wanted
# (answering.py looks at them), not what the passage is about.
STOP_WORDS = frozenset(
    """
    a afin ai ainsi alors apres as au aucun aucune aujourd auquel aussi autre autres aux auxquelles
    auxquels avaient avais avait avant avec avez aviez avions avoir avons ayant c ca car ce ceci
    cela celle celles celui cependant ces cet cette ceux chaque chez ci combien comme comment
    contre d dans de dehors deja depuis des desquelles desquels dit donc dont du duquel durant
    elle elles en encore entre es est et etaient etais etait etant ete etes etre eu eut eux fait
    faire fois font fut furent hors hui il ils j jamais je jusqu jusque l la laquelle le lequel les
    lesquelles lesquels leur leurs lors lorsqu lorsque lui m ma mais me meme memes mes mien moi
    mon n ne ni nos notre nous on ont ou par parce parmi pas pendant peu peut plus plusieurs plutot
    pour pourquoi pourrait presque puis puisque qu quand que quel quelle quelles quelqu quelque
    quelques quels qui quoi quoique s sa sans se selon sera serait seront ses si sien soi soient
    soit sommes son sont sous suis sur t ta tandis tant te tel telle telles tels tes toi ton tous
    tout toute toutes tres tu un une vers voici voila vos votre vous y
    """.split()
)


def fold(text: str) -> str:
    """Lower case, no accents, plain apostrophes: « Œuvre d’Été » -> "oeuvre d'ete"."""
    if text.isascii():
        return text.lower()
    text = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


# Content words that fold to a function word ("ne", "sur"): their accent tells them apart.
_ACCENT_TELLS = frozenset({"né", "sûr"})


class Word(NamedTuple):
    """A word of a text: ``text[start:end]``, its folded form, its stem, whether only grammar.

    A tuple: a large index makes hundreds of millions of them.
    """

    start: int
    end: int
    form: str
    stem: str
    is_stop: bool


@lru_cache(maxsize=200_000)
def _analyse(word: str) -> tuple[str, str, bool]:
    """Folded form, stem, and whether it is a stop word.

    Folded before it is stemmed, so that a question typed without accents has the same stems: on
    questions without accents that is worth 1.4 points of nDCG@10, on others it costs 0.1 to 0.3.
    """
    form = fold(word)
    is_stop = form in STOP_WORDS and word.lower() not in _ACCENT_TELLS
    return form, _stemmer().stemWord(form), is_stop


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # PyStemmer has no type information
    import Stemmer

    return Stemmer.Stemmer("french")


def words(text: str) -> list[Word]:
    """The words of a text in order, with their offsets, stop words included."""
    return [
        Word(match.start(), match.end(), *_analyse(match.group())) for match in _WORD.finditer(text)
    ]


def analyse_words(text: str) -> list[str]:
    """Stems without stop words, in order, repeated as often as they occur."""
    return [stem for _, stem, is_stop in map(_analyse, _WORD.findall(text)) if not is_stop]


@lru_cache(maxsize=200_000)
def word_grams(form: str) -> tuple[str, ...]:
    """Character 4-grams of a folded word: "soviet" -> "_sov", "sovi", "ovie", "viet", "iet_"."""
    padded = f"_{form}_"
    if len(padded) <= 4:
        return (padded,)
    return tuple(padded[i : i + 4] for i in range(len(padded) - 3))


def analyse_grams(text: str) -> list[str]:
    """Those of all words but stop words: robust to typing errors and inflection."""
    grams: list[str] = []
    for form, _, is_stop in map(_analyse, _WORD.findall(text)):
        if not is_stop:
            grams.extend(word_grams(form))
    return grams


# --- Sentences ----------------------------------------------------------------------------------

# A full stop after one of these does not end a sentence (compared folded, without the stop).
_ABBREVIATIONS = frozenset(
    """
    adj al anc apr art av bd bibl boul cap cf ch chap chr col coll cit dept dir dr dre ed eds env
    ex fasc fig fl fol gal gen h hab ibid id ill impr inf introd juil janv fevr lat lt ltd m max
    me mgr min mlle mlles mm mme mmes mr ms mss n nb no nos nov oct sept dec op p par part pl pp pr
    pref prof ref resp rev s sc sr st ste sup suppl sv t tab tel tit tome trad v vol vs
    """.split()
)
# Of these, the ones that are words too, or end a date: only a number after them tells.
_ABBREVIATIONS_BEFORE_NUMBERS = frozenset(
    """art cap col dec fevr fl h janv juil max min no nos nov oct par part s sept t v""".split()
)
_CLOSING = "»”\"'’)]"
# A run of marks is looked at once, from its first: « ...... » must not be tried at each point.
_SENTENCE_END = re.compile(
    rf"(?<![.!?…])(?P<mark>[.!?…]+)(?P<closing>(?:[ \u00a0\u202f]?[{re.escape(_CLOSING)}])*)"
    r"(?P<space>\s+)"
)
_QUOTATION = re.compile(r"«[^«»\n]{0,300}»")
_LAST_WORD = re.compile(r"[^\s«»(\[\"“'’]+$")
_NEXT_START = re.compile(r"[«“\"'’(\[—–\-\s\u00a0\u202f]*(?P<first>\w)?")
_NUMBERING = re.compile(r"(?:^|\n)\s*(?:\d{1,3}|[a-zA-Z]|[IVXLC]+)$")
_INITIAL = re.compile(r"(?:^|[-.])[A-ZÀÂÄÉÈÊËÎÏÔÖÙÛÜÇ]$")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences; a partition of the text (a span keeps its trailing white space).

    A line break always ends a sentence: cleaned text breaks lines only between paragraphs, titles
    and list items. Inside one, a mark of the end (. ! ? …) followed by white space and a capital,
    a digit or an opening quotation mark ends it, unless an abbreviation, initials, a list number or
    a short « quotation » around it says otherwise.
    """
    boundaries = sorted({0, len(text), *_line_breaks(text), *_sentence_ends(text)})
    return list(pairwise(boundaries))


def _line_breaks(text: str) -> Iterator[int]:
    for match in re.finditer(r"\n\s*", text):
        if match.start() > 0 and match.end() < len(text):
            yield match.end()


def _sentence_ends(text: str) -> Iterator[int]:
    quotations = [match.span() for match in _QUOTATION.finditer(text)]
    quotation = 0
    for match in _SENTENCE_END.finditer(text):
        position = match.end()
        if position >= len(text):
            break
        while quotation < len(quotations) and quotations[quotation][1] <= match.start("mark"):
            quotation += 1
        if quotation < len(quotations):
            opens, closes = quotations[quotation]
            # Inside a short quotation, unless it closes right here.
            if opens < position - 1 and match.end("closing") < closes:
                continue
        following = _NEXT_START.match(text, position)
        first = following.group("first") if following else None
        if first is None or first.islower():
            continue
        if match.group("mark") == "." and not match.group("closing"):
            start = max(0, match.start() - 40)
            if _keeps_going(text[start : match.start()], text[position : position + 40]):
                continue
        yield position


def _keeps_going(before: str, after: str) -> bool:
    """Whether a single full stop between the two belongs to an abbreviation, initial or number."""
    if _NUMBERING.search(before):
        return True
    last = _LAST_WORD.search(before)
    if last is None:
        return False
    token = last.group()
    if _INITIAL.search(token):
        # "L. D. Trotsky" goes on; "Charles V. Il régna", "av. J.-C. Les Romains" do not.
        word = _WORD.search(after)
        return word is None or fold(word.group()) not in STOP_WORDS
    form = fold(token.rsplit(".", 1)[-1]) if "." in token else fold(token)
    if form not in _ABBREVIATIONS:
        return False
    if form in _ABBREVIATIONS_BEFORE_NUMBERS:
        return after[:1].isdigit()
    return form not in {"av", "apr"} or after.startswith("J")
