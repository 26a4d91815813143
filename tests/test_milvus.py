"""An index in Milvus (Milvus Lite here): the same answers as of the local one, and no traces."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import ROOT, FakeEmbedder
from qa.assistant import Assistant
from qa.cli import main
from qa.french import analyse_words
from qa.index import (
    Index,
    Progress,
    current_name,
    index_folder,
    open_index,
    update_index,
    verify_index,
)
from qa.index.milvus import Milvus, connect, milvus_address
from qa.index.milvus_writer import coded_length
from qa.question import make_question
from qa.records import QAError
from qa.search import METHODS

pytest.importorskip("milvus_lite")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

QUESTIONS = [
    "Où Léon Trotsky est-il mort ?",
    "Quand naquit Staline ?",
    "combien de kilomètres le train a-t-il parcourus",
    "article 4",
    "assasinat a Mexico",
    "Qui dirigea l'Armée rouge ?",
]


@pytest.fixture(scope="module", autouse=True)
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QA_MILVUS_WORK", str(tmp_path_factory.mktemp("work")))
        yield
    gc.collect()  # what Milvus Lite leaves open is warned of here, where it is known


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, Index]:
    """An index on this disk, and the same in Milvus."""
    place, embedder = tmp_path_factory.mktemp("both"), FakeEmbedder()
    corpus = place / "corpus"
    corpus.mkdir()
    for name in ("lenine-vie.md", "staline-vie.md", "testament-de-lenine.md"):
        shutil.copy(ROOT / "corpus" / name, corpus / name)
    statutes = "Article 3\n\nLe bureau siège à Mexico.\n\nArticle 4\n\nLe train est payé."
    (corpus / "statuts.txt").write_text(statutes, "utf-8")
    (corpus / "copie.txt").write_text(statutes, "utf-8")
    (corpus / "vide.pdf").write_bytes(b"")
    update_index(corpus, place / "index", embedder)
    folder = index_folder(str(place / "corpus.db"))
    update_index(corpus, folder, embedder)
    return open_index(place / "index"), open_index(folder)


@pytest.mark.parametrize("only", [(), ("statuts.txt", "*-vie.md")])
@pytest.mark.parametrize("method", METHODS)
def test_the_hits_are_those_of_the_local_index(
    both: tuple[Index, Index], method: str, only: tuple[str, ...]
) -> None:
    local, remote = (index.among(only) if only else index for index in both)
    assert local.store.documents() == remote.store.documents()
    assert len(local.store.documents()) == (3 if only else 5)
    for stem in analyse_words("brutal train"):
        known = [bool(index.lexical.document_frequency(stem)) for index in (local, remote)]
        assert known == [stem == "train" or not only] * 2
    for question in QUESTIONS:
        query = make_question(question, FakeEmbedder())
        expected = METHODS[method](local, query, 20)
        found = METHODS[method](remote, query, 20)
        assert [hit.row for hit in found] == [hit.row for hit in expected]
        assert [hit.passage for hit in found] == [hit.passage for hit in expected]
        for one, other in zip(found, expected, strict=True):
            for score in ("score", "dense", "lexical", "tokens"):
                assert getattr(one, score) == pytest.approx(getattr(other, score), abs=1e-5)


def test_the_documents_are_those_of_the_local_index(both: tuple[Index, Index]) -> None:
    local, remote = both
    assert remote.manifest.corpus_digest == local.manifest.corpus_digest
    for told in ("counts", "documents", "document_digests", "skipped", "removed", "languages"):
        assert getattr(remote.store, told)() == getattr(local.store, told)()
    assert len(local.store.skipped()) == 1 and local.store.repeats()
    for told in ("repeats", "repeated_passages", "repeated_documents", "passage_digests"):
        assert getattr(remote.store, told)() == getattr(local.store, told)()
    for name in local.store.document_digests():
        document = remote.document(name)
        assert document == local.document(name)
        assert remote.store.source(name) == document.source
        assert remote.store.page(name, 10) == local.store.page(name, 10)
    assert list(remote.store.all_passages()) == list(local.store.all_passages())
    rows = np.array([7, 0, 30])
    np.testing.assert_array_equal(remote.dense.vectors(rows), local.dense.vectors(rows))
    for one, other in zip(remote.tokens.signs([7, 0]), local.tokens.signs([7, 0]), strict=True):
        np.testing.assert_array_equal(one, other)
    for stem in ("trotsk", "lenin", "revolu", "xyz"):
        assert remote.lexical.document_frequency(stem) == local.lexical.document_frequency(stem)
    with pytest.raises(QAError, match="no document 'none'"):
        remote.document("none")


def test_an_index_in_milvus_is_verified(both: tuple[Index, Index]) -> None:
    assert verify_index(both[1].path.parent) == []


@pytest.mark.parametrize(
    ("length", "coded"), [(0, 0), (39, 39), (40, 40), (41, 40), (55, 54), (57, 56), (1000, 984)]
)
def test_lengths_are_coded_as_tantivy_codes_them(length: int, coded: int) -> None:
    assert coded_length(length) == coded


def stored(folder: Path, text: str) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and text.encode() in p.read_bytes()]


def test_a_generation_replaces_the_one_before_and_a_deleted_document_is_gone(
    write_corpus: Callable[..., Path], tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({"a.txt": "Le moulin tourne.", "b.txt": "Le secret zyxwvu est gardé."})
    folder = index_folder(str(tmp_path / "x.db"))
    first = update_index(corpus, folder, fake_embedder)
    with Assistant(open_index(folder), fake_embedder) as assistant:
        assert assistant.search("secret zyxwvu", limit=1)[0].passage.document_id == "b.txt"
        assert stored(tmp_path / "x.db", "zyxwvu")
        (corpus / "b.txt").unlink()
        (corpus / "c.txt").write_text("La rivière coule.", "utf-8")
        second = update_index(corpus, folder, fake_embedder)
        assert (second.deleted, second.embedded) == (("b.txt",), 1)
        assert current_name(folder) == second.generation != first.generation
        # An open assistant turns to it.
        found = {hit.passage.document_id for hit in assistant.search("secret zyxwvu", limit=5)}
        assert found <= {"a.txt", "c.txt"}
        assert list(assistant.index.store.document_digests()) == ["a.txt", "c.txt"]
    address = milvus_address(folder)
    assert address is not None
    assert len(connect(address).collections()) == 2
    assert stored(tmp_path / "x.db", "zyxwvu") == stored(folder, "zyxwvu") == []
    # What is the same is not published again.
    assert not update_index(corpus, folder, fake_embedder).published
    assert current_name(folder) == second.generation


def test_an_interrupted_publication_leaves_the_one_before_and_is_made_up_for(
    write_corpus: Callable[..., Path], tmp_path: Path, fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({"a.txt": "Le moulin tourne.", "b.txt": "Le secret zyxwvu."})
    folder = index_folder(str(tmp_path / "x.db"))
    first = update_index(corpus, folder, fake_embedder)
    (corpus / "b.txt").unlink()
    (corpus / "a.txt").write_text("La roue tourne.", "utf-8")

    def stop(progress: Progress) -> None:
        if progress.step == "publish":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_index(corpus, folder, fake_embedder, progress=stop)
    assert current_name(folder) == first.generation
    assert open_index(folder).document("a.txt").text == "Le moulin tourne."
    again = update_index(corpus, folder, fake_embedder)
    assert not again.published  # on this disk it was there already
    assert current_name(folder) == again.generation
    assert open_index(folder).document("a.txt").text == "La roue tourne."
    address = milvus_address(folder)
    assert address is not None
    # Nothing stays of the interrupted run, nor of what was deleted before it.
    assert len(connect(address).collections()) == 2
    assert stored(tmp_path / "x.db", "zyxwvu") == []
    # Without a deletion the generation before stays, for questions that are being asked.
    (corpus / "a.txt").write_text("La roue grince.", "utf-8")
    update_index(corpus, folder, fake_embedder)
    assert len(connect(address).collections()) == 4


def test_the_commands_take_an_address(
    write_corpus: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = write_corpus({"a.txt": "Trotsky est mort à Mexico en 1940."})
    place = str(tmp_path / "x.db")
    assert main(["index", str(corpus), "--index", place]) == 0
    assert main(["status", "--index", place]) == 0
    assert "1 documents, 1 passages" in capsys.readouterr().out
    assert main(["ask", "Où Trotsky est-il mort ?", "--index", place]) == 0
    assert "« Trotsky est mort à Mexico en 1940. » [1]" in capsys.readouterr().out
    assert main(["verify", "--index", place]) == 0


def test_another_process_reads_what_was_published(
    write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    corpus = write_corpus({"a.txt": "Trotsky est mort à Mexico en 1940.", "b.txt": "Le moulin."})
    queries, qrels = tmp_path / "q.jsonl", tmp_path / "qrels.txt"
    queries.write_text('{"_id": "1", "text": "Où Trotsky est-il mort ?"}', "utf-8")
    qrels.write_text("1 0 a.txt 1\n", "utf-8")
    place = ["--index", str(tmp_path / "x.db"), "--json"]

    def run(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "qa.cli", *arguments, *place]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    assert run("index", str(corpus))["passages"] == 2
    judged = run("eval", str(queries), "--qrels", str(qrels))
    assert {m["nDCG@10"] for m in judged["methods"].values()} == {1.0}
    answer = run("ask", "Où Trotsky est-il mort ?")
    assert answer["citations"][0]["quote"] == "Trotsky est mort à Mexico en 1940."
    assert run("verify") == {"ok": True, "faults": []}


def test_a_server_that_is_away_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    assert main(["search", "Lénine", "--index", "milvus://127.0.0.1:1/docs"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("qa: Milvus does not answer at milvus://127.0.0.1:1/docs (")
    assert told.count("\n") == 1 and "QA_MILVUS_USER" in told
    assert time.monotonic() - began < 60


def test_an_empty_server_names_the_command(tmp_path: Path) -> None:
    place = tmp_path / "empty.db"
    with pytest.raises(QAError, match=rf"no index in Milvus at {place}\. Make one: qa index"):
        open_index(index_folder(str(place)))


@pytest.mark.parametrize(
    "address",
    ["milvus://", "milvus://host", "milvus://host:x/a", "milvus://host/a-b", "milvus://h/a__b"],
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(QAError, match="is no address of an index in Milvus"):
        index_folder(address)


def test_tls_and_the_port_are_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = index_folder("milvus://milvus.example/docs")
    address = milvus_address(folder)
    assert address is not None and address.uri == "http://milvus.example:19530"
    monkeypatch.setenv("QA_MILVUS_TLS", "1")
    address = milvus_address(folder)
    assert address is not None and address.uri == "https://milvus.example:19530"
    assert index_folder("milvus://milvus.example/docs") == folder


def test_a_server_without_sparse_vectors_finds_by_meaning(
    tmp_path: Path, both: tuple[Index, Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, _ = both
    monkeypatch.setattr(Milvus, "has_words", False)
    folder = index_folder(str(tmp_path / "ancien.db"))
    update_index(Path(local.manifest.corpus or ""), folder, FakeEmbedder())
    old = open_index(folder)
    for question in QUESTIONS:
        query = make_question(question, FakeEmbedder())
        found = METHODS["dense"](old, query, 5)
        expected = METHODS["dense"](local, query, 5)
        assert [hit.passage for hit in found] == [hit.passage for hit in expected]
        assert METHODS["hybrid"](old, query, 5)
        with pytest.raises(QAError, match="no sparse vectors"):
            METHODS["lexical"](old, query, 5)
    assert verify_index(folder) == []
