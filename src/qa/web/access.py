"""Who may use the page, under which name, and how much of it: what the guard holds requests to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from qa.records import QAError

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104


@dataclass(frozen=True, slots=True)
class Access:
    """What is served to whom.

    ``hosts`` are the names under which the page may be asked for, without port; a request under
    another one (DNS rebinding, a stray proxy) is refused. Where the server listens on every address
    (``any_address``), bare IP addresses are names too. ``root`` is the path below which a reverse
    proxy serves the page ("" or "/docs"), and ``origin`` where it does ("https://example.org"),
    when that was told. ``accounts`` are digests of "user:password"; without any, nobody is asked.
    ``upload`` and ``mcp`` tell whether those doors are open.
    """

    hosts: frozenset[str] = _LOCAL
    any_address: bool = False
    root: str = ""
    origin: str = ""
    accounts: frozenset[bytes] = frozenset()
    upload: bool = False
    mcp: bool = False

    def serves(self, host: str) -> bool:
        """Whether a ``Host`` is one of ours."""
        name = re.sub(r":\d+$", "", host.lower()).strip("[]")
        if name in self.hosts:
            return True
        if not self.any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def is_own(self, origin: str, scheme: str, host: str) -> bool:
        """Whether an ``Origin`` is where a request with this scheme and ``Host`` was sent to.

        Another port of the same name, or another name of ours, is another site.
        """
        return origin != "" and origin.lower() in {_origin(scheme, host), self.origin}

    def account_of(self, authorization: str) -> bytes | None:
        """The account that an ``Authorization`` header names; in a time that tells nothing."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            given = account(base64.b64decode(encoded.strip(), validate=True).decode("utf-8"))
        except ValueError:
            return None
        admitted = False
        for known in self.accounts:
            admitted |= hmac.compare_digest(given, known)
        return given if admitted else None


def access_for(
    host: str,
    root: str = "",
    accounts: Iterable[bytes] = (),
    *,
    upload: bool = False,
    mcp: bool = False,
) -> Access:
    """The access of a server that listens on ``host``.

    ``root`` is where a reverse proxy serves it: a path ("/docs"), or an address
    ("https://example.org/docs") whose name is then one of ours.
    """
    address = urlsplit(root)
    if address.scheme not in {"", "http", "https"} or address.query or address.fragment:
        raise QAError("root_no_address", root)
    path = address.path.rstrip("/")
    if (not address.scheme and not path.startswith("/") and root) or re.search(r"[^\w./~-]", path):
        raise QAError("root_no_path", root)
    names = {host.lower(), *_LOCAL}
    if address.hostname:
        names.add(address.hostname.lower())
    anywhere = host in _ANYWHERE
    if anywhere:
        name = socket.gethostname().lower()
        names |= {name, f"{name}.local"}
    origin = _origin(address.scheme, address.netloc) if address.scheme else ""
    return Access(frozenset(names), anywhere, path, origin, frozenset(accounts), upload, mcp)


def _origin(scheme: str, host: str) -> str:
    """An origin as browsers write it: without the port that goes without saying."""
    port = {"http": ":80", "https": ":443"}.get(scheme, "")
    return f"{scheme}://{host.lower().removesuffix(port)}"


def read_proxies(addresses: Iterable[str]) -> list[str]:
    """The addresses and networks of reverse proxies, as typed."""
    read = []
    for address in addresses:
        try:
            read.append(str(ipaddress.ip_network(address)))
        except ValueError as error:
            raise QAError("proxy_no_address", address, error) from error
    return read


def client_key(address: str) -> str:
    """Whom limits are held for: an address, or the IPv6 network that one subscriber has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.version == 4 or known.ipv4_mapped is not None:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False))


def account(text: str) -> bytes:
    """The digest of "user:password": what is kept of it while the server runs."""
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).digest()


def read_account(text: str) -> bytes:
    """The account of "user:password" as typed."""
    user, colon, password = text.partition(":")
    if not user or not colon or not password:
        raise QAError("account_form")
    return account(text)


def read_accounts(path: Path) -> list[bytes]:
    """The accounts of a file, one "user:password" a line; empty lines and « # » are passed over."""
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QAError("accounts_not_readable", path, error) from error
    written = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not written:
        raise QAError("no_account", path)
    accounts = []
    for number, line in enumerate(written, 1):
        try:
            accounts.append(read_account(line))
        except QAError as error:
            # The line itself is a secret: only its number is told.
            raise QAError("account_fault", path, number, error) from None
    return accounts
