"""Learning to read: where the answer starts and ends, or that there is none.

The passages without an answer are those that search really finds, and paragraphs of which the
answering sentence was taken out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from qa.french import split_sentences
from qa.noise import training_noise
from qa.training.encoder import TrainableEncoder, length_batches
from qa.training.losses import span_loss
from qa.training.questions import AnswerSpan, LabelledQuestion, Questions
from qa.training.settings import LearningSettings, question_weight, weighted_epoch

# Of the passages that do not answer, so many are any passage of the data: text on another subject.
ELSEWHERE = 0.1
# So many of all passages are cut to a few sentences: an answer may stand in a text of one line.
CROPPED = 0.25


@dataclass(frozen=True, slots=True)
class Reading:
    """A question and a passage; the answer is ``passage[start:end]``, or none: ``None``.

    ``is_exact``: it is the answer itself, and not a sentence that it stands somewhere in.
    """

    question: str
    passage: str
    span: tuple[int, int] | None
    is_exact: bool = True


class ReadingExamples:
    """Questions with a passage that answers them, or does not; the same after a restart.

    In a pass, a question that is answered is read with its passage, with passages that search finds
    for it, and with its passage less the answering sentence; one that is not, with what search
    finds, the best passages most.
    """

    def __init__(
        self, questions: Questions, negatives: NDArray[np.int64], settings: LearningSettings
    ):
        self._data = questions
        self._negatives = [[int(row) for row in rows if row >= 0] for rows in negatives]
        self._settings = settings
        self._order: list[tuple[int, str]] = []
        self._epoch = 0

    def batch(self, step: int) -> list[Reading]:
        """The examples of a step, which must be asked for in order."""
        settings = self._settings
        while len(self._order) < (step + 1) * settings.readings:
            self._order += self._one_pass(random.Random(f"{settings.seed}:r{self._epoch}"))  # noqa: S311
            self._epoch += 1
        chance = random.Random(f"{settings.seed}:r:{step}")  # noqa: S311
        first = step * settings.readings
        return [
            self._example(number, kind, chance)
            for number, kind in self._order[first : first + settings.readings]
        ]

    def _one_pass(self, chance: random.Random) -> list[tuple[int, str]]:
        kinds: list[tuple[int, str]] = []
        weights: list[float] = []
        for number, question in enumerate(self._data.questions):
            often = question_weight(question, self._settings)
            shares = (
                {"answer": 1.5, "wrong": 0.6, "hole": 0.3} if question.answers else {"wrong": 1.5}
            )
            for kind, share in shares.items():
                kinds.append((number, kind))
                weights.append(often * share)
        return [kinds[i] for i in weighted_epoch(weights, chance)]

    def _example(self, number: int, kind: str, chance: random.Random) -> Reading:
        example = self._whole_example(number, kind, chance)
        return cropped(example, chance) if chance.random() < CROPPED else example

    def _whole_example(self, number: int, kind: str, chance: random.Random) -> Reading:
        question = self._data.questions[number]
        asked = training_noise(question.text, chance, self._settings.noise)
        if kind == "hole":
            text = without_answer(self._data, question, chance)
            if text is not None:
                return Reading(asked, text, None)
            kind = "wrong"
        wrong = self._negatives[number]
        if kind == "wrong" and chance.random() < ELSEWHERE:
            wrong = [chance.randrange(len(self._data.passages))]
            wrong = [row for row in wrong if row not in question.evidence]
        if kind == "wrong" and wrong:
            # The first are the likeliest to be met: rank r is drawn with weight 1 / (r + 1).
            row = chance.choices(wrong, [1 / (rank + 1) for rank in range(1, len(wrong) + 1)])[0]
            return Reading(asked, self._data.passages[row].text, None)
        if not question.answers:
            return Reading(asked, "", None)
        answer = chance.choice(question.answers)
        text = self._data.passages[answer.row].text
        return Reading(asked, text, (answer.start, answer.end), question.is_marked)


def cropped(example: Reading, chance: random.Random) -> Reading:
    """The example with a few sentences of its passage, those with the answer among them.

    The first line, which is mostly the title, stays three times in four.
    """
    text, span = example.passage, example.span
    sentences = split_sentences(text)
    if len(sentences) < 3:
        return example
    inside = [
        i
        for i, (start, end) in enumerate(sentences)
        if span is not None and end > span[0] and start < span[1]
    ] or [chance.randrange(len(sentences))]
    first = max(0, inside[0] - chance.randrange(3))
    last = min(len(sentences) - 1, inside[-1] + chance.randrange(3))
    start, end = sentences[first][0], sentences[last][1]
    lead = text[: text.find("\n") + 1] if chance.random() < 0.75 else ""
    lead = lead if len(lead) <= start else ""
    shift = len(lead) - start
    kept = None if span is None else (span[0] + shift, span[1] + shift)
    return replace(example, passage=lead + text[start:end], span=kept)


def without_answer(
    data: Questions, question: LabelledQuestion, chance: random.Random
) -> str | None:
    """A passage that answers, less the sentences with the answer; ``None`` when little is left."""
    answer: AnswerSpan = chance.choice(question.answers)
    text = data.passages[answer.row].text
    told = text[answer.start : answer.end]
    kept = [
        text[start:end]
        for start, end in split_sentences(text)
        if end <= answer.start or start >= answer.end
    ]
    rest = "".join(kept)
    return rest if len(rest) > 120 and told not in rest else None


def reading_loss(
    encoder: TrainableEncoder, examples: Sequence[Reading], settings: LearningSettings
) -> float:
    """Forward and backward for some examples, in batches of like length; the mean loss."""
    encoder.tokenizer.no_padding()
    encoder.tokenizer.enable_truncation(settings.longest_reading, strategy="only_second")
    encoded = [
        encoder.tokenizer.encode(
            encoder.question_prompt + one.question[:400], encoder.passage_prompt + one.passage
        )
        for one in examples
    ]
    total = 0.0
    lead = len(encoder.passage_prompt)
    for batch in length_batches([len(one.ids) for one in encoded], settings.batch_tokens):
        hidden, _ = encoder.hidden([encoded[i].ids for i in batch])
        readable, starts, ends = torch.zeros(3, *hidden.shape[:2], dtype=torch.bool)
        readable[:, 0] = True
        for k, i in enumerate(batch):
            span = examples[i].span
            inside = []
            for token, (sequence, (first, last)) in enumerate(
                zip(encoded[i].sequence_ids, encoded[i].offsets, strict=True)
            ):
                if sequence != 1 or last <= lead:
                    continue
                readable[k, token] = True
                if span is not None and last - lead > span[0] and first - lead < span[1]:
                    inside.append(token)
            if inside and examples[i].is_exact:
                starts[k, inside[0]] = ends[k, inside[-1]] = True
            else:
                starts[k, inside or [0]] = ends[k, inside or [0]] = True
        logits = encoder.model.heads(hidden)[..., :2]
        loss = span_loss(
            logits,
            readable.to(encoder.device),
            starts.to(encoder.device),
            ends.to(encoder.device),
        )
        share = settings.reading_weight * len(batch) / len(examples)
        (loss * share).backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach()) * share
    return total
