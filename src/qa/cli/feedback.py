"""The command ``feedback``: what readers said of the web chat's answers, as judgements."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from qa.cli.printing import print_json
from qa.messages import worded


def feedback(options: argparse.Namespace) -> int:
    """Tell the verdicts, or write them as the files that ``qa eval`` reads."""
    from qa.web.feedback import export_judgements, read_verdicts

    verdicts = read_verdicts(options.index)
    if options.export is not None:
        from qa.index import open_index

        written = export_judgements(verdicts, open_index(options.index), options.export)
        if options.json:
            print_json({"folder": str(options.export), **asdict(written)})
        else:
            print(
                worded(
                    "{} questions with {} judged documents: qa eval {} --index {}",
                    written.queries,
                    written.judgements,
                    options.export,
                    options.index,
                )
            )
            print(
                worded(
                    "{} questions with what was useful: qa eval --answers {} --index {}",
                    written.answers,
                    options.export / "answers.jsonl",
                    options.index,
                )
            )
        return 0
    if options.json:
        print_json({"verdicts": [asdict(verdict) for verdict in verdicts]})
        return 0
    for verdict in verdicts:
        said = worded("useful") if verdict.liked else worded("not useful")
        print(f"{said:>10}  {verdict.question}")
    liked = sum(verdict.liked for verdict in verdicts)
    disliked = len(verdicts) - liked
    print(worded("{} verdicts: {} useful, {} not useful.", len(verdicts), liked, disliked))
    return 0
