"""Lowering by side: each node of a rule becomes a bound from below (LO) or from above (HI).

A sufficiency circuit asks for a lower bound of the surplus, a shortfall circuit for an upper one; a negative
coefficient swaps the sides on the way down. Nodes that are exact whichever side is asked (leaves, sums and products of
such, |x| of such) are made once and shared; the others get a helper a side, bounded on one side only: a dishonest
helper hurts whoever supplies it. One function a node stands in `LOWERINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from ...kernel.errors import RuleError
from ..gadgets.bits import range_check, sign_and_magnitude
from ..rules.language import (
    Absolute,
    CellRef,
    Constant,
    Expression,
    HoldingRef,
    Increase,
    Maximum,
    Minimum,
    Positive,
    Product,
    Quotient,
    Sum,
    Unit,
)
from .builder import Builder, fits_the_field
from .linear import Bound, Linear

__all__ = ["LOWERINGS", "Lowering", "Side"]


class Side(Enum):
    """Which way a helper may be wrong: LO is at most the true value, HI at least."""

    LO = "lower"
    HI = "upper"

    @property
    def other(self) -> Side:
        """Return the opposite side."""
        return Side.HI if self is Side.LO else Side.LO


class Lowering:
    """Lowers expressions into a builder; `leaves` are the cells and holdings already there, by identity."""

    def __init__(self, builder: Builder, leaves: Mapping[int, Bound]) -> None:
        """Start with the leaves."""
        self.builder = builder
        self.leaves = leaves
        self._made: dict[tuple[int, Side | None], tuple[Expression, Bound]] = {}
        self._numbers: dict[int, int] = {}
        self._structures: dict[tuple[object, ...], int] = {}
        self._kept: list[Expression] = []  # ids are reused once their objects are gone
        self._exact: dict[int, bool] = {}
        self._names: dict[str, int] = {}

    def bound(self, node: Expression, side: Side) -> Bound:
        """Return the node's bound of that side. Raises RuleError when no sound one exists."""
        key = (self._number(node), None if self.exact(node) else side)
        if key not in self._made:
            with self.builder.source(node.where, str(Unit(node.unit.powers)), node.unit.decimals):
                self._made[key] = (node, LOWERINGS[type(node)](self, node, side))
        return self._made[key][1]

    def exact(self, node: Expression) -> bool:
        """Return whether the node's value is determined on whichever side it is asked."""
        number = self._number(node)
        known = self._exact.get(number)
        if known is None:
            one_sided = isinstance(node, Positive | Minimum | Maximum | Quotient)
            known = self._exact[number] = not one_sided and all(self.exact(child) for child in node.children)
        return known

    def _number(self, node: Expression) -> int:
        """Return the number of the node's structure: a sub-expression written twice is made once."""
        number = self._numbers.get(id(node))
        if number is None:
            self._kept.append(node)
            same = id(node) if id(node) in self.leaves else 0
            structure = (type(node), node.key, same, *map(self._number, node.children))
            number = self._numbers[id(node)] = self._structures.setdefault(structure, len(self._structures))
        return number

    def name(self, word: str) -> str:
        """Return a wire name that no other node has."""
        number = self._names[word] = self._names.get(word, -1) + 1
        return f"{word}.{number}"


def _leaf(lowering: Lowering, node: Expression, _side: Side) -> Bound:
    if isinstance(node, Constant):
        return Bound(Linear.constant(node.value), node.value, node.value)
    return lowering.leaves[id(node)]


def _sum(lowering: Lowering, node: Expression, side: Side) -> Bound:
    assert isinstance(node, Sum)  # noqa: S101 - the registry's own key
    parts, low, high, exact = [], 0, 0, True
    for coefficient, child in zip(node.coefficients, node.children, strict=True):
        part = lowering.bound(child, side if coefficient > 0 else side.other)
        parts.append((coefficient, part.linear))
        ends = (coefficient * part.low, coefficient * part.high)
        low, high, exact = low + min(ends), high + max(ends), exact and part.exact
    fits_the_field(low, high, str(node))
    return Bound(Linear.sum(parts), low, high, exact)


