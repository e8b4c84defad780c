"""The files of `dydx-v4`: perpetuals in the chain's own integers, their liquidity tiers, and open interest.

A size step is a base quantum, 10^atomic_resolution; the oracle's price is an integer of 10^price_exponent.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from ...circuits.rules.dydx_v4 import imf_increase
from ...kernel.errors import FileError, InputError
from ..files.cells import Cells
from ..files.columns import found
from ..files.models import InstrumentMarket, Listing, Market, NotNegative, Parameters, Rate
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]

QUANTUM = 6  # a quote quantum is 10^-6


class DydxInstrument(Listing):
    """One perpetual: the chain's exponents, and its liquidity tier."""

    price_exponent: Annotated[int, Field(ge=-18, le=0)]
    initial_fraction: Rate
    maintenance_fraction: Rate  # of the initial margin
    open_interest_lower_cap: NotNegative
    open_interest_upper_cap: NotNegative

    @property
    def quantums(self) -> Fraction:
        """Return how many quote quantums a base quantum at a price of one is: a power of ten, often below one."""
        return Fraction(self.size_step) * Fraction(10) ** (self.price_exponent + QUANTUM)

    @property
    def divisor(self) -> Fraction:
        """Return what a size times the price cell is divided by to be quote quantums."""
        return max(Fraction(1), 1 / self.quantums)

    @property
    def multiple(self) -> Fraction:
        """Return what the price cell is of the oracle's integer: more than one where the divisor would be below one."""
        return max(Fraction(1), self.quantums)


class DydxParameters(Parameters):
    """`parameters.json` of dYdX v4."""

    instruments: list[DydxInstrument]

    def check(self) -> None:
        """Raise InputError for collateral, steps that are no quantum and caps out of order."""
        super().check()
        if self.slots.assets:
            raise InputError("this rule takes no collateral but the quote", code="shape")
        for listing in self.instruments:
            whole = listing.divisor.denominator == listing.multiple.denominator == 1
            if not whole or max(listing.divisor, listing.multiple) > 10**9:
                raise InputError(f"{listing.name}: step and price exponent give no divisor up to 10^9", code="step")
            if listing.open_interest_lower_cap > listing.open_interest_upper_cap > 0:
                raise InputError(f"{listing.name} has its open interest caps out of order", code="order")


class DydxInstrumentMarket(InstrumentMarket):
    """A perpetual's oracle price, funding index, and open interest in units of the base (a bound from above)."""

    open_interest: NotNegative


class DydxMarket(Market):
    """`market.json` of dYdX v4."""

    instruments: list[DydxInstrumentMarket]


def market_cells(parameters: DydxParameters, market: DydxMarket, cells: Cells) -> None:
    """Fill oracle prices as integers, funding indices, and what open interest adds to the initial fraction."""
    rows = {row.name: row for row in market.instruments}
    for slot, listing in enumerate(parameters.instruments):
        row = found(rows, listing.name, "instrument")
        price = Fraction(row.mark) / Fraction(10) ** listing.price_exponent
        if price.denominator != 1:
            raise FileError(f"the price of {listing.name} is finer than its exponent", code="finer-than-step")
        cells.put(f"market.price.{slot}", price.numerator * int(listing.multiple), listing.name)
        cells.nearest(f"market.funding.{slot}", row.funding_index, listing.name, listing.size_step)
        value, lower, upper = (
            int(Fraction(amount) * 10**QUANTUM)
            for amount in (
                row.open_interest * row.mark,
                listing.open_interest_lower_cap,
                listing.open_interest_upper_cap,
            )
        )
        increase = imf_increase(value, lower, upper, millionths(listing))
        cells.put(f"market.imf_increase.{slot}", increase, listing.name)


def millionths(listing: DydxInstrument) -> int:
    """Return the initial fraction in millionths, rounded up."""
    return -int(-listing.initial_fraction * 10**6 // 1)


def parameter_cells(parameters: DydxParameters, level: str, cells: Cells) -> None:
    """Fill a level's cells: the initial one lets open interest in, the maintenance one takes the tier's fraction."""
    initial = level == "initial"
    for slot, listing in enumerate(parameters.instruments):
        cells.put(f"parameters.imf.{slot}", millionths(listing), listing.name)
        cells.put(f"parameters.scaled.{slot}", int(initial), listing.name)
        fraction = Fraction(1) if initial else listing.maintenance_fraction
        cells.up(f"parameters.fraction.{slot}", fraction, listing.name)
        cells.put(f"parameters.divisor.{slot}", int(listing.divisor), listing.name)
        cells.put(f"parameters.charge.{slot}", 0, listing.name)


def price_unit(parameters: DydxParameters, slot: int) -> Fraction:
    """Return what one of a price cell is, in quote a unit."""
    listing = parameters.instruments[slot]
    return Fraction(Decimal(10)) ** listing.price_exponent / listing.multiple


FILES = FamilyFiles(
    DydxParameters,
    DydxMarket,
    market_cells,
    parameter_cells,
    words={
        "imf": "initial margin fraction",
        "imf_increase": "what open interest adds to the initial fraction",
        "scaled": "whether open interest counts",
        "fraction": "share of the initial margin",
        "divisor": "power of ten between size times price and quote quantums",
    },
    price_unit=price_unit,
)
