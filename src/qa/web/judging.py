"""Judging pooled passages on the page: a reader's place in the pool, grades in the set's file."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qa.evaluation.pool import GRADES, Judging, PooledPassage, pool_passages
from qa.evaluation.queries import read_questions
from qa.index import Progress
from qa.records import QAError
from qa.web import evaluation_texts as texts
from qa.web.markup import block, escape, paragraphs, place, source_url
from qa.web.testsets import TestSet

if TYPE_CHECKING:
    from qa.assistant import Assistant

DEPTH = 5  # passages of each method, as docs/evaluation.md advises

# One file of judgements is written at a time.
_WRITING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Sitting:
    """A reader judging a test set: its pool, what was left for later, what was judged last."""

    item: TestSet
    pool: tuple[PooledPassage, ...]
    later: frozenset[int] = frozenset()
    last: int | None = None

    def grade(self, position: int, grade: int) -> Sitting:
        """Keep a grade, unless somebody has judged this passage meanwhile."""
        if not 0 <= position < len(self.pool) or grade not in GRADES:
            return self
        with _WRITING:
            judging = self._judging()
            if self.pool[position] not in judging:
                judging.add(self.pool[position], grade)
        return replace(self, last=position)

    def leave(self, position: int) -> Sitting:
        """Leave a passage for another sitting."""
        return replace(self, later=self.later | {position})

    def take_back(self) -> Sitting:
        """Forget the last grade of this sitting: its passage comes again."""
        if self.last is None:
            return self
        with _WRITING:
            self._judging().remove(self.pool[self.last])
        return replace(self, last=None)

    def html(self) -> str:
        """The next passage to judge, or that there is none."""
        with _WRITING:
            judging = self._judging()
        waiting = [number for number, item in enumerate(self.pool) if item not in judging]
        told = texts.JUDGED.format(judged=len(self.pool) - len(waiting), total=len(self.pool))
        coming = next((number for number in waiting if number not in self.later), None)
        undo = _button("undo", texts.UNDO, key="u") if self.last is not None else ""
        close = _button("close", texts.CLOSE)
        if coming is None:
            left = len(waiting)
            end = texts.LEFT_FOR_LATER.format(count=left) if left else texts.ALL_JUDGED
            inside = f'<p class="end">{escape(end)}</p><p class="grades">{undo}{close}</p>'
        else:
            grades = "".join(
                _button("grade", label, coming, int(grade), grade)
                for grade, label in texts.GRADES.items()
            )
            asked = escape(texts.GRADE)
            later = _button("later", texts.LATER, coming, key="s")
            inside = (
                f"{_passage(self.pool[coming])}"
                f'<div class="grades" role="group" aria-label="{asked}">{grades}</div>'
                f'<p class="grades quietly">{later}{undo}{close}</p>'
                f'<p class="keys">{escape(texts.KEYS)}</p>'
            )
        title = escape(texts.JUDGING.format(name=self.item.name))
        return (
            f'<section class="judging" tabindex="-1" aria-label="{title}"><h2>{title}</h2>'
            f'<p class="shown" role="status">{escape(told)}</p>{inside}</section>'
        )

    def _judging(self) -> Judging:
        # Read again each time: others may judge the same set, here or in a terminal.
        return Judging(self.item.path / "qrels" / "test.tsv")


def sit_down(item: TestSet, assistant: Assistant) -> Iterator[Progress | Sitting]:
    """Pool the passages of a test set, telling how far it is; at last the sitting itself."""
    if not item.can_be_judged:
        raise QAError(texts.GONE)
    questions = read_questions(item.queries)
    told: list[Progress] = []
    pool = []
    shown = 0.0
    for passage in pool_passages(assistant, questions, DEPTH, told.append):
        pool.append(passage)
        if time.monotonic() - shown > 0.3:
            shown = time.monotonic()
            yield told[-1]
    yield Sitting(item, tuple(pool))


def _passage(item: PooledPassage) -> str:
    passage = item.passage
    url = escape(source_url(passage.document_id, passage.start, passage.end))
    text = "".join(
        block("<p>", "</p>", passage.text[first:last], passage.start + first, [])
        for first, last in paragraphs(passage.text)
    )
    return (
        f'<p class="question"><span class="offscreen">{escape(texts.QUESTION)} </span>'
        f"{escape(item.question)}</p>"
        f'<blockquote><p class="path">'
        f"{place(passage.title or passage.document_id, passage.headings)}</p>{text}</blockquote>"
        f'<p><a class="to-source" href="{url}">{texts.OPEN_SOURCE}</a></p>'
    )


def _button(action: str, label: str, position: int = -1, grade: int = -1, key: str = "") -> str:
    shortcut = f' data-key="{key}" aria-keyshortcuts="{key}"' if key else ""
    return (
        f'<button type="button" data-action="{action}" data-item="{position}" '
        f'data-grade="{grade}"{shortcut}>{escape(label)}</button>'
    )
