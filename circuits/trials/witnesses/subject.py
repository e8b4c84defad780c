"""A subject: a compiled circuit with the wires that its prover cannot choose, taken apart for lies.

Its claim is the number that its last range check holds to be zero or more: the surplus, or what is short less one. So
on either side a dishonest prover wants it larger.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from ....kernel.field import R
from ....kernel.witness_program import BITS, FLAGS, LARGEST, QUOTIENT, RANKED, ROOT, SIGN, SMALLEST, WitnessProgram
from ...compiler.system import ConstraintSystem, Row
from .machine import Machine, signed

__all__ = ["HELPERS", "Subject", "bits_of", "filled_together"]

HELPERS = (LARGEST, SMALLEST, QUOTIENT, RANKED, FLAGS, ROOT)  # may be wrong to one side; every other wire is determined


class Subject:
    """A circuit taken apart.

    `fixed` are wires beside the public inputs that stand for what is committed elsewhere; the rows `without` are left
    out, so that tests can ask whether that would be seen.
    """

    def __init__(
        self,
        system: ConstraintSystem,
        program: WitnessProgram,
        fixed: Collection[int] = (),
        without: Collection[int] = (),
    ) -> None:
        """Take the circuit apart."""
        self.system, self.machine = system, Machine(system, program)
        self.fixed = {*range(1 + len(system.public)), *fixed}
        self.wires = [wire for wire in range(system.wires) if wire not in self.fixed]
        self.parts: list[Row] = [system.row(number) for number in range(system.rows)]
        for number in without:
            self.parts[number], self.machine.rows[number] = ({}, {}, {}), (lambda _tape: 0,) * 3
        self.filled: dict[int, tuple[int, range]] = {}  # wire -> (operation, the wires filled with it)
        for operation, wire, size, _ in self.machine.steps:
            together = filled_together(operation, wire, size)
            self.filled.update(dict.fromkeys(together, (operation, together)))
        self._read_claim(program)

    @cached_property
    def rows_of(self) -> dict[int, list[tuple[int, int, int, int]]]:
        """Return wire -> its rows, with its coefficients in them."""
        found: dict[int, list[tuple[int, int, int, int]]] = {}
        for number, (a, b, c) in enumerate(self.parts):
            for wire in {*a, *b, *c}:
                found.setdefault(wire, []).append((number, a.get(wire, 0), b.get(wire, 0), c.get(wire, 0)))
        return found

    @cached_property
    def early(self) -> dict[int, list[tuple[int, int, int, int]]]:
        """Return wire -> those of its rows that nothing filled after it can mend."""
        after = self._after()
        masks = [sum(1 << wire for wire in {*a, *b, *c}) for a, b, c in self.parts]
        return {
            wire: [row for row in rows if not masks[row[0]] & after.get(wire, 0)] for wire, rows in self.rows_of.items()
        }

    def _after(self) -> dict[int, int]:
        """Return wire -> the set, as bits of a number, of what is filled anew when it changes."""
        steps = self.machine.steps
        reach: dict[int, int] = {}
        after: dict[int, int] = {}
        for number in range(len(steps) - 1, -1, -1):
            operation, first, size, _ = steps[number]
            free = [wire for wire in filled_together(operation, first, size) if wire not in self.fixed]
            for wire in free:
                after[wire] = 0
                for reader in self.machine.readers.get(wire, ()):
                    after[wire] |= reach[reader]
            reach[number] = sum(1 << wire for wire in free)
            for wire in free:
                reach[number] |= after[wire]
        return after

    def _read_claim(self, program: WitnessProgram) -> None:
        """Find the last range check, if any: its rows, and the combination that it holds to be zero or more."""
        checks = [step for step in program.instructions if step.operation == BITS]
        ranges = self.machine.caused(f"range of {program.labels[checks[-1].label]}") if checks else []
        self.last_rows: list[int] = []
        self.claimed: dict[int, int] = {}
        if ranges:
            last = checks[-1]
            self.last_rows = [*self.machine.caused(f"bits of {program.labels[last.label]}"), *ranges]
            bits = range(last.wire, last.wire + last.size)
            a, _, _ = self.system.row(ranges[0])
            self.claimed = {wire: -k for wire, k in a.items() if wire not in bits}

    def claim(self, tape: Sequence[int]) -> int:
        """Return what a tape says to be zero or more."""
        return signed(sum(tape[wire] * k for wire, k in self.claimed.items()) % R)

    def free_sign(self, wire: int, tape: Sequence[int]) -> bool:
        """Return whether a wire is the sign of a zero: read, if at all, where either says the same."""
        if wire not in self.filled:
            return False
        operation, together = self.filled[wire]
        return operation == SIGN and wire == together[0] and not any(tape[bit] for bit in together[1:])

    def where(self, wire: int) -> str:
        """Return the `file:line` of the rule that asked for the first row a wire stands in; "" where none did."""
        rows = self.rows_of.get(wire, ())
        return next((place for row in rows if (place := self.system.row_source(row[0]).where)), "")


def filled_together(operation: int, first: int, size: int) -> range:
    """Return the wires that one step fills."""
    count = size + (operation == SIGN) if operation in (BITS, SIGN, FLAGS) else 1
    return range(first, first + count)


def bits_of(number: int, size: int) -> list[int]:
    """Return the low bits of a number, the lowest first."""
    return [number >> i & 1 for i in range(size)]
