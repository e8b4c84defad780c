"""Baby Jubjub, circomlib's: the twisted Edwards curve over BN254's scalar field that owner keys are points of.

a·x² + y² = 1 + d·x²·y² with a = 168700, d = 168696; cofactor 8. Plain integers, not constant in time: keys are made
here rarely, on their owner's machine, and nothing is signed.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

from .errors import InputError
from .field import R

__all__ = [
    "BASE8",
    "IDENTITY",
    "SECRET_BITS",
    "SUBGROUP_ORDER",
    "Point",
    "add",
    "check_owner_key",
    "draw_secret",
    "is_in_subgroup",
    "is_on_curve",
    "multiply",
    "public_key",
]

Point = tuple[int, int]

A = 168700
D = 168696
IDENTITY: Point = (0, 1)
SUBGROUP_ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041
BASE8: Point = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
"""The generator of the subgroup of prime order."""

SECRET_BITS = 251


def is_on_curve(point: Point) -> bool:
    """Whether the coordinates are canonical and satisfy the curve's equation."""
    x, y = point
    if not (0 <= x < R and 0 <= y < R):
        return False
    xx, yy = x * x % R, y * y % R
    return (A * xx + yy - 1 - D * xx * yy) % R == 0


@lru_cache(maxsize=1024)  # the same few owners again and again; keys are public
def is_in_subgroup(point: Point) -> bool:
    """Whether a point of the curve is in the subgroup of prime order (the identity is)."""
    return is_on_curve(point) and multiply(point, SUBGROUP_ORDER) == IDENTITY


def add(left: Point, right: Point) -> Point:
    """Add two points of the curve; the formula is complete."""
    return _affine(_add((*left, 1), (*right, 1)))


def multiply(point: Point, scalar: int) -> Point:
    """Return scalar·point for a scalar >= 0: four doublings, then one of sixteen multiples, for every four bits."""
    multiples = [(0, 1, 1), (*point, 1)]
    for _ in range(14):
        multiples.append(_add(multiples[-1], multiples[1]))
    total = multiples[0]
    for shift in range((scalar.bit_length() - 1) // 4 * 4, -1, -4):
        for _ in range(4):
            total = _double(total)
        total = _add(total, multiples[scalar >> shift & 15])
    return _affine(total)


def draw_secret() -> int:
    """Return a fresh secret of 251 random bits that is not a multiple of the subgroup's order."""
    while True:
        secret = secrets.randbits(SECRET_BITS)
        if secret % SUBGROUP_ORDER:
            return secret


def public_key(secret: int) -> Point:
    """Return secret·BASE8. Raises InputError when the secret is out of range."""
    if not 0 < secret < 1 << SECRET_BITS or secret % SUBGROUP_ORDER == 0:
        raise InputError(f"the owner's secret must be {SECRET_BITS} bits and not zero", code="bad-owner-key")
    return multiply(BASE8, secret)


def check_owner_key(point: Point) -> None:
    """Raise InputError unless the point is on the curve, in the prime subgroup, and not the identity."""
    if not is_on_curve(point):
        raise InputError("the owner's key is not a point of Baby Jubjub", code="bad-owner-key")
    if point == IDENTITY or not is_in_subgroup(point):
        raise InputError("the owner's key is not in the subgroup of prime order", code="bad-owner-key")


_Projective = tuple[int, int, int]


def _add(left: _Projective, right: _Projective) -> _Projective:
    """Add in projective coordinates (x/z, y/z): one inversion a multiplication instead of one a step."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    a = z1 * z2 % R
    b = a * a % R
    c, d = x1 * x2 % R, y1 * y2 % R
    e = D * c * d % R
    f, g = (b - e) % R, (b + e) % R
    x = a * f * ((x1 + y1) * (x2 + y2) - c - d) % R
    y = a * g * (d - A * c) % R
    return x, y, f * g % R


def _double(point: _Projective) -> _Projective:
    """Double: the addition's formula with what coincides computed once."""
    x, y, z = point
    b, c, d = (x + y) ** 2 % R, x * x % R, y * y % R
    e = A * c
    f = e + d
    j = (f - 2 * z * z) % R
    return (b - c - d) * j % R, f * (e - d) % R, f * j % R


def _affine(point: _Projective) -> Point:
    x, y, z = point
    inverse = pow(z, -1, R)
    return x * inverse % R, y * inverse % R
