"""Fit and measure the models of ``qa.answering``: which sentence answers, and whether one does.

    python benchmarks/fit_answering.py --data DATA [--write | --measure]

DATA holds ``qa/piaf_train.jsonl.gz``, ``qa/piaf_dev.jsonl.gz`` and ``retrieval/piaf_dev``. All
models are fitted on the training questions and measured on the development questions, which share
no article with them. So that they carry over to other corpora, questions are asked in
corpora of two sizes, each passage under the title of its article as documents have one:
"collection", all 1,225 passages; "article", the passages of one article, where every passage is
near the topic. Unanswerable questions are made in three ways: "absent", the question's article is
not there (in an article's corpus: a question about the next article); "near", only the passage that
answers is removed; "hole", only the sentences that hold the answer are: the passage is about the
very topic and does not answer.

The embedding model may have been trained on the training questions with their passages, and then
finds them better than it finds any user's: weights fitted on that trust it too much. So each
training question's vector first forgets a part of its own passage (``Forgetting``), until that
passage leads the best other one by as much, and as unevenly, as on the development questions. These
two numbers are all that is taken from the development questions.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from qa.answering.sentences import ENTITY_KINDS, Candidate, SentenceSignals
from qa.matching import Matcher
from qa.questions import Question, analyse_question
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from qa.answering import model as models
from qa.answering import selection
from qa.answering.model import linear, logistic, shipped_model
from qa.answering.refusal import QuestionSignals, question_signals, within
from qa.assistant import Assistant
from qa.embedding import Embedded, Query, open_embedder
from qa.evaluation.gold import contains
from qa.french import split_sentences
from qa.index import open_index, update_index
from qa.records import Hit
from qa.search import (
    COMPARED,
    FUSED_SHARE,
    READ,
    TOKENS_SHARE,
    match_text,
    reading_score,
    scale_by_best,
    search_fusion,
)
from qa.tokens import Match

OUTPUT = models.PATH
COMMAND = "python benchmarks/fit_answering.py --data DATA --write"
# Shares of unanswerable questions ("absent" and "near") that may get an answer, by caution.
FALSE_ANSWERS = {"low": 0.2, "normal": 0.1, "high": 0.05}
# Probabilities from which a further sentence is quoted: more quotes hold the answer more often and
# are longer to read. A sentence beside a quoted one costs little, another source more.
# From ENOUGH on, together, no further one is.
BESIDE, ELSEWHERE, ENOUGH = 0.02, 0.07, 0.85
# Share of the emphasised short answers that must be right; on the training questions.
EMPHASISED = 0.85
# Weight of the questions with a hole: they teach what a passage on the very topic lacks, but no
# signal tells them well, so that at full weight the other unanswerable ones are told less well.
HOLES = 0.3
EXTREME = 0.01  # share of the training questions beyond each end of a signal's range
PENALTY = 100.0  # of the refusal's coefficients, in units of their signals' spread
DEPTH = 80  # hits before any passage is removed
EVERYWHERE = -sys.maxsize, sys.maxsize  # in a passage, its titles included
KEPT = 20  # hits that an answer is made from
HELD_OUT = 4  # one in so many articles
SMALLEST = 5  # passages of an article that is a corpus of its own

Line = Mapping[str, Any]
Row = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A question as asked in one corpus, and what was found; ``kind`` as in the module's text."""

    scale: str
    kind: str
    question: Question
    match: Callable[[Hit], Match]
    hits: list[Hit]
    answers: tuple[str, ...]
    context: str


