"""An import that leaves something out, or reads a size in another unit, proves an account that nobody has."""

import copy
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.client.imports import Naming
from zkmargin.kernel.errors import FileError, InputError

from . import venues
from .venues import aave, binance, changed, deribit, derive, dydx, hyperliquid, plain


def sizes(made):
    return {row.name: row.size for row in made.portfolio.positions}


def rows(amounts):
    return {row.name: row.amount for row in amounts}


def refused(code, make, *documents, says=None, **options):
    with pytest.raises(FileError, match=says) as caught:
        make(*documents, **options)
    assert caught.value.code == code
    assert "\n" not in caught.value.message
    return caught.value


# Every row's size, as the venue says it, and where the rows are. What is beside a fixture is in the function.
SIZES = {
    "hyperliquid-state.json": (hyperliquid, ("assetPositions",), ("position", "szi")),
    "dydx-subaccount.json": (dydx, ("subaccount", "openPerpetualPositions"), ("size",)),
    "derive-subaccount.json": (derive, ("result", "positions"), ("amount",)),
    "deribit-positions.json": (
        lambda positions: deribit(positions, plain("deribit-summaries.json")),
        ("result",),
        ("size",),
    ),
    "binance-account-v2.json": (binance, ("positions",), ("positionAmt",)),
    "binance-options.json": (
        lambda options: binance(plain("binance-account-v2.json"), (options, plain("binance-options-account.json"))),
        (),
        ("quantity",),
    ),
}
BALANCES = {
    "dydx-subaccount.json": (dydx, ("subaccount", "assetPositions"), ("size",)),
    "derive-subaccount.json": (derive, ("result", "collaterals"), ("amount",)),
    "aave-summary.json": (aave, ("userReservesData",), ("underlyingBalance",)),
}


def lies(document, where, size):
    """Return each row in turn left out, and with each size of another sign or unit."""

    def inside(value):
        for step in where:
            value = value[step]
        return value

    held = inside(document)
    for key in list(held) if isinstance(held, dict) else range(len(held)):
        row = held[key]
        for step in size:
            row = row[step]
        amount = Decimal(str(row))
        if not amount:
            continue
        less = copy.deepcopy(document)
        del inside(less)[key]
        yield "left out", less
        for factor in (Decimal(-1), Decimal(10), Decimal("0.1"), Decimal(30250), Decimal("1e-6")):
            wrong = copy.deepcopy(document)
            inner = inside(wrong)[key]
            for step in size[:-1]:
                inner = inner[step]
            inner[size[-1]] = format(amount * factor, "f")
            yield f"times {factor}", wrong


@pytest.mark.parametrize("name", SIZES)
def test_no_row_is_lost_and_none_is_read_in_another_unit_or_sign(name):
    make, where, size = SIZES[name]
    whole, tried = make(plain(name)), 0
    for what, lie in lies(plain(name), where, size):
        tried += 1
        try:
            made = make(lie)
        except FileError:
            continue
        # The one lie that is none: a side field says the sign, with a minus or without.
        assert what == "times -1", (name, what)
        assert sizes(made) == sizes(whole)
        assert made.portfolio.cash == whole.portfolio.cash
    print(f"{name}: {tried} lies")
    assert tried >= 12


@pytest.mark.parametrize("name", BALANCES)
def test_no_balance_is_read_in_another_unit(name):
    make, where, size = BALANCES[name]
    tried = 0
    for what, lie in lies(plain(name), where, size):
        if name.startswith("aave") and what in ("left out", "times 10"):
            continue  # the fixture has no totals, and no index is known: see the tests of totals below
        tried += 1
        with pytest.raises(FileError):
            make(lie)
    assert tried >= 4


# Deribit: sizes of linear futures, inverse contracts, other accounts

