"""Lost if these fail: what is not listed yet lowers the margin of what is, or listing it makes losses nobody can pay.

An unlisted slot has no price, so nothing there is a gain or a loss; only its charge stands in the way (E7). Tables here
are any that their schema admits, their ends above all: rates, weights and prices at the most that their cells hold.
"""

from dataclasses import replace

import pytest

from zkmargin.circuits.rules.family import table_view
from zkmargin.circuits.rules.registry import family, rule_names
from zkmargin.circuits.statements.engine import evaluate, money_scale
from zkmargin.circuits.trials.accounts import Case, corner, table

from ..families import SHAPES, drawn, schema_of
from ..shaped import values, with_values

POSITIONS = [name for name in rule_names() if SHAPES[name].positions]
PRICED = [name for name in POSITIONS if not name.startswith("derive")]  # each slot a price and a charge of its own


def empty(cell):
    return max(cell.minimum, 0) if cell.empty is None else cell.empty


def cells_of(schema, slot):
    """Return the names of the cells that are a slot's own: of its lots, or of its strike."""
    per_strike = ("put", "mark_put", "up_put", "down_put", "skew_put", "mark_strike", "strike", "strike_charge")
    per_strike += ("call_charge", "call_more", "put_charge", "put_more")
    first = 1 if schema.rule == "derive-pmrm2" else dict(schema.shape.dimensions).get("perps", 0)
    found = set()
    for part, cells in schema.tables:
        units = {
            name: cell.unit.powers for name, cell in table_view(schema, part, family(schema.rule).units).cells.items()
        }
        for cell in cells:
            _, column, *places = cell.name.split(".")
            if schema.rule.startswith("derive") and slot >= first:
                mine = column in per_strike and int(places[0]) == (slot - first) // 2
            elif schema.rule == "derive-pmrm2":
                mine = column in ("perp_price", "perp_charge", "funding")
            else:
                mine = any(base == f"lot of position {slot}" for base, _ in units[cell.name])
            if mine:
                found.add(cell.name)
    return found


def unlisted(schema, case, slot):
    """Return the case with a slot that is not listed and holds nothing, nor does the other option of its strike."""
    mine = cells_of(schema, slot)
    for part in ("market", "parameters"):
        have = values(schema, part, getattr(case, part))
        closed = table(schema, part, lambda cell, have=have: empty(cell) if cell.name in mine else have[cell.name])
        case = replace(case, **{part: closed})
    sizes = [0 if cells_of(schema, i) == mine else size for i, size in enumerate(case.holdings.sizes)]
    return replace(case, holdings=replace(case.holdings, sizes=tuple(sizes)))


def held(case, slot, size):
    sizes = list(case.holdings.sizes)
    sizes[slot] = size
    return replace(case, holdings=replace(case.holdings, sizes=tuple(sizes)))


def rises(schema, case, slot, sizes):
    """Return how many of the sizes in a slot that is not listed leave the account with more than none."""
    case = unlisted(schema, case, slot)
    without = case.surplus(schema)
    return sum(held(case, slot, size).surplus(schema) > without for size in sizes)


@pytest.mark.parametrize("name", POSITIONS)
def test_nothing_held_in_a_slot_that_is_not_listed_raises_the_surplus(name, rng, size, tally):
    schema, tried, wrong = schema_of(name), 0, 0
    for number in range(size(120, 20_000)):
        case = corner(schema, rng) if number % 3 == 0 else drawn(schema, rng)
        slot = rng.randrange(schema.shape.positions)
        spec = schema.holdings[1 + slot]
        sizes = (1, -1, spec.minimum, spec.maximum)
        wrong += rises(schema, case, slot, sizes)
        tried += len(sizes)
    tally("E7", f"{name}: sizes in slots not listed, none worth holding", tried, wrong)


def test_a_call_that_is_not_listed_hedges_no_perpetual():
    """PMRM 2: by parity it is worth the expiry's forward, in every scenario; the worst of them counts many times."""
    schema = schema_of("derive-pmrm2")
    market = {"perp_price": 10**15, "spot": 10**15, "forward.0.0": (1 << 50) - 1, "up_forward.0": (1 << 50) - 1}
    market |= {"peg_gap": (1 << 37) - 1, "basis_factor.0": (1 << 36) - 1}
    rates = {"loss_factor": (1 << 34) - 1, "peg_factor": (1 << 14) - 1, "weight.0": (1 << 43) - 1, "move.0": 1 << 32}
    case = nothing(schema, sizes=(-1000, 0, 0, 0, 0))
    case = with_values(schema, with_values(schema, case, "market", market), "parameters", rates)
    assert case.surplus(schema) < 0
    assert not rises(schema, case, 1, (1, 2, 10, 500, (1 << 27) - 1))
    short = with_values(schema, case, "market", {"down_forward.0": 0, "mark_forward.0": (1 << 50) - 1})
    assert not rises(schema, short, 1, (-1, -10, -500))


def test_a_call_that_is_not_listed_pairs_no_call_that_is():
    """SRM: an unpaired call is charged many forwards, and any call of the expiry pairs it."""
    schema = schema_of("derive-srm")
    most = (1 << 50) - 1
    market = {"forward.0": most, "spot.0": most, "put_charge.0": most, "put_more.0": most, "call_charge.0": most}
    case = nothing(schema, sizes=(0, -1, -20, 0, 0, 0, 0, 0, 0))
    case = with_values(schema, case, "market", market)
    case = with_values(schema, case, "parameters", {"initial": 1, "unpaired.0": (1 << 24) - 1})
    assert case.surplus(schema) < 0
    assert not rises(schema, case, 3, (1, 2, 100))


@pytest.mark.parametrize("name", PRICED)
def test_whoever_loses_when_a_slot_is_listed_has_put_it_up_before(name):
    """Long or short at no price, listed at the highest there is: the charge before covers the loss after."""
    schema = schema_of(name)
    case, top = nothing(schema), schema.holdings[1].maximum
    before = held(unlisted(schema, case, 0), 0, top)
    charged = -before.surplus(schema)
    price = {"price.0": next(c.maximum for c in schema.cells("market") if c.name == "market.price.0")}
    whole = {  # a profit counts for all that it is, where a rule has it count for less
        cell.name.partition(".")[2]: cell.maximum
        for cell in schema.cells("parameters")
        if cell.name in ("parameters.profit_weight.0", "parameters.profit_cap.0")
    }
    listed = with_values(schema, with_values(schema, case, "market", price), "parameters", whole)
    for lots in (top, -top):
        after = held(listed, 0, lots)
        worth = evaluate(schema, after.holdings, after.market, after.parameters).equity
        assert worth * lots > 0
        assert abs(worth) - money_scale(schema) <= charged  # less than one money unit may be rounded away


def nothing(schema, sizes=None):
    """Return an account of nothing, or of these sizes, where all that is public is zero or the least there is."""
    market, parameters = (table(schema, part, lambda cell: max(cell.minimum, 0)) for part in ("market", "parameters"))
    holdings = schema.nothing
    if sizes:
        holdings = replace(holdings, sizes=sizes)
    return Case("nothing", holdings, market, parameters)
