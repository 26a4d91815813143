"""One directory on disk: write a generation, verify, publish, open, update."""

from qa.index.generations import candidates, current_name
from qa.index.intake import Progress
from qa.index.manifest import DamagedIndexError, Manifest
from qa.index.reader import Index, open_index
from qa.index.store import DocumentEntry, LanguageCount, RepeatedDocument
from qa.index.verify import verify_citations, verify_index
from qa.index.watch import watch_index
from qa.index.writer import IndexReport, update_index

__all__ = [
    "DamagedIndexError",
    "DocumentEntry",
    "Index",
    "IndexReport",
    "LanguageCount",
    "Manifest",
    "Progress",
    "RepeatedDocument",
    "candidates",
    "current_name",
    "open_index",
    "update_index",
    "verify_citations",
    "verify_index",
    "watch_index",
]
