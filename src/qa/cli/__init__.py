"""The command ``qa``: parse, call, print. A ``QAError`` becomes one line on stderr and exit code 1.

Every heavy import happens inside the command that needs it, so that ``qa --help`` is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qa.cli import asking, calibrating, documents, evaluating, feedback, training
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


class _Version(argparse.Action):
    """Tells the version, which takes a while to look up: only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        import importlib.metadata

        print("sourcier", importlib.metadata.version("sourcier"))
        parser.exit()


class _Completion(argparse.Action):
    """Prints a script by which a shell completes commands, options and names of files."""

    def __call__(self, parser: argparse.ArgumentParser, _: Any, shell: Any, *__: Any) -> None:
        import shtab

        print(shtab.complete(parser, shell))
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """Says in the user's language what each argument is; a shell completes those that are paths."""

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        if options.get("help"):
            options["help"] = worded(options["help"])
        action = super().add_argument(*names, **options)
        if action.type is _path:
            is_folder = action.metavar in ("DIR", "FOLDER")
            action.complete = _FOLDERS if is_folder else _FILES  # type: ignore[attr-defined]
        return action


# As ``shtab`` names them, which is imported only to write a script.
_FILES = {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"}
_FOLDERS = {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="qa",
        description=worded("Answers to French questions, quoted and cited from your documents."),
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="tell the version and leave")
    parser.add_argument(
        "--completion",
        action=_Completion,
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
        "corpus", nargs="?", type=_path, default=Path("corpus"), help="folder or file (corpus)"
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
    _json_option(index)

    ask = command("ask", asking.ask, "answer a question, with citations")
    ask.add_argument(
        "question", nargs="?", help="in French, between quotation marks (-: from standard input)"
    )
    _index_option(ask)
    ask.add_argument("-k", type=_positive, default=5, help="passages in the answer (5)")
    ask.add_argument("--batch", type=_path, metavar="FILE", help="JSON Lines of questions")
    _caution_option(ask)
    _json_option(ask)

    search = command("search", asking.search, "the passages for a question, ranked")
    search.add_argument("question")
    _index_option(search)
    search.add_argument("--method", choices=("hybrid", "dense", "lexical"), default="hybrid")
    search.add_argument("-k", type=_positive, default=10, help="passages (10)")
    _json_option(search)

    chat = command("chat", asking.chat, "a conversation in the terminal")
    _index_option(chat)
    _caution_option(chat)
    _json_option(chat)

    serve = command("serve", asking.serve, "the web chat")
    _index_option(serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=7860)
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
    serve.add_argument("--auth-file", type=_path, metavar="FILE", help="accounts, one a line")
    serve.add_argument("--allow-upload", action="store_true", help="readers may add documents")
    serve.add_argument("--mcp", action="store_true", help="serve the tool of programs at /mcp")
    serve.add_argument(
        "--datasets",
        type=_path,
        metavar="FOLDER",
        help="test sets that every reader may evaluate and judge",
    )

    _evaluation_commands(command)

    calibrate = command("calibrate", calibrating.calibrate, "fit refusals to your own questions")
    calibrate.add_argument(
        "--questions", type=_path, metavar="FILE", help="as of eval --answers, JSON Lines"
    )
    calibrate.add_argument("--remove", action="store_true", help="back to the shipped refusal")
    _index_option(calibrate)
    _json_option(calibrate)

    verdicts = command("feedback", feedback.feedback, "what readers said of the chat's answers")
    _index_option(verdicts)
    verdicts.add_argument(
        "--export", type=_path, metavar="DIR", help="write them as judgements for qa eval"
    )
    _json_option(verdicts)

    train = command("train", training.train, "make the shipped model again (docs/model.md)")
    train.add_argument("--data", type=_path, required=True, help="folder of training data")
    train.add_argument("--work", type=_path, required=True, help="folder for steps, checkpoints")
    train.add_argument("--questions", type=_path, help="folder of folders of natural questions")
    train.add_argument("--base", type=_path, help="the file of the base model")
    train.add_argument("--sample", type=_positive, help="rows of each set, for a trial")
    train.add_argument("--minutes", type=float, default=120.0, metavar="N", help="of learning")
    train.add_argument("--steps", type=_positive, help="a bound on the steps of the learning")
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
        "--answer", type=_path, metavar="FILE", help="check this saved answer (qa ask --json)"
    )
    _json_option(verify)
    return parser


def _evaluation_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    evaluate = command("eval", evaluating.evaluate, "measure search, answers or conversations")
    evaluate.add_argument(
        "dataset",
        type=_path,
        nargs="?",
        help="judged questions: a BEIR folder, or a file of questions with --qrels",
    )
    for name, text in (
        ("--answers", "questions with their answers and evidence, JSON Lines"),
        ("--conversations", "conversations with their questions resolved, JSON Lines"),
        ("--pool", "questions: judge what all methods find for them"),
    ):
        evaluate.add_argument(name, type=_path, metavar="FILE", help=text)
    evaluate.add_argument("--qrels", type=_path, help="judgements, TREC or BEIR (of --pool)")
    evaluate.add_argument("--split", help="of the folder's qrels (test)")
    evaluate.add_argument("--index", type=_path, metavar="DIR", help="judge this index")
    evaluate.add_argument(
        "--methods", help="between commas (hybrid,dense,lexical; fusion, vectors)"
    )
    evaluate.add_argument(
        "-k", "--k", type=_positive, help="documents ranked (100), or passages pooled (10)"
    )
    evaluate.add_argument("--model", action="append", help="may be given several times")
    evaluate.add_argument(
        "--noise", type=int, metavar="SEED", help="ask without accents and with one typing error"
    )
    evaluate.add_argument("--caution", choices=("low", "normal", "high"), help="of the answers")
    evaluate.add_argument("--cache", type=_path, metavar="DIR", help="where indexes are kept")
    evaluate.add_argument("--run-file", type=_path, metavar="FILE", help="write TREC runs")
    evaluate.add_argument("--per-query", type=_path, metavar="FILE", help="write JSON Lines")
    evaluate.add_argument("--report", type=_path, metavar="DIR", help="write a page, with plots")
    _json_option(evaluate)

    compare = command("compare", evaluating.compare, "compare two TREC runs")
    compare.add_argument("run_a", type=_path)
    compare.add_argument("run_b", type=_path)
    compare.add_argument("--qrels", type=_path, metavar="FILE", help="judgements, TREC or BEIR")
    compare.add_argument(
        "--dataset", type=_path, metavar="FOLDER", help="judgements, questions and texts (BEIR)"
    )
    compare.add_argument("--split", help="of the dataset's qrels (test)")
    compare.add_argument("--queries", type=_path, metavar="FILE", help="texts of the questions")
    compare.add_argument("--corpus", type=_path, metavar="FILE", help="texts: a corpus.jsonl")
    compare.add_argument("--index", type=_path, metavar="DIR", help="texts: of this index")
    compare.add_argument("--measure", default="nDCG@10", help="that orders the questions (nDCG@10)")
    compare.add_argument(
        "--shown", type=_positive, default=10, metavar="N", help="questions won and lost (10)"
    )
    _json_option(compare)


def _index_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--index", type=_path, default=Path("index"), metavar="DIR", help="index folder (index)"
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


def _path(text: str) -> Path:
    try:
        named = os.fsencode(text)
    except UnicodeEncodeError:
        named = b""
    if not named or b"\0" in named:
        raise argparse.ArgumentTypeError(worded("an empty name is no file or folder"))
    return Path(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(worded("{} is not a positive number", number))
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(worded("{} is not a port (1 to 65535)", number))
    return number
