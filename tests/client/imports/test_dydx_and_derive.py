"""A subaccount that is not whole, or is several, is margin that is not there."""

from decimal import Decimal
from fractions import Fraction

import pytest

from .venues import changed, derive, dydx, plain, refused, sizes


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
