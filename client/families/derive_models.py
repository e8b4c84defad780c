"""The models of Derive's portfolio margin files, in the venue's own words and numbers.

`parameters.json` reads beside Derive's document; what the rule makes of it is `derive_pmrm2`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from ...circuits.rules.derive_pmrm2_schema import Strike, strikes_of
from ...kernel.errors import FileError, InputError
from .. import risk
from ..files.models import (
    AssetPrice,
    Listing,
    Market,
    Name,
    NotNegative,
    Number,
    Parameters,
    Positive,
    Rate,
    Ratio,
    ShapeModel,
    Time,
    fits,
    unique,
)
from ..files.models import StrictModel as Model

__all__ = [
    "DerivePmrm2Market",
    "DerivePmrm2Parameters",
    "ExpiryFeed",
    "ListedExpiry",
    "Strike",
    "VolShock",
    "plain",
    "settled_at",
]

MOVES = {move.value: move for move in risk.VolMove}
SKEWS = (risk.VolMove.LINEAR, risk.VolMove.ABSOLUTE)


def plain(price: Decimal) -> str:
    """Return a strike as names and files write it: no exponent, no trailing zeros."""
    return f"{price.normalize():f}"


class Shape(ShapeModel):
    """The slots: a perpetual and two options a strike, and how many scenarios move spot or skew."""

    expiries: int
    strikes: int
    scenarios: int
    skews: int


class Asset(Listing):
    """A collateral: what of its value does not count, and whether its moves cancel the options'."""

    maintenance_haircut: Rate
    initial_haircut: Rate  # on top of maintenance
    cancels_risk: bool


class ListedExpiry(Model):
    """An expiry and its listed strikes, in slot order."""

    name: Name
    expires: Time
    strikes: list[Positive]


class Scenario(Model):
    """One scenario: spot's multiple, what volatility does, and how much of the loss counts."""

    spot: NotNegative
    vol: Literal["none", "up", "down", "linear", "absolute"]
    dampening: NotNegative


class VolShock(Model):
    """Shocks of volatility, by the power of 30 days over time left."""

    range_up: NotNegative
    range_down: NotNegative
    short_power: NotNegative
    long_power: NotNegative
    floor_days: NotNegative
    minimum_up: NotNegative


class SkewShock(Model):
    """Shocks of skew, by moneyness."""

    linear_cap: NotNegative
    linear_slope: Number
    absolute_cap: NotNegative
    absolute_slope: Number
    minimum_k: NotNegative
    width: NotNegative
    vol_base: NotNegative
    vol_slope: Number


class Margin(Model):
    """Loss factors, and the discounts of what an expiry is worth in a scenario, by its sign."""

    initial_factor: Ratio
    maintenance_factor: Ratio
    long_discount: NotNegative
    short_discount: NotNegative
    long_rate_factor: NotNegative
    short_rate_factor: NotNegative
    long_rate_spread: NotNegative
    short_rate_spread: NotNegative


class Basis(Model):
    """The two forwards of the basis contingency, and its factor: add + multiple·years."""

    up: NotNegative
    down: NotNegative
    add: NotNegative
    multiple: NotNegative


class Contingencies(Model):
    """Shares of notionals, initial ones on top of maintenance; and the penalties of doubt."""

    perp_maintenance: Ratio
    perp_initial: Ratio
    naked_maintenance: Ratio
    naked_initial: Ratio
    peg_threshold: NotNegative
    peg_factor: Ratio
    confidence_threshold: Rate
    confidence_factor: Ratio


