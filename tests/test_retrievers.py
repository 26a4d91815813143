"""Retrievers of other frameworks, run by the frameworks themselves; skipped where they are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import qa
from conftest import FakeEmbedder
from qa.retrievers import haystack_retriever, langchain_retriever, llama_index_retriever

QUESTION = "Où Trotsky est-il mort ?"
# Warnings are of the frameworks' own imports.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def assistant() -> Iterator[qa.Assistant]:
    texts = {"a": "Léon Trotsky est mort à Mexico en 1940.", "b": "Lénine est mort à Gorki."}
    with qa.build(texts, model=FakeEmbedder(), progress=False) as opened:
        yield opened


def check(assistant: qa.Assistant, found: list[tuple[str, Mapping[str, Any]]]) -> None:
    """One passage was asked for: the best, at its place in its document."""
    ((text, fields),) = found
    (hit,) = assistant.search(QUESTION, limit=1)
    assert (text, fields["document_id"], fields["score"]) == (hit.passage.text, "a", hit.score)
    assert assistant.document("a").text[fields["start"] : fields["end"]] == text


def test_langchain(assistant: qa.Assistant) -> None:
    pytest.importorskip("langchain_core")
    found = langchain_retriever(assistant, limit=1).invoke(QUESTION)
    check(assistant, [(document.page_content, document.metadata) for document in found])


def test_llama_index(assistant: qa.Assistant) -> None:
    pytest.importorskip("llama_index.core")
    found = llama_index_retriever(assistant, limit=1).retrieve(QUESTION)
    check(assistant, [(node.text, node.metadata) for node in found])


def test_haystack_in_a_pipeline(assistant: qa.Assistant) -> None:
    haystack = pytest.importorskip("haystack")
    pipeline = haystack.Pipeline()
    pipeline.add_component("sourcier", haystack_retriever(assistant, limit=1))
    found = pipeline.run({"sourcier": {"query": QUESTION}})["sourcier"]["documents"]
    check(assistant, [(document.content, document.meta) for document in found])
