"""The k largest of several: their sum (expected shortfall) and the last of them (value-at-risk)."""

from __future__ import annotations

from collections.abc import Sequence

from ..language.language import Expression, KthLargest, SumLargest
from .builder import fits_the_field
from .linear import Bound, Linear
from .lowerer import Demand, Lowerer, Side
from .range_checks import booleans, range_check, sign_and_magnitude

__all__ = ["lower_kth_largest", "lower_sum_largest"]


def lower_sum_largest(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower the sum of the k largest of n pieces.

    LO: any k pieces, 2n + 1 constraints. HI: k·t + Σ positive(piece − t), at least the sum whatever t is and the sum
    itself at the k-th largest; n·(w + 2) constraints, w the width of the pieces' differences. Exact: both, and equal.
    """
    assert isinstance(node, SumLargest)  # noqa: S101 - the registry's own key
    bounds = [lowerer.bound(piece, demand) for piece in node.children]
    name = lowerer.name("largest")
    found: Bound | None = None
    if demand is not Side.HI:
        found = _any_k(lowerer, bounds, node.k, name)
    if demand is not Side.LO:
        above = _above(lowerer, bounds, node, name)
        if found is not None:
            lowerer.builder.equal(found.linear, above.linear, f"{name} is both bounds")
            return Bound(found.linear, found.low, found.high)
        return above
    assert found is not None  # noqa: S101 - LO has made it
    return found


def lower_kth_largest(lowerer: Lowerer, node: Expression, demand: Demand) -> Bound:
    """Lower h = the k-th largest of n pieces.

    LO: k pieces or more are at least h. HI: n − k + 1 or more are at most h. Each is counted by the signs of the
    differences, which are free where a piece is h and then count for either. Costs n·(w + 2) constraints, w the width
    of the pieces' differences, and a range check of the count; exact costs both.
    """
    assert isinstance(node, KthLargest)  # noqa: S101 - the registry's own key
    bounds = [lowerer.bound(piece, demand) for piece in node.children]
    builder, name = lowerer.builder, lowerer.name("ranked")
    wire = builder.system.wire(name)
    builder.program.ranked(wire, [bound.linear for bound in bounds], node.k)
    bits = _spread(node.children)
    reach = (1 << bits) - 1
    helper = Bound(Linear.wire(wire), bounds[0].low - reach, bounds[0].high + reach, exact=demand is None)
    fits_the_field(helper.low, helper.high, name)
    if demand is not Side.HI:
        _count(lowerer, bounds, helper, node.k, bits, f"{name}.above", turned=False)
    if demand is not Side.LO:
        _count(lowerer, bounds, helper, len(bounds) - node.k + 1, bits, f"{name}.below", turned=True)
    return helper


def _any_k(lowerer: Lowerer, bounds: Sequence[Bound], k: int, name: str) -> Bound:
    """Return the sum of k pieces that the prover chooses."""
    builder = lowerer.builder
    first = booleans(builder, len(bounds), f"{name}.chosen")
    builder.program.flags(first, [bound.linear for bound in bounds], k)
    flags = [Linear.wire(first + i) for i in range(len(bounds))]
    builder.equal(Linear.sum([(1, flag) for flag in flags]), Linear.constant(k), f"{name} chooses {k}")
    parts = [
        builder.product(Bound(flag, 0, 1), bound, f"{name}.product{i}")
        for i, (flag, bound) in enumerate(zip(flags, bounds, strict=True))
    ]
    low = sum(sorted(bound.low for bound in bounds)[:k])
    high = sum(sorted(bound.high for bound in bounds)[-k:])
    fits_the_field(low, high, name)
    return Bound(Linear.sum([(1, part.linear) for part in parts]), low, high, exact=False)


def _above(lowerer: Lowerer, bounds: Sequence[Bound], node: SumLargest, name: str) -> Bound:
    """Return k·t + Σ positive(piece − t) for a t that the prover chooses."""
    builder = lowerer.builder
    wire = builder.system.wire(f"{name}.threshold")
    builder.program.ranked(wire, [bound.linear for bound in bounds], node.k)
    threshold, bits = Linear.wire(wire), _spread(node.children)
    reach = (1 << bits) - 1
    low, high = bounds[0].low - reach, bounds[0].high + reach
    parts = [(node.k, threshold)]
    for i, bound in enumerate(bounds):
        over = _apart(lowerer, bound, Bound(threshold, low, high), bits, f"{name}.over{i}", defines=not i)
        parts.append((1, (over.linear + (over.magnitude or Linear())).halved()))
    ends = (node.k * low, node.k * high + len(bounds) * reach)
    fits_the_field(*ends, name)
    return Bound(Linear.sum(parts), *ends, exact=False)


def _count(
    lowerer: Lowerer, bounds: Sequence[Bound], helper: Bound, least: int, bits: int, name: str, *, turned: bool
) -> None:
    """Constrain that `least` pieces or more are at least the helper (at most, with `turned`)."""
    builder = lowerer.builder
    negative = Linear()
    for i, bound in enumerate(bounds):
        parts = _apart(lowerer, bound, helper, bits, f"{name}{i}", defines=not i, turned=turned)
        negative = negative + (parts.sign or Linear())
    spare = len(bounds) - least
    count = Bound(Linear.constant(spare) - negative, -least, spare)
    range_check(builder, count, spare.bit_length(), f"{name}.count")


def _apart(
    lowerer: Lowerer, piece: Bound, helper: Bound, bits: int, name: str, *, defines: bool, turned: bool = False
) -> Bound:
    """Return piece − helper (or its opposite) with sign and magnitude; the first of all defines where the helper is."""
    step = Bound(piece.linear - helper.linear, piece.low - helper.high, piece.high - helper.low)
    if turned:
        step = Bound(-step.linear, -step.high, -step.low)
    if defines:
        reach = (1 << bits) - 1
        step = Bound(step.linear, -reach, reach)
    fits_the_field(step.low, step.high, name)
    return sign_and_magnitude(lowerer.builder, step, bits, name)


def _spread(pieces: Sequence[Expression]) -> int:
    """Return the bits of the largest difference of two pieces."""
    return (max(piece.interval[1] for piece in pieces) - min(piece.interval[0] for piece in pieces)).bit_length()
