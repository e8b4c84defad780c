"""Points of Baby Jubjub in circuits, in Edwards coordinates: on the curve, sums, multiples of 8, not the identity.

a·x² + y² = 1 + d·x²·y²; a is a square and d none, so the addition's denominators are never zero and one formula holds
for every two points of the curve, equal, opposite or the identity (Bernstein, Birkner, Joye, Lange, Peters, "Twisted
Edwards Curves", 2008, theorem 3.3). Off the curve they can be zero, and a quotient 0 / 0 is anything.

constrain_on_curve   3 constraints        a·x² + y² = 1 + d·x²·y²
add_points           6 constraints        P + Q
double_point         5 constraints        P + P
multiply_by_8       15 constraints        8P, which is in the subgroup of prime order
constrain_proper     1 constraint         of the subgroup: not the identity
"""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.babyjubjub import A, D
from ..compiler.builder import Builder
from ..compiler.linear import Linear

__all__ = [
    "CircuitPoint",
    "add_points",
    "constrain_on_curve",
    "constrain_proper",
    "double_point",
    "multiply_by_8",
]

_ONE = Linear.constant(1)


@dataclass(frozen=True)
class CircuitPoint:
    """A point's coordinates as combinations of wires."""

    x: Linear
    y: Linear


def constrain_on_curve(builder: Builder, point: CircuitPoint, name: str) -> None:
    """Constrain a point to be on the curve. Does not check its order: eight points have one that divides 8.

    Costs 3 constraints.
    """
    xx = Linear.wire(builder.product_less(point.x, point.x, Linear(), f"{name}.xx"))
    yy = Linear.wire(builder.product_less(point.y, point.y, Linear(), f"{name}.yy"))
    builder.constrain(xx.scaled(D), yy, xx.scaled(A) + yy - _ONE, f"{name} on the curve")


def add_points(builder: Builder, left: CircuitPoint, right: CircuitPoint, name: str) -> CircuitPoint:
    """Return the sum of any two points. Does not check that they are on the curve: off it the sum may be anything.

    With β = x₁y₂, γ = y₁x₂, δ = (y₁ − a·x₁)(x₂ + y₂): x = (β + γ) / (1 + dβγ), y = (δ + aβ − γ) / (1 − dβγ).
    Costs 6 constraints.
    """
    none = Linear()
    beta = Linear.wire(builder.product_less(left.x, right.y, none, f"{name}.beta"))
    gamma = Linear.wire(builder.product_less(left.y, right.x, none, f"{name}.gamma"))
    delta = Linear.wire(builder.product_less(left.y - left.x.scaled(A), right.x + right.y, none, f"{name}.delta"))
    tau = Linear.wire(builder.product_less(beta.scaled(D), gamma, none, f"{name}.tau"))
    x = builder.quotient(beta + gamma, _ONE + tau, f"{name}.x")
    y = builder.quotient(delta + beta.scaled(A) - gamma, _ONE - tau, f"{name}.y")
    return CircuitPoint(Linear.wire(x), Linear.wire(y))


def double_point(builder: Builder, point: CircuitPoint, name: str) -> CircuitPoint:
    """Return twice a point. Does not check that it is on the curve.

    There the addition's denominators are a·x² + y² and 2 − a·x² − y². Costs 5 constraints.
    """
    xy = Linear.wire(builder.product_less(point.x, point.y, Linear(), f"{name}.xy"))
    xx = Linear.wire(builder.product_less(point.x, point.x, Linear(), f"{name}.xx")).scaled(A)
    yy = Linear.wire(builder.product_less(point.y, point.y, Linear(), f"{name}.yy"))
    x = builder.quotient(xy.scaled(2), xx + yy, f"{name}.x")
    y = builder.quotient(yy - xx, Linear.constant(2) - xx - yy, f"{name}.y")
    return CircuitPoint(Linear.wire(x), Linear.wire(y))


def multiply_by_8(builder: Builder, point: CircuitPoint, name: str) -> CircuitPoint:
    """Return 8P, which is in the subgroup of prime order whatever point of the curve P is.

    Does not check that P is on the curve, nor that 8P is not the identity: it is for eight points. Costs 15
    constraints.
    """
    for number in (2, 4, 8):
        point = double_point(builder, point, f"{name}.{number}")
    return point


def constrain_proper(builder: Builder, point: CircuitPoint, name: str) -> None:
    """Constrain a point of the subgroup not to be the identity: x has an inverse.

    Outside the subgroup that refuses (0, −1) too and lets other points of small order pass: multiply by 8 before.
    Costs 1 constraint.
    """
    builder.quotient(_ONE, point.x, f"{name} that is not the identity")
