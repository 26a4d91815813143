"""Cleaning of characters and punctuation: pure functions, text to text, nothing of content lost.

What is cleaned here is what is shown and cited, so every rule is conservative: a mark that may be
meant stays. Layout (lines, hyphenation) is in ``lines``, web boilerplate in ``boilerplate``.
"""

from __future__ import annotations

import html
import re
import unicodedata

from qa.reading.encoding import legacy_text


def word_set(words: str) -> frozenset[str]:
    """Read a list of words that is written as one string."""
    return frozenset(words.split())


# --- characters ---------------------------------------------------------------------------------

# "&eacute;", "&#39;", "&#x2019;": named or numbered, always with its semicolon.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Line ends of Windows, old Macs and Unicode.
_LINE_BREAK = re.compile("\r\n?|\u2028")
# Page and paragraph separators: form feed, vertical tab, U+2029.
_PAGE_BREAK = re.compile("[\f\v\u2029]+")
# A soft hyphen at a line end marks a cut word: "révolu\u00ad\ntion".
_SOFT_HYPHEN_AT_LINE_END = re.compile("\u00ad[^\\S\n]*\n[^\\S\n]*")
# Invisible: soft hyphen, zero-width space, word joiner, byte order mark, direction marks.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# Zero-width (non-)joiners after Latin text; between emoji or Arabic letters they carry meaning.
_JOINER = re.compile("(?<![^\u0000-\u024f\u2000-\u206f])[\u200c\u200d]|[\u200c\u200d](?=\\s|$)")
# The bytes 0x80-0x9f of Windows-1252 kept as control characters: "\x92" for "’", "\x9c" for "œ".
_HIGH_CONTROL = re.compile("[\x80-\x9f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# Half of a pair, which no encoding can write.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_LETTERS = dict(zip("ﬀﬁﬂﬃﬄﬅﬆ", ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True))
# One look for all of these.
_RARE = re.compile(
    "[\x80-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufb00-\ufb06\ufeff]"
)
# Blanks that are neither a space, a line break, nor the French no-break spaces.
_OTHER_BLANK = re.compile("[\t\u1680\u2000-\u200a\u205f\u3000]")
# Two blanks or more: one space. A single no-break space ("fin\u00a0!") stays.
_BLANK_RUN = re.compile("[ \u00a0\u202f]{2,}")
_BLANKS_AND_BREAKS = re.compile(r" [ \t\r\n\f\v]+|[\t\r\n\f\v][ \t\r\n\f\v]*")
_BLANKS = " \u00a0\u202f"
# A column gap: a tab or three spaces between two words, "Parti\tVoix", "Parti    Voix".
_COLUMN_GAP = re.compile(r"(?<=\S)(?:[ ]*\t[ ]*| {3,})(?=[^\s|])")


def clean_characters(text: str) -> str:
    """Normalise characters and blanks; line breaks stay, a form feed becomes a blank line."""
    text = text.translate(_SURROGATE_TABLE) if _SURROGATE.search(text) else text
    text = decode_entities(text)
    text = _LINE_BREAK.sub("\n", text)
    text = _PAGE_BREAK.sub("\n\n", text)
    if not text.isascii():
        text = _clean_unicode(text)
    text = _CONTROL.sub("", text)
    if "\t" in text or "   " in text:
        text = mark_columns(text)
    text = _BLANK_RUN.sub(" ", _OTHER_BLANK.sub(" ", text))
    if "\n" in text:
        for blank in _BLANKS:  # each stands alone now
            text = text.replace(f"{blank}\n", "\n").replace(f"\n{blank}", "\n")
    return text.strip(_BLANKS)


_SURROGATE_TABLE = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def _clean_unicode(text: str) -> str:
    if "\u00ad" in text:
        text = _SOFT_HYPHEN_AT_LINE_END.sub("", text)
    if _RARE.search(text):
        text = _JOINER.sub("", _INVISIBLE.sub("", text))
        text = _HIGH_CONTROL.sub(lambda found: legacy_text(found[0].encode("latin-1")), text)
        text = _LIGATURE.sub(lambda found: _LETTERS[found[0]], text)
    return unicodedata.normalize("NFC", text)


def decode_entities(text: str) -> str:
    """Decode HTML entities that were left as they are: "l&#39;&eacute;t&eacute;" -> "l'été"."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def mark_columns(text: str) -> str:
    """Write tables aligned with tabs or spaces as "cell | cell", before blanks are reduced.

    Evidence: two lines or more, one after the other, with the same number of gaps.
    """
    lines = text.split("\n")
    gaps = [len(_COLUMN_GAP.findall(line.strip())) for line in lines]
    for number, count in enumerate(gaps):
        near = gaps[max(number - 1, 0) : number] + gaps[number + 1 : number + 2]
        if count and count in near:
            lines[number] = _COLUMN_GAP.sub(" | ", lines[number].strip())
    return "\n".join(lines)


# --- punctuation --------------------------------------------------------------------------------

_LOWER = "a-zàâäçéèêëîïôöùûüÿœæ"
_UPPER = "A-ZÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ"

# A comma and a point together, a blank before or between: "mot ., puis", "mot. , Le".
_STRAY_PAIR = re.compile(
    r"(?<=[^\s.,;])(?:[ \u00a0]+[.,][ \u00a0]?[,.;]|,\.|[ \u00a0]?;\.)(?=[\s»)]|$)"
)
_SPLIT_PAIR = re.compile(r"(?<=[^\W\d_])\.[ \u00a0]+[,;](?=[ \u00a0]|$)")
# ".," or ".;" against a word: an abbreviation ("etc., puis") or a stray point ("guerre., puis").
_POINT_COMMA = re.compile(rf"(?<![\w.-])([{_LOWER}{_UPPER}]{{2,}}|\d{{4}}|[»)])\.[,;](?=\s|$)")
# Short words that are no abbreviation; other words under five letters may be one.
_SHORT_WORDS = word_set(
    "fin roi vie mer loi but lui eux pas non oui moi toi ans mois an nom rue feu eau bas cas pays "
    "mort jour plus ici là jeu air"
)
_ABBREVIATIONS = word_set(
    "ibid idem chap coll trad suiv suppl compl introd bibl biblio impr préf arrond départ boul tél "
    "illustr manuscr univ prof dict encycl hist janv févr sept prov gouv comm conf part litt angl "
    "allem franç équiv auct ital espagn invar suppr dest assoc admin corp acad inst édit comp"
)
# ",," and ";;" before a blank; "a,,b" of a CSV line stays.
_DOUBLED = re.compile(r"([,;])(?:[ \u00a0]?\1)+(?=\s|$)")
# Exactly two points after a word, at a sentence end: "fin.. Le". "..." and "../" stay.
_TWO_POINTS = re.compile(r"(?<=[^\W\d_])\.\.(?=$|\s|»)")
# A blank before a comma or a full stop: "mot , mot .". " ..." and " .NET" stay.
_BLANK_BEFORE = re.compile(r"(?<=[\w»)\]’'\"%])[ \u00a0\u202f]+([.,])(?=$|[\s»)])", re.MULTILINE)
# The blank on the wrong side of a mark: "Prinkipo .Il vit", "mot ,puis".
_BLANK_ASIDE = re.compile(
    rf"(?<=[{_LOWER}»)])[ \u00a0]+(?:(\.)(?=[{_UPPER}][{_LOWER}’' ])|(,)(?=[{_LOWER}]))"
)
# No blank after a sentence end: "fin.Le"; the words on both sides are looked at.
_GLUED = re.compile(rf"[.!?…](?<=[{_LOWER}»)].)(?=[{_UPPER}][{_LOWER}’' ])")
_TOKEN_BEFORE = re.compile(r"(?:^|[\s(«\"’'])([^\s(«\"’']{1,40})$")
_TOKEN_AFTER = re.compile(r"[^\s,;:!?»)’']{1,40}")
_WORD = re.compile(rf"[{_LOWER}{_UPPER}-]+")
_NAME_SUFFIXES = word_set("com org net fr txt pdf html doc docx php jpg png js py exe")
_SENTENCE_STARTERS = word_set(
    "le la les l un une des il elle ils elles on nous vous je j tu ce cet cette ces c en au aux "
    "dans "
    "pour mais et de du d à son sa ses leur leurs selon après avant par sur si quand lorsque puis "
    "ainsi cependant pourtant toutefois ensuite enfin alors or donc car comme sous avec sans dès "
    "depuis pendant ne tout tous toute toutes qui que qu quel quelle"
)


def mend_punctuation(text: str) -> str:
    """Mend marks that scraping or machine translation left: " .,", ",,", " ,", "fin.Le"."""
    spaced = " ." in text or " ," in text or "\u00a0." in text or "\u00a0," in text
    if ",." in text or ";." in text or spaced:
        text = _STRAY_PAIR.sub(_single_mark, text)
    if ". ," in text or ". ;" in text:
        text = _SPLIT_PAIR.sub(_single_mark, text)
    if ".," in text or ".;" in text:
        text = _POINT_COMMA.sub(_mend_point_comma, text)
    if ",," in text or ";;" in text or ", ," in text or "; ;" in text:
        text = _DOUBLED.sub(r"\1", text)
    if ".." in text:
        text = _TWO_POINTS.sub(".", text)
    if spaced or "\u202f." in text or "\u202f," in text:
        text = _BLANK_BEFORE.sub(r"\1", text)
        text = _BLANK_ASIDE.sub(_blank_after, text)
    return _GLUED.sub(_separate_sentences, text)


def _single_mark(found: re.Match[str]) -> str:
    """Choose by what follows: a lower-case word or a digit continues the sentence."""
    following = found.string[found.end() : found.end() + 2].strip(" \u00a0")[:1]
    continues = following.islower() or following.isdigit()
    if not continues:
        return "."
    return " ;" if ";" in found[0] else ","


def _mend_point_comma(found: re.Match[str]) -> str:
    word = found[1].lower()
    if word.isalpha() and word not in _SHORT_WORDS:
        # A French abbreviation ends with a consonant: "éd.", "suiv.", "préf.".
        ends_open = len(word) > 3 and word[-1] in "aàâeéèêiîoôuûy"
        if (len(word) < 5 and not ends_open) or word in _ABBREVIATIONS or found[1].isupper():
            return found[0]
    return found[1] + _single_mark(found)


def _blank_after(found: re.Match[str]) -> str:
    """Put the blank behind the mark; before a capital only where a sentence surely starts."""
    following = _TOKEN_AFTER.match(found.string, found.end())
    word = re.split(r"[’']", following[0])[0] if following is not None else ""
    if found[2] or word.lower() in _SENTENCE_STARTERS:
        return (found[1] or found[2]) + " "
    return found[0]


def _separate_sentences(found: re.Match[str]) -> str:
    """Add the missing blank, unless the token looks like a URL, a file, code or an abbreviation."""
    text, start, end = found.string, found.start(), found.end()
    before = _TOKEN_BEFORE.search(text[max(start - 42, 0) : start])
    after = _TOKEN_AFTER.match(text, end)
    if before is None or after is None:
        return found[0]
    word, following = before[1].rstrip("»)"), after[0].rstrip(".")
    if following.lower() in _NAME_SUFFIXES:
        return found[0]
    if not _WORD.fullmatch(word) or not _WORD.fullmatch(following) or len(word) < 2:
        return found[0]
    starts = following.lower() in _SENTENCE_STARTERS
    # "fin.Le", "lire.Staline"; "System.Text" and "Node.Js" stay.
    if starts or (word.islower() and len(word) > 2 and len(following) > 2):
        return found[0] + " "
    return found[0]


def clean_inline(text: str) -> str:
    """Clean one line or paragraph that a parser has already cut out (title, cell, list item)."""
    return mend_punctuation(clean_characters(text)).strip()


def clean_line(text: str) -> str:
    """Clean a title or a metadata value: everything on one line."""
    return one_line(clean_inline(text))


def one_line(text: str) -> str:
    """Put a text on one line; its no-break spaces stay."""
    return _BLANKS_AND_BREAKS.sub(" ", text).strip()


# --- raised figures -----------------------------------------------------------------------------

_SUPERSCRIPTS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_NOTE_CALL = re.compile(r"\d{1,3}(?:[,;–-]\s?\d{1,3}){0,5}|[*†‡]{1,3}")
_LETTER_CALL = re.compile("[a-df-np-q]")  # "1887ᵃ"; "19ᵉ", "1ᵒ" and "1ʳᵉ" are no calls
_UNIT_BEFORE = re.compile(r"(?:^|[\s\d(/\u00a0\u202f])(?:[kcdmhµn]?m|da?m|hm|s|h|ha)$")
# "10" of "10⁶", the letter of "x²".
_BASE_BEFORE = re.compile(
    r"(?:^|[^\d\s,.]|[^\d][\s,.])10$|=[\w+−-]{0,6}[a-zA-Z]$|(?:^|[\s(=+*/×−-])[b-xzB-XZ]$"
)


def raised(before: str, mark: str, *, is_call: bool = False) -> str:
    """What stands raised after ``before``: an exponent ("m²"), a note's call ("1887[2]"), letters.

    ``is_call``: it is known to call a note.
    """
    bare = mark.strip("[]() ")
    if not is_call:
        exponent = bare.translate(_SUPERSCRIPTS)
        if bare in ("2", "3") and _UNIT_BEFORE.search(before):
            return exponent
        if bare and not set(bare) - set("0123456789+-n") and _BASE_BEFORE.search(before):
            return exponent
    lettered = before[-1:].isdigit() and _LETTER_CALL.fullmatch(bare)
    if not (is_call and bare) and not _NOTE_CALL.fullmatch(bare) and not lettered:
        return mark
    return f"[{bare}]"
