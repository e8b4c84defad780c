"""The files of `derive-pmrm2`: a venue's published parameters and one market, and the tables they stand for.

What the rule needs of them (discounts by sign, rates at a level, repriced options) is worked out here, in decimals of
34 digits. The models are `derive_models`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction

from ...kernel.errors import FileError
from .. import risk
from ..files.cells import Cells
from ..files.columns import found
from ..files.models import unix_seconds
from ..files.rule_files import FamilyFiles
from ..risk.shocks import CONTEXT, years
from .derive_models import (
    DerivePmrm2Market,
    DerivePmrm2Parameters,
    ExpiryFeed,
    ListedExpiry,
    VolShock,
    plain,
    settled_at,
)
from .derive_moves import pmrm2_kind, pmrm2_moved, pmrm2_notional_cell, pmrm2_scenario_names, pmrm2_underlyings

__all__ = ["FILES"]

ARRAY = Decimal(10**12)  # cells a unit of quote, of the prices of a lot


def parameter_cells(parameters: DerivePmrm2Parameters, level: str, cells: Cells) -> None:
    """Fill a level's factors and rates, the scenarios, and what closed slots cost. All are rounded up."""
    venue, initial = parameters.contingencies, level == "initial"

    def at(maintenance: Fraction, more: Fraction) -> Fraction:
        return maintenance + more if initial else maintenance

    margin = parameters.margin
    loss = margin.initial_factor if initial else margin.maintenance_factor
    cells.up("parameters.loss_factor", loss, "")
    cells.up("parameters.peg_factor", venue.peg_factor if initial else Fraction(0), "")
    cells.up("parameters.perp_rate", at(venue.perp_maintenance, venue.perp_initial), parameters.perpetual)
    cells.up("parameters.naked_rate", at(venue.naked_maintenance, venue.naked_initial), "")
    cells.up("parameters.doubt_factor", venue.confidence_factor if initial else Fraction(0), "")
    for slot, asset in enumerate(parameters.assets):
        cells.up(f"parameters.haircut.{slot}", at(asset.maintenance_haircut, asset.initial_haircut), asset.name)
        cells.put(f"parameters.cancels.{slot}", int(asset.cancels_risk), asset.name)
    cells.put("parameters.perp_charge", 0, parameters.perpetual)
    for expiry, slots in parameters.by_expiry:
        for price, strike in zip(expiry.strikes, slots, strict=False):
            cells.put(f"parameters.strike_charge.{strike.number}", 0, _label(expiry, price))
    for number, scenario in enumerate(parameters.moving):
        cells.nearest(f"parameters.move.{number}", scenario.spot - 1, f"scenario {number}")
        cells.up(f"parameters.weight.{number}", scenario.weight, f"scenario {number}")
    for number, scenario in enumerate(parameters.skewed):
        cells.up(f"parameters.skew_weight.{number}", scenario.weight, f"skew {number}")


def market_cells(parameters: DerivePmrm2Parameters, market: DerivePmrm2Market, cells: Cells) -> None:
    """Fill prices, doubts, and every listed option repriced; prices to the nearest, what adds to margin up."""
    venue, lot = parameters.contingencies, parameters.underlying.size_step
    cells.price("market.spot", market.spot.price, parameters.underlying.name, lot)
    cells.price("market.perp_price", market.perpetual.price, parameters.perpetual, lot)
    cells.nearest("market.funding.0", market.perpetual.funding_index, parameters.perpetual, lot)
    cells.up("market.peg_gap", max(Decimal(0), venue.peg_threshold - market.stable), parameters.quote.asset)

    def doubt(*confidences: Fraction) -> Fraction:
        least = min(confidences)
        return 1 - least if least < venue.confidence_threshold else Fraction(0)

    near = min(market.spot.confidence, market.perpetual.confidence)
    cells.up("market.perp_doubt", doubt(near), parameters.perpetual)
    quotes = {asset.name: asset for asset in market.assets}
    for slot, asset in enumerate(parameters.assets):
        quote = found(quotes, asset.name, "asset")
        price = Fraction(quote.price) / Fraction(market.stable)
        cells.price(f"market.asset_price.{slot}", price, asset.name, asset.size_step)
        cells.up(f"market.asset_doubt.{slot}", doubt(quote.confidence, market.spot.confidence), asset.name)
    feeds = {expiry.name: expiry for expiry in market.expiries}
    feeds = {
        expiry.name: _settled(expiry, found(feeds, expiry.name, "expiry"), market.as_of)
        for expiry in parameters.expiries
    }
    curves = [_curve(parameters, expiry, feeds[expiry.name], market.as_of) for expiry in parameters.expiries]
    for number, (expiry, curve) in enumerate(zip(parameters.expiries, curves, strict=True)):
        cells.up(f"market.doubt.{number}", doubt(near, feeds[expiry.name].confidence), expiry.name)
        cells.up(f"market.long_haircut.{number}", curve.haircut, expiry.name)
        with localcontext(CONTEXT):
            factor = parameters.basis.add + parameters.basis.multiple * years(curve.expiry.seconds)
        cells.up(f"market.basis_factor.{number}", factor, expiry.name)
    _arrays(parameters, feeds, curves, cells)


@dataclass(frozen=True)
class _Curve:
    """An expiry as the pricer wants it, with what its value is multiplied by when short and what less when long."""

    expiry: risk.Expiry
    short: Decimal
    haircut: Decimal


