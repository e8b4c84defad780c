"""Two assets under one name are priced as one; a renaming that misses leaves the wrong one."""

import pytest

from zkmargin.client.imports import Naming
from zkmargin.kernel.errors import InputError

from .venues import aave, binance, derive, dydx, hyperliquid, plain, refused, rows, sizes


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
