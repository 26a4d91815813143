"""Which files need not be read again: the same size and times, or else the same contents."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qa.index.draft import DraftStore
from qa.index.store import FileRecord, Store, document_digest
from qa.reading.reasons import skipped as skip
from qa.records import Document, Skipped

# The metadata beside a file ("a.pdf.meta.toml", "a.meta.toml") is a part of what it says.
_BESIDE = ".meta.toml"
# A file changed twice within a tick of the file system's clock has the same times: what changed
# just now is read again. Ticks are at most 10 ms where times have fractions, else up to 2 s (FAT).
_TICK, _COARSE_TICK = 50_000_000, 2_000_000_000  # nanoseconds

# What the documents that readers add may make on disk: those of a file, and all together.
MOST_OF_A_FILE, MOST_OF_ALL = 500_000_000, 2_000_000_000  # bytes
_LONGEST_TITLE = 1_000  # characters, in an added document
# Controls, bytes that are no UTF-8 (as halves of surrogate pairs), and the sign for both.
_SUBSTITUTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")

# What reads a file of a given name: each document, or why there is none, with its place.
FileReader = Callable[[Path, str], Iterator[tuple[str, Document | Skipped]]]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Sizes in bytes and times in nanoseconds of a file and what stands beside it.

    ``changed`` is the latest time that the system itself wrote down (ctime): neither a copy that
    keeps its times nor a renamed file can fake it.
    """

    text: str
    changed: int

    def is_settled(self, now: int) -> bool:
        """Whether a change at ``now`` or later is sure to give another stamp."""
        tick = _TICK if self.changed % 1_000_000_000 else _COARSE_TICK
        return now - self.changed > tick


def stamp_file(path: Path) -> Stamp:
    """The stamp of a file; raises ``OSError`` when it cannot be looked at."""
    found = [path.stat(), *(beside.stat() for beside in _beside(path))]
    text = " ".join(f"{part.st_size}:{part.st_mtime_ns}:{part.st_ctime_ns}" for part in found)
    return Stamp(text, max(part.st_ctime_ns for part in found))


def digest_file(path: Path) -> bytes:
    """SHA-256 of the contents of a file and what stands beside it."""
    digest = hashlib.sha256()
    for part in (path, *_beside(path)):
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


def _beside(path: Path) -> Iterator[Path]:
    stem = path.name
    while stem:  # "a.jsonl.gz", "a.jsonl", "a"
        beside = path.with_name(stem + _BESIDE)
        if beside.is_file():
            yield beside
        stem = stem.rpartition(".")[0]


def distinct_name(path: Path, name: str) -> str:
    """A file's name, another one for each file: where it is written with a substitute, what that
    stands for follows it."""
    if "\ufffd" not in name:
        return name
    parts = path.parts[-1 - name.count("/") :]
    return _SUBSTITUTED.sub(_told_apart, "/".join(parts))


def _told_apart(character: re.Match[str]) -> str:
    code = ord(character[0])
    return f"\ufffd{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"\ufffdu{code:04x}"


