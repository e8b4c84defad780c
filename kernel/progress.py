"""How far long work is: whoever works tells, whoever shows listens, and nobody has to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TypeVar

__all__ = ["Tell", "tracked", "watched"]

Item = TypeVar("Item")
Tell = Callable[[str, int, int, float | None], None]
"""what, how many are done, of how many, and the seconds the next one takes, where that is known."""

_listening: ContextVar[Tell | None] = ContextVar("progress", default=None)


@contextlib.contextmanager
def watched(tell: Tell) -> Iterator[None]:
    """Let `tell` hear of everything that is tracked inside the block."""
    token = _listening.set(tell)
    try:
        yield
    finally:
        _listening.reset(token)


def tracked(what: str, items: Iterable[Item], total: int, seconds: float | None = None) -> Iterator[Item]:
    """Yield the items, telling before each how many are done, and at the end that all are."""
    tell = _listening.get() or _nobody
    done = 0
    for item in items:
        tell(what, done, total, seconds)
        yield item
        done += 1
    tell(what, done, total, seconds)


def _nobody(_what: str, _done: int, _total: int, _seconds: float | None) -> None:
    """Hear nothing."""
