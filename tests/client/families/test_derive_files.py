"""Lost if these fail: a wrong file becomes a table of Derive's margins, or what is not listed is held for nothing."""

import json
from copy import deepcopy

import pytest

from zkmargin.circuits.model import Holdings
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.rule_files import family_files
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import InputError

from ..conftest import EXAMPLES

RULES = ("derive-pmrm2", "derive-srm")


def example(rule):
    """Return the small parameters and the market of a rule's example, as JSON."""
    folder = EXAMPLES.parent / rule
    return [json.loads((folder / name).read_text()) for name in ("parameters-small.json", "market.json")]


def tables(rule, parameters, market):
    files = family_files(rule)
    parameters, market = files.parameters.model_validate(parameters), files.market.model_validate(market)
    parameters.check()
    market.check()
    return make_tables(parameters, market)


def gone(rows, key, value):
    rows[:] = [row for row in rows if row[key] != value]


def test_the_examples_name_perpetuals_and_options():
    listed = load_parameters(EXAMPLES.parent / "derive-pmrm2/parameters-small.json").listed
    assert [listing.name for listing in listed.values()][:3] == [
        "ETH-PERP",
        "ETH-20261204-2800-C",
        "ETH-20261204-2800-P",
    ]
    assert list(listed) == list(range(9))
    listed = load_parameters(EXAMPLES.parent / "derive-srm/parameters-small.json").listed
    assert [listing.name for listing in listed.values()][-1] == "BTC-20261218-100000-P"


@pytest.mark.parametrize("rule", RULES)
def test_what_is_not_listed_costs_more_than_anything_could_be_worth(rule):
    """Or two accounts could trade a slot before it has a price, and one be rich once it has."""
    parameters, market = example(rule)
    parameters["expiries"][1]["strikes"].pop()
    made = tables(rule, parameters, market)
    shape, price = made.schema.shape, max(cell.maximum for cell in made.schema.cells("market") if cell.bits == 50)

    def surplus(*sizes):
        held = Holdings(0, (*sizes, *[0] * (shape.positions - len(sizes))), (0,) * shape.collateral, ())
        return min(
            evaluate(made.schema, held, made.market, made.parameters(level)).surplus
            for level in ("initial", "maintenance")
        )

    scale = evaluate(made.schema, Holdings.empty(shape), made.market, made.initial).scale
    for slot in (shape.positions - 2, shape.positions - 1):
        for lots in (1, -1):
            assert surplus(*[0] * slot, lots) <= -scale * price // 10**4


@pytest.mark.parametrize("rule", RULES)
def test_unused_expiries_and_scenarios_change_nothing(rule):
    """A shape larger than the listing, its slots empty: the same margin."""
    parameters, market = example(rule)
    small = tables(rule, parameters, market)
    wide = deepcopy(parameters)
    wide["shape"] |= {"expiries": 3, "strikes": 6, "positions": parameters["shape"]["positions"] + 4, "collateral": 3}
    wide["shape"] |= {"scenarios": 6, "skews": 2} if rule == "derive-pmrm2" else {}
    large = tables(rule, wide, market)
    sizes = tuple(-7 * slot + 11 for slot in range(small.schema.shape.positions))
    for level in ("initial", "maintenance"):
        held = Holdings(10**12, sizes, (5000,), ())
        one = evaluate(small.schema, held, small.market, small.parameters(level))
        held = Holdings(10**12, (*sizes, 0, 0, 0, 0), (5000, 0, 0), ())
        other = evaluate(large.schema, held, large.market, large.parameters(level))
        assert one.surplus * other.scale == other.surplus * one.scale


COMMON = [
    (lambda p, m: p["expiries"][0]["strikes"].extend(["7000", "8000"]), "strikes of"),
    (lambda p, m: p["expiries"].append({**p["expiries"][0], "name": "later"}), "3 expiries"),
    (lambda p, m: gone(m["expiries"], "name", p["expiries"][0]["name"]), "lacks the expiry"),
    (lambda p, m: m["expiries"].clear(), "lacks the expiry"),
    (lambda p, m: [row["vols"].clear() for row in m["expiries"]], "lacks a volatility"),
    (lambda p, m: p["shape"].update(positions=11), "shape needs"),
    (lambda p, m: p["shape"].update(debts=1), "shape needs"),
    (lambda p, m: p["shape"].update(expiries=9), "at least one strike"),
    (lambda p, m: m.update(venue="elsewhere"), "elsewhere"),
]
PMRM2 = [
    *COMMON,
    (lambda p, m: p["expiries"][0]["strikes"].reverse() or p["expiries"][0]["strikes"].append("2800.0"), "strikes of"),
    (lambda p, m: p["expiries"][0].update(strikes=["2800", "2800.0"]), "twice"),
    (lambda p, m: p["expiries"][1].update(name=p["expiries"][0]["name"]), "twice"),
    (lambda p, m: p["scenarios"].extend(p["scenarios"]), "scenarios and only"),
    (lambda p, m: p["scenarios"].append({"spot": "1", "vol": "absolute", "dampening": "1"}), "skew scenarios and only"),
    (lambda p, m: p["scenarios"][-1].update(spot="1.1"), "leaves spot where it is"),
    (lambda p, m: p["margin"].update(short_discount="0.9"), "what is owed counts for less"),
    (lambda p, m: p["margin"].update(maintenance_factor="1.5"), "initial value is below"),
    (lambda p, m: m["assets"].clear(), "lacks the asset"),
    (lambda p, m: m["spot"].update(price="99999999"), "does not fit"),
    (lambda p, m: m["expiries"][4].update(forward_fixed="99999"), "fixed part"),
]
SRM = [
    *COMMON,
    (lambda p, m: p["expiries"][0]["strikes"].reverse(), "do not rise"),
    (lambda p, m: p["perpetuals"][0].update(underlying="SOL"), "not among the underlyings"),
    (lambda p, m: p["expiries"][0].update(underlying="SOL"), "not among the underlyings"),
    (lambda p, m: p["underlyings"].append(p["underlyings"][0]), "twice"),
    (lambda p, m: p["perpetuals"].extend(p["perpetuals"]), "perpetuals"),
    (lambda p, m: gone(m["spots"], "name", "ETH"), "lacks the spot"),
    (lambda p, m: m["perpetuals"].clear(), "lacks the perpetual"),
    (lambda p, m: p["perpetuals"][0].update(initial_rate="0.01"), "initial value is below"),
    (lambda p, m: p["underlyings"][0]["options"].update(maintenance_call="0.5"), "below its maintenance margin"),
]


@pytest.mark.parametrize(
    ("rule", "number"), [(rule, i) for rule, rows in zip(RULES, (PMRM2, SRM), strict=True) for i in range(len(rows))]
)
def test_what_does_not_hang_together_is_refused_in_a_sentence(rule, number):
    spoil, words = {"derive-pmrm2": PMRM2, "derive-srm": SRM}[rule][number]
    parameters, market = example(rule)
    tables(rule, parameters, market)
    spoil(parameters, market)
    with pytest.raises(InputError) as error:
        tables(rule, parameters, market)
    assert words in error.value.message


def test_the_two_markets_are_not_taken_for_each_other():
    folder = EXAMPLES.parent
    market = load_market(folder / "derive-srm/market.json", "derive-srm")
    parameters = load_parameters(folder / "derive-pmrm2/parameters-small.json")
    with pytest.raises(InputError, match="not read for the rule derive-pmrm2"):
        make_tables(parameters, market)
