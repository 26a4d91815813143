"""Train the network that finds answers in passages (``qa.answering.extraction``).

    python benchmarks/fit_extractor.py --data DATA

DATA is as for ``fit_answering.py``, which must run after this one. The network learns from the
training questions, but not from those of the articles that ``fit_answering.py`` fits on
(``held_out``): what it says of questions that it was trained on is surer than what it says of a
user's.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from fit_answering import Case, Corpora, answer_spans, ask, held_out, is_gold, trimmed
from safetensors.numpy import save_file

from qa.answering.extraction import PATH
from qa.french import split_sentences
from qa.records import Hit
from qa.tokens import Match
from qa.training.extraction import ExtractionSettings, Marked, MarkedQuestion, train_extractor

# What the similarity of a sentence's tokens and the score of its passage tell, in log-odds, about:
# the network learns what they do not tell.
TOKENS, PASSAGE, NOTHING = 20.0, 5.0, -17.0
SHOWN = 8  # passages of a question, at most


def mark(case: Case, hit: Hit, match: Match) -> Marked:
    text = hit.passage.text
    known = np.full(len(match.signs), match.found.max(axis=1).sum(), np.float32)
    starts = match.starts
    for start, end in split_sentences(text):
        known[(starts >= start) & (starts < end)] = match.score(start, end)
    known = TOKENS * known + PASSAGE * hit.score / case.hits[0].score + NOTHING
    answers = np.zeros(len(starts), bool)
    if is_gold(case, hit):
        ends = np.append(starts[1:], len(text))
        for start, end in answer_spans(text, case.answers):
            answers |= (starts < end) & (ends > start)
    return Marked(match, known, answers)


def mark_question(case: Case) -> MarkedQuestion | None:
    marked = [
        (is_gold(case, hit), mark(case, hit, case.match(hit)))
        for rank, hit in enumerate(case.hits)
        if rank < SHOWN or is_gold(case, hit)
    ]
    right = [passage for gold, passage in marked if gold and passage.answers.any()]
    wrong = tuple(passage for gold, passage in marked if not gold)
    return MarkedQuestion(right[0], wrong) if right else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        corpora = Corpora.make(options.data, Path(name))
        forgetting = corpora.forgetting()
        questions = []
        for line in corpora.train:
            if not held_out(line):
                case = ask(corpora.collection, line, "collection", "answerable", forgetting)
                marked = mark_question(trimmed(case, "answerable", []))
                if marked is not None:
                    questions.append(marked)
        print(f"{len(questions)} questions", flush=True)
        weights = train_extractor(
            questions, ExtractionSettings(), lambda told: print(told, flush=True)
        )
    about = {
        "command": "python benchmarks/fit_extractor.py --data DATA",
        "embedder": corpora.collection.embedder.fingerprint,
    }
    save_file(weights, PATH, metadata=about)


if __name__ == "__main__":
    main()
