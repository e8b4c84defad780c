"""The files of `drift`: perpetual and spot markets with their weights, in the program's own integers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import found
from ..files.models import AssetMarket, InstrumentMarket, Listing, Market, NotNegative, Parameters, Rate, Ratio
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]

SIZE_STEP = Fraction(1, 10**9)


class DriftInstrument(Listing):
    """One perpetual: its margin ratios, the factor of its size, and what an unsettled profit counts for.

    The program caps a profit at 100 USDC at initial margin. Its weights are `unrealized_pnl_initial_asset_weight` and
    `unrealized_pnl_maintenance_asset_weight` of the market.
    """

    initial_ratio: Ratio
    maintenance_ratio: Ratio
    imf: Rate
    initial_profit_weight: Rate = Fraction(1)
    maintenance_profit_weight: Rate = Fraction(1)
    initial_profit_cap: NotNegative = Decimal(100)


class DriftAsset(Listing):
    """One token: its weights as collateral and as a debt, and the factors of its size."""

    initial_asset_weight: Rate
    maintenance_asset_weight: Rate
    initial_liability_weight: Ratio
    maintenance_liability_weight: Ratio
    imf: Rate


class DriftParameters(Parameters):
    """`parameters.json` of Drift."""

    instruments: list[DriftInstrument]
    assets: list[DriftAsset]

    def check(self) -> None:
        """Raise InputError for steps that are not the program's and weights out of order."""
        super().check()
        for listing in self.instruments:
            if Fraction(listing.size_step) != SIZE_STEP:
                raise InputError(f"{listing.name}: sizes are in 10^-9 of the base", code="step")
            if listing.initial_ratio < listing.maintenance_ratio:
                raise InputError(f"{listing.name} has an initial ratio below its maintenance ratio", code="order")
            if listing.initial_profit_weight > listing.maintenance_profit_weight:
                raise InputError(
                    f"the initial profit weight of {listing.name} is above its maintenance weight", code="order"
                )
        for asset in self.assets:
            scale = Fraction(asset.size_step) / SIZE_STEP
            if scale.denominator != 1 or scale.numerator not in (1, 10, 100, 1000, 10_000):
                raise InputError(f"{asset.name}: a token has 5 to 9 decimals", code="step")
            if asset.initial_asset_weight > asset.maintenance_asset_weight:
                raise InputError(f"the initial weight of {asset.name} is above its maintenance weight", code="order")
            if asset.initial_liability_weight < asset.maintenance_liability_weight:
                raise InputError(f"the initial debt weight of {asset.name} is below its maintenance one", code="order")


class DriftMarket(Market):
    """`market.json` of Drift."""

    instruments: Sequence[InstrumentMarket]
    assets: Sequence[AssetMarket]


def market_cells(parameters: DriftParameters, market: DriftMarket, cells: Cells) -> None:
    """Fill prices and funding indices in 10^-6 of the quote a whole, and borrow indices."""
    marks = {row.name: row for row in market.instruments}
    for slot, listing in enumerate(parameters.instruments):
        mark = found(marks, listing.name, "instrument")
        cells.price(f"market.price.{slot}", mark.mark, listing.name, SIZE_STEP)
        cells.nearest(f"market.funding.{slot}", mark.funding_index, listing.name, SIZE_STEP)
    quotes = {row.name: row for row in market.assets}
    for slot, asset in enumerate(parameters.assets):
        quote = found(quotes, asset.name, "asset")
        cells.price(f"market.asset_price.{slot}", quote.price, asset.name, SIZE_STEP)
        if f"market.borrow_index.{slot}" in cells:
            cells.nearest(f"market.borrow_index.{slot}", quote.borrow_index, asset.name)


def parameter_cells(parameters: DriftParameters, level: str, cells: Cells) -> None:
    """Fill a level's ratios and weights; profits have a cap at initial margin only, so maintenance has the widest."""
    initial = level == "initial"
    for slot, listing in enumerate(parameters.instruments):
        ratio = listing.initial_ratio if initial else listing.maintenance_ratio
        cells.up(f"parameters.ratio.{slot}", ratio, listing.name)
        cells.up(f"parameters.imf.{slot}", listing.imf, listing.name)
        cells.put(f"parameters.charge.{slot}", 0, listing.name)
        weight = listing.initial_profit_weight if initial else listing.maintenance_profit_weight
        cells.down(f"parameters.profit_weight.{slot}", weight, listing.name)
        cap = f"parameters.profit_cap.{slot}"
        if initial:
            cells.down(cap, listing.initial_profit_cap, listing.name)
        else:
            cells.put(cap, cells.spec(cap).maximum, listing.name)
    for slot, asset in enumerate(parameters.assets):
        cells.put(f"parameters.scale.{slot}", int(Fraction(asset.size_step) / SIZE_STEP), asset.name)
        if f"parameters.asset_weight.{slot}" in cells:
            weight = asset.initial_asset_weight if initial else asset.maintenance_asset_weight
            cells.down(f"parameters.asset_weight.{slot}", weight, asset.name)
            cells.up(f"parameters.asset_imf.{slot}", asset.imf, asset.name)
        if f"parameters.debt_weight.{slot}" in cells:
            weight = asset.initial_liability_weight if initial else asset.maintenance_liability_weight
            cells.up(f"parameters.debt_weight.{slot}", weight, asset.name)
            cells.up(f"parameters.debt_imf.{slot}", asset.imf, asset.name)


def price_unit(_parameters: DriftParameters, _slot: int) -> Fraction:
    """Return what one of a price cell is, in quote a unit: a perpetual's and a token's alike."""
    return Fraction(1, 10**6)


FILES = FamilyFiles(
    DriftParameters,
    DriftMarket,
    market_cells,
    parameter_cells,
    words={
        "ratio": "margin ratio",
        "imf": "factor of the root of the size",
        "profit_weight": "weight of an unsettled profit",
        "profit_cap": "most that an unsettled profit counts for",
        "scale": "billionths in the token's smallest unit",
        "asset_weight": "weight as collateral",
        "asset_imf": "factor of the root of the amount",
        "debt_weight": "weight as a debt",
        "debt_imf": "factor of the root of the debt",
    },
    price_unit=price_unit,
    asset_unit=price_unit,
)
