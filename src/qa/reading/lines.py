"""Lines of plain text: words cut at line ends, lines broken inside a sentence.

Only evidence joins two lines: widths near a common wrap width, a next line that starts in lower
case, no final punctuation. Lists, verses, dialogue and tables keep their breaks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress, pairwise

from qa.reading.cleaning import word_set

# A line that ends inside a word or a compound: "la révolu-", "celui-", "1917-".
_CUT_END = re.compile(r"(?P<left>[^\s(«\"“,;:!?]*[^\W_])[-\u2010]$")
_FIRST_WORD = re.compile(r"[^\s,;:!?.»)\"”]+")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_FINAL = re.compile(r"[.!?…](?:[\s\u00a0\u202f]?[»\"”’)\]])*$")
# "- lait", "• lait", "1. lait", "a) lait", "(2) lait", "iv) lait"
_LIST_ITEM = re.compile(
    r"(?:[-–—•*▪◦‣·●■]\s?(?=[^\s\d-])|[-–—]\s|\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)°]\s)"
)

_LONGEST_WORD = 60  # characters
LONG_LINE = 160  # characters: a longer line is a whole paragraph, not a wrapped line
_NARROW = 30  # characters: shorter "wrapped" lines are a list or verses
_NEAR_WIDTH = 0.85  # of the width: the next word would not have fitted (ragged edges allowed)

# --- words cut at line ends ---------------------------------------------------------------------

_PRONOUNS = word_set("il ils elle elles on")
_DEMONSTRATIVES = word_set("celui celle ceux celles")
# Words that do end in "-ci" without a hyphen: "merci", "voici", "adouci"…
_BEFORE_CI = word_set(
    "mer ce voi sou sour cour raccour accour adou dur endur éclair noir obscur far rétré dégros"
)
_BEFORE_MEME = word_set("lui elle moi toi soi nous vous eux elles cela ici là vous-même")


def _table(entries: str) -> dict[str, tuple[str, ...]]:
    """Read "first first: second second / …"."""
    pairs = (entry.split(":") for entry in entries.split("/"))
    return {first: tuple(seconds.split()) for firsts, seconds in pairs for first in firsts.split()}


# First parts: second parts with which they keep their hyphen (prefixes of them: "démocrat").
_COMPOUNDS = _table("""
peut: être / grand: mère père chose duc messe rue croix angle guignol / grands: mère père parent duc
/ petit petite petits petites: fils fille enfant bourgeois déjeuner neveu nièce suisse maître
/ beau: frère père fils / belle: sœur mère fille soeur / contre: révolution attaque offensive
exemple pouvoir courant indication enquête expertise espion torpill jour allée plongée la
/ social sociaux sociale: démocrat révolution patriot chauvin libéral fascis
/ au: dessus dessous delà devant dedans dehors / par: dessus dessous delà devant devers ci là
/ ci: joint dessus dessous contre après devant gît / là: bas haut dessus dessous dedans même
/ porte: parole avion monnaie voix clé drapeau plume à bonheur / état états: major providence nation
/ après: midi guerre demain coup vente / procès: verba / chef: d' d’ lieu / main: d' d’ forte
/ mot: clé clef valise / bien: être fondé aimé pensant / nouveau: né / quelques: un / week: end
/ plus: value que / rendez: vous / vis: à / arc: en bout / libre: échange service penseur arbitre
/ haut: commissaire parleur fourneau relief / franc: maçon tireur parler
/ ex: président ministre mari femme chef secrétaire commissaire tsar
""")
# First parts that always keep their hyphen…
_HYPHENATED_FIRST = word_set(
    "saint sainte saints demi vice nord sud ouest non quasi avant sous arrière anglo franco austro "
    "gréco judéo germano russo sino américano soviéto polono italo hispano israélo finno marxiste "
    "anarcho national nationaux ouvrière ouvriers a-t y-a-t jusque outre presque"
)
# …except before these beginnings: "sous-crire", "avant-age", "non-chalant".
_JOINED_ANYWAY = _table(
    "sous: cri tra si ten / avant: ag / non: ante agé obs ce chal ne / vice: ntr"
    "/ national: i e / sud: a / outre: cu pas"
)
_NUMBERS = word_set(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt "
    "vingts trente quarante cinquante soixante cent"
)
# "à-dire", "en-ciel", "de-vie": a compound cut before its small middle word.
_MIDDLE_WORD = re.compile(
    r"(?:à|en|de|du|la|le|au|aux|des|sur|sous|t|d['’]\w+)[-\u2010]", re.IGNORECASE
)


def join_broken_lines(lines: Sequence[str], vocabulary: frozenset[str] = frozenset()) -> str:
    """Join all the lines with blanks, and the words cut between them.

    The rest of the document decides first: a form that it writes elsewhere is the right one.
    """
    pieces: list[str] = []
    for line, following in pairwise(lines):
        cut = _cut(line, following)
        if cut is None:  # "30/04/" / "2026" is a date
            is_date = line[-1:] == "/" and line[-2:-1].isdigit() and following[:1].isdigit()
            pieces += [line] if is_date else [line, " "]
        elif keeps_hyphen(*cut, vocabulary):
            pieces.append(line)
        else:
            pieces.append(line[:-1])
    return "".join([*pieces, *lines[-1:]])


def _cut(line: str, following: str) -> tuple[str, str] | None:
    """Give the two halves of a word or compound cut between two lines: "révolu-", "tion"."""
    if not line.endswith(("-", "\u2010")) or not following[:1].isalnum():
        return None
    left = _CUT_END.search(line[-_LONGEST_WORD:])
    right = _FIRST_WORD.match(following[:_LONGEST_WORD])
    return (left["left"], right[0]) if left and right else None


def keeps_hyphen(left: str, right: str, vocabulary: frozenset[str] = frozenset()) -> bool:
    """Tell whether "left-right", cut between lines, is a compound: "celui-ci", "1917-1918"."""
    if not left[-1].isalpha() or not right[0].isalpha():
        return True
    if right[0].isupper() and not (left.isupper() and len(left) > 1):
        return True
    first = re.split(r"['’]", left.lower())[-1]
    second = re.split(r"[-\u2010]", right.lower())[0]
    joined, hyphenated = first.split("-")[-1] + second, f"{first}-{second}"
    if (joined in vocabulary) != (hyphenated in vocabulary):
        return hyphenated in vocabulary
    if _MIDDLE_WORD.match(right) or second.startswith(("d'", "d’", "l'", "l’")):
        return True
    return _is_clitic(first, second) or _is_compound(first, second)


def _is_clitic(first: str, second: str) -> bool:
    """Verb and pronoun ("est-il", "dis-je"), "celui-ci", "cette fois-là", "lui-même"."""
    if second in _PRONOUNS:
        return first[-1] in "td" and len(first) > 1
    if second in {"tu", "nous", "vous"}:
        return first[-1] in "szx" and first != "ge"
    if second in {"le", "la", "les", "leur", "en"}:
        return first[-1] == "z" or first in {"dis", "fais", "vas"}
    if second in {"moi", "toi"}:
        return first != "é" and len(first) > 2
    if second == "ci":
        return first in _DEMONSTRATIVES or (first not in _BEFORE_CI and len(first) > 3)
    if second in {"même", "mêmes"}:
        return first in _BEFORE_MEME
    if second == "ce":
        return first in {"est", "était", "sera", "serait", "fut", "sont", "soit", "fût"}
    if second == "là":
        return first not in {"voi", "de", "ho"}
    return second in {"je", "y"} or (second == "lui" and first != "ce")


def _is_compound(first: str, second: str) -> bool:
    last = first.split("-")[-1]
    if first.endswith("-à") or (last in _NUMBERS and second in _NUMBERS):
        return True
    if last in _HYPHENATED_FIRST:
        return not second.startswith(_JOINED_ANYWAY.get(last, ()))
    return second.startswith(_COMPOUNDS.get(last, ()))


def document_vocabulary(lines: Sequence[str]) -> frozenset[str]:
    """List the words of a document that has words cut at line ends; empty when it has none."""
    if not any(line.endswith(("-", "\u2010")) for line in lines):
        return frozenset()
    return frozenset(word.lower() for line in lines for word in _WORD.findall(line))


# --- lines broken inside a sentence -------------------------------------------------------------


def is_list_item(line: str) -> bool:
    """Tell whether a line begins with a bullet, a number or a dialogue dash."""
    return _LIST_ITEM.match(line) is not None


def ends_sentence(line: str) -> bool:
    """Tell whether a line ends with final punctuation, closing marks aside."""
    return _FINAL.search(line) is not None


def starts_lower(line: str) -> bool:
    """Tell whether the first letter or figure of a line is a lower-case letter."""
    return line.lstrip("«\"“'’( \u00a0\u202f")[:1].islower()


def wrap_width(paragraphs: Sequence[Sequence[str]]) -> int:
    """Estimate the width at which a document was wrapped; 0 when it does not look wrapped."""
    lengths = sorted(
        len(line)
        for lines in paragraphs
        if len(lines) > 2
        for line in lines[:-1]
        if not is_list_item(line)
    )
    if len(lengths) < 3:
        return 0
    width = lengths[(9 * len(lengths)) // 10]
    return width if _NARROW <= width <= LONG_LINE else 0


def join_lines(
    lines: Sequence[str], width: int = 0, vocabulary: frozenset[str] = frozenset()
) -> str:
    """Join the lines of one paragraph where a sentence was broken; other breaks stay "\\n"."""
    if len(lines) < 2:
        return "".join(lines)
    groups = [[lines[0]]]
    for join, (line, following) in zip(_breaks_to_join(lines, width), pairwise(lines), strict=True):
        if join or _cut(line, following):
            groups[-1].append(following)
        else:
            groups.append([following])
    return "\n".join(join_broken_lines(group, vocabulary) for group in groups)


def _breaks_to_join(lines: Sequence[str], width: int) -> list[bool]:
    """Decide for each break of a paragraph, the last line excepted, whether it goes."""
    breaks = list(pairwise(lines))
    if len(lines) > 2:
        longest = max(map(len, lines))
        width = longest if _NARROW <= longest <= LONG_LINE else 0
    free = [
        not (is_list_item(following) or _is_row(line) or _is_row(following))
        for line, following in breaks
    ]
    chosen = list(compress(breaks, free))
    wrapped = bool(chosen) and _looks_wrapped(chosen, lines, width)
    return [
        may and wrapped and _is_broken_sentence(line, following, width)
        for may, (line, following) in zip(free, breaks, strict=True)
    ]


def _is_row(line: str) -> bool:
    return " | " in line or line.startswith("|")


def _reaches(line: str, following: str, width: int) -> bool:
    """Tell whether the next word would not have fitted on the line: the mark of a wrapped one."""
    return bool(width) and len(line) + 1 + len(following.split(" ", 1)[0]) > _NEAR_WIDTH * width


def _looks_wrapped(breaks: Sequence[tuple[str, str]], lines: Sequence[str], width: int) -> bool:
    count = len(breaks)
    reaching = sum(_reaches(line, following, width) for line, following in breaks)
    cut = sum(_cut(line, following) is not None for line, following in breaks)
    lower = sum(starts_lower(following) for _, following in breaks) + cut
    complete = sum(line.endswith((";", ",", ".", ":")) for line, _ in breaks)
    if count > 1 and lower <= 0.3 * count:  # verses, names, one sentence a line
        return False
    if count > 1 and complete == count:  # items that end with ; or , or .
        return False
    if count > 1 and reaching < 0.7 * count:  # uneven lines: prose only when the end says so
        return lower >= 0.6 * count and ends_sentence(lines[-1]) and bool(width or cut)
    return bool(reaching) or (count == 1 and lower == 1 and ends_sentence(lines[-1]))


def _is_broken_sentence(line: str, following: str, width: int) -> bool:
    if _reaches(line, following, width):
        return True
    return starts_lower(following) and not line.endswith((":", ";"))
