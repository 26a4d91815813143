"""Bytes to text: the encodings French documents come in, and text that was decoded wrongly."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
# Files that are no text whatever their name says: PDF, ZIP, PNG, JPEG, GIF, gzip, SQLite, ELF, OLE.
_BINARY_SIGNATURES = (
    b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"SQLite format 3",
    b"\x7fELF", b"\xd0\xcf\x11\xe0",
)  # fmt: skip
# <meta charset="iso-8859-15">, <?xml version="1.0" encoding="windows-1250"?>
_DECLARED_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,30})")
# Only true text encodings: Python also knows "punycode", "unicode_escape", "utf-7"…
_ACCEPTED_CHARSET = re.compile(
    r"(?:iso[-_]?8859[-_]?\d{1,2}|latin[-_]?\d{1,2}|windows-?125\d|cp125\d|cp437|cp850|koi8-[ru]"
    r"|mac-?roman|macintosh|shift[-_]jis|gbk|gb18030|big5|euc-(?:jp|kr))",
    re.IGNORECASE,
)
# Control characters that no text holds (tab, line feed, form feed, return and escape may occur).
_BINARY_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 65_536
_MOST_CONTROLS = 0.01  # share of control characters above which content is binary

# What French was written in before UTF-8, the likeliest first.
_LEGACY = {"cp1252": "Windows-1252", "mac-roman": "Mac OS Roman", "cp850": "DOS 850"}
_FRENCH = frozenset("éèêëàâçùûüîïôœÉÈÊËÀÂÇÙÛÎÏÔŒ«»’–—…€°")
# Bytes that strict UTF-8 refused, as "surrogateescape" shows them.
_REFUSED = re.compile("[\udc80-\udcff]+")
# A high byte with the letters around it: where accents are, and where they are not.
_ACCENT_IN_WORD = re.compile(r"[a-z][^\x00-\x7f][a-z]|[a-z][^\x00-\x7f](?=[\s.,;)'-])")
_ESCAPED = {0xDC00 + byte: byte for byte in range(0x80, 0x100)}
_LATIN_9 = re.compile(rb"(?<=\d )\xa4|\xbd(?=[a-z])|\xbc(?=uvre)|[a-z]\xbd")  # "12 €", "œuvre"
_SURE = 0.9  # share of the characters beyond ASCII that French uses

_FEWEST = 5  # characters beyond ASCII that can tell

# UTF-8 read once as Windows-1252: "Ã©" (é), "Â«" («), "â€™" (’), "Å“" (œ).
_MOJIBAKE = re.compile("[Â-Å][\x80-\xbf\u0152-\u0192\u02c6-\u2122]|â€|ðŸ")


class BinaryContentError(ValueError):
    """The bytes are not text."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and the name of the encoding that was guessed where the guess is not sure."""

    text: str
    doubt: str = ""


def decode(data: bytes, *, declared_charset: bool = False) -> str:
    """Decode the bytes of a text file; ``declared_charset`` trusts an HTML or XML declaration.

    Raises BinaryContentError when the bytes are not text.
    """
    return decode_telling(data, declared_charset=declared_charset).text


def decode_telling(data: bytes, *, declared_charset: bool = False) -> Decoded:
    """Decode as ``decode`` does, and tell where the encoding is not sure."""
    if data.startswith(_BINARY_SIGNATURES):
        raise BinaryContentError
    found = _decode_bytes(data, declared_charset)
    if is_binary(found.text):
        raise BinaryContentError
    return Decoded(mend_mojibake(found.text), found.doubt)


def is_binary(text: str) -> bool:
    """Tell whether decoded bytes hold too many control characters to be text."""
    sample = text[:_SAMPLE]
    if "\0" in sample.rstrip("\0"):
        return True
    return len(_BINARY_CONTROL.findall(sample)) > _MOST_CONTROLS * len(sample)


