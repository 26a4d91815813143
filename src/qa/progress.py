"""Progress bars: one a step, with its rate, on stderr when that is a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.index import Progress

_UNITS = {"read": "documents", "search": "questions"}


@contextlib.contextmanager
def progress_bars(shown: bool | None = None) -> Iterator[Callable[[Progress], None]]:
    """One bar a step, with its rate, on stderr; unless ``shown`` says so, on a terminal only."""
    from tqdm import tqdm

    bars: dict[str, Any] = {}

    def show(progress: Progress) -> None:
        bar = bars.get(progress.step)
        if bar is None:
            for other in bars.values():
                other.close()
            bar = bars[progress.step] = tqdm(
                desc=f"{progress.step:>6}",
                total=progress.total,
                unit=" " + _UNITS.get(progress.step, "passages"),
                disable=None if shown is None else not shown,
            )
        bar.update(progress.done - bar.n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()
