"""Test sets in a folder that the server's owner opened, and the one evaluation that runs."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qa.evaluation.answers import AnswerEvaluation, evaluate_answers
from qa.evaluation.conversations import ConversationEvaluation, evaluate_conversations
from qa.evaluation.dataset import load_dataset
from qa.evaluation.faults import Faults, read_lines
from qa.evaluation.gold import read_answer_questions, read_conversations
from qa.evaluation.report import Evaluation, evaluate
from qa.index import Progress
from qa.records import QAError
from qa.web import evaluation_texts as texts
from qa.web.reports import keep_report
from qa.web.texts import language

if TYPE_CHECKING:
    from qa.assistant import Assistant

Kind = Literal["search", "answers", "conversations"]

_MOST = 200  # test sets listed


@dataclass(frozen=True, slots=True)
class TestSet:
    """A test set by its name in the folder; ``judged`` tells whether it can be evaluated."""

    __test__ = False  # not a class of tests, whatever pytest thinks of its name

    name: str
    kind: Kind
    path: Path
    judged: bool = True

    @property
    def queries(self) -> Path:
        """The questions of a folder in the BEIR layout."""
        packed = self.path / "queries.jsonl.gz"
        return packed if packed.is_file() else self.path / "queries.jsonl"

    @property
    def can_be_judged(self) -> bool:
        """Whether judgements made here would be the ones that an evaluation reads."""
        held = {path.name for path in (self.path / "qrels").glob("*.tsv*")}
        return self.kind == "search" and held <= {"test.tsv"}


def find_test_sets(folder: Path) -> tuple[TestSet, ...]:
    """The BEIR folders, and the files of questions or conversations, in a folder or being it."""
    found = [_look(folder, folder.resolve().name)] if folder.is_dir() else []
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        inside = []
    found += [_look(path, path.name) for path in inside]
    return tuple(item for item in found if item is not None)[:_MOST]


def _look(path: Path, name: str) -> TestSet | None:
    if path.is_dir():
        if not any((path / f"queries.jsonl{end}").is_file() for end in ("", ".gz")):
            return None
        judged = any((path / "qrels").glob("*.tsv")) or any((path / "qrels").glob("*.tsv.gz"))
        return TestSet(name, "search", path, judged)
    if not path.is_file() or not name.removesuffix(".gz").endswith(".jsonl"):
        return None
    _, line = next(read_lines(path, Faults()), (0, ""))
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(fields, dict) and "answerable" in fields:
        return TestSet(name, "answers", path)
    if isinstance(fields, dict) and "turns" in fields:
        return TestSet(name, "conversations", path)
    return None


class _StopError(Exception):
    """Raised inside an evaluation that a reader stopped."""


@dataclass(slots=True)
class Job:
    """An evaluation that runs or ran: how far it is, and what there is to say at its end."""

    name: str
    progress: Progress | None = None
    running: bool = True
    stopping: bool = False
    message: str = ""

    def tell(self, progress: Progress) -> None:
        """Note how far it is; this is where an evaluation can be stopped."""
        if self.stopping:
            raise _StopError
        self.progress = progress


class Evaluator:
    """Evaluates the index in use, in the background, one test set at a time.

    What a page says is a test set's name, never a path. ``folder`` is the index's, which keeps the
    reports; ``datasets`` is the owner's folder of test sets.
    """

    def __init__(
        self, assistant: Callable[[], Assistant], folder: Path, datasets: Path | None = None
    ):
        self.assistant = assistant
        self.folder = folder
        self.datasets = datasets
        self.job: Job | None = None
        self._starting = threading.Lock()

    def test_sets(self) -> Sequence[TestSet]:
        """What there is now."""
        return find_test_sets(self.datasets) if self.datasets is not None else ()

    def find(self, name: str) -> TestSet:
        """The test set of a name; ``QAError`` where there is none."""
        for item in self.test_sets():
            if item.name == name:
                return item
        raise QAError(texts.GONE)

    def start(self, name: str) -> Job:
        """Begin to evaluate; ``QAError`` while another evaluation runs."""
        item = self.find(name)
        with self._starting:
            if self.job is not None and self.job.running:
                raise QAError(texts.BUSY.format(name=self.job.name))
            job = self.job = Job(name)
        run = copy_context().run
        threading.Thread(target=run, args=(self._run, item, job), daemon=True).start()
        return job

    def stop(self) -> None:
        """End the evaluation that runs, at its next step."""
        if self.job is not None:
            self.job.stopping = True

    def _run(self, item: TestSet, job: Job) -> None:
        try:
            found = evaluate_set(item, self.assistant(), job.tell)
            job.message = texts.DONE.format(name=item.name)
            try:
                keep_report(self.folder, found)
            except QAError as error:
                job.message = texts.NOT_KEPT.format(error=error.worded(language()))
        except _StopError:
            job.message = texts.STOPPED.format(name=item.name)
        except QAError as error:
            told = error.worded(language())
            job.message = texts.FAILED.format(name=item.name, error=told)
        except Exception:
            # The reader gets a sentence, the terminal the cause.
            logging.getLogger(__name__).exception("an evaluation failed")
            job.message = texts.UNEXPECTED.format(name=item.name)
        finally:
            job.running = False


def evaluate_set(
    item: TestSet, assistant: Assistant, progress: Callable[[Progress], None]
) -> Evaluation | AnswerEvaluation | ConversationEvaluation:
    """Measure the index in use; a test set with documents that it lacks brings its own corpus."""
    if item.kind == "answers":
        questions = read_answer_questions(item.path)
        return evaluate_answers(questions, assistant, name=item.name, progress=progress)
    if item.kind == "conversations":
        conversations = read_conversations(item.path)
        return evaluate_conversations(conversations, assistant, name=item.name, progress=progress)
    dataset = load_dataset(item.path)
    relevant = {
        name
        for grades in dataset.judgements.values()
        for name, grade in grades.items()
        if grade > 0
    }
    held = assistant.index.store.document_digests().keys()
    here = dataset.corpus is None or relevant <= held
    return evaluate(
        dataset,
        index=assistant.index if here else None,
        embedder=assistant.embedder,
        progress=progress,
    )
