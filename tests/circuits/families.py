"""Every family at its small shape, and accounts of any schema: what the tests of all families share.

A new family is one entry of `SHAPES`; where random cells cannot reach what is special in it (a full group, a spread),
one function in `SHAPED` that moves a random case there.
"""

from dataclasses import replace
from functools import cache
from math import gcd

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Holdings, Shape
from zkmargin.circuits.rules.registry import family
from zkmargin.circuits.statements.engine import money_scale

from . import shaped, shaped_derive, shaped_scenarios
from .accounts import Case, table
from .harness import Subject
from .statements.test_no_witness import known_wires

SHAPES = {
    "collateral-factor": Shape(0, 2, 2, None, (("groups", 1),)),
    "correlated-margin": Shape(2, 1, 1, 1, (("factors", 1),)),
    "cross-margin": Shape(4, 2, 2, 2),
    "derive-pmrm2": Shape(5, 1, 0, None, (("expiries", 2), ("strikes", 2), ("scenarios", 2), ("skews", 2))),
    "derive-srm": Shape(9, 1, 0, None, (("perps", 1), ("expiries", 2), ("strikes", 4))),
    "drift": Shape(1, 1, 1),
    "dydx-v4": Shape(1, 0, 0),
    "expected-shortfall": Shape(2, 1, 0, None, (("scenarios", 4), ("worst", 2))),
    "regime-margin": Shape(1, 1, 1, 2, (("regimes", 3),)),
    "span": Shape(4, 1, 0, None, (("commodities", 2), ("months", 2), ("scenarios", 2))),
    "synthetix-v3": Shape(2, 1, 0),
    "tiered-haircut": Shape(0, 1, 1, 2),
    "value-at-risk": Shape(2, 1, 0, None, (("scenarios", 4), ("worst", 2))),
}
SHAPED = {
    "collateral-factor": shaped.grouped,
    "derive-pmrm2": shaped_derive.close_scenarios,
    "derive-srm": shaped_derive.spreads,
    "drift": shaped.capped,
    "expected-shortfall": shaped_scenarios.tied,
    "regime-margin": shaped.stressed,
    "span": shaped_scenarios.spread,
    "tiered-haircut": shaped.near_the_ends,
    "value-at-risk": shaped_scenarios.tied,
}
# Where every witness there is would be too many, the shape at which they are all looked at.
SEARCHED = {
    "drift": Shape(1, 1, 0),
    "expected-shortfall": Shape(2, 0, 0, None, (("scenarios", 2), ("worst", 2))),  # thresholds: test_scenario_families
    "span": Shape(2, 0, 0, None, (("commodities", 2), ("months", 1), ("scenarios", 1))),
    "derive-pmrm2": Shape(3, 1, 0, None, (("expiries", 1), ("strikes", 1), ("scenarios", 1), ("skews", 1))),
    "derive-srm": Shape(5, 1, 0, None, (("perps", 1), ("expiries", 1), ("strikes", 2))),
    "value-at-risk": Shape(2, 0, 0, None, (("scenarios", 2), ("worst", 2))),
}
# Where a quotient or a root of small numbers leaves a dishonest helper thousands of values, cases that leave it few.
FEW = {
    "derive-pmrm2": shaped_derive.nothing_empty,
    "derive-srm": shaped_derive.nothing_empty,
    "drift": shaped.large_sizes,
    "span": shaped_scenarios.few_spreads,
    "synthetix-v3": shaped.few_windows,
}
STATEMENTS = ("sufficiency", "shortfall")


@cache
def compiled(name, statement, shape=None):
    return compile_statement(name, shape or SHAPES[name], statement)


def schema_of(name, shape=None):
    return family(name).schema_of(shape or SHAPES[name])


