"""The commands of researchers: ``eval`` and ``compare``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli.printing import print_json
from qa.cli.progress import progress_bars
from qa.records import QAError

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.evaluation import (
        AnswerEvaluation,
        ConversationEvaluation,
        Evaluation,
        PooledPassage,
    )


# What each thing that is measured has no use for.
_ONLY_RETRIEVAL = ("split", "model", "noise", "cache", "run_file")
_NO_USE = {
    "answers": (*_ONLY_RETRIEVAL, "qrels", "methods", "k"),
    "conversations": (*_ONLY_RETRIEVAL, "qrels", "methods", "k", "caution"),
    "pool": (*_ONLY_RETRIEVAL, "methods", "per_query", "caution", "report"),
    "dataset": ("caution",),
}


def evaluate(options: argparse.Namespace) -> int:
    """Measure retrieval, answers or conversations, or judge what the methods find."""
    given = [name for name in _NO_USE if getattr(options, name) is not None]
    if len(given) != 1:
        print(
            "qa eval: give one of DATASET, --answers FILE, --conversations FILE, --pool FILE.",
            file=sys.stderr,
        )
        return 2
    useless = [name for name in _NO_USE[given[0]] if getattr(options, name) is not None]
    if useless:
        named = ", ".join("--" + name.replace("_", "-") for name in useless)
        print(f"qa eval: {named} cannot be used with {_option(given[0])}.", file=sys.stderr)
        return 2
    if given[0] == "dataset":
        return _evaluate_retrieval(options)
    if options.index is None:
        print(f"qa eval: {_option(given[0])} needs the index, --index DIR.", file=sys.stderr)
        return 2
    if given[0] == "answers":
        return _evaluate_answers(options)
    if given[0] == "conversations":
        return _evaluate_conversations(options)
    return _judge_pool(options)


def _option(name: str) -> str:
    return "DATASET" if name == "dataset" else f"--{name}"


def _evaluate_retrieval(options: argparse.Namespace) -> int:
    from qa.embedding import open_embedder
    from qa.evaluation import evaluate as evaluate_dataset
    from qa.evaluation import evaluation_table, load_dataset
    from qa.index import open_index

    dataset = load_dataset(options.dataset, options.split, options.qrels)
    methods = _methods(options.methods or "hybrid,dense,lexical")
    if options.index is not None and options.model:
        raise QAError("--index and --model do not go together: an index has its own model.")
    index = open_index(options.index) if options.index is not None else None
    if index is None and dataset.corpus is None:
        raise QAError(
            f"{options.dataset} has no corpus.jsonl. Give the index to judge with --index DIR."
        )
    evaluations = []
    printed: list[dict[str, Any]] = []
    models: list[str | None] = options.model or [None]
    for model in models:
        with progress_bars() as progress:
            evaluation = evaluate_dataset(
                dataset,
                methods,
                options.k or 100,
                index,
                open_embedder(model) if index is None else None,
                progress,
                cache=options.cache,
                noise_seed=options.noise,
            )
        suffix = f".{Path(model).name}" if model and len(models) > 1 else ""
        if options.run_file is not None:
            for path in evaluation.write_runs(_with_suffix(options.run_file, suffix)):
                print(f"run written to {path}", file=sys.stderr)
        if options.per_query is not None:
            evaluation.write_per_query(_with_suffix(options.per_query, suffix))
        evaluations.append(evaluation)
        if options.json:
            printed.append(evaluation.to_json())
        else:
            print(evaluation_table(evaluation))
    _write_report(options, evaluations)
    if options.json:
        print_json(printed[0] if len(printed) == 1 else printed)
    return 0


def _evaluate_answers(options: argparse.Namespace) -> int:
    from qa.evaluation import answer_table, evaluate_answers, read_answer_questions

    questions = read_answer_questions(options.answers)
    assistant = _open(options.index)
    with progress_bars() as progress:
        evaluation = evaluate_answers(
            questions,
            assistant,
            name=options.answers.name,
            caution=options.caution or "normal",
            progress=progress,
        )
    if options.per_query is not None:
        evaluation.write_per_query(options.per_query)
    _write_report(options, [evaluation])
    if options.json:
        print_json(evaluation.to_json())
    else:
        print(answer_table(evaluation))
    return 0


def _evaluate_conversations(options: argparse.Namespace) -> int:
    from qa.evaluation import conversation_table, evaluate_conversations, read_conversations

    conversations = read_conversations(options.conversations)
    assistant = _open(options.index)
    with progress_bars() as progress:
        evaluation = evaluate_conversations(
            conversations, assistant, name=options.conversations.name, progress=progress
        )
    if options.per_query is not None:
        evaluation.write_per_query(options.per_query)
    _write_report(options, [evaluation])
    if options.json:
        print_json(evaluation.to_json())
    else:
        print(conversation_table(evaluation))
    return 0


def _write_report(
    options: argparse.Namespace,
    evaluations: Sequence[Evaluation | AnswerEvaluation | ConversationEvaluation],
) -> None:
    if options.report is None:
        return
    from qa.evaluation import write_page

    print(f"report written to {write_page(options.report, evaluations)}", file=sys.stderr)


def _judge_pool(options: argparse.Namespace) -> int:
    """Show what was pooled and not judged yet, passage by passage; each grade is kept at once."""
    from qa.evaluation import Judging, pool_passages, read_questions

    questions = read_questions(options.pool)
    assistant = _open(options.index)
    judging = Judging(options.qrels or options.pool.parent / "qrels" / "test.tsv")
    with progress_bars() as progress:
        pool = list(pool_passages(assistant, questions, options.k or 10, progress))
    remaining = [item for item in pool if item not in judging]
    done = 0
    for place, item in enumerate(remaining, 1):
        print(_shown(item, place, len(remaining)), file=sys.stderr)
        grade = _ask_grade()
        if grade is None:
            break
        if grade >= 0:
            judging.add(item, grade)
            done += 1
    counted = {"pooled": len(pool), "judged_now": done, "judged": judging.count}
    if options.json:
        print_json({"qrels": str(judging.path), "questions": len(questions), **counted})
    else:
        print(
            f"{done} judged now, {len(remaining) - done} to go; "
            f"{judging.count} judgements in {judging.path}"
        )
    return 0


def _shown(item: PooledPassage, place: int, total: int) -> str:
    passage = item.passage
    heads = dict.fromkeys([passage.title or passage.document_id, *passage.headings])
    return (
        f"\n--- {place} of {total} · {item.query_id}: {item.question}\n"
        f"{' › '.join(heads)} [{passage.document_id}]\n\n{passage.text.strip()}\n"
    )


def _ask_grade() -> int | None:
    """0, 1 or 2; -1 to leave a passage for later; ``None`` to stop."""
    while True:
        print("2 answers, 1 on the subject, 0 neither, s later, q stop: ", end="", file=sys.stderr)
        sys.stderr.flush()
        line = sys.stdin.readline()
        typed = line.strip().lower()
        if not line or typed == "q":
            return None
        if typed in {"0", "1", "2", "s"}:
            return -1 if typed == "s" else int(typed)


def _open(directory: Path) -> Assistant:
    from qa.assistant import Assistant

    assistant = Assistant.open(directory)
    if assistant.warning:
        print(f"qa: {assistant.warning}", file=sys.stderr)
    return assistant


def compare(options: argparse.Namespace) -> int:
    """Compare two run files on the same judgements."""
    from qa.evaluation import compare_runs, read_judgements, read_run, run_comparison_text

    comparison = compare_runs(
        read_run(options.run_a),
        read_run(options.run_b),
        read_judgements(options.qrels),
        names=(options.run_a.name, options.run_b.name),
        measure=options.measure,
    )
    if options.json:
        print(json.dumps(comparison.to_json(), ensure_ascii=False))
    else:
        print(run_comparison_text(comparison))
    return 0


def _methods(text: str) -> tuple[str, ...]:
    from qa.search import SEARCHES

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in SEARCHES]
    if unknown or not names:
        raise QAError(f"--methods {text!r}: choose among {', '.join(SEARCHES)}, between commas.")
    return names


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.stem}{suffix}{path.suffix}")
