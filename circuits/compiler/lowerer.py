"""Lowering by side: each node of a rule becomes a bound from below (LO) or from above (HI).

A sufficiency circuit asks for a lower bound of the surplus, a shortfall circuit for an upper one; a negative
coefficient swaps the sides on the way down. Nodes that are exact whichever side is asked (leaves, sums and products of
such, |x| of such) are made once and shared; the others get a helper a side, bounded on one side only: a dishonest
helper hurts whoever supplies it. Where `exact` asks for both bounds at once, the demand is None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from math import gcd

from ...kernel.errors import RuleError
from ...kernel.field import R
from ..language.language import Expression, Interval, Unit
from ..language.structure import Structures
from .builder import Builder
from .linear import Bound, Linear
from .range_checks import sign_and_magnitude

__all__ = ["Demand", "Lowerer", "Rule", "Side", "SignAndMagnitude", "opposite", "width"]


class Side(Enum):
    """Which way a helper may be wrong: LO is at most the true value, HI at least."""

    LO = "lower"
    HI = "upper"

    @property
    def other(self) -> Side:
        """Return the opposite side."""
        return Side.HI if self is Side.LO else Side.LO


Demand = Side | None
"""What is asked of a node: a bound of one side, or None for its very value."""


def opposite(demand: Demand) -> Demand:
    """Return the demand on what is subtracted."""
    return None if demand is None else demand.other


def width(interval: Interval) -> int:
    """Return the bits of the largest magnitude in an interval."""
    return max(abs(interval[0]), abs(interval[1])).bit_length()


@dataclass(frozen=True)
class SignAndMagnitude:
    """A value taken apart: 1 where it is negative (either at zero), its magnitude, and the largest that can be."""

    sign: Linear
    magnitude: Linear
    largest: int


Rule = Callable[["Lowerer", Expression, Demand], Bound]
LONGEST = 200  # terms: a size's bits and a difference's several times over
_SMALL = 1 << 200  # integer coefficients below this are read as integers, not as field elements


class Lowerer:
    """Lowers expressions into a builder by a table of rules; `leaves` are the cells and holdings already there."""

    def __init__(self, builder: Builder, leaves: Mapping[int, Bound], rules: Mapping[type[Expression], Rule]) -> None:
        """Start with the leaves, by identity, and what is known of their signs."""
        self.builder = builder
        self.leaves = leaves
        self.rules = rules
        self.structures = Structures(leaves)
        self.remainders: dict[int, Linear] = {}  # structure of an exact quotient -> what it leaves
        self._made: dict[tuple[int, Demand], tuple[Expression, Bound]] = {}
        self._names: dict[str, int] = {}
        self._apart: dict[tuple[tuple[int, int], ...], SignAndMagnitude] = {}
        for leaf in leaves.values():
            if leaf.magnitude is not None and leaf.sign is not None:
                largest = (1 << len(leaf.magnitude.terms)) - 1
                self._apart[_key(leaf.linear)] = SignAndMagnitude(leaf.sign, leaf.magnitude, largest)

    def bound(self, node: Expression, demand: Demand) -> Bound:
        """Return the node's bound, or its value where the demand is None. Raises RuleError when no sound one exists."""
        key = (self.structures.number(node), None if node.exact else demand)
        made = self._made.get(key)
        if made is None:
            with self.builder.source(node.where, str(Unit(node.unit.powers)), node.unit.decimals), _at(node.where):
                made = self._made[key] = (node, self.rules[type(node)](self, node, demand))
        return made[1]

    @property
    def made(self) -> Iterator[tuple[Expression, Bound]]:
        """Yield every node that was lowered and what became of it, children before their parents."""
        yield from self._made.values()

    def name(self, word: str) -> str:
        """Return a wire name that no other node has."""
        number = self._names[word] = self._names.get(word, -1) + 1
        return f"{word}.{number}"

    def short(self, value: Bound, word: str) -> Bound:
        """Return a value that is about to stand in several rows: on a wire of its own where its terms are many.

        Costs 1 constraint for a long one, so that chains of minima have rows of bounded length.
        """
        if len(value.linear.terms) <= LONGEST:
            return value
        wire = self.builder.system.wire(word)
        self.builder.program.linear(wire, value.linear)
        self.builder.equal(value.linear, Linear.wire(wire), word)
        return Bound(Linear.wire(wire), value.low, value.high, value.exact)

    def known_apart(self, value: Linear) -> SignAndMagnitude | None:
        """Return sign and magnitude of a combination if they have been made, for it or for its opposite."""
        scale, key = _scale(value)
        found = self._apart.get(key)
        if found is None:
            turned = self._apart.get(tuple((wire, R - coefficient) for wire, coefficient in key))
            if turned is None:
                return None
            found = SignAndMagnitude(Linear.constant(1) - turned.sign, turned.magnitude, turned.largest)
        return SignAndMagnitude(found.sign, found.magnitude.scaled(scale), scale * found.largest)

    def apart(self, value: Bound, honest: Interval, word: str) -> SignAndMagnitude:
        """Return sign and magnitude of a value, made once for it, its opposite and its multiples.

        `honest` is where its true values lie. Costs the width of that + 2 constraints, or nothing when made before.
        """
        known = self.known_apart(value.linear)
        if known is not None:
            return known
        scale, key = _scale(value.linear)
        reduced = Linear({wire: coefficient // scale for wire, coefficient in value.linear.terms.items()})
        low, high = -(-value.low // scale), value.high // scale
        bits = width((-(-honest[0] // scale), honest[1] // scale))
        made = sign_and_magnitude(self.builder, Bound(reduced, low, high), bits, word)
        if made.magnitude is None or made.sign is None:
            raise RuleError(f"{word} has no magnitude")
        self._apart[key] = SignAndMagnitude(made.sign, made.magnitude, (1 << bits) - 1)
        return SignAndMagnitude(made.sign, made.magnitude.scaled(scale), scale * ((1 << bits) - 1))


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Name the rule's own line in a RuleError that has no place yet: the innermost node's, that has one."""
    try:
        yield
    except RuleError as error:
        file, _, line = where.rpartition(":")
        if error.file is None and line.isdecimal():
            error.file, error.line = file, int(line)
        raise


def _scale(value: Linear) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Return the integer that every coefficient is a multiple of, and the key of what is left."""
    integers = all(abs(coefficient) < _SMALL for coefficient in value.terms.values())
    scale = (gcd(*value.terms.values()) or 1) if integers else 1
    return scale, _key(value, scale)


def _key(value: Linear, scale: int = 1) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((wire, k // scale % R) for wire, k in value.terms.items() if k % R))