def _increase(lowering: Lowering, node: Expression, side: Side) -> Bound:
    later, earlier = (lowering.bound(child, side) for child in node.children)
    return Bound(later.linear - earlier.linear, *node.interval)


def _product(lowering: Lowering, node: Expression, side: Side) -> Bound:
    """Both exact: exact. One exact and never negative (or never positive): the other on its side. Else both >= 0."""
    left, right = node.children
    name = lowering.name("product")
    if lowering.exact(left) and lowering.exact(right):
        return lowering.builder.product(lowering.bound(left, side), lowering.bound(right, side), name)
    if lowering.exact(right):
        left, right = right, left
    if lowering.exact(left):
        factor = lowering.bound(left, side)
        if factor.low >= 0 or factor.high <= 0:
            other = lowering.bound(right, side if factor.low >= 0 else side.other)
            return lowering.builder.product(factor, other, name, exact=other.exact)
    else:
        first, second = lowering.bound(left, side), lowering.bound(right, side)
        if first.low >= 0 and second.low >= 0:
            return lowering.builder.product(first, second, name, exact=first.exact and second.exact)
    raise RuleError(
        f"{node} multiplies a helper by a value whose sign is not enforced, so it bounds nothing",
        hint="multiply by a value that is never negative: a price, a rate, a size's absolute",
    )


def _absolute(lowering: Lowering, node: Expression, side: Side) -> Bound:
    (child,) = node.children
    if not lowering.exact(child):
        return _extreme(lowering, (child, -child), node, side, largest=True)
    value = lowering.bound(child, side)
    if value.magnitude is None:
        value = sign_and_magnitude(lowering.builder, value, _bits(child.interval), lowering.name("absolute"))
    if value.magnitude is None:
        raise RuleError(f"{node} has no magnitude")
    return Bound(value.magnitude, 0, (1 << len(value.magnitude.terms)) - 1)


def _positive(lowering: Lowering, node: Expression, side: Side) -> Bound:
    """Lower max(x, 0).

    HI: (x + |x|)/2 by sign and magnitude, w + 2 constraints. LO: a helper that equals x or 0, one constraint.
    """
    (child,) = node.children
    value = lowering.bound(child, side)
    builder, name = lowering.builder, lowering.name("positive")
    if value.low >= 0:
        return value
    if side is Side.LO:
        wire = builder.system.wire(name)
        helper = Linear.wire(wire)
        builder.program.choose(wire, [value.linear, Linear()], largest=True)
        builder.constrain(helper, helper - value.linear, Linear(), f"{name} is one piece")
        return Bound(helper, min(value.low, 0), max(value.high, 0), exact=False)
    bits = _bits(child.interval)
    magnitude = sign_and_magnitude(builder, value, bits, name).magnitude
    if magnitude is None:
        raise RuleError(f"{node} has no magnitude")
    return Bound((value.linear + magnitude).halved(), 0, (1 << bits) - 1, value.exact)


def _quotient(lowering: Lowering, node: Expression, side: Side) -> Bound:
    """Lower a rounded quotient h of a and an exact d >= 1.

    Down, LO: d·h <= a. Down, HI: d·h >= a − d + 1. Up is the same of a + d − 1. The helper is range-checked itself:
    without that it could be one half in the field, and 1/2 + 1/2 = 1.
    """
    assert isinstance(node, Quotient)  # noqa: S101 - the registry's own key
    numerator, divisor = node.children
    if not lowering.exact(divisor):
        raise RuleError(
            f"{numerator} is divided by {divisor}, which is only bounded on one side",
            hint="divide by a cell or a holding",
        )
    builder, name = lowering.builder, lowering.name("quotient")
    d = lowering.bound(divisor, side)
    a = lowering.bound(numerator, side)
    if node.up:
        a = Bound(a.linear + d.linear - Linear.constant(1), a.low + d.low - 1, a.high + d.high - 1)
    wire = builder.system.wire(name)
    builder.program.quotient(wire, a.linear, d.linear)
    low, high = node.interval
    bits = (high - low).bit_length()
    span = (1 << bits) - 1
    range_check(builder, Bound(Linear.wire(wire) - Linear.constant(low), 0, span), bits, f"{name}.helper")
    helper = Bound(Linear.wire(wire), low, low + span)
    times = builder.product(d, helper, f"{name}.product")
    if side is Side.LO:
        slack = Bound(a.linear - times.linear, a.low - times.high, a.high - times.low)
    else:
        rest = times.linear - a.linear + d.linear - Linear.constant(1)
        slack = Bound(rest, times.low - a.high + d.low - 1, times.high - a.low + d.high - 1)
    range_check(builder, slack, (divisor.interval[1] - 1).bit_length(), f"{name}.remainder")
    return Bound(helper.linear, helper.low, helper.high, exact=False)


