"""Packages that only some parts need: ``pip install 'sourcier[EXTRA]'`` adds them.

A part imports such a package where it uses it, inside ``needs``: where it is missing, one line says
what to install.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from qa.records import QAError

# By imported name. "train" brings the packages of "models" and "eval" too.
EXTRAS: Mapping[str, str] = {
    "ir_measures": "eval",
    "matplotlib": "eval",
    "scipy": "eval",
    "mcp": "mcp",
    "milvus_lite": "milvus",
    "pymilvus": "milvus",
    "huggingface_hub": "models",
    "sentence_transformers": "models",
    "onnx": "train",
    "safetensors": "train",
    "prometheus_client": "metrics",
    "ray": "ray",
    "torch": "train",
    "transformers": "train",
    "haystack": "retrievers",
    "langchain_core": "retrievers",
    "llama_index": "retrievers",
    "mwparserfromhell": "wiki",
}


@contextlib.contextmanager
def needs(extra: str) -> Iterator[None]:
    """Import inside of it: a package of the extra that is missing is a ``QAError``."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise  # a fault of an installation, not an extra that was left out
        raise QAError("missing_extra", package, install_command(extra)) from error


def install_command(extra: str) -> str:
    """What to type for an extra.

    >>> install_command("eval")
    "pip install 'sourcier[eval]'"
    """
    return f"pip install 'sourcier[{extra}]'"
