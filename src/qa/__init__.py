"""Sourcier: answers to French questions, quoted and cited from your own documents.

>>> import qa
>>> with qa.build("documents", "index") as assistant:  # doctest: +SKIP
...     print(assistant.answer("Qui a tué Trotsky ?"))
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from qa.assistant import Assistant
    from qa.building import build
    from qa.evaluation import evaluate_assistant as evaluate
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

    __version__: str

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
    "__version__",
    "build",
    "evaluate",
]

# Where the other names stand: all that are not here are in ``qa.records``.
_PLACES = {
    "Assistant": ("qa.assistant", "Assistant"),
    "build": ("qa.building", "build"),
    "evaluate": ("qa.evaluation", "evaluate_assistant"),
}


def __getattr__(name: str) -> "Any":
    # Nothing is imported before it is asked for: the assistant brings numpy, faiss, tantivy and
    # onnxruntime, and the command must be able to catch Ctrl-C from its first import on.
    if name not in __all__:
        raise AttributeError(f"module 'qa' has no attribute {name!r}")
    import importlib

    if name == "__version__":
        import importlib.metadata

        return importlib.metadata.version("sourcier")
    module, name = _PLACES.get(name, ("qa.records", name))
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