LINEAR = {
    "instrument_name": "ETH_USDC-PERPETUAL",
    "kind": "future",
    "direction": "sell",
    "average_price": "2500.0",
    "mark_price": "2400.0",
    "index_price": "2400.5",
    "size": "-1800.0",
    "size_currency": "-0.75",
    "total_profit_loss": "75.0",
    "floating_profit_loss": "12.5",
}
DOLLARS = {"currency": "USDC", "balance": "1000.0", "equity": "1075.0", "margin_balance": "1075.0"}


def test_a_linear_futures_size_is_its_base_amount_whatever_size_is_counted_in():
    for size in ("-1800.0", "-0.75"):
        made = deribit({"result": [LINEAR | {"size": size}]}, {"result": DOLLARS})
        assert sizes(made) == {"ETH_USDC-PERPETUAL": Decimal("-0.75")}
        assert made.portfolio.cash == 1000


def test_a_linear_long_in_dollars_is_not_thousands_of_coins():
    row = {
        "average_price": "29000.0",
        "direction": "buy",
        "floating_profit_loss": "2.5",
        "index_price": "30250.0",
        "instrument_name": "BTC_USDC-PERPETUAL",
        "kind": "future",
        "mark_price": "30250.0",
        "size": "60.5",
        "size_currency": "0.002",
        "total_profit_loss": "2.5",
    }
    summary = {"currency": "USDC", "balance": "500.0", "equity": "502.5", "margin_balance": "502.5"}
    made = deribit({"result": [row]}, {"result": summary})
    assert sizes(made) == {"BTC_USDC-PERPETUAL": Decimal("0.002")}
    assert made.portfolio.cash == 500
    older = {key: value for key, value in row.items() if key != "size_currency"}
    refused("mismatch", deribit, {"result": [older]}, {"result": summary}, says="its unit or its sign")
    still = older | {"mark_price": "29000.0", "total_profit_loss": "0.0", "floating_profit_loss": "0.0"}
    refused("missing-key", deribit, {"result": [still]}, {"result": summary}, says="size_currency is missing")
    assert sizes(deribit({"result": [older | {"size": "0.002"}]}, {"result": summary})) == sizes(made)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"total_profit_loss": "-75.0"}, "mismatch"),
        ({"size": "1800.0"}, "mismatch"),
        ({"size_currency": "0.75"}, "mismatch"),
        ({"size_currency": "-75"}, "mismatch"),
        ({"size": "-1200.0"}, "mismatch"),
        ({"direction": "buy"}, "mismatch"),
        ({"instrument_name": "ETH-PERPETUAL"}, "inverse"),
        ({"kind": "option"}, "mismatch"),
        ({"kind": "spot"}, "wrong-value"),
        ({"size": "0.0"}, "not-understood"),
    ],
)
def test_a_deribit_row_that_contradicts_itself_is_refused(change, code):
    refused(code, deribit, {"result": [LINEAR | change]}, {"result": DOLLARS})


def test_a_closed_deribit_row_is_nothing():
    closed = LINEAR | {"size": "0.0", "size_currency": "0.0", "direction": "zero", "total_profit_loss": "0.0"}
    made = deribit({"result": [closed]}, {"result": DOLLARS | {"equity": "1000.0", "margin_balance": "1000.0"}})
    assert made.portfolio.positions == ()


def test_deribits_other_currencies_are_neither_forgotten_nor_lent():
    held, bitcoin = {"result": [LINEAR]}, {"currency": "BTC", "balance": "1.0", "equity": "1.0"}
    # Alone, each currency is an account of its own.
    apart = {"cross_collateral_enabled": False}
    assert deribit(held, DOLLARS | apart).portfolio.cash == 1000
    refused("several-accounts", deribit, held, DOLLARS | apart, bitcoin | apart)
    # Together, they must all be there.
    for cross in ({"cross_collateral_enabled": True}, {"margin_model": "cross_pm"}):
        refused("missing-summary", deribit, held, DOLLARS | cross)
        both = {"summaries": [DOLLARS | cross, bitcoin | cross]}
        assert rows(deribit(held, both).portfolio.collateral) == {"BTC": Decimal("1.0")}
        assert deribit(held, DOLLARS | cross | {"total_equity_usd": "1075.0"}).portfolio.cash == 1000
        refused("mismatch", deribit, held, DOLLARS | cross | {"total_equity_usd": "31075.0"})
    refused("mode", deribit, held, DOLLARS | {"margin_model": "cross_xm"})


