"""Proving on a cluster of Dask workers, which come and go: a plug-in brings the circuit to each, also to later ones.

Workers need zkmargin and nothing else: no shared folder, no key. They see the openings of the accounts they prove, so
they are machines of whoever holds the portfolios; across a network, take a scheduler at tls://.

A worker that dies takes no account with it. When the scheduler dies, or no worker is there for a while, the batch ends
with what it has: run again, it goes on.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from hashlib import sha256
from logging import CRITICAL, getLogger
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from distributed import Client, Future, KilledWorker, WorkerPlugin, get_worker, wait

from ...circuits.build import MANIFEST
from ...circuits.model import Opening
from ...kernel.errors import EnvironmentFault, InputError
from ...kernel.files import read_file
from ...prover.prove import Prover
from ...verifier.keys import KEY_RECORD, VERIFYING_KEY, ZKEY
from .batch import ATTEMPTS, Done, Failed, Statement
from .workers import prove_one

__all__ = ["ClusterWorkers"]

_FILES = (MANIFEST, "circuit.prog", KEY_RECORD, VERIFYING_KEY, ZKEY)
_WAITING = 4  # accounts a thread has beside the one it is at: a way across the network takes its time
_PATIENCE_S = 30.0
"""How long a scheduler is waited for, and workers where there are none."""
_LOOK_S = 1.0
_FETCH_S = 5.0


class Circuit(WorkerPlugin):
    """A circuit with its key and a statement, loaded once in every worker."""

    def __init__(self, files: Mapping[str, bytes], statement: Statement) -> None:
        """Keep the files' bytes, which travel with the plug-in."""
        self.files = dict(files)
        self.statement = statement
        digest = sha256(
            repr((statement, sorted((name, sha256(data).digest()) for name, data in files.items()))).encode()
        )
        self.name = f"zkmargin-{digest.hexdigest()[:32]}"
        self.prover: Prover | None = None

    def setup(self, worker: Any) -> None:  # noqa: ANN401
        """Write the files into a folder of the worker and load them."""
        with tempfile.TemporaryDirectory(prefix="zkmargin-") as folder:
            for name, data in self.files.items():
                (Path(folder) / name).write_bytes(data)
            self.prover = Prover.load(Path(folder))
            self.prover.manifest.program  # noqa: B018 - read while its file is there

    def __getstate__(self) -> dict[str, Any]:
        """Leave the loaded key behind."""
        return {**self.__dict__, "prover": None}


