"""The commands that look after an index: ``index``, ``status``, ``verify``."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli.printing import print_json
from qa.progress import progress_bars
from qa.records import QAError

if TYPE_CHECKING:
    from qa.answering import AnsweringModel, Calibration
    from qa.embedding import Embedder
    from qa.index import IndexReport, LanguageCount, Manifest, RepeatedDocument
    from qa.reading import ReadingSettings


def index(options: argparse.Namespace) -> int:
    """Make or update an index and tell what changed; with ``--watch``, for ever."""
    from qa.embedding import open_embedder
    from qa.index import update_index
    from qa.reading import ReadingSettings

    embedder = open_embedder(options.model)
    reading = ReadingSettings(
        tuple(options.text_field or ()), options.title_field or "", options.ocr
    )
    if options.watch and options.ray is not None:
        print("qa index: --watch cannot be used with --ray.", file=sys.stderr)
        return 2
    if options.watch:
        return _watch(options, embedder, reading)
    with contextlib.ExitStack() as opened:
        spread = None
        if options.ray is not None:
            from qa.cluster import Cluster

            spread = opened.enter_context(Cluster(options.ray))
        progress = opened.enter_context(progress_bars())
        report = update_index(
            options.corpus,
            options.index,
            embedder,
            progress=progress,
            reading=reading,
            exact_up_to=options.exact_up_to,
            spread=spread,
        )
    if options.json:
        print_json(asdict(report))
        return 0
    _print_report(report)
    if not report.published:
        print("The index already says the same: left as it is.")
    return 0


def _watch(options: argparse.Namespace, embedder: Embedder, reading: ReadingSettings) -> int:
    """Follow the folder until Ctrl-C, which is how this ends: exit code 0."""
    from qa.index import watch_index

    told = False
    try:
        for result in watch_index(
            options.corpus,
            options.index,
            embedder,
            reading=reading,
            exact_up_to=options.exact_up_to,
        ):
            if isinstance(result, QAError):
                print(f"qa: {result}", file=sys.stderr, flush=True)
            elif options.json:
                print_json(asdict(result))
            elif result.published or not told:
                print(datetime.now().astimezone().isoformat(timespec="seconds"))
                _print_report(result)
                if not told:
                    print(f"Following {options.corpus}. Ctrl-C to stop.")
                told = True
                sys.stdout.flush()
    except KeyboardInterrupt:
        print("qa: stopped; the index is as the last update left it.", file=sys.stderr)
    return 0


def _print_report(report: IndexReport) -> None:
    for label in ("added", "changed", "deleted"):
        for name in getattr(report, label):
            print(f"{label:>9}  {name}")
    for old, new in report.renamed:
        print(f"{'renamed':>9}  {old} -> {new}")
    for skipped in report.skipped:
        print(f"{'skipped':>9}  {skipped.source}: {skipped.reason}")
    for repeated in report.repeated_documents:
        print(f"{'repeats':>9}  {_repetition(repeated)}")
    documents = len(report.added) + len(report.changed) + len(report.renamed)
    documents += len(report.unchanged)
    print(
        f"{documents} documents, {report.passages} passages: {len(report.added)} added, "
        f"{len(report.changed)} changed, {len(report.deleted)} deleted, "
        f"{len(report.renamed)} renamed, {len(report.unchanged)} unchanged, "
        f"{len(report.skipped)} skipped; {report.read} files read, "
        f"{report.embedded} passages embedded in {report.seconds:.1f} s."
    )
    for line in _languages_and_repetitions(report.languages, report.repeated_passages):
        print(line)


def _languages_and_repetitions(
    languages: Mapping[str, LanguageCount], repeated_passages: int
) -> Iterator[str]:
    """Told when there is something to tell: another language than French, a repetition."""
    if set(languages) - {"fr", "und"}:
        counts = ", ".join(
            f"{language} {count.passages} passages ({count.documents} documents)"
            for language, count in languages.items()
        )
        yield f"languages {counts}. Answers are made for French."
    if repeated_passages:
        yield (
            f"repeats   {repeated_passages} passages say what an earlier one says: "
            "results show the best of them."
        )


def _repetition(repeated: RepeatedDocument) -> str:
    extent = "says the same as" if repeated.share > 0.995 else f"{repeated.share:.0%} is in"
    return f"{repeated.id}: {extent} {repeated.of}"


def status(options: argparse.Namespace) -> int:
    """Tell what is indexed and what was skipped."""
    from qa.answering import read_calibration, shipped_model, stale
    from qa.index import open_index

    shipped = shipped_model()
    opened = open_index(options.index)
    calibration = read_calibration(options.index)
    unusable = None
    if calibration is not None:
        unusable = stale(calibration, shipped, opened.manifest.embedder.fingerprint)
    manifest, documents = opened.manifest, opened.store.documents()
    skipped, languages = opened.store.skipped(), opened.store.languages()
    repeated_passages = opened.store.repeated_passages()
    repeated = opened.store.repeated_documents()
    removed = opened.store.removed()
    if options.json:
        fields = asdict(manifest)
        fields |= {
            "answered_share_measured": shipped.measured,
            "thresholds": (calibration if calibration and not unusable else shipped).thresholds,
            "calibration": asdict(calibration) if calibration else None,
            "calibration_unusable": unusable,
            "generation": opened.path.name,
            "warning": opened.warning,
            "document_list": [asdict(entry) for entry in documents],
            "languages": {name: asdict(count) for name, count in languages.items()},
            "repeated_passages": repeated_passages,
            "repeated_documents": [asdict(entry) for entry in repeated],
            "skipped": [asdict(entry) for entry in skipped],
            "removed": removed if options.removed else sum(map(len, removed.values())),
        }
        print_json(fields)
        return 0
    if options.removed:
        for name, texts in removed.items():
            print(name)
            for text in texts:
                print(f"  {text}")
        return 0
    if opened.warning:
        print(f"warning   {opened.warning}")
    print(f"corpus    {manifest.corpus or 'texts that a program gave'}")
    print(f"indexed   {manifest.created}, generation {opened.path.name}")
    print(f"model     {manifest.embedder.name} ({manifest.embedder.dimension} dimensions)")
    print(f"contents  {manifest.documents} documents, {manifest.passages} passages")
    print(f"vectors   {_how_searched(manifest)}")
    for line in _refusal_lines(shipped, calibration, unusable):
        print(line)
    for line in _languages_and_repetitions(languages, repeated_passages):
        print(line)
    if removed:
        count = sum(map(len, removed.values()))
        print(
            f"removed   {count} parts around the text of {len(removed)} files: --removed lists them"
        )
    for entry in documents:
        language = "" if entry.language == "fr" else f"  [{entry.language}]"
        print(f"  {entry.passages:>5} passages  {entry.id}  {entry.title}{language}")
    for repetition in repeated:
        print(f"  repeats  {_repetition(repetition)}")
    for skip in skipped:
        print(f"  skipped  {skip.source}: {skip.reason}")
    return 0


def _how_searched(manifest: Manifest) -> str:
    found = manifest.approximation
    if found is None:
        return f"all compared with a question (up to {manifest.exact_up_to} passages)"
    return (
        f"{found.probes} of {found.lists} lists looked at: {found.recall:.1%} of the ten nearest, "
        f"over {found.questions} questions of these passages"
    )


def _refusal_lines(
    shipped: AnsweringModel, calibration: Calibration | None, unusable: str | None
) -> Iterator[str]:
    """What the thresholds mean: who gets an answer."""
    if calibration is not None and unusable is None:
        normal = {kind: shares["normal"] for kind, shares in calibration.after["answered"].items()}
        asked = calibration.questions
        yield (
            f"refusals  calibrated {calibration.created} with {calibration.file}: at normal "
            f"caution {normal['unanswerable']:.0%} of its {asked['unanswerable']} unanswerable and "
            f"{normal['answerable']:.0%} of its {asked['answerable']} answerable questions get an "
            "answer"
        )
        return
    if calibration is not None:
        yield f"warning   calibration.json is not used: {unusable}. Run qa calibrate again."
    yield (
        "refusals  not calibrated to these documents (qa calibrate): normal caution lets 10 % of "
        "the unanswerable training questions through"
    )
    for size, shares in shipped.measured.items():
        told = ", ".join(f"{kind} {share['normal']:.0%}" for kind, share in shares.items())
        yield f"answered  of development questions, normal caution, {size}: {told}"


def verify(options: argparse.Namespace) -> int:
    """Check an index, or a saved answer against it; exit code 1 when anything is wrong."""
    from qa.index import open_index, verify_citations, verify_index

    if options.answer is None:
        faults = verify_index(options.index)
        mend = f"Make the index again: qa index CORPUS --index {options.index}"
        whole = "Every hash, row and passage is as it was written."
    else:
        faults = verify_citations(open_index(options.index), _read_answer(options.answer))
        mend = "The answer is not from this index, or was changed: ask again."
        whole = "Every quote stands in its document at its place."
    if options.json:
        print_json({"ok": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            print(fault)
        print(f"{len(faults)} faults. {mend}")
    else:
        print(whole)
    return 1 if faults else 0


def _read_answer(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise QAError(
            f"{path} could not be read ({error}). Give what qa ask --json wrote."
        ) from error
    if not isinstance(fields, dict):
        raise QAError(f"{path} holds no JSON object. Give what qa ask --json wrote.")
    return fields
