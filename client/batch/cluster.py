"""Proving on a cluster of Dask workers, which come and go: a plug-in brings the circuit to each, also to later ones.

Workers need zkmargin and nothing else: no shared folder, no key. They see the openings of the accounts they prove, so
they are machines of whoever holds the portfolios; across a network, take a scheduler at tls://.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any

from distributed import Client, Future, KilledWorker, WorkerPlugin, get_worker, wait

from ...circuits.build import MANIFEST
from ...circuits.model import Opening
from ...kernel.errors import EnvironmentFault
from ...kernel.files import read_file
from ...prover.prove import Prover
from ...verifier.keys import KEY_RECORD, VERIFYING_KEY, ZKEY
from .batch import ATTEMPTS, Done, Failed, Statement
from .workers import prove_one

__all__ = ["ClusterWorkers"]

_FILES = (MANIFEST, "circuit.prog", KEY_RECORD, VERIFYING_KEY, ZKEY)
_WAITING = 4  # accounts a thread has beside the one it is at: a way across the network takes its time
_PATIENCE_S = 30


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
        """Connect and bring the circuit to every worker. Raises EnvironmentFault when nobody answers, FileError."""
        plugin = Circuit({name: read_file(circuit / name) for name in _FILES}, statement)
        try:
            self._client: Any = Client(address, timeout=_PATIENCE_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise EnvironmentFault(
                f"there is no Dask scheduler at {address}", code="no-scheduler", hint="dask scheduler"
            ) from error
        self._client.register_plugin(plugin)
        self._plugin = plugin.name
        self._out: dict[Future[Done | Failed], tuple[str, Opening, int]] = {}

    def __enter__(self) -> ClusterWorkers:
        """Return the workers."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Cancel what is out and leave."""
        self._client.cancel(list(self._out), force=True)
        self._client.close(timeout=2)

    @property
    def count(self) -> int:
        """Threads of all workers that are there now."""
        return sum(worker["nthreads"] for worker in self._client.scheduler_info(n_workers=-1)["workers"].values())

    def room(self) -> bool:
        """Whether another account may be given out now: workers that come later find work, too."""
        return len(self._out) < max(16, self.count * (1 + _WAITING))

    def give(self, name: str, opening: Opening) -> None:
        """Give out an account."""
        self._submit(name, opening, 1)

    def take(self) -> list[Done | Failed]:
        """Wait for at least one account and return all that came back; none when none is out."""
        results: list[Done | Failed] = []
        while self._out and not results:
            for future in self._first():
                name, opening, attempt = self._out.pop(future)
                if future.status == "finished":
                    results.append(future.result())
                    continue
                raised = future.exception() if future.status == "error" else None  # type: ignore[no-untyped-call]
                if raised is not None and not isinstance(raised, KilledWorker):
                    hint = "is this version of zkmargin installed there?"
                    results.append(Failed(name, "worker-failed", f"its worker raised {type(raised).__name__}: {hint}"))
                elif attempt < ATTEMPTS:  # Dask has given it to several workers already, and all of them died
                    self._submit(name, opening, attempt + 1)
                else:
                    results.append(Failed(name, "worker-lost", "its workers died with it"))
        return results

    def _first(self) -> set[Future[Done | Failed]]:
        """Wait for one account that is out and return all that are done."""
        with self._client.as_current():
            done: set[Future[Done | Failed]] = wait(list(self._out), return_when="FIRST_COMPLETED").done  # type: ignore[no-untyped-call]
        return done

    def _submit(self, name: str, opening: Opening, attempt: int) -> None:
        # The key says nothing of the account: schedulers show it.
        future = self._client.submit(_prove, self._plugin, name, opening, pure=False)
        self._out[future] = (name, opening, attempt)


def _prove(plugin: str, name: str, opening: Opening) -> Done | Failed:
    circuit = get_worker().plugins[plugin]
    if not isinstance(circuit, Circuit) or circuit.prover is None:
        return Failed(name, "worker-unready", "its worker has not loaded the circuit")
    return prove_one(circuit.prover, circuit.statement, name, opening)
