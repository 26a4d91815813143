"""The index on disk: what an update does, what damage and interruption do not."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from conftest import FakeEmbedder
from qa.assistant import Assistant
from qa.embedding import Embedded, Embedder, Progress
from qa.french import words
from qa.index import DamagedIndexError, IndexReport, open_index, update_index, verify_index
from qa.index.generations import writer_lock
from qa.records import QAError

FILES = {
    "cronstadt.md": "# Cronstadt\n\nLa révolte de Cronstadt éclate en mars 1921.\n",
    "lenine.md": "# Lénine\n\nLénine naît à Simbirsk en 1870. Il meurt à Gorki en 1924.\n",
    "trotsky.txt": "Trotsky\n\nTrotsky naît à Ianovka en 1879. Il meurt à Coyoacán en 1940.\n",
}


def update(corpus: Path, embedder: Embedder) -> IndexReport:
    return update_index(corpus, corpus.parent / "index", embedder)


def generations(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("gen-*"))


def test_a_new_index_says_what_it_read(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({**FILES, "image.png": "x", "vide.txt": ""})
    report = update(corpus, fake_embedder)
    assert report.added == ("cronstadt.md", "lenine.md", "trotsky.txt")
    assert (report.changed, report.deleted, report.unchanged) == ((), (), ())
    assert {skip.source for skip in report.skipped} == {"image.png", "vide.txt"}
    assert (report.passages, report.embedded) == (3, 3)
    index = open_index(corpus.parent / "index")
    assert [entry.id for entry in index.store.documents()] == list(report.added)
    assert {skip.source for skip in index.store.skipped()} == {"image.png", "vide.txt"}
    assert index.document("cronstadt.md").text == (
        "Cronstadt\n\nLa révolte de Cronstadt éclate en mars 1921."
    )
    assert verify_index(corpus.parent / "index") == []


def test_rows_are_aligned(write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder) -> None:
    """A passage finds itself first, with cosine 1, in the vectors and in the words."""
    corpus = write_corpus(FILES)
    update(corpus, fake_embedder)
    index = open_index(corpus.parent / "index")
    for row, passage in enumerate(index.store.all_passages()):
        vector = fake_embedder.vectors([passage.index_text])[0]
        rows, cosines = index.dense.search(vector, 1)
        assert (rows[0], cosines[0]) == (row, pytest.approx(1.0))
        assert index.lexical.search_words(words(passage.text), 1)[0][0] == row


def test_an_update_embeds_only_what_is_new(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    update(corpus, fake_embedder)
    (corpus / "cronstadt.md").unlink()
    (corpus / "lenine.md").write_text("# Lénine\n\nLénine dirige le parti.\n", "utf-8")
    (corpus / "staline.md").write_text("# Staline\n\nStaline naît à Gori.\n", "utf-8")
    report = update(corpus, fake_embedder)
    assert report.added == ("staline.md",)
    assert report.changed == ("lenine.md",)
    assert report.deleted == ("cronstadt.md",)
    assert report.unchanged == ("trotsky.txt",)
    assert (report.embedded, fake_embedder.embedded) == (2, 5)
    index = open_index(corpus.parent / "index")
    passages = list(index.store.all_passages())
    vectors = index.dense.vectors(np.arange(3))
    expected = fake_embedder.vectors([passage.index_text for passage in passages])
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert index.lexical.search_words(words("révolte"), 5)[0].tolist() == []


def test_the_same_corpus_writes_nothing(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    first = update(corpus, fake_embedder)
    again = update(corpus, fake_embedder)
    assert (first.published, again.published) == (True, False)
    assert again.generation == first.generation
    assert generations(corpus.parent / "index") == [first.generation]


def test_two_generations_are_kept(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    made = []
    for number in range(4):
        (corpus / "neuf.txt").write_text(f"Texte numéro {number} du jour.", "utf-8")
        made.append(update(corpus, fake_embedder).generation)
    assert set(generations(corpus.parent / "index")) == set(made[-2:])


def test_the_same_text_twice_is_embedded_once(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({"a.txt": "Le même texte.", "b.txt": "Le même texte."})
    report = update(corpus, fake_embedder)
    # Titles are the file names: only texts without one are the same to the model.
    assert report.passages == 2
    index = open_index(corpus.parent / "index")
    np.testing.assert_allclose(
        index.dense.vectors(np.arange(2)),
        fake_embedder.vectors([p.index_text for p in index.store.all_passages()]),
        atol=1e-6,
    )


def test_every_damage_is_found_before_a_native_library_reads(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    generation = corpus.parent / "index" / update(corpus, fake_embedder).generation
    chance = random.Random(7)
    files = [path for path in generation.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {path.name for path in files} >= {"manifest.json", "documents.sqlite", "vectors.faiss"}
    for path in files:
        whole = path.read_bytes()
        damaged = [whole[: len(whole) // 2], b""]
        for _ in range(4):
            flipped = bytearray(whole)
            flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
            damaged.append(bytes(flipped))
        for content in damaged:
            if content == whole:
                continue
            path.write_bytes(content)
            with pytest.raises(QAError, match=r"damaged|format"):
                open_index(corpus.parent / "index")
        path.unlink()
        with pytest.raises(QAError, match="damaged"):
            open_index(corpus.parent / "index")
        path.write_bytes(whole)
    assert verify_index(corpus.parent / "index") == []


def test_a_damaged_generation_falls_back_with_a_warning_and_is_mended(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    old = update(corpus, fake_embedder).generation
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    new = update(corpus, fake_embedder).generation
    directory = corpus.parent / "index"
    (directory / new / "vectors.faiss").write_bytes(b"")
    index = open_index(directory)
    assert index.path.name == old
    assert index.warning is not None and "vectors.faiss has 0 bytes" in index.warning
    report = update(corpus, fake_embedder)
    assert report.published
    assert open_index(directory).warning is None


def test_another_format_is_told_and_made_again(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    corpus = write_corpus(FILES)
    with monkeypatch.context() as patch:
        patch.setattr("qa.index.writer.FORMAT", 99)
        patch.setattr("qa.index.manifest.FORMAT", 99)
        update(corpus, fake_embedder)
    with pytest.raises(QAError, match="format 99, this version reads format 4"):
        open_index(corpus.parent / "index")
    assert update(corpus, fake_embedder).embedded == 3


def test_another_model_is_refused(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    update(corpus, fake_embedder)
    other = FakeEmbedder()
    other.fingerprint = "fake-2"
    with pytest.raises(QAError, match=r"another version of the model 'fake'.*qa index"):
        Assistant(open_index(corpus.parent / "index"), other)
    assert update(corpus, other).embedded == 3


def test_a_model_that_fails_leaves_the_old_index(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    class Broken(FakeEmbedder):
        def embed_passages(self, texts, progress: Progress | None = None) -> Embedded:  # type: ignore[no-untyped-def]
            embedded = super().embed_passages(texts, progress)
            return replace(embedded, vectors=np.full_like(embedded.vectors, np.nan))

    corpus = write_corpus(FILES)
    before = update(corpus, fake_embedder).generation
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    with pytest.raises(QAError, match="length 1"):
        update(corpus, Broken())
    directory = corpus.parent / "index"
    assert open_index(directory).path.name == before
    assert [path.name for path in directory.glob(".staging-*")] == []


def test_a_second_writer_is_refused_at_once(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    with writer_lock(directory):
        began = time.monotonic()
        with pytest.raises(QAError, match="another process is writing"):
            update(corpus, fake_embedder)
        assert time.monotonic() - began < 1


class WideEmbedder(FakeEmbedder):
    dimension = 1024
    token_bytes = 128


def _update_on_a_small_disk(corpus: Path, limit: int, told: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        update(corpus, WideEmbedder())
    except QAError as error:
        told.write_text(str(error), "utf-8")


def test_a_disk_that_is_full_is_told_and_leaves_the_old_index(
    write_corpus: Callable[..., Path],
) -> None:
    """No file may grow over a limit, which strikes the table of passages or the vectors."""
    corpus = write_corpus(FILES)
    before = update(corpus, WideEmbedder()).generation
    lines = "".join(f'{{"id": "{n}", "text": "Le texte numéro {n}."}}\n' for n in range(600))
    (corpus / "textes.jsonl").write_text(lines, "utf-8")
    context = multiprocessing.get_context("fork")
    told = corpus.parent / "told"
    for limit in (20_000, 600_000):
        process = context.Process(target=_update_on_a_small_disk, args=(corpus, limit, told))
        process.start()
        process.join()
        assert "the index cannot be written" in told.read_text("utf-8")
        told.unlink()
        index = open_index(corpus.parent / "index")
        assert (index.path.name, index.warning) == (before, None)
        index.close()
    assert update(corpus, WideEmbedder()).passages == 603


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(QAError, match=r"no index in .*Make one: qa index"):
        open_index(tmp_path)


def test_an_index_folder_that_cannot_be_written(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    (corpus.parent / "index").write_text("a file, not a folder")
    with pytest.raises(QAError, match="cannot be written"):
        update(corpus, fake_embedder)


def _update_for_ever(corpus: Path) -> None:
    embedder = FakeEmbedder()
    for number in range(10_000):
        (corpus / "neuf.txt").write_text(f"Texte numéro {number} du jour.", "utf-8")
        update(corpus, embedder)


def test_kills_leave_a_whole_index(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    """A writer killed at random moments: every state it leaves opens, verifies and updates."""
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    update(corpus, fake_embedder)
    chance = random.Random(11)
    context = multiprocessing.get_context("fork")
    for _ in range(8):
        process = context.Process(target=_update_for_ever, args=(corpus,))
        process.start()
        time.sleep(0.05 + 0.2 * chance.random())
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        index = open_index(directory)
        assert index.warning is None
        index.close()
    (corpus / "neuf.txt").unlink()
    # One killed while it started its reading process left a copy that has the lock for a moment.
    with FileLock(directory / "LOCK", timeout=10):
        pass
    assert update(corpus, fake_embedder).passages == 3
    assert verify_index(directory) == []
    assert list(directory.glob(".staging-*")) == []


def test_readers_are_never_disturbed(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    update(corpus, fake_embedder)
    context = multiprocessing.get_context("fork")
    writer = context.Process(target=_update_for_ever, args=(corpus,))
    writer.start()
    try:
        for _ in range(40):
            index = open_index(directory)
            assert index.warning is None
            assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]
            index.close()
    finally:
        writer.kill()
        writer.join()


def test_control_c_leaves_the_old_index(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    before = update(corpus, fake_embedder).generation
    (corpus / "long.txt").write_text(
        "\n\n".join(f"Phrase numéro {n} du long texte que voici." for n in range(20_000)), "utf-8"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "index", str(corpus), "--index", str(directory)],
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(directory.glob(".staging-*")) and process.poll() is None:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors
    index = open_index(directory)
    assert index.path.name == before
    index.close()
    (corpus / "long.txt").unlink()
    assert not update(corpus, fake_embedder).published
    assert sorted(path.name for path in directory.iterdir()) == ["CURRENT", "LOCK", before]


def test_the_manifest_is_readable_and_complete(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    generation = corpus.parent / "index" / update(corpus, fake_embedder).generation
    manifest = json.loads((generation / "manifest.json").read_text("utf-8"))
    assert (manifest["format"], manifest["documents"], manifest["passages"]) == (4, 3, 3)
    assert manifest["embedder"] == {
        "name": "fake",
        "fingerprint": "fake-1",
        "dimension": 64,
        "token_bytes": 8,
    }
    assert "lexical/meta.json" in manifest["files"]
    with sqlite3.connect(generation / "documents.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM passages").fetchone() == (3,)


def test_verify_finds_rows_that_do_not_match(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    """Hashes that are right over contents that are wrong: the invariants are checked as well."""
    from qa.index.manifest import NAME, Manifest, describe_files

    corpus = write_corpus(FILES)
    generation = corpus.parent / "index" / update(corpus, fake_embedder).generation
    connection = sqlite3.connect(generation / "documents.sqlite")
    connection.execute("UPDATE passages SET text = text || '!' WHERE row = 1")
    connection.commit()
    connection.close()
    manifest = Manifest.from_json((generation / NAME).read_text("utf-8"))
    fields = {name: getattr(manifest, name) for name in Manifest.__dataclass_fields__}
    mended = Manifest(**{**fields, "files": describe_files(generation)})
    (generation / NAME).write_text(mended.to_json(), "utf-8")
    faults = verify_index(corpus.parent / "index")
    assert any("does not match its digest" in fault for fault in faults)
    assert any("characters for its span" in fault for fault in faults)


def test_damaged_index_is_a_qa_error() -> None:
    assert issubclass(DamagedIndexError, QAError)


def test_an_index_that_may_only_be_read_is_read(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tantivy would take a lock file in the folder: the folder stays as it was."""
    corpus = write_corpus(FILES)
    generation = corpus.parent / "index" / update(corpus, fake_embedder).generation
    for lock in (generation / "lexical").glob(".*.lock"):
        lock.unlink()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    index = open_index(corpus.parent / "index")
    assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]
    assert list((generation / "lexical").glob(".*.lock")) == []
