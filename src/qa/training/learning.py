"""One encoder learns to find, to read and to follow a conversation at once.

Each step adds three losses. Finding: questions against passages, by the vectors of whole texts and
by their tokens (late interaction); the other passages of the batch and mined ones are negatives.
Reading: question and passage together, where the answer starts and ends, or that there is none;
the passages without an answer are those that search really finds, and paragraphs of which the
answering sentence was taken out. Following up: which words of what was said before a question
needs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qa.french import split_sentences
from qa.noise import training_noise
from qa.training.data import TrainingPair
from qa.training.encoder import Encoder, length_batches, mean_pool
from qa.training.followups import FollowUps, followup_loss
from qa.training.loop import LoopSettings, run_loop
from qa.training.losses import late_interaction, retrieval_loss, span_loss
from qa.training.questions import Answer, Question, Questions

# Of the passages that do not answer, so many are any passage of the data: text on another subject.
ELSEWHERE = 0.1
# So many of all passages are cut to a few sentences: an answer may stand in a text of one line.
CROPPED = 0.25


@dataclass(frozen=True, slots=True)
class LearningSettings:
    """Sizes of a step and shares of its examples, chosen by hand but where docs/model.md says so.

    ``pairs`` questions or other texts with their passages, ``negatives`` mined passages for them;
    ``readings`` questions read with a passage, ``followups`` with what was said before. ``natural``
    is how much oftener a natural question is drawn than one of PIAF. Only every so many steps
    (``finding_every``) have pairs. Temperatures are those of cosines and of late interaction.
    """

    loop: LoopSettings
    seed: int = 0
    pairs: int = 20
    negatives: int = 12
    finding_every: int = 2
    readings: int = 40
    followups: int = 14
    natural: float = 1.2
    noise: float = 0.4
    longest_question: int = 48
    longest_passage: int = 160
    longest_reading: int = 256
    temperature: float = 0.02
    token_temperature: float = 0.03
    token_weight: float = 0.5
    reading_weight: float = 1.0
    batch_tokens: int = 3072


@dataclass(frozen=True, slots=True)
class Reading:
    """A question and a passage; the answer is ``passage[start:end]``, or none: ``None``.

    ``is_exact``: it is the answer itself, and not a sentence that it stands somewhere in.
    """

    question: str
    passage: str
    span: tuple[int, int] | None
    is_exact: bool = True


def learn(
    encoder: Encoder,
    pairs: Sequence[TrainingPair],
    questions: Questions,
    negatives: NDArray[np.int64],
    followups: FollowUps,
    settings: LearningSettings,
    checkpoint: Path,
    progress: Callable[[str], None] = lambda _: None,
    interrupt_at: int | None = None,
) -> None:
    """Trains the encoder in place; row i of ``negatives``: passage rows for question i, or -1."""
    finding = FindingExamples(pairs, questions, negatives, settings)
    reading = ReadingExamples(questions, negatives, settings)

    def step_loss(step: int) -> float:
        loss = 0.0
        if step % settings.finding_every == 0:
            found = finding_loss(encoder, finding, step // settings.finding_every, settings)
            found.backward()  # type: ignore[no-untyped-call]
            loss += float(found.detach())
        read = reading_loss(encoder, reading.batch(step), settings)
        chance = random.Random(f"{settings.seed}:f:{step}")  # noqa: S311
        drawn = followups.draw(settings.followups, chance)
        followed = (
            followup_loss(encoder, drawn, chance, settings.noise, settings.batch_tokens)
            if drawn
            else 0.0
        )
        return loss + read + followed

    counts = piece_counts(encoder, [p.text for p in questions.passages])
    run_loop(
        encoder, settings.loop, step_loss, checkpoint, counts, progress, interrupt_at=interrupt_at
    )


# --- Finding --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a step asks: a text, its passage, the mined passages, and the group of its answers."""

    text: str
    passage: str
    group: str
    wrong: tuple[int, ...]
    noised: bool
    weight: float


class FindingExamples:
    """Texts that must find their passage, drawn by weight; the same steps after a restart."""

    def __init__(
        self,
        pairs: Sequence[TrainingPair],
        questions: Questions,
        negatives: NDArray[np.int64],
        settings: LearningSettings,
    ):
        self._settings = settings
        self.passages = questions.passages
        self._asked = [
            _Asked(
                question.text,
                self.passages[question.answers[0].row].text,
                self.passages[question.answers[0].row].document,
                tuple(int(row) for row in rows if row >= 0),
                True,
                _weight(question, settings),
            )
            for question, rows in zip(questions.questions, negatives, strict=True)
            if question.answers
        ]
        self._asked += [
            _Asked(pair.question, _titled(pair), pair.group, (), False, pair.weight)
            for pair in pairs
        ]
        self._order: list[int] = []
        self._epoch = 0

    def batch(self, step: int) -> list[_Asked]:
        """The texts of a step, which must be asked for in order."""
        size = self._settings.pairs
        while len(self._order) < (step + 1) * size:
            chance = random.Random(f"{self._settings.seed}:{self._epoch}")  # noqa: S311
            self._order += weighted_epoch([one.weight for one in self._asked], chance)
            self._epoch += 1
        return [self._asked[i] for i in self._order[step * size : (step + 1) * size]]


