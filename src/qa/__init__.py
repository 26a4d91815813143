"""Sourcier: answers to French questions, quoted and cited from your own documents.

>>> from qa import Assistant
>>> Assistant.open("index").answer("Qui a tué Trotsky ?")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from qa.records import (
    Answer,
    Citation,
    Document,
    Heading,
    Hit,
    Passage,
    QAError,
    Skipped,
    Turn,
)

if TYPE_CHECKING:
    from qa.assistant import Assistant

__all__ = [
    "Answer",
    "Assistant",
    "Citation",
    "Document",
    "Heading",
    "Hit",
    "Passage",
    "QAError",
    "Skipped",
    "Turn",
]


def __getattr__(name: str) -> Any:
    # The assistant brings numpy, faiss, tantivy and onnxruntime: `import qa` alone stays instant.
    if name == "Assistant":
        from qa.assistant import Assistant

        return Assistant
    raise AttributeError(f"module 'qa' has no attribute {name!r}")
