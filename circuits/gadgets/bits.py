"""Bits: range checks and the numbers they make. Every comparison of a circuit ends here.

unsigned(n)          n constraints          a number of n free bits
range_check(n)       n + 1 constraints      a value already made is below 2^n
sign_and_magnitude   w + 2 constraints      |x| of a value already made, |x| < 2^w
signed(n)            n + 2 constraints      a signed number and its magnitude, |x| < 2^n
"""

from __future__ import annotations

from ...kernel.errors import RuleError
from ...kernel.field import R
from ..compiler.builder import Builder
from ..compiler.linear import ONE, Bound, Linear

__all__ = ["booleans", "offset_input", "range_check", "sign_and_magnitude", "signed_input", "unsigned_input"]


def booleans(builder: Builder, count: int, name: str) -> int:
    """Make `count` wires that are 0 or 1 and return the first.

    Constrains b·(b − 1) = 0 each. Does not fill them: the caller records the hint. Costs `count` constraints.
    """
    first = builder.system.wires
    for i in range(count):
        wire = builder.system.wire(f"{name}.bit{i}")
        builder.constrain(Linear.wire(wire), Linear({wire: 1, ONE: -1}), Linear(), f"bits of {name}")
    return first


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


def range_check(builder: Builder, value: Bound, bits: int, name: str) -> None:
    """Constrain 0 <= value < 2^bits, as integers.

    Raises RuleError when the value's interval is so wide that a value outside could wrap into the range.
    Costs `bits` + 1 constraints.
    """
    if not (value.low - ((1 << bits) - 1) > -R and value.high < R):
        raise RuleError(f"a check of {bits} bits on {name} is not sound: its values may wrap around the field")
    builder.checked(name, bits)
    first = booleans(builder, bits, name)
    builder.program.bits(first, bits, value.linear, name)
    builder.equal(Linear.weighted_bits(first, bits), value.linear, f"range of {name}")


def sign_and_magnitude(builder: Builder, value: Bound, bits: int, name: str, *, defines: bool = False) -> Bound:
    """Return the value with its sign s and magnitude g, from s·2g = g − x with s boolean and 0 <= g < 2^bits.

    So x = g or x = −g: the magnitude is exact, the sign is free at zero. With `defines` the value is a fresh wire that
    these very constraints define, and its interval is theirs. Raises RuleError when |x| could wrap into the range.
    Costs `bits` + 2 constraints.
    """
    largest = (1 << bits) - 1
    if not (value.low - largest > -R and value.high + largest < R):
        raise RuleError(f"a magnitude of {bits} bits of {name} is not sound: its values may wrap around the field")
    builder.checked(name, bits)
    sign = booleans(builder, 1 + bits, f"{name}.magnitude")
    builder.program.sign(sign, bits, value.linear, name)
    magnitude = Linear.weighted_bits(sign + 1, bits)
    builder.constrain(Linear.wire(sign), magnitude.scaled(2), magnitude - value.linear, f"sign of {name}")
    low, high = (-largest, largest) if defines else (value.low, value.high)
    return Bound(value.linear, low, high, value.exact, magnitude, Linear.wire(sign))
