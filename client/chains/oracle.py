"""What a risk oracle does: check the table it has computed against its schema, and sign the hash of its cells.

Oracles sign cells, never points: a folded point is as powerful as a verifying key, a table is only numbers that anyone
can compute again. The signature is EIP-712, so that wallets and key servers show what they sign.
"""

from __future__ import annotations

from typing import Any

from ...circuits.model import Table
from ...circuits.schema import Schema
from ...contracts.encoding import risk_table_digest
from ...contracts.records import OracleSignature
from ...kernel.arguments import ADDRESS, BYTES, Kind, a, below, takes
from ...kernel.errors import InputError

__all__ = ["risk_table_message", "sign_digest", "sign_risk_table"]

_DIGEST = Kind("32 bytes", lambda value: isinstance(value, bytes) and len(value) == 32)
_CHAIN = below(256, "a chain's id, a whole number below 2^256")
_TIME = below(64, "a whole number below 2^64")
_DEADLINE = below(256, "unix seconds, a whole number below 2^256")
_FIELDS = (("schema", "bytes32"), ("round", "uint64"), ("timestamp", "uint64"), ("table", "bytes32"))


@takes(
    private_key=BYTES,
    schema=a("a Schema", Schema),
    table=a("a Table", Table),
    chain_id=_CHAIN,
    board=ADDRESS,
    timestamp=_TIME,
    deadline=_DEADLINE,
)
def sign_risk_table(
    private_key: bytes, schema: Schema, table: Table, *, chain_id: int, board: str, timestamp: int, deadline: int
) -> OracleSignature:
    """Return an oracle's signature of a market table at a board.

    Raises InputError with code "schema" for a table outside its schema, "bad-key" for a key that is none.
    """
    schema.check_table(table)
    digest = risk_table_digest(
        chain_id,
        board,
        schema.hash,
        round_=table.number,
        timestamp=timestamp,
        table=schema.table_hash(table),
        deadline=deadline,
    )
    return sign_digest(private_key, digest)


@takes(private_key=BYTES, digest=_DIGEST)
def sign_digest(private_key: bytes, digest: bytes) -> OracleSignature:
    """Return the ECDSA signature of a digest, and whose it is. Raises InputError for a key that is none."""
    from eth_account import Account

    try:
        account = Account.from_key(private_key)
    except Exception:  # its text and its frames may hold the key: nothing of it goes on
        raise InputError("an oracle's key is 32 bytes below the curve's order", code="bad-key") from None
    return OracleSignature(account.address.lower(), bytes(account.unsafe_sign_hash(digest).signature))


@takes(
    chain_id=_CHAIN,
    board=ADDRESS,
    schema_hash=_DIGEST,
    round_=_TIME,
    timestamp=_TIME,
    table=_DIGEST,
    deadline=_DEADLINE,
)
def risk_table_message(
    chain_id: int, board: str, schema_hash: bytes, *, round_: int, timestamp: int, table: bytes, deadline: int
) -> dict[str, Any]:
    """Return what is signed as EIP-712 JSON, for wallets and key servers."""
    domain = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain],
            "RiskTable": [{"name": name, "type": kind} for name, kind in (*_FIELDS, ("deadline", "uint256"))],
        },
        "primaryType": "RiskTable",
        "domain": {"name": "zkmargin RiskBoard", "version": "1", "chainId": chain_id, "verifyingContract": board},
        "message": {
            "schema": "0x" + schema_hash.hex(),
            "round": round_,
            "timestamp": timestamp,
            "table": "0x" + table.hex(),
            "deadline": deadline,
        },
    }
