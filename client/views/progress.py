"""A bar on stderr with count and time left, for people at a terminal; logs and pipes see nothing of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from time import monotonic
from typing import TextIO

from ...kernel.progress import watched

__all__ = ["bars"]

_TICK = 0.2  # seconds between two looks at what is under way
_PARTS = 1000


@contextlib.contextmanager
def bars(stream: TextIO | None) -> Iterator[None]:
    """Show what the block tracks (`kernel.progress`) on a stream that is a terminal; nothing elsewhere.

    The time left is that of the steps so far; within a step whose seconds are known it moves with them, and stands
    before its end when they were too few.
    """
    if not _is_terminal(stream):
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(file=stream),
        transient=True,
    )
    current: dict[str, tuple[int, int, float, float | None]] = {}
    tasks: dict[str, int] = {}
    over = threading.Event()

    def tell(what: str, done: int, total: int, seconds: float | None) -> None:
        if what not in tasks:
            tasks[what] = shown.add_task(what, total=total * _PARTS, count="")
        current[what] = (done, total, monotonic(), seconds)
        shown.update(tasks[what], completed=done * _PARTS, count=f"{done:,}/{total:,}")  # type: ignore[arg-type]

    def move() -> None:
        while not over.wait(_TICK):
            for what, (done, total, since, seconds) in list(current.items()):
                if seconds and done < total:
                    part = min(0.95, (monotonic() - since) / seconds)
                    shown.update(tasks[what], completed=(done + part) * _PARTS)  # type: ignore[arg-type]

    mover = threading.Thread(target=move, name="zkmargin-bars", daemon=True)
    with shown, watched(tell):
        mover.start()
        try:
            yield
        finally:
            over.set()
            mover.join()


def _is_terminal(stream: TextIO | None) -> bool:
    with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed
        return stream is not None and stream.isatty()
    return False
