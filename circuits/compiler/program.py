"""Recording the witness program while a circuit is built: every wire's filling, beside its constraints."""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.witness_program import (
    BITS,
    DIVIDE,
    FLAGS,
    LARGEST,
    LINEAR,
    MULTIPLY_ADD,
    PRODUCTS,
    QUOTIENT,
    RANKED,
    ROOT,
    SIGN,
    SMALLEST,
    Instruction,
    WitnessProgram,
)
from .linear import Linear
from .system import Template

__all__ = ["ProgramRecorder"]


class ProgramRecorder(WitnessProgram):
    """A witness program in the making. Combinations may name hidden input k as wire -1-k until `finish`."""

    def linear(self, wire: int, value: Linear) -> None:
        """Record wire = value."""
        self._record(LINEAR, wire, 1, [value])

    def product(self, wire: int, left: Linear, right: Linear) -> None:
        """Record wire = left·right."""
        self._record(PRODUCTS, wire, 1, [left, right])

    def stamp(self, template: Template, mapping: Sequence[int]) -> None:
        """Record a template's rows, one product a row, over the renamed wires."""
        if not template.rows:  # every input is a constant
            return
        source = len(self.pool)
        self.pool.stamp(template.factors, mapping)
        self.instructions.append(Instruction(PRODUCTS, mapping[1 + template.inputs], template.rows, source, 0))

    def bits(self, first: int, count: int, value: Linear, label: str) -> None:
        """Record the bits of a value, low bit first, at consecutive wires."""
        self._record(BITS, first, count, [value], label)

    def sign(self, wire: int, count: int, value: Linear, label: str) -> None:
        """Record the sign (1 if negative) at `wire`, the bits of the magnitude after it."""
        self._record(SIGN, wire, count, [value], label)

    def choose(self, wire: int, pieces: list[Linear], *, largest: bool) -> None:
        """Record wire = the largest or smallest piece."""
        self._record(LARGEST if largest else SMALLEST, wire, len(pieces), pieces)

    def quotient(self, wire: int, numerator: Linear, divisor: Linear) -> None:
        """Record wire = numerator / divisor, rounded down."""
        self._record(QUOTIENT, wire, 1, [numerator, divisor])

    def root(self, wire: int, value: Linear) -> None:
        """Record wire = the square root of a value, rounded down."""
        self._record(ROOT, wire, 1, [value])

    def multiply_add(self, wire: int, left: Linear, right: Linear, addend: Linear) -> None:
        """Record wire = left·right + addend."""
        self._record(MULTIPLY_ADD, wire, 1, [left, right, addend])

    def divide(self, wire: int, numerator: Linear, divisor: Linear, label: str) -> None:
        """Record wire = numerator / divisor in the field; `label` names the division when the divisor is zero."""
        self._record(DIVIDE, wire, 1, [numerator, divisor], label)

    def ranked(self, wire: int, pieces: list[Linear], k: int) -> None:
        """Record wire = the k-th largest piece."""
        self._record(RANKED, wire, len(pieces), [Linear.constant(k), *pieces])

    def flags(self, first: int, pieces: list[Linear], k: int) -> None:
        """Record a wire a piece from `first` on: 1 for the k largest, 0 for the others."""
        self._record(FLAGS, first, len(pieces), [Linear.constant(k), *pieces])

    def finish(self, wires: int, inputs: int) -> None:
        """Fix the tape: hidden input k, named -1-k while recording, is tape place wires + k."""
        self.wires, self.inputs = wires, inputs
        places = self.pool.wires
        for i, wire in enumerate(places):
            if wire < 0:
                places[i] = wires - 1 - wire

    def _record(self, operation: int, wire: int, count: int, values: list[Linear], label: str = "") -> None:
        source = len(self.pool)
        for value in values:
            self.pool.append(value.terms)
        if label not in self.labels[-1:]:
            self.labels.append(label)
        self.instructions.append(Instruction(operation, wire, count, source, len(self.labels) - 1))
