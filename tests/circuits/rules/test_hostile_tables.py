"""Lost if these fail: whoever slips one table past its schema proves anything (rows S12, E6).

Every violation of every cell is refused, and the raw circuits show what it would have proved: they check no table.
"""

from dataclasses import replace

import pytest

from zkmargin.circuits.model import Holdings, Table
from zkmargin.circuits.schema import Schema
from zkmargin.circuits.statements.margin import SINGLES, STATEMENTS
from zkmargin.circuits.trials.accounts import Case
from zkmargin.circuits.trials.hostile import violations
from zkmargin.kernel import R
from zkmargin.kernel.errors import InputError, ProofRejected
from zkmargin.verifier.check import check_public

from ..accounts import full_slots, index_of
from ..conftest import FULL, SMALL, compiled, machine

SHAPES = pytest.mark.parametrize("shape", [SMALL, FULL], ids=["small", "full"])


@SHAPES
def test_every_violation_of_every_cell_is_refused(shape, rng, tally):
    schema, refused = compiled("sufficiency", shape).schema, 0
    case = full_slots(schema, rng, 0)
    singles = [5, case.credit, case.context]
    check_public(schema, [*singles, *case.market.cells, *case.parameters.cells])
    for name in ("market", "parameters"):
        table = getattr(case, name)
        schema.check_table(table)
        for place, stored in violations(schema, table):
            hostile = table.replace({place: stored})
            with pytest.raises(InputError) as error:
                schema.check_table(hostile)
            assert error.value.code == "schema"
            assert schema.cells(name)[place].name in str(error.value)
            both = {"market": case.market, "parameters": case.parameters, name: hostile}
            with pytest.raises(ProofRejected) as error:
                check_public(schema, [*singles, *both["market"].cells, *both["parameters"].cells])
            assert error.value.code == "schema"
            refused += 2
    tally("S12", f"hostile tables at {shape}, by schema and off-chain check", refused)


@SHAPES
def test_every_ordered_pair_is_ordered(shape):
    """Rates and boundaries of each slot rise from tier to tier, and start anew with every slot."""
    schema = compiled("sufficiency", shape).schema
    cells = schema.cells("parameters")
    names = [cell.name for cell in cells]
    for slot in range(shape.positions):
        for k in range(1, shape.tiers):
            rate = cells[names.index(f"parameters.rate.{slot}.{k}")]
            assert rate.at_least == names.index(f"parameters.rate.{slot}.{k - 1}")
            boundary = cells[names.index(f"parameters.boundary.{slot}.{k}")]
            below = None if k == 1 else names.index(f"parameters.boundary.{slot}.{k - 1}")
            assert boundary.at_least == below
        assert cells[names.index(f"parameters.rate.{slot}.0")].at_least is None
    assert sum(cell.at_least is not None for cell in cells) == shape.positions * (2 * shape.tiers - 3)
    for cell in schema.cells("market"):
        assert cell.at_least is None


@pytest.mark.parametrize("moved", [-1, 1])
def test_a_table_with_a_cell_more_or_less_is_refused(moved, rng):
    schema = compiled("sufficiency").schema
    case = full_slots(schema, rng, 0)
    cells = case.market.cells[:-1] if moved < 0 else (*case.market.cells, 0)
    with pytest.raises(InputError, match="cells, not") as error:
        schema.check_table(replace(case.market, cells=cells))
    assert error.value.code == "schema"
    with pytest.raises(ProofRejected) as error:
        check_public(schema, [1, 0, 0, *cells, *case.parameters.cells])
    assert error.value.code == "schema"
    for name in ("markets", "", "Market"):
        with pytest.raises(InputError, match="has no table"):
            schema.check_table(Table(name, 1, case.market.cells))


@pytest.mark.parametrize("singles", [(-1, 0, 0), (R, 0, 0), (1, -1, 0), (1, 1 << 62, 0), (1, 0, -1), (1, 0, 1 << 248)])
def test_a_single_input_out_of_its_range_is_refused(singles, rng):
    schema = compiled("sufficiency").schema
    case = full_slots(schema, rng, 0)
    assert len(singles) == len(SINGLES)
    with pytest.raises(ProofRejected) as error:
        check_public(schema, [*singles, *case.market.cells, *case.parameters.cells])
    assert error.value.code == "schema"


