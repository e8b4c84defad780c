"""The files of `cross-margin`: perpetuals with margin tiers, assets with collateral factors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import factor_cells, price_cells
from ..files.models import (
    AssetMarket,
    InstrumentMarket,
    Listing,
    Market,
    NotNegative,
    Parameters,
    Rate,
    ShapeModel,
    fits,
)
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]


class Tier(Model):
    """From which notional (quote) on a position's next money is margined at these rates."""

    from_notional: NotNegative
    initial_rate: Rate
    maintenance_rate: Rate


class Instrument(Listing):
    """One listed perpetual with its margin tiers."""

    tiers: list[Tier]


class Asset(Listing):
    """One listed asset: what of its value counts as collateral."""

    initial_factor: Rate
    maintenance_factor: Rate


class CrossMarginShape(ShapeModel):
    """The slots, and the tiers that every position has."""

    tiers: int


class CrossMarginParameters(Parameters):
    """`parameters.json` of cross margin."""

    shape: CrossMarginShape
    assets: list[Asset]
    instruments: Sequence[Instrument]

    def check(self) -> None:
        """Raise InputError for tiers or factors out of order, besides what no rule allows."""
        super().check()
        for instrument in self.instruments:
            fits(len(instrument.tiers), self.shape.tiers, f"tiers of {instrument.name}")
            _ordered(instrument)
        for asset in self.assets:
            if asset.initial_factor > asset.maintenance_factor:
                raise InputError(f"the initial factor of {asset.name} is above its maintenance factor", code="order")


class CrossMarginMarket(Market):
    """`market.json` of cross margin."""

    instruments: list[InstrumentMarket]
    assets: list[AssetMarket]


def market_cells(parameters: CrossMarginParameters, market: CrossMarginMarket, cells: Cells) -> None:
    """Fill the market table: prices, funding indices, asset prices, borrow indices."""
    price_cells(parameters, market, cells)


def parameter_cells(parameters: CrossMarginParameters, level: str, cells: Cells) -> None:
    """Fill a level's rates, boundaries and factors; unused tiers repeat the last rate, and no charge is due."""
    for slot, listing in enumerate(parameters.instruments):
        rates = [tier.initial_rate if level == "initial" else tier.maintenance_rate for tier in listing.tiers]
        bounds = [Fraction(tier.from_notional) for tier in listing.tiers]
        for k in range(parameters.shape.tiers):
            last = min(k, len(rates) - 1)
            cells.up(f"parameters.rate.{slot}.{k}", rates[last], listing.name)
            if k and last:
                cells.down(f"parameters.boundary.{slot}.{k}", bounds[last], listing.name)
            elif k:
                cells.put(
                    f"parameters.boundary.{slot}.{k}",
                    cells.spec(f"parameters.boundary.{slot}.{k}").maximum,
                    listing.name,
                )
        cells.put(f"parameters.charge.{slot}", 0, listing.name)
    factor_cells(parameters.assets, level, cells)


def _ordered(instrument: Instrument) -> None:
    """Tiers start at zero and rise, in notional and in both rates; initial is never looser than maintenance."""
    tiers = instrument.tiers
    complaint = None
    if not tiers:
        complaint = "has no tiers"
    elif tiers[0].from_notional != 0:
        complaint = "has a first tier that does not start at zero"
    elif any(above.from_notional <= below.from_notional for below, above in pairwise(tiers)):
        complaint = "has tiers that do not rise in notional"
    elif any(
        above.initial_rate < below.initial_rate or above.maintenance_rate < below.maintenance_rate
        for below, above in pairwise(tiers)
    ):
        complaint = "has a rate that falls with size"
    elif any(tier.initial_rate < tier.maintenance_rate for tier in tiers):
        complaint = "has an initial rate below its maintenance rate"
    if complaint:
        raise InputError(f"{instrument.name} {complaint}", code="order")


FILES = FamilyFiles(
    CrossMarginParameters, CrossMarginMarket, market_cells, parameter_cells, separable=True, tiered=True
)
