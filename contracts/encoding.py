"""The bytes that contracts and Python must agree on: keys, proofs, tables' hashes, contexts, what oracles sign.

Points of the first group are pairs (x, y). Points of the second group come as the JSON files have them, ((x_re, x_im),
(y_re, y_im)), and leave as the precompiles read them: imaginary parts first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from Crypto.Hash import keccak as _keccak

from ..kernel.errors import InputError

__all__ = [
    "BOX_NONE",
    "CHUNK_BYTES",
    "INITIAL",
    "MAINTENANCE",
    "ProofLike",
    "VerifyingKeyLike",
    "account_id",
    "circuit_id",
    "context_of_certify",
    "context_of_flag",
    "context_of_open",
    "keccak",
    "key_bytes",
    "key_chunks",
    "label_bytes",
    "proof_words",
    "risk_table_digest",
    "table_hash",
]

CHUNK_BYTES = 376 * 64  # key bytes a data contract: 376 points of the first group
INITIAL, MAINTENANCE = 0, 1  # margin levels, as the contracts number them
BOX_NONE = 0  # box class of certificates that hold at the round's values only

_PointG1 = tuple[int, int]
_PointG2 = tuple[tuple[int, int], tuple[int, int]]


class VerifyingKeyLike(Protocol):
    """What a verifying key must offer: affine points as integers."""

    @property
    def alpha(self) -> _PointG1:
        """Alpha."""

    @property
    def beta(self) -> _PointG2:
        """Beta."""

    @property
    def gamma(self) -> _PointG2:
        """Gamma."""

    @property
    def delta(self) -> _PointG2:
        """Delta."""

    @property
    def ic(self) -> Sequence[_PointG1]:
        """One point, then one a public input."""


class ProofLike(Protocol):
    """What a proof must offer: affine points as integers."""

    @property
    def a(self) -> _PointG1:
        """A."""

    @property
    def b(self) -> _PointG2:
        """B."""

    @property
    def c(self) -> _PointG1:
        """C."""


def keccak(data: bytes) -> bytes:
    """Return keccak256 of the data, 32 bytes."""
    return _keccak.new(digest_bits=256, data=data).digest()


def key_bytes(key: VerifyingKeyLike) -> bytes:
    """Return a verifying key's bytes as deployed: alpha, beta, gamma, delta, IC_0, IC_1, ... in words of 32 bytes."""
    words = [*key.alpha, *_swapped(key.beta), *_swapped(key.gamma), *_swapped(key.delta)]
    for point in key.ic:
        words += point
    return _words(words)


def key_chunks(key: bytes) -> list[bytes]:
    """Cut key bytes into the pieces that data contracts hold."""
    return [key[start : start + CHUNK_BYTES] for start in range(0, len(key), CHUNK_BYTES)]


def circuit_id(key: bytes) -> bytes:
    """Return the id of the circuit with these key bytes, 32 bytes."""
    return keccak(key)


def proof_words(proof: ProofLike) -> list[int]:
    """Return the eight words of a proof as contracts take it: A.x, A.y, B.x_im, B.x_re, B.y_im, B.y_re, C.x, C.y."""
    return [*proof.a, *_swapped(proof.b), *proof.c]


def table_hash(schema_hash: bytes, number: int, cells: Iterable[int]) -> bytes:
    """Return a table's id: the keccak of schema hash, round or version, and cells, one word each."""
    return keccak(schema_hash + _words([number, *cells]))


def risk_table_digest(
    chain_id: int, board: str, schema_hash: bytes, *, round_: int, timestamp: int, table: bytes, deadline: int
) -> bytes:
    """Return what a risk oracle signs for a table: the EIP-712 digest of a RiskTable at a board on a chain."""
    domain = keccak(
        keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
        + keccak(b"zkmargin RiskBoard")
        + keccak(b"1")
        + _words([chain_id])
        + _address(board)
    )
    kind = keccak(b"RiskTable(bytes32 schema,uint64 round,uint64 timestamp,bytes32 table,uint256 deadline)")
    message = keccak(kind + schema_hash + _words([round_, timestamp]) + table + _words([deadline]))
    return keccak(b"\x19\x01" + domain + message)


def label_bytes(label: str | bytes) -> bytes:
    """Return an account's label as 32 bytes, padded at the right. Raises `InputError` when it is longer."""
    raw = label.encode() if isinstance(label, str) else label
    if len(raw) > 32:
        raise InputError("an account's label is longer than 32 bytes", code="bad-label")
    return raw.ljust(32, b"\0")


def account_id(owner: str, label: str | bytes) -> bytes:
    """Return the id of an owner's account: the keccak of address and label."""
    return keccak(_address(owner) + label_bytes(label))


def context_of_open(
    chain_id: int,
    gate: str,
    circuit: bytes,
    owner: str,
    label: str | bytes,
    commitment: int,
    *,
    round_: int,
    version: int,
    nonce: int,
    deadline: int,
) -> int:
    """Return the context of an opening proof, below 2^248; `circuit` is the sufficiency circuit's id."""
    arguments = keccak(_words([round_, BOX_NONE, version, INITIAL, commitment]))
    account = account_id(owner, label)
    return _context((chain_id, gate, circuit), account, "open", arguments + _words([0, nonce, deadline]))


def context_of_certify(
    chain_id: int,
    gate: str,
    circuit: bytes,
    account: bytes,
    commitment: int,
    *,
    round_: int,
    version: int,
    nonce: int,
    deadline: int,
) -> int:
    """Return the context of a renewal's proof, below 2^248; `circuit` is the sufficiency circuit's id."""
    arguments = keccak(_words([round_, BOX_NONE, version, MAINTENANCE]))
    return _context((chain_id, gate, circuit), account, "certify", arguments + _words([commitment, nonce, deadline]))


def context_of_flag(
    chain_id: int,
    gate: str,
    circuit: bytes,
    account: bytes,
    commitment: int,
    *,
    round_: int,
    version: int,
    nonce: int,
    deadline: int,
) -> int:
    """Return the context of a shortfall proof, below 2^248; `circuit` is the shortfall circuit's id."""
    arguments = keccak(_words([round_, BOX_NONE, version, MAINTENANCE]))
    return _context((chain_id, gate, circuit), account, "flag", arguments + _words([commitment, nonce, deadline]))


def _context(where: tuple[int, str, bytes], account: bytes, action: str, rest: bytes) -> int:
    """Hash abi.encode(tag, chain id, gate, circuit, account, action, hash of the arguments, ...), less its low byte."""
    chain_id, gate, circuit = where
    tag = b"zkmargin/context/1"
    place = _words([10 * 32, chain_id]) + _address(gate) + circuit
    text = _words([len(tag)]) + tag.ljust(32, b"\0")
    return int.from_bytes(keccak(place + account + label_bytes(action) + rest + text), "big") >> 8


def _address(address: str) -> bytes:
    """Return an address as a word."""
    return bytes.fromhex(address.removeprefix("0x")).rjust(32, b"\0")


def _swapped(point: _PointG2) -> tuple[int, int, int, int]:
    """Return a point of the second group with imaginary parts first."""
    (x_re, x_im), (y_re, y_im) = point
    return x_im, x_re, y_im, y_re


def _words(values: Iterable[int]) -> bytes:
    """Integers as big-endian words."""
    return b"".join(value.to_bytes(32, "big") for value in values)
