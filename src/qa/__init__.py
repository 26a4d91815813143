"""Sourcier: answers to French questions, quoted and cited from your own documents.

>>> from qa import Assistant
>>> Assistant.open("index").answer("Qui a tué Trotsky ?")  # doctest: +SKIP
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from qa.assistant import Assistant
    from qa.records import (
        Answer,
        AnswerSentence,
        Citation,
        Document,
        Heading,
        Hit,
        Passage,
        QAError,
        Skipped,
        Turn,
    )

__all__ = [
    "Answer",
    "AnswerSentence",
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


def __getattr__(name: str) -> "Any":
    # Nothing is imported before it is asked for: the assistant brings numpy, faiss, tantivy and
    # onnxruntime, and the command must be able to catch Ctrl-C from its first import on.
    if name not in __all__:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    if name == "Assistant":
        from qa.assistant import Assistant

        return Assistant
    import qa.records

    return getattr(qa.records, name)
