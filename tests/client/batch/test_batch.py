"""`zkmargin batch`: an account that stops the others, a proof or an opening lost with a worker or a Ctrl-C."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from zkmargin.client.batch.batch import Batch, Done, Failed, Kept, accounts_in
from zkmargin.client.batch.workers import LocalWorkers, _prove
from zkmargin.client.session import Session
from zkmargin.kernel.errors import EnvironmentFault
from zkmargin.verifier.check import verify_files

CONTEXT = "0x5ea1"


@pytest.fixture
def accounts(folder):
    """Return a folder of six accounts with different cash."""
    place = folder / "accounts"
    place.mkdir()
    held = json.loads((folder / "portfolio-small.json").read_text())
    for i in range(6):
        held["cash"] = f"{1_000_000 + i}.25"
        (place / f"desk-{i}.json").write_text(json.dumps(held))
    return place


@pytest.fixture
def batch(zkmargin, folder, small):
    """Return the command on some accounts, its proofs going to the folder `proofs`."""
    rest = [*small, "--context", CONTEXT, "--out", folder / "proofs", "--json"]
    return lambda accounts, *more: zkmargin("batch", accounts, *rest, *more)


@pytest.fixture
def made(folder, circuits):
    """Return the batch as Python has it."""
    session = Session.load(folder / "parameters-small.json", circuits / "sufficiency")
    return Batch(session, folder / "market.json", folder / "proofs", context=int(CONTEXT, 0), margin="maintenance")


def proved(folder, circuits):
    """Return the accounts whose proofs hold; every proof there is must."""
    found = sorted((folder / "proofs").glob("*/proof.json"))
    for proof in found:
        assert verify_files(proof.parent, circuits / "sufficiency", allow_development=True).context == int(CONTEXT, 0)
    return [proof.parent.name for proof in found]


NAMES = [f"desk-{i}" for i in range(6)]


def test_all_accounts_are_proved_and_a_second_run_proves_none_again(batch, accounts, folder, circuits, contents):
    answer = batch(accounts)
    assert (answer.code, answer.json["proved"], answer.json["kept"], answer.json["failed"]) == (0, 6, 0, [])
    assert proved(folder, circuits) == NAMES
    for secret in accounts.glob("*.o*.json"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(list(accounts.glob("*.opening.json"))) == len(list(accounts.glob("*.owner.json"))) == 6
    before = contents(folder)
    answer = batch(accounts)
    assert (answer.code, answer.json["proved"], answer.json["kept"]) == (0, 0, 6)
    assert contents(folder) == before


def test_what_changed_is_proved_anew_and_its_older_opening_kept(batch, accounts, folder, circuits):
    assert batch(accounts).code == 0
    held = json.loads((accounts / "desk-2.json").read_text())
    (accounts / "desk-2.json").write_text(json.dumps({**held, "cash": "999999"}))
    (accounts / "desk-3.opening.json").unlink()
    shutil.copy(folder / "proofs" / "desk-0" / "proof.json", folder / "proofs" / "desk-4")
    answer = batch(accounts)
    assert (answer.code, answer.json["proved"], answer.json["kept"]) == (0, 3, 3)
    assert proved(folder, circuits) == NAMES
    assert (accounts / "desk-2.opening.1.json").exists()


def test_a_bad_account_does_not_stop_the_others(batch, accounts, folder, circuits):
    (accounts / "desk-0.json").write_text("{")
    poor = json.loads((accounts / "desk-1.json").read_text())
    (accounts / "desk-1.json").write_text(json.dumps({**poor, "cash": "-987654321"}))
    (accounts / "desk-5.csv").write_text("kind,name,amount,entry_price\ncash,USDC,1,\n")
    answer = batch(accounts)
    failed = [(one["account"], one["code"]) for one in answer.json["failed"]]
    assert (answer.code, sorted(failed)) == (
        1,
        [("desk-0", "bad-json"), ("desk-1", "insufficient"), ("desk-5", "duplicate")],
    )
    assert "987654321" not in answer.out + answer.err
    assert proved(folder, circuits) == ["desk-2", "desk-3", "desk-4"]
    assert not (accounts / "desk-1.opening.json").exists()


def test_what_else_stands_in_a_proofs_folder_is_left_there(batch, accounts, folder, circuits):
    (folder / "proofs" / "desk-0").mkdir(parents=True)
    (folder / "proofs" / "desk-0" / "notes.txt").write_text("mine")
    answer = batch(accounts)
    assert [(one["account"], one["code"]) for one in answer.json["failed"]] == [("desk-0", "folder-in-use")]
    assert [path.name for path in (folder / "proofs" / "desk-0").iterdir()] == ["notes.txt"]
    assert proved(folder, circuits) == NAMES[1:]
    assert not (accounts / "desk-0.opening.json").exists()


def test_a_table_of_accounts_is_as_good_as_a_folder(batch, folder, circuits):
    rows = [f"{name},cash,USDC,{10**6 + i},\n" for i, name in enumerate(("north", "south", "../east"))]
    (folder / "desks.csv").write_text("account,kind,name,amount,entry_price\n" + "".join(rows) + "north,debt,BTC,x,\n")
    answer = batch(folder / "desks.csv")
    failed = {one["account"]: one["code"] for one in answer.json["failed"]}
    assert (answer.code, failed) == (1, {"north": "wrong-value", "../east": "bad-name"})
    assert proved(folder, circuits) == ["south"]
    assert [path.name for path in sorted((folder / "desks-openings").iterdir())] == [
        "south.opening.json",
        "south.owner.json",
    ]


def test_openings_do_not_stand_among_the_proofs(batch, accounts, folder):
    answer = batch(accounts, "--openings", folder / "proofs" / "secrets")
    assert {one["code"] for one in answer.json["failed"]} == {"secret-beside-proof"}
    assert not (folder / "proofs").exists()


def test_a_killed_process_loses_no_account(made, accounts, folder, circuits):
    with LocalWorkers(circuits / "sufficiency", made.statement, 2) as workers:
        results = made.run(accounts_in(accounts), workers)
        first = next(results)
        killed = list(workers._pool._processes)
        os.kill(killed[0], signal.SIGKILL)
        rest = list(results)
        assert not set(workers._pool._processes) & set(killed)
    assert [result for result in (first, *rest) if not isinstance(result, Done)] == []
    assert proved(folder, circuits) == NAMES


def test_an_account_that_kills_every_worker_is_given_up(made, accounts, circuits, monkeypatch):
    with LocalWorkers(circuits / "sufficiency", made.statement, 1) as workers:
        monkeypatch.setattr("zkmargin.client.batch.workers._prove", _die)
        results = list(made.run(accounts_in(accounts)[:1], workers))
    assert results == [Failed("desk-0", "worker-lost", "its worker died 3 times")]


def _die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.4])
def test_a_process_killed_in_its_first_seconds_loses_no_account(made, accounts, folder, circuits, seconds):
    with LocalWorkers(circuits / "sufficiency", made.statement, 2) as workers:
        killer = threading.Timer(
            seconds, lambda: [os.kill(one, signal.SIGKILL) for one in list(workers._pool._processes)]
        )
        killer.start()
        results = list(made.run(accounts_in(accounts), workers))
        killer.join()
    assert [result for result in results if not isinstance(result, Done)] == []
    assert proved(folder, circuits) == NAMES


def test_processes_that_never_come_to_work_are_said_so_once(made, accounts, circuits, monkeypatch):
    """Killed before the key is loaded, each time: no account is to blame."""
    monkeypatch.setattr("zkmargin.client.batch.workers._begin", _die)
    with LocalWorkers(circuits / "sufficiency", made.statement, 1) as workers:
        results = made.run(accounts_in(accounts), workers)
        with pytest.raises(EnvironmentFault, match="died 3 times before their first account") as refused:
            list(results)
    assert refused.value.code == "workers-die"


def test_one_account_that_kills_its_worker_takes_no_other_with_it(made, accounts, folder, circuits, monkeypatch):
    monkeypatch.setattr("zkmargin.client.batch.workers._prove", _die_at_one)
    with LocalWorkers(circuits / "sufficiency", made.statement, 2) as workers:
        results = list(made.run(accounts_in(accounts), workers))
    failed = [result for result in results if not isinstance(result, Done)]
    assert failed == [Failed("desk-1", "worker-lost", "its worker died 3 times")]
    assert proved(folder, circuits) == [name for name in NAMES if name != "desk-1"]


def _die_at_one(name, opening):
    return _die() if name == "desk-1" else _prove(name, opening)


def test_a_key_that_no_worker_can_load_is_every_accounts_own_sentence(made, accounts, circuits, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(circuits / "sufficiency", broken)
    (broken / "circuit.zkey").write_bytes(b"zkey")
    with LocalWorkers(broken, made.statement, 1) as workers:
        results = list(made.run(accounts_in(accounts), workers))
    assert {result.code for result in results} == {"mismatch"}
    assert len(results) == 6


def test_what_was_done_before_an_interruption_is_done(made, accounts, folder, circuits):
    with LocalWorkers(circuits / "sufficiency", made.statement, 2) as workers:
        results = made.run(accounts_in(accounts), workers)
        done = {next(results).name, next(results).name}
    assert set(proved(folder, circuits)) == done
    # Whoever was not proved lost nothing but the time.
    with LocalWorkers(circuits / "sufficiency", made.statement, 2) as workers:
        again = list(made.run(accounts_in(accounts), workers))
    assert {result.name for result in again if isinstance(result, Kept)} == done
    assert proved(folder, circuits) == NAMES


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler's address and process, and a function that starts a worker's."""

    address: str
    process: subprocess.Popen
    worker: Callable

    def ready_worker(self):
        """Start a worker and wait until the scheduler has it."""
        from distributed import Client

        process = self.worker()
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        return process


