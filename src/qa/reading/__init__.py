"""Reading: files to Documents. One module a format; cleaning, encodings and limits beside them."""

from qa.reading.folder import Results, corpus_files, read_corpus, read_file

__all__ = ["Results", "corpus_files", "read_corpus", "read_file"]
