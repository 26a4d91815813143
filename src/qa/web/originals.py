"""The files that documents were read from: to open one, or to see a page of it.

Only an id of the index leads to a file, and only to one that holds this document alone, lies in the
indexed folder and is what it was when it was read. PDF pages are drawn in the readers' process
apart, under its limits (``qa.reading.FileReader``).
"""

from __future__ import annotations

import threading
from base64 import b64encode
from html import escape
from pathlib import Path
from urllib.parse import quote

from qa.index import Index
from qa.index.memory import digest_file, stamp_file
from qa.reading import FileReader, PagePicture, UnreadableError
from qa.reading.reasons import skipped
from qa.records import Document, QAError
from qa.web import texts

# Readers who wait for a page while another one is drawn; they take a thread each.
WAITING = 4


def original(index: Index, document_id: str) -> Path | None:
    """The file of a document, where it may be shown."""
    found = index.store.file_of(document_id)
    if found is None or not index.manifest.corpus or found[0] != document_id:
        return None
    corpus, record = Path(index.manifest.corpus), found[1]
    path = corpus / document_id if corpus.is_dir() else corpus
    try:
        path, folder = path.resolve(strict=True), corpus.resolve(strict=True)
        same = stamp_file(path).text == record.stamp or digest_file(path) == record.digest
    except (OSError, ValueError):
        return None
    inside = path.is_relative_to(folder) and path.is_file()
    return path if inside and path.name == Path(document_id).name and same else None


def has_pages(document: Document) -> bool:
    """Whether pages of a document can be seen."""
    return document.id.lower().endswith(".pdf") and bool(document.pages)


def original_url(document_id: str) -> str:
    """The address of a document's file."""
    return f"original?document={quote(document_id.encode('utf-8', 'replace'), safe='')}"


class Pages:
    """Draws pages, one at a time."""

    def __init__(self) -> None:
        self._reader = FileReader()
        self._drawing = threading.Lock()
        self._waiting = threading.BoundedSemaphore(WAITING)

    def close(self) -> None:
        """End the process that draws."""
        self._reader.close()

    def page(self, index: Index, document: Document, start: int, end: int, number: int = 0) -> str:
        """A page as HTML, by default that on which a span begins, with the span marked on it.

        Raises QAError, in French, when there is no picture.
        """
        path = original(index, document.id)
        if path is None or not has_pages(document):
            raise QAError(texts.NO_ORIGINAL)
        begins = document.page_at(start) or document.pages[0]
        number = number or begins.number
        cited = document.text[start:end]
        earlier = document.text.count(cited, begins.start, start) if cited else 0
        if not self._waiting.acquire(blocking=False):
            raise QAError(texts.BUSY)
        try:
            with self._drawing:
                picture = self._reader.draw(path, number, cited, earlier)
        except UnreadableError as error:
            raise QAError(texts.reason(skipped("", error.code, *error.figures, ""))) from error
        finally:
            self._waiting.release()
        return page_html(picture, number, marks_missing=bool(cited) and number == begins.number)


def page_html(picture: PagePicture, number: int, *, marks_missing: bool) -> str:
    """A page, the marks on it, and the way to its neighbours."""
    marks = "".join(
        f'<mark style="left:{left:.2%};top:{top:.2%};width:{right - left:.2%};'
        f'height:{bottom - top:.2%}"></mark>'
        for left, top, right, bottom in picture.boxes
    )
    told = texts.PAGE_OF.format(number=number, pages=picture.pages)
    alternative = texts.PAGE_WITH_QUOTE.format(page=told) if marks else told
    if marks_missing and not marks:
        told = texts.QUOTE_NOT_SEEN.format(page=told)
    steps = "".join(
        f'<button type="button" data-page="{number + by}" aria-label="{label}"'
        f"{'' if 1 <= number + by <= picture.pages else ' disabled'}>{sign}</button>"
        for by, label, sign in ((-1, texts.PAGE_BEFORE, "←"), (1, texts.PAGE_AFTER, "→"))
    )
    source = f"data:image/webp;base64,{b64encode(picture.data).decode('ascii')}"
    return (
        f'<p class="steps">{steps}<span role="status">{escape(told)}</span></p>'
        f'<div class="sheet" tabindex="0" role="group" aria-label="{escape(told)}"><div>'
        f'<img src="{source}" width="{picture.width}" height="{picture.height}" '
        f'alt="{escape(alternative)}">{marks}</div></div>'
    )
