"""Reading and embedding on a Ray cluster of local nodes, one of which dies."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa.cli import main
from qa.cluster import Cluster
from qa.embedding import ShippedEmbedder
from qa.index import Progress, open_index, update_index
from qa.index.vectors import BLOCK
from qa.records import QAError

pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")
AGENTS = ("metrics_agent", "runtime_env_agent", "metrics_export", "dashboard_agent_listen")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """Three nodes with one processor each."""
    from ray.cluster_utils import Cluster as Nodes

    try:
        head = {"num_cpus": 1, "include_dashboard": False, **free_ports()}
        nodes = Nodes(initialize_head=True, head_node_args=head)
        for _ in range(2):
            nodes.add_node(num_cpus=1, **free_ports())
        nodes.wait_for_nodes()
    except Exception as error:
        # Ray gives its own processes 30 s to start, which a machine with other work to do exceeds.
        pytest.skip(f"Ray's nodes did not start: {error}")
    yield nodes
    nodes.shutdown()


def free_ports() -> dict[str, int]:
    """One for each agent of a node, which takes its time to choose by itself."""
    with contextlib.ExitStack() as opened:
        found = {}
        for agent in AGENTS:
            one = opened.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found[f"{agent}_port"] = int(one.getsockname()[1])
        return found


@pytest.fixture
def corpus(write_corpus: Callable[..., Path]) -> Path:
    lines = [{"id": f"v{n}", "text": f"Le village {n} a {n * 37} âmes."} for n in range(2 * BLOCK)]
    return write_corpus(
        {
            "villages.jsonl": "".join(json.dumps(line) + "\n" for line in lines),
            **{f"lettre-{n}.txt": f"La lettre {n} est arrivée." for n in range(9)},
            "page.html": "<h1>Un titre</h1><p>Une page.</p>",
            "vide.pdf": "",
        }
    )


def test_an_index_made_with_a_node_killed_is_that_of_one_machine(
    nodes: Any, corpus: Path, tmp_path: Path, shipped_embedder: ShippedEmbedder
) -> None:
    alone = update_index(corpus, tmp_path / "alone", shipped_embedder)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.step == "embed" and progress.done and not killed:
            nodes.remove_node(nodes.worker_nodes.copy().pop(), allow_graceful=False)
            killed.append(progress.done)

    with Cluster(nodes.address) as cluster:
        assert cluster.block == BLOCK * 2 * 3
        spread = update_index(
            corpus, tmp_path / "spread", shipped_embedder, progress=kill, spread=cluster
        )
        # What was embedded is not again, and a file that changed is read there.
        (corpus / "lettre-3.txt").write_text("La lettre 3 s'est perdue.", "utf-8")
        again = update_index(corpus, tmp_path / "spread", shipped_embedder, spread=cluster)
    assert killed == [BLOCK]
    assert (spread.passages, spread.embedded, spread.read) == (2 * BLOCK + 10, 2 * BLOCK + 10, 11)
    assert spread.skipped == alone.skipped and len(spread.skipped) == 1
    assert (again.changed, again.embedded, again.read) == (("lettre-3.txt",), 1, 1)
    one, other = open_index(tmp_path / "alone"), open_index(tmp_path / "spread")
    update_index(corpus, tmp_path / "alone", shipped_embedder)
    one = open_index(tmp_path / "alone")
    assert one.manifest.corpus_digest == other.manifest.corpus_digest
    for name in ("vectors.faiss", "tokens/signs.bin", "tokens/starts.npy"):
        assert one.manifest.files[name].sha256 == other.manifest.files[name].sha256


def test_the_command_takes_an_address(
    nodes: Any, write_corpus: Callable[..., Path], tmp_path: Path
) -> None:
    corpus = write_corpus({"a.txt": "Le moulin tourne."})
    place = ["--index", str(tmp_path / "index"), "--ray", nodes.address]
    assert main(["index", str(corpus), *place]) == 0
    assert open_index(tmp_path / "index").document("a.txt").text == "Le moulin tourne."


def test_a_cluster_that_is_not_there_is_told() -> None:
    with pytest.raises(QAError, match=r"no Ray cluster answers at '127\.0\.0\.1:1' \("):
        Cluster("127.0.0.1:1")
