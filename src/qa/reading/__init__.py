"""Reading: files to Documents. One module a format; cleaning, encodings and limits beside them."""

from qa.reading.folder import read_corpus
from qa.reading.settings import ReadingSettings

__all__ = ["ReadingSettings", "read_corpus"]