class DerivePmrm2Parameters(Parameters):
    """`parameters.json` of Derive's portfolio margin; every size is a multiple of the underlying's step."""

    shape: Shape
    underlying: Listing
    perpetual: Name
    expiries: list[ListedExpiry]
    assets: list[Asset]
    scenarios: list[Scenario]
    vol_shock: VolShock
    skew_shock: SkewShock
    margin: Margin
    basis: Basis
    contingencies: Contingencies

    @property
    def by_expiry(self) -> list[tuple[ListedExpiry, Sequence[Strike]]]:
        """Return each listed expiry with its strikes' slots."""
        groups = strikes_of(self.shape.expiries, self.shape.strikes)
        return list(zip(self.expiries, groups, strict=False))

    @property
    def listed(self) -> Mapping[int, Listing]:
        """Return the perpetual and the options by slot, named like ETH-20261225-2000-C."""
        named = {0: self.perpetual}
        for expiry, slots in self.by_expiry:
            for price, strike in zip(expiry.strikes, slots, strict=False):
                stem = f"{self.underlying.name}-{expiry.name}-{plain(price)}"
                named |= {strike.call: f"{stem}-C", strike.put: f"{stem}-P"}
        return {i: self.underlying.model_copy(update={"name": name}) for i, name in sorted(named.items())}

    def check(self) -> None:
        """Raise InputError for more expiries, strikes or scenarios than the shape has room for."""
        super().check()
        fits(len(self.expiries), self.shape.expiries, "expiries")
        unique((expiry.name for expiry in self.expiries), "expiries")
        for expiry, slots in self.by_expiry:
            fits(len(expiry.strikes), len(slots), f"strikes of {expiry.name}")
            unique((plain(price) for price in expiry.strikes), f"the strikes of {expiry.name}")
        fits(len(self.moving), self.shape.scenarios, "scenarios")
        fits(len(self.skewed), self.shape.skews, "skew scenarios")
        if any(scenario.spot != 1 for scenario in self.skewed):
            raise InputError("a skew scenario leaves spot where it is", code="scenario")

    @property
    def moving(self) -> list[risk.Scenario]:
        """Return the scenarios of spot and volatility."""
        return [scenario for scenario in self._scenarios if scenario.vol not in SKEWS]

    @property
    def skewed(self) -> list[risk.Scenario]:
        """Return the skew scenarios."""
        return [scenario for scenario in self._scenarios if scenario.vol in SKEWS]

    @property
    def _scenarios(self) -> list[risk.Scenario]:
        return [risk.Scenario(s.spot, MOVES[s.vol], s.dampening) for s in self.scenarios]


def settled_at(label: str, expires: datetime, as_of: datetime, settlement: Decimal | None) -> Decimal | None:
    """Return the price that an expiry was settled at, None while it lives.

    Raises FileError (code "expired") for an expiry before the market's date without its settlement, and for a
    settlement before the expiry.
    """
    if as_of < expires:
        if settlement is not None:
            raise FileError(f"{label} has a settlement price before it expires", code="expired")
        return None
    if settlement is None:
        raise FileError(
            f"{label} has expired at the market's date, and the market has no settlement price for it",
            code="expired",
            hint='"settlement": what it was settled at, beside its forward',
        )
    return settlement


class Feed(Model):
    """A price and how sure its feed is of it, from 0 to 1."""

    price: Positive
    confidence: Rate


class PerpetualFeed(Feed):
    """The perpetual's price, and its cumulative funding a unit."""

    funding_index: Number


class AssetFeed(AssetPrice):
    """A collateral's price, and how sure its feed is of it."""

    confidence: Rate


class ExpiryFeed(Model):
    """An expiry's curve: forward, the part of it that spot no longer moves, rate, volatility by strike.

    `confidence` is the lowest among those feeds. `settlement` is the price that the expiry was settled at, once it has
    expired: what the options pay follows from it, and from nothing else here.
    """

    name: Name
    forward: Positive
    forward_fixed: NotNegative
    rate: Number
    confidence: Rate
    vols: dict[str, NotNegative]
    settlement: Positive | None = None


class DerivePmrm2Market(Market):
    """`market.json` of Derive's portfolio margin."""

    spot: Feed
    perpetual: PerpetualFeed
    stable: Positive
    expiries: list[ExpiryFeed]
    assets: list[AssetFeed]
