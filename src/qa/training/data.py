"""Reads the training data: parallel sentences, question -> passage pairs, plain French text.

A data folder holds gzipped JSON Lines (names and shapes in ``docs/model.md``). Sets that are
measured on (``retrieval/``, ``qa/piaf_dev``) are never trained on: of their questions, only those
that a training set asks too are looked up, to leave them out.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qa.french import analyse_words, fold, split_sentences
from qa.records import QAError

# Sets that are only measured on; opening one for training is an error, not an option.
MEASURED_ONLY = ("retrieval", "piaf_dev", "stsb_dev")

# Rows of each parallel set, at most: law clauses are long and of one style, so they get a share.
PARALLEL_SHARES: dict[str, int | None] = {
    "tatoeba": None,
    "news": None,
    "python_docs": None,
    "dialogues": None,
    "stsb": None,
    "trivia_questions": None,
    "canada_laws": 60_000,
}
# Sets whose rows follow one another in a text, so that neighbours make paragraphs.
CONSECUTIVE = frozenset({"news", "python_docs", "stsb"})

# A quiz heading, or a mark left by the site's editors, says nothing about the answer.
_EDITORS_MARK = re.compile(r"^Contenu de test non validé\s*-\s*")
_Row = TypeVar("_Row")
_QUESTION = re.compile(
    r"\?\s*$|^(qui|que|quel|quelle|quels|quelles|comment|pourquoi|combien|quand|où|est-ce)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ParallelPair:
    """The same text in English and in French."""

    english: str
    french: str
    source: str


@dataclass(frozen=True, slots=True)
class TrainingPair:
    """A question (or heading, or sentence) and a passage that answers it.

    Pairs of one ``group`` may answer one another's questions, so they are never negatives of each
    other. ``weight`` counts how often the pair is seen in one pass over the data. ``title`` names
    the passage's subject, as the product's index text does; empty when unknown.
    """

    question: str
    passage: str
    group: str
    source: str
    weight: float = 1.0
    title: str = ""


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a gzipped JSON Lines file; refuses the sets that are only measured on."""
    if any(name in part for part in path.parts[-3:] for name in MEASURED_ONLY):
        raise QAError(f"{path.name} is only measured on; training must not read it")
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise QAError(
                        f"{path}, line {number}: not JSON ({error.msg}); mend or remove the line"
                    ) from error
                yield row
    except OSError as error:
        raise QAError(
            f"cannot read {path}: {error.strerror or error}; give a data folder with --data"
        ) from error


def read_parallel(data: Path, sample: int | None = None, seed: int = 0) -> list[ParallelPair]:
    """Every parallel set, without repeats, in file order; ``sample`` rows of each set at most."""
    pairs: list[ParallelPair] = []
    seen: set[str] = set()
    for name, share in PARALLEL_SHARES.items():
        path = data / "parallel" / f"{name}.jsonl.gz"
        if not path.exists():
            continue
        rows = []
        for row in read_rows(path):
            english, french = _spaces(row["en"]), _spaces(row["fr"])
            if english and french and french not in seen and _alike_in_length(english, french):
                seen.add(french)
                rows.append(ParallelPair(english, french, name))
        limit = min(count for count in (share, sample, len(rows)) if count is not None)
        kept = sorted(random.Random(seed).sample(range(len(rows)), limit))  # noqa: S311
        pairs.extend(rows[i] for i in kept)
    if not pairs:
        raise QAError(
            f"no parallel text in {data / 'parallel'}; expected files such as tatoeba.jsonl.gz"
        )
    return pairs


