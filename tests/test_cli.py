"""The command line contract: outputs, exit codes, one clear line for bad input."""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from qa.cli import main
from qa.cli.ending import ended


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any]:
    code, out, _ = run(capsys, *arguments, "--json")
    return code, json.loads(out)


def test_ask_answers_with_exact_citations(
    capsys: pytest.CaptureFixture[str], demo_index: Path
) -> None:
    code, answer = run_json(capsys, "ask", "Où Léon Trotsky est-il mort ?", "--index", demo_index)
    assert code == 0
    assert answer["status"] == "answered"
    assert any("Mexico" in cited["quote"] for cited in answer["citations"])
    from qa.index import open_index

    index = open_index(demo_index)
    for citation in answer["citations"]:
        text = index.document(citation["document_id"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert [citation["marker"] for citation in answer["citations"]] == list(
        range(1, len(answer["citations"]) + 1)
    )
    assert set(answer["hits"][0]) == {
        "rank", "score", "dense", "lexical", "tokens", "document_id", "title", "headings", "start",
        "end", "text",
    }  # fmt: skip


def test_ask_refuses_what_the_documents_do_not_say(
    capsys: pytest.CaptureFixture[str], demo_index: Path
) -> None:
    question = "Quelle est la recette de la tarte aux pommes normande ?"
    code, answer = run_json(capsys, "ask", question, "--index", demo_index)
    assert code == 3
    assert (answer["status"], answer["citations"]) == ("not_found", [])
    assert answer["hits"]
    code, out, _ = run(capsys, "ask", question, "--index", demo_index)
    assert code == 3
    assert "Je ne trouve rien d’approchant" in out
    assert "Passages proches, sans réponse" in out


def test_batch_answers_questions_and_conversations(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path
) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text(
        '{"id": "a", "question": "Quand Lénine est-il mort ?"}\n\n'
        '{"id": "b", "messages": ["Qui était Trotsky ?", "Où est-il mort ?"]}\n'
        '{"id": "c", "question": " "}\n',
        "utf-8",
    )
    code, out, _ = run(capsys, "ask", "--batch", batch, "--index", demo_index, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["id"] for line in lines] == ["a", "b-t1", "b-t2", "c"]
    assert "1924" in " ".join(cited["quote"] for cited in lines[0]["citations"])
    assert "Trotsky" in lines[2]["standalone_question"]
    assert ("empty" in lines[3]["error"], lines[3]["code"]) == (True, "question_empty")


def test_a_line_of_a_batch_ends_with_a_line_feed_alone(
    demo_index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = tmp_path / "batch.jsonl"
    question = "Qui a tué\u2028Trotsky\u0085 ?"
    line = json.dumps({"id": "1", "question": question}, ensure_ascii=False)
    batch.write_bytes(f"{line}\r\n{line}\n".encode())
    code, out, _ = run(capsys, "ask", "--batch", batch, "--index", demo_index, "--json")
    assert code == 0
    assert [json.loads(told)["id"] for told in out.splitlines()] == ["1", "1"]


def test_batch_tells_all_faults_at_once(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path
) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text('{"id": "a"}\nnot json\n{"question": "x"}\n', "utf-8")
    code, out, err = run(capsys, "ask", "--batch", batch, "--index", demo_index, "--json")
    assert (code, out) == (1, "")
    assert 'line 1 needs "question"' in err
    assert "line 2 is not JSON" in err
    assert 'line 3 has no "id"' in err


@pytest.mark.parametrize("method", ["hybrid", "dense", "lexical"])
def test_search_lists_passages(
    capsys: pytest.CaptureFixture[str], demo_index: Path, method: str
) -> None:
    code, found = run_json(
        capsys,
        "search",
        "révolte de Cronstadt",
        "--index",
        demo_index,
        "--method",
        method,
        "-k",
        "4",
    )
    assert code == 0
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3, 4]
    assert found["hits"][0]["document_id"] == "cronstadt.html"


def test_a_part_of_the_documents_is_asked(
    capsys: pytest.CaptureFixture[str], demo_index: Path
) -> None:
    only = ("--index", demo_index, "--only", "*.txt", "--only", "cronstadt.html")
    code, found = run_json(capsys, "search", "Trotsky", *only)
    names = {hit["document_id"] for hit in found["hits"]}
    assert code == 0 and names and all(n.endswith((".txt", "cronstadt.html")) for n in names)
    code, answer = run_json(capsys, "ask", "Quelle est la capitale de l’Australie ?", *only)
    assert code == 3 and answer["only"] == ["*.txt", "cronstadt.html"]
    assert main(["ask", "Où est né Trotsky ?", "--index", str(demo_index), "--only", "x"]) == 1
    assert "no document is named 'x'" in capsys.readouterr().err


def test_chat_reads_lines_and_keeps_the_conversation(demo_index: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "qa.cli", "chat", "--index", str(demo_index), "--json"],
        input="Qui était Lénine ?\n\nOù est-il mort ?\n",
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == 2
    assert "Lénine" in answers[1]["standalone_question"]


def test_chat_in_words(demo_index: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "qa.cli", "chat", "--index", str(demo_index)],
        input="Où Léon Trotsky est-il mort ?\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "« " in result.stdout
    assert "[1]" in result.stdout


def test_status_and_verify(capsys: pytest.CaptureFixture[str], demo_index: Path) -> None:
    code, status = run_json(capsys, "status", "--index", demo_index)
    assert code == 0
    assert status["documents"] == len(status["document_list"]) >= 18
    code, verdict = run_json(capsys, "verify", "--index", demo_index)
    assert (code, verdict) == (0, {"ok": True, "faults": []})
    code, out, _ = run(capsys, "status", "--index", demo_index)
    assert "sourcier-e5-fr" in out
    assert len(out.splitlines()) < 24
    assert f"… and {status['documents'] - 6} more (--all)" in out
    code, out, _ = run(capsys, "status", "--index", demo_index, "--all")
    assert [
        entry["id"] for entry in status["document_list"] if f"  {entry['id']}  " not in out
    ] == []
    assert "--all" not in out


def test_verify_checks_a_saved_answer(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path
) -> None:
    _, answer = run_json(capsys, "ask", "Qui a tué Trotsky ?", "--index", demo_index)
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps(answer), "utf-8")
    assert run_json(capsys, "verify", "--answer", saved, "--index", demo_index) == (
        0,
        {"ok": True, "faults": []},
    )
    answer["citations"][0]["start"] += 1
    saved.write_text(json.dumps(answer), "utf-8")
    code, verdict = run_json(capsys, "verify", "--answer", saved, "--index", demo_index)
    assert code == 1
    assert verdict["faults"][0].startswith("citation 1: the quote does not stand in")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "the question is empty"),
        (" \t\u00a0", "the question is empty"),
        ("\x00", "the question is empty"),
        ("a" * 2001, "2001 characters, the limit is 2000"),
    ],
)
def test_questions_that_cannot_be_asked(
    capsys: pytest.CaptureFixture[str], demo_index: Path, question: str, words: str
) -> None:
    code, out, err = run(capsys, "ask", question, "--index", demo_index)
    assert (code, out) == (1, "")
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "question", ["🙂🙂", "Où\x00 est mort Trotsky\ud800 ?", "أين مات تروتسكي؟", "?", "a" * 2000]
)
def test_odd_questions_never_fail(
    capsys: pytest.CaptureFixture[str], demo_index: Path, question: str
) -> None:
    code, out, err = run(capsys, "ask", question, "--index", demo_index, "--json")
    assert code in {0, 3}
    assert (json.loads(out)["status"] == "not_found") == (code == 3)
    assert err == ""