def _decode_bytes(data: bytes, declared_charset: bool) -> Decoded:
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(name, "replace"))
    told = _utf16_without_mark(data) or (_declared_charset(data) if declared_charset else "")
    for name in ("utf-8", told):
        try:
            if name and not name.startswith("utf-16"):
                return Decoded(data.decode(name))
        except UnicodeDecodeError:
            pass
    if told.startswith("utf-16"):
        return Decoded(data.decode(told, "replace"))
    text = data.decode("utf-8", "surrogateescape")
    refused = _REFUSED.sub("", text)
    if refused.isascii():
        name, share = _legacy(data)
        if name == "cp1252" and _LATIN_9.search(data):
            return Decoded(data.decode("iso-8859-15"))
        doubtful = share < _SURE and len(_REFUSED.findall(text)) >= _FEWEST
        return Decoded(legacy_text(data, name), _LEGACY[name] if doubtful else "")
    # Whole characters of UTF-8 beside bytes that are none: two encodings in one file.
    name, _ = _legacy(_refused_lines(data))
    mended = _REFUSED.sub(
        lambda found: legacy_text(found[0].encode("utf-8", "surrogateescape"), name), text
    )
    return Decoded(mended, f"UTF-8, {_LEGACY[name]}")


def _refused_lines(data: bytes) -> bytes:
    """The lines that are no UTF-8."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    refused = "\n".join(line for line in lines if _REFUSED.search(line))
    return refused.encode("utf-8", "surrogateescape")


def _legacy(data: bytes) -> tuple[str, float]:
    """The encoding in which the bytes look most like French, and the share that does."""
    sample = data[: 8 * _SAMPLE]
    best = ("cp1252", -1.0)
    for name in _LEGACY:
        text = legacy_text(sample, name)
        high = [character for character in text if character > "\x7f" and character != "\xa0"]
        good = sum(character in _FRENCH for character in high)
        words = _ACCENT_IN_WORD.findall(text)
        # Inside a word only letters stand: "musŽe", "Ža" are none of French.
        letters = sum(any(c in _FRENCH and c.islower() for c in word) for word in words)
        share = (good + letters) / max(len(high) + len(words), 1)
        if share > best[1] + 0.05:
            best = (name, share)
    return best


def legacy_text(data: bytes, name: str = "cp1252") -> str:
    """Decode every byte: where the encoding leaves one undefined, as Latin-1."""
    return data.decode(name, "surrogateescape").translate(_ESCAPED)


def _utf16_without_mark(data: bytes) -> str:
    """Recognise UTF-16 by its zero bytes: Western text has one in every other place."""
    sample = data[:4096]
    pairs = len(sample) // 2
    if pairs < 2 or b"\0" not in sample:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * pairs and odd < 0.05 * pairs else ""


def _declared_charset(data: bytes) -> str:
    """Find the charset that a page declares; browsers read ISO-8859-1 as Windows-1252, so do we."""
    found = _DECLARED_CHARSET.search(data[:4096])
    name = found[1].decode("ascii").lower() if found else ""
    if not _ACCEPTED_CHARSET.fullmatch(name):
        return ""
    name = {"iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252"}.get(name, name)
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def mend_mojibake(text: str) -> str:
    """Mend UTF-8 that was read once as Windows-1252 ("Ã©tÃ©" -> "été"), with ftfy.

    Only when such sequences outnumber the accents that are right: a text that quotes one example
    keeps it.
    """
    if text.isascii() or not any(sign in text for sign in ("Ã", "â€", "Â", "Å")):
        return text
    wrong = len(_MOJIBAKE.findall(text))
    right = sum(character in _FRENCH for character in _MOJIBAKE.sub("", text))
    if right >= wrong:
        return text
    return "\n".join(map(_mended, text.split("\n")))


def _mended(line: str) -> str:
    if line.isascii():
        return line
    try:
        return line.encode("cp1252").decode("utf-8")
    except UnicodeError:
        import ftfy

        return str(ftfy.fix_encoding(line))


def line_decoder(sample: bytes) -> Callable[[bytes], str]:
    """What decodes the lines of a file, whose beginning says how it was written."""
    name, _ = _legacy(_refused_lines(sample))

    def decode_line(line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            return legacy_text(line, name)

    return decode_line
