"""Scenarios: how far spot and volatility move in each, in decimals of 34 digits.

Shock formulas: Derive's PMRM 2 (its public contracts, PMRMLib_2). A volatility shock grows as an option gets shorter by
a power of 30 days over its time to expiry; a skew scenario raises or lowers volatilities by moneyness; spot moves the
variable part of a forward and leaves the fixed part. Everything here is a `Decimal` under one context, so that whoever
recomputes a table meets the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import Enum
from functools import cache

from ...kernel.errors import InputError

__all__ = [
    "CONTEXT",
    "YEAR",
    "Expiry",
    "Scenario",
    "SkewShock",
    "Strike",
    "VolMove",
    "VolShock",
    "discount_factor",
    "linear_moves",
    "shocked_vol",
    "years",
]

CONTEXT = Context(prec=34)
YEAR = 365 * 86_400  # seconds
MONTH = 30 * 86_400  # seconds


class VolMove(Enum):
    """What a scenario does to volatilities."""

    NONE = "none"
    UP = "up"
    DOWN = "down"
    LINEAR = "linear"  # by moneyness: one wing up, the other down
    ABSOLUTE = "absolute"  # by moneyness: both wings up


@dataclass(frozen=True)
class Scenario:
    """One move of the market. `spot` multiplies prices; `weight` dampens what the scenario says is lost."""

    spot: Decimal
    vol: VolMove
    weight: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        """Raise InputError for a price or a weight below zero."""
        if self.spot < 0 or self.weight < 0:
            raise InputError("a scenario's spot and weight must not be negative", code="scenario")


@dataclass(frozen=True)
class Expiry:
    """One expiry's curve: forward price in quote, its part that does not move with spot, discount, seconds left.

    Seconds at or below zero mean expired: options are then worth what they pay.
    """

    seconds: int
    forward: Decimal
    discount: Decimal
    forward_fixed: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        """Raise InputError for a curve no option can be priced on."""
        if not 0 <= self.forward_fixed <= self.forward or self.discount <= 0:
            raise InputError("an expiry needs 0 <= fixed part <= forward, and a discount above zero", code="expiry")

    def shocked_forward(self, spot: Decimal) -> Decimal:
        """Return the forward when spot is multiplied by `spot`."""
        with localcontext(CONTEXT):
            return (self.forward - self.forward_fixed) * spot + self.forward_fixed


@dataclass(frozen=True)
class Strike:
    """A strike of an expiry (its index), with its volatility a square root of a year."""

    expiry: int
    price: Decimal
    vol: Decimal

    def __post_init__(self) -> None:
        """Raise InputError for a strike that is no price or a volatility below zero."""
        if self.price <= 0 or self.vol < 0:
            raise InputError("a strike must be above zero, its volatility not below", code="strike")


@dataclass(frozen=True)
class VolShock:
    """Volatility up and down: sigma·(1 ± range·m), m = (30 days / max(time left, floor))^power.

    `short_power` is for at most 30 days to go, `long_power` beyond; an up move never ends below `minimum_up`, a down
    move never below zero.
    """

    range_up: Decimal
    range_down: Decimal
    short_power: Decimal
    long_power: Decimal
    floor_seconds: int
    minimum_up: Decimal

    def multiple(self, seconds: int) -> Decimal:
        """Return m. Raises InputError when time and floor are both zero: the shock would have no size."""
        left = max(seconds, self.floor_seconds)
        if left <= 0:
            raise InputError("a volatility shock needs time left, or a floor above zero", code="vol-shock")
        return _power(left, self.short_power if seconds <= MONTH else self.long_power)


@dataclass(frozen=True)
class SkewShock:
    """Skew by moneyness k = ln(K/F): sigma·max(0, 1 + clamp(k·cap/k*, ±cap)); with |k| in the absolute scenario.

    cap = cap_base + slope·√τ, k* = max(minimum_k, √τ·width·(vol_base + √τ·vol_slope)).
    """

    linear_cap: Decimal
    linear_slope: Decimal
    absolute_cap: Decimal
    absolute_slope: Decimal
    minimum_k: Decimal
    width: Decimal
    vol_base: Decimal
    vol_slope: Decimal

    def multiplier(self, move: VolMove, seconds: int, moneyness: Decimal) -> Decimal:
        """Return what a volatility is multiplied by. Raises InputError when k* is zero."""
        linear = move is VolMove.LINEAR
        base, slope = (self.linear_cap, self.linear_slope) if linear else (self.absolute_cap, self.absolute_slope)
        with localcontext(CONTEXT):
            root = years(seconds).sqrt()
            cap = base + slope * root
            star = max(self.minimum_k, root * self.width * (self.vol_base + root * self.vol_slope))
            if star <= 0:
                raise InputError("a skew shock needs a least k* above zero", code="skew-shock")
            k = moneyness if linear else abs(moneyness)
            tilt = k * cap / star
            return max(Decimal(0), 1 + (min(cap, tilt) if k >= 0 else max(-cap, tilt)))


def years(seconds: int) -> Decimal:
    """Return seconds as years of 365 days; zero when past."""
    return CONTEXT.divide(Decimal(max(seconds, 0)), Decimal(YEAR))


def discount_factor(rate: Decimal, seconds: int) -> Decimal:
    """Return exp(−rate·τ): above one when the rate is negative."""
    with localcontext(CONTEXT):
        return (-rate * years(seconds)).exp()


def shocked_vol(
    expiry: Expiry, strike: Strike, move: VolMove, vol_shock: VolShock | None, skew: SkewShock | None
) -> Decimal:
    """Return the strike's volatility under a move. Raises InputError when the move's shock is not given."""
    if move is VolMove.NONE:
        return strike.vol
    with localcontext(CONTEXT):
        if move in (VolMove.UP, VolMove.DOWN):
            if vol_shock is None:
                raise InputError("a scenario moves volatility, but no volatility shock is given", code="vol-shock")
            multiple = vol_shock.multiple(expiry.seconds)
            if move is VolMove.UP:
                return max(vol_shock.minimum_up, strike.vol * (1 + vol_shock.range_up * multiple))
            return strike.vol * max(Decimal(0), 1 - vol_shock.range_down * multiple)
        if skew is None:
            raise InputError("a scenario moves the skew, but no skew shock is given", code="skew-shock")
        if expiry.forward == 0:
            return strike.vol
        return strike.vol * skew.multiplier(move, expiry.seconds, (strike.price / expiry.forward).ln())


@cache
def _power(left: int, power: Decimal) -> Decimal:
    with localcontext(CONTEXT):
        return (Decimal(MONTH) / left) ** power


def linear_moves(scenarios: Sequence[Scenario]) -> tuple[Decimal, ...]:
    """Return (spot − 1)·weight a scenario: what one unit of quote in a linear instrument gains.

    Linear instruments are factored: a perpetual's or collateral's row is its price times this one row.
    """
    with localcontext(CONTEXT):
        return tuple((scenario.spot - 1) * scenario.weight for scenario in scenarios)
