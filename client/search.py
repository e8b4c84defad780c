"""Where a rule's answer changes sign, found by walking outwards and halving: for rules without a closed form.

Only whole cells are asked, so the answer is the margin engine's own; between two neighbouring cells the line is taken
as straight.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

__all__ = ["first_zero"]

_STEPS = 64  # the first step away is a 64th of where one stands


def first_zero(value: Callable[[int], Fraction], start: int, last: int) -> Fraction | None:
    """Return the place nearest `start` on the way to `last`, both included, at which the value is zero or changes sign.

    Steps double, so of two zeros within one step neither may be seen: a value that leaves its sign once on each side
    (a concave surplus) is never missed.
    """
    here, at_start = start, value(start)
    if at_start == 0:
        return Fraction(start)
    direction, step = (1 if last > start else -1), max(1, start // _STEPS)
    low = at_start
    while here != last:
        there = here + direction * min(step, abs(last - here))
        high = value(there)
        if low * high <= 0:
            return _halved(value, (here, low), (there, high))
        here, low, step = there, high, 2 * step
    return None


def _halved(value: Callable[[int], Fraction], near: tuple[int, Fraction], far: tuple[int, Fraction]) -> Fraction:
    """Return the zero between two places whose values differ in sign, straight between neighbours."""
    while abs(far[0] - near[0]) > 1:
        middle = (near[0] + far[0]) // 2
        asked = (middle, value(middle))
        near, far = (near, asked) if near[1] * asked[1] <= 0 else (asked, far)
    return near[0] + (far[0] - near[0]) * Fraction(near[1]) / Fraction(near[1] - far[1])
