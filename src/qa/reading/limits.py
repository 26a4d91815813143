"""How much is read at once: the largest file, and the largest line of a JSON Lines file."""

from __future__ import annotations

LARGEST_FILE = 20_000_000  # bytes


def describe_size(size: int) -> str:
    """Write a number of bytes for a person: 52428800 -> "52.4 MB"."""
    return f"{size / 1_000_000:.1f} MB"


def describe_limit() -> str:
    """Write the limit for a person: "20 MB"."""
    return f"{LARGEST_FILE // 1_000_000} MB"
