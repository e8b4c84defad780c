"""What the contracts take and tell, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STATUSES", "Account", "BatchItem", "GateSettings", "OracleSignature", "ProofArgs", "TableInput"]

STATUSES = ("none", "covered", "lapsed", "flagged")


@dataclass(frozen=True)
class TableInput:
    """One table among a circuit's public inputs; `first` counts inputs from 1, so it is an index of IC points."""

    first: int
    length: int
    starts_from_ic0: bool
    source: str
    schema_hash: bytes
    schema_words_hash: bytes


@dataclass(frozen=True)
class BatchItem:
    """One proof of a registry's batch: its words, its single inputs, its tables and the y of their folded points."""

    proof: Sequence[int]
    singles: Sequence[int]
    table_ids: Sequence[bytes] = ()
    ys: Sequence[int] = ()


@dataclass(frozen=True)
class OracleSignature:
    """What one risk oracle says of a table: its address, and 65 bytes or what its ERC-1271 contract accepts."""

    oracle: str
    signature: bytes


@dataclass(frozen=True)
class ProofArgs:
    """A proof for the gate and what it speaks of; `market_y` and `parameters_y` are the y of the folded points."""

    round: int
    version: int
    nonce: int
    deadline: int
    proof: Sequence[int]
    market_y: int
    parameters_y: int


@dataclass(frozen=True)
class GateSettings:
    """What a gate is built on: addresses, circuit ids, rounds and seconds."""

    registry: str
    board: str
    book: str
    sufficiency_circuit: bytes
    shortfall_circuit: bytes
    round_window: int
    certificate_duration: int
    grace: int
    trusted_opening: bool


@dataclass(frozen=True)
class Account:
    """An account as the gate keeps it; `status` is one of `STATUSES`, times are unix seconds."""

    commitment: int
    owner: str
    status: str
    nonce: int
    expiry: int
    round: int
    version: int
    lapsed_at: int
    flag_round: int
