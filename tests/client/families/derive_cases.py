"""Derive's published cases as tables and holdings of ours.

A case is a few numbers in words of our own. Amounts are taken as the venue has them, to the last digit: fractions of a
lot, which the engine evaluates as well as whole ones.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from zkmargin.circuits.model import LEVELS, Holdings
from zkmargin.circuits.rules.derive_pmrm2_schema import strikes_of
from zkmargin.circuits.rules.derive_srm_schema import expiry_strikes
from zkmargin.circuits.statements.engine import Evaluation
from zkmargin.client.files.cells import Cells
from zkmargin.client.files.rule_files import family_files, schema_of
from zkmargin.client.files.tables import Tables

NOW = datetime(2025, 1, 1, tzinfo=UTC)
HEAD = {"venue": "derive", "as_of": "2025-01-01T00:00:00Z", "sources": {"*": "the venue's published cases"}}
LOTS = 1000  # a lot is a thousandth of everything

SHOCKS = [
    (spot, vol) for spot in ("1.135", "1.09", "1.045", "1", "0.955", "0.91", "0.865") for vol in ("down", "none", "up")
]
TAILS = [("0.34", "0.054545454545454536"), ("0.67", "0.10909090909090907"), ("1.5", "0.072")]
TAILS += [("2", "0.036"), ("3", "0.018"), ("4", "0.011999999999999999")]
SCENARIOS = [("1.18", "up", "1"), *((spot, vol, "1") for spot, vol in SHOCKS), ("0.82", "up", "1")]
SCENARIOS += [(spot, "up", weight) for spot, weight in TAILS]
SKEWS = [("1", "linear", "1"), ("1", "absolute", "1")]
PARAMETERS = {
    "vol_shock": dict(
        range_up="0.5", range_down="0.275", short_power="0.3", long_power="0.13", floor_days="1", minimum_up="0.45"
    ),
    "skew_shock": dict(
        linear_cap="0.15",
        linear_slope="-0.05",
        absolute_cap="0.15",
        absolute_slope="-0.05",
        minimum_k="0.01",
        width="4",
        vol_base="0.6",
        vol_slope="-0.1",
    ),
    "margin": dict(
        initial_factor="1",
        maintenance_factor="0.8",
        long_discount="0.95",
        short_discount="1.04",
        long_rate_factor="1",
        short_rate_factor="0.5",
        long_rate_spread="0.08",
        short_rate_spread="0.08",
    ),
    "basis": dict(up="1.045", down="0.955", add="0.5", multiple="2"),
    "contingencies": dict(
        perp_maintenance="0.015",
        perp_initial="0.005",
        naked_maintenance="0.003",
        naked_initial="0.002",
        peg_threshold="0.98",
        peg_factor="2",
        confidence_threshold="0.55",
        confidence_factor="1",
    ),
}


@dataclass(frozen=True)
class Expiry:
    """Forward, rate and least confidence; strike -> (volatility, calls, puts)."""

    seconds: int
    forward: str
    rate: str
    confidence: str
    strikes: dict


@dataclass(frozen=True)
class Pmrm2Case:
    """A portfolio under PMRM 2, in the quote; collateral is (amount, price, confidence, haircuts, cancels risk)."""

    initial: str
    maintenance: str
    spot: str
    stable: str = "1.00019088635"
    confidence: str = "1"
    cash: str = "0"
    perp: tuple | None = None  # size, price, confidence
    collateral: tuple = ()
    expiries: tuple = ()
    scenarios: tuple = (*SCENARIOS, *SKEWS)
    changes: dict = field(default_factory=dict)


def pmrm2(case):
    """Return (tables, holdings) of a case, made through the files' own models."""
    groups = sorted(case.expiries, key=lambda expiry: -len(expiry.strikes))
    most = max((len(expiry.strikes) for expiry in groups), default=1)
    count = max(1, len(groups))
    skews = sum(vol in ("linear", "absolute") for _, vol, _ in case.scenarios)
    shape = {"positions": 1 + 2 * count * most, "collateral": len(case.collateral), "debts": 0}
    shape |= {"expiries": count, "strikes": count * most, "scenarios": len(case.scenarios) - skews, "skews": skews}
    steps = [_asset_lots(price) for _, price, *_ in case.collateral]
    perp = case.perp or ("0", "1000", "1")  # the venue does not look at a perpetual that is not held
    parameters = {
        **HEAD,
        "schema": "zkmargin/parameters/1",
        "rule": "derive-pmrm2",
        "shape": shape,
        "quote": {"asset": "USDC", "decimals": 6},
        "perpetual": "PERP",
        "underlying": {"name": "COIN", "size_step": "0.001", "price_tick": "0.01"},
        "expiries": [
            {"name": str(e.seconds), "expires": _after(e.seconds), "strikes": sorted(e.strikes, key=Decimal)}
            for e in groups
        ],
        "assets": [
            {
                "name": f"A{i}",
                "size_step": plain_decimal(Fraction(1, step)),
                "price_tick": "0.01",
                "maintenance_haircut": maintenance,
                "initial_haircut": initial,
                "cancels_risk": cancels,
            }
            for i, (step, (_, _, _, maintenance, initial, cancels)) in enumerate(
                zip(steps, case.collateral, strict=True)
            )
        ],
        "scenarios": [{"spot": spot, "vol": vol, "dampening": weight} for spot, vol, weight in case.scenarios],
        **{name: {**values, **case.changes.get(name, {})} for name, values in PARAMETERS.items()},
    }
    market = {
        **HEAD,
        "schema": "zkmargin/market/1",
        "round": 1,
        "quote": "USDC",
        "stable": case.stable,
        "spot": {"price": case.spot, "confidence": case.confidence},
        "perpetual": {"price": perp[1], "confidence": perp[2], "funding_index": "0"},
        "expiries": [
            {
                "name": str(e.seconds),
                "forward": e.forward,
                "forward_fixed": _fixed(e),
                "rate": e.rate,
                "confidence": e.confidence,
                "vols": {plain_decimal(Fraction(k)): vol for k, (vol, _, _) in e.strikes.items()},
                **({} if e.seconds > 0 else {"settlement": e.forward}),
            }
            for e in groups
        ],
        "assets": [
            {"name": f"A{i}", "price": price, "confidence": sure}
            for i, (_, price, sure, *_) in enumerate(case.collateral)
        ],
    }
    sizes = [Fraction(perp[0]) * LOTS] + [Fraction(0)] * 2 * count * most
    for expiry, strikes in zip(groups, strikes_of(count, count * most), strict=False):
        for strike, price in zip(strikes, sorted(expiry.strikes, key=Decimal), strict=False):
            _, sizes[strike.call], sizes[strike.put] = (Fraction(x) * LOTS for x in expiry.strikes[price])
    cash = Fraction(case.cash) - Fraction(perp[0]) * Fraction(perp[1])
    held = tuple(Fraction(amount) * step for step, (amount, *_) in zip(steps, case.collateral, strict=True))
    return _tables("derive-pmrm2", parameters, market), Holdings(cash * 10**8, tuple(sizes), held, ())


