"""What the values in a node's answers have to look like: anything else is a `BadAnswer`, wherever it stands."""

from __future__ import annotations

import re
from typing import Any

from ...contracts.chain import Log
from ...contracts.faults import BadAnswer

__all__ = ["data_of", "hash_of", "hexed", "is_receipt", "log_of", "number_of"]

_HEX = re.compile(r"0x(?:[0-9a-f]{2})*", re.IGNORECASE)
_NUMBER = re.compile(r"0x[0-9a-f]{1,64}", re.IGNORECASE)


def is_receipt(found: Any, sent: str) -> bool:  # noqa: ANN401
    """Whether this is a receipt of a transaction, with all that is read of one."""
    if not isinstance(found, dict) or str(found.get("transactionHash", sent)).lower() != sent.lower():
        return False
    if found.get("blockNumber") is None:
        return True
    try:
        [log_of(entry) for entry in found["logs"]]
    except (BadAnswer, KeyError, TypeError):
        return False
    numbers = all(_is_number(found.get(key)) for key in ("blockNumber", "gasUsed", "status"))
    return numbers and isinstance(found.get("contractAddress"), str | None)


def hexed(data: bytes) -> str:
    """Bytes as JSON-RPC has them."""
    return "0x" + data.hex()


def _is_number(result: object) -> bool:
    return isinstance(result, str) and _NUMBER.fullmatch(result) is not None


def number_of(result: object) -> int:
    """Return a quantity. Raises BadAnswer when it is none."""
    if not _is_number(result):
        raise BadAnswer()
    return int(str(result), 16)


def data_of(result: object) -> bytes:
    """Return bytes. Raises BadAnswer when they are none."""
    if not isinstance(result, str) or not _HEX.fullmatch(result):
        raise BadAnswer()
    return bytes.fromhex(result[2:])


def hash_of(result: object) -> str:
    """Return a transaction's hash. Raises BadAnswer when it is none."""
    if len(data_of(result)) != 32:
        raise BadAnswer()
    return str(result)


def log_of(entry: Any) -> Log:  # noqa: ANN401
    """Convert an event as JSON-RPC has it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("topics"), list):
        raise BadAnswer()
    return Log(str(entry.get("address")).lower(), tuple(map(data_of, entry["topics"])), data_of(entry.get("data")))
