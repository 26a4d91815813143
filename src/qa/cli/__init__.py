"""The command ``qa``: parse, call, print. A ``QAError`` becomes one line on stderr and exit code 1.

Every heavy import happens inside the command that needs it, so that ``qa --help`` is instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from qa.cli import asking, calibrating, documents, evaluating, feedback, training
from qa.cli.arguments import (
    Completion,
    Parser,
    Version,
    any_path,
    index_place,
    input_path,
    port,
    positive,
)
from qa.cli.ending import ended, open_streams
from qa.messages import word_libraries, worded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (2, for wrong usage, is argparse's own)."""
    open_streams()
    command = sys.argv[1:] if arguments is None else list(arguments)
    try:
        word_libraries()
        parser = _parser()
        if not command:
            parser.print_help()
            return 0
        options = parser.parse_args(command)
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except BaseException as error:  # the outermost place: nothing is left for Python to print
        return ended(error, command)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="qa",
        description=worded("Answers to French questions, quoted and cited from your documents."),
    )
    parser.add_argument("--version", action=Version, nargs=0, help="tell the version and leave")
    parser.add_argument(
        "--completion",
        action=Completion,
        choices=("bash", "tcsh", "zsh"),
        help='print what completes commands in a shell: eval "$(qa --completion bash)"',
    )
    commands = parser.add_subparsers(title=worded("commands"), required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=worded(text), description=worded(text))
        sub.set_defaults(run=run)
        return sub

    index = command("index", documents.index, "index a folder of documents, or update its index")
    index.add_argument(
        "corpus", nargs="?", type=input_path, default=Path("corpus"), help="folder or file (corpus)"
    )
    _index_option(index)
    index.add_argument("--model", help="a sentence-transformers model, by name or folder")
    index.add_argument(
        "--watch",
        action="store_true",
        help="then follow the folder until Ctrl-C: update on changes",
    )
    index.add_argument(
        "--text-field",
        action="append",
        metavar="NAME",
        help="column or field with the text, in CSV, TSV and JSONL; may be given several times",
    )
    index.add_argument("--title-field", metavar="NAME", help="column or field with the title")
    index.add_argument(
        "--ocr", action="store_true", help="recognise the text of scanned pages (tesseract)"
    )
    index.add_argument(
        "--exact-up-to",
        type=positive,
        metavar="N",
        help="compare all vectors of at most N passages (300000); search more approximately",
    )
    index.add_argument(
        "--ray", metavar="ADDRESS", help="read and embed on a Ray cluster too (HOST:6379, or auto)"
    )
    _json_option(index)

    ask = command("ask", asking.ask, "answer a question, with citations")
    ask.add_argument(
        "question", nargs="?", help="in French, between quotation marks (-: from standard input)"
    )
    _index_option(ask)
    ask.add_argument("-k", type=positive, default=5, help="passages in the answer (5)")
    ask.add_argument("--batch", type=input_path, metavar="FILE", help="JSON Lines of questions")
    _caution_option(ask)
    _only_option(ask)
    _json_option(ask)

    search = command("search", asking.search, "the passages for a question, ranked")
    search.add_argument("question")
    _index_option(search)
    search.add_argument("--method", choices=("hybrid", "dense", "lexical"), default="hybrid")
    search.add_argument("-k", type=positive, default=10, help="passages (10)")
    _only_option(search)
    _json_option(search)

    chat = command("chat", asking.chat, "a conversation in the terminal")
    _index_option(chat)
    _caution_option(chat)
    _only_option(chat)
    _json_option(chat)

    serve = command("serve", asking.serve, "the web chat")
    serve.add_argument(
        "--index",
        type=any_path,
        action="append",
        metavar="DIR",
        help="index folder (index); may be repeated: several collections, with a switch",
    )
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=port, default=7860)
    serve.add_argument(
        "--root-path", default="", metavar="PATH", help="where a reverse proxy serves it"
    )
    serve.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="a reverse proxy that is believed about its clients; may be repeated",
    )
    serve.add_argument("--auth", metavar="USER:PASSWORD", help="ask for this name and password")
    serve.add_argument("--auth-file", type=input_path, metavar="FILE", help="accounts, one a line")
    serve.add_argument(
        "--lang",
        choices=("fr", "en", "auto"),
        default="fr",
        help="of the page (fr); auto: that of the reader's browser",
    )
    serve.add_argument("--allow-upload", action="store_true", help="readers may add documents")
    serve.add_argument("--mcp", action="store_true", help="serve the tool of programs at /mcp")
    serve.add_argument(
        "--datasets",
        type=any_path,
        metavar="FOLDER",
        help="test sets that every reader may evaluate and judge",
    )
    serve.add_argument(
        "--metrics-port", type=port, metavar="PORT", help="Prometheus metrics, at a port apart"
    )
    serve.add_argument("--log-json", action="store_true", help="log requests and answers on stderr")

    _evaluation_commands(command)

    calibrate = command("calibrate", calibrating.calibrate, "fit refusals to your own questions")
    calibrate.add_argument(
        "--questions", type=input_path, metavar="FILE", help="as of eval --answers, JSON Lines"
    )
    calibrate.add_argument("--remove", action="store_true", help="back to the shipped refusal")
    _index_option(calibrate)
    _json_option(calibrate)

    verdicts = command("feedback", feedback.feedback, "what readers said of the chat's answers")
    _index_option(verdicts)
    verdicts.add_argument(
        "--export", type=any_path, metavar="DIR", help="write them as judgements for qa eval"
    )
    _json_option(verdicts)

    train = command("train", training.train, "make the shipped model again (docs/model.md)")
    train.add_argument("--data", type=any_path, required=True, help="folder of training data")
    train.add_argument("--work", type=any_path, required=True, help="folder for steps, checkpoints")
    train.add_argument("--questions", type=any_path, help="folder of folders of natural questions")
    train.add_argument("--base", type=input_path, help="the file of the base model")
    train.add_argument("--sample", type=positive, help="rows of each set, for a trial")
    train.add_argument("--minutes", type=float, default=120.0, metavar="N", help="of learning")
    train.add_argument("--steps", type=positive, help="a bound on the steps of the learning")
    train.add_argument("--device", default="auto", help="auto, cpu or cuda")

    status = command("status", documents.status, "what is indexed, what was skipped and why")
    _index_option(status)
    status.add_argument("--all", action="store_true", help="list all documents and skipped files")
    status.add_argument(
        "--removed", action="store_true", help="list what was taken for no part of the text"
    )
    _json_option(status)

    verify = command("verify", documents.verify, "check every hash and every passage again")
    _index_option(verify)
    verify.add_argument(
        "--answer", type=input_path, metavar="FILE", help="check this saved answer (qa ask --json)"
    )
    _json_option(verify)
    return parser


