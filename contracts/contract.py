"""A deployed contract, spoken to as one sender: what every binding is built on.

Methods encode, send and decode; reverts come back as `errors.NAME`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, Self

from .artifact import load_artifact
from .chain import Chain, Receipt, Reverted
from .encoding import keccak
from .errors import contract_error
from .faults import NoContract

__all__ = ["Contract", "abi_function", "decode", "encode"]


class Contract:
    """A deployed contract on a chain, spoken to as one sender."""

    artifact: ClassVar[str]

    def __init__(self, chain: Chain, address: str, sender: str) -> None:
        """Bind an address; nothing is sent."""
        self.chain = chain
        self.address = address
        self.sender = sender

    @classmethod
    def _deploy(cls, chain: Chain, sender: str, *arguments: object) -> Self:
        """Create the contract."""
        made = load_artifact(cls.artifact)
        encoded = encode([_type(part) for part in made.constructor_inputs()], arguments)
        try:
            return cls(chain, chain.deploy(made.bytecode + encoded, sender), sender)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None

    def as_sender(self, sender: str) -> Self:
        """Return the same contract, spoken to by another sender."""
        return type(self)(self.chain, self.address, sender)

    def data(self, function: str, *arguments: object) -> bytes:
        """Return the calldata of a function."""
        selector, inputs, _ = abi_function(self.artifact, function)
        return selector + encode(list(inputs), arguments)

    def read(self, function: str, *arguments: object) -> Any:  # noqa: ANN401
        """Call a view function: its one answer, or the tuple of its answers. Raises `errors.NAME`, `ChainFault`."""
        _, _, outputs = abi_function(self.artifact, function)
        try:
            answer = self.chain.call(self.address, self.data(function, *arguments), self.sender)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None
        if len(answer) % 32 == 4:  # no ABI answer: old nodes hand out revert data as if it were one
            raise contract_error(answer)
        try:
            decoded = decode(list(outputs), answer)
        except Exception as error:  # eth-abi's own, and what broken text raises in it
            raise NoContract(f"{self.address} does not answer {function} as a {self.artifact} does") from error
        return decoded[0] if len(decoded) == 1 else decoded

    def send(self, function: str, *arguments: object, gas: int | None = None) -> Receipt:
        """Send a transaction. Raises `errors.NAME` when the contract refuses, `ChainFault` for all else."""
        try:
            return self.chain.transact(self.address, self.data(function, *arguments), self.sender, gas)
        except Reverted as refusal:
            raise contract_error(refusal.data) from None


@cache
def abi_function(artifact: str, name: str) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
    """Selector, argument types, answer types."""
    entry = load_artifact(artifact).entry("function", name)
    inputs = tuple(_type(part) for part in entry["inputs"])
    outputs = tuple(_type(part) for part in entry["outputs"])
    return keccak(f"{name}({','.join(inputs)})".encode())[:4], inputs, outputs


def _type(part: dict[str, Any]) -> str:
    """Return the canonical type of an argument, structs as tuples."""
    kind: str = part["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(one) for one in part["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def encode(types: list[str], values: Sequence[Any]) -> bytes:
    """ABI-encode arguments."""
    from eth_abi import abi

    return bytes(abi.encode(types, list(values)))


def decode(types: list[str], data: bytes) -> tuple[Any, ...]:
    """ABI-decode answers."""
    from eth_abi import abi

    return tuple(abi.decode(types, data))