class CachingEmbedder:
    """Embeds each text once: the collection is small and asked thousands of questions."""

    def __init__(self, embedder: Any):
        self._embedder = embedder
        self._questions: dict[str, Query] = {}
        self._passages: dict[str, tuple[Any, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_questions(self, texts: Sequence[str]) -> list[Query]:
        new = [text for text in dict.fromkeys(texts) if text not in self._questions]
        if new:
            self._questions |= zip(new, self._embedder.embed_questions(new), strict=True)
        return [self._questions[text] for text in texts]

    def embed_passages(self, texts: Sequence[str], _: Any = None) -> Embedded:
        new = [text for text in dict.fromkeys(texts) if text not in self._passages]
        if new:
            made = self._embedder.embed_passages(new)
            self._passages |= zip(new, zip(made.vectors, made.signs, strict=True), strict=True)
        found = [self._passages[text] for text in texts]
        return Embedded(np.stack([v for v, _ in found]), tuple(signs for _, signs in found))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def squeeze(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def holds(text: str, answers: Sequence[str]) -> bool:
    return any(squeeze(answer) in squeeze(text) for answer in answers)


def answer_spans(text: str, answers: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where a text has an answer, whatever stands between its letters and digits."""
    letters = [(i, c) for i, character in enumerate(text) for c in character.lower()]
    places = [i for i, character in letters if character.isalnum()]
    squeezed = squeeze(text)
    for answer in filter(None, map(squeeze, answers)):
        start = squeezed.find(answer)
        while start >= 0:
            yield places[start], places[start + len(answer) - 1] + 1
            start = squeezed.find(answer, start + 1)


def is_gold(case: Case, hit: Hit) -> bool:
    return squeeze(hit.passage.text) in case.context


def make_assistant(folder: Path, name: str, passages: Sequence[Line], embedder: Any) -> Assistant:
    corpus = folder / f"{name}.jsonl"
    with corpus.open("w", encoding="utf-8") as file:
        for passage in passages:
            file.write(json.dumps(dict(passage), ensure_ascii=False) + "\n")
    update_index(corpus, folder / name, embedder)
    return Assistant(open_index(folder / name), embedder)


@dataclass(frozen=True)
class Forgetting:
    """How much of its passage's vector a training question's loses: normal, mean and spread."""

    mean: float
    spread: float

    def apply(self, query: Any, passage: Any, name: str) -> Any:
        amount = np.random.default_rng(zlib.crc32(name.encode())).normal(self.mean, self.spread)
        changed = query - amount * passage
        return (changed / np.linalg.norm(changed)).astype(np.float32)


def held_out(line: Line) -> bool:
    """Whether a training question is of the articles that answers are fitted on; the network that
    finds answers (``fit_extractor.py``) learns from the others."""
    return zlib.crc32(line["title"].encode()) % HELD_OUT == 0


@dataclass(frozen=True)
class Corpora:
    """The questions, all passages as one corpus, and those of each article as one."""

    train: Sequence[Line]
    dev: Sequence[Line]
    collection: Assistant
    articles: Mapping[str, Assistant]

    @classmethod
    def make(cls, data: Path, folder: Path) -> Corpora:
        train = list(read_lines(data / "qa" / "piaf_train.jsonl.gz"))
        dev = list(read_lines(data / "qa" / "piaf_dev.jsonl.gz"))
        titles = {squeeze(line["context"]): line["title"] for line in [*train, *dev]}
        passages = [
            {**line, "title": titles.get(squeeze(line["text"]), "")}
            for line in read_lines(data / "retrieval" / "piaf_dev" / "corpus.jsonl.gz")
        ]
        by_title: dict[str, list[Line]] = defaultdict(list)
        for passage in passages:
            by_title[passage["title"]].append(passage)
        embedder = CachingEmbedder(open_embedder())
        collection = make_assistant(folder, "collection", passages, embedder)
        articles = {
            title: make_assistant(folder, f"article{number}", group, embedder)
            for number, (title, group) in enumerate(by_title.items())
            if title and len(group) >= SMALLEST
        }
        return cls(train, dev, collection, articles)

    def forgetting(self) -> Forgetting:
        return measure_forgetting(self.collection, self.train, self.dev)


def passage_leads(collection: Assistant, lines: Sequence[Line]) -> tuple[Any, Any]:
    """How far the right passage's cosine is above the best other one's; the cosine of the two."""
    rows = range(collection.index.manifest.passages)
    vectors = collection.index.dense.vectors(np.array(rows))
    texts = [squeeze(passage.text) for passage in collection.index.passages(rows)]
    own: dict[str, Any] = {}
    leads, alike = [], []
    for line in lines:
        context = squeeze(line["context"])
        if context not in own:
            own[context] = np.array([text in context for text in texts])
        if not own[context].any():
            continue
        cosines = vectors @ collection.embedder.embed_questions([line["question"]])[0].vector
        best = int(np.where(own[context], cosines, -2).argmax())
        other = int(np.where(own[context], -2, cosines).argmax())
        leads.append(cosines[best] - cosines[other])
        alike.append(vectors[best] @ vectors[other])
    return np.array(leads), float(np.mean(alike))


def measure_forgetting(
    collection: Assistant, train: Sequence[Line], dev: Sequence[Line]
) -> Forgetting:
    """None when the training questions are no easier for the embedding model than others."""
    known, alike = passage_leads(collection, train)
    unknown, _ = passage_leads(collection, dev)
    mean = max(0.0, float(known.mean() - unknown.mean())) / (1 - alike)
    spread = max(0.0, float(unknown.var() - known.var())) ** 0.5 / (1 - alike)
    print(
        f"the right passage leads by {known.mean():.3f} (spread {known.std():.3f}, first for "
        f"{(known > 0).mean():.3f}) on training questions, by {unknown.mean():.3f} "
        f"({unknown.std():.3f}, {(unknown > 0).mean():.3f}) on others: each forgets "
        f"{mean:.3f} +- {spread:.3f} of it"
    )
    return Forgetting(mean, spread)


def ask(
    assistant: Assistant, line: Line, scale: str, kind: str, forgetting: Forgetting | None
) -> Case:
    index = assistant.index
    question = analyse_question(
        line["question"], index.manifest.passages, index.lexical.document_frequency
    )
    embedder: Any = assistant.embedder
    query = embedder.embed_questions([line["question"]])[0]
    if forgetting is not None:
        passage = f"{line['title']}\n{line['context']}"
        own = embedder.embed_passages([passage]).vectors[0]
        query = replace(query, vector=forgetting.apply(query.vector, own, line["id"]))

    def match(hit: Hit) -> Match:
        # Not the signs of the index: a passage may have lost sentences.
        signs = embedder.embed_passages([hit.passage.index_text]).signs[0]
        return match_text(query.tokens, hit.passage, signs, embedder)

    return Case(
        scale,
        kind,
        question,
        match,
        search_fusion(index, line["question"], query, DEPTH),
        tuple(answer["text"] for answer in line["answers"]),
        squeeze(line["context"]),
    )


def trimmed(case: Case, kind: str, removed: Sequence[Hit]) -> Case:
    """The case as if some passages were not there, its hits ranked by their tokens too."""
    gone = {hit.row for hit in removed}
    return reranked(replace(case, kind=kind, hits=[h for h in case.hits if h.row not in gone]))


def reranked(case: Case) -> Case:
    """As ``qa.search`` ranks."""
    first = case.hits[:COMPARED]
    tokens = np.array([case.match(hit).score(*EVERYWHERE) for hit in first], dtype=np.float32)
    # Fused scores are relative to the best one, which may have been removed.
    scores = FUSED_SHARE * scale_by_best(np.array([hit.score for hit in first], dtype=np.float32))
    scores += TOKENS_SHARE * np.maximum(tokens, 0)
    matcher = Matcher(case.question.terms)
    for i in np.argsort(-scores, kind="stable")[:READ]:
        scores[i] += reading_score(matcher, first[i].passage)
    order = np.argsort(-scores, kind="stable")[:KEPT]
    hits = [
        replace(first[i], rank=rank, score=float(scores[i]), tokens=float(tokens[i]))
        for rank, i in enumerate(order, 1)
    ]
    return replace(case, hits=hits)


def with_hole(case: Case) -> Case:
    """The case without any sentence that holds an answer, in the passages that were found."""
    hits = []
    for hit in case.hits:
        text = hit.passage.text
        if is_gold(case, hit):
            spans = (text[start:end] for start, end in split_sentences(text))
            text = "".join(span for span in spans if not holds(span, case.answers))
        if text.strip():
            hits.append(replace(hit, passage=replace(hit.passage, text=text)))
    return reranked(replace(case, kind="hole", hits=hits))


def make_cases(
    corpora: Corpora, lines: Sequence[Line], forgetting: Forgetting | None = None
) -> Iterator[Case]:
    collection, articles = corpora.collection, corpora.articles
    names = list(articles)
    following = dict(zip(names, [*names[1:], *names[:1]], strict=True))
    for line in lines:
        case = ask(collection, line, "collection", "answerable", forgetting)
        yield trimmed(case, "answerable", [])
        yield trimmed(case, "near", [hit for hit in case.hits if is_gold(case, hit)])
        yield with_hole(case)
        own = [hit for hit in case.hits if hit.passage.title == line["title"]]
        yield trimmed(case, "absent", own)
        if line["title"] in articles:
            case = ask(articles[line["title"]], line, "article", "answerable", forgetting)
            yield trimmed(case, "answerable", [])
            yield trimmed(case, "near", [hit for hit in case.hits if is_gold(case, hit)])
            yield with_hole(case)
            other = articles[following[line["title"]]]
            yield trimmed(ask(other, line, "article", "absent", forgetting), "absent", [])


def rank(case: Case, model: Any) -> list[Candidate]:
    return selection.rank_sentences(case.question, case.hits, case.match, model)


def rounded(weights: Mapping[str, float]) -> Row:
    return {name: round(float(value), 4) for name, value in weights.items()}


def fit(features: Sequence[Row], labels: Sequence[float]) -> Row:
    """A logistic regression; its penalty is on coefficients of signals in units of their spread."""
    names = list(features[0])
    matrix = np.array([[row[name] for name in names] for row in features])
    spread = matrix.std(axis=0) + 1e-9
    model = LogisticRegression(C=1.0, max_iter=2000).fit(matrix / spread, labels)
    coefficients = dict(zip(names, model.coef_[0] / spread, strict=True))
    return rounded({"intercept": model.intercept_[0], **coefficients})


def fit_refusal(features: Sequence[Row], labels: Sequence[float], weights: Sequence[float]) -> Row:
    """A logistic regression in which no signal may speak against its meaning.

    Coefficients are >= 0 and kept near zero (``PENALTY``). A free fit gains in small corpora about
    one topic by signals that cancel one another, and loses on other questions and corpora.
    """
    names = list(features[0])
    matrix = np.array([[row[name] for name in names] for row in features])
    spread = matrix.std(axis=0) + 1e-9
    matrix = np.column_stack([np.ones(len(matrix)), matrix / spread])
    right, counts = np.array(labels), np.array(weights)
    free = np.array([0.0, *np.full(len(names), PENALTY)])

    def loss(step: Any) -> tuple[float, Any]:
        scores = matrix @ step
        slope = matrix.T @ (counts * (1 / (1 + np.exp(-scores)) - right)) + free * step
        value = counts @ (np.logaddexp(0, scores) - right * scores) + free @ step**2 / 2
        return float(value), slope

    bounds = [(None, None), *((0.0, None) for _ in names)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x
    coefficients = dict(zip(names, found[1:] / spread, strict=True))
    return rounded({"intercept": found[0], **coefficients})


def fit_ranking(groups: Sequence[tuple[Any, Any]], names: Sequence[str]) -> Row:
    """Which of a question's sentences answers: a conditional logit (McFadden 1974).

    A group has a matrix (a sentence a row) and which rows are right, at least one. What is fitted
    is the probability of the right ones among all, so that only differences within a question
    count.
    """
    matrix = np.concatenate([matrix for matrix, _ in groups])
    right = np.concatenate([labels for _, labels in groups])
    spread = matrix.std(axis=0) + 1e-9
    matrix = matrix / spread
    sizes = [len(labels) for _, labels in groups]
    starts = np.cumsum([0, *sizes[:-1]])
    group = np.repeat(np.arange(len(groups)), sizes)

    def loss(weights: Any) -> tuple[float, Any]:
        scores = matrix @ weights
        mass = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        every, good = np.add.reduceat(mass, starts), np.add.reduceat(mass * right, starts)
        value = float(np.log(every / good).sum() + weights @ weights / 2)
        slope = (mass / every[group] - mass * right / good[group]) @ matrix + weights
        return value, slope

    weights = minimize(loss, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B").x / spread
    return rounded(dict(zip(names, weights, strict=True)))


def fit_sentences(cases: Sequence[Case], model: Any) -> Any:
    names = list(SentenceSignals.__dataclass_fields__)
    groups = []
    for case in cases:
        ranked = rank(case, model)
        right = np.array(
            [is_gold(case, one.hit) and holds(one.text, case.answers) for one in ranked], float
        )
        if 0 < right.sum() < len(right):
            matrix = np.array([[getattr(one.signals, name) for name in names] for one in ranked])
            groups.append((matrix, right))
    return replace(model, sentence=fit_ranking(groups, names))


def emphasised(case: Case, one: Candidate) -> tuple[Row, bool] | None:
    """The signals of the likeliest short answer of a sentence, and whether it is right."""
    found = selection.emphasis_signals(case.question, one)
    if found is None:
        return None
    (start, end), signals = found
    said = one.text[start - one.start : end - one.start]
    right = is_gold(case, one.hit) and (
        contains(said, case.answers) or any(contains(answer, [said]) for answer in case.answers)
    )
    return asdict(signals), right


def fit_emphasis(cases: Sequence[Case], model: Any) -> Any:
    found = [
        judged
        for case in cases
        for one in rank(case, model)[:1]
        if (judged := emphasised(case, one)) is not None
    ]
    weights = fit([row for row, _ in found], [float(right) for _, right in found])
    names = list(found[0][0])
    scores = np.array(
        [
            logistic(weights["intercept"] + sum(weights[n] * row[n] for n in names))
            for row, _ in found
        ]
    )
    order = np.argsort(-scores)
    precision = np.cumsum(np.array([right for _, right in found])[order]) / (
        np.arange(len(found)) + 1
    )
    good = np.flatnonzero(precision >= EMPHASISED)
    last = int(good[-1]) if len(good) else 0
    return replace(model, emphasis=weights, certain=round(float(scores[order[last]]), 4))


def question_rows(cases: Sequence[Case], model: Any) -> dict[tuple[str, str], list[Row]]:
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for case in cases:
        ranked = rank(case, model) if case.hits else []
        if ranked and case.question.terms:
            signals = question_signals(case.question, case.hits, ranked, model.ranges)
            rows[case.scale, case.kind].append(asdict(signals))
    return rows


def probabilities(rows: Sequence[Row], model: Any) -> Any:
    return np.array([logistic(linear(QuestionSignals(**row), model.question)) for row in rows])


def measure_sentences(cases: Sequence[Case], model: Any) -> None:
    quote_all = replace(model, thresholds={"normal": 0.0})
    for scale in ("collection", "article"):
        first = cited = quotes = sentences = inside = golds = number = bold = bold_right = 0
        differ = asked_short = 0
        for case in cases:
            if (case.scale, case.kind) != (scale, "answerable"):
                continue
            number += 1
            selected = selection.select_answer(
                case.question,
                case.hits,
                case.match,
                lambda _: "",
                model=quote_all,
            )
            texts = [citation.quote for citation in selected.citations]
            quotes += len(texts)
            sentences += sum(len(split_sentences(text)) for text in texts)
            first += bool(texts) and holds(texts[0], case.answers)
            cited += any(holds(text, case.answers) for text in texts)
            differ += bool(selected.note)
            asked_short += case.question.kind in ENTITY_KINDS
            ranked = rank(case, model)
            if ranked and selection.short_answer(case.question, ranked[0], model):
                judged = emphasised(case, ranked[0])
                bold += 1
                bold_right += judged is not None and judged[1]
            gold = [hit for hit in case.hits if is_gold(case, hit)][:1]
            if gold:
                golds += 1
                best = rank(replace(case, hits=gold), model)
                inside += bool(best) and holds(best[0].text, case.answers)
        print(
            f"{scale:10} {number} questions: first quote holds the answer {first / number:.3f}, "
            f"some quote {cited / number:.3f} ({quotes / number:.2f} quotes, "
            f"{sentences / number:.2f} sentences), "
            f"the best sentence of the right passage {inside / golds:.3f}"
        )
        print(
            f"{scale:10} short answer emphasised for {bold} of {asked_short} questions of when, "
            f"how many, who, where; right {bold_right / max(1, bold):.3f}; sources said to differ "
            f"for {differ}"
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


def fit_model(cases: Sequence[Case], model: Any) -> Any:
    answerable = [case for case in cases if case.kind == "answerable"]
    model = fit_sentences(
        answerable, replace(model, beside=BESIDE, elsewhere=ELSEWHERE, enough=ENOUGH)
    )
    model = fit_emphasis(answerable, model)
    rows = question_rows(cases, replace(model, ranges={}))
    features = [row for group in rows.values() for row in group]
    extremes = {
        name: np.quantile([row[name] for row in features], [EXTREME, 1 - EXTREME])
        for name in features[0]
    }
    ranges = {name: [round(float(value), 4) for value in pair] for name, pair in extremes.items()}
    model = replace(model, ranges=ranges)
    rows = {
        key: [asdict(within(QuestionSignals(**row), ranges)) for row in group]
        for key, group in rows.items()
    }
    features = [row for group in rows.values() for row in group]
    labels = [float(kind == "answerable") for (_, kind), group in rows.items() for _ in group]
    weights = [HOLES if kind == "hole" else 1.0 for (_, kind), group in rows.items() for _ in group]
    model = replace(model, question=fit_refusal(features, labels, weights))
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
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--write", action="store_true", help=f"rewrite {OUTPUT.name}")
    ways.add_argument("--measure", action="store_true", help=f"measure {OUTPUT.name} as it is")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        corpora = Corpora.make(options.data, Path(name))
        model = shipped_model()
        if not options.measure:
            lines = [line for line in corpora.train if held_out(line)]
            cases = list(make_cases(corpora, lines, corpora.forgetting()))
            model = fit_model(cases, model)
        dev_cases = list(make_cases(corpora, corpora.dev))
        measure_sentences(dev_cases, model)
        measured = measure_refusals(question_rows(dev_cases, model), model)
        model = replace(model, measured=measured)
    fingerprint = corpora.collection.embedder.fingerprint
    content = {"command": COMMAND, "embedder": fingerprint, **asdict(model)}
    print(json.dumps(content, indent=1))
    if options.write:
        OUTPUT.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
