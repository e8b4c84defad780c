"""Proving on this machine's cores: a process a core, each with one thread, for whole proofs share nothing.

A process that dies (killed, out of memory) takes no account with it: a new one starts, and the accounts that were out
are given out again, the last time each alone, so that one which kills its worker takes no other with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, ProcessPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ...circuits.model import Opening
from ...kernel.errors import EnvironmentFault, ZkmarginError
from ...prover.prove import Prover
from .batch import ATTEMPTS, Done, Failed, Statement

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

__all__ = ["LocalWorkers", "prove_one"]

_WAITING = 2  # accounts a worker has beside the one it is at


def prove_one(prover: Prover, statement: Statement, name: str, opening: Opening) -> Done | Failed:
    """Prove and verify one account; nothing is raised, for what a worker raises is logged by others."""
    try:
        made = prover.prove(
            opening, statement.market, statement.parameters, credit=statement.credit, context=statement.context
        )
    except ZkmarginError as error:
        return Failed.of(name, error)
    except Exception as error:  # its text might carry values
        return Failed(name, "internal", f"an unexpected {type(error).__name__}: please report it")
    return Done(name, made.proof, made.public)


class LocalWorkers:
    """Processes on this machine. Leaving the block stops them, whatever they are at."""

    def __init__(self, circuit: Path, statement: Statement, count: int = 0) -> None:
        """Take `count` processes, by default one a core."""
        cores = os.cpu_count() or 1
        self.count = count or cores
        self._settings = (circuit, statement, max(1, cores // self.count))
        self._out: dict[Future[Done | Failed], tuple[str, Opening, int]] = {}
        self._suspects: list[tuple[str, Opening]] = []  # lost too often to go out with others
        self._stillborn = 0  # pools in a row that died before a worker was ready
        self._ready: Event
        self._pool = self._start()

    def __enter__(self) -> LocalWorkers:
        """Return the workers."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop without waiting for what is out."""
        self._stop()

    def room(self) -> bool:
        """Whether another account may be given out now."""
        return not self._suspects and len(self._out) < self.count * (1 + _WAITING)

    def give(self, name: str, opening: Opening) -> None:
        """Give out an account. Raises EnvironmentFault when no process can be started."""
        self._submit(name, opening, 1)

    def take(self) -> list[Done | Failed]:
        """Wait for at least one account and return all that came back; none when none is out.

        Raises EnvironmentFault when the processes die before they can work.
        """
        results: list[Done | Failed] = []
        while not results and (self._out or self._suspects):
            if not self._out:
                self._submit(*self._suspects.pop(0), ATTEMPTS)
            finished, _ = wait(self._out, return_when=FIRST_COMPLETED)
            lost = []
            for future in finished:
                account = self._out.pop(future)
                try:
                    results.append(future.result())
                except BrokenExecutor:
                    lost.append(account)
            if lost:
                lost += self._out.values()  # one death breaks the whole pool
                self._out = {}
                results += self._again(lost)
        return results

    def _again(self, lost: list[tuple[str, Opening, int]]) -> list[Done | Failed]:
        """Start anew and give lost accounts out again; those that were lost too often are failures."""
        worked = self._ready.is_set()
        self._stop()
        self._stillborn = 0 if worked else self._stillborn + 1
        if self._stillborn == ATTEMPTS:
            raise EnvironmentFault(
                f"the worker processes died {ATTEMPTS} times before their first account",
                code="workers-die",
                hint="proofs so far are kept; is there memory for the key, and is a script's work under __main__?",
            )
        self._pool = self._start()
        failed: list[Done | Failed] = []
        for name, opening, attempt in lost:
            tried = attempt + 1 if worked else attempt  # no worker has seen it yet
            if tried < ATTEMPTS:
                self._submit(name, opening, tried)
            elif tried == ATTEMPTS:
                self._suspects.append((name, opening))
            else:
                failed.append(Failed(name, "worker-lost", f"its worker died {attempt} times"))
        return failed

    def _submit(self, name: str, opening: Opening, attempt: int) -> None:
        try:
            future = self._pool.submit(_prove, name, opening)
        except BrokenExecutor:  # it died since: the accounts that are out come back in `take`
            future = Future()
            future.set_exception(BrokenExecutor())
        except OSError as error:
            raise EnvironmentFault(f"no process can be started: {error.strerror}", code="workers-die") from error
        self._out[future] = (name, opening, attempt)

    def _start(self) -> ProcessPoolExecutor:
        # Not forked: the kernel's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._ready = context.Event()
        settings = (self._ready, *self._settings)
        return ProcessPoolExecutor(self.count, context, initializer=_begin, initargs=settings)

    def _stop(self) -> None:
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


_state: dict[str, tuple[Prover, Statement] | ZkmarginError] = {}


def _begin(ready: Event, circuit: Path, statement: Statement, threads: int) -> None:
    """Load the key in a worker's process. Ctrl-C is for the process that gives out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAYON_NUM_THREADS"] = str(threads)  # read when the kernel first works
    try:
        _state["batch"] = (Prover.load(circuit), statement)
    except ZkmarginError as error:  # every account says it: a process that dies says nothing
        _state["batch"] = error
    except Exception as error:
        _state["batch"] = EnvironmentFault(
            f"a worker cannot load the circuit: {type(error).__name__}", code="worker-unready"
        )
    ready.set()


def _prove(name: str, opening: Opening) -> Done | Failed:
    loaded = _state["batch"]
    if isinstance(loaded, ZkmarginError):
        return Failed.of(name, loaded)
    return prove_one(*loaded, name, opening)
