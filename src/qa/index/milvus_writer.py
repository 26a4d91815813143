"""Publishing a generation in Milvus: new collections, filled and counted, then the alias."""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, TypeVar

from qa.french import analyse_grams, analyse_words
from qa.index.intake import Progress
from qa.index.manifest import NAME
from qa.index.milvus import Milvus, generation_moment, record_key, term_dimension
from qa.index.milvus_collection import Collection
from qa.index.reader import LocalIndex
from qa.index.store import Store
from qa.records import QAError

# Up to here every vector is compared, as on one machine; above, Milvus has its own graph (HNSW).
_EXACT_UP_TO = 300_000
_GRAPH = {"M": 32, "efConstruction": 200}
ROWS = 200  # of one call: some 4 MB, where Milvus takes 64 MB
_LONGEST = 65_535  # bytes of a text in Milvus
_PART = 20_000  # characters of a record, at most three bytes each
# BM25 as tantivy has it: Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework".
_K1, _B = 1.2, 0.75
FIELDS = {"words": analyse_words, "grams": analyse_grams}
Record = dict[str, Any]
_Item = TypeVar("_Item")


def publish_generation(
    milvus: Milvus, index: LocalIndex, progress: Callable[[Progress], None]
) -> None:
    """Copy a generation that is whole on this disk to Milvus, and switch the alias to it.

    The generation before it stays until the next one, in case a question is being asked of it;
    unless it holds a document that was deleted, of which nothing is to stay. What an interrupted
    run has left there goes.
    """
    moment, before = generation_moment(index.path.name), milvus.published(fresh=True)
    if moment == before:
        return
    milvus.remove({before})
    passages, records = (f"{milvus.prefix}{moment}_{part}" for part in ("passages", "records"))
    statistics = {field: Statistics(index.store, analyse) for field, analyse in FIELDS.items()}
    sparse = statistics if milvus.has_words else {}
    _create_passages(milvus, passages, index, list(sparse))
    _fill(milvus, passages, _passages(index, sparse), index.manifest.passages, progress)
    _create_records(milvus, records)
    _fill(milvus, records, _records(index, statistics), None, lambda _: None)
    milvus.publish(moment)
    keeps = before is not None and _holds_nothing_else(milvus, before, index.store)
    milvus.remove({moment, before} if keeps else {moment})


def _holds_nothing_else(milvus: Milvus, moment: str, store: Store) -> bool:
    """Whether a generation has no document that is gone. An id of another file is another one."""
    entries = Collection(milvus, moment, "records").records("entry")
    held = {(entry["id"], entry["file"]) for entry in entries}
    return held <= store.document_files().items()


class Statistics:
    """What BM25 needs to know of all passages, for one kind of terms."""

    def __init__(self, store: Store, analyse: Callable[[str], list[str]]):
        self._analyse = analyse
        self.frequency: Counter[str] = Counter()
        self._rows = total = 0
        for passage in store.all_passages():
            terms = analyse(passage.index_text)
            self.frequency.update(set(terms))
            total += len(terms)
            self._rows += 1
        self._mean = total / max(1, self._rows)

    def weights(self, text: str) -> dict[int, float]:
        """The sparse vector of a passage: its inner product with the counts of a question's terms
        is the BM25 score.

        Dimension 0 stands in every passage and no question, for Milvus refuses an empty vector.
        """
        terms = self._analyse(text)
        norm = _K1 * (1 - _B + _B * coded_length(len(terms)) / max(self._mean, 1e-9))
        weights: dict[int, float] = {0: 1.0}
        for term, count in Counter(terms).items():
            frequency = self.frequency[term]
            rarity = math.log(1 + (self._rows - frequency + 0.5) / (frequency + 0.5))
            dimension = term_dimension(term)
            weight = rarity * (_K1 + 1) * count / (count + norm)
            weights[dimension] = weights.get(dimension, 0.0) + weight
        return weights


def coded_length(length: int) -> int:
    """The length of a text as tantivy and Lucene keep it in one byte, rounded down.

    >>> [coded_length(length) for length in (39, 41, 57, 1000)]
    [39, 40, 56, 984]
    """
    rest = length - 24
    if rest < 16:
        return length
    shift = rest.bit_length() - 4
    return 24 + (rest >> shift << shift)


def _passages(index: LocalIndex, statistics: Mapping[str, Statistics]) -> Iterator[Record]:
    import numpy as np

    store = index.store
    digests, firsts = store.passage_digests(), store.repeats()
    languages = store.passage_languages()
    for rows in _blocks(enumerate(store.all_passages())):
        numbers = [row for row, _ in rows]
        vectors = index.dense.vectors(np.array(numbers))
        signs = index.tokens.signs(numbers)
        for place, (row, passage) in enumerate(rows):
            yield {
                "row": row,
                "document": passage.document_id,
                "title": passage.title,
                "headings": json.dumps(passage.headings, ensure_ascii=False),
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "language": languages[row],
                "digest": digests[row].hex(),
                "first": firsts.get(row, row),
                "signs": base64.b64encode(signs[place].tobytes()).decode("ascii"),
                "vector": vectors[place],
            } | {name: found.weights(passage.index_text) for name, found in statistics.items()}


