"""Follow-ups: a question, what was said before it, and which words of that it needs.

The words are those of the question as it is written out in full (``resolved``) that the question as
typed lacks. Natural conversations give them as they are; PIAF's runs of questions on one paragraph
are made into follow-ups by putting a pronoun in the place of a name that was said before, which is
easy by rule (the reverse is not).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from qa.conversation.context import Said, history_text, phrases, with_context
from qa.french import Word, split_sentences, words
from qa.noise import training_noise
from qa.training.data import is_held_out, read_lines, read_rows
from qa.training.encoder import HEADS, TrainableEncoder, length_batches

_NAME = re.compile(
    r"(?:[Ll]'|[Ll]es? |[Ll]a )?[A-ZÀ-ÖØ-Þ][\w-]+(?:\s(?:de |du |la )*[A-ZÀ-ÖØ-Þ][\w-]+)*"
)
_PRONOUNS = ("il", "elle", "celui-ci", "cela", "ils", "elles")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """``needed`` are the stems of the words that ``question`` takes from ``history``.

    ``document`` and ``evidence`` are where the answer stands, as in the natural questions, and
    ``answer`` is the short one, where it is known.
    """

    question: str
    history: str
    needed: frozenset[str]
    document: str
    evidence: tuple[str, ...]
    answer: str = ""

    @property
    def chosen(self) -> list[Word]:
        """The words of the history that are needed."""
        return [w for w in words(self.history) if not w.is_stop and w.stem in self.needed]

    @property
    def full(self) -> str:
        """The question with what it takes, as search and reader get it."""
        return with_context(self.question, phrases(self.history, self.chosen, self.question))


# How often an example of a kind is drawn: of a conversation, made by rule, a question by itself.
SHARES = (0.5, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class FollowUps:
    """Follow-ups of conversations, those made by rule, and questions that stand alone."""

    natural: Sequence[FollowUp]
    made: Sequence[FollowUp]
    alone: Sequence[FollowUp]

    def draw(self, count: int, chance: random.Random) -> list[FollowUp]:
        """Examples of all kinds that there are, in the shares of ``SHARES``."""
        kinds = [
            (kind, share)
            for kind, share in zip((self.natural, self.made, self.alone), SHARES, strict=True)
            if kind
        ]
        if not kinds:
            return []
        chosen = chance.choices(*zip(*kinds, strict=True), k=count)
        return [chance.choice(kind) for kind in chosen]


def all_followups(data: Path, folders: Sequence[Path], seed: int) -> FollowUps:
    """Those of the folders' conversations, of PIAF's runs, and of the folders' questions."""
    return FollowUps(
        [one for folder in folders for one in read_followups(folder)],
        list(made_followups(data, seed)),
        [one for folder in folders for one in alone_followups(folder, seed)],
    )


def read_followups(folder: Path) -> list[FollowUp]:
    """The turns after the first of a folder's conversations, less those of held-out documents."""
    titles = {row["id"]: row.get("title", "") for row in read_lines(folder / "docs.jsonl")}
    path = folder / "conversations.jsonl"
    found: list[FollowUp] = []
    for row in read_lines(path) if path.exists() else ():
        said: list[Said] = []
        first = row["turns"][0].get("document") or row["id"]
        for turn in row["turns"]:
            history = history_text(said)
            needed = _content(turn["resolved"]) - {word.stem for word in words(turn["question"])}
            one = FollowUp(
                turn["question"],
                history,
                frozenset() if turn.get("shift") else needed,
                turn.get("document") or "",
                tuple(turn.get("evidence") or ()),
                turn.get("answer") or "",
            )
            if said and not is_held_out(first):
                found.append(one)
            title = titles.get(one.document, "")
            said.append(Said(one.full, one.evidence[0] if one.evidence else "", one.answer, title))
    return found


def alone_followups(folder: Path, seed: int) -> Iterator[FollowUp]:
    """A folder's questions, each after what was said in one of its conversations: it needs none."""
    histories = [one.history for one in read_followups(folder)]
    chance = random.Random(seed)  # noqa: S311
    for row in read_lines(folder / "qa.jsonl") if histories else ():
        if not is_held_out(row.get("document") or row["id"]):
            yield FollowUp(row["question"], chance.choice(histories), frozenset(), "", ())


def made_followups(data: Path, seed: int) -> Iterator[FollowUp]:
    """PIAF's questions on one paragraph, each with a name replaced that the one before has too."""
    chance = random.Random(seed)  # noqa: S311
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in read_rows(data, "qa/piaf_train"):
        runs.setdefault(row["context"], []).append(row)
    for context, rows in runs.items():
        sentences = split_sentences(context)
        for before, row in pairwise(rows):
            question, answer = row["question"], before["answers"][0]
            quote = next(context[a:b].strip() for a, b in sentences if b > answer["start"])
            history = history_text([Said(before["question"], quote, answer["text"], row["title"])])
            stems = {word.stem for word in words(history)}
            shared = [
                match
                for match in _NAME.finditer(question)
                if match.start() > 0 and set() < _content(match.group()) <= stems
            ]
            if not shared:
                yield FollowUp(question, history, frozenset(), "", ())
                continue
            name = chance.choice(shared)
            pronoun = chance.choice(_PRONOUNS) if chance.random() < 0.8 else ""
            short = f"{question[: name.start()]}{pronoun}{question[name.end() :]}"
            needed = _content(name.group()) - {word.stem for word in words(short)}
            yield FollowUp(" ".join(short.split()), history, needed, "", ())


def _content(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning."""
    return frozenset(word.stem for word in words(text) if not word.is_stop)


def followup_loss(
    encoder: TrainableEncoder,
    examples: Sequence[FollowUp],
    chance: random.Random,
    noise: float,
    tokens: int,
) -> float:
    """Forward and backward: is each token of the history needed; the mean loss."""
    encoder.tokenizer.no_padding()
    encoder.tokenizer.enable_truncation(256, strategy="only_second")
    lead = len(encoder.passage_prompt)
    encoded = [
        encoder.tokenizer.encode(
            encoder.question_prompt + training_noise(one.question, chance, noise)[:400],
            encoder.passage_prompt + one.history,
        )
        for one in examples
    ]
    total = 0.0
    for batch in length_batches([len(one.ids) for one in encoded], tokens):
        hidden, _ = encoder.hidden([encoded[i].ids for i in batch])
        readable = torch.zeros(hidden.shape[:2])
        wanted = torch.zeros(hidden.shape[:2])
        for k, i in enumerate(batch):
            marked = [(word.start, word.end) for word in examples[i].chosen]
            for token, (sequence, (first, last)) in enumerate(
                zip(encoded[i].sequence_ids, encoded[i].offsets, strict=True)
            ):
                if sequence == 1 and last > lead:
                    readable[k, token] = 1
                    wanted[k, token] = any(
                        first - lead < end and last - lead > start for start, end in marked
                    )
        logits = encoder.model.heads(hidden)[..., HEADS.index("context")]
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, wanted.to(encoder.device), reduction="none"
        )
        mask = readable.to(encoder.device)
        loss = (losses * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        share = loss.sum() * 4.0 / len(examples)  # few tokens are needed, so a mean is small
        share.backward()  # type: ignore[no-untyped-call]
        total += float(share.detach())
    return total
