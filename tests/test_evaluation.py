"""Evaluation: values against published formulas, pytrec_eval and cases worked by hand."""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from qa.embedding import Embedder
from qa.evaluation import (
    Dataset,
    InputError,
    compare_models,
    compare_runs,
    compare_systems,
    evaluate,
    evaluation_table,
    load_dataset,
    measure_run,
    read_documents,
    read_judgements,
    read_questions,
    read_run,
    retrieve,
    run_comparison_text,
    short_names,
    with_passages,
    write_run,
)
from qa.evaluation.page import page
from qa.evaluation.passages import best_excerpt
from qa.evaluation.significance import (
    bootstrap_intervals,
    holm,
    randomisation_test,
    t_test,
)
from qa.index import Index, Progress, open_index, update_index
from qa.question import make_question
from qa.records import QAError
from qa.search import search_lexical

# --- Measures -------------------------------------------------------------------------------------

JUDGEMENTS = {
    "q1": {"a": 1, "d": 2, "e": 1, "b": 0},
    "no result": {"a": 1},
    "empty result": {"a": 1},
    "nothing relevant": {"a": 0},
}
RUN = {
    "q1": [("b", 4.0), ("a", 3.0), ("never judged", 2.0), ("d", 1.0)],
    "empty result": [],
    "nothing relevant": [("a", 1.0)],
    "not judged": [("a", 1.0)],
}


def test_measures_equal_the_values_worked_by_hand() -> None:
    scores = measure_run(RUN, JUDGEMENTS, ["nDCG@10", "RR@10", "R@1", "R@10", "AP", "Success@5"])
    gained = 1 / math.log2(3) + 2 / math.log2(5)  # Järvelin and Kekäläinen 2002, gain = grade
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert scores.queries == tuple(JUDGEMENTS)
    expected = [gained / ideal, 1 / 2, 0, 2 / 3, (1 / 2 + 2 / 4) / 3, 1]
    assert scores.values[0].tolist() == pytest.approx(expected, abs=1e-9)


def test_a_question_with_no_result_scores_zero_and_stays_in_the_mean() -> None:
    scores = measure_run(RUN, JUDGEMENTS, ["nDCG@10", "RR@10", "R@1", "R@100", "AP", "Success@5"])
    assert scores.values.shape == (4, 6)
    assert not scores.values[1:].any()
    assert scores.means()["RR@10"] == pytest.approx(0.5 / 4)
    assert not measure_run({}, JUDGEMENTS).values.any()


def test_measures_equal_pytrec_eval(tmp_path: Path) -> None:
    import pytrec_eval

    chance = random.Random(1)
    documents = [f"d{number}" for number in range(150)]
    judgements = {
        f"q{number}": {name: chance.randint(-1, 3) for name in chance.sample(documents, 20)}
        for number in range(30)
    }
    # Few different scores: most documents are tied, and every tool must order them alike.
    found = {
        query: {name: float(chance.randint(0, 9)) for name in chance.sample(documents, 120)}
        for query in list(judgements)[:-2]
    }
    path = tmp_path / "run.txt"
    path.write_text(
        "".join(
            f"{query} Q0 {name} 1 {score} test\n"
            for query, scores in found.items()
            for name, score in scores.items()
        )
    )
    names = {
        "nDCG@10": "ndcg_cut_10",
        "R@1": "recall_1",
        "R@10": "recall_10",
        "R@100": "recall_100",
        "AP": "map",
        "RR": "recip_rank",
        "Success@5": "success_5",
    }
    reference = pytrec_eval.RelevanceEvaluator(judgements, set(names.values())).evaluate(found)
    scores = measure_run(read_run(path), judgements, list(names))
    assert scores.measures == tuple(names)
    for query, values in zip(scores.queries, scores.values, strict=True):
        expected = [reference.get(query, {}).get(name, 0.0) for name in names.values()]
        assert values.tolist() == pytest.approx(expected, abs=1e-6)
    at_ten = measure_run(read_run(path), judgements, ["RR@10"]).of("RR@10")
    whole = scores.of("RR")
    assert at_ten.tolist() == pytest.approx([value if value >= 0.1 else 0 for value in whole])


def test_two_spellings_of_a_measure_are_one() -> None:
    scores = measure_run(RUN, JUDGEMENTS, ["nDCG@10", "nDCG(cutoff=10)", "R@10"])
    assert scores.measures == ("nDCG@10", "R@10")
    assert scores.means()["R@10"] == pytest.approx(2 / 3 / 4)


@pytest.mark.parametrize("name", ["nDGC@10", "nDCG@", "", "__import__('os')"])
def test_an_unknown_measure_is_told(name: str) -> None:
    with pytest.raises(QAError, match="no measure"):
        measure_run(RUN, JUDGEMENTS, [name])


