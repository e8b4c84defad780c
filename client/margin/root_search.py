"""Where a rule's answer changes sign, found by walking outwards and narrowing: for rules without a closed form.

Only whole cells are asked, so the answer is the margin engine's own; between two neighbouring cells the line is taken
as straight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

__all__ = ["first_zero"]

_STEPS = 64  # the first step away is a 64th of where one stands


def first_zero(value: Callable[[int], Fraction | None], start: int, last: int) -> Fraction | None:
    """Return the place nearest `start` on the way to `last`, both included, at which the value is zero or changes sign.

    Steps double, so of two zeros within one step neither may be seen: a value that leaves its sign once on each side
    (a concave surplus) is never missed. A value of None ends the way: there is no answer there or beyond.
    """
    here, low = start, value(start)
    if low is None or low == 0:
        return None if low is None else Fraction(start)
    direction, step = (1 if last > start else -1), max(1, start // _STEPS)
    while here != last:
        there = here + direction * min(step, abs(last - here))
        high = value(there)
        if high is None:
            last, step = there - direction, max(1, step // 4)
            continue
        if low * high <= 0:
            return _Bracket(value, (here, low), (there, high)).zero()
        here, low, step = there, high, 2 * step
    return None


@dataclass
class _Bracket:
    """Two places whose values differ in sign, the nearer one first; a zero lies between them."""

    value: Callable[[int], Fraction | None]
    near: tuple[int, Fraction]
    far: tuple[int, Fraction]

    def zero(self) -> Fraction:
        """Return the zero, straight between neighbours.

        Where a straight line would meet zero is asked first, then the neighbour beyond, then the middle: on a straight
        stretch of a margin rule two questions do, and none needs more than thrice the questions of halving.
        """
        while self._wide():
            guess = floor(self._crossing())
            self._ask(guess)
            self._ask(guess + 1)
            self._ask((self.near[0] + self.far[0]) // 2)
        return self._crossing()

    def _wide(self) -> bool:
        return abs(self.far[0] - self.near[0]) > 1

    def _crossing(self) -> Fraction:
        """Return where the line between both places is zero."""
        (here, low), (there, high) = self.near, self.far
        return here + (there - here) * Fraction(low) / Fraction(low - high)

    def _ask(self, place: int) -> None:
        """Narrow the bracket by the value at a place, if that lies inside."""
        low, high = sorted((self.near[0], self.far[0]))
        if low < place < high and self._wide():
            value = self.value(place)
            if value is None or self.near[1] * value <= 0:
                self.far = (place, self.far[1] if value is None else value)
            else:
                self.near = (place, value)
