"""Lost if these fail: a circuit accepts what its rule does not say (rows S1, S2, S3, S10, S11).

Nothing here knows a rule: a new family is one more entry of `CIRCUITS`. Each is tried from honest tapes of true claims,
on the boundary and away from it, and from the tapes of false ones.
"""

import itertools
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest

from zkmargin.circuits.compiler.lowering import Side
from zkmargin.circuits.language.language import (
    DIMENSIONLESS,
    CellRef,
    Constant,
    HoldingRef,
    Spread,
    absolute,
    by_sign,
    ceil_div,
    exact,
    floor_div,
    floor_sqrt,
    kth_largest,
    maximum,
    minimum,
    positive,
    spread_credit,
    sum_largest,
)
from zkmargin.circuits.trials.witnesses.lies import Lies, lying_hints, mutations
from zkmargin.circuits.trials.witnesses.rows import needless_rows, rank_defect
from zkmargin.circuits.trials.witnesses.subject import Subject

from .accounts import full_slots, mixed_cases, tuned_case
from .best_claim import best_claim
from .conftest import compiled
from .expressions import TinyRule
from .statements.test_no_witness import known_wires


class Margin:
    """A statement about an account; the commitment stands for what is hidden, so nothing else is fixed."""

    def __init__(self, statement):
        self.circuit, self.down = compiled(statement), statement == "sufficiency"
        self.subject = Subject(self.circuit.system, self.circuit.program)
        self.inputs = [self.circuit.system.names.index(name) for name in ("owner_key.x", "owner_key.y", "salt")]

    def tape(self, rng, *, true):
        """Return the honest tape of a claim, half of the time one unit from the boundary."""
        schema = self.circuit.schema
        while True:
            near = {True: 0, False: -1}[self.down is true]
            case = rng.choice([tuned_case(schema, rng, near), next(mixed_cases(schema, rng, 1))])
            if ((case.surplus(schema) >= 0) is self.down) is true:
                return self.subject.machine.fill(case.public, case.hidden)

    def full_tape(self, rng):
        """Return the tape of a true claim, no value zero and none near the last check's ends."""
        case = full_slots(self.circuit.schema, rng, 0 if self.down else -1)
        far = (1 << 52) * (1 if self.down else -1)
        case = replace(case, holdings=replace(case.holdings, cash=case.holdings.cash + far))
        return self.subject.machine.fill(case.public, case.hidden)

    def search(self, rng):
        """Return (what holdings and cells fix, the largest claim that is true)."""
        case = rng.choice(
            [tuned_case(self.circuit.schema, rng, rng.choice([-1, 0, 1])), *mixed_cases(self.circuit.schema, rng, 1)]
        )
        value = case.surplus(self.circuit.schema)
        return known_wires(self.circuit.system, self.circuit.schema, case), value if self.down else -value - 1


class Toy:
    """One side of a small rule over holdings of a few bits; what they fix is what a commitment would."""

    def __init__(self, rule, side):
        self.rule, self.side, self.down = rule, side, side is Side.LO
        self.circuit = rule.circuits[side]
        values = {leaf.name: leaf.interval[1] for leaf in (*rule.holdings, *rule.cells)}
        self.inputs = sorted(rule.known(side, values))
        self.subject = Subject(self.circuit.system, self.circuit.program, self.inputs)

    def tape(self, rng, *, true):
        while True:
            values = self.rule.draw(rng)
            if ((self.rule.value(values) >= 0) is self.down) is true:
                return self.subject.machine.fill(*self.rule.inputs(values))

    def full_tape(self, rng):
        return self.tape(rng, true=True)

    def search(self, rng):
        values = self.rule.draw(rng)
        value = self.rule.value(values)
        return self.rule.known(self.side, values), value if self.down else -value - 1


def toys():
    """Return rules that nest what the language has, over holdings and cells of a few bits."""
    x, y = HoldingRef(0, "x", DIMENSIONLESS, (-7, 7)), HoldingRef(1, "y", DIMENSIONLESS, (0, 3))
    z = HoldingRef(2, "z", DIMENSIONLESS, (-4, 3))
    c, d = CellRef("t", 0, "c", DIMENSIONLESS, (0, 3)), CellRef("t", 1, "d", DIMENSIONLESS, (1, 4))
    charge, left = spread_credit([2 * x, y - z, z], [Spread(0, 1, d, Constant(2)), Spread(1, 2, c)])
    return {
        "tiers": x * c + 3 * y - d * positive(absolute(x) - c) - Constant(2),
        "extremes": minimum(x * d, 2 * z + Constant(3)) + d * maximum(x, z, y) - Constant(2),
        "ranks": sum_largest([z, y, c * d], 2) + x - d * kth_largest([y + z, c, -y], 2) - Constant(2),
        "roots": floor_sqrt(absolute(x) * d + c) * absolute(x) - floor_sqrt(3 * y + d) + 2 * z - Constant(4),
        "signs": by_sign(x, positive=floor_div(3 * x, d), negative=x * d)
        + exact(minimum(x, z)) * (y - c)
        + Constant(1),
        "spreads": charge - d * positive(left[0].net) + 2 * left[1].net - Constant(1),
        "rounding": floor_div(3 * x + y, d) - ceil_div(z * c, Constant(3)) + Constant(1),
    }


