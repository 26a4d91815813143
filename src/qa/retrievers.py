"""Retrievers of other frameworks over an assistant: its passages, with where each one stands.

Metadata are the fields of ``Hit.to_dict`` besides the text, so that
``document.text[start:end]`` is the passage. What a retriever finds is ranked, not read: only
``Assistant.answer`` quotes or refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qa.assistant import Assistant
from qa.extras import needs


def _found(assistant: Assistant, question: str, limit: int, method: str) -> Iterator[Any]:
    """Name, text, score and metadata of each passage."""
    for hit in assistant.search(question, limit=limit, method=method):
        fields = hit.to_dict()
        name = f"{fields['document_id']}:{fields['start']}-{fields['end']}"
        yield name, fields.pop("text"), hit.score, fields


def langchain_retriever(assistant: Assistant, *, limit: int = 10, method: str = "hybrid") -> Any:
    """A LangChain ``BaseRetriever``: ``retriever.invoke(question)``."""
    with needs("retrievers"):
        from langchain_core.documents import Document
        from langchain_core.retrievers import BaseRetriever

    class SourcierRetriever(BaseRetriever):  # type: ignore[misc]
        def _get_relevant_documents(self, query: str, **_: Any) -> list[Any]:
            return [
                Document(id=name, page_content=text, metadata=fields)
                for name, text, _, fields in _found(assistant, query, limit, method)
            ]

    return SourcierRetriever()


def llama_index_retriever(assistant: Assistant, *, limit: int = 10, method: str = "hybrid") -> Any:
    """A LlamaIndex ``BaseRetriever``: ``retriever.retrieve(question)``."""
    with needs("retrievers"):
        from llama_index.core.retrievers import BaseRetriever
        from llama_index.core.schema import NodeWithScore, TextNode

    class SourcierRetriever(BaseRetriever):  # type: ignore[misc]
        def _retrieve(self, query_bundle: Any) -> list[Any]:
            return [
                NodeWithScore(node=TextNode(id_=name, text=text, metadata=fields), score=score)
                for name, text, score, fields in _found(
                    assistant, query_bundle.query_str, limit, method
                )
            ]

    return SourcierRetriever()


def haystack_retriever(assistant: Assistant, *, limit: int = 10, method: str = "hybrid") -> Any:
    """A Haystack component: ``retriever.run(query=question)["documents"]``, or in a pipeline."""
    with needs("retrievers"):
        from haystack import Document, component

    @component
    class SourcierRetriever:
        @component.output_types(documents=list[Document])  # type: ignore[untyped-decorator]
        def run(self, query: str) -> dict[str, list[Any]]:
            return {
                "documents": [
                    Document(id=name, content=text, meta=fields, score=score)
                    for name, text, score, fields in _found(assistant, query, limit, method)
                ]
            }

    return SourcierRetriever()