def drawn(schema, rng, *, shrink=None, share=0.25):
    """Return a random account at random tables; `shrink` takes bits off every quantity, `share` of holdings are zero.

    Now and then a column is one value throughout and holdings are equal or opposite, so that pieces tie.
    """
    shrink = rng.choice([0, 0, 4, 12, 20]) if shrink is None else shrink
    same = {}

    def between(low, high, less):
        top = max(high, -low)
        value = rng.randrange(1 << max(1, rng.randint(1, top.bit_length()) - less))
        if low < 0 and rng.random() < 0.5:
            value = -value
        return min(max(value, low), high)

    def cell(spec):
        if rng.random() < 0.04:
            return rng.choice([spec.minimum, min(spec.minimum + 1, spec.maximum), spec.maximum])
        column = spec.name.split(".")[1]
        if column not in same:
            same[column] = between(spec.minimum, spec.maximum, 0) if rng.random() < 0.1 else None
        held = same[column]
        if held is not None and spec.minimum <= held <= spec.maximum:
            return held
        return between(spec.minimum, spec.maximum, shrink // 2 if spec.maximum.bit_length() > 24 else 0)

    values = [
        0 if rng.random() < share else between(spec.minimum, spec.maximum, min(shrink, spec.bits - 2))
        for spec in schema.holdings
    ]
    first, shape = 1, schema.shape
    for i in range(first + 1, first + shape.positions):
        if rng.random() < 0.1:
            values[i] = rng.choice([-1, 1]) * values[i - 1]
    market, parameters = (table(schema, name, cell) for name in ("market", "parameters"))
    case = Case("random", _holdings(schema, values), market, parameters, rng.choice([0, 0, rng.randrange(1 << 40)]))
    shape_of = SHAPED.get(schema.rule)
    return shape_of(schema, rng, case) if shape_of and rng.random() < 0.7 else case


def corner(schema, rng):
    """Return an account whose every quantity is an end, zero, or one beside it, at tables of the same kind."""

    def near(spec):
        ends = (spec.minimum, spec.minimum + 1, -1, 0, 1, spec.maximum - 1, spec.maximum)
        return rng.choice([value for value in ends if spec.minimum <= value <= spec.maximum])

    market, parameters = (table(schema, name, near) for name in ("market", "parameters"))
    holdings = _holdings(schema, [near(spec) for spec in schema.holdings])
    return Case("corner", holdings, market, parameters, rng.choice([0, 1, (1 << 62) - 1]))


def around_zero(schema, case, surplus):
    """Yield (case, surplus) with cash moved to leave less than one money unit above and below zero, where it can."""
    scale = money_scale(schema)
    for over in (0, 1):
        cash = case.holdings.cash - surplus // scale - over
        if schema.holdings[0].minimum <= cash <= schema.holdings[0].maximum:
            moved = replace(case, kind="around zero", holdings=replace(case.holdings, cash=cash))
            yield moved, surplus + (cash - case.holdings.cash) * scale


def exactly(schema, rng, case, target):
    """Return the case with its surplus at `target` smallest units, or None where no one quantity tunes the digits."""
    scale, surplus = money_scale(schema), case.surplus(schema)
    places = [(name, i) for name in ("market", "parameters") for i in range(len(schema.cells(name)))]
    places += [("holdings", i) for i in range(1, len(schema.holdings))]
    for place in rng.sample(places, min(12, len(places))):
        nudged = _nudged(schema, case, place, 1)
        step = 0 if nudged is None else nudged.surplus(schema) - surplus
        if gcd(step, scale) != 1:
            continue
        nudged = _nudged(schema, case, place, (target - surplus) * pow(step, -1, scale) % scale)
        if nudged is None or (nudged.surplus(schema) - target) % scale:
            continue
        cash = nudged.holdings.cash - (nudged.surplus(schema) - target) // scale
        if schema.holdings[0].minimum <= cash <= schema.holdings[0].maximum:
            return replace(nudged, kind=f"surplus {target:+d}", holdings=replace(nudged.holdings, cash=cash))
    return None


def _nudged(schema, case, place, step):
    """Return the case with one quantity larger by `step`, or None where that leaves the schema."""
    name, i = place
    if name == "holdings":
        values = list(case.holdings.values)
        values[i] += step
        return replace(case, holdings=_holdings(schema, values)) if values[i] <= schema.holdings[i].maximum else None
    moved = getattr(case, name).replace({i: getattr(case, name).cells[i] + step})
    spec, cells = schema.cells(name)[i], moved.cells
    after = [cells[k] for k, cell in enumerate(schema.cells(name)) if cell.at_least == i]
    if cells[i] - spec.offset > spec.maximum or any(cells[i] > value for value in after):
        return None
    return replace(case, **{name: moved})


def _holdings(schema, values):
    return Holdings.of(schema.shape, values)


class FamilyMargin:
    """A statement of a family at its small shape, as the harness wants it: nothing fixed but the public inputs."""

    def __init__(self, name, statement, shape=None):
        self.schema, self.down = schema_of(name, shape), statement == "sufficiency"
        self.circuit = compiled(name, statement, shape)
        self.subject = Subject(self.circuit.system, self.circuit.program)
        names = ("owner_key.x", "owner_key.y", "salt")
        self.inputs = [self.circuit.system.names.index(name) for name in names]

    def case(self, rng, *, true):
        """Return a case of a true or a false claim, two times in three within a money unit of the boundary."""
        while True:
            case = drawn(self.schema, rng)
            surplus = case.surplus(self.schema)
            cases = [(case, surplus), *around_zero(self.schema, case, surplus)]
            cases = [case for case, value in cases if ((value >= 0) is self.down) is true]
            if cases:
                return rng.choice(cases)

    def tape(self, rng, *, true):
        """Return the honest tape of a claim."""
        case = self.case(rng, true=true)
        return self.subject.machine.fill(case.public, case.hidden)

    def full_case(self, rng):
        """Return a true claim of an account that holds something everywhere, well inside the last check's range."""
        while True:
            case = drawn(self.schema, rng, shrink=8, share=0)
            surplus, scale = case.surplus(self.schema), money_scale(self.schema)
            cash = case.holdings.cash - surplus // scale + (1 if self.down else -1) * rng.randrange(1 << 40, 1 << 41)
            if self.schema.holdings[0].minimum <= cash <= self.schema.holdings[0].maximum and all(case.holdings.values):
                case = replace(case, kind="full", holdings=replace(case.holdings, cash=cash))
                if (case.surplus(self.schema) >= 0) is self.down:
                    return case

    def full_tape(self, rng):
        """Return the tape of such an account."""
        case = self.full_case(rng)
        return self.subject.machine.fill(case.public, case.hidden)

    def search(self, rng):
        """Return (what holdings and cells fix, the largest claim that is true)."""
        case = self.case(rng, true=rng.random() < 0.5)
        case = FEW.get(self.schema.rule, lambda _schema, _rng, case: case)(self.schema, rng, case)
        value = case.surplus(self.schema)
        return known_wires(self.circuit.system, self.schema, case), value if self.down else -value - 1
