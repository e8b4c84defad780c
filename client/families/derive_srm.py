"""The files of `derive-srm`: published parameters by underlying, one market, and the tables they stand for.

What a short option demands by itself follows from spot, strike and mark; it is worked out here and rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from ...kernel.errors import FileError
from ..files.cells import Cells
from ..files.columns import found
from ..files.models import unix_seconds
from ..files.rule_files import FamilyFiles
from ..risk.black76 import exact_put
from ..risk.shocks import CONTEXT, years
from .derive_models import plain, settled_at
from .derive_moves import srm_kind, srm_moved, srm_notional_cell, srm_underlyings
from .derive_srm_models import (
    DeriveSrmMarket,
    DeriveSrmParameters,
    OptionRates,
    SrmExpiryFeed,
    Underlying,
    option_label,
)

__all__ = ["FILES"]


@dataclass(frozen=True)
class _Charges:
    """What one unit of a short option demands by itself."""

    maintenance: Fraction
    initial: Fraction


def parameter_cells(parameters: DeriveSrmParameters, level: str, cells: Cells) -> None:
    """Fill a level's rates, rounded up, and factors of base assets, rounded down."""
    initial = level == "initial"
    cells.put("parameters.initial", int(initial), level)
    for slot, perp in enumerate(parameters.perpetuals):
        cells.up(f"parameters.perp_rate.{slot}", perp.initial_rate if initial else perp.maintenance_rate, perp.name)
        cells.put(f"parameters.perp_charge.{slot}", 0, perp.name)
    for number, (expiry, strikes) in enumerate(parameters.by_expiry):
        rates = parameters.underlying(expiry.underlying).options
        unpaired = rates.unpaired_initial if initial else rates.unpaired_maintenance
        cells.up(f"parameters.unpaired.{number}", unpaired, f"{expiry.underlying}-{expiry.name}")
        for price, strike in zip(expiry.strikes, strikes, strict=False):
            cells.put(f"parameters.strike_charge.{strike.number}", 0, option_label(expiry, price))
    for slot, asset in enumerate(parameters.assets):
        factor = asset.factor * asset.initial_scale if initial else asset.factor
        cells.down(f"parameters.factor.{slot}", factor, asset.name)


def market_cells(parameters: DeriveSrmParameters, market: DeriveSrmMarket, cells: Cells) -> None:
    """Fill prices to the nearest, penalties and charges rounded up.

    Of an expiry that has expired the settlement price is the forward, and a short option demands what it pays at it.
    Raises FileError (code "expired") where that price is missing.
    """
    spots = {feed.name: feed for feed in market.spots}
    perps = {feed.name: feed for feed in market.perpetuals}
    feeds = {(feed.underlying, feed.name): feed for feed in market.expiries}
    peg = parameters.depeg
    cells.up("market.depeg", max(Decimal(0), peg.threshold - market.stable) * peg.factor, parameters.quote.asset)
    for slot, perp in enumerate(parameters.perpetuals):
        spot, feed = found(spots, perp.underlying, "spot"), found(perps, perp.name, "perpetual")
        rules = parameters.underlying(perp.underlying).confidence
        cells.price(f"market.price.{slot}", feed.price, perp.name, perp.size_step)
        cells.nearest(f"market.funding.{slot}", feed.funding_index, perp.name, perp.size_step)
        cells.price(f"market.perp_spot.{slot}", spot.price, perp.name, perp.size_step)
        doubt = _doubt(rules.perp_threshold, rules.factor, spot.confidence, feed.confidence)
        cells.up(f"market.perp_doubt.{slot}", doubt, perp.name)
    for slot, asset in enumerate(parameters.assets):
        spot, rules = found(spots, asset.underlying, "spot"), parameters.underlying(asset.underlying).confidence
        cells.price(f"market.asset_price.{slot}", spot.price, asset.name, asset.size_step)
        doubt = _doubt(rules.base_threshold, rules.factor, spot.confidence)
        cells.up(f"market.asset_doubt.{slot}", doubt if asset.factor * asset.initial_scale else Fraction(0), asset.name)
    for number, (expiry, strikes) in enumerate(parameters.by_expiry):
        name = f"{expiry.underlying}-{expiry.name}"
        if (expiry.underlying, expiry.name) not in feeds:
            raise FileError(f"the market lacks the expiry {name}", code="missing-expiry")
        spot, forward = found(spots, expiry.underlying, "spot"), feeds[expiry.underlying, expiry.name]
        settled = settled_at(name, expiry.expires, market.as_of, forward.settlement)
        base = parameters.underlying(expiry.underlying)
        cells.price(f"market.spot.{number}", spot.price, name, base.size_step)
        cells.price(f"market.forward.{number}", forward.forward if settled is None else settled, name, base.size_step)
        rules = base.confidence
        doubt = _doubt(rules.option_threshold, rules.factor, spot.confidence, forward.confidence)
        cells.up(f"market.doubt.{number}", doubt, name)
        seconds = unix_seconds(expiry.expires) - unix_seconds(market.as_of)
        for place, strike in enumerate(strikes):
            price = expiry.strikes[min(place, len(expiry.strikes) - 1)]  # unused slots repeat the last: no step
            label = option_label(expiry, price) if place < len(expiry.strikes) else ""
            cells.nearest(f"market.strike.{strike.number}", price, label, base.size_step)
            if label and settled is not None:
                _paid_cells(base, settled, price, (strike.number, label), cells)
            elif label:
                _charge_cells(base, spot.price, forward, price, (strike.number, label, seconds), cells)


