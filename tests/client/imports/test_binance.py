"""Another margin mode, another unit of account or an inverse contract would be margin that is not there."""

import copy

import pytest

from zkmargin.kernel.errors import FileError

from .venues import binance, changed, plain, refused, sizes


def test_binances_margin_modes_are_not_taken_for_another():
    one, many = plain("binance-account-v2.json"), plain("binance-multi-assets.json")
    refused("mode", binance, one | {"multiAssetsMargin": True})
    refused("mode", binance, one, multi_assets=True)
    refused("mode", binance, many, says="multi-assets mode")
    refused("mode", binance, plain("binance-account.json"), multi_assets=True)
    refused("mode", binance, changed(one, "totalWalletBalance", to=None), says="portfolio margin")
    other = plain("binance-account.json")
    other["totalWalletBalance"] = "10550.5"
    refused("mode", binance, other, multi_assets=True, says="is not quoted in USDT")


def test_binances_credits_are_no_dollars():
    state = plain("binance-multi-assets.json")
    credits = dict(state["assets"][2]) | {"asset": "BNFCR", "walletBalance": "-120.5", "crossWalletBalance": "-120.5"}
    state["assets"].append(credits)
    refused("not-understood", binance, state, multi_assets=True, says="in credits")


@pytest.mark.parametrize(
    ("place", "change", "code"),
    [
        (0, {"positionSide": "SHORT"}, "mismatch"),
        (1, {"positionSide": "LONG"}, "mismatch"),
        (0, {"positionSide": "LEFT"}, "wrong-value"),
        (0, {"notional": "0"}, "mismatch"),
        (0, {"unrealizedProfit": "-30.6"}, "mismatch"),
        (0, {"unrealizedProfit": "31.6"}, "mismatch"),
        (0, {"symbol": "BTCUSD_PERP"}, "inverse"),
        (0, {"symbol": "BTCUSD_261225"}, "inverse"),
        (0, {"notionalValue": "0.12"}, "inverse"),
        (0, {"symbol": "BTCEUR"}, "missing-asset"),
        (1, {"symbol": "BTCUSDT", "positionSide": "SHORT"}, "mode"),
        (2, {"isolatedWallet": "400"}, "mismatch"),
    ],
)
def test_a_binance_row_that_contradicts_itself_or_its_asset_is_refused(place, change, code):
    state = plain("binance-account-v2.json")
    state["positions"][place] |= change
    refused(code, binance, state)


@pytest.mark.parametrize(
    "key", ["crossUnPnl", "unrealizedProfit", "walletBalance", "marginBalance", "crossWalletBalance"]
)
def test_a_binance_asset_that_is_not_its_rows_is_refused(key):
    state = plain("binance-account-v2.json")
    state["assets"][0][key] = "12345.0"
    with pytest.raises(FileError):
        binance(state)


def test_binances_v2_without_notionals_is_worth_the_same():
    state = plain("binance-account-v2.json")
    whole = binance(state).portfolio
    for row in state["positions"]:
        del row["notional"], row["isolatedWallet"]
    assert binance(state).portfolio == whole


def test_binances_options_are_whole_or_refused():
    state, account = plain("binance-account-v2.json"), plain("binance-options-account.json")
    options = plain("binance-options.json")
    unsigned = changed(options, 1, "quantity", to="4")
    assert sizes(binance(state, (unsigned, account)))["ETH-261225-2000-P"] == -4
    refused("mismatch", binance, state, (changed(options, 0, "quantity", to="-0.5"), account))
    refused("mismatch", binance, state, (changed(options, 0, to=None), account), says="some are missing")
    refused("mismatch", binance, state, (changed(options, 0, "quoteAsset", to="USDC"), account))
    refused("mismatch", binance, state, (options, changed(account, "asset", 0, "marginBalance", to="180.75")))
    more = copy.deepcopy(account)
    more["asset"].append({"asset": "USDC", "equity": "7", "marginBalance": "7"})
    refused("not-understood", binance, state, (options, more))


def test_an_asset_has_one_row():
    """Of two the last would count, whatever the first owes."""
    state = plain("binance-account.json")
    lead = next(row for row in state["assets"] if row["asset"] == "USDT")
    state["assets"].insert(0, {**lead, "crossWalletBalance": "-1000000", "walletBalance": "-1000000"})
    refused("duplicate", binance, state, says="has a row already")