def test_deribits_options_and_equity_are_all_accounted_for():
    summaries = plain("deribit-summaries.json")
    missing = changed(plain("deribit-positions.json"), "result", 1, to=None)
    refused("mismatch", deribit, missing, summaries, says="options_value is not what the options are worth")
    nothing = {"result": []}
    refused("mismatch", deribit, nothing, {"result": DOLLARS}, says="equity is not the balance")
    refused("not-understood", deribit, nothing, {"result": DOLLARS | {"futures_session_upl": "75.0"}})
    refused("not-understood", deribit, {"result": [LINEAR]}, {"result": DOLLARS | {"bonus_balance": "5"}})
    # The venue's own example of the parts, each rounded: 302.60065765 + 0.05921555 - 0.03258105 - 0.0086.
    parts = {"currency": "BTC", "balance": "302.60065765", "equity": "302.61869214", "session_rpl": "-0.03258105"}
    parts |= {"futures_session_upl": "0.05921555", "options_value": "-0.0086"}
    error = refused("mismatch", deribit, nothing, {"result": parts | {"equity": "303.61869214"}})
    assert "options_value" in error.message
    flat = parts | {"futures_session_upl": "0", "options_value": "0", "equity": "302.5680766"}
    assert rows(deribit(nothing, {"result": flat}).portfolio.collateral) == {"BTC": Decimal("302.5680766")}
    refused("mismatch", deribit, nothing, {"result": flat | {"equity": "303.5680766"}})


# Hyperliquid: unified accounts, isolated margins, other dexes


def unified(short=False):
    """Return a unified account's answers: a hold of 132.5 is the perpetuals' wallet, and profit 20."""
    sign = "-" if short else ""
    entry, raw = ("66000.0", "1452.5") if short else ("64000.0", "-1147.5")
    summary = {"accountValue": "152.5", "totalNtlPos": "1300.0", "totalRawUsd": raw, "totalMarginUsed": "130.0"}
    position = {
        "coin": "BTC",
        "szi": f"{sign}0.02",
        "leverage": {"type": "cross", "value": 10},
        "entryPx": entry,
        "positionValue": "1300.0",
        "unrealizedPnl": "20.0",
        "marginUsed": "130.0",
    }
    state = {
        "marginSummary": summary,
        "crossMarginSummary": dict(summary),
        "crossMaintenanceMarginUsed": "16.25",
        "withdrawable": "0.0",
        "assetPositions": [{"type": "oneWay", "position": position}],
    }
    spot = {
        "balances": [{"coin": "USDC", "token": 0, "total": "1062.5", "hold": "132.5", "entryNtl": "0.0"}],
        "tokenToAvailableAfterMaintenance": [[0, "1046.25"]],
    }
    return state, spot


@pytest.mark.parametrize("short", [False, True])
def test_a_unified_accounts_hold_is_not_counted_twice(short):
    state, spot = unified(short)
    made = hyperliquid(state, spot)
    held = made.portfolio
    profit = sum(Fraction(p.size) * (65000 - Fraction(p.entry_price)) for p in held.positions)
    assert Fraction(held.cash) + profit == Fraction("1082.5")
    assert held.collateral == ()
    # The venue may count the profit as available, or not.
    other = changed(spot, "tokenToAvailableAfterMaintenance", 0, to=[0, "1066.25"])
    assert hyperliquid(state, other).portfolio == held
    both = {"clearinghouseState": state, "spotState": spot}
    assert hyperliquid(both).portfolio == held


