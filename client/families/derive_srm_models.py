"""The models of `derive-srm`: its published parameters by underlying, and its market."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ...circuits.rules.derive_pmrm2_schema import Strike
from ...circuits.rules.derive_srm_schema import expiry_strikes
from ...kernel.errors import InputError
from ..files.models import (
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
from .derive_models import plain

__all__ = [
    "DeriveSrmMarket",
    "DeriveSrmParameters",
    "OptionRates",
    "SrmExpiry",
    "SrmExpiryFeed",
    "Underlying",
    "option_label",
]


class SrmShape(ShapeModel):
    """The slots: perpetuals, then two options a strike."""

    perps: int
    expiries: int
    strikes: int


class OptionRates(Model):
    """What short options demand, as shares of spot: initial from `maximum` down to `minimum` out of the money."""

    initial_maximum: Ratio
    initial_minimum: Ratio
    maintenance_call: Ratio
    maintenance_put: Ratio
    maintenance_put_mark: Ratio  # of the mark, where that is more
    initial_put_scale: Ratio  # of a put's maintenance margin, at least
    unpaired_initial: Ratio
    unpaired_maintenance: Ratio


class Confidence(Model):
    """Below which confidence a feed is in doubt, and the penalty's factor; a threshold of zero is none."""

    perp_threshold: Rate
    option_threshold: Rate
    base_threshold: Rate
    factor: Ratio


class Underlying(Listing):
    """One underlying: the step of its options' sizes, and its rates."""

    options: OptionRates
    confidence: Confidence


class Perpetual(Listing):
    """A perpetual of an underlying and its rates."""

    underlying: Name
    initial_rate: Ratio
    maintenance_rate: Ratio


class Base(Listing):
    """A base asset: what of its value counts, and what of that at initial margin."""

    underlying: Name
    factor: Rate
    initial_scale: Rate


class SrmExpiry(Model):
    """An expiry of an underlying and its listed strikes, rising."""

    underlying: Name
    name: Name
    expires: Time
    strikes: list[Positive]


class Depeg(Model):
    """Below which price of the stable coin its loss is charged, and how many times."""

    threshold: NotNegative
    factor: NotNegative


class DeriveSrmParameters(Parameters):
    """`parameters.json` of Derive's standard margin."""

    shape: SrmShape
    underlyings: list[Underlying]
    perpetuals: list[Perpetual]
    expiries: list[SrmExpiry]
    assets: list[Base]
    depeg: Depeg

    @property
    def by_expiry(self) -> list[tuple[SrmExpiry, tuple[Strike, ...]]]:
        """Return each listed expiry with its slots, the unused ones too."""
        groups = expiry_strikes(self.shape.perps, self.shape.expiries, self.shape.strikes)
        return list(zip(self.expiries, groups, strict=False))

    @property
    def listed(self) -> Mapping[int, Listing]:
        """Return perpetuals and options by slot; options are named like ETH-20261225-2000-C."""
        listings: dict[int, Listing] = dict(enumerate(self.perpetuals))
        for expiry, strikes in self.by_expiry:
            base = self.underlying(expiry.underlying)
            for price, strike in zip(expiry.strikes, strikes, strict=False):
                for slot, letter in ((strike.call, "C"), (strike.put, "P")):
                    listings[slot] = base.model_copy(update={"name": f"{option_label(expiry, price)}-{letter}"})
        return listings

    def underlying(self, name: str) -> Underlying:
        """Return an underlying. Raises InputError when it is not listed."""
        for one in self.underlyings:
            if one.name == name:
                return one
        raise InputError(f"{name} is not among the underlyings", code="unknown-underlying")

    def check(self) -> None:
        """Raise InputError for what does not fit the shape, strikes that do not rise, initial rates below others."""
        unique((one.name for one in self.underlyings), "underlyings")
        fits(len(self.perpetuals), self.shape.perps, "perpetuals")
        fits(len(self.expiries), self.shape.expiries, "expiries")
        super().check()
        for name in (*(perp.underlying for perp in self.perpetuals), *(asset.underlying for asset in self.assets)):
            self.underlying(name)
        for expiry, strikes in self.by_expiry:
            if not expiry.strikes:
                raise InputError(f"{expiry.underlying}-{expiry.name} has no strikes", code="shape")
            fits(len(expiry.strikes), len(strikes), f"strikes of {expiry.underlying}-{expiry.name}")
            if any(above <= below for below, above in zip(expiry.strikes, expiry.strikes[1:], strict=False)):
                raise InputError(f"the strikes of {expiry.underlying}-{expiry.name} do not rise", code="order")


class Feed(Model):
    """A named price and how sure its feed is of it, from 0 to 1."""

    name: Name
    price: Positive
    confidence: Rate


class PerpetualFeed(Feed):
    """A perpetual's price, and its cumulative funding a unit."""

    funding_index: Number


class SrmExpiryFeed(Model):
    """An expiry's forward and volatilities by strike; `confidence` is the lowest among those feeds.

    `settlement` is the price that the expiry was settled at, once it has expired.
    """

    underlying: Name
    name: Name
    forward: Positive
    confidence: Rate
    vols: dict[str, NotNegative]
    settlement: Positive | None = None


class DeriveSrmMarket(Market):
    """`market.json` of Derive's standard margin."""

    stable: Positive
    spots: list[Feed]
    perpetuals: list[PerpetualFeed]
    expiries: list[SrmExpiryFeed]


def option_label(expiry: SrmExpiry, strike: Decimal) -> str:
    """Return what a strike's options are called, without their letter: ETH-20261225-2000."""
    return f"{expiry.underlying}-{expiry.name}-{plain(strike)}"
