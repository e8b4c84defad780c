"""Lost if these fail: a value wraps around the field, and a loss of 2^254 reads as a small gain (row S9)."""

import itertools

import pytest

from zkmargin.circuits.compiler.builder import Builder
from zkmargin.circuits.compiler.linear import Bound, Linear
from zkmargin.circuits.compiler.lowering import Lowering, Side
from zkmargin.circuits.gadgets.bits import signed_input
from zkmargin.circuits.language.language import CellRef, Constant, HoldingRef, Increase, walk
from zkmargin.circuits.model import CREDIT_BITS
from zkmargin.circuits.statements import margin
from zkmargin.circuits.statements.engine import bind
from zkmargin.circuits.statements.margin import STATEMENTS
from zkmargin.kernel import R

from ..conftest import FULL, SMALL, compiled, machine

SHAPES = pytest.mark.parametrize("shape", [SMALL, FULL], ids=["small", "full"])


def inner(shape):
    rule = bind(compiled("sufficiency", shape).schema)
    return [node for node in walk(rule.surplus) if not isinstance(node, CellRef | HoldingRef | Constant)]


@SHAPES
def test_no_value_leaves_its_interval_with_the_children_at_their_ends(shape, tally):
    """Every node, its children at every combination of their ends (a sum's ends are those of its terms)."""
    tried = 0
    for node in inner(shape):
        low, high = node.interval
        if len(node.children) > 12:
            ends = [
                sorted(k * end for end in child.interval)
                for k, child in zip(node.coefficients, node.children, strict=True)
            ]
            assert (sum(e[0] for e in ends), sum(e[1] for e in ends)) == node.interval
            continue
        values = []
        for ends in itertools.product(*(child.interval for child in node.children)):
            if not isinstance(node, Increase) or ends[0] >= ends[1]:  # the schema's order
                values.append(node.evaluate(ends))
        tried += len(values)
        assert low <= min(values)
        assert max(values) <= high
        assert high - low < R
    tally("S9", f"combinations of ends over {len(inner(shape))} nodes", tried)


@SHAPES
@pytest.mark.parametrize("side", list(Side))
def test_every_bound_covers_the_true_values_and_fits_the_field(shape, side):
    schema = compiled("sufficiency", shape).schema
    rule = bind(schema)
    builder = Builder(margin.public_names(schema), margin.hidden_names(schema))
    leaves = {id(ref): margin._holding(builder, spec) for ref, spec in zip(rule.holdings, schema.holdings, strict=True)}
    for name, cells in schema.tables:
        for cell, ref in zip(cells, rule.tables[name].cells.values(), strict=True):
            leaves[id(ref)] = Bound(builder.public(cell.name), cell.minimum, cell.maximum)
    lowering = Lowering(builder, leaves)
    lowering.bound(rule.surplus, side)
    for node, bound in lowering._made.values():
        assert bound.low <= node.interval[0], str(node)
        assert bound.high >= node.interval[1], str(node)
        assert bound.high - bound.low < R, str(node)
    made = {id(node) for node, _ in lowering._made.values()}
    assert {id(node) for node in walk(rule.surplus)} <= made


def signed(value):
    return value - R if value > R // 2 else value


class WireIntervals:
    """What each wire can hold, derived from the rows alone and not from what the compiler claims."""

    def __init__(self, circuit, rows):
        self.system = circuit.system
        schema = circuit.schema
        cells = {c.name: c for _, table in schema.tables for c in table}
        self.of = {0: (1, 1)}
        for wire, name in enumerate(self.system.public, start=1):
            if name in cells:
                stored = (cells[name].minimum + cells[name].offset, cells[name].maximum + cells[name].offset)
                self.of[wire] = stored
        self.of[1 + self.system.public.index("credit")] = (0, (1 << CREDIT_BITS) - 1)
        self.of.update({wire: (0, 1) for wire in rows.named(".bit")})
        sizes = {spec.name: (spec.minimum, spec.maximum) for spec in schema.holdings}
        self.of.update({w: sizes[name] for w, name in enumerate(self.system.names) if name in sizes})

    def combination(self, terms, *, packed=False):
        """Return the interval of a combination, or None when a wire of it is opaque (hashes, context).

        Coefficients are small and signed, but for those of packed elements, which reach 2^253.
        """
        if any(wire not in self.of for wire in terms):
            return None
        half = not packed and any(min(k, R - k) > 1 << 200 for k in terms.values())  # (x + |x|)/2, an even integer
        low = high = 0
        for wire, k in terms.items():
            factor = k if packed else signed(k * 2 % R if half else k)
            assert packed or abs(factor) < 1 << 130
            ends = sorted(factor * end for end in self.of[wire])
            low, high = low + ends[0], high + ends[1]
        return (low // 2, -(-high // 2)) if half else (low, high)

    def row(self, number):
        """Return the largest |A·B − C| of a row, learning the wire it defines; None for opaque rows."""
        a, b, c = self.system.row(number)
        if self.system.cause(number) == "commitment":
            return None
        if self.system.cause(number) == "packing":
            return self._packing(a, b, c)
        left, right = self.combination(a), self.combination(b)
        if left is None or right is None:
            if "is one piece" in self.system.cause(number):
                (wire,) = [w for w in a if w not in self.of]
                piece = self.combination({w: R - k for w, k in b.items() if w != wire})
                self.of[wire] = (min(0, piece[0]), max(0, piece[1]))
                return self.row(number)
            return None
        ends = [x * y for x in left for y in right]
        if len(c) == 1 and next(iter(c)) not in self.of:
            self.of[next(iter(c))] = (min(ends), max(ends))
        result = self.combination(c)
        return max(map(abs, ends)) + max(map(abs, result))

    def _packing(self, a, b, c):
        """Learn a packed element, the only wire with coefficient -1; its row is an equality of numbers below r."""
        assert (b, c) == ({0: 1}, {})
        (wire,) = [w for w, k in a.items() if k == R - 1]
        self.of[wire] = self.combination({w: k for w, k in a.items() if w != wire}, packed=True)
        low, high = self.of[wire]
        assert 0 <= low <= high < 1 << 253 < R
        return high


@SHAPES
@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_row_can_wrap_for_any_wires_within_their_intervals(statement, shape, tally):
    circuit = compiled(statement, shape)
    intervals = WireIntervals(circuit, machine(statement, shape))
    opaque, largest = [], 0
    for number in range(circuit.system.rows):
        reach = intervals.row(number)
        if reach is None:
            opaque.append(circuit.system.cause(number))
        else:
            largest = max(largest, reach)
    assert set(opaque) == {"commitment", "context is bound"}
    assert largest < R
    what = f"{statement} at {shape}: rows, the largest |A·B - C| of {largest.bit_length()} bits"
    tally("S9", what, circuit.system.rows - len(opaque))


def test_a_sign_that_overstates_its_value_changes_no_interval():
    """The interval of a signed input is what its bits allow, not what the schema hopes."""
    builder = Builder([], ["x"])
    bound = signed_input(builder, "x", 5)
    assert (bound.low, bound.high) == (-31, 31)
    assert (
        bound.magnitude.terms.keys()
        == Linear.weighted_bits(builder.system.names.index("x.magnitude.bit1"), 5).terms.keys()
    )