def _titled(pair: TrainingPair) -> str:
    return f"{pair.title}\n{pair.passage}" if pair.title else pair.passage


def _weight(question: Question, settings: LearningSettings) -> float:
    return 1.0 if question.collection == "piaf" else settings.natural


def weighted_epoch(weights: Sequence[float], chance: random.Random) -> list[int]:
    """Numbers of one pass: weight 2.5 gives two, and a third one time in two; shuffled."""
    order = []
    for i, weight in enumerate(weights):
        whole = int(weight)
        order.extend([i] * (whole + (chance.random() < weight - whole)))
    chance.shuffle(order)
    return order


def finding_loss(
    encoder: Encoder, examples: FindingExamples, step: int, settings: LearningSettings
) -> Tensor:
    """The loss of a step by vectors and by tokens."""
    chance = random.Random(f"{settings.seed}:{step}")  # noqa: S311
    asked = examples.batch(step)
    wrong = [row for one in asked if one.wrong for row in [chance.choice(one.wrong[:8])]]
    wrong = list(dict.fromkeys(wrong))[: settings.negatives]
    texts = [one.passage for one in asked] + [examples.passages[row].text for row in wrong]
    groups = [one.group for one in asked]
    columns = groups + [examples.passages[row].document for row in wrong]
    mined = [set(one.wrong) for one in asked]
    banned = torch.zeros(len(asked), len(texts), dtype=torch.bool)
    for i, group in enumerate(groups):
        for j, column in enumerate(columns):
            is_mined = j >= len(asked) and wrong[j - len(asked)] in mined[i]
            same = texts[j] == texts[i] or (group == column and not is_mined)
            banned[i, j] = i != j and same
    questions = [
        training_noise(one.text, chance, settings.noise) if one.noised else one.text
        for one in asked
    ]
    questions = [encoder.question_prompt + text for text in questions]
    passages = [encoder.passage_prompt + text for text in texts]
    question_tokens, question_mask = token_vectors(
        encoder, encoder.pieces(questions, settings.longest_question), settings.batch_tokens
    )
    passage_tokens, passage_mask = token_vectors(
        encoder, encoder.pieces(passages, settings.longest_passage), settings.batch_tokens
    )
    banned = banned.to(encoder.device)
    cosines = mean_pool(question_tokens, question_mask) @ mean_pool(passage_tokens, passage_mask).T
    loss = retrieval_loss(cosines / settings.temperature, banned)
    scores = late_interaction(
        question_tokens,
        own_tokens(question_mask, prompt_length(encoder, encoder.question_prompt)),
        passage_tokens,
        own_tokens(passage_mask, prompt_length(encoder, encoder.passage_prompt)),
    )
    tokens = retrieval_loss(scores / settings.token_temperature, banned)
    return loss + settings.token_weight * tokens


def token_vectors(
    encoder: Encoder, pieces: Sequence[Sequence[int]], tokens: int
) -> tuple[Tensor, Tensor]:
    """Token vectors and mask of texts of any length, computed in batches of like length."""
    longest = max(map(len, pieces))
    parts, order = [], []
    for batch in length_batches([len(row) for row in pieces], tokens):
        hidden, mask = encoder.hidden([pieces[i] for i in batch])
        room = longest - hidden.shape[1]
        hidden = torch.nn.functional.pad(hidden, (0, 0, 0, room))
        parts.append((hidden, torch.nn.functional.pad(mask, (0, room))))
        order += batch
    back = torch.argsort(torch.tensor(order, device=encoder.device))
    return torch.cat([h for h, _ in parts])[back], torch.cat([m for _, m in parts])[back]


def own_tokens(mask: Tensor, prompt: int) -> Tensor:
    """The mask without the special tokens at both ends and without the prompt."""
    own = mask.clone()
    own[:, : 1 + prompt] = 0
    own[torch.arange(len(mask)), mask.sum(dim=1) - 1] = 0
    return own


def prompt_length(encoder: Encoder, prompt: str) -> int:
    """How many pieces a prompt takes."""
    return len(encoder.pieces([prompt.strip()], 16)[0]) - 2


# --- Reading --------------------------------------------------------------------------------------


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
            often = _weight(question, self._settings)
            shares = (
                {"answer": 1.0, "wrong": 0.6, "hole": 0.3} if question.answers else {"wrong": 1.5}
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


def without_answer(data: Questions, question: Question, chance: random.Random) -> str | None:
    """A passage that answers, less the sentences with the answer; ``None`` when little is left."""
    answer: Answer = chance.choice(question.answers)
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
    encoder: Encoder, examples: Sequence[Reading], settings: LearningSettings
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


def piece_counts(encoder: Encoder, texts: Sequence[str]) -> Tensor:
    """How often each piece of the vocabulary occurs in the texts."""
    numbers = [number for row in encoder.pieces(texts, 512) for number in row]
    return torch.tensor(np.bincount(numbers, minlength=encoder.model.config.vocab_size))