def test_a_unified_accounts_other_coins_stay_collateral():
    state, spot = unified()
    spot["balances"].append({"coin": "HYPE", "token": 150, "total": "10.5", "hold": "0.5"})
    made = hyperliquid(state, spot)
    assert rows(made.portfolio.collateral) == {"HYPE": Decimal("10.5")}
    assert made.portfolio.cash == Decimal("1062.5")


def test_the_perpetuals_answer_of_a_unified_account_alone_is_refused():
    state, spot = unified()
    error = refused("mode", hyperliquid, state, says="withdrawable does not show")
    assert error.hint.startswith("--spot FILE")
    refused("mode", hyperliquid, changed(state, "withdrawable", to=None))
    refused("mode", hyperliquid, state, mode="unifiedAccount")
    refused("mode", hyperliquid, state, changed(spot, "tokenToAvailableAfterMaintenance", to=None))
    empty = {"accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0"}
    nothing = {"marginSummary": empty, "crossMarginSummary": empty, "withdrawable": "0.0", "assetPositions": []}
    refused("mode", hyperliquid, nothing)
    assert hyperliquid(nothing, {"balances": []}).portfolio.cash == 0


def test_a_standard_account_is_recognised_by_its_own_answers():
    state, spot = unified()
    own = changed(state, "withdrawable", to="22.5")
    assert hyperliquid(own).portfolio.cash == Decimal("132.5")
    assert hyperliquid(state, mode="disabled").portfolio.cash == Decimal("132.5")
    beside = changed(spot, "tokenToAvailableAfterMaintenance", to=None)
    beside["balances"][0]["hold"] = "0.0"
    made = hyperliquid(state, beside)
    assert made.portfolio.cash == Decimal("132.5")
    assert rows(made.portfolio.collateral) == {"USDC": Decimal("1062.5")}
    # A hold that is the wallet to the cent may be the wallet.
    refused("mode", hyperliquid, own, changed(spot, "tokenToAvailableAfterMaintenance", to=None))
    refused("mode", hyperliquid, state, spot, mode="disabled")
    with pytest.raises(InputError, match="others are not read"):
        hyperliquid(state, spot, mode="portfolioMargin")
    refused("mode", hyperliquid, state | {"userAbstraction": "portfolioMargin"}, spot)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"portfolioMarginEnabled": True}, "mode"),
        ({"tokenToAvailableAfterMaintenance": [[0, "846.25"]]}, "mismatch"),  # backs positions of another dex
        ({"tokenToAvailableAfterMaintenance": [[0, "1046.25"], [360, "5"]]}, "mismatch"),
        ({"evmEscrows": [{"coin": "USDC", "token": 0, "total": "50.0"}]}, "not-understood"),
        ({"balances": [{"coin": "USDC", "token": 0, "total": "100", "hold": "90"}]}, "mismatch"),
        ({"balances": [{"coin": "USDC", "token": 0, "total": "100", "hold": "132.5"}]}, "mismatch"),
        (
            {"balances": [{"coin": "USDC", "token": 0, "total": "1062.5", "hold": "132.5", "borrowed": "7"}]},
            "not-understood",
        ),
    ],
)
def test_what_a_spot_answer_has_besides_is_refused(change, code):
    state, spot = unified()
    refused(code, hyperliquid, state, spot | change)


def test_an_isolated_margin_is_in_no_other_account_and_spot_does_not_back_it():
    state = plain("hyperliquid-state.json")
    refused(
        "mismatch", hyperliquid, changed(state, "assetPositions", 3, "position", "leverage", "rawUsd", to="-210.75")
    )
    refused("missing-key", hyperliquid, changed(state, "marginSummary", to=None))
    with pytest.raises(InputError, match="do not back an isolated position"):
        hyperliquid(state, plain("hyperliquid-spot.json"), isolated="SOL")
    alone, spot = unified()
    alone["assetPositions"].append(state["assetPositions"][3])
    alone["marginSummary"] |= {"accountValue": "803.75", "totalNtlPos": "6162.0", "totalRawUsd": "-5358.25"}
    refused("mode", hyperliquid, alone, spot, says="isolated positions in a unified account")


