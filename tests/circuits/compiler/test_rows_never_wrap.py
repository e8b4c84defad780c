"""Lost if these fail: somewhere a row is satisfied modulo the field's order and by no integers (row S9).

Every family, both circuits, from the rows alone: what each wire can hold follows from the rows before, and every row is
then an equality of integers, or a product of factors none of which can wrap to zero. Nothing is asked of the compiler.
"""

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.registry import rule_names
from zkmargin.circuits.trials.witnesses.machine import Machine
from zkmargin.kernel import R

from ..families import STATEMENTS, compiled
from .test_intervals import WireIntervals, signed

LARGE = {
    "span": Shape(32, 4, 0, None, (("commodities", 2), ("months", 3), ("scenarios", 16))),
    "expected-shortfall": Shape(8, 2, 0, None, (("scenarios", 60), ("worst", 6))),
    "value-at-risk": Shape(8, 2, 0, None, (("scenarios", 60), ("worst", 6))),
    "derive-pmrm2": Shape(17, 2, 0, None, (("expiries", 4), ("strikes", 8), ("scenarios", 6), ("skews", 2))),
}
HALF = (R + 1) // 2
OPAQUE = {"commitment", "packing", "context is bound"}


class Rows(WireIntervals):
    """Wires' intervals, learned row by row."""

    def combination(self, terms, *, packed=False):
        """Return the interval of a combination: coefficients are small and signed, or such over a power of two.

        Those are (x + |x|)/2 and the like, integers since the sum is even; extremes of extremes halve again.
        """
        if packed:
            return super().combination(terms, packed=True)
        for halvings in range(12):
            factors = {wire: signed((k << halvings) % R) for wire, k in terms.items()}
            if all(abs(factor) < 1 << 244 for factor in factors.values()):
                ends = [sorted(factor * end for end in self.of[wire]) for wire, factor in factors.items()]
                return sum(e[0] for e in ends) >> halvings, -(-sum(e[1] for e in ends) >> halvings)
        names = {self.system.names[wire]: signed(k) for wire, k in terms.items()}
        raise AssertionError(f"coefficients that are no integers over a power of two: {names}")

    def learn(self, number):
        """Return the most that a row's two sides can differ by, as integers, learning its only unknown wire."""
        a, b, c = self.system.row(number)
        cause = self.system.cause(number)
        unknown = {wire for wire in {*a, *b, *c} if wire not in self.of}
        if "is one piece" in cause:
            return self._of_pieces(number, cause)
        assert len(unknown) <= 1, (cause, [self.system.names[w] for w in unknown])
        if unknown and unknown <= set(c) and len(c) == 1:
            self.of[unknown.pop()] = self._product(a, b)
        elif unknown:
            self._solve(a, b, c, unknown.pop(), cause)
        product = self._product(a, b)
        return max(map(abs, product)) + self._reach(c)

    def _product(self, a, b):
        ends = [x * y for x in self.combination(a) for y in self.combination(b)]
        return min(ends), max(ends)

    def _reach(self, part):
        return max(map(abs, self.combination(part)))

    def _solve(self, a, b, c, wire, cause):
        """Learn a wire from a row that is linear in it: a range check, an equality, or a sign and its magnitude."""
        if wire in c:  # s·2g = g − x, so −x is g or −g
            rest, largest = {w: (k - b.get(w, 0) * HALF) % R for w, k in c.items()}, self._reach(b) // 2
            low, high = -largest, largest
        else:
            assert (b, c) == ({0: 1}, {}), cause
            rest, low, high = dict(a), 0, 0
        k = signed(rest.pop(wire))
        assert k in (1, -1), cause
        ends = self.combination({w: other for w, other in rest.items() if other})
        found = (low - ends[1], high - ends[0])
        self.of[wire] = found if k == 1 else (-found[1], -found[0])

    def _of_pieces(self, number, cause):
        """Learn a wire that is one of several pieces, and return the largest factor of Π (wire − piece) = 0.

        A product of field elements is zero only where a factor is, so the products themselves may wrap.
        """
        rows = [n for n in range(number, self.system.rows) if self.system.cause(n) == cause]
        parts = [part for row in rows for part in self.system.row(row)[:2]]
        factors = [
            part
            for part in parts
            if not any(".product" in self.system.names[wire] for wire in part if part == {wire: 1})
        ]
        unknown = {wire for part in factors for wire in part if wire not in self.of}
        if unknown:
            (wire,) = unknown
            pieces = [self.combination({w: -k % R for w, k in part.items() if w != wire}) for part in factors]
            assert all(part[wire] == 1 for part in factors)
            self.of[wire] = (min(low for low, _ in pieces), max(high for _, high in pieces))
        return max(map(self._reach, factors))


def checked(circuit, **wider):
    """Return how many rows are equalities of integers, and the bits of the largest; `wider` are other intervals."""
    intervals = Rows(circuit, Machine(circuit.system, circuit.program, hashed=False))
    intervals.of.update({circuit.system.names.index(name): ends for name, ends in wider.items()})
    count, largest = 0, 0
    for number in range(circuit.system.rows):
        cause = circuit.system.cause(number)
        if cause == "packing":
            intervals.row(number)
        if cause in OPAQUE:
            continue
        reach = intervals.learn(number)
        assert reach < R, cause
        count, largest = count + 1, max(largest, reach)
    return count, largest.bit_length()


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("name", rule_names())
def test_every_row_is_an_equality_of_integers(name, statement, tally):
    circuits = [compiled(name, statement)]
    if name in LARGE:
        circuits.append(compile_statement(name, LARGE[name], statement))
    for circuit in circuits:
        count, bits = checked(circuit)
        tally("S9", f"{name} {statement}, {circuit.schema.shape.as_json()}: rows, the largest of {bits} bits", count)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_wire_that_reaches_the_order_would_be_seen(statement):
    """So that silence means something: a credit of 250 bits, in units of 10^-9 of a money unit, may wrap."""
    with pytest.raises(AssertionError, match="range of s"):
        checked(compiled("cross-margin", statement), credit=(0, 1 << 250))