@dataclass(frozen=True)
class SrmCase:
    """A portfolio under SRM; options are (underlying, seconds, strike, "C" or "P", amount, volatility)."""

    initial: str
    maintenance: str
    options: tuple = ()
    perps: dict = field(default_factory=dict)  # underlying -> (size, profit and funding not settled)
    bases: dict = field(default_factory=dict)
    cash: str = "0"
    stable: str = "1"
    base_factor: str = "0.8"
    spots: dict = field(default_factory=lambda: {"eth": ("2000", "1"), "btc": ("28000", "1")})
    perp_prices: dict = field(default_factory=lambda: {"eth": ("2001", "1"), "btc": ("28020", "1")})
    forwards: dict = field(default_factory=dict)  # (underlying, seconds) -> (forward, least confidence)


OPTION_RATES = dict(
    initial_maximum="0.15",
    initial_minimum="0.1",
    maintenance_call="0.075",
    maintenance_put="0.075",
    maintenance_put_mark="0.075",
    initial_put_scale="1.05",
    unpaired_initial="1.2",
    unpaired_maintenance="1.1",
)
CONFIDENCE = dict(perp_threshold="0.4", option_threshold="0.4", base_threshold="0.4", factor="0.4")


def srm(case):
    """Return (tables, holdings) of a case, made through the files' own models."""
    groups: dict = {}
    for underlying, seconds, strike, kind, amount, vol in case.options:
        groups.setdefault((underlying, seconds), {}).setdefault(plain_decimal(Fraction(strike)), {})[kind] = (
            amount,
            vol,
        )
    order = sorted(groups, key=lambda key: -len(groups[key]))
    most, coins = max((len(strikes) for strikes in groups.values()), default=0), sorted(case.spots)
    count = len(order) * most
    listing = {"size_step": "0.001", "price_tick": "0.01"}
    shape = {"positions": len(coins) + 2 * count, "collateral": len(coins), "debts": 0}
    parameters = {
        **HEAD,
        "schema": "zkmargin/parameters/1",
        "rule": "derive-srm",
        "quote": {"asset": "USDC", "decimals": 6},
        "shape": {**shape, "perps": len(coins), "expiries": len(order), "strikes": count},
        "underlyings": [{"name": u, **listing, "options": OPTION_RATES, "confidence": CONFIDENCE} for u in coins],
        "perpetuals": [
            {"name": f"{u}-PERP", "underlying": u, **listing, "initial_rate": "0.065", "maintenance_rate": "0.05"}
            for u in coins
        ],
        "expiries": [
            {"underlying": u, "name": str(s), "expires": _after(s), "strikes": sorted(groups[u, s], key=Decimal)}
            for u, s in order
        ],
        "assets": [
            {"name": f"W-{u}", "underlying": u, **listing, "factor": case.base_factor, "initial_scale": "1"}
            for u in coins
        ],
        "depeg": {"threshold": "0.98", "factor": "1.2"},
    }
    market = {
        **HEAD,
        "schema": "zkmargin/market/1",
        "round": 1,
        "quote": "USDC",
        "stable": case.stable,
        "spots": [{"name": u, "price": case.spots[u][0], "confidence": case.spots[u][1]} for u in coins],
        "perpetuals": [
            {"name": f"{u}-PERP", "price": price, "confidence": sure, "funding_index": "0"}
            for u, (price, sure) in case.perp_prices.items()
        ],
        "expiries": [
            {
                "underlying": u,
                "name": str(s),
                "forward": case.forwards[u, s][0],
                "confidence": case.forwards[u, s][1],
                "vols": {strike: next(iter(held.values()))[1] for strike, held in groups[u, s].items()},
            }
            for u, s in order
        ],
    }
    sizes, cash = [Fraction(0)] * shape["positions"], Fraction(case.cash)
    for slot, coin in enumerate(coins):
        size, profit = (Fraction(x) for x in case.perps.get(coin, ("0", "0")))
        sizes[slot], cash = size * LOTS, cash + profit - size * Fraction(case.perp_prices[coin][0])
    for key, strikes in zip(order, expiry_strikes(len(coins), len(order), count), strict=True):
        for strike, price in zip(strikes, sorted(groups[key], key=Decimal), strict=False):
            held = groups[key][price]
            sizes[strike.call] = Fraction(held.get("C", ("0",))[0]) * LOTS
            sizes[strike.put] = Fraction(held.get("P", ("0",))[0]) * LOTS
    bases = tuple(Fraction(case.bases.get(coin, "0")) * LOTS for coin in coins)
    return _tables("derive-srm", parameters, market), Holdings(cash * 10**8, tuple(sizes), bases, ())


