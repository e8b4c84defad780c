"""Lost if these fail: files of a venue are read under a rule that is not the venue's, in the account's favour.

The right answers of Drift are those of the program's own test (math/margin/tests.rs of drift-labs/protocol-v2).
"""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.circuits.build import compile_statement
from zkmargin.circuits.model import Holdings, Opening
from zkmargin.circuits.statements.engine import evaluate
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.files.portfolio import Portfolio, Position, load_portfolio, to_holdings
from zkmargin.client.files.rule_files import schema_of
from zkmargin.client.files.tables import make_tables
from zkmargin.client.margin.report import margin_report
from zkmargin.client.margin.terms import terms
from zkmargin.client.margin.trades import largest_trade, parse_trade, traded
from zkmargin.client.secrets.openings import load_opening, save_opening
from zkmargin.kernel import load_program
from zkmargin.kernel.babyjubjub import draw_secret, public_key
from zkmargin.kernel.errors import FileError, InputError, Unsatisfied

from ..conftest import EXAMPLES

HEAD = {"venue": "here", "as_of": "2026-11-20T16:00:00Z", "sources": {"*": "a test's own"}}
PERPETUAL = {"size_step": "0.000000001", "price_tick": "0.000001", "initial_ratio": "0.1", "maintenance_ratio": "0.05"}
TOKEN = {
    "size_step": "0.000001",
    "price_tick": "0.000001",
    "initial_asset_weight": "0.15",
    "maintenance_asset_weight": "0.75",
    "initial_liability_weight": "1.5",
    "maintenance_liability_weight": "1.25",
    "imf": "0.1",
}


def made(tmp_path, rule, instruments, marks, assets=(), prices=(), **shape):
    """Return (parameters, tables) of files that are written here."""
    count = {"positions": len(instruments), "collateral": len(assets), "debts": 0} | shape
    documents = {
        "parameters": {
            **HEAD,
            "schema": "zkmargin/parameters/1",
            "rule": rule,
            "quote": {"asset": "USDC", "decimals": 6},
            "shape": count,
            "instruments": instruments,
            **({} if rule == "dydx-v4" else {"assets": list(assets)}),
        },
        "market": {
            **HEAD,
            "schema": "zkmargin/market/1",
            "round": 1,
            "quote": "USDC",
            "instruments": marks,
            **({} if rule == "dydx-v4" else {"assets": list(prices)}),
        },
    }
    for name, document in documents.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    parameters = load_parameters(tmp_path / "parameters.json")
    return parameters, make_tables(parameters, load_market(tmp_path / "market.json", rule))


def drift(tmp_path, price="150", collateral=False, **changes):
    asset = {"assets": [{"name": "TOKEN", **TOKEN}], "prices": [{"name": "TOKEN", "price": "0.5", "borrow_index": "1"}]}
    perpetual = {"name": "PERP", **PERPETUAL, "imf": "0", **changes}
    mark = {"name": "PERP", "mark": price, "funding_index": "0"}
    return made(tmp_path, "drift", [perpetual], [mark], **(asset if collateral else {}))


def surplus(parameters, tables, portfolio, level):
    report = margin_report(parameters, tables, to_holdings(portfolio, parameters, tables), margin=level)
    return report.surplus


def held(cash, *positions, collateral=()):
    return Portfolio(Decimal(cash), tuple(collateral), (), tuple(positions))


def position(name, size, entry, funding="0"):
    return Position(name, Decimal(size), Decimal(entry), Decimal(funding))


def test_drift_collateral_is_discounted_by_its_size_at_maintenance_too(tmp_path):
    """100,000 at a half, weight 337 of 10,000 at both levels: 1,685, not 37,500."""
    from zkmargin.client.files.portfolio import Amount

    parameters, tables = drift(tmp_path, collateral=True)
    tokens = (Amount("TOKEN", Decimal(100_000)),)
    for level in ("initial", "maintenance"):
        assert surplus(parameters, tables, held("0", collateral=tokens), level) == 1685
        assert surplus(parameters, tables, held("-20000", collateral=tokens), level) == -18_315


def test_drift_an_unsettled_profit_counts_up_to_100_at_initial_margin(tmp_path):
    parameters, tables = drift(tmp_path)
    account = held("1000", position("PERP", "100", "100"))
    assert surplus(parameters, tables, account, "initial") == -400
    assert surplus(parameters, tables, account, "maintenance") == 5250
    loss = held("1000", position("PERP", "-100", "100"))  # a loss counts whole
    assert surplus(parameters, tables, loss, "initial") == 1000 - 5000 - 1500
    two = held("1000", position("PERP", "100", "149", funding="50"))  # funding is of the profit: 150, capped
    assert surplus(parameters, tables, two, "initial") == 1000 + 100 - 1500
    settled = held("1000", position("PERP", "0", "0", funding="250"))  # closed, its profit not settled
    assert surplus(parameters, tables, settled, "initial") == 1100
    assert surplus(parameters, tables, settled, "maintenance") == 1250


