"""Circuits written elsewhere: what a `.r1cs` holds, and which constraint a witness breaks first.

Names come from the `.sym` beside the file where there is one. Nothing here shows a value of a witness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..kernel.errors import MismatchError
from ..kernel.files import read_file, reading
from ..kernel.words import from_words
from .compiler.simplify import linear_rows
from .compiler.system import ConstraintSystem
from .r1cs import read_r1cs, read_sym
from .stats import domain_size, estimate

__all__ = ["Broken", "ForeignStats", "first_broken", "foreign_stats", "load_r1cs", "witness_values"]


@dataclass(frozen=True)
class Broken:
    """A constraint that a witness breaks: its number and the names of the wires it ties together."""

    constraint: int
    wires: tuple[str, ...]


@dataclass(frozen=True)
class ForeignStats:
    """A circuit's size. `linear` constraints multiply nothing; `unused` wires are in no constraint."""

    constraints: int
    linear: int
    wires: int
    public: tuple[str, ...]
    nonzeros: int
    unused: int
    unused_public: tuple[str, ...]
    domain: int
    estimates: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """Return the document of `groth16 stats --json`."""
        return {
            "schema": "zkmargin/r1cs-stats/1",
            "ok": True,
            "constraints": self.constraints,
            "linear": self.linear,
            "wires": self.wires,
            "public": list(self.public),
            "nonzeros": self.nonzeros,
            "unused": self.unused,
            "unused_public": list(self.unused_public),
            "domain": self.domain,
            "estimates": self.estimates,
        }


def load_r1cs(path: Path) -> ConstraintSystem:
    """Read an `.r1cs`, with the wires' names where a `.sym` of the same name stands beside it.

    Raises FileError when a file cannot be read, FormatError when it is malformed.
    """
    with reading(path):
        system = read_r1cs(read_file(path, magic=b"r1cs"))
    names = path.with_suffix(".sym")
    if names.exists() and names != path:
        with reading(names):
            read_sym(read_file(names), system)
    return system


def witness_values(system: ConstraintSystem, witness: bytes) -> list[int]:
    """Return a witness's values, wire by wire. Raises MismatchError when it is another circuit's."""
    if len(witness) != 32 * system.wires:
        raise MismatchError(f"the circuit has {system.wires} wires, the witness {len(witness) // 32}")
    return from_words(witness)


def first_broken(system: ConstraintSystem, values: Sequence[int]) -> Broken | None:
    """Return the first constraint that a full witness breaks, None when it satisfies them all."""
    number = next(system.unsatisfied(values), None)
    if number is None:
        return None
    wires = sorted({wire for part in system.row(number) for wire in part if wire})
    return Broken(number, tuple(system.names[wire] for wire in wires))


def foreign_stats(system: ConstraintSystem) -> ForeignStats:
    """Count a circuit up."""
    used = bytearray(system.wires)
    for pool in (system.a, system.b, system.c):
        for wire in pool.wires:
            used[wire] = 1
    first_hidden = 1 + len(system.public)
    domain = domain_size(system)
    return ForeignStats(
        constraints=system.rows,
        linear=len(linear_rows(system)),
        wires=system.wires,
        public=system.public,
        nonzeros=system.nonzeros,
        unused=used.count(0, 1),
        unused_public=tuple(system.names[wire] for wire in range(1, first_hidden) if not used[wire]),
        domain=domain,
        estimates=estimate(system.wires, domain),
    )
