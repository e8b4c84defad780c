"""A report that disagrees with the venues would send traders to proofs that fail, or into liquidations."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import seed as hypothesis_seed

from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import load_portfolio, to_holdings
from zkmargin.client.files.tables import make_tables
from zkmargin.client.margin.report import breach_cell, margin_report

from ..accounts import account, files
from ..conftest import SEED


def report(folder, margin="maintenance", portfolio="portfolio.json", *, bare=False):
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json"))
    held = load_portfolio(folder / portfolio)
    holdings = to_holdings(held, parameters, tables)
    return margin_report(parameters, tables, holdings, margin=margin, portfolio=None if bare else held)


def one_perpetual(folder, *, step, mark, size, entry, cash, leverage, max_leverage):
    """Write an account of one position, as isolated margin is: initial rate 1/leverage, maintenance half of 1/max."""
    head = {"venue": "vector", "as_of": "2026-11-20T16:00:00Z", "sources": {"*": "test vector"}}
    tier = {"from_notional": "0", "initial_rate": f"1/{leverage}", "maintenance_rate": f"1/{2 * max_leverage}"}
    parameters = {
        **head,
        "schema": "zkmargin/parameters/1",
        "rule": "cross-margin",
        "quote": {"asset": "USDC", "decimals": 6},
        "shape": {"positions": 1, "collateral": 0, "debts": 0, "tiers": 1},
        "assets": [],
        "instruments": [{"name": "X-PERP", "size_step": step, "price_tick": "0.01", "tiers": [tier]}],
    }
    market = {
        **head,
        "schema": "zkmargin/market/1",
        "round": 1,
        "quote": "USDC",
        "instruments": [{"name": "X-PERP", "mark": mark, "funding_index": "0"}],
        "assets": [],
    }
    portfolio = {
        "schema": "zkmargin/portfolio/1",
        "account": "vector",
        "as_of": "2026-11-20T16:00:00Z",
        "cash": cash,
        "collateral": [],
        "debt": [],
        "positions": [{"instrument": "X-PERP", "size": size, "entry_price": entry, "unsettled_funding": "0"}],
    }
    for name, data in (("parameters", parameters), ("market", market), ("portfolio", portfolio)):
        (folder / f"{name}.json").write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("position", "max_leverage", "liquidation"),
    [
        ({"step": "0.0001", "size": "0.0199", "entry": "2459.5", "cash": "24.454895"}, 50, "1243.0411908"),
        ({"step": "0.01", "size": "0.6", "entry": "173.06", "cash": "20.735658"}, 20, "142.05186667"),
    ],
    ids=["ETH", "SOL"],
)
def test_hyperliquid_liquidates_where_we_say(tmp_path, position, max_leverage, liquidation):
    """Venue-reported prices of isolated positions, from freqtrade's tests/exchange/test_hyperliquid.py."""
    leverage = {"leverage": max_leverage, "max_leverage": max_leverage}
    one_perpetual(tmp_path, mark=position["entry"], **position, **leverage)
    (leg,) = report(tmp_path).legs
    assert abs(leg.breach_price / Decimal(liquidation) - 1) < Decimal("1e-4")
    assert leg.unrealised == 0


def test_hyperliquids_initial_and_maintenance_margin(tmp_path):
    """Size 2 at 100: 40 at leverage 5, 10 with max leverage 10; Minnzen/hyperliquid-math, spec/WORKED-EXAMPLES.md."""
    one_perpetual(tmp_path, step="0.01", mark="100", size="2", entry="100", cash="0", leverage=5, max_leverage=10)
    assert report(tmp_path, "initial").requirement == 40
    assert report(tmp_path, "maintenance").requirement == 10


def lending(folder, *, collateral, threshold, debt):
    """Write a lending account in dollars: one collateral, one debt, no positions."""
    one_perpetual(folder, step="0.01", mark="1", size="0", entry="1", cash="0", leverage=1, max_leverage=1)
    parameters = json.loads((folder / "parameters.json").read_text())
    parameters["shape"] = {"positions": 0, "collateral": 2, "debts": 2, "tiers": 1}
    parameters["instruments"] = []
    asset = {"size_step": "0.01", "price_tick": "0.01", "initial_factor": "0", "maintenance_factor": "0"}
    parameters["assets"] = [{**asset, "name": "COLL", "maintenance_factor": threshold}, {**asset, "name": "DEBT"}]
    market = json.loads((folder / "market.json").read_text())
    market["instruments"] = []
    market["assets"] = [{"name": name, "price": "1", "borrow_index": "1"} for name in ("COLL", "DEBT")]
    portfolio = json.loads((folder / "portfolio.json").read_text())
    portfolio["positions"] = []
    portfolio["collateral"] = [{"asset": "COLL", "amount": collateral}]
    portfolio["debt"] = [{"asset": "DEBT", "amount": debt}]
    for name, data in (("parameters", parameters), ("market", market), ("portfolio", portfolio)):
        (folder / f"{name}.json").write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("collateral", "threshold", "debt", "health"),
    [
        # https://aave.com/docs/developers/liquidations: 10,000 at 0.8 against 6,000 is 1.333
        ("10000", "0.8", "6000", Fraction(4, 3)),
        # aave/aave-utilities, packages/math-utils/src/pool-math.test.ts: twice the debt at 5,000 basis points is 1
        ("1000000", "0.5", "500000", Fraction(1)),
    ],
)
def test_aaves_health_factor(tmp_path, collateral, threshold, debt, health):
    lending(tmp_path, collateral=collateral, threshold=threshold, debt=debt)
    answer = report(tmp_path)
    assert 1 + Fraction(answer.surplus) / Fraction(debt) == health
    assert answer.ok == (health >= 1)
    assert answer.legs == ()


