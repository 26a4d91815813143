"""The evaluation page: test sets, the evaluation that runs, the last reports, judging."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.index import Progress
from qa.records import QAError
from qa.web import evaluation_texts as texts
from qa.web.judging import Sitting, sit_down
from qa.web.markup import escape
from qa.web.render import notice
from qa.web.reports import Report, last_reports
from qa.web.testsets import Evaluator, Job, TestSet
from qa.web.texts import day_of, language, number

if TYPE_CHECKING:
    from qa.assistant import Assistant

_REFRESH = 0.25  # seconds between two looks at an evaluation that runs
_WATCHERS = 20  # readers who follow it at the same time

# What is shown: the test sets, how far an evaluation is, reports or judging; ``None``: as before.
Shown = tuple[str | None, str | None, str | None]

_SELECT = """
const tell = ({dataset}) => trigger('select', {
  action: dataset.action, name: dataset.name || '',
  item: Number(dataset.item ?? -1), grade: Number(dataset.grade ?? -1),
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-action]');
  if (button) tell(button);
});
element.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const button = element.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) tell(button);
});
"""
_FOCUS = "() => setTimeout(() => document.querySelector('#measured .judging')?.focus(), 50)"


@dataclass(slots=True)
class Visit:
    """What one reader does on the page: what is being judged, and how often something was done."""

    sitting: Sitting | None = None
    acts: int = 0


class EvaluationPage:
    """What the page does when a reader acts; generators show how far it is."""

    def __init__(
        self, assistant: Callable[[], Assistant], folder: Path, datasets: Path | None = None
    ):
        self._evaluator = Evaluator(assistant, folder, datasets)

    def open(self, visit: Visit) -> Iterator[Shown]:
        """The test sets and the last reports; an evaluation that runs is followed to its end."""
        visit.acts += 1
        yield self._shown(visit)
        job = self._evaluator.job
        if job is not None and job.running:
            yield from self._follow(job, visit)

    def act(
        self, visit: Visit, action: str, name: str = "", position: int = -1, grade: int = -1
    ) -> Iterator[Shown]:
        """A button: evaluate, stop, judge; or, while judging, grade, later, undo, close."""
        visit.acts += 1
        told = ""
        try:
            if action == "evaluate":
                self._evaluator.start(name)
            elif action == "stop":
                self._evaluator.stop()
            elif action == "judge":
                yield from self._judge(visit, name)
            elif visit.sitting is not None:
                visit.sitting = _after(visit.sitting, action, position, grade)
                yield self._shown(visit)
        except QAError as error:
            told = notice(error.worded(language()))
            yield None, told, None
        job = self._evaluator.job
        meant = action in {"evaluate", "stop"} and not told
        if visit.sitting is None and job is not None and (job.running or meant):
            yield from self._follow(job, visit, told)

    def _judge(self, visit: Visit, name: str) -> Iterator[Shown]:
        # The passages of the index in use are judged, whatever the set's own corpus is.
        acts = visit.acts
        for found in sit_down(self._evaluator.find(name), self._evaluator.assistant()):
            if visit.acts != acts:
                return
            if isinstance(found, Sitting):
                visit.sitting = found
                yield self._shown(visit)
            else:
                yield None, _progress(texts.POOLING, found), None

    def _follow(self, job: Job, visit: Visit, told: str = "") -> Iterator[Shown]:
        """Show how far an evaluation is, until it ends or the reader does something else."""
        acts = visit.acts
        title = texts.RUNNING.format(name=job.name)
        yield None, told + _progress(title, None, stop=True, announced=True), None
        shown: Progress | None = None
        while job.running and visit.acts == acts:
            if job.progress != shown:
                shown = job.progress
                yield None, told + _progress(title, shown, stop=True), None
            time.sleep(_REFRESH)
        if visit.acts == acts:
            done = f'<p class="notice" role="status">{escape(job.message)}</p>'
            yield self._shown(visit, done)

    def _shown(self, visit: Visit, status: str = "") -> Shown:
        if visit.sitting is not None:
            return "", status, visit.sitting.html()
        return self._sets(), status, self._reports()

    def _sets(self) -> str:
        datasets = self._evaluator.datasets
        parts = [f"<p>{escape(texts.INTRODUCTION)}</p>"]
        if datasets is None:
            serve, evaluate = (
                f"<code>{escape(command)}</code>"
                for command in ("qa serve --datasets DOSSIER", "qa eval … --index … --report …")
            )
            how = escape(texts.NO_FOLDER).format(serve=serve, evaluate=evaluate)
            return "".join([*parts, f'<p class="add">{how}</p>'])
        found = self._evaluator.test_sets()
        if not found:
            told = escape(texts.EMPTY_FOLDER).format(folder=f"<code>{escape(str(datasets))}</code>")
            return "".join([*parts, f'<p class="add">{told}</p>'])
        heads = "".join(
            f'<th scope="col">{name}</th>'
            for name in (texts.COLUMN_SET, texts.COLUMN_KIND, texts.COLUMN_ACTIONS)
        )
        rows = "".join(map(_row, found))
        return "".join(parts) + (
            f'<table class="sets"><caption class="offscreen">{texts.SETS}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def _reports(self) -> str:
        evaluator = self._evaluator
        reports = last_reports(evaluator.folder)
        if not reports:
            return f'<p class="none">{escape(texts.NO_REPORT)}</p>'
        index = evaluator.assistant().index.path.resolve()
        return "".join(_report(report, index) for report in reports)


def _after(sitting: Sitting, action: str, position: int, grade: int) -> Sitting | None:
    if action == "close":
        return None
    if action == "grade":
        return sitting.grade(position, grade)
    return sitting.take_back() if action == "undo" else sitting.leave(position)


def _row(item: TestSet) -> str:
    buttons = []
    if item.judged:
        buttons.append(("evaluate", texts.EVALUATE, texts.EVALUATE_NAME))
    if item.can_be_judged:
        buttons.append(("judge", texts.JUDGE, texts.JUDGE_NAME))
    name = escape(item.name)
    actions = "".join(
        f'<button type="button" class="quiet" data-action="{action}" data-name="{name}" '
        f'aria-label="{escape(label.format(name=item.name))}">{text}</button>'
        for action, text, label in buttons
    )
    return (
        f'<tr><th scope="row">{name}</th><td>{texts.KINDS[item.kind]}</td><td>{actions}</td></tr>'
    )


def _progress(
    title: str, progress: Progress | None, *, stop: bool = False, announced: bool = False
) -> str:
    """How far it is: a bar that a screen reader may ask for; what runs is said to it once."""
    if progress is None:
        told, value = texts.STARTING, ""
    else:
        form = texts.PROGRESS if progress.total is None else texts.PROGRESS_OF
        told = form.format(
            step=texts.STEPS.get(progress.step, progress.step),
            done=number(progress.done),
            total=number(progress.total or 0),
        )
        value = f' value="{progress.done}" max="{progress.total}"' if progress.total else ""
    button = f'<button type="button" class="quiet" data-action="stop">{texts.STOP}</button>'
    role = ' role="status"' if announced else ""
    return (
        f'<div class="running"><p{role}>{escape(title)}</p>'
        f'<p><progress aria-label="{escape(title)}"{value}></progress> '
        f'<span class="so-far">{escape(told)}</span> {button if stop else ""}</p></div>'
    )


def _report(report: Report, index: Path) -> str:
    measured = Path(report.index)
    if measured == index:
        form = texts.MEASURED
    else:
        form = texts.MEASURED_BEFORE if measured.parent == index.parent else texts.MEASURED_OWN
    try:
        time_of_day = f"{datetime.fromisoformat(report.moment).astimezone():%H:%M}"
    except ValueError:
        time_of_day = report.moment
    told = form.format(day=day_of(report.moment), time=time_of_day)
    inside = f'<p class="measured">{escape(told)}</p>{report.html[language()]}'
    return f'<section class="report">{inside}</section>'


def add_evaluation(
    gr: Any, assistant: Callable[[], Assistant], folder: Path, datasets: Path | None
) -> None:
    """The tab of the page, wired; inside ``gr.Tabs``."""
    page = EvaluationPage(assistant, folder, datasets)

    def shown(found: Iterator[Shown]) -> Iterator[tuple[Any, ...]]:
        for parts in found:
            yield tuple(gr.skip() if part is None else part for part in parts)

    def opened(visit: Visit) -> Iterator[Any]:
        yield from shown(page.open(visit))

    def acted(event: gr.EventData, visit: Visit) -> Iterator[Any]:
        position, grade = (getattr(event, name, None) for name in ("item", "grade"))
        found = page.act(
            visit,
            str(getattr(event, "action", "")),
            str(getattr(event, "name", "")),
            position if isinstance(position, int) else -1,
            grade if isinstance(grade, int) else -1,
        )
        yield from shown(found)

    # Gradio hands the event to the parameter of this type, which is known only from here on.
    acted.__annotations__["event"] = gr.EventData

    with gr.Tab(texts.TAB, elem_id="evaluation") as tab:
        # Each reader has a visit of their own, which stays the same while their page is open.
        visit = gr.State(Visit())
        places = [
            gr.HTML("", elem_id=name, apply_default_css=False, js_on_load=_SELECT)
            for name in ("sets", "far", "measured")
        ]
    private: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress": "hidden",
        "concurrency_limit": _WATCHERS,
    }
    tab.select(opened, [visit], places, **private)
    for place in places:
        place.select(acted, [visit], places, trigger_mode="multiple", **private).then(
            None, js=_FOCUS
        )
