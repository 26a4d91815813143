"""Names of sessions and of questions: nobody reads along by naming somebody else's.

A client chooses the name of its session, and gets one for each question; Gradio serves whoever
knows a name. So Gradio is told another name, which depends on the account too, and the name of a
question comes back sealed for the account that asked. The key lives as long as the server.
"""

from __future__ import annotations

import hmac
import json
import secrets


class Sessions:
    """The names of one account (empty where nobody is asked for one)."""

    def __init__(self, key: bytes, account: bytes):
        self._key = hmac.digest(key, account, "sha256")

    def inside(self, name: str) -> str:
        """A name as Gradio knows it."""
        return hmac.digest(self._key, name.encode("utf-8", "replace"), "sha256").hex()[:32]

    def sealed(self, body: bytes) -> bytes:
        """Gradio's answer to a question, which names it, as the client gets it."""
        fields = json.loads(body)
        name = fields["event_id"]
        return json.dumps({**fields, "event_id": f"{name}{self.inside(name)}"}).encode()

    def opened(self, sealed: str) -> str | None:
        """The name of a question of this account; ``None`` for any other."""
        name, seal = sealed[:-32], sealed[-32:]
        return name if secrets.compare_digest(self.inside(name).encode(), seal.encode()) else None