def test_another_dexs_perpetuals_and_several_accounts_are_refused():
    state, spot = unified()
    refused("not-understood", hyperliquid, changed(state, "assetPositions", 0, "position", "coin", to="xyz:TSLA"), spot)
    refused("several-accounts", hyperliquid, {"clearinghouseStates": [["", state]]}, spot)


# Binance


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


# dYdX


def test_dydx_accounts_that_are_several_or_not_whole_are_refused():
    state = plain("dydx-subaccount.json")
    inner = state["subaccount"]
    refused("several-accounts", dydx, {"subaccounts": [inner]})
    refused("several-accounts", dydx, {"subaccount": {"address": "dydx1", "childSubaccounts": [inner]}})
    held = ("subaccount", "openPerpetualPositions", "BTC-USD")
    refused("several-accounts", dydx, changed(state, *held, "subaccountNumber", to=128))
    refused("mismatch", dydx, changed(state, *held, "status", to="CLOSED"))
    refused("mismatch", dydx, changed(state, "subaccount", "equity", to="11490.2475"))
    refused("missing-key", dydx, changed(state, "subaccount", "equity", to=None))
    refused("mismatch", dydx, changed(state, "subaccount", "freeCollateral", to="11600"))
    refused("mode", dydx, changed(state, "subaccount", "marginEnabled", to=False))
    other = {"symbol": "TIA", "side": "LONG", "size": "5", "assetId": "7"}
    refused("not-understood", dydx, changed(state, "subaccount", "assetPositions", "TIA", to=other))
    refused("not-understood", dydx, changed(state, "subaccount", "vaultEquity", to="500"))


def test_a_closed_dydx_row_is_nothing():
    state = plain("dydx-subaccount.json")
    whole = dydx(state).portfolio
    closed = state["subaccount"]["openPerpetualPositions"]["BTC-USD"] | {"status": "CLOSED", "size": "0"}
    state["subaccount"]["openPerpetualPositions"]["DOGE-USD"] = closed | {"market": "DOGE-USD"}
    assert dydx(state).portfolio == whole


# Derive


def perpetual(**change):
    """Return a subaccount with the venue's own example of a perpetual, whose profit was settled in part."""
    row = {
        "instrument_type": "perp",
        "instrument_name": "BTC-PERP",
        "amount": "-0.02",
        "average_price": "102632.9105389869500088",
        "net_settlements": "-4.032902047219498639",
        "pending_funding": "0",
        "mark_price": "102765.190337908177752979099750518798828125",
        "mark_value": "1.38730606879471451975405216217041015625",
    }
    dollars = {"asset_name": "USDC", "asset_type": "erc20", "amount": "800", "mark_price": "1", "mark_value": "800"}
    return {
        "result": {
            "subaccount_id": 7,
            "margin_type": "PM",
            "positions": [row | change],
            "collaterals": [dollars],
            "positions_value": "1.38730606879471451975405216217041015625",
            "collaterals_value": "800",
            "subaccount_value": "801.38730606879471451975405216217041015625",
        }
    }


