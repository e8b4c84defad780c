"""Multiples of Baby Jubjub's points by a hidden scalar in signed digits, of a fixed base and of a variable one.

A scalar e = Σ digit_j·2^j has digits of +1 and −1, the top two +1: with digit j plus where bit j of s is 1, n digits
are e = 2^(n−1) + 2s + 1 for s of n − 2 bits. No digit is zero, so no step adds the identity, and e is odd and below the
subgroup's order: sums run over partial scalars that are never equal or opposite to what is added. So the incomplete
formulas of the Montgomery form v² = u³ + A·u² + u are sound, u = (1 + y) / (1 − y), v = u / x:

    P + Q:   λ = (v_Q − v_P) / (u_Q − u_P),  u = λ² − A − u_P − u_Q,  v = λ·(u_P − u) − v_P          3 constraints
    2P + Q:  P + Q without its v, then (P + Q) + P, whose slope is 2·v_P / (u_P − u_{P+Q}) − λ        5 constraints

`_Partial` holds the interval of the scalar so far and refuses, when the circuit is compiled, a step that might meet its
own point. Scalars e·B8 and e·K of the escrow are these two gadgets over one list of digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...kernel.babyjubjub import BASE8, SUBGROUP_ORDER, Point, add, multiply
from ...kernel.errors import RuleError
from ...kernel.field import R
from ..compiler.builder import Builder
from ..compiler.linear import ONE, Linear
from ..compiler.range_checks import booleans
from .babyjubjub import CircuitPoint

__all__ = ["MOST_DIGITS", "fixed_base_multiple", "scalar_digits", "scalar_of", "variable_base_multiple"]

MOST_DIGITS = 250
"""2^250 is below the subgroup's order, 2^251 is not."""

_A = 168698  # of the Montgomery form: 2·(a + d) / (a − d); its B is 4 / (a − d) = 1
_CONSTANT = Linear.constant
_HALF = (R + 1) // 2


def scalar_of(seed: int, bits: int = MOST_DIGITS - 2) -> int:
    """Return the scalar of `bits` bits s: 2^(bits + 1) + 2s + 1. Raises ValueError where s has more bits."""
    if not 0 <= seed < 1 << bits:
        raise ValueError(f"the scalar's bits are {bits}")
    return (1 << bits + 1) + 2 * seed + 1


def scalar_digits(builder: Builder, name: str, bits: int = MOST_DIGITS - 2) -> list[Linear]:
    """Return the signed digits, lowest first, of the scalar of a hidden input s: each +1 or −1, the top two +1.

    Constrains s to `bits` bits, exactly. Does not check that s is random, nor used once. Costs `bits` constraints.
    """
    first = booleans(builder, bits, name)
    builder.program.bits(first, bits, builder.input(name), name)
    return [*(Linear({first + i: 2, ONE: -1}) for i in range(bits)), _CONSTANT(1), _CONSTANT(1)]


def fixed_base_multiple(builder: Builder, digits: Sequence[Linear], name: str, base: Point = BASE8) -> CircuitPoint:
    """Return e·base for a point of the subgroup known when the circuit is compiled, by windows of two digits.

    A window's point is ±1 or ±3 times 4^i·base: u is linear in the product of its digits, v in the digits. Does not
    check that digits are +1 or −1 (`scalar_digits` does), the top two +1; the base must be of prime order. Costs 4
    constraints a window but the first, and 2: for 250 digits 498.
    """
    _check_digits(digits)
    if len(digits) % 2:
        raise RuleError("windows of two digits take an even number of them")
    windows = len(digits) // 2
    powers = [base]
    for _ in range(windows - 1):
        powers.append(multiply(powers[-1], 4))
    top = _montgomery_of(multiply(powers[-1], 3))
    partial = _Partial(builder, _MontgomeryPoint(_CONSTANT(top[0]), _CONSTANT(top[1])), 3 << 2 * windows - 2)
    for i in range(windows - 2, -1, -1):
        low, high = digits[2 * i : 2 * i + 2]
        (u1, v1), (u3, v3) = _montgomery_of(powers[i]), _montgomery_of(add(powers[i], multiply(powers[i], 2)))
        same = Linear.wire(builder.product_less(low, high, Linear(), f"{name}.same{i}"))
        u = _CONSTANT((u1 + u3) * _HALF % R) + same.scaled((u3 - u1) * _HALF % R)
        v = high.scaled((v1 + v3) * _HALF % R) + low.scaled((v3 - v1) * _HALF % R)
        partial.add(_MontgomeryPoint(u, v), 3 << 2 * i, f"{name}.{i}")
    return _edwards(builder, partial.point, name)


