"""`receipt.json`: what a prover says of a proof, for people and archives. A verifier believes none of it.

Whatever of it can be held against proof, key and tables is; one wrong word and the proof is refused, for somebody was
to be deceived by it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..circuits.model import LEVELS, Table
from ..contracts.encoding import keccak, proof_words
from ..kernel import Proof
from ..kernel.errors import FileError, ProofRejected
from ..kernel.strict_json import parse_json
from .keys import CircuitKey

__all__ = ["Receipt", "make_receipt", "proof_hash"]

SCHEMA = "zkmargin/receipt/1"
_HASHES = ("rule_hash", "key_id", "commitment", "context", "proof_hash")
_WORDS = ("statement", "rule", "key", "credit", "margin", "made_at")
_NUMBERS = ("round", "version")
_HASH = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_CREDIT = re.compile(r"0|[1-9]\d{0,19}", re.ASCII)


@dataclass(frozen=True)
class Receipt:
    """What was proved, when, about what; hashes and the commitment as 0x and 64 digits, the credit decimal.

    `margin` is the level of the parameter table, `box` the class of a price box, `tables` the hashes of market and
    parameters as posted, `round` and `version` their numbers, `proof_hash` keccak256 of the proof's eight words.
    """

    statement: str
    rule: str
    rule_hash: str
    key_id: str
    key: str
    commitment: str
    credit: str
    context: str
    margin: str
    box: str | None
    round: int
    version: int
    tables: dict[str, str]
    proof_hash: str
    made_at: str

    def to_bytes(self) -> bytes:
        """Return the bytes of `receipt.json`."""
        return (json.dumps({"schema": SCHEMA, **self.__dict__}, indent=1) + "\n").encode()

    @classmethod
    def parse(cls, data: bytes, path: Path) -> Receipt:
        """Read a `receipt.json`. Raises ProofRejected (code "schema") when it is none."""
        try:
            content = parse_json(data, path)
        except FileError as error:
            raise ProofRejected(f"the receipt beside the proof is none: {error.message}", code="schema") from None
        if not _formed(content):
            raise ProofRejected("the receipt beside the proof is none of this version", code="schema")
        return cls(**{name: value for name, value in content.items() if name != "schema"})


def make_receipt(
    key: CircuitKey,
    proof: Proof,
    public: tuple[int, ...],
    tables: tuple[Table, Table],
    *,
    margin: str,
    box: str | None = None,
) -> Receipt:
    """Return the receipt of a proof under `key` about a market and a parameter table."""
    market, parameters = tables
    commitment, credit, context = public[:3]
    manifest = key.manifest
    return Receipt(
        statement=manifest.statement,
        rule=manifest.rule,
        rule_hash=manifest.rule_hash,
        key_id=key.key_id,
        key=key.kind,
        commitment=word(commitment),
        credit=str(credit),
        context=word(context),
        margin=margin,
        box=box,
        round=market.number,
        version=parameters.number,
        tables={table.name: "0x" + manifest.schema.table_hash(table).hex() for table in tables},
        proof_hash=proof_hash(proof),
        made_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def word(value: int) -> str:
    """Return a public input as 0x and 64 digits."""
    return f"0x{value:064x}"


def proof_hash(proof: Proof) -> str:
    """Return keccak256 of a proof's eight words, as contracts take them.

    It tells which proof a receipt is of and nothing more: anyone can turn a proof into another of the same statement.
    """
    return "0x" + keccak(b"".join(value.to_bytes(32, "big") for value in proof_words(proof))).hex()


def _formed(content: Any) -> bool:  # noqa: ANN401 - a stranger's JSON
    names = {"schema", "box", "tables", *_HASHES, *_WORDS, *_NUMBERS}
    if not isinstance(content, dict) or set(content) != names or content["schema"] != SCHEMA:
        return False
    tables, box = content["tables"], content["box"]
    return (
        isinstance(tables, dict)
        and set(tables) == {"market", "parameters"}
        and all(isinstance(content[name], str) for name in _WORDS)
        and all(isinstance(text, str) and _HASH.fullmatch(text) for text in tables.values())
        and all(isinstance(content[name], str) and _HASH.fullmatch(content[name]) for name in _HASHES)
        and all(type(content[name]) is int and 0 <= content[name] < 1 << 64 for name in _NUMBERS)
        and (box is None or (isinstance(box, str) and 0 < len(box) <= 64))
        and content["margin"] in LEVELS
        and content["key"] in ("ceremony", "development")
        and bool(_CREDIT.fullmatch(content["credit"]))
        and bool(_TIME.fullmatch(content["made_at"]))
    )
