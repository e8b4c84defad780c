"""Lost if these fail: a rule is not its venue's at one of the cases that the venue's own tests hold it to.

Every case agrees to the venue's digit, or stands with a reason that docs/rules.md gives; none is wrong. The counts are
printed, and pinned: they are those of docs/rules.md. Derive's are in tests/client/families.
"""

from collections import Counter
from fractions import Fraction

import pytest

from zkmargin.circuits.language.language import Constant, Unit
from zkmargin.circuits.language.language import evaluate as value_of
from zkmargin.circuits.model import Holdings, Shape
from zkmargin.circuits.rules.drift import asset_weight, liability_weight
from zkmargin.circuits.rules.dydx_v4 import imf_increase
from zkmargin.circuits.rules.registry import family
from zkmargin.circuits.statements.engine import Evaluation, evaluate

from .test_venue_figures import account, tables
from .venue_tables import (
    AAVE_BORROWS,
    AAVE_HEALTH,
    BINANCE,
    DRIFT_DEPOSITS,
    DRIFT_FILL,
    DRIFT_LEVERAGE,
    DRIFT_LEVERED_COLLATERAL,
    DRIFT_POSITIONS,
    DRIFT_PROFITS,
    DRIFT_WEIGHTS,
    DYDX_DIVISORS,
    DYDX_FRACTIONS,
    DYDX_INITIAL,
    DYDX_LIQUIDATABLE,
    DYDX_MARGINS,
    HYPERLIQUID_BORROWS,
    HYPERLIQUID_MARGINS,
    HYPERLIQUID_PRICES,
    SYNTHETIX_HELD,
    SYNTHETIX_MARGINS,
    SYNTHETIX_PRICES,
    SYNTHETIX_REWARDS,
    SYNTHETIX_WALLET,
    SYNTHETIX_WITHOUT_POSITIONS,
    WEI,
)

DOCUMENTED = "documented"


def exact(rule, shape, holdings, **values):
    """Return the evaluation at cells of any fineness; what is not named is zero or its least."""
    schema = family(rule).schema_of(shape)
    given = {name.replace("_at_", "."): value for name, value in values.items()}
    cells = {
        name: [given.get(cell.name.partition(".")[2], max(0, cell.minimum)) for cell in specs]
        for name, specs in schema.tables
    }
    assert set(given) <= {cell.name.partition(".")[2] for _, specs in schema.tables for cell in specs}
    return Evaluation(schema, holdings, cells)


def money(result, value):
    return Fraction(value) / result.scale


def dydx():
    """Yield whether each case agrees, or that it is documented."""
    schema = family("dydx-v4").schema_of(Shape(1, 0, 0))

    def required(size, level, **cells):
        levels = {"initial": {"scaled_at_0": 1, "fraction_at_0": 10**6}, "maintenance": {"imf_increase_at_0": 0}}
        made = tables(schema, **{"divisor_at_0": 1, **cells, **levels[level]})
        result = evaluate(schema, account(schema, sizes=[size]), *made)
        return money(result, result.requirement)

    for exponent, resolution, price, size, base, share, held, lower, upper, initial, maintenance in DYDX_MARGINS:
        if not price or initial is None:  # a file's price is above zero; integers beyond the cell and the holding
            assert not price or (price > schema.cells("market")[0].maximum and size > schema.holdings[1].maximum)
            yield DOCUMENTED
            continue
        notional = held * price * 10 ** (exponent + resolution + 12) // 10**6
        cells = {"price_at_0": price, "imf_at_0": base, "divisor_at_0": 10 ** -(exponent + resolution + 6)}
        if exponent + resolution + 6 > 0:  # more quote quantums a base quantum than the price has units
            cells |= {"price_at_0": price * 10 ** (exponent + resolution + 6), "divisor_at_0": 1}
        increase = imf_increase(notional, lower, upper, base)
        yield (
            required(size, "initial", **cells, imf_increase_at_0=increase) == initial
            and required(size, "maintenance", **cells, fraction_at_0=share) == maintenance
        )
    for exponent, resolution in DYDX_DIVISORS:
        assert not 0 <= -(exponent + resolution + 6) <= 9
        yield DOCUMENTED
    for base, notional, held, lower, upper, initial in DYDX_INITIAL:
        increase = imf_increase(held, lower, upper, base)
        yield required(notional, "initial", price_at_0=1, imf_at_0=base, imf_increase_at_0=increase) == initial
    for held, lower, upper, fraction in DYDX_FRACTIONS:
        yield 200_000 + imf_increase(held, lower, upper, 200_000) == fraction
    for net, requirement, liquidatable in DYDX_LIQUIDATABLE:
        held = account(schema, cash=net - requirement, sizes=[requirement])
        made = tables(schema, price_at_0=1, divisor_at_0=1, imf_at_0=10**6, fraction_at_0=10**6)
        short = evaluate(schema, held, *made).surplus < 0
        yield DOCUMENTED if (net, requirement) == (-100, 0) and short else short is liquidatable


