"""Circuits of the benchmark with keys and witnesses: the files that every prover reads.

Two families, for what a witness holds decides as much as the size. `margin`: scalars half of which are bits. `hashes`:
Merkle trees and nothing else, every scalar of full size. What is in them is told: how many scalars are zero, one or
short, how many points are at infinity.

Accounts are drawn with a fixed seed. The same circuit keeps its key.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import hashes
import margin

from zkmargin.circuits.r1cs import r1cs_bytes
from zkmargin.kernel import R, development_secrets, load_program, setup, write_wtns
from zkmargin.kernel.sections import Sections

FAMILIES = {"margin": margin, "hashes": hashes}
POWERS = sorted(margin.POSITIONS)
QUERIES = {"A": (5, 64), "B1": (6, 64), "B2": (7, 128), "C": (8, 64)}
SHORT_BITS = 64


@dataclass(frozen=True)
class Files:
    """One circuit's files, and what is in them as printable figures."""

    name: str
    zkey: Path
    wtns: Path
    figures: dict[str, float | int]


def make(family: str, power: int, parent: Path) -> Files:
    """Write the files of a family's circuit whose key has 2^power rows."""
    folder = parent / f"{family}-{power}"
    folder.mkdir(parents=True, exist_ok=True)
    builder, draw = FAMILIES[family].circuit(power)
    r1cs, zkey, wtns = folder / "circuit.r1cs", folder / "circuit.zkey", folder / "witness.wtns"
    content = r1cs_bytes(builder.system)
    if not zkey.exists() or r1cs.read_bytes() != content:
        zkey.unlink(missing_ok=True)
        r1cs.write_bytes(content)
        secrets = development_secrets()
        setup(r1cs, zkey, tau=secrets.tau, alpha=secrets.alpha, beta=secrets.beta, delta=secrets.delta)
    witness = load_program(builder.program.to_bytes()).run(*draw(random.Random(power)))  # noqa: S311
    write_wtns(wtns, witness)
    return Files(f"{family} 2^{power}", zkey, wtns, figures(builder.system.rows, zkey, witness))


def figures(constraints: int, zkey: Path, witness: bytes) -> dict[str, float | int]:
    """Return counts, and shares of one: of the scalars by kind, of each query's points at infinity."""
    scalars = [int.from_bytes(witness[at : at + 32], "little") for at in range(0, len(witness), 32)]
    sections = Sections(zkey.read_bytes(), magic=b"zkey", version=1, name="zkey")
    header = sections.get(2)
    told: dict[str, float | int] = {
        "constraints": constraints,
        "domain": int.from_bytes(header[80:84], "little"),
        "public": int.from_bytes(header[76:80], "little"),
        "wires": len(scalars),
        "zeros": scalars.count(0) / len(scalars),
        "ones": scalars.count(1) / len(scalars),
        "short": sum(2 <= min(scalar, R - scalar) < 1 << SHORT_BITS for scalar in scalars) / len(scalars),
    }
    for name, (kind, width) in QUERIES.items():
        points = sections.get(kind)
        infinite = sum(not any(points[at : at + width]) for at in range(0, len(points), width))
        told[f"{name} at infinity"] = infinite * width / len(points)
    return {name: round(value, 3) for name, value in told.items()}
