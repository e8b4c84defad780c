"""Slots: one of many hidden numbers, chosen by a hidden index, read and changed while all others stay.

Flags come from the index's bits by products alone: of the flags of a half of the bits and those of the other half. So
no hint is trusted and exactly one flag is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...kernel.errors import RuleError
from ..compiler.builder import Builder
from ..compiler.linear import Bound, Linear
from ..compiler.range_checks import range_check, sign_and_magnitude

__all__ = ["SlotChange", "change_slot", "checked_change", "chosen_value", "packed_change", "slot_flags"]


@dataclass(frozen=True)
class SlotChange:
    """The chosen slot's number before and after, and all numbers after, in order."""

    before: Bound
    after: Bound
    values: list[Bound]


def slot_flags(builder: Builder, index: Sequence[Linear], slots: int, name: str) -> list[Linear]:
    """Return a flag a slot, 1 where the index says so and 0 elsewhere; `index` are its bits, the lowest first.

    Constrains the index to be below the number of slots. Does not check that its bits are 0 or 1. With k bits enough
    for the slots: costs 2^k − 1 − k constraints, and 1 where indices beyond the slots can be written.
    """
    needed = (slots - 1).bit_length()
    if not 0 < slots <= 1 << len(index):
        raise RuleError(f"an index of {len(index)} bits does not tell {slots} slots apart")
    flags = _flags(builder, index[:needed], name)
    beyond = [(1, flag) for flag in (*flags[slots:], *index[needed:])]
    if beyond:  # each 0 or 1, and fewer than the field's order: their sum is zero only when all are
        builder.equal(Linear.sum(beyond), Linear(), f"{name} below {slots}")
    return flags[:slots]


def chosen_value(builder: Builder, flags: Sequence[Linear], values: Sequence[Bound], name: str) -> Bound:
    """Return the number of the slot whose flag is 1. Costs a constraint a slot but the first.

    Does not check the flags: they are `slot_flags`. Raises RuleError where there are not as many as numbers.
    """
    if len(flags) != len(values):  # a flag without a number would read another's
        raise RuleError(f"{len(flags)} flags do not choose one of {len(values)} numbers")
    first, parts = values[0].linear, [(1, values[0].linear)]
    for number in range(1, len(values)):
        difference = values[number].linear - first
        wire = builder.product_less(flags[number], difference, Linear(), f"{name}.chosen{number}")
        parts.append((1, Linear.wire(wire)))
    return Bound(Linear.sum(parts), min(value.low for value in values), max(value.high for value in values))


def checked_change(
    builder: Builder,
    flags: Sequence[Linear],
    values: Sequence[Bound],
    amount: Bound,
    bits: int,
    name: str,
    *,
    signed: bool = False,
) -> tuple[Bound, Bound]:
    """Return the number of the slot whose flag is 1 before and after a signed amount is added to it.

    Constrains the number after to [0, 2^bits), or with `signed` to less than 2^bits in magnitude. The number before is
    constrained alike where the values' own intervals do not say so: a number beyond would carry into the next field of
    a packed element. That alone does not bind it: the other fields of a packed element must be in range by other
    constraints, or they take up whatever the chosen one is said to be. Does not check the flags. For n slots: costs
    n − 1 constraints and a range check, `bits` + 1, or `bits` + 2 with `signed`; and one more such check for unchecked
    values before.
    """
    before = chosen_value(builder, flags, values, name)
    low, high = (1 - (1 << bits) if signed else 0), (1 << bits) - 1
    if before.low < low or before.high > high:
        _check(builder, before, bits, f"{name} before", signed=signed)
        before = Bound(before.linear, low, high)
    after = Bound(before.linear + amount.linear, before.low + amount.low, before.high + amount.high)
    _check(builder, after, bits, f"{name} after", signed=signed)
    return before, Bound(after.linear, low, high)


def change_slot(
    builder: Builder,
    flags: Sequence[Linear],
    values: Sequence[Bound],
    amount: Bound,
    bits: int,
    name: str,
    *,
    signed: bool = False,
) -> SlotChange:
    """Add a signed amount to the slot whose flag is 1; every other slot keeps its number.

    Constrains what `checked_change` does, and leaves open what that does. Costs the same and n − 1 constraints more:
    where the numbers after are needed in packed elements only, `packed_change` costs 1 an element.
    """
    before, after = checked_change(builder, flags, values, amount, bits, name, signed=signed)
    changed, left = [], amount.linear
    for number in range(1, len(values)):
        wire = Linear.wire(builder.product_less(flags[number], amount.linear, Linear(), f"{name}.added{number}"))
        changed.append(_sum(values[number], wire, after.low, after.high))
        left -= wire
    changed.insert(0, _sum(values[0], left, after.low, after.high))
    return SlotChange(before, after, changed)


def packed_change(
    builder: Builder, flags: Sequence[Linear], weights: Sequence[int], amount: Linear, name: str
) -> Linear:
    """Return what a packed element grows by when the slot whose flag is 1 takes a signed amount: its weight times that.

    A slot that stands in another element has weight 0 here. Does not check that the number after fits its field
    (`checked_change` does), nor the flags. Costs 1 constraint.
    """
    if len(flags) != len(weights):
        raise RuleError(f"{len(flags)} flags have not {len(weights)} weights")
    weight = Linear.sum(list(zip(weights, flags, strict=True)))
    return Linear.wire(builder.product_less(weight, amount, Linear(), f"{name}.packed"))


def _flags(builder: Builder, bits: Sequence[Linear], name: str) -> list[Linear]:
    """Return 2^k flags of k bits: products of the halves' flags, those with a 0 on either side by what is left."""
    one = Linear.constant(1)
    if not bits:
        return [one]
    if len(bits) == 1:
        return [one - bits[0], bits[0]]
    half = len(bits) // 2
    low, high = _flags(builder, bits[:half], f"{name}.low"), _flags(builder, bits[half:], f"{name}.high")
    flags = [Linear()] * (len(low) * len(high))
    for j in range(1, len(high)):
        row = []
        for i in range(1, len(low)):
            wire = builder.product_less(low[i], high[j], Linear(), f"{name}.flag{j * len(low) + i}")
            flags[j * len(low) + i] = Linear.wire(wire)
            row.append((-1, Linear.wire(wire)))
        flags[j * len(low)] = Linear.sum([(1, high[j]), *row])
    for i in range(1, len(low)):
        column = [(-1, flags[j * len(low) + i]) for j in range(1, len(high))]
        flags[i] = Linear.sum([(1, low[i]), *column])
    flags[0] = Linear.sum([(1, one), *((-1, flag) for flag in flags[1:])])
    return flags


def _check(builder: Builder, value: Bound, bits: int, name: str, *, signed: bool) -> None:
    if signed:
        sign_and_magnitude(builder, value, bits, name)
    else:
        range_check(builder, value, bits, name)


def _sum(value: Bound, part: Linear, low: int, high: int) -> Bound:
    """Return a slot's number after: what it was, or, where it was chosen, what the check admits."""
    return Bound(value.linear + part, min(value.low, low), max(value.high, high))