def test_one_unit_of_debt_more_breaks_an_account_on_the_edge(tmp_path):
    lending(tmp_path, collateral="1000000", threshold="0.5", debt="500000.01")
    answer = report(tmp_path)
    assert not answer.ok
    assert answer.surplus == Decimal("-0.01")


def test_the_example_adds_up(folder):
    for margin in ("initial", "maintenance"):
        answer = report(folder, margin)
        assert answer.ok
        assert answer.equity - answer.requirement == answer.surplus
        assert answer.surplus_units == int(answer.surplus.scaleb(17))
        assert sum(leg.requirement for leg in answer.legs) == answer.requirement
        assert [leg.name for leg in answer.legs][:3] == ["BTC-PERP", "ETH-PERP", "SOL-PERP"]
        assert len(answer.legs) == 12
    bnb = next(leg for leg in report(folder, "initial").legs if leg.name == "BNB-PERP")
    assert bnb.notional == Decimal("3247036.906")
    assert bnb.requirement == 300_000 + Decimal("247036.906") / 5


def test_unrealised_profit_is_from_entry_or_from_zero(folder):
    btc, bare = report(folder).legs[0], report(folder, bare=True).legs[0]
    assert btc.unrealised == Decimal("12.5") * (Decimal("84255.0") - Decimal("82110.4"))
    assert bare.unrealised == btc.notional == Decimal("12.5") * Decimal("84255.0")


def test_json_amounts_are_plain_decimal_strings(folder):
    document = report(folder).as_json()
    json.dumps(document)
    numbers = [document[key] for key in ("equity", "requirement", "surplus", "surplus_units")]
    numbers += [leg[key] for leg in document["legs"] for key in ("notional", "unrealised", "requirement")]
    for text in numbers:
        assert isinstance(text, str)
        assert "E" not in text.upper()
    assert document["schema"] == "zkmargin/check/1"
    assert {len(h) for h in document["tables"].values()} == {66}


def test_no_repr_shows_an_amount(folder):
    answer = report(folder)
    assert "BTC" not in f"{answer!r}{answer.legs!r}"


def test_surplus_is_zero_at_every_breach_price_and_nowhere_nearer(tmp_path_factory):
    legs = found = 0

    @hypothesis_seed(SEED)
    @settings(max_examples=150)
    @given(drawn=account)
    def check(drawn):
        nonlocal legs, found
        _, tables, _, holdings = files(tmp_path_factory.mktemp("drawn"), drawn)
        for level in ("initial", "maintenance"):
            result = evaluate(tables.schema, holdings, tables.market, tables.parameters(level))
            for slot, size in enumerate(holdings.sizes):
                if not size:
                    assert breach_cell(result, slot) is None
                    continue
                legs += 1
                price = Fraction(result.cells["market"][slot])
                root = breach_cell(result, slot)
                end = root if root is not None else Fraction(1 << 28 if (size > 0) != (result.surplus >= 0) else 0)
                if root is not None:
                    found += 1
                    assert result.at("market", slot, root).surplus == 0
                met = result.surplus >= 0
                for part in (Fraction(1, 7), Fraction(1, 2), Fraction(99, 100)):
                    between = result.at("market", slot, price + (end - price) * part).surplus
                    assert (between >= 0) == met

    check()
    print(f"breach prices: {found} of {legs} legs have one, seed {SEED}")
    assert found > legs // 10 > 0


def test_a_short_is_breached_above_and_a_long_below(folder):
    held = {p.name: p for p in load_portfolio(folder / "portfolio.json").positions}
    marks = {i.name: i.mark for i in load_market(folder / "market.json").instruments}
    breached = [leg for leg in report(folder).legs if leg.breach_price is not None]
    assert {held[leg.name].size > 0 for leg in breached} == {True, False}
    for leg in breached:
        assert (leg.breach_price < marks[leg.name]) == (held[leg.name].size > 0)
    none = next(leg for leg in report(folder).legs if leg.name == "XRP-PERP")
    assert none.breach_price is None  # a short whose breach lies beyond the widest price a cell can say
