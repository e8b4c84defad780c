"""Keys and smaller files for circuits written elsewhere: plain `.r1cs` and `.wtns` in, plain iden3 files out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..circuits.compiler.simplify import Simplified, eliminate_linear
from ..circuits.compiler.system import ConstraintSystem
from ..circuits.foreign import first_broken, load_r1cs, witness_values
from ..circuits.r1cs import r1cs_bytes, sym_bytes
from ..kernel import VerifyingKey, development_secrets, read_wtns, setup, write_wtns
from ..kernel.arguments import PATH, takes
from ..kernel.errors import InputError, Unsatisfied
from ..kernel.files import write_file
from ..kernel.words import scalar_words

__all__ = ["BrokenConstraint", "ForeignKey", "check_files", "development_key", "simplify_files", "write_document"]


class BrokenConstraint(Unsatisfied):
    """A witness breaks a constraint: `constraint` is its number, `wires` are the names it ties together."""

    def __init__(self, constraint: int, wires: tuple[str, ...], *, file: str, where: str = "") -> None:
        """Say which constraint is broken, and which line of a program asked for it; no value is kept."""
        named = ", ".join(wires[:6]) + (f" and {len(wires) - 6} more" if len(wires) > 6 else "")
        place = f" (asked for at {where})" if where else ""
        super().__init__(
            f"the witness breaks constraint {constraint}, which ties {named or 'nothing'}{place}", file=file
        )
        self.constraint = constraint
        self.wires = wires


@dataclass(frozen=True)
class ForeignKey:
    """A key that was made, and the circuit it is for."""

    system: ConstraintSystem
    verifying_key: VerifyingKey


@takes(r1cs=PATH, zkey=PATH, verifying_key=PATH)
def development_key(r1cs: Path, zkey: Path, verifying_key: Path) -> ForeignKey:
    """Make the development key of any `.r1cs`: anyone can forge under it, and every loader here knows it.

    The file is read strictly first, so that what other tools read in two ways (a wire named twice, custom gates) gets
    no key. Raises FileError, FormatError, InputError when an output would overwrite the circuit.
    """
    _check_apart([r1cs], [zkey, verifying_key])
    system = load_r1cs(r1cs)
    secrets = development_secrets()
    key = setup(r1cs, zkey, tau=secrets.tau, alpha=secrets.alpha, beta=secrets.beta, delta=secrets.delta)
    write_document(verifying_key, key.as_json())
    return ForeignKey(system, key)


@takes(r1cs=PATH, witness=PATH)
def check_files(r1cs: Path, witness: Path) -> ConstraintSystem:
    """Return the circuit when a `.wtns` satisfies it.

    Raises BrokenConstraint naming the first broken constraint, MismatchError when the witness is another circuit's,
    FileError, FormatError.
    """
    return _satisfied(r1cs, witness)[0]


@takes(r1cs=PATH, witness=PATH, new_r1cs=PATH, new_witness=PATH)
def simplify_files(r1cs: Path, witness: Path, new_r1cs: Path, new_witness: Path) -> tuple[ConstraintSystem, Simplified]:
    """Write the circuit without the wires that linear constraints define, and the witness for it; `.sym` beside it.

    The same circuit always gives the same bytes, so one key serves every witness. Raises what `check_files` raises,
    InputError when an output would overwrite an input.
    """
    if not r1cs.name or not new_r1cs.name:
        raise InputError("a circuit's path names a file", code="usage")
    sym, new_sym = r1cs.with_suffix(".sym"), new_r1cs.with_suffix(".sym")
    _check_apart([r1cs, witness, sym], [new_r1cs, new_witness, new_sym])
    system, values = _satisfied(r1cs, witness)
    simplified = eliminate_linear(system)
    reduced = simplified.reduce(values)
    if first_broken(simplified.system, reduced) is not None:
        raise Unsatisfied("the simplified circuit refuses a witness that the circuit accepts: please report it")
    write_file(new_r1cs, r1cs_bytes(simplified.system), mode=0o644)
    write_file(new_sym, sym_bytes(simplified.system), mode=0o644)
    write_wtns(new_witness, scalar_words(reduced))
    return system, simplified


def write_document(path: Path, content: object) -> None:
    """Write JSON as every file of ours is written: whole or not at all."""
    write_file(path, (json.dumps(content, indent=1) + "\n").encode(), mode=0o644)


def _satisfied(r1cs: Path, witness: Path) -> tuple[ConstraintSystem, list[int]]:
    system = load_r1cs(r1cs)
    values = witness_values(system, read_wtns(witness))
    broken = first_broken(system, values)
    if broken is not None:
        raise BrokenConstraint(broken.constraint, broken.wires, file=str(r1cs))
    return system, values


def _check_apart(inputs: list[Path], outputs: list[Path]) -> None:
    taken = {path.resolve() for path in inputs}
    for path in outputs:
        if path.resolve() in taken:
            raise InputError("this output would overwrite another file of the command", code="usage", file=str(path))
        taken.add(path.resolve())
