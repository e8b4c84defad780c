"""A second witness machine: flat steps and rows, replay from a lie on, rows checked only where something changed.

It shares no code with `WitnessProgram.run` or `ConstraintSystem.unsatisfied`, so it judges both. A pinned wire keeps
the liar's value whatever the program would write; a range that does not fit is cut and a division by zero gives zero,
neither is raised: only rows decide.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from math import isqrt
from operator import itemgetter, mul

from ....kernel.combinations import Pool
from ....kernel.errors import FormatError
from ....kernel.field import R
from ....kernel.witness_program import (
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
from ...compiler.system import ConstraintSystem

__all__ = ["Machine", "Read", "Step", "Tape", "signed"]

Tape = list[int]  # the wires, wire one first, then the hidden inputs
Read = Callable[[Sequence[int]], int]
Step = tuple[int, int, int, tuple[Read, ...]]
"""One step taken apart: operation, first wire written, size, and what it reads, each a function of the tape."""

_HALF = R // 2


def _combination(pool: Pool, number: int) -> tuple[Read, tuple[int, ...]]:
    """Return one combination as a function of the tape, and the places it reads."""
    terms = pool.terms(number)
    places, coefficients = tuple(terms), tuple(terms.values())
    if not places:
        return (lambda _tape: 0), ()
    if len(places) == 1:
        place, coefficient = places[0], coefficients[0]
        return (lambda tape: tape[place] * coefficient % R), places
    pick = itemgetter(*places)
    return (lambda tape: sum(map(mul, coefficients, pick(tape))) % R), places


def signed(value: int) -> int:
    """Return the integer of least magnitude behind a field element."""
    return value - R if value > _HALF else value


class Machine:
    """A compiled circuit, taken apart; `hashed=False` leaves out the commitment's hash, steps and rows.

    `steps` and `rows` read a tape; `readers` and `writers` say which step reads and writes a place, `rows_of` in which
    rows a place stands.
    """

    def __init__(self, system: ConstraintSystem, program: WitnessProgram, *, hashed: bool = True) -> None:
        """Take steps and rows apart. Raises FormatError when a step is unknown, or two write one wire."""
        self.system, self.program, self.hashed = system, program, hashed
        self.wires, self.public = system.wires, len(system.public)
        self.steps: list[Step] = []
        self.readers: dict[int, list[int]] = {}
        self.writers: dict[int, int] = {}
        self._take_steps(program)
        self.rows: list[tuple[Read, ...]] = []
        self.rows_of: dict[int, list[int]] = {}
        for number in range(system.rows):
            parts = [_combination(pool, number) for pool in (system.a, system.b, system.c)]
            self.rows.append(tuple(part[0] for part in parts))
            for wire in {place for part in parts for place in part[1]}:
                self.rows_of.setdefault(wire, []).append(number)
        self.checked = [n for n in range(system.rows) if hashed or system.cause(n) != "commitment"]

    def _take_steps(self, program: WitnessProgram) -> None:
        for step in program.instructions:
            if step.operation == PRODUCTS:
                for i in range(step.size):
                    self._add(step, step.wire + i, 1, (step.source + 2 * i, step.source + 2 * i + 1))
            elif step.operation in (LINEAR, BITS, SIGN):
                self._add(step, step.wire, step.size + (step.operation == SIGN), (step.source,))
            elif step.operation in (QUOTIENT, DIVIDE):
                self._add(step, step.wire, 1, (step.source, step.source + 1))
            elif step.operation == MULTIPLY_ADD:
                self._add(step, step.wire, 1, range(step.source, step.source + 3))
            elif step.operation == ROOT:
                self._add(step, step.wire, 1, (step.source,))
            elif step.operation in (RANKED, FLAGS):
                written = step.size if step.operation == FLAGS else 1
                self._add(step, step.wire, written, range(step.source, step.source + 1 + step.size))
            elif step.operation in (LARGEST, SMALLEST):
                self._add(step, step.wire, 1, range(step.source, step.source + step.size))
            else:
                raise FormatError(f"there is no step {step.operation}", code="bad-program")

    def _add(self, step: Instruction, wire: int, count: int, sources: Iterable[int]) -> None:
        if not self.hashed and self.system.names[wire].startswith("commitment"):
            return
        read = [_combination(self.program.pool, source) for source in sources]
        number = len(self.steps)
        self.steps.append((step.operation, wire, step.size, tuple(part[0] for part in read)))
        for place in {place for part in read for place in part[1]}:
            self.readers.setdefault(place, []).append(number)
        for written in range(wire, wire + count):
            if written in self.writers:
                raise FormatError("two instructions fill one wire", code="bad-program")
            self.writers[written] = number

    def inputs(self, public: Sequence[int], hidden: Sequence[int]) -> Tape:
        """Return a tape with nothing but its inputs."""
        tape = [0] * (self.wires + self.program.inputs)
        tape[0] = 1
        tape[1 : 1 + len(public)] = [value % R for value in public]
        tape[self.wires :] = [value % R for value in hidden]
        return tape

    def fill(self, public: Sequence[int], hidden: Sequence[int]) -> Tape:
        """Return the tape an honest prover would fill, cut where a range does not fit."""
        tape = self.inputs(public, hidden)
        for operation, wire, size, read in self.steps:
            for i, value in enumerate(_results(operation, size, read, tape)):
                tape[wire + i] = value
        return tape

    def replay(self, tape: Sequence[int], pins: Mapping[int, int]) -> tuple[Tape, set[int]]:
        """Return (tape, changed places): the pinned places lie, everything downstream of them is filled anew."""
        tape = list(tape)
        changed: set[int] = set()
        queue: list[int] = []
        queued: set[int] = set()

        def change(place: int, value: int) -> None:
            if tape[place] != value:
                tape[place] = value
                changed.add(place)
                for reader in self.readers.get(place, ()):
                    if reader not in queued:
                        queued.add(reader)
                        heappush(queue, reader)

        for place, value in pins.items():
            change(place, value % R)
        while queue:
            number = heappop(queue)
            queued.discard(number)
            operation, wire, size, read = self.steps[number]
            for i, value in enumerate(_results(operation, size, read, tape)):
                if wire + i not in pins:
                    change(wire + i, value)
        return tape, changed

    def broken(self, tape: Sequence[int], numbers: Iterable[int] | None = None) -> Iterator[int]:
        """Yield the rows that the tape breaks, among `numbers` if given."""
        for number in self.checked if numbers is None else numbers:
            a, b, c = self.rows[number]
            if (a(tape) * b(tape) - c(tape)) % R:
                yield number

    def holds(self, tape: Sequence[int], numbers: Iterable[int] | None = None) -> bool:
        """Return whether every row (of `numbers`) holds."""
        return next(self.broken(tape, numbers), None) is None

    def accepts(self, tape: Sequence[int], changed: Collection[int]) -> bool:
        """Return whether a tape that differs from a satisfying one at `changed` satisfies as well."""
        return self.holds(tape, {row for place in changed for row in self.rows_of.get(place, ())})

    def named(self, part: str) -> list[int]:
        """Return the wires whose name contains `part`."""
        return [wire for wire, name in enumerate(self.system.names) if part in name]

    def caused(self, *parts: str) -> list[int]:
        """Return the numbers of the rows whose cause contains one of `parts`."""
        return [n for n in range(self.system.rows) if any(part in self.system.cause(n) for part in parts)]


def _results(operation: int, size: int, read: tuple[Read, ...], tape: Sequence[int]) -> Sequence[int]:
    if operation in (LINEAR, PRODUCTS, DIVIDE, MULTIPLY_ADD):
        return (_element(operation, [part(tape) for part in read]),)
    if operation == BITS:
        value = read[0](tape)
        return [value >> i & 1 for i in range(size)]
    if operation == SIGN:
        value = read[0](tape)
        negative = value > _HALF
        magnitude = R - value if negative else value
        return [int(negative), *(magnitude >> i & 1 for i in range(size))]
    return _chosen(operation, size, [signed(part(tape)) for part in read])


def _element(operation: int, values: list[int]) -> int:
    """Return what steps of field arithmetic write."""
    if operation == LINEAR:
        return values[0]
    if operation == DIVIDE:
        return values[0] * pow(values[1], -1, R) % R if values[1] else 0
    return (values[0] * values[1] + sum(values[2:])) % R


def _chosen(operation: int, size: int, values: list[int]) -> Sequence[int]:
    """Return what steps over signed integers write."""
    if operation == QUOTIENT:
        numerator, divisor = values
        return (numerator // divisor % R if divisor else 0,)
    if operation == ROOT:
        return (isqrt(max(0, values[0])),)
    if operation in (RANKED, FLAGS):
        k, *values = values
        best = sorted(range(size), key=lambda i: (-values[i], i))
        return (values[best[k - 1]] % R,) if operation == RANKED else [int(i in best[:k]) for i in range(size)]
    choose = max if operation == LARGEST else min
    return (choose(values) % R,)
