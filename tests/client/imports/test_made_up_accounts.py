"""Accounts made up at random, printed as each venue does: each comes out worth what the venue says, or not at all.

Then one number of each is changed. An import that still goes through must be worth the venue's total and hold the sizes
that were there: whatever else was said, nothing was lost.
"""

import copy
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from zkmargin.kernel.errors import FileError

from ..conftest import SEED
from .venues import binance, deribit, derive, dydx, hyperliquid

COINS = {"BTC": (64000, 5), "ETH": (2700, 4), "SOL": (121, 2), "DOGE": (Fraction("0.0812"), 0)}


def rounded(value, places):
    """Return a number as a venue prints it: rounded, zeros at the end dropped."""
    units = round(Fraction(value) * 10**places)
    text = format(Decimal(units).scaleb(-places), "f")
    return text.rstrip("0").rstrip(".") + ".0" if "." in text and not text.rstrip("0")[-1].isdigit() else text


def significant(value, digits):
    """Return a price with so many significant digits."""
    return format(Decimal(f"{float(value):.{digits}g}"), "f")


def book(rng):
    """Return coins with their size, mark, and unrounded entry."""
    rows = []
    for coin in rng.sample(sorted(COINS), rng.randint(1, 4)):
        price, places = COINS[coin]
        mark = Fraction(significant(price * Fraction(rng.randint(800, 1200), 1000), 5))
        entry = mark * Fraction(rng.randint(8000, 12000), 10000) + Fraction(rng.randint(0, 999), 10**9)
        lots = rng.choice((-1, 1)) * rng.randint(1, 10 ** rng.randint(1, 5))
        rows.append((coin, Fraction(lots, 10**places), mark, entry))
    return rows


def money(rng):
    return Fraction(rng.randint(-(10**9), 10**11), 10**6)


def make_hyperliquid(rng):
    rows, wallet = book(rng), abs(money(rng)) + 10**7
    raw = wallet - sum(size * entry for _, size, _, entry in rows)
    gross = sum(abs(size) * mark for _, size, mark, _ in rows)
    worth = raw + sum(size * mark for _, size, mark, _ in rows)
    held = [
        {
            "type": "oneWay",
            "position": {
                "coin": coin,
                "szi": rounded(size, COINS[coin][1]),
                "leverage": {"type": "cross", "value": 10},
                "entryPx": significant(entry, 6),
                "positionValue": rounded(abs(size) * mark, 6),
                "unrealizedPnl": rounded(size * (mark - entry), 6),
            },
        }
        for coin, size, mark, entry in rows
    ]
    summary = {
        "accountValue": rounded(worth, 6),
        "totalNtlPos": rounded(gross, 6),
        "totalRawUsd": rounded(raw, 6),
        "totalMarginUsed": rounded(gross / 10, 6),
    }
    state = {"marginSummary": summary, "crossMarginSummary": dict(summary), "assetPositions": held}
    state["withdrawable"] = rounded(worth - gross / 10, 6)
    return state, hyperliquid, rows, worth, "{}-PERP"


def make_dydx(rng):
    rows, dollars = book(rng), money(rng)
    worth = dollars + sum(size * mark for _, size, mark, _ in rows)
    held = {}
    for coin, size, mark, entry in rows:
        printed = rng.choice((size, abs(size))) if size < 0 else size
        held[f"{coin}-USD"] = {
            "market": f"{coin}-USD",
            "status": "OPEN",
            "side": "LONG" if size > 0 else "SHORT",
            "size": rounded(printed, COINS[coin][1]),
            "entryPrice": rounded(entry, 16),
            "unrealizedPnl": rounded(size * (mark - entry), 12),
        }
    usdc = {"symbol": "USDC", "side": "LONG" if dollars >= 0 else "SHORT", "size": rounded(abs(dollars), 6)}
    inner = {"address": "dydx1", "subaccountNumber": 0, "equity": rounded(worth, 12)}
    inner |= {"openPerpetualPositions": held, "assetPositions": {"USDC": usdc}}
    return {"subaccount": inner}, dydx, rows, worth, "{}-PERP"


def make_binance(rng):
    rows, wallet = book(rng), money(rng)
    profits = [Fraction(rounded(size * (mark - entry), 8)) for _, size, mark, entry in rows]
    held = [
        {
            "symbol": f"{coin}USDT",
            "positionSide": rng.choice(("BOTH", "LONG" if size > 0 else "SHORT")),
            "positionAmt": rounded(size, COINS[coin][1]),
            "notional": rounded(size * mark, 8),
            "entryPrice": rounded(entry, 10),
            "unrealizedProfit": rounded(profit, 8),
            "isolated": False,
            "isolatedWallet": "0",
        }
        for (coin, size, mark, entry), profit in zip(rows, profits, strict=True)
    ]
    profit = sum(profits)
    asset = {
        "asset": "USDT",
        "walletBalance": rounded(wallet, 8),
        "unrealizedProfit": rounded(profit, 8),
        "marginBalance": rounded(wallet + profit, 8),
        "crossWalletBalance": rounded(wallet, 8),
        "crossUnPnl": rounded(profit, 8),
    }
    totals = {"totalWalletBalance": asset["walletBalance"], "totalUnrealizedProfit": asset["unrealizedProfit"]}
    totals |= {"totalMarginBalance": asset["marginBalance"], "totalCrossUnPnl": asset["crossUnPnl"]}
    return {**totals, "assets": [asset], "positions": held}, binance, rows, wallet + profit, "{}-PERP"


