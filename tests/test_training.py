"""The recipe on a tiny sample, and the values of its formulas."""

from __future__ import annotations

import gzip
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from qa.training.alignment import agreement, spelled_vectors, translation_table, weighted_means
from qa.training.batches import LengthBatches
from qa.training.distillation import DistillationSettings, distil
from qa.training.finetuning import (
    FinetuningSettings,
    banned_passages,
    finetune,
    passage_table,
    weighted_epoch,
)
from qa.training.vocabulary import train_vocabulary
from safetensors.numpy import load_file

from qa.embedding import OnnxEmbedder
from qa.french import fold
from qa.noise import hurried, keywords, one_typo, training_noise, without_accents
from qa.records import QAError
from qa.training.data import (
    ParallelPair,
    TrainingPair,
    join_neighbours,
    read_parallel,
    read_rows,
    read_training_pairs,
)
from qa.training.encoder import Encoder, embed, load_encoder, mean_pool
from qa.training.export import mix_weights, write_model
from qa.training.loop import (
    InterruptedTrainingError,
    LoopSettings,
    anchor_strength,
    learning_rate_factor,
)
from qa.training.losses import contrast_loss, cosine_loss, distribution_loss, retrieval_loss
from qa.training.mining import fused_scores, mine_negatives, passes_margin
from qa.training.onnx_graph import quantise_rows, smoothing_scales
from qa.training.recipe import TrainingSettings, train