def _charge_cells(
    base: Underlying, spot: Decimal, feed: SrmExpiryFeed, strike: Decimal, slot: tuple[int, str, int], cells: Cells
) -> None:
    number, label, seconds = slot
    if plain(strike) not in feed.vols:
        raise FileError(f"the market lacks a volatility at {label}", code="missing-volatility")
    with localcontext(CONTEXT):
        deviation = feed.vols[plain(strike)] * years(seconds).sqrt()
    put = Fraction(exact_put(feed.forward, strike, deviation))
    call = put + Fraction(feed.forward) - Fraction(strike)
    charged = _call_charges(base.options, Fraction(spot), Fraction(strike), call)
    owed = _put_charges(base.options, Fraction(spot), Fraction(strike), put)
    for column, charges in (("call", charged), ("put", owed)):
        if charges.initial < charges.maintenance:
            raise FileError(f"the initial margin of {label} is below its maintenance margin", code="order")
        cells.up(f"market.{column}_charge.{number}", charges.maintenance, label, base.size_step)
        cells.up(f"market.{column}_more.{number}", charges.initial - charges.maintenance, label, base.size_step)


def _paid_cells(base: Underlying, settled: Decimal, strike: Decimal, slot: tuple[int, str], cells: Cells) -> None:
    """Fill what an expired option pays: that is what a short one owes, at either level."""
    number, label = slot
    for column, paid in (("call", settled - strike), ("put", strike - settled)):
        cells.up(f"market.{column}_charge.{number}", max(paid, Decimal(0)), label, base.size_step)
        cells.put(f"market.{column}_more.{number}", 0, label)


def _call_charges(rates: OptionRates, spot: Fraction, strike: Fraction, mark: Fraction) -> _Charges:
    share = max(rates.initial_maximum - max(strike - spot, Fraction(0)) / spot, rates.initial_minimum)
    return _Charges(rates.maintenance_call * spot + mark, share * spot + mark)


def _put_charges(rates: OptionRates, spot: Fraction, strike: Fraction, mark: Fraction) -> _Charges:
    share = max(rates.initial_maximum - max(spot - strike, Fraction(0)) / spot, rates.initial_minimum)
    maintenance = max(rates.maintenance_put * spot, rates.maintenance_put_mark * mark) + mark
    return _Charges(maintenance, max(share * spot + mark, rates.initial_put_scale * maintenance))


def _doubt(threshold: Fraction, factor: Fraction, *confidences: Fraction) -> Fraction:
    """Return (1 − confidence)·factor where the least confidence is below the threshold."""
    least = min(confidences)
    return (1 - least) * factor if least < threshold else Fraction(0)


FILES = FamilyFiles(
    DeriveSrmParameters,
    DeriveSrmMarket,
    market_cells,
    parameter_cells,
    words={
        "perp_spot": "spot price of a perpetual's underlying",
        "perp_doubt": "penalty of doubt in a perpetual's feeds",
        "asset_doubt": "penalty of doubt in a base asset's price",
        "spot": "spot price of an expiry's underlying",
        "forward": "forward price",
        "doubt": "penalty of doubt in an expiry's feeds",
        "depeg": "penalty of a lost peg",
        "strike": "strike price",
        "call_charge": "maintenance margin of a short call",
        "call_more": "what a short call's initial margin is more",
        "put_charge": "maintenance margin of a short put",
        "put_more": "what a short put's initial margin is more",
        "perp_rate": "margin rate of a perpetual",
        "unpaired": "charge of unpaired short calls, of the forward",
    },
    notional_cell=srm_notional_cell,
    underlyings=srm_underlyings,
    moved=srm_moved,
    kind=srm_kind,
)
