"""A program that runs once, with values, and leaves a constraint system and its witness behind.

For languages that compute while they write constraints. Public and hidden wires may be made in any order: they get
their final numbers, public ones first, when the recording is finished.
"""

from __future__ import annotations

from ..kernel.field import R
from ..kernel.words import scalar_words
from .compiler.linear import ONE, Linear
from .compiler.system import ConstraintSystem, Source

__all__ = ["Combination", "Recorder"]


class Combination:
    """Σ coefficient·wire with operators: sums, differences, and products with integers.

    While recording, public wire k is k and hidden wire k is -k, both from 1; wire 0 is one.
    """

    __slots__ = ("linear",)

    def __init__(self, linear: Linear) -> None:
        """Keep the terms."""
        self.linear = linear

    def __add__(self, other: Combination) -> Combination:
        """Return the sum."""
        return Combination(self.linear + other.linear)

    def __sub__(self, other: Combination) -> Combination:
        """Return the difference."""
        return Combination(self.linear - other.linear)

    def __neg__(self) -> Combination:
        """Return the opposite."""
        return Combination(-self.linear)

    def __mul__(self, factor: int) -> Combination:
        """Return factor·self."""
        return Combination(self.linear.scaled(int(factor) % R))

    __rmul__ = __mul__


class Recorder:
    """A recording in the making. Values may be any integers; they are reduced modulo the field."""

    def __init__(self) -> None:
        """Start with wire one."""
        self._public: list[int] = []
        self._hidden: list[int] = []
        self._rows: list[tuple[Linear, Linear, Linear, str]] = []

    def __repr__(self) -> str:
        """Keep the values out of logs and tracebacks."""
        return f"Recorder({len(self._rows)} constraints)"

    @property
    def rows(self) -> int:
        """Return the number of constraints so far."""
        return len(self._rows)

    def public(self, value: int) -> Combination:
        """Make a public input with its value."""
        self._public.append(int(value) % R)
        return Combination(Linear.wire(len(self._public)))

    def hidden(self, value: int) -> Combination:
        """Make a hidden wire with its value."""
        self._hidden.append(int(value) % R)
        return Combination(Linear.wire(-len(self._hidden)))

    def constant(self, value: int) -> Combination:
        """Return a constant: no wire is made."""
        return Combination(Linear.constant(int(value) % R))

    def constrain(self, a: Combination, b: Combination, c: Combination, where: str = "") -> None:
        """Add the row a·b = c; `where` is the line of the program that asked for it."""
        self._rows.append((a.linear, b.linear, c.linear, where))

    def system(self) -> ConstraintSystem:
        """Return the constraint system recorded so far."""
        system = ConstraintSystem([f"public.{i}" for i in range(len(self._public))])
        system.names.extend(f"hidden.{i}" for i in range(len(self._hidden)))
        for *sides, where in self._rows:
            system.source = Source(where)
            a, b, c = (Linear({self._wire(wire): k for wire, k in side.terms.items()}) for side in sides)
            system.constrain(a, b, c, where or "constraint")
        return system

    def witness(self) -> bytes:
        """Return the witness, 32 little-endian bytes a wire: it is secret."""
        return scalar_words([1, *self._public, *self._hidden])

    def _wire(self, wire: int) -> int:
        return wire if wire >= ONE else len(self._public) - wire
