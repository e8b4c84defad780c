"""How a rule moves with one public cell: bounds of its slope, and the direction they prove.

A slope is bounded from both sides by polynomials in the cells and the magnitudes of what is hidden; a polynomial is
known to be never negative when, hidden part by hidden part, its cells' intervals say so. So 10^9·q − 10^3·q·rate is
never negative for q >= 0 and rate <= 10^6: the worst price of a long position is the lowest. Rounding is a step, not a
slope: each rounded quotient adds what it may be off by to `slack`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ...kernel.errors import RuleError
from .expressions import (
    Absolute,
    CellRef,
    Constant,
    Expression,
    HoldingRef,
    Increase,
    Interval,
    Maximum,
    Minimum,
    Positive,
    Product,
    Quotient,
    Sum,
    walk,
)

__all__ = ["Slope", "Slopes", "depends_on"]

Monomial = tuple[str, ...]  # names of its atoms, sorted, one a power
Polynomial = dict[Monomial, Fraction]


@dataclass(frozen=True)
class Slope:
    """`low` <= slope <= `high` everywhere, but for steps of at most `slack` in all, in units of the node."""

    low: Polynomial
    high: Polynomial
    slack: Fraction = Fraction(0)


@dataclass(frozen=True)
class _Atom:
    interval: Interval
    hidden: bool


class Slopes:
    """Slopes of expressions in one cell. `signs` fixes the sign of holdings by index: 1 for >= 0, −1 for <= 0."""

    def __init__(self, cell: CellRef, signs: Mapping[int, int] | None = None) -> None:
        """Take the cell whose moves are asked about."""
        self.cell = cell
        self.signs = dict(signs or {})
        self._atoms: dict[str, _Atom] = {}
        self._differences: dict[str, Polynomial] = {}  # an increase, known to be >= 0, as what it is the difference of
        self._slopes: dict[int, tuple[Expression, Slope]] = {}
        self._depends: dict[int, tuple[Expression, bool]] = {}

    def of(self, root: Expression) -> Slope:
        """Return the slope of an expression. Raises RuleError, naming the node, when nothing is known of it."""
        for node in walk(root):
            if id(node) not in self._slopes:
                self._slopes[id(node)] = (node, self._slope(node))
        return self._slopes[id(root)][1]

    def direction(self, root: Expression) -> int | None:
        """Return 1 when the expression never falls as the cell rises, −1 when it never rises, None if neither is known.

        Up to the slope's slack. Raises RuleError as `of` does.
        """
        slope = self.of(root)
        if self.never_negative(slope.low):
            return 1
        return -1 if self.never_negative(_times(slope.high, -1)) else None

    def never_negative(self, polynomial: Polynomial) -> bool:
        """Return whether a polynomial is known to be >= 0 for all cells and holdings inside the schema.

        Increases are tried as what never falls below zero, then as differences: those of neighbours add up to one.
        """
        return self._covers(polynomial) or self._covers(self._taken_apart(polynomial))

    def _taken_apart(self, polynomial: Polynomial) -> Polynomial:
        total: Polynomial = {}
        for monomial, factor in polynomial.items():
            product: Polynomial = {(): factor}
            for name in monomial:
                product = _multiplied(product, self._differences.get(name, {(name,): Fraction(1)}))
            total = _added(total, product)
        return total

    def _covers(self, polynomial: Polynomial) -> bool:
        parts: dict[Monomial, Polynomial] = {}
        for monomial, factor in polynomial.items():
            hidden = tuple(name for name in monomial if self._atoms[name].hidden)
            public = tuple(name for name in monomial if not self._atoms[name].hidden)
            parts.setdefault(hidden, {})[public] = factor
        return all(
            all(self._atoms[name].interval[0] >= 0 for name in hidden) and self._range(part)[0] >= 0
            for hidden, part in parts.items()
        )

    def _range(self, polynomial: Polynomial) -> tuple[Fraction, Fraction]:
        low = high = Fraction(0)
        for monomial, factor in polynomial.items():
            ends = [factor]
            for name in monomial:
                ends = [end * bound for end in ends for bound in self._atoms[name].interval]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def _moves(self, node: Expression) -> bool:
        known = self._depends.get(id(node))
        if known is None:
            moves = _is(node, self.cell) or any(self._moves(child) for child in node.children)
            known = self._depends[id(node)] = (node, moves)
        return known[1]

    def _slope(self, node: Expression) -> Slope:  # noqa: PLR0911 - one line a node
        if not self._moves(node):
            return Slope({}, {})
        if isinstance(node, CellRef):
            one: Polynomial = {(): Fraction(1)}
            return Slope(one, one)
        parts = [self._slopes[id(child)][1] for child in node.children]
        if isinstance(node, Sum):
            return _sum(list(zip(node.coefficients, parts, strict=True)))
        if isinstance(node, Product):
            left, right = node.children
            if not self._moves(right):
                return self._product(parts[0], right, node)
            if not self._moves(left):
                return self._product(parts[1], left, node)
        if isinstance(node, Increase):
            return _sum([(1, parts[0]), (-1, parts[1])])
        if isinstance(node, Positive):
            return self._hull([parts[0], Slope({}, {})], node)
        if isinstance(node, Minimum | Maximum):
            return self._hull(parts, node)
        if isinstance(node, Absolute):
            return self._hull([parts[0], _sum([(-1, parts[0])])], node)
        if isinstance(node, Quotient) and isinstance(node.children[1], Constant):
            divisor = Fraction(node.children[1].value)
            part = parts[0]
            return Slope(_times(part.low, 1 / divisor), _times(part.high, 1 / divisor), part.slack / divisor + 1)
        raise self._unknown(node)

    def _product(self, part: Slope, factor: Expression, node: Expression) -> Slope:
        by = self._polynomial(factor)
        low, high = self._range(by)
        slack = part.slack * max(abs(low), abs(high))
        if part.low == part.high:
            exact = _multiplied(part.low, by)
            return Slope(exact, exact, slack)
        if self.never_negative(by):
            return Slope(_multiplied(part.low, by), _multiplied(part.high, by), slack)
        if self.never_negative(_times(by, -1)):
            return Slope(_multiplied(part.high, by), _multiplied(part.low, by), slack)
        raise self._unknown(node)

    def _hull(self, parts: list[Slope], node: Expression) -> Slope:
        low = self._least([part.low for part in parts], node)
        high = _times(self._least([_times(part.high, -1) for part in parts], node), -1)
        return Slope(low, high, max(part.slack for part in parts))

    def _least(self, choices: list[Polynomial], node: Expression) -> Polynomial:
        for choice in choices:
            if all(self.never_negative(_added(other, _times(choice, -1))) for other in choices):
                return choice
        raise self._unknown(node)

    def _polynomial(self, node: Expression) -> Polynomial:  # noqa: PLR0911 - one line a node
        """Return what stands still as a polynomial; what is no sum or product is an atom with its interval."""
        if isinstance(node, Constant):
            return {(): Fraction(node.value)} if node.value else {}
        if isinstance(node, Sum):
            total: Polynomial = {}
            for coefficient, child in zip(node.coefficients, node.children, strict=True):
                total = _added(total, _times(self._polynomial(child), coefficient))
            return total
        if isinstance(node, Product):
            return _multiplied(*map(self._polynomial, node.children))
        if isinstance(node, Increase):
            later, earlier = map(self._polynomial, node.children)
            name = f"increase {node.children[0]}"
            self._differences[name] = _added(later, _times(earlier, -1))
            return self._atom(name, node.interval, hidden=False)
        if isinstance(node, HoldingRef) and node.index in self.signs:
            return self._atom(f"size {node.index}", self._magnitude(node), hidden=True, sign=self.signs[node.index])
        if isinstance(node, Absolute):
            (child,) = node.children
            if isinstance(child, HoldingRef) and child.index in self.signs:
                return self._atom(f"size {child.index}", self._magnitude(child), hidden=True)
        if isinstance(node, CellRef):
            return self._atom(node.key, node.interval, hidden=False)
        hidden = any(isinstance(leaf, HoldingRef) for leaf in walk(node))
        return self._atom(
            node.key if isinstance(node, HoldingRef) else f"node {id(node)}", node.interval, hidden=hidden
        )

    def _magnitude(self, holding: HoldingRef) -> Interval:
        low, high = holding.interval
        return (0, high if self.signs[holding.index] > 0 else -low)

    def _atom(self, name: str, interval: Interval, *, hidden: bool, sign: int = 1) -> Polynomial:
        self._atoms[name] = _Atom(interval, hidden)
        return {(name,): Fraction(sign)}

    def _unknown(self, node: Expression) -> RuleError:
        return RuleError(f"how {node} moves with {self.cell} is not known")


def depends_on(root: Expression, cells: Mapping[str, object]) -> set[str]:
    """Return the names of those cells that stand in an expression."""
    return {node.name for node in walk(root) if isinstance(node, CellRef) and node.name in cells}


def _is(node: Expression, cell: CellRef) -> bool:
    return isinstance(node, CellRef) and (node.table, node.index) == (cell.table, cell.index)


def _sum(parts: list[tuple[int, Slope]]) -> Slope:
    low: Polynomial = {}
    high: Polynomial = {}
    slack = Fraction(0)
    for factor, part in parts:
        ends = (part.low, part.high) if factor > 0 else (part.high, part.low)
        low, high = (_added(total, _times(end, factor)) for total, end in zip((low, high), ends, strict=True))
        slack += abs(factor) * part.slack
    return Slope(low, high, slack)


def _added(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    for monomial, factor in right.items():
        total[monomial] = total.get(monomial, Fraction(0)) + factor
    return {monomial: factor for monomial, factor in total.items() if factor}


def _times(polynomial: Polynomial, factor: int | Fraction) -> Polynomial:
    return {monomial: value * factor for monomial, value in polynomial.items()} if factor else {}


def _multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    total: Polynomial = {}
    for first, a in left.items():
        for second, b in right.items():
            monomial = tuple(sorted((*first, *second)))
            total[monomial] = total.get(monomial, Fraction(0)) + a * b
    return {monomial: factor for monomial, factor in total.items() if factor}