# --- Significance ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "p"),
    [
        ([1.0] * 5, 2 / 2**5),  # only all signs alike are as extreme
        ([3.0, 1.0, -1.0], 6 / 8),  # sums 5, 3, 3, 1 and their opposites; observed 3
        ([1.0, -1.0, 0.0, 0.0], 1.0),
        ([0.0, 0.0], 1.0),
        ([0.1, 0.2, 0.3, -0.1, -0.2, -0.3], 1.0),
    ],
)
def test_randomisation_is_exact_for_few_questions(differences: list[float], p: float) -> None:
    assert randomisation_test(np.array(differences)) == pytest.approx(p)


def test_randomisation_by_drawing_comes_close_to_the_exact_p() -> None:
    # 20 differences of +-1 with 15 positive: a binomial test, P(X >= 15 or X <= 5), n = 20.
    tail = sum(math.comb(20, k) for k in range(15, 21)) / 2**20
    p = randomisation_test(np.array([1.0] * 15 + [-1.0] * 5))
    assert p == pytest.approx(2 * tail, abs=0.002)
    assert p == randomisation_test(np.array([1.0] * 15 + [-1.0] * 5))
    assert randomisation_test(np.full(40, 0.3)) == 1 / 100_001


def test_t_test_on_the_data_of_student_1908() -> None:
    sleep = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    assert t_test(sleep) == pytest.approx(0.00283289, abs=1e-7)  # t = 4.0621, 9 degrees of freedom
    assert t_test(-sleep) == pytest.approx(0.00283289, abs=1e-7)
    assert t_test(np.zeros(5)) == 1.0
    assert t_test(np.full(5, 0.2)) == 0.0
    assert t_test(np.array([0.7])) == 1.0


