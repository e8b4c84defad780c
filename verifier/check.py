"""Checking a proof off chain: everything that is accepted is said, and everything that is not said is refused.

The schema is not a formality. A circuit is sound only for tables inside its schema: with a price of r − 1, read as −1,
anyone proves anything. Neither is the credit: with a credit of the prover's choice a bankrupt account meets its margin.
A verification without these checks (snarkjs' own, for one) proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..circuits.model import BOX, CREDIT_BITS, Table
from ..circuits.schema import Schema
from ..circuits.statements.margin import SINGLES
from ..kernel import Proof, R, verify
from ..kernel.arguments import FLAG, PATH, TEXT, WHOLE, Kind, a, check, maybe, takes
from ..kernel.errors import FormatError, InputError, ProofRejected
from .keys import CircuitKey
from .notebook import facts
from .proof_files import ProofFiles, read_proof
from .receipt import Receipt, proof_hash, word
from .statement_keys import JudgedKey, judge_key

__all__ = [
    "CONTEXT_BITS",
    "Demands",
    "Verified",
    "check_public",
    "check_statement",
    "refuse_lies",
    "verify_files",
    "verify_statement",
]

CONTEXT_BITS = 248
_INTEGERS = Kind(
    "a list of whole numbers",
    lambda value: isinstance(value, list | tuple) and all(type(number) is int for number in value),
)
_TABLES = Kind("a tuple of Tables", lambda value: isinstance(value, tuple) and all(isinstance(t, Table) for t in value))


@dataclass(frozen=True)
class Demands:
    """What a verifier asks of a proof; all of it comes from the verifier, nothing from the proof.

    `tables` are the market and the parameter table it must be about; without them the prover chose the prices.
    `margin` is the level of that parameter table, `box` the class of the box that the market table is. `credit` is
    demanded exactly, in money units. A `commitment` or `context` of None may be any.
    """

    tables: tuple[Table, ...] = ()
    margin: str | None = None
    box: str | None = None
    credit: int = 0
    commitment: int | None = None
    context: int | None = None

    def __post_init__(self) -> None:
        """Refuse what nothing could meet, for a slip of the hand demands nothing. Raises InputError."""
        check("tables", self.tables, _TABLES)
        check("margin", self.margin, maybe(TEXT))
        check("box", self.box, maybe(TEXT))
        check("credit", self.credit, WHOLE)
        check("commitment", self.commitment, maybe(WHOLE))
        check("context", self.context, maybe(WHOLE))


@dataclass(frozen=True, repr=False)
class Verified:
    """What a valid proof says, and how far its word goes.

    `tied` is False where nothing ties the key to the statement, which is only claimed then. `margin`, `box`, `round`
    and `hashes` (name -> hash as posted) are the verifier's own tables'; None or empty where the prover chose them.
    `cells` are the tables inside the proof.
    """

    statement: str
    tied: bool
    rule: str
    key_id: str
    key: str
    contributors: tuple[str, ...]
    commitment: int
    credit: int
    context: int
    margin: str | None
    box: str | None
    round: int | None
    hashes: dict[str, str]
    cells: dict[str, tuple[int, ...]]

    def __repr__(self) -> str:
        """Say what was verified, and whether it is only claimed."""
        claimed = "" if self.tied else "claimed "
        return f"Verified({claimed}{self.statement} of {self.rule}, commitment {word(self.commitment)})"

    def _repr_html_(self) -> str:
        """Show everything that was verified; all of it is public."""
        said = self.as_json()
        statement = self.statement if self.tied else f"{self.statement} (claimed: nothing ties the key to it)"
        shown = {key: value for key, value in said.items() if key not in ("ok", "statement", "tables")}
        return facts("verified proof", {"statement": statement, **shown, **self.hashes})

    def as_json(self) -> dict[str, Any]:
        """Return the document of `zkmargin verify --json`."""
        return {
            "ok": True,
            "statement": self.statement if self.tied else {"claimed": self.statement},
            "rule": self.rule,
            "key_id": self.key_id,
            "key": self.key,
            "commitment": word(self.commitment),
            "credit": str(self.credit),
            "context": word(self.context),
            "margin": self.margin,
            "box": self.box,
            "round": self.round,
            "tables": self.hashes or None,
        }


@takes(schema=a("a Schema", Schema), public=_INTEGERS)
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


@takes(judged=a("a JudgedKey", JudgedKey), public=_INTEGERS, demands=a("Demands", Demands))
def check_statement(judged: JudgedKey, public: Sequence[int], demands: Demands) -> Verified:
    """Return what a proof with these public inputs would say: everything but the pairing is checked.

    Raises ProofRejected with code schema, table-mismatch, credit, commitment or context.
    """
    key = judged.key
    schema = key.manifest.schema
    inside = check_public(schema, public)
    for table in demands.tables:
        if table.name not in inside or inside[table.name].cells != table.cells:
            raise ProofRejected(f"the proof speaks of another {table.name} table", code="table-mismatch")
    commitment, credit, context = public[: len(SINGLES)]
    _demand("credit", credit, demands.credit, f"the proof counts a credit of {credit}, not {demands.credit}")
    _demand("commitment", commitment, demands.commitment, f"the proof is about the commitment {word(commitment)}")
    _demand("context", context, demands.context, f"the proof is bound to the context {context}")
    given = bool(demands.tables)
    return Verified(
        statement=key.manifest.statement,
        tied=judged.tied,
        rule=key.manifest.rule,
        key_id=key.key_id,
        key=key.kind,
        contributors=judged.contributors,
        commitment=commitment,
        credit=credit,
        context=context,
        margin=demands.margin if given else None,
        box=demands.box if given else None,
        round=next((table.number for table in demands.tables if table.name == "market"), None),
        hashes={table.name: "0x" + schema.table_hash(table).hex() for table in demands.tables},
        cells={name: table.cells for name, table in inside.items()},
    )


@takes(
    judged=a("a JudgedKey", JudgedKey),
    public=_INTEGERS,
    proof=a("a Proof", Proof),
    demands=a("Demands", Demands),
    receipt=maybe(a("a Receipt", Receipt)),
)
def verify_statement(
    judged: JudgedKey,
    public: Sequence[int],
    proof: Proof,
    demands: Demands = Demands(),
    receipt: Receipt | None = None,
) -> Verified:
    """Check a proof under a judged key: schema, demands, the pairing, and that the receipt beside it tells no lie.

    Raises ProofRejected with code schema, table-mismatch, credit, commitment, context, development-key or
    proof-rejected.
    """
    said = check_statement(judged, public, demands)
    try:
        holds = verify(judged.key.verifying_key, public, proof)
    except FormatError as error:
        raise ProofRejected(f"the proof is malformed: {error}") from error
    if not holds:
        raise ProofRejected("the proof does not prove this statement")
    if receipt is not None:
        refuse_lies(judged, said, proof, demands, receipt)
    return said


@takes(
    proof_directory=PATH,
    circuit_directory=PATH,
    demands=a("Demands", Demands),
    allow_development=FLAG,
    key_id=maybe(TEXT),
)
def verify_files(
    proof_directory: str | Path,
    circuit_directory: str | Path,
    demands: Demands = Demands(),
    *,
    allow_development: bool = False,
    key_id: str | None = None,
) -> Verified:
    """Check the proof in one folder under the key of another (`judge_key`), with the receipt where there is one.

    Raises FileError, FormatError, MismatchError for files that cannot be used, ProofRejected for a proof that fails.
    """
    judged = judge_key(CircuitKey.load(circuit_directory), allow_development=allow_development, key_id=key_id)
    files: ProofFiles = read_proof(Path(proof_directory))
    return verify_statement(judged, files.public, files.proof, demands, files.receipt)


def refuse_lies(judged: JudgedKey, said: Verified, proof: Proof, demands: Demands, receipt: Receipt) -> None:
    """Raise ProofRejected when a receipt says anything that a verified proof contradicts.

    The code is that of what it lies about: credit, commitment, context, table-mismatch for level, box, round, version
    and tables, development-key for the key's kind, and proof-rejected for statement, rule, key and proof.
    """
    manifest = judged.key.manifest
    truths: list[tuple[str, object, str]] = [
        ("statement", manifest.statement, "proof-rejected"),
        ("rule", manifest.rule, "proof-rejected"),
        ("rule_hash", manifest.rule_hash, "proof-rejected"),
        ("key_id", said.key_id, "proof-rejected"),
        ("key", said.key, "development-key"),
        ("commitment", word(said.commitment), "commitment"),
        ("credit", str(said.credit), "credit"),
        ("context", word(said.context), "context"),
        ("proof_hash", proof_hash(proof), "proof-rejected"),
        ("tables", _hashes(manifest.schema, said, receipt), "table-mismatch"),
    ]
    if demands.margin is not None:
        truths += [("margin", demands.margin, "table-mismatch"), ("box", demands.box, "table-mismatch")]
    elif (receipt.box is None) == (manifest.statement == BOX):
        truths.append(("box", None if manifest.statement != BOX else "a class of the parameters", "table-mismatch"))
    for table in demands.tables:
        truths.append(("round" if table.name == "market" else "version", table.number, "table-mismatch"))
    for name, truth, code in truths:
        if getattr(receipt, name) != truth:
            raise ProofRejected(
                f"the receipt beside the proof tells of another {name.replace('_', ' ')} than the proof", code=code
            )


def _hashes(schema: Schema, said: Verified, receipt: Receipt) -> dict[str, str]:
    """Return the hashes of the tables in the proof, at the numbers that the receipt says they have."""
    numbers = {"market": receipt.round, "parameters": receipt.version}
    return {
        name: "0x" + schema.table_hash(Table(name, numbers[name], cells)).hex() for name, cells in said.cells.items()
    }


def _demand(code: str, found: int, wanted: int | None, message: str) -> None:
    if wanted is not None and found != wanted:
        raise ProofRejected(message, code=code)
