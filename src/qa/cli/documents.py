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

from qa.cli.printing import print_json, wrong_usage
from qa.messages import worded
from qa.progress import progress_bars
from qa.records import QAError, Skipped

if TYPE_CHECKING:
    from qa.answering import AnsweringModel, Calibration
    from qa.embedding import Embedder
    from qa.index import Index, IndexReport, LanguageCount, Manifest, RepeatedDocument
    from qa.index.store import DocumentEntry
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
        return wrong_usage("qa index: --watch cannot be used with --ray.")
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
        print(worded("The index already says the same: left as it is."))
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
                print(f"qa: {result.worded()}", file=sys.stderr, flush=True)
            elif options.json:
                print_json(asdict(result))
            elif result.published or not told:
                print(datetime.now().astimezone().isoformat(timespec="seconds"))
                _print_report(result)
                if not told:
                    print(worded("Following {}. Ctrl-C to stop.", options.corpus))
                told = True
                sys.stdout.flush()
    except KeyboardInterrupt:
        print(worded("qa: stopped; the index is as the last update left it."), file=sys.stderr)
    return 0


def _print_report(report: IndexReport) -> None:
    for label in ("added", "changed", "deleted"):
        for name in getattr(report, label):
            print(f"{worded(label):>9}  {name}")
    for old, new in report.renamed:
        print(f"{worded('renamed'):>9}  {old} -> {new}")
    for skipped in report.skipped:
        print(f"{worded('skipped'):>9}  {skipped.source}: {_reason(skipped)}")
    for repeated in report.repeated_documents:
        print(f"{worded('repeats'):>9}  {_repetition(repeated)}")
    documents = len(report.added) + len(report.changed) + len(report.renamed)
    documents += len(report.unchanged)
    print(
        worded(
            "{} documents, {} passages: {} added, {} changed, {} deleted, {} renamed, "
            "{} unchanged, {} skipped; {} files read, {} passages embedded in {:.1f} s.",
            documents,
            report.passages,
            *(
                len(getattr(report, part))
                for part in ("added", "changed", "deleted", "renamed", "unchanged", "skipped")
            ),
            report.read,
            report.embedded,
            report.seconds,
        )
    )
    for line in _languages_and_repetitions(report.languages, report.repeated_passages):
        print(line)


def _languages_and_repetitions(
    languages: Mapping[str, LanguageCount], repeated_passages: int
) -> Iterator[str]:
    """Told when there is something to tell: another language than French, a repetition."""
    if set(languages) - {"fr", "und"}:
        counts = ", ".join(
            worded("{} {} passages ({} documents)", language, count.passages, count.documents)
            for language, count in languages.items()
        )
        yield worded("languages {}. Answers are made for French.", counts)
    if repeated_passages:
        yield worded(
            "repeats   {} passages say what an earlier one says: results show the best of them.",
            repeated_passages,
        )


def _repetition(repeated: RepeatedDocument) -> str:
    if repeated.share > 0.995:
        return worded("{}: says the same as {}", repeated.id, repeated.of)
    return worded("{}: {:.0%} is in {}", repeated.id, repeated.share, repeated.of)


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
    lines = [
        *_facts(opened),
        *_refusal_lines(shipped, calibration, unusable),
        *_languages_and_repetitions(languages, repeated_passages),
    ]
    if removed:
        count = sum(map(len, removed.values()))
        lines.append(
            worded(
                "removed   {} parts around the text of {} files (--removed lists them)",
                count,
                len(removed),
            )
        )
    told = (
        [_listed(entry) for entry in documents],
        [worded("  repeats  {}", _repetition(repetition)) for repetition in repeated],
        [worded("  skipped  {}: {}", skip.source, _reason(skip)) for skip in skipped],
    )
    for most, part in zip(_ONE_SCREEN, told, strict=True):
        lines += part if options.all else part[:most]
        if len(part) > most and not options.all:
            lines.append(worded("  … and {} more (--all)", len(part) - most))
    print("\n".join(lines))
    return 0