def variable_base_multiple(builder: Builder, digits: Sequence[Linear], base: CircuitPoint, name: str) -> CircuitPoint:
    """Return e·base, from the highest digit down: twice what there is, plus or minus the base.

    Does not check that digits are +1 or −1, nor anything of the base: it must be of prime order, that is on the curve,
    in the subgroup and not the identity. Of a base of small order the multiple is one of a few points, or any. Costs 6
    constraints a digit but the top two, and 11: for 250 digits 1,499.
    """
    _check_digits(digits)
    one = _from_edwards(builder, base, name)
    partial = _Partial(builder, _double(builder, one, f"{name}.2"), 2)
    partial.add(one, 1, f"{name}.3", positive=True)
    for i in range(len(digits) - 3, -1, -1):
        v = Linear.wire(builder.product_less(digits[i], one.v, Linear(), f"{name}.signed{i}"))
        partial.double_and_add(_MontgomeryPoint(one.u, v), f"{name}.{i}")
    return _edwards(builder, partial.point, name)


@dataclass(frozen=True)
class _MontgomeryPoint:
    u: Linear
    v: Linear


class _Partial:
    """A multiple of a point of prime order, and the interval that its scalar is in."""

    def __init__(self, builder: Builder, point: _MontgomeryPoint, scalar: int) -> None:
        self.builder, self.point = builder, point
        self.low = self.high = scalar

    def add(self, other: _MontgomeryPoint, most: int, name: str, *, positive: bool = False) -> None:
        """Add ±1 to ±most times the point, never the point itself nor its opposite. Costs 3 constraints."""
        _keeps_apart(self.low - most, self.high + most)
        builder, (u, v) = self.builder, (self.point.u, self.point.v)
        slope = Linear.wire(builder.quotient(other.v - v, other.u - u, f"{name}.slope"))
        self.point = _chord(builder, slope, self.point, other.u, name)
        self.low, self.high = self.low + (1 if positive else -most), self.high + most

    def double_and_add(self, other: _MontgomeryPoint, name: str) -> None:
        """Double and add the base or its opposite: (P ± K) + P. Costs 5 constraints."""
        _keeps_apart(self.low - 1, 2 * self.high + 1)
        builder, (u, v) = self.builder, (self.point.u, self.point.v)
        slope = Linear.wire(builder.quotient(other.v - v, other.u - u, f"{name}.slope"))
        middle = Linear.wire(builder.product_less(slope, slope, _CONSTANT(_A) + u + other.u, f"{name}.middle"))
        slopes = Linear.wire(builder.quotient(v.scaled(2), u - middle, f"{name}.slopes"))
        self.point = _chord(builder, slopes - slope, self.point, middle, name)
        self.low, self.high = 2 * self.low - 1, 2 * self.high + 1


def _keeps_apart(least: int, most: int) -> None:
    """Raise RuleError unless no sum of partial scalars within these bounds is a multiple of the order."""
    if not 0 < least <= most < SUBGROUP_ORDER:
        raise RuleError("a step of a scalar multiplication may add a point to itself or to its opposite")


def _check_digits(digits: Sequence[Linear]) -> None:
    if not 4 <= len(digits) <= MOST_DIGITS or any(digit.terms != {ONE: 1} for digit in digits[-2:]):
        raise RuleError(f"a scalar has 4 to {MOST_DIGITS} digits, the top two of them +1")


def _chord(builder: Builder, slope: Linear, point: _MontgomeryPoint, u: Linear, name: str) -> _MontgomeryPoint:
    """Return the sum of a point and one at u on the line of this slope. Costs 2 constraints."""
    result = Linear.wire(builder.product_less(slope, slope, _CONSTANT(_A) + point.u + u, f"{name}.u"))
    v = builder.product_less(slope, point.u - result, point.v, f"{name}.v")
    return _MontgomeryPoint(result, Linear.wire(v))


def _double(builder: Builder, point: _MontgomeryPoint, name: str) -> _MontgomeryPoint:
    """Return twice a point of prime order. Costs 4 constraints."""
    square = Linear.wire(builder.product_less(point.u, point.u, Linear(), f"{name}.square"))
    numerator = square.scaled(3) + point.u.scaled(2 * _A) + _CONSTANT(1)
    slope = Linear.wire(builder.quotient(numerator, point.v.scaled(2), f"{name}.slope"))
    return _chord(builder, slope, point, point.u, name)


def _from_edwards(builder: Builder, point: CircuitPoint, name: str) -> _MontgomeryPoint:
    """Return a point of prime order in the other form: y is not 1 and x not 0 there. Costs 2 constraints."""
    u = Linear.wire(builder.quotient(_CONSTANT(1) + point.y, _CONSTANT(1) - point.y, f"{name}.base.u"))
    return _MontgomeryPoint(u, Linear.wire(builder.quotient(u, point.x, f"{name}.base.v")))


def _edwards(builder: Builder, point: _MontgomeryPoint, name: str) -> CircuitPoint:
    """Return a point of prime order in the first form: v is not 0 there and u not −1. Costs 2 constraints."""
    x = builder.quotient(point.u, point.v, f"{name}.x")
    y = builder.quotient(point.u - _CONSTANT(1), point.u + _CONSTANT(1), f"{name}.y")
    return CircuitPoint(Linear.wire(x), Linear.wire(y))


def _montgomery_of(point: Point) -> Point:
    x, y = point
    u = (1 + y) * pow(1 - y, -1, R) % R
    return u, u * pow(x, -1, R) % R