def drift():
    for liability, size, imf, weight, weighed in DRIFT_WEIGHTS:
        function = liability_weight if liability else asset_weight
        units = Constant(weight, Unit.of(decimals=4)), Constant(imf, Unit.of(decimals=6))
        yield value_of(function(Constant(size), *units), None) == weighed
    schema = family("drift").schema_of(Shape(1, 0, 0))
    for size, entry, price, ratio, imf, weight, initial, margin, profit, counted in DRIFT_POSITIONS:
        held = account(schema, sizes=[size], entries=[entry])
        cap = 10**8 if initial else (1 << 60) - 1
        cells = {"price_at_0": price, "ratio_at_0": ratio, "imf_at_0": imf}
        cells |= {"profit_weight_at_0": weight, "profit_cap_at_0": cap}
        result = evaluate(schema, held, *tables(schema, **cells))
        yield money(result, result.equity) == counted
        yield DOCUMENTED if margin == "prediction" else money(result, result.requirement) == margin
        if profit is not None:
            whole = {"profit_weight_at_0": 10**4, "profit_cap_at_0": (1 << 60) - 1}
            uncapped = evaluate(schema, held, *tables(schema, **{**cells, **whole}))
            yield money(uncapped, uncapped.equity) == profit
    schema = family("drift").schema_of(Shape(1, 1, 1))  # a long of 100 at 100, as much owed at 1.1
    cells = {"price_at_0": 10**8, "ratio_at_0": 500, "asset_price_at_0": 10**8, "debt_weight_at_0": 11_000}
    held = account(schema, sizes=[100 * 10**9], debts=[100 * 10**9], collateral=[0])
    result = evaluate(schema, held, *tables(schema, **cells))
    yield money(result, result.requirement) == 11_500_000_000
    yield from drift_not_modelled()


