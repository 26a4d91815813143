"""Bytes to text: the encodings French documents come in, and text that was decoded wrongly."""

from __future__ import annotations

import codecs
import re

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Files that are no text whatever their name says: PDF, ZIP, PNG, JPEG, GIF, gzip, SQLite, ELF.
_BINARY_SIGNATURES = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"SQLite format 3",
    b"\x7fELF",
)

# <meta charset="iso-8859-15">, <?xml version="1.0" encoding="windows-1250"?>
_DECLARED_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,30})")
_HEAD_BYTES = 4096

# Only true text encodings: Python also knows "punycode", "unicode_escape", "utf-7"…
_ACCEPTED_CHARSET = re.compile(
    r"(?:iso[-_]?8859[-_]?\d{1,2}|latin[-_]?\d{1,2}|windows-?125\d|cp125\d|cp437|cp850|koi8-[ru]"
    r"|mac-?roman|macintosh|shift[-_]jis|gbk|gb18030|big5|euc-(?:jp|kr))",
    re.IGNORECASE,
)

# Bytes that strict UTF-8 refused, as "surrogateescape" shows them.
_REFUSED_BYTE = re.compile("[\udc80-\udcff]")

# Control characters that no text holds (tab, line feed, form feed, return and escape may occur).
_BINARY_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 65_536
_MOST_CONTROLS = 0.01  # share of control characters above which content is binary

# The 27 characters of Windows-1252 for the bytes 0x80-0x9f; it leaves five undefined.
_CP1252_HIGH = {byte: bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0)}
_CONTINUATION = "".join(text or chr(byte) for byte, text in _CP1252_HIGH.items()) + "".join(
    map(chr, range(0x80, 0xC0))
)
_CHARACTER_TO_BYTE = {text or chr(byte): byte for byte, text in _CP1252_HIGH.items()}

# UTF-8 read once as Windows-1252: "Ã©" (é), "Â«" («), "â€™" (’), "Å“" (œ), "ðŸ˜€" (an emoji).
_MOJIBAKE = re.compile(
    f"[Â-Å][{re.escape(_CONTINUATION)}]"
    f"|[â-ï][{re.escape(_CONTINUATION)}]{{2}}"
    f"|ð[{re.escape(_CONTINUATION)}]{{3}}"
)
# "Ã" before a plain space: "à" whose no-break space was flattened, "Ã la fin".
_FLATTENED_A = re.compile("Ã +(?=[a-zA-Z])")
_FRENCH_ACCENT = re.compile("[éèêëàâçùûüîïôœÉÈÊÀÇŒ«»’–—…]")


class BinaryContentError(ValueError):
    """The bytes are not text."""


def decode(data: bytes, *, declared_charset: bool = False) -> str:
    """Decode the bytes of a text file; ``declared_charset`` trusts an HTML or XML declaration.

    Raises BinaryContentError when the bytes are not text.
    """
    if data.startswith(_BINARY_SIGNATURES):
        raise BinaryContentError
    text = _decode_bytes(data, declared_charset)
    if is_binary(text):
        raise BinaryContentError
    return mend_mojibake(text)


def is_binary(text: str) -> bool:
    """Tell whether decoded bytes hold too many control characters to be text."""
    sample = text[:_SAMPLE]
    if "\0" in sample.rstrip("\0"):
        return True
    return len(_BINARY_CONTROL.findall(sample)) > _MOST_CONTROLS * len(sample)


def _decode_bytes(data: bytes, declared_charset: bool) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    unmarked = _utf16_without_mark(data)
    if unmarked:
        return data.decode(unmarked, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared_charset:
        declared = _declared_charset(data)
        if declared:
            try:
                return data.decode(declared)
            except UnicodeDecodeError:
                pass
    mixed = data.decode("utf-8", "surrogateescape")
    refused = len(_REFUSED_BYTE.findall(mixed))
    accepted = sum(character > "\x7f" for character in mixed[:_SAMPLE]) - len(
        _REFUSED_BYTE.findall(mixed[:_SAMPLE])
    )
    if accepted > 2 * refused:  # UTF-8 with a few broken bytes, not a Windows-1252 file
        return _REFUSED_BYTE.sub(lambda found: cp1252_character(ord(found[0]) - 0xDC00), mixed)
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def cp1252_character(byte: int) -> str:
    """Give the character of one Windows-1252 byte, the Latin-1 one where it has none."""
    return _CP1252_HIGH.get(byte) or chr(byte)


def _utf16_without_mark(data: bytes) -> str:
    """Recognise UTF-16 by its zero bytes: Western text has one in every other place."""
    sample = data[:_HEAD_BYTES]
    pairs = len(sample) // 2
    if pairs < 2 or b"\0" not in sample:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return ""


def _declared_charset(data: bytes) -> str:
    """Find the charset that a page declares; browsers read ISO-8859-1 as Windows-1252, so do we."""
    found = _DECLARED_CHARSET.search(data[:_HEAD_BYTES])
    name = found[1].decode("ascii").lower() if found else ""
    if not _ACCEPTED_CHARSET.fullmatch(name):
        return ""
    name = {"iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252"}.get(name, name)
    try:
        codecs.lookup(name)
    except LookupError:
        return ""
    return name


def mend_mojibake(text: str) -> str:
    """Mend UTF-8 that was read once as Windows-1252 ("Ã©tÃ©" -> "été").

    Only when such sequences outnumber the accents that are right: a text that quotes one example
    keeps it.
    """
    if "Ã" not in text and "â€" not in text and "Â" not in text and "Å“" not in text:
        return text
    wrong = sum(_mended(found[0]) != found[0] for found in _MOJIBAKE.finditer(text))
    if not wrong:
        return text
    right = len(_FRENCH_ACCENT.findall(_MOJIBAKE.sub("", text)))
    if right >= wrong:
        return text
    return _FLATTENED_A.sub("à ", _MOJIBAKE.sub(lambda found: _mended(found[0]), text))


def _mended(sequence: str) -> str:
    data = bytes(_CHARACTER_TO_BYTE.get(character, ord(character) & 0xFF) for character in sequence)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return sequence
