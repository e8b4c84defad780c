"""Lost if these fail: two machines compile two circuits, and a key stops being the key of what the source says (S7)."""

import json
import os
import struct
import subprocess
import sys
from hashlib import sha256

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.statements.margin import STATEMENTS
from zkmargin.kernel import R

from ..conftest import SMALL, compiled

SCRIPT = """
import json, sys
from hashlib import sha256
from zkmargin.circuits.build import MANIFEST, compile_statement
from zkmargin.circuits.model import Shape
out = {}
for statement in ("sufficiency", "shortfall"):
    circuit = compile_statement("cross-margin", Shape(4, 2, 2, 2), statement)
    out[statement] = {name: sha256(data).hexdigest() for name, data in circuit.files.items()}
    out[statement]["manifest"] = circuit.manifest
print(json.dumps(out))
"""


def test_three_hash_seeds_and_two_processes_compile_the_same_bytes(tmp_path, tally):
    seen = []
    for seed in ("0", "1", "4242", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        seen.append(json.loads(run.stdout))
    assert all(other == seen[0] for other in seen)
    for statement in STATEMENTS:
        mine = compiled(statement)
        assert seen[0][statement]["manifest"] == json.loads(json.dumps(mine.manifest))
        for name, data in mine.files.items():
            assert seen[0][statement][name] == sha256(data).hexdigest()
    tally("S7", "compilations of both circuits, equal to the byte", 1 + len(seen))


def test_compiling_twice_in_one_process_gives_the_same_bytes():
    for statement in STATEMENTS:
        assert compile_statement("cross-margin", SMALL, statement).files == compiled(statement).files


def sections(data):
    assert data[:4] == b"r1cs"
    version, count = struct.unpack_from("<II", data, 4)
    assert version == 1
    at, found = 12, {}
    for _ in range(count):
        kind, size = struct.unpack_from("<IQ", data, at)
        found[kind] = data[at + 12 : at + 12 + size]
        at += 12 + size
    assert at == len(data)
    return found


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_r1cs_file_says_the_systems_rows(statement):
    """Read by a second reader, written from iden3's description of the format."""
    system = compiled(statement).system
    parts = sections(compiled(statement).files["circuit.r1cs"])
    header = parts[1]
    assert struct.unpack_from("<I", header) == (32,)
    assert int.from_bytes(header[4:36], "little") == R
    wires, outputs, public, private, labels, rows = struct.unpack_from("<IIIIQI", header, 36)
    assert (wires, outputs, public, private, labels, rows) == (
        system.wires,
        0,
        len(system.public),
        0,
        system.wires,
        system.rows,
    )
    assert parts[3] == struct.pack(f"<{wires}Q", *range(wires))
    data, at = parts[2], 0
    for number in range(rows):
        read = []
        for _ in range(3):
            (terms,) = struct.unpack_from("<I", data, at)
            at += 4
            combination = {}
            for _ in range(terms):
                (wire,) = struct.unpack_from("<I", data, at)
                value = int.from_bytes(data[at + 4 : at + 36], "little")
                assert 0 < value < R
                assert wire not in combination
                combination[wire] = value
                at += 36
            read.append(combination)
        assert tuple(read) == system.row(number)
    assert at == len(data)


def test_the_sym_file_names_every_wire_but_one():
    circuit = compiled("sufficiency")
    lines = circuit.files["circuit.sym"].decode().splitlines()
    assert lines[0] == "1,1,0,main.commitment"
    assert [line.split(",")[0] for line in lines] == [str(i) for i in range(1, circuit.system.wires)]
    names = [line.split(",")[3] for line in lines]
    assert len(set(names)) == len(names)