def test_holm_on_a_worked_case() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert holm([0.7, 0.8, 0.9]) == [1.0, 1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_bootstrap_intervals_of_known_distributions() -> None:
    coin = np.tile([0.0, 1.0], 200)
    values = np.column_stack([coin, np.full(400, 0.25), coin[::-1]])
    intervals = bootstrap_intervals(values)
    half = 1.96 * 0.5 / math.sqrt(400)
    assert intervals[0].tolist() == pytest.approx([0.5 - half, 0.5 + half], abs=0.004)
    assert intervals[1].tolist() == [0.25, 0.25]
    # The columns share the resamples: a coin and its other side mirror each other.
    assert intervals[2].tolist() == pytest.approx((1 - intervals[0][::-1]).tolist(), abs=0.003)
    assert (bootstrap_intervals(values) == intervals).all()
    assert bootstrap_intervals(np.array([[0.4]])).tolist() == [[0.4, 0.4]]


# --- Files ----------------------------------------------------------------------------------------

CORPUS = [
    {"_id": "moulin", "title": "Le moulin", "text": "Le moulin à eau broie le blé du village."},
    {"_id": "phare", "title": "Le phare", "text": "Le phare guide les navires vers le port."},
    {"_id": "ruche", "title": "La ruche", "text": "Les abeilles de la ruche donnent du miel."},
]
QUERIES = [
    {"_id": "q1", "text": "Qui broie le blé ?"},
    {"_id": "q2", "text": "Qu’est-ce qui guide les navires ?"},
    {"_id": "q3", "text": "Que donnent les abeilles ?"},
]
QRELS = "query-id\tcorpus-id\tscore\nq1\tmoulin\t2\nq1\tphare\t0\nq2\tphare\t1\nq3\truche\t1\n"


def json_lines(records: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return folder


def write_dataset(folder: Path, **changes: str | bytes) -> Path:
    """The small data set, with other contents for corpus, queries or qrels."""
    files: dict[str, str | bytes] = {
        "corpus.jsonl": changes.get("corpus", json_lines(CORPUS)),
        "queries.jsonl": changes.get("queries", json_lines(QUERIES)),
        "qrels/test.tsv": changes.get("qrels", QRELS),
    }
    return write_files(folder / "petit", files)


def faults_of(path: Path, **options: object) -> list[str]:
    """The faults, without the folder's name."""
    with pytest.raises(InputError) as caught:
        load_dataset(path, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    for fault in caught.value.faults[:20]:
        assert fault.split(": ", 1)[1] in str(caught.value)
    return [fault.removeprefix(f"{path}/") for fault in caught.value.faults]


def test_a_folder_in_the_beir_layout(tmp_path: Path) -> None:
    dataset = load_dataset(write_dataset(tmp_path))
    assert dataset.name == "petit"
    assert dataset.documents == 3
    assert dataset.queries["q1"] == "Qui broie le blé ?"
    assert dataset.judgements == {
        "q1": {"moulin": 2, "phare": 0},
        "q2": {"phare": 1},
        "q3": {"ruche": 1},
    }
    assert dataset.unjudged == dataset.missing == ()


def test_gzipped_files_and_no_header_say_the_same(tmp_path: Path) -> None:
    plain = load_dataset(write_dataset(tmp_path))
    packed = load_dataset(
        write_files(
            tmp_path / "packed",
            {
                "corpus.jsonl.gz": "\ufeff" + json_lines(CORPUS),
                "queries.jsonl.gz": json_lines(QUERIES).replace("\n", "\r\n"),
                "qrels/test.tsv.gz": QRELS.split("\n", 1)[1],
            },
        )
    )
    assert packed.judgements == plain.judgements
    assert packed.queries == plain.queries
    assert packed.corpus_digest == plain.corpus_digest


def test_questions_without_judgements_are_told(tmp_path: Path) -> None:
    dataset = load_dataset(write_dataset(tmp_path, qrels="q2\tphare\t1\n"))
    assert dataset.unjudged == ("q1", "q3")
    assert dataset.judged_queries == {"q2": "Qu’est-ce qui guide les navires ?"}


def test_splits(tmp_path: Path) -> None:
    folder = write_files(write_dataset(tmp_path), {"qrels/dev.tsv": "q1\tmoulin\t1\n"})
    assert len(load_dataset(folder).judgements) == 3
    assert len(load_dataset(folder, split="dev").judgements) == 1
    assert faults_of(folder, split="train") == ["qrels: no train.tsv; there are: dev, test"]
    (folder / "qrels/test.tsv").rename(folder / "qrels/train.tsv")
    assert faults_of(folder) == ["qrels: no test.tsv; choose with --split: dev, train"]
    (folder / "qrels/train.tsv").unlink()
    assert len(load_dataset(folder).judgements) == 1


@pytest.mark.parametrize("separator", [" ", "\t", "   "])
def test_trec_topics_and_judgements(tmp_path: Path, separator: str) -> None:
    lines = [("q1", "0", "moulin", "2"), ("q2", "0", "phare", "1")]
    folder = write_files(
        tmp_path,
        {
            "topics.tsv": "q1\tQui broie le blé ?\nq2\tQui guide les navires ?\n",
            "qrels.txt": "".join(separator.join(line) + "\n" for line in lines),
        },
    )
    dataset = load_dataset(folder / "topics.tsv", qrels=folder / "qrels.txt")
    assert dataset.name == "topics"
    assert dataset.corpus is None
    assert dataset.judgements == {"q1": {"moulin": 2}, "q2": {"phare": 1}}
    with pytest.raises(QAError, match="--qrels FILE"):
        load_dataset(folder / "topics.tsv")


TOPICS = """
<top>
<num> Number: 301
<title> Moulins &amp; meules
à eau
<desc> Description:
Que broie un moulin ?
</top>
<top><num>302</num><title></title><desc>Qui guide les navires ?</desc></top>
"""


def test_topics_as_trec_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "topics.txt"
    path.write_text(TOPICS, "utf-8")
    assert read_questions(path) == {
        "301": "Moulins & meules à eau",
        "302": "Qui guide les navires ?",
    }
    path.write_text('<xml>\n<topic number="7">\n<query>q</query>\n</topic>\n</xml>\n', "utf-8")
    assert read_questions(path) == {"7": "q"}
    path.write_text(
        "<top>\n<num> 1\n<top>\n<title> a\n</top>\n<top><num>2<desc> </top>\n"
        "<top><num>2<title>b</top>\n<top>\n",
        "utf-8",
    )
    assert faults_of(path, qrels=path)[:5] == [
        f"{path}: line {line}: {fault}"
        for line, fault in (
            (1, "a topic without its end"),
            (3, "no question id"),
            (6, "no question"),
            (7, "question id '2' was used on line 6"),
            (8, "a topic without its end"),
        )
    ]


def test_every_fault_of_every_file_is_told_with_its_line(tmp_path: Path) -> None:
    folder = write_dataset(
        tmp_path,
        corpus='{"_id": "moulin", "text": "Le moulin."}\n\n{"_id": "moulin", "text": "Encore."}\n'
        '{"text": "Sans nom."}\n[1]\n{"_id": "phare"}\n',
        qrels="q1\tmoulin\t1\nq1\tmoulin\t0\nq9\tmoulin\t1\nq1\tphare\n"
        "q1\tphare\tbon\nq1\tphare 2\t1.5\n\tx\t1\n",
    )
    assert faults_of(folder) == [
        "qrels/test.tsv: line 2: question 'q1' and document 'moulin' were judged on line 1",
        "qrels/test.tsv: line 3: unknown question id 'q9'",
        'qrels/test.tsv: line 4: 2 columns instead of 3 between tabs ("question document grade")',
        "qrels/test.tsv: line 5: grade 'bon' is not an integer",
        "qrels/test.tsv: line 6: grade '1.5' is not an integer",
        "qrels/test.tsv: line 7: no question id",
        "corpus.jsonl: line 3: document id 'moulin' was used on line 1",
        'corpus.jsonl: line 4: no document id ("_id")',
        "corpus.jsonl: line 5: not a JSON object",
        'corpus.jsonl: line 6: no "text"',
    ]


def test_faults_of_questions_do_not_hide_those_of_judgements(tmp_path: Path) -> None:
    folder = write_dataset(
        tmp_path,
        queries='{"_id": "q1", "text": "Quoi ?"}\n{"_id": "q1", "text": "Qui ?"}\n'
        '{"_id": "q2", "text": "  "}\nnot json\n{"text": "Où ?"}\n',
        qrels="q2\tphare\t1\nq2\tphare\t1\n",
    )
    assert faults_of(folder) == [
        "queries.jsonl: line 2: question id 'q1' was used on line 1",
        'queries.jsonl: line 3: no question ("text")',
        "queries.jsonl: line 4: not JSON (Expecting value: line 1 column 1 (char 0))",
        'queries.jsonl: line 5: no question id ("_id")',
        "qrels/test.tsv: line 2: question 'q2' and document 'phare' were judged on line 1",
    ]


def test_faults_of_topics(tmp_path: Path) -> None:
    folder = write_files(
        tmp_path, {"topics.tsv": "q1 Quoi ?\nq2\tQui ?\tOù ?\n\tOù ?\nq3\t \n", "qrels": QRELS}
    )
    assert faults_of(folder / "topics.tsv", qrels=folder / "qrels") == [
        f"{folder}/topics.tsv: line {line}: {fault}"
        for line, fault in (
            (1, '1 columns instead of 2 between tabs ("id text")'),
            (2, '3 columns instead of 2 between tabs ("id text")'),
            (3, "no question id"),
            (4, "no question"),
        )
    ]


def test_many_faults_are_counted(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path, qrels="".join(f"x{n}\tmoulin\t1\n" for n in range(50)))
    with pytest.raises(InputError, match=r"50 faults: .*and 30 more") as caught:
        load_dataset(folder)
    assert len(caught.value.faults) == 50


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"corpus": ""}, ["corpus.jsonl: no document in it"]),
        ({"queries": "\n\n"}, ["queries.jsonl: no question in it"]),
        ({"qrels": ""}, ["qrels/test.tsv: no judgement in it"]),
        ({"qrels": QRELS.split("\n")[0]}, ["qrels/test.tsv: no judgement in it"]),
        (
            {"qrels": "q1\tmoulin\t0\n"},
            ["qrels/test.tsv: no document is relevant: every grade is 0 or less"],
        ),
        (
            {"qrels": "q1\tétang\t1\n"},
            [
                "qrels/test.tsv: none of its 1 relevant documents is in the corpus "
                "(judged: 'étang', there: 'moulin')"
            ],
        ),
        (
            {"queries": b'{"_id": "q1", "text": "\xe9"}'},
            ["queries.jsonl: line 1: not UTF-8 (byte 24)"],
        ),
    ],
)
def test_empty_and_unreadable_files(
    tmp_path: Path, changes: dict[str, str | bytes], expected: list[str]
) -> None:
    assert faults_of(write_dataset(tmp_path, **changes)) == expected


