"""Reading: files to Documents. One module a format; cleaning, encodings and limits beside them."""

from qa.reading.folder import read_corpus

__all__ = ["read_corpus"]
