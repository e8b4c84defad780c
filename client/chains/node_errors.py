"""What a node's error means: decided by its data and its code; by its words only where nodes give nothing else.

Data first: revert data, wherever a node has put it, are a refusal. Then codes that mean one thing on every node. Codes
of the server range (-32000 to -32099) mean different things on different nodes (-32005 is a rate limit by EIP-1474 and
a gas limit to Besu; geth says nearly everything under -32000), so there, and only there, the sentences that the clients
are known to begin with are looked up in a closed table; what begins with none of them has the code's usual meaning.
"""

from __future__ import annotations

import re
from typing import Any

from ...contracts.chain import Halted, Reverted
from ...contracts.faults import (
    AccountLocked,
    BadAnswer,
    ChainFault,
    FeeTooLow,
    GasLimitExceeded,
    InsufficientFunds,
    MethodMissing,
    NodeBehind,
    NodeInternal,
    NodeRefused,
    NodeTimeout,
    NodeUnauthorized,
    NonceTooHigh,
    NonceTooLow,
    OutOfGas,
    RateLimited,
    ReplacementUnderpriced,
    TransactionKnown,
    TransactionRejected,
    WrongChain,
)
from ...kernel.errors import ContractError

__all__ = ["http_fault", "node_error", "shown"]

_Kind = type[ChainFault] | type[Reverted] | type[Halted]

# Codes that mean one thing wherever they are used.
_CODES: dict[int, _Kind] = {
    3: Reverted,  # geth and who follows it
    -32601: MethodMissing,  # JSON-RPC 2.0
    -38010: NonceTooLow,  # execution-apis
    -38011: NonceTooHigh,
    -38012: FeeTooLow,
    -38013: OutOfGas,
    -38014: InsufficientFunds,
    -38015: GasLimitExceeded,
    -38026: RateLimited,
    -39001: NodeBehind,
}

# What a code usually means, where the words are in no row below: EIP-1474, then what services and clients add to it.
_USUAL: dict[int, _Kind] = {
    -32700: NodeRefused,
    -32600: NodeRefused,
    -32602: NodeRefused,
    -32603: NodeInternal,
    -32000: NodeRefused,
    -32001: NodeBehind,
    -32002: NodeTimeout,
    -32003: TransactionRejected,
    -32004: MethodMissing,
    -32005: RateLimited,
    -32007: RateLimited,
    -32010: TransactionRejected,
    -32015: Halted,
    -32020: AccountLocked,
    -32021: AccountLocked,
    -32029: RateLimited,
    -32090: RateLimited,
}

