"""The language margin rules are written in: integer expressions with units and intervals.

An expression is built once from symbolic holdings and cells, then used three ways: evaluated on integers (the margin
engine), lowered to a sufficiency circuit, lowered to a shortfall circuit. Units and intervals are kept on the way, so
money is never added to lots, and powers of ten are aligned without the author writing one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce

from ...kernel.errors import RuleError
from .branches import aligned, by_sign, discounted, increase, piecewise_linear, tiers
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
from .nodes import Branch, Exact, KthLargest, Remainder, SquareRoot, SumLargest
from .spreads import Left, Spread, spread_counts, spread_credit
from .units import DIMENSIONLESS, MONEY, Unit

__all__ = [
    "DIMENSIONLESS",
    "MONEY",
    "Absolute",
    "Branch",
    "CellRef",
    "Constant",
    "Exact",
    "Expression",
    "HoldingRef",
    "Increase",
    "Interval",
    "KthLargest",
    "Left",
    "Maximum",
    "Minimum",
    "Positive",
    "Product",
    "Quotient",
    "Remainder",
    "Spread",
    "SquareRoot",
    "Sum",
    "SumLargest",
    "Unit",
    "Value",
    "absolute",
    "by_sign",
    "ceil_div",
    "discounted",
    "dot",
    "evaluate",
    "exact",
    "floor_div",
    "floor_sqrt",
    "in_units",
    "increase",
    "kth_largest",
    "maximum",
    "minimum",
    "piecewise_linear",
    "positive",
    "remainder",
    "spread_counts",
    "spread_credit",
    "sum_largest",
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
    return Minimum(aligned(pieces))


def maximum(*pieces: Expression) -> Expression:
    """Return the largest piece; all are brought to the finest scale among them."""
    return Maximum(aligned(pieces))


def sum_largest(pieces: Sequence[Expression], k: int) -> Expression:
    """Return the sum of the k largest pieces (k times the expected shortfall). Raises RuleError unless 1 <= k <= n."""
    _check_rank(pieces, k)
    if k == 1:
        return maximum(*pieces)
    if k == len(pieces):
        return reduce(lambda total, piece: total + piece, aligned(pieces))
    return SumLargest(aligned(pieces), k)


def kth_largest(pieces: Sequence[Expression], k: int) -> Expression:
    """Return the k-th largest piece (the value-at-risk of scenario losses). Raises RuleError unless 1 <= k <= n."""
    _check_rank(pieces, k)
    if k == 1:
        return maximum(*pieces)
    return minimum(*pieces) if k == len(pieces) else KthLargest(aligned(pieces), k)


def floor_div(numerator: Expression, divisor: Expression) -> Expression:
    """Return numerator / divisor rounded down (toward minus infinity). Raises RuleError unless divisor >= 1."""
    return Quotient(numerator, divisor, up=False)


def ceil_div(numerator: Expression, divisor: Expression) -> Expression:
    """Return numerator / divisor rounded up. Raises RuleError unless divisor >= 1."""
    return Quotient(numerator, divisor, up=True)


def remainder(numerator: Expression, divisor: Expression) -> Expression:
    """Return what the quotient rounded down leaves, exact. Raises RuleError unless divisor >= 1."""
    return Remainder(numerator, divisor)


def floor_sqrt(x: Expression) -> Expression:
    """Return √x rounded down. Raises RuleError unless x >= 0 and its unit has a root; `in_units` takes a unit off."""
    return SquareRoot(x)


def in_units(x: Expression) -> Expression:
    """Return x as a plain number of its smallest units: a size in lots as the number of lots."""
    return x * Constant(1, x.unit.inverse)


def exact(x: Expression) -> Expression:
    """Return x, determined by both bounds at once, so that it may be multiplied by anything and chosen by.

    Costs both sides' constraints; a positive part or a two-piece extreme of exact values costs no more than one side.
    """
    return x if x.exact else Exact(x)


def dot(left: Sequence[Expression], right: Sequence[Expression]) -> Expression:
    """Return Σ left_i·right_i. Raises RuleError when the lengths differ or are zero."""
    if len(left) != len(right) or not left:
        raise RuleError(f"dot needs two lists of one length, not {len(left)} and {len(right)}")
    return reduce(lambda total, term: total + term, (a * b for a, b in zip(left, right, strict=True)))


def evaluate(root: Expression, leaf: Callable[[Expression], Value]) -> Value:
    """Return the value of `root`; `leaf` gives holdings and cells. Integers in, integers out (fractions likewise)."""
    values: list[Value] = []
    for node, children in _steps(root):
        values.append(leaf(node) if children is None else node.evaluate([values[child] for child in children]))
    return values[-1]


@lru_cache(maxsize=64)
def _steps(root: Expression) -> list[tuple[Expression, list[int] | None]]:
    """Return the nodes in the order of evaluation, each with the places of its children; None for what is looked up."""
    places: dict[int, int] = {}
    steps: list[tuple[Expression, list[int] | None]] = []
    for node in walk(root):
        places[id(node)] = len(steps)
        looked_up = isinstance(node, CellRef | HoldingRef)
        steps.append((node, None if looked_up else [places[id(child)] for child in node.children]))
    return steps


def _check_rank(pieces: Sequence[Expression], k: int) -> None:
    if not 1 <= k <= len(pieces):
        raise RuleError(f"there is no {k}-th largest of {len(pieces)} pieces")