def _settled(listed: ListedExpiry, feed: ExpiryFeed, as_of: datetime) -> ExpiryFeed:
    """Return the feed of an expiry; of one that has expired, a curve that stands still at its settlement price.

    Raises FileError (code "expired") where that price is missing.
    """
    price = settled_at(listed.name, listed.expires, as_of, feed.settlement)
    if price is None:
        return feed
    vols = dict.fromkeys(map(plain, listed.strikes), Decimal(0))
    return feed.model_copy(update={"forward": price, "forward_fixed": price, "rate": Decimal(0), "vols": vols})


def _curve(parameters: DerivePmrm2Parameters, listed: ListedExpiry, feed: ExpiryFeed, as_of: datetime) -> _Curve:
    """Return the discounts of an expiry; rates below zero count as zero.

    Long: base·exp(−τ·(rate·factor + spread)). Short: base / exp(−τ·(rate·factor + spread)), at most what takes the
    discount of time off again. Raises FileError where a short is discounted more than a long: the rule counts on it.
    """
    seconds = max(0, unix_seconds(listed.expires) - unix_seconds(as_of))
    margin, rate = parameters.margin, max(feed.rate, Decimal(0))
    discount = risk.discount_factor(rate, seconds)
    with localcontext(CONTEXT):
        time = years(seconds)
        long = margin.long_discount * (-time * (rate * margin.long_rate_factor + margin.long_rate_spread)).exp()
        short = margin.short_discount * (time * (rate * margin.short_rate_factor + margin.short_rate_spread)).exp()
        short = min(1 / discount, short)
        if long > short:
            raise FileError(f"at {listed.name} what is owed counts for less than what is owned", code="out-of-range")
        haircut = 1 - long / short if short else Decimal(0)
    return _Curve(risk.Expiry(seconds, feed.forward, discount, feed.forward_fixed), short, haircut)


def _arrays(
    parameters: DerivePmrm2Parameters, feeds: Mapping[str, ExpiryFeed], curves: Sequence[_Curve], cells: Cells
) -> None:
    """Reprice what is listed: undiscounted rows for the mark and the basis, discounted ones for the scenarios."""
    rows: list[tuple[int, str]] = []  # strike slots and labels, beside the pricer's strikes
    strikes = []
    for number, (expiry, slots) in enumerate(parameters.by_expiry):
        vols = feeds[expiry.name].vols
        for price, slot in zip(expiry.strikes, slots, strict=False):
            label = _label(expiry, price)
            if plain(price) not in vols:
                raise FileError(f"the market lacks a volatility at {label}", code="missing-volatility")
            rows.append((slot.number, label))
            strikes.append(risk.Strike(number, price, vols[plain(price)]))
    shocks = _vol_shock(parameters.vol_shock), risk.SkewShock(**parameters.skew_shock.model_dump())
    scale = ARRAY * parameters.underlying.size_step
    expiries = [curve.expiry for curve in curves]
    factors = [curve.short for curve in curves]
    basis = parameters.basis
    still = [risk.Scenario(spot, risk.VolMove.NONE) for spot in (Decimal(1), basis.up, basis.down)]
    calm = risk.risk_arrays(expiries, strikes, still, scale=scale)
    moved, skewed = (
        risk.risk_arrays(
            expiries, strikes, scenarios, scale=scale, factors=factors, vol_shock=shocks[0], skew=shocks[1]
        )
        for scenarios in (parameters.moving, parameters.skewed)
    )
    for i, (number, label) in enumerate(rows):
        for row, put in zip(("mark", "up", "down"), calm.puts[i], strict=True):
            cells.put(f"market.{row}_put.{number}", put, label)
        cells.put(f"market.mark_strike.{number}", calm.strikes[i], label)
        cells.put(f"market.strike.{number}", moved.strikes[i], label)
        _row(cells, f"market.put.{number}", moved.puts[i], label)
        _row(cells, f"market.skew_put.{number}", skewed.puts[i], label)
    for number, expiry in enumerate(parameters.expiries):
        for row, forward in zip(("mark", "up", "down"), calm.forwards[number], strict=True):
            cells.put(f"market.{row}_forward.{number}", forward, expiry.name)
        _row(cells, f"market.forward.{number}", moved.forwards[number], expiry.name)
        _row(cells, f"market.skew_forward.{number}", skewed.forwards[number], expiry.name)


def _row(cells: Cells, column: str, values: Sequence[int], label: str) -> None:
    if values:
        cells.row(f"{column}.0", values, label)


def _vol_shock(shock: VolShock) -> risk.VolShock:
    days = shock.floor_days * 86_400
    return risk.VolShock(
        shock.range_up, shock.range_down, shock.short_power, shock.long_power, int(days), shock.minimum_up
    )


def _label(expiry: ListedExpiry, strike: Decimal) -> str:
    return f"{expiry.name}-{plain(strike)}"


FILES = FamilyFiles(
    DerivePmrm2Parameters,
    DerivePmrm2Market,
    market_cells,
    parameter_cells,
    words={
        "spot": "spot price",
        "peg_gap": "how far the quote is below its peg's threshold",
        "perp_doubt": "doubt in spot and perpetual",
        "asset_doubt": "doubt in a collateral's price",
        "doubt": "doubt in an expiry's feeds",
        "long_haircut": "what an expiry worth something counts for less",
        "basis_factor": "factor of the basis contingency",
        "put": "put in a scenario",
        "forward": "forward in a scenario",
        "strike": "discounted strike",
    },
    notional_cell=pmrm2_notional_cell,
    scenario_names=pmrm2_scenario_names,
    underlyings=pmrm2_underlyings,
    moved=pmrm2_moved,
    kind=pmrm2_kind,
)
