"""Any circom user's files: a proof from a `.zkey` and a `.wtns`, and its verification, as snarkjs would."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from ...kernel import Proof, VerifyingKey, load_key, prove, public_inputs, read_wtns, verify
from ...kernel.errors import FormatError, MismatchError, ProofRejected
from ...kernel.files import opened, write_file
from ...kernel.strict_json import read_json
from ...verifier.proof_files import proof_json, public_json, read_public
from ...verifier.statement_keys import refuse_development

__all__ = ["Proved", "prove_files", "verify_files"]

_ZKEY_COEFFICIENTS = 4
_RECORD = 44  # matrix, constraint and signal as u32, then a value of 32 bytes


@dataclass(frozen=True)
class Proved:
    """What was proved: the circuit's constraints, its public inputs, and milliseconds spent."""

    constraints: int
    public: int
    timings_ms: dict[str, float]


def prove_files(zkey: Path, witness: Path, proof: Path, public: Path) -> Proved:
    """Prove a `.wtns` under a `.zkey` and write proof and public inputs as JSON, verified before.

    Raises FileError, FormatError, MismatchError when key and witness are of different circuits, Unsatisfied when the
    witness breaks a constraint.
    """
    start = perf_counter()
    key, values = load_key(zkey), read_wtns(witness)
    if len(values) != 32 * key.n_variables:
        raise MismatchError("the witness is another circuit's than the key", file=str(witness))
    timings = {"load": 1e3 * (perf_counter() - start)}
    made = prove(key, values, timings=timings)
    stated = public_inputs(key, values)
    write_file(public, public_json(stated))
    write_file(proof, proof_json(made))
    return Proved(_constraints(zkey, key.n_public), key.n_public, timings)


def verify_files(verifying_key: Path, public: Path, proof: Path, *, allow_development: bool = False) -> None:
    """Raise ProofRejected unless the proof holds; FileError, FormatError when a file cannot be used.

    A development key is refused unless it is allowed (code "development-key").
    """
    key = VerifyingKey.from_json(read_json(verifying_key, padded=True))
    refuse_development(key, allowed=allow_development)
    stated = read_public(public)
    claimed = Proof.from_json(read_json(proof, padded=True))
    try:
        holds = verify(key, stated, claimed)
    except FormatError as error:
        if error.code.startswith(("proof-", "input-")):
            raise ProofRejected(f"the proof is malformed: {error.message}") from None
        raise
    if not holds:
        raise ProofRejected("the proof does not prove this statement")


def _constraints(zkey: Path, n_public: int) -> int:
    """Return the circuit's constraints: the key's rows without the one added for each public input and the 1."""
    last = 0
    with opened(zkey) as file:
        file.seek(8)
        (count,) = struct.unpack("<I", file.read(4))
        for _ in range(count):
            kind, size = struct.unpack("<IQ", file.read(12))
            if kind != _ZKEY_COEFFICIENTS:
                file.seek(size, 1)
                continue
            content = file.read(size)
            rows = struct.iter_unpack("<4xI36x", content[4 : 4 + (len(content) - 4) // _RECORD * _RECORD])
            last = max((row for (row,) in rows), default=0)
            break
    return last - n_public
