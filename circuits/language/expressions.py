"""Expressions: the nodes of a rule, each with a unit, an interval and a value.

Every operation keeps two facts: the unit, and the interval of values that holdings and tables inside the schema can
produce. Rules are written with the words of `language`; `walk` and the nodes are for those who take rules apart.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import FrameType

from ...kernel.errors import RuleError
from .refusals import Refusals
from .units import DIMENSIONLESS, Unit

__all__ = [
    "Absolute",
    "CellRef",
    "Constant",
    "Expression",
    "HoldingRef",
    "Increase",
    "Interval",
    "Maximum",
    "Minimum",
    "Positive",
    "Product",
    "Quotient",
    "Sum",
    "Value",
    "walk",
]

Interval = tuple[int, int]
Value = int | Fraction


class Expression(Refusals):
    """A quantity of a rule. Arithmetic builds larger expressions; what a circuit has not, `Refusals` refuse."""

    unit: Unit
    interval: Interval
    children: tuple[Expression, ...] = ()
    exact: bool = True  # whether a circuit determines the value, whichever side is asked
    where: str = ""  # file:line of the rule that made it

    def __add__(self, other: Expression | int) -> Expression:
        """Return the sum, both sides brought to the finer scale."""
        return _sum(((1, self), (1, _expression(other, self.unit))))

    __radd__ = __add__

    def __pos__(self) -> Expression:
        """Return the expression."""
        return self

    def __sub__(self, other: Expression | int) -> Expression:
        """Return the difference, both sides brought to the finer scale."""
        return _sum(((1, self), (-1, _expression(other, self.unit))))

    def __rsub__(self, other: Expression | int) -> Expression:
        """Return the difference from a constant."""
        return _sum(((1, _expression(other, self.unit)), (-1, self)))

    def __neg__(self) -> Expression:
        """Return the expression with its sign turned."""
        return _sum(((-1, self),))

    def __mul__(self, other: Expression | int) -> Expression:
        """Return the product; an int scales the expression."""
        if isinstance(other, Expression):
            return Product(self, other)
        return _sum(((_integer(other), self),))

    __rmul__ = __mul__

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the node's value, given its children's."""
        raise TypeError(f"{type(self).__name__} has no value of its own")

    @property
    def key(self) -> str:
        """Return the node's own part of the canonical form, without its children."""
        return type(self).__name__.lower()


@dataclass(frozen=True, eq=False)
class Constant(Expression):
    """A public integer that is part of the rule."""

    value: int
    unit: Unit = DIMENSIONLESS

    @property
    def interval(self) -> Interval:  # type: ignore[override]
        """Return the single value."""
        return (self.value, self.value)

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the constant."""
        return self.value

    @property
    def key(self) -> str:
        """Return the value."""
        return f"constant {self.value}"

    def __str__(self) -> str:
        """Return the value."""
        return str(self.value)


@dataclass(frozen=True, eq=False)
class CellRef(Expression):
    """A public table value (its true value: the offset of signed cells is taken off)."""

    table: str
    index: int
    name: str
    unit: Unit
    interval: Interval
    at_least: int | None = None

    @property
    def key(self) -> str:
        """Return the cell's place."""
        return f"cell {self.table} {self.index}"

    def __str__(self) -> str:
        """Return the cell's name."""
        return self.name


@dataclass(frozen=True, eq=False)
class HoldingRef(Expression):
    """A hidden quantity of the account."""

    index: int
    name: str
    unit: Unit
    interval: Interval

    @property
    def key(self) -> str:
        """Return the holding's place."""
        return f"holding {self.index}"

    def __str__(self) -> str:
        """Return the holding's name."""
        return self.name


