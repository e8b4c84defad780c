"""Proving a margin statement: the engine decides, the witness program fills the wires, the kernel proves.

Every proof is verified before it is handed out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from ..circuits.build import Manifest
from ..circuits.model import CREDIT_BITS, Holdings, Opening, Table
from ..circuits.schema import Schema
from ..circuits.statements.commitment import commit
from ..circuits.statements.engine import evaluate
from ..kernel import Proof, ProvingKey, R, load_key, prove, public_inputs
from ..kernel.arguments import PATH, WHOLE, a, takes
from ..kernel.errors import InputError, Insufficient, MismatchError, NotShort
from ..verifier.check import CONTEXT_BITS
from ..verifier.keys import ZKEY, CircuitKey

__all__ = ["ProvedStatement", "Prover", "decide", "witness_bytes"]


@dataclass(frozen=True, repr=False)
class ProvedStatement:
    """A verified proof with its public inputs; `witness` is secret. Times are in milliseconds."""

    proof: Proof
    public: tuple[int, ...]
    witness: bytes
    timings_ms: dict[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Keep the witness out of logs and tracebacks."""
        return "ProvedStatement(…)"


def check_inputs(
    schema: Schema, opening: Opening, market: Table, parameters: Table, *, credit: int, context: int
) -> None:
    """Raise InputError unless every value is inside the schema: tables in order, holdings, key, salt, single inputs."""
    if (market.name, parameters.name) != ("market", "parameters"):
        raise InputError("the tables are not a market and its parameters, in this order", code="schema")
    for table in (market, parameters):
        schema.check_table(table)
    if not (0 <= credit < 1 << CREDIT_BITS):
        raise InputError(f"the credit does not fit {CREDIT_BITS} bits of money units", code="out-of-range")
    if not (0 <= context < 1 << CONTEXT_BITS):
        raise InputError(f"the context must be below 2^{CONTEXT_BITS}", code="out-of-range")
    key = opening.owner_key
    if not isinstance(key, tuple) or [type(value) for value in (*key, opening.salt)] != [int] * 3:
        raise InputError("the owner's key is two whole numbers, the salt one", code="wrong-type")
    if not all(0 <= value < R for value in (*key, opening.salt)):
        raise InputError("the owner's key or the salt is not a canonical field element", code="out-of-range")
    schema.fit(opening.holdings)


def decide(manifest: Manifest, holdings: Holdings, market: Table, parameters: Table, *, credit: int) -> None:
    """Raise Insufficient or NotShort, with the surplus as `surplus_units`, when the circuit's statement is false."""
    surplus = int(evaluate(manifest.schema, holdings, market, parameters, credit).surplus)
    if manifest.statement != "shortfall" and surplus < 0:
        raise Insufficient("the margin is not met: there is nothing to prove", surplus_units=surplus)
    if manifest.statement == "shortfall" and surplus >= 0:
        raise NotShort("the margin is met: there is no shortfall to prove", surplus_units=surplus)


def witness_bytes(
    manifest: Manifest, opening: Opening, market: Table, parameters: Table, *, credit: int, context: int
) -> bytes:
    """Return the honest witness, 32 little-endian bytes a wire.

    Raises InputError for values outside the schema, Unsatisfied when the statement is false.
    """
    check_inputs(manifest.schema, opening, market, parameters, credit=credit, context=context)
    return _filled(manifest, opening, market, parameters, credit=credit, context=context)


def _filled(
    manifest: Manifest, opening: Opening, market: Table, parameters: Table, *, credit: int, context: int
) -> bytes:
    public = (0, credit, context, *market.cells, *parameters.cells)
    hidden = (*opening.holdings.values, *opening.owner_key, opening.salt)
    return manifest.program.run(public, hidden)


class Prover:
    """A compiled circuit with its key, loaded once for any number of proofs."""

    def __init__(self, manifest: Manifest, key: ProvingKey, circuit_key: CircuitKey) -> None:
        """Keep what `load` has checked to belong together."""
        self.manifest = manifest
        self.key = key
        self.circuit_key = circuit_key

    @classmethod
    @takes(directory=PATH)
    def load(cls, directory: str | Path) -> Prover:
        """Load a circuit's folder. Raises FileError, FormatError, MismatchError when its files do not fit together."""
        directory = Path(directory)
        circuit_key = CircuitKey.load(directory, proving=True)
        manifest = circuit_key.manifest
        key = load_key(directory / ZKEY, digest=circuit_key.zkey_hash)
        counts = (key.n_public, key.n_variables)
        if counts != (manifest.counts["public"], manifest.counts["wires"]):
            raise MismatchError("the proving key is another circuit's", file=str(directory / ZKEY))
        if key.verifying_key != circuit_key.verifying_key:
            raise MismatchError("the proving key and the verifying key are not a pair", file=str(directory / ZKEY))
        return cls(manifest, key, circuit_key)

    @takes(
        opening=a("an Opening", Opening),
        market=a("a Table", Table),
        parameters=a("a Table", Table),
        credit=WHOLE,
        context=WHOLE,
    )
    def prove(
        self, opening: Opening, market: Table, parameters: Table, *, credit: int = 0, context: int = 0
    ) -> ProvedStatement:
        """Prove the circuit's statement of an opening at given tables, and verify the proof.

        Raises Insufficient or NotShort, with the surplus in the rule's smallest unit as `surplus_units`, when the
        statement is false; InputError when a value is outside the schema.
        """
        timings: dict[str, float] = {}
        start = perf_counter()
        check_inputs(self.manifest.schema, opening, market, parameters, credit=credit, context=context)
        decide(self.manifest, opening.holdings, market, parameters, credit=credit)
        witness = _filled(self.manifest, opening, market, parameters, credit=credit, context=context)
        timings["witness"] = 1e3 * (perf_counter() - start)
        proof = prove(self.key, witness, timings=timings)
        public = tuple(public_inputs(self.key, witness))
        asked = (commit(self.manifest.schema, opening), credit, context, *market.cells, *parameters.cells)
        if public != asked:
            raise MismatchError("the circuit's program stated other public inputs than it was asked to prove")
        return ProvedStatement(proof, public, witness, timings)
