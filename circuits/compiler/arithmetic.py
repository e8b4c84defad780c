"""Leaves, sums and products: exact where their parts are, else bounds whose sides follow the signs."""

from __future__ import annotations

from ...kernel.errors import RuleError
from ..language.language import Constant, Expression, Sum
from .builder import fits_the_field
from .linear import Bound, Linear
from .lowerer import Demand, Lowerer, opposite

__all__ = ["lower_exact", "lower_increase", "lower_leaf", "lower_product", "lower_sum"]


def lower_leaf(lowerer: Lowerer, node: Expression, _demand: Demand) -> Bound:
    """Return the leaf's wires. Costs nothing."""
    if isinstance(node, Constant):
        return Bound(Linear.constant(node.value), node.value, node.value)
    return lowerer.leaves[id(node)]


def lower_exact(lowerer: Lowerer, node: Expression, _demand: Demand) -> Bound:
    """Return the child, its value determined."""
    return lowerer.bound(node.children[0], None)


def lower_sum(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Return the weighted sum, each term on its side. Costs nothing."""
    assert isinstance(node, Sum)  # noqa: S101 - the registry's own key
    parts, low, high, exact = [], 0, 0, True
    for coefficient, child in zip(node.coefficients, node.children, strict=True):
        part = lowerer.bound(child, demand if coefficient > 0 else opposite(demand))
        parts.append((coefficient, part.linear))
        ends = (coefficient * part.low, coefficient * part.high)
        low, high, exact = low + min(ends), high + max(ends), exact and part.exact
    fits_the_field(low, high, str(node))
    return Bound(Linear.sum(parts), low, high, exact)


def lower_increase(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Return later − earlier within the interval that the schema's order leaves. Costs nothing."""
    later, earlier = (lowerer.bound(child, demand) for child in node.children)
    return Bound(later.linear - earlier.linear, *node.interval)


def lower_product(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Both exact: exact. One exact and never negative (or never positive): the other on its side. Else both >= 0.

    Costs 1 constraint, or none where a factor is a constant.
    """
    left, right = node.children
    if demand is None or (left.exact and right.exact):
        return _multiply(lowerer, lowerer.bound(left, None), lowerer.bound(right, None), exact=True)
    if right.exact:
        left, right = right, left
    if left.exact:
        factor = lowerer.bound(left, demand)
        if factor.low >= 0 or factor.high <= 0:
            other = lowerer.bound(right, demand if factor.low >= 0 else opposite(demand))
            return _multiply(lowerer, factor, other, exact=other.exact)
    else:
        first, second = lowerer.bound(left, demand), lowerer.bound(right, demand)
        if first.low >= 0 and second.low >= 0:
            return _multiply(lowerer, first, second, exact=first.exact and second.exact)
    raise RuleError(
        f"{node} multiplies a helper by a value whose sign is not enforced, so it bounds nothing",
        hint="multiply by a value that is never negative: a price, a rate, a size's absolute; or take exact(helper)",
    )


def _multiply(lowerer: Lowerer, left: Bound, right: Bound, *, exact: bool) -> Bound:
    for factor, other in ((left, right), (right, left)):
        if factor.low == factor.high:
            ends = (factor.low * other.low, factor.low * other.high)
            return Bound(other.linear.scaled(factor.low), min(ends), max(ends), exact)
    made = lowerer.builder.product(left, right, lowerer.name("product"), exact=exact)
    if left is right:  # a square is never negative
        return Bound(made.linear, max(0, made.low), made.high, exact)
    return made
