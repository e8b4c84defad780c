"""The builder: constraints and, beside them, the hints that fill their wires."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ...kernel.errors import RuleError
from ...kernel.field import R
from .linear import Bound, Linear
from .program import ProgramRecorder
from .system import ConstraintSystem, Source, Template

__all__ = ["Builder", "fits_the_field"]


def fits_the_field(low: int, high: int, what: str) -> None:
    """Raise RuleError unless the integers from low to high are told apart modulo the field."""
    if high - low >= R:
        raise RuleError(f"{what} may wrap around the field: its values span {(high - low).bit_length()} bits")


class Builder:
    """A circuit in the making. Every wire is made together with the instruction that fills it."""

    def __init__(self, public: Sequence[str], hidden: Sequence[str]) -> None:
        """Start with named public inputs and named hidden inputs."""
        self.system = ConstraintSystem(public)
        self.program = ProgramRecorder()
        self.hidden = tuple(hidden)
        self._publics = {name: 1 + i for i, name in enumerate(public)}
        self.checks: dict[str, int] = {}

    @contextmanager
    def source(self, where: str, unit: str = "", decimals: int = 0) -> Iterator[None]:
        """Rows made inside come from this place; what surrounds it holds again after."""
        before = self.system.source
        self.system.source = Source(where, unit, decimals)
        try:
            yield
        finally:
            self.system.source = before

    def checked(self, name: str, bits: int) -> None:
        """Remember the width of a range check, for statistics."""
        self.checks[name] = bits

    def public(self, name: str) -> Linear:
        """Return a public input."""
        return Linear.wire(self._publics[name])

    def input(self, name: str) -> Linear:
        """Return a hidden input: for hints only, it is not a wire."""
        return Linear.wire(-1 - self.hidden.index(name))

    def hidden_wire(self, name: str) -> int:
        """Return a wire that carries a hidden input, any field element."""
        wire = self.system.wire(name)
        self.program.linear(wire, self.input(name))
        return wire

    def constrain(self, a: Linear, b: Linear, c: Linear, cause: str) -> None:
        """Add the row a·b = c."""
        self.system.constrain(a, b, c, cause)

    def equal(self, left: Linear, right: Linear, cause: str) -> None:
        """Add left = right. Costs 1 constraint."""
        self.constrain(left - right, Linear.constant(1), Linear(), cause)

    def product(self, left: Bound, right: Bound, name: str, *, exact: bool = True) -> Bound:
        """Return left·right as a new wire. Costs 1 constraint. Raises RuleError when the product may wrap."""
        ends = [x * y for x in (left.low, left.high) for y in (right.low, right.high)]
        fits_the_field(min(ends), max(ends), name)
        wire = self.system.wire(name)
        self.program.product(wire, left.linear, right.linear)
        self.constrain(left.linear, right.linear, Linear.wire(wire), name)
        return Bound(Linear.wire(wire), min(ends), max(ends), exact)

    def stamp(self, template: Template, inputs: Sequence[int], name: str) -> Linear:
        """Stamp a template over wires and return its first output."""
        return self.stamp_all(template, inputs, name)[0]

    def stamp_all(self, template: Template, inputs: Sequence[int], name: str) -> list[Linear]:
        """Stamp a template over wires and return all its outputs."""
        mapping = self.system.stamp(template, inputs, name, name)
        self.program.stamp(template, mapping)
        return [Linear({mapping[wire]: value for wire, value in output.items()}) for output in template.outputs]

    def quotient(self, numerator: Linear, divisor: Linear, name: str) -> int:
        """Return numerator / divisor in the field as a new wire. Costs 1 constraint.

        The divisor must be known to be other than zero: where both are zero, any value satisfies the row.
        """
        wire = self.system.wire(name)
        self.program.divide(wire, numerator, divisor, name)
        self.constrain(Linear.wire(wire), divisor, numerator, name)
        return wire

    def product_less(self, left: Linear, right: Linear, less: Linear, name: str) -> int:
        """Return left·right − less in the field as a new wire. Costs 1 constraint."""
        wire = self.system.wire(name)
        self.program.multiply_add(wire, left, right, -less)
        self.constrain(left, right, Linear.wire(wire) + less, name)
        return wire

    def finish(self) -> None:
        """Fix the program's tape and check the system."""
        self.program.finish(self.system.wires, len(self.hidden))
        self.system.check()