def test_missing_things_are_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, write_corpus: Callable[..., Path]
) -> None:
    nowhere = tmp_path / "nowhere"
    for arguments, words in [
        (("ask", "Qui ?", "--index", nowhere), "no index in"),
        (("status", "--index", nowhere), "no index in"),
        (("verify", "--index", nowhere), "no index in"),
        (("index", nowhere, "--index", tmp_path / "i"), "nowhere"),
        (("index", write_corpus({}), "--index", tmp_path / "i"), "corpus"),
        (("ask", "--batch", nowhere, "--index", nowhere), "could not be read"),
    ]:
        code, out, err = run(capsys, *arguments)
        assert (code, out) == (1, ""), arguments
        assert words in err
        assert err.count("\n") == 1


def test_wrong_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ask")[0] == 2
    with pytest.raises(SystemExit) as stop:
        main(["search", "x", "--method", "magic"])
    assert stop.value.code == 2


def test_index_reports_each_document(
    capsys: pytest.CaptureFixture[str], write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    corpus = write_corpus({"a.txt": "Un texte de deux mots.", "b.xyz": "?", "c.txt": ""})
    code, out, _ = run(capsys, "index", corpus, "--index", tmp_path / "i")
    assert code == 0
    assert "added  a.txt" in out
    assert "skipped  b.xyz" in out
    assert "1 documents, 1 passages: 1 added" in out
    code, report = run_json(capsys, "index", corpus, "--index", tmp_path / "i")
    assert (code, report["unchanged"], report["published"]) == (0, ["a.txt"], False)
    assert {skip["source"] for skip in report["skipped"]} == {"b.xyz", "c.txt"}


# --- How commands begin and end ------------------------------------------------------------------


def qa(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qa", *map(str, arguments)],
        **{"capture_output": True, "text": True, "timeout": 120, **options},
    )


def test_the_command_alone_and_its_version() -> None:
    alone = qa()
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout.startswith("usage: qa") and "calibrate" in alone.stdout
    version = qa("--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "sourcier")
    assert version.stdout.split()[1] == importlib.metadata.version("sourcier")


def test_a_shell_completes_commands_options_and_values() -> None:
    script = qa("--completion", "bash").stdout
    for typed, completed in [
        (["qa", "sea"], ["search"]),
        (["qa", "search", "x", "--meth"], ["--method"]),
        (["qa", "search", "x", "--method", "de"], ["dense"]),
        (["qa", "ask", "x", "--index", "src/q"], ["src/qa"]),
    ]:
        words = " ".join(typed)
        program = (
            f"{script}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}\n"
            f'_shtab_qa "" "{typed[-1]}" ""\nprintf "%s\\n" "${{COMPREPLY[@]}}"'
        )
        told = subprocess.run(["bash", "-c", program], capture_output=True, text=True, cwd=ROOT)
        assert told.stdout.split() == completed, told.stderr


def test_a_question_is_read_from_standard_input(demo_index: Path) -> None:
    question = "Où Léon Trotsky est-il mort ?\n"
    answer = json.loads(qa("ask", "-", "--index", demo_index, "--json", input=question).stdout)
    assert answer["question"] == question.strip()
    assert any("Mexico" in cited["quote"] for cited in answer["citations"])
    endless = subprocess.Popen(["yes", "mot"], stdout=subprocess.PIPE)
    told = qa("ask", "-", "--index", demo_index, stdin=endless.stdout)
    endless.kill()
    endless.communicate()
    assert (told.returncode, told.stdout) == (1, "")
    assert "the question has 100000 characters" in told.stderr


@pytest.mark.parametrize("word", ["exit", "quit", "Quitter"])
def test_a_word_ends_the_chat(demo_index: Path, word: str) -> None:
    said = qa("chat", "--index", demo_index, input=f"Qui était Lénine ?\n{word}\nQui est-ce ?\n")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.count("[1] ") == 1


def test_control_c_in_the_chat_says_nothing_of_indexes(demo_index: Path) -> None:
    chat = subprocess.Popen(
        [sys.executable, "-m", "qa", "chat", "--index", demo_index],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert chat.stdin is not None and chat.stdout is not None
    chat.stdin.write("Qui était Lénine ?\n")
    chat.stdin.flush()
    while not chat.stdout.readline().startswith("[1] "):
        assert chat.poll() is None
    chat.send_signal(signal.SIGINT)
    _, errors = chat.communicate(timeout=60)
    assert (chat.returncode, errors) == (130, "qa: interrupted.\n")


def test_control_c_during_the_first_imports_is_quiet(demo_index: Path) -> None:
    """From the moment at which Python itself is ready, at any place of the way to an answer."""
    program = "print(flush=True); import qa.__main__ as m; raise SystemExit(m.main())"
    for delay in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4):
        asking = subprocess.Popen(
            [sys.executable, "-c", program, "ask", "Qui était Lénine ?", "--index", demo_index],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert asking.stdout is not None
        asking.stdout.readline()
        time.sleep(delay)
        asking.send_signal(signal.SIGINT)
        _, errors = asking.communicate(timeout=60)
        # In time, or after the answer was out.
        assert (errors, asking.returncode) in [("qa: interrupted.\n", 130), ("", 0)]


def test_output_that_cannot_be_written_is_one_line(demo_index: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    for command in (["status"], ["ask", "Qui était Lénine ?", "--json"], ["search", "Lénine"]):
        with Path("/dev/full").open("w") as full:
            told = qa(*command, "--index", demo_index, stdout=full, stderr=subprocess.PIPE,
                      capture_output=False)  # fmt: skip
        assert told.returncode == 1
        assert told.stderr == (
            "qa: the output could not be written (No space left on device). Write it elsewhere.\n"
        )


def test_folders_that_nobody_named_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
    assert ended(missing, ["serve"]) == 1
    assert capsys.readouterr().err.startswith(
        "qa: a folder is missing (No usable temporary directory found in ['/tmp']). Run "
    )
    command = f'cd "{tmp_path}" && rmdir "{tmp_path}" && {sys.executable} -m qa status'
    told = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert told.returncode == 1 and told.stderr.startswith("qa: ")


def test_streams_may_be_closed(demo_index: Path) -> None:
    """Files that are opened get the numbers of the streams, were nothing there in their place."""
    for closed in ("0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"):
        command = f'{sys.executable} -m qa ask "Qui était Lénine ?" --index {demo_index} {closed}'
        told = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
        assert (told.returncode, told.stderr) == (0, "")
        assert ("[1]" in told.stdout) == ("1>&-" not in closed)


def test_what_nobody_foresaw_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a name\nof two lines")

    monkeypatch.setattr("qa.index.open_index", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = run(capsys, "status", "--index", tmp_path)
    assert (code, out, err.count("\n")) == (70, "", 1)
    (trace,) = tmp_path.glob("qa-*.txt")
    assert f"Please report it, with {trace}" in err
    assert "Traceback" in trace.read_text("utf-8") and "two lines" in trace.read_text("utf-8")
    assert trace.stat().st_mode & 0o077 == 0
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    code, _, err = run(capsys, "status", "--index", tmp_path)
    assert (code, err.count("\n")) == (70, 1)
    assert "could not be kept" in err


@pytest.mark.parametrize("option", ["--index", "corpus"])
def test_an_empty_name_is_wrong_usage(capsys: pytest.CaptureFixture[str], option: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["index", ""] if option == "corpus" else ["status", option, ""])
    assert stop.value.code == 2
    assert "an empty name is no file or folder" in capsys.readouterr().err


def test_nothing_is_told_to_the_makers_of_a_library(demo_index: Path, tmp_path: Path) -> None:
    """onnxruntime keeps a name for the machine in the user's home, and sends what it counted."""
    silent = {"CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in silent}
    told = qa(
        *("ask", "Qui était Lénine ?", "--index", demo_index),
        env={**environment, "HOME": str(tmp_path)},
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert [path for path in tmp_path.rglob("*") if "Microsoft" in str(path)] == []


def test_pipes_and_devices_are_told(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(pipe)
    for arguments in (
        ("ask", "--batch", pipe),
        ("ask", "Qui ?", "--index", pipe),
        ("verify", "--answer", tmp_path / "link"),
        ("calibrate", "--questions", pipe),
        ("eval", "--answers", pipe),
        ("eval", "--pool", pipe),
        ("eval", pipe),
        ("eval", "x", "--per-query", pipe),
        ("compare", pipe, pipe, "--qrels", pipe),
        ("serve", "--auth-file", pipe),
        ("index", pipe),
    ):
        code, out, err = run(capsys, *arguments)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "is a pipe" in err
    code, _, err = run(capsys, "ask", "--batch", "/dev/zero")
    assert code == 1 and err.startswith("qa: /dev/zero is a device")
    # One that the shell makes has somebody at its other end.
    command = f"{sys.executable} -m qa ask --batch /dev/stdin --index {demo_index}"
    asked = '{"id": 1, "question": "Qui était Lénine ?"}'
    told = subprocess.run(["sh", "-c", command], input=asked, capture_output=True, text=True)
    assert json.loads(told.stdout)["status"] == "answered" and told.stderr == ""


@pytest.mark.parametrize("name", ["calibration.json", "feedback.sqlite", "manifest.json"])
def test_pipes_in_the_place_of_our_files_are_told(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path, name: str
) -> None:
    index = shutil.copytree(demo_index, tmp_path / "index")
    place = next(index.glob("gen-*")) / name if name == "manifest.json" else index / name
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    command = "feedback" if name == "feedback.sqlite" else "status"
    code, out, err = run(capsys, command, "--index", index)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert name in err and "a pipe" in err


DEEP = "[" * 100_000


def test_values_nested_very_deeply_are_told(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path
) -> None:
    file = tmp_path / "deep.jsonl"
    file.write_text(f'{{"id": "a", "question": {DEEP}\n', "utf-8")
    for arguments, words in [
        (("ask", "--batch", file, "--index", demo_index), "line 1 is not JSON"),
        (("verify", "--answer", file, "--index", demo_index), "could not be read"),
        (("eval", "--answers", file, "--index", demo_index), "not JSON"),
        (("eval", "--conversations", file, "--index", demo_index), "not JSON"),
        (("calibrate", "--questions", file, "--index", demo_index), "not JSON"),
    ]:
        code, out, err = run(capsys, *arguments)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert words in err


@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        '{"question": 5}',
        '{"question": {"a": 1e999}, "thresholds": {"normal": 0.5}}',
        '{"question": {}, "thresholds": {}, "created": "", "file": "", "questions": [], '
        '"embedder": "", "shipped": "", "before": {}, "after": {}}',
        "null",
        "",
    ],
)
def test_a_calibration_that_is_none_is_told(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "index").mkdir()
    for path in demo_index.iterdir():
        (tmp_path / "index" / path.name).symlink_to(path)
    (tmp_path / "index" / "calibration.json").write_text(content, "utf-8")
    for command in (("status",), ("ask", "Qui était Lénine ?")):
        code, out, err = run(capsys, *command, "--index", tmp_path / "index")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "calibration.json is not a calibration" in err


@pytest.mark.parametrize(
    "citation",
    [
        {"marker": 1, "document_id": "\ud800", "start": 0, "end": 1, "quote": "x"},
        {"marker": 1, "document_id": ["trotsky-vie.md"], "start": 0, "end": 1, "quote": "x"},
        {"marker": 1, "document_id": "trotsky-vie.md", "start": -3, "end": -1, "quote": "x"},
        {"marker": 1, "document_id": "trotsky-vie.md", "start": 5, "end": 5, "quote": ""},
        {"marker": {}, "document_id": "trotsky-vie.md", "start": "0", "end": None, "quote": []},
    ],
)
def test_citations_of_any_shape_are_refused(
    capsys: pytest.CaptureFixture[str], demo_index: Path, tmp_path: Path, citation: object
) -> None:
    saved = tmp_path / "answer.json"
    saved.write_text(json.dumps({"status": "answered", "citations": [citation]}), "utf-8")
    code, verdict = run_json(capsys, "verify", "--answer", saved, "--index", demo_index)
    assert (code, verdict["ok"]) == (1, False)


def test_a_grade_that_is_not_utf_8_is_asked_again(demo_index: Path, tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "q", "text": "Qui était Lénine ?"}\n', "utf-8")
    command = ["eval", "--pool", str(tmp_path / "q.jsonl"), "--index", str(demo_index), "-k", "1"]
    told = subprocess.run(
        [sys.executable, "-m", "qa", *command],
        input=b"\xcd\n2\nq\n",
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # strict, as in a UTF-8 locale
    )
    assert (told.returncode, b"Traceback" in told.stderr) == (0, False)
    assert (tmp_path / "qrels" / "test.tsv").exists()