class _Node(Expression):
    """An inner node: its unit and interval follow from its children.

    Where `one_sided` is set, a circuit has a helper for the node, bounded on the side that is asked.
    """

    one_sided = False

    def __init__(self, unit: Unit, interval: Interval, children: tuple[Expression, ...]) -> None:
        self.unit = unit
        self.interval = interval
        self.children = children
        self.exact = not self.one_sided and all(child.exact for child in children)
        self.where = _where()

    def __str__(self) -> str:
        """Return the expression in words, cut where it grows long."""
        inner = ", ".join(map(str, self.children[:4])) + (", …" if len(self.children) > 4 else "")
        return f"{type(self).__name__.lower()}({inner})"


class Sum(_Node):
    """Σ coefficient·child, with integer coefficients."""

    def __init__(self, unit: Unit, coefficients: tuple[int, ...], children: tuple[Expression, ...]) -> None:
        """Keep the coefficients beside the children."""
        low = high = 0
        for coefficient, child in zip(coefficients, children, strict=True):
            ends = (coefficient * child.interval[0], coefficient * child.interval[1])
            low, high = low + min(ends), high + max(ends)
        super().__init__(unit, (low, high), children)
        self.coefficients = coefficients

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the weighted sum."""
        total: Value = 0
        for coefficient, value in zip(self.coefficients, values, strict=True):
            total += coefficient * value
        return total

    @property
    def key(self) -> str:
        """Return the coefficients."""
        return "sum " + " ".join(map(str, self.coefficients))


class Product(_Node):
    """The product of two quantities."""

    def __init__(self, left: Expression, right: Expression) -> None:
        """Multiply units and intervals; a square is never negative."""
        ends = [x * y for x in left.interval for y in right.interval]
        if left is right:
            ends = [0 if min(ends) < 0 else min(ends), max(ends)]
        super().__init__(left.unit * right.unit, (min(ends), max(ends)), (left, right))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the product."""
        return values[0] * values[1]


class Increase(_Node):
    """later − earlier of two cells of one table that the schema keeps in order: never negative."""

    def __init__(self, later: CellRef, earlier: CellRef) -> None:
        """Take the difference's interval from the declared order."""
        super().__init__(later.unit, (0, max(0, later.interval[1] - earlier.interval[0])), (later, earlier))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the difference."""
        return values[0] - values[1]


class Quotient(_Node):
    """numerator / divisor as an integer, rounded down, or up with `up`. The divisor is at least one."""

    one_sided = True

    def __init__(self, numerator: Expression, divisor: Expression, *, up: bool) -> None:
        """Divide units and intervals. Raises RuleError unless the divisor is known to be positive."""
        low, high = divisor.interval
        if low < 1:
            raise RuleError(
                f"{numerator} is divided by {divisor}, which may be zero or negative",
                hint="divide by a cell whose schema has a minimum of at least one",
            )
        self.up = up
        ends = [self._divide(n, d) for n in numerator.interval for d in (low, high)]
        unit = numerator.unit * divisor.unit.inverse
        super().__init__(unit, (min(ends), max(ends)), (numerator, divisor))

    def _divide(self, numerator: int, divisor: int) -> int:
        return -(-numerator // divisor) if self.up else numerator // divisor

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the quotient; fractions (a price between two cells) are divided and rounded all the same."""
        exact = Fraction(values[0]) / Fraction(values[1])
        return self._divide(exact.numerator, exact.denominator)

    @property
    def key(self) -> str:
        """Return which way it rounds."""
        return "quotient up" if self.up else "quotient down"


class Positive(_Node):
    """max(x, 0)."""

    one_sided = True

    def __init__(self, x: Expression) -> None:
        """Cut the interval at zero."""
        super().__init__(x.unit, (max(0, x.interval[0]), max(0, x.interval[1])), (x,))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the positive part."""
        return values[0] if values[0] > 0 else 0


class Absolute(_Node):
    """|x|."""

    def __init__(self, x: Expression) -> None:
        """Fold the interval at zero."""
        low, high = x.interval
        super().__init__(x.unit, (max(0, low, -high), max(-low, high)), (x,))

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the magnitude."""
        return values[0] if values[0] >= 0 else -values[0]


