"""Integers as the 32-byte little-endian words that kernels exchange."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import FormatError
from .field import Q, R
from .groth16_data import G1, G2, Proof, VerifyingKey

__all__ = ["from_words", "g1_from", "g1_words", "g2_from", "g2_words", "key_words", "proof_words", "scalar_words"]


def from_words(data: bytes) -> list[int]:
    """Return the integers of `data`."""
    return [int.from_bytes(data[at : at + 32], "little") for at in range(0, len(data), 32)]


def scalar_words(values: Iterable[int], code: str = "bad-format") -> bytes:
    """Encode elements of the scalar field; raises FormatError with `code` when one is not canonical."""
    out = bytearray()
    for value in values:
        if not 0 <= value < R:
            raise FormatError("a number is not an element of the field", code=code)
        out += value.to_bytes(32, "little")
    return bytes(out)


def _coordinates(values: Iterable[int]) -> bytes:
    out = bytearray()
    for value in values:
        if not 0 <= value < Q:
            raise FormatError("a coordinate is not below the modulus", code="not-canonical")
        out += value.to_bytes(32, "little")
    return bytes(out)


def g1_words(point: G1 | None) -> bytes:
    """Encode a point of G1, infinity as zeros."""
    return bytes(64) if point is None else _coordinates(point)


def g2_words(point: G2 | None) -> bytes:
    """Encode a point of G2, infinity as zeros."""
    return bytes(128) if point is None else _coordinates((*point[0], *point[1]))


def g1_from(data: bytes) -> G1 | None:
    """Decode a point of G1."""
    x, y = from_words(data)
    return (x, y) if x or y else None


def g2_from(data: bytes) -> G2 | None:
    """Decode a point of G2."""
    x0, x1, y0, y1 = from_words(data)
    return ((x0, x1), (y0, y1)) if x0 or x1 or y0 or y1 else None


def proof_words(proof: Proof) -> bytes:
    """Encode A, B, C; raises FormatError when a coordinate is not canonical."""
    proof.check_canonical()
    return g1_words(proof.a) + g2_words(proof.b) + g1_words(proof.c)


def key_words(key: VerifyingKey) -> bytes:
    """Encode alpha, beta, gamma, delta and the input points."""
    fixed = g1_words(key.alpha) + g2_words(key.beta) + g2_words(key.gamma) + g2_words(key.delta)
    return fixed + b"".join(map(g1_words, key.ic))
