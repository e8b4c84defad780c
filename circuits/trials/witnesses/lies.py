"""Lies: what a dishonest prover tries at a circuit, and the judge of what is accepted.

A wire is changed alone or with everything after it filled anew, and every hint is answered wrongly. What every row then
accepts is judged by the claim: harmless where it claims no more than the truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random

from ....kernel.field import R
from ....kernel.witness_program import BITS, DIVIDE, FLAGS, SIGN
from .machine import Tape
from .subject import HELPERS, Subject, bits_of, filled_together

__all__ = ["Lies", "lying_hints", "mutations"]

_HALF = (R + 1) // 2


class Lies:
    """Lies told about one tape of a subject; `told`, `accepted` and `wrong` count them."""

    def __init__(self, subject: Subject, tape: Tape) -> None:
        """Ask every row about the tape: `broken` are those it breaks, none when its claim is true."""
        self.subject, self.tape = subject, tape
        self.values = [[sum(tape[w] * k for w, k in part.items()) % R for part in row] for row in subject.parts]
        self.broken = {n for n, (a, b, c) in enumerate(self.values) if (a * b - c) % R}
        self.told: Counter[str] = Counter()
        self.wrong: list[tuple[str, str]] = []

    def alone(self, wire: int, value: int) -> None:
        """Say another value of one wire, all others fixed. The tape must satisfy every row."""
        self.told["alone"] += 1
        if not self._refused(wire, value, self.subject.rows_of.get(wire, ())):
            lie = list(self.tape)
            lie[wire] = value
            self._judge("alone", wire, lie)

    def solved(self, wire: int, value: int) -> None:
        """Say another value of one wire, what is filled after it filled anew."""
        self.told["re-solved"] += 1
        if self._refused(wire, value, self.subject.early.get(wire, ())):
            return
        self._replay("re-solved", wire, {wire: value})

    def hint(self, pins: Mapping[int, int], way: str) -> None:
        """Answer a hint wrongly: pins are all the wires that it fills, everything after it filled anew."""
        self.told[way] += 1
        self._replay(way, min(pins), pins)

    def _refused(self, wire: int, value: int, rows: Collection[tuple[int, int, int, int]]) -> bool:
        change = value - self.tape[wire]
        for number, ka, kb, kc in rows:
            a, b, c = self.values[number]
            if ((a + ka * change) * (b + kb * change) - c - kc * change) % R:
                return True
        return False

    def _replay(self, way: str, wire: int, pins: Mapping[int, int]) -> None:
        machine = self.subject.machine
        fixed = {place: self.tape[place] for place in self.subject.fixed}
        lie, changed = machine.replay(self.tape, {**pins, **fixed})
        touched = {row for place in changed for row in machine.rows_of.get(place, ())}
        if (
            changed
            and machine.holds(lie, sorted(self.broken - touched))
            and machine.holds(lie, sorted(touched, reverse=True))
        ):
            self._judge(way, wire, lie)

    def _judge(self, way: str, wire: int, lie: Sequence[int]) -> None:
        """Judge what every row accepts: it is harmless as the sign of a zero, or as a helper that claims no more."""
        subject = self.subject
        false = self.broken or subject.claim(lie) > subject.claim(self.tape)
        if not false and subject.free_sign(wire, self.tape):
            self.told["signs of zero"] += 1
        elif not false and subject.filled[wire][0] in HELPERS:
            self.told["harmless helpers"] += 1
        else:
            self.wrong.append((way, subject.system.names[wire]))


def mutations(subject: Subject, tape: Sequence[int], rng: Random) -> Iterator[tuple[int, int]]:
    """Yield (wire, value), eight ways: ±1, 0, 1, negated, doubled, random, its neighbour's; changes only (S1)."""
    for wire in subject.wires:
        value, neighbour = tape[wire], tape[wire - 1]
        for other in {(value + 1) % R, (value - 1) % R, 0, 1, -value % R, 2 * value % R, rng.randrange(R), neighbour}:
            if other != value:
                yield wire, other


def lying_hints(subject: Subject, tape: Sequence[int], rng: Random) -> Iterator[tuple[str, dict[int, int]]]:
    """Yield (way, pins) of every hint: its number plus the modulus, zero, random (S2).

    Number plus modulus: cut to the bits there are, and the rest carried by the top bit, which is then none. A helper is
    one field element, which plus the modulus is itself: it is moved by 2^64 and by half the field instead.
    """
    for operation, first, size, read in subject.machine.steps:
        pins = filled_together(operation, first, size)
        if subject.fixed.intersection(pins) or operation not in (*HELPERS, BITS, SIGN, DIVIDE):
            continue
        said: list[tuple[str, list[int]]]
        if operation == FLAGS:
            said = [("zero", [0] * size), ("overflow", [R - tape[wire] for wire in pins])]
            said += [("random", [int(i in rng.sample(range(size), rng.randint(1, size))) for i in range(size)])]
            said += [("random", [rng.randrange(R) for _ in pins])]
        elif operation in (*HELPERS, DIVIDE):
            value = tape[first]
            said = [("overflow", [v % R]) for v in (value + (1 << 64), value - (1 << 64), value * _HALF, value + _HALF)]
            said += [("zero", [0]), ("random", [(value + rng.randint(-9, 9)) % R]), ("random", [rng.randrange(R)])]
        else:
            said = list(_lying_bits(operation, size, read[0](tape), rng))
        honest = [tape[wire] for wire in pins]
        yield from ((way, dict(zip(pins, values, strict=True))) for way, values in said if values != honest)


def _lying_bits(operation: int, size: int, value: int, rng: Random) -> Iterator[tuple[str, list[int]]]:
    """Yield (way, values) of a hint that answers in bits, a sign before them or none."""
    signs: list[list[int]] = [[0], [1]] if operation == SIGN else [[]]
    for sign in signs:
        for more in {value + R, R - value, 2 * R - value}:
            bits = bits_of(more, size)
            yield "overflow", [*sign, *bits]
            if size:
                top = (value - sum(bit << i for i, bit in enumerate(bits[:-1]))) * pow(1 << size - 1, -1, R) % R
                yield "overflow", [*sign, *bits[:-1], top]
        yield "zero", [*sign, *[0] * size]
        yield "random", [*sign, *bits_of(rng.randrange(1 << size), size)]
    if operation == SIGN:  # a sign that is none, made to fit a random magnitude g: s = (g − x) / 2g
        magnitude = rng.randrange(1, 1 << size) if size else 0
        if magnitude:
            yield "random", [(magnitude - value) * pow(2 * magnitude, -1, R) % R, *bits_of(magnitude, size)]