def test_a_derive_perpetual_is_worth_its_mark_value_whatever_was_settled():
    made = derive(perpetual())
    (held,) = made.portfolio.positions
    profit = Fraction(held.size) * (
        Fraction(perpetual()["result"]["positions"][0]["mark_price"]) - Fraction(held.entry_price)
    )
    assert Fraction(made.portfolio.cash) + profit == Fraction("801.38730606879471451975405216217041015625")
    for change in (
        {"amount": "0.02"},
        {"amount": "-2"},
        {"net_settlements": "4.032902047219498639"},
        {"pending_funding": "1"},
        {"instrument_type": "option"},
        {"mark_value": "-1.38730606879471451975405216217041015625"},
        {"amount": "0"},
    ):
        refused("mismatch", derive, perpetual(**change))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mm_credits": "25"}, "not-understood"),
        ({"vault_deposit_holds": [{"amount": "5"}]}, "not-understood"),
        ({"failed_to_fetch": True}, "mismatch"),
        ({"margin_type": "XM"}, "mode"),
        ({"positions_value": "2.38"}, "mismatch"),
        ({"collaterals_value": "801", "subaccount_value": "802.38730606879471"}, "mismatch"),
        ({"subaccount_value": "901.38"}, "mismatch"),
    ],
)
def test_a_derive_subaccount_with_more_than_its_rows_is_refused(change, code):
    state = perpetual()
    state["result"] |= change
    refused(code, derive, state)


def test_zero_credits_are_no_reason_to_refuse():
    state = perpetual()
    state["result"] |= {"mm_credits": "0", "vault_deposit_holds": [], "failed_to_fetch": False, "currency": ["BTC"]}
    assert sizes(derive(state)) == {"BTC-PERP": Decimal("-0.02")}
    refused("several-accounts", derive, {"result": [state["result"]]})


def test_interest_on_another_derive_asset_is_not_dropped():
    state = plain("derive-subaccount.json")
    refused("not-understood", derive, changed(state, "result", "collaterals", 1, "pending_interest", to="0.5"))
    refused("not-understood", derive, changed(state, "result", "collaterals", 1, "asset_type", to="vault"))


# Aave


def with_totals(**change):
    state = plain("aave-summary.json")
    for row, price in zip(state["userReservesData"], ("2500", "1", "0.9998"), strict=True):
        row["reserve"]["priceInUSD"] = price
        worth = {
            "underlyingBalanceUSD": Fraction(row["underlyingBalance"]) * Fraction(price),
            "variableBorrowsUSD": Fraction(row["variableBorrows"]) * Fraction(price),
        }
        worth["totalBorrowsUSD"] = worth["variableBorrowsUSD"]
        row |= {key: f"{float(value):.12f}" for key, value in worth.items()}
    return state | {
        "totalLiquidityUSD": "35864.69725308641972",
        "totalCollateralUSD": "30864.19725308641972",
        "totalBorrowsUSD": "7998.5234313088",
        **change,
    }


def test_aaves_rows_are_what_its_totals_say():
    assert aave(with_totals()).portfolio == aave(plain("aave-summary.json")).portfolio
    for key, value in (
        ("totalLiquidityUSD", "40864.7"),
        ("totalCollateralUSD", "35864.7"),
        ("totalBorrowsUSD", "8998.5"),
        ("totalBorrowsUSD", "0"),
    ):
        refused("mismatch", aave, with_totals(**{key: value}))
    for place in range(3):
        refused("mismatch", aave, changed(with_totals(), "userReservesData", place, to=None))


def test_aaves_balances_are_in_the_unit_that_they_seem():
    state = plain("aave-summary.json")
    for place, key in ((0, "underlyingBalance"), (2, "variableBorrows")):
        amount = Fraction(state["userReservesData"][place][key])
        for wrong in ("12345678901234567891", "8000123456", "0.0001"):
            assert Fraction(wrong) != amount
            refused("mismatch", aave, changed(state, "userReservesData", place, key, to=wrong))
    refused("mismatch", aave, changed(state, "userReservesData", 2, "stableBorrows", to="50"))
    refused("mismatch", aave, changed(state, "userReservesData", 2, "variableBorrows", to="6999.5"), says="interest")
    pool = plain("aave-pool.json")
    for index in ("1", "1028806575102880657", "1028806575102880657510288065000000"):
        refused("wrong-value", aave, changed(pool, "reservesData", 0, "liquidityIndex", to=index))


