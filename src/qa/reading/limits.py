"""How much is read: sizes of files, of what they unpack to, and what a parser may use."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST_FILE = 20_000_000  # bytes of a text, a page, or a line of a file of many documents
LARGEST_CONTAINER = 200_000_000  # bytes of a file that also carries pictures and fonts
LARGEST_TEXT = 20_000_000  # characters of one document

# Archives (ZIP, DOCX, ODT, EPUB), looked at before anything is unpacked.
MOST_ENTRIES = 50_000
LARGEST_UNPACKED = 2_000_000_000  # bytes, all entries together
LARGEST_ENTRY = 200_000_000  # bytes
# Office XML shrinks 10 to 30 times, a bomb 1,000 times (deflate's limit is 1,032).
HIGHEST_RATIO = 150
SMALL_ENTRY = 5_000_000  # bytes: whatever its ratio, an entry of this size does no harm
NO_MEMORY = 2  # the code of libxml2's error when memory is short (XML_ERR_NO_MEMORY)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the reading of one file, or of one document of a file of many, may use.

    ``memory`` in bytes of address space; ``seconds`` of a processor, with ``seconds_per_megabyte``
    of the file's size; ``ocr_seconds`` instead for pages that are recognised.
    """

    memory: int = 1 << 30
    seconds: float = 20.0
    seconds_per_megabyte: float = 5.0  # a PDF of law has 250 pages a megabyte
    ocr_seconds: float = 3600.0

    def processor_seconds(self, size: int, *, ocr: bool = False) -> float:
        """Seconds of a processor for a file of ``size`` bytes."""
        return self.ocr_seconds if ocr else self.seconds + self.seconds_per_megabyte * size / 1e6