def test_drift_a_market_may_count_profits_for_less(tmp_path):
    nothing = {"initial_profit_weight": "0", "maintenance_profit_weight": "0.5"}
    parameters, tables = drift(tmp_path, **nothing)
    account = held("1000", position("PERP", "100", "149"))
    assert surplus(parameters, tables, account, "initial") == 1000 - 1500
    assert surplus(parameters, tables, account, "maintenance") == 1000 + 50 - 750
    parameters, tables = drift(tmp_path, initial_profit_cap="0.5")
    assert surplus(parameters, tables, account, "initial") == Decimal("1000.5") - 1500
    with pytest.raises(FileError, match="initial profit weight of PERP is above"):
        drift(tmp_path, maintenance_profit_weight="0.5")


@pytest.mark.parametrize("statement", ["sufficiency", "shortfall"])
def test_drift_the_circuits_draw_the_line_at_the_capped_profit(statement, tmp_path):
    """With cash to the unit, and one unit less: no witness shows more of a profit than counts."""
    parameters, tables = drift(tmp_path)
    program = load_program(compile_statement("drift", tables.schema.shape, statement).program.to_bytes())
    for cash, enough in (("1400", True), ("1399.999999", False)):
        holdings = to_holdings(held(cash, position("PERP", "100", "100")), parameters, tables)
        public = (0, 0, 0, *tables.market.cells, *tables.initial.cells)
        try:
            program.run(public, (*holdings.values, 1, 2, 3))
            satisfied = True
        except Unsatisfied:
            satisfied = False
        assert satisfied is (enough is (statement == "sufficiency"))


def test_an_opening_keeps_what_positions_were_entered_at(tmp_path):
    """Lost with it: the account, whose commitment nobody could open again."""
    parameters, tables = drift(tmp_path)
    holdings = to_holdings(held("1000", position("PERP", "100", "100")), parameters, tables)
    assert holdings == Holdings(10**9, (10**11,), (), (), (10**10,))
    opening = Opening(holdings, public_key(draw_secret()), 7)
    save_opening(tmp_path / "opening.json", opening)
    assert load_opening(tmp_path / "opening.json") == opening
    with pytest.raises(InputError, match="another shape"):
        tables.schema.fit(replace(holdings, entries=()))
    plain = Holdings(5, (1,), (), ())
    save_opening(tmp_path / "plain.json", replace(opening, holdings=plain))
    assert "entries" not in (tmp_path / "plain.json").read_text()
    assert load_opening(tmp_path / "plain.json").holdings == plain


def test_drift_terms_add_up_and_a_trade_at_the_mark_is_worth_nothing(tmp_path):
    """Sizes are billionths, which are worth nothing each: what is paid follows from many of them."""
    parameters, tables = drift(tmp_path)
    account = held("1000", position("PERP", "100", "100", "3"))
    holdings = to_holdings(account, parameters, tables)
    for level in ("initial", "maintenance"):
        result = evaluate(tables.schema, holdings, tables.market, tables.parameters(level))
        for portfolio in (account, None):
            whole = sum((term.surplus for term in terms(parameters, result, portfolio)), Fraction(0))
            assert whole == Fraction(result.surplus, result.scale * tables.money)
        after = traded(result, [parse_trade("PERP +20", parameters)])
        assert after == replace(holdings, sizes=(120 * 10**9,), entries=(holdings.entries[0] + 20 * 150 * 10**6,))
        assert replace(result, holdings=after).equity == result.equity
    initial = evaluate(tables.schema, to_holdings(held("4000"), parameters, tables), tables.market, tables.initial)
    most = largest_trade(initial, 0, 1)
    assert most == Fraction(4000 * 10, 150) * 10**9 // 1  # all that 10 % of 150 each leaves
    assert margin_report(parameters, tables, holdings).legs[0].unrealised == 5003


def test_dydx_a_negative_balance_without_positions_is_short_here(tmp_path):
    """The venue does not liquidate it, and takes no new risk on it either: the rule says the careful of the two."""
    listing = {
        "name": "PERP",
        "size_step": "0.00000001",
        "price_tick": "0.00001",
        "price_exponent": -5,
        "initial_fraction": "0.2",
        "maintenance_fraction": "0.5",
        "open_interest_lower_cap": "0",
        "open_interest_upper_cap": "0",
    }
    mark = {"name": "PERP", "mark": "50000", "funding_index": "0", "open_interest": "0"}
    parameters, tables = made(tmp_path, "dydx-v4", [listing], [mark])
    for cash, worth in (("-1", -1), ("0", 0)):
        assert surplus(parameters, tables, held(cash), "maintenance") == worth
    coarse = {**listing, "size_step": "1000", "price_exponent": -5}  # a base quantum is worth 10^4 quote quantums
    parameters, tables = made(tmp_path, "dydx-v4", [coarse], [{**mark, "mark": "0.12345"}])
    account = held("0", position("PERP", "2000", "0.1"))
    assert surplus(parameters, tables, account, "maintenance") == Decimal("246.9") * Decimal("0.9") - 200


