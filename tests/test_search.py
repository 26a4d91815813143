"""Three searches, one signature; fusion by hand; no duplicate in a list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.index import Index, open_index, update_index
from qa.search import METHODS, fuse, scale_between, scale_by_best, search_hybrid

FILES = {
    "a.md": "# Cronstadt\n\nLes marins se révoltent en mars 1921 dans la forteresse.\n",
    "b.md": "# Lénine\n\nLe chef du parti meurt à Gorki en janvier 1924.\n",
    "c.md": "# Trotsky\n\nLe commissaire à la Guerre voyage en train blindé.\n",
    "copie.md": "# Trotsky\n\nLe commissaire à la Guerre voyage en train blindé.\n",
}


@pytest.fixture
def index(write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder) -> Index:
    corpus = write_corpus(FILES)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    return open_index(corpus.parent / "index")


@pytest.mark.parametrize("method", METHODS)
def test_each_method_finds_the_passage(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "Où le chef du parti meurt-il ?"
    query = fake_embedder.embed_questions([question])[0]
    hits = METHODS[method](index, question, query, 3)
    assert hits[0].passage.document_id == "b.md"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        vector = index.dense.vectors(np.array([hit.row]))[0]
        assert hit.dense == pytest.approx(float(vector @ query), abs=1e-6)
        assert index.passages([hit.row]) == [hit.passage]


@pytest.mark.parametrize("method", METHODS)
def test_the_same_text_is_listed_once(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "train blindé du commissaire"
    hits = METHODS[method](index, question, fake_embedder.embed_questions([question])[0], 10)
    assert [hit.passage.document_id for hit in hits].count("c.md") == 1
    assert "copie.md" not in [hit.passage.document_id for hit in hits]


@pytest.mark.parametrize("method", METHODS)
def test_more_than_there_is_gives_what_there_is(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "Cronstadt"
    hits = METHODS[method](index, question, fake_embedder.embed_questions([question])[0], 1000)
    assert 1 <= len(hits) <= 3


def test_a_question_without_words_has_no_lexical_hit(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    query = fake_embedder.embed_questions(["?"])[0]
    assert METHODS["lexical"](index, "? 🙂 de la", query, 5) == []


def test_typing_errors_are_found_by_parts_of_words(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    query = fake_embedder.embed_questions(["x"])[0]
    hits = METHODS["lexical"](index, "comissaire", query, 1)
    assert hits[0].passage.document_id == "c.md"
    assert hits[0].lexical == 0.0


def test_hybrid_reports_the_raw_scores_of_both_legs(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "marins de Cronstadt"
    query = fake_embedder.embed_questions([question])[0]
    hit = search_hybrid(index, question, query, 1)[0]
    words = dict(
        zip(*[part.tolist() for part in index.lexical.search_words(question, 5)], strict=True)
    )
    assert hit.lexical == pytest.approx(words[hit.row])


def test_scaling_and_fusion_by_hand() -> None:
    cosines = np.array([0.2, 0.8, 0.5], dtype=np.float32)
    lexical = np.array([1.0, 0.0, 0.4], dtype=np.float32)
    np.testing.assert_allclose(scale_between(cosines), [0, 1, 0.5], atol=1e-6)
    np.testing.assert_allclose(scale_by_best(np.array([0, 2, 4], np.float32)), [0, 0.5, 1])
    np.testing.assert_allclose(fuse(cosines, lexical, 0.6), [0.4, 0.6, 0.46], atol=1e-6)
    np.testing.assert_allclose(scale_between(np.array([0.3, 0.3], np.float32)), [0, 0])
    np.testing.assert_allclose(scale_by_best(np.zeros(2, np.float32)), [0, 0])
