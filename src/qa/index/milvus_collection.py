"""A collection in Milvus, read: rows by key, by condition and by inner product."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from qa.index.milvus import Milvus, record_key

BLOCK = 1000  # rows of one call
# Of the graph of a large collection (HNSW), so many neighbours are looked at.
_SEARCHED = {"params": {"ef": 400}}


def of_documents(documents: Sequence[str]) -> str:
    """The condition that a passage is of one of some documents."""
    return f"document in {json.dumps(list(documents), ensure_ascii=False)}"


class Collection:
    """A collection that never changes: that of a part ("passages", "records") of a generation."""

    def __init__(self, milvus: Milvus, moment: str, part: str):
        name = f"{milvus.prefix}{moment}_{part}"
        self._milvus, self._name = milvus, name
        # Milvus has it loaded; Milvus Lite forgets that with its process.
        milvus.call("load_collection", name)

    def count(self) -> int:
        """How many rows there are."""
        found = self._milvus.call("query", self._name, filter="", output_fields=["count(*)"])
        return int(found[0]["count(*)"])

    def get(self, keys: Sequence[int], fields: Sequence[str]) -> list[dict[str, Any]]:
        """The rows with some keys, in no order."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(keys), BLOCK):
            ids = [int(key) for key in keys[start : start + BLOCK]]
            found += self._milvus.call("get", self._name, ids=ids, output_fields=list(fields))
        return found

    def every(self, condition: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        """All rows that fulfil a condition, in no order, a block in memory at a time."""
        blocks = self._milvus.call(
            "query_iterator",
            self._name,
            batch_size=BLOCK,
            filter=condition,
            output_fields=list(fields),
        )
        try:
            while block := self._milvus.tried(blocks.next):
                yield from block
        finally:
            blocks.close()

    def search(
        self, field: str, vector: Any, limit: int, condition: str, fields: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """Of the rows that fulfil the condition, those with the largest inner products with a
        vector, and these as ``score``."""
        (found,) = self._milvus.call(
            "search",
            self._name,
            data=[vector],
            anns_field=field,
            limit=limit,
            filter=condition,
            output_fields=["row", *fields],
            search_params={"metric_type": "IP", **(_SEARCHED if field == "vector" else {})},
        )
        return [dict(hit["entity"]) | {"score": hit["distance"]} for hit in found]

    def record(self, kind: str, key: str) -> str:
        """The text of a record, put together."""
        wanted = ["kind", "name", "parts", "value"]
        first = [
            found
            for found in self.get([record_key(kind, key)], wanted)
            if (found["kind"], found["name"]) == (kind, key)
        ]
        if not first:
            raise KeyError(key)
        parts = int(first[0]["parts"])
        numbers = {record_key(kind, key, part): part for part in range(1, parts)}
        others = self.get(list(numbers), ["number", "value"]) if numbers else []
        values = {numbers[found["number"]]: str(found["value"]) for found in others}
        return str(first[0]["value"]) + "".join(values[part] for part in range(1, parts))

    def records(self, kind: str) -> list[Any]:
        """The contents of all records of a kind, by position."""
        wanted = ["name", "position", "parts", "value"]
        found = self.every(f'kind == "{kind}" and parts > 0', wanted)
        ordered = sorted(found, key=lambda record: int(record["position"]))
        return [
            json.loads(
                record["value"] if record["parts"] == 1 else self.record(kind, record["name"])
            )
            for record in ordered
        ]
