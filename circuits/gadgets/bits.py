"""Bits: hidden inputs held as the sum of their bits, so that each is inside its range exactly.

unsigned(n)          n constraints          a number of n free bits
offset(n)            n constraints          a signed number in offset form
signed(n)            n + 2 constraints      a signed number and its magnitude, |x| < 2^n
"""

from __future__ import annotations

from ..compiler.builder import Builder
from ..compiler.linear import Bound, Linear
from ..compiler.range_checks import booleans, sign_and_magnitude

__all__ = ["offset_input", "signed_input", "unsigned_input"]


def unsigned_input(builder: Builder, name: str, bits: int) -> Bound:
    """Return a hidden input as the sum of its bits: 0 <= x < 2^bits, exactly.

    Does not check anything else. Costs `bits` constraints.
    """
    first = booleans(builder, bits, name)
    builder.program.bits(first, bits, builder.input(name), name)
    return Bound(Linear.weighted_bits(first, bits), 0, (1 << bits) - 1)


def offset_input(builder: Builder, name: str, bits: int) -> Bound:
    """Return a signed hidden input held in offset form: -2^(bits-1) <= x < 2^(bits-1), exactly.

    Costs `bits` constraints.
    """
    half = Linear.constant(1 << (bits - 1))
    first = booleans(builder, bits, name)
    builder.program.bits(first, bits, builder.input(name) + half, name)
    return Bound(Linear.weighted_bits(first, bits) - half, -(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def signed_input(builder: Builder, name: str, bits: int) -> Bound:
    """Return a signed hidden input with its magnitude: |x| < 2^bits. The sign is free at zero, where x is 0 anyway.

    x is a wire of its own, so nothing that depends on x can tell the two zeros apart. Costs `bits` + 2 constraints.
    """
    wire = builder.hidden_wire(name)
    largest = (1 << bits) - 1
    return sign_and_magnitude(builder, Bound(Linear.wire(wire), -largest, largest), bits, name, defines=True)
