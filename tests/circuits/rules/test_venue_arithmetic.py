"""Lost if these fail: a rule that claims a venue's integers differs from them somewhere between the published cases.

Each venue's own steps are written out again, rounding where it rounds, on plain integers and without the rule language,
and held against the engine on random accounts. Sources: the files named in the rules' docstrings.
"""

from fractions import Fraction
from math import isqrt

import pytest

from zkmargin.circuits.model import Shape
from zkmargin.circuits.rules.dydx_v4 import imf_increase
from zkmargin.circuits.rules.registry import family
from zkmargin.circuits.statements.engine import evaluate

from .test_venue_figures import account, tables


def spread(rng, bits):
    """Return a number of any length up to `bits`."""
    return rng.randrange(1 << rng.randint(1, bits))


def toward_zero(numerator, divisor):
    return numerator // divisor if numerator >= 0 else -(-numerator // divisor)


def up(numerator, divisor):
    return -(-numerator // divisor)


def test_dydx_net_collateral_and_both_margins(rng, size, say):
    schema = family("dydx-v4").schema_of(Shape(3, 0, 0))
    rounded = 0
    for _ in range(size(1000, 20_000)):
        cash, perps, cells, worth = rng.randint(-(10**12), 10**12), [], {}, {"initial": 0, "maintenance": 0}
        net = cash * 10**6
        for i in range(3):
            size_, price, divisor = rng.choice([-1, 1]) * spread(rng, 48), spread(rng, 40), 10 ** rng.randint(0, 9)
            base, fraction, funding = rng.randint(0, 10**6), rng.randint(0, 10**6), rng.randint(-(10**9), 10**9)
            lower = spread(rng, 50)
            interest, upper = spread(rng, 50), rng.choice([0, lower + spread(rng, 50)])
            notional = abs(size_) * price // divisor
            net += toward_zero(size_ * price, divisor) * 10**6 - size_ * funding
            increase = imf_increase(interest, lower, upper, base)
            worth["initial"] += up(notional * (base + increase), 10**6)
            worth["maintenance"] += up(up(notional * base, 10**6) * fraction, 10**6)
            rounded += abs(size_) * price % divisor > 0
            perps.append(size_)
            cells |= {f"price_at_{i}": price, f"funding_at_{i}": funding, f"divisor_at_{i}": divisor}
            cells |= {f"imf_at_{i}": base, f"imf_increase_at_{i}": increase, f"fraction_at_{i}": fraction}
        holdings = account(schema, cash=cash, sizes=perps)
        for level, margin in worth.items():
            change = {f"scaled_at_{i}": int(level == "initial") for i in range(3)}
            if level == "initial":
                change |= {f"fraction_at_{i}": 10**6 for i in range(3)}
            result = evaluate(schema, holdings, *tables(schema, **{**cells, **change}))
            assert result.scale == 10**6
            assert (result.equity, result.requirement) == (net, margin * 10**6)
            # The venue floors funding to a quantum; the rest is whole, so that changes no verdict.
            assert (result.surplus >= 0) is (net // 10**6 - margin >= 0)
    say(f"dYdX: {rounded} rounded notionals")
    assert rounded > 100


def drift_liability(size, imf, weight):
    if imf == 0:
        return weight
    premium = isqrt(size * 10 + 1) * imf // (100_000 * 10**6 // 10_000)
    return max(weight, weight - weight // 5 + premium)


def drift_asset(size, imf, weight):
    if imf == 0:
        return weight
    divided = (10**6 + 10**6 // 10) * 10_000 // (10**6 + isqrt(size * 10 + 1) * imf // 100_000)
    return min(weight, divided)


def drift_profit(profit, weight, cap):
    """Return what a profit counts for, in 10^-4 of the quote's smallest unit; the program cuts that to whole ones."""
    return min(profit * weight, cap * 10_000) if profit > 0 else profit * 10_000


def test_drift_collateral_and_margin(rng, size, say):
    schema = family("drift").schema_of(Shape(2, 2, 2))
    premiums = discounts = capped = 0
    for _ in range(size(1500, 20_000)):
        cash, cells = rng.randint(-(10**12), 10**12), {}
        sizes, held, owed, entries = [], [], [], []
        total, margin, profits = cash, 0, 0
        for i in range(2):
            base, price, funding = rng.choice([-1, 1]) * spread(rng, 50), spread(rng, 40), rng.randint(-(10**9), 10**9)
            ratio, imf = rng.randint(0, 20_000), rng.choice([0, spread(rng, 20)])
            entry = toward_zero(base * price, 10**9) - rng.choice([-1, 1]) * spread(rng, 50)
            entry = max(-(1 << 50), min(entry, (1 << 50) - 1))
            profit_weight, cap = rng.choice([0, 10_000, rng.randint(0, 10_000)]), rng.choice([10**8, spread(rng, 60)])
            profit = (toward_zero(base * price, 10**9) - entry) * 10**9 - base * funding
            profits += drift_profit(profit, profit_weight, cap * 10**9)
            capped += profit * profit_weight > cap * 10**13
            entries.append(entry)
            cells |= {f"profit_weight_at_{i}": profit_weight, f"profit_cap_at_{i}": cap}
            weight = drift_liability(abs(base), imf, ratio)
            premiums += weight > ratio
            margin += abs(base) * price // 10**9 * weight // 10_000
            sizes.append(base)
            cells |= {f"price_at_{i}": price, f"funding_at_{i}": funding, f"ratio_at_{i}": ratio, f"imf_at_{i}": imf}
        for i in range(2):
            decimals, price, index = rng.randint(5, 9), spread(rng, 40), rng.randint(10**9, 4 * 10**9)
            precise = 10 ** (9 - decimals)
            amount, shares = spread(rng, 50), spread(rng, 45)
            weight, imf = rng.randint(0, 10_000), rng.choice([0, spread(rng, 20)])
            counted = drift_asset(amount * precise, imf, weight)
            discounts += counted < weight
            total += amount * price // 10**decimals * counted // 10_000
            debt_weight, debt_imf = rng.randint(10_000, 20_000), rng.choice([0, spread(rng, 20)])
            tokens = up(shares * index, 10**9)
            counted = drift_liability(tokens * precise, debt_imf, debt_weight)
            margin += up(tokens * price, 10**decimals) * counted // 10_000
            held.append(amount)
            owed.append(shares)
            cells |= {f"asset_price_at_{i}": price, f"borrow_index_at_{i}": index, f"scale_at_{i}": precise}
            cells |= {f"asset_weight_at_{i}": weight, f"asset_imf_at_{i}": imf}
            cells |= {f"debt_weight_at_{i}": debt_weight, f"debt_imf_at_{i}": debt_imf}
        holdings = account(schema, cash=cash, sizes=sizes, collateral=held, debts=owed, entries=entries)
        result = evaluate(schema, holdings, *tables(schema, **cells))
        assert result.scale == 10**13
        assert (result.equity, result.requirement) == (total * 10**13 + profits, margin * 10**13)
    say(f"Drift: {premiums} premiums, {discounts} discounts, {capped} capped profits")
    assert min(premiums, discounts, capped) > 100


def binance_value(value, tiers):
    """Return what a value counts for, tier by tier, each tier's part floored."""
    counted = start = 0
    for end, percent in tiers:
        counted += max(0, min(value, end) - start) * percent // 100
        start = end
    return counted


def test_binance_tier_by_tier(rng, size):
    schema, saturated = family("tiered-haircut").schema_of(Shape(0, 1, 0, 4)), 0
    for _ in range(size(2000, 20_000)):
        top = spread(rng, 60)
        ends = sorted(100 * rng.randint(0, top) for _ in range(4))
        percents = sorted((rng.randint(0, 100) for _ in range(4)), reverse=True)
        amount, price = spread(rng, 40), spread(rng, 28)
        value = rng.choice([amount * price, ends[rng.randrange(4)] + rng.randint(-1, 1)])
        amount, price = (amount, price) if value == amount * price else (max(0, value) % (1 << 56), 1)
        saturated += amount * price > ends[-1]
        cells = {f"haircut_at_0.{k}": 100 - percent for k, percent in enumerate(percents)}
        cells |= {f"hundreds_at_0.{k}": end // 100 for k, end in enumerate(ends)}
        holdings = account(schema, collateral=[amount])
        result = evaluate(schema, holdings, *tables(schema, asset_price_at_0=price, **cells))
        counted = binance_value(amount * price, list(zip(ends, percents, strict=True)))
        assert result.equity == counted * result.scale
    assert saturated > 20


@pytest.mark.parametrize("level", ["initial", "maintenance"])
def test_synthetix_within_what_18_decimals_cut(level, rng, size):
    """The venue cuts each product at 10^-18: it asks for less than this rule by no more than its products can lose."""
    schema = family("synthetix-v3").schema_of(Shape(1, 0, 0))
    wei, lot, held = 10**18, 10**15, 0
    for _ in range(size(1500, 20_000)):
        lots, price = spread(rng, 36), spread(rng, 28)
        skew_scale, least = (1 + spread(rng, 30)) * 10**16, rng.randint(0, 10**6)
        ratio = rng.randrange(1, 10 * wei)
        scalar = wei if level == "initial" else rng.randint(0, 10**6) * 10**12
        minimum = spread(rng, 50)
        impact = up(ratio * scalar * lot, skew_scale * wei)
        if not impact < 1 << 48:
            continue
        rate = up(least * scalar, wei)
        cells = {"price_at_0": price, "impact_at_0": impact, "rate_at_0": rate, "minimum_at_0": minimum}
        result = evaluate(schema, account(schema, sizes=[lots]), *tables(schema, window_at_0=10**9, **cells))
        ours = Fraction(result.requirement, result.scale)
        size18 = lots * lot
        initial = size18 * wei // skew_scale * ratio // wei + least * 10**12
        margin_ratio = initial if level == "initial" else initial * scalar // wei
        price18 = price * wei // 10**8 * wei // lot  # price cells are 10^-8 a lot
        theirs = Fraction(size18 * price18 // wei * margin_ratio // wei, 10**10) + (minimum if lots else 0)
        assert theirs <= ours
        notional = lots * price
        cell = notional * (Fraction(lots, wei) + Fraction(1, 10**6))  # impact and rate are rounded up once
        assert ours - theirs <= cell + notional * Fraction(4, wei) * (1 + ratio // wei) + 1
        held += lots > 0 and notional > 0
    assert held > 500
