"""Functions in pieces: a choice by the sign of a hidden quantity, and slopes that change at public boundaries.

Most of them are sums of positive parts, whose lowering is cheap on both sides; they are written so here, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.errors import RuleError
from .expressions import CellRef, Constant, Expression, Increase, Positive, Sum
from .nodes import Branch, Exact
from .structure import Structures, product_without, same_at_zero
from .units import Unit

__all__ = ["aligned", "by_sign", "declared_order", "discounted", "increase", "piecewise_linear", "tiers"]


def increase(later: Expression, earlier: Expression) -> Expression:
    """Return later − earlier, relying on the schema's order between the two cells.

    Raises RuleError when the schema does not declare it: the sign of a table value is what soundness rests on.
    """
    if isinstance(later, CellRef) and isinstance(earlier, CellRef) and declared_order(later, earlier):
        return Increase(later, earlier)
    raise RuleError(
        f"the rule relies on {later} >= {earlier}, which the schema does not declare",
        hint="declare the order in the schema (at_least), so that whoever admits a table enforces it",
    )


def declared_order(later: Expression, earlier: Expression) -> bool:
    """Return whether the schema declares later >= earlier of two cells."""
    return (
        isinstance(later, CellRef)
        and isinstance(earlier, CellRef)
        and later.table == earlier.table
        and later.at_least == earlier.index
    )


def tiers(amount: Expression, *, rates: Sequence[Expression], boundaries: Sequence[Expression]) -> Expression:
    """Return the charge of marginal rates: rate_0·x + Σ_k (rate_k − rate_{k−1})·positive(x − boundary_k).

    `rates` has one entry a tier and must not decrease; `boundaries` has the lower ends of the tiers above the first, in
    the unit of the amount. Boundaries in lots are the cheap ones, tiers(|size|, ...)·price: a size is a narrower number
    than a notional. Convex in the amount. Raises RuleError when the schema does not declare the rates' order.
    """
    _check_lengths(rates, boundaries, "rates")
    total = rates[0] * amount
    for below, rate, boundary in zip(rates, rates[1:], boundaries, strict=False):
        total = total + increase(rate, below) * Positive(amount - boundary)
    return total


def piecewise_linear(x: Expression, *, slopes: Sequence[Expression], boundaries: Sequence[Expression]) -> Expression:
    """Return slope_0·x + Σ_k (slope_k − slope_{k−1})·positive(x − boundary_k): slope_k holds above boundary_k.

    Convex where slopes rise, concave where they fall, neither otherwise. Each change of slope is a constant, cells in
    declared order either way, or, where its sign is not known, a factor of an exact positive part: x must then be
    exact. Boundaries are public and need no order. Raises RuleError where x is not exact but would have to be.
    """
    _check_lengths(slopes, boundaries, "slopes")
    total = slopes[0] * x
    for below, slope, boundary in zip(slopes, slopes[1:], boundaries, strict=False):
        total = total + _times(slope - below, Positive(x - boundary), f"the slope of {x} changes to {slope}")
    return total


def discounted(value: Expression, ratio: Expression) -> Expression:
    """Return value where it is >= 0 and value·ratio below zero, ratio >= 1: value − (ratio − 1)·positive(−value).

    Raises RuleError when the schema does not keep the ratio at one or more.
    """
    one = 10**ratio.unit.decimals
    if ratio.interval[0] < one or ratio.unit.powers:
        raise RuleError(
            f"the rule relies on {ratio} >= 1, which the schema does not declare",
            hint="give the cell a minimum of one at its scale, so that whoever admits a table enforces it",
        )
    return value - (ratio - Constant(one, ratio.unit)) * Positive(-value)


def by_sign(x: Expression, *, positive: Expression, negative: Expression) -> Expression:
    """Return `positive` where x >= 0 and `negative` where x <= 0. The branches must agree where x is zero.

    Branches that differ by x·c become `negative` + c·positive(x), or with the roles exchanged, by the sign of c: so
    static discounts, x·a against x·b, cost one positive part and x may be a helper. Other branches need an exact x.
    Raises RuleError when the branches cannot be shown to agree at zero, where the sign is free; or x is not exact.
    """
    positive, negative = aligned((positive, negative))
    step = _factor_of_difference(x, positive, negative)
    if step is not None:
        if step.interval == (0, 0):
            return negative
        what = f"by_sign({x}) chooses between {positive} and {negative}"
        known = _sign_known(step)
        if known is None:
            return negative + _times(step, Positive(x), what)
        size, sign = known
        return negative + size * Positive(x) if sign > 0 else positive - size * Positive(-x)
    if not same_at_zero(positive, negative, x):
        raise RuleError(
            f"by_sign({x}): {positive} and {negative} cannot be shown to agree where it is zero, and there the sign "
            "is free",
            hint="write branches that are multiples of it, or that are the same at zero",
        )
    if not x.exact:
        raise RuleError(f"by_sign({x}) chooses by a helper", hint="choose by exact(x)")
    return Branch(x, positive, negative)


def aligned(pieces: Sequence[Expression]) -> tuple[Expression, ...]:
    """Return pieces of one dimension at the finest scale among them. Raises RuleError on mixed dimensions or none."""
    if not pieces:
        raise RuleError("minimum and maximum need at least one piece")
    decimals = max(piece.unit.decimals for piece in pieces)
    for piece in pieces[1:]:
        if piece.unit.powers != pieces[0].unit.powers:
            raise RuleError(f"{pieces[0]} is in {pieces[0].unit} and {piece} in {piece.unit}: they cannot be compared")
    scale = Constant(0, Unit(pieces[0].unit.powers, decimals))
    return tuple(piece + scale for piece in pieces)


def _check_lengths(values: Sequence[Expression], boundaries: Sequence[Expression], what: str) -> None:
    if len(values) != len(boundaries) + 1:
        raise RuleError(f"{len(values)} {what} need {len(values) - 1} boundaries, not {len(boundaries)}")


def _times(factor: Expression, part: Positive, what: str) -> Expression:
    """Return factor·part: as it stands where the factor's sign is known, else of an exact part."""
    known = _sign_known(factor)
    if known is not None:
        size, sign = known
        return sign * (size * part)
    if not part.children[0].exact:
        raise RuleError(
            f"{what}: the sign of {factor} is not declared, and {part.children[0]} is a helper",
            hint="declare the order of the cells in the schema (at_least), or take exact(x)",
        )
    return factor * Exact(part)