def test_missing_files_are_told_together(tmp_path: Path) -> None:
    assert faults_of(tmp_path) == [
        "qrels: no judgements: qrels/test.tsv is missing",
        "queries.jsonl: no such file",
    ]
    with pytest.raises(QAError, match="no such file or folder"):
        load_dataset(tmp_path / "nowhere")


def test_a_cut_gzip_file_is_told(tmp_path: Path) -> None:
    folder = write_files(write_dataset(tmp_path), {"queries.jsonl.gz": json_lines(QUERIES)})
    (folder / "queries.jsonl").unlink()
    packed = folder / "queries.jsonl.gz"
    packed.write_bytes(packed.read_bytes()[:-12])
    (fault,) = faults_of(folder)
    assert "compressed data end too early" in fault


def test_judgements_of_another_format_are_told(tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text("q1 moulin\nq1 0 moulin 1\nq1 0 moulin\n")
    with pytest.raises(InputError) as caught:
        read_judgements(path)
    assert [fault.removeprefix(f"{path}: ") for fault in caught.value.faults] == [
        'line 1: 2 columns instead of 3 between tabs ("question document grade") '
        'or 4 ("question 0 document grade")',
        'line 3: 3 columns instead of 4 ("question 0 document grade")',
    ]


# --- Run files ------------------------------------------------------------------------------------


def test_a_run_file_keeps_the_order_of_equal_scores(tmp_path: Path) -> None:
    run = {
        "q1": [("b", 0.5), ("c", 0.5), ("a", 0.5), ("un titre.txt", 0.1)],
        "q2": [("a", -1.0), ("z", -1.0)],
    }
    path = tmp_path / "run.txt"
    write_run(path, run, "test")
    again = read_run(path)
    for query, ranking in run.items():
        assert [name for name, _ in again[query]] == [name for name, _ in ranking]
        assert [score for _, score in again[query]] == pytest.approx([s for _, s in ranking])
        assert len({np.float32(score) for _, score in again[query]}) == len(ranking)
    assert path.read_text().splitlines()[0] == "q1\tQ0\tb\t1\t0.5\ttest"


def test_faults_of_a_run_file(tmp_path: Path) -> None:
    path = tmp_path / "run.txt"
    path.write_text("q1 Q0 a 1 2.5 x\nq1 Q0 b 2\nq1 Q0 a 3 1.0 x\nq1 Q0 c 4 nan x\nq2 Q0 c 1 ? x\n")
    with pytest.raises(InputError) as caught:
        read_run(path)
    assert [fault.removeprefix(f"{path}: ") for fault in caught.value.faults] == [
        'line 2: 4 columns instead of 6 ("question Q0 document rank score tag")',
        "line 3: document 'a' is ranked for question 'q1' on line 1 already",
        "line 4: score 'nan' is not a number",
        "line 5: score '?' is not a number",
    ]
    path.write_text("")
    with pytest.raises(InputError, match="no result in it"):
        read_run(path)
    with pytest.raises(InputError, match="no such file"):
        read_run(tmp_path / "nowhere")


# --- Retrieval ------------------------------------------------------------------------------------


@pytest.fixture
def index_of(tmp_path: Path, fake_embedder: Embedder) -> Iterator[Callable[..., Index]]:
    """Index JSON Lines records."""
    opened = []

    def build(records: Sequence[Mapping[str, object]]) -> Index:
        path = tmp_path / "documents.jsonl"
        path.write_text(json_lines(records), "utf-8")
        update_index(path, tmp_path / "index", fake_embedder)
        opened.append(open_index(tmp_path / "index"))
        return opened[-1]

    yield build
    for index in opened:
        index.close()


def test_documents_are_ranked_by_their_best_passage(
    index_of: Callable[..., Index], fake_embedder: Embedder
) -> None:
    # One document whose many passages fill the head of the ranking, and ten short ones below it.
    long = "\n\n".join(
        f"Le moulin moulin moulin numéro {number} {'tourne lentement ' * 60}."
        for number in range(60)
    )
    short = [
        {"_id": f"court {number}", "text": f"Un moulin, {'puis rien ' * number}{number}."}
        for number in range(1, 11)
    ]
    index = index_of([{"_id": "long", "text": long}, *short])
    assert index.manifest.passages > 40
    question = "Où est le moulin ?"
    found = retrieve(index, fake_embedder, {"q": question}, ("lexical",), depth=8)
    ranking = found.runs["lexical"]["q"]
    names = [name for name, _ in ranking]
    assert len(names) == len(set(names)) == 8
    scores = [score for _, score in ranking]
    assert scores == sorted(scores, reverse=True)
    # The head is what the search shows.
    query = make_question(question, fake_embedder)
    shown = [hit.passage.document_id for hit in search_lexical(index, query, 8)]
    assert names[: len(set(shown))] == list(dict.fromkeys(shown))
    assert found.search_ms["lexical"] > 0


def test_a_document_is_not_hidden_by_its_twin(
    index_of: Callable[..., Index], fake_embedder: Embedder
) -> None:
    same = "Le phare guide les navires vers le port."
    index = index_of(
        [
            {"_id": "un", "text": same},
            {"_id": "autre", "text": "Le moulin à eau broie le blé."},
            {"_id": "deux", "text": same},
        ]
    )
    runs = retrieve(index, fake_embedder, {"q": "Que guide le phare ?"}, ("lexical", "dense")).runs
    for run in runs.values():
        assert [name for name, _ in run["q"]][:2] == ["un", "deux"]


def test_unknown_method(index_of: Callable[..., Index], fake_embedder: Embedder) -> None:
    with pytest.raises(QAError, match=r"no method 'magic'\. There are: hybrid, dense, lexical"):
        retrieve(index_of(CORPUS), fake_embedder, {"q": "Quoi ?"}, ("magic",))


# --- From end to end ------------------------------------------------------------------------------


def test_evaluation_of_a_small_set(tmp_path: Path, fake_embedder: Embedder) -> None:
    told: list[Progress] = []
    dataset = load_dataset(write_dataset(tmp_path))
    evaluation = evaluate(
        dataset, embedder=fake_embedder, cache=tmp_path / "cache", progress=told.append
    )
    printed = json.loads(json.dumps(evaluation.to_json()))
    assert (printed["dataset"], printed["corpus"], printed["queries"]) == ("petit", 3, 3)
    assert list(printed["methods"]) == ["hybrid", "dense", "lexical"]
    lexical = printed["methods"]["lexical"]
    for name in ("nDCG@10", "RR@10", "R@1", "R@10", "R@100", "AP", "Success@5"):
        assert lexical[name] == 1.0
    assert lexical["ci95"]["nDCG@10"] == [1.0, 1.0]
    assert lexical["ms_per_query"] > 0
    assert printed["index"]["embedder"]["fingerprint"] == "fake-1"
    assert printed["index"]["passages"] == 3
    assert printed["index"]["cached"] is False
    assert printed["versions"]["ir-measures"]
    assert {(item["a"], item["b"]) for item in printed["comparisons"]} == {
        ("hybrid", "dense"),
        ("hybrid", "lexical"),
    }
    assert printed["statistics"]["seed"]
    assert printed["unjudged"] == printed["unfindable"] == {"count": 0, "ids": []}
    assert evaluation.notes() == []
    assert told[-1] == Progress("search", 9, 9)
    table = evaluation_table(evaluation)
    assert "petit: 3 questions, 3 documents, 3 passages, model fake" in table
    assert "100.0 [100.0, 100.0]" in table


def test_the_index_is_kept_and_made_again_when_it_no_longer_fits(
    tmp_path: Path, fake_embedder: Embedder
) -> None:
    def run(dataset: Dataset) -> tuple[bool, int]:
        evaluation = evaluate(
            dataset, ["lexical"], embedder=fake_embedder, cache=tmp_path / "cache"
        )
        return evaluation.index["cached"], evaluation.index["documents"]

    dataset = load_dataset(write_dataset(tmp_path))
    assert run(dataset) == (False, 3)
    assert run(dataset) == (True, 3)
    more = [*CORPUS, {"_id": "forge", "text": "Le forgeron bat le fer."}]
    assert run(load_dataset(write_dataset(tmp_path, corpus=json_lines(more)))) == (False, 4)
    assert run(load_dataset(write_dataset(tmp_path))) == (True, 3)
    fake_embedder.fingerprint = "fake-2"
    assert run(dataset) == (False, 3)
    for path in (tmp_path / "cache").rglob("vectors.faiss"):
        path.write_bytes(b"damaged")
    assert run(dataset) == (False, 3)


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, fake_embedder: Embedder) -> None:
    dataset = load_dataset(write_dataset(tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(QAError, match="--cache DIR"):
        evaluate(dataset, embedder=fake_embedder, cache=tmp_path / "file" / "cache")


def test_what_lowers_the_figures_is_told(tmp_path: Path, fake_embedder: Embedder) -> None:
    folder = write_dataset(
        tmp_path,
        corpus=json_lines([*CORPUS, {"_id": "vide", "text": " "}]),
        qrels="q1\tmoulin\t1\nq1\tvide\t1\nq1\tabsent\t1\nq2\tphare\t0\n",
    )
    evaluation = evaluate(
        load_dataset(folder), ["lexical"], embedder=fake_embedder, cache=tmp_path / "cache"
    )
    assert evaluation.unfindable == ("absent", "vide")
    assert evaluation.without_relevant == ("q2",)
    assert [item.source for item in evaluation.skipped] == ["corpus.jsonl:4"]
    assert evaluation.to_json()["unjudged"] == {"count": 1, "ids": ["q3"]}
    assert evaluation.scores["lexical"].of("R@10").tolist() == pytest.approx([1 / 3, 0])
    assert list(map(str, evaluation.notes())) == [
        "1 questions without judgements were left out: q3",
        "1 questions without a relevant document score zero: q2",
        "2 relevant documents are not in the index, nothing can find them: absent, vide",
        "1 documents were skipped by the reader: corpus.jsonl:4",
    ]


def test_topics_on_an_index_that_exists(
    tmp_path: Path, index_of: Callable[..., Index], fake_embedder: Embedder
) -> None:
    index = index_of(CORPUS)
    folder = write_files(
        tmp_path / "trec",
        {"topics.tsv": "7\tQui broie le blé ?\n", "qrels": "7 0 moulin 1\n", "bad": "7 0 x 1\n"},
    )
    dataset = load_dataset(folder / "topics.tsv", qrels=folder / "qrels")
    evaluation = evaluate(dataset, ["lexical"], index=index, embedder=fake_embedder)
    assert evaluation.scores["lexical"].means()["nDCG@10"] == 1.0
    assert index.document("moulin")  # still open
    other = load_dataset(folder / "topics.tsv", qrels=folder / "bad")
    with pytest.raises(QAError, match="none of the 1 relevant documents of topics is in the index"):
        evaluate(other, index=index, embedder=fake_embedder)
    with pytest.raises(QAError, match="--index DIR"):
        evaluate(dataset, embedder=fake_embedder)
    fake_embedder.fingerprint = "another"
    with pytest.raises(QAError, match="the index was made with the model 'fake'"):
        evaluate(dataset, index=index, embedder=fake_embedder)


def test_depth_and_measures(tmp_path: Path, fake_embedder: Embedder) -> None:
    dataset = load_dataset(write_dataset(tmp_path))

    def run(depth: int, measures: Sequence[str] | None = None) -> list[str]:
        found = evaluate(
            dataset,
            ["lexical"],
            depth,
            embedder=fake_embedder,
            cache=tmp_path / "cache",
            measures=measures,
        )
        assert max(len(ranking) for ranking in found.runs["lexical"].values()) <= depth
        return list(found.scores["lexical"].measures)

    assert run(10) == ["nDCG@10", "RR@10", "R@1", "R@10", "AP", "Success@5"]
    assert run(1, ["P@1"]) == ["P@1"]
    with pytest.raises(QAError, match="R@100 cannot be told from 10 documents"):
        run(10, ["R@100", "AP"])
    for depth, measures in ((0, None), (10, [])):
        with pytest.raises(QAError, match="at least"):
            run(depth, measures)


def test_noised_questions_are_the_same_for_the_same_seed(
    tmp_path: Path, fake_embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    embed = fake_embedder.embed_questions

    def listen(questions: Sequence[str]) -> object:
        asked.append(list(questions))
        return embed(questions)

    monkeypatch.setattr(fake_embedder, "embed_questions", listen)
    dataset = load_dataset(write_dataset(tmp_path))
    for seed in (1, 1, 2, None):
        evaluation = evaluate(
            dataset, ["lexical"], embedder=fake_embedder, cache=tmp_path / "c", noise_seed=seed
        )
        assert list(evaluation.questions.values()) == asked[-1]
        assert evaluation.to_json()["noise_seed"] == seed
    assert asked[0] == asked[1] != asked[2]
    assert all(text.isascii() for text in asked[0])
    assert asked[3] == list(dataset.queries.values())


def test_files_of_an_evaluation(tmp_path: Path, fake_embedder: Embedder) -> None:
    dataset = load_dataset(write_dataset(tmp_path))
    evaluation = evaluate(
        dataset, ["hybrid", "lexical"], embedder=fake_embedder, cache=tmp_path / "cache"
    )
    paths = evaluation.write_runs(tmp_path / "run.txt")
    assert [path.name for path in paths] == ["run.hybrid.txt", "run.lexical.txt"]
    for path, scores in zip(paths, evaluation.scores.values(), strict=True):
        again = measure_run(read_run(path), dataset.judgements)
        assert again.means() == scores.means()
    evaluation.write_per_query(tmp_path / "questions.jsonl")
    lines = (tmp_path / "questions.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert [(item["method"], item["query_id"]) for item in records[:4]] == [
        ("hybrid", "q1"),
        ("hybrid", "q2"),
        ("hybrid", "q3"),
        ("lexical", "q1"),
    ]
    assert records[3]["nDCG@10"] == 1.0
    assert records[3]["ranking"][0]["document_id"] == "moulin"
    assert records[3]["ranking"][0]["grade"] == 2
    with pytest.raises(QAError, match="cannot be written"):
        evaluation.write_runs(tmp_path / "no" / "run.txt")
    with pytest.raises(QAError, match="cannot be written"):
        evaluation.write_per_query(tmp_path / "no" / "questions.jsonl")


# --- Comparison -----------------------------------------------------------------------------------


def test_two_runs_compared() -> None:
    judgements = {f"q{n}": {"good": 1} for n in range(5)} | {"q5": {"good": 1}}
    best, second = [("good", 2.0), ("bad", 1.0)], [("bad", 2.0), ("good", 1.0)]
    run_a = {f"q{n}": best for n in range(5)}  # nothing for q5
    run_b = {**{f"q{n}": second for n in range(5)}, "q5": best, "q6": best}
    result = compare_runs(
        run_a,
        run_b,
        judgements,
        names=("new", "old"),
        measure="RR@10",
        queries={"q0": "Et la roue ?"},
    )
    row = next(item for item in result.rows if item.measure == "RR@10")
    assert (row.a, row.b) == ("new", "old")
    assert (row.mean_a, row.mean_b) == pytest.approx((5 / 6, 3.5 / 6))
    assert row.difference == pytest.approx(0.25)
    assert (row.won, row.lost, row.tied) == (5, 1, 0)
    # Differences 5 x 0.5 and -1, sum 1.5: of 64 assignments, 44 have |sum| >= 1.5.
    extreme = sum(
        math.comb(5, k)
        for k in range(6)
        for last in (1, -1)
        if abs(0.5 * (5 - 2 * k) + last) >= 1.5
    )
    assert row.p_randomisation == pytest.approx(extreme / 64)
    assert row.p_randomisation_holm == row.p_randomisation
    assert [item.query_id for item in result.won] == [f"q{n}" for n in range(5)]
    assert result.won[0].question == "Et la roue ?"
    assert result.won[0].top_b == (("bad", None), ("good", 1))
    assert [(item.query_id, item.difference) for item in result.lost] == [("q5", -1.0)]
    assert (result.without_a, result.without_b, result.ignored) == (1, 0, 1)
    assert json.loads(json.dumps(result.to_json()))["measure"] == "RR@10"
    text = run_comparison_text(result)
    assert "Note: 1 questions without a result in new score zero" in text
    assert "  new: 100.0" + " " * 38 + "| old: 50.0\n" in text
    assert "  1. good (1)" + " " * 37 + "| 1. bad (?)\n" in text
    assert "  relevant: good (1), not found and rank 1" in text
    told = with_passages(result, {"good": "Une machine. " * 30 + "La roue. Cela.", "x": "rien"})
    assert told.won[0].passages == {"good": "… La roue. Cela."}
    assert "     … La roue. Cela." in run_comparison_text(told)


def test_an_excerpt_is_where_the_question_is() -> None:
    text = "Le moulin tourne. La roue grince. Ada dessina une machine.\nBabbage la vit. " * 2
    assert best_excerpt(text, "Qui dessina la machine ?", 40) == "… Ada dessina une machine. …"
    assert best_excerpt(text, "rien de tel", 40) == "Le moulin tourne. La roue grince. …"
    assert best_excerpt("Un mot.\n\nDeux mots ?", "", 40) == "Un mot. Deux mots ?"
    assert best_excerpt("mot " * 30, "", 10) == "mot mot …"


def test_texts_of_a_corpus_are_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"_id": "a", "text": "un"}\n{"id": 2, "text": "deux"}\n', "utf-8")
    assert read_documents(path, {"2", "c"}) == {"2": "deux"}
    path.write_text('{"_id": "a", "text": "un"}\n[]\n?\n', "utf-8")
    with pytest.raises(InputError) as caught:
        read_documents(path, {"a"})
    assert [fault.split("(")[0] for fault in caught.value.faults] == [
        f"{path}: line 2: not a JSON object ",
        f"{path}: line 3: not a JSON object ",
    ]


def test_comparisons_are_corrected_for_the_number_of_systems() -> None:
    judgements = {f"q{n}": {"good": 1} for n in range(8)}
    right = {query: [("good", 1.0)] for query in judgements}
    wrong = {query: [("bad", 1.0)] for query in judgements}
    half = {query: (right if n < 6 else wrong)[query] for n, query in enumerate(judgements)}
    scores = {
        name: measure_run(run, judgements, ["R@1"])
        for name, run in (("wrong", wrong), ("right", right), ("half", half))
    }
    against_right, against_half = compare_systems(scores, "wrong")
    assert against_right.p_randomisation == pytest.approx(2 / 2**8)
    assert against_half.p_randomisation == pytest.approx(2 / 2**6)
    assert against_right.p_randomisation_holm == pytest.approx(2 * 2 / 2**8)
    assert against_half.p_randomisation_holm == pytest.approx(2 / 2**6)
    assert against_right.ci95 == (-1.0, -1.0)
    assert compare_systems({"wrong": scores["wrong"]}, "wrong") == ()


def test_models_are_compared_method_by_method(tmp_path: Path, fake_embedder: Embedder) -> None:
    dataset = load_dataset(write_dataset(tmp_path))
    found = {
        name: evaluate(dataset, methods, embedder=fake_embedder, cache=tmp_path / "cache")
        for name, methods in (("one", ["dense", "lexical"]), ("two", ["lexical", "dense"]))
    }
    compared = compare_models(found)
    first = [(item.a, item.b) for item in compared.comparisons if item.measure == "nDCG@10"]
    assert first == [("one, dense", "two, dense"), ("one, lexical", "two, lexical")]
    assert {item.p_t_holm for item in compared.comparisons} == {1.0}
    told = json.loads(json.dumps(compared.to_json()))
    assert list(told) == ["dataset", "queries", "models", "comparisons", "statistics"]
    assert told["models"]["two"] == json.loads(json.dumps(found["two"].to_json()))
    text = page([compared, *found.values()])
    assert f"<h2>Models: {dataset.name}</h2>" in text and "nDCG@10: one, dense - two, dense" in text


def test_models_have_short_names() -> None:
    assert short_names(["a/model/", "b/other"]) == {"a/model/": "model", "b/other": "other"}
    assert short_names(["/a/model", "/b/model"]) == {"/a/model": "a-model", "/b/model": "b-model"}
    assert short_names(["None"]) == {"None": "None"}


def test_runs_of_other_questions_cannot_be_compared() -> None:
    run = {"q1": [("a", 1.0)]}
    with pytest.raises(QAError, match="none of the questions of run B is judged"):
        compare_runs(run, {"x": [("a", 1.0)]}, {"q1": {"a": 1}})
