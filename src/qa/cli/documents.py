"""The commands that look after an index: ``index``, ``status``, ``verify``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qa.cli.printing import print_json
from qa.cli.progress import progress_bars
from qa.records import QAError


def index(options: argparse.Namespace) -> int:
    """Make or update an index and tell what changed."""
    from qa.embedding import open_embedder
    from qa.index import update_index
    from qa.reading import ReadingSettings

    reading = ReadingSettings(
        tuple(options.text_field or ()), options.title_field or "", options.ocr
    )
    with progress_bars() as progress:
        report = update_index(
            options.corpus,
            options.index,
            open_embedder(options.model),
            progress=progress,
            reading=reading,
        )
    if options.json:
        print_json(asdict(report))
        return 0
    for label in ("added", "changed", "deleted"):
        for name in getattr(report, label):
            print(f"{label:>9}  {name}")
    for skipped in report.skipped:
        print(f"{'skipped':>9}  {skipped.source}: {skipped.reason}")
    documents = len(report.added) + len(report.changed) + len(report.unchanged)
    print(
        f"{documents} documents, {report.passages} passages: {len(report.added)} added, "
        f"{len(report.changed)} changed, {len(report.deleted)} deleted, "
        f"{len(report.unchanged)} unchanged, {len(report.skipped)} skipped; "
        f"{report.embedded} passages embedded in {report.seconds:.1f} s."
    )
    if not report.published:
        print("The index already says the same: left as it is.")
    return 0


def status(options: argparse.Namespace) -> int:
    """Tell what is indexed and what was skipped."""
    from qa.answering import shipped_model
    from qa.index import open_index

    measured = shipped_model().measured
    opened = open_index(options.index)
    manifest, documents = opened.manifest, opened.store.documents()
    skipped = opened.store.skipped()
    if options.json:
        fields = asdict(manifest)
        fields |= {
            "answered_share_measured": measured,
            "generation": opened.path.name,
            "warning": opened.warning,
            "document_list": [asdict(entry) for entry in documents],
            "skipped": [asdict(entry) for entry in skipped],
        }
        print_json(fields)
        return 0
    if opened.warning:
        print(f"warning   {opened.warning}")
    print(f"corpus    {manifest.corpus}")
    print(f"indexed   {manifest.created}, generation {opened.path.name}")
    print(f"model     {manifest.embedder.name} ({manifest.embedder.dimension} dimensions)")
    print(f"contents  {manifest.documents} documents, {manifest.passages} passages")
    for size, shares in measured.items():
        told = ", ".join(f"{kind} {share['normal']:.0%}" for kind, share in shares.items())
        print(f"answered  of development questions, normal caution, {size}: {told}")
    for entry in documents:
        print(f"  {entry.passages:>5} passages  {entry.id}  {entry.title}")
    for skip in skipped:
        print(f"  skipped  {skip.source}: {skip.reason}")
    return 0


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
    except (OSError, ValueError) as error:
        raise QAError(
            f"{path} could not be read ({error}). Give what qa ask --json wrote."
        ) from error
    if not isinstance(fields, dict):
        raise QAError(f"{path} holds no JSON object. Give what qa ask --json wrote.")
    return fields
