"""Fit and measure the models of ``qa.answering``: which sentence answers, and whether one does.

    python benchmarks/fit_answering.py --data DATA [--write]

DATA holds ``qa/piaf_train.jsonl.gz``, ``qa/piaf_dev.jsonl.gz`` and ``retrieval/piaf_dev``. Both
models are logistic, fitted on the training questions and measured on the development questions,
which share no article with them. So that they carry over to other corpora, questions are asked in
corpora of two sizes, each passage under the title of its article as documents have one:
"collection", all 1,225 passages; "article", the passages of one article, where every passage is
near the topic. Unanswerable questions are made in three ways: "absent", the question's article is
not there (in an article's corpus: a question about the next article); "near", only the passage that
answers is removed; "hole", only the sentences that hold the answer are: the passage is about the
very topic and does not answer.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import qa.answering as answering
from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.french import split_sentences
from qa.index import open_index, update_index
from qa.questions import Question, analyse_question
from qa.records import Hit
from qa.search import search_hybrid

OUTPUT = Path(answering.__file__).parent / "answering.json"
COMMAND = "python benchmarks/fit_answering.py --data DATA --write"
# Shares of unanswerable questions ("absent" and "near") that may get an answer, by caution.
FALSE_ANSWERS = {"low": 0.2, "normal": 0.1, "high": 0.05}
# Log-odds below the best within which a sentence is quoted too: more quotes hold the answer more
# often and are longer to read.
CLOSE = 1.2
# Weight of the questions with a hole: they teach what a passage on the very topic lacks, but no
# signal tells them well, so that at full weight the other unanswerable ones are told less well.
HOLES = 0.3
DEPTH = 60  # hits before any passage is removed
KEPT = 20  # hits that an answer is made from
SMALLEST = 5  # passages of an article that is a corpus of its own

Line = Mapping[str, Any]
Row = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A question as asked in one corpus, and what was found; ``kind`` as in the module's text."""

    scale: str
    kind: str
    question: Question
    query: Any
    hits: list[Hit]
    answers: tuple[str, ...]
    context: str


