"""Solidity errors as Python exceptions: one table of every artifact's selectors.

`errors.NonceUsed` is the class of `error NonceUsed(uint256 expected, uint256 given)`; an instance has `.arguments`. One
table serves all contracts, because errors bubble up from one through another.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..kernel.errors import ContractError
from .artifact import artifact_names, load_artifact

__all__ = ["SolidityError", "contract_error", "error_class", "error_name", "error_names"]

_TEXT, _PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")


class SolidityError(ContractError):
    """A custom error of a contract: `name`, and `arguments` by their Solidity names."""

    name = "error"

    def __init__(self, arguments: dict[str, Any]) -> None:
        """Keep the arguments, bytes as "0x" strings."""
        listed = ", ".join(f"{key}={value}" for key, value in arguments.items())
        super().__init__(f"{self.name}({listed})")
        self.arguments = arguments


def contract_error(data: bytes) -> ContractError:
    """Return the exception for revert data: a `SolidityError` subclass, or a plain `ContractError` for the unknown."""
    from eth_abi.exceptions import DecodingError

    if not data:
        return ContractError("reverted without a reason", code="reverted")
    try:
        return _decoded(data[:4], data[4:]) or ContractError(
            f"reverted with an unknown error 0x{data.hex()}", code="reverted"
        )
    except (DecodingError, UnicodeDecodeError):
        return ContractError(f"reverted with malformed data 0x{data.hex()}", code="reverted")


def error_names() -> list[str]:
    """Return the names of all custom errors, sorted."""
    return sorted({kind.name for kind, _, _ in _table().values()})


def error_name(selector: bytes) -> str:
    """Return the name of the custom error with these 4 bytes; an unknown selector as "0x" digits."""
    known = _table().get(bytes(selector))
    return known[0].name if known is not None else "0x" + selector.hex()


def error_class(name: str) -> type[SolidityError]:
    """Return the class of a custom error. Raises `KeyError` for a name that no contract has."""
    for kind, _, _ in _table().values():
        if kind.name == name:
            return kind
    raise KeyError(name)


def __getattr__(name: str) -> type[SolidityError]:
    """Resolve `errors.NAME`."""
    try:
        return error_class(name)
    except KeyError:
        raise AttributeError(f"no contract has an error {name}") from None


@cache
def _table() -> dict[bytes, tuple[type[SolidityError], list[str], list[str]]]:
    """Map selectors to class, argument types, argument names. A test refuses two errors of one name."""
    table: dict[bytes, tuple[type[SolidityError], list[str], list[str]]] = {}
    for contract in artifact_names():
        artifact = load_artifact(contract)
        for signature, selector in artifact.errors.items():
            if selector in table:
                continue
            name = signature.split("(")[0]
            inputs = artifact.entry("error", name)["inputs"]
            kind = type(name, (SolidityError,), {"name": name, "code": _kebab(name), "__module__": __name__})
            table[selector] = (kind, [part["type"] for part in inputs], [part["name"] for part in inputs])
    return table


def _decoded(selector: bytes, body: bytes) -> ContractError | None:
    """Return the exception for a selector and its arguments, None when nobody knows the selector."""
    known = _table().get(selector)
    if known is not None:
        kind, types, keys = known
        return kind(dict(zip(keys, map(_plain, _decode(types, body)), strict=True)))
    if selector == _TEXT:
        return ContractError(f"reverted: {_decode(['string'], body)[0]}", code="reverted")
    if selector == _PANIC:
        return ContractError(f"panicked with code {_decode(['uint256'], body)[0]}", code="panic")
    return None


def _decode(types: list[str], body: bytes) -> tuple[Any, ...]:
    """ABI-decode arguments."""
    from eth_abi.abi import decode

    return tuple(decode(types, body))


def _plain(value: object) -> object:
    """Return bytes as a "0x" string, everything else as it is."""
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _kebab(name: str) -> str:
    """NonceUsed -> nonce-used; IC0 stays one word."""
    parts = [
        ("-" if index and char.isupper() and not name[index - 1].isupper() else "") + char.lower()
        for index, char in enumerate(name)
    ]
    return "".join(parts)
