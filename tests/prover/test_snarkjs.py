"""Our circuits in other people's hands: snarkjs checks the witness, verifies the proof, and proves from our key."""

import json
import subprocess
from pathlib import Path

import pytest

from zkmargin.circuits.build import compile_statement, write_circuit
from zkmargin.circuits.model import Holdings, Opening, Shape, Table
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.statements.commitment import draw_salt
from zkmargin.kernel import Proof, verify, write_wtns
from zkmargin.prover.prove import Prover
from zkmargin.prover.setup import development_setup

SNARKJS = Path(__file__).parents[2] / "node_modules" / ".bin" / "snarkjs"
SHAPES = {"small": Shape(4, 2, 2, 2), "full": Shape(16, 4, 4, 3)}


def snarkjs(*arguments):
    run = subprocess.run([str(SNARKJS), *map(str, arguments)], capture_output=True, text=True, check=False)
    return run.returncode == 0, run.stdout + run.stderr


def example(shape, statement):
    """Holdings that make the statement true, and tables inside the schema."""
    schema = cross_margin_schema(shape)
    market = Table("market", 7, tuple(c.offset + max(c.minimum, c.maximum // 5) for c in schema.cells("market")))
    parameters = Table("parameters", 3, tuple(c.offset + c.maximum // 60 for c in schema.cells("parameters")))
    cash = (1 << 61) if statement == "sufficiency" else -(1 << 61)
    sizes = tuple((-1) ** i * (1000 + i) for i in range(shape.positions))
    holdings = Holdings(cash, sizes, (5_000,) * shape.collateral, (70,) * shape.debts)
    return Opening(holdings, (1, 2), draw_salt()), market, parameters


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_snarkjs_agrees_with_every_file_we_write(shape, statement, tmp_path):
    directory = tmp_path / "circuit"
    write_circuit(compile_statement("cross-margin", SHAPES[shape], statement), directory)
    development_setup(directory)
    prover = Prover.load(directory)
    opening, market, parameters = example(SHAPES[shape], statement)
    proved = prover.prove(opening, market, parameters, credit=5, context=99)

    files = {
        name: tmp_path / name for name in ("proof.json", "public.json", "w.wtns", "their.json", "their_public.json")
    }
    files["proof.json"].write_text(json.dumps(proved.proof.as_json()))
    files["public.json"].write_text(json.dumps([str(value) for value in proved.public]))
    write_wtns(files["w.wtns"], proved.witness)
    key = directory / "verification_key.json"

    held, output = snarkjs("wtns", "check", directory / "circuit.r1cs", files["w.wtns"])
    assert held, output
    assert "WITNESS IS CORRECT" in output
    held, output = snarkjs("groth16", "verify", key, files["public.json"], files["proof.json"])
    assert held, output

    wrong = list(proved.public)
    wrong[2] += 1
    files["public.json"].write_text(json.dumps([str(value) for value in wrong]))
    held, _ = snarkjs("groth16", "verify", key, files["public.json"], files["proof.json"])
    assert not held

    held, output = snarkjs(
        "groth16", "prove", directory / "circuit.zkey", files["w.wtns"], files["their.json"], files["their_public.json"]
    )
    assert held, output
    theirs = Proof.from_json(json.loads(files["their.json"].read_text()))
    public = [int(value) for value in json.loads(files["their_public.json"].read_text())]
    assert public == list(proved.public)
    assert verify(prover.key.verifying_key, public, theirs)