def test_a_health_factor_that_knows_of_another_debt_is_believed():
    state = plain("aave-summary.json")
    endless = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    for factor in ("-1", endless, "115792089237316195423570985008687907853269984665640564039457.58"):
        refused("mismatch", aave, state | {"healthFactor": factor}, says="nothing is owed")
    lender = changed(state, "userReservesData", 2, to=None)
    refused("mismatch", aave, lender, says="there is a debt, but no row has one")
    for factor in ("-1", endless):
        assert aave(lender | {"healthFactor": factor}).portfolio.debt == ()


def test_aaves_rows_may_not_be_a_part_of_the_reserves():
    pool = plain("aave-pool.json")
    refused("missing-row", aave, changed(pool, "userReserves", 1, to=None))
    base = {"totalCollateralBase": "3086419725308", "totalDebtBase": "799840000199"}
    for reserve, price in zip(pool["reservesData"], ("250000000000", "99980000"), strict=True):
        reserve["priceInMarketReferenceCurrency"] = price
    assert aave(pool | {"userAccountData": base}).portfolio.debt
    refused("mismatch", aave, pool | {"userAccountData": base | {"totalDebtBase": "809840000199"}})
    graph = plain("aave-subgraph.json")
    graph["data"]["userReserves"] = graph["data"]["userReserves"][:1] * 100
    refused("missing-row", aave, graph, says="one page of several")


def twins(one="collateral", other="collateral"):
    """Return two assets of one symbol, as bridged dollars are beside native ones."""

    def reserve(place, kind):
        return {
            "usageAsCollateralEnabledOnUser": True,
            "currentATokenBalance": "5000000" if kind == "collateral" else "0",
            "currentVariableDebt": "3000000" if kind == "debt" else "0",
            "reserve": {"symbol": "USDC", "decimals": 6, "underlyingAsset": f"0xAF88{place}"},
        }

    return {"userReserves": [reserve(1, one), reserve(2, other)]}


@pytest.mark.parametrize("kinds", [("collateral", "collateral"), ("collateral", "debt"), ("debt", "collateral")])
def test_two_assets_with_one_symbol_are_told_apart(kinds):
    error = refused("duplicate", aave, twins(*kinds), says="two assets with one name")
    assert "--rename 'USDC@0xaf881=NEW'" in error.hint
    assert "--rename 'USDC@0xaf882=NEW'" in error.hint
    for old in ("USDC@0xaf882", "0xaf882"):
        made = aave(twins(*kinds), naming=Naming.of("", [f"{old}=USDC.e"])).portfolio
        assert {*rows(made.collateral), *rows(made.debt)} == {"USDC", "USDC.e"}
    refused("duplicate", aave, twins(*kinds), naming=Naming.of("", ["USDC=USD"]))


@pytest.mark.parametrize(
    ("make", "fixture", "old", "name"),
    [
        (hyperliquid, "hyperliquid-state.json", "BTC", "BTC-PERP"),
        (dydx, "dydx-subaccount.json", "BTC-USD", "BTC-PERP"),
        (derive, "derive-subaccount.json", "ETH-PERP", "ETH-PERP"),
        (binance, "binance-account-v2.json", "BTCUSDT", "BTC-PERP"),
    ],
)
def test_a_renaming_takes_the_ticker_as_the_venue_prints_it(make, fixture, old, name):
    for given in (old, name):
        made = make(plain(fixture), naming=Naming.of("-PERP", [f"{given}=XBT"]))
        assert "XBT" in sizes(made)
        assert name not in sizes(made)
    made = make(plain(fixture), naming=Naming.of("-PERP", ["ZZZ=XBT"]))
    assert "--rename ZZZ=…: the response has nothing of that name" in made.notes


def test_a_finished_name_is_renamed_before_a_printed_one():
    naming = Naming.of("-PERP", ["HYPE=STAKED"])
    spot = plain("hyperliquid-spot.json")
    made = hyperliquid(plain("hyperliquid-state.json"), spot, naming=naming).portfolio
    assert "STAKED" in rows(made.collateral)
    state = plain("hyperliquid-state.json")
    state["assetPositions"][1]["position"]["coin"] = "HYPE"
    both = hyperliquid(state, spot, naming=naming)
    assert "HYPE-PERP" in sizes(both)
    assert "STAKED" in rows(both.portfolio.collateral)


