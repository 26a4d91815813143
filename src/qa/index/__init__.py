"""One directory on disk: write a generation, verify, publish, open, update."""

from qa.index.collection import change_index, index_given
from qa.index.generations import generations_to_try
from qa.index.intake import Progress
from qa.index.manifest import DamagedIndexError, Manifest
from qa.index.milvus import index_folder
from qa.index.reader import Index, current_name, open_index
from qa.index.report import IndexReport
from qa.index.store import DocumentEntry, LanguageCount, RepeatedDocument
from qa.index.verify import verify_citations, verify_index
from qa.index.watch import watch_index
from qa.index.writer import update_index

__all__ = [
    "DamagedIndexError",
    "DocumentEntry",
    "Index",
    "IndexReport",
    "LanguageCount",
    "Manifest",
    "Progress",
    "RepeatedDocument",
    "change_index",
    "current_name",
    "generations_to_try",
    "index_folder",
    "index_given",
    "open_index",
    "update_index",
    "verify_citations",
    "verify_index",
    "watch_index",
]
