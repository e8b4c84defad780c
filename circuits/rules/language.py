"""The language margin rules are written in: integer expressions with units and intervals.

An expression is built once from symbolic holdings and cells, then used three ways: evaluated on integers (the margin
engine), lowered to a sufficiency circuit, lowered to a shortfall circuit. Units and intervals are kept on the way, so
money is never added to lots, and powers of ten are aligned without the author writing one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from ...kernel.errors import RuleError
from .expressions import (
    Absolute,
    CellRef,
    Constant,
    Expression,
    HoldingRef,
    Increase,
    Interval,
    Maximum,
    Minimum,
    Positive,
    Product,
    Quotient,
    Sum,
    Value,
    walk,
)
from .units import DIMENSIONLESS, MONEY, Unit

__all__ = [
    "DIMENSIONLESS",
    "MONEY",
    "Absolute",
    "CellRef",
    "Constant",
    "Expression",
    "HoldingRef",
    "Increase",
    "Interval",
    "Maximum",
    "Minimum",
    "Positive",
    "Product",
    "Quotient",
    "Sum",
    "Unit",
    "Value",
    "absolute",
    "ceil_div",
    "dot",
    "evaluate",
    "floor_div",
    "increase",
    "maximum",
    "minimum",
    "positive",
    "tiers",
    "walk",
]


def absolute(x: Expression) -> Expression:
    """Return |x|."""
    return Absolute(x)


def positive(x: Expression) -> Expression:
    """Return max(x, 0)."""
    return Positive(x)


def minimum(*pieces: Expression) -> Expression:
    """Return the smallest piece; all are brought to the finest scale among them."""
    return Minimum(_aligned(pieces))


def maximum(*pieces: Expression) -> Expression:
    """Return the largest piece; all are brought to the finest scale among them."""
    return Maximum(_aligned(pieces))


def floor_div(numerator: Expression, divisor: Expression) -> Expression:
    """Return numerator / divisor rounded down (toward minus infinity). Raises RuleError unless divisor >= 1."""
    return Quotient(numerator, divisor, up=False)


def ceil_div(numerator: Expression, divisor: Expression) -> Expression:
    """Return numerator / divisor rounded up. Raises RuleError unless divisor >= 1."""
    return Quotient(numerator, divisor, up=True)


def dot(left: Sequence[Expression], right: Sequence[Expression]) -> Expression:
    """Return Σ left_i·right_i. Raises RuleError when the lengths differ or are zero."""
    if len(left) != len(right) or not left:
        raise RuleError(f"dot needs two lists of one length, not {len(left)} and {len(right)}")
    return reduce(lambda total, term: total + term, (a * b for a, b in zip(left, right, strict=True)))


def increase(later: Expression, earlier: Expression) -> Expression:
    """Return later − earlier, relying on the schema's order between the two cells.

    Raises RuleError when the schema does not declare it: the sign of a table value is what soundness rests on.
    """
    if not (
        isinstance(later, CellRef)
        and isinstance(earlier, CellRef)
        and later.table == earlier.table
        and later.at_least == earlier.index
    ):
        raise RuleError(
            f"the rule relies on {later} >= {earlier}, which the schema does not declare",
            hint="declare the order in the schema (at_least), so that whoever admits a table enforces it",
        )
    return Increase(later, earlier)


def tiers(amount: Expression, *, rates: Sequence[Expression], boundaries: Sequence[Expression]) -> Expression:
    """Return the charge of marginal rates: rate_0·x + Σ_k (rate_k − rate_{k−1})·positive(x − boundary_k).

    `rates` has one entry a tier and must not decrease; `boundaries` has the lower ends of the tiers above the first.
    Convex in the amount. Raises RuleError when the schema does not declare the rates' order.
    """
    if len(rates) != len(boundaries) + 1:
        raise RuleError(f"{len(rates)} rates need {len(rates) - 1} boundaries, not {len(boundaries)}")
    total = rates[0] * amount
    for below, rate, boundary in zip(rates, rates[1:], boundaries, strict=False):
        total = total + increase(rate, below) * positive(amount - boundary)
    return total


def evaluate(
    root: Expression,
    leaf: Callable[[Expression], Value],
    known: Mapping[int, Value] | None = None,
) -> Value:
    """Return the value of `root`; `leaf` gives holdings and cells. Integers in, integers out (fractions likewise)."""
    values: dict[int, Value] = dict(known or {})
    for node in walk(root):
        if isinstance(node, CellRef | HoldingRef):
            values[id(node)] = leaf(node)
        else:
            values[id(node)] = node.evaluate([values[id(child)] for child in node.children])
    return values[id(root)]


def _aligned(pieces: Sequence[Expression]) -> tuple[Expression, ...]:
    if not pieces:
        raise RuleError("minimum and maximum need at least one piece")
    decimals = max(piece.unit.decimals for piece in pieces)
    for piece in pieces[1:]:
        if piece.unit.powers != pieces[0].unit.powers:
            raise RuleError(f"{pieces[0]} is in {pieces[0].unit} and {piece} in {piece.unit}: they cannot be compared")
    scale = Constant(0, Unit(pieces[0].unit.powers, decimals))
    return tuple(piece + scale for piece in pieces)
