"""The command line contract: outputs, exit codes, one clear line for bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qa.cli import main


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
    assert "Mexico" in answer["citations"][0]["quote"]
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
    assert "Je ne trouve pas de réponse" in out
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
    assert "1924" in lines[0]["citations"][0]["quote"]
    assert "Trotsky" in lines[2]["standalone_question"]
    assert "empty" in lines[3]["error"]


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
    assert "sourcier-minilm-fr" in out


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
    assert json.loads(out)["status"] == ("answered" if code == 0 else "not_found")
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