MARGINS = ("sufficiency", "shortfall")
CIRCUITS = (*MARGINS, *(f"{name}, {side.value}" for name in toys() for side in Side))


@cache
def rule(name):
    return TinyRule(toys()[name])


@cache
def taken_apart(name):
    if name in MARGINS:
        return Margin(name)
    word, side = name.split(", ")
    return Toy(rule(word), Side(side))


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_changed_wire_claims_more(name, rng, goal, tally):
    trial, aim = taken_apart(name), goal(10_000, 1_000_000)
    told, wrong = Counter(), []
    while not aim.reached(told["alone"] + told["re-solved"]):
        lies = Lies(trial.subject, trial.tape(rng, true=True))
        assert not lies.broken
        for wire, value in mutations(trial.subject, lies.tape, rng):
            lies.alone(wire, value)
            lies.solved(wire, value)
        told += lies.told
        wrong += lies.wrong
    count = told["alone"] + told["re-solved"]
    harmless = f"{told['harmless helpers']:,} helpers, {told['signs of zero']:,} signs of zero"
    what = f"{name}: changed wires, alone and re-solved; accepted, and harmless: {harmless}"
    tally("S1", what, count, len(wrong), aim.asked)


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_lying_hint_claims_more_or_proves_what_is_false(name, rng, size, tally):
    trial, told, wrong = taken_apart(name), Counter(), []
    for number in range(size(12, 400)):
        lies = Lies(trial.subject, trial.tape(rng, true=number % 2 == 0))
        assert bool(lies.broken) is bool(number % 2)
        for way, pins in lying_hints(trial.subject, lies.tape, rng):
            lies.hint(pins, way)
        told += lies.told
        wrong += lies.wrong
    count = told["overflow"] + told["zero"] + told["random"]
    tally("S2", f"{name}: lying answers to every hint, half of them for false claims", count, len(wrong))
    assert min(told["overflow"], told["zero"], told["random"]) > 0


@pytest.mark.parametrize("name", CIRCUITS)
def test_without_any_row_something_more_is_accepted(name, rng, tally):
    trial = taken_apart(name)
    tapes = [trial.full_tape(rng) for _ in range(1 if name in MARGINS else 24)]
    rows, idle = trial.subject.system.rows, needless_rows(trial.subject, tapes)
    share = 100 * (rows - len(idle)) / rows
    tally(
        "S3",
        f"{name}: rows of which {share:.1f} % are seen to be needed",
        rows,
        int(share < (100 if name in MARGINS else 95)),
    )


@pytest.mark.parametrize("name", CIRCUITS)
def test_what_is_not_an_input_is_determined_to_first_order(name, rng, tally):
    """At non-zero values: where a selected piece is zero, both its pieces are the same."""
    trial = taken_apart(name)
    subject = Subject(trial.subject.system, trial.circuit.program, trial.inputs)
    defect = min(rank_defect(subject, trial.full_tape(rng)) for _ in range(3 if name in MARGINS else 30))
    tally("S10", f"{name}: non-input wires at full rank", len(subject.wires), defect)


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_best_that_any_helpers_show_is_the_truth(name, rng, size, tally):
    """Complete: every witness there is without the last check, its claim compared with the engine's."""
    trial, count, ways, wrong = taken_apart(name), size(60, 2000), 0, 0
    for _ in range(count):
        known, truth = trial.search(rng)
        best, found = best_claim(trial.subject, known)
        ways += found
        wrong += best != truth
    tally("S11", f"{name}: accounts whose {ways:,} witnesses show no more than the engine's surplus", count, wrong)


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_missing_last_check_would_be_seen(name, rng):
    """So that silence means something: without the last range check, changed wires and lying hints prove the false."""
    trial = taken_apart(name)
    blind = Subject(trial.subject.system, trial.circuit.program, trial.subject.fixed, trial.subject.last_rows)
    lies = Lies(blind, trial.tape(rng, true=False))
    assert not lies.broken
    lies.broken = {trial.subject.last_rows[-1]}  # it is false all the same
    for _way, pins in itertools.islice(lying_hints(blind, lies.tape, rng), 400):
        lies.hint(pins, "told")
    assert lies.wrong


@pytest.mark.parametrize("name", CIRCUITS)
def test_a_missing_product_would_be_seen(name, rng):
    """So that the silence of changed wires means something: without a product's row, its wire says what it likes."""
    trial = taken_apart(name)
    products = trial.subject.machine.caused("product")
    assert products
    for row in rng.sample(products, min(3, len(products))):
        (wire,) = trial.subject.parts[row][2]
        blind = Subject(trial.subject.system, trial.circuit.program, trial.subject.fixed, [row])
        seen = False
        for _ in range(20):
            lies = Lies(blind, trial.full_tape(rng))
            for other in (lies.tape[wire] + 1, lies.tape[wire] - 1):
                lies.solved(wire, other)
            seen = seen or bool(lies.wrong)
        assert seen, trial.subject.system.names[wire]
