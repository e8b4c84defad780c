"""A unified account's cash counted twice, or an isolated margin lent to another account, is money that is not there."""

from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.kernel.errors import InputError

from .venues import changed, hyperliquid, plain, refused, rows


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


def test_a_strangers_token_called_usdc_is_no_cash_and_no_collateral():
    """Whoever lists a token names it: fifty thousand of one's own USDC would be fifty thousand dollars of margin."""
    own = {"coin": "USDC", "token": 777, "total": "50000.0", "hold": "0.0", "entryNtl": "0.0"}
    state, spot = unified()
    alone = changed(changed(state, "withdrawable", to="22.5"), "crossMarginSummary", "totalMarginUsed", to="130.0")
    assert hyperliquid(alone, {"balances": [{**own, "token": 0}]}).portfolio.collateral
    refused("not-understood", hyperliquid, alone, {"balances": [own]}, says="another token under its name")
    spot["balances"].append(own)
    refused("not-understood", hyperliquid, state, spot)
    refused(
        "not-understood",
        hyperliquid,
        state,
        changed(spot, "tokenToAvailableAfterMaintenance", to=None),
        mode="unifiedAccount",
    )


def test_cash_in_another_collateral_token_is_not_read_as_dollars():
    summary = {"accountValue": "1000.0", "totalNtlPos": "0.0", "totalRawUsd": "1000.0", "totalMarginUsed": "0.0"}
    state = {
        "marginSummary": summary,
        "crossMarginSummary": summary,
        "withdrawable": "1000.0",
        "assetPositions": [],
        "collateralToken": 0,
    }
    assert hyperliquid(state).portfolio.cash == 1000
    refused("not-understood", hyperliquid, {**state, "collateralToken": 360}, says="another asset")
