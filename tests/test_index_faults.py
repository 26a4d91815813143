"""What strikes an index from outside: other people's files, full disks, rights, hostile files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import FakeEmbedder
from qa.cli import main
from qa.index import IndexReport, update_index
from qa.records import QAError

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
