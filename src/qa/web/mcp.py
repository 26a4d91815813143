"""The chat as a tool for other programs' models: one question, answered with exact citations.

The Model Context Protocol over HTTP, at ``/mcp``; needs the package ``mcp`` (the extra ``mcp``).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from qa.extras import needs
from qa.records import QAError
from qa.web import texts
from qa.web.page import ANSWERS_AT_ONCE, WAITING, Page

_WHAT = (
    "Answers a question asked in French with exact sentences of the indexed documents, each cited "
    "to the character (document_id, start, end, quote). status is not_found when the documents do "
    "not answer: then hits are only the closest passages, and nothing is quoted."
)


def mcp_app(page: Page) -> Any:
    """A Starlette application that serves ``/mcp``; its lifespan has to be run."""
    with needs("mcp"):
        from anyio import CapacityLimiter, to_thread
        from mcp.server.mcpserver import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
        from mcp.server.transport_security import TransportSecuritySettings
    server = MCPServer("sourcier", instructions=_WHAT, log_level="ERROR")
    places = CapacityLimiter(ANSWERS_AT_ONCE)

    async def answer(
        question: str,
        passages: int = 5,
        method: str = "hybrid",
        caution: str = "normal",
        only: str = "",
    ) -> dict[str, Any]:
        if places.statistics().tasks_waiting >= WAITING:
            raise ToolError(texts.BUSY)
        ask = partial(page.answer, question, passages, method, caution, only)
        try:
            return await to_thread.run_sync(ask, limiter=places)
        except QAError as error:
            raise ToolError(error.worded(texts.language())) from error

    server.tool(description=f"{_WHAT}\n\n{Page.answer.__doc__}")(answer)
    return server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        # The guard before it already refuses other hosts and origins.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