def test_a_name_that_cannot_be_says_which_old_it_wants():
    graph = plain("aave-subgraph.json")
    graph["data"]["userReserves"][0]["reserve"]["symbol"] = "Wrapped Ether"
    error = refused("wrong-value", aave, graph, says="makes no name")
    old = error.hint.removeprefix("--rename '").removesuffix("=NEW'")
    assert old.startswith("Wrapped Ether@0xaaaa")
    for given in (old, "Wrapped Ether"):
        assert rows(aave(graph, naming=Naming.of("", [f"{given}=WETH"])).portfolio.collateral)["WETH"]
    with pytest.raises(InputError, match="NEW of a renaming"):
        aave(graph, naming=Naming.of("", ["Wrapped Ether=W ETH"]))
    with pytest.raises(InputError, match="renamed twice"):
        Naming.of("", ["A=B", "A=C"])


@pytest.mark.parametrize("name", sorted(path.name for path in venues.FIXTURES.iterdir()))
def test_a_testnets_money_is_none(name, tmp_path):
    document = plain(name)
    if isinstance(document, list):
        return
    path = tmp_path / name
    for flag, fine in (("true", False), ("false", True)):
        path.write_text('{"testnet": ' + flag + "}")
        if fine:
            venues.Response.load(path)
        else:
            with pytest.raises(FileError, match="what a testnet holds is no money"):
                venues.Response.load(path)


ACCOUNTS = {
    "hyperliquid-state.json": (hyperliquid, [(), ("crossMarginSummary",), ("assetPositions", 0, "position")]),
    "hyperliquid-spot.json": (
        lambda spot: hyperliquid(plain("hyperliquid-state.json"), spot),
        [(), ("balances", 1)],
    ),
    "dydx-subaccount.json": (dydx, [("subaccount",), ("subaccount", "openPerpetualPositions", "BTC-USD")]),
    "aave-summary.json": (aave, [(), ("userReservesData", 0)]),
    "aave-pool.json": (aave, [(), ("userReserves", 0)]),
    "aave-subgraph.json": (aave, [("data",), ("data", "userReserves", 0)]),
    "derive-subaccount.json": (derive, [("result",), ("result", "positions", 0), ("result", "collaterals", 1)]),
    "deribit-positions.json": (lambda value: deribit(value, plain("deribit-summaries.json")), [("result", 0)]),
    "deribit-summaries.json": (
        lambda value: deribit(plain("deribit-positions.json"), value),
        [("result",), ("result", "summaries", 1)],
    ),
    "binance-account.json": (binance, [(), ("assets", 0), ("positions", 0)]),
    "binance-options-account.json": (
        lambda value: binance(plain("binance-account-v2.json"), (plain("binance-options.json"), value)),
        [("asset", 0)],
    ),
}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_value_under_a_key_of_next_year_is_not_left_out(name):
    make, where = ACCOUNTS[name]
    tried = 0
    for path in where:
        for key in ("lockedCollateral", "bonus_balance", "borrowedAmount", "marginCredit", "vaultDeposits"):
            for value in ("5", "-0.1", 7, [{"x": "1e-7"}], {"USDC": "3"}):
                tried += 1
                refused("not-understood", make, changed(plain(name), *path, key, to=value))
            for value in ("0", "0.000", 0, [], {}, "enabled", True, [{"x": "0"}]):
                assert make(changed(plain(name), *path, key, to=value)).portfolio == make(plain(name)).portfolio
        for key in ("borrowRate", "collateralFactor", "depositAddress", "balanceUpdateTime", "maxLoanToValueRatio"):
            make(changed(plain(name), *path, key, to="5"))
    print(f"{name}: {tried} amounts under unknown keys")
