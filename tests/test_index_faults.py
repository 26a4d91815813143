"""What strikes an index from outside: other people's files, full disks, rights, hostile files."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from conftest import FakeEmbedder
from qa.assistant import Assistant
from qa.cli import main
from qa.dense import DenseIndex
from qa.embedding import Embedded
from qa.french import words
from qa.index import IndexReport, generations_to_try, open_index, update_index
from qa.index.memory import _under_its_file
from qa.records import Document, QAError, Skipped

FILES = {
    "cronstadt.md": "# Cronstadt\n\nLa révolte de Cronstadt éclate en mars 1921.\n",
    "lenine.md": "# Lénine\n\nLénine naît à Simbirsk en 1870. Il meurt à Gorki en 1924.\n",
}


def update(corpus: Path, embedder: FakeEmbedder) -> IndexReport:
    return update_index(corpus, corpus.parent / "index", embedder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name; folders as nothing."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


# --- Only what we made is removed ----------------------------------------------------------------

# Names of a user's own, close to ours.
OWN = {
    "gen-ealogie/dupont.txt": "Jean Dupont, né en 1820.",
    ".embedded-notes": "à garder",
    ".staging-mine/brouillon.txt": "à garder",
    ".staging-20200101T000000Z-0123abcd/brouillon.txt": "à garder",
    "gen-20200101T000000Z-0123abcd/notes.txt": "exactement notre nom",
    "gen-20200101T000000Z-0123abce/manifest.json": '{"name": "a web application"}',
}


@pytest.mark.parametrize("name", OWN)
def test_a_folder_of_other_things_is_refused_and_left_as_it_is(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, name: str
) -> None:
    corpus = write_corpus(FILES)
    path = corpus.parent / "index" / name
    path.parent.mkdir(parents=True)
    path.write_text(OWN[name], "utf-8")
    with pytest.raises(QAError, match=r"no index and not empty .*nothing was written.*--index"):
        update(corpus, fake_embedder)
    assert contents(corpus.parent / "index").keys() <= {name, Path(name).parent.as_posix()}
    assert path.read_text("utf-8") == OWN[name]


def test_what_is_not_ours_survives_every_update(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    update(corpus, fake_embedder)
    for name, text in OWN.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, "utf-8")
    (directory / "gen-20200101T000000Z-0123abcf").symlink_to(corpus)
    for number in range(3):
        (corpus / "lenine.md").write_text(f"# Lénine\n\nVersion {number}.\n", "utf-8")
        update(corpus, fake_embedder)
    (corpus / "cronstadt.md").unlink()
    generation = update(corpus, fake_embedder).generation
    assert {name: (directory / name).read_text("utf-8") for name in OWN} == OWN
    ours = {path.name for path in directory.iterdir()} - {Path(name).parts[0] for name in OWN}
    assert ours == {"CURRENT", "LOCK", generation, "gen-20200101T000000Z-0123abcf"}
    assert (corpus / "lenine.md").exists()


@pytest.mark.parametrize("damage", ["cut short", "another format"])
def test_generations_that_cannot_be_read_any_more_are_still_ours(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    with monkeypatch.context() as patch:
        if damage == "another format":
            patch.setattr("qa.index.writer.FORMAT", 1)
            patch.setattr("qa.index.manifest.FORMAT", 1)
        old = directory / update(corpus, fake_embedder).generation
    if damage == "cut short":
        content = (old / "manifest.json").read_bytes()
        (old / "manifest.json").write_bytes(content[:100])
    new = update(corpus, fake_embedder).generation
    assert sorted(path.name for path in directory.iterdir()) == ["CURRENT", "LOCK", new]


def test_what_a_kill_leaves_of_a_removed_generation_is_removed(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kill(BaseException):
        pass

    def half(path: Path, ignore_errors: bool = False) -> None:
        (path / "manifest.json").unlink()
        raise Kill

    corpus = write_corpus({**FILES, "secret.txt": "Le mot est zanzibarissime."})
    directory = corpus.parent / "index"
    update(corpus, fake_embedder)
    (corpus / "secret.txt").unlink()
    with monkeypatch.context() as patch, pytest.raises(Kill):
        patch.setattr("shutil.rmtree", half)
        update(corpus, fake_embedder)
    assert any(b"zanzibarissime" in content for content in contents(directory).values())
    report = update(corpus, fake_embedder)
    assert not report.published
    assert sorted(path.name for path in directory.iterdir()) == [
        "CURRENT", "LOCK", report.generation,
    ]  # fmt: skip


def test_an_index_begins_beside_what_other_rooms_left(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    directory.mkdir()
    for name in (".gitkeep", "calibration.json", "feedback.sqlite", "LOCK"):
        (directory / name).touch()
    assert len(update(corpus, fake_embedder).added) == 2
    assert (directory / "feedback.sqlite").exists()


def test_a_calibration_is_taken_back_only_beside_an_index(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "calibration.json"
    own.write_text("of a camera", "utf-8")
    assert main(["calibrate", "--remove", "--index", str(tmp_path)]) == 1
    assert "nothing was removed" in capsys.readouterr().err
    assert own.read_text("utf-8") == "of a camera"


# --- Full disks ----------------------------------------------------------------------------------


class WideEmbedder(FakeEmbedder):
    """Vectors and tokens as large as the shipped model's."""

    dimension = 384
    token_bytes = 48


