"""What the rows of a circuit are worth: those without which a lie passes, and the room they leave to first order."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from ....kernel.field import R
from ....kernel.witness_program import BITS, FLAGS, SIGN
from ...compiler.system import Row
from .machine import Tape
from .subject import HELPERS, Subject, bits_of

__all__ = ["needless_rows", "rank_defect"]


def needless_rows(subject: Subject, tapes: Iterable[Tape], among: Iterable[int] | None = None) -> list[int]:
    """Return the rows, of all or `among` some, without which nothing more would be accepted.

    That is as far as lies about these tapes show (S3): a row is needed when some lie, everything after it filled anew,
    breaks it and no other.
    """
    machine = subject.machine
    left = set(range(subject.system.rows) if among is None else among)
    for tape in tapes:
        for number in sorted(left):
            for pins in _lies_about(subject, tape, number):
                lie, changed = machine.replay(tape, pins)
                touched = {row for place in changed for row in machine.rows_of.get(place, ())}
                if number in touched and list(machine.broken(lie, sorted(touched))) == [number]:
                    left.discard(number)
                    break
    return sorted(left)


def _lies_about(subject: Subject, tape: Tape, number: int) -> Iterator[dict[int, int]]:
    """Yield pins that might break exactly this row."""
    a, b, c = subject.parts[number]
    for wire in sorted({*a, *b, *c} - {0}, reverse=True):
        value = tape[wire]
        operation, together = subject.filled.get(wire, (-1, range(0)))
        if operation == SIGN and wire == together[0]:  # another magnitude, and the sign that is none but fits it
            word = together[1:]
            x = subject.machine.steps[subject.machine.writers[wire]][3][0](tape)
            magnitude = sum(tape[w] << i for i, w in enumerate(word)) ^ 1
            if magnitude:
                pins = dict(zip(word, bits_of(magnitude, len(word)), strict=True))
                yield {**pins, wire: (magnitude - x) * pow(2 * magnitude, -1, R)}
        elif operation in (
            BITS,
            SIGN,
        ):  # flip a neighbour and let this bit absorb it: every sum is right, one bit is none
            word = together[operation == SIGN :]
            place = word.index(wire)
            if len(word) > 1:
                other = 0 if place else 1
                change = 1 - 2 * tape[word[other]]
                yield {word[other]: tape[word[other]] + change, wire: value - change * pow(2, other - place, R)}
            elif operation == BITS:
                yield from _moved_helpers(subject, tape, wire)
        elif operation == FLAGS:  # move a choice to where there is one already, or away from where there is none
            yield from (
                {other: 1 - tape[other], wire: value + 2 * tape[other] - 1} for other in together if other != wire
            )
        yield {wire: 1 - value}
        yield {wire: value + 1}
        yield {wire: value - 1}


def _moved_helpers(subject: Subject, tape: Tape, bit: int) -> Iterator[dict[int, int]]:
    """Yield pins that move a helper by one and let the only bit of a check say what that leaves."""
    machine = subject.machine
    read = machine.steps[machine.writers[bit]][3][0]
    for operation, helper, _, _ in machine.steps:
        if operation in HELPERS and operation != FLAGS:
            for moved in (tape[helper] - 1, tape[helper] + 1):
                yield {helper: moved, bit: read(machine.replay(tape, {helper: moved})[0])}


def rank_defect(subject: Subject, tape: Sequence[int]) -> int:
    """Return how many directions the non-input wires may move in, to first order, every row still holding (S10).

    That is: non-input wires less the rank, modulo the field's order, of the rows' derivatives by them.
    """
    pivots: dict[int, dict[int, int]] = {}
    free = set(subject.wires)
    for row in sorted((_derivative(parts, tape, free) for parts in subject.parts), key=len):
        while row:
            wire = max(row)
            if wire not in pivots:
                inverse = pow(row[wire], -1, R)
                pivots[wire] = {w: k * inverse % R for w, k in row.items()}
                break
            factor = row[wire]
            for w, k in pivots[wire].items():
                value = (row.get(w, 0) - factor * k) % R
                if value:
                    row[w] = value
                else:
                    row.pop(w, None)
    return len(free) - len(pivots)


def _derivative(parts: Row, tape: Sequence[int], free: Container[int]) -> dict[int, int]:
    a, b, c = parts
    row: dict[int, int] = {}
    left, right = (sum(tape[w] * k for w, k in part.items()) % R for part in (a, b))
    for part, factor in ((a, right), (b, left), (c, -1)):
        for wire, k in part.items():
            if wire in free:
                row[wire] = (row.get(wire, 0) + k * factor) % R
    return {wire: k for wire, k in row.items() if k}
