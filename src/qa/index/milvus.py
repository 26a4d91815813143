"""An index in Milvus: where it is, how it is reached, what its collections are called.

``--index milvus://HOST:PORT/COLLECTION`` or ``FILE.db`` (Milvus Lite, in this process) stands for
a working folder on this machine, in which ``MILVUS`` names the address. The machine that indexes
keeps the whole index there, as any other; what is published of it goes to Milvus, where any number
of machines search it. A reader's working folder holds its calibration and verdicts alone.

    COLLECTION                          alias of the records of the published generation
    COLLECTION__MOMENT_records          manifest, documents, words and their numbers
    COLLECTION__MOMENT_passages         passages, their vectors, words, 4-grams and token signs
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from qa.extras import needs
from qa.records import QAError

_Told = TypeVar("_Told")

ADDRESS = "MILVUS"
_SCHEME = "milvus://"
_LITE_COLLECTION = "sourcier"
_TIMEOUT, _CONNECTED = 30.0, 3.0  # seconds for a call, and for a connection
_ATTEMPTS, _PAUSE = 3, 0.5  # pause in seconds, longer after each attempt
_FOLLOWED = 1.0  # seconds for which the published generation need not be asked for again
_SPARSE_SINCE = (2, 4)  # version of Milvus
_NO_ALIAS = 1600  # Milvus's code of an alias that is not there
_NAME = re.compile(r"[A-Za-z_]\w{0,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """A server and a collection there (the alias of the published generation).

    ``uri`` is as pymilvus takes it: ``http(s)://HOST:PORT``, or the file of Milvus Lite.
    """

    text: str
    uri: str
    collection: str


def index_folder(place: str | Path) -> Path:
    """The folder of an index: what was given, or the working folder of an address in Milvus."""
    text = str(place)
    is_address = isinstance(place, str) and text.startswith(_SCHEME)
    if not is_address and (not text.endswith(".db") or (Path(text) / "CURRENT").exists()):
        return Path(place)
    if not is_address:
        text = str(Path(text).resolve())
    _parse(text)
    name = re.sub(r"\W+", "-", text.removeprefix(_SCHEME))[-60:].strip("-")
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = _work_folder() / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / ADDRESS).write_text(text + "\n", "utf-8")
    return folder


def _work_folder() -> Path:
    base = os.environ.get("QA_MILVUS_WORK")
    return Path(base) if base else Path.home() / ".local" / "share" / "sourcier" / "milvus"


def milvus_address(folder: Path) -> MilvusAddress | None:
    """The address that a working folder stands for; ``None``: the index is in the folder."""
    try:
        text = (folder / ADDRESS).read_text("utf-8").strip()
    except OSError:
        return None
    return _parse(text)


def _parse(text: str) -> MilvusAddress:
    if not text.startswith(_SCHEME):
        return MilvusAddress(text, text, _LITE_COLLECTION)
    parts = urlsplit(text)
    collection = parts.path.strip("/")
    try:
        host, port = parts.hostname, parts.port or 19530
    except ValueError:
        host, port = None, 0
    if not host or not _NAME.fullmatch(collection) or "__" in collection:
        raise QAError("milvus_no_address", text)
    scheme = "https" if os.environ.get("QA_MILVUS_TLS") else "http"
    shown = f"[{host}]" if ":" in host else host
    return MilvusAddress(text, f"{scheme}://{shown}:{port}", collection)


class Milvus:
    """A connection: every call has a timeout, is tried again when the server is away, and fails in
    one line."""

    def __init__(self, address: MilvusAddress):
        self.address = address
        with needs("milvus"):
            import pymilvus
            from pymilvus import MilvusClient

            if not address.uri.startswith("http"):
                import milvus_lite  # noqa: F401
        # It writes a trace for every error, which is told in one line here.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self._errors: tuple[type[Exception], ...] = (
            pymilvus.exceptions.MilvusException,
            ConnectionError,
            OSError,
        )
        settings: dict[str, Any] = {}
        if address.uri.startswith("http"):
            settings = {
                "user": os.environ.get("QA_MILVUS_USER", ""),
                "password": os.environ.get("QA_MILVUS_PASSWORD", ""),
                "db_name": os.environ.get("QA_MILVUS_DATABASE", ""),
            }
            authority = os.environ.get("QA_MILVUS_TLS", "")
            if Path(authority).is_file():
                settings["server_pem_path"] = authority
        self._client: Any = self.tried(
            lambda: MilvusClient(address.uri, timeout=_CONNECTED, **settings)
        )
        self._published: tuple[float, str | None] = (0.0, None)

    def call(self, name: str, *values: Any, **settings: Any) -> Any:
        """Call a method of pymilvus's client; ``QAError`` when the server does not do it."""
        return self.tried(
            lambda: getattr(self._client, name)(*values, timeout=_TIMEOUT, **settings)
        )

    def tried(self, function: Callable[[], _Told]) -> _Told:
        """What a function of pymilvus gives, asked again while the server is away."""
        for attempt in range(_ATTEMPTS):
            try:
                return function()
            except self._errors as error:
                if attempt + 1 == _ATTEMPTS or not _is_away(error):
                    raise self._told(error) from error
                time.sleep(_PAUSE * (attempt + 1))
        raise AssertionError("the last attempt returns or raises")

    def _told(self, error: Exception) -> QAError:
        cause = " ".join(str(getattr(error, "message", "") or error).split())[:200]
        if _is_away(error):
            return QAError("milvus_no_answer", self.address.text, cause)
        return QAError("milvus_refused", self.address.text, cause)

    def published(self, fresh: bool = False) -> str | None:
        """The moment that names the published generation; ``None``: there is none.

        Asked of the server once a second, unless ``fresh``.
        """
        now = time.monotonic()
        checked, name = self._published
        if fresh or now - checked > _FOLLOWED or name is None:
            alias = self.address.collection
            try:
                told = self.tried(lambda: self._client.describe_alias(alias, timeout=_TIMEOUT))
                collection = str(told["collection_name"])
                name = collection.removeprefix(self.prefix).removesuffix("_records")
            except QAError as error:
                if not _is_unknown(error.__cause__):
                    raise
                name = None
            self._published = now, name
        return name

    @cached_property
    def has_words(self) -> bool:
        """Whether it keeps sparse vectors, so that passages are found by their words too."""
        if not self.address.uri.startswith("http"):
            return True
        version = re.match(r"v?(\d+)\.(\d+)", self.call("get_server_version"))
        return version is None or tuple(map(int, version.groups())) >= _SPARSE_SINCE

    def publish(self, moment: str) -> None:
        """Switch the alias to a generation, in one step."""
        alias = {
            "collection_name": f"{self.prefix}{moment}_records",
            "alias": self.address.collection,
        }
        self.call("alter_alias" if self.published(fresh=True) else "create_alias", **alias)
        self._published = 0.0, None

    @property
    def prefix(self) -> str:
        """How the names of all our collections begin."""
        return f"{self.address.collection}__"

    def collections(self) -> list[str]:
        """The names of our collections."""
        found = self.call("list_collections")
        return sorted(name for name in found if name.startswith(self.prefix))

    def remove(self, keep: set[str | None]) -> None:
        """Drop every generation but those of some moments; nothing of their text stays."""
        for name in self.collections():
            if name.removeprefix(self.prefix).rpartition("_")[0] not in keep:
                self.call("drop_collection", name)

    def close(self) -> None:
        """Let go of the server (of the file, with Milvus Lite)."""
        with contextlib.suppress(*self._errors):
            self._client.close()