def _minimum(lowering: Lowering, node: Expression, side: Side) -> Bound:
    return _extreme(lowering, node.children, node, side, largest=False)


def _maximum(lowering: Lowering, node: Expression, side: Side) -> Bound:
    return _extreme(lowering, node.children, node, side, largest=True)


def _extreme(lowering: Lowering, pieces: Sequence[Expression], node: Expression, side: Side, *, largest: bool) -> Bound:
    """Lower min or max of several pieces: on the side where any piece is a bound, choose one; else bound by them all.

    Choosing costs one product a piece but the first; bounding costs one range check a piece.
    """
    bounds = [lowering.bound(piece, side) for piece in pieces]
    if len(bounds) == 1:
        return bounds[0]
    builder, name = lowering.builder, lowering.name("maximum" if largest else "minimum")
    wire = builder.system.wire(name)
    helper = Linear.wire(wire)
    builder.program.choose(wire, [bound.linear for bound in bounds], largest=largest)
    if (side is Side.LO) is largest:
        _one_of(builder, helper, bounds, name)
        return Bound(helper, min(b.low for b in bounds), max(b.high for b in bounds), exact=False)
    low: int | None = None
    high: int | None = None
    for i, (piece, bound) in enumerate(zip(pieces, bounds, strict=True)):
        # Honest slacks are differences of the true values; the checked width is what the helper's interval rests on.
        most = node.interval[1] - piece.interval[0] if largest else piece.interval[1] - node.interval[0]
        bits = max(0, most).bit_length()
        reach = (1 << bits) - 1
        slack = helper - bound.linear if largest else bound.linear - helper
        piece_low, piece_high = (bound.low, bound.high + reach) if largest else (bound.low - reach, bound.high)
        fits_the_field(piece_low, piece_high, name)
        if low is None or high is None:  # the first check defines the helper as its piece plus or minus the slack
            range_check(builder, Bound(slack, 0, reach), bits, f"{name}.piece{i}")
            low, high = piece_low, piece_high
        else:
            ends = (low - bound.high, high - bound.low) if largest else (bound.low - high, bound.high - low)
            range_check(builder, Bound(slack, *ends), bits, f"{name}.piece{i}")
            low, high = max(low, piece_low), min(high, piece_high)
    return Bound(helper, low or 0, high or 0, exact=False)


def _one_of(builder: Builder, helper: Linear, bounds: Sequence[Bound], name: str) -> None:
    """Constrain Π (helper − piece) = 0. Costs one constraint a piece but the first."""
    product = helper - bounds[0].linear
    for i, bound in enumerate(bounds[1:], start=2):
        factor = helper - bound.linear
        if i == len(bounds):
            builder.constrain(product, factor, Linear(), f"{name} is one piece")
            return
        wire = builder.system.wire(f"{name}.product{i}")
        builder.program.product(wire, product, factor)
        builder.constrain(product, factor, Linear.wire(wire), f"{name} is one piece")
        product = Linear.wire(wire)


def _bits(interval: tuple[int, int]) -> int:
    return max(abs(interval[0]), abs(interval[1])).bit_length()


LOWERINGS: dict[type[Expression], Callable[[Lowering, Expression, Side], Bound]] = {
    Constant: _leaf,
    CellRef: _leaf,
    HoldingRef: _leaf,
    Sum: _sum,
    Product: _product,
    Increase: _increase,
    Absolute: _absolute,
    Quotient: _quotient,
    Positive: _positive,
    Minimum: _minimum,
    Maximum: _maximum,
}
