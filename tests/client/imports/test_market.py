"""A price of another coin, or of another unit, would prove an account at prices that nobody quoted."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from zkmargin.client.commands.app import run
from zkmargin.client.files.loading import load_market, load_parameters
from zkmargin.client.imports import MARKETS, Naming, import_market
from zkmargin.kernel.errors import FileError

from .venues import FIXTURES, response

EXAMPLES = Path(__file__).parents[3] / "examples"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HYPERLIQUID = [
    {"universe": [{"name": "BTC"}, {"name": "ETH"}, {"name": "GONE"}]},
    [{"markPx": "84255.5", "oraclePx": "84250.0"}, {"markPx": "2688.33", "oraclePx": "2688.0"}, {"markPx": None}],
]


def parameters(tmp_path, instruments, assets=(), **change):
    """Return cross-margin parameters of a few instruments and assets."""
    document = json.loads((EXAMPLES / "hyperliquid" / "parameters.json").read_text())
    first, asset = document["instruments"][0], document["assets"][0]
    document["instruments"] = [first | {"name": name} for name in instruments]
    document["assets"] = [asset | {"name": name} for name in assets]
    path = tmp_path / "parameters.json"
    path.write_text(json.dumps(document | change))
    return load_parameters(path)


def made(venue, documents, listed, **options):
    market, content = import_market(venue, [*map(response, documents)], listed, as_of=NOON, **options)
    assert json.loads(content)["as_of"] == "2026-11-20T12:00:00Z"
    return market


def marks(market):
    return {row.name: row.mark for row in market.instruments}


def prices(market):
    return {row.name: row.price for row in market.assets}


def test_hyperliquids_marks_and_oracle_prices_are_not_mixed_up(tmp_path):
    listed = parameters(tmp_path, ["BTC-PERP", "ETH-PERP"], ["BTC", "USDC"])
    market = made("hyperliquid", [HYPERLIQUID], listed)
    assert marks(market) == {"BTC-PERP": Decimal("84255.5"), "ETH-PERP": Decimal("2688.33")}
    assert prices(market) == {"BTC": Decimal(84250), "USDC": 1}
    assert {row.funding_index for row in market.instruments} == {0}
    assert market.round == int(NOON.timestamp())
    assert made("hyperliquid", [HYPERLIQUID], listed, number=7).round == 7
    short = [HYPERLIQUID[0], HYPERLIQUID[1][1:]]
    with pytest.raises(FileError, match="has not one entry for each coin"):
        made("hyperliquid", [short], listed)


def test_what_no_response_prices_is_refused_by_name(tmp_path):
    for names, assets, missing in (
        (["SOL-PERP"], [], "SOL-PERP"),
        ([], ["HYPE"], "HYPE"),
        (["GONE-PERP"], [], "GONE-PERP"),
    ):
        with pytest.raises(FileError, match=f"no response has a price of {missing}") as caught:
            made("hyperliquid", [HYPERLIQUID], parameters(tmp_path, names, assets))
        assert caught.value.hint.startswith(f"--rename OLD={missing}")
    listed = parameters(tmp_path, ["XBT"])
    assert marks(made("hyperliquid", [HYPERLIQUID], listed, naming=Naming.of("-PERP", ["BTC=XBT"]))) == {
        "XBT": Decimal("84255.5")
    }
    nothing = [HYPERLIQUID[0], [{"markPx": "0.0"}, {"markPx": "1"}, {}]]
    with pytest.raises(FileError, match="a mark is not above zero"):
        made("hyperliquid", [nothing], parameters(tmp_path, ["BTC-PERP"]))


def test_dydx_prices_under_either_name_with_open_interest(tmp_path):
    rows = {"ticker": "BTC-USD", "oraclePrice": "81235.512345", "openInterest": "1520.25", "status": "ACTIVE"}
    answer = {"markets": {"BTC-USD": rows, "NEW-USD": {"ticker": "NEW-USD", "openInterest": "0"}}}
    for name in ("BTC-USD", "BTC-PERP"):
        assert marks(made("dydx", [answer], parameters(tmp_path, [name]))) == {name: Decimal("81235.512345")}
    own = load_parameters(EXAMPLES / "dydx" / "parameters.json")
    markets = {name: rows | {"ticker": name} for name in (i.name for i in own.instruments)}
    market = made("dydx", [{"markets": markets}], own)
    assert {row.open_interest for row in market.instruments} == {Decimal("1520.25")}


def test_aaves_prices_are_in_money_and_its_indices_above_one():
    own = load_parameters(EXAMPLES / "aave" / "parameters.json")
    reserve = {"priceInMarketReferenceCurrency": "327640000000", "variableBorrowIndex": "1021300000000000000000000000"}
    reserves = [reserve | {"symbol": a.name, "underlyingAsset": f"0x{n}"} for n, a in enumerate(own.assets)]
    answer = {"reservesData": reserves, "baseCurrencyData": {"marketReferenceCurrencyDecimals": 8}}
    market = made("aave", [answer], own)
    assert {(row.price, row.borrow_index) for row in market.assets} == {(Decimal("3276.4"), Decimal("1.0213"))}
    twin = answer | {
        "reservesData": [*reserves, reserves[0] | {"underlyingAsset": "0xff", "variableBorrowIndex": "1" + "0" * 27}]
    }
    with pytest.raises(FileError, match="has another price elsewhere") as caught:
        made("aave", [twin], own)
    assert "0xff=NEW" in caught.value.hint
    renamed = made("aave", [twin], own, naming=Naming.of("", ["0xff=OTHER"]))
    assert renamed == market


def test_binances_index_prices_are_its_assets_and_marks_its_contracts(tmp_path):
    rows = [
        {"symbol": "BTCUSDT", "markPrice": "84255.1", "indexPrice": "84250.2"},
        {"symbol": "BTCUSDC", "markPrice": "84199", "indexPrice": "84190"},
        {"symbol": "BTCUSDT_261225", "markPrice": "85000", "indexPrice": "84250.2"},
    ]
    listed = parameters(tmp_path, ["BTC-PERP", "BTC-261225"], ["BTC"], quote={"asset": "USDT", "decimals": 6})
    market = made("binance", [rows], listed)
    assert marks(market) == {"BTC-PERP": Decimal("84255.1"), "BTC-261225": Decimal(85000)}
    assert prices(market) == {"BTC": Decimal("84250.2")}
    assert marks(made("binance", rows[::2], listed)) == marks(market)  # one symbol a file


def test_deribits_options_in_coins_are_priced_in_money(tmp_path):
    rows = [
        {"instrument_name": "BTC-25DEC26-70000-C", "mark_price": "0.0425", "estimated_delivery_price": "61010.5"},
        {"instrument_name": "BTC_USDC-PERPETUAL", "mark_price": "61015", "estimated_delivery_price": "61010.5"},
        {"instrument_name": "BTC_USDT-PERPETUAL", "mark_price": "61000", "estimated_delivery_price": "61001"},
    ]
    listed = parameters(tmp_path, ["BTC-25DEC26-70000-C", "BTC_USDC-PERPETUAL"], ["BTC"])
    market = made("deribit", [{"result": rows}], listed)
    assert marks(market) == {"BTC-25DEC26-70000-C": Decimal("2592.94625"), "BTC_USDC-PERPETUAL": Decimal(61015)}
    assert prices(market) == {"BTC": Decimal("61010.5")}


def test_derives_tickers_price_perpetuals_and_what_they_follow(tmp_path):
    tickers = [
        {
            "result": {
                "instrument_name": "ETH-PERP",
                "mark_price": "2395.4000000000000909494701772928237915039",
                "index_price": "2395.1",
            }
        },
        {"result": {"instrument_name": "ETH-20261225-2000-C", "mark_price": "450.5", "index_price": "2395.1"}},
    ]
    listed = parameters(tmp_path, ["ETH-PERP", "ETH-20261225-2000-C"], ["ETH"])
    market = made("derive", tickers, listed)
    assert marks(market)["ETH-PERP"] == Decimal("2395.4000000000000909494701772928237915039")
    assert prices(market) == {"ETH": Decimal("2395.1")}


@pytest.mark.parametrize("venue", ["derive-srm", "derive-pmrm2", "span", "expected-shortfall", "volatility"])
def test_a_rule_that_needs_more_than_prices_says_what(venue):
    own = load_parameters(EXAMPLES / venue / "parameters.json")
    rows = [
        {"symbol": f"{row.name.removesuffix('-PERP')}{own.quote.asset}", "markPrice": "5", "indexPrice": "5"}
        for row in (*own.instruments, *own.assets)
    ]
    with pytest.raises(
        FileError, match=r"the rule .* needs \w+.*, which /fapi/v1/premiumIndex does not have"
    ) as caught:
        made("binance", [rows], own)
    assert caught.value.code == "missing-key"


def test_an_imported_account_is_checked_at_imported_prices(tmp_path, capsys):
    """The whole way: two responses and a parameter file, nothing made by hand."""
    own = EXAMPLES / "hyperliquid" / "parameters.json"
    listed = load_parameters(own)
    names = [row.name.removesuffix("-PERP") for row in listed.instruments] + [
        row.name for row in listed.assets if row.name != "USDC"
    ]
    coins = sorted({*names} - {"BTC", "ETH"})
    universe = [*HYPERLIQUID[0]["universe"][:2], *({"name": name} for name in coins)]
    contexts = [*HYPERLIQUID[1][:2], *({"markPx": "0.5", "oraclePx": "0.5"} for _ in coins)]
    (tmp_path / "prices.json").write_text(json.dumps([{"universe": universe}, contexts]))
    market, portfolio = tmp_path / "market.json", tmp_path / "portfolio.json"
    ask = [
        "import",
        "market",
        "hyperliquid",
        str(tmp_path / "prices.json"),
        "-p",
        str(own),
        "-o",
        str(market),
        "--json",
    ]
    assert run(ask) == 0
    assert json.loads(capsys.readouterr().out)["instruments"] == len(listed.instruments)
    assert market.stat().st_mode & 0o777 == 0o644
    assert load_market(market).venue == "hyperliquid"
    state = str(FIXTURES / "hyperliquid-state.json")
    assert run(["import", "hyperliquid", state, "-o", str(portfolio), "-p", str(own)]) == 0
    capsys.readouterr()
    assert run(["check", str(portfolio), "--market", str(market), "--parameters", str(own), "--json"]) == 0
    # The state's own marks are half a dollar lower for BTC: 26626.573456 + 0.35 * 0.5.
    assert Decimal(json.loads(capsys.readouterr().out)["equity"]) == Decimal("26626.748456")
    assert run(["import", "market", "kraken", str(tmp_path / "prices.json"), "-p", str(own), "-o", str(market)]) == 2
    assert "must be one of " + ", ".join(MARKETS) in capsys.readouterr().err
    assert run([*ask[:-2], str(tmp_path / "prices.json")]) == 2
