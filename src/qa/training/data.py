"""Reads the training data: pairs of a text and its passage, and plain French text.

A data folder holds gzipped JSON Lines (names and shapes in ``docs/model.md``). Sets that are
measured on (``retrieval/``, ``qa/piaf_dev``, ``natural/dev``) are never trained on: of their
questions, only those that a training set asks too are looked up, to leave them out. Questions with
marked answers are read by ``qa.training.questions``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qa.french import analyse_words, fold, split_sentences
from qa.records import QAError

# Sets that are only measured on; opening one for training is an error, not an option.
MEASURED_ONLY = ("retrieval", "piaf_dev", "stsb_dev", "dev", "unseen")

# One document in eight, of the folders of natural questions: questions about it are not trained on.
# They tell how sure an answer must be (``benchmarks/refusal.py``).
HELD_OUT = 8

# A quiz heading, or a mark left by the site's editors, says nothing about the answer.
_EDITORS_MARK = re.compile(r"^Contenu de test non validé\s*-\s*")
_Row = TypeVar("_Row")
_QUESTION = re.compile(
    r"\?\s*$|^(qui|que|quel|quelle|quels|quelles|comment|pourquoi|combien|quand|où|est-ce)\b",
    re.IGNORECASE,
)


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


def read_rows(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of ``data/NAME.jsonl.gz``, none if it is not there; no set only measured on."""
    if any(part in MEASURED_ONLY for part in name.split("/")):
        raise QAError(f"{name} is only measured on; training must not read it")
    path = data / f"{name}.jsonl.gz"
    return read_lines(path) if path.exists() else iter(())


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON Lines file, gzipped or not."""
    try:
        # Bytes: a line ends at "\n" alone, whatever its strings hold.
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _object(line, f"{path}, line {number}")
    except (OSError, EOFError) as error:
        raise QAError(f"cannot read {path}: {error}; give a whole file") from error


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:  # neither JSON nor UTF-8
        raise QAError(f"{place}: not JSON ({error}); mend or remove the line") from error
    if not isinstance(found, dict):
        raise QAError(f"{place}: not an object but {found!r:.40}; mend or remove the line")
    return found


def is_held_out(name: str) -> bool:
    """Whether questions about the document of this id are kept for measuring."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % HELD_OUT == 0


def read_training_pairs(data: Path, sample: int | None = None, seed: int = 0) -> list[TrainingPair]:
    """Question -> passage pairs of every kind, cleaned; ``sample`` rows of each set at most.

    Questions that are measured on are left out, whatever set they come from.
    """
    measured = measured_questions(data)
    pairs: list[TrainingPair] = []
    for maker in (
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
    """All French text, to see which pieces of a vocabulary it uses."""
    for pair in read_training_pairs(data, sample, seed):
        yield pair.question
        yield pair.passage
    for name, keys in (
        ("qa/piaf_train", ("question", "context")),
        ("text/novels", ("text",)),
        ("queries/native_questions", ("text",)),
        ("parallel/news", ("fr",)),
        ("parallel/tatoeba", ("fr",)),
        ("parallel/python_docs", ("fr",)),
    ):
        rows = list(read_rows(data, name))
        for row in rows if sample is None else sample_rows(rows, sample, seed):
            yield from (str(row[key]) for key in keys)


# --- One maker a set ------------------------------------------------------------------------------


def _paragraphs_of_questions(data: Path, seed: int) -> Iterator[TrainingPair]:
    contexts = {_spaces(row["context"]): row["title"] for row in read_rows(data, "qa/piaf_train")}
    rows = [{"text": text, "title": title} for text, title in contexts.items()]
    yield from _inverse_cloze(rows, "encyclopaedia", seed)


def _quiz(data: Path, _seed: int) -> Iterator[TrainingPair]:
    for row in read_rows(data, "pairs/quiz"):
        passage = _spaces(row["positive"]).removeprefix(f"{_spaces(row.get('title', ''))} : ")
        yield TrainingPair(row["anchor"].strip(), passage, passage, "quiz", 0.3)


def _labour_law(data: Path, _seed: int) -> Iterator[TrainingPair]:
    for row in read_rows(data, "pairs/labour_law"):
        passage = _EDITORS_MARK.sub("", _spaces(row["positive"]))[:1200]
        weight = 3.0 if _QUESTION.search(row["anchor"]) else 1.5
        yield TrainingPair(row["anchor"].strip(), passage, passage, "labour_law", weight)


def _news(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(read_rows(data, "pairs/news_title")), 14_000, seed):
        article = _spaces(row["positive"])
        for passage in _windows(article, 500)[:1]:
            yield TrainingPair(row["anchor"].strip(), passage, passage, "news", 0.15)


def _business(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(read_rows(data, "pairs/business_docs")), 4_000, seed):
        passage = _spaces(row["positive"])[:1200]
        question, title = row["anchor"].strip(), str(row.get("title") or "")
        yield TrainingPair(question, passage, title or passage, "business", 0.3)


def _law_notes(data: Path, seed: int) -> Iterator[TrainingPair]:
    for row in sample_rows(list(read_rows(data, "pairs/law_note_section")), 3_000, seed):
        passage, title = _spaces(row["positive"])[:1200], str(row.get("title") or "")
        note = row["anchor"].strip()
        question = f"{note} ({title})" if title else note
        yield TrainingPair(question, passage, note, "law", 0.2)


def _encyclopaedia(data: Path, seed: int) -> Iterator[TrainingPair]:
    rows = list(read_rows(data, "text/wikipedia_travel"))
    yield from _inverse_cloze(rows, "encyclopaedia", seed)


def _history(data: Path, seed: int) -> Iterator[TrainingPair]:
    rows = [{"text": row["text"]} for row in read_rows(data, "text/history_of_france_1924")]
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
            yield TrainingPair(question, passage[:1100], text, source, 0.3, title)


def measured_questions(data: Path) -> frozenset[str]:
    """The folded questions of the sets that are measured on."""
    found = set()
    for pattern, keys in (
        ("retrieval/*/queries.jsonl.gz", ("text",)),
        ("qa/piaf_dev.jsonl.gz", ("question",)),
        ("natural/dev/*/qa.jsonl", ("question",)),
    ):
        for path in sorted(data.glob(pattern)):
            for row in read_lines(path):
                found |= {fold(row[key].strip()) for key in keys}
    return frozenset(found)


# --- Small helpers --------------------------------------------------------------------------------


def _spaces(text: str) -> str:
    return " ".join(text.split())


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
