"""Updates: what is read again, what is remembered, what an interruption and a deletion leave."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.assistant import Assistant
from qa.embedding import Embedded, Progress
from qa.french import words
from qa.index import IndexReport, open_index, update_index, verify_index, watch_index
from qa.index.memory import digest_file, stamp_file
from qa.index.vectors import Journal
from qa.records import QAError

FILES = {
    "cronstadt.md": "# Cronstadt\n\nLa révolte de Cronstadt éclate en mars 1921.\n",
    "lenine.md": "# Lénine\n\nLénine naît à Simbirsk en 1870. Il meurt à Gorki en 1924.\n",
    "notes/trotsky.txt": "Trotsky\n\nTrotsky naît à Ianovka en 1879. Il meurt au Mexique.\n",
}


@pytest.fixture
def corpus(write_corpus: Callable[..., Path]) -> Path:
    """Three documents that have been at rest for longer than a tick of the file system."""
    folder = write_corpus(FILES)
    time.sleep(0.06)
    return folder


def update(corpus: Path, embedder: FakeEmbedder) -> IndexReport:
    return update_index(corpus, corpus.parent / "index", embedder)


def contents(directory: Path) -> list[object]:
    """All that an index says, whichever way it was made."""
    index = open_index(directory)
    passages = list(index.store.all_passages())
    rows = range(len(passages))
    said = [
        index.store.document_digests(),
        passages,
        index.store.passage_digests(),
        index.store.first_rows(rows),
        [(entry.id, entry.language, entry.passages) for entry in index.store.documents()],
        index.store.languages(),
        index.store.skipped(),
        [index.lexical.search_words(words(passage.text), 5)[0].tolist() for passage in passages],
        index.dense.vectors(np.arange(len(passages))).round(6).tolist(),
    ]
    index.close()
    return said


def assert_as_if_made_anew(corpus: Path, embedder: FakeEmbedder) -> None:
    anew = corpus.parent / "anew"
    shutil.rmtree(anew, ignore_errors=True)
    update_index(corpus, anew, embedder)
    assert contents(corpus.parent / "index") == contents(anew)
    assert verify_index(corpus.parent / "index") == []


# --- Which files are read ------------------------------------------------------------------------


def test_only_changed_files_are_read(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    assert update(corpus, fake_embedder).read == 3
    assert update(corpus, fake_embedder).read == 0
    (corpus / "lenine.md").write_text("# Lénine\n\nLénine dirige le parti.\n", "utf-8")
    (corpus / "a.txt").write_text("Un texte qui se place avant les autres.", "utf-8")
    report = update(corpus, fake_embedder)
    assert (report.read, report.added, report.changed) == (2, ("a.txt",), ("lenine.md",))
    assert report.embedded == 2
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_file_that_was_only_touched_is_not_read(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    first = update(corpus, fake_embedder)
    (corpus / "lenine.md").touch()
    report = update(corpus, fake_embedder)
    assert (report.read, report.published, report.generation) == (0, False, first.generation)


def test_a_change_that_keeps_size_and_time_is_seen(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    """What a copying tool with --times does: only the contents differ."""
    path = corpus / "lenine.md"
    update(corpus, fake_embedder)
    before = path.stat()
    path.write_text(FILES["lenine.md"].replace("1870", "1871"), "utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert update(corpus, fake_embedder).changed == ("lenine.md",)


def test_a_file_changed_again_within_a_tick_is_seen(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    """Times do not tell such changes apart: fresh files are told by their contents."""
    path = corpus / "lenine.md"
    for year in range(1800, 1810):
        path.write_text(f"# Lénine\n\nLénine naît en {year}.\n", "utf-8")
        update(corpus, fake_embedder)
        index = open_index(corpus.parent / "index")
        assert str(year) in index.document("lenine.md").text
        index.close()


def test_metadata_beside_a_file_is_a_part_of_it(corpus: Path) -> None:
    path = corpus / "lenine.md"
    seen = {(stamp_file(path), digest_file(path))}
    for name in ("lenine.md.meta.toml", "lenine.meta.toml"):
        (corpus / name).write_text('author = "Anonyme"\n', "utf-8")
        seen.add((stamp_file(path), digest_file(path)))
    assert len({stamp for stamp, _ in seen}) == len({digest for _, digest in seen}) == 3


def test_files_that_gave_nothing_are_tried_again(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    (corpus / "vide.txt").write_text("", "utf-8")
    (corpus / "image.png").write_bytes(b"\x89PNG")
    time.sleep(0.06)
    first = update(corpus, fake_embedder)
    assert {skip.source for skip in first.skipped} == {"image.png", "vide.txt"}
    again = update(corpus, fake_embedder)
    assert (again.published, again.read, again.skipped) == (False, 0, first.skipped)
    (corpus / "vide.txt").write_text("Un texte.", "utf-8")
    assert update(corpus, fake_embedder).added == ("vide.txt",)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_document_refused_for_its_id_comes_back(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    one, two = ('{"id": "1", "text": "Le premier."}\n', '{"id": "1", "text": "Le second."}\n')
    corpus = write_corpus({"a.jsonl": one, "b.jsonl": two + '{"id": "2", "text": "Autre."}\n'})
    time.sleep(0.06)
    report = update(corpus, fake_embedder)
    assert (report.added, len(report.skipped)) == (("1", "2"), 1)
    assert not update(corpus, fake_embedder).published
    (corpus / "a.jsonl").unlink()
    assert update(corpus, fake_embedder).changed == ("1",)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_lines_that_could_not_be_read_are_remembered(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    lines = '{"id": "1", "text": "Le premier."}\nnot json\n{"id": "2", "text": "Le second."}\n'
    corpus = write_corpus({"a.jsonl": lines, "b.txt": "Un texte."})
    time.sleep(0.06)
    first = update(corpus, fake_embedder)
    (corpus / "c.txt").write_text("Un autre.", "utf-8")
    report = update(corpus, fake_embedder)
    assert (report.read, report.added) == (1, ("c.txt",))
    assert report.skipped == first.skipped and len(first.skipped) == 1
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_renamed_file_is_recognised(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    update(corpus, fake_embedder)
    (corpus / "personnes").mkdir()
    (corpus / "lenine.md").rename(corpus / "personnes" / "oulianov.md")
    report = update(corpus, fake_embedder)
    assert report.renamed == (("lenine.md", "personnes/oulianov.md"),)
    assert (report.added, report.deleted, report.embedded) == ((), (), 0)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_title_made_of_the_name_changes_with_it(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({"avant.txt": "un texte sans titre, tout en minuscules."})
    update(corpus, fake_embedder)
    (corpus / "avant.txt").rename(corpus / "apres.txt")
    report = update(corpus, fake_embedder)
    assert (report.renamed, report.embedded) == ((("avant.txt", "apres.txt"),), 1)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_copy_is_not_a_renaming(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    update(corpus, fake_embedder)
    shutil.copy(corpus / "lenine.md", corpus / "copie.md")
    report = update(corpus, fake_embedder)
    assert (report.added, report.renamed, report.embedded) == (("copie.md",), (), 0)


def test_an_index_inside_its_corpus_is_no_document(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    first = update_index(corpus, corpus / "index", fake_embedder)
    assert (len(first.added), first.skipped) == (3, ())
    assert not update_index(corpus, corpus / "index", fake_embedder).published


def test_another_recipe_reads_all_again(
    corpus: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(corpus, fake_embedder)
    monkeypatch.setattr("qa.index.recipe._code", lambda: iter(["other readers"]))
    report = update(corpus, fake_embedder)
    assert (report.read, report.embedded, report.published) == (3, 0, True)
    assert not update(corpus, fake_embedder).published


# --- Interruptions -------------------------------------------------------------------------------


class CountingEmbedder(FakeEmbedder):
    """Notes every text that it embeds in a file, so that work can be counted across kills."""

    def __init__(self, notes: Path, pause: float = 0.0) -> None:
        super().__init__()
        self._notes, self._pause = notes, pause

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Embedded:
        embedded = super().embed_passages(texts, progress)
        time.sleep(self._pause)
        with self._notes.open("a", encoding="utf-8") as file:
            file.write(json.dumps(list(texts)) + "\n")
        return embedded


def embedded_texts(notes: Path) -> Counter[str]:
    lines = notes.read_text("utf-8").splitlines() if notes.exists() else []
    # A kill may have cut the last line short: that call did not come to its end.
    return Counter(text for line in lines if line.endswith("]") for text in json.loads(line))


def test_killed_runs_go_on_where_they_stopped(
    write_corpus: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at random moments, then let finish: nothing is embedded twice but a block a kill."""
    block = 4
    monkeypatch.setattr("qa.index.writer.BLOCK", block)
    monkeypatch.setattr("qa.index.draft._SECONDS", 0.0)
    corpus = write_corpus(
        {f"{n:02}.txt": f"le texte numéro {n} parle de la chose {n * n}." for n in range(80)}
    )
    time.sleep(0.06)
    directory, notes = tmp_path / "index", tmp_path / "notes"
    chance = random.Random(5)
    kills = 0
    context = multiprocessing.get_context("fork")
    for _ in range(30):
        process = context.Process(
            target=update_index, args=(corpus, directory, CountingEmbedder(notes, 0.02))
        )
        process.start()
        process.join(0.1 + 0.25 * chance.random())
        if process.exitcode is None:
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.join()
        if process.exitcode == 0:
            break
    report = update_index(corpus, directory, CountingEmbedder(notes))
    counts = embedded_texts(notes)
    assert kills >= 1
    assert (report.passages, len(counts)) == (80, 80)
    assert sum(counts.values()) - len(counts) <= kills * block
    assert verify_index(directory) == []
    # A kill right after a generation was published leaves the one before beside it.
    names = {path.name for path in directory.iterdir() if not path.name.startswith("gen-")}
    assert names == {"CURRENT", "LOCK"}


