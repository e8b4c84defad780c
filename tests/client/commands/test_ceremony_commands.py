"""The ceremony's commands: what they answer, what they refuse, and that nobody's randomness is shown (K1, K2)."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
CANARY = "dice 4 4 1 6 2 canary"


def _helper(name, path):
    spec = importlib.util.spec_from_file_location(f"zkmargin_ceremony_commands_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def files(tmp_path_factory, seed):
    """A circuit and powers of tau for it."""
    folder = tmp_path_factory.mktemp("ceremony")
    circuits = _helper("circuits", TESTS / "kernel" / "circuits.py")
    powers = _helper("powers", TESTS / "prover" / "ceremony" / "powers.py")
    secrets = random.Random(seed)
    (folder / "small.r1cs").write_bytes(circuits.small_circuit().r1cs())
    made = powers.make_powers(4, *(secrets.randrange(1 << 200) for _ in range(3)))
    (folder / "powers.ptau").write_bytes(made.to_bytes())
    (folder / "dice.txt").write_text(CANARY)
    return folder


def test_a_ceremony_from_start_to_finish(zkmargin, files, tmp_path):
    directory, said = tmp_path / "c", []

    def ceremony(*arguments, code=0):
        answer = zkmargin("ceremony", *arguments, "--json")
        assert answer.code == code, answer.err + answer.out
        said.append(answer.out + answer.err)
        return answer.json

    begun = ceremony("start", directory, files / "small.r1cs", "--ptau", files / "powers.ptau")
    assert (begun["step"], begun["contributors"]) == (0, [])
    assert ceremony("finish", directory, code=2)["error"]["code"] == "ceremony"
    assert ceremony("beacon", directory, "0x00ff", code=2)["error"]["code"] == "ceremony"
    assert ceremony("contribute", directory, code=2)["error"]["code"] == "usage"
    ceremony("contribute", directory, "--name", "Ada", "--entropy", files / "dice.txt")
    assert ceremony("finish", directory, code=2)["error"]["code"] == "ceremony"

    sent = directory / "small" / "circuit_0001.zkey"
    alone = ceremony("contribute", sent, "--name", "Bob", "-o", tmp_path / "bob.zkey")
    assert [each["name"] for each in alone["contributions"]] == ["Ada", "Bob"]
    taken = ceremony("contribute", directory, "--theirs", tmp_path / "bob.zkey")
    assert taken["circuits"]["small"]["contribution"] == alone["contributions"][1]["hash"]
    assert ceremony("verify", directory)["complete"] is False
    for bad in (["xyz"], ["00", "--exponent", "9"], ["0x"]):
        ceremony("beacon", directory, *bad, code=2)
    ceremony("beacon", directory, "0x00ff", "--exponent", "10")
    verified = ceremony("verify", directory)
    assert (verified["complete"], verified["contributors"]) == (True, ["Ada", "Bob"])
    made = ceremony("finish", directory)
    assert made["development"] is False
    key = Path(made["circuits"]["small"]["files"]["circuit.zkey"])
    single = ceremony("verify", key, "--r1cs", files / "small.r1cs", "--ptau", files / "powers.ptau")
    assert [each["beacon"] for each in single["contributions"]] == [False, False, True]

    spoiled = bytearray(key.read_bytes())
    spoiled[len(spoiled) // 2] ^= 1
    key.write_bytes(spoiled)
    assert ceremony("verify", directory, code=1)["reason"] == "ceremony-rejected"
    single = ceremony("verify", key, "--r1cs", files / "small.r1cs", "--ptau", files / "powers.ptau", code=1)
    assert single["reason"] == "ceremony-rejected"
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or CANARY.encode() not in path.read_bytes()
    assert CANARY not in "".join(said)


def test_setup_from_powers_makes_a_key_that_nobody_can_use_yet(zkmargin, files, folder, tmp_path):
    circuit = tmp_path / "circuit"
    zkmargin("compile", folder / "parameters-small.json", "--statement", "sufficiency", "-o", circuit)
    for wrong in ([], ["--development", "--ptau", files / "powers.ptau"]):
        assert zkmargin("setup", circuit, *wrong).code == 2
    answer = zkmargin("setup", circuit, "--ptau", files / "powers.ptau", "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "ptau-too-small"
    assert not list(circuit.glob("*.ptau")) + list(circuit.glob("*.zkey")) + list(circuit.glob("transcript.json"))

    compiled = tmp_path / "alone"
    compiled.mkdir()
    (compiled / "circuit.r1cs").write_bytes((files / "small.r1cs").read_bytes())
    answer = zkmargin("setup", compiled, "--ptau", files / "powers.ptau", "--json")
    assert answer.code == 2
    started = zkmargin("ceremony", "start", tmp_path / "c", files / "small.r1cs", "--ptau", files / "powers.ptau")
    assert started.code == 0
    initial = tmp_path / "c" / "small" / "circuit_0000.zkey"
    witness = tmp_path / "w.wtns"
    witness.write_bytes(b"wtns")
    answer = zkmargin("groth16", "prove", initial, witness, tmp_path / "p.json", tmp_path / "i.json", "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "key-uncontributed"


def test_entropy_typed_in_is_read_and_not_shown(files, tmp_path):
    run = [sys.executable, "-c", "from zkmargin.client.commands.app import main; main()", "ceremony"]
    start = [*run, "start", str(tmp_path / "c"), str(files / "small.r1cs"), "--ptau", str(files / "powers.ptau")]
    assert subprocess.run(start, check=False, capture_output=True, timeout=60).returncode == 0
    give = [*run, "contribute", str(tmp_path / "c"), "--name", "Ada", "--entropy", "-"]
    done = subprocess.run(give, check=False, capture_output=True, timeout=60, input=CANARY.encode())
    assert done.returncode == 0, done.stderr
    assert CANARY.encode() not in done.stdout + done.stderr
