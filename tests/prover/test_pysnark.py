"""PySNARK programs on this prover: with a stand-in for its runtime, and with PySNARK itself where it is installed."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from zkmargin.kernel import R

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
COMMAND = "import sys; from zkmargin.client.commands.app import run; sys.exit(run(sys.argv[1:]))"
INSTALLED = find_spec("pysnark") is not None
REAL = pytest.param("real", marks=pytest.mark.skipif(not INSTALLED, reason="PySNARK is on no index"))
ON_ANY = pytest.mark.parametrize("runtime", ["stand-in", "real"] if INSTALLED else ["stand-in"])


def python(*arguments, runtime="stand-in", **variables):
    """Run our Python in a process of its own, so that no runtime stays behind in this one."""
    environment = {**os.environ, **variables}
    if runtime == "stand-in":
        environment["PYTHONPATH"] = str(HERE / "standin")
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def prove(program, *arguments, runtime="stand-in"):
    """Run a program by our command; return exit code, document and what was printed beside it."""
    made = python("-c", COMMAND, "groth16", "pysnark", PROGRAMS / program, *arguments, "--json", runtime=runtime)
    return made.returncode, json.loads(made.stdout), made.stderr


def command_of(files):
    return [files[name] for name in ("verification_key", "public", "proof")]


@pytest.mark.parametrize("runtime", ["stand-in", REAL])
def test_a_program_is_proved_and_snarkjs_agrees(runtime, tmp_path, snarkjs, command):
    folder, wtns = tmp_path / "proof", tmp_path / "secret.wtns"
    code, answer, said = prove("cube.py", "-o", folder, "--witness", wtns, "3", runtime=runtime)
    assert (code, answer["ok"], answer["development"]) == (0, True, True)
    assert answer["public"] == ["3", "27", str(R - 4)]
    assert "the cube is 27" in said
    assert command("groth16", "verify", *command_of(answer["files"]), "--allow-development") == (0, {"ok": True})
    assert snarkjs("groth16", "verify", *command_of(answer["files"]))
    assert command("groth16", "check", answer["files"]["r1cs"], wtns)[1]["constraints"] == answer["constraints"]
    assert wtns.stat().st_mode & 0o777 == 0o600
    assert not list(folder.glob("*.wtns"))


def test_a_key_serves_its_circuit_again_and_no_other(tmp_path):
    folder = tmp_path / "proof"
    files = prove("cube.py", "-o", folder, "3")[1]["files"]
    zkey = Path(files["zkey"])
    first = zkey.stat().st_mtime_ns
    assert prove("cube.py", "-o", folder, "4")[1]["public"][:2] == ["4", "64"]
    assert zkey.stat().st_mtime_ns == first
    own = Path(files["verification_key"]).read_text()
    Path(files["verification_key"]).write_text(own.replace("vk_beta_2", "vk_beta"))
    assert prove("cube.py", "-o", folder, "4")[1]["error"]["code"] == "bad-format"
    Path(files["verification_key"]).write_text(own)
    assert python(PROGRAMS / "alone.py", folder).returncode == 0
    assert zkey.stat().st_mtime_ns != first


@ON_ANY
def test_a_program_that_fails_proves_nothing_and_tells_no_value(runtime, tmp_path):
    code, answer, said = prove("fails.py", "-o", tmp_path / "proof", runtime=runtime)
    assert (code, answer["error"]["code"], answer["error"]["line"]) == (2, "program-failed", 5)
    assert not (tmp_path / "proof").exists()
    assert "987654321" not in json.dumps(answer) + said


@ON_ANY
def test_a_false_constraint_is_named_by_its_line(runtime, tmp_path):
    code, answer, said = prove("lies.py", "-o", tmp_path / "proof", runtime=runtime)
    assert (code, answer) == (1, {"ok": False, "reason": "unsatisfied"})
    plain = python("-c", COMMAND, "groth16", "pysnark", PROGRAMS / "lies.py", "-o", tmp_path / "proof", runtime=runtime)
    assert (plain.returncode, plain.stdout) == (1, "")
    assert "breaks constraint 1, which ties hidden.0 (asked for at lies.py:7)" in plain.stderr
    assert not (tmp_path / "proof").exists()
    assert "987654321" not in said + plain.stderr


@ON_ANY
def test_a_program_may_choose_this_prover_itself(runtime, tmp_path, snarkjs, command):
    folder = tmp_path / "proof"
    made = python(PROGRAMS / "alone.py", folder, runtime=runtime)
    assert (made.returncode, "Traceback" in made.stderr) == (0, False), made.stderr
    assert json.loads((folder / "public.json").read_text()) == ["42"]
    files = [folder / f"{name}.json" for name in ("verification_key", "public", "proof")]
    assert command("groth16", "verify", *files, "--allow-development") == (0, {"ok": True})
    assert snarkjs("groth16", "verify", *files)


@pytest.mark.parametrize(
    ("program", "code"), [("elsewhere.py", "other-backend"), ("plain.py", "no-pysnark"), ("absent.py", "bad-file")]
)
def test_a_program_that_cannot_be_proved_says_why(program, code, tmp_path):
    exit_code, answer, _ = prove(program, "-o", tmp_path / "proof")
    assert (exit_code, answer["error"]["code"]) == (2, code)
    assert not (tmp_path / "proof").exists()


def test_without_pysnark_the_command_says_so(tmp_path):
    hide = "import importlib.util; importlib.util.find_spec = lambda name: None; "
    made = python("-c", hide + COMMAND, "groth16", "pysnark", PROGRAMS / "cube.py", "-o", tmp_path / "proof", "--json")
    assert (made.returncode, json.loads(made.stdout)["error"]["code"]) == (2, "no-pysnark")


def test_a_runtime_that_has_chosen_already_is_left_alone(tmp_path):
    code = "import pysnark.runtime; from zkmargin.prover.pysnark import use; use(None)"
    made = python("-c", code, PYSNARK_BACKEND="nobackend")
    assert made.returncode == 1
    assert "has chosen its backend" in made.stderr


def test_nothing_of_pysnark_is_imported_until_asked():
    loads = "import sys, zkmargin.prover.pysnark, zkmargin.client.commands.app"
    code = f"{loads}; print([n for n in sys.modules if 'pysnark' in n])"
    made = python("-c", code)
    assert made.stdout.strip() == "['zkmargin.prover.pysnark']"
