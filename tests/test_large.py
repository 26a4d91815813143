"""Large collections, at a small size: lists of vectors in the place of a comparison with all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.cli import main
from qa.dense import LEAST_RECALL, DenseIndex, Sample, list_count, training_size
from qa.embedding import Vectors
from qa.index import open_index, update_index, verify_index
from qa.index.manifest import FileEntry, read_manifest, verify_files
from qa.question import make_question
from qa.records import QAError
from qa.search import METHODS

LINES = [
    {"id": f"d{number}", "text": f"Le village numéro {number} compte {number * 37} habitants. " * 3}
    for number in range(60)
]


def unit_vectors(rows: int, dimension: int = 16) -> Vectors:
    vectors = np.random.default_rng(1).standard_normal((rows, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def write_lines(path: Path, lines: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def build_lists(vectors: Vectors, questions: Vectors) -> DenseIndex:
    rows, dimension = vectors.shape
    sample = Sample(vectors[: training_size(rows)], questions)
    return DenseIndex.build_blocks(rows, dimension, np.array_split(vectors, 7), sample)


def test_the_nearest_are_found_in_few_lists(tmp_path: Path) -> None:
    vectors = unit_vectors(5_000)
    questions = unit_vectors(5_200)[5_000:]
    built = build_lists(vectors, questions)
    found = built.approximation
    assert found is not None and found.lists == list_count(5_000) == 283
    assert found.recall >= LEAST_RECALL and found.probes < found.lists
    built.save(tmp_path / "vectors.faiss")
    index = DenseIndex.load(tmp_path / "vectors.faiss")
    assert (index.rows, index.dimension) == (5_000, 16)
    rows, scores = index.search(vectors[17], 10)
    assert rows[0] == 17 and scores[0] == pytest.approx(1, abs=1e-3)
    exact = np.argsort(-(questions @ vectors.T), axis=1)[:, :10]
    shared = [
        np.isin(index.search(q, 10)[0], e).sum() for q, e in zip(questions, exact, strict=True)
    ]
    # What is told is what is found: half precision may exchange a tenth and an eleventh.
    assert np.sum(shared) / exact.size == pytest.approx(found.recall, abs=0.005)
    # What is kept is what was given, in half precision.
    np.testing.assert_array_equal(
        index.vectors(np.array([4_999, 0])), vectors[[4_999, 0]].astype(np.float16)
    )


def test_some_rows_are_searched_in_all_lists() -> None:
    vectors = unit_vectors(600)
    index = build_lists(vectors, vectors[:50])
    rows = np.arange(7, 600, 100)
    narrowed = index.among(rows)
    expected = rows[np.argsort(-(vectors[rows] @ vectors[0]), kind="stable")]
    found, scores = narrowed.search(vectors[0], 20)
    assert found.tolist() == expected.tolist()
    assert scores == pytest.approx(vectors[expected] @ vectors[0], abs=1e-3)
    assert len(index.search(vectors[0], 20)[0]) == 20  # the index itself is as it was


def test_lists_that_find_too_little_are_all_looked_at() -> None:
    """In 16 dimensions without any order, eight lists of few vectors miss neighbours."""
    vectors = unit_vectors(300)
    found = build_lists(vectors, unit_vectors(400)[300:]).approximation
    assert found is not None and found.recall >= LEAST_RECALL and found.probes > 8


def test_vectors_cut_short_while_they_are_mapped_are_told(tmp_path: Path) -> None:
    path = tmp_path / "vectors.faiss"
    vectors = unit_vectors(500)
    build_lists(vectors, vectors[:20]).save(path)
    index = DenseIndex.load(path)
    index._mapped._checked = 0.0
    os.truncate(path, 100)
    with pytest.raises(QAError, match=r"cut short while it was in use \(vectors\.faiss\)"):
        index.search(vectors[0], 3)


def test_an_index_above_its_size_says_how_it_searches(
    tmp_path: Path, fake_embedder: FakeEmbedder, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_lines(tmp_path / "c.jsonl", LINES)
    exact, approximate = tmp_path / "exact", tmp_path / "approximate"
    update_index(corpus, exact, fake_embedder)
    update_index(corpus, approximate, fake_embedder, exact_up_to=50)
    index, lists = open_index(exact), open_index(approximate)
    found = lists.manifest.approximation
    assert index.manifest.approximation is None and found is not None
    assert found.recall >= LEAST_RECALL and found.questions == 60
    for row in range(0, 60, 7):
        question = LINES[row]["text"][:44]
        query = make_question(question, fake_embedder)
        for method in METHODS.values():
            assert method(index, query, 5)[0].row == row
            assert method(lists, query, 5)[0].row == row
    assert main(["status", "--index", str(approximate)]) == 0
    assert f"{found.probes} of {found.lists} lists looked at" in capsys.readouterr().out
    assert main(["status", "--index", str(exact)]) == 0
    assert "all compared with a question (up to 300000 passages)" in capsys.readouterr().out
    assert verify_index(approximate) == []


def test_an_update_keeps_the_size_and_is_as_made_anew(
    tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus = write_lines(tmp_path / "c.jsonl", LINES)
    update_index(corpus, tmp_path / "index", fake_embedder, exact_up_to=50)
    changed = [*LINES[:30], {"id": "neuf", "text": "Une rivière traverse la plaine."}, *LINES[31:]]
    write_lines(corpus, changed)
    report = update_index(corpus, tmp_path / "index", fake_embedder)
    assert report.embedded == 1
    anew = tmp_path / "anew"
    update_index(corpus, anew, fake_embedder, exact_up_to=50)
    updated, made = open_index(tmp_path / "index"), open_index(anew)
    assert updated.manifest.exact_up_to == 50
    assert updated.manifest.approximation == made.manifest.approximation
    for name in ("vectors.faiss", "tokens/signs.bin"):
        assert updated.manifest.files[name].sha256 == made.manifest.files[name].sha256
    # Another size is another index, though no document changed; its vectors are taken over.
    report = update_index(corpus, tmp_path / "index", fake_embedder, exact_up_to=1_000)
    assert report.published and report.embedded == 0
    assert open_index(tmp_path / "index").manifest.approximation is None


def test_documents_that_stayed_are_not_cut_again(
    tmp_path: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_lines(tmp_path / "c.jsonl", LINES)
    update_index(corpus, tmp_path / "index", fake_embedder)
    cut: list[str] = []
    count_tokens = fake_embedder.count_tokens

    def count(texts: Sequence[str]) -> list[int]:
        cut.extend(texts)
        return count_tokens(texts)

    monkeypatch.setattr(fake_embedder, "count_tokens", count)
    write_lines(corpus, [*LINES[:-1], {"id": "d59", "text": "Un autre texte."}])
    report = update_index(corpus, tmp_path / "index", fake_embedder)
    assert (report.read, report.changed, report.embedded) == (1, ("d59",), 1)
    assert set(cut) - {""} == {"Un autre texte."}


def test_a_large_index_is_hashed_where_the_system_tells_a_change(
    tmp_path: Path, fake_embedder: FakeEmbedder, write_corpus: Callable[..., Path]
) -> None:
    update_index(write_corpus({"a.txt": "Un texte."}), tmp_path / "index", fake_embedder)
    generation = open_index(tmp_path / "index").path
    manifest = read_manifest(generation)
    path = generation / "tokens" / "signs.bin"
    content = path.read_bytes()
    # A change that keeps size and modification time, which any program can set.
    found = path.stat()
    path.write_bytes(bytes(byte ^ 1 for byte in content))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    fault = ["tokens/signs.bin does not match its SHA-256"]
    assert verify_files(generation, manifest, hashed_up_to=0) == fault
    path.write_bytes(content)
    assert verify_files(generation, manifest, hashed_up_to=0) == []
    # A copy has other stamps, and is hashed.
    copy = tmp_path / "copy"
    shutil.copytree(generation, copy)
    (copy / "tokens" / "signs.bin").write_bytes(bytes(len(content)))
    assert verify_files(copy, manifest, hashed_up_to=0) == fault


def test_stamps_alone_are_trusted_only_above_the_size(
    tmp_path: Path, fake_embedder: FakeEmbedder, write_corpus: Callable[..., Path]
) -> None:
    """Bytes that change without the system's knowledge (a failing disk): told by ``qa verify``."""
    update_index(write_corpus({"a.txt": "Un texte."}), tmp_path / "index", fake_embedder)
    generation = open_index(tmp_path / "index").path
    manifest = read_manifest(generation)
    path = generation / "tokens" / "signs.bin"
    path.write_bytes(bytes(path.stat().st_size))
    found = path.stat()
    entry = manifest.files["tokens/signs.bin"]
    stamp = f"{found.st_ino}:{found.st_mtime_ns}:{found.st_ctime_ns}"
    files = {
        **manifest.files,
        "tokens/signs.bin": FileEntry(entry.size, entry.sha256, stamp),
    }
    told = replace(manifest, files=files)
    assert verify_files(generation, told, hashed_up_to=0) == []
    for limit in (None, 1_000_000):
        assert verify_files(generation, told, hashed_up_to=limit) == [
            "tokens/signs.bin does not match its SHA-256"
        ]
