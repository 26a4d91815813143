"""Reading: files to Documents. One module a format; cleaning, encodings and limits beside them."""

from qa.reading.folder import ADDITIONS, corpus_files, read_corpus
from qa.reading.formats import SUFFIXES, Results
from qa.reading.given import Given, read_given
from qa.reading.reader import FileReader
from qa.reading.reasons import causes
from qa.reading.settings import ReadingSettings

__all__ = [
    "ADDITIONS",
    "SUFFIXES",
    "FileReader",
    "Given",
    "ReadingSettings",
    "Results",
    "causes",
    "corpus_files",
    "read_corpus",
    "read_given",
]
