"""The commands that look after an index: ``index``, ``status``, ``verify``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from qa.cli.printing import print_json
from qa.cli.progress import progress_bars


def index(options: argparse.Namespace) -> int:
    """Make or update an index and tell what changed."""
    from qa.embedding import open_embedder
    from qa.index import update_index

    with progress_bars() as progress:
        report = update_index(
            options.corpus, options.index, open_embedder(options.model), progress=progress
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
    """Check an index again; exit code 1 when anything is wrong."""
    from qa.index import verify_index

    faults = verify_index(options.index)
    if options.json:
        print_json({"ok": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            print(fault)
        print(
            f"{len(faults)} faults. Make the index again: qa index CORPUS --index {options.index}"
        )
    else:
        print("Every hash, row and passage is as it was written.")
    return 1 if faults else 0