class Stop(BaseException):
    """An interruption at an exact place, as Ctrl-C is."""


def test_an_interrupted_run_is_continued_exactly(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qa.index.writer.BLOCK", 2)
    corpus = write_corpus({f"{n}.txt": f"le texte {n} de la série." for n in range(10)})
    time.sleep(0.06)

    class Interrupted(FakeEmbedder):
        def embed_passages(
            self, texts: Sequence[str], progress: Progress | None = None
        ) -> Embedded:
            if self.embedded == 6:
                raise Stop
            return super().embed_passages(texts, progress)

    with pytest.raises(Stop):
        update(corpus, Interrupted())
    report = update(corpus, fake_embedder)
    # Every file had been read and six passages embedded.
    assert (report.read, report.embedded, fake_embedder.embedded) == (0, 4, 4)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_reading_that_was_interrupted_is_continued(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus({f"{n}.txt": f"le texte {n} de la série." for n in range(10)})
    time.sleep(0.06)

    def stop_after(documents: int) -> Callable[..., None]:
        def tell(progress: object) -> None:
            if getattr(progress, "done", 0) > documents:
                raise Stop

        return tell

    directory = corpus.parent / "index"
    for documents in (7, 3):  # the second run comes less far: the first one's work is kept
        with pytest.raises(Stop):
            update_index(corpus, directory, fake_embedder, progress=stop_after(documents))
    (corpus / "0.txt").unlink()
    report = update(corpus, fake_embedder)
    assert (report.read, report.passages) == (3, 9)
    assert_as_if_made_anew(corpus, fake_embedder)


def test_a_draft_of_other_readers_is_not_used(
    corpus: Path, fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupted(FakeEmbedder):
        def embed_passages(
            self, texts: Sequence[str], progress: Progress | None = None
        ) -> Embedded:
            raise Stop

    with pytest.raises(Stop):
        update(corpus, Interrupted())
    (draft,) = (corpus.parent / "index").glob(".staging-*")
    (draft / "documents.sqlite").write_bytes(b"torn")
    assert update(corpus, fake_embedder).read == 3
    shutil.rmtree(corpus.parent / "index")
    with pytest.raises(Stop):
        update(corpus, Interrupted())
    monkeypatch.setattr("qa.index.recipe._code", lambda: iter(["other readers"]))
    assert update(corpus, fake_embedder).read == 3


def test_a_journal_keeps_what_was_embedded(tmp_path: Path, fake_embedder: FakeEmbedder) -> None:
    path = tmp_path / "journal"
    digests = [bytes([n]) * 32 for n in range(3)]
    embedded = fake_embedder.embed_passages(["un mot", "deux mots ici", ""])
    journal = Journal(path, fake_embedder)
    journal.append(digests, embedded)
    journal.close()
    journal = Journal(path, fake_embedder)
    assert journal.tokens() == {digests[0]: 2, digests[1]: 3, digests[2]: 0}
    for digest, vector, signs in zip(digests, embedded.vectors, embedded.signs, strict=True):
        found = journal.read(digest)
        np.testing.assert_array_equal(found[0], vector)
        np.testing.assert_array_equal(found[1], signs)
    journal.close()


@pytest.mark.parametrize("damage", ["another model", "no database", "cut short"])
def test_a_journal_that_cannot_be_used_begins_anew(
    tmp_path: Path, fake_embedder: FakeEmbedder, damage: str
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, fake_embedder)
    journal.append([bytes(32)], fake_embedder.embed_passages(["un mot"]))
    journal.close()
    if damage == "another model":
        fake_embedder.fingerprint = "another"
    elif damage == "no database":
        path.write_bytes(b"torn" * 1000)
    else:
        path.write_bytes(path.read_bytes()[:5000])
    journal = Journal(path, fake_embedder)
    assert journal.tokens() == {}
    journal.append([bytes(32)], fake_embedder.embed_passages(["un mot"]))
    assert journal.tokens() == {bytes(32): 2}
    journal.close()


# --- Deletions -----------------------------------------------------------------------------------


def files_with(directory: Path, text: str) -> list[str]:
    forms = [text.encode(encoding) for encoding in ("utf-8", "utf-16-le")]
    return [
        path.name
        for path in directory.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def test_a_deletion_leaves_no_trace(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    directory = corpus.parent / "index"
    secret = corpus / "secret.txt"
    secret.write_text("Le mot de passe du coffre est zanzibarissime.", "utf-8")
    update(corpus, fake_embedder)
    # Other generations and drafts hold it too.
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    update(corpus, fake_embedder)
    assert len(list(directory.glob("gen-*"))) == 2

    class Interrupted(FakeEmbedder):
        def embed_passages(
            self, texts: Sequence[str], progress: Progress | None = None
        ) -> Embedded:
            raise Stop

    (corpus / "plus-neuf.txt").write_text("Un texte plus neuf.", "utf-8")
    with pytest.raises(Stop):
        update(corpus, Interrupted())
    assert len(files_with(directory, "zanzibarissime")) >= 3
    secret.unlink()
    report = update(corpus, fake_embedder)
    assert report.deleted == ("secret.txt",)
    for trace in ("zanzibarissime", "zanz", "secret.txt"):
        assert files_with(directory, trace) == []
    index = open_index(directory)
    assert index.lexical.search_words(words("zanzibarissime"), 5)[0].tolist() == []
    assert len(list(index.store.all_passages())) == 5


def test_what_a_kill_left_is_removed_though_nothing_changed(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    """A kill just after a deletion was published: the next run finds nothing to do but this."""
    directory = corpus.parent / "index"
    (corpus / "secret.txt").write_text("Le mot est zanzibarissime.", "utf-8")
    old = directory / update(corpus, fake_embedder).generation
    shutil.copytree(old, corpus.parent / "kept")
    (corpus / "secret.txt").unlink()
    update(corpus, fake_embedder)
    (corpus.parent / "kept").rename(old)
    assert not update(corpus, fake_embedder).published
    assert files_with(directory, "zanzibarissime") == []


def test_an_open_assistant_answers_from_what_was_published_since(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    update(corpus, fake_embedder)
    assistant = Assistant(open_index(corpus.parent / "index"), fake_embedder)
    (corpus / "lenine.md").unlink()
    (corpus / "staline.md").write_text("# Staline\n\nStaline naît à Gori en 1878.\n", "utf-8")
    update(corpus, fake_embedder)
    found = assistant.search("Où naît Staline ?")
    assert found[0].passage.document_id == "staline.md"
    assert "lenine.md" not in [hit.passage.document_id for hit in found]
    other = FakeEmbedder()
    other.fingerprint = "fake-2"
    before = assistant.index
    update(corpus, other)
    assert assistant.search("Où naît Staline ?") and assistant.index is before


# --- Following a folder --------------------------------------------------------------------------


def test_watching_updates_when_the_folder_rests(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    directory = corpus.parent / "index"
    followed = watch_index(corpus, directory, fake_embedder, interval=0.08)

    def following() -> IndexReport:
        result = next(followed)
        assert isinstance(result, IndexReport), result
        return result

    assert len(following().added) == 3
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    assert following().added == ("neuf.txt",)
    (corpus / "neuf.txt").unlink()
    assert following().deleted == ("neuf.txt",)
    shutil.move(corpus, corpus.parent / "away")
    assert "no such file or directory" in str(next(followed))
    assert len(list(open_index(directory).store.documents())) == 3
    shutil.move(corpus.parent / "away", corpus)
    assert not following().published


def test_a_file_being_written_is_waited_for(corpus: Path, fake_embedder: FakeEmbedder) -> None:
    directory = corpus.parent / "index"
    followed = watch_index(corpus, directory, fake_embedder, interval=0.3)
    next(followed)
    code = (
        "import sys, time\n"
        "with open(sys.argv[1], 'w', buffering=1) as file:\n"
        "    for number in range(12):\n"
        "        print(f'Ligne numero {number}.\\n', file=file, flush=True)\n"
        "        time.sleep(0.1)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(corpus / "long.txt")])
    assert isinstance(next(followed), IndexReport)
    writer.wait()
    assert "Ligne numero 11." in open_index(directory).document("long.txt").text


@pytest.fixture
def watching(corpus: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [
            sys.executable, "-m", "qa.cli", "index", str(corpus),
            "--index", str(corpus.parent / "index"), "--watch", "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    yield process
    process.kill()
    process.communicate()


def test_the_command_follows_and_stops_cleanly(
    corpus: Path, watching: subprocess.Popen[str]
) -> None:
    assert watching.stdout is not None
    assert len(json.loads(watching.stdout.readline())["added"]) == 3
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    assert json.loads(watching.stdout.readline())["added"] == ["neuf.txt"]
    watching.send_signal(signal.SIGINT)
    out, errors = watching.communicate(timeout=30)
    assert (watching.returncode, out) == (0, "")
    assert "stopped" in errors and "Traceback" not in errors
    assert open_index(corpus.parent / "index").document("neuf.txt").text == "Un texte neuf."


def test_an_empty_folder_is_told_once_and_the_old_index_stays(
    corpus: Path, fake_embedder: FakeEmbedder
) -> None:
    update(corpus, fake_embedder)
    for path in corpus.rglob("*.*"):
        path.unlink()
    with pytest.raises(QAError, match="the folder is empty"):
        update(corpus, fake_embedder)
    assert len(open_index(corpus.parent / "index").store.documents()) == 3
