"""Packed fields: one field element that holds several numbers of fixed width, low bits first, in one way only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...kernel.errors import InputError, RuleError
from ..compiler.builder import Builder
from ..compiler.linear import Bound, Linear
from ..compiler.range_checks import booleans

__all__ = ["CHANGE", "Field", "UnpackedField", "pack_fields", "unpack_fields"]

MOST_BITS = 253
"""2^253 is below the order of the field, so the bits of an element are one number and not two."""


@dataclass(frozen=True)
class Field:
    """A number stored as value + offset in so many bits."""

    name: str
    bits: int
    offset: int = 0


@dataclass(frozen=True)
class UnpackedField:
    """A field's value within what its bits can say, and the bits themselves, lowest first, of value + offset."""

    value: Bound
    bits: tuple[Linear, ...]


CHANGE = (
    Field("cash", 65, 1 << 64),
    Field("collateral_slot", 8),
    Field("amount", 58, 1 << 57),
    Field("debt_slot", 8),
    Field("shares", 58, 1 << 57),
    Field("side", 2),
)
"""What a move changes beside its fill; side is 0 for none, 1 for plus, 2 for minus."""


def unpack_fields(builder: Builder, packed: Linear, fields: Sequence[Field], name: str) -> dict[str, UnpackedField]:
    """Return the fields of an element by name, each inside the range of its bits, exactly.

    Constrains the element to be the sum of its fields' bits, so below 2^(all bits) and with one meaning. Does not check
    what the numbers say: a slot may not exist, side may be 3. Raises RuleError beyond 253 bits. Costs a constraint a
    bit, and 1.
    """
    total = _total_bits(fields)
    first = booleans(builder, total, name)
    builder.program.bits(first, total, packed, name)
    builder.equal(Linear.weighted_bits(first, total), packed, f"{name} unpacked")
    found = {}
    for field in fields:
        value = Linear.weighted_bits(first, field.bits) - Linear.constant(field.offset)
        bits = tuple(Linear.wire(first + i) for i in range(field.bits))
        low, high = -field.offset, (1 << field.bits) - 1 - field.offset
        found[field.name] = UnpackedField(Bound(value, low, high), bits)
        first += field.bits
    return found


def pack_fields(values: Mapping[str, int], fields: Sequence[Field]) -> int:
    """Return the element that holds these values; one that is not given is 0.

    Raises InputError (code "out-of-range") where a value does not fit its field, and (code "unknown-field") where there
    is none for it.
    """
    _total_bits(fields)
    unknown = values.keys() - {field.name for field in fields}
    if unknown:
        raise InputError(f"there is no field {min(unknown)}", code="unknown-field")
    element = shift = 0
    for field in fields:
        stored = values.get(field.name, 0) + field.offset
        if not 0 <= stored < 1 << field.bits:
            raise InputError(f"{field.name} does not fit its {field.bits} bits", code="out-of-range")
        element |= stored << shift
        shift += field.bits
    return element


def _total_bits(fields: Sequence[Field]) -> int:
    total = sum(field.bits for field in fields)
    if not 0 < total <= MOST_BITS or len({field.name for field in fields}) < len(fields):
        raise RuleError(f"fields have names of their own and at most {MOST_BITS} bits together, not {total}")
    return total