ENGLISH = [
    "the house is red",
    "the cat sees the house",
    "a cat is black",
    "the red cat sleeps in the garden",
    "the garden is behind the house",
    "a black dog sees the red garden",
    "the dog sleeps behind a house",
    "the king lives in a red castle",
]
FRENCH = [
    "la maison est rouge",
    "le chat voit la maison",
    "un chat est noir",
    "le chat rouge dort dans le jardin",
    "le jardin est derrière la maison",
    "un chien noir voit le jardin rouge",
    "le chien dort derrière une maison",
    "le roi habite dans un château rouge",
]


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with every kind of set, a few dozen rows in all."""
    folder = tmp_path_factory.mktemp("data")
    pairs = list(zip(ENGLISH, FRENCH, strict=True))
    many = [{"en": f"{e} number {i}", "fr": f"{f} numéro {i}"} for i in range(8) for e, f in pairs]
    write_rows(folder / "parallel" / "tatoeba.jsonl.gz", many)
    write_rows(folder / "parallel" / "news.jsonl.gz", [{"en": e, "fr": f} for e, f in pairs])
    facts = [
        (f"Où est le {name} ?", f"Le {name} se trouve derrière la maison du roi, {name} noir.")
        for name in ("chat", "chien", "jardin", "château", "roi", "livre", "pont", "moulin")
    ]
    write_rows(
        folder / "qa" / "piaf_train.jsonl.gz",
        [{"question": q, "context": c, "title": q[10:-2]} for q, c in facts],
    )
    write_rows(
        folder / "pairs" / "quiz.jsonl.gz",
        [{"anchor": q, "positive": f"Lieux : {c}", "title": "Lieux"} for q, c in facts],
    )
    write_rows(
        folder / "pairs" / "labour_law.jsonl.gz",
        [
            {
                "anchor": "Combien de jours ?",
                "positive": "Contenu de test non validé - Le délai est de dix jours ouvrables.",
            }
        ],
    )
    retrieval = folder / "retrieval" / "piaf_dev"
    write_rows(
        retrieval / "corpus.jsonl.gz",
        [{"_id": f"d{i}", "title": "", "text": text} for i, (_, text) in enumerate(facts)],
    )
    write_rows(
        retrieval / "queries.jsonl.gz",
        [{"_id": f"q{i}", "text": q.replace("est", "dort")} for i, (q, _) in enumerate(facts)],
    )
    (retrieval / "qrels").mkdir()
    judged = [f"q{i}\td{i}\t1\n" for i in range(len(facts))]
    (retrieval / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    return folder


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny English model with random weights, in the real one's format."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    tokenizer = train_vocabulary(ENGLISH * 5, 200, minimum_count=1)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    folder = tmp_path_factory.mktemp("english") / "model"
    return write_model(Encoder(model, tokenizer, torch.device("cpu")), folder, ENGLISH)


# --- The whole recipe -----------------------------------------------------------------------------


def test_whole_recipe_on_a_tiny_sample(data: Path, english: Path, tmp_path: Path) -> None:
    settings = TrainingSettings(
        data=data,
        work=tmp_path,
        english=english,
        sample=40,
        minutes_distillation=None,
        runs=2,
        steps=4,
        vocabulary_size=300,
        device="cpu",
        tokens=256,
        pairs=4,
    )
    told: list[str] = []
    folder = train(settings, told.append)

    embedder = OnnxEmbedder(folder)
    texts = [*FRENCH, "Où est le château du roi ?"]
    small = embedder.embed_passages(texts).vectors
    exact = embed(load_encoder(folder, "cpu"), texts)
    assert np.allclose(np.linalg.norm(small, axis=1), 1, atol=1e-5)
    assert (small * exact).sum(axis=1).min() > 0.99
    report = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    figures = report["figures"]["piaf_dev"]["clean"]
    steps = ["English model", "alignment", "distillation", "one fine-tuning", "mean of 2"]
    assert list(figures["hybrid"]) == list(figures["vectors"]) == steps
    assert figures["lexical"]["words + 4-grams"] == pytest.approx(1.0)
    forms = report["agreement"]["figures"]["piaf_dev"]
    assert forms["int8"] == figures["vectors"]["mean of 2"]
    assert forms["int8"] == pytest.approx(forms["exact"], abs=0.15)
    assert {row["method"] for row in report["comparisons"]} == {
        "vectors", "dense", "fusion", "hybrid",
    }  # fmt: skip
    card = (folder / "README.md").read_text("utf-8")
    assert "all-MiniLM-L6-v2" in card
    assert f"| mean of 2 | {100 * figures['vectors']['mean of 2']:.1f} / " in card

    # What is shipped is the mean of the fine-tunings, which differ.
    runs = [tmp_path / "finetuning" / f"run-{i}" / "model" / "model.safetensors" for i in (1, 2)]
    one, two = (load_file(path) for path in runs)
    mean = load_file(folder / "model.safetensors")
    name = "encoder.layer.0.output.dense.weight"
    assert not np.array_equal(one[name], two[name])
    wanted = (one[name].astype(np.float32) + two[name]) / 2
    assert np.allclose(mean[name], wanted, atol=1e-4)

    # Again: nothing is left to do. Other settings: only what depends on them is.
    told.clear()
    train(settings, told.append)
    assert [line for line in told if line.endswith("begins")] == []


def test_recipe_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(QAError, match="no data folder"):
        train(TrainingSettings(data=tmp_path / "none", work=tmp_path / "work"))
    with pytest.raises(QAError, match="neither minutes nor steps"):
        train(TrainingSettings(data=tmp_path, work=tmp_path, minutes_distillation=None))
    for minutes in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(QAError, match="make no sense"):
            train(TrainingSettings(data=tmp_path, work=tmp_path, minutes_distillation=minutes))
    (tmp_path / "file").touch()
    with pytest.raises(QAError, match="is not a folder"):
        train(TrainingSettings(data=tmp_path, work=tmp_path / "file"))


def test_finished_folder_opens_as_sentence_transformer(english: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(english), device="cpu")
    vectors = model.encode(ENGLISH)
    ours = embed(load_encoder(english, "cpu"), ENGLISH)
    assert np.allclose((vectors * ours).sum(axis=1), 1, atol=2e-3)


# --- Interrupting and continuing ------------------------------------------------------------------


def loop_settings(steps: int) -> LoopSettings:
    return LoopSettings(
        minutes=None,
        steps=steps,
        table_rate=1e-3,
        layer_rate=1e-3,
        average_from=0.5,
        average_every=2,
        dropout=True,
    )


def test_distillation_continues_where_it_was_interrupted(english: Path, tmp_path: Path) -> None:
    teacher = np.random.default_rng(0).normal(size=(len(FRENCH), 32)).astype(np.float16)
    settings = DistillationSettings(loop_settings(8), tokens=32, texts=4, typos=0.5)

    def weights(checkpoint: Path, interrupt_at: int | None) -> dict[str, torch.Tensor]:
        encoder = load_encoder(english, "cpu")
        distil(encoder, FRENCH, teacher, settings, checkpoint, interrupt_at=interrupt_at)
        return dict(encoder.model.state_dict())

    whole = weights(tmp_path / "whole.pt", None)
    with pytest.raises(InterruptedTrainingError, match="step 5"):
        weights(tmp_path / "parts.pt", 5)
    parts = weights(tmp_path / "parts.pt", None)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_finetuning_continues_where_it_was_interrupted(
    data: Path, english: Path, tmp_path: Path
) -> None:
    pairs = read_training_pairs(data)
    table = passage_table(pairs)
    negatives = np.full((len(pairs), 2), -1)
    negatives[:, 0] = 3
    teacher = np.random.default_rng(0).normal(size=(len(FRENCH), 32)).astype(np.float16)
    settings = FinetuningSettings(loop_settings(6), pairs=4, replay=64)

    def weights(checkpoint: Path, interrupt_at: int | None) -> dict[str, torch.Tensor]:
        encoder = load_encoder(english, "cpu")
        finetune(
            encoder,
            pairs,
            table,
            negatives,
            FRENCH,
            teacher,
            settings,
            checkpoint,
            interrupt_at=interrupt_at,
        )
        return dict(encoder.model.state_dict())

    whole = weights(tmp_path / "whole.pt", None)
    with pytest.raises(InterruptedTrainingError):
        weights(tmp_path / "parts.pt", 4)
    parts = weights(tmp_path / "parts.pt", None)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_distillation_brings_the_student_nearer(english: Path, tmp_path: Path) -> None:
    encoder = load_encoder(english, "cpu")
    teacher = embed(encoder, ENGLISH)
    before = float((embed(encoder, FRENCH) * teacher).sum(axis=1).mean())
    settings = DistillationSettings(loop_settings(30), tokens=256, texts=8)
    distil(encoder, FRENCH, teacher, settings, tmp_path / "checkpoint.pt")
    after = float((embed(encoder, FRENCH) * teacher).sum(axis=1).mean())
    assert after > before


# --- Alignment ------------------------------------------------------------------------------------


def test_ibm_model_1_finds_the_known_alignment() -> None:
    # "la maison" / "the house", "la fleur" / "the flower", "une maison" / "a house".
    french = [np.array([0, 1]), np.array([0, 2]), np.array([3, 1])]
    english = [np.array([0, 1]), np.array([0, 2]), np.array([3, 1])]
    table = translation_table(french, english, 4, 4, iterations=30).toarray()
    assert [int(np.argmax(row)) for row in table[:4]] == [0, 1, 2, 3]
    assert table[1, 1] > 0.9
    assert np.allclose(table[:4].sum(axis=1), 1)


def test_first_iteration_of_ibm_model_1_by_hand() -> None:
    # One pair of one word each: the word and the empty word share it, and each explains only it.
    table = translation_table([np.array([0])], [np.array([0])], 1, 2, iterations=1).toarray()
    assert table.tolist() == [[1.0, 0.0], [1.0, 0.0]]


def test_weighted_means_keep_the_length_of_what_they_average() -> None:
    table = translation_table(
        [np.array([0]), np.array([0])], [np.array([0]), np.array([1])], 1, 2, iterations=1
    )
    vectors = np.array([[2, 0], [0, 2]], dtype=np.float32)
    both = agreement(
        table,
        translation_table(
            [np.array([0]), np.array([1])], [np.array([0]), np.array([0])], 2, 1, iterations=1
        ),
    )
    means, mass = weighted_means(both, vectors)
    assert np.allclose(means, [[math.sqrt(2), math.sqrt(2)]])
    assert np.allclose(mass, [1.0])


def test_spelled_vectors_take_the_same_piece_or_the_mean() -> None:
    tokenizer = train_vocabulary(["ab ab abab"], 12, minimum_count=1)
    vectors = np.arange(tokenizer.get_vocab_size(), dtype=np.float32)[:, None]
    found = spelled_vectors(["ab", "[CLS]"], tokenizer, vectors)
    assert found[0, 0] == tokenizer.token_to_id("ab")
    assert found[1, 0] == tokenizer.token_to_id("[CLS]")


def test_born_is_not_the_word_of_negations() -> None:
    tokenizer = train_vocabulary(["il est né ici", "elle est née là", "ne venez pas"] * 3, 60, 1)

    def pieces(text: str) -> list[str]:
        return list(tokenizer.encode(text, add_special_tokens=False).tokens)

    assert pieces("né") == pieces("Née") == pieces("NÉS") == pieces("nee") != pieces("ne")
    assert pieces("naquit") == pieces("naissent") == pieces("naît") == pieces("née")
    (start, end), stop = tokenizer.encode("Il est né.", add_special_tokens=False).offsets[2:]
    assert 7 <= start < end == 9
    assert stop == (9, 10)


# --- Noise ----------------------------------------------------------------------------------------


def distance(a: str, b: str) -> int:
    """Edits between two strings, a swap of neighbours being one (Damerau)."""
    table = [[i + j if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1,
                table[i][j - 1] + 1,
                table[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
            )
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@pytest.mark.parametrize("seed", range(40))
def test_exactly_one_typing_error(seed: int) -> None:
    question = "Où l’écrivain Émile Zola est-il né en avril 1840 ?"
    noised = one_typo(question, random.Random(seed))
    assert distance(fold(noised), fold(question)) == 1
    assert sum(a != b for a, b in zip(noised.split(), question.split(), strict=True)) == 1


def test_noise_is_seeded_and_has_no_accents() -> None:
    question = "Quelle œuvre de Molière a été jouée à l’été 1664 ?"
    assert hurried(question, 1) == hurried(question, 1)
    assert len({hurried(question, seed) for seed in range(20)}) > 5
    assert hurried(question, 1).isascii()
    assert without_accents("Où naît l’œuvre ?") == "Ou nait l'oeuvre ?"


def test_a_text_without_long_words_has_no_typing_error() -> None:
    assert one_typo("Où va-t-il ?", random.Random(0)) == "Où va-t-il ?"


def test_keywords_and_the_share_of_noised_questions() -> None:
    assert keywords("Quelle est la capitale de la France ?") == "capitale France"
    assert keywords("Qui est-ce ?") == "Qui est-ce ?"
    chance = random.Random(0)
    question = "Quelle est la capitale de la France ?"
    noised = sum(training_noise(question, chance, 0.4) != question for _ in range(2000))
    assert 0.35 < noised / 2000 < 0.45


# --- Losses ---------------------------------------------------------------------------------------

X = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


def test_cosine_loss_by_hand() -> None:
    assert cosine_loss(X, X).item() == pytest.approx(0)
    assert cosine_loss(X, torch.tensor([[0.0, 1.0], [0.0, 1.0]])).item() == pytest.approx(0.5)


def test_contrast_loss_by_hand() -> None:
    # Scores 1 / 0.5 and 0: log(1 + e^-2) for both.
    assert contrast_loss(X, X, 0.5).item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_contrast_loss_does_not_count_the_same_text_as_another() -> None:
    twins = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert contrast_loss(twins, twins, 0.5).item() == pytest.approx(0)


def test_distribution_loss_by_hand() -> None:
    y = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), dim=-1)
    assert distribution_loss(y, y, 0.1).item() == pytest.approx(0, abs=1e-6)
    equal = torch.tensor([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
    # The student finds the others equally like; the teacher, at temperature 1, does not.
    cosines = (y @ y.T).tolist()
    expected = 0.0
    for i in range(3):
        weights = [math.exp(cosines[i][j]) for j in range(3) if j != i]
        p = [w / sum(weights) for w in weights]
        expected += sum(v * math.log(v / 0.5) for v in p) / 3
    assert distribution_loss(equal, y, 1.0).item() == pytest.approx(expected, rel=1e-4)


def test_retrieval_loss_by_hand_and_without_banned_passages() -> None:
    passages = torch.cat([X, torch.tensor([[1.0, 0.0]])])
    none = torch.zeros(2, 3, dtype=torch.bool)
    first = math.log(2 + math.exp(-1))
    second = math.log(1 + 2 * math.exp(-1))
    found = retrieval_loss(X, passages, none, 1.0).item()
    assert found == pytest.approx((first + second) / 2)
    banned = torch.tensor([[False, False, True], [False, False, True]])
    assert retrieval_loss(X, passages, banned, 1.0).item() == pytest.approx(
        math.log(1 + math.exp(-1))
    )


def test_mean_pool_leaves_padding_out() -> None:
    hidden = torch.tensor([[[3.0, 0.0], [0.0, 4.0], [9.0, 9.0]]])
    assert torch.allclose(mean_pool(hidden, torch.tensor([[1, 1, 0]])), torch.tensor([[0.6, 0.8]]))


# --- Mining ---------------------------------------------------------------------------------------


def test_margin_filter() -> None:
    scores = np.array([0.94, 0.95, 0.96, 1.2], dtype=np.float32)
    assert passes_margin(scores, 1.0, 0.95).tolist() == [True, False, False, False]


def test_fused_scores_by_hand() -> None:
    fused = fused_scores(np.array([2.0, 1.0], np.float32), np.array([0.4, 0.8], np.float32))
    assert np.allclose(fused, [0.75, 0.75])


def test_mined_negatives_look_like_the_answer_and_are_not() -> None:
    passages = [
        "Le château de Chambord fut bâti par François Premier.",
        "Le château de Chambord est visité par de nombreux touristes.",
        "La recette du gratin demande des pommes de terre.",
        "François Premier fit bâtir le château de Chambord.",
    ]
    vectors = np.eye(4, dtype=np.float32)
    question = np.array([[0.9, 0.3, 0.1, 0.3]], dtype=np.float32)
    groups = ["a", "b", "c", "a"]
    found = mine_negatives(
        ["Par qui fut bâti le château de Chambord ?"],
        [0],
        question,
        passages,
        vectors,
        groups,
        keep=3,
    )
    # The best by words and by meaning, then the other; never its own group.
    assert found.tolist() == [[1, 2, -1]]


# --- Data, batches, small parts -------------------------------------------------------------------


def test_measured_sets_are_never_read(tmp_path: Path) -> None:
    for name in ("qa/piaf_dev.jsonl.gz", "retrieval/corpus.jsonl.gz"):
        write_rows(tmp_path / name, [{"text": "x"}])
        with pytest.raises(QAError, match="only measured on"):
            list(read_rows(tmp_path / name))


def test_questions_that_are_measured_on_are_left_out(tmp_path: Path) -> None:
    rows = [
        {"anchor": text, "positive": "Une réponse assez longue pour compter."}
        for text in ("Quelle durée ?", "Quel délai ?")
    ]
    write_rows(tmp_path / "pairs/labour_law.jsonl.gz", rows)
    asked = [{"_id": "1", "text": "quelle duree ?"}]
    write_rows(tmp_path / "retrieval/set/queries.jsonl.gz", asked)
    assert [pair.question for pair in read_training_pairs(tmp_path)] == ["Quel délai ?"]


def test_bad_lines_are_told_with_their_number(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.write('{"a": 1}\n{"a": \n')
    with pytest.raises(QAError, match="line 2"):
        list(read_rows(path))
    with pytest.raises(QAError, match="cannot read"):
        list(read_rows(tmp_path / "none.jsonl.gz"))


def test_pairs_are_cleaned(data: Path) -> None:
    pairs = {pair.source: pair for pair in read_training_pairs(data)}
    assert pairs["labour_law"].passage == "Le délai est de dix jours ouvrables."
    assert pairs["quiz"].passage.startswith("Le moulin")


def test_parallel_rows_are_read_once_and_checked(data: Path, tmp_path: Path) -> None:
    assert len(read_parallel(data)) == 64 + 8
    assert len(read_parallel(data, sample=5)) == 10
    with pytest.raises(QAError, match="no parallel text"):
        read_parallel(tmp_path)


def test_joined_rows_follow_each_other() -> None:
    rows = [ParallelPair(f"e{i}", f"f{i}", "news") for i in range(20)]
    joined = join_neighbours(rows, seed=3)
    assert (
        " ".join(pair.french for pair in joined).split()
        == [row.french for row in rows][: len(" ".join(pair.french for pair in joined).split())]
    )
    assert all(pair.english == pair.french.replace("f", "e") for pair in joined)


def test_batches_hold_every_row_once_within_their_bounds() -> None:
    lengths = [random.Random(i).randint(1, 30) for i in range(101)]
    batches = LengthBatches(lengths, tokens=60, rows=8, seed=1)
    seen: list[int] = []
    step = 0
    while len(seen) < 95:
        batch = batches.batch(step)
        assert len(batch) <= 8
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= 60
        seen += batch
        step += 1
    assert len(set(seen)) == len(seen)
    again = LengthBatches(lengths, tokens=60, rows=8, seed=1)
    assert again.batch(7) == LengthBatches(lengths, tokens=60, rows=8, seed=1).batch(7)


def test_weighted_epoch_repeats_pairs_by_their_weight() -> None:
    pairs = [TrainingPair("q", "p", "g", "s", weight) for weight in (1.0, 2.5, 0.5)]
    counts = np.zeros(3)
    for seed in range(400):
        counts += np.bincount(weighted_epoch(pairs, random.Random(seed)), minlength=3)
    assert np.allclose(counts / 400, [1, 2.5, 0.5], atol=0.1)


def test_passages_of_one_group_are_no_negatives() -> None:
    banned = banned_passages(np.array([1, 2]), np.array([1, 2, 1, 3]))
    assert banned.tolist() == [[False, False, True, False], [False, False, False, False]]


def test_learning_rate_and_anchor_by_hand() -> None:
    assert learning_rate_factor(0.05, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(0.1, 0.1) == pytest.approx(1)
    assert learning_rate_factor(0.55, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(1, 0.1) == 0
    pull = anchor_strength(torch.tensor([0.0, 50.0]), anchor=0.02, half=50)
    assert pull.flatten().tolist() == pytest.approx([0.02, 0.01])


def test_eight_bit_rows_are_within_half_a_step() -> None:
    matrix = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    numbers, scale = quantise_rows(matrix)
    back = numbers.astype(np.float32) * scale
    assert np.all(np.abs(back - matrix) <= scale / 2 + 1e-6)


def test_smoothing_evens_channels_out() -> None:
    weight = np.array([[4.0, 1.0]], dtype=np.float32)
    largest = np.array([1.0, 16.0], dtype=np.float32)
    scales = smoothing_scales(largest, weight, share=0.5)
    assert np.allclose(scales, [0.5, 4.0])


def test_mixing_weights(english: Path) -> None:
    one, other = load_encoder(english, "cpu"), load_encoder(english, "cpu")
    name = "embeddings.word_embeddings.weight"
    start = one.model.state_dict()[name].clone()
    other.model.state_dict()[name].add_(1.0)
    mix_weights(one, other, 0.25)
    assert torch.allclose(one.model.state_dict()[name], start + 0.25, atol=1e-6)