def _records(index: LocalIndex, statistics: Mapping[str, Statistics]) -> Iterator[Record]:
    store = index.store
    yield from _record("manifest", "", 0, (index.path / NAME).read_text("utf-8"))
    summary = {
        "languages": {name: asdict(count) for name, count in store.languages().items()},
        "repeated_documents": [asdict(entry) for entry in store.repeated_documents()],
        "tokens": index.tokens.tokens,
    }
    yield from _record("summary", "", 0, json.dumps(summary))
    digests, files, removed = store.document_digests(), store.document_files(), store.removed()
    for position, entry in enumerate(store.documents()):
        known = asdict(entry) | {"digest": digests[entry.id].hex(), "file": files[entry.id]}
        yield from _record("entry", entry.id, position, json.dumps(known))
        document = store.document(entry.id)
        assert document is not None
        content = {
            "headings": [[h.level, h.start, h.end] for h in document.headings],
            "metadata": dict(document.metadata),
            "pages": [[p.number, p.start, p.ocr] for p in document.pages],
            "removed": removed.get(entry.id, []),
        }
        yield from _record("document", entry.id, position, json.dumps(content))
    for position, skipped in enumerate(store.skipped()):
        yield from _record("skipped", str(position), position, json.dumps(asdict(skipped)))
    for field, found in statistics.items():
        if field == "words":  # no one asks how frequent a 4-gram is
            for term, frequency in found.frequency.items():
                yield from _record("word", term, frequency, "")


def _record(kind: str, key: str, position: int, value: str) -> Iterator[Record]:
    parts = [value[start : start + _PART] for start in range(0, len(value), _PART)] or [""]
    for part, content in enumerate(parts):
        yield {
            "number": record_key(kind, key, part),
            "kind": kind,
            "name": key if part == 0 else "",
            "position": position,
            "parts": len(parts) if part == 0 else 0,
            "value": content,
            "vector": [0.0, 1.0],  # Milvus keeps nothing without one
        }


def _create_passages(
    milvus: Milvus, name: str, index: LocalIndex, sparse_fields: Sequence[str]
) -> None:
    is_exact = index.manifest.passages <= _EXACT_UP_TO
    vectors: Record = {"index_type": "FLAT" if is_exact else "HNSW", "metric_type": "IP"}
    if not is_exact:
        vectors["params"] = _GRAPH
    sparse = {"index_type": "SPARSE_INVERTED_INDEX", "metric_type": "IP"}
    _create(
        milvus,
        name,
        "row",
        ("start", "end", "first"),
        ("document", "title", "headings", "text", "language", "digest", "signs"),
        {"vector": vectors} | dict.fromkeys(sparse_fields, sparse),
        index.manifest.embedder.dimension,
    )


def _create_records(milvus: Milvus, name: str) -> None:
    plain = {"index_type": "FLAT", "metric_type": "IP"}
    texts = ("kind", "name", "value")
    _create(milvus, name, "number", ("position", "parts"), texts, {"vector": plain}, 2)


def _create(
    milvus: Milvus,
    name: str,
    key: str,
    numbers: Sequence[str],
    texts: Sequence[str],
    indexes: Mapping[str, Mapping[str, Any]],
    dimension: int,
) -> None:
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(key, DataType.INT64, is_primary=True)
    for field in numbers:
        schema.add_field(field, DataType.INT64)
    for field in texts:
        schema.add_field(field, DataType.VARCHAR, max_length=_LONGEST)
    parameters = MilvusClient.prepare_index_params()
    for field, settings in indexes.items():
        if field == "vector":
            schema.add_field(field, DataType.FLOAT_VECTOR, dim=dimension)
        else:
            schema.add_field(field, DataType.SPARSE_FLOAT_VECTOR)
        parameters.add_index(field, **settings)
    milvus.call("create_collection", name, schema=schema, index_params=parameters)


def _fill(
    milvus: Milvus,
    name: str,
    records: Iterable[Record],
    total: int | None,
    progress: Callable[[Progress], None],
) -> None:
    """Insert records and see that they are all there; rows stay as they are from then on."""
    done = 0
    for block in _blocks(records):
        for record in block:
            _check_texts(record)
        # Under the same keys: what a call that seemed lost has written is not there twice.
        milvus.call("upsert", name, block)
        done += len(block)
        progress(Progress("publish", done, total))
    milvus.call("flush", name)
    milvus.call("load_collection", name)
    found = milvus.call("query", name, filter="", output_fields=["count(*)"])[0]["count(*)"]
    if found != done or (total is not None and done != total):
        raise QAError("milvus_not_published", milvus.address.text, found, total or done, name)


def _blocks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    remaining = iter(items)
    while block := list(islice(remaining, ROWS)):
        yield block


def _check_texts(record: Record) -> None:
    for field, value in record.items():
        if isinstance(value, str) and len(value.encode("utf-8", "replace")) > _LONGEST:
            raise QAError("milvus_text_too_long", field, len(value), _LONGEST, value[:60])
