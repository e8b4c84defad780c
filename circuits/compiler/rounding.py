"""What is rounded to an integer: quotients, remainders, square roots.

The helper is range-checked itself: without that a quotient could be one half in the field, and 1/2 + 1/2 = 1.
"""

from __future__ import annotations

from math import isqrt

from ...kernel.errors import RuleError
from ..language.language import Constant, Exact, Expression, Quotient
from .builder import fits_the_field
from .linear import Bound, Linear
from .lowerer import Demand, Lowerer, Side
from .range_checks import range_check

__all__ = ["lower_quotient", "lower_remainder", "lower_square_root"]


def lower_quotient(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower a rounded quotient h of a and an exact d >= 1.

    Down, LO: d·h <= a. Down, HI: d·h >= a − d + 1. Up is the same of a + d − 1. Exact: 0 <= a − d·h <= d − 1.
    Costs two range checks, of the quotient and of the remainder (three where exact, unless the divisor is a constant
    power of two), and a product unless the divisor is a constant.
    """
    assert isinstance(node, Quotient)  # noqa: S101 - the registry's own key
    numerator, divisor = node.children
    if not divisor.exact:
        raise RuleError(
            f"{numerator} is divided by {divisor}, which is only bounded on one side",
            hint="divide by a cell or a holding, or by exact(helper)",
        )
    builder, name = lowerer.builder, lowerer.name("quotient")
    d, a = lowerer.bound(divisor, None), lowerer.bound(numerator, demand)
    if node.up:
        a = Bound(a.linear + d.linear - Linear.constant(1), a.low + d.low - 1, a.high + d.high - 1)
    wire = builder.system.wire(name)
    builder.program.quotient(wire, a.linear, d.linear)
    helper = _whole(lowerer, wire, node.interval, name)
    if isinstance(divisor, Constant):
        times = Bound(helper.linear.scaled(divisor.value), helper.low * divisor.value, helper.high * divisor.value)
    else:
        times = builder.product(d, helper, f"{name}.product")
    left = Bound(a.linear - times.linear, a.low - times.high, a.high - times.low)
    fits_the_field(left.low - d.high, left.high + d.high, name)
    under = Bound(d.linear - left.linear - Linear.constant(1), d.low - left.high - 1, d.high - left.low - 1)
    bits = (divisor.interval[1] - 1).bit_length()
    whole_range = d.low == d.high == 1 << bits  # then the one check bounds the remainder at both ends
    if demand is not Side.HI:
        range_check(builder, left, bits, f"{name}.remainder")
    if demand is Side.HI or (demand is None and not whole_range):
        range_check(builder, under, bits, f"{name}.remainder" if demand is Side.HI else f"{name}.under")
    if demand is None and not node.up:
        lowerer.remainders[lowerer.structures.number(node)] = left.linear
    return Bound(helper.linear, helper.low, helper.high, exact=demand is None)


def lower_remainder(lowerer: Lowerer, node: Expression, _demand: Demand) -> Bound:
    """Return what the exact quotient leaves. Costs that quotient, shared with `exact(floor_div(...))`."""
    numerator, divisor = node.children
    quotient = Quotient(numerator, divisor, up=False)
    lowerer.bound(Exact(quotient), None)
    return Bound(lowerer.remainders[lowerer.structures.number(quotient)], *node.interval)


def lower_square_root(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower h = ⌊√x⌋. LO: h·h <= x. HI: (h + 1)² >= x + 1. Exact: both.

    Costs a product and two range checks, of the root and of what is left, which is at most 2√x; three where exact.
    """
    (child,) = node.children
    builder, name = lowerer.builder, lowerer.name("root")
    x = lowerer.bound(child, demand)
    wire = builder.system.wire(name)
    builder.program.root(wire, x.linear)
    root = _whole(lowerer, wire, (0, node.interval[1]), name)
    square = builder.product(root, root, f"{name}.square")
    bits = (2 * isqrt(child.interval[1])).bit_length()
    if demand is not Side.HI:
        left = Bound(x.linear - square.linear, x.low - square.high, x.high)
        range_check(builder, left, bits, f"{name}.left")
    if demand is not Side.LO:
        over = square.linear + root.linear.scaled(2) - x.linear
        range_check(builder, Bound(over, -x.high, square.high + 2 * root.high - x.low), bits, f"{name}.over")
    return Bound(root.linear, 0, root.high, exact=demand is None)


def _whole(lowerer: Lowerer, wire: int, interval: tuple[int, int], name: str) -> Bound:
    """Return a wire held to the integers of an interval, its upper end rounded up to a power of two."""
    low, high = interval
    bits = (high - low).bit_length()
    span = (1 << bits) - 1
    range_check(lowerer.builder, Bound(Linear.wire(wire) - Linear.constant(low), 0, span), bits, f"{name}.helper")
    return Bound(Linear.wire(wire), low, low + span)