class ClusterWorkers:
    """The workers of a Dask scheduler. Leaving the block drops what is out."""

    def __init__(self, address: str, circuit: Path, statement: Statement) -> None:
        """Connect and bring the circuit to every worker.

        Raises EnvironmentFault when no scheduler answers or a worker cannot load the circuit, InputError, FileError.
        """
        if not address.strip():  # Dask would start a cluster of its own
            raise InputError("--cluster wants the address of a Dask scheduler, tcp://HOST:PORT", code="usage")
        self._circuit = Circuit({name: read_file(circuit / name) for name in _FILES}, statement)
        self._address = address
        self._is_lost = False
        self._out: dict[Future[Done | Failed], tuple[str, Opening, int]] = {}
        self._alone_since: float | None = None  # since when no worker has been seen
        with _quiet():
            try:
                self._client: Any = Client(address, timeout=_PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]
            except Exception as error:  # every transport has its own
                raise EnvironmentFault(
                    f"there is no Dask scheduler at {address}", code="no-scheduler", hint="dask scheduler"
                ) from error
            try:
                self._bring()
            except EnvironmentFault:
                self._close()
                raise

    def __enter__(self) -> ClusterWorkers:
        """Return the workers."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Cancel what is out and leave."""
        with _quiet():
            if not self._is_lost and self._client.status == "running":
                with suppress(Exception):
                    self._client.cancel(list(self._out), force=True)
            self._close()

    @property
    def count(self) -> int:
        """Threads of all workers that are there now. Raises EnvironmentFault when the scheduler does not answer."""
        try:
            told = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=_PATIENCE_S)
            return sum(worker["nthreads"] for worker in told["workers"].values())
        except Exception:
            self._lost()

    def room(self) -> bool:
        """Whether another account may be given out now: workers that come later find work, too."""
        return len(self._out) < max(16, self.count * (1 + _WAITING))

    def give(self, name: str, opening: Opening) -> None:
        """Give out an account. Raises EnvironmentFault when the scheduler is lost."""
        with _quiet():
            self._submit(name, opening, 1)

    def take(self) -> list[Done | Failed]:
        """Wait for at least one account and return all that came back; none when none is out.

        Raises EnvironmentFault when the scheduler is lost, or has had no worker for a while.
        """
        results: list[Done | Failed] = []
        with _quiet():
            while self._out and not results:
                for future in self._first():
                    name, opening, attempt = self._out[future]
                    result = self._result(future, name)
                    if result is None and future.status not in ("error", "cancelled"):
                        continue  # its worker died with it before it was fetched: Dask has it proved again
                    del self._out[future]
                    if result is not None:
                        results.append(result)
                    elif attempt < ATTEMPTS:  # Dask has given it to several workers already, and all of them died
                        self._submit(name, opening, attempt + 1)
                    else:
                        results.append(Failed(name, "worker-lost", "its workers died with it"))
                if not results:
                    self._look()
        return results

    def _first(self) -> set[Future[Done | Failed]]:
        """Wait a while for one account that is out and return all that are done, or cancelled."""
        try:
            with self._client.as_current():
                done: set[Future[Done | Failed]] = wait(  # type: ignore[no-untyped-call]
                    list(self._out), timeout=_LOOK_S, return_when="FIRST_COMPLETED"
                ).done
        except TimeoutError:
            return set()
        except CancelledError:
            if self._client.status != "running":
                self._lost()
            self._bring()  # the cluster was restarted
            return {future for future in self._out if future.status == "cancelled"}
        except OSError:
            self._lost()
        return done

    def _result(self, future: Future[Done | Failed], name: str) -> Done | Failed | None:
        """Return what became of an account, None when its worker was lost."""
        try:
            result = future.result(timeout=_FETCH_S)
        except (KilledWorker, CancelledError, TimeoutError):
            return None
        except Exception as raised:
            if self._client.status != "running":
                self._lost()
            hint = "is this version of zkmargin installed there?"
            return Failed(name, "worker-failed", f"its worker raised {type(raised).__name__}: {hint}")
        if not isinstance(result, Done | Failed):
            return Failed(name, "worker-failed", "its worker answered something else than a proof")
        return result

    def _look(self) -> None:
        """Note whether workers are there. Raises EnvironmentFault when there have been none for too long."""
        if self.count:
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since >= _PATIENCE_S:
            raise EnvironmentFault(
                f"the scheduler at {self._address} has no workers",
                code="no-workers",
                hint=f"dask worker {self._address}; then run again: the proofs so far are kept",
            )

    def _bring(self) -> None:
        """Bring the circuit to every worker that is there or comes. Raises EnvironmentFault when one cannot load it."""
        try:
            self._client.register_plugin(self._circuit)
        except Exception as error:
            if self._client.status != "running":
                self._lost()
            raise EnvironmentFault(
                f"a worker of {self._address} cannot load the circuit: {type(error).__name__}",
                code="worker-unready",
                hint="is this version of zkmargin installed there?",
            ) from error

    def _lost(self) -> NoReturn:
        self._is_lost = True
        raise EnvironmentFault(
            f"the scheduler at {self._address} does not answer any more",
            code="scheduler-lost",
            hint="run again when it is back: the proofs so far are kept",
        ) from None

    def _close(self) -> None:
        with suppress(Exception):
            self._client.close(timeout=2)

    def _submit(self, name: str, opening: Opening, attempt: int) -> None:
        # The key says nothing of the account: schedulers show it.
        try:
            future = self._client.submit(_prove, self._circuit.name, name, opening, pure=False)
        except Exception:  # a client that has closed itself
            self._lost()
        self._out[future] = (name, opening, attempt)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log of lost connections off the terminal: what they mean is raised."""
    log = getLogger("distributed")
    before = log.level
    log.setLevel(CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _prove(plugin: str, name: str, opening: Opening) -> Done | Failed:
    circuit = get_worker().plugins[plugin]
    if not isinstance(circuit, Circuit) or circuit.prover is None:
        return Failed(name, "worker-unready", "its worker has not loaded the circuit")
    return prove_one(circuit.prover, circuit.statement, name, opening)
