"""Openings and keys lost to a race, or taken by somebody else's pipe; a terminal styled by somebody else's file."""

import json
import multiprocessing
import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from zkmargin.circuits.model import Holdings
from zkmargin.client.chains.anvil import running_anvil
from zkmargin.client.chains.deployment import Deployment
from zkmargin.client.chains.embedded import EmbeddedChain
from zkmargin.client.chains.rpc import KEY_VARIABLE, RpcChain
from zkmargin.client.files.loading import load_parameters
from zkmargin.client.secrets.openings import load_opening, load_owner
from zkmargin.client.session import Session, Where
from zkmargin.kernel.errors import EnvironmentFault, FileError
from zkmargin.kernel.files import write_file

PROCESSES = 6


def opens(session, folder, ready, made):
    """Make an opening as `prove` does and tell its salt and key."""
    ready.wait()
    with session._opened(Holdings(1, (0,), (0,), (0,)), Where.beside(folder / "desk.json")) as opening:
        pass
    made.put((opening.salt, opening.owner_key))


def test_provers_at_once_lose_no_opening_and_no_owner_key(folder, tmp_path, tally):
    """Several proofs of one portfolio at the same time: whatever was handed out is on disk, under one owner key."""
    session = Session(load_parameters(folder / "parameters-small.json"))
    context = multiprocessing.get_context("fork")
    lost = 0
    for attempt in range(4):
        place = tmp_path / str(attempt)
        place.mkdir()
        ready, made = context.Barrier(PROCESSES), context.Queue()
        started = [context.Process(target=opens, args=(session, place, ready, made)) for _ in range(PROCESSES)]
        for process in started:
            process.start()
        handed_out = [made.get(timeout=60) for _ in started]
        for process in started:
            process.join()
        kept = {load_opening(path).salt for path in place.glob("desk.opening*.json")}
        owner = load_owner(place / "desk.owner.json").point
        lost += sum(salt not in kept or key != owner for salt, key in handed_out)
    tally("P3", f"openings of {PROCESSES} provers at once, each on disk under the one owner key", 4 * PROCESSES, lost)
    assert lost == 0


@pytest.mark.parametrize(("euid", "written"), [(None, True), (54_321, False)])
def test_a_secret_does_not_go_into_somebody_elses_pipe(tmp_path, monkeypatch, *, euid, written):
    pipe = tmp_path / "desk.opening.json"
    os.mkfifo(pipe)
    os.chown(pipe, os.geteuid() or 12_345, -1)
    me = pipe.stat().st_uid if euid is None else euid
    monkeypatch.setattr(os, "geteuid", lambda: me)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    if written:
        write_file(pipe, b"secret")
    else:
        with pytest.raises(FileError, match="somebody else's pipe"):
            write_file(pipe, b"secret")
    reader.join(10)
    assert received == [b"secret" if written else b""]


def test_brackets_in_names_are_text(zkmargin, folder, small, circuits):
    """A folder or a name that rich would read as markup: [/x] would be an error, [link=...] a link."""
    for name in ("[", "[bold]", "[link=x"):
        out = folder / f"{name}]proof"
        proved = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", out, "--context", "1")
        assert proved.code == 0, proved.err
        assert str(out) in proved.out
    out = folder / "[" / "x]"
    out.parent.mkdir()
    proved = zkmargin("prove", folder / "portfolio-small.json", *small, "--out", out, "--context", "1")
    assert proved.code == 0, proved.err
    assert str(out) in proved.out
    assert json.loads((out / "public.json").read_text())


@pytest.mark.parametrize("key", ["0x" + "ab" * 31 + "zz", "ab" * 32 + "\n", "0x" + "ab" * 31, "0x" + "00" * 32])
def test_a_mistyped_private_key_is_not_repeated(monkeypatch, key):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(EnvironmentFault) as refused:
        RpcChain("http://127.0.0.1:9")
    assert refused.value.__cause__ is None
    assert "ab" * 4 not in f"{refused.value} {refused.value.as_json()}"


def test_a_private_node_never_sees_the_users_key(monkeypatch):
    """The demo's own anvil: it inherits no key, and its own accounts sign."""
    monkeypatch.setenv(KEY_VARIABLE, "0x" + "5a" * 32)
    before = set(children())
    with running_anvil() as chain:
        assert len(chain.accounts) > 3
        started = [pid for pid in children() if pid not in before]
        assert started
        for pid in started:
            assert b"5a5a" not in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.mark.parametrize(("development", "code"), [(True, "development-key"), (False, "trusted-opening")])
def test_nothing_is_spent_on_a_chain_that_would_refuse_in_the_end(*, development, code):
    chain = EmbeddedChain(chain_id=1)
    prover = SimpleNamespace(circuit_key=SimpleNamespace(is_development=development))
    with pytest.raises(EnvironmentFault) as refused:
        Deployment.create(chain, chain.accounts[0], {"sufficiency": prover, "shortfall": prover})
    assert refused.value.code == code
    assert chain.last_gas_used == 0


def children():
    """Return the processes that this one has started."""
    return [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