class CachingEmbedder:
    """Embeds each text once: the collection is small and asked thousands of questions."""

    def __init__(self, embedder: Any):
        self._embedder = embedder
        self._vectors: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_questions(self, texts: Sequence[str]) -> Any:
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors |= zip(new, self._embedder.embed_questions(new), strict=True)
        return np.stack([self._vectors[text] for text in texts])

    def embed_passages(self, texts: Sequence[str], _: Any = None) -> Any:
        return self.embed_questions(texts)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def squeeze(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def holds(text: str, answers: Sequence[str]) -> bool:
    return any(squeeze(answer) in squeeze(text) for answer in answers)


def is_gold(case: Case, hit: Hit) -> bool:
    return squeeze(hit.passage.text) in case.context


def make_assistant(folder: Path, name: str, passages: Sequence[Line], embedder: Any) -> Assistant:
    corpus = folder / f"{name}.jsonl"
    with corpus.open("w", encoding="utf-8") as file:
        for passage in passages:
            file.write(json.dumps(dict(passage), ensure_ascii=False) + "\n")
    update_index(corpus, folder / name, embedder)
    return Assistant(open_index(folder / name), embedder)


def ask(assistant: Assistant, line: Line, scale: str, kind: str) -> Case:
    index = assistant.index
    question = analyse_question(
        line["question"], index.manifest.passages, index.lexical.document_frequency
    )
    query = assistant.embedder.embed_questions([line["question"]])[0]
    return Case(
        scale,
        kind,
        question,
        query,
        search_hybrid(index, line["question"], query, DEPTH),
        tuple(answer["text"] for answer in line["answers"]),
        squeeze(line["context"]),
    )


def trimmed(case: Case, kind: str, removed: Sequence[Hit]) -> Case:
    gone = {hit.row for hit in removed}
    kept = [hit for hit in case.hits if hit.row not in gone][:KEPT]
    hits = [replace(hit, rank=number) for number, hit in enumerate(kept, 1)]
    return replace(case, kind=kind, hits=hits)


def with_hole(case: Case) -> Case:
    """The case without any sentence that holds an answer, in the passages that were found."""
    hits = []
    for hit in case.hits[:KEPT]:
        text = hit.passage.text
        if is_gold(case, hit):
            spans = (text[start:end] for start, end in split_sentences(text))
            text = "".join(span for span in spans if not holds(span, case.answers))
        if text.strip():
            hits.append(replace(hit, passage=replace(hit.passage, text=text)))
    return replace(case, kind="hole", hits=hits)


def make_cases(
    collection: Assistant, articles: Mapping[str, Assistant], lines: Sequence[Line]
) -> Iterator[Case]:
    names = list(articles)
    following = dict(zip(names, [*names[1:], *names[:1]], strict=True))
    for line in lines:
        case = ask(collection, line, "collection", "answerable")
        yield trimmed(case, "answerable", [])
        yield trimmed(case, "near", [hit for hit in case.hits if is_gold(case, hit)])
        yield with_hole(case)
        own = [hit for hit in case.hits if hit.passage.title == line["title"]]
        yield trimmed(case, "absent", own)
        if line["title"] in articles:
            case = ask(articles[line["title"]], line, "article", "answerable")
            yield trimmed(case, "answerable", [])
            yield trimmed(case, "near", [hit for hit in case.hits if is_gold(case, hit)])
            yield with_hole(case)
            yield ask(articles[following[line["title"]]], line, "article", "absent")


def rank(embedder: Any, case: Case, model: Any, compared: int = answering.COMPARED) -> Any:
    return answering.rank_sentences(
        case.question, case.query, case.hits, embedder.embed_questions, model, compared
    )


def fit(
    features: Sequence[Row], labels: Sequence[float], weights: Sequence[float] | None = None
) -> Row:
    names = list(features[0])
    matrix = np.array([[row[name] for name in names] for row in features])
    model = LogisticRegression(C=1.0, max_iter=2000).fit(matrix, labels, weights)
    coefficients = {"intercept": float(model.intercept_[0])}
    coefficients |= dict(zip(names, map(float, model.coef_[0]), strict=True))
    return {name: round(value, 4) for name, value in coefficients.items()}


def fit_sentences(embedder: Any, cases: Sequence[Case], model: Any) -> Row:
    features: list[Row] = []
    labels: list[float] = []
    for case in cases:
        ranked = rank(embedder, case, model, compared=40)
        right = [
            is_gold(case, candidate.hit) and holds(candidate.text, case.answers)
            for candidate in ranked
        ]
        if any(right):
            features += [asdict(candidate.signals) for candidate in ranked]
            labels += map(float, right)
    return fit(features, labels)


def question_rows(
    embedder: Any, cases: Sequence[Case], model: Any
) -> dict[tuple[str, str], list[Row]]:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for case in cases:
        ranked = rank(embedder, case, model) if case.hits else []
        if ranked and case.question.terms:
            signals = answering.question_signals(case.question, case.hits, ranked)
            rows[case.scale, case.kind].append(asdict(signals))
    return rows


def probabilities(rows: Sequence[Row], model: Any) -> Any:
    signals = (answering.QuestionSignals(**row) for row in rows)
    return np.array([answering.probability(signal, model) for signal in signals])


def measure_sentences(embedder: Any, cases: Sequence[Case], model: Any) -> None:
    for scale in ("collection", "article"):
        first = cited = sentences = inside = golds = number = 0
        for case in cases:
            if (case.scale, case.kind) != (scale, "answerable"):
                continue
            number += 1
            chosen = answering._choose(rank(embedder, case, model), model.close)
            quotes = [answering._cite(group, 1, "").quote for group in chosen]
            sentences += sum(map(len, chosen))
            first += bool(quotes) and holds(quotes[0], case.answers)
            cited += any(holds(quote, case.answers) for quote in quotes)
            gold = [hit for hit in case.hits if is_gold(case, hit)][:1]
            if gold:
                golds += 1
                best = rank(embedder, replace(case, hits=gold), model)
                inside += bool(best) and holds(best[0].text, case.answers)
        print(
            f"{scale:10} {number} questions: first quote holds the answer {first / number:.3f}, "
            f"some quote {cited / number:.3f} ({sentences / number:.2f} sentences), "
            f"the best sentence of the right passage {inside / golds:.3f}"
        )


def measure_refusals(rows: Mapping[tuple[str, str], list[Row]], model: Any) -> dict[str, Any]:
    """Print the figures by scale and kind; returns those of the caution levels, by scale."""
    measured: dict[str, Any] = {}
    for scale in ("collection", "article"):
        answerable = probabilities(rows[scale, "answerable"], model)
        measured[scale] = {
            kind: {
                name: round(float(np.mean(probabilities(rows[scale, kind], model) >= threshold)), 3)
                for name, threshold in model.thresholds.items()
            }
            for kind in ("answerable", "absent", "near", "hole")
        }
        for kind in ("absent", "near", "hole"):
            negative = probabilities(rows[scale, kind], model)
            labels = [1] * len(answerable) + [0] * len(negative)
            area = roc_auc_score(labels, np.concatenate([answerable, negative]))
            kept = np.mean(answerable >= np.quantile(negative, 0.9))
            false = ", ".join(
                f"{name} {np.mean(negative >= threshold):.3f}"
                for name, threshold in model.thresholds.items()
            )
            print(
                f"{scale:10} {kind:6} AUROC {area:.3f}, answerable kept at 10 % false answers "
                f"{kept:.3f}; false answers by caution: {false}"
            )
        kept_by = ", ".join(
            f"{name} {np.mean(answerable >= threshold):.3f}"
            for name, threshold in model.thresholds.items()
        )
        print(f"{scale:10} answerable kept by caution: {kept_by}")
    return measured


def fit_model(embedder: Any, cases: Sequence[Case], model: Any) -> Any:
    answerable = [case for case in cases if case.kind == "answerable"]
    model = replace(model, sentence=fit_sentences(embedder, answerable, model), close=CLOSE)
    rows = question_rows(embedder, cases, model)
    features = [row for group in rows.values() for row in group]
    labels = [float(kind == "answerable") for (_, kind), group in rows.items() for _ in group]
    weights = [HOLES if kind == "hole" else 1.0 for (_, kind), group in rows.items() for _ in group]
    model = replace(model, question=fit(features, labels, weights))
    negative = probabilities(
        [row for (_, kind), group in rows.items() if kind in {"absent", "near"} for row in group],
        model,
    )
    thresholds = {
        name: round(float(np.quantile(negative, 1 - share)), 4)
        for name, share in FALSE_ANSWERS.items()
    }
    return replace(model, thresholds=thresholds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="only every n-th training question")
    parser.add_argument("--write", action="store_true", help=f"rewrite {OUTPUT.name}")
    options = parser.parse_args()

    train = list(read_lines(options.data / "qa" / "piaf_train.jsonl.gz"))[:: options.every]
    dev = list(read_lines(options.data / "qa" / "piaf_dev.jsonl.gz"))
    every = [
        *read_lines(options.data / "qa" / "piaf_train.jsonl.gz"),
        *dev,
    ]
    titles = {squeeze(line["context"]): line["title"] for line in every}
    passages = [
        {**line, "title": titles.get(squeeze(line["text"]), "")}
        for line in read_lines(options.data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz")
    ]
    by_title: dict[str, list[Line]] = defaultdict(list)
    for passage in passages:
        by_title[passage["title"]].append(passage)

    embedder = CachingEmbedder(open_embedder())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collection = make_assistant(folder, "collection", passages, embedder)
        articles = {
            title: make_assistant(folder, f"article{number}", group, embedder)
            for number, (title, group) in enumerate(by_title.items())
            if title and len(group) >= SMALLEST
        }
        cases = list(make_cases(collection, articles, train))
        dev_cases = list(make_cases(collection, articles, dev))
        model = answering.shipped_model()
        for label in ("before", "after"):
            if label == "after":
                model = fit_model(embedder, cases, model)
            print(f"--- {label}, on the development questions")
            measure_sentences(embedder, dev_cases, model)
            measured = measure_refusals(question_rows(embedder, dev_cases, model), model)
            model = replace(model, measured=measured)
    command = COMMAND + (f" --every {options.every}" if options.every > 1 else "")
    content = {"command": command, "embedder": embedder.fingerprint, **asdict(model)}
    print(json.dumps(content, indent=1))
    if options.write:
        OUTPUT.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
