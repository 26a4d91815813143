"""The assistant that a command asks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.assistant import Assistant


def open_assistant(directory: Path) -> Assistant:
    """The assistant of an index; what a user should know before trusting it goes to stderr."""
    from qa.assistant import Assistant

    assistant = Assistant.open(directory)
    if assistant.warning:
        print(f"qa: {assistant.warning}", file=sys.stderr)
    return assistant