def join_neighbours(
    pairs: Sequence[ParallelPair], seed: int, characters: int = 900
) -> list[ParallelPair]:
    """Two to five parallel rows that follow each other, as one paragraph.

    Short sentences alone would never show the student a passage. Rows of sets without an order
    (everyday sentences, law clauses) are joined two by two, which still teaches it to average.
    """
    chance = random.Random(seed)  # noqa: S311
    joined = []
    position = 0
    while position < len(pairs):
        source = pairs[position].source
        size = chance.randint(2, 5) if source in CONSECUTIVE else 2
        block: list[ParallelPair] = []
        length = 0
        for pair in pairs[position : position + size]:
            if pair.source != source or (block and length + len(pair.french) > characters):
                break
            block.append(pair)
            length += len(pair.french)
        position += len(block)
        if len(block) > 1:
            english = " ".join(pair.english for pair in block)
            french = " ".join(pair.french for pair in block)
            joined.append(ParallelPair(english, french, f"{source}+"))
    return joined


def read_training_pairs(data: Path, sample: int | None = None, seed: int = 0) -> list[TrainingPair]:
    """Question -> passage pairs of every kind, cleaned; ``sample`` rows of each set at most.

    Questions that are measured on are left out, whatever set they come from.
    """
    measured = _measured_questions(data)
    pairs: list[TrainingPair] = []
    for maker in (
        _question_answering,
        _paragraphs_of_questions,
        _quiz,
        _labour_law,
        _news,
        _business,
        _law_notes,
        _encyclopaedia,
        _history,
    ):
        made = [
            pair
            for pair in maker(data, seed)
            if len(pair.passage) >= 20 and pair.question and fold(pair.question) not in measured
        ]
        pairs.extend(made if sample is None else sample_rows(made, sample, seed))
    if not pairs:
        raise QAError(
            f"no training pairs in {data}; expected qa/piaf_train.jsonl.gz or pairs/*.jsonl.gz"
        )
    return pairs


def read_french_texts(data: Path, sample: int | None = None, seed: int = 0) -> Iterator[str]:
    """All French text for the vocabulary; encyclopaedic text counts several times.

    Names and learned words are what questions are about, and are rare in everyday sentences.
    """
    for parallel in read_parallel(data, sample, seed):
        yield parallel.french
    for pair in read_training_pairs(data, sample, seed):
        yield pair.question
        repeats = 3 if pair.source in ("piaf", "encyclopaedia") else 1
        for _ in range(repeats):
            yield pair.passage
    for name, key in (("text/novels", "text"), ("queries/native_questions", "text")):
        path = data / f"{name}.jsonl.gz"
        if path.exists():
            rows = [str(row[key]) for row in read_rows(path)]
            yield from rows if sample is None else sample_rows(rows, sample, seed)


# --- One maker a set ------------------------------------------------------------------------------


def _question_answering(data: Path, _seed: int) -> Iterator[TrainingPair]:
    for row in _rows(data, "qa/piaf_train"):
        context = _spaces(row["context"])
        yield TrainingPair(row["question"].strip(), context, context, "piaf", 4.0, row["title"])


def _paragraphs_of_questions(data: Path, seed: int) -> Iterator[TrainingPair]:
    contexts = {_spaces(row["context"]): row["title"] for row in _rows(data, "qa/piaf_train")}
    rows = [{"text": text, "title": title} for text, title in contexts.items()]
    yield from _inverse_cloze(rows, "encyclopaedia", seed)


def _quiz(data: Path, _seed: int) -> Iterator[TrainingPair]:
    for row in _rows(data, "pairs/quiz"):
        passage = _spaces(row["positive"]).removeprefix(f"{_spaces(row.get('title', ''))} : ")
        yield TrainingPair(row["anchor"].strip(), passage, passage, "quiz")


def _labour_law(data: Path, _seed: int) -> Iterator[TrainingPair]:
    for row in _rows(data, "pairs/labour_law"):
        passage = _EDITORS_MARK.sub("", _spaces(row["positive"]))[:1200]
        weight = 4.0 if _QUESTION.search(row["anchor"]) else 2.0
        yield TrainingPair(row["anchor"].strip(), passage, passage, "labour_law", weight)