OPTION = "ETH-20261127-3200-C"
KINDS = [  # example, instrument, entry price, whether anybody can have paid it
    ("derive-srm", OPTION, "0", True),
    ("derive-srm", OPTION, "12.5", False),  # its premium is in the cash already
    ("derive-srm", OPTION, "-12.5", False),
    ("derive-srm", "ETH-PERP", "2984", True),
    ("derive-srm", "ETH-PERP", "0", False),
    ("derive-pmrm2", "ETH-20261204-3200-C", "0", True),
    ("derive-pmrm2", "ETH-20261204-3200-C", "1", False),
    ("derive-pmrm2", "ETH-PERP", "-2984", False),
    ("span", "SPZ94-410C", "0", True),
    ("span", "SPZ94-410C", "9000", False),
    ("span", "SPZ94", "-206000", True),  # a future may have been entered below zero
    ("span", "SPZ94", "0", False),
    ("hyperliquid", "BTC-PERP", "0", False),
    ("hyperliquid", "BTC-PERP", "-1", False),
    ("dydx", "BTC-USD", "0", False),
    ("drift", "BTC-PERP", "0", False),
    ("synthetix", "BTC-PERP", "0", False),
    ("volatility", "BTC-PERP", "0", False),
    ("delta-neutral", "BTC-PERP", "-3", False),
    ("expected-shortfall", "BTC-PERP", "0", True),  # files do not say whether it is an option
    ("expected-shortfall", "BTC-PERP", "-1", False),
    ("value-at-risk", "BTC-PERP", "-1", False),
]


@pytest.mark.parametrize(("example", "name", "entry", "possible"), KINDS)
def test_an_entry_price_that_nobody_can_have_paid_is_refused(example, name, entry, possible):
    """A written option's premium in the cash and as entry price would count twice."""
    folder = EXAMPLES.parent / example
    parameters = load_parameters(folder / "parameters.json")
    tables = make_tables(parameters, load_market(folder / "market.json", parameters.rule))
    step = next(listing.size_step for listing in parameters.listed.values() if listing.name == name)
    for size in (step, -step):
        account = Portfolio(Decimal(100), positions=(Position(name, size, Decimal(entry)),), file="desk.json")
        if possible:
            to_holdings(account, parameters, tables)
            continue
        with pytest.raises(FileError) as error:
            to_holdings(account, parameters, tables)
        assert (error.value.code, error.value.file) == ("entry-price", "desk.json")
        assert name in error.value.message
        # Where profits are capped before they are settled, nobody is told to count them as cash.
        assert example != "drift" or "cash" not in error.value.hint
    nothing = Portfolio(Decimal(100), positions=(Position(name, Decimal(0), Decimal(entry)),))
    to_holdings(nothing, parameters, tables)  # nothing is held, so nothing was paid


def derive(folder, tmp_path, as_of="2026-12-05T09:00:00Z", **expiry):
    """Return (parameters, tables) of a Derive example at another date, the first listed expiry's feed changed."""
    parameters = load_parameters(folder / "parameters-small.json")
    market = json.loads((folder / "market.json").read_text()) | {"as_of": as_of}
    first = next(row for row in market["expiries"] if row["name"] == parameters.expiries[0].name)
    first |= expiry
    (tmp_path / "market.json").write_text(json.dumps(market))
    return parameters, make_tables(parameters, load_market(tmp_path / "market.json", parameters.rule))


def test_srm_an_expired_option_is_worth_its_settlement_whatever_the_forward_says(tmp_path):
    folder = EXAMPLES.parent / "derive-srm"
    account = load_portfolio(folder / "portfolio-small.json")
    with pytest.raises(FileError, match="ETH-20261127 has expired") as error:
        derive(folder, tmp_path)
    assert error.value.code == "expired"
    told = set()
    for forward in ("3021.4", "3600"):
        parameters, tables = derive(folder, tmp_path, forward=forward, settlement="3021.4")
        told.add(surplus(parameters, tables, account, "maintenance"))
    assert len(told) == 1
    parameters, tables = derive(folder, tmp_path, settlement="3300")
    name = next(x.name for x in parameters.listed.values() if x.name.endswith("-C") and "20261127" in x.name)
    strike = Decimal(name.split("-")[2])
    for level in ("initial", "maintenance"):
        assert surplus(parameters, tables, held("0", position(name, "-1", "0")), level) == -max(0, 3300 - strike)
        assert surplus(parameters, tables, held("0", position(name, "1", "0")), level) == 0


