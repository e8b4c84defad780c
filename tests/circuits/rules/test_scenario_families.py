"""Lost if these fail: SPAN, expected shortfall or value-at-risk ask for another margin than their formulas.

Engines against the formulas written out once more, in plain Python; against arrays published in print; and the search
for the best claim where a threshold is free: at every value where the claim can turn, and elsewhere.
"""

from fractions import Fraction

import pytest

from zkmargin.circuits.language.language import CellRef, evaluate
from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.span import calendar_pairs, commodity_pairs, slots_of
from zkmargin.circuits.statements.engine import bind, money_scale

from ..best_claim import best_claim
from ..families import SHAPES, STATEMENTS, FamilyMargin, compiled, drawn, schema_of
from ..shaped import values
from ..statements.test_no_witness import known_wires


class Tables:
    """A case's true values by column and place."""

    def __init__(self, schema, case):
        self.values = values(schema, "market", case.market) | values(schema, "parameters", case.parameters)

    def __call__(self, name):
        return self.values[f"market.{name}" if f"market.{name}" in self.values else f"parameters.{name}"]


def consumed(pools, first, second, ratios=None):
    """Take one spread's deltas off two pools of (long, short) and return how many spreads there were.

    One for one as they are; with ratios in hundredths of a spread, rounded down.
    """
    total = Fraction(0)
    one, other = ratios or (Fraction(1), Fraction(1))
    for side in (0, 1):
        number = min(pools[first][side] / one, pools[second][1 - side] / other)
        if ratios:
            number = Fraction(number * 100 // 1, 100)
        pools[first][side] -= number * one
        pools[second][1 - side] -= number * other
        total += number
    return total


def span_margin(schema, case):
    """Return SPAN's surplus in money units, from the formulas."""
    at, shape, sizes = Tables(schema, case), schema.shape, case.holdings.sizes
    slots, months, scenarios = slots_of(shape), shape["months"], range(shape["scenarios"])
    lots = [Fraction(size) for size in sizes]
    options = sum(q * at(f"price.{i}") for i, q in enumerate(lots) if at(f"option.{i}"))
    risks, nets = [], []
    for c, members in enumerate(slots):
        scan = max(0, *(sum(lots[i] * at(f"array.{i}.{s}") for i in members) for s in scenarios))
        deltas = [sum(lots[i] * at(f"delta.{i}.{m}") for i in members) / 10**4 for m in range(months)]
        pools = [[max(d, 0), max(-d, 0)] for d in deltas]
        pairs = enumerate(calendar_pairs(months))
        calendar = sum(consumed(pools, *pair) * at(f"calendar.{c}.{k}") for k, pair in pairs)
        alone = sum(pools[0])
        spot = (abs(deltas[0]) - alone) * at(f"spot_spread.{c}") + alone * at(f"spot_outright.{c}")
        risks.append(scan + calendar + spot)
        nets.append(sum(deltas))
    pools = [[max(d, 0), max(-d, 0)] for d in nets]
    for k, pair in enumerate(commodity_pairs(len(slots))):
        ratios = [Fraction(at(f"ratio.{k}.{leg}"), 100) for leg in (0, 1)]
        number = consumed(pools, *pair, ratios)
        for leg in (0, 1):
            risks[pair[leg]] -= number * at(f"credit.{k}.{leg}")
    least = [sum(max(-lots[i], 0) * at(f"short_minimum.{i}") for i in members) for members in slots]
    margin = max(0, sum(map(max, risks, least)) - options)
    for i, q in enumerate(lots):
        exposed = max(-q, 0) if at(f"option.{i}") else abs(q)
        margin += exposed * at(f"exposure_price.{i}") * Fraction(at(f"exposure_rate.{i}"), 10**6)
        margin += abs(q) * at(f"charge.{i}")
    return worth(at, case) - options - margin


def tail_margin(schema, case):
    """Return the surplus of the two rules on historical losses."""
    at, shape, sizes = Tables(schema, case), schema.shape, case.holdings.sizes
    losses = [sum(q * at(f"array.{i}.{s}") for i, q in enumerate(sizes)) for s in range(shape["scenarios"])]
    worst = sorted(losses, reverse=True)[: shape["worst"]]
    tail = sum(worst) if schema.rule == "expected-shortfall" else worst[-1]
    charges = sum(abs(q) * at(f"charge.{i}") for i, q in enumerate(sizes))
    return worth(at, case) - Fraction(at(f"weight.{shape['worst']}"), 10**9) * max(0, tail) - charges


def worth(at, case):
    held = case.holdings
    total = Fraction(held.cash + case.credit) + sum(q * at(f"price.{i}") for i, q in enumerate(held.sizes))
    amounts = enumerate(held.collateral)
    return total + sum(c * at(f"asset_price.{a}") * Fraction(at(f"factor.{a}"), 10**4) for a, c in amounts)


FORMULAS = {"span": span_margin, "expected-shortfall": tail_margin, "value-at-risk": tail_margin}
OTHERS = {
    "span": Shape(9, 1, 0, None, (("commodities", 3), ("months", 3), ("scenarios", 16))),
    "expected-shortfall": Shape(3, 1, 0, None, (("scenarios", 20), ("worst", 5))),
    "value-at-risk": Shape(3, 1, 0, None, (("scenarios", 20), ("worst", 5))),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_engine_is_the_formula(name, rng, size, tally):
    tried, binding = 0, 0
    for shape in (SHAPES[name], OTHERS[name]):
        schema = schema_of(name, shape)
        for _ in range(size(150, 5000)):
            case = drawn(schema, rng)
            assert Fraction(case.surplus(schema), money_scale(schema)) == FORMULAS[name](schema, case)
            binding += FORMULAS[name](schema, case) != worth(Tables(schema, case), case)
            tried += 1
    tally("S6", f"{name}: accounts of two shapes whose surplus is the formula's", tried)
    assert binding > tried // 2


# McMillan, "Options as a Strategic Investment", 4th ed., pp. 668-670: gains of one contract by scenario, in USD.
FUTURE = (0, 0, 3330, 3330, -3330, -3330, 6670, 6670, -6670, -6670, 10000, 10000, -10000, -10000, 7000, -7000)
CALL = (460, -610, 2640, 1730, -1270, -2340, 5210, 4540, -2540, -3430, 8060, 7640, -3380, -3990, 3130, -1500)
UNITS = 10**8


def demanded(sizes):
    """Return what a book of the two contracts asks for, in USD, and its profit in each scenario."""
    schema = schema_of("span", Shape(2, 0, 0, None, (("commodities", 1), ("months", 1), ("scenarios", 16))))
    rule = bind(schema)
    cells = {
        f"market.array.{i}.{s}": -gain * UNITS for i, row in enumerate((FUTURE, CALL)) for s, gain in enumerate(row)
    }

    def leaf(node):
        if isinstance(node, CellRef):
            return cells.get(node.name, 0)
        return dict(enumerate((0, *sizes)))[node.index]

    scale = UNITS * 10**rule.requirement.unit.decimals
    profits = [evaluate(each, leaf) // UNITS for each in rule.scenarios.values()]
    return Fraction(evaluate(rule.requirement, leaf), scale), profits


def test_arrays_in_print_give_the_margins_in_print():
    future, profits = demanded((1, 0))
    assert (future, tuple(profits)) == (10000, FUTURE)
    assert profits.index(-10000) + 1 == 13
    call, profits = demanded((0, 1))
    assert (call, profits.index(min(profits)) + 1) == (3990, 14)
    assert demanded((0, -1))[0] == 8060  # short, the worst is where the call gains most
    covered, profits = demanded((1, -1))
    assert covered == max(loss - gain for loss, gain in zip((-g for g in FUTURE), (-c for c in CALL), strict=True))


def test_a_short_option_pays_its_value_on_top_of_scan_as_the_clearing_house_has_it():
    """NSE, NIFTY 23700 call, 65 short, file of 2026-05-29 (marketcalls/marginism, 733c56d): scan 113,226, net option

    value −28,447, exposure 30,612; so span 141,673 and 172,285 in all.
    """
    schema = schema_of("span", Shape(1, 0, 0, None, (("commodities", 1), ("months", 1), ("scenarios", 16))))
    rule = bind(schema)
    cells = {
        "market.array.0.12": -Fraction(113226, 65) * UNITS,
        "market.price.0": Fraction(28447, 65) * UNITS,
        "parameters.option.0": 1,
        "market.exposure_price.0": Fraction(30612, 65) * 50 * UNITS,
        "parameters.exposure_rate.0": 20_000,
    }

    def leaf(node):
        return cells.get(node.name, 0) if isinstance(node, CellRef) else (0, -65)[node.index]

    asked = Fraction(evaluate(rule.requirement, leaf), UNITS * 10**rule.requirement.unit.decimals)
    assert asked == 172_285
    parts = {name: evaluate(part, leaf) / Fraction(UNITS * 10**part.unit.decimals) for name, part in rule.parts.items()}
    assert parts["risk less options"] == -141_673


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("name", ["expected-shortfall", "value-at-risk"])
def test_no_threshold_shows_more_than_the_truth(name, statement, rng, size, tally):
    """A threshold may be any integer; the claim turns at losses only. Everything else is searched completely."""
    trial = FamilyMargin(name, statement)
    names = trial.circuit.system.names
    free = [wire for wire, wire_name in enumerate(names) if wire_name in ("largest.0.threshold", "ranked.0")]
    assert bool(free) is ((name, statement) != ("expected-shortfall", "shortfall"))
    tried, ways, wrong = 0, 0, 0
    for _ in range(size(8, 300)):
        case = trial.case(rng, true=rng.random() < 0.5)
        at, value = Tables(trial.schema, case), case.surplus(trial.schema)
        truth = value if trial.down else -value - 1
        known = known_wires(trial.circuit.system, trial.schema, case)
        scenarios = range(trial.schema.shape["scenarios"])
        losses = [sum(q * at(f"array.{i}.{s}") for i, q in enumerate(case.holdings.sizes)) for s in scenarios]
        turns = {loss + beside for loss in losses for beside in (-1, 0, 1)} | {0, rng.randint(-(1 << 60), 1 << 60)}
        claims = []
        for turn in sorted(turns) if free else [None]:
            best, found = best_claim(trial.subject, known | {wire: turn for wire in free})
            claims.append(best)
            ways += found
        best = max((claim for claim in claims if claim is not None), default=None)
        wrong += best != truth
        tried += 1
    tally("S11", f"{name} {statement}: accounts whose {ways:,} witnesses at all turns show no more", tried, wrong)


def test_spans_full_shape_stays_small():
    system = compiled(
        "span", "sufficiency", Shape(32, 4, 0, None, (("commodities", 2), ("months", 3), ("scenarios", 16)))
    ).system
    assert system.rows <= 8000
