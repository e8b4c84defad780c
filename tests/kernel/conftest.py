"""Both kernels, one seed, and keys for circuits made by hand."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zkmargin.kernel import Kernel, ProvingKey, development_secrets, kernel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SEED = int(os.environ.get("ZKMARGIN_SEED", "20261122"))


def _helper(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"zkmargin_kernel_tests_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Made:
    """A circuit with its files and its key bytes."""

    circuit: Any
    r1cs: Path
    zkey: Path
    data: bytes
    verifying_key: Any


@pytest.fixture(scope="session")
def circuits() -> ModuleType:
    return _helper("circuits")


@pytest.fixture
def generator(request: pytest.FixtureRequest) -> random.Random:
    print(f"{request.node.name}: seed {SEED}")
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session", params=["native", "reference"])
def either(request: pytest.FixtureRequest) -> Kernel:
    """The same test on both kernels."""
    return kernel(request.param)


@pytest.fixture(scope="session")
def native() -> Kernel:
    return kernel("native")


@pytest.fixture(scope="session")
def reference() -> Kernel:
    return kernel("reference")


@pytest.fixture(scope="session")
def make(circuits: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], Made]:
    """Set a circuit up with the published development secrets."""

    def run(circuit: Any) -> Made:
        assert circuit.satisfied
        folder = tmp_path_factory.mktemp("key")
        r1cs, zkey = folder / "circuit.r1cs", folder / "circuit.zkey"
        r1cs.write_bytes(circuit.r1cs())
        secrets = development_secrets()
        vk = kernel("native").setup(
            r1cs, zkey, tau=secrets.tau, alpha=secrets.alpha, beta=secrets.beta, delta=secrets.delta
        )
        return Made(circuit, r1cs, zkey, zkey.read_bytes(), vk)

    return run


@pytest.fixture(scope="session")
def small(make: Callable[[Any], Made], circuits: ModuleType) -> Made:
    """Two public wires, a dozen rows."""
    return make(circuits.small_circuit())


@pytest.fixture(scope="session")
def small_keys(small: Made) -> dict[Kernel, ProvingKey]:
    """The small key, loaded once by each kernel."""
    return {each: each.load_key(small.zkey) for each in (kernel("native"), kernel("reference"))}


@pytest.fixture(scope="session")
def node() -> Callable[[str, Any], Any]:
    """Run a script of this folder in Node on JSON and return its JSON."""

    def run(script: str, content: Any) -> Any:
        finished = subprocess.run(
            ["node", str(HERE / script)],
            input=json.dumps(content),
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            timeout=120,
        )
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    return run


@pytest.fixture(scope="session")
def snarkjs() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run snarkjs' command line."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        cli = ROOT / "node_modules" / "snarkjs" / "build" / "cli.cjs"
        command = ["node", str(cli), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run