# How the clients' sentences begin, in small letters.
_WORDS: dict[_Kind, tuple[str, ...]] = {
    Reverted: ("execution reverted", "transaction reverted", "reverted", "revert"),
    Halted: (
        *("invalid opcode", "invalid jump destination", "stack underflow", "stack limit reached", "write protection"),
        *("bad instruction", "bad jump destination", "out of stack"),  # OpenEthereum
        *(
            "opcodenotfound",
            "invalidfeopcode",
            "invalidjump",
            "notactivated",
            "stackunderflow",
            "stackoverflow",
        ),  # revm
        *("outofoffset", "createcollision", "nonceoverflow", "createcontractsizelimit", "createcontractstartingwithef"),
        *("createinitcodesizelimit", "calltoodeep", "statechangeduringstaticcall", "callnotallowedinsidestatic"),
    ),
    OutOfGas: (
        *("out of gas", "gas required exceeds allowance", "intrinsic gas too low"),  # geth, erigon, reth, anvil
        *("contract creation code storage out of gas", "gas uint64 overflow"),
        *("intrinsic gas exceeds gas limit", "call gas cost exceeds the gas limit"),  # Besu, revm
        *("transaction ran out of gas", "transaction requires at least"),  # Hardhat
        *("outofgas", "memoryoog", "memorylimitoog", "precompileoog", "invalidoperandoog", "reentrancysentryoog"),
        *("base fee exceeds gas limit", "transaction gas is too low"),  # Ganache, OpenEthereum
    ),
    GasLimitExceeded: (
        *("exceeds block gas limit", "transaction gas limit too high", "gas limit reached"),  # geth
        *("transaction gas limit exceeds block gas limit", "transaction gas limit is", "gaslimitexceeded"),
        *("caller gas limit exceeds the block gas limit", "intrinsic gas too high"),  # revm, anvil
        *("transaction cost exceeds current gas limit", "block gas limit exceeded"),
    ),
    InsufficientFunds: (
        *("insufficient funds", "insufficient balance for transfer"),  # geth, erigon, reth, anvil, OpenEthereum
        *("insufficientfunds", "upfront cost exceeds account balance", "transaction up-front cost"),  # Nethermind, Besu
        *("sender doesn't have enough funds to send tx", "lack of funds"),  # Hardhat, Ganache, revm
    ),
    FeeTooLow: (
        *("transaction underpriced", "max fee per gas less than block base fee", "fee cap less than block base fee"),
        *("feetoolow", "feetoolowtocompete", "gas price below configured minimum gas price"),  # Nethermind, Besu
        *("transaction maxfeepergas (", "transaction gasprice (", "gas price is less than basefee"),  # Hardhat, revm
        "transaction gas price is too low",
    ),
    ReplacementUnderpriced: (
        *("replacement transaction underpriced", "could not replace existing tx", "replacementnotallowed"),
        "transaction gas price supplied is too low",  # OpenEthereum
    ),
    NonceTooLow: ("nonce too low", "oldnonce", "transaction nonce is too low"),
    NonceTooHigh: (
        "nonce too high",
        "noncegap",
        "nonce gap",
        "nonce too far in future",
        "transaction nonce is too high",
    ),
    TransactionKnown: (
        *("already known", "alreadyknown", "known transaction"),
        *("transaction already imported", "transaction with the same hash was already imported"),
    ),
    AccountLocked: (
        *("authentication needed", "unknown account", "account is locked", "no signer available"),
        "sender account not recognized",  # Ganache
    ),
    WrongChain: (
        *("invalid sender", "invalid chain id", "invalid chainid", "chain id mismatch", "incompatible eip155"),
        "trying to send an incompatible eip-155 transaction",  # Hardhat
    ),
    NodeBehind: (
        *("header not found", "block not found", "unknown block", "missing trie node", "header for hash not found"),
        *("blockoutofrangeerror", "block height is", "received invalid block tag"),  # anvil, Hardhat
        *("world state unavailable", "world state not available", "required historical state unavailable"),
        *("historical state", "no state available for block", "state at block", "resource not found"),
        *("cannot query unfinalized data", "node is syncing", "node is not synced"),
    ),
    RateLimited: (
        *("rate limit exceeded", "rate limited", "too many requests", "over rate limit", "request rate limited"),
        *("daily request count exceeded", "project id request rate exceeded", "request limit reached"),
        "your app has exceeded its compute units per second capacity",
    ),
    NodeTimeout: ("request timed out", "execution aborted (timeout", "context deadline exceeded"),
    TransactionRejected: ("sender account not authorized to send transactions",),
}
_SENTENCES = sorted(
    ((words, kind) for kind, rows in _WORDS.items() for words in rows), key=lambda row: len(row[0]), reverse=True
)

# What clients put in front of those sentences.
_BEFORE = re.compile(
    r"(?:err(?:or)?: |internal_error: |already_exists: |vm exception while processing transaction: "
    r"|evm error:? |failed with \d+ gas: |-32\d{3}: )+"
)
_WRONG_NONCE = re.compile(r"the tx doesn't have the correct nonce\. account has nonce of: (\d+) tx has nonce of: (\d+)")

_HEX = re.compile(r"0x(?:[0-9a-f]{2})*", re.IGNORECASE)
_HOLDS_DATA = ("data", "result", "return", "output")
_HOLDS_ERROR = ("data", "originalError", "error", "cause")
_HASH = re.compile(r"0x[0-9a-f]{64}", re.IGNORECASE)
_DEEPEST = 6
_MOST_WORDS = 200