SmallDisk = Callable[[int], "contextlib.AbstractContextManager[Path]"]


@pytest.fixture
def small_disk(tmp_path: Path) -> SmallDisk:
    """A file system of so many kilobytes; only root can make one."""

    @contextlib.contextmanager
    def mounted(kilobytes: int) -> Iterator[Path]:
        folder = tmp_path / "disk"
        folder.mkdir(exist_ok=True)
        options = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        if os.geteuid() or not shutil.which("mount") or subprocess.run(options).returncode:
            pytest.skip("a small file system cannot be mounted here")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)

    return mounted


def in_a_process(work: Callable[..., object], *arguments: object) -> tuple[int, str]:
    """What a process of its own ends with, and what it says in a ``QAError``."""
    queue = multiprocessing.get_context("fork").SimpleQueue()

    def run() -> None:
        said = ""
        try:
            work(*arguments)
        except QAError as error:
            said = str(error)
        queue.put(said)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode, "" if queue.empty() else str(queue.get())


def disk_use(folder: Path) -> int:
    """Kilobytes that are taken of the file system of a folder."""
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize // 1024


def test_a_full_disk_is_told_at_every_step_and_nothing_is_left(
    write_corpus: Callable[..., Path], small_disk: SmallDisk
) -> None:
    lines = "".join(
        f'{{"id": "{n}", "text": "Le texte numéro {n} parle de la chose {n * n}."}}\n'
        for n in range(700)
    )
    corpus = write_corpus({"textes.jsonl": lines})
    with small_disk(20_000) as disk:
        update_index(corpus, disk / "index", WideEmbedder())
        needed = disk_use(disk)
    told = set()
    # What a run needs at most is more than what is left: the journals are there besides.
    for kilobytes in [16, *range(100, 2 * needed, needed // 12)]:
        with small_disk(kilobytes) as disk:
            directory = disk / "index"
            code, said = in_a_process(update_index, corpus, directory, WideEmbedder())
            assert code == 0
            if not said:
                break
            assert said.startswith(f"the index cannot be written in {directory} (")
            assert "\n" not in said and "Free some space" in said
            assert {path.name for path in directory.iterdir()} <= {"LOCK"}
            told.add(said)
    else:
        pytest.fail("no size was enough")
    assert len(told) >= 2


def test_a_full_disk_is_freed_of_what_a_killed_run_had_left(
    write_corpus: Callable[..., Path], small_disk: SmallDisk
) -> None:
    corpus = write_corpus(FILES)

    class Killed(WideEmbedder):
        def embed_passages(self, texts: Sequence[str], progress: object = None) -> Embedded:
            os._exit(9)

    with small_disk(4_000) as disk:
        directory = disk / "index"
        assert in_a_process(update_index, corpus, directory, Killed())[0] == 9
        assert len(list(directory.glob(".staging-*"))) == 1
        free = os.statvfs(disk)
        (disk / "filler").write_bytes(b"0" * (free.f_bavail * free.f_frsize - 8_192))
        _, said = in_a_process(update_index, corpus, directory, WideEmbedder())
        assert "cannot be written" in said
        assert {path.name for path in directory.iterdir()} == {"LOCK"}


def test_a_disk_that_fills_up_leaves_the_old_index(
    write_corpus: Callable[..., Path], small_disk: SmallDisk
) -> None:
    corpus = write_corpus(FILES)
    with small_disk(4_000) as disk:
        directory = disk / "index"
        before = update_index(corpus, directory, WideEmbedder()).generation
        used = disk_use(disk)
        for free in (8, 40, 80):
            (corpus / "neuf.txt").write_text("Un texte neuf. " * free, "utf-8")
            filler = disk / "filler"
            filler.write_bytes(b"0" * 1024 * (4_000 - used - free))
            code, said = in_a_process(update_index, corpus, directory, WideEmbedder())
            assert (code, "cannot be written" in said) == (0, True)
            filler.unlink()
            index = open_index(directory)
            assert (index.path.name, index.warning) == (before, None)
            assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]
            index.close()
            assert {path.name for path in directory.iterdir()} == {"CURRENT", "LOCK", before}
        assert update_index(corpus, directory, WideEmbedder()).added == ("neuf.txt",)


@pytest.mark.parametrize("struck", [".staging-CURRENT", "index"])
def test_the_last_step_may_be_what_does_not_fit(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    struck: str,
) -> None:
    """The name of the new generation cannot be written, or it cannot be entered in the folder."""
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    before = update(corpus, fake_embedder).generation
    (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
    whole = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == struck:
            raise OSError(28, "No space left on device")
        whole(descriptor)

    with monkeypatch.context() as patch, pytest.raises(QAError, match="No space left"):
        patch.setattr("os.fsync", full)
        update(corpus, fake_embedder)
    assert {path.name for path in directory.iterdir()} == {"CURRENT", "LOCK", before}
    assert open_index(directory).warning is None


@pytest.mark.parametrize("part", ["tokens/signs.bin", "lexical", "documents.sqlite"])
def test_a_file_that_is_cut_short_under_a_reader_is_refused(
    write_corpus: Callable[..., Path], part: str
) -> None:
    """Files that are mapped would end the process (SIGBUS); no answer is made of what is left."""
    text = " ".join(f"mot{n} chose{n * n}" for n in range(4_000))
    corpus = write_corpus({**FILES, "long.txt": text})
    generation = corpus.parent / "index" / update(corpus, WideEmbedder()).generation

    def ask() -> None:
        embedder = WideEmbedder()
        assistant = Assistant(open_index(corpus.parent / "index"), embedder)
        path = generation / part
        time.sleep(0.3)  # tantivy looks at its files once more just after it opened them
        for file in path.iterdir() if path.is_dir() else [path]:
            os.truncate(file, 0)
        time.sleep(0.02)
        for _ in range(3):
            with pytest.raises(QAError, match="Make it again: qa index"):
                assistant.answer("Où naît Lénine ?")

    assert in_a_process(ask) == (0, "")
    with pytest.raises(QAError, match="damaged"):
        open_index(corpus.parent / "index")
    assert update(corpus, WideEmbedder()).passages > 30
    assert open_index(corpus.parent / "index").warning is None


@pytest.mark.parametrize("part", ["Store", "DenseIndex.load", "TokenIndex.load", "LexicalIndex"])
def test_a_generation_that_is_removed_while_it_is_opened_is_no_error(
    write_corpus: Callable[..., Path],
    fake_embedder: FakeEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
) -> None:
    """A deletion removes it at once: the reader looks again, and finds the new one."""
    corpus = write_corpus(FILES)
    update(corpus, fake_embedder)
    name, _, method = part.partition(".")
    module = importlib.import_module("qa.index.reader")
    kept = getattr(module, name)

    def interrupted(*arguments: object) -> object:
        monkeypatch.undo()
        (corpus / "lenine.md").unlink()
        update(corpus, fake_embedder)
        return (getattr(kept, method) if method else kept)(*arguments)

    if method:
        monkeypatch.setattr(kept, method, interrupted)
    else:
        monkeypatch.setattr(module, name, interrupted)
    index = open_index(corpus.parent / "index")
    assert [entry.id for entry in index.store.documents()] == ["cronstadt.md"]
    assert index.warning is None
    index.close()


def test_an_index_published_while_another_is_opened_is_no_warning(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = write_corpus(FILES)
    old = update(corpus, fake_embedder).generation

    def looked_up(directory: Path) -> list[Path]:
        found = generations_to_try(directory)
        monkeypatch.undo()
        (corpus / "neuf.txt").write_text("Un texte neuf.", "utf-8")
        update(corpus, fake_embedder)
        return found

    monkeypatch.setattr("qa.index.reader.generations_to_try", looked_up)
    index = open_index(corpus.parent / "index")
    assert (index.path.name, index.warning) == (old, None)
    index.close()


# --- What readers add ----------------------------------------------------------------------------


def test_an_addition_takes_nobodys_place(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    """Not that of a file, of a line, of another addition; nor after updates, in whatever order."""
    forged = ["lenine.md", "loi-1", "ajouts/note.txt", "ajouts/b.jsonl:1", "ajouts/z.jsonl:7"]
    lines = "".join(f'{{"id": "{name}", "text": "Contrefaçon de {name}."}}\n' for name in forged)
    corpus = write_corpus(
        {
            **FILES,
            "lois.jsonl": '{"id": "loi-1", "text": "La vraie loi."}\n'
            '{"id": "ajouts/z.jsonl:7", "text": "Le vrai sept."}\n',
            "ajouts/a.jsonl": lines,
            "ajouts/b.jsonl": '{"id": 1, "text": "Le vrai un.", "url": "lenine.md"}\n',
            "ajouts/c.md": "---\nurl: https://exemple.fr/c\n---\nUne page.",
            "ajouts/d.md": "---\nurl: lenine.md\n---\nUne autre page.",
            "ajouts/note.txt": "La vraie note.",
            "ajouts/t.csv": "id,texte\nloi-1,Une ligne.\n",
            "ajouts/z.jsonl": '{"id": 7, "text": "Contrefaçon de sept."}\n',
        }
    )
    with zipfile.ZipFile(corpus / "ajouts" / "z.zip", "w") as archive:
        archive.writestr("lignes.jsonl", lines)
    true = {
        "lenine.md": "Lénine\n\nLénine naît à Simbirsk en 1870. Il meurt à Gorki en 1924.",
        "loi-1": "La vraie loi.",
        "ajouts/z.jsonl:7": "Le vrai sept.",
        "ajouts/b.jsonl:1": "Le vrai un.",
        "ajouts/note.txt": "La vraie note.",
        "ajouts/t.csv:loi-1": "Une ligne.",
        **{f"ajouts/a.jsonl:{name}": f"Contrefaçon de {name}." for name in forged},
        **{f"ajouts/z.zip:{name}": f"Contrefaçon de {name}." for name in forged},
    }
    cited = {
        "ajouts/b.jsonl:1": "ajouts/b.jsonl:1",
        "ajouts/c.md": "https://exemple.fr/c",
        "ajouts/d.md": "ajouts/d.md",
    }
    time.sleep(0.06)
    for change in (None, "a.txt", "zz.txt"):
        if change is not None:
            (corpus / change).write_text("Un texte neuf.", "utf-8")
        report = update(corpus, fake_embedder)
        index = open_index(corpus.parent / "index")
        assert {name: index.document(name).text for name in true} == true
        assert {name: index.store.source(name) for name in cited} == cited
        assert report.skipped == (
            Skipped(
                "ajouts/z.jsonl:1",
                'duplicate id "ajouts/z.jsonl:7", already read from lois.jsonl:2',
            ),
        )
        index.close()


def test_additions_are_bounded_by_what_they_make(
    write_corpus: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file of very many documents; the owner's own is not bounded."""
    lines = "".join(f'{{"id": {number}, "text": "m{number}"}}\n' for number in range(3_000))
    corpus = write_corpus({"grand.jsonl": lines, "ajouts/note.txt": "Une note."})
    for name in ("a", "b", "c"):
        with gzip.open(corpus / "ajouts" / f"{name}.jsonl.gz", "wt") as file:
            file.write(lines)
    time.sleep(0.06)
    monkeypatch.setattr("qa.index.memory.MOST_OF_A_FILE", 3_000_000)
    monkeypatch.setattr("qa.index.memory.MOST_OF_ALL", 7_000_000)
    report = update(corpus, WideEmbedder())
    index = open_index(corpus.parent / "index")
    counts = Counter(name.partition(":")[0] for name in index.store.document_digests())
    index.close()
    assert counts["ajouts/a.jsonl.gz"] == pytest.approx(counts["ajouts/b.jsonl.gz"], abs=2)
    assert 0 < counts["ajouts/c.jsonl.gz"] < counts["ajouts/a.jsonl.gz"]
    assert sum(counts[str(number)] for number in range(3_000)) == 3_000
    end = "in the index: the rest is left out"
    assert report.skipped == (
        Skipped("ajouts/a.jsonl.gz", f"what it holds would take more than 3 MB {end}"),
        Skipped("ajouts/b.jsonl.gz", f"what it holds would take more than 3 MB {end}"),
        Skipped("ajouts/c.jsonl.gz", f"all that was added would take more than 7 MB {end}"),
        Skipped("ajouts/note.txt", f"all that was added would take more than 7 MB {end}"),
    )
    # What they make is no more than what was reckoned.
    generation = corpus.parent / "index" / report.generation
    made = sum(path.stat().st_size for path in generation.rglob("*") if path.is_file())
    added = sum(counts[name] for name in counts if name.startswith("ajouts/"))
    assert made * added / (added + 3_000) < 7_000_000
    again = update(corpus, WideEmbedder())
    assert (again.published, again.skipped) == (False, report.skipped)
    # With room again, what was left out comes in.
    (corpus / "ajouts" / "a.jsonl.gz").unlink()
    assert "ajouts/note.txt" in update(corpus, WideEmbedder()).added


def test_titles_that_are_none_are_refused_in_additions() -> None:
    """Each passage keeps the titles above it: a long one is multiplied by their number."""
    name, title = "ajouts/sien.epub", "titre " * 300
    refused = _under_its_file(Document(name, title, "Une phrase.", name), name, name)
    assert isinstance(refused, Skipped)
    assert refused.reason == "a title of 1800 characters, over 1000"
    kept = _under_its_file(Document("x", "Titre", "Une phrase.", name), name, name)
    assert isinstance(kept, Document)
    assert kept.id == "ajouts/sien.epub:x"


# --- Names ---------------------------------------------------------------------------------------


def test_names_that_are_written_alike_are_two_files(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    names = {
        b"caf\xe8.txt": "caf\ufffdE8.txt",
        b"caf\xe9.txt": "caf\ufffdE9.txt",
        "caf\ufffd.txt".encode(): "caf\ufffdufffd.txt",
        "caf\x85.txt".encode(): "caf\ufffdu0085.txt",
        b"d\xff/a\nb.txt": "d\ufffdFF/a\ufffdu000ab.txt",
    }
    for number, raw in enumerate(names):
        path = Path(os.fsdecode(os.fsencode(corpus) + b"/" + raw))
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"Le texte {number} du dossier.", "utf-8")
    time.sleep(0.06)
    report = update(corpus, fake_embedder)
    assert set(report.added) == {*FILES, *names.values()}
    assert report.skipped == ()
    index = open_index(corpus.parent / "index")
    for number, name in enumerate(names.values()):
        assert index.document(name).text == f"Le texte {number} du dossier."
    index.close()
    for _ in range(2):
        again = update(corpus, fake_embedder)
        assert (again.read, again.published, again.skipped) == (0, False, ())


# --- Rights, temporary folders -------------------------------------------------------------------


@pytest.fixture
def shared(fake_embedder: FakeEmbedder) -> Iterator[Path]:
    """A folder that every user may enter, with an index of another one's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "corpus").mkdir()
        (folder / "corpus" / "cronstadt.md").write_text(FILES["cronstadt.md"], "utf-8")
        mask = os.umask(0o022)
        try:
            update(folder / "corpus", fake_embedder)
        finally:
            os.umask(mask)
        yield folder / "index"


def ask_as_another_user(directory: Path) -> tuple[int, str]:
    """Search an index with no right to write in it; root becomes somebody else for it."""

    def ask() -> None:
        if not os.geteuid():
            os.setgroups([])
            os.setgid(65_534)
            os.setuid(65_534)
        index = open_index(directory)
        assert index.warning is None
        assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]

    open_index(directory).close()  # what is imported, another user need not find
    str(QAError("no_index", directory))  # nor the sentences
    return in_a_process(ask)


def test_an_index_may_be_asked_by_another_user(shared: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in shared.rglob("*") if path.is_file()}
    assert {name: mode for name, mode in modes.items() if name != "LOCK" and mode != 0o644} == {}
    assert ask_as_another_user(shared) == (0, "")


@pytest.mark.parametrize("part", [".", "CURRENT", "gen-*", "gen-*/manifest.json",
                                  "gen-*/lexical/meta.json", "gen-*/documents.sqlite"])  # fmt: skip
def test_a_right_that_is_missing_is_told(shared: Path, part: str) -> None:
    (path,) = [shared] if part == "." else shared.glob(part)
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        if os.geteuid():
            with pytest.raises(QAError) as raised:
                open_index(shared)
            code, said = 0, str(raised.value)
        else:
            code, said = ask_as_another_user(shared)
    finally:
        path.chmod(mode)
    assert code == 0
    assert said.startswith(f"the index in {shared} may not be read by this user ({shared}")
    assert "damaged" not in said and "chmod" in said


def test_without_a_temporary_folder_an_index_that_may_only_be_read_is_not_called_damaged(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """tantivy's lock must stand somewhere: where Linux keeps it in memory, or a way is told."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nonexistent"])
    monkeypatch.setattr("tempfile.tempdir", None)
    if os.access("/dev/shm", os.W_OK):
        assert ask_as_another_user(shared) == (0, "")
    monkeypatch.setattr("qa.lexical.LOCK_FOLDERS", (None, "/nonexistent"))
    code, said = ask_as_another_user(shared)
    assert code == 0
    assert "the temporary folder cannot be written to" in said and "TMPDIR=FOLDER" in said
    assert "damaged" not in said


def test_another_users_lock_or_a_folder_in_its_place_is_no_matter(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    generation = corpus.parent / "index" / update(corpus, fake_embedder).generation
    lock = generation / "lexical" / ".tantivy-meta.lock"
    lock.unlink()
    lock.mkdir()
    index = open_index(corpus.parent / "index")
    assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]
    index.close()


def test_a_file_system_that_may_only_be_read(
    write_corpus: Callable[..., Path], small_disk: SmallDisk
) -> None:
    corpus = write_corpus(FILES)
    with small_disk(4_000) as disk:
        update_index(corpus, disk / "index", WideEmbedder())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        index = open_index(disk / "index")
        assert index.lexical.search_words(words("Cronstadt"), 1)[0].tolist() == [0]
        index.close()
        with pytest.raises(QAError, match="cannot be written"):
            update_index(corpus, disk / "index", WideEmbedder())


def test_a_full_temporary_folder_is_not_needed(
    write_corpus: Callable[..., Path], small_disk: SmallDisk, tmp_path: Path
) -> None:
    """SQLite sorts long lists in temporary files: they stay in memory."""
    code = (
        "import pathlib, sys\n"
        "from qa.index.draft import DraftStore\n"
        "from qa.index.store import Store\n"
        "from qa.records import Document\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "draft = DraftStore(path, '')\n"
        "for n in range(20_000): draft.add(Document(str(n), 'titre ' * 12, '', ''), [], '', '')\n"
        "draft.close()\n"
        "print(len(Store(path).documents()))"
    )
    with small_disk(64) as disk:
        with contextlib.suppress(OSError):
            (disk / "filler").write_bytes(b"0" * 100_000)
        result = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "documents.sqlite")],
            env={**os.environ, "SQLITE_TMPDIR": str(disk), "TMPDIR": str(disk)},
            capture_output=True,
            text=True,
        )
    assert (result.stdout, result.stderr) == ("20000\n", "")


# --- CURRENT, and what stands in the place of our files ------------------------------------------


def break_current(path: Path, how: str) -> None:
    name = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how == "a pipe":
        os.mkfifo(path)
    elif how == "a link to itself":
        path.symlink_to(path)
    elif how != "missing":
        path.write_bytes(
            {
                "a NUL at its end": name.strip() + b"\0",
                "a NUL in it": name[:9] + b"\0" + name[9:],
                "empty": b"",
                "not UTF-8": b"\xff\xfe",
                "another folder": b"../../etc",
                "a line more": name + name,
                "very long": b"gen-" + b"0" * 100_000,
            }[how]
        )


@pytest.mark.parametrize(
    "how",
    ["a NUL at its end", "a NUL in it", "empty", "not UTF-8", "another folder", "a line more",
     "very long", "missing", "a folder", "a pipe", "a link to itself"],
)  # fmt: skip
def test_a_spoilt_current_is_told_and_mended(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, how: str
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    generation = update(corpus, fake_embedder).generation
    break_current(directory / "CURRENT", how)
    index = open_index(directory)
    assert index.path.name == generation
    assert index.warning is not None and "CURRENT names no index" in index.warning
    index.close()
    report = update(corpus, fake_embedder)
    assert (report.unchanged, report.embedded) == (("cronstadt.md", "lenine.md"), 0)
    index = open_index(directory)
    assert (index.path.name, index.warning) == (report.generation, None)
    index.close()


@pytest.mark.parametrize("name", ["CURRENT", "LOCK", ".embedded", ".staging-CURRENT"])
def test_folders_in_the_place_of_our_files(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, name: str
) -> None:
    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    update(corpus, fake_embedder)
    (directory / name).unlink(missing_ok=True)
    (directory / name).mkdir()
    (directory / name / "à garder").touch()
    with pytest.raises(QAError, match=r"in the place of a file of the index\. Move it"):
        update(corpus, fake_embedder)
    assert (directory / name / "à garder").exists()
    (directory / name / "à garder").unlink()
    update(corpus, fake_embedder)
    assert open_index(directory).warning is None


def test_a_first_run_that_is_killed_at_its_last_step_is_not_called_damaged(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kill(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Kill

    corpus = write_corpus(FILES)
    directory = corpus.parent / "index"
    with monkeypatch.context() as patch, pytest.raises(Kill):
        patch.setattr("pathlib.Path.replace", kill)
        update(corpus, fake_embedder)
    assert not (directory / "CURRENT").exists()
    index = open_index(directory)
    assert index.warning is not None and "damaged" not in index.warning
    assert "Run qa index again" in index.warning
    index.close()
    report = update(corpus, fake_embedder)
    assert (report.published, report.embedded) == (True, 0)
    assert list(directory.glob(".*")) == []
    assert open_index(directory).warning is None


def test_an_index_folder_whose_name_is_not_utf_8_is_refused(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    """FAISS and tantivy could not open it."""
    corpus = write_corpus(FILES)
    directory = corpus.parent / "a\udcff"
    with pytest.raises(QAError, match="is not UTF-8"):
        update_index(corpus, directory, fake_embedder)
    with pytest.raises(QAError, match="is not UTF-8"):
        open_index(directory)
    assert not directory.exists()


# --- What is given as the corpus -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pipe", "device", "missing", "a name too long"])
def test_what_is_no_corpus_is_refused_at_once(
    tmp_path: Path, fake_embedder: FakeEmbedder, kind: str
) -> None:
    corpus = tmp_path / kind
    if kind == "pipe":
        os.mkfifo(corpus)
    elif kind == "device":
        corpus = Path("/dev/zero")
    elif kind == "a name too long":
        corpus = tmp_path / ("a" * 300)
    with pytest.raises(QAError, match="Give a folder of documents, or one file"):
        update_index(corpus, tmp_path / "index", fake_embedder)
    assert not (tmp_path / "index").exists()


def test_folders_nested_very_deeply_are_skipped(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    top = os.open(corpus, os.O_RDONLY)
    deep = os.dup(top)
    try:
        for _ in range(1_500):
            os.mkdir("a", dir_fd=deep)
            below = os.open("a", os.O_RDONLY, dir_fd=deep)
            os.close(deep)
            deep = below
        report = update(corpus, fake_embedder)
    finally:
        os.close(deep)
        os.close(top)
        subprocess.run(["rm", "-rf", str(corpus / "a")], check=True)
    assert report.added == ("cronstadt.md", "lenine.md")
    (skipped,) = report.skipped
    assert (skipped.reason, set(skipped.source)) == ("nested too deeply", {"a", "/"})
    assert skipped.french == "imbrication trop profonde"


def test_what_faiss_could_not_write_is_told_by_its_cause(tmp_path: Path) -> None:
    dense = DenseIndex.build(np.eye(2, dtype=np.float32))
    with pytest.raises(OSError, match=r"^vectors\.faiss: No such file or directory$"):
        dense.save(tmp_path / "none" / "vectors.faiss")


# --- Deletions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["file", "line", "in an archive", "another document of its id", "moved", "all but one"]
)
def test_no_trace_is_left_of_what_was_deleted(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder, how: str
) -> None:
    secret = "Le mot de passe du coffre est zanzibarissime."
    corpus = write_corpus({f"{n}.txt": f"Le texte {n} du dossier." for n in range(4)})
    directory, path = corpus.parent / "index", corpus / "a.jsonl"
    if how == "in an archive":
        path = corpus / "a.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("secret.txt", secret)
            archive.writestr("autre.txt", "Un autre texte.")
    else:
        path.write_text(
            f'{{"id": "1", "text": "{secret}"}}\n{{"id": "2", "text": "Un autre."}}\n', "utf-8"
        )
    update(corpus, fake_embedder)
    assert traces(directory)
    if how == "line":
        path.write_text('{"id": "2", "text": "Un autre."}\n', "utf-8")
    else:
        path.unlink()
    if how == "in an archive":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("autre.txt", "Un autre texte.")
    elif how == "another document of its id":
        lines = '{"id": "1", "text": "Un texte."}\n{"id": "2", "text": "Un autre texte."}\n'
        (corpus / "b.jsonl").write_text(lines, "utf-8")
    elif how == "moved":
        (corpus / "2.txt").rename(corpus / "5.txt")
    elif how == "all but one":
        for name in ("0.txt", "1.txt", "2.txt"):
            (corpus / name).unlink()
    update(corpus, fake_embedder)
    assert traces(directory) == []


def traces(directory: Path) -> list[str]:
    """The files with the word, as it is written, told apart by tantivy, or in UTF-16."""
    forms = [b"zanzibarissime", b"zanz", "zanz".encode("utf-16-le")]
    found = contents(directory).items()
    return [name for name, content in found if any(form in content for form in forms)]


def test_where_everything_was_deleted_it_is_told_what_still_answers(
    write_corpus: Callable[..., Path], fake_embedder: FakeEmbedder
) -> None:
    corpus = write_corpus(FILES)
    update(corpus, fake_embedder)
    for path in corpus.iterdir():
        path.unlink()
    with pytest.raises(QAError, match="goes on answering from its 2 documents; remove that folder"):
        update(corpus, fake_embedder)
