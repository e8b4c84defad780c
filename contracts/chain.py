"""What the bindings need of a chain, and what a chain answers.

`client` has two: an embedded EVM and a node behind JSON-RPC. Addresses are "0x" strings, data is bytes, times are unix
seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..kernel.errors import ContractError
from .faults import OutOfGas

__all__ = ["Chain", "Halted", "Log", "OutOfGas", "Receipt", "Reverted"]


@dataclass(frozen=True)
class Log:
    """One event as a chain keeps it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction that was not refused; `contract` is the address of a created contract."""

    gas_used: int
    logs: tuple[Log, ...]
    contract: str | None = None


class Reverted(ContractError):
    """A call or transaction reverted; `data` is what the contract said, undecoded."""

    code = "reverted"

    def __init__(self, data: bytes) -> None:
        """Keep the revert data."""
        super().__init__(f"reverted with 0x{data.hex()}" if data else "reverted without a reason")
        self.data = data


class Halted(ContractError):
    """A contract's code stopped without refusing: an instruction that is none, a jump to nowhere."""

    code = "halted"


class Chain(Protocol):
    """A chain that contracts are deployed on and called at.

    A contract's refusal is `Reverted`, everything else that goes wrong a `faults.ChainFault`, `OutOfGas` among them.
    """

    @property
    def chain_id(self) -> int:
        """The chain's id; 31337 is a development chain."""

    def now(self) -> int:
        """Return the time that a transaction sent now would see, at least."""

    def deploy(self, bytecode: bytes, sender: str) -> str:
        """Create a contract and return its address. Raises `Reverted`, `Halted`, `ChainFault`."""

    def call(self, to: str, data: bytes, sender: str) -> bytes:
        """Return what a call answers, without a transaction. Raises `Reverted`, `Halted`, `ChainFault`."""

    def transact(self, to: str, data: bytes, sender: str, gas: int | None = None) -> Receipt:
        """Send a transaction and wait for it. Raises `Reverted`, `Halted`, `ChainFault`."""