def _news(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(_rows(data, "pairs/news_title")), 14_000, seed):
        article = _spaces(row["positive"])
        for passage in _windows(article, 500)[:1]:
            yield TrainingPair(row["anchor"].strip(), passage, passage, "news", 0.6)


def _business(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(_rows(data, "pairs/business_docs")), 4_000, seed):
        passage = _spaces(row["positive"])[:1200]
        question, title = row["anchor"].strip(), str(row.get("title") or "")
        yield TrainingPair(question, passage, title or passage, "business", 0.7)


def _law_notes(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(_rows(data, "pairs/law_note_section")), 3_000, seed):
        passage, title = _spaces(row["positive"])[:1200], str(row.get("title") or "")
        note = row["anchor"].strip()
        question = f"{note} ({title})" if title else note
        yield TrainingPair(question, passage, note, "law", 0.5)


def _encyclopaedia(data: Path, seed: int) -> Iterator[TrainingPair]:
    rows = list(_rows(data, "text/wikipedia_travel"))
    yield from _inverse_cloze(rows, "encyclopaedia", seed)


def _history(data: Path, seed: int) -> Iterator[TrainingPair]:
    rows = [{"text": row["text"]} for row in _rows(data, "text/history_of_france_1924")]
    yield from _inverse_cloze(rows, "history", seed)


def _inverse_cloze(
    rows: Iterable[dict[str, Any]], source: str, seed: int
) -> Iterator[TrainingPair]:
    """A sentence of a paragraph must find the others (inverse cloze task, Lee et al. 2019).

    As there, the sentence stays in its paragraph one time in ten; the title leads it one time in
    two, as a reader who asks about a subject names it.
    """
    chance = random.Random(seed)  # noqa: S311
    for row in rows:
        text = _spaces(row["text"])
        sentences = [text[start:end].strip() for start, end in split_sentences(text)]
        usable = [i for i, sentence in enumerate(sentences) if 40 <= len(sentence) <= 250]
        if len(sentences) < 2 or not usable:
            continue
        chosen = chance.choice(usable)
        rest = " ".join(s for i, s in enumerate(sentences) if i != chosen)
        passage = text if chance.random() < 0.1 else rest
        title = str(row.get("title") or "")
        named = bool(title) and chance.random() < 0.5
        question = f"{title} : {sentences[chosen]}" if named else sentences[chosen]
        if len(analyse_words(passage)) >= 12:
            yield TrainingPair(question, passage[:1100], text, source, 1.5, title)


def _measured_questions(data: Path) -> frozenset[str]:
    """The folded questions of the sets that are measured on."""
    found = set()
    for path in sorted((data / "retrieval").glob("*/queries.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found |= {fold(json.loads(line)["text"].strip()) for line in lines}
    return frozenset(found)


# --- Small helpers --------------------------------------------------------------------------------


def _rows(data: Path, name: str) -> Iterator[dict[str, Any]]:
    path = data / f"{name}.jsonl.gz"
    return read_rows(path) if path.exists() else iter(())


def _spaces(text: str) -> str:
    return " ".join(text.split())


def _alike_in_length(english: str, french: str) -> bool:
    """A pair of which one side is three times the other is an error of alignment."""
    shorter, longer = sorted((len(english) + 15, len(french) + 15))
    return longer <= 3 * shorter


def _windows(text: str, characters: int) -> list[str]:
    """Whole sentences up to a size, so that a long article gives passages."""
    windows: list[str] = []
    start = 0
    for _, end in split_sentences(text):
        if end - start >= characters:
            windows.append(text[start:end].strip())
            start = end
    if text[start:].strip():
        windows.append(text[start:].strip())
    return [window[: 2 * characters] for window in windows]


def sample_rows(rows: list[_Row], count: int, seed: int) -> list[_Row]:
    """``count`` rows in their order, chosen by the seed; all of them when there are no more."""
    if len(rows) <= count:
        return rows
    kept = sorted(random.Random(seed).sample(range(len(rows)), count))  # noqa: S311
    return [rows[i] for i in kept]
