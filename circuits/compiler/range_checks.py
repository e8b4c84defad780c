"""Range checks: what every comparison of a circuit ends in, and what the compiler's own lowerings stand on.

range_check(n)       n + 1 constraints      a value already made is below 2^n
sign_and_magnitude   w + 2 constraints      |x| of a value already made, |x| < 2^w
"""

from __future__ import annotations

from ...kernel.errors import RuleError
from ...kernel.field import R
from .builder import Builder
from .linear import ONE, Bound, Linear

__all__ = ["booleans", "range_check", "sign_and_magnitude"]


def booleans(builder: Builder, count: int, name: str) -> int:
    """Make `count` wires that are 0 or 1 and return the first.

    Constrains b·(b − 1) = 0 each. Does not fill them: the caller records the hint. Costs `count` constraints.
    """
    first = builder.system.wires
    for i in range(count):
        wire = builder.system.wire(f"{name}.bit{i}")
        builder.constrain(Linear.wire(wire), Linear({wire: 1, ONE: -1}), Linear(), f"bits of {name}")
    return first


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
