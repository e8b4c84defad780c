"""The files of `tiered-haircut`: assets with tiers of value, the share of each that counts, and where it ends."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from ...circuits.model import MONEY_DIGITS
from ...kernel.errors import InputError
from ..files.cells import Cells
from ..files.columns import price_cells
from ..files.models import AssetMarket, Listing, Market, Parameters, Positive, Rate, ShapeModel, fits
from ..files.models import StrictModel as Model
from ..files.rule_files import FamilyFiles

__all__ = ["FILES"]

HUNDREDS = Fraction(10**MONEY_DIGITS, 100)  # hundreds of money units in one of the quote


class Tier(Model):
    """Up to which value (quote) this share of it counts."""

    to_value: Positive
    ratio: Rate


class TieredAsset(Listing):
    """One listed asset with its tiers, ratios falling; beyond the last end nothing counts."""

    tiers: list[Tier]


class TieredShape(ShapeModel):
    """The slots, and the tiers that every asset has."""

    tiers: int


class TieredParameters(Parameters):
    """`parameters.json` of tiered haircuts: both margin levels are the same."""

    shape: TieredShape
    assets: list[TieredAsset]

    def check(self) -> None:
        """Raise InputError for tiers that do not rise in value or rise in ratio, besides what no rule allows."""
        super().check()
        for asset in self.assets:
            fits(len(asset.tiers), self.shape.tiers, f"tiers of {asset.name}")
            if any(after.to_value <= before.to_value for before, after in pairwise(asset.tiers)):
                raise InputError(f"{asset.name} has tiers that do not rise in value", code="order")
            if any(after.ratio > before.ratio for before, after in pairwise(asset.tiers)):
                raise InputError(f"{asset.name} has a ratio that rises with value", code="order")


class TieredMarket(Market):
    """`market.json` of tiered haircuts."""

    assets: list[AssetMarket]


def market_cells(parameters: TieredParameters, market: TieredMarket, cells: Cells) -> None:
    """Fill the market table: asset prices and borrow indices."""
    price_cells(parameters, market, cells)


def parameter_cells(parameters: TieredParameters, _level: str, cells: Cells) -> None:
    """Fill haircuts, rounded up, and the tiers' ends, rounded down; unused tiers repeat the last one."""
    for slot, asset in enumerate(parameters.assets):
        if f"parameters.haircut.{slot}.0" not in cells or not asset.tiers:
            continue
        for k in range(parameters.shape.tiers):
            tier = asset.tiers[min(k, len(asset.tiers) - 1)]
            cells.up(f"parameters.haircut.{slot}.{k}", 1 - tier.ratio, asset.name)
            cells.put(f"parameters.hundreds.{slot}.{k}", int(Fraction(tier.to_value) * HUNDREDS), asset.name)


FILES = FamilyFiles(
    TieredParameters,
    TieredMarket,
    market_cells,
    parameter_cells,
    words={"haircut": "share of a tier that does not count", "hundreds": "end of a tier, in hundreds of money units"},
)
