"""Measure search, answers and conversations on all development sets, in three tables.

    python benchmarks/natural.py --data DATA [--only PART ...] [--sets NAME ...] [--plain] [--json]

DATA is the folder of training and development data. Its sets: every folder of ``natural/dev`` and,
here, of ``data/unseen``; every BEIR folder of ``retrieval`` (search alone); PIAF's development
questions, answered from the passages of ``retrieval/piaf_dev`` under the titles of their articles
(``piaf_dev titled``); our own questions and conversations on the demonstration corpus (``corpus``).
With ``--plain`` conversations are typed without accents and question marks. Indexes are kept in the
cache folder of ``qa eval``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.evaluation import (
    PRIMARY,
    AnswerEvaluation,
    AnswerQuestion,
    Conversation,
    ConversationEvaluation,
    Dataset,
    Evaluation,
    evaluate,
    evaluate_answers,
    evaluate_conversations,
    load_dataset,
    read_answer_questions,
    read_conversations,
)
from qa.evaluation.cache import open_cached_index
from qa.evaluation.confidence import Estimate
from qa.evaluation.gold import NO_KIND
from qa.evaluation.tables import align
from qa.evaluation.turns import CITED, CITED_OR_WITHHELD, REFUSED, WAYS
from qa.french import split_sentences
from qa.noise import without_accents

ROOT = Path(__file__).parent.parent
PARTS = ("retrieval", "answers", "conversations")
METHODS = ("vectors", "dense", "fusion", "lexical", "hybrid")
NOISE = 1  # seed of the noised questions


@dataclass(frozen=True)
class DevelopmentSet:
    """Documents, and what is asked of them; search is measured where something is judged."""

    dataset: Dataset
    questions: tuple[AnswerQuestion, ...] = ()
    conversations: tuple[Conversation, ...] = ()

    @property
    def parts(self) -> dict[str, bool]:
        """Whether each part of the measurements has something to ask."""
        held = (self.dataset.judgements, self.questions, self.conversations)
        return {part: bool(found) for part, found in zip(PARTS, held, strict=True)}


def development_sets(data: Path, scratch: Path) -> Iterator[DevelopmentSet]:
    """All sets; ``scratch`` takes files that are made of others."""
    for parent in (data / "natural" / "dev", ROOT / "benchmarks" / "data" / "unseen"):
        yield from map(natural_set, sorted(path for path in parent.iterdir() if path.is_dir()))
    for folder in sorted((data / "retrieval").iterdir()):
        yield DevelopmentSet(load_dataset(folder))
    yield piaf_set(data, scratch)
    yield own_set(ROOT)


def natural_set(folder: Path) -> DevelopmentSet:
    """A folder with docs.jsonl, qa.jsonl and conversations.jsonl."""
    questions = read_answer_questions(folder / "qa.jsonl")
    conversations = read_conversations(folder / "conversations.jsonl")
    return DevelopmentSet(load_dataset(folder), questions, conversations)


def plainly(conversation: Conversation) -> Conversation:
    """The conversation as typed without accents and question marks; written out, it stays."""
    turns = (
        replace(turn, question=without_accents(turn.question).replace("?", "").strip())
        for turn in conversation.turns
    )
    return replace(conversation, turns=tuple(turns))


def own_set(root: Path) -> DevelopmentSet:
    """The demonstration corpus with the questions and conversations of the tests."""
    questions = read_answer_questions(root / "tests" / "data" / "questions.jsonl")
    asked = [item for item in questions if item.document is not None]
    corpus = root / "corpus"
    contents = b"".join(path.read_bytes() for path in sorted(corpus.iterdir()))
    dataset = Dataset(
        name="corpus",
        corpus=corpus,
        queries={item.id: item.question for item in asked},
        judgements={item.id: {str(item.document): 1} for item in asked},
        corpus_digest=hashlib.sha256(contents).hexdigest(),
    )
    conversations = read_conversations(root / "tests" / "data" / "conversations.jsonl")
    return DevelopmentSet(dataset, questions, conversations)


def piaf_set(data: Path, scratch: Path) -> DevelopmentSet:
    """PIAF's development questions over all its passages, each under its article's title."""
    asked = list(read_lines(data / "qa" / "piaf_dev.jsonl.gz"))
    titles = {
        squeeze(line["context"]): line["title"]
        for line in [*asked, *read_lines(data / "qa" / "piaf_train.jsonl.gz")]
    }
    passages = [
        {**line, "title": titles.get(squeeze(line["text"]), "")}
        for line in read_lines(data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz")
    ]
    identifiers = {squeeze(line["text"]): line["_id"] for line in passages}
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in passages)
    corpus = scratch / "piaf.jsonl"
    corpus.write_text(text, "utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    dataset = Dataset("piaf_dev titled", corpus, {}, {}, corpus_digest=digest)
    questions = tuple(
        AnswerQuestion(
            id=line["id"],
            question=line["question"],
            answerable=True,
            kind=NO_KIND,
            answers=tuple(answer["text"] for answer in line["answers"]),
            evidence=tuple(evidence_of(line)),
            document=identifiers[squeeze(line["context"])],
        )
        for line in asked
    )
    return DevelopmentSet(dataset, questions)


def evidence_of(line: dict[str, Any]) -> Iterator[str]:
    """The sentence in which each answer of a PIAF question begins."""
    for answer in line["answers"]:
        for start, end in split_sentences(line["context"]):
            if start <= answer["start"] < end:
                yield line["context"][start:end].strip()


def squeeze(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


@dataclass(frozen=True)
class Measured:
    """What was found in one set."""

    name: str
    retrieval: tuple[Evaluation, ...] = ()  # clean, then noised
    answers: AnswerEvaluation | None = None
    conversations: ConversationEvaluation | None = None


def measure(found: DevelopmentSet, assistant: Assistant, parts: Sequence[str] = PARTS) -> Measured:
    """Measure the parts that a set has something for."""
    wanted = [part for part, held in found.parts.items() if held and part in parts]
    index, embedder, name = assistant.index, assistant.embedder, found.dataset.name
    measured = Measured(name)
    if "retrieval" in wanted:
        measured = replace(
            measured,
            retrieval=tuple(
                evaluate(found.dataset, METHODS, 10, index, embedder, noise_seed=seed)
                for seed in (None, NOISE)
            ),
        )
    if "answers" in wanted:
        answers = evaluate_answers(found.questions, assistant, name=name)
        measured = replace(measured, answers=answers)
    if "conversations" in wanted:
        conversations = evaluate_conversations(found.conversations, assistant, name=name)
        measured = replace(measured, conversations=conversations)
    return measured


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def retrieval_table(measured: Sequence[Measured]) -> str:
    """nDCG@10 of every method, clean and noised, and the mean over the sets."""
    rows = [[f"{PRIMARY} x 100", "questions", *METHODS]]
    means: list[list[float]] = []
    for found in measured:
        for label, evaluation in zip(("", " noised"), found.retrieval, strict=False):
            means.append([evaluation.scores[method].means()[PRIMARY] for method in METHODS])
            count = str(len(evaluation.questions))
            rows.append([found.name + label, count, *map(percent, means[-1])])
    every = [sum(column) / len(means) for column in zip(*means, strict=True)]
    return align([*rows, ["mean", "", *map(percent, every)]])


def answer_table(measured: Sequence[Measured]) -> str:
    """Shares x 100 of answers and refusals; quotes in characters and a number an answer."""
    header = "some quote|first quote|answered|some, unrefused|first, unrefused|on evidence|"
    header += "near answered|far answered|AUROC near|AUROC far|length|quotes"
    rows = [["x 100", "questions", *header.split("|")]]
    for found in measured:
        answers = found.answers
        if answers is None:
            continue
        shares = (
            answers.accuracy,
            answers.accuracy_first,
            answers.falsely_refused.rest,
            answers.unrefused,
            answers.unrefused_first,
            answers.citation_precision,
        )
        # Our own set has names of its own for the two kinds.
        near, far = (
            next((kind for kind in answers.refused_by_kind if kind.startswith(names)), "")
            for names in (("near",), ("far", "off"))
        )
        refused = [answers.refused_by_kind.get(kind) for kind in (near, far)]
        areas = [answers.auroc_by_kind.get(kind, Estimate(None, None)) for kind in (near, far)]
        rows.append(
            [
                found.name,
                str(len(answers.judged)),
                *(percent(share.value) for share in shares),
                *("-" if share is None else percent(share.rest.value) for share in refused),
                *(percent(area.value) for area in areas),
                "-" if answers.quote_length is None else f"{answers.quote_length:.0f}",
                "-" if answers.quotes is None else f"{answers.quotes:.2f}",
            ]
        )
    return align(rows)


def conversation_table(measured: Sequence[Measured]) -> str:
    """For each set, place and measure: as typed, after the turns before, written out."""
    rows = [["x 100", "turns", *WAYS, "gap recovered", "harm"]]
    for measure in ("nDCG@5", CITED, CITED_OR_WITHHELD, REFUSED):
        for found in measured:
            if found.conversations is None:
                continue
            for place, group in found.conversations.by_place.items():
                if measure not in group.turns or place == "first":
                    continue
                rows.append(
                    [
                        f"{found.name}, {place}: {measure}",
                        str(group.turns[measure]),
                        *(percent(group.means[way][measure].value) for way in WAYS),
                        percent(group.recovered[measure].value),
                        percent(group.harm[measure].value),
                    ]
                )
    return align(rows)


TABLES: dict[str, Callable[[Sequence[Measured]], str]] = {
    "retrieval": retrieval_table,
    "answers": answer_table,
    "conversations": conversation_table,
}


def to_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """Of every set, what ``qa eval --json`` prints for each part."""
    told: dict[str, Any] = {}
    for found in measured:
        parts = told[found.name] = {}
        if found.retrieval:
            clean, noised = found.retrieval
            parts["retrieval"] = {"clean": clean.to_json(), "noised": noised.to_json()}
        if found.answers is not None:
            parts["answers"] = found.answers.to_json()
        if found.conversations is not None:
            parts["conversations"] = found.conversations.to_json()
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument("--sets", nargs="+", metavar="NAME", help="of the development sets")
    parser.add_argument("--model", help="another embedding model")
    parser.add_argument("--plain", action="store_true", help="conversations without accents and ?")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    embedder = open_embedder(options.model)
    measured = []
    with tempfile.TemporaryDirectory() as scratch:
        for found in development_sets(options.data, Path(scratch)):
            name = found.dataset.name
            asked = any(held and part in options.only for part, held in found.parts.items())
            if not asked or (options.sets and name not in options.sets):
                continue
            print(f"{name} …", file=sys.stderr)
            if options.plain:
                found = replace(found, conversations=tuple(map(plainly, found.conversations)))
            index, _ = open_cached_index(found.dataset, embedder)
            measured.append(measure(found, Assistant(index, embedder), options.only))
            index.close()
    if options.json:
        print(json.dumps(to_json(measured), ensure_ascii=False))
        return
    for part in options.only:
        print(f"\n{TABLES[part](measured)}")


if __name__ == "__main__":
    main()
