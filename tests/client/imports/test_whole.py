"""An import that leaves something out, or reads a size in another unit, proves an account that nobody has."""

import copy
from decimal import Decimal

import pytest

from zkmargin.kernel.errors import FileError

from . import venues
from .venues import aave, binance, changed, deribit, derive, dydx, hyperliquid, plain, refused, sizes

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