class Minimum(_Node):
    """The smallest of several quantities of one unit."""

    one_sided = True

    def __init__(self, pieces: tuple[Expression, ...]) -> None:
        """Take the ends of the smallest."""
        ends = (min(p.interval[0] for p in pieces), min(p.interval[1] for p in pieces))
        super().__init__(pieces[0].unit, ends, pieces)

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the smallest."""
        return min(values)


class Maximum(_Node):
    """The largest of several quantities of one unit."""

    one_sided = True

    def __init__(self, pieces: tuple[Expression, ...]) -> None:
        """Take the ends of the largest."""
        ends = (max(p.interval[0] for p in pieces), max(p.interval[1] for p in pieces))
        super().__init__(pieces[0].unit, ends, pieces)

    def evaluate(self, values: Sequence[Value]) -> Value:
        """Return the largest."""
        return max(values)


def walk(root: Expression, known: Container[int] = ()) -> list[Expression]:
    """Return every node below and including `root` once, children before parents.

    Nodes whose id is in `known` are left out, and so is what stands below nothing else.
    """
    order: list[Expression] = []
    seen: set[int] = set()
    stack: list[tuple[Expression, bool]] = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen and id(node) not in known:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.children))
    return order


# Modules of the language: no author writes there.
_OWN = ("expressions", "refusals", "nodes", "language", "branches", "spreads")
_LANGUAGE = frozenset(__name__.replace("expressions", module) for module in _OWN)


def _where() -> str:
    """Return the place in the rule that is being written: the nearest frame outside the language."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in _LANGUAGE:
        frame = frame.f_back
    if frame is None:
        return ""
    return f"{_end(frame.f_code.co_filename)}:{frame.f_lineno}"


@cache
def _end(path: str) -> str:
    """Return the end of a path. Every node asks, and rules stand in few files."""
    return "/".join(Path(path).parts[-3:])


def _expression(value: Expression | int, unit: Unit) -> Expression:
    if isinstance(value, Expression):
        return value
    return Constant(value) if _integer(value) else Constant(0, unit)


def _integer(value: object) -> int:
    """Return a whole number. Raises RuleError for anything else: None would vanish, a float has lost digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None:
        raise RuleError("None stands where a quantity should", hint="a function of the rule lacks its `return`")
    if isinstance(value, bool):
        raise RuleError(f"{value} is no number", hint="a choice is written by_sign, positive, minimum or maximum")
    raise RuleError(
        f"{value!r} is a {type(value).__name__}, and rules count in whole numbers",
        hint="make it a parameter cell with a unit such as 1e-4, or write Constant(n, unit)",
    )


def _sum(terms: Sequence[tuple[int, Expression]]) -> Expression:
    """Return a flat sum, brought to the finest scale; zero constants vanish. Raises RuleError on mixed dimensions."""
    unit = terms[0][1].unit
    for _, term in terms[1:]:
        if term.unit.powers != unit.powers:
            raise RuleError(
                f"{terms[0][1]} is in {unit} and {term} in {term.unit}: they cannot be added",
                hint="multiply by a price or an index; a number of money units is Constant(n, MONEY)",
            )
    decimals = max(term.unit.decimals for _, term in terms)
    found: dict[Expression, int] = {}  # equal objects, put together
    for coefficient, term in terms:
        scale = coefficient * 10 ** (decimals - term.unit.decimals)
        inner = zip(term.coefficients, term.children, strict=True) if isinstance(term, Sum) else [(1, term)]
        for factor, child in inner:
            if not (isinstance(child, Constant) and child.value == 0):
                found[child] = found.get(child, 0) + scale * factor
    kept = {child: coefficient for child, coefficient in found.items() if coefficient}
    return Sum(Unit(unit.powers, decimals), tuple(kept.values()), tuple(kept))