def _evaluation_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    evaluate = command("eval", evaluating.evaluate, "measure search, answers or conversations")
    evaluate.add_argument(
        "dataset",
        type=input_path,
        nargs="?",
        help="judged questions: a BEIR folder, or a file of questions with --qrels",
    )
    for name, text in (
        ("--answers", "questions with their answers and evidence, JSON Lines"),
        ("--conversations", "conversations with their questions resolved, JSON Lines"),
        ("--pool", "questions: judge what all methods find for them"),
    ):
        evaluate.add_argument(name, type=input_path, metavar="FILE", help=text)
    evaluate.add_argument("--qrels", type=input_path, help="judgements, TREC or BEIR (of --pool)")
    evaluate.add_argument("--split", help="of the folder's qrels (test)")
    evaluate.add_argument("--index", type=index_place, metavar="DIR", help="judge this index")
    evaluate.add_argument(
        "--methods", help="between commas (hybrid,dense,lexical; fusion, vectors)"
    )
    evaluate.add_argument(
        "-k", "--k", type=positive, help="documents ranked (100), or passages pooled (10)"
    )
    evaluate.add_argument("--model", action="append", help="may be given several times")
    evaluate.add_argument(
        "--noise", type=int, metavar="SEED", help="ask without accents and with one typing error"
    )
    evaluate.add_argument("--caution", choices=("low", "normal", "high"), help="of the answers")
    evaluate.add_argument("--cache", type=any_path, metavar="DIR", help="where indexes are kept")
    evaluate.add_argument("--run-file", type=any_path, metavar="FILE", help="write TREC runs")
    evaluate.add_argument("--per-query", type=any_path, metavar="FILE", help="write JSON Lines")
    evaluate.add_argument("--report", type=any_path, metavar="DIR", help="write a page, with plots")
    _json_option(evaluate)

    compare = command("compare", evaluating.compare, "compare two TREC runs")
    compare.add_argument("run_a", type=input_path)
    compare.add_argument("run_b", type=input_path)
    compare.add_argument(
        "--qrels", type=input_path, metavar="FILE", help="judgements, TREC or BEIR"
    )
    compare.add_argument(
        "--dataset", type=any_path, metavar="FOLDER", help="judgements, questions and texts (BEIR)"
    )
    compare.add_argument("--split", help="of the dataset's qrels (test)")
    compare.add_argument(
        "--queries", type=input_path, metavar="FILE", help="texts of the questions"
    )
    compare.add_argument("--corpus", type=input_path, metavar="FILE", help="texts: a corpus.jsonl")
    compare.add_argument("--index", type=index_place, metavar="DIR", help="texts: of this index")
    compare.add_argument("--measure", default="nDCG@10", help="that orders the questions (nDCG@10)")
    compare.add_argument(
        "--shown", type=positive, default=10, metavar="N", help="questions won and lost (10)"
    )
    _json_option(compare)


def _index_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--index",
        type=index_place,
        default=Path("index"),
        metavar="DIR",
        help="index folder (index), or milvus://HOST:PORT/COLLECTION, or FILE.db (Milvus Lite)",
    )


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _caution_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--caution",
        choices=("low", "normal", "high"),
        default="normal",
        help="how sure an answer must be (normal)",
    )


def _only_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="GLOB",
        help="search these documents alone: an id, a folder, or '*.pdf'; may be repeated",
    )