class FileMemory:
    """Reads files as its ``reader`` does, but takes from earlier runs what has not changed.

    ``file`` is the file being read and ``place`` where its present document stands; ``number`` is
    that of the store which has that document as it is (``None``: it is new); ``read_files`` counts
    the files that were read and gave a document. Of a changed file, documents that stayed as they
    were are taken too: a large dump is read again, but not cut again.
    """

    def __init__(
        self,
        draft: DraftStore,
        stores: Sequence[Store],
        reader: FileReader,
        index: Path,
        retry: bool,
        passage_bytes: int,
    ):
        self._draft = draft
        self._reader = reader
        self._stores = stores
        self._known = [store.files() for store in stores]
        self._digests: list[dict[str, bytes]] | None = None  # of documents, when they are needed
        self._index = index.resolve()
        self._retry = retry
        self._passage_bytes = passage_bytes
        self._added = 0  # bytes that added documents make
        self.file: str | None = None
        self.place = ""
        self.number: int | None = None
        self.read_files = 0

    def read(self, path: Path, name: str) -> Iterator[tuple[str, Document | Skipped]]:
        """The documents of a file, or why there are none, each with its place."""
        from qa.reading import ADDITIONS

        if is_inside(path, self._index):
            return
        name = distinct_name(path, name)
        is_added = name.startswith(f"{ADDITIONS}/")
        before, fits = self._made() if is_added else 0, True
        began, documents = time.time_ns(), self._draft.documents
        self.file = name
        stamp = _stamp_or_none(path)
        settled = stamp is not None and stamp.is_settled(began)
        # What may change unseen while it is read is compared before and after.
        early = _digest_or_none(path) if stamp is not None and not settled else None
        recalled, digest = self._recall(path, name, stamp)
        given = 0
        for place, result in self._results(path, name, recalled):
            made = self._made() - before if is_added else 0
            fits = self._added + made <= MOST_OF_ALL
            if not fits or (made > MOST_OF_A_FILE and recalled is None):
                code, most = (
                    ("file_too_much", MOST_OF_A_FILE) if fits else ("added_too_much", MOST_OF_ALL)
                )
                yield name, skip(name, code, most // 1_000_000)
                break
            if is_added and isinstance(result, Document):
                result = _under_its_file(result, name, place)
            self.place, self.number = place, recalled
            if recalled is None and isinstance(result, Document):
                self.number = self._as_before(result)
            given += isinstance(result, Document)
            yield place, result
        if given and recalled is None:
            self.read_files += 1
            digest = _digest_or_none(path)
        # A document that was refused (its id stands in another file too) may be wanted next time.
        kept = self._draft.documents - documents == given and fits
        self._added += self._made() - before if is_added else 0
        if kept and stamp is not None and stamp == _stamp_or_none(path):
            if settled:
                self._draft.remember(name, FileRecord(stamp.text, digest))
            elif early == digest:
                self._draft.remember(name, FileRecord("", digest))
        self._draft.save()
        self.file = self.number = None

    def _made(self) -> int:
        """Bytes on disk of what was taken in, estimated: SQLite's, as much again for the words,
        the vectors and the tokens of passages."""
        return 2 * self._draft.bytes() + self._draft.rows * self._passage_bytes

    def _as_before(self, document: Document) -> int | None:
        """The number of the store that has a document which was read as it is."""
        if self._digests is None:
            self._digests = [store.document_digests() for store in self._stores]
        digest = document_digest(document) if self._digests else b""
        known = (n for n, found in enumerate(self._digests) if found.get(document.id) == digest)
        return next(known, None)

    def _results(
        self, path: Path, name: str, recalled: int | None
    ) -> Iterator[tuple[str, Document | Skipped]]:
        if recalled is None:
            yield from self._reader(path, name)
            return
        store = self._stores[recalled]
        for place, document_id in store.file_documents(name):
            document = store.document(document_id)
            assert document is not None
            yield place, document
        for skipped in store.file_skipped(name):
            yield skipped.source, skipped

    def _recall(
        self, path: Path, name: str, stamp: Stamp | None
    ) -> tuple[int | None, bytes | None]:
        """The number of the store that knows this very file, and the digest of its contents."""
        known = [(number, files[name]) for number, files in enumerate(self._known) if name in files]
        if stamp is None or not known:
            return None, None
        for number, record in known:
            if record.stamp == stamp.text and (record.digest is not None or not self._retry):
                return number, record.digest
        if all(record.digest is None for _, record in known):
            return None, None
        contents = _digest_or_none(path)
        for number, record in known:
            if record.digest is not None and record.digest == contents:
                return number, contents
        return None, None


def says_the_same(store: Store, corpus: Path, reader: FileReader, index: Path, retry: bool) -> bool:
    """Whether every file is as it was, told by sizes and times alone; reads no document.

    Files that gave nothing are tried again when ``retry`` is set: what kept them from being read
    may have been outside of them (a right, a limit, a program that was missing).
    """
    from qa.reading import corpus_files

    inside, known = index.resolve(), store.files()
    skipped: list[Skipped] = []
    tried: list[tuple[Path, str]] = []
    for name, entry in corpus_files(corpus, index):
        if isinstance(entry, Skipped):
            skipped.append(entry)
        elif not is_inside(entry, inside):
            name = distinct_name(entry, name)
            record, stamp = known.pop(name, None), _stamp_or_none(entry)
            same = record is not None and stamp is not None and record.stamp == stamp.text
            if record is not None and record.digest is not None and not same:
                return False
            if record is None or record.digest is None:
                if same and not retry:
                    skipped += store.file_skipped(name)
                else:
                    tried.append((entry, name))
    if any(record.digest is not None for record in known.values()):
        return False
    for path, name in tried:
        for _, result in reader(path, name):
            if isinstance(result, Document):
                return False
            skipped.append(result)
    told = store.skipped_without_file()
    return sorted(map(repr, skipped)) == sorted(map(repr, told))


def changed_files(corpus: Path, index: Path, store: Store | None) -> Iterator[tuple[Path, str]]:
    """The files that have to be read, as far as sizes and times tell, each with its name."""
    from qa.reading import corpus_files

    inside, known = index.resolve(), store.files() if store is not None else {}
    for name, entry in corpus_files(corpus, index):
        if isinstance(entry, Skipped) or is_inside(entry, inside):
            continue
        name = distinct_name(entry, name)
        stamp = _stamp_or_none(entry)
        if stamp is not None and (name not in known or known[name].stamp != stamp.text):
            yield entry, name


def _under_its_file(document: Document, name: str, place: str) -> Document | Skipped:
    """An added document with an id that only its file can give: no other's place can be taken.

    Nor is it cited as another file: what it says of its origin counts if that is an address.
    A title that is no title is refused: it would be kept with each passage under it.
    """
    titles = [len(document.title), *(heading.end - heading.start for heading in document.headings)]
    if max(titles) > _LONGEST_TITLE:
        return skip(place, "long_title", max(titles), _LONGEST_TITLE)
    if not document.source.startswith(("https://", "http://")):
        document = replace(document, source=place)
    if document.id == name or document.id.startswith((f"{name}:", f"{name}/")):
        return document
    return replace(document, id=f"{name}:{document.id}")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a file stands in a folder, which must be resolved."""
    return path.resolve().is_relative_to(folder)


def _stamp_or_none(path: Path) -> Stamp | None:
    try:
        return stamp_file(path)
    except OSError:
        return None


def _digest_or_none(path: Path) -> bytes | None:
    try:
        return digest_file(path)
    except OSError:
        return None
