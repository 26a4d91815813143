"""Connections that ask for nothing, or are too many, are let go of: the others have room.

uvicorn closes a connection that is idle after an answer, but waits for ever for a first request,
and for the rest of a slow one.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from qa.web.access import client_key

# Seconds in which a request has to begin, and its head to be whole.
PATIENCE = 10.0
# Connections at once, files that the server itself needs open besides, and connections that are
# taken in before any can be refused.
_MOST, _OWN_FILES, TAKEN_IN = 2_000, 64, 128
_FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def room() -> int:
    """How many connections there may be at once."""
    try:
        import resource
    except ImportError:  # Windows
        return _MOST
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if files < 0 else max(16, min(_MOST, files - _OWN_FILES - TAKEN_IN))


class Connection(H11Protocol):
    """A connection that may be closed by the server; one client holds at most half of them."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request, or refuse."""
        super().connection_made(transport)
        self._answered: object = None
        self._address = self.client[0] if self.client else ""
        self._key = client_key(self._address)
        self._watch: asyncio.TimerHandle | None = None
        if self._is_one_too_many():
            transport.write(_FULL)
            transport.close()
        else:
            self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close what has asked for nothing since the last look, or does not take its answer."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if self.transport.is_closing() or (not answering and self.cycle is self._answered):
            self.transport.abort()
            return
        self._answered = self.cycle
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def _is_one_too_many(self) -> bool:
        most = room()
        others = [
            c
            for c in self.connections
            if isinstance(c, Connection) and not c.transport.is_closing()
        ]
        if len(others) > most:
            return True
        # A trusted proxy asks for many: who they are, only the guard knows.
        if not self._key or any(
            ipaddress.ip_address(self._address) in ipaddress.ip_network(proxy)
            for proxy in self.config.forwarded_allow_ips
        ):
            return False
        alike: int = sum(other._key == self._key for other in others)
        return alike > most // 2