def make_derive(rng):
    rows, dollars = book(rng), money(rng)
    held, value = [], Fraction(0)
    for coin, size, mark, entry in rows:
        settled, funding = Fraction(rng.randint(-(10**6), 10**6), 10**3), Fraction(rng.randint(-999, 999), 10**4)
        worth = size * (mark - entry) - settled + funding
        value += worth
        held.append(
            {
                "instrument_name": f"{coin}-PERP",
                "instrument_type": "perp",
                "amount": rounded(size, COINS[coin][1]),
                "average_price": rounded(entry, 18),
                "mark_price": format(Decimal.from_float(float(mark)), "f"),
                "mark_value": format(Decimal.from_float(float(round(worth, 3))), "f"),
                "net_settlements": rounded(settled, 18),
                "pending_funding": rounded(funding, 18),
            }
        )
    usdc = {"asset_name": "USDC", "asset_type": "erc20", "amount": rounded(dollars, 6), "mark_price": "1"}
    usdc |= {"mark_value": rounded(dollars, 6), "pending_interest": "0"}
    whole = {
        "subaccount_id": 7,
        "positions": held,
        "collaterals": [usdc],
        "positions_value": format(Decimal.from_float(float(value)), "f"),
        "collaterals_value": rounded(dollars, 6),
        "subaccount_value": format(Decimal.from_float(float(value + dollars)), "f"),
    }
    return {"result": whole}, derive, rows, value + dollars, "{}-PERP"


def make_deribit(rng):
    rows, balance = book(rng), money(rng)
    profit = sum(size * (mark - entry) for _, size, mark, entry in rows)
    held = [
        {
            "instrument_name": f"{coin}_USDC-PERPETUAL",
            "kind": "future",
            "direction": "buy" if size > 0 else "sell",
            "average_price": rounded(entry, 6),
            "mark_price": rounded(mark, 6),
            "index_price": rounded(mark, 6),
            "size": rounded(rng.choice((size, size * mark)), 6),
            "size_currency": rounded(size, COINS[coin][1]),
            "total_profit_loss": rounded(size * (mark - entry), 6),
            "floating_profit_loss": rounded(profit / 3, 6),
        }
        for coin, size, mark, entry in rows
    ]
    summary = {"currency": "USDC", "balance": rounded(balance, 6), "equity": rounded(balance + profit, 6)}
    summary |= {"session_rpl": "0.0", "futures_session_upl": rounded(profit, 6), "options_value": "0.0"}
    summary |= {"delta_total_map": {f"{coin.lower()}_usdc": rounded(size, 6) for coin, size, _, _ in rows}}
    together = {"positions": {"result": held}, "summary": {"result": summary}}
    return (
        together,
        lambda both: deribit(both["positions"], both["summary"]),
        rows,
        balance + profit,
        "{}_USDC-PERPETUAL",
    )


MAKERS = {"hyperliquid": make_hyperliquid, "dydx": make_dydx, "binance": make_binance}
MAKERS |= {"derive": make_derive, "deribit": make_deribit}


def numbers(value, path=()):
    """Return the paths of every number."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from numbers(value[key], (*path, key))
    elif isinstance(value, str):
        try:
            Decimal(value)
        except ArithmeticError:
            return
        yield path


def lied(document, path, rng):
    """Return the document with one number of another sign, unit or magnitude."""
    made = copy.deepcopy(document)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    factor = rng.choice((Decimal(-1), Decimal(10), Decimal("0.1"), Decimal("1e6"), Decimal("1.25"), Decimal(0)))
    inner[path[-1]] = format(Decimal(inner[path[-1]]) * factor, "f")
    return made


def worth_of(made, rows, name):
    held = made.portfolio
    marks = {name.format(coin): mark for coin, _, mark, _ in rows}
    return Fraction(held.cash) + sum(
        Fraction(p.size) * (marks[p.name] - Fraction(p.entry_price)) for p in held.positions
    )


@pytest.mark.parametrize("venue", MAKERS)
def test_a_made_up_account_is_worth_what_the_venue_says_and_a_lie_changes_nothing(venue):
    rng = random.Random(f"{SEED} {venue}")
    accounts = lies = refusals = 0
    for _ in range(60):
        document, read, rows, worth, name = MAKERS[venue](rng)
        sizes = {name.format(coin): size for coin, size, _, _ in rows}
        gross = sum(abs(size) * mark for _, size, mark, _ in rows)
        slack = Fraction(1, 50) + (abs(worth) + gross) * Fraction(2, 10**6)
        made = read(document)
        accounts += 1
        assert {p.name: Fraction(p.size) for p in made.portfolio.positions} == sizes
        assert abs(worth_of(made, rows, name) - worth) <= slack
        places = list(numbers(document))
        for path in rng.sample(places, min(12, len(places))):
            lie = lied(document, path, rng)
            lies += 1
            try:
                made = read(lie)
            except FileError:
                refusals += 1
                continue
            # A size may be another where what it changes is less than the venue prints: dust at its entry price.
            now = {p.name: Fraction(p.size) for p in made.portfolio.positions}
            assert now.keys() == sizes.keys()
            for coin, size, mark, entry in rows:
                assert abs(now[name.format(coin)] - size) * abs(mark - entry) <= slack, path
            assert abs(worth_of(made, rows, name) - worth) <= slack, path
    print(f"{venue}: {accounts} accounts, {refusals} of {lies} lies refused, the others said nothing, seed {SEED}")
    assert refusals > lies // 3
