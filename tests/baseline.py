"""Our own figures on the demonstration corpus: measured here, kept in baseline.json.

    python tests/baseline.py    # or: make baseline

Questions and conversations in ``tests/data`` are ours, as the corpus is: they are development
data, which rules and thresholds may have been tried on.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qa.assistant import Assistant
from qa.embedding import open_embedder
from qa.evaluation import (
    Dataset,
    evaluate,
    evaluate_answers,
    evaluate_conversations,
    read_answer_questions,
    read_conversations,
)
from qa.index import open_index, update_index

ROOT = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data"
BASELINE = Path(__file__).parent / "baseline.json"
# Figures, all in [0, 1], may differ by this between machines: about four questions of 113.
TOLERANCE = 0.035


def measure(assistant: Assistant) -> dict[str, Any]:
    """The figures of an assistant that answers from ``corpus/``."""
    return {
        "model": assistant.embedder.fingerprint,
        "tolerance": TOLERANCE,
        "figures": {
            name: None if value is None else round(value, 4)
            for name, value in {
                **_retrieval(assistant),
                **_answers(assistant),
                **_conversations(assistant),
            }.items()
        },
    }


def differences(measured: Mapping[str, Any], kept: Mapping[str, Any]) -> list[str]:
    """A sentence for each figure that is new, gone, or further off than the tolerance."""
    found = []
    for name in dict.fromkeys([*kept["figures"], *measured["figures"]]):
        before, now = kept["figures"].get(name), measured["figures"].get(name)
        if before is None or now is None:
            if before is not now:
                found.append(f"{name}: {before} -> {now}")
        elif abs(now - before) > kept["tolerance"]:
            found.append(f"{name}: {before:.4f} -> {now:.4f}")
    return found


def _retrieval(assistant: Assistant) -> dict[str, float | None]:
    """The search for the document that answers."""
    answerable = [item for item in read_answer_questions(DATA / "questions.jsonl") if item.document]
    dataset = Dataset(
        name="corpus",
        corpus=None,
        queries={item.id: item.question for item in answerable},
        judgements={item.id: {str(item.document): 1} for item in answerable},
    )
    evaluation = evaluate(dataset, depth=10, index=assistant.index, embedder=assistant.embedder)
    return {
        f"retrieval/{method}/{measure}": scores.means()[measure]
        for method, scores in evaluation.scores.items()
        for measure in ("nDCG@10", "R@1")
    }


def _answers(assistant: Assistant) -> dict[str, float | None]:
    found = evaluate_answers(read_answer_questions(DATA / "questions.jsonl"), assistant)
    return {
        "answers/accuracy": found.accuracy.value,
        "answers/accuracy of the first quote": found.accuracy_first.value,
        "answers/accuracy when answered": found.accuracy_when_answered.value,
        "answers/citation precision": found.citation_precision.value,
        "answers/false refusals": found.falsely_refused.value,
        "answers/refusals": found.refused.value,
        "answers/AUROC": found.auroc.value,
        "answers/risk-coverage area": found.risk_area.value,
    }


def _conversations(assistant: Assistant) -> dict[str, float | None]:
    found = evaluate_conversations(read_conversations(DATA / "conversations.jsonl"), assistant)
    follow_ups = found.by_place["follow-up"]
    return {
        **{
            f"conversations/{way}/{measure}": estimate.value
            for way, means in follow_ups.means.items()
            for measure, estimate in means.items()
        },
        "conversations/harm to self-contained questions/nDCG@5": (
            found.by_place["self-contained"].harm["nDCG@5"].value
        ),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        embedder = open_embedder()
        update_index(ROOT / "corpus", Path(folder), embedder)
        index = open_index(Path(folder))
        measured = measure(Assistant(index, embedder))
        index.close()
    if BASELINE.exists():
        for difference in differences(measured, json.loads(BASELINE.read_text("utf-8"))):
            print(difference)  # noqa: T201
    BASELINE.write_text(json.dumps(measured, ensure_ascii=False, indent=2) + "\n", "utf-8")
    print(f"written: {BASELINE}")  # noqa: T201


if __name__ == "__main__":
    main()
