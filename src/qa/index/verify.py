"""Checking a published index again: hashes, rows, partitions, digests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qa.index.manifest import DamagedIndexError, verify_files
from qa.index.reader import Index, open_index
from qa.index.store import passage_digest
from qa.records import Passage

_BLOCK = 4096


def verify_index(directory: Path) -> list[str]:
    """What is wrong with the published generation, a line each; nothing when all is whole.

    The size and hash of every file and the row counts are checked. Then every passage must be
    ``document.text[start:end]``, follow the one before it without a gap, have the digest that its
    vector was made for, and a vector of length 1.
    """
    try:
        index = open_index(directory)
    except DamagedIndexError as error:
        return [str(error)]
    try:
        faults = [index.warning] if index.warning else []
        if index.path.is_dir():  # not that of an index in Milvus which another machine made
            faults += verify_files(index.path, index.manifest, hashed_up_to=None)
        return faults + _passage_faults(index) + _vector_faults(index)
    finally:
        index.close()


def verify_citations(index: Index, answer: Mapping[str, Any]) -> list[str]:
    """What is wrong with the citations of a saved answer (``qa ask --json``), a line each.

    Every quote must stand in its document at its place; markers count from 1; an answer has
    citations, a refusal has none.
    """
    faults = []
    citations = answer.get("citations")
    if not isinstance(citations, list) or "status" not in answer:
        return ['not an answer: "status" and "citations" are missing']
    if answer["status"] != ("answered" if citations else "not_found"):
        faults.append(f"{len(citations)} citations do not go with its status")
    for number, citation in enumerate(citations, 1):
        name = f"citation {number}"
        if not isinstance(citation, dict):
            faults.append(f"{name} is not an object")
            continue
        start, end = citation.get("start"), citation.get("end")
        if citation.get("marker") != number:
            faults.append(f"{name} has another marker than {number}")
        identifier = citation.get("document_id")
        if not isinstance(identifier, str):
            faults.append(f'{name} has no "document_id" (a text)')
            continue
        document = index.store.document(identifier)
        if document is None:
            faults.append(f"{name}: no document {identifier!r} in the index")
        elif (
            not isinstance(start, int)
            or not isinstance(end, int)
            or not 0 <= start < end
            or document.text[start:end] != citation.get("quote")
        ):
            faults.append(f"{name}: the quote does not stand in {document.id} at its place")
    return faults


def _passage_faults(index: Index) -> list[str]:
    faults = []
    digests = index.store.passage_digests()
    previous: Passage | None = None
    for row, passage in enumerate(index.store.all_passages()):
        name = f"passage {row} of {passage.document_id}"
        follows = previous is not None and previous.document_id == passage.document_id
        expected = previous.end if previous is not None and follows else 0
        if passage.start != expected:
            faults.append(f"{name} starts at {passage.start} instead of {expected}")
        if passage.end - passage.start != len(passage.text):
            faults.append(f"{name} has {len(passage.text)} characters for its span")
        if passage_digest(passage) != digests[row]:
            faults.append(f"{name} does not match its digest")
        previous = passage
    lengths = {entry.id: entry.characters for entry in index.store.documents()}
    for document_id, characters in lengths.items():
        found = len(index.document(document_id).text)
        if found != characters:
            faults.append(f"{document_id} has {found} characters instead of {characters}")
    return faults


def _vector_faults(index: Index) -> list[str]:
    faults = []
    for start in range(0, index.dense.rows, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, index.dense.rows))
        norms = np.linalg.norm(index.dense.vectors(rows), axis=1)
        faults += [
            f"the vector of passage {row} has length {norm:.3f} instead of 1"
            for row, norm in zip(rows, norms, strict=True)
            if not abs(norm - 1) < 1e-2
        ]
    return faults
