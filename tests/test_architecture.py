"""The house: a room imports only rooms above it, and third parties stay in their rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa

PACKAGE = Path(qa.__file__).parent

# In the order of the README's module list: data flows downwards.
ROOMS = [
    "records",
    "french",
    "families",
    "noise",
    "reading",
    "chunking",
    "embedding",
    "dense",
    "tokens",
    "lexical",
    "index",
    "questions",
    "matching",
    "search",
    "answering",
    "courtesy",
    "conversation",
    "assistant",
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
    "onnxruntime": {"embedding", "training"},
    "tokenizers": {"embedding", "training"},
    "sentence_transformers": {"embedding", "training"},
    "safetensors": {"answering", "training"},
    "transformers": {"training"},
    "torch": {"training"},
    "onnx": {"training"},
    "faiss": {"dense"},
    "tantivy": {"lexical"},
    "filelock": {"index"},
    "py3langid": {"index"},
    "gradio": {"web"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "ir_measures": {"evaluation"},
    "matplotlib": {"evaluation"},
    "mcp": {"web"},
    "anyio": {"web"},
    "scipy": {"evaluation", "training"},
    "tqdm": {"cli"},
    "numpy": {
        "tokens",
        "embedding",
        "dense",
        "lexical",
        "index",
        "search",
        "answering",
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
