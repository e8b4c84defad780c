"""Linear elimination: a row that multiplies nothing defines a hidden wire, which is then written out elsewhere.

Only where the number of non-zero terms in the whole system does not rise. Public inputs stay, every one where it was.
Witnesses go both ways: `reduce` drops wires, `restore` solves the dropped ones. The same system gives the same result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...kernel.errors import MismatchError, RuleError
from ...kernel.field import R
from .linear import ONE, Linear
from .system import ConstraintSystem, Row

__all__ = ["Simplified", "eliminate_linear", "linear_rows"]

Terms = dict[int, int]
Place = tuple[int, int]  # row, and which of its three combinations
_CONSTANT: frozenset[int] = frozenset({ONE})


@dataclass(frozen=True)
class Simplified:
    """A system with fewer wires. `kept[i]` is the old number of wire i.

    `solved` are the dropped wires that others define, each by old wires that are kept or stand further on. Wires that
    no row needs are dropped too; any value does for them, `restore` takes 0.
    """

    system: ConstraintSystem
    kept: list[int]
    solved: list[tuple[int, Terms]]
    old_wires: int

    def reduce(self, witness: Sequence[int]) -> list[int]:
        """Return the new system's witness for a witness of the old one. Raises MismatchError for another length."""
        _check_length(witness, self.old_wires)
        return [witness[wire] for wire in self.kept]

    def restore(self, witness: Sequence[int]) -> list[int]:
        """Return a witness of the old system for one of the new. Raises MismatchError for another length."""
        _check_length(witness, len(self.kept))
        values = [0] * self.old_wires
        for wire, value in zip(self.kept, witness, strict=True):
            values[wire] = value
        for wire, terms in reversed(self.solved):
            values[wire] = sum(value * values[other] for other, value in terms.items()) % R
        return values


def eliminate_linear(system: ConstraintSystem) -> Simplified:
    """Return the system without the hidden wires that linear rows define, as far as terms do not rise.

    Raises RuleError (code "unsatisfiable") when a row turns out to say that a non-zero constant is zero.
    """
    work = _Work(system)
    progress = True
    while progress:
        found = [work.settle(number) for number in sorted(work.linear)]
        progress = any(found)
    return work.result()


def linear_rows(system: ConstraintSystem) -> list[int]:
    """Return the numbers of the rows whose left or right factor is a constant."""
    return [
        number
        for number in range(system.rows)
        if any(
            all(wire == ONE for wire in pool.wires[pool.starts[number] : pool.starts[number + 1]])
            for pool in (system.a, system.b)
        )
    ]


class _Work:
    """The system while wires are being written out: rows by number, and where each wire stands."""

    def __init__(self, system: ConstraintSystem) -> None:
        self.old = system
        self.rows: dict[int, Row] = {number: system.row(number) for number in range(system.rows)}
        self.places: dict[int, set[Place]] = {}
        for number, row in self.rows.items():
            for side, terms in enumerate(row):
                for wire in terms:
                    self.places.setdefault(wire, set()).add((number, side))
        self.linear = set(linear_rows(system))
        self.solved: list[tuple[int, Terms]] = []

    def settle(self, number: int) -> bool:
        """Use a linear row up if that is worth it; return whether anything changed."""
        form = self._form(number)
        if form.keys() <= _CONSTANT:
            if form:
                raise RuleError(f"constraint {number} can never hold", code="unsatisfiable")
            if self._keeps_public_inputs(self.rows[number], number, {}):
                self._delete(number)
                return True
            return False
        spent = sum(map(len, self.rows[number]))
        hidden = [wire for wire in form if wire > len(self.old.public)]
        for wire in sorted(hidden, key=lambda wire: (len(self.places[wire]), wire)):
            places = [place for place in self.places[wire] if place[0] != number]
            if sum(self._least_change(place, len(form) - 1) for place in places) > spent:
                continue
            inverse = pow(-form[wire], -1, R)
            value = {other: k * inverse % R for other, k in form.items() if other != wire}
            changed = {place: _written_out(self.rows[place[0]][place[1]], wire, value) for place in places}
            risen = sum(len(terms) - len(self.rows[row][side]) for (row, side), terms in changed.items())
            if risen <= spent and self._keeps_public_inputs(self.rows[number], number, changed):
                self._delete(number)
                self._replace(changed)
                self.solved.append((wire, value))
                return True
        return False

    def result(self) -> Simplified:
        """Return what is left, checked."""
        old, first_hidden = self.old, 1 + len(self.old.public)
        needed = {wire for wire, places in self.places.items() if places}
        kept = [*range(first_hidden), *(wire for wire in range(first_hidden, old.wires) if wire in needed)]
        system = ConstraintSystem(old.public)
        system.names = [old.names[wire] for wire in kept]
        new = {wire: number for number, wire in enumerate(kept)}
        for number in sorted(self.rows):
            system.source = old.row_source(number)
            a, b, c = (Linear({new[wire]: k for wire, k in terms.items()}) for terms in self.rows[number])
            system.constrain(a, b, c, old.cause(number))
        unbound = not all(self.places.get(wire) for wire in range(1, first_hidden))
        system.check(unused_public=unbound)
        return Simplified(system, kept, self.solved, old.wires)

    def _form(self, number: int) -> Terms:
        """Return a linear row as the combination that it says is zero."""
        a, b, c = self.rows[number]
        factor, other = (a, b) if a.keys() <= _CONSTANT else (b, a)
        return _sum({wire: R - k for wire, k in c.items()}, other, factor.get(ONE, 0))

    def _least_change(self, place: Place, length: int) -> int:
        """Return how many terms a combination gains at least when a wire in it becomes `length` others."""
        before = len(self.rows[place[0]][place[1]])
        return abs(length - (before - 1)) - before

    def _keeps_public_inputs(self, row: Row, number: int, changed: dict[Place, Terms]) -> bool:
        """Return whether every public input of `row` still stands somewhere once row `number` is gone."""
        public = {wire for terms in row for wire in terms if 0 < wire <= len(self.old.public)}
        return all(
            any(wire in terms for terms in changed.values())
            or any(place[0] != number and place not in changed for place in self.places[wire])
            for wire in public
        )

    def _delete(self, number: int) -> None:
        for side, terms in enumerate(self.rows.pop(number)):
            for wire in terms:
                self.places[wire].discard((number, side))
        self.linear.discard(number)

    def _replace(self, changed: dict[Place, Terms]) -> None:
        for place, terms in changed.items():
            number, side = place
            row = list(self.rows[number])
            for wire in row[side].keys() - terms.keys():
                self.places[wire].discard(place)
            for wire in terms.keys() - row[side].keys():
                self.places.setdefault(wire, set()).add(place)
            row[side] = terms
            self.rows[number] = (row[0], row[1], row[2])
            if row[0].keys() <= _CONSTANT or row[1].keys() <= _CONSTANT:
                self.linear.add(number)


def _written_out(terms: Terms, wire: int, value: Terms) -> Terms:
    """Return a combination with a wire replaced by its value."""
    return _sum({other: k for other, k in terms.items() if other != wire}, value, terms[wire])


def _sum(terms: Terms, other: Terms, factor: int) -> Terms:
    """Return terms + factor·other without zero terms."""
    total = dict(terms)
    for wire, k in other.items():
        total[wire] = (total.get(wire, 0) + factor * k) % R
    return {wire: k for wire, k in total.items() if k}


def _check_length(witness: Sequence[int], wires: int) -> None:
    if len(witness) != wires:
        raise MismatchError(f"the circuit has {wires} wires, the witness {len(witness)}", code="witness-length")
