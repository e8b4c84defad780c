"""Lost if these fail: below the friendly check, some choice of helpers proves what is one smallest unit short.

Not sampled but searched: the solver follows every row and branches wherever a row leaves a choice (signs at zero,
chosen pieces), so "none" means that no assignment of field elements exists (rows S6, S11).
"""

import itertools

import pytest

from zkmargin.circuits.model import Holdings, Shape
from zkmargin.circuits.rules.cross_margin import cross_margin_schema
from zkmargin.circuits.schema import HoldingSpec, Schema
from zkmargin.circuits.statements.commitment import groups
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.circuits.statements.margin import STATEMENTS, build_margin
from zkmargin.circuits.trials.accounts import Case, table
from zkmargin.kernel import R

from ..accounts import corner_case, mixed_cases, tuned_case
from ..conftest import compiled
from ..solver import Solver


def known_wires(system, schema, case):
    """Return the wires that the public inputs and the committed holdings fix: cells, packed elements, sizes."""
    known = dict(enumerate(case.public[1:], start=2))
    values = case.holdings.values
    for number, group in enumerate(groups(schema)):
        element = shift = 0
        for i in group:
            element += values[i] + schema.holdings[i].offset << shift
            shift += schema.holdings[i].bits
        known[system.names.index(f"packed.{number}")] = element
    for spec, value in zip(schema.holdings, values, strict=True):
        if spec.name in system.names:
            known[system.names.index(spec.name)] = value
    return known


def judge(solvers, schema, cases, tally, what):
    counts = {"sufficient": 0, "short": 0, "both": 0, "neither": 0, "wrong": 0, "branches": 0}
    for case in cases:
        surplus = evaluate(schema, case.holdings, case.market, case.parameters, case.credit).surplus
        exists = {}
        for statement, (system, solver) in solvers.items():
            exists[statement] = solver.exists(known_wires(system, schema, case))
            counts["branches"] += solver.branches
        counts["sufficient" if surplus >= 0 else "short"] += 1
        counts["both"] += all(exists.values())
        counts["neither"] += not any(exists.values())
        counts["wrong"] += exists != {"sufficiency": surplus >= 0, "shortfall": surplus < 0}
    tally("S11", what, len(cases), counts["both"] + counts["neither"] + counts["wrong"])
    assert counts["sufficient"]
    assert counts["short"]
    return counts


def solvers_of(schema):
    made = {statement: build_margin(schema, statement).system for statement in STATEMENTS}
    return {statement: (system, Solver(system)) for statement, system in made.items()}


def test_no_assignment_at_all_proves_a_false_claim_at_the_small_shape(rng, tally):
    schema = compiled("sufficiency").schema
    cases = [tuned_case(schema, rng, (-1, 0)[i % 2]) for i in range(60)]
    cases += list(mixed_cases(schema, rng, 40)) + [corner_case(schema, rng) for _ in range(40)]
    judge(solvers_of(schema), schema, cases, tally, "complete search for witnesses, small shape: holdings")


def test_no_assignment_at_all_proves_a_false_claim_with_empty_slots(rng, tally):
    """Every size zero: every sign is free, every tier's difference negative."""
    schema = cross_margin_schema(Shape(2, 1, 1, 3))
    cases = []
    for i in range(80):
        case = tuned_case(schema, rng, (-1, 0)[i % 2])
        sizes = tuple(0 if rng.random() < 0.7 else size for size in case.holdings.sizes)
        holdings = Holdings(case.holdings.cash, sizes, case.holdings.collateral, case.holdings.debts)
        base = Case("empty", holdings, case.market, case.parameters)
        excess = base.surplus(schema)
        cash = max(-(1 << 62), min((1 << 62) - 1, holdings.cash - excess // 10**9 - rng.choice([0, 1])))
        cases.append(
            Case("empty", Holdings(cash, sizes, holdings.collateral, holdings.debts), case.market, case.parameters)
        )
    judge(solvers_of(schema), schema, cases, tally, "complete search for witnesses, empty slots: holdings")


def tiny_schema():
    """Return the real rule over holdings so narrow that every account there is can be tried."""
    real = cross_margin_schema(Shape(1, 1, 1, 2))
    holdings = (
        HoldingSpec("cash", "money", 4, -8, 7),
        HoldingSpec("size.0", "lot", 3, -3, 3),
        HoldingSpec("collateral.0", "lot", 2, 0, 3),
        HoldingSpec("debt.0", "share", 1, 0, 1),
    )
    return Schema(real.rule, real.shape, real.money_digits, holdings, real.tables)


def tiny_tables(schema, rng):
    """Return tables at which accounts of a few units sit on both sides of zero, boundaries within reach."""
    ends = {"price": (0, 4), "funding": (-3, 3), "asset_price": (0, 3), "boundary": (0, 13), "charge": (0, 1)}

    def pick(cell):
        column = cell.name.split(".")[1]
        if column in ends:
            return rng.randint(*ends[column])
        if column == "borrow_index":
            return cell.minimum * rng.randint(1, 3) + rng.choice([0, 1])
        return rng.choice([0, cell.maximum, cell.maximum // 2, rng.randint(0, cell.maximum)])

    return table(schema, "market", pick), table(schema, "parameters", pick)


def test_of_every_account_there_is_exactly_one_circuit_has_a_witness(rng, tally):
    schema = tiny_schema()
    everyone = itertools.product(*(range(spec.minimum, spec.maximum + 1) for spec in schema.holdings))
    everyone = [Holdings(cash, (size,), (collateral,), (debt,)) for cash, size, collateral, debt in everyone]
    rounds = [tiny_tables(schema, rng) for _ in range(4)]
    cases = [Case("tiny", holdings, *tables) for tables in rounds for holdings in everyone]
    assert len(cases) == 4 * 16 * 7 * 4 * 2
    what = f"complete search for witnesses, all {len(everyone)} accounts of a tiny schema: holdings"
    counts = judge(solvers_of(schema), schema, cases, tally, what)
    assert min(counts["sufficient"], counts["short"]) > 200


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_size_outside_its_width_has_no_witness(statement, rng):
    """Sizes at the field's own corners: 2^36, -2^36, one half, -1/2, r - 2^36 read as a size."""
    schema = compiled(statement).schema
    system = compiled(statement).system
    solver, wire = Solver(system), system.names.index("size.0")
    packed = system.names.index("packed.0")
    target = 1 if statement == "sufficiency" else -1
    found = []
    for _ in range(10):
        case = tuned_case(schema, rng, target)
        known = known_wires(system, schema, case)
        assert solver.exists(known)
        for size in (1 << 36, -(1 << 36), (R + 1) // 2, -((R + 1) // 2), R - (1 << 36), 1 << 100, (R + 1) // 2 + 1):
            moved = {**known, wire: size, packed: known[packed] + (size - known[wire] << 63)}
            found.append(solver.exists(moved))
            found.append(solver.exists({**known, wire: size}))
    assert len(found) == 140
    assert not any(found)


@pytest.mark.parametrize(
    ("statement", "without", "target"),
    [
        ("sufficiency", "range of surplus", -1),
        ("shortfall", "range of shortfall", 0),
    ],
)
def test_the_search_finds_a_lie_where_a_row_is_missing(statement, without, target, rng):
    """So its silence means something. (What other missing rows allow is shown by the lies of the witness tests.)"""
    circuit = compiled(statement)
    case = tuned_case(circuit.schema, rng, target)
    known = known_wires(circuit.system, circuit.schema, case)
    assert not Solver(circuit.system).exists(known)
    assert Solver(circuit.system, without=("commitment", without)).exists(known)