def drift_not_modelled():
    """Documented means that the rule errs on the side that docs/rules.md says; anything else is wrong."""
    schema = family("drift").schema_of(Shape(1, 1, 1))
    for imf, weight in DRIFT_FILL:
        units = Constant(10**14), Constant(imf, Unit.of(decimals=6))
        low, high = (
            value_of(asset_weight(units[0], Constant(level, Unit.of(decimals=4)), units[1]), None)
            for level in (1_500, 7_500)
        )
        yield DOCUMENTED if low <= weight <= high else False
    for weight in DRIFT_DEPOSITS:
        yield True if weight == 9_000 else DOCUMENTED if weight < 9_000 else False
    for profit, weight in DRIFT_PROFITS:
        held = account(schema, sizes=[0], collateral=[0], debts=[0], entries=[max(-profit, -(1 << 50))])
        result = evaluate(schema, held, *tables(schema, profit_weight_at_0=10**4, profit_cap_at_0=10**8))
        counted = min(profit * weight // 10**4, 10**8)
        yield DOCUMENTED if money(result, result.equity) == counted == 10**8 else False
    cells = {"price_at_0": 10**8, "ratio_at_0": 1_000, "asset_price_at_0": 10**8, "debt_weight_at_0": 12_000}
    held = account(schema, sizes=[100 * 10**9], debts=[100 * 10**9], collateral=[0])
    for margin in DRIFT_LEVERAGE:
        result = evaluate(schema, held, *tables(schema, **cells))
        yield DOCUMENTED if money(result, result.requirement) == 13_000_000_000 < margin else False
    held = account(schema, sizes=[0], debts=[0], collateral=[100 * 10**9])
    result = evaluate(schema, held, *tables(schema, asset_price_at_0=10**8, asset_weight_at_0=8_000))
    yield DOCUMENTED if money(result, result.equity) == 8_000_000_000 > DRIFT_LEVERED_COLLATERAL else False


def synthetix():
    for value, cost, floor, cap, windows, further, paid in SYNTHETIX_REWARDS:
        holdings = Holdings(0, (windows,), (), ())
        share = Fraction(value * 10**6, windows)  # of a price of one
        cells = {"price_at_0": 1, "share_at_0": share, "window_at_0": 1, "flagging_cost": cost}
        cells |= {"reward_floor": floor, "reward_cap": cap, "window_reward": further}
        result = exact("synthetix-v3", Shape(1, 0, 0), holdings, **cells)
        yield money(result, result.requirement) == paid
    for positions, scalar, floor, cap, required in SYNTHETIX_MARGINS:
        shape, cells = Shape(max(1, len(positions)), 0, 0), {"reward_floor": floor, "reward_cap": cap}
        for i, (_, price, impact, least, minimum, share) in enumerate(positions):
            cells |= {f"price_at_{i}": price, f"impact_at_{i}": impact * scalar * WEI, f"minimum_at_{i}": minimum}
            cells |= {f"rate_at_{i}": least * scalar * 10**6, f"share_at_{i}": share * 10**6, f"window_at_{i}": 10**9}
        sizes = tuple(size for size, *_ in positions) or (0,)
        result = exact("synthetix-v3", shape, Holdings(0, sizes, (), ()), **cells)
        yield money(result, result.requirement) == required
    paid = [gain - size * price for (size, price, *_), gain in zip(SYNTHETIX_HELD, SYNTHETIX_PRICES[0][1], strict=True)]
    sizes = tuple(size for size, *_ in SYNTHETIX_HELD)
    for prices, gains, minimum, margin, liquidatable in SYNTHETIX_PRICES:
        cells = {f"price_at_{i}": price for i, price in enumerate(prices)} | {"minimum_at_4": minimum}
        for i, (_, _, impact, least) in enumerate(SYNTHETIX_HELD):
            cells |= {f"impact_at_{i}": impact * WEI / 2, f"rate_at_{i}": least * 10**6 / 2, f"window_at_{i}": 10**9}
        for i, gain in enumerate(gains):
            alone = Holdings(paid[i], tuple(size if k == i else 0 for k, size in enumerate(sizes)), (), ())
            result = exact("synthetix-v3", Shape(5, 0, 0), alone, **cells)
            yield money(result, result.equity) == gain
        whole = Holdings(SYNTHETIX_WALLET + sum(paid), sizes, (), ())
        result = exact("synthetix-v3", Shape(5, 0, 0), whole, **cells)
        yield money(result, result.equity) == margin
        yield (result.surplus < 0) is liquidatable
    for _ in range(SYNTHETIX_WITHOUT_POSITIONS):
        rewards = {"flagging_cost": 8, "reward_floor": 10, "reward_cap": 100}
        result = exact("synthetix-v3", Shape(1, 0, 0), Holdings(-1, (0,), (), ()), **rewards, window_at_0=1)
        yield DOCUMENTED if result.requirement == 0 else False


def hyperliquid():
    """Each price alone in its account, and beside slots that hold nothing: isolated and cross."""
    for line in HYPERLIQUID_PRICES.split("\n"):
        if not line:
            continue
        leverage, entry, size, wallet, liquidation = map(Fraction, line.split())
        for slots in (1, 3):
            sizes = (size, *[Fraction(0)] * (slots - 1))
            holdings = Holdings(wallet - size * entry, sizes, (), ())

            def surplus(price, holdings=holdings, slots=slots, leverage=leverage):
                cells = {"price_at_0": price, "rate_at_0.0": Fraction(10**6, 2 * leverage)}
                return exact("cross-margin", Shape(slots, 0, 0, 1), holdings, **cells).surplus

            side = 1 if size > 0 else -1
            near, far = liquidation * (1 - side * Fraction(1, 10**4)), liquidation * (1 + side * Fraction(1, 10**4))
            yield surplus(near) < 0 <= surplus(far)
    for size, price, rate, margin in HYPERLIQUID_MARGINS:
        held = Holdings(0, (size,), (), ())
        cells = {"price_at_0": price, "rate_at_0.0": rate * 10**6}
        result = exact("cross-margin", Shape(1, 0, 0, 1), held, **cells)
        yield money(result, result.requirement) == margin
    for amount, price, factor, owed, may in HYPERLIQUID_BORROWS:
        yield (lending(amount * price, factor, owed).surplus >= 0) is may


def lending(collateral, factor, debt):
    shape = Shape(0, 1, 1, None, (("groups", 0),))
    cells = {"asset_price_at_0": 1, "factor_at_0": factor * 10**4}
    return exact("collateral-factor", shape, Holdings(0, (), (collateral,), (debt,)), **cells)


def aave():
    for collateral, factor, debt, health in AAVE_HEALTH:
        result = lending(collateral, factor, debt)
        if health is None:  # nothing is owed: margin is met, and the health factor is no number
            yield DOCUMENTED if result.surplus > 0 else False
        else:
            yield Fraction(result.equity) / result.requirement == health
    for collateral, factor, debt, more in AAVE_BORROWS:
        yield max(0, lending(collateral, factor, debt).surplus) == more


def binance():
    for tiers, collateral, counted in BINANCE:
        if any(end % 100 for end, _ in tiers):  # a tier's end is a whole hundred of money units
            yield DOCUMENTED
            continue
        schema = family("tiered-haircut").schema_of(Shape(0, 1, 0, len(tiers)))
        cells = {f"haircut_at_0.{k}": 100 - percent for k, (_, percent) in enumerate(tiers)}
        cells |= {f"hundreds_at_0.{k}": end // 100 for k, (end, _) in enumerate(tiers)}
        made = tables(schema, asset_price_at_0=1, **cells)
        result = evaluate(schema, account(schema, collateral=[collateral]), *made)
        yield money(result, result.equity) == counted


COUNTS = {  # agree, documented: the table of docs/rules.md
    "dYdX": (dydx, 35, 16),
    "Drift": (drift, 28, 17),
    "Synthetix": (synthetix, 49, 2),
    "Hyperliquid": (hyperliquid, 70, 0),
    "Aave": (aave, 7, 1),
    "Binance": (binance, 18, 2),
}


@pytest.mark.parametrize("venue", COUNTS)
def test_a_venues_own_cases_agree_or_are_documented(venue, tally, say):
    cases, agree, documented = COUNTS[venue]
    found = Counter(cases())
    tally("VENUE", f"{venue}: the venue's own cases", found.total(), found[False])
    say(f"{venue}: agree {found[True]}, documented {found[DOCUMENTED]}, wrong {found[False]}")
    assert (found[True], found[DOCUMENTED], found[False]) == (agree, documented, 0)