@pytest.fixture
def scheduler(tmp_path):
    """Return a Dask scheduler without workers; all its processes end with the test."""
    processes = []

    def start(what, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.{what}", *map(str, arguments), "--no-dashboard"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, cwd=tmp_path, **quiet))
        return processes[-1]

    where = tmp_path / "scheduler.json"
    start("dask_scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", where)
    end = time.monotonic() + 60
    while not where.exists() or not where.read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    address = json.loads(where.read_text())["address"]
    worker = partial(start, "dask_worker", address, "--no-nanny", "--nthreads", 1, "--host", "127.0.0.1")
    yield Cluster(address, processes[0], worker)
    for process in processes:
        process.kill()
        process.wait()


def test_a_killed_worker_of_a_cluster_loses_no_account(made, accounts, folder, circuits, scheduler):
    from zkmargin.client.batch.cluster import ClusterWorkers

    start = scheduler.worker
    with ClusterWorkers(scheduler.address, circuits / "sufficiency", made.statement) as workers:
        newborn = start()
        threading.Timer(0.7, newborn.kill).start()  # while it starts, or loads the circuit
        first = start()  # workers that come later than the circuit get it
        results = made.run(accounts_in(accounts), workers)
        done = [next(results)]
        first.kill()
        start()
        done += results
    assert [result for result in done if not isinstance(result, Done)] == []
    assert proved(folder, circuits) == NAMES


def test_a_cluster_that_is_not_there_is_said_so(batch, accounts, monkeypatch):
    monkeypatch.setattr("zkmargin.client.batch.cluster._PATIENCE_S", 0.3)
    answer = batch(accounts, "--cluster", "tcp://127.0.0.1:9")
    assert (answer.code, answer.json["error"]["code"]) == (2, "no-scheduler")
    assert batch(accounts, "--cluster", "tcp://127.0.0.1:9", "--workers", 2).json["error"]["code"] == "usage"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("zkmargin.client.batch.cluster._PATIENCE_S", 2.0)
    monkeypatch.setattr("zkmargin.client.batch.cluster._LOOK_S", 0.2)


def test_a_scheduler_without_workers_is_said_so_and_the_next_run_goes_on(
    batch, accounts, circuits, scheduler, impatient
):
    answer = batch(accounts, "--cluster", scheduler.address)
    assert (answer.code, answer.json["error"]["code"]) == (2, "no-workers")
    assert "0 of 6 accounts have their proofs" in answer.err
    assert answer.err.count("\n") <= 2  # Dask's own log stays quiet
    scheduler.ready_worker()
    answer = batch(accounts, "--cluster", scheduler.address)
    assert (answer.code, answer.json["proved"]) == (0, 6)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
def test_a_scheduler_that_dies_or_hangs_keeps_the_proofs_so_far(
    batch, made, accounts, folder, circuits, scheduler, impatient, how
):
    from zkmargin.client.batch.cluster import ClusterWorkers

    scheduler.ready_worker()
    start = time.monotonic()
    done = set()

    def run():
        with ClusterWorkers(scheduler.address, circuits / "sufficiency", made.statement) as workers:
            results = made.run(accounts_in(accounts), _OneByOne(workers))
            done.update((next(results).name, next(results).name))
            scheduler.process.send_signal(how)
            list(results)

    with pytest.raises(EnvironmentFault) as refused:
        run()
    assert refused.value.code == "scheduler-lost"
    assert time.monotonic() - start < 30
    assert done <= set(proved(folder, circuits)) != set(NAMES)
    kept = len(proved(folder, circuits))
    answer = batch(accounts)
    assert (answer.code, answer.json["kept"], answer.json["proved"]) == (0, kept, 6 - kept)


class _OneByOne:
    """Workers that are given one account at a time, so that some are left when something happens."""

    def __init__(self, workers):
        self.give, self.take = workers.give, workers.take
        self.room = lambda: not workers._out


def test_workers_that_all_leave_are_said_so_and_what_they_did_is_kept(
    made, accounts, folder, circuits, scheduler, impatient
):
    from zkmargin.client.batch.cluster import ClusterWorkers

    worker = scheduler.ready_worker()
    done = []

    def run():
        with ClusterWorkers(scheduler.address, circuits / "sufficiency", made.statement) as workers:
            results = made.run(accounts_in(accounts), _OneByOne(workers))
            done.append(next(results).name)
            worker.kill()
            list(results)

    with pytest.raises(EnvironmentFault) as refused:
        run()
    assert refused.value.code == "no-workers"
    assert done[0] in proved(folder, circuits) != NAMES


def test_a_restarted_cluster_gets_the_circuit_again(made, accounts, folder, circuits, scheduler):
    from distributed import Client

    from zkmargin.client.batch.cluster import ClusterWorkers

    scheduler.ready_worker()
    with ClusterWorkers(scheduler.address, circuits / "sufficiency", made.statement) as workers:
        results = made.run(accounts_in(accounts), workers)
        done = [next(results)]
        with Client(scheduler.address, set_as_default=False) as other:
            other.cancel(list(workers._out), force=True)
        done += results
    assert [result for result in done if not isinstance(result, Done)] == []
    assert proved(folder, circuits) == NAMES


def test_an_empty_address_starts_no_cluster_of_its_own(batch, accounts):
    for address in ("", " "):
        answer = batch(accounts, "--cluster", address)
        assert (answer.code, answer.json["error"]["code"]) == (2, "usage")
