"""The witness program: how an honest prover fills the wires of a circuit, and its interpreter.

A program is a list of small instructions over a tape: the wires, then the hidden inputs. The circuit compiler records
it. It is not trusted: whatever it writes, the constraints decide. The same bytes run here and in the native kernel.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Sequence
from typing import NamedTuple

from .combinations import Pool
from .errors import FormatError, Unsatisfied
from .field import R

__all__ = ["Instruction", "WitnessProgram"]

MAGIC = b"zkmw"
MOST_PUBLIC = 1 << 20  # wires that no step fills: public inputs, handed over when the program runs
MOST_STEPS = 1 << 24
# Terms and combinations that all steps together read: they may share them, so the size of a file does not bound it.
MOST_WORK = 1 << 28

DIVISION_WORK = 256  # what an inversion counts as, in terms read

LINEAR, PRODUCTS, BITS, SIGN, LARGEST, SMALLEST, QUOTIENT, RANKED, FLAGS, ROOT, DIVIDE, MULTIPLY_ADD = range(12)
# version -> how many; a program is written in the oldest that has its own
_OPERATIONS = {1: 1 + QUOTIENT, 2: 1 + ROOT, 3: 1 + MULTIPLY_ADD}
_READ = {LINEAR: 1, ROOT: 1, QUOTIENT: 2, DIVIDE: 2, MULTIPLY_ADD: 3}  # combinations read by what writes one wire


class Instruction(NamedTuple):
    """One step: `wire` is the first wire written, `size` how many, `source` the first combination read.

    linear: wire = <source>. products: wire+i = <source+2i>·<source+2i+1>. bits: the `size` bits of <source>.
    sign: wire = 1 if <source> is negative, then `size` bits of its magnitude. largest, smallest: the greatest or
    least of `size` combinations. quotient: wire = <source> / <source+1>, rounded down. ranked: the k-th largest of the
    `size` combinations after <source>, which is k. flags: `size` wires, 1 for the k largest of the same, the first of
    equals before the others. root: wire = the square root of <source>, rounded down; 0 of a negative number. divide:
    wire = <source> / <source+1> in the field. multiply and add: wire = <source>·<source+1> + <source+2>. `label` names
    what is out of range when bits do not suffice, and what divides by zero.
    """

    operation: int
    wire: int
    size: int
    source: int
    label: int


class WitnessProgram:
    """Instructions, their combinations and labels."""

    def __init__(self) -> None:
        """Start empty."""
        self.instructions: list[Instruction] = []
        self.pool = Pool()
        self.labels: list[str] = []
        self.wires = 0
        self.inputs = 0

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, public: Sequence[int], hidden: Sequence[int]) -> list[int]:
        """Return the witness: every wire's value, canonical, wire one first.

        `public` are the public inputs in order (one that an instruction computes may be 0), `hidden` the hidden
        inputs; all may be negative. Raises Unsatisfied (code "out-of-range" or "division-by-zero") naming the check,
        never the value.
        """
        if len(hidden) != self.inputs:
            raise Unsatisfied(f"the circuit has {self.inputs} hidden inputs, not {len(hidden)}")
        tape = [0] * (self.wires + self.inputs)
        tape[0] = 1
        tape[1 : 1 + len(public)] = [value % R for value in public]
        tape[self.wires :] = [value % R for value in hidden]
        for instruction in self.instructions:
            self._step(instruction, tape)
        return tape[: self.wires]

    def _step(self, step: Instruction, tape: list[int]) -> None:
        dot, wire, count = self.pool.dot, step.wire, step.size
        if step.operation == PRODUCTS:
            for i in range(count):
                source = step.source + 2 * i
                tape[wire + i] = dot(source, tape) * dot(source + 1, tape) % R
        elif step.operation in (LINEAR, DIVIDE, MULTIPLY_ADD):
            tape[wire] = self._element(step, tape)
        elif step.operation in (BITS, SIGN):
            value = dot(step.source, tape)
            if step.operation == SIGN:
                negative = value > R // 2
                tape[wire] = int(negative)
                value, wire = (R - value if negative else value), wire + 1
            if value >> count:
                raise self.refusal(step)
            for i in range(count):
                tape[wire + i] = value >> i & 1
        elif step.operation == QUOTIENT:
            numerator, divisor = (_signed(dot(step.source + i, tape)) for i in range(2))
            tape[wire] = numerator // divisor % R if divisor else 0
        elif step.operation == ROOT:
            tape[wire] = math.isqrt(max(0, _signed(dot(step.source, tape))))
        elif step.operation in (RANKED, FLAGS):
            self._rank(step, tape)
        else:
            choose = max if step.operation == LARGEST else min
            tape[wire] = choose(_signed(dot(step.source + i, tape)) for i in range(count)) % R

    def _element(self, step: Instruction, tape: list[int]) -> int:
        """Return what a step of field arithmetic writes. Raises Unsatisfied where it divides by zero."""
        first, *others = (self.pool.dot(step.source + i, tape) for i in range(_READ[step.operation]))
        if step.operation == LINEAR:
            return first
        if step.operation == MULTIPLY_ADD:
            return (first * others[0] + others[1]) % R
        if not others[0]:
            raise self.refusal(step)
        return first * pow(others[0], -1, R) % R

    def _rank(self, step: Instruction, tape: list[int]) -> None:
        """Write the k-th largest of several values, or which are the k largest. A k that is out of bounds is cut."""
        k, *values = (_signed(self.pool.dot(step.source + i, tape)) for i in range(1 + step.size))
        order = sorted(range(step.size), key=lambda i: -values[i])
        k = min(max(1, k), step.size)
        if step.operation == RANKED:
            tape[step.wire] = values[order[k - 1]] % R
            return
        for rank, i in enumerate(order):
            tape[step.wire + i] = int(rank < k)

    def refusal(self, step: Instruction) -> Unsatisfied:
        """Return the error of a step that has no value: its bits do not suffice, or it divides by zero.

        It names the check, never the value.
        """
        label = self.labels[step.label]
        if step.operation == DIVIDE:
            return Unsatisfied(f"no witness: {label} divides by zero", code="division-by-zero", hint=label)
        return Unsatisfied(f"no witness: {label} does not fit {step.size} bits", code="out-of-range", hint=label)

    # -- bytes ----------------------------------------------------------------------------------------------------

    def to_bytes(self) -> bytes:
        """Return the file's bytes: a header of counts, then flat little-endian arrays."""
        labels = "\n".join(self.labels).encode()
        flat = array("I", [word for step in self.instructions for word in step])
        header = (
            self.wires,
            self.inputs,
            len(self.instructions),
            len(self.pool),
            len(self.pool.wires),
            len(self.pool.coefficients),
            len(labels),
        )
        newest = max((step.operation for step in self.instructions), default=0)
        version = min((v for v, operations in _OPERATIONS.items() if newest < operations), default=max(_OPERATIONS))
        parts = [MAGIC, struct.pack("<8I", version, *header)]
        parts += [_little(values) for values in (flat, self.pool.starts, self.pool.wires, self.pool.indices)]
        parts += [value.to_bytes(32, "little") for value in self.pool.coefficients]
        return b"".join(parts) + labels

    @classmethod
    def from_bytes(cls, data: bytes) -> WitnessProgram:
        """Read a program. Raises FormatError when the bytes are no program or name places outside the tape."""
        if data[:4] != MAGIC or len(data) < 36:
            raise FormatError("this is not a witness program", code="bad-program")
        version, wires, inputs, steps, combinations, terms, coefficients, labels = struct.unpack_from("<8I", data, 4)
        sizes = (20 * steps, 4 * (combinations + 1), 4 * terms, 4 * terms, 32 * coefficients, labels)
        if version not in _OPERATIONS or len(data) != 36 + sum(sizes):
            raise FormatError("the witness program is cut or of another version", code="bad-program")
        program, offset = cls(), 36
        program.wires, program.inputs = wires, inputs
        chunks = []
        for size in sizes:
            chunks.append(data[offset : offset + size])
            offset += size
        flat = _read("I", chunks[0])
        program.instructions = [Instruction(*flat[i : i + 5]) for i in range(0, len(flat), 5)]
        pool = program.pool
        pool.starts, pool.wires, pool.indices = _read("I", chunks[1]), _read("i", chunks[2]), _read("I", chunks[3])
        pool.coefficients = [int.from_bytes(chunks[4][i : i + 32], "little") for i in range(0, len(chunks[4]), 32)]
        program.labels = chunks[5].decode(errors="replace").split("\n")
        program._check_places(_OPERATIONS[version])
        return program

    def _check_places(self, operations: int) -> None:
        """Raise FormatError unless every step is known, writes wires and reads combinations that exist."""
        tape, pool, filled = self.wires + self.inputs, self.pool, 1 + MOST_PUBLIC
        sound = (
            list(pool.starts) == sorted(pool.starts)
            and pool.starts[0] == 0
            and pool.starts[-1] == len(pool.wires)
            and all(0 <= wire < tape for wire in pool.wires)
            and all(index < len(pool.coefficients) for index in pool.indices)
            and all(value < R for value in pool.coefficients)
        )
        for step in self.instructions:
            written, read, largest_size = _extent(step)
            filled += written
            sound = (
                sound
                and step.operation < operations
                and step.size <= largest_size
                and read > 0
                and step.wire > 0
                and step.wire + written <= self.wires
                and step.source + read <= len(pool)
                and step.label < len(self.labels)
            )
        if not sound or not 0 < self.wires <= filled or self.inputs > MOST_PUBLIC:
            raise FormatError("the witness program names places that do not exist", code="bad-program")
        self._check_work()

    def _check_work(self) -> None:
        """Raise FormatError where a run would not end: few combinations, read again and again by many steps."""
        work, starts = 0, self.pool.starts
        for step in self.instructions:
            _, read, _ = _extent(step)
            work += starts[step.source + read] - starts[step.source] + read
            if step.operation in (RANKED, FLAGS):
                work += read * read.bit_length()
            elif step.operation == DIVIDE:
                work += DIVISION_WORK - read
        steps = len(self.instructions)
        if steps > MOST_STEPS or work > MOST_WORK:
            raise FormatError(
                f"the witness program has {steps} steps that read {work} terms: at most {MOST_STEPS} steps and "
                f"{MOST_WORK} terms are run",
                code="bad-program",
            )


def _signed(value: int) -> int:
    """Return the integer an element stands for: above half the order it is negative."""
    return value - R if value > R // 2 else value


def _extent(step: Instruction) -> tuple[int, int, int]:
    """Return how many wires a step writes, how many combinations it reads, and its largest size."""
    if step.operation in _READ:
        return 1, _READ[step.operation], 1
    if step.operation == PRODUCTS:
        return step.size, 2 * step.size, sys.maxsize
    if step.operation in (BITS, SIGN):
        return step.size + (step.operation == SIGN), 1, R.bit_length()
    if step.operation in (RANKED, FLAGS):
        read = 1 + step.size if step.size else 0  # the largest of nothing is refused
        return (step.size if step.operation == FLAGS else 1), read, sys.maxsize
    return 1, step.size, sys.maxsize


def _little(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array(values.typecode, values)
        values.byteswap()
    return values.tobytes()


def _read(typecode: str, data: bytes) -> array[int]:
    values: array[int] = array(typecode)
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
