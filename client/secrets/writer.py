"""A write beside the work: the disk takes as long over an opening as the prover over a tenth of its proof."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

__all__ = ["meanwhile"]


@contextlib.contextmanager
def meanwhile(write: Callable[[], None]) -> Iterator[None]:
    """Run `write` beside the block and wait for it when the block is left, however it is left.

    Raises what `write` raised, in place of the block's own end: whatever the block made must not be handed out then.
    """
    failed: list[BaseException] = []

    def run() -> None:
        try:
            write()
        except BaseException as error:  # the thread has nobody else to tell
            failed.append(error)

    thread = threading.Thread(target=run, name="zkmargin-opening")
    thread.start()
    try:
        yield
    finally:
        thread.join()
        if failed:
            raise failed[0]