# Documents, repetitions and skipped files that are listed unless all are asked for: with what
# stands before them they fit on a terminal of 24 lines.
_ONE_SCREEN = (6, 2, 4)


def _facts(opened: Index) -> Iterator[str]:
    """What was indexed, when, by which model."""
    manifest = opened.manifest
    if opened.warning:
        yield worded("warning   {}", opened.warning)
    yield worded("contents  {} documents, {} passages", manifest.documents, manifest.passages)
    yield worded("corpus    {}", manifest.corpus or worded("texts that a program gave"))
    yield worded("indexed   {}", f"{datetime.fromisoformat(manifest.created):%Y-%m-%d %H:%M} UTC")
    yield worded("model     {}", manifest.embedder.name)
    yield worded("vectors   {}", _how_searched(manifest))
    if not opened.lexical.finds:
        yield worded("words     not searched: this Milvus keeps no sparse vectors (2.4 does)")


def _how_searched(manifest: Manifest) -> str:
    found = manifest.approximation
    if found is None:
        return worded("all compared with a question (up to {} passages)", manifest.exact_up_to)
    return worded(
        "{} of {} lists looked at: {:.1%} of the ten nearest, over {} questions of these passages",
        found.probes,
        found.lists,
        found.recall,
        found.questions,
    )


def _listed(entry: DocumentEntry) -> str:
    language = "" if entry.language == "fr" else f"  [{entry.language}]"
    return worded("  {:>5} passages  {}  {}", entry.passages, entry.id, entry.title) + language


def _reason(skip: Skipped) -> str:
    """Why a file was left out, in the language of what stands around it."""
    return worded("{0}", skip.reason, skip.french or skip.reason)


def _refusal_lines(
    shipped: AnsweringModel, calibration: Calibration | None, unusable: str | None
) -> Iterator[str]:
    """What the thresholds mean: who gets an answer."""
    if calibration is not None and unusable is None:
        normal = {kind: shares["normal"] for kind, shares in calibration.after["answered"].items()}
        asked = calibration.questions
        yield worded(
            "answers   to {:.0%} of your {} questions that have one, {:.0%} of your {} that have "
            "none (qa calibrate, {}, {})",
            normal["answerable"],
            asked["answerable"],
            normal["unanswerable"],
            asked["unanswerable"],
            calibration.file,
            calibration.created,
        )
        return
    if calibration is not None:
        yield worded(
            "warning   calibration.json is not used ({}): run qa calibrate again", unusable
        )
    shares = [
        f"{100 * min(found):.0f}-{100 * max(found):.0f} %"
        for found in (
            [share[kind]["normal"] for share in shipped.measured.values()]
            for kind in ("answerable", "near", "far")
        )
    ]
    yield worded(
        "answers   in our trials: to {} of the questions that have one, {} of those on the subject "
        "that have none, {} of those on another subject; qa calibrate fits this to yours",
        *shares,
    )


def verify(options: argparse.Namespace) -> int:
    """Check an index, or a saved answer against it; exit code 1 when anything is wrong."""
    from qa.index import open_index, verify_citations, verify_index

    if options.answer is None:
        faults = verify_index(options.index)
        mend = worded("Make the index again: qa index CORPUS --index {}", options.index)
        whole = worded("Every hash, row and passage is as it was written.")
    else:
        faults = verify_citations(open_index(options.index), _read_answer(options.answer))
        mend = worded("The answer is not from this index, or was changed: ask again.")
        whole = worded("Every quote stands in its document at its place.")
    if options.json:
        print_json({"ok": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            print(fault)
        print(worded("{} faults. {}", len(faults), mend))
    else:
        print(whole)
    return 1 if faults else 0


def _read_answer(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise QAError("saved_answer_not_readable", path, error) from error
    if not isinstance(fields, dict):
        raise QAError("saved_answer_no_object", path)
    return fields
