"""Curvature of a rule in what is hidden: what the price-box shortcut and the cost of each side rest on.

Both circuits exist whatever the curvature is. A concave surplus is cheap to bound from above (choose a piece) and dear
from below; a convex one the other way round.
"""

from __future__ import annotations

from .language import (
    Absolute,
    Exact,
    Expression,
    HoldingRef,
    Maximum,
    Minimum,
    Positive,
    Product,
    Sum,
    SumLargest,
    walk,
)

__all__ = ["AFFINE", "CONCAVE", "CONSTANT", "CONVEX", "NEITHER", "curvature"]

CONSTANT, AFFINE, CONVEX, CONCAVE, NEITHER = "constant", "affine", "convex", "concave", "neither"


def curvature(root: Expression) -> str:
    """Return the curvature of an expression in the holdings: constant, affine, convex, concave or neither.

    By composition, so "neither" means not known: rounding, ranks, choices by sign and products of hidden values are
    neither.
    """
    known: dict[int, str] = {}
    for node in walk(root):
        known[id(node)] = _of(node, [known[id(child)] for child in node.children])
    return known[id(root)]


def _of(node: Expression, parts: list[str]) -> str:
    if all(part == CONSTANT for part in parts):
        return AFFINE if isinstance(node, HoldingRef) else CONSTANT
    if isinstance(node, Exact):
        return parts[0]
    if isinstance(node, Sum):
        turned = [_turned(part) if factor < 0 else part for factor, part in zip(node.coefficients, parts, strict=True)]
        return _joined(turned)
    if isinstance(node, Product):
        return _product(node.children[0], parts[1]) if parts[0] == CONSTANT else _product(node.children[1], *parts)
    allowed, result = _PIECEWISE.get(type(node), (frozenset(), NEITHER))
    return result if allowed.issuperset(parts) else NEITHER


def _product(factor: Expression, part: str, other: str = CONSTANT) -> str:
    """Return the curvature of a public factor times a part: kept, or turned when the factor is never positive."""
    if other != CONSTANT:
        return NEITHER
    if part == AFFINE or factor.interval[0] >= 0:
        return part
    return _turned(part) if factor.interval[1] <= 0 else NEITHER


_PIECEWISE: dict[type[Expression], tuple[frozenset[str], str]] = {
    Absolute: (frozenset({AFFINE}), CONVEX),
    Positive: (frozenset({CONSTANT, AFFINE, CONVEX}), CONVEX),
    Maximum: (frozenset({CONSTANT, AFFINE, CONVEX}), CONVEX),
    SumLargest: (frozenset({CONSTANT, AFFINE, CONVEX}), CONVEX),
    Minimum: (frozenset({CONSTANT, AFFINE, CONCAVE}), CONCAVE),
}


def _turned(part: str) -> str:
    return {CONVEX: CONCAVE, CONCAVE: CONVEX}.get(part, part)


def _joined(parts: list[str]) -> str:
    kinds = set(parts) - {CONSTANT}
    if not kinds:
        return CONSTANT
    if kinds <= {AFFINE}:
        return AFFINE
    kinds -= {AFFINE}
    return kinds.pop() if len(kinds) == 1 else NEITHER
