"""The embedders: unit vectors, one space for both forms of the model, prompts, clear failures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qa.embedding import SentenceTransformerEmbedder, ShippedEmbedder, open_embedder
from qa.encoder import CONTEXT, PASSAGE_PROMPT, SHIPPED_MODEL, Encoder, shipped_encoder
from qa.index import open_index, update_index
from qa.question import make_question
from qa.records import QAError
from qa.search import SEARCHES
from qa.tokens import late_interaction

TEXTS = [
    "Où Léon Trotsky est-il mort ?",
    "Transporté à un hôpital de Mexico, Léon Trotsky y mourut le 21 août 1940.",
    "La mutinerie du cuirassé Potemkine éclata en mer Noire.",
    "Comment renouveler un passeport ?",
    "mot",
    "",
]


def test_vectors_and_signs_are_the_same_whatever_else_is_asked(
    shipped_embedder: ShippedEmbedder,
) -> None:
    together = shipped_embedder.embed_passages(TEXTS)
    assert together.vectors.shape == (len(TEXTS), shipped_embedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(together.vectors, axis=1), 1, atol=1e-5)
    for row, text in enumerate(TEXTS):
        alone = shipped_embedder.embed_passages([text])
        np.testing.assert_array_equal(alone.vectors[0], together.vectors[row])
        np.testing.assert_array_equal(alone.signs[0], together.signs[row])


def test_meaning_is_near(shipped_embedder: ShippedEmbedder) -> None:
    question, answer, other, *_ = (q.vector for q in shipped_embedder.embed_questions(TEXTS))
    assert question @ answer > question @ other + 0.2


# « ne » and capitals are put right before a question is embedded (``qa.forms.spelled``).
@pytest.mark.parametrize(
    "question", ["Où est né Trotsky ?", "ou est né trotsky", "Ou est né Trotsky"]
)
def test_accents_and_case_may_be_left_out(shipped_embedder: ShippedEmbedder, question: str) -> None:
    query = shipped_embedder.embed_questions([question])[0]
    texts = [
        "Lev Bronstein, dit Trotsky, naquit à Ianovka.",
        "Trotsky ne répondit pas à la lettre.",
        "La mutinerie du cuirassé Potemkine éclata en mer Noire.",
    ]
    passages = shipped_embedder.embed_passages(texts)
    born, answered, other = late_interaction(query.tokens, passages.signs)
    assert born > answered > other
    assert np.argmax(passages.vectors @ query.vector) == 0


def test_a_long_text_is_cut_not_refused(shipped_embedder: ShippedEmbedder) -> None:
    text = "révolution " * 5000
    assert shipped_embedder.count_tokens([text])[0] >= 5000
    assert np.isfinite(shipped_embedder.embed_passages([text]).vectors).all()


def test_progress_counts_every_text(shipped_embedder: ShippedEmbedder) -> None:
    done: list[int] = []
    shipped_embedder.embed_passages(TEXTS * 12, done.append)
    assert sum(done) == 12 * len(TEXTS)


def test_both_forms_of_the_model_agree(shipped_embedder: ShippedEmbedder) -> None:
    whole = SentenceTransformerEmbedder(str(SHIPPED_MODEL))
    assert whole.dimension == shipped_embedder.dimension
    assert whole.count_tokens(TEXTS) == shipped_embedder.count_tokens(TEXTS)
    cosines = (
        whole.embed_passages(TEXTS).vectors * shipped_embedder.embed_passages(TEXTS).vectors
    ).sum(axis=1)
    assert cosines.mean() > 0.99
    (whole_query,), (query,) = (e.embed_questions(TEXTS[:1]) for e in (whole, shipped_embedder))
    assert whole_query.vector @ query.vector > 0.98
    assert np.linalg.norm(whole_query.tokens, axis=1).sum() == pytest.approx(1, abs=1e-5)


def test_another_model_gives_tokens_too(write_corpus: Callable[..., Path], tmp_path: Path) -> None:
    corpus = write_corpus({"a.txt": TEXTS[1], "b.txt": TEXTS[2]})
    embedder = SentenceTransformerEmbedder(str(SHIPPED_MODEL))
    update_index(corpus, tmp_path / "index", embedder)
    index = open_index(tmp_path / "index")
    question = make_question(TEXTS[0], embedder)
    for search in SEARCHES.values():
        assert search(index, question, 2)[0].passage.document_id == "a.txt"
    hit = SEARCHES["hybrid"](index, question, 1)[0]
    assert 0 < hit.tokens <= 1


def test_where_tokens_stand_in_a_text_and_in_a_pair() -> None:
    encoder = shipped_encoder()
    text = "Trotsky naquit à Ianovka"
    single = encoder.read(text, PASSAGE_PROMPT)
    pair = encoder.read_pair("Où est-il né ?", text)
    for pieces in (single, pair):
        assert len(pieces.own) == len(pieces.spans)
        assert "".join(text[start:end] for start, end in pieces.spans).replace(" ", "") == (
            text.replace(" ", "")
        )
    (encoded,) = encoder.encode([pair])
    assert encoded.tokens.shape == (len(pair.own), encoder.dimension)
    assert encoded.marks.shape == (len(pair.own), CONTEXT + 1)
    long = encoder.read_pair("Qui ?", "mot " * 2000)
    assert len(long.ids) == 384 and len(long.own) == len(long.spans)


def test_the_prompts_of_a_model_are_honoured(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED_MODEL, folder)
    prompted = SentenceTransformerEmbedder(str(folder))
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {}}))
    plain = SentenceTransformerEmbedder(str(folder))
    text = "La révolte de Cronstadt"
    np.testing.assert_allclose(
        prompted.embed_questions([text])[0].vector,
        plain.embed_questions(["query: " + text])[0].vector,
        atol=1e-5,
    )
    np.testing.assert_allclose(
        prompted.embed_passages([text]).vectors,
        plain.embed_passages(["passage: " + text]).vectors,
        atol=1e-5,
    )
    assert prompted.fingerprint != plain.fingerprint


def test_a_model_that_cannot_be_had_is_one_clear_line(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("Un texte.", "utf-8")
    result = subprocess.run(
        [
            sys.executable, "-m", "qa.cli", "index", str(corpus), "--index", str(tmp_path / "i"),
            "--model", "nobody/no-such-model",
        ],
        capture_output=True,
        text=True,
        env={"PATH": "", "HF_HUB_OFFLINE": "1", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert (
        "'nobody/no-such-model' is not on this machine. Get it first (hf download" in result.stderr
    )
    assert "--model the folder of a sentence-transformers model" in result.stderr


def test_an_incomplete_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(QAError, match=r"incomplete: .*model_int8.onnx is missing"):
        Encoder(tmp_path)


def test_the_shipped_model_is_the_default() -> None:
    embedder = open_embedder()
    assert embedder.name == "sourcier-e5-fr"
    assert open_embedder(embedder.name).fingerprint == embedder.fingerprint
