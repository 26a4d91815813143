"""The demonstration corpus: all of it is read, cleaned of web pages' additions, and referenced."""

from __future__ import annotations

import pytest

from conftest import ROOT
from qa.reading import read_corpus
from qa.records import Document

DOCUMENTS = [item for item in read_corpus(ROOT / "corpus") if isinstance(item, Document)]


def test_it_is_large_enough_and_all_of_it_is_read() -> None:
    assert all(isinstance(item, Document) for item in read_corpus(ROOT / "corpus"))
    assert len(DOCUMENTS) == len(list((ROOT / "corpus").iterdir())) >= 18
    assert sum(len(document.text.split()) for document in DOCUMENTS) >= 14_000
    assert {document.id.rsplit(".", 1)[1] for document in DOCUMENTS} == {"html", "md", "txt"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.id)
def test_every_document_has_a_title_sections_and_references(document: Document) -> None:
    titles = [document.text[h.start : h.end] for h in document.headings]
    assert document.title == titles[0]
    assert len(titles) >= 4
    assert titles[-1] == "Références"
    works = document.text[document.headings[-1].end :].split("\n")
    assert len([work for work in works if work.strip()]) >= 3


@pytest.mark.parametrize(
    "addition",
    [
        "cookies",
        "commentaire",
        "adresse e-mail",
        "Author:",
        "admin",
        "Partager",
        "Mentions légales",
    ],
)
def test_saved_pages_are_cleaned(addition: str) -> None:
    for document in DOCUMENTS:
        if document.id.endswith(".html"):
            assert addition not in document.text
