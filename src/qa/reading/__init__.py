"""Reading: files to Documents. One module a format; cleaning, encodings and limits beside them."""

from qa.reading.blocks import UnreadableError
from qa.reading.folder import ADDITIONS, NothingReadError, corpus_files, read_corpus
from qa.reading.formats import SUFFIXES, Results
from qa.reading.given import Given, read_given
from qa.reading.pdf_picture import PagePicture
from qa.reading.reader import FileReader
from qa.reading.reasons import causes
from qa.reading.settings import ReadingSettings

__all__ = [
    "ADDITIONS",
    "SUFFIXES",
    "FileReader",
    "Given",
    "NothingReadError",
    "PagePicture",
    "ReadingSettings",
    "Results",
    "UnreadableError",
    "causes",
    "corpus_files",
    "read_corpus",
    "read_given",
]
