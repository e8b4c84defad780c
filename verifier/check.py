"""Checking a proof off chain: the pairing, and that every public cell is inside the schema.

The second half is not a formality. A circuit is sound only for tables inside its schema: with a price of r − 1, read
as −1, anyone proves anything. A verification without the schema check (snarkjs' own, for one) proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..circuits.model import CREDIT_BITS, Table
from ..circuits.schema import Schema
from ..circuits.statements.margin import SINGLES
from ..kernel import Proof, R, verify
from ..kernel.decimal_strings import decimal_strings
from ..kernel.errors import FormatError, InputError, ProofRejected
from ..kernel.files import reading
from ..kernel.strict_json import read_json
from .keys import CircuitKey

__all__ = [
    "CONTEXT_BITS",
    "Verified",
    "check_public",
    "check_statement",
    "read_proof",
    "verify_files",
    "verify_statement",
]

CONTEXT_BITS = 248


@dataclass(frozen=True)
class Verified:
    """What a valid proof says: its single inputs, its tables' cells, and the tables' hashes where they were given.

    A circuit's folder says itself what its key proves: compare `circuit_id` with the one you were told.
    """

    commitment: int
    credit: int
    context: int
    tables: dict[str, tuple[int, ...]]
    hashes: dict[str, str]
    statement: str
    circuit_id: str


def check_public(schema: Schema, public: Sequence[int]) -> dict[str, Table]:
    """Return the tables inside the public inputs, every input checked against the schema.

    Raises ProofRejected (code "schema") for a wrong count, a value that is not canonical, a credit or context too wide,
    a cell outside its range or order. The tables' numbers are unknown here (0).
    """
    tables, first = {}, len(SINGLES)
    try:
        for name, cells in schema.tables:
            tables[name] = Table(name, 0, tuple(public[first : first + len(cells)]))
            first += len(cells)
        if len(public) != first:
            raise InputError(f"there are {len(public)} public inputs, not {first}")
        commitment, credit, context = public[: len(SINGLES)]
        if not (0 <= commitment < R and 0 <= credit < 1 << CREDIT_BITS and 0 <= context < 1 << CONTEXT_BITS):
            raise InputError("the commitment, credit or context is out of range")
        for table in tables.values():
            schema.check_table(table)
    except InputError as error:
        raise ProofRejected(f"the proof speaks of impossible public inputs: {error}", code="schema") from error
    return tables


def check_statement(key: CircuitKey, public: Sequence[int], tables: Sequence[Table] = ()) -> Verified:
    """Return what a proof with these public inputs would say: everything but the pairing is checked.

    Raises ProofRejected with code schema or table-mismatch.
    """
    schema = key.manifest.schema
    inside = check_public(schema, public)
    hashes = {}
    for table in tables:
        if table.name not in inside or inside[table.name].cells != table.cells:
            raise ProofRejected(f"the proof speaks of another {table.name} table", code="table-mismatch")
        hashes[table.name] = "0x" + schema.table_hash(table).hex()
    commitment, credit, context = public[: len(SINGLES)]
    cells = {name: table.cells for name, table in inside.items()}
    return Verified(commitment, credit, context, cells, hashes, key.manifest.statement, key.circuit_id)


def verify_statement(key: CircuitKey, public: Sequence[int], proof: Proof, tables: Sequence[Table] = ()) -> Verified:
    """Check a proof of `key`'s statement: schema first, then the given tables' cells, then the pairing.

    Raises ProofRejected with code schema, table-mismatch or proof-rejected.
    """
    said = check_statement(key, public, tables)
    try:
        holds = verify(key.verifying_key, public, proof)
    except FormatError as error:
        raise ProofRejected(f"the proof is malformed: {error}") from error
    if not holds:
        raise ProofRejected("the proof does not prove this statement")
    return said


def read_proof(directory: Path) -> tuple[list[int], Proof]:
    """Return the public inputs and the proof of a folder. Raises FileError, FormatError."""
    proof = Proof.from_json(read_json(directory / "proof.json"))
    return _public(directory / "public.json"), proof


def verify_files(
    proof_directory: Path,
    circuit_directory: Path,
    market: Table | None = None,
    parameters: Table | None = None,
) -> Verified:
    """Check `proof.json` and `public.json` of one folder under the key of another.

    Raises FileError, FormatError, MismatchError for files that cannot be used, ProofRejected for a proof that fails.
    """
    key = CircuitKey.load(circuit_directory)
    public, proof = read_proof(proof_directory)
    return verify_statement(key, public, proof, [table for table in (market, parameters) if table is not None])


def _public(path: Path) -> list[int]:
    with reading(path):
        return decimal_strings(read_json(path), "public.json", "bad-public")
