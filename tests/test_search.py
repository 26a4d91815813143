"""Three searches, one signature; fusion by hand; no duplicate in a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.embedding import Embedded, Progress, Vectors
from qa.french import words
from qa.index import Index, open_index, update_index
from qa.lexical import LexicalIndex
from qa.question import make_question
from qa.records import QAError
from qa.search import (
    METHODS,
    SEARCHES,
    TOKENS_SHARE,
    Candidates,
    fuse,
    scale_between,
    scale_by_best,
    search_hybrid,
)
from qa.tokens import late_interaction

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


@pytest.mark.parametrize("method", SEARCHES)
def test_each_method_finds_the_passage(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "Où le chef du parti meurt-il ?"
    query = make_question(question, fake_embedder)
    hits = SEARCHES[method](index, query, 3)
    assert hits[0].passage.document_id == "b.md"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        vector = index.dense.vectors(np.array([hit.row]))[0]
        assert hit.dense == pytest.approx(float(vector @ query.vector), abs=1e-6)
        assert index.passages([hit.row]) == [hit.passage]


@pytest.mark.parametrize("method", SEARCHES)
def test_the_same_text_is_listed_once(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "train blindé du commissaire"
    hits = SEARCHES[method](index, make_question(question, fake_embedder), 10)
    assert [hit.passage.document_id for hit in hits].count("c.md") == 1
    assert "copie.md" not in [hit.passage.document_id for hit in hits]


@pytest.mark.parametrize("method", ["dense", "hybrid", "vectors"])
def test_the_only_passage_is_found_by_its_meaning(
    method: str, write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({"a.md": "Le chef du parti meurt à Gorki."})
    update_index(corpus, corpus.parent / "index", fake_embedder)
    index = open_index(corpus.parent / "index")
    query = make_question("des meurtriers", fake_embedder)
    assert len(SEARCHES[method](index, query, 5)) == 1


@pytest.mark.parametrize("method", SEARCHES)
def test_more_than_there_is_gives_what_there_is(
    method: str, index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "Cronstadt"
    hits = SEARCHES[method](index, make_question(question, fake_embedder), 1000)
    assert 1 <= len(hits) <= 3


def test_a_question_without_words_has_no_lexical_hit(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    query = make_question("? 🙂 de la", fake_embedder)
    assert METHODS["lexical"](index, query, 5) == []


def test_typing_errors_are_found_by_parts_of_words(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    query = make_question("comissaire", fake_embedder)
    hits = METHODS["lexical"](index, query, 1)
    assert hits[0].passage.document_id == "c.md"
    assert hits[0].lexical == 0.0


def test_words_of_a_family_stand_for_each_other(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    files = {
        "exact.txt": "Lui est né dans une petite ville au bord du fleuve.",
        "famille.txt": "Elle naquit dans une petite ville au bord du fleuve.",
        "autre.txt": "Elle parla dans une petite ville au bord du fleuve.",
    }
    corpus = write_corpus(files)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    index = open_index(corpus.parent / "index")
    rows, scores = index.lexical.search_words(words("Où est-elle née ?"), 5)
    found = [passage.document_id for passage in index.passages(rows.tolist())]
    assert found == ["exact.txt", "famille.txt"]
    # Both words are as rare, and « né » is the question's own.
    assert scores[1] == pytest.approx(0.8 * scores[0], rel=1e-5)


def test_hybrid_reports_the_raw_scores_of_both_legs(
    index: Index, fake_embedder: FakeEmbedder
) -> None:
    question = "marins de Cronstadt"
    query = make_question(question, fake_embedder)
    hit = search_hybrid(index, query, 1)[0]
    rows, scores = index.lexical.search_words(query.words, 5)
    bm25 = dict(zip(rows.tolist(), scores.tolist(), strict=True))
    assert hit.lexical == pytest.approx(bm25[hit.row])


def test_meaning_ranks_by_tokens_too(index: Index, fake_embedder: FakeEmbedder) -> None:
    question = "voyage du chef de guerre"
    query = make_question(question, fake_embedder)
    candidates = Candidates(index, query, 10)
    rows = candidates.rows.tolist()
    tokens = late_interaction(query.tokens, index.tokens.signs(rows))
    expected = 0.5 * scale_between(candidates.cosines) + 0.5 * scale_between(tokens)
    hits = METHODS["dense"](index, query, 10)
    assert len(hits) >= 2
    for hit in hits:
        assert hit.tokens == pytest.approx(tokens[rows.index(hit.row)], abs=1e-6)
        assert hit.score == pytest.approx(expected[rows.index(hit.row)], abs=1e-5)


@pytest.mark.parametrize("compared", [30, 2])
def test_the_best_are_compared_by_tokens(
    compared: int, index: Index, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.search.COMPARED", compared)
    question = "voyage du chef de guerre"
    query = make_question(question, fake_embedder)
    candidates = Candidates(index, query, 10)
    fused = fuse(candidates.cosines, candidates.lexical())
    tokens = late_interaction(query.tokens, index.tokens.signs(candidates.rows.tolist()))
    tokens[np.argsort(-fused, kind="stable")[compared:]] = 0
    looked = (1 - TOKENS_SHARE) * fused + TOKENS_SHARE * np.maximum(tokens, 0)
    hits = search_hybrid(index, query, 10)
    assert len(hits) >= 2
    for hit in hits:
        assert hit.score == pytest.approx(looked[candidates.rows.tolist().index(hit.row)], abs=1e-5)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


class Pooled(FakeEmbedder):
    """A model without token vectors."""

    fingerprint = "pooled"
    token_bytes = 0

    def tokens(self, text: str) -> Vectors:
        return np.empty((0, self.dimension), np.float32)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        return Embedded(self.vectors(texts), (np.empty((0, 0), np.uint8),) * len(texts))


def test_a_model_without_tokens_searches_all_the_same(write_corpus: Callable[..., Path]) -> None:
    corpus = write_corpus(FILES)
    embedder = Pooled()
    update_index(corpus, corpus.parent / "index", embedder)
    index = open_index(corpus.parent / "index")
    query = make_question("chef du parti", embedder)
    hits = {name: SEARCHES[name](index, query, 5) for name in SEARCHES}
    assert hits["hybrid"][0].row == hits["fusion"][0].row
    assert hits["dense"][0].row == hits["vectors"][0].row
    assert {hit.tokens for hit in hits["hybrid"]} == {0.0}


def test_scaling_and_fusion_by_hand() -> None:
    cosines = np.array([0.2, 0.8, 0.5], dtype=np.float32)
    lexical = np.array([1.0, 0.0, 0.4], dtype=np.float32)
    np.testing.assert_allclose(scale_between(cosines), [0, 1, 0.5], atol=1e-6)
    np.testing.assert_allclose(scale_by_best(np.array([0, 2, 4], np.float32)), [0, 0.5, 1])
    np.testing.assert_allclose(fuse(cosines, lexical, 0.6), [0.4, 0.6, 0.46], atol=1e-6)
    np.testing.assert_allclose(scale_between(np.array([0.3, 0.3], np.float32)), [0, 0])
    np.testing.assert_allclose(scale_by_best(np.zeros(2, np.float32)), [0, 0])


# --- A part of the documents ----------------------------------------------------------------------


@pytest.fixture
def folders(write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder) -> Index:
    """Six documents in two folders that all say nearly the same."""
    corpus = write_corpus(
        {
            f"{folder}/{n}.{ending}": f"Le fleuve {name} déborde.\n"
            for folder, ending in (("actes", "md"), ("notes", "txt"))
            for n, name in enumerate(("Loire", "Seine", "Rhône"))
        }
    )
    update_index(corpus, corpus.parent / "index", fake_embedder)
    return open_index(corpus.parent / "index")


@pytest.mark.parametrize("method", SEARCHES)
@pytest.mark.parametrize(
    ("only", "found"),
    [
        (["notes"], {"notes/0.txt", "notes/1.txt", "notes/2.txt"}),
        (["*.md"], {"actes/0.md", "actes/1.md", "actes/2.md"}),
        (["actes/2.md", "notes/*1*"], {"actes/2.md", "notes/1.txt"}),
    ],
)
def test_only_a_part_of_the_documents_is_searched(
    folders: Index, fake_embedder: FakeEmbedder, method: str, only: list[str], found: set[str]
) -> None:
    question = "Quel fleuve déborde ?"
    query = make_question(question, fake_embedder)
    index = folders.among(only)
    # The two texts alike in both folders are one when all is searched: here each is its own.
    hits = SEARCHES[method](index, query, 10)
    assert {hit.passage.document_id for hit in hits} == found
    assert {entry.id for entry in index.store.documents()} == found
    # Each leg itself looks at them alone, however deep.
    for rows, _ in (
        index.dense.search(query.vector, 1000),
        index.lexical.search_words(words(question), 1000),
        index.lexical.search_grams(words(question), 1000),
    ):
        assert {p.document_id for p in index.passages(rows.tolist())} == found
    whole = folders.dense.search(query.vector, 6)
    inside = [i for i, row in enumerate(whole[0]) if row in set(index.store.rows(list(found)))]
    assert index.dense.search(query.vector, 6)[1].tolist() == whole[1][inside].tolist()


def test_words_are_counted_where_they_are_searched(folders: Index) -> None:
    assert folders.lexical.document_frequency("loir") == 2
    assert folders.among(["notes"]).lexical.document_frequency("loir") == 1
    assert folders.among(["notes/1.txt"]).lexical.document_frequency("loir") == 0


def test_what_names_no_document_is_told(folders: Index) -> None:
    with pytest.raises(QAError, match=r"no document is named 'note' among the 6"):
        folders.among(["notes", "note"])


def test_words_of_an_older_index_are_searched_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("qa.lexical._DOCUMENT", "nothing")
        LexicalIndex.build(tmp_path, [("a.md", "La Loire déborde.")])
    index = LexicalIndex(tmp_path)
    assert index.search_words(words("Loire"), 5)[0].tolist() == [0]
    with pytest.raises(QAError, match=r"made before it could be searched in part\. Update it"):
        index.among(["a.md"])


@pytest.mark.parametrize("method", SEARCHES)
def test_scores_are_on_one_scale_and_what_is_named_comes_first(
    method: str, write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    texts = {
        "code.md": "# Code\n\n## Article 7\n\nLe meunier garde le bief.\n",
        "autre.md": "Le sens de l’article 7 du code : que dit l’article 7, le fameux article 7 ?\n",
        "loin.md": "Les abeilles dorment.\n",
    }
    corpus = write_corpus(texts)
    update_index(corpus, corpus.parent / "index", fake_embedder)
    index = open_index(corpus.parent / "index")
    hits = SEARCHES[method](index, make_question("Que dit l’article 7 ?", fake_embedder), 3)
    assert [hit.is_named for hit in hits] == [True, *[False] * (len(hits) - 1)]
    assert hits[0].passage.document_id == "code.md"
    assert max(hit.score for hit in hits[1:]) > hits[0].score  # by words alone it would be second
    assert all(0 <= hit.score <= 1 + 1e-6 for hit in hits)
