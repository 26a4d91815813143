"""The commands of researchers: ``eval`` and ``compare``."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from qa.cli.opening import open_assistant
from qa.cli.printing import print_json, wrong_usage
from qa.progress import progress_bars
from qa.records import QAError

if TYPE_CHECKING:
    from qa.evaluation import (
        AnswerEvaluation,
        ConversationEvaluation,
        Evaluation,
        ModelComparison,
        PooledPassage,
    )

    AnyEvaluation = Evaluation | AnswerEvaluation | ConversationEvaluation | ModelComparison

Asked = TypeVar("Asked")
Told = TypeVar("Told", "AnswerEvaluation", "ConversationEvaluation")

# What each thing that is measured has no use for.
_ONLY_RETRIEVAL = ("split", "model", "noise", "cache", "run_file")
_NO_USE = {
    "answers": (*_ONLY_RETRIEVAL, "qrels", "methods", "k"),
    "conversations": (*_ONLY_RETRIEVAL, "qrels", "methods", "k"),
    "pool": (*_ONLY_RETRIEVAL, "methods", "per_query", "caution", "report"),
    "dataset": ("caution",),
}


def evaluate(options: argparse.Namespace) -> int:
    """Measure retrieval, answers or conversations, or judge what the methods find."""
    given = [name for name in _NO_USE if getattr(options, name) is not None]
    if len(given) != 1:
        return wrong_usage(
            "qa eval: give one of DATASET, --answers FILE, --conversations FILE, --pool FILE."
        )
    useless = [name for name in _NO_USE[given[0]] if getattr(options, name) is not None]
    if useless:
        named = ", ".join("--" + name.replace("_", "-") for name in useless)
        return wrong_usage("qa eval: {} cannot be used with {}.", named, _option(given[0]))
    if given[0] == "dataset":
        return _evaluate_retrieval(options)
    if options.index is None:
        return wrong_usage("qa eval: {} needs the index, --index DIR.", _option(given[0]))
    if given[0] == "pool":
        return _judge_pool(options)
    from qa.evaluation import (
        answer_table,
        conversation_table,
        evaluate_answers,
        evaluate_conversations,
        read_answer_questions,
        read_conversations,
    )

    if given[0] == "answers":
        return _evaluate_asked(options, read_answer_questions, evaluate_answers, answer_table)
    return _evaluate_asked(options, read_conversations, evaluate_conversations, conversation_table)


def _option(name: str) -> str:
    return "DATASET" if name == "dataset" else f"--{name}"


def _evaluate_retrieval(options: argparse.Namespace) -> int:
    from qa.embedding import open_embedder
    from qa.evaluation import (
        compare_models,
        comparison_table,
        evaluation_table,
        load_dataset,
        short_names,
    )
    from qa.evaluation import evaluate as evaluate_dataset
    from qa.index import open_index

    dataset = load_dataset(options.dataset, options.split, options.qrels)
    methods = _methods(options.methods or "hybrid,dense,lexical")
    if options.index is not None and options.model:
        raise QAError("index_and_model")
    index = open_index(options.index) if options.index is not None else None
    if index is None and dataset.corpus is None:
        raise QAError("no_corpus_to_judge", options.dataset)
    models: list[str | None] = list(dict.fromkeys(options.model or [None]))
    names = short_names([str(model) for model in models])
    evaluations: dict[str, Evaluation] = {}
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
        name = names[str(model)]
        evaluations[name] = evaluation
        suffix = f".{name}" if len(models) > 1 else ""
        if options.run_file is not None:
            for path in evaluation.write_runs(_with_suffix(options.run_file, suffix)):
                print(f"run written to {path}", file=sys.stderr)
        if options.per_query is not None:
            evaluation.write_per_query(_with_suffix(options.per_query, suffix))
        if not options.json:
            print(evaluation_table(evaluation))
    found = [*evaluations.values()]
    if len(models) == 1:
        _write_report(options, found)
        if options.json:
            print_json(found[0].to_json())
        return 0
    comparison = compare_models(evaluations)
    _write_report(options, [comparison, *found])
    if options.json:
        print_json(comparison.to_json())
    else:
        print("\n" + comparison_table(comparison.comparisons))
    return 0


def _evaluate_asked(
    options: argparse.Namespace,
    read: Callable[[Path], Sequence[Asked]],
    evaluate: Callable[..., Told],
    table: Callable[[Told], str],
) -> int:
    """What is really asked of the index: single questions, or conversations."""
    path = options.answers or options.conversations
    asked = read(path)
    assistant = open_assistant(options.index)
    caution = options.caution or "normal"
    with progress_bars() as progress:
        evaluation = evaluate(asked, assistant, name=path.name, caution=caution, progress=progress)
    if options.per_query is not None:
        evaluation.write_per_query(options.per_query)
    _write_report(options, [evaluation])
    if options.json:
        print_json(evaluation.to_json())
    else:
        print(table(evaluation))
    return 0


def _write_report(options: argparse.Namespace, evaluations: Sequence[AnyEvaluation]) -> None:
    if options.report is None:
        return
    from qa.evaluation import ModelComparison, write_page

    print(f"report written to {write_page(options.report, evaluations)}", file=sys.stderr)
    if options.index is None:
        return
    from qa.web.reports import keep_report

    try:
        for evaluation in evaluations:
            if not isinstance(evaluation, ModelComparison):
                keep_report(options.index, evaluation)
    except QAError as error:
        # The report that was asked for is written; the web page's copy is not worth a failure.
        print(f"qa: {error.worded()}", file=sys.stderr)


def _judge_pool(options: argparse.Namespace) -> int:
    """Show what was pooled and not judged yet, passage by passage; each grade is kept at once."""
    from qa.evaluation import Judging, pool_passages, read_questions

    questions = read_questions(options.pool)
    assistant = open_assistant(options.index)
    judging = Judging(options.qrels or options.pool.parent / "qrels" / "test.tsv")
    with progress_bars() as progress:
        pool = list(pool_passages(assistant, questions, options.k or 10, progress))
    remaining = [item for item in pool if item not in judging]
    judged: list[int] = []  # places in what remained, in the order in which they were judged
    place = 0
    while place < len(remaining):
        print(_shown(remaining[place], place + 1, len(remaining)), file=sys.stderr)
        typed = _ask_grade()
        if typed == "q":
            break
        if typed == "u":
            if judged:
                place = judged.pop()
                judging.remove(remaining[place])
            continue
        if typed != "s":
            judging.add(remaining[place], int(typed))
            judged.append(place)
        place += 1
    done = len(judged)
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


def _ask_grade() -> str:
    """What was typed: a grade, or one of the letters; the end of the input is "q"."""
    choices = "2 answers, 1 on the subject, 0 neither, s later, u undo, q stop: "
    while True:
        print(choices, end="", file=sys.stderr, flush=True)
        try:
            line = sys.stdin.readline()
        except UnicodeDecodeError:
            continue
        typed = line.strip().lower() if line else "q"
        if typed in {"0", "1", "2", "s", "u", "q"}:
            return typed


def compare(options: argparse.Namespace) -> int:
    """Compare two run files on the same judgements."""
    from qa.evaluation import (
        compare_runs,
        load_dataset,
        read_judgements,
        read_questions,
        read_run,
        run_comparison_text,
        with_passages,
    )

    if (options.qrels is None) == (options.dataset is None):
        return wrong_usage("qa compare: give --qrels FILE, or --dataset FOLDER (not both).")
    run_a, run_b = read_run(options.run_a), read_run(options.run_b)
    corpus, queries = options.corpus, None
    if options.dataset is not None:
        dataset = load_dataset(options.dataset, options.split)
        judgements, queries = dataset.judgements, dataset.queries
        corpus = corpus or dataset.corpus
    else:
        judgements = read_judgements(options.qrels)
    if options.queries is not None:
        queries = read_questions(options.queries)
    comparison = compare_runs(
        run_a,
        run_b,
        judgements,
        names=(options.run_a.name, options.run_b.name),
        measure=options.measure,
        queries=queries,
        shown=options.shown,
    )
    comparison = with_passages(comparison, _texts(comparison.documents, corpus, options.index))
    if options.json:
        print_json(comparison.to_json())
    else:
        print(run_comparison_text(comparison, shutil.get_terminal_size((100, 24)).columns))
    return 0


def _texts(wanted: set[str], corpus: Path | None, index: Path | None) -> dict[str, str]:
    """Of documents, from the index or the corpus that was named; none, then ids are shown."""
    from qa.evaluation import indexed_documents, read_documents
    from qa.index import open_index

    if index is not None:
        opened = open_index(index)
        try:
            return indexed_documents(opened, wanted)
        finally:
            opened.close()
    return read_documents(corpus, wanted) if corpus is not None else {}


def _methods(text: str) -> tuple[str, ...]:
    from qa.search import SEARCHES

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in SEARCHES]
    if unknown or not names:
        raise QAError("unknown_methods", text, ", ".join(SEARCHES))
    return names


def _with_suffix(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.stem}{suffix}{path.suffix}")
