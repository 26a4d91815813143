"""Judging what the methods find, to make a test set: a pool, and the file of judgements."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa.assistant import Assistant
from qa.evaluation.dataset import read_judgements
from qa.index import Progress
from qa.question import make_question
from qa.records import Passage, QAError
from qa.search import METHODS

GRADES = (0, 1, 2)
_HEADER = "query-id\tcorpus-id\tscore\n"


@dataclass(frozen=True, slots=True)
class PooledPassage:
    """A document to judge for a question, by the passage of it that was ranked best."""

    query_id: str
    question: str
    passage: Passage


def pool_passages(
    assistant: Assistant,
    questions: Mapping[str, str],
    depth: int = 10,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Iterator[PooledPassage]:
    """The first ``depth`` passages of every method for every question, a document once.

    Pooling: Spärck Jones and van Rijsbergen 1975, "Report on the need for and provision of an
    'ideal' information retrieval test collection". The order tells nothing of the ranking, so that
    the judge is not led by it, and is always the same.
    """
    progress(Progress("search", 0, len(questions)))
    for done, (name, text) in enumerate(questions.items(), 1):
        question = make_question(text, assistant.embedder)
        best: dict[str, tuple[int, Passage]] = {}
        for search in METHODS.values():
            for hit in search(assistant.index, question, depth):
                document = hit.passage.document_id
                if document not in best or hit.rank < best[document][0]:
                    best[document] = (hit.rank, hit.passage)
        passages = [passage for _, passage in best.values()]
        passages.sort(key=lambda passage: _shuffled(name, passage.document_id))
        progress(Progress("search", done, len(questions)))
        for passage in passages:
            yield PooledPassage(name, text, passage)


class Judging:
    """The judgements in a file in the BEIR layout; each new one is written at once.

    A file that is there is read, and goes on.
    """

    def __init__(self, path: Path):
        self.path = path
        self._grades: dict[str, dict[str, int]] = {}
        try:
            found = path.read_text("utf-8") if path.exists() else ""
            if not found:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_HEADER, "utf-8")
            elif not found.startswith(_HEADER) or not found.endswith("\n"):
                raise QAError("other_judgements", path, _HEADER.strip())
        except (OSError, UnicodeDecodeError) as error:
            raise QAError("file_not_usable", path, error) from error
        if found not in ("", _HEADER):
            self._grades = read_judgements(path)

    def __contains__(self, item: PooledPassage) -> bool:
        return item.passage.document_id in self._grades.get(item.query_id, {})

    @property
    def count(self) -> int:
        """Judgements so far."""
        return sum(map(len, self._grades.values()))

    def add(self, item: PooledPassage, grade: int) -> None:
        """Note the grade of a document: 0, 1 or 2."""
        document = item.passage.document_id
        cells = (item.query_id, document, str(grade))
        if grade not in GRADES or any("\t" in cell or "\n" in cell for cell in cells):
            raise QAError("no_grade", cells)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\t".join(cells) + "\n")
        except OSError as error:
            raise QAError("file_not_written", self.path, error.strerror or error) from error
        self._grades.setdefault(item.query_id, {})[document] = grade

    def remove(self, item: PooledPassage) -> None:
        """Take back the judgement of a document; nothing happens when it was not judged."""
        if item not in self:
            return
        document = item.passage.document_id
        temporary = self.path.with_name(f"{self.path.name}.new")
        try:
            with self.path.open(encoding="utf-8", newline="\n") as file:
                lines = list(file)  # a line ends at "\n" alone, whatever its ids hold
            begins = f"{item.query_id}\t{document}\t"
            temporary.write_text("".join(x for x in lines if not x.startswith(begins)), "utf-8")
            temporary.replace(self.path)
        except OSError as error:
            raise QAError("file_not_written", self.path, error.strerror or error) from error
        del self._grades[item.query_id][document]


def _shuffled(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
