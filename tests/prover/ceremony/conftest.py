"""Powers of tau made by snarkjs and from known secrets, a hand-made circuit, and snarkjs itself."""

from __future__ import annotations

import importlib.util
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from zkmargin.kernel.phase2 import PowersOfTau

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
SNARKJS = ROOT / "node_modules" / "snarkjs" / "build" / "cli.cjs"


def _load(name, path):
    spec = importlib.util.spec_from_file_location(f"zkmargin_ceremony_tests_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def powers():
    """The maker of powers from known secrets."""
    return _load("powers", HERE / "powers.py")


@pytest.fixture(scope="session")
def circuits():
    """Circuits made by hand."""
    return _load("circuits", ROOT / "tests" / "kernel" / "circuits.py")


@pytest.fixture
def generator(request):
    print(f"{request.node.name}: seed {SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def snarkjs():
    """Run snarkjs' command line; whether it held, and what it said."""

    def run(*arguments):
        command = ["node", str(SNARKJS), *map(str, arguments)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return finished.returncode == 0, finished.stdout + finished.stderr

    return run


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ceremonies")


@pytest.fixture(scope="session")
def their_ptau(snarkjs, folder):
    """Powers up to 2^4 from a ceremony of snarkjs, prepared."""
    first, second, prepared = (folder / name for name in ("first.ptau", "second.ptau", "their.ptau"))
    for arguments in (
        ("new", "bn128", "4", first),
        ("contribute", first, second, "--name=first", "-e=text"),
        ("prepare", "phase2", second, prepared),
    ):
        held, said = snarkjs("powersoftau", *arguments)
        assert held, said
    return prepared


@pytest.fixture(scope="session")
def our_ptau(powers, folder):
    """Powers up to 2^5 of known secrets, and the same file's maker for spoiling."""
    path = folder / "our.ptau"
    path.write_bytes(powers.make_powers(5, 123456789, 987654321, 192837465).to_bytes())
    return path


@pytest.fixture(scope="session")
def small(circuits, folder):
    """A circuit of eleven rows and two public wires, in the domain of 2^4."""
    path = folder / "small.r1cs"
    path.write_bytes(circuits.small_circuit().r1cs())
    return path


@pytest.fixture(scope="session")
def other(circuits, folder):
    """Another circuit of the same ceremony."""
    path = folder / "other.r1cs"
    path.write_bytes(circuits.margin_circuit(random.Random(SEED), n_public=3, n_rows=12).r1cs())
    return path


@pytest.fixture(scope="session")
def initial(their_ptau, small):
    """The small circuit's key before anyone contributed."""
    return PowersOfTau.load(their_ptau).initial_key(small.read_bytes())