def test_initial_margin_looser_than_maintenance_is_refused(rng):
    schema = compiled("sufficiency").schema
    table = full_slots(schema, rng, 0).parameters
    schema.check_levels(table, table)
    checked = 0
    for place, cell in enumerate(schema.cells("parameters")):
        tighter = {"initial>=maintenance": 1, "initial<=maintenance": -1}[cell.levels]
        other = table.replace({place: table.cells[place] + tighter})
        schema.check_levels(other, table)
        with pytest.raises(InputError, match=cell.name) as error:
            schema.check_levels(table, other)
        assert error.value.code == "schema"
        checked += 1
    assert checked == len(table.cells)


# -- what it would have proved --------------------------------------------------------------------------------------

NEGATIVE = R - 10**6
HOSTILE_FOR_THE_TRADER = {
    "market.price.0": 1 << 40,
    "market.funding.0": NEGATIVE,
    "market.asset_price.0": NEGATIVE,  # the debt is an asset
    "market.borrow_index.0": R - (1 << 40),
    "parameters.rate.0.0": R - 10**9,
    "parameters.charge.0": R - 10**9,
    "parameters.factor.0": 1 << 40,
    "credit": 1 << 70,
}


def insolvent(schema):
    """Return an account long one position, with a little collateral and a debt far beyond it."""
    market = [0] * len(schema.cells("market"))
    for i, cell in enumerate(schema.cells("market")):
        market[i] = {"price": 1000, "funding": cell.offset, "asset_price": 100}.get(cell.name.split(".")[1], 10**9)
    parameters = [0] * len(schema.cells("parameters"))
    for i, cell in enumerate(schema.cells("parameters")):
        kind = cell.name.split(".")[1]
        tier = int(cell.name.split(".")[-1])
        parameters[i] = {"rate": 10**5 * (tier + 1), "boundary": 10**5, "charge": 3, "factor": 5000}[kind]
    holdings = Holdings(-(10**7), (1000, 0, 0, 0), (1000, 0), (10**4, 0))
    return Case("insolvent", holdings, Table("market", 1, tuple(market)), Table("parameters", 1, tuple(parameters)))


def hostile(case, schema, name, stored):
    if name == "credit":
        return replace(case, credit=stored)
    table = name.split(".")[0]
    place = index_of(schema, table, name.removeprefix(f"{table}."))
    return replace(case, **{table: getattr(case, table).replace({place: stored})})


@pytest.mark.parametrize("name", HOSTILE_FOR_THE_TRADER)
def test_what_an_unchecked_cell_would_have_proved(name):
    """The raw rows accept an insolvent account's margin proof; the schema check is all that stands between."""
    circuit, rows = compiled("sufficiency"), machine("sufficiency")
    case = insolvent(circuit.schema)
    assert case.surplus(circuit.schema) < 0
    assert not rows.holds(rows.fill(case.public, case.hidden))
    lie = hostile(case, circuit.schema, name, HOSTILE_FOR_THE_TRADER[name])
    tape = rows.fill(lie.public, lie.hidden)
    assert rows.holds(tape), "the circuit itself is expected to accept this table"
    with pytest.raises(ProofRejected) as error:
        check_public(circuit.schema, tape[1 : 1 + len(circuit.public)])
    assert error.value.code == "schema"


def test_what_falling_rates_would_have_proved():
    """Of a healthy account, a shortfall: the helper of the second tier is a free choice, meant to hurt who lies."""
    circuit, rows = compiled("shortfall"), machine("shortfall")
    schema = circuit.schema
    case = insolvent(schema)
    falling = hostile(hostile(case, schema, "parameters.rate.0.1", 0), schema, "parameters.boundary.0.1", 10)
    surplus = falling.surplus(schema)
    cash = falling.holdings.cash - surplus // 10**9 + 1
    falling = replace(falling, holdings=replace(falling.holdings, cash=cash))
    assert falling.surplus(schema) >= 0
    honest = rows.fill(falling.public, falling.hidden)
    assert not rows.holds(honest)
    (helper,) = [w for w in rows.named("positive.0") if circuit.system.names[w] == "positive.0"]
    lie, _ = rows.replay(honest, {helper: 0})
    assert rows.holds(lie), "the circuit itself is expected to accept this table"
    with pytest.raises(ProofRejected, match=r"parameters.rate.0.1 is below parameters.rate.0.0"):
        check_public(schema, lie[1 : 1 + len(circuit.public)])


def test_a_schema_that_is_another_shape_has_another_hash():
    """So a table admitted for one cannot be posted for the other."""
    small, full = compiled("sufficiency").schema, compiled("sufficiency", FULL).schema
    assert small.hash != full.hash
    assert isinstance(small, Schema)
    assert {compiled(s).schema.hash for s in STATEMENTS} == {small.hash}
