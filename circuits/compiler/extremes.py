"""Positive parts, magnitudes, minima, maxima and choices by sign.

Where any piece is a bound of the side asked, a helper is one of them: a product a piece. Where it must be bounded by
them all, two pieces are taken apart by the sign and magnitude of their difference, more are checked one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..language.language import Expression, Interval
from .builder import Builder, fits_the_field
from .linear import Bound, Linear
from .lowerer import Demand, Lowerer, Side
from .range_checks import range_check

__all__ = ["difference", "lower_absolute", "lower_branch", "lower_maximum", "lower_minimum", "lower_positive"]


def lower_absolute(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower |x|: of an exact x by its magnitude, w + 2 constraints; else as max(x, −x), each piece on its own side."""
    (child,) = node.children
    if not child.exact and demand is not None:
        return _extreme(lowerer, (child, -child), node, demand, largest=True)
    value = lowerer.bound(child, None)
    if child.interval[0] >= 0:
        return value
    if child.interval[1] <= 0:
        return Bound(-value.linear, -value.high, -value.low)
    parts = lowerer.apart(value, child.interval, lowerer.name("absolute"))
    return Bound(parts.magnitude, 0, parts.largest)


def lower_positive(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower max(x, 0).

    HI and exact: (x + |x|)/2 by sign and magnitude, w + 2 constraints. LO: a helper that equals x or 0, one constraint,
    or nothing where |x| has been made already.
    """
    (child,) = node.children
    value = lowerer.bound(child, demand)
    builder, name = lowerer.builder, lowerer.name("positive")
    if value.low >= 0:
        return value
    if value.high <= 0:
        return Bound(Linear(), 0, 0)
    if demand is Side.LO and lowerer.known_apart(value.linear) is None:
        wire = builder.system.wire(name)
        helper = Linear.wire(wire)
        builder.program.choose(wire, [value.linear, Linear()], largest=True)
        builder.constrain(helper, helper - value.linear, Linear(), f"{name} is one piece")
        return Bound(helper, min(value.low, 0), max(value.high, 0), exact=False)
    parts = lowerer.apart(value, child.interval, name)
    return Bound((value.linear + parts.magnitude).halved(), 0, min(parts.largest, value.high), value.exact)


def lower_minimum(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower the smallest of several: LO bounds the helper by all pieces, HI chooses one."""
    return _extreme(lowerer, node.children, node, demand, largest=False)


def lower_maximum(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower the largest of several: HI bounds the helper by all pieces, LO chooses one."""
    return _extreme(lowerer, node.children, node, demand, largest=True)


def lower_branch(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower a choice by the sign s of an exact x: negative + (1 − s)·(positive − negative).

    At zero s is free; whoever made the node has shown that the branches agree there. Costs w + 3 constraints, 1 where
    the sign has been made already.
    """
    x, positive, negative = node.children
    first, second = lowerer.bound(positive, demand), lowerer.bound(negative, demand)
    if x.interval[0] >= 0 or x.interval[1] <= 0:
        return first if x.interval[0] >= 0 else second
    value = lowerer.bound(x, None)
    builder, name = lowerer.builder, lowerer.name("branch")
    sign = lowerer.apart(value, x.interval, f"{name}.by").sign
    step = Bound(first.linear - second.linear, first.low - second.high, first.high - second.low)
    fits_the_field(step.low, step.high, name)
    chosen = builder.product(Bound(Linear.constant(1) - sign, 0, 1), step, f"{name}.product")
    low, high = min(first.low, second.low), max(first.high, second.high)
    return Bound(second.linear + chosen.linear, low, high, first.exact and second.exact)


def difference(lowerer: Lowerer, left: Expression, right: Expression) -> Interval:
    """Return the interval of left − right, terms that stand in both taken off both."""
    low = high = 0
    for coefficient, child in lowerer.structures.terms((1, left), (-1, right)).values():
        ends = (coefficient * child.interval[0], coefficient * child.interval[1])
        low, high = low + min(ends), high + max(ends)
    return low, high


def one_of(builder: Builder, helper: Linear, bounds: Sequence[Bound], name: str) -> None:
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


def _extreme(
    lowerer: Lowerer, pieces: Sequence[Expression], node: Expression, demand: Demand, *, largest: bool
) -> Bound:
    bounds = [lowerer.bound(piece, demand) for piece in pieces]
    if len(bounds) == 1:
        return bounds[0]
    builder, name = lowerer.builder, lowerer.name("maximum" if largest else "minimum")
    any_piece_will_do = demand is not None and (demand is Side.LO) is largest
    if len(bounds) == 2:
        found = _of_two(lowerer, bounds, difference(lowerer, *pieces), name, largest=largest, free=any_piece_will_do)
        if found is not None:
            return found
    wire = builder.system.wire(name)
    helper = Linear.wire(wire)
    builder.program.choose(wire, [bound.linear for bound in bounds], largest=largest)
    hull = (min(bound.low for bound in bounds), max(bound.high for bound in bounds))
    fits_the_field(*hull, name)
    if any_piece_will_do or demand is None:
        one_of(builder, helper, bounds, name)
    if any_piece_will_do:
        return Bound(helper, *hull, exact=False)
    low, high = _bounded_by_all(lowerer, helper, bounds, pieces, node, name, largest=largest)
    return Bound(helper, *hull) if demand is None else Bound(helper, low, high, exact=False)


def _of_two(
    lowerer: Lowerer, bounds: list[Bound], honest: Interval, name: str, *, largest: bool, free: bool
) -> Bound | None:
    """Return min or max of two values as (a + b ∓ |a − b|)/2, which rises with both: sound for helpers too.

    Costs w + 2 constraints, against two range checks of w + 1: the cheaper at every width. With `free`, only what costs
    nothing, else None: the greater of two whose order their intervals tell, or a difference that has been made already.
    """
    first, second = bounds
    if honest[0] >= 0:
        return first if largest else second
    if honest[1] <= 0:
        return second if largest else first
    step = Bound(first.linear - second.linear, first.low - second.high, first.high - second.low)
    if free and lowerer.known_apart(step.linear) is None:
        return None
    fits_the_field(step.low, step.high, name)
    if not free and lowerer.known_apart(step.linear) is None:
        first, second = lowerer.short(first, f"{name}.first"), lowerer.short(second, f"{name}.second")
        step = Bound(first.linear - second.linear, step.low, step.high)
    parts = lowerer.apart(step, honest, name)
    choose = max if largest else min
    return Bound(
        (first.linear + second.linear + (parts.magnitude if largest else -parts.magnitude)).halved(),
        choose(first.low, second.low),
        choose(first.high, second.high),
        first.exact and second.exact,
    )


def _bounded_by_all(
    lowerer: Lowerer,
    helper: Linear,
    bounds: Sequence[Bound],
    pieces: Sequence[Expression],
    node: Expression,
    name: str,
    *,
    largest: bool,
) -> Interval:
    """Constrain helper <= every piece (or >= where the largest is meant) and return the interval that implies.

    Honest slacks are differences of the true values; the checked width is what the helper's interval rests on. Costs
    one range check a piece.
    """
    low: int | None = None
    high: int | None = None
    for i, (piece, bound) in enumerate(zip(pieces, bounds, strict=True)):
        most = node.interval[1] - piece.interval[0] if largest else piece.interval[1] - node.interval[0]
        bits = max(0, most).bit_length()
        reach = (1 << bits) - 1
        slack = helper - bound.linear if largest else bound.linear - helper
        piece_low, piece_high = (bound.low, bound.high + reach) if largest else (bound.low - reach, bound.high)
        fits_the_field(piece_low, piece_high, name)
        if low is None or high is None:  # the first check defines the helper as its piece plus or minus the slack
            range_check(lowerer.builder, Bound(slack, 0, reach), bits, f"{name}.piece{i}")
            low, high = piece_low, piece_high
        else:
            ends = (low - bound.high, high - bound.low) if largest else (bound.low - high, bound.high - low)
            range_check(lowerer.builder, Bound(slack, *ends), bits, f"{name}.piece{i}")
            low, high = max(low, piece_low), min(high, piece_high)
    return low or 0, high or 0