def _sign_known(factor: Expression) -> tuple[Expression, int] | None:
    """Return (|factor|, its sign) where interval or schema tell it, else None."""
    low, high = factor.interval
    if low >= 0:
        return factor, 1
    if high <= 0:
        return -factor, -1
    if not isinstance(factor, Sum):
        return None
    terms = sorted(zip(factor.coefficients, factor.children, strict=True), key=lambda term: term[0])
    if len(terms) != 2 or terms[0][0] != -terms[1][0]:
        return None
    (_, minus), (scale, plus) = terms
    for later, earlier, sign in ((plus, minus, 1), (minus, plus, -1)):
        if declared_order(later, earlier):
            return Sum(factor.unit, (scale,), (increase(later, earlier),)), sign
    return None


def _factor_of_difference(x: Expression, positive: Expression, negative: Expression) -> Expression | None:
    """Return c where positive − negative is seen to be x·c, else None."""
    structures = Structures()
    terms = structures.terms((1, positive), (-1, negative))
    coefficients: list[int] = []
    factors: list[Expression] = []
    rest = dict(terms)
    for number, (coefficient, child) in terms.items():
        factor = product_without(child, x, structures)
        if factor is not None:
            coefficients.append(coefficient)
            factors.append(factor)
            del rest[number]
    if rest:  # x is a sum whose terms stand among the others
        x_terms = structures.terms((1, x))
        multiple = structures.multiple(rest, x_terms)
        if not multiple or len(rest) != len(x_terms):
            return None
        coefficients.append(multiple)
        factors.append(Constant(1))
    unit = positive.unit * x.unit.inverse
    return Sum(unit, tuple(coefficients), tuple(factors))
