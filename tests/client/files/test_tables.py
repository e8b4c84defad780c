"""A cell rounded the wrong way would lend money that the files do not say is there."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed

from zkmargin.circuits.model import Holdings, Shape
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.kernel.errors import InputError

from ..accounts import STEP, account, files
from ..conftest import SEED

UNIT = Fraction(1, 10**8)


def nearest_even(value):
    """Round as E4 says, written another way than the code's."""
    low = value.numerator // value.denominator
    rest = value - low
    if rest * 2 == 1:
        return low + low % 2
    return low + (rest * 2 > 1)


def ceiling(value):
    return -((-value.numerator) // value.denominator)


def values(tables, name):
    table = tables.market if name == "market" else tables.parameters(name)
    specs = tables.schema.cells("market" if name == "market" else "parameters")
    return {spec.name: stored - spec.offset for spec, stored in zip(specs, table.cells, strict=True)}


def test_tables_and_cash_are_what_fractions_say(tmp_path_factory):
    count = 0

    @hypothesis_seed(SEED)
    @settings(max_examples=300)
    @given(drawn=account)
    def check(drawn):
        nonlocal count
        count += 1
        _, tables, _, holdings = files(tmp_path_factory.mktemp("drawn"), drawn)
        market, initial, maintenance = (values(tables, name) for name in ("market", "initial", "maintenance"))
        cash = Fraction(drawn["cash"])
        for i, x in enumerate(drawn["listings"]):
            assert market[f"market.price.{i}"] == nearest_even(Fraction(x["mark"]) * STEP / UNIT)
            funding = market[f"market.funding.{i}"]
            assert funding == nearest_even(Fraction(x["funding"]) * STEP / UNIT)
            assert initial[f"parameters.rate.{i}.0"] == ceiling(x["rate"] * 10**6)
            assert initial[f"parameters.rate.{i}.1"] == ceiling((x["rate"] + x["more"]) * 10**6)
            assert maintenance[f"parameters.rate.{i}.1"] == ceiling(x["rate"] * 10**6)
            boundary = Fraction(x["boundary"])
            assert initial[f"parameters.boundary.{i}.1"] == boundary.numerator * 10**8 // boundary.denominator
            assert initial[f"parameters.charge.{i}"] == 0
            assert holdings.sizes[i] == x["size"]
            cash += Fraction(x["unsettled"]) - x["size"] * (STEP * Fraction(x["entry"]) - funding * UNIT)
        money = cash / UNIT
        assert holdings.cash == money.numerator // money.denominator
        for i, a in enumerate(drawn["assets"]):
            index = nearest_even(Fraction(a["index"]) * 10**9)
            assert market[f"market.borrow_index.{i}"] == index
            assert market[f"market.asset_price.{i}"] == nearest_even(Fraction(a["price"]) * STEP / UNIT)
            low, high = sorted((Fraction(a["initial"]), Fraction(a["more"])))
            assert initial[f"parameters.factor.{i}"] == low.numerator * 10**4 // low.denominator
            assert maintenance[f"parameters.factor.{i}"] == high.numerator * 10**4 // high.denominator
            assert holdings.collateral[i] == a["amount"]
            assert holdings.debts[i] * index >= a["debt"] * 10**9 > (holdings.debts[i] - 1) * index - (a["debt"] == 0)
        for i in range(len(drawn["listings"]), 4):
            assert initial[f"parameters.charge.{i}"] == (1 << 28) - 1

    check()
    print(f"tables: {count} accounts, seed {SEED}")
    assert count >= 300


@hypothesis_seed(SEED)
@settings(max_examples=60)
@given(drawn=account)
def test_equity_is_the_wallet_plus_profit_at_the_tables_prices(tmp_path_factory, drawn):
    """Floor only: the entry prices' cash never shows more equity than the decimals say, nor a unit less."""
    _, tables, _, holdings = files(tmp_path_factory.mktemp("drawn"), drawn)
    bare = Holdings(holdings.cash, holdings.sizes, (0,) * 2, (0,) * 2)
    equity = Fraction(evaluate(tables.schema, bare, tables.market, tables.initial).equity, 10**9)
    market = values(tables, "market")
    wallet = Fraction(drawn["cash"]) / UNIT
    for i, x in enumerate(drawn["listings"]):
        price = market[f"market.price.{i}"]
        wallet += x["size"] * (price - Fraction(x["entry"]) * STEP / UNIT) + Fraction(x["unsettled"]) / UNIT
    assert wallet - 1 < equity <= wallet


def test_empty_slots_cannot_be_traded_free_of_margin(folder):
    parameters = load_parameters(folder / "parameters.json")
    short = parameters.model_copy(update={"instruments": parameters.instruments[:15], "assets": parameters.assets[:3]})
    tables = make_tables(short, load_market(folder / "market.json"))
    market, initial, maintenance = (values(tables, name) for name in ("market", "initial", "maintenance"))
    assert (market["market.price.15"], market["market.funding.15"]) == (0, 0)
    assert (market["market.asset_price.3"], market["market.borrow_index.3"]) == (0, 10**9)
    for cells in (initial, maintenance):
        assert [cells[f"parameters.rate.15.{k}"] for k in range(3)] == [10**6] * 3
        assert [cells[f"parameters.boundary.15.{k}"] for k in (1, 2)] == [(1 << 64) - 1] * 2
        assert cells["parameters.charge.15"] == (1 << 28) - 1
        assert cells["parameters.factor.3"] == 0
    sized = Holdings(0, (0,) * 15 + (1,), (0,) * 4, (0,) * 4)
    assert evaluate(tables.schema, sized, tables.market, tables.maintenance).surplus == -((1 << 28) - 1) * 10**9


def test_unused_tiers_repeat_the_last_rate_and_boundary(folder):
    tables = make_tables(load_parameters(folder / "parameters.json"), load_market(folder / "market.json"))
    initial = values(tables, "initial")
    assert [initial[f"parameters.rate.0.{k}"] for k in range(3)] == [25000, 50000, 50000]
    assert [initial[f"parameters.boundary.0.{k}"] for k in (1, 2)] == [150_000_000 * 10**8] * 2
    assert initial["parameters.rate.1.1"] == 66667  # 1/15, up
    assert values(tables, "maintenance")["parameters.rate.1.1"] == 33334  # 1/30, up


def test_the_example_fills_its_shape_and_reaches_a_second_tier(folder):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    holdings = to_holdings(load_portfolio(folder / "portfolio.json"), parameters, tables)
    assert tables.schema.shape == Shape(16, 4, 4, 3)
    assert sum(size != 0 for size in holdings.sizes) == 12
    market, initial = values(tables, "market"), values(tables, "initial")
    notionals = [abs(size) * market[f"market.price.{i}"] for i, size in enumerate(holdings.sizes)]
    assert any(n > initial[f"parameters.boundary.{i}.1"] for i, n in enumerate(notionals))
    for level in ("initial", "maintenance"):
        assert evaluate(tables.schema, holdings, tables.market, tables.parameters(level)).surplus > 0
    assert all(source for source in parameters.sources.values())


def test_versions_are_the_files_own_numbers(folder):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    assert tables.market.number == 1
    assert tables.initial.number == tables.maintenance.number == 1790461146
    assert tables.market.labels[0] == "BTC-PERP"


def test_margin_has_two_levels_only(folder):
    tables = make_tables(load_parameters(folder / "parameters.json"), load_market(folder / "market.json"))
    with pytest.raises(InputError):
        tables.parameters("Initial")
