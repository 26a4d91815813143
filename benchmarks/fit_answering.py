"""Fit and measure the models of ``qa.answering``: which sentence answers, and whether one does.

    python benchmarks/fit_answering.py --data DATA [--write]

DATA holds ``qa/piaf_train.jsonl.gz``, ``qa/piaf_dev.jsonl.gz`` and ``retrieval/piaf_dev``. Both
models are logistic, fitted on the training questions over the 1,225 passages of the development
collection; what is printed is measured on the development questions, which share no article with
them. Unanswerable questions are made in two ways: all passages of the question's article removed
("article"), and only the passage that answers removed ("near").
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import qa.answering as answering
from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.index import open_index, update_index
from qa.questions import Question, analyse_question
from qa.records import Hit
from qa.search import search_hybrid

OUTPUT = Path(answering.__file__).parent / "answering.json"
COMMAND = "python benchmarks/fit_answering.py --data DATA --write"
FALSE_ANSWERS = {"low": 0.2, "normal": 0.1, "high": 0.05}
# Log-odds below the best within which a sentence is quoted too: more quotes hold the answer more
# often and are longer to read. 1.0 quotes two sentences on average.
CLOSE = 1.0
DEPTH = 60  # hits before any passage is removed


@dataclass(frozen=True)
class Case:
    """A question with what was found for it, and the answers that count as right."""

    question: Question
    query: Any
    hits: list[Hit]
    answers: tuple[str, ...]
    context: str
    title: str


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def load_cases(assistant: Assistant, path: Path) -> list[Case]:
    index = assistant.index
    cases = []
    for line in read_lines(path):
        question = analyse_question(
            line["question"], index.manifest.passages, index.lexical.document_frequency
        )
        query = assistant.embedder.embed_questions([line["question"]])[0]
        cases.append(
            Case(
                question,
                query,
                search_hybrid(index, line["question"], query, DEPTH),
                tuple(answer["text"] for answer in line["answers"]),
                squeeze(line["context"]),
                line["title"],
            )
        )
    return cases


def squeeze(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def holds(text: str, answers: Sequence[str]) -> bool:
    return any(squeeze(answer) in squeeze(text) for answer in answers)


class CachingEmbedder:
    """Embeds each sentence once: the collection is small and asked thousands of questions."""

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


def rank(assistant: Assistant, case: Case, hits: Sequence[Hit], model: Any, compared: int) -> Any:
    return answering.rank_sentences(
        case.question, case.query, hits, assistant.embedder.embed_questions, model, compared
    )


def is_gold(case: Case, hit: Hit) -> bool:
    return squeeze(hit.passage.text) in case.context


def fit(features: list[dict[str, float]], labels: list[float]) -> dict[str, float]:
    names = list(features[0])
    matrix = np.array([[row[name] for name in names] for row in features])
    model = LogisticRegression(C=10.0, max_iter=1000).fit(matrix, labels)
    weights = {"intercept": float(model.intercept_[0])}
    weights |= dict(zip(names, map(float, model.coef_[0]), strict=True))
    return {name: round(value, 4) for name, value in weights.items()}


def fit_sentences(assistant: Assistant, cases: Sequence[Case], model: Any) -> dict[str, float]:
    features, labels = [], []
    for case in cases:
        if not any(is_gold(case, hit) for hit in case.hits[: answering.PASSAGES]):
            continue
        for candidate in rank(assistant, case, case.hits[:20], model, 40):
            features.append(asdict(candidate.signals))
            labels.append(
                float(is_gold(case, candidate.hit) and holds(candidate.text, case.answers))
            )
    return fit(features, labels)


def without(case: Case, kind: str, titles: dict[str, str]) -> list[Hit]:
    if kind == "article":
        kept = [h for h in case.hits if titles.get(squeeze(h.passage.text)) != case.title]
    else:
        kept = [h for h in case.hits if not is_gold(case, h)]
    return [replace(hit, rank=number) for number, hit in enumerate(kept[:20], 1)]


def question_rows(
    assistant: Assistant, cases: Sequence[Case], titles: dict[str, str], model: Any
) -> dict[str, list[dict[str, float]]]:
    rows: dict[str, list[dict[str, float]]] = {"answerable": [], "article": [], "near": []}
    for case in cases:
        for kind in rows:
            hits = case.hits[:20] if kind == "answerable" else without(case, kind, titles)
            ranked = rank(assistant, case, hits, model, answering.COMPARED)
            if ranked and case.question.terms:
                signals = answering.question_signals(case.question, hits, ranked)
                rows[kind].append(asdict(signals))
    return rows


def probabilities(rows: Sequence[dict[str, float]], model: Any) -> Any:
    return np.array(
        [answering.probability(answering.QuestionSignals(**row), model) for row in rows]
    )


def measure_sentences(assistant: Assistant, cases: Sequence[Case], model: Any) -> None:
    first = cited = inside = gold_cases = quotes = 0
    for case in cases:
        ranked = rank(assistant, case, case.hits[:20], model, answering.COMPARED)
        chosen = answering._choose(ranked, model.close)
        spans = [answering._cite(group, 1, "").quote for group in chosen]
        quotes += sum(map(len, chosen))
        first += bool(spans) and holds(spans[0], case.answers)
        cited += any(holds(span, case.answers) for span in spans)
        gold = [hit for hit in case.hits if is_gold(case, hit)]
        if gold:
            gold_cases += 1
            best = rank(assistant, case, gold[:1], model, answering.COMPARED)
            inside += bool(best) and holds(best[0].text, case.answers)
    number = len(cases)
    print(f"first quote holds the answer   {first / number:.3f}")
    print(f"some quote holds the answer    {cited / number:.3f}  ({quotes / number:.2f} sentences)")
    print(f"best sentence of the passage   {inside / gold_cases:.3f}")


def measure_refusals(
    rows: dict[str, list[dict[str, float]]], model: Any, thresholds: dict[str, float]
) -> None:
    answerable = probabilities(rows["answerable"], model)
    for kind in ("article", "near"):
        negative = probabilities(rows[kind], model)
        labels = [1] * len(answerable) + [0] * len(negative)
        area = roc_auc_score(labels, np.concatenate([answerable, negative]))
        limit = np.quantile(negative, 0.9)
        line = f"{kind:8} AUROC {area:.3f}  "
        line += f"kept at 10 % false answers {np.mean(answerable >= limit):.3f} "
        for name, threshold in thresholds.items():
            line += f" {name}: false {np.mean(negative >= threshold):.3f}"
        print(line)
    for name, threshold in thresholds.items():
        kept = np.mean(answerable >= threshold)
        print(f"caution {name:7} threshold {threshold:.3f} keeps {kept:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--index", type=Path, default=Path("build/piaf-index"))
    parser.add_argument("--limit", type=int, help="only so many training questions")
    parser.add_argument("--write", action="store_true", help=f"rewrite {OUTPUT.name}")
    options = parser.parse_args()

    embedder = CachingEmbedder(open_embedder())
    corpus = options.data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz"
    update_index(corpus, options.index, embedder)
    assistant = Assistant(open_index(options.index), embedder)
    train = load_cases(assistant, options.data / "qa" / "piaf_train.jsonl.gz")[: options.limit]
    dev = load_cases(assistant, options.data / "qa" / "piaf_dev.jsonl.gz")
    titles = {case.context: case.title for case in [*train, *dev]}

    model = answering.shipped_model()
    print("before, on the development questions")
    measure_sentences(assistant, dev, model)
    measure_refusals(question_rows(assistant, dev, titles, model), model, dict(model.thresholds))

    model = replace(model, sentence=fit_sentences(assistant, train, model), close=CLOSE)
    rows = question_rows(assistant, train, titles, model)
    features = [*rows["answerable"], *rows["article"], *rows["near"]]
    labels = [1.0] * len(rows["answerable"]) + [0.0] * (len(rows["article"]) + len(rows["near"]))
    model = replace(model, question=fit(features, labels))
    negatives = probabilities([*rows["article"], *rows["near"]], model)
    thresholds = {
        name: round(float(np.quantile(negatives, 1 - share)), 4)
        for name, share in FALSE_ANSWERS.items()
    }
    model = replace(model, thresholds=thresholds)
    print("after, on the development questions")
    measure_sentences(assistant, dev, model)
    measure_refusals(question_rows(assistant, dev, titles, model), model, thresholds)
    content = {"command": COMMAND, "embedder": embedder.fingerprint, **asdict(model)}
    print(json.dumps(content, indent=1))
    if options.write:
        OUTPUT.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
