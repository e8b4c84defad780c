"""The groups of BN254 on py_ecc, from and to affine integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_curve import G1 as G1_GENERATOR
from py_ecc.optimized_bn128.optimized_curve import G2 as G2_GENERATOR
from py_ecc.optimized_bn128.optimized_curve import (
    Z1,
    Z2,
    add,
    b,
    b2,
    double,
    is_inf,
    is_on_curve,
    multiply,
    neg,
    normalize,
)
from py_ecc.optimized_bn128.optimized_pairing import pairing

from ..field import Q, R
from ..groth16_data import G1, G2

__all__ = ["Group", "Point", "alpha_beta", "g1", "g2", "in_subgroup", "pairing_product_is_one"]

Point = Any
"""A point of py_ecc: three projective coordinates of its own classes."""

_Affine = TypeVar("_Affine")

_X = 4965661367192848881
_FINAL_POWER = 2 * _X * (6 * _X**2 + 3 * _X + 1)
"""snarkjs' e(alpha, beta) is the reduced pairing to this power: its final exponentiation takes a cheaper multiple."""

_BITS = 254


class Group(Generic[_Affine]):
    """One of the two groups: conversions, sums of multiples, multiples of the generator."""

    def __init__(self, generator: Point, zero: Point) -> None:
        """Keep the group's constants; the generator's multiples are made when first needed."""
        self.generator = generator
        self.zero = zero
        self._tables: list[list[Point]] = []

    def sum_of_multiples(self, points: Sequence[Point], scalars: Sequence[int]) -> Point:
        """Return Σ scalars[i]·points[i]: ones are summed, the rest goes into Pippenger's buckets."""
        total = self.zero
        rest: list[tuple[Point, int]] = []
        for point, scalar in zip(points, scalars, strict=True):
            if scalar == 1:
                total = add(total, point)
            elif scalar:
                # Small negative numbers stay small when the point is negated with them.
                rest.append((point, scalar) if scalar <= R // 2 else (neg(point), R - scalar))
        return add(total, self._buckets(rest))

    def _buckets(self, terms: Sequence[tuple[Point, int]]) -> Point:
        bits = max((scalar.bit_length() for _, scalar in terms), default=0)
        width = min(range(1, 13), key=lambda width: -(-bits // width) * (len(terms) + (2 << width)))
        total = self.zero
        for start in reversed(range(0, bits, width)):
            for _ in range(width):
                total = double(total)
            buckets = [self.zero] * (1 << width)
            for point, scalar in terms:
                digit = scalar >> start & ((1 << width) - 1)
                if digit:
                    buckets[digit] = add(buckets[digit], point)
            running = window = self.zero
            for bucket in reversed(buckets[1:]):
                running = add(running, bucket)
                window = add(window, running)
            total = add(total, window)
        return total

    def multiple_of_generator(self, scalar: int) -> Point:
        """Return scalar·generator by windows of eight bits."""
        if not self._tables:
            self._tables = self._windows()
        total = self.zero
        for table in self._tables:
            if scalar & 255:
                total = add(total, table[scalar & 255])
            scalar >>= 8
        return total

    def _windows(self) -> list[list[Point]]:
        tables, base = [], self.generator
        for _ in range(0, _BITS, 8):
            table = [self.zero]
            for _ in range(255):
                table.append(add(table[-1], base))
            tables.append(table)
            base = add(table[-1], base)
        return tables


class _G1(Group[G1]):
    def point(self, affine: G1 | None) -> Point:
        """Return the py_ecc point; None is infinity."""
        return Z1 if affine is None else (FQ(affine[0]), FQ(affine[1]), FQ(1))

    def affine(self, point: Point) -> G1 | None:
        """Return affine integers, None at infinity."""
        if is_inf(point):
            return None
        x, y = normalize(point)
        return int(x), int(y)

    def on_curve(self, point: Point) -> bool:
        """Whether the point satisfies y² = x³ + 3."""
        return is_on_curve(point, b)


class _G2(Group[G2]):
    def point(self, affine: G2 | None) -> Point:
        """Return the py_ecc point; None is infinity."""
        return Z2 if affine is None else (FQ2(affine[0]), FQ2(affine[1]), FQ2([1, 0]))

    def affine(self, point: Point) -> G2 | None:
        """Return affine integers, None at infinity."""
        if is_inf(point):
            return None
        x, y = ([int(part) for part in value.coeffs] for value in normalize(point))
        return (x[0], x[1]), (y[0], y[1])

    def on_curve(self, point: Point) -> bool:
        """Whether the point lies on the twist; the subgroup is another matter."""
        return is_on_curve(point, b2)


g1 = _G1(G1_GENERATOR, Z1)
g2 = _G2(G2_GENERATOR, Z2)


def in_subgroup(point: Point) -> bool:
    """Whether a point of the twist is in the subgroup of order R."""
    return bool(is_inf(multiply(point, R)))


def pairing_product_is_one(pairs: Sequence[tuple[Point, Point]]) -> bool:
    """Whether Π e(left, right) = 1 for (G1, G2) pairs."""
    product = FQ12.one()
    for left, right in pairs:
        product *= pairing(right, left, final_exponentiate=False)
    # x^(Q^6) negates the odd powers of w, which spares half of the exponent (Q^12 - 1)/R = (Q^6 - 1)·(Q^6 + 1)/R.
    conjugate = FQ12([-value if odd % 2 else value for odd, value in enumerate(product.coeffs)])
    return bool((conjugate / product) ** ((Q**6 + 1) // R) == FQ12.one())


def alpha_beta(alpha: Point, beta: Point) -> tuple[int, ...]:
    """Return e(alpha, beta) as twelve integers in the order of snarkjs' `vk_alphabeta_12`.

    py_ecc writes the field as Fq[w] with w¹² = 18·w⁶ − 82; snarkjs as Fq2[v][w] with w² = v, v³ = 9 + u, so that
    u = w⁶ − 9.
    """
    coefficients = [int(value) for value in (pairing(beta, alpha) ** (_FINAL_POWER % R)).coeffs]
    flat: list[int] = []
    for odd in (0, 1):
        for power in (0, 1, 2):
            low, high = coefficients[2 * power + odd], coefficients[2 * power + odd + 6]
            flat += [(low + 9 * high) % FQ.field_modulus, high]
    return tuple(flat)
