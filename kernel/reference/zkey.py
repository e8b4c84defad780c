"""iden3's Groth16 `.zkey`, read with every check of the native kernel, and written.

Coordinates stand in Montgomery form (times 2^256 mod Q), coefficients in Montgomery form twice.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from ..field import Q, R
from ..groth16_data import G1, G2, VerifyingKey
from ..sections import Sections, join_sections
from .curve import Point, alpha_beta, g1, g2, in_subgroup

__all__ = ["Coefficient", "Header", "ZkeyPoints", "join_zkey", "read_zkey"]

_MONTGOMERY = pow(2, 256, Q)
_FROM_MONTGOMERY = pow(_MONTGOMERY, -1, Q)
_TWICE = pow(2, 512, R)
_FROM_TWICE = pow(_TWICE, -1, R)

Coefficient = tuple[int, int, int, int]
"""Matrix (0 for A, 1 for B), row, wire, value."""


@dataclass(frozen=True)
class Header:
    """Sizes and the points that belong to no wire."""

    n_variables: int
    n_public: int
    domain_size: int
    alpha1: Point
    beta1: Point
    beta2: Point
    gamma2: Point
    delta1: Point
    delta2: Point


@dataclass(frozen=True)
class ZkeyPoints:
    """The points of each wire and row, as py_ecc points; `c` starts at the first private wire."""

    ic: list[Point]
    a: list[Point]
    b1: list[Point]
    b2: list[Point]
    c: list[Point]
    h: list[Point]


def join_zkey(header: Header, points: ZkeyPoints, coefficients: list[Coefficient]) -> bytes:
    """Return the bytes of a `.zkey` without contributions."""
    head = struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<I", 32) + R.to_bytes(32, "little")
    head += struct.pack("<III", header.n_variables, header.n_public, header.domain_size)
    head += _g1_bytes([header.alpha1, header.beta1]) + _g2_bytes([header.beta2, header.gamma2])
    head += _g1_bytes([header.delta1]) + _g2_bytes([header.delta2])
    entries = b"".join(
        struct.pack("<III", matrix, row, wire) + (value * _TWICE % R).to_bytes(32, "little")
        for matrix, row, wire, value in coefficients
    )
    sections = [
        (1, struct.pack("<I", 1)),
        (2, head),
        (3, _g1_bytes(points.ic)),
        (5, _g1_bytes(points.a)),
        (6, _g1_bytes(points.b1)),
        (8, _g1_bytes(points.c)),
        (9, _g1_bytes(points.h)),
        (7, _g2_bytes(points.b2)),
        (4, struct.pack("<I", len(coefficients)) + entries),
        # Circuit hash and contributions: both belong to ceremonies, this key has had none.
        (10, bytes(68)),
    ]
    return join_sections(b"zkey", 1, sections)


def read_zkey(data: bytes) -> tuple[Header, VerifyingKey, ZkeyPoints, list[Coefficient]]:
    """Parse and check the bytes of a `.zkey`; raises FormatError."""
    sections = Sections(data, magic=b"zkey", version=1, name="zkey")
    if sections.get(1) != struct.pack("<I", 1):
        raise sections.error("the zkey is not a Groth16 key")
    header = _read_header(sections)
    public, variables = header.n_public, header.n_variables
    ic = _read_g1(sections, 3, public + 1, "IC")
    points = ZkeyPoints(
        ic=ic,
        a=_read_g1(sections, 5, variables, "A"),
        b1=_read_g1(sections, 6, variables, "B1"),
        b2=[_g2_point(sections, chunk, "B2") for chunk in _chunks(sections.records(7, variables, 128), 128)],
        c=_read_g1(sections, 8, variables - public - 1, "C"),
        h=_read_g1(sections, 9, header.domain_size, "H"),
    )
    coefficients = _read_coefficients(sections, header)
    _check_public_rows(sections, header, coefficients)
    sections.get(10)
    return header, _verifying_key(sections, header, ic), points, coefficients


def _read_header(sections: Sections) -> Header:
    data = sections.get(2)
    fields = struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<I", 32) + R.to_bytes(32, "little")
    if not data.startswith(fields):
        raise sections.error("the zkey is not over BN254: its field differs")
    at = len(fields) + 12
    if len(data) != at + 3 * 64 + 3 * 128:
        raise sections.error("the zkey's header has the wrong length")
    n_variables, n_public, domain_size = struct.unpack_from("<III", data, len(fields))
    if n_public >= n_variables:
        raise sections.error("the zkey has more public inputs than wires")
    if n_variables > 1 << 28:
        raise sections.error("the zkey has more than 2^28 wires")
    if domain_size & (domain_size - 1) or not 2 <= domain_size <= 1 << 27:
        raise sections.error("the zkey's domain is not a power of two from 2 to 2^27")
    header = Header(
        n_variables,
        n_public,
        domain_size,
        alpha1=_g1_point(sections, data[at : at + 64], "alpha"),
        beta1=_g1_point(sections, data[at + 64 : at + 128], "beta"),
        beta2=_g2_point(sections, data[at + 128 : at + 256], "beta"),
        gamma2=_g2_point(sections, data[at + 256 : at + 384], "gamma"),
        delta1=_g1_point(sections, data[at + 384 : at + 448], "delta"),
        delta2=_g2_point(sections, data[at + 448 : at + 576], "delta"),
    )
    if g1.affine(header.beta1) is None or g1.affine(header.delta1) is None:
        raise sections.error("the zkey has beta or delta at infinity", "key-infinity")
    return header


def _verifying_key(sections: Sections, header: Header, ic: list[Point]) -> VerifyingKey:
    alpha = g1.affine(header.alpha1)
    beta, gamma, delta = (g2.affine(point) for point in (header.beta2, header.gamma2, header.delta2))
    inputs = [g1.affine(point) for point in ic]
    if alpha is None or beta is None or gamma is None or delta is None:
        raise sections.error("the key has alpha, beta, gamma or delta at infinity", "key-infinity")
    if not all(map(in_subgroup, (header.beta2, header.gamma2, header.delta2))):
        raise sections.error("a G2 point of the key is not in the prime subgroup", "key-subgroup")
    known = tuple(point for point in inputs if point is not None)
    if len(known) != len(inputs):
        raise sections.error("an input point (IC) of the key is missing or at infinity", "key-infinity")
    return VerifyingKey(alpha, beta, gamma, delta, known, alpha_beta(header.alpha1, header.beta2))


def _read_coefficients(sections: Sections, header: Header) -> list[Coefficient]:
    data = sections.get(4)
    if len(data) < 4 or len(data) - 4 != 44 * int.from_bytes(data[:4], "little"):
        raise sections.error("the zkey's coefficients do not fill their section")
    found = []
    for entry in _chunks(data[4:], 44):
        matrix, row, wire = struct.unpack_from("<III", entry)
        if matrix > 1 or row >= header.domain_size or wire >= header.n_variables:
            raise sections.error("a coefficient of the zkey stands outside its matrices")
        value = int.from_bytes(entry[12:], "little")
        if value >= R:
            raise sections.error("a coefficient of the zkey is not below the field's order")
        found.append((matrix, row, wire, value * _FROM_TWICE % R))
    return found


def _check_public_rows(sections: Sections, header: Header, coefficients: list[Coefficient]) -> None:
    first = max((row for _, row, _, _ in coefficients), default=0) - header.n_public
    last_rows = [entry for entry in coefficients if entry[1] >= first]
    if first < 0 or sorted(last_rows) != [(0, first + wire, wire, 1) for wire in range(header.n_public + 1)]:
        raise sections.error(
            "the zkey lacks the row that binds a public input: its proofs could be moved to other inputs",
            "key-unbound-input",
        )


def _chunks(data: bytes, width: int) -> Iterable[bytes]:
    return (data[at : at + width] for at in range(0, len(data), width))


def _coordinates(sections: Sections, data: bytes, name: str) -> list[int]:
    stored = [int.from_bytes(word, "little") for word in _chunks(data, 32)]
    if any(value >= Q for value in stored):
        raise sections.error(f"the zkey's {name} points hold a coordinate that is not below the field's modulus")
    return [value * _FROM_MONTGOMERY % Q for value in stored]


def _read_g1(sections: Sections, kind: int, count: int, name: str) -> list[Point]:
    return [_g1_point(sections, chunk, name) for chunk in _chunks(sections.records(kind, count, 64), 64)]


def _g1_point(sections: Sections, data: bytes, name: str) -> Point:
    x, y = _coordinates(sections, data, name)
    if x == y == 0:
        return g1.zero
    if (y * y - x * x * x - 3) % Q:
        raise sections.error(f"the zkey's {name} points hold a point that is not on its curve")
    return g1.point((x, y))


def _g2_point(sections: Sections, data: bytes, name: str) -> Point:
    x0, x1, y0, y1 = _coordinates(sections, data, name)
    if x0 == x1 == y0 == y1 == 0:
        return g2.zero
    point = g2.point(((x0, x1), (y0, y1)))
    if not g2.on_curve(point):
        raise sections.error(f"the zkey's {name} points hold a point that is not on its curve")
    return point


def _words(values: Iterable[int]) -> bytes:
    return b"".join((value * _MONTGOMERY % Q).to_bytes(32, "little") for value in values)


def _g1_bytes(points: list[Point]) -> bytes:
    affine: list[G1] = [g1.affine(point) or (0, 0) for point in points]
    return b"".join(map(_words, affine))


def _g2_bytes(points: list[Point]) -> bytes:
    affine: list[G2] = [g2.affine(point) or ((0, 0), (0, 0)) for point in points]
    return b"".join(_words((*x, *y)) for x, y in affine)