def node_error(error: Any) -> ChainFault | ContractError:  # noqa: ANN401
    """Return what the `error` of a node's answer means, whatever it is."""
    fields = error if isinstance(error, dict) else {"message": error}
    code, words = _code(fields.get("code")), _words(fields)
    if code is not None and 400 <= code < 600:
        return http_fault(code)
    kind = _CODES.get(code) if code is not None else None
    data = _revert_data(fields)
    if data and kind in (None, Reverted) and _USUAL.get(code or 0) is not RateLimited:
        return Reverted(data)
    if kind is None:
        kind = _kind_of(words)
    if kind is None and data is not None and code in (None, -32000, -32003, -32015, -32603):
        kind = Reverted
    if kind is None:
        kind = _USUAL.get(code, NodeRefused) if code is not None else NodeRefused
    if kind is Reverted:
        return Reverted(data or b"")
    said = shown(str(fields.get("message", "")))
    if issubclass(kind, ChainFault):
        return kind(said=said if kind in (NodeRefused, NodeInternal, TransactionRejected, MethodMissing) else "")
    return Halted(f"the contract's code stopped: {said}")


def http_fault(status: int, wait: float = 0.0) -> ChainFault:
    """Return what an HTTP status other than 200 means, `wait` being the seconds that it asks to wait."""
    if status == 429:
        return RateLimited(wait=wait)
    if status in (401, 402, 403, 407):
        return NodeUnauthorized()
    if status in (408, 504):
        return NodeTimeout()
    if status < 400 or status in (404, 405):  # a page that is not there, or lies elsewhere: no node's
        return BadAnswer(said=f"HTTP {status}")
    if status >= 500:
        return NodeInternal(said=f"HTTP {status}")
    return NodeRefused(said=f"HTTP {status}")


def shown(text: str) -> str:
    """Return what a node said in one line of printable characters that is not too long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _MOST_WORDS else line[: _MOST_WORDS - 3] + "..."


def _code(given: object) -> int | None:
    """Return a code, which some services write as a string."""
    if isinstance(given, str) and re.fullmatch(r"-?\d{1,9}", given, re.ASCII):
        return int(given)
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _words(fields: dict[str, Any]) -> list[str]:
    """Return the sentences of an error in small letters: its data's, which say more, and its message."""
    found = []
    for one in (fields.get("data"), fields.get("message")):
        inner = one.get("message") if isinstance(one, dict) else one
        if isinstance(inner, str):
            text = inner[:2000].strip().casefold()
            before = _BEFORE.match(text)
            found.append(text[before.end() :] if before else text)
    return found


def _kind_of(words: list[str]) -> _Kind | None:
    """Return the kind of the first sentence that begins as a client's does."""
    for text in words:
        if nonces := _WRONG_NONCE.match(text):
            return NonceTooLow if int(nonces[2]) < int(nonces[1]) else NonceTooHigh
        for begin, kind in _SENTENCES:
            after = text[len(begin) : len(begin) + 1]
            if text.startswith(begin) and not (after.isalnum() and begin[-1].isalnum()):
                return kind
    return None


def _revert_data(fields: dict[str, Any], depth: int = 0) -> bytes | None:
    """Return the revert data of an error, wherever a node has put them; None where there are none.

    geth, erigon, anvil: `data`. OpenEthereum and Nethermind: `data` with "Reverted " in front. Hardhat: `data.data`.
    Wallets and proxies: `data.originalError.data`. Ganache: `data.result`, or `data[transaction].return`.
    """
    empty = None
    for key, value in fields.items():
        found = None
        if isinstance(value, str) and key in _HOLDS_DATA:
            found = _bytes(value)
        elif isinstance(value, dict) and depth < _DEEPEST and (key in _HOLDS_ERROR or _HASH.fullmatch(key)):
            found = _revert_data(value, depth + 1)
        if found:
            return found
        empty = found if empty is None else empty
    return empty


def _bytes(text: str) -> bytes | None:
    """Return hexadecimal data, `Reverted` in front of it or not."""
    text = text.strip()
    if text[:8].casefold() == "reverted":
        text = text[8:].strip() or "0x"
    return bytes.fromhex(text[2:]) if _HEX.fullmatch(text) else None