def value(tables, holdings, level):
    """Return the surplus in the quote; holdings may be fractions of lots."""
    parts = (tables.market, tables.parameters(level))
    cells = {
        part.name: [c - spec.offset for spec, c in zip(tables.schema.cells(part.name), part.cells, strict=True)]
        for part in parts
    }
    result = Evaluation(tables.schema, holdings, cells)
    return Fraction(result.surplus) / result.scale / tables.money


def _tables(rule, parameters, market):
    """Return the tables inside their schema; levels the wrong way round are some of the venue's cases, too."""
    files = family_files(rule)
    parameters, market = files.parameters.model_validate(parameters), files.market.model_validate(market)
    parameters.check()
    market.check()
    schema, made = schema_of(rule, parameters.slots), []
    for name, level in (("market", None), *(("parameters", level) for level in LEVELS)):
        cells = Cells(schema, name)
        files.market_cells(parameters, market, cells) if level is None else files.parameter_cells(
            parameters, level, cells
        )
        made.append(cells.table(1))
        schema.check_table(made[-1])
    return Tables(schema, *made)


def _after(seconds):
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fixed(expiry):
    """Return what of a forward is settled already: it settles over the last half hour."""
    return plain_decimal(Fraction(expiry.forward) * max(0, 1800 - expiry.seconds) / 1800)


def _asset_lots(price):
    return 10_000 if Fraction(price) > 10_000 else LOTS


def plain_decimal(number):
    return f"{Decimal(round(number * 10**20)).scaleb(-20).normalize():f}"


def apart(case, made):
    """Return how far initial and maintenance margin are from the venue's, relative to them."""

    def off(ours, theirs):
        return float(abs(ours - Fraction(theirs)) / (abs(Fraction(theirs)) or 1))

    return max(off(value(*made, level), getattr(case, level)) for level in LEVELS)
