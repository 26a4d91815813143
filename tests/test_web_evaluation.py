"""The evaluation page, by value and in a real Chromium; every page of the chat as axe sees it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from qa.assistant import Assistant
from qa.cli import main
from qa.evaluation import load_dataset, read_judgements
from qa.evaluation.page import sections
from qa.index import Progress, open_index
from qa.records import QAError
from qa.web import evaluation_texts as texts
from qa.web import testsets
from qa.web.evaluation import EvaluationPage, Visit
from qa.web.judging import Sitting, sit_down
from qa.web.reports import FILE, keep_report, last_reports
from qa.web.testsets import Evaluator, evaluate_set, find_test_sets
from test_web import Browser, browser

__all__ = ["browser"]  # a fixture, made again for this module

AXE = Path(sys.prefix) / "axe.min.js"
QUERIES = """{"_id": "q1", "text": "Qui a tué Trotsky ?"}
{"_id": "q2", "text": "Quand Staline est-il mort ?"}
{"_id": "q3", "text": "jamais jugée"}
"""
QRELS = "query-id\tcorpus-id\tscore\nq1\tassassinat-trotsky.html\t2\nq2\tstaline-vie.md\t1\n"


def write_sets(folder: Path) -> Path:
    """A folder of test sets: judged, not judged yet, answers, conversations, and other files."""
    for name in ("jugé", "neuf <b>"):
        (folder / name / "qrels").mkdir(parents=True)
        (folder / name / "queries.jsonl").write_text(QUERIES, "utf-8")
    (folder / "jugé" / "qrels" / "test.tsv").write_text(QRELS, "utf-8")
    for name in ("questions", "conversations"):
        lines = (ROOT / "tests" / "data" / f"{name}.jsonl").read_text("utf-8").splitlines(True)
        chosen = [*lines[:3], *lines[113:116]]
        (folder / f"{name}.jsonl").write_text("".join(chosen), "utf-8")
    (folder / "notes.txt").write_text("rien", "utf-8")
    (folder / "autre.jsonl").write_text('{"id": "a", "text": "un document"}\n', "utf-8")
    (folder / "abîmé.jsonl").write_text("{", "utf-8")
    (folder / "vide").mkdir()
    return folder


def copy_index(index: Path, target: Path) -> Path:
    """An index without the reports of other tests."""
    return shutil.copytree(index, target, ignore=shutil.ignore_patterns(FILE))


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    return write_sets(tmp_path / "sets")


def done(found: Iterator[Any]) -> Any:
    """The last of what a generator shows."""
    *_, last = found
    return last


def follow(page: EvaluationPage, *act: Any, reader: Visit | None = None) -> tuple[str, str, str]:
    """What a reader sees in the end, parts that were left as they were too."""
    shown = ["", "", ""]
    for parts in page.act(reader or Visit(), *act):
        shown = [old if new is None else new for old, new in zip(shown, parts, strict=True)]
    return shown[0], shown[1], shown[2]


def text_of(html: str) -> str:
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]*>", " ", html))


# --- Test sets ------------------------------------------------------------------------------------


def test_test_sets_are_found_by_what_is_in_them(sets: Path) -> None:
    found = {item.name: item for item in find_test_sets(sets)}
    assert {name: item.kind for name, item in found.items()} == {
        "conversations.jsonl": "conversations",
        "jugé": "search",
        "neuf <b>": "search",
        "questions.jsonl": "answers",
    }
    assert [found[name].judged for name in ("jugé", "neuf <b>")] == [True, False]
    assert found["jugé"].can_be_judged and not found["questions.jsonl"].can_be_judged
    # Judgements made here would hide those of another split.
    (sets / "jugé" / "qrels" / "dev.tsv").write_text(QRELS, "utf-8")
    assert not found["jugé"].can_be_judged
    assert [item.name for item in find_test_sets(sets / "jugé")] == ["jugé"]
    assert find_test_sets(sets / "nowhere") == ()


def test_a_page_names_test_sets_and_never_paths(
    sets: Path, demo: Assistant, tmp_path: Path
) -> None:
    page = EvaluationPage(lambda: demo, tmp_path, sets)
    for name in ("../sets/jugé", str(sets / "jugé"), "notes.txt", "vide", ""):
        for action in ("evaluate", "judge"):
            assert texts.GONE in follow(page, action, name)[1]
    assert not (tmp_path / FILE).exists()


def test_each_kind_is_evaluated_and_its_last_report_kept(
    sets: Path, demo: Assistant, tmp_path: Path
) -> None:
    page = EvaluationPage(lambda: demo, tmp_path, sets)
    before = done(page.open(Visit()))
    assert "neuf &lt;b&gt;" in before[0] and texts.NO_REPORT in before[2]
    for name in ("questions.jsonl", "jugé", "conversations.jsonl", "jugé"):
        _, status, measured = follow(page, "evaluate", name)
        assert texts.DONE.format(name=name) in status
    assert [report.kind for report in last_reports(tmp_path)].count("search") == 1
    told = text_of(measured)
    assert measured.count("<h2>") == 3
    for words in ("Recherche\u00a0: jugé", "2 questions, 27 documents", "hybride", "Risque"):
        assert words in told
    assert "questions sans jugement, laissées de côté (1)\u00a0: q3" in told
    assert told.count("sur l’index en service") == 3
    assert measured.count("<svg") + 1 == measured.count("<table")  # the paired comparisons
    # A plot has its table below it, and no picture is read out without one.
    assert measured.count('aria-hidden="true"') == measured.count("<svg")
    assert not re.search(r'(?:src|href)="(?!#)', measured)


def test_figures_of_the_page_are_those_of_the_command(
    sets: Path, demo: Assistant, demo_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evaluate_set(find_test_sets(sets)[1], demo, lambda _: None)
    assert main(["eval", str(sets / "jugé"), "--index", str(demo_index), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    shown = found.to_json()
    for method, figures in printed["methods"].items():
        for measure in ("nDCG@10", "RR@10", "R@100"):
            assert shown["methods"][method][measure] == figures[measure]


def test_a_set_with_documents_of_its_own_is_measured_on_them(
    sets: Path, demo: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus = '{"_id": "assassinat-trotsky.html", "text": "Mercader tua Trotsky."}\n'
    corpus += '{"_id": "staline-vie.md", "text": "Staline mourut en 1953."}\n'
    (sets / "jugé" / "corpus.jsonl").write_text(corpus, "utf-8")
    item = find_test_sets(sets)[1]
    # These ids are in the index too: it is the index in use that is measured.
    assert evaluate_set(item, demo, lambda _: None).index["documents"] == 27
    for path in (item.path / "corpus.jsonl", item.path / "qrels" / "test.tsv"):
        path.write_text(path.read_text("utf-8").replace("staline-vie.md", "autre.md"), "utf-8")
    own = evaluate_set(item, demo, lambda _: None)
    assert own.index["documents"] == 2
    keep_report(tmp_path, own)
    page = EvaluationPage(lambda: demo, tmp_path, sets)
    assert "documents du jeu de test lui-même" in done(page.open(Visit()))[2]


def test_a_report_of_an_older_index_says_so(sets: Path, demo: Assistant, tmp_path: Path) -> None:
    found = evaluate_set(find_test_sets(sets)[1], demo, lambda _: None)
    older = replace(found, index={**found.index, "path": str(demo.index.path.parent / "gen-0")})
    keep_report(tmp_path, older)
    page = EvaluationPage(lambda: demo, tmp_path, None)
    shown = done(page.open(Visit()))
    assert "version précédente de l’index" in shown[2] and "--datasets" in shown[0]
    (tmp_path / FILE).write_text("[{}]", "utf-8")
    assert texts.NO_REPORT in done(page.open(Visit()))[2]


def test_the_command_keeps_its_report_for_the_page(
    sets: Path, demo_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = copy_index(demo_index, tmp_path / "index")
    command = ["eval", "--conversations", str(sets / "conversations.jsonl"), "--index", str(index)]
    assert main([*command, "--report", str(tmp_path / "report")]) == 0
    (report,) = last_reports(index)
    opened = open_index(index)
    assert (report.kind, report.index) == ("conversations", str(opened.path))
    opened.close()
    assert "Conversations\u00a0: conversations.jsonl" in report.html["fr"]
    (index / FILE).unlink()
    (index / FILE).mkdir()
    assert main([*command, "--report", str(tmp_path / "report")]) == 0
    assert "cannot be kept" in capsys.readouterr().err


def test_everything_a_report_says_has_its_french() -> None:
    room = Path(sections.__code__.co_filename).parent
    source = "".join(path.read_text("utf-8") for path in room.glob("*.py"))
    said = set(re.findall(r'say\(\s*"([^"]*)"\s*\)', source))
    assert len(said) > 30
    assert said <= texts.REPORTS["fr"].words.keys()
    # The names that our own test sets give their kinds are said in French too.
    for name in ("questions", "conversations"):
        text = (ROOT / "tests" / "data" / f"{name}.jsonl").read_text("utf-8")
        kinds = set(re.findall(r'"(?:kind|phenomenon)": "(.*?)"', text))
        assert kinds and kinds <= texts.REPORTS["fr"].words.keys()
    assert texts.REPORTS["fr"].name("un genre à eux") == "un genre à eux"


def test_one_evaluation_at_a_time_and_it_can_be_stopped(
    sets: Path, demo: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_: object, __: object, progress: Callable[[Progress], None]) -> None:
        for number in range(10_000):
            progress(Progress("search", number, 10_000))
            time.sleep(0.005)

    monkeypatch.setattr(testsets, "evaluate_set", endless)
    evaluator = Evaluator(lambda: demo, tmp_path, sets)
    job = evaluator.start("jugé")
    with pytest.raises(QAError, match="Une seule"):
        evaluator.start("questions.jsonl")
    page = EvaluationPage(lambda: demo, tmp_path, sets)
    page._evaluator = evaluator
    reader = Visit()
    opened = page.open(reader)
    shown = [next(opened)[1] or "" for _ in range(4)]
    assert "Questions\u00a0: " in shown[-1] and 'max="10000"' in shown[-1]
    assert "sur 10\u202f000" in shown[-1]
    assert [text.count('role="status"') for text in shown] == [0, 1, 0, 0]
    # Another one is refused, and this one goes on being followed, by its last gesture alone.
    busy = page.act(reader, "evaluate", "questions.jsonl")
    assert "Une seule" in (next(busy)[1] or "")
    assert list(opened) == []
    assert texts.STOPPED.format(name="jugé") in done(page.act(reader, "stop"))[1]
    assert not job.running and last_reports(tmp_path) == ()
    # What was said of that one is not said of another.
    assert texts.GONE in done(page.act(reader, "evaluate", "parti"))[1]


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--datasets", str(tmp_path / "nowhere")]) == 1
    assert "nowhere: no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [QAError("rien à lire"), RuntimeError("cause")])
def test_a_failed_evaluation_is_told(
    sets: Path,
    demo: Assistant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(testsets, "evaluate_set", fail)
    status = follow(EvaluationPage(lambda: demo, tmp_path, sets), "evaluate", "jugé")[1]
    assert "a échoué" in status
    assert ("rien à lire" in status) == isinstance(fault, QAError)
    assert ("cause" in caplog.text) == isinstance(fault, RuntimeError)


# --- Judging --------------------------------------------------------------------------------------


def test_judging_on_the_page(sets: Path, demo: Assistant, tmp_path: Path) -> None:
    page, reader = EvaluationPage(lambda: demo, tmp_path, sets), Visit()
    follow(page, "judge", "neuf <b>", reader=reader)
    sitting = reader.sitting
    assert sitting is not None
    total = len(sitting.pool)
    html = sitting.html()
    assert "Juger neuf &lt;b&gt;" in html and "Qui a tué Trotsky ?" in html
    assert f"0 sur {total} passages jugés" in html and 'data-key="2"' in html
    assert 'class="to-source" href="?source=' in html
    path = sets / "neuf <b>" / "qrels" / "test.tsv"
    for position, action, grade in ((0, "grade", 2), (1, "later", -1), (2, "grade", 0)):
        assert f'data-item="{position}"' in reader.sitting.html()  # type: ignore[union-attr]
        follow(page, action, "", position, grade, reader=reader)
    first, third = (sitting.pool[n].passage.document_id for n in (0, 2))
    assert read_judgements(path)["q1"] == {first: 2, third: 0}
    follow(page, "undo", reader=reader)
    assert read_judgements(path)["q1"] == {first: 2}
    # What somebody else judged meanwhile stays as it was.
    follow(page, "grade", "", 0, 1, reader=reader)
    follow(page, "grade", "", 99, 1, reader=reader)
    follow(page, "grade", "", 3, 7, reader=reader)
    assert read_judgements(path)["q1"] == {first: 2}
    for position in range(2, total):
        follow(page, "grade", "", position, 1, reader=reader)
    assert "1 laissés pour plus tard" in reader.sitting.html()  # type: ignore[union-attr]
    shown, _, measured = follow(page, "close", reader=reader)
    assert reader.sitting is None and texts.NO_REPORT in measured
    assert 'data-action="evaluate" data-name="neuf &lt;b&gt;"' in shown
    again = done(sit_down(find_test_sets(sets)[2], demo))
    follow(page, "judge", "neuf <b>", reader=reader)
    follow(page, "grade", "", 1, 0, reader=reader)
    assert isinstance(again, Sitting) and texts.ALL_JUDGED in again.html()
    assert len(load_dataset(sets / "neuf <b>").judgements) == 3


# --- In a browser ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Served:
    """A chat started by its command."""

    url: str
    sets: Path


@pytest.fixture(scope="module")
def served(demo_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    sets = write_sets(folder / "sets")
    index = copy_index(demo_index, folder / "index")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "qa.cli", "serve", "--index", str(index)]
    command += ["--datasets", str(sets), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert str(port) in process.stdout.readline()
    yield Served(f"http://127.0.0.1:{port}", sets)
    process.terminate()
    process.wait(15)
    process.stdout.close()


def open_tab(browser: Browser, name: str) -> None:
    def clicked() -> list[bool]:
        return [tab.click() or True for tab in browser.all("[role=tab]") if tab.text == name]

    browser.until(clicked, f"the tab {name}")


def evaluate_in(browser: Browser, name: str) -> None:
    browser.one(f"[data-action='evaluate'][data-name='{name}']").click()
    # Plots and intervals take their time on a busy machine.
    end = time.monotonic() + 60
    while texts.DONE.format(name=name) not in browser.run(
        "return document.querySelector('#far').textContent"
    ):
        assert time.monotonic() < end, f"{name} was not measured within 60 s"
        time.sleep(0.1)


def test_an_evaluation_is_run_and_read_in_the_page(browser: Browser, served: Served) -> None:
    browser.open(served.url)
    open_tab(browser, texts.TAB)
    browser.one("#measured .none")
    evaluate_in(browser, "jugé")
    assert browser.text("#measured h2") == "Recherche\u00a0: jugé"
    left, right = browser.run(
        "const b = document.querySelector('#measured svg').getBoundingClientRect();"
        "return [b.left, b.right];"
    )
    assert right - left > 300
    browser.open(served.url)
    open_tab(browser, texts.TAB)
    assert browser.text("#measured h2") == "Recherche\u00a0: jugé"
    assert [
        url
        for url in browser.requests()
        if not url.startswith((served.url, "data:", "blob:", "about:"))
    ] == []
    assert browser.faults() == []


def test_passages_are_judged_by_keyboard(browser: Browser, served: Served) -> None:
    browser.open(served.url)
    open_tab(browser, texts.TAB)
    browser.one("[data-action='judge'][data-name='jugé']").click()
    path = served.sets / "jugé" / "qrels" / "test.tsv"
    for count, key in enumerate("20s1", 3):
        browser.until(
            lambda: browser.run("return document.activeElement.matches('.judging')"), "the focus"
        )
        shown = browser.text(".judging")
        browser.driver.switch_to.active_element.send_keys(key)
        browser.until(lambda old=shown: browser.text(".judging") != old, f"after {key}")  # type: ignore[misc]
        judged = len(path.read_text("utf-8").splitlines()) - 1
        assert judged == (count if key in "20" else count - 1)
    browser.one(".judging .to-source").click()
    assert browser.opens_source() in browser.text("#source .body")
    browser.one("#source .close").click()
    browser.one("[data-action='close']").click()
    browser.one("table.sets")


def faults_by_axe(browser: Browser) -> list[str]:
    """What axe-core finds of serious or critical impact, a line each."""
    found = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => done("
        "  violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) =>"
        "    `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)));"
    )
    return list(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_on_any_page(
    browser: Browser, served: Served, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip(f"{AXE} is missing: make test fetches it")
    axe = AXE.read_text("utf-8")
    browser.driver.set_script_timeout(60)
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    try:
        browser.open(served.url)
        browser.run(axe)
        browser.one(".welcome")
        assert faults_by_axe(browser) == []
        browser.ask("Qui a tué Trotsky ?")
        browser.one("#settings button").click()
        browser.one("#choices")
        browser.one(".cit").click()
        browser.opens_source()
        assert faults_by_axe(browser) == [], "the answer, the source, the settings"
        browser.one("#source .close").click()
        browser.ask("Quelle est la recette de la tarte ?")
        browser.send("   ")
        browser.one(".notice")
        assert faults_by_axe(browser) == [], "a refusal and a notice"
        open_tab(browser, "Corpus")
        browser.one("table.corpus")
        assert faults_by_axe(browser) == [], "the corpus"
        open_tab(browser, texts.TAB)
        evaluate_in(browser, "questions.jsonl")
        assert faults_by_axe(browser) == [], "the evaluation"
        browser.one("[data-action='judge'][data-name='neuf <b>']").click()
        browser.one(".judging")
        assert faults_by_axe(browser) == [], "judging"
        # The check itself can fail.
        browser.run(
            "document.querySelector('.judging').insertAdjacentHTML('beforeend',"
            '\'<p style="color: #888; background: #999">gris</p><img src="data:,">\')'
        )
        assert [fault.split(":")[0] for fault in faults_by_axe(browser)] == [
            "color-contrast",
            "image-alt",
        ]
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_evaluation_fits_a_phone(browser: Browser, served: Served) -> None:
    browser.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 375, "height": 740, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        browser.open(served.url)
        open_tab(browser, texts.TAB)
        evaluate_in(browser, "conversations.jsonl")
        assert browser.run("return document.documentElement.scrollWidth") <= 375
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
