"""The address of a server, told once its page answers."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from qa.web import texts


def announce(host: str, port: int, own: str, server: Any) -> None:
    """Print the address as soon as the page itself has answered, then ask a first question.

    What Gradio prepares at its first question (most of a second) is then done before the reader's.
    """
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    headers = {
        "content-type": "application/json",
        "authorization": f"Basic {base64.b64encode(own.encode()).decode()}",
    }

    def request(method: str, path: str, body: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(here, port, timeout=5)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    while not _answers(request):
        if server.should_exit:
            return
        time.sleep(0.05)
    shown = f"[{here}]" if ":" in here else here
    print(  # noqa: T201
        f"{texts.typeset('Sourcier :')} http://{shown}:{port}", flush=True
    )
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        data = json.dumps({"question": texts.PRODUCT, "passages": 1})
        _, asked = request("POST", "/gradio_api/call/v2/answer", data)
        event = json.loads(asked)["event_id"]
        request("GET", f"/gradio_api/call/answer/{event}")


def _answers(request: Callable[[str, str], tuple[int, bytes]]) -> bool:
    try:
        return request("GET", "/")[0] == 200
    except (OSError, http.client.HTTPException):
        return False
