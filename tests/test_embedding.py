"""The embedders: unit vectors, one space for both forms of the model, prompts, clear failures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa.embedding import (
    SHIPPED_MODEL,
    OnnxEmbedder,
    SentenceTransformerEmbedder,
    open_embedder,
)
from qa.records import QAError
from qa.tokens import late_interaction

TEXTS = [
    "Où Léon Trotsky est-il mort ?",
    "Transporté à un hôpital de Mexico, Léon Trotsky y mourut le 21 août 1940.",
    "La mutinerie du cuirassé Potemkine éclata en mer Noire.",
    "Comment renouveler un passeport ?",
    "mot",
    "",
]


def test_vectors_are_unit_and_do_not_depend_on_the_batch(shipped_embedder: OnnxEmbedder) -> None:
    together = shipped_embedder.embed_passages(TEXTS).vectors
    assert together.shape == (len(TEXTS), shipped_embedder.dimension)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.concatenate([shipped_embedder.embed_passages([text]).vectors for text in TEXTS])
    # int8 activations are scaled by the batch, so vectors agree closely, not exactly.
    assert (together * alone).sum(axis=1).min() > 0.99


def test_meaning_is_near(shipped_embedder: OnnxEmbedder) -> None:
    question, answer, other, *_ = (q.vector for q in shipped_embedder.embed_questions(TEXTS))
    assert question @ answer > question @ other + 0.2


def test_accents_and_apostrophes_do_not_matter(shipped_embedder: OnnxEmbedder) -> None:
    one, other = shipped_embedder.embed_questions(
        ["Où est né l’écrivain ?", "Ou est ne l'ecrivain ?"]
    )
    assert one.vector @ other.vector == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("question", ["Où est né Trotsky ?", "ou est-il ne trotsky"])
def test_born_is_not_a_negation(shipped_embedder: OnnxEmbedder, question: str) -> None:
    query = shipped_embedder.embed_questions([question])[0]
    texts = [
        "Lev Bronstein, dit Trotsky, naquit à Ianovka.",
        "Trotsky ne répondit pas à la lettre.",
    ]
    born, other = late_interaction(query.tokens, shipped_embedder.embed_passages(texts).signs)
    assert born > other + 0.02


def test_negations_are_left_alone(shipped_embedder: OnnxEmbedder) -> None:
    question = "Pourquoi ne répondit-il pas ?"
    query = shipped_embedder.embed_questions([question])[0]
    same = shipped_embedder.embed_passages([question]).vectors[0]
    assert query.vector @ same == pytest.approx(1, abs=1e-5)


def test_a_long_text_is_cut_not_refused(shipped_embedder: OnnxEmbedder) -> None:
    text = "révolution " * 5000
    assert shipped_embedder.count_tokens([text])[0] >= 5000
    assert np.isfinite(shipped_embedder.embed_passages([text]).vectors).all()


def test_progress_counts_every_text(shipped_embedder: OnnxEmbedder) -> None:
    done: list[int] = []
    shipped_embedder.embed_passages(TEXTS * 12, done.append)
    assert sum(done) == 12 * len(TEXTS)


def test_both_forms_of_the_model_agree(shipped_embedder: OnnxEmbedder) -> None:
    whole = SentenceTransformerEmbedder(str(SHIPPED_MODEL))
    assert (whole.dimension, whole.max_tokens) == (
        shipped_embedder.dimension,
        shipped_embedder.max_tokens,
    )
    assert whole.count_tokens(TEXTS) == shipped_embedder.count_tokens(TEXTS)
    cosines = (
        whole.embed_passages(TEXTS).vectors * shipped_embedder.embed_passages(TEXTS).vectors
    ).sum(axis=1)
    assert cosines.mean() > 0.99


def test_the_prompts_of_a_model_are_honoured(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED_MODEL, folder)
    plain = SentenceTransformerEmbedder(str(folder))
    settings = {"prompts": {"query": "query: ", "document": "passage: "}}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings))
    prompted = SentenceTransformerEmbedder(str(folder))
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
    assert "'nobody/no-such-model' could not be loaded" in result.stderr
    assert "--model the folder of a sentence-transformers model" in result.stderr


def test_an_incomplete_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(QAError, match=r"incomplete: .*model_int8.onnx is missing"):
        OnnxEmbedder(tmp_path)


def test_the_shipped_model_is_the_default() -> None:
    embedder = open_embedder()
    assert embedder.name == "sourcier-minilm-fr"
    assert open_embedder(embedder.name).fingerprint == embedder.fingerprint
