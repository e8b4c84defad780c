"""Fixtures of the contract tests: the helper modules beside this file, and a deployment that every test gets fresh."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from zkmargin.client.chains.embedded import EmbeddedChain

START = 1_790_000_000  # unix seconds at which the embedded chains of the tests start


def _helper(name: str) -> ModuleType:
    full = f"zkmargin_contract_tests_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of everything random here."""
    value = int(os.environ.get("ZKMARGIN_SEED", "20261122"))
    print(f"seed {value}")
    return value


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """Keys whose secrets are known."""
    return _helper("synthetic")


@pytest.fixture(scope="session")
def batching() -> ModuleType:
    """Batches as an attacker computes them."""
    return _helper("batching")


@pytest.fixture(scope="session")
def worlds() -> ModuleType:
    """The deployment helper."""
    return _helper("world")


@pytest.fixture(scope="session")
def _deployed(synthetic: ModuleType, worlds: ModuleType, seed: int) -> Any:
    world = worlds.World(EmbeddedChain(timestamp=START), synthetic, seed)
    world.post_round(1)
    world.post_version(100)
    return world


@pytest.fixture
def world(_deployed: Any) -> Any:
    """A deployment with round 1 and version 100 posted and folded; whatever a test does is undone."""
    rounds, versions = dict(_deployed.rounds), dict(_deployed.versions)
    point = _deployed.chain.snapshot()
    yield _deployed
    _deployed.chain.revert(point)
    _deployed.rounds, _deployed.versions = rounds, versions


@pytest.fixture(scope="module")
def anvil() -> Any:
    """The URL of a node of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    binary = Path(__file__).parents[2] / "node_modules" / ".bin" / "anvil"
    command = [str(binary), "--host", "127.0.0.1", "--port", str(port), "--hardfork", "cancun", "--silent"]
    node = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert node.poll() is None, "anvil has stopped"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        node.terminate()
        node.wait(timeout=20)
