"""The house: a room imports only rooms above it, and third parties stay in their rooms."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa
from qa.extras import EXTRAS
from qa.index.recipe import LIBRARIES

PACKAGE = Path(qa.__file__).parent

# In the order of the README's module list: data flows downwards.
ROOMS = [
    "messages",
    "records",
    "extras",
    "french",
    "families",
    "noise",
    "reading",
    "chunking",
    "encoder",
    "embedding",
    "mapping",
    "dense",
    "tokens",
    "lexical",
    "index",
    "cluster",
    "progress",
    "forms",
    "numbering",
    "question",
    "search",
    "answering",
    "overview",
    "courtesy",
    "conversation",
    "assistant",
    "building",
    "retrievers",
    "evaluation",
    "training",
    "web",
    "cli",
]

ALLOWED = {
    "Stemmer": {"french"},
    "lxml": {"reading"},
    "trafilatura": {"reading"},
    "markdown_it": {"reading"},
    "mdit_py_plugins": {"reading"},
    "ftfy": {"reading"},
    "python_calamine": {"reading"},
    "striprtf": {"reading"},
    "pylatexenc": {"reading"},
    "docutils": {"reading"},
    "mwparserfromhell": {"reading"},
    "pypdfium2": {"reading"},
    "onnxruntime": {"encoder"},
    "tokenizers": {"encoder", "training"},
    "sentence_transformers": {"embedding", "training"},
    "huggingface_hub": {"embedding"},
    "safetensors": {"training"},
    "transformers": {"training"},
    "torch": {"training"},
    "onnx": {"training"},
    "faiss": {"dense"},
    "tantivy": {"lexical"},
    "filelock": {"index"},
    "pymilvus": {"index"},
    "milvus_lite": {"index"},
    "ray": {"cluster"},
    "prometheus_client": {"web"},
    "py3langid": {"index"},
    "gradio": {"web"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "ir_measures": {"evaluation"},
    "matplotlib": {"evaluation"},
    "mcp": {"web"},
    "anyio": {"web"},
    "annotated_types": {"web"},
    "pydantic": {"web"},
    "scipy": {"evaluation"},
    "shtab": {"cli"},
    "haystack": {"retrievers"},
    "langchain_core": {"retrievers"},
    "llama_index": {"retrievers"},
    "tqdm": {"progress"},
    "numpy": {
        "tokens",
        "encoder",
        "embedding",
        "dense",
        "lexical",
        "index",
        "cluster",
        "numbering",
        "search",
        "answering",
        "conversation",
        "evaluation",
        "training",
    },
}

HEAVY = ("torch", "sentence_transformers", "gradio", "transformers", "faiss", "tantivy")


def sources() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts not in {("__init__",), ("__main__",)}:
            yield parts[0], path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def test_every_room_is_listed() -> None:
    assert {room for room, _ in sources()} == set(ROOMS)


@pytest.mark.parametrize(("room", "path"), list(sources()), ids=lambda value: str(value))
def test_a_room_imports_only_rooms_above_it(room: str, path: Path) -> None:
    for module in imports(path):
        if module.startswith("qa."):
            imported = module.split(".")[1]
            assert imported == room or ROOMS.index(imported) < ROOMS.index(room), (
                f"{path.name} imports {module}"
            )


@pytest.mark.parametrize(("room", "path"), list(sources()), ids=lambda value: str(value))
def test_third_parties_stay_in_their_rooms(room: str, path: Path) -> None:
    for module in imports(path):
        package = module.split(".")[0]
        if package != "qa" and package not in sys.stdlib_module_names:
            assert room in ALLOWED[package], f"{path.name} imports {package}"


def declared() -> dict[str, set[str]]:
    """The distributions of each extra, and of the package itself under ""."""
    project = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {
        extra: {re.split(r"[>\[]", requirement)[0].lower() for requirement in requirements}
        for extra, requirements in groups.items()
    }


# Looks at everything that is installed: once is enough.
installed = functools.cache(importlib.metadata.packages_distributions)


def distribution(package: str) -> str:
    """What is installed to import a package."""
    (name, *_) = sorted(set(installed()[package]), key=len)
    return name.lower().replace("_", "-")


def test_what_is_imported_is_declared() -> None:
    groups = declared()
    for _, path in sources():
        for package in {module.split(".")[0] for module in imports(path)} & set(ALLOWED):
            if importlib.util.find_spec(package) is None:
                assert EXTRAS[package] in {"ray", "retrievers"}  # which tests do without
                continue
            assert distribution(package) in groups[EXTRAS.get(package, "")], (
                f"{path.name} imports {package}"
            )


def test_what_can_change_a_text_is_in_the_recipe() -> None:
    parsers = {distribution(package) for package, rooms in ALLOWED.items() if "reading" in rooms}
    assert parsers | {"py3langid", "lxml-html-clean"} == set(LIBRARIES)


def test_import_and_help_are_light() -> None:
    code = (
        "import sys, qa, qa.cli\n"
        "try: qa.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stderr.strip() == "[]"
    assert "index" in result.stdout


def test_the_default_path_needs_no_torch(demo_index: Path) -> None:
    code = (
        "import sys\n"
        "from qa import Assistant\n"
        f"answer = Assistant.open({str(demo_index)!r}).answer('Où Léon Trotsky est-il mort ?')\n"
        "heavy = {'torch', 'sentence_transformers', 'gradio'}\n"
        "print(answer.status, sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "answered []"
