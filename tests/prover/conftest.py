"""snarkjs and circom as processes, and the byte builder of the circuits' tests."""

import importlib.util
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from zkmargin.client.commands.app import run

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "node_modules"
SOURCES = Path(__file__).parent / "circom"
INPUTS = {
    "multiplier": {"factor": ["3", "5", "17"]},
    "comparator": {"limit": "1200", "memo": "77", "balance": "52000"},
    "outputs": {"price": "211", "size": "40", "spare": "9", "rate": "3"},
    "hidden": {"x": "13", "y": "8"},
}


def node(*arguments, folder=None):
    command = ["node", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=120)


@pytest.fixture(scope="session")
def snarkjs():
    """Return a function that runs snarkjs and returns whether it agreed."""
    return lambda *arguments: node(MODULES / "snarkjs" / "build" / "cli.cjs", *arguments).returncode == 0


@pytest.fixture(scope="session")
def circom(tmp_path_factory):
    """Return a function that compiles a circuit with circom and makes a witness: a folder of its files."""

    @cache
    def compiled(name, level="--O1"):
        folder = tmp_path_factory.mktemp(f"{name}{level}")
        (folder / f"{name}.circom").write_text((SOURCES / f"{name}.circom").read_text())
        options = (f"{name}.circom", "--r1cs", "--sym", "--wasm", level)
        made = node(MODULES / "circom2" / "cli.js", *options, folder=folder)
        assert made.returncode == 0, made.stdout + made.stderr
        (folder / "input.json").write_text(json.dumps(INPUTS[name]))
        script = folder / f"{name}_js"
        made = node(
            script / "generate_witness.js", script / f"{name}.wasm", "input.json", f"{name}.wtns", folder=folder
        )
        assert made.returncode == 0, made.stdout + made.stderr
        return folder

    return compiled


@pytest.fixture(scope="session")
def circom_bytes():
    """Return the byte builder of the circuits' tests."""
    path = Path(__file__).parents[1] / "circuits" / "circom_bytes.py"
    spec = importlib.util.spec_from_file_location("zkmargin_tests_circom_bytes", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def command(capsys):
    """Return a function that runs a command line of ours in this process: its exit code and its document."""

    def ask(*arguments):
        capsys.readouterr()
        code = run([*map(str, arguments), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return ask