def test_pmrm2_an_expired_option_is_worth_its_settlement_and_no_scenario_moves_it(tmp_path):
    folder, first = EXAMPLES.parent / "derive-pmrm2", "20261204"
    with pytest.raises(FileError, match=f"{first} has expired"):
        derive(folder, tmp_path)
    values = {}
    for forward in ("3021.4", "3600"):
        parameters, tables = derive(folder, tmp_path, forward=forward, settlement="3300.5")
        for kind, strike in (("C", 3200), ("P", 2800)):
            for size in ("1", "-1"):
                account = held("0", position(f"ETH-{first}-{strike}-{kind}", size, "0"))
                values.setdefault((kind, size), set()).add(surplus(parameters, tables, account, "maintenance"))
    assert all(len(found) == 1 for found in values.values())
    (long,), (short,) = values["C", "1"], values["C", "-1"]
    assert Decimal("95") <= long <= Decimal("100.5")  # what is owned counts at the long discount
    assert short <= Decimal("-100.5")  # what is owed, whole, and the charge of a naked short
    assert short > -125


@pytest.mark.parametrize("example", ["derive-srm", "derive-pmrm2"])
def test_a_settlement_price_before_the_expiry_is_refused(example, tmp_path):
    with pytest.raises(FileError, match="settlement price before it expires"):
        derive(EXAMPLES.parent / example, tmp_path, as_of="2026-11-20T16:00:00Z", settlement="3000")


def test_span_a_contract_past_its_expiry_may_not_move(tmp_path):
    folder = EXAMPLES.parent / "span"
    parameters = json.loads((folder / "parameters-small.json").read_text())
    market = json.loads((folder / "market.json").read_text())
    contract = parameters["commodities"][0]["contracts"][0]
    contract["expires"] = market["as_of"]
    (tmp_path / "parameters.json").write_text(json.dumps(parameters))
    with pytest.raises(FileError, match="has expired at the market's date") as error:
        make_tables(load_parameters(tmp_path / "parameters.json"), load_market(folder / "market.json", "span"))
    assert error.value.code == "expired"
    row = next(row for row in market["instruments"] if row["name"] == contract["name"])
    row |= {"delta": "0", "array": ["0"] * len(row["array"])}
    (tmp_path / "market.json").write_text(json.dumps(market))
    make_tables(load_parameters(tmp_path / "parameters.json"), load_market(tmp_path / "market.json", "span"))


def test_synthetix_the_larger_share_of_positions_and_collateral_is_the_reward(tmp_path):
    folder = EXAMPLES.parent / "synthetix"
    parameters = json.loads((folder / "parameters.json").read_text())
    account, rewards = load_portfolio(folder / "portfolio.json"), []
    for share in ("0", "0.01", "0.1"):
        parameters["rewards"]["collateral_share"] = share
        (tmp_path / "parameters.json").write_text(json.dumps(parameters))
        read = load_parameters(tmp_path / "parameters.json")
        tables = make_tables(read, load_market(folder / "market.json", read.rule))
        report = margin_report(read, tables, to_holdings(account, read, tables), margin="initial")
        rewards.append(report.requirement - 6500)
    # 0.03 % of 100,000 and 5 to flag, 10 for the further window; of 1,500.25 in collateral 15 are less, 150.03 more.
    assert rewards == [45, 45, Decimal("150.025") + 5 + 10]


def test_schemas_without_entries_are_what_they_were():
    """Other rules' commitments do not change: holdings end with the debts."""
    schema = schema_of("cross-margin", load_parameters(EXAMPLES.parent / "hyperliquid" / "parameters.json").slots)
    assert not schema.has_entries
    assert len(schema.nothing.values) == 1 + schema.shape.positions + schema.shape.collateral + schema.shape.debts


@pytest.mark.parametrize(
    ("example", "rows"), [("derive-srm", "expiries"), ("derive-srm", "spots"), ("derive-pmrm2", "expiries")]
)
def test_a_markets_rows_are_of_one_name_each(example, rows, tmp_path):
    """Of two settlements of one expiry the last would count, and another reader of the file would take the first."""
    folder = EXAMPLES.parent / example
    rule = load_parameters(folder / "parameters.json").rule
    market = json.loads((folder / "market.json").read_text())
    market[rows].append({**market[rows][0]})
    (tmp_path / "market.json").write_text(json.dumps(market))
    with pytest.raises(FileError) as error:
        load_market(tmp_path / "market.json", rule)
    assert error.value.code == "duplicate"