def _is_away(error: Exception) -> bool:
    """Whether the server could not be reached: anything else is not tried again."""
    if isinstance(error, OSError):
        return True
    told = f"{getattr(error, 'code', '')} {error}".lower()
    return any(
        word in told
        for word in ("unavailable", "fail connecting", "deadline", "timeout", "not connected")
    )


def _is_unknown(error: BaseException | None) -> bool:
    """Whether there is no such alias: the code of Milvus, or the words of Milvus Lite."""
    told = str(error).lower()
    return getattr(error, "code", None) == _NO_ALIAS or ("alias" in told and "not" in told)


@lru_cache(maxsize=8)
def connect(address: MilvusAddress) -> Milvus:
    """The connection of this process to an address."""
    return Milvus(address)


def generation_moment(name: str) -> str:
    """What names a generation in Milvus, where only letters, digits and _ may stand in a name."""
    return name.removeprefix("gen-").replace("-", "_")


def generation_name(moment: str) -> str:
    """The name of a generation on the machine that made it."""
    return "gen-" + moment.replace("_", "-")


def record_key(kind: str, key: str, part: int = 0) -> int:
    """The number under which a record is kept: 63 bits of a hash of what it is."""
    digest = hashlib.blake2b(f"{kind}\0{key}\0{part}".encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest()) >> 1


def term_dimension(term: str) -> int:
    """The dimension of a word or 4-gram in sparse vectors: 32 bits of a hash, never 0.

    Of a million words, one in 4,000 shares its dimension with another.
    """
    digest = hashlib.blake2b(term.encode(), digest_size=4).digest()
    return int.from_bytes(digest) % (2**32 - 2) + 1
