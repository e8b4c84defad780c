"""Every family at its small shape, and accounts of any schema: what the tests of all families share.

A family says itself at which shape it is tried; where random cells cannot reach what is special in it (a full group, a
spread), one function in `SHAPED` moves a random case there.
"""

from functools import cache

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.registry import family, rule_names
from zkmargin.circuits.trials import accounts
from zkmargin.circuits.trials.claims import Claims
from zkmargin.circuits.trials.witnesses.subject import Subject

from . import shaped, shaped_derive, shaped_scenarios
from .statements.test_no_witness import known_wires

SHAPES = {name: family(name).trial for name in rule_names()}
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
    """Return a random account at random tables, seven times in ten moved to where its family is special."""
    case = accounts.drawn(schema, rng, shrink=shrink, share=share)
    shape_of = SHAPED.get(schema.rule)
    return shape_of(schema, rng, case) if shape_of and rng.random() < 0.7 else case


class FamilyMargin:
    """A statement of a family at its small shape: nothing fixed but the public inputs."""

    def __init__(self, name, statement, shape=None):
        self.schema, self.down = schema_of(name, shape), statement == "sufficiency"
        self.circuit = compiled(name, statement, shape)
        self.subject = Subject(self.circuit.system, self.circuit.program)
        self.claims = Claims(self.schema, statement, drawn)
        names = ("owner_key.x", "owner_key.y", "salt")
        self.inputs = [self.circuit.system.names.index(name) for name in names]

    def case(self, rng, *, true):
        """Return a case of a true or a false claim, two times in three within a money unit of the boundary."""
        return self.claims.case(rng, true=true)

    def tape(self, rng, *, true):
        """Return the honest tape of a claim."""
        case = self.case(rng, true=true)
        return self.subject.machine.fill(case.public, case.hidden)

    def full_case(self, rng):
        """Return a true claim of an account that holds something everywhere, well inside the last check's range."""
        return self.claims.full_case(rng)

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
