"""More nodes: a choice by sign, the largest of several, square roots, remainders, and what is made exact on demand."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt

from ...kernel.errors import RuleError
from .expressions import Expression, Value, _Node
from .units import Unit

__all__ = ["Branch", "Exact", "KthLargest", "Remainder", "SquareRoot", "SumLargest"]


class Exact(_Node):
    """The same value, determined by both bounds: it may be multiplied by anything and chosen by."""

    def __init__(self, x: Expression) -> None:
        """Keep unit and interval."""
        super().__init__(x.unit, x.interval, (x,))
        self.exact = True

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the value."""
        return values[0]


class Branch(_Node):
    """`positive` where x >= 0, `negative` where x <= 0. Made by `by_sign`, which knows that they agree at zero."""

    def __init__(self, x: Expression, positive: Expression, negative: Expression) -> None:
        """Take the hull of the branches."""
        ends = zip(positive.interval, negative.interval, strict=True)
        (low, other_low), (high, other_high) = ends
        super().__init__(positive.unit, (min(low, other_low), max(high, other_high)), (x, positive, negative))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the branch of the sign."""
        return values[1] if values[0] >= 0 else values[2]


class SumLargest(_Node):
    """The sum of the k largest of several quantities of one unit."""

    one_sided = True

    def __init__(self, pieces: tuple[Expression, ...], k: int) -> None:
        """Take the ends from the pieces' ends: the sum rises with every piece."""
        self.k = k
        low, high = (sum(sorted(ends)[-k:]) for ends in zip(*(piece.interval for piece in pieces), strict=True))
        super().__init__(pieces[0].unit, (low, high), pieces)

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the sum."""
        return sum(sorted(values)[-self.k :])

    @property
    def key(self) -> str:
        """Return how many are summed."""
        return f"sum of the {self.k} largest"


class KthLargest(_Node):
    """The k-th largest of several quantities of one unit, equals counted as often as they stand there."""

    one_sided = True

    def __init__(self, pieces: tuple[Expression, ...], k: int) -> None:
        """Take the ends from the pieces' ends: the k-th largest rises with every piece."""
        self.k = k
        low, high = (sorted(ends)[-k] for ends in zip(*(piece.interval for piece in pieces), strict=True))
        super().__init__(pieces[0].unit, (low, high), pieces)

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the k-th largest."""
        return sorted(values)[-self.k]

    @property
    def key(self) -> str:
        """Return its rank."""
        return f"largest but {self.k - 1}"


class SquareRoot(_Node):
    """The square root as an integer, rounded down, of what is never negative."""

    one_sided = True

    def __init__(self, x: Expression) -> None:
        """Halve the unit. Raises RuleError where that is impossible, or where x may be negative."""
        if x.interval[0] < 0:
            raise RuleError(
                f"{x} may be negative, and then it has no square root",
                hint="take the root of a magnitude: absolute, positive",
            )
        if x.unit.decimals % 2 or any(power % 2 for _, power in x.unit.powers):
            raise RuleError(
                f"{x} is in {x.unit}, which has no square root",
                hint="take the root of a plain number: in_units(x)",
            )
        unit = Unit(tuple((base, power // 2) for base, power in x.unit.powers), x.unit.decimals // 2)
        super().__init__(unit, (isqrt(x.interval[0]), isqrt(x.interval[1])), (x,))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the root; of a fraction, that of the whole number below it, which is the same."""
        return isqrt(int(values[0] // 1))


class Remainder(_Node):
    """numerator − divisor·⌊numerator / divisor⌋, at least zero and below the divisor, which is at least one. Exact."""

    def __init__(self, numerator: Expression, divisor: Expression) -> None:
        """Take the numerator's unit at the scale of the product. Raises RuleError unless the divisor is positive."""
        if divisor.interval[0] < 1:
            raise RuleError(
                f"{numerator} is divided by {divisor}, which may be zero or negative",
                hint="divide by a cell whose schema has a minimum of at least one",
            )
        super().__init__(numerator.unit, (0, divisor.interval[1] - 1), (numerator, divisor))
        self.exact = True

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the remainder; of fractions, what the rounded quotient leaves."""
        return values[0] - values[1] * (Fraction(values[0]) / Fraction(values[1]) // 1)
